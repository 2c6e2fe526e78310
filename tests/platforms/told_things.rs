//! What is said of tags, servers and lists of users before anything is sent for them: how they are written, who offers the action, what stays done.

use crate::common::Home;

const FEDI: [&str; 3] = ["--sandbox", "--account", "mastodon-ada"];

#[test]
fn a_tag_and_a_server_are_read_as_people_write_them_and_hints_are_about_them() {
    let home = Home::new();
    let check = |action: &str, rows: &str| {
        home.write("rows.csv", format!("target_id\n{rows}"));
        home.run(&[&["check", "rows.csv", "--action", action][..], &FEDI].concat())
    };
    // As `list` writes them.
    home.run(&[&["list", "followed-tags", "--limit", "3", "-o", "tags.csv"][..], &FEDI].concat()).ends(0);
    let links: String = std::fs::read_to_string(home.path("tags.csv"))
        .unwrap()
        .lines()
        .map(|line| format!("{}\n", line.rsplit(',').next().unwrap()))
        .collect();
    assert!(links.starts_with("link\nhttps://social.example/tags/"), "{links}");
    home.write("links.csv", &links);
    let read = home.run(&[&["check", "links.csv", "--action", "unfollow-tag", "--column", "link"][..], &FEDI].concat());
    read.ends(0).says("would unfollow 3 tags");

    let read =
        check("unfollow-tag", "#rust\nhttps://example.org/tags/Ada\n#12345\n").ends(3).says("would unfollow 2 tags");
    assert!(!read.err.contains("looks like the name of a user"), "{}", read.err);
    assert!(read.out.contains("digits alone are no tag") && !read.out.contains("numeric ID"), "{}", read.out);
    let read = check("unblock-domain", "example.org.\nother.example\nexample.org:443\nhttps://example.org\n").ends(3);
    let read = read.says("would unblock 2 servers");
    assert!(!read.err.contains("looks like the name of a user"), "{}", read.err);
    assert_eq!(read.out.matches("without https:// and without a port").count(), 2, "{}", read.out);
    // A header that keeps the first line from being one, and no line is a remark.
    home.write("made.csv", "target_id,note\n#Ada,12\n#rust,13\n");
    let read = home.run(&[&["check", "made.csv", "--action", "unfollow-tag"][..], &FEDI].concat());
    read.ends(0).says("would unfollow 2 tags");
}

#[test]
fn an_action_of_another_platform_is_said_to_be_one() {
    let home = Home::new();
    for (action, row, account, offered_by) in [
        ("unfollow-tag", "#rust", "ada", "mastodon"),
        ("unblock-domain", "example.org", "bluesky-ada", "mastodon"),
        ("leave-list", "84839422", "bluesky-ada", "x-v2"),
        ("list-unblock", "at://did:plc:ewvi7nxzyoun6zhxrhs64oiz/app.bsky.graph.list/3l6oveex3ii2l", "ada", "bluesky"),
    ] {
        home.write("rows.csv", format!("target_id\n{row}\n"));
        let words = ["check", "rows.csv", "--action", action, "--account", account, "--sandbox"];
        let told = home.run(&words).ends(65).says(&format!("does not offer {action}, which is for accounts of"));
        let said = format!("{}{}", told.out, told.err);
        assert!(said.contains(offered_by) && !said.contains("numeric ID") && !said.contains("at://did"), "{said}");
    }
    // One row of several, in a file of several accounts.
    home.write("rows.csv", "target_id,account,action\n#rust,ada,unfollow-tag\n#rust,mastodon-ada,unfollow-tag\n");
    let told = home
        .run(&["check", "rows.csv", "--sandbox"])
        .ends(3)
        .says("unfollow-tag is nothing that the account's platform offers");
    assert!(!told.out.contains("numeric ID"), "{}", told.out);
}

#[test]
fn what_nothing_brings_back_is_said_before_it_is_done() {
    let home = Home::new();
    for (action, row, account, says) in [
        ("delete-list", "84839422", "ada", Some("Deleted lists cannot be restored")),
        ("delete-post", "20", "ada", Some("Deleted posts cannot be restored")),
        (
            "remove-follower",
            "20",
            "mastodon-ada",
            Some("Followers who were removed come back only if they follow again"),
        ),
        ("leave-list", "84839422", "ada", None),
        // Its record is kept, and put back.
        ("delete-post", "at://did:plc:ewvi7nxzyoun6zhxrhs64oiz/app.bsky.feed.post/3l6oveex3ii2l", "bluesky-ada", None),
    ] {
        home.write("rows.csv", format!("target_id\n{row}\n"));
        let words = ["check", "rows.csv", "--action", action, "--account", account, "--sandbox"];
        let told = home.run(&words).ends(0);
        match says {
            Some(says) => assert!(told.out.contains(says), "{action}: {}", told.out),
            None => assert!(!told.out.contains("cannot be restored"), "{action}: {}", told.out),
        }
    }
}

#[test]
fn tags_and_servers_have_no_dates_and_that_is_said_before_they_are_read() {
    let home = Home::new();
    for list in ["followed-tags", "blocked-domains"] {
        let told = home.run(&[&["list", list, "--older-than", "1y"][..], &FEDI].concat());
        told.ends(2).says("have no dates");
    }
}
