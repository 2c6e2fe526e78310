//! What `status` says of jobs beside a server that waits for a person, or that runs a schedule, and of jobs too large to be counted.

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use cleanup::app::status::StatusQuery;
use cleanup::clock::SystemClock;
use cleanup::config::{Environment, Overrides, Settings};
use cleanup::domain::{Action, Platform, Target, TargetId};
use cleanup::store::{LoadRow, LoadedFrom, NewJob, QueueKind, RowPlace, ScheduleLock, ServeLock, Store};
use serde_json::{Value, json};

use super::program::queue_with_job;
use crate::common::{Home, SandboxProcess, wait};

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_server_that_waits_for_a_person_says_so_of_its_jobs() {
    let home = Home::new();
    let platform = SandboxProcess::start(&home, &[]);
    queue_with_job(home.queue(), QueueKind::Real, "likes");
    let variables = [("CLEANUP_X_API", platform.url.as_str()), ("CLEANUP_X_TOKEN", "not-a-token")];
    let port = crate::common::port::free_port().to_string();
    let listen = format!("127.0.0.1:{port}");
    let mut serve = home.cleanup(["serve", "--yes", "--listen", &listen]);
    let serve = serve.envs(variables).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let _server = Server(serve);
    // Nothing has been drained yet: there is no drain's row that could say so.
    let look = |words: &[&str]| {
        let output = home.cleanup(words).envs(variables).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let begun = Instant::now();
    let job = loop {
        let status: Value = serde_json::from_str(&look(&["status", "--json"])).unwrap();
        let job = status["jobs"][0].clone();
        if job["activity"] == "needs_you" {
            break job;
        }
        assert!(begun.elapsed() < PATIENCE, "{job}");
    };
    assert_eq!((&job["state"], &job["eta_at"]), (&json!("pending"), &Value::Null), "{job}");
    let text = look(&["status"]);
    assert!(text.contains("needs you: the server sends nothing: "), "{text}");
    assert!(text.contains("CLEANUP_X_TOKEN"), "what to do about it: {text}");
    drop(_server);
    let status: Value = serde_json::from_str(&look(&["status", "--json"])).unwrap();
    assert_eq!(status["jobs"][0]["activity"], "not_running", "what it said went with it: {status}");
}

#[test]
fn while_a_schedule_reads_its_list_its_job_runs_and_so_do_the_others() {
    let home = Home::new();
    for job in ["unfollow", "unmute"] {
        home.write(&format!("{job}.csv"), "user_id\n1629556410996121225\n");
        home.run(&["load", &format!("{job}.csv"), "--sandbox"]).ends(0);
    }
    let add =
        ["schedule", "add", "nightly", "--cron", "0 2 * * *", "--zone", "UTC", "--until", "06:00", "unfollow.csv"];
    home.run(&[&add[..], &["--sandbox"]].concat()).ends(0);
    let ends = jiff::Timestamp::now().as_second() + 3_600;
    home.sandbox_sql(&format!(
        "insert into firing (schedule_id, slot_at, state, began_at, ends_by, runs)
         select id, {0}, 'running', {0}, {1}, 1 from schedule",
        (ends - 7_200) * 1000,
        ends * 1000
    ));
    let job = |name: &str| {
        let all = home.run(&["status", "--json", "--sandbox"]).ends(0).json();
        all["jobs"].as_array().unwrap().iter().find(|job| job["job"] == name).cloned().unwrap()
    };
    let queue = home.path(".local/share/cleanup/sandbox.db");
    let server = wait(ServeLock::try_take(&queue)).unwrap().unwrap();
    let schedules = wait(ScheduleLock::try_take(&queue)).unwrap().unwrap();
    let (own, other) = (job("unfollow"), job("unmute"));
    assert_eq!((&own["activity"], &own["eta_at"]), (&json!("running"), &Value::Null), "{own}");
    assert_eq!((&other["activity"], &other["until"]), (&json!("running"), &Value::Null), "{other}");
    let text = home.run(&["status", "--sandbox"]).ends(0).out;
    assert!(text.contains("running: its schedule nightly has begun"), "{text}");
    assert!(!text.contains("waiting for its turn"), "{text}");
    // From cron there is nobody who sends the others.
    drop(server);
    let (own, other) = (job("unfollow"), job("unmute"));
    assert_eq!((&own["activity"], &other["activity"]), (&json!("running"), &json!("not_running")), "{own} {other}");
    // Left behind by a process that died, it waits to be gone on with.
    drop(schedules);
    assert_eq!(job("unfollow")["activity"], "waiting_schedule", "{}", job("unfollow"));
}

/// A real queue with a job of these accounts, so many rows of each.
async fn mixed_queue(path: &std::path::Path, accounts: &[&str], rows: i64) -> Store {
    let mut store = Store::open(path, QueueKind::Real).await.unwrap();
    let mut ids = Vec::new();
    for (number, name) in accounts.iter().enumerate() {
        let user = format!("{}", 42 + number).parse().unwrap();
        ids.push(store.accounts().ensure_account(&name.parse().unwrap(), Platform::XV2, &user).await.unwrap());
    }
    let new = NewJob {
        name: "mixed".into(),
        path: "/tmp/mixed.csv".into(),
        action: Some(Action::Unlike),
        account: None,
        keep: None,
        target_column: None,
        host: None,
        restores: None,
    };
    let now = SystemClock::shared().now().wall;
    let mut loader = store.loading().begin_round(&new, None, &LoadedFrom::new("hash", 1), None, now).await.unwrap();
    for number in 0..rows * ids.len() as i64 {
        let account = ids[(number % ids.len() as i64) as usize];
        let target = Target::Id(TargetId::from_i64(1_001 + number).unwrap());
        let place = RowPlace::Task { action: Action::Unlike, account, target, spared: None };
        loader.push(LoadRow { line: 2 + number as u64, place, record: None }).await.unwrap();
    }
    loader.finish().await.unwrap();
    store
}

#[test]
fn a_job_too_large_to_be_counted_by_account_says_that_it_needs_a_person_all_the_same() {
    let home = Home::new();
    let environment = Environment::read(|name| (name == "HOME").then(|| home.path("").into())).unwrap();
    let settings = Settings::resolve(&Overrides::default(), &environment).unwrap();
    let clock = SystemClock::shared();
    wait(async {
        let mut store = mixed_queue(&home.path("q.db"), &["ada", "bea"], 5).await;
        let all = StatusQuery::at_all(&settings, &clock);
        let counted = all.look(&mut store).await.unwrap();
        let uncounted = StatusQuery { max_counted_tasks: 1, ..all }.look(&mut store).await.unwrap();
        let (counted, uncounted) = (&counted.jobs[0], &uncounted.jobs[0]);
        assert_eq!(counted.activity.name(), "needs_you", "{counted:?}");
        assert_eq!(uncounted.activity, counted.activity);
        assert!(counted.eta.takes.is_some() && uncounted.eta.takes.is_none(), "{counted:?} {uncounted:?}");
    });
}
