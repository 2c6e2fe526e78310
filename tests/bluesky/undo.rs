//! Records of a repository, undone and restored by the real program that is killed again and again: at the sandbox, and at a real server where there is
//! one. Every record of a row's subject goes, no other does, and the program says what it has deleted.

use std::collections::BTreeSet;

use cleanup::sandbox::Sandbox;
use serde_json::{Value, json};

use super::xrpc::{FOLLOWS, Person, Xrpc};
use crate::common::{Home, RunToEnd, SandboxProcess, sql};

pub(super) fn did(n: usize) -> String {
    let letter = |n: usize| char::from(b'a' + u8::try_from(n % 26).unwrap());
    format!("did:plc:{}{}{}", letter(n), letter(n / 26), "q".repeat(22))
}

/// Steps of the program after which it dies: in the middle of a reading, before and after a turn is on disk, and when an answer has come.
const DEATHS: [&str; 9] = [
    "before-page:1",
    "after-page:1",
    "after-page:2",
    "before-commit:2",
    "after-commit:1",
    "after-commit:3",
    "before-commit:4",
    "after-commit:2",
    "after-page:1",
];

/// How many are followed, and how many of them have a row. The first ten rows have two records each.
const FOLLOWED: usize = 130;
const ROWS: usize = 120;
const TWICE: usize = 10;

/// Follows them all, some twice, as programs do that do not ask the server whether they do already.
fn follow_all(me: &Person) {
    for n in (0..FOLLOWED).chain(0..TWICE) {
        let record = json!({ "$type": FOLLOWS, "subject": did(n), "createdAt": "2024-01-01T00:00:00.000Z" });
        let input = json!({ "repo": me.did, "collection": FOLLOWS, "record": record, "validate": false });
        let made = me.server.post("com.atproto.repo.createRecord", &me.token, &input);
        assert_eq!(made.status, 200, "{made:?}");
    }
}

/// The records that are left, whole, in the order of their addresses.
fn repository(me: &Person) -> Vec<Value> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = me.list(FOLLOWS, &format!("&limit=100{cursor}"));
        all.extend(page.body["records"].as_array().unwrap().iter().cloned());
        match page.body["cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    all.sort_by_key(|record| record["uri"].as_str().unwrap().to_owned());
    all
}

/// Whom the records that are left are about.
fn followed(me: &Person) -> Vec<String> {
    repository(me).iter().map(|one| one["value"]["subject"].as_str().unwrap().to_owned()).collect()
}

fn undo(home: &Home, url: &str, me: &Person, login: (&str, &str)) {
    follow_all(me);
    let before = repository(me);
    let made = followed(me);
    let records = |n: usize| made.iter().filter(|subject| **subject == did(n)).count();
    log_in(home, url, login);
    // One row is of somebody who is not followed.
    let rows: String = (0..ROWS).map(|n| format!("{}\n", did(n))).collect();
    home.write("unfollow.csv", format!("target_id\n{rows}{}\n", did(400)));
    let run = |death: Option<&str>| {
        let mut command = home.cleanup(["run", "unfollow.csv", "--account", "sky", "--yes", "--workers", "2"]);
        command.envs(death.map(|death| ("CLEANUP_FAILPOINT", death)));
        command.done()
    };
    let mut died = 0;
    for death in DEATHS {
        died += usize::from(run(Some(death)).exited().is_none());
    }
    assert!(died > 5, "the program died {died} times");
    let end = run(None).ends(0);
    let left: BTreeSet<String> = followed(me).into_iter().collect();
    assert_eq!(left, (ROWS..FOLLOWED).map(did).collect(), "{end:?}");

    let report = home.run(&["report", "unfollow"]).ends(0).out;
    let rows: Vec<&str> = report.lines().skip(1).collect();
    assert_eq!(rows.len(), ROWS + 1);
    assert!(rows[..ROWS].iter().all(|row| row.contains(",done,")), "{report}");
    assert!(rows[ROWS].contains(",gone,no_record,"), "{report}");
    let told = home.run(&["explain", &did(0)]).ends(0).out;
    assert_eq!(told.matches(&format!("record {FOLLOWS}/")).count(), records(0), "{told}");
    assert_eq!(told.matches(": deleted").count(), records(0), "{told}");
    // A deletion is asked for once more where nobody saw its answer, and not otherwise.
    let attempts: i64 = sql::column::<i64>(home.queue(), "select count(*) from attempt")[0];
    let steps: usize = (0..ROWS).map(records).sum();
    assert!(attempts as usize <= steps + 2 * died, "{attempts} requests for {steps} records and {died} deaths");
    let values = "select count(*) from own_record where value like '%did:plc:%'";
    assert_eq!(sql::column::<i64>(home.queue(), values), [steps as i64]);
    // Everything comes back as it was, however often the program dies: addresses, dates and hashes.
    let restore = |death: Option<&str>| {
        let mut command = home.cleanup(["undo", "unfollow", "--apply", "--yes", "--workers", "2"]);
        command.envs(death.map(|death| ("CLEANUP_FAILPOINT", death)));
        command.done()
    };
    for death in ["after-commit:1", "before-commit:3", "after-commit:3"] {
        restore(Some(death));
    }
    let end = restore(None);
    let report = home.run(&["report", "unfollow-restore"]).out;
    assert!(end.code == 0, "{end:?} {report}");
    assert_eq!(repository(me), before, "{end:?}");
    assert_eq!(report.matches(",done,").count(), ROWS, "{report}");
    home.run(&["forget", "unfollow-restore", "--yes"]).ends(0);
    home.run(&["forget", "unfollow", "--yes"]).ends(0);
    assert_eq!(sql::column::<i64>(home.queue(), values), [0]);
}

/// Logs in as `sky` by name and app password.
pub(super) fn log_in(home: &Home, url: &str, (handle, app_password): (&str, &str)) {
    let host = url.trim_start_matches("http://");
    let login = ["account", "login", "sky", "--platform", "bluesky", "--host", host];
    home.cleanup(login).fed(&format!("{handle}\n{app_password}\n")).ends(0);
}

/// Does it at the sandbox, which is a process.
pub(super) fn at_the_sandbox(act: fn(&Home, &str, &Person, (&str, &str))) {
    let home = Home::new();
    let process = SandboxProcess::start(&home, &["--faults", "none", "--lists", "0"]);
    let server = Xrpc::at(&process.url);
    let input = json!({ "identifier": "ada.test", "password": Sandbox::app_password() });
    let session = server.post("com.atproto.server.createSession", "", &input);
    let me = Person { server: server.clone(), did: session.text("did"), token: session.text("accessJwt") };
    act(&home, &process.url, &me, ("ada.test", Sandbox::app_password()));
}

/// Does it at the real server, where there is one.
pub(super) fn at_a_real_server(act: fn(&Home, &str, &Person, (&str, &str))) {
    let Some(server) = Xrpc::real() else { return };
    let home = Home::new();
    let me = Person::new(&server);
    let handle = server.get("com.atproto.server.getSession", &me.token).text("handle");
    let made = server.post("com.atproto.server.createAppPassword", &me.token, &json!({ "name": "cleanup" }));
    let url = std::env::var("CLEANUP_PDS").unwrap();
    act(&home, &url, &me, (&handle, &made.text("password")));
}

/// What somebody does in the app while a job works: a pending row's record is deleted and made anew, and one that was undone is made anew under its
/// old key with another date.
fn meddle(home: &Home, url: &str, me: &Person, login: (&str, &str)) {
    let keys: Vec<(String, String)> = (0..4).map(|n| me.follow(&did(n))).collect();
    log_in(home, url, login);
    let rows: String = (0..4).map(|n| format!("{}\n", did(n))).collect();
    home.write("unfollow.csv", format!("target_id\n{rows}"));
    home.run(&["run", "unfollow.csv", "--account", "sky", "--yes", "--max-requests", "1"]).ends(4);
    assert_eq!(me.delete(FOLLOWS, &keys[3].0, &keys[3].1).status, 200);
    me.follow(&did(3));
    home.run(&["resume", "--yes"]).ends(0);
    assert!(followed(me).is_empty(), "the new record is undone as well");
    let told = home.run(&["report", "unfollow"]).ends(0).out;
    assert_eq!(told.matches(",done,").count(), 4, "{told}");

    let record = json!({ "$type": FOLLOWS, "subject": did(9), "createdAt": "2025-01-01T00:00:00.000Z" });
    let input = json!({ "repo": me.did, "collection": FOLLOWS, "rkey": keys[0].0, "record": record });
    assert_eq!(me.server.post("com.atproto.repo.putRecord", &me.token, &input).status, 200);
    let end = home.run(&["undo", "unfollow", "--apply", "--yes"]).ends(3);
    let told = home.run(&["report", "unfollow-restore"]).ends(0).out;
    assert!(told.contains(",failed,record_changed,"), "{told} {end:?}");
    let left = followed(me);
    assert!(left.contains(&did(9)) && !left.contains(&did(0)), "what stands there stays: {left:?}");
}

/// Whom somebody has followed again by hand is not followed a second time, and what is there is called so, whatever was forgotten since.
fn follow_again(home: &Home, url: &str, me: &Person, login: (&str, &str)) {
    (0..3).for_each(|n| drop(me.follow(&did(n))));
    log_in(home, url, login);
    home.write("unfollow.csv", format!("target_id\n{}\n{}\n{}\n", did(0), did(1), did(2)));
    home.run(&["run", "unfollow.csv", "--account", "sky", "--yes"]).ends(0);
    assert!(followed(me).is_empty());
    let (by_hand, _) = me.follow(&did(1));
    let restored = || -> Vec<String> {
        let receipts = home.run(&["report", "unfollow-restore", "--format", "json"]).ends(0).json();
        let text = |row: &Value, field: &str| row[field].as_str().unwrap_or_default().to_owned();
        let rows = receipts.as_array().unwrap().iter();
        let mut rows: Vec<String> = rows
            .map(|row| format!("{} {} {}", text(row, "target_id"), text(row, "outcome"), text(row, "reason")))
            .collect();
        rows.sort();
        rows
    };
    let told =
        |said: [&str; 3]| said.iter().enumerate().map(|(n, said)| format!("{} {said}", did(n))).collect::<Vec<_>>();
    let ended = home.run(&["undo", "unfollow", "--apply", "--yes", "--json"]).ends(0).json();
    assert_eq!((restored(), &ended["requests"]), (told(["done ", "done already", "done "]), &2.into()));
    let all = repository(me);
    assert_eq!(followed(me).iter().collect::<BTreeSet<_>>().len(), 3);
    assert_eq!(all.len(), 3, "nobody is followed twice: {all:?}");
    assert!(all.iter().any(|record| record["uri"].as_str().unwrap().ends_with(&by_hand)));

    home.run(&["forget", "unfollow-restore", "--yes"]).ends(0);
    let ended = home.run(&["undo", "unfollow", "--apply", "--yes", "--json"]).ends(0).json();
    assert_eq!((restored(), &ended["requests"]), (told(["done already"; 3]), &0.into()));
    home.run(&["forget", "unfollow-restore", "--yes"]).ends(0);
    let (key, cid) = all
        .iter()
        .find(|record| record["value"]["subject"] == did(0))
        .map(|record| (record["uri"].as_str().unwrap().rsplit('/').next().unwrap(), record["cid"].as_str().unwrap()))
        .unwrap();
    assert_eq!(me.delete(FOLLOWS, key, cid).status, 200);
    home.run(&["undo", "unfollow", "--apply", "--yes"]).ends(3);
    assert_eq!(restored(), told(["failed not_kept", "done already", "done already"]));
    assert_eq!(repository(me).len(), 2);
}

/// Of ten who are followed two delete their accounts. No list of the network shows them any more, and the account's own records do.
fn ghosts(home: &Home, url: &str, me: &Person, login: (&str, &str)) {
    let followed_ones: Vec<Person> = (0..10).map(|_| Person::new(&me.server)).collect();
    followed_ones.iter().for_each(|one| drop(me.follow(&one.did)));
    let (gone, there) = followed_ones.split_at(2);
    gone.iter().for_each(|one| me.server.delete_account(&one.did));
    log_in(home, url, login);
    home.run(&["list", "following", "--ghosts", "--account", "sky", "-o", "ghosts.csv"]).ends(0);
    let listed = std::fs::read_to_string(home.path("ghosts.csv")).unwrap();
    assert_eq!(listed.lines().count(), 3, "{listed}");
    assert!(gone.iter().all(|one| listed.contains(&one.did)), "{listed}");
    home.run(&["run", "ghosts.csv", "--action", "unfollow", "--account", "sky", "--yes"]).ends(0);
    let left: BTreeSet<String> = followed(me).into_iter().collect();
    assert_eq!(left, there.iter().map(|one| one.did.clone()).collect());
}

#[test]
fn nobody_is_followed_twice_at_the_sandbox() {
    at_the_sandbox(follow_again);
}

#[test]
fn nobody_is_followed_twice_at_a_real_server() {
    at_a_real_server(follow_again);
}

#[test]
fn accounts_that_are_gone_are_found_at_a_real_server_and_unfollowed() {
    at_a_real_server(ghosts);
}

#[test]
fn the_sandboxs_records_go_however_often_the_program_dies() {
    at_the_sandbox(undo);
}

#[test]
fn a_real_servers_records_go_however_often_the_program_dies() {
    at_a_real_server(undo);
}

#[test]
fn what_somebody_does_meanwhile_at_the_sandbox_is_neither_missed_nor_overwritten() {
    at_the_sandbox(meddle);
}

#[test]
fn what_somebody_does_meanwhile_at_a_real_server_is_neither_missed_nor_overwritten() {
    at_a_real_server(meddle);
}
