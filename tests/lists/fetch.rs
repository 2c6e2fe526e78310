//! `cleanup list` with the real program against a sandbox in a process of its own.

use std::collections::HashSet;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use cleanup::sandbox::ReadLedger;

use crate::common::{Done, Home, RunToEnd, SandboxProcess, USER, sql};

const ALL: [(&str, &str, u64); 7] = [
    ("following", "following", 1_000),
    ("followers", "followers", 1_000),
    ("likes", "likes", 100),
    ("posts", "posts", 100),
    ("mutes", "mutes", 1_000),
    ("blocks", "blocks", 1_000),
    ("bookmarks", "bookmarks", 100),
];

pub(crate) fn list(home: &Home, sandbox: &SandboxProcess, words: &[&str]) -> Command {
    home.against(sandbox, ["list"].iter().chain(words))
}

pub(crate) fn ended(mut command: Command, exit: i32) -> Done {
    let output = command.done();
    assert_eq!(output.code, exit, "{}\n{}", output.out, output.err);
    output
}

pub(crate) fn reads(sandbox: &SandboxProcess, name: &str) -> ReadLedger {
    let ledger: cleanup::sandbox::Ledger = serde_json::from_str(&sandbox.get("/sandbox/ledger")).unwrap();
    ledger.users.get(USER).and_then(|user| user.reads.get(name).cloned()).unwrap_or_default()
}

/// The first column, which names everybody once.
pub(crate) fn targets(csv: &str) -> Vec<String> {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    assert_eq!(&reader.headers().unwrap()[0], "target_id");
    let all: Vec<String> = reader.records().map(|record| record.unwrap()[0].to_owned()).collect();
    assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len(), "everybody once");
    all
}

pub(crate) fn column(csv: &str, name: &str) -> Vec<String> {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let at = reader.headers().unwrap().iter().position(|header| header == name).unwrap();
    reader.records().map(|record| record.unwrap()[at].to_owned()).collect()
}

fn spawn(mut command: Command) -> Child {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Waits for something that another process does; a minute is far beyond what it takes.
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_secs(60), "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn every_list_is_read_page_by_page() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home, &["--lists", "230", "--faults", "none"]);
    for (name, shelf, page) in ALL {
        let output = ended(list(&home, &sandbox, &[name]), 0);
        assert_eq!(targets(&output.out).len(), 230, "{name}");
        let ledger = reads(&sandbox, shelf);
        assert_eq!(ledger.requests, 230_u64.div_ceil(page), "{name}: {ledger:?}");
        assert!(output.err.contains("230 entries, 230 written"), "{}", output.err);
    }
    let users = ended(list(&home, &sandbox, &["following", "--raw"]), 0).out;
    assert!(column(&users, "handle").iter().all(|handle| handle.starts_with("@s_")));
    assert!(column(&users, "followers").iter().all(|count| count.parse::<u64>().is_ok()));
    // Under X's new names the newest post of a user is billed, so it is asked for only where a filter needs it.
    assert!(column(&users, "last_active_at").iter().all(String::is_empty));
    let quiet = ended(list(&home, &sandbox, &["following", "--inactive-since", "2026-06-01"]), 0).out;
    assert!(column(&quiet, "last_active_at").iter().all(|at| at.starts_with("20")));
    let harmless = ended(list(&home, &sandbox, &["following"]), 0).out;
    assert!(column(&harmless, "name").iter().all(|name| !name.starts_with('=')));
    let posts = ended(list(&home, &sandbox, &["posts", "--raw"]), 0).out;
    assert!(column(&posts, "is_repost").iter().any(|word| word == "true"));
    assert!(column(&posts, "created_at").iter().all(|at| at.ends_with('Z')));
}

#[test]
fn whoever_is_gone_is_on_no_list_of_the_programs_own_sandbox() {
    let home = Home::new();
    for name in ["following", "likes"] {
        let listed = || targets(&ended(home.cleanup(["list", name, "--sandbox"]), 0).out);
        let first = listed();
        // 250 less some 3 of 100, and the same ones at every look.
        assert!((230..250).contains(&first.len()), "{name}: {}", first.len());
        assert_eq!(first, listed());
    }
}

#[test]
fn an_empty_list_is_a_header() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home, &["--lists", "0", "--faults", "none"]);
    let output = ended(list(&home, &sandbox, &["blocks", "-o", "unblock.csv"]), 0);
    assert_eq!(output.out, "");
    let csv = std::fs::read_to_string(home.path("unblock.csv")).unwrap();
    assert!(targets(&csv).is_empty() && csv.lines().count() == 1, "{csv}");
}

#[test]
fn what_goes_wrong_on_the_way_is_asked_again() {
    let home = Home::new();
    let faults = "429=4%,5xx=12%,reset=8%,lost=8%,cut=8%";
    let sandbox = SandboxProcess::start(&home, &["--lists", "1500", "--faults", faults, "--seed", "5"]);
    let output = ended(list(&home, &sandbox, &["likes"]), 0);
    assert_eq!(targets(&output.out).len() as u64 + gone(&sandbox), 1_500, "{}", output.err);
    let ledger = reads(&sandbox, "likes");
    assert!(ledger.requests > 15 && ledger.earned_429 == 0, "{ledger:?}");
}

/// Faults of requests leave lists whole.
fn gone(_: &SandboxProcess) -> u64 {
    0
}

#[test]
fn a_narrower_window_is_told_by_pages_and_a_429_is_waited_out() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home, &["--lists", "400", "--faults", "none", "--read-limit", "2/3s"]);
    // Somebody else has used the window up: the platform says stop, once.
    sandbox.post(&format!("/sandbox/spend/{USER}/likes/2"));
    let output = ended(list(&home, &sandbox, &["likes"]), 0);
    assert_eq!(targets(&output.out).len(), 400);
    let ledger = reads(&sandbox, "likes");
    // The platform's windows are narrower than what the program goes by, and each page says what is left.
    assert!(ledger.earned_429 == 1 && ledger.pages == 4, "{ledger:?}");
    assert!(output.err.contains("waiting until"), "{}", output.err);
}

#[test]
fn whoever_is_killed_goes_on_from_the_page_in_flight() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home, &["--lists", "1200", "--faults", "none", "--latency", "120ms"]);
    let mut first = spawn(list(&home, &sandbox, &["likes", "-o", "likes.csv"]));
    until("four pages", || reads(&sandbox, "likes").pages >= 4);
    first.kill().unwrap();
    first.wait().unwrap();
    assert!(!home.path("likes.csv").exists(), "a file appears whole or not at all");
    let output = ended(list(&home, &sandbox, &["likes", "-o", "likes.csv"]), 0);
    assert!(output.err.contains("from an earlier, unfinished reading"), "{}", output.err);
    assert_eq!(targets(&std::fs::read_to_string(home.path("likes.csv")).unwrap()).len(), 1_200);
    let ledger = reads(&sandbox, "likes");
    assert!(ledger.requests <= 12 + 1, "only the page in flight is asked for again: {ledger:?}");
    // It was delivered, so the next one begins anew.
    ended(list(&home, &sandbox, &["likes", "-o", "likes.csv", "--force"]), 0);
    assert!(reads(&sandbox, "likes").requests >= 24);
}

#[test]
fn bounds_and_signals_keep_what_was_read() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home, &["--lists", "1000", "--faults", "none", "--latency", "60ms"]);
    let output = ended(list(&home, &sandbox, &["likes", "--max-requests", "3"]), 4);
    assert!(output.out.is_empty() && output.err.contains("300 entries that were read are kept"), "{}", output.err);
    // Likes cost $0.001 each: half a page more is affordable.
    let output = ended(list(&home, &sandbox, &["likes", "--max-spend", "0.05"]), 4);
    assert!(output.err.contains("350 entries that were read are kept"), "{}", output.err);
    let child = spawn(list(&home, &sandbox, &["likes"]));
    let before = reads(&sandbox, "likes").pages;
    until("a page", || reads(&sandbox, "likes").pages > before);
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let output = Done::of(&child.wait_with_output().unwrap()).ends(130);
    assert!(output.err.contains("continues from there"), "{}", output.err);
    let output = ended(list(&home, &sandbox, &["likes"]), 0);
    assert_eq!(targets(&output.out).len(), 1_000);
    // 3 pages, half a page, and the remaining 650 in 7.
    assert!(reads(&sandbox, "likes").requests <= 12, "{:?}", reads(&sandbox, "likes"));
    ended(list(&home, &sandbox, &["likes", "--max-requests", "1"]), 4);
    let output = ended(list(&home, &sandbox, &["likes", "--fresh", "--max-requests", "2"]), 4);
    assert!(output.err.contains("200 entries that were read are kept"), "{}", output.err);
}

#[test]
fn two_processes_do_not_turn_each_others_pages() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home, &["--lists", "900", "--faults", "none", "--latency", "200ms"]);
    let first = spawn(list(&home, &sandbox, &["likes"]));
    until("a request", || reads(&sandbox, "likes").requests > 0);
    let output = ended(list(&home, &sandbox, &["likes"]), 75);
    assert!(output.err.contains("another process is reading likes"), "{}", output.err);
    assert!(output.err.contains(&format!("(PID {} on ", first.id())), "{}", output.err);
    // Another list is another matter.
    ended(list(&home, &sandbox, &["mutes"]), 0);
    let output = Done::of(&first.wait_with_output().unwrap());
    assert_eq!((output.code, targets(&output.out).len()), (0, 900));
}

#[test]
fn a_cursor_that_has_run_out_begins_the_list_anew() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home, &["--lists", "500", "--faults", "none"]);
    ended(list(&home, &sandbox, &["likes", "--max-requests", "2"]), 4);
    assert_eq!(sql::change(home.queue(), "update reading set cursor = 'expired'"), 1);
    let output = ended(list(&home, &sandbox, &["likes"]), 0);
    assert_eq!(targets(&output.out).len(), 500);
    assert_eq!(reads(&sandbox, "likes").pages, 2 + 5);
}

#[test]
fn what_is_undone_is_off_the_list_and_what_comes_back_is_on_it() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home, &["--lists", "40", "--faults", "none"]);
    ended(list(&home, &sandbox, &["mutes", "--limit", "30", "-o", "unmute.csv"]), 0);
    let listed = targets(&std::fs::read_to_string(home.path("unmute.csv")).unwrap());
    assert_eq!(listed.len(), 30);
    let run = home.against(&sandbox, ["run", "unmute.csv", "--yes", "--pace", "front-load", "--progress", "none"]);
    ended(run, 0);
    let left = targets(&ended(list(&home, &sandbox, &["mutes"]), 0).out);
    assert_eq!(left.len(), 10);
    assert!(left.iter().all(|target| !listed.contains(target)));
    sandbox.post(&format!("/sandbox/list/{USER}/mutes/{}", listed[0]));
    let left = targets(&ended(list(&home, &sandbox, &["mutes"]), 0).out);
    assert!(left.len() == 11 && left.contains(&listed[0]));
}

#[test]
fn a_ghost_stays_on_its_list() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home, &["--lists", "20", "--faults", "ghost=100%"]);
    ended(list(&home, &sandbox, &["following", "-o", "unfollow.csv"]), 0);
    let run = home.against(&sandbox, ["run", "unfollow.csv", "--yes", "--pace", "front-load", "--progress", "none"]);
    ended(run, 0);
    assert_eq!(sandbox.effects().len(), 20);
    assert_eq!(targets(&ended(list(&home, &sandbox, &["following"]), 0).out).len(), 20);
}

#[test]
fn who_follows_back_is_told_by_the_followers() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home, &["--lists", "60", "--faults", "none"]);
    let words = ["following", "--not-following-back", "--spared", "spared.csv"];
    let csv = ended(list(&home, &sandbox, &words), 0).out;
    assert_eq!(targets(&csv).len(), 30);
    assert!(column(&csv, "follows_back").iter().all(|word| word == "false"));
    let spared = std::fs::read_to_string(home.path("spared.csv")).unwrap();
    assert_eq!(targets(&spared).len(), 30);
    assert_eq!(reads(&sandbox, "followers").requests, 1);
    ended(list(&home, &sandbox, &["followers", "--not-following-back"]), 2);
}

#[test]
fn what_needs_a_person_says_so_and_keeps_what_was_read() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home, &["--lists", "500", "--faults", "none"]);
    ended(list(&home, &sandbox, &["likes", "--max-requests", "2"]), 4);
    for (trouble, word) in [("revoke", "unauthorized"), ("credits", "credits_depleted"), ("suspend", "suspended")] {
        sandbox.post(&format!("/sandbox/user/{USER}/{trouble}"));
        let output = ended(list(&home, &sandbox, &["likes"]), 77);
        assert!(
            output.err.contains(word) && output.err.contains("200 entries that were read are kept"),
            "{}",
            output.err
        );
    }
    sandbox.post(&format!("/sandbox/user/{USER}/restore"));
    assert_eq!(targets(&ended(list(&home, &sandbox, &["likes"]), 0).out).len(), 500);
    assert_eq!(reads(&sandbox, "likes").pages, 5, "no page was paid for twice");
}

#[test]
fn nobody_there_is_69_and_a_platform_without_lists_2() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home, &["--faults", "none"]);
    let mut aisa = home.cleanup(["list", "following"]);
    aisa.env("CLEANUP_AISA_KEY", format!("sk-sandbox-{USER}")).env("CLEANUP_AISA_API", &sandbox.url);
    let output = ended(aisa, 2);
    assert!(output.err.contains("cleanup import"), "{}", output.err);
    let mut nobody = list(&home, &sandbox, &["following", "--give-up-after", "1s"]);
    nobody.env("CLEANUP_X_API", "http://127.0.0.1:9");
    ended(nobody, 69);
}

#[test]
fn the_embedded_sandbox_knows_what_its_jobs_have_done() {
    let home = Home::new();
    let mut command = home.cleanup(["list", "blocks", "--sandbox", "--limit", "10", "-o", "unblock.csv"]);
    command.done().ends(0);
    let run = ["run", "unblock.csv", "--sandbox", "--pace", "front-load", "--progress", "none"];
    let output = home.cleanup(run).done();
    assert!([0, 3].contains(&output.code), "{}", output.err);
    let report = home.cleanup(["report", "unblock", "--sandbox"]).done().out;
    let done = column(&report, "outcome").iter().filter(|outcome| *outcome == "done").count();
    let before = targets(&std::fs::read_to_string(home.path("unblock.csv")).unwrap());
    let after = targets(&home.cleanup(["list", "blocks", "--sandbox"]).done().out);
    assert_eq!(before.iter().filter(|target| !after.contains(target)).count(), done);
}
