//! `cleanup doctor`: good, odd and broken.

use std::os::unix::fs::PermissionsExt;

use crate::account::bench::{Bench, Done, USER, ids};
use crate::common::Home;

fn levels(done: &Done, what: &str) -> Vec<String> {
    let json = done.json();
    let findings = json["findings"].as_array().unwrap().iter();
    findings.filter(|f| f["what"] == what).map(|f| f["level"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_fresh_home_and_a_used_queue_are_well() {
    let bench = Bench::new();
    let fresh = bench.run(&["doctor"]).ends(0).says("there is no queue yet").says("no account is logged in");
    assert!(fresh.out.contains("cleanup account login"), "{}", fresh.out);
    assert!(fresh.out.contains("Mastodon and Bluesky at each account's own server"), "{}", fresh.out);
    let sandbox = bench.run(&["doctor", "--sandbox"]).ends(0);
    assert!(!sandbox.out.contains("no account is logged in"), "{}", sandbox.out);
    assert!(sandbox.out.contains("the sandbox stands for X, AIsa, Mastodon, Bluesky"), "{}", sandbox.out);
    assert!(!sandbox.out.contains(" at https://"), "nothing is sent there: {}", sandbox.out);
    assert!(!bench.queue_file().exists(), "looking makes nothing");
    bench.log_in("work", USER, "unmute").ends(0);
    bench.write("mutes.csv", format!("{}{}", ids(20), "1000000000000000007\nodd\n"));
    let run = [
        "run",
        "mutes.csv",
        "--action",
        "unmute",
        "--yes",
        "--rate",
        "9/m",
        "--max-requests",
        "7",
        "--pace",
        "front-load",
    ];
    bench.run(&run).ends(4);
    // A changed file: vanished, new and returned rows all leave the counters right.
    bench.write("mutes.csv", ids(15));
    bench.run(&["load", "mutes.csv", "--action", "unmute"]).ends(0);
    let done = bench.run(&["doctor", "--json"]).ends(0);
    for what in ["config", "sqlite", "queue", "drain", "accounts", "key", "permissions", "disk"] {
        let levels = levels(&done, what);
        assert!(
            !levels.is_empty() && levels.iter().all(|l| l == "ok" || (what == "disk" && l == "warn")),
            "{what} {}",
            done.out
        );
    }
    bench.run(&["cancel", "mutes"]).ends(0);
    bench.run(&["doctor"]).ends(0).says("every counter is right");
    bench.run(&["account", "logout", "work"]).ends(0);
    bench.run(&["doctor"]).ends(77).says("cleanup account login work");
}

#[test]
fn open_files_lost_keys_and_bad_settings_are_found() {
    let bench = Bench::new();
    bench.log_in("work", USER, "unmute").ends(0);
    std::fs::set_permissions(bench.queue_file(), std::fs::Permissions::from_mode(0o644)).unwrap();
    let done = bench.run(&["doctor"]).ends(0).says("mode 0644").says("chmod go=");
    assert!(done.out.contains("warn"));
    std::fs::set_permissions(bench.queue_file(), std::fs::Permissions::from_mode(0o600)).unwrap();
    let key = bench.queue_file().with_file_name("credentials.key");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o640)).unwrap();
    bench.run(&["doctor"]).ends(78).says("credentials.key");
    std::fs::remove_file(&key).unwrap();
    bench.run(&["doctor"]).ends(78).says("is missing");
    assert!(!key.exists(), "looking makes nothing");
    bench.run_with(&["doctor"], &[("CLEANUP_X_API", "http://example.com")]).ends(78).says("CLEANUP_X_API");
    bench.write("config.toml", "[run]\nworkerz = 1\n");
    bench.run(&["doctor"]).ends(78).says("workerz");
    assert_eq!(bench.run(&["doctor", "--json"]).ends(78).json()["exit_code"], 78);
}

#[test]
fn a_broken_queue_is_found() {
    let bench = Bench::new();
    bench.log_in("work", USER, "unmute").ends(0);
    bench.write("mutes.csv", ids(20_000));
    bench.run(&["load", "mutes.csv", "--action", "unmute"]).ends(0);
    bench.run(&["doctor"]).ends(0);
    let whole = std::fs::read(bench.queue_file()).unwrap();
    let mut broken = whole.clone();
    let middle = broken.len() / 2 / 4096 * 4096;
    broken[middle..middle + 4096].fill(0x5a);
    std::fs::write(bench.queue_file(), &broken).unwrap();
    bench.run(&["doctor"]).ends(74);
    std::fs::write(bench.queue_file(), b"this is no database, it is a text of some length").unwrap();
    bench.run(&["doctor"]).ends(74);
    std::fs::write(bench.queue_file(), &whole).unwrap();
    bench.run(&["doctor"]).ends(0);
}

#[test]
fn the_variables_of_the_timer_are_for_their_owner_alone() {
    let home = Home::new();
    let file = home.write(".config/cleanup/environment", "CLEANUP_KEY=a long passphrase of mine\n");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    let done = home.run(&["doctor", "--sandbox"]).ends(0);
    let command = format!("chmod go= {}", file.display());
    assert!(done.out.contains("(mode 0644)") && done.out.contains(&command), "{}", done.out);
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    assert!(!home.run(&["doctor", "--sandbox"]).ends(0).out.contains("chmod"));
}
