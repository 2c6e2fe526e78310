//! `check` and `--dry-run` tell what a run would do with this queue now, and they find unknown accounts where they are named.

use serde_json::{Value, json};

use crate::common::{Done, Home};

/// Whole IDs, in an order that repeats.
fn id(number: u64) -> u64 {
    1_629_556_410_996_121_225 + number * 4_099
}

fn file(numbers: &[u64]) -> String {
    let rows = numbers.iter().map(|number| format!("{}\n", id(*number)));
    std::iter::once("user_id\n".to_owned()).chain(rows).collect()
}

/// These tasks get another state and are counted there.
fn settle(home: &Home, numbers: &[u64], state: u8, column: &str) {
    for number in numbers {
        let target = id(*number);
        home.sandbox_sql(&format!(
            "update task set state = {state}, finished_at = 1 where cast(target as text) = '{target}' and state = 0"
        ));
        home.sandbox_sql(&format!("update round set pending = pending - 1, {column} = {column} + 1"));
    }
}

fn check(home: &Home) -> Value {
    check_with(home, &[])
}

fn check_with(home: &Home, more: &[&str]) -> Value {
    let words = [&["check", "unfollow.csv", "--sandbox", "--json"], more].concat();
    let done = home.run(&words);
    assert!([0, 3].contains(&done.code), "{}{}", done.out, done.err);
    done.json()["files"][0].clone()
}

#[test]
fn a_file_that_cannot_be_read_is_told_in_the_json() {
    let home = Home::new();
    home.write("empty.csv", "");
    home.write("unfollow.csv", file(&[1]));
    for (name, why) in [("empty.csv", "empty"), ("nosuch.csv", "no such file")] {
        let done = home.run(&["check", name, "--action", "unfollow", "--json"]).ends(65);
        let said = done.json();
        assert_eq!((&said["files"], &said["error"]["kind"]), (&json!([]), &json!("input")));
        assert!(said["error"]["message"].as_str().unwrap().contains(why), "{said}");
    }
    assert_eq!(home.run(&["check", "unfollow.csv", "--json"]).ends(0).json()["error"], Value::Null);
}

fn to_send(report: &Value) -> u64 {
    let lanes = report["queue"]["to_send"].as_array().unwrap();
    lanes.iter().map(|lane| lane["targets"].as_u64().unwrap()).sum()
}

fn pending(home: &Home) -> u64 {
    home.run(&["status", "--json", "--sandbox"]).ends(0).json()["jobs"][0]["pending"].as_u64().unwrap()
}

fn dry_run(home: &Home, more: &[&str]) -> Done {
    home.run(&[&["run", "unfollow.csv", "--sandbox", "--dry-run"], more].concat())
}

#[test]
fn repeats_are_neither_sent_nor_paid_for() {
    let home = Home::new();
    home.write("unfollow.csv", file(&[1, 2, 1, 3, 2, 1]));
    let report = check(&home);
    assert_eq!((to_send(&report), &report["queue"]["duplicate"]), (3, &json!(3)));
    assert_eq!((&report["estimate"]["requests"], &report["estimate"]["cost_usd"]), (&json!(3), &json!(0.03)));
    let text = home.run(&["check", "unfollow.csv", "--sandbox"]).ends(0);
    let text = text.says("would unfollow 3 users as sandbox").says("3 rows repeat earlier ones, not sent again");
    assert!(!text.out.contains("unfollow 6"), "{}", text.out);
    assert!(!home.path(".local").exists(), "a check makes no queue");
}

#[test]
fn a_finished_job_costs_nothing() {
    let home = Home::new();
    home.write("unfollow.csv", file(&[1, 2, 3, 4]));
    home.run(&["load", "unfollow.csv", "--sandbox"]).ends(0);
    settle(&home, &[1, 2], 4, "done");
    settle(&home, &[3], 5, "gone");
    settle(&home, &[4], 6, "failed");
    let report = check(&home);
    assert_eq!((to_send(&report), &report["estimate"]["requests"]), (0, &json!(0)));
    assert_eq!(report["estimate"]["cost_usd"], json!(0.0));
    let queue = &report["queue"];
    assert_eq!((&queue["standing"], &queue["done"], &queue["gone"]), (&json!("unchanged"), &json!(2), &json!(1)));
    let text = dry_run(&home, &[]).ends(0).says("already settled, and not sent again: 2 done, 1 gone");
    let text =
        text.says("1 row failed before, and would not be sent; `cleanup retry unfollow --sandbox` queues it again");
    assert!(!text.out.contains("takes about") && !text.out.contains('$'), "{}", text.out);
    let again = dry_run(&home, &["--again"]).ends(0).says("would unfollow 4 users");
    assert!(!again.out.contains("already settled"), "a new round sends them all: {}", again.out);
}

#[test]
fn a_changed_file_is_compared_with_the_queue() {
    let home = Home::new();
    home.write("unfollow.csv", file(&[1, 2, 3, 4, 5, 6]));
    home.run(&["load", "unfollow.csv", "--sandbox"]).ends(0);
    settle(&home, &[1, 2], 4, "done");
    home.write("unfollow.csv", file(&[1, 3, 4, 5, 7, 8, 7]));
    let queue = check(&home)["queue"].clone();
    let expected = json!([{ "action": "unfollow", "account": "sandbox", "platform": "sandbox", "targets": 5 }]);
    assert_eq!(queue["to_send"], expected, "3, 4, 5 are pending, 7 and 8 are new");
    assert_eq!((&queue["done"], &queue["duplicate"], &queue["vanished"]), (&json!(1), &json!(1), &json!(1)));
    assert_eq!(pending(&home), 4, "nothing was changed");
    home.run(&["load", "unfollow.csv", "--sandbox"]).ends(0);
    assert_eq!(pending(&home), 5);
}

#[test]
fn what_a_load_would_refuse_is_refused_before_it() {
    let home = Home::new();
    home.write("unfollow.csv", file(&[1, 2, 3, 4, 5, 6]));
    home.run(&["load", "unfollow.csv", "--sandbox"]).ends(0);
    home.write("unfollow.csv", file(&[1, 2]));
    home.run(&["check", "unfollow.csv", "--sandbox"]).ends(65).says("--allow-shrink");
    dry_run(&home, &[]).ends(65).says("4 of the 6 rows");
    dry_run(&home, &["--allow-shrink"]).ends(0).says("would cancel 4 queued rows").says("would unfollow 2 users");
    std::fs::create_dir(home.path("other")).unwrap();
    home.write("other/unfollow.csv", file(&[7, 8]));
    let refused = home.run(&["check", "other/unfollow.csv", "--sandbox", "--json"]).ends(2).says("--moved");
    assert!(refused.json()["files"][0]["check"]["refusal"][0].as_str().unwrap().contains("another file"));
    home.run(&["check", "other/unfollow.csv", "--sandbox", "--job", "other"]).ends(0);
}

#[test]
fn a_paused_or_cancelled_job_sends_nothing() {
    let home = Home::new();
    home.write("unfollow.csv", file(&[1, 2, 3]));
    home.run(&["load", "unfollow.csv", "--sandbox"]).ends(0);
    home.run(&["pause", "unfollow", "--sandbox"]).ends(0);
    let report = check(&home);
    assert_eq!((to_send(&report), &report["estimate"]["requests"]), (0, &json!(0)));
    dry_run(&home, &[]).ends(0).says("is paused").says("cleanup unpause unfollow --sandbox");
    home.run(&["cancel", "unfollow", "--sandbox"]).ends(0);
    assert_eq!(to_send(&check(&home)), 0);
    dry_run(&home, &[]).ends(0).says("was cancelled: nothing would be sent");
    dry_run(&home, &["--again"]).ends(0).says("would unfollow 3 users");
}

/// The law: what is told before a load is what the load then makes of the rows.
#[test]
fn what_is_told_is_what_a_load_does() {
    for seed in 0..6 {
        let mut dice = fastrand::Rng::with_seed(seed);
        let home = Home::new();
        home.write("unfollow.csv", file(&(0..12).collect::<Vec<u64>>()));
        home.run(&["load", "unfollow.csv", "--sandbox"]).ends(0);
        for (state, column) in [(4, "done"), (5, "gone"), (6, "failed")] {
            let number = dice.u64(0..4) + 4 * (state - 4);
            settle(&home, &[number], u8::try_from(state).unwrap(), column);
        }
        let rows: Vec<u64> = (0..dice.usize(8..20)).map(|_| dice.u64(0..18)).collect();
        home.write("unfollow.csv", file(&rows));
        home.write("keep.csv", file(&[dice.u64(0..18), dice.u64(0..18)]));
        let keep: &[&str] = if dice.bool() { &["--keep", "keep.csv"] } else { &[] };
        let told = dry_run(&home, &[&["--allow-shrink"], keep].concat()).ends(0).out;
        home.run(&[&["load", "unfollow.csv", "--sandbox", "--allow-shrink"], keep].concat()).ends(0);
        let pending = pending(&home);
        let sentence = format!("would unfollow {pending} user");
        assert!(pending == 0 || told.contains(&sentence), "seed {seed}: {pending} pending, told: {told}");
        let duplicates = home.sandbox_sql_text("select cast(duplicates as text) from round");
        let repeats = format!("{duplicates} row");
        assert!(duplicates == "0" || told.contains(&repeats), "seed {seed}: {duplicates} repeats, told: {told}");
    }
}

#[test]
fn unknown_accounts_are_found_where_they_are_named() {
    let home = Home::new();
    let me = [("CLEANUP_X_USER_ID", "42")];
    home.write("unfollow.csv", file(&[1, 2]));
    // Nobody is known at all: the file can be looked at, but not for somebody who is named.
    home.run(&["check", "unfollow.csv"]).ends(0).says("no account is logged in yet").says("cleanup account login");
    home.run(&["check", "unfollow.csv", "--account", "nosuch"]).ends(2).says("no account is called nosuch");
    // The environment names its user when a run begins.
    home.run_with(&["check", "unfollow.csv", "--account", "first"], &me).ends(0).says("as first");
    home.run_with(&["load", "unfollow.csv", "--account", "first"], &me).ends(0);
    for words in [&["check", "unfollow.csv"][..], &["run", "unfollow.csv", "--dry-run"]] {
        let named = [words, &["--account", "frist"]].concat();
        home.run(&named).ends(2).says("no account is called frist").says("first");
    }
    let rows = format!("target_id,account\n{},first\n{},scond\n{},scond\n", id(7), id(8), id(9));
    home.write("unmute.csv", &rows);
    let found = home.run(&["check", "unmute.csv"]).ends(3).says("unmute.csv:3: account \"scond\" is not known here");
    let found = found.says("rejected, unknown_account: 2").says("would unmute 1 user as first");
    assert!(!found.out.contains("as scond"), "{}", found.out);
    let json = home.run(&["check", "unmute.csv", "--json"]).ends(3).json()["files"][0].clone();
    assert_eq!((&json["check"]["rejected"], &json["estimate"]["requests"]), (&json!(2), &json!(1)));
    home.write("unmute.csv", format!("target_id,account\n{},scond\n", id(8)));
    home.run(&["check", "unmute.csv"]).ends(65).says("scond").says("first");
    // A schedule says so on the day it is made, not at night.
    home.write("unmute.csv", &rows);
    let add = ["schedule", "add", "nightly", "--cron", "0 2 * * *", "unmute.csv"];
    home.run(&add).ends(0).says("account \"scond\" is not known here");
    home.run(&[&add[..2], &["other"], &add[3..], &["--account", "nosuch"]].concat()).ends(2).says("nosuch");
}
