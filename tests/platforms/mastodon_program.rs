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
