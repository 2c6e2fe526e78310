//! A question that is refused whatever it is about, from the first command to the last: what the program says, and the way out.

use crate::common::{Done, Home, RunToEnd, SandboxProcess, USER, ids};

const ROWS: u64 = 12;

fn sandbox(home: &Home) -> SandboxProcess {
    SandboxProcess::start(home, &["--limit", "1000/1s", "--faults", "none"])
}

fn run(home: &Home, sandbox: &SandboxProcess, args: &[&str]) -> Done {
    home.against(sandbox, args).done()
}

#[test]
fn an_address_that_is_not_there_gives_nobody_up_and_the_way_out_works() {
    let home = Home::new();
    let sandbox = sandbox(&home);
    home.write("unfollow.csv", ids(ROWS));
    sandbox.post(&format!("/sandbox/user/{USER}/route-lost"));

    let ended =
        run(&home, &sandbox, &["run", "unfollow.csv", "--yes", "--json", "--workers", "1", "--rate", "1000/1s"]);
    assert_eq!(ended.code, 77, "{}", ended.err);
    let said = ended.json();
    assert_eq!((&said["stopped"], &said["jobs"][0]["pending"]), (&"account".into(), &ROWS.into()), "{said}");
    assert_eq!((&said["jobs"][0]["gone"], &said["requests"]), (&0.into(), &5.into()), "{said}");
    let told = ended.err;
    assert!(told.contains("endpoint_not_found") && told.contains("5 answers in a row"), "{told}");
    assert!(told.contains("`cleanup resume unfollow --accept-not-found`"), "{told}");

    // Whoever looks later is told the same, and what to type.
    let way_out = "cleanup resume unfollow --accept-not-found";
    for args in [&["status"][..], &["account", "check"], &["doctor"]] {
        let looked = run(&home, &sandbox, args);
        let text = looked.out + &looked.err;
        assert!(text.contains("endpoint_not_found") && text.contains(way_out), "{args:?}: {text}");
    }
    let status = run(&home, &sandbox, &["status", "--json"]).json();
    let needs = &status["accounts"][0]["needs_person"];
    assert_eq!(needs["reason"], "endpoint_not_found", "{status}");
    assert!(needs["hint"].as_str().unwrap().contains(way_out), "{status}");
    let explained = run(&home, &sandbox, &["explain", "1000000000000000007"]).out;
    assert!(
        explained.contains("pending (not_found_unclear)") && explained.contains("back in the queue"),
        "{explained}"
    );

    // It names its jobs, for it is believed about no other.
    assert_eq!(run(&home, &sandbox, &["resume", "--accept-not-found", "--yes"]).code, 2);
    let accepted =
        run(&home, &sandbox, &["resume", "unfollow", "--accept-not-found", "--yes", "--json", "--rate", "1000/1s"]);
    assert_eq!(accepted.code, 0, "{}", accepted.err);
    assert_eq!(accepted.json()["jobs"][0]["gone"], ROWS);
    let receipts = run(&home, &sandbox, &["report", "unfollow"]).out;
    assert_eq!(receipts.matches(",gone,not_found_accepted,404,").count() as u64, ROWS, "{receipts}");
    assert!(sandbox.effects().values().all(|applied| *applied == 0));
}

#[test]
fn a_request_that_is_not_taken_any_more_costs_five_requests_and_no_row() {
    let home = Home::new();
    let sandbox = sandbox(&home);
    home.write("unfollow.csv", ids(60));
    sandbox.post(&format!("/sandbox/user/{USER}/bad-request"));
    let ended =
        run(&home, &sandbox, &["run", "unfollow.csv", "--yes", "--json", "--workers", "1", "--rate", "1000/1s"]);
    assert_eq!(ended.code, 77, "{}", ended.err);
    let said = ended.json();
    let job = &said["jobs"][0];
    assert_eq!((&job["pending"], &job["failed"], &said["requests"]), (&60.into(), &0.into(), &5.into()), "{said}");
    assert!(ended.err.contains("request_refused"), "{}", ended.err);
    // Once the platform takes it again, the same rows go on and the account is well.
    sandbox.post(&format!("/sandbox/user/{USER}/restore"));
    let ended = run(&home, &sandbox, &["resume", "--yes", "--json", "--rate", "1000/1s"]);
    assert_eq!((ended.code, &ended.json()["jobs"][0]["done"]), (0, &60.into()), "{}", ended.err);
    assert!(run(&home, &sandbox, &["status", "--json"]).json()["accounts"][0]["needs_person"].is_null());
}

/// The next process, of the next night, begins with the rows that were not asked for yet.
#[test]
fn rows_that_went_back_let_the_others_go_first_in_the_next_process() {
    let home = Home::new();
    let sandbox = sandbox(&home);
    home.write("unfollow.csv", ids(ROWS));
    // An answer of the edge is an answer, and no outage to be waited for.
    sandbox.post(&format!("/sandbox/user/{USER}/route-page"));
    let night = ["run", "unfollow.csv", "--yes", "--json", "--workers", "1", "--rate", "1000/1s"];
    let ended = run(&home, &sandbox, &night);
    assert_eq!((ended.code, &ended.json()["requests"]), (77, &5.into()), "{}", ended.err);
    assert!(ended.err.contains("endpoint_not_found"), "{}", ended.err);
    let ended = run(&home, &sandbox, &night);
    assert_eq!((ended.code, &ended.json()["requests"]), (77, &5.into()), "{}", ended.err);
    sandbox.post(&format!("/sandbox/user/{USER}/restore"));
    let outcomes = || -> Vec<bool> {
        let receipts = run(&home, &sandbox, &["report", "unfollow"]).out;
        receipts.lines().skip(1).map(|line| line.contains(",done,")).collect()
    };
    // The last two rows come first, and then those that were asked for first.
    for requests in [2, 5, 5] {
        let before = outcomes();
        let bound = requests.to_string();
        run(&home, &sandbox, &[&night[..], &["--max-requests", &bound]].concat());
        let newly: Vec<usize> = (0..12).filter(|row| outcomes()[*row] && !before[*row]).collect();
        let expected = match before.iter().filter(|done| **done).count() {
            0 => vec![10, 11],
            2 => vec![0, 1, 2, 3, 4],
            _ => vec![5, 6, 7, 8, 9],
        };
        assert_eq!(newly, expected);
    }
}

#[test]
fn a_few_rows_that_nothing_proves_gone_have_failed_and_say_why() {
    let home = Home::new();
    let sandbox = sandbox(&home);
    home.write("unfollow.csv", ids(3));
    sandbox.post(&format!("/sandbox/user/{USER}/route-lost"));
    let ended = run(&home, &sandbox, &["run", "unfollow.csv", "--yes", "--json", "--rate", "1000/1s"]);
    assert_eq!((ended.code, &ended.json()["jobs"][0]["failed"]), (3, &3.into()), "{}", ended.err);
    let explained = run(&home, &sandbox, &["explain", "1000000000000000007"]).out;
    assert!(explained.contains("failed (not_found_unclear)"), "{explained}");
    assert!(explained.contains("`cleanup resume unfollow --accept-not-found` after that believes"), "{explained}");
}
