//! Mastodon in the program's own sandbox: removing followers, from the list to the receipts.

use crate::common::Home;

const FEDI: [&str; 3] = ["--sandbox", "--account", "mastodon-ada"];

fn first_cells(csv: &str) -> Vec<String> {
    csv.lines().skip(1).map(|line| line.split(',').next().unwrap().to_owned()).collect()
}

#[test]
fn followers_are_removed_verified_and_brought_back_by_nobody() {
    let home = Home::new();
    let file = "remove-follower.csv";
    home.run(&[&["list", "followers", "--limit", "9", "-o", file][..], &FEDI].concat()).ends(0);
    let targets = first_cells(&std::fs::read_to_string(home.path(file)).unwrap());
    let run = home.run(&[&["run", file, "--pace", "front-load", "--json"][..], &FEDI].concat()).json();
    let done = run["jobs"][0]["done"].as_u64().unwrap();
    assert!(done >= 7 && run["jobs"][0]["pending"] == 0, "{run}");
    let receipts = home.run(&["report", "remove-follower", "--sandbox", "--format", "json"]).ends(0).json();
    let left = home.run(&[&["list", "followers", "--fresh"][..], &FEDI].concat()).ends(0).out;
    for row in receipts.as_array().unwrap().iter().filter(|row| row["outcome"] == "done") {
        let target = row["target_id"].as_str().unwrap();
        assert!(targets.iter().any(|listed| listed == target));
        assert!(!first_cells(&left).iter().any(|listed| listed == target), "{target} still follows");
    }
    let verified = home.run(&["verify", "remove-follower", "--sandbox", "--json"]).json();
    assert_eq!((verified["confirmed"].as_u64(), &verified["ghosts"]), (Some(done), &0.into()), "{verified}");
    let restored = home.run(&["undo", "remove-follower", "--sandbox", "--apply"]).ends(2);
    assert!(restored.err.contains("only the users themselves can take back"), "{}", restored.err);
    let list = home.run(&["undo", "remove-follower", "--sandbox"]).ends(0);
    assert!(list.out.contains("only they can follow again"), "{}", list.out);
    home.write("remove-follower.csv", "target_id\n7\n");
    let elsewhere = home.run(&["check", "remove-follower.csv", "--sandbox", "--account", "ada"]).ends(65);
    assert!(elsewhere.err.contains("does not offer remove-follower"), "{}", elsewhere.err);
}

#[test]
fn pins_are_listed_taken_off_verified_and_put_back() {
    let home = Home::new();
    let pins = || first_cells(&home.run(&[&["list", "pins", "--fresh"][..], &FEDI].concat()).ends(0).out);
    home.run(&[&["list", "pins", "-o", "unpin.csv"][..], &FEDI].concat()).ends(0);
    let before = pins();
    assert!((1..=5).contains(&before.len()), "{before:?}");
    let run = home.run(&[&["run", "unpin.csv", "--json"][..], &FEDI].concat()).json();
    let done = run["jobs"][0]["done"].as_u64().unwrap();
    assert!(done >= 3 && run["jobs"][0]["pending"] == 0, "{run}");
    assert_eq!(pins().len() as u64, before.len() as u64 - done);
    let verified = home.run(&["verify", "unpin", "--sandbox", "--json"]).json();
    assert_eq!((verified["confirmed"].as_u64(), &verified["ghosts"]), (Some(done), &0.into()), "{verified}");
    let restored = home.run(&["undo", "unpin", "--sandbox", "--apply", "--json"]).json();
    assert_eq!(restored["jobs"][0]["done"].as_u64(), Some(done), "{restored}");
    assert_eq!(pins().len(), before.len());
    // X and Bluesky have no such list, and X no such action.
    let elsewhere = home.run(&["list", "pins", "--sandbox", "--account", "ada"]).ends(2);
    assert!(elsewhere.err.contains("pins"), "{}", elsewhere.err);
    home.run(&["check", "unpin.csv", "--sandbox", "--account", "ada"]).ends(65).says("does not offer unpin");
}

/// Tags and servers: their texts say what they are.
#[test]
fn tags_and_servers_are_listed_undone_verified_and_brought_back() {
    let home = Home::new();
    for (list, action, first) in [("followed-tags", "unfollow-tag", "#"), ("blocked-domains", "unblock-domain", "s-")] {
        let file = format!("{action}.csv");
        let left = || first_cells(&home.run(&[&["list", list, "--fresh"][..], &FEDI].concat()).ends(0).out);
        home.run(&[&["list", list, "--limit", "6", "-o", &file][..], &FEDI].concat()).ends(0);
        let before = left();
        assert!(before.len() > 6 && before.iter().all(|target| target.starts_with(first)), "{before:?}");
        let run = home.run(&[&["run", &file, "--pace", "front-load", "--json"][..], &FEDI].concat()).json();
        let done = run["jobs"][0]["done"].as_u64().unwrap();
        assert!(done >= 4 && run["jobs"][0]["pending"] == 0, "{run}");
        assert_eq!(left().len() as u64, before.len() as u64 - done);
        let verified = home.run(&["verify", action, "--sandbox", "--json"]).json();
        assert_eq!((verified["confirmed"].as_u64(), &verified["ghosts"]), (Some(done), &0.into()), "{verified}");
        let restored = home.run(&["undo", action, "--sandbox", "--apply", "--json"]).json();
        assert_eq!(restored["jobs"][0]["done"].as_u64(), Some(done), "{restored}");
        assert_eq!(left().len(), before.len());
    }
    home.write("unfollow-tag.csv", "tag\n#Rust\nrust\n42\n@ada@example.org\n");
    let check = home.run(&[&["check", "unfollow-tag.csv", "--json"][..], &FEDI].concat()).ends(3).json();
    let check = &check["files"][0]["check"];
    assert_eq!((&check["usable"], &check["rejected"]), (&1.into(), &3.into()), "{check}");
    // As Mastodon exports them: one column, no header.
    home.write("blocked_domains.csv", "bad.example\nWorse.example\n");
    let check = ["check", "blocked_domains.csv", "--action", "unblock-domain", "--json"];
    assert_eq!(home.run(&[&check[..], &FEDI].concat()).ends(0).json()["files"][0]["check"]["usable"], 2);
}

#[test]
fn the_last_copy_of_a_deleted_post_is_kept_until_its_job_is_forgotten() {
    let home = Home::new();
    let file = "delete-post.csv";
    home.run(&[&["list", "posts", "--limit", "6", "-o", file][..], &FEDI].concat()).ends(0);
    let run = home.run(&[&["run", file, "--pace", "front-load", "--json"][..], &FEDI].concat()).json();
    let done = run["jobs"][0]["done"].as_u64().unwrap() as usize;
    assert!(done >= 4, "{run}");
    let told = home.run(&["undo", "delete-post", "--sandbox", "-o", "undo.csv", "--html", "undo.html"]).ends(0);
    assert!(
        told.err.contains("stand in the list of what was done") && !told.err.contains("data archive"),
        "{}",
        told.err
    );
    let mut table = csv::Reader::from_path(home.path("undo.csv")).unwrap();
    let rows: Vec<csv::StringRecord> = table.records().map(Result::unwrap).collect();
    let page = std::fs::read_to_string(home.path("undo.html")).unwrap();
    assert_eq!(rows.len(), done);
    for row in &rows {
        let text = format!("what was written in {}", &row[0]);
        assert!(row[9].starts_with(&text) && page.contains(&text), "{row:?}");
        assert!(row[8].contains("its text is kept"), "{row:?}");
    }
    let restored = home.run(&["undo", "delete-post", "--sandbox", "--apply"]).ends(2);
    assert!(restored.err.contains("a post that is written again is a new one"), "{}", restored.err);
    assert!(restored.err.contains("undo delete-post -o undo.csv"), "{}", restored.err);
    let kept = || {
        let files = std::fs::read_dir(home.sandbox_file().parent().unwrap()).unwrap();
        let bytes = files.map(|file| std::fs::read(file.unwrap().path()).unwrap_or_default());
        bytes.into_iter().any(|bytes| bytes.windows(19).any(|part| part == b"what was written in"))
    };
    assert!(kept());
    home.run(&["forget", "delete-post", "--yes", "--sandbox"]).ends(0);
    assert!(!kept(), "in the queue's file or its log");
}
