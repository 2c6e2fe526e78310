//! Keep lists of tags, servers and lists of users: whatever form the list and the job file have, nothing is sent for what is on the list.

use crate::common::{Done, Home};

/// A list, the account that has it, and what undoes it.
const LISTS: [(&str, &str, &str); 4] = [
    ("mastodon-ada", "followed-tags", "unfollow-tag"),
    ("mastodon-ada", "blocked-domains", "unblock-domain"),
    ("ada", "followed-lists", "leave-list"),
    ("bluesky-ada", "blocked-lists", "list-unblock"),
];

struct Way<'a> {
    home: &'a Home,
    account: &'a str,
}

impl Way<'_> {
    fn run(&self, words: &[&str]) -> Done {
        self.home.run(&[words, &["--sandbox", "--account", self.account]].concat())
    }

    fn listed(&self, words: &[&str]) -> Vec<csv::StringRecord> {
        let out = self.run(words).ends(0).out;
        csv::Reader::from_reader(out.as_bytes()).records().map(Result::unwrap).collect()
    }
}

/// A keep list of two targets in every form that people give it.
fn forms(kept: &[csv::StringRecord]) -> Vec<(&'static str, String)> {
    let rows = |row: &dyn Fn(&csv::StringRecord) -> String| kept.iter().map(row).collect::<String>();
    let link = |row: &csv::StringRecord| row.get(row.len() - 1).unwrap().to_owned();
    vec![
        ("bare", rows(&|row| format!("{}\n", &row[0]))),
        ("quoted", rows(&|row| format!("\"{}\"\n", &row[0]))),
        ("remarks", format!("# mine\n{}", rows(&|row| format!("{} # a remark\n", &row[0])))),
        ("one column", format!("target_id\n{}", rows(&|row| format!("{}\n", &row[0])))),
        ("with links", format!("target_id,link\n{}", rows(&|row| format!("{},{}\n", &row[0], link(row))))),
        ("links first", format!("link,target_id\n{}", rows(&|row| format!("{},{}\n", link(row), &row[0])))),
    ]
}

#[test]
fn whatever_is_kept_is_kept_in_every_form_of_list_and_job() {
    let home = Home::new();
    for (account, list, action) in LISTS {
        let way = Way { home: &home, account };
        let all = way.listed(&["list", list, "--limit", "5"]);
        assert_eq!(all.len(), 5, "{list}");
        let bare: String = all.iter().map(|row| format!("{}\n", &row[0])).collect();
        let headed: String = all.iter().map(|row| format!("{},{}\n", &row[0], &row[row.len() - 1])).collect();
        home.write("bare.csv", bare);
        home.write("headed.csv", format!("target_id,link\n{headed}"));
        for (form, text) in forms(&all[..2]) {
            home.write("keep.txt", &text);
            let what = format!("{list}, {form}");
            for file in ["bare.csv", "headed.csv"] {
                let check = |option| {
                    let words = ["check", file, "--action", action, option, "keep.txt", "--json"];
                    way.run(&words).ends(0).json()["files"][0].clone()
                };
                assert_eq!(check("--keep")["kept_by_reason"]["keep_list"], 2, "{what}, {file}: {}", check("--keep"));
                assert_eq!(check("--only")["kept_by_reason"]["only_list"], 3, "{what}, {file}: {}", check("--only"));
            }
            let left = way.listed(&["list", list, "--limit", "3", "--keep", "keep.txt"]);
            assert!(left.iter().all(|row| all[..2].iter().all(|kept| kept[0] != row[0])), "{what}: {left:?}");
            let only = way.listed(&["list", list, "--only", "keep.txt"]);
            assert_eq!(only, all[..2], "{what}");
        }
    }
}

#[test]
fn nothing_is_sent_for_what_is_kept() {
    let home = Home::new();
    for (account, list, action) in LISTS {
        let way = Way { home: &home, account };
        let all = way.listed(&["list", list, "--limit", "5"]);
        let texts = |rows: &[csv::StringRecord]| rows.iter().map(|row| format!("{}\n", &row[0])).collect::<String>();
        // The list of the load, and one that is given to a later run.
        let file = format!("{action}.csv");
        home.write(&file, texts(&all));
        home.write("load.txt", texts(&all[..1]));
        home.write("resume.txt", texts(&all[1..2]));
        way.run(&["load", &file, "--action", action, "--keep", "load.txt"]).ends(0);
        let resumed = ["resume", "--sandbox", "--keep", "resume.txt", "--pace", "front-load"];
        home.run(&resumed);
        let receipts = home.run(&["report", action, "--sandbox", "--format", "json"]).ends(0).json();
        let outcome = |target: &str| {
            let row = receipts.as_array().unwrap().iter().find(|row| row["target_id"] == target);
            row.map_or("none", |row| row["outcome"].as_str().unwrap()).to_owned()
        };
        for kept in &all[..2] {
            assert!(["kept", "none"].contains(&outcome(&kept[0]).as_str()), "{list}: {receipts}");
        }
        assert!(all[2..].iter().any(|row| outcome(&row[0]) == "done"), "{list}: {receipts}");
        let left = way.listed(&["list", list, "--fresh"]);
        assert!(all[..2].iter().all(|kept| left.iter().any(|row| row[0] == kept[0])), "{list}");
    }
}
