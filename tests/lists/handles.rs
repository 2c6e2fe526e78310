//! Handles in rows: queued like any other, looked up by whoever drains, a hundred at a time and once, and never sent as they are.

use cleanup::clock::SystemClock;
use cleanup::domain::Platform;
use cleanup::sandbox::ReadLedger;
use cleanup::store::NameSpace;

use crate::common::{Done, Home, RunToEnd, SandboxProcess, USER, sql};

fn run(home: &Home, sandbox: &SandboxProcess, more: &[&str]) -> Done {
    let words = ["run", "unfollow.csv", "--yes", "--json", "--pace", "front-load", "--progress", "none"];
    home.against(sandbox, words.iter().chain(more)).done()
}

fn asked(sandbox: &SandboxProcess) -> ReadLedger {
    let ledger: cleanup::sandbox::Ledger = serde_json::from_str(&sandbox.get("/sandbox/ledger")).unwrap();
    ledger.users.get(USER).and_then(|user| user.reads.get("users/by").cloned()).unwrap_or_default()
}

/// What became of each row, by its first cell.
fn outcomes(home: &Home) -> Vec<(String, String, String)> {
    let report = home.cleanup(["report", "unfollow", "--raw"]).done().out;
    let mut reader = csv::Reader::from_reader(report.as_bytes());
    let headers = reader.headers().unwrap().clone();
    let at = |name: &str| headers.iter().position(|header| header == name).unwrap();
    let (outcome, reason) = (at("outcome"), at("reason"));
    let row = |record: csv::StringRecord| (record[0].to_owned(), record[outcome].to_owned(), record[reason].to_owned());
    reader.records().map(|record| row(record.unwrap())).collect()
}

fn start(faults: &str) -> (Home, SandboxProcess) {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home, &["--faults", faults, "--limit", "1000/15s"]);
    (home, sandbox)
}

#[test]
fn a_mixed_file_is_resolved_and_every_row_has_its_outcome() {
    let (home, sandbox) = start("none");
    let rows =
        "target_id,note\n@ada,a\n1000000000000000007,b\n@gone_one,c\nhttps://x.com/Bob,d\n@suspended_x,e\n@ADA,f\n";
    home.write("unfollow.csv", rows);
    let output = run(&home, &sandbox, &[]).ends(3);
    let words: Vec<(String, String)> = outcomes(&home).into_iter().map(|row| (row.1, row.2)).collect();
    let word = |outcome: &str, reason: &str| (outcome.to_owned(), reason.to_owned());
    assert_eq!(
        words,
        [
            word("done", ""),
            word("done", ""),
            word("gone", "handle_not_found"),
            word("done", ""),
            word("failed", "suspended"),
            word("duplicate", "duplicate"),
        ]
    );
    let effects = sandbox.effects();
    assert!(effects.len() == 3 && effects.values().all(|times| *times == 1), "{effects:?}");
    assert!(effects.keys().all(|target| target.bytes().all(|byte| byte.is_ascii_digit())));
    assert_eq!(asked(&sandbox).requests, 1);
    assert!(output.err.contains("names looked up: 2 found, 2 not found or repeated; 1 request"), "{}", output.err);
    let jobs = &output.json()["jobs"][0];
    assert_eq!((&jobs["done"], &jobs["gone"], &jobs["failed"]), (&3.into(), &1.into(), &1.into()), "{jobs}");
    // Nothing is asked twice, and nothing is sent twice.
    run(&home, &sandbox, &[]).ends(3);
    assert_eq!((asked(&sandbox).requests, sandbox.ledger().requests), (1, 3));
}

#[test]
fn many_handles_are_asked_about_a_hundred_at_a_time_whatever_goes_wrong() {
    let (home, sandbox) = start("5xx=10%,lost=10%,cut=10%");
    let rows: Vec<String> = (0..430).map(|n| format!("@user_{n}")).collect();
    home.write("unfollow.csv", format!("handle\n{}\n", rows.join("\n")));
    run(&home, &sandbox, &["--rate", "1000/15s"]).ends(0);
    let ledger = asked(&sandbox);
    assert!(ledger.requests >= 5 && ledger.pages <= 8, "{ledger:?}");
    assert_eq!(sandbox.ledger().effects, 430);
}

#[test]
fn a_load_queues_names_and_the_next_drain_asks() {
    let (home, sandbox) = start("none");
    home.write("unfollow.csv", "target_id\n@ada\n@bob\n@sandbox_1234567\n1234567\n");
    home.against(&sandbox, ["load", "unfollow.csv"]).done().ends(0);
    assert!(outcomes(&home).iter().all(|row| row.1 == "pending"), "{:?}", outcomes(&home));
    let check = home.against(&sandbox, ["check", "unfollow.csv"]).done().ends(0);
    assert!(check.out.contains("would unfollow 4 users"), "{}", check.out);
    assert_eq!(asked(&sandbox).requests, 0);
    let told = home.cleanup(["explain", "@ada"]).done().ends(0);
    assert!(told.out.contains("has not been looked up yet"), "{}", told.out);
    let resume = ["resume", "--yes", "--pace", "front-load", "--progress", "none"];
    home.against(&sandbox, resume).done().ends(0);
    let words: Vec<String> = outcomes(&home).into_iter().map(|row| row.1).collect();
    assert_eq!(words, ["done", "done", "duplicate", "done"], "a name for one that another row names by ID");
    assert_eq!((asked(&sandbox).requests, sandbox.effects().len()), (1, 3));
    let told = home.cleanup(["explain", "@ada"]).done().ends(0);
    assert!(told.out.contains("its row says @ada, which was found to mean this target"), "{}", told.out);
    // The file again finds its tasks; what is known needs no asking.
    home.write("unfollow.csv", "target_id\n@ada\n@bob\n@sandbox_1234567\n1234567\n@cid\n");
    let load = home.against(&sandbox, ["load", "unfollow.csv"]).done().ends(0);
    assert!(load.err.contains("1 new"), "{}", load.err);
    home.against(&sandbox, resume).done().ends(0);
    assert_eq!((asked(&sandbox).requests, sandbox.effects().len()), (2, 4));
}

#[test]
fn keep_lists_of_ids_and_of_handles_spare_rows_by_handle() {
    let (home, sandbox) = start("none");
    home.write("unfollow.csv", "handle\nada\nbob\ncid\n");
    let load = home.against(&sandbox, ["run", "unfollow.csv", "--yes", "--max-requests", "1"]).done();
    assert_eq!(load.code, 4, "asking used up the one request: {}", load.err);
    let id = crate::common::wait(async {
        let mut store = cleanup::store::Store::open(&home.queue(), cleanup::store::QueueKind::Real).await.unwrap();
        let (bob, space) = ("bob".parse().unwrap(), NameSpace::of(Platform::XV2, None));
        match store.lists().resolution(&space, &bob).await.unwrap() {
            Some(cleanup::store::Resolution::Target(id)) => id.to_string(),
            other => panic!("{other:?}"),
        }
    });
    home.write("keep.csv", format!("{id}\n@cid\n"));
    run(&home, &sandbox, &["--keep", "keep.csv"]).ends(0);
    let words: Vec<String> = outcomes(&home).into_iter().map(|row| row.1).collect();
    assert_eq!(words, ["done", "kept", "kept"]);
    assert_eq!(sandbox.effects().len(), 1);
}

#[test]
fn a_handle_on_a_keep_list_spares_the_id_that_it_is_known_to_have() {
    let (home, sandbox) = start("none");
    home.write("unmute.csv", "target_id\n@ada\n");
    home.against(&sandbox, ["run", "unmute.csv", "--yes", "--progress", "none"]).done().ends(0);
    let id = crate::common::wait(async {
        let mut store = cleanup::store::Store::open(&home.queue(), cleanup::store::QueueKind::Real).await.unwrap();
        let (ada, space) = ("ada".parse().unwrap(), NameSpace::of(Platform::XV2, None));
        match store.lists().resolution(&space, &ada).await.unwrap() {
            Some(cleanup::store::Resolution::Target(id)) => id.to_string(),
            other => panic!("{other:?}"),
        }
    });
    home.write("unfollow.csv", format!("target_id\n{id}\n1000000000000000007\n"));
    home.write("keep.txt", "@ada\n");
    run(&home, &sandbox, &["--keep", "keep.txt"]).ends(0);
    let words: Vec<String> = outcomes(&home).into_iter().map(|row| row.1).collect();
    assert_eq!(words, ["kept", "done"]);
}

/// Nothing is sent that has an ID alone before it is known whom the handles on the list mean; a run without the means for that sends nothing.
#[test]
fn a_handle_on_a_keep_list_is_looked_up_before_a_row_that_has_the_id_alone() {
    let (home, sandbox) = start("none");
    home.write("unfollow.csv", "target_id\n1000000000000000007\n1234567\n");
    home.write("keep.txt", "@sandbox_1234567\n@gone_one\n");
    let words = ["run", "unfollow.csv", "--yes", "--pace", "front-load", "--keep", "keep.txt"];
    let first = home.against(&sandbox, words.iter().chain(&["--max-requests", "1"])).done().ends(4);
    assert_eq!((asked(&sandbox).requests, sandbox.ledger().requests), (1, 0), "{}", first.err);
    assert!(first.err.contains(": 2 names of keep lists looked up; 1 request, $0.01"), "{}", first.err);
    assert!(first.err.contains("@gone_one (not_found); it spares no row that has an ID alone"), "{}", first.err);
    assert!(first.err.contains(", $0.01 (of that 1 request and $0.01 for looking names up)"), "{}", first.err);
    let second = home.against(&sandbox, words).done().ends(0);
    let words: Vec<String> = outcomes(&home).into_iter().map(|row| row.1).collect();
    assert_eq!(words, ["done", "kept"], "{}", second.err);
    assert_eq!((asked(&sandbox).requests, sandbox.ledger().requests), (1, 1), "what was found stays in the queue");
}

/// Rows that name their users need no lookup: nobody at X has two handles.
#[test]
fn rows_that_name_their_users_beside_the_id_cost_no_lookup() {
    let (home, sandbox) = start("none");
    home.write("unfollow.csv", "target_id,handle\n1000000000000000007,bob\n1234567,ada\n");
    home.write("keep.txt", "@ada\n");
    run(&home, &sandbox, &["--keep", "keep.txt"]).ends(0);
    let words: Vec<String> = outcomes(&home).into_iter().map(|row| row.1).collect();
    assert_eq!((words, asked(&sandbox).requests), (vec!["done".to_owned(), "kept".to_owned()], 0));
}

/// Somebody is there, and X does not say who: no row that may be theirs is sent, and a person is told what to write.
#[test]
fn a_kept_handle_whom_the_platform_does_not_tell_stops_what_may_be_theirs() {
    let (home, sandbox) = start("none");
    home.write("unfollow.csv", "target_id\n1000000000000000007\n");
    home.write("keep.txt", "@suspended_x\n");
    let output = run(&home, &sandbox, &["--keep", "keep.txt"]).ends(77);
    assert!(
        output.err.contains("kept_names_untold") && output.err.contains("@suspended_x (suspended)"),
        "{}",
        output.err
    );
    assert!(output.err.contains("write their IDs into the keep list"), "{}", output.err);
    assert_eq!((outcomes(&home)[0].1.as_str(), sandbox.ledger().requests), ("pending", 0));
    // Whoever looks in the morning is told as well.
    let needs = || home.run(&["status", "--json"]).ends(0).json()["accounts"][0]["needs_person"].clone();
    assert_eq!(needs()["reason"], "kept_names_untold", "{}", needs());
    home.write("keep.txt", "1234567\n");
    run(&home, &sandbox, &["--keep", "keep.txt"]).ends(0);
    assert_eq!((outcomes(&home)[0].1.as_str(), needs()), ("done", serde_json::Value::Null));
}

/// No answer about names is no reason to send.
#[test]
fn a_lookup_that_fails_sends_nothing() {
    let (home, sandbox) = start("5xx=100%");
    home.write("unfollow.csv", "target_id\n1000000000000000007\n1234567\n");
    home.write("keep.txt", "@sandbox_1234567\n");
    run(&home, &sandbox, &["--keep", "keep.txt", "--for", "2s"]).ends(4);
    assert!(asked(&sandbox).requests > 0 && sandbox.ledger().requests == 0);
    assert!(outcomes(&home).iter().all(|row| row.1 == "pending"));
}

#[test]
fn a_row_that_is_known_to_send_nothing_takes_no_place_of_the_limit() {
    let (home, sandbox) = start("none");
    home.write("unmute.csv", "target_id\n@gone_one\n@suspended_x\n");
    let words = ["run", "unmute.csv", "--yes", "--progress", "none"];
    home.against(&sandbox, words).done().ends(3);
    home.write("unfollow.csv", "target_id\n@gone_one\n@ada\n@suspended_x\n1000000000000000007\n@bob\n@gone_two\n");
    run(&home, &sandbox, &["--limit", "2"]).ends(3);
    let words: Vec<(String, String)> = outcomes(&home).into_iter().map(|row| (row.1, row.2)).collect();
    let words: Vec<(&str, &str)> = words.iter().map(|(outcome, why)| (outcome.as_str(), why.as_str())).collect();
    let expected = [
        ("gone", "handle_not_found"),
        ("done", ""),
        ("failed", "suspended"),
        ("done", ""),
        ("kept", "limit"),
        ("kept", "limit"),
    ];
    assert_eq!(words, expected);
    assert_eq!(sandbox.effects().len(), 2);
}

#[test]
fn somebody_who_must_log_in_is_told_and_the_rows_wait() {
    let (home, sandbox) = start("none");
    home.write("unfollow.csv", "handle\nada\n");
    let mut command = home.against(&sandbox, ["run", "unfollow.csv", "--yes"]);
    command.env("CLEANUP_X_TOKEN", "nobody");
    command.done().ends(77);
    assert_eq!(outcomes(&home)[0].1, "pending");
    run(&home, &sandbox, &[]).ends(0);
}

/// Somebody who could not be acted on may be there again: a retry asks.
#[test]
fn a_retry_asks_again_whom_a_name_means() {
    let (home, sandbox) = start("none");
    home.write("unfollow.csv", "handle\nsuspended_x\ngone_one\n");
    run(&home, &sandbox, &[]).ends(3);
    assert_eq!(asked(&sandbox).requests, 1);
    home.cleanup(["retry", "unfollow"]).done().ends(0);
    run(&home, &sandbox, &[]).ends(3);
    assert_eq!(asked(&sandbox).requests, 2);
    let words: Vec<String> = outcomes(&home).into_iter().map(|row| row.2).collect();
    assert_eq!(words, ["suspended", "handle_not_found"]);
}

#[test]
fn an_id_wins_over_a_name_and_nothing_is_looked_up() {
    let (home, sandbox) = start("none");
    home.write("unfollow.csv", "screen_name,id\nada,1000000000000000007\nbob,1000000000000000008\n");
    run(&home, &sandbox, &[]).ends(0);
    let mut targets: Vec<String> = sandbox.effects().into_keys().collect();
    targets.sort_unstable();
    assert_eq!(targets, ["1000000000000000007", "1000000000000000008"]);
    assert_eq!(asked(&sandbox).requests, 0);
}

#[test]
fn a_keep_list_of_handles_knows_every_column_of_names() {
    for column in ["screen_name", "username", "handle", "url", "link"] {
        let (home, sandbox) = start("none");
        let cell = if matches!(column, "url" | "link") { "https://x.com/ada" } else { "Ada" };
        home.write("unfollow.csv", format!("target_id,{column}\n1000000000000000007,{cell}\n1000000000000000008,\n"));
        home.write("keep.txt", "@ada\n");
        let output = run(&home, &sandbox, &["--keep", "keep.txt"]);
        assert_eq!(output.code, 0, "{column}: {}", output.err);
        let targets: Vec<String> = sandbox.effects().into_keys().collect();
        assert_eq!(targets, ["1000000000000000008"], "{column}");
        assert_eq!(outcomes(&home)[0].1, "kept", "{column}");
        // The other list, and the text, know them as well.
        let only = home.against(&sandbox, ["check", "unfollow.csv", "--only", "keep.txt"]).done();
        assert!(only.out.contains("would unfollow 1 user"), "{column}: {}", only.out);
        let matching = home.against(&sandbox, ["check", "unfollow.csv", "--matching", "ADA"]).done();
        assert!(matching.out.contains("would unfollow 1 user"), "{column}: {}", matching.out);
    }
}

#[test]
fn a_row_that_names_a_handle_is_spared_by_it_after_it_has_been_resolved() {
    for (header, more) in [("", None), ("target_id\n", None), ("who,note\n", Some("who"))] {
        let (home, sandbox) = start("none");
        home.write("unfollow.csv", format!("{header}@ada\nx.com/Bob\n@cid\n"));
        home.write("keep.csv", "username\nada\nbob\n");
        let mut words = vec!["--keep", "keep.csv"];
        words.extend(more.iter().flat_map(|column| ["--column", column]));
        let output = run(&home, &sandbox, &words);
        assert_eq!(output.code, 0, "{header}: {}", output.err);
        assert!(!output.err.contains("on the keep list"), "{header}: {}", output.err);
        assert_eq!(sandbox.effects().len(), 1, "{header}");
        let words: Vec<String> = outcomes(&home).into_iter().map(|row| row.1).collect();
        assert_eq!(words, ["kept", "kept", "done"], "{header}");
    }
}

#[test]
fn a_keep_list_of_a_later_run_spares_rows_by_the_handles_they_were_resolved_from() {
    for (file, column) in [("@cid\n@ada\nx.com/Bob\n", None), ("who,note\n@cid\n@ada,x\nx.com/Bob\n", Some("who"))] {
        let (home, sandbox) = start("none");
        home.write("unfollow.csv", file);
        let column = column.iter().flat_map(|column| ["--column", column]);
        let first = run(&home, &sandbox, &["--max-requests", "2"].into_iter().chain(column).collect::<Vec<_>>());
        assert_eq!(first.code, 4, "one for the handles and one row: {}", first.err);
        assert_eq!(sandbox.effects().len(), 1);
        home.write("keep.txt", "@ada\n@bob\n");
        let resume = ["resume", "--yes", "--keep", "keep.txt", "--pace", "front-load", "--progress", "none"];
        home.against(&sandbox, resume).done().ends(0);
        let words: Vec<String> = outcomes(&home).into_iter().map(|row| row.1).collect();
        assert_eq!((words, sandbox.effects().len()), (["done", "kept", "kept"].map(str::to_owned).to_vec(), 1));
    }
}

#[test]
fn a_lookup_that_cannot_be_done_leaves_rows_that_wait() {
    for (faults, more, stopped) in [
        ("5xx=100%", &["--max-requests", "1"][..], "requests"),
        ("lost=100%", &["--max-requests", "1"], "requests"),
        ("429=100%", &["--for", "1s"], "deadline"),
        ("none", &["--max-spend", "0.002"], "spend"),
    ] {
        let home = Home::new();
        let sandbox = SandboxProcess::start(&home, &["--faults", faults]);
        home.write("unfollow.csv", "handle\nada\nbob\n");
        let output = run(&home, &sandbox, more);
        assert_eq!(output.code, 4, "{faults}: {}", output.err);
        let end = output.json();
        assert_eq!((&end["stopped"], &end["jobs"][0]["pending"]), (&stopped.into(), &2.into()), "{faults}: {end}");
        assert_eq!(end["requests"], 0, "what is looked up is no undo: {end}");
    }
    let home = Home::new();
    home.write("unfollow.csv", "handle\nada\nbob\n");
    let mut nobody = home.cleanup(["run", "unfollow.csv", "--yes", "--json", "--give-up-after", "1s"]);
    nobody.env("CLEANUP_X_API", "http://127.0.0.1:9").env("CLEANUP_X_TOKEN", "t").env("CLEANUP_X_USER_ID", USER);
    nobody.done().ends(69);
    // A row that can be sent is not held up by those.
    let (home, whole) = start("none");
    home.write("unmute.csv", "target_id\n1000000000000000007\n@ada\n@bob\n");
    let words = ["run", "unmute.csv", "--yes", "--json", "--max-spend", "0.016", "--progress", "none"];
    let output = home.against(&whole, words).done().ends(4);
    assert_eq!(
        (&output.json()["jobs"][0]["done"], &output.json()["stopped"]),
        (&1.into(), &"spend".into()),
        "{}",
        output.out
    );
    let output = home.against(&whole, ["resume", "--yes", "--json", "--progress", "none"]).done().ends(0);
    assert_eq!(output.json()["jobs"][0]["done"].as_u64(), Some(3), "{}", output.err);
}

#[test]
fn rows_that_wait_for_a_lookup_are_work_that_is_left() {
    let (home, sandbox) = start("none");
    let rows: Vec<String> = (0..150).map(|n| format!("gone_{n}")).collect();
    home.write("unfollow.csv", format!("handle\n{}\n", rows.join("\n")));
    let output = run(&home, &sandbox, &["--max-requests", "1"]);
    let end = output.json();
    assert_eq!((output.code, &end["stopped"]), (4, &"requests".into()), "{}", output.err);
    assert_eq!((&end["jobs"][0]["gone"], &end["jobs"][0]["pending"]), (&100.into(), &50.into()), "{end}");
    let rest = run(&home, &sandbox, &[]);
    assert_eq!(rest.code, 0, "{} {}", rest.out, rest.err);
    assert_eq!(rest.json()["jobs"][0]["gone"], 150);
}

/// The platform's windows for lookups are used up: what has an ID is sent, what has a name waits, and whoever asks is told until when.
#[test]
fn names_wait_for_the_window_of_lookups_and_say_so() {
    let (home, sandbox) = start("none");
    home.write("unfollow.csv", "target_id\n1000000000000000007\n@ada\n@bob\n");
    home.against(&sandbox, ["load", "unfollow.csv"]).done().ends(0);
    let now = SystemClock::shared().now().wall.0;
    let used = format!(
        "insert into read_request (account_id, app, endpoint, boot, reserved_tick, reserved_at, upper_tick, ended_at)
                with recursive n (n) as (select 1 union all select n + 1 from n where n < 900)
                select 1, 'any', 'users/by', 'earlier', 0, {now}, 0, {now} from n"
    );
    sql::change(home.queue(), &used);
    let output = run(&home, &sandbox, &["--for", "3s"]).ends(4);
    let end = output.json();
    assert_eq!((&end["stopped"], &end["jobs"][0]["done"]), (&"deadline".into(), &1.into()), "{end}");
    assert!(output.err.contains("looking names up waits until"), "{}", output.err);
    let words: Vec<String> = outcomes(&home).into_iter().map(|row| row.1).collect();
    assert_eq!((words, asked(&sandbox).requests), (["done", "pending", "pending"].map(str::to_owned).to_vec(), 0));
    let told = home.cleanup(["explain", "@ada"]).done().ends(0);
    assert!(
        told.out.contains("not been looked up yet") && told.out.contains("the next lookup can leave at"),
        "{}",
        told.out
    );
    assert!(end["next_slot_at"].is_string(), "{end}");
    sql::change(home.queue(), "delete from read_request");
    run(&home, &sandbox, &[]).ends(0);
    assert_eq!(sandbox.effects().len(), 3);
}

/// Killed at each step of a lookup, the next run goes on: nothing is asked again that was written down, and nothing is sent twice.
#[test]
fn who_is_killed_in_the_middle_of_a_lookup_goes_on() {
    for (point, requests) in [("before-page:1", 2), ("after-page:1", 1), ("before-names:1", 1), ("after-names:1", 1)] {
        let (home, sandbox) = start("none");
        home.write("unfollow.csv", "target_id\n@ada\n@sandbox_1234567\n1234567\n@gone_one\n");
        let words = ["run", "unfollow.csv", "--yes", "--pace", "front-load", "--progress", "none"];
        let died = home.against(&sandbox, words).env("CLEANUP_FAILPOINT", point).done();
        assert_eq!(died.exited(), None, "{point}: {}", died.err);
        run(&home, &sandbox, &[]).ends(0);
        let words: Vec<String> = outcomes(&home).into_iter().map(|row| row.1).collect();
        assert_eq!(words, ["done", "duplicate", "done", "gone"], "{point}");
        let effects = sandbox.effects();
        assert!(effects.len() == 2 && effects.values().all(|times| *times == 1), "{point}: {effects:?}");
        assert_eq!(asked(&sandbox).requests, requests, "{point}");
    }
}

#[test]
fn a_small_bound_is_shown_with_all_its_digits() {
    let (home, sandbox) = start("none");
    let output = home.against(&sandbox, ["list", "following", "--max-spend", "0.002"]).done().ends(4);
    assert!(output.err.contains("more than --max-spend $0.002 leaves (spent so far: $0.00)"), "{}", output.err);
}

/// A platform that gives every request this answer.
fn answering(head: &'static str) -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            use std::io::{Read, Write};
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let _ = write!(stream, "HTTP/1.1 {head}\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{{}}");
        }
    });
    url
}

/// Only the same refusal again and again wants a person: other trouble before it does not make it the fifth.
#[test]
fn a_page_that_is_not_the_platforms_is_asked_about_again_whatever_came_before() {
    const EMPTY: &str = r#"{"meta":{"result_count":0}}"#;
    let answers =
        [("503 Service Unavailable", "{}"); 4].into_iter().chain([("404 Not Found", "<html>"), ("200 OK", EMPTY)]);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let served = std::thread::spawn(move || {
        for (head, body) in answers {
            use std::io::{Read, Write};
            let mut stream = listener.accept().unwrap().0;
            let _ = stream.read(&mut [0; 4096]);
            let length = body.len();
            let _ = write!(stream, "HTTP/1.1 {head}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}");
        }
    });
    let home = Home::new();
    let mut command = home.cleanup(["list", "likes", "-o", "likes.csv"]);
    command.env("CLEANUP_X_API", url).env("CLEANUP_X_TOKEN", "t").env("CLEANUP_X_USER_ID", "42").done().ends(0);
    served.join().unwrap();
}

#[test]
fn whose_a_token_is_waits_for_an_outage_and_not_for_a_person() {
    for (head, expected) in [("503 Service Unavailable", 69), ("429 Too Many Requests", 69), ("401 Unauthorized", 77)] {
        let home = Home::new();
        home.write("unfollow.csv", "user_id\n1000000000000000007\n");
        let mut command = home.cleanup(["run", "unfollow.csv", "--yes"]);
        let output = command.env("CLEANUP_X_API", answering(head)).env("CLEANUP_X_TOKEN", "t").done();
        assert_eq!(output.code, expected, "{head}: {}", output.err);
        assert!(output.err.contains("set CLEANUP_X_USER_ID"), "{head}: {}", output.err);
    }
}
