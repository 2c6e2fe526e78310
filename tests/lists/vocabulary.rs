//! X renamed tweets to posts, endpoint by endpoint: both sets of names are asked in and read, and what is not told is not known.

use crate::common::{Home, SandboxProcess};
use crate::lists::fetch::{column, ended, list, reads, targets};

fn sandbox(home: &Home, names: &str, entries: &str) -> SandboxProcess {
    SandboxProcess::start(home, &["--lists", entries, "--faults", "none", "--field-names", names])
}

#[test]
fn reposts_are_told_in_either_spelling_and_never_denied_by_a_missing_field() {
    for (names, refused) in [("old", 1), ("new", 0), ("strict-new", 0), ("lenient-old", 0)] {
        let home = Home::new();
        let sandbox = sandbox(&home, names, "230");
        let output = ended(list(&home, &sandbox, &["posts", "--raw"]), 0);
        let csv = output.out;
        assert_eq!(targets(&csv).len(), 230, "{names}");
        let is_repost: Vec<bool> = column(&csv, "text").iter().map(|text| text.starts_with("RT @")).collect();
        assert!(is_repost.iter().any(|is| *is) && !is_repost.iter().all(|is| *is));
        for (told, is) in column(&csv, "is_repost").iter().zip(&is_repost) {
            let expected = if *is && names == "lenient-old" { "" } else { ["false", "true"][usize::from(*is)] };
            assert_eq!(told, expected, "{names}");
        }
        let counts = column(&csv, "reposts");
        assert_eq!(counts.iter().any(|count| count.parse::<u32>().is_ok()), names != "lenient-old", "{names}");
        // A refusal costs a request and is remembered.
        let told = format!("{} requests", 3 + refused);
        assert!(output.err.contains(&told), "{names}: {}", output.err);
        let again = ended(list(&home, &sandbox, &["posts"]), 0).err;
        assert!(again.contains("3 requests"), "{names}: {again}");
    }
}

#[test]
fn whoever_has_not_posted_is_found_in_either_spelling() {
    for (names, refused) in [("old", 1), ("new", 0), ("strict-new", 0)] {
        let home = Home::new();
        let sandbox = sandbox(&home, names, "230");
        let words = ["following", "--inactive-since", "2020-01-01", "--spared", "spared.csv"];
        let output = ended(list(&home, &sandbox, &words), 0);
        // A third of the pretend users is quiet since 2018; those of younger accounts began later.
        let quiet = targets(&output.out).len();
        assert!((40..100).contains(&quiet), "{names}: {quiet}");
        assert!(column(&output.out, "last_active_at").iter().all(|at| at.as_str() < "2020"), "{names}");
        let spared = std::fs::read_to_string(home.path("spared.csv")).unwrap();
        let unknown = column(&spared, "spared_by").iter().filter(|rule| *rule == "activity_unknown").count();
        assert!((5..60).contains(&unknown), "{names}: who never posted is not known: {unknown}");
        // Fifty to see whether it is told at all, then the rest.
        let told = format!("{} requests", 2 + refused);
        assert!(output.err.contains(&told), "{names}: {}", output.err);
        assert!(output.err.contains("$0.015 if the developer app is not yours) an entry with its newest post"));
    }
}

#[test]
fn what_nobody_tells_is_not_paid_for_to_the_end() {
    let home = Home::new();
    let sandbox = sandbox(&home, "lenient-old", "400");
    let words = ["following", "--inactive-since", "1y"];
    let said = ended(list(&home, &sandbox, &words), 2).err;
    assert!(said.contains("nothing says when they last posted") && said.contains("--inactive-since"), "{said}");
    assert!(said.contains("50 entries that were read are kept"), "{said}");
    // And nothing more is bought for the same question.
    ended(list(&home, &sandbox, &words), 2);
    assert_eq!(reads(&sandbox, "following").requests, 1);
    let output = ended(list(&home, &sandbox, &["following"]), 0);
    assert_eq!((targets(&output.out).len(), reads(&sandbox, "following").requests), (400, 2));
    for (option, list_name) in [("--max-likes", "likes"), ("--max-reposts", "posts")] {
        let said = ended(list(&home, &sandbox, &[list_name, option, "3"]), 2).err;
        assert!(said.contains(option) && said.contains("100 entries that were read are kept"), "{said}");
        assert_eq!(reads(&sandbox, list_name).requests, 1);
    }
    // Without a filter nothing is asked of them.
    ended(list(&home, &sandbox, &["likes"]), 0);
}

/// The memory of a refusal is no law: when X goes on renaming, the other names are tried again.
#[test]
fn names_that_were_remembered_are_left_when_they_are_refused() {
    let home = Home::new();
    for (names, requests) in [("old", 3), ("old", 2), ("strict-new", 3), ("strict-new", 2)] {
        let sandbox = sandbox(&home, names, "120");
        let output = ended(list(&home, &sandbox, &["posts"]), 0);
        let told = format!("{requests} requests");
        assert!(output.err.contains(&told), "{names}, one refusal and two pages: {}", output.err);
        assert!(column(&output.out, "is_repost").iter().any(|told| told == "true"), "{names}");
    }
}
