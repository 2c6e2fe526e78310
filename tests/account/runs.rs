//! Runs with logins: what is said before the first request, and what happens after.

use cleanup::clock::{SimulatedClock, SystemClock};
use cleanup::domain::{Action, MicroUsd, Moment, Platform, TargetId, Wall};
use cleanup::platforms::find;
use cleanup::sandbox::Sandbox;

use crate::account::bench::{Bench, USER, ids, run as run_async};
use crate::common::http::client;
use crate::common::sql;

#[test]
fn a_login_runs_a_job_to_its_end() {
    let bench = Bench::new();
    bench.log_in("work", USER, "unmute").ends(0);
    bench.write("mutes.csv", ids(5));
    let run = ["run", "mutes.csv", "--action", "unmute", "--yes", "--rate", "1000/m", "--pace", "front-load"];
    let done = bench.run(&run).ends(0);
    assert!(!done.err.contains("warning: work"), "{}", done.err);
    // Its history keeps its name; its login goes.
    bench.run(&["account", "remove", "work"]).ends(0).says("its name stays");
    bench.run(&["account", "check"]).ends(77);
    bench.log_in("work", USER, "unmute").ends(0);
    bench.run(&["doctor"]).ends(0);
}

#[test]
fn what_will_go_wrong_is_said_first() {
    let bench = Bench::new();
    bench.log_in("work", USER, "unmute").ends(0);
    bench.write("likes.csv", ids(3));
    let load = ["load", "likes.csv", "--action", "unlike", "--account", "work", "--column", "user_id"];
    let loaded = bench.run(&load).ends(0);
    assert!(!loaded.err.contains("like.write"), "loading asks nobody: {}", loaded.err);
    let before = bench.sandbox.ledger();
    let check = bench.run(&["account", "check", "work"]).ends(77).says("like.write").says("Enterprise");
    assert!(check.err.is_empty() || !check.err.contains("error"), "{}", check.err);
    let writes = |ledger: &cleanup::sandbox::Ledger| ledger.users.values().map(|user| user.requests).sum::<u64>();
    assert_eq!(writes(&bench.sandbox.ledger()), writes(&before), "a check writes nothing");
    bench.run(&["resume", "--yes"]).says("was not granted like.write").says("--actions unmute,unlike`");
    // Removing it leaves rows behind.
    bench.log_in("other", "43", "unlike").ends(0);
    bench.write("more.csv", ids(3));
    bench.run(&["load", "more.csv", "--action", "unlike", "--account", "other", "--column", "user_id"]).ends(0);
    bench.run(&["account", "remove", "other"]).ends(2).says("3 rows queued, in more");
    bench.run(&["account", "remove", "other", "--yes"]).ends(0).says("its name stays");
    let done = bench.run(&["resume", "more", "--yes"]).ends(77);
    assert!(
        done.err.contains("other has no credentials") && done.err.contains("cleanup account login other"),
        "{}",
        done.err
    );
}

#[test]
fn a_check_estimates_each_row_with_its_own_accounts_platform() {
    let bench = Bench::new();
    bench.feed(&["account", "add", "two", "--user-id", "42"], "sandbox-42\n").ends(0);
    bench.feed(&["account", "add", "gate", "--platform", "aisa"], "sk-sandbox-42\n").ends(0);
    bench.feed(&["account", "add", "one", "--platform", "x-v1"], "42-tok\nsecret\n").ends(0);
    let listed = |platform| find(platform, Action::Unlike).unwrap().price.unwrap();
    let cost = |names: &[&str], more: &[&str]| {
        let rows: Vec<String> = names.iter().enumerate().map(|(n, name)| format!("{},{name}", 1000 + n)).collect();
        bench.write("likes.csv", format!("target_id,account\n{}\n", rows.join("\n")));
        let words = [&["check", "likes.csv", "--action", "unlike", "--json"], more].concat();
        bench.run(&words).ends(0).json()["files"][0]["estimate"]["cost_usd"].clone()
    };
    let (x, aisa) = (listed(Platform::XV2), listed(Platform::Aisa));
    assert_ne!(x, aisa);
    let json = |cost: MicroUsd| serde_json::json!(cost.dollars());
    assert_eq!(cost(&["two"], &[]), json(x));
    assert_eq!(cost(&["gate"], &[]), json(aisa));
    assert_eq!(cost(&["gate", "two", "gate"], &[]), json(aisa.times(2).plus(x)));
    assert_eq!(cost(&["one", "two"], &[]), serde_json::Value::Null, "nobody knows what v1.1 costs");
    bench.write("likes.csv", "target_id,account\n1000,nobody-yet\n");
    bench.run(&["check", "likes.csv", "--action", "unlike", "--platform", "aisa"]).ends(65).says("nobody-yet");
    assert_eq!(cost(&[""], &["--account", "gate"]), json(aisa));
}

#[test]
fn a_queue_that_takes_no_tokens_ends_the_run_and_blames_no_account() {
    let bench = Bench::new();
    bench.log_in("work", USER, "unmute").ends(0);
    // A refresh is due, and its mark cannot be written.
    sql::change(bench.queue(), "update credential set expires_at = 1000");
    let full = "create trigger full before update on credential begin select raise(abort, 'no room'); end";
    sql::change(bench.queue(), full);
    bench.write("mutes.csv", ids(3));
    let run = bench.run(&["run", "mutes.csv", "--action", "unmute", "--yes"]);
    // The code is that of the queue's own trouble: 74 for a disk or a lock, 1 for what a queue never says by itself, as here.
    let run = run.ends(1);
    assert!(run.err.contains("no room") && !run.err.contains("account login"), "{}", run.err);
    assert_eq!(bench.sandbox.oauth_ledger().refreshed, 0, "what cannot be marked is not sent");
    let status = bench.run(&["status", "--json"]).ends(0).json();
    assert_eq!(status["jobs"][0]["pending"], 3, "{status}");
    assert!(bench.run(&["account", "list"]).ends(0).out.contains("good"));
}

#[test]
fn short_tokens_are_refreshed_and_the_old_ones_used_once() {
    let bench = Bench::with(2);
    bench.log_in("work", USER, "unmute").ends(0);
    bench.write("mutes.csv", ids(1000));
    let run = ["run", "mutes.csv", "--action", "unmute", "--yes", "--json", "--rate", "200/s", "--pace", "even"];
    let ended = bench.run(&run).ends(0).json();
    assert_eq!(ended["jobs"][0]["done"], 1000, "{ended}");
    let ledger = bench.sandbox.oauth_ledger();
    assert!(ledger.refreshed >= 1 && ledger.reused == 0 && ledger.most_arrivals == 1, "{ledger:?}");
}

#[test]
fn three_platforms_run_side_by_side_and_one_is_revoked_half_way() {
    let bench = Bench::new();
    let user: TargetId = "4242".parse().unwrap();
    let keys = Sandbox::oauth1_keys(user);
    let app = [
        ("CLEANUP_X_CONSUMER_KEY", keys.consumer_key.as_str()),
        ("CLEANUP_X_CONSUMER_SECRET", keys.consumer_secret.as_str()),
    ];
    bench.log_in("two", "4242", "unfollow").ends(0);
    let header = "name,platform,user_id,access_token,refresh_token,expires_at,access_secret\n";
    let (token, secret, key) = (&keys.access_token, &keys.access_secret, Sandbox::aisa_key(user));
    bench.write("rest.csv", format!("{header}one,x-v1,,{token},,,{secret}\ngate,aisa,,{key},,,\n"));
    bench.run(&["account", "import", "rest.csv"]).ends(0);
    bench.run_with(&["account", "check", "two", "one"], &app).ends(0);
    let rows: String = (0..30_u64)
        .map(|n| format!("{},{}\n", 1_000_000_000_000_000_007 + n, ["two", "one", "gate"][n as usize % 3]))
        .collect();
    bench.write("unfollow.csv", format!("user_id,account\n{rows}"));
    let run = ["run", "unfollow.csv", "--yes", "--rate", "5/10m", "--pace", "front-load", "--max-requests", "15"];
    let done = bench.run_with(&run, &app).ends(4);
    // Each has done its five. The price of v1.1 is not known; those of the other two are.
    assert!(
        done.err.contains("$0.10") && done.err.contains("$0.18") && done.err.contains("price not known"),
        "{}",
        done.err
    );
    let trouble = format!("{}/sandbox/user/4242/revoke", bench.sandbox.base_url());
    assert!(run_async(async { client().post(&trouble).send().await.unwrap().status().is_success() }));
    let resume = ["resume", "--yes", "--json", "--rate", "1000/m", "--pace", "front-load"];
    let done = bench.run_with(&resume, &app).ends(77);
    assert!(done.err.contains("cleanup account login two"), "{}", done.err);
    let receipts = bench.run(&["report", "unfollow"]).ends(0).out;
    let of = |name: &str, outcome: &str| {
        receipts
            .lines()
            .filter(|line| line.contains(&format!(",{name},")) && line.split(',').any(|cell| cell == outcome))
            .count()
    };
    assert_eq!((of("one", "done"), of("gate", "done")), (10, 10), "{receipts}");
    assert_eq!((of("two", "done"), of("two", "pending")), (5, 5), "{receipts}");
    // The command it named mends it.
    assert!(bench.run(&["account", "list"]).ends(0).out.contains("login needed"));
    bench.run(&["doctor"]).ends(77).says("cleanup account login two");
    // Nobody can say when a person will come.
    let status = bench.run(&["status", "--json"]).ends(0).out;
    assert!(status.contains("\"pending\":5") && status.contains("\"eta_at\":null"), "{status}");
    let trouble = trouble.replace("revoke", "restore");
    assert!(run_async(async { client().post(&trouble).send().await.unwrap().status().is_success() }));
    bench.log_in("two", "4242", "unfollow").ends(0);
    assert!(!bench.run(&["account", "list"]).ends(0).out.contains("needed"));
    bench.run_with(&resume, &app).ends(0);
    bench.run(&["doctor"]).ends(0);
}

/// X documents 500 unfollows a day for an app, whoever of its accounts sends them: the window counts also what an account has sent that
/// has nothing left to do, and what was sent before the process began.
#[test]
fn a_window_of_the_app_counts_what_accounts_without_work_have_sent() {
    let bench = Bench::new();
    let config = std::fs::read_to_string(bench.path("config.toml")).unwrap();
    let window = "[[windows]]\nrate = \"5/24h\"\nscope = \"app\"\nplatform = \"x-v2\"\naction = \"unfollow\"\n";
    bench.write("config.toml", format!("{config}{window}"));
    let header = "name,platform,user_id,access_token,refresh_token,expires_at,access_secret\n";
    bench.write("two.csv", format!("{header}ada,x-v2,,sandbox-42,,,\nbob,x-v2,,sandbox-43,,,\n"));
    bench.run(&["account", "import", "two.csv"]).ends(0);
    let run = |file: &str, account: &str, first: u64, rows: u64| {
        bench.write(file, (first..first + rows).map(|n| format!("{n}\n")).collect::<String>());
        let words =
            ["run", file, "--account", account, "--action", "unfollow", "--pace", "front-load", "--yes", "--json"];
        bench.run(&[&words[..], &["--for", "10m"]].concat())
    };
    let done = |done: crate::account::bench::Done| done.json()["jobs"][0]["done"].clone();
    assert_eq!(done(run("first.csv", "ada", 1_000_000_000_000_000_007, 3).ends(0)), 3);
    assert_eq!(done(run("second.csv", "bob", 1_000_000_000_000_000_107, 3).ends(4)), 2, "five for both of them");
    assert_eq!(done(run("third.csv", "ada", 1_000_000_000_000_000_207, 1).ends(4)), 0);
    let audit = |code| bench.run(&["audit", "--json"]).ends(code).json()["apps"][0]["windows"][0].clone();
    let of_five = audit(0);
    assert_eq!((&of_five["limit"], &of_five["fullest"], &of_five["over"]), (&5.into(), &5.into(), &0.into()));
    bench.write("config.toml", format!("{config}{}", window.replace("5/24h", "4/24h")));
    // Nothing was sent within the four, and what was sent keeps the limit of its time.
    assert_eq!((&audit(0)["limit"], &audit(0)["fullest"], &audit(0)["current"]), (&4.into(), &0.into(), &true.into()));
    bench.run(&["audit"]).ends(0).says("5/24h unfollow (the limit of that time): fullest 5 of 5");
}

#[test]
fn prices_of_the_config_file_hold_for_every_platform() {
    let bench = Bench::new();
    let config = std::fs::read_to_string(bench.path("config.toml")).unwrap();
    bench.write("config.toml", format!("{config}[prices]\nunfollow = \"0.25\"\n"));
    bench.write("unfollow.csv", ids(8));
    for platform in ["x-v2", "x-v1", "aisa", "sandbox"] {
        bench.run(&["check", "unfollow.csv", "--platform", platform]).ends(0).says("costs $2.00 at listed prices");
    }
    bench.log_in("work", USER, "unfollow").ends(0);
    let run = ["run", "unfollow.csv", "--yes", "--rate", "1000/m", "--pace", "front-load", "--max-spend", "0.80"];
    bench.run(&run).ends(4).says("$2.00 at listed prices");
    let effects = bench.sandbox.effects(USER.parse::<TargetId>().unwrap()).len();
    assert_eq!(effects, 3, "three cost $0.75, and a fourth would be too much");
}

#[test]
fn a_clock_that_is_off_is_warned_of() {
    let start = SystemClock::shared().now();
    let late = Moment { wall: Wall(start.wall.0 - 3_600_000), ..start };
    let bench = Bench::by(7200, SimulatedClock::shared(late));
    bench.log_in("work", USER, "unmute").ends(0);
    bench.run(&["account", "check"]).ends(0).says("s ahead of that of http://127.0.0.1");
    bench.write("mutes.csv", ids(2));
    bench.run(&["load", "mutes.csv", "--action", "unmute"]).ends(0);
    bench.run(&["resume", "--yes"]).ends(0).says("s ahead of that of http://127.0.0.1");
}
