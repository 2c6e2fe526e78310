//! Lists of users in the program's own sandbox: listed, left, deleted and unpinned, verified, and followed and pinned again.

use crate::common::{Done, Home};

fn first_cells(csv: &str) -> Vec<String> {
    csv::Reader::from_reader(csv.as_bytes()).records().map(|row| row.unwrap()[0].to_owned()).collect()
}

struct Way<'a> {
    home: &'a Home,
    account: &'a str,
}

impl Way<'_> {
    fn run(&self, words: &[&str]) -> Done {
        self.home.run(&[words, &["--sandbox", "--account", self.account]].concat())
    }

    fn listed(&self, list: &str) -> Vec<String> {
        first_cells(&self.run(&["list", list, "--fresh"]).ends(0).out)
    }

    /// Undoes the first of a list, sees that it is off, and has it back where there is a way.
    fn there_and_back(&self, list: &str, action: &str, comes_back: bool) {
        let file = format!("{action}.csv");
        self.run(&["list", list, "--limit", "4", "-o", &file]).ends(0);
        let before = self.listed(list);
        assert!(before.len() >= 4, "{list}: {before:?}");
        let run = self.run(&["run", &file, "--pace", "front-load", "--json"]).json();
        let done = run["jobs"][0]["done"].as_u64().unwrap();
        assert!(done >= 2 && run["jobs"][0]["pending"] == 0, "{action}: {run}");
        assert_eq!(self.listed(list).len() as u64, before.len() as u64 - done, "{action}");
        let verified = self.home.run(&["verify", action, "--sandbox", "--json"]).json();
        assert_eq!((verified["confirmed"].as_u64(), &verified["ghosts"]), (Some(done), &0.into()), "{verified}");
        let restored = self.home.run(&["undo", action, "--sandbox", "--apply", "--json"]);
        if comes_back {
            assert_eq!(restored.json()["jobs"][0]["done"].as_u64(), Some(done), "{action}");
            assert_eq!(self.listed(list).len(), before.len(), "{action}");
        } else {
            restored.ends(2).says("which nothing takes back");
        }
    }
}

#[test]
fn lists_on_x_are_left_unpinned_and_deleted() {
    let home = Home::new();
    let way = Way { home: &home, account: "ada" };
    way.there_and_back("followed-lists", "leave-list", true);
    way.there_and_back("pinned-lists", "unpin-list", true);
    way.there_and_back("owned-lists", "delete-list", false);
    // What is a list is no user and no post, and the other way round.
    way.run(&["list", "followed-lists", "-o", "followed.csv"]).ends(0);
    assert_ne!(way.run(&["check", "followed.csv", "--action", "unfollow"]).code, 0);
    way.run(&["list", "following", "-o", "following.csv"]).ends(0);
    assert_ne!(way.run(&["check", "following.csv", "--action", "leave-list"]).code, 0);
    home.write("links.csv", "url\nhttps://x.com/i/lists/1454155907651158017\nhttps://x.com/ada\n");
    let links = way.run(&["check", "links.csv", "--action", "leave-list", "--json"]).ends(3).json();
    let links = &links["files"][0]["check"];
    assert_eq!((&links["usable"], &links["rejected"]), (&1.into(), &1.into()), "{links}");
    // Mastodon has lists of its own kind, and no such list.
    home.run(&["list", "owned-lists", "--sandbox", "--account", "mastodon-ada"]).ends(2);
}

#[test]
fn a_list_on_bluesky_is_no_post() {
    let home = Home::new();
    let way = Way { home: &home, account: "bluesky-ada" };
    let listed = way.listed("blocked-lists");
    assert!(listed.iter().all(|list| list.contains("/app.bsky.graph.list/")), "{listed:?}");
    home.write("posts.csv", format!("target_id\n{}\n", listed[0]));
    assert_ne!(way.run(&["check", "posts.csv", "--action", "unlike"]).code, 0);
    home.write(
        "link.csv",
        "target_id\nhttps://bsky.app/profile/did:plc:ewvi7nxzyoun6zhxrhs64oiz/lists/3l6oveex3ii2l\n",
    );
    way.run(&["check", "link.csv", "--action", "list-unblock"]).ends(0);
}
