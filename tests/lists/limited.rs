//! `cleanup list --limit`: no page is paid for behind the one that fills the limit, and nobody takes what was read for the list.

use crate::common::{Home, SandboxProcess, USER};
use crate::lists::fetch::{column, ended, list, reads, targets};

fn sandbox(home: &Home, entries: &str) -> SandboxProcess {
    SandboxProcess::start(home, &["--lists", entries, "--faults", "none"])
}

#[test]
fn reading_ends_with_the_page_that_fills_the_limit() {
    let home = Home::new();
    let sandbox = sandbox(&home, "650");
    // A page of likes has a hundred.
    let output = ended(list(&home, &sandbox, &["likes", "--limit", "150"]), 0);
    assert_eq!(targets(&output.out).len(), 150);
    assert_eq!(reads(&sandbox, "likes").requests, 2, "{}", output.err);
    let said = output.err;
    assert!(said.contains("likes: 150 entries, 150 written; 2 requests"), "{said}");
    assert!(said.contains("the rest of likes was not read; `cleanup list likes` without --limit continues"), "{said}");
    // The list is not held for complete: without the limit it is read on from the page behind, and is whole.
    let output = ended(list(&home, &sandbox, &["likes"]), 0);
    assert_eq!(targets(&output.out).len(), 650);
    assert_eq!(reads(&sandbox, "likes").requests, 7, "{}", output.err);
    assert!(output.err.contains("150 entries were kept"), "{}", output.err);
    // And then it begins anew, as after every whole list.
    ended(list(&home, &sandbox, &["likes", "--limit", "1"]), 0);
    assert_eq!(reads(&sandbox, "likes").requests, 8);
}

#[test]
fn the_next_limit_begins_anew_for_what_came_first_may_be_undone() {
    let home = Home::new();
    let sandbox = sandbox(&home, "300");
    ended(list(&home, &sandbox, &["likes", "--limit", "40", "-o", "unlike.csv"]), 0);
    let first = targets(&std::fs::read_to_string(home.path("unlike.csv")).unwrap());
    let run = home.against(&sandbox, ["run", "unlike.csv", "--yes", "--pace", "front-load", "--progress", "none"]);
    ended(run, 0);
    let second = targets(&ended(list(&home, &sandbox, &["likes", "--limit", "40"]), 0).out);
    assert_eq!((second.len(), reads(&sandbox, "likes").requests), (40, 2));
    assert!(second.iter().all(|target| !first.contains(target)), "night after night the next forty");
}

#[test]
fn what_was_stopped_short_of_the_limit_is_gone_on_with() {
    let home = Home::new();
    let sandbox = sandbox(&home, "650");
    ended(list(&home, &sandbox, &["likes", "--limit", "250", "--max-requests", "2"]), 4);
    let output = ended(list(&home, &sandbox, &["likes", "--limit", "250"]), 0);
    assert_eq!((targets(&output.out).len(), reads(&sandbox, "likes").requests), (250, 3), "{}", output.err);
    // Enough is there already: nothing is asked for.
    ended(list(&home, &sandbox, &["likes", "--fresh", "--max-requests", "3"]), 4);
    let output = ended(list(&home, &sandbox, &["likes", "--limit", "250"]), 0);
    assert_eq!((targets(&output.out).len(), reads(&sandbox, "likes").requests), (250, 6), "{}", output.err);
}

#[test]
fn only_what_the_filter_lets_pass_fills_the_limit() {
    let home = Home::new();
    let sandbox = sandbox(&home, "650");
    // With an order the last page may have the first entry; where nothing passes nothing is ever full.
    for (words, requests) in [
        (&["likes", "--limit", "5", "--order", "oldest"][..], 7),
        (&["likes", "--limit", "5", "--matching", "no post says this"], 7),
        (&["likes", "--limit", "650"], 7),
        (&["likes", "--limit", "100"], 1),
    ] {
        let before = reads(&sandbox, "likes").requests;
        let output = ended(list(&home, &sandbox, words), 0);
        assert_eq!(reads(&sandbox, "likes").requests - before, requests, "{words:?}: {}", output.err);
    }
    // Who follows back is told by all followers, in one page here; of those followed a page is enough.
    let words = ["following", "--not-following-back", "--limit", "7"];
    let output = ended(list(&home, &sandbox, &words), 0);
    assert_eq!(targets(&output.out).len(), 7);
    assert!(column(&output.out, "follows_back").iter().all(|word| word == "false"));
    assert_eq!((reads(&sandbox, "followers").requests, reads(&sandbox, "following").requests), (1, 1));
}

/// Each entry of a page is paid for: without a filter no more are asked for than are wanted, and with one it is said before.
#[test]
fn no_more_entries_are_bought_than_are_wanted() {
    let home = Home::new();
    let sandbox = sandbox(&home, "1200");
    for (words, said) in [
        (&["following", "--limit", "5"][..], "following: 5 entries, 5 written; 1 request, $0.005 if the app is yours"),
        (&["following", "--limit", "1001"], "following: 1001 entries, 1001 written; 2 requests"),
        // X gives pages of five likes at least.
        (&["likes", "--limit", "2"], "likes: 5 entries, 2 written; 1 request, $0.005"),
        (&["likes", "--limit", "103"], "likes: 105 entries, 103 written; 2 requests"),
        (&["bookmarks", "--limit", "1"], "bookmarks: 1 entry, 1 written; 1 request"),
    ] {
        let told = ended(list(&home, &sandbox, words), 0).err;
        assert!(told.contains(said), "{words:?}: {told}");
    }
    let told = ended(list(&home, &sandbox, &["following", "--limit", "5"]), 0).err;
    assert!(told.contains("at most $0.005 ($0.05 if the developer app is not yours) for 5"), "{told}");
    let words = ["following", "--limit", "5", "--older-than", "1y", "--max-spend", "0.01"];
    let told = ended(list(&home, &sandbox, &words), 4).err;
    assert!(told.contains("whole pages of 1000, $1.00 ($10.00 if the developer app is not yours) each"), "{told}");
    let (cost, stop) = (told.find("whole pages").unwrap(), told.find("more than --max-spend $0.01 leaves (").unwrap());
    assert!(cost < stop, "before anything is asked for: {told}");
}

/// A list that was cut by a limit proves nothing: verify reads on to its end.
#[test]
fn verify_does_not_take_it_for_the_list() {
    let home = Home::new();
    let sandbox = sandbox(&home, "300");
    ended(list(&home, &sandbox, &["likes", "-o", "all.csv"]), 0);
    let all = targets(&std::fs::read_to_string(home.path("all.csv")).unwrap());
    home.write("unlike.csv", format!("tweet_id\n{}\n", all[250]));
    let run = ["run", "unlike.csv", "--yes", "--pace", "front-load", "--progress", "none"];
    ended(home.against(&sandbox, run), 0);
    let before = reads(&sandbox, "likes").requests;
    ended(list(&home, &sandbox, &["likes", "--limit", "10"]), 0);
    let verified = ended(home.against(&sandbox, ["verify", "unlike"]), 0);
    assert!(verified.err.contains("299 likes listed, 1 done"), "{}", verified.err);
    // Ten, and the other 290 in three pages.
    assert_eq!(reads(&sandbox, "likes").requests - before, 4);
}

/// A page of the edge may be over in a moment; when it comes five times, somebody has to look.
#[test]
fn a_web_page_instead_of_a_list_is_asked_about_five_times() {
    let home = Home::new();
    let sandbox = sandbox(&home, "10");
    sandbox.post(&format!("/sandbox/user/{USER}/route-page"));
    let output = ended(list(&home, &sandbox, &["likes"]), 77);
    assert!(output.err.contains("not_found_unreadable"), "{}", output.err);
    assert_eq!(reads(&sandbox, "likes").requests, 5);
}

/// What reads the rest reads it by the same rules: else the next list would be all that the first one had left out.
#[test]
fn the_command_for_the_rest_keeps_the_rules() {
    let home = Home::new();
    let sandbox = sandbox(&home, "650");
    let words = ["likes", "--limit", "10", "--newer-than", "90y", "--not-matching", "no such words"];
    let said = ended(list(&home, &sandbox, &words), 0).err;
    let next = "`cleanup list likes --newer-than=90y '--not-matching=no such words'` without --limit continues";
    assert!(said.contains(next), "{said}");
}
