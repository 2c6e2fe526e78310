//! IDs that were rounded on their way: rejected with what happened to them and how to get them whole, unless the person knows better.

use serde_json::Value;

use crate::badinput::support::{jobs, offline, output, refused};
use crate::common::{Home, RunToEnd};

/// IDs as X gives them out, with every sequence number.
fn whole(count: u64) -> Vec<u64> {
    let id = |n: u64| (300_000_000_000 + n * 1_234_577) << 22 | (n * 37 % 1_024) << 12 | (n * 619 % 4_096);
    (1..=count).map(id).collect()
}

/// What JavaScript makes of an ID, and what Python's `int(float(x))` does.
fn rounded(id: u64, form: &str) -> u64 {
    match form {
        "shortest_double" => (id as f64).to_string().parse().unwrap(),
        _ => id as f64 as u64,
    }
}

/// The first 60 rows went through a number, the other 60 did not.
fn half_damaged(form: &str) -> String {
    let rows = whole(120).into_iter().enumerate();
    let rows: String = rows.map(|(n, id)| format!("{}\n", if n < 60 { rounded(id, form) } else { id })).collect();
    format!("target_id\n{rows}")
}

fn counts(home: &Home) -> (Value, Value) {
    let job = jobs(home)[0].clone();
    (job["pending"].clone(), job["rejected"].clone())
}

#[test]
fn ids_that_went_through_a_double_are_not_queued() {
    for (form, remedy) in [("shortest_double", "jq 1.7"), ("exact_double", "dtype=str")] {
        let home = Home::new();
        home.write("unfollow.csv", half_damaged(form));
        let check = output(&home, ["check", "unfollow.csv", "--json"]).ends(3);
        let report = check.json()["files"][0]["check"].clone();
        let damage = &report["damage"][0];
        assert_eq!((&damage["form"], &damage["digits"], &damage["ids"]), (&form.into(), &19.into(), &120.into()));
        assert_eq!(report["rejected_by_reason"][form], damage["damaged"]);
        let rejected = damage["damaged"].as_u64().unwrap();
        assert!((60..64).contains(&rejected), "{report}");
        let text = output(&home, ["check", "unfollow.csv"]).out;
        for word in [&format!("{rejected} of 120 IDs with 19 digits"), remedy, "as text", "--trust-ids", form] {
            assert!(text.contains(word), "{word}: {text}");
        }

        let load = output(&home, ["load", "unfollow.csv"]).ends(3);
        for word in ["unfollow.csv:2: target_id", "somebody else's", remedy, "--trust-ids"] {
            assert!(load.err.contains(word), "{word}: {}", load.err);
        }
        assert_eq!(counts(&home), ((120 - rejected).into(), rejected.into()));
        let report = output(&home, ["report", "unfollow"]).out;
        assert!(report.lines().nth(1).unwrap().contains(&format!(",2,rejected,{form}")), "{report}");
    }
}

#[test]
fn nothing_of_them_is_sent() {
    let home = Home::new();
    home.write("unfollow.csv", half_damaged("shortest_double"));
    let run = ["run", "unfollow.csv", "--sandbox", "--json", "--rate", "1000/15s", "--pace", "front-load"];
    let run = home.cleanup(run).args(["--progress", "none"]).done().ends(3);
    let job = run.json()["jobs"][0].clone();
    assert!(job["rejected"].as_u64().unwrap() >= 60 && job["pending"] == 0, "{job}");
    for id in whole(60) {
        let id = rounded(id, "shortest_double").to_string();
        let explain = home.cleanup(["explain", &id, "--sandbox"]).done();
        assert_eq!(explain.code, 2, "{id}: {}", explain.out);
    }
}

#[test]
fn who_knows_better_says_trust_ids_and_a_load_without_it_judges_again() {
    let home = Home::new();
    home.write("unfollow.csv", half_damaged("exact_double"));
    assert_eq!(output(&home, ["load", "unfollow.csv"]).code, 3);
    let (_, rejected) = counts(&home);
    let trusted = output(&home, ["load", "unfollow.csv", "--trust-ids"]).ends(0);
    assert!(trusted.err.contains("--trust-ids takes them as they are written"), "{}", trusted.err);
    assert_eq!(counts(&home), (120.into(), 0.into()));
    // The same words again change nothing; without it the rows are held back again, and nothing has to be allowed for that.
    output(&home, ["load", "unfollow.csv", "--trust-ids"]).ends(0);
    let without = output(&home, ["load", "unfollow.csv"]).ends(3);
    assert!(without.err.contains(&format!("{rejected} rejected now")), "{}", without.err);
    assert_eq!(counts(&home).1, rejected);
}

#[test]
fn a_file_with_nothing_else_is_refused_and_says_why() {
    let home = Home::new();
    let rows: String = whole(10).into_iter().map(|id| format!("{}\n", rounded(id, "shortest_double"))).collect();
    home.write("unfollow.csv", &rows);
    let words = ["not one of its 10 rows", "the shortest digits of a double", "jq 1.7", "--trust-ids"];
    refused(&home, &mut offline(&home, ["load", "unfollow.csv"]), 65, &words);
}

#[test]
fn a_keep_list_of_rounded_ids_protects_nobody_and_is_refused() {
    let home = Home::new();
    home.write("unfollow.csv", "user_id\n12\n");
    let rows: String = whole(10).into_iter().map(|id| format!("{}\n", rounded(id, "shortest_double"))).collect();
    home.write("keep.txt", &rows);
    for option in ["--keep", "--only"] {
        let words = ["keep.txt: line 1", "the shortest digits of a double", "as text"];
        refused(&home, &mut offline(&home, ["load", "unfollow.csv", option, "keep.txt"]), 65, &words);
    }
}
