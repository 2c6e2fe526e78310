//! Filters by what kind of post it is, where each platform tells it.

use crate::common::Home;

/// The rows of a list of the sandbox by their cells under these columns.
fn cells(csv: &str, names: &[&str]) -> Vec<Vec<String>> {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let header: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let at = |name: &&str| header.iter().position(|column| column == name).unwrap();
    let places: Vec<usize> = names.iter().map(at).collect();
    reader.records().map(|row| row.unwrap()).map(|row| places.iter().map(|at| row[*at].to_owned()).collect()).collect()
}

fn list(home: &Home, account: &str, words: &[&str]) -> String {
    let start = ["list", "posts", "--sandbox", "--account", account];
    home.run(&[&start[..], words].concat()).ends(0).out
}

#[test]
fn each_rule_lets_through_what_the_list_says_of_it() {
    let traits = ["is_reply", "has_media", "is_repost", "is_pinned", "visibility"];
    let is = |at: usize, word: &'static str| move |row: &Vec<String>| row[at] == word;
    type Passes = Box<dyn Fn(&Vec<String>) -> bool>;
    let rules: [(&str, &[&str], Passes); 6] = [
        ("--only-replies", &[], Box::new(is(0, "true"))),
        ("--with-media", &[], Box::new(is(1, "true"))),
        ("--without-media", &[], Box::new(is(1, "false"))),
        ("--only-reposts", &[], Box::new(is(2, "true"))),
        ("--keep-pinned", &[], Box::new(is(3, "false"))),
        (
            "--visibility",
            &["unlisted,direct", "--visibility", "private"],
            Box::new(|row: &Vec<String>| ["unlisted", "direct", "private"].contains(&row[4].as_str())),
        ),
    ];
    for (account, answered) in
        [("mastodon-ada", &[0, 1, 2, 3, 4, 5][..]), ("bluesky-ada", &[0, 1, 2, 3, 4]), ("ada", &[0, 1, 2, 3])]
    {
        let home = Home::new();
        for (at, (option, more, passes)) in rules.iter().enumerate() {
            let words = [&[*option][..], more].concat();
            if !answered.contains(&at) {
                let start = ["list", "posts", "--sandbox", "--account", account];
                let done = home.run(&[&start[..], &words].concat()).ends(2);
                assert!(done.err.contains(option) && done.err.contains("nothing was read"), "{account}: {}", done.err);
                continue;
            }
            let all = cells(&list(&home, account, if *option == "--keep-pinned" { &words } else { &[] }), &traits);
            let expected: Vec<_> = all.iter().filter(|row| passes(row)).cloned().collect();
            assert_eq!(cells(&list(&home, account, &words), &traits), expected, "{account} {option}");
            // Nothing on Bluesky is a repost: those are a list of their own.
            assert!(
                !expected.is_empty() || (account, *option) == ("bluesky-ada", "--only-reposts"),
                "{account} {option}"
            );
            assert!(*option == "--keep-pinned" || expected.len() < all.len(), "{account} {option}");
        }
    }
}

#[test]
fn the_pinned_post_stays_on_bluesky_and_the_profile_says_which_it_is() {
    let home = Home::new();
    let ids = |csv: &str| cells(csv, &["target_id"]).concat();
    let all = ids(&list(&home, "bluesky-ada", &[]));
    let rest = ids(&list(&home, "bluesky-ada", &["--keep-pinned", "--spared", "spared.csv"]));
    let spared = cells(&std::fs::read_to_string(home.path("spared.csv")).unwrap(), &["target_id", "spared_by"]);
    assert_eq!((all.len() - rest.len(), spared.len(), spared[0][1].as_str()), (1, 1, "keep_pinned"));
    assert!(all.contains(&spared[0][0]) && !rest.contains(&spared[0][0]));
    let first = ids(&list(&home, "bluesky-ada", &["--keep-pinned", "--limit", "5"]));
    assert_eq!(first, rest[..5]);
}

#[test]
fn a_list_is_filtered_as_a_job_file_by_the_same_words() {
    let home = Home::new();
    let start = ["list", "posts", "--sandbox", "--account", "mastodon-ada", "-o", "posts.csv"];
    home.run(&start).ends(0);
    let rules = ["--without-media", "--visibility", "public", "--keep-pinned", "--not-matching", "geese"];
    let of_list = cells(&list(&home, "mastodon-ada", &rules), &["target_id"]).len();
    let check = ["check", "posts.csv", "--action", "delete-post", "--sandbox", "--account", "mastodon-ada", "--json"];
    let json = home.run(&[&check[..], &rules].concat()).ends(0).json();
    assert_eq!(json["files"][0]["estimate"]["requests"], of_list, "{json}");
    home.write("bare.csv", "target_id\n109302436954721982\n");
    let words =
        ["check", "bare.csv", "--action", "delete-post", "--sandbox", "--account", "mastodon-ada", "--with-media"];
    let done = home.run(&words).ends(2);
    assert!(done.err.contains("no column of the file answers it"), "{}", done.err);
}
