//! Rows that cannot be used: rejected with file, line, column, text and remedy, while the others go on.

use crate::badinput::support::{jobs, offline, output, refused};
use crate::common::Home;

/// Loads a file with bad rows and gives back what was said.
fn load(home: &Home, name: &str, content: &str) -> String {
    home.write(name, content);
    let loaded = output(home, ["load", name]).ends(3);
    loaded.err
}

#[test]
fn a_damaged_id_is_rejected_with_its_line() {
    let home = Home::new();
    let said = load(&home, "unfollow.csv", "user_id\n1274344590138591466\n1.23457E+18\n");
    assert!(said.contains("unfollow.csv:3: user_id \"1.23457E+18\"") && said.contains("as text"), "{said}");
    assert_eq!((&jobs(&home)[0]["pending"], &jobs(&home)[0]["rejected"]), (&1.into(), &1.into()));
    let home = Home::new();
    home.write("unfollow.csv", "user_id\n1274344590138591466\n1.23457E+18\n");
    refused(&home, &mut offline(&home, ["load", "unfollow.csv", "--strict"]), 65, &["1 of its 2 rows", "--strict"]);
}

#[test]
fn zeros_that_a_spreadsheet_left_are_rejected() {
    let home = Home::new();
    let zeros: String = (0..20).map(|n| format!("{}0000\n", 127_434_459_013_859_u64 + n * 7)).collect();
    let said = load(&home, "unfollow.csv", &format!("user_id\n{zeros}1274344590138591466\n"));
    assert!(
        said.contains("unfollow.csv:2: user_id \"1274344590138590000\"") && said.contains("somebody else's"),
        "{said}"
    );
    assert!(said.contains("17 more rejected rows; `cleanup check unfollow.csv` shows them"), "{said}");
    assert_eq!((&jobs(&home)[0]["pending"], &jobs(&home)[0]["rejected"]), (&1.into(), &20.into()));
}

#[test]
fn one_honest_zero_id_is_not() {
    let home = Home::new();
    home.write("unfollow.csv", "user_id\n1274344590138591000\n1274344590138591466\n");
    output(&home, ["load", "unfollow.csv"]).ends(0);
}

#[test]
fn mixed_actions_take_their_own_columns() {
    let home = Home::new();
    let rows = "action,user_id,tweet_id\nunfollow,12,\nunlike,,34\nfly,1,\nunlike,,\n";
    let said = load(&home, "mixed.csv", rows);
    assert!(said.contains("mixed.csv:4: action \"fly\"") && said.contains("write one of unfollow, unlike"), "{said}");
    assert!(said.contains("mixed.csv:5: tweet_id \"\": there is no target"), "{said}");
    assert_eq!((&jobs(&home)[0]["pending"], &jobs(&home)[0]["rejected"]), (&2.into(), &2.into()));
    let report = output(&home, ["report", "mixed"]).out;
    assert!(report.contains("fly,1,,4,rejected,unknown_action"), "{report}");
}

#[test]
fn an_account_nobody_knows_is_named_with_its_line() {
    let home = Home::new();
    home.write("unfollow.csv", "user_id,account\n12,nobody\n13,nobody\n");
    let words = ["unfollow.csv:2", "nobody", "not known"];
    refused(&home, &mut offline(&home, ["load", "unfollow.csv"]), 65, &words);

    let said = load(&home, "unfollow.csv", "user_id,account\n12,\n13,nobody\n");
    assert!(said.contains("unfollow.csv:3") && said.contains("nobody") && said.contains("1 rejected"), "{said}");
    assert_eq!((&jobs(&home)[0]["pending"], &jobs(&home)[0]["rejected"]), (&1.into(), &1.into()));
    // Loaded again unchanged it is the same answer: codes speak of the jobs' state.
    output(&home, ["load", "unfollow.csv"]).ends(3);

    let home = Home::new();
    home.write("unfollow.csv", "user_id,account\n12,\n13,nobody\n");
    refused(&home, &mut offline(&home, ["load", "unfollow.csv", "--strict"]), 65, &["unfollow.csv:3", "nobody"]);
}

#[test]
fn check_shows_every_bad_row_on_stdout() {
    let home = Home::new();
    home.write("unfollow.csv", "user_id\n12\nx y\n@ada\nhttps://example.org/ada\n12345678901234567890\n");
    let check = output(&home, ["check", "unfollow.csv"]);
    assert_eq!(check.code, 3);
    for line in ["unfollow.csv:3:", "unfollow.csv:5:", "unfollow.csv:6:"] {
        assert!(check.out.contains(line), "{line}: {}", check.out);
    }
    assert!(check.err.contains("1 row names its target by name"), "{}", check.err);
    let check = output(&home, ["check", "unfollow.csv", "--json"]);
    assert_eq!(check.json()["files"][0]["check"]["rejected"], 3, "{}", check.out);
}

#[test]
fn foreign_text_cannot_speak_to_the_terminal() {
    let home = Home::new();
    let said = load(&home, "unfollow.csv", "user_id\n12\n\u{1b}]0;owned\u{7}\u{1b}[2J\n");
    assert!(!said.contains('\u{1b}') && !said.contains('\u{7}'), "{said:?}");
}

/// Found by fuzzing: rows that shared a line could not all be kept.
#[test]
fn a_file_from_an_old_mac_has_a_line_for_every_row() {
    let home = Home::new();
    let said = load(&home, "unfollow.csv", "user_id,note\r12,a\rx,b\ry,c\r12,d\r12,e\r13,f\r");
    assert!(said.contains("unfollow.csv:3: user_id \"x\"") && said.contains("unfollow.csv:4: user_id \"y\""), "{said}");
    let report = output(&home, ["report", "unfollow"]).out;
    let lines: Vec<&str> = report.lines().skip(1).map(|row| row.split(',').nth(2).unwrap()).collect();
    assert_eq!(lines, ["2", "3", "4", "5", "6", "7"], "{report}");
}
