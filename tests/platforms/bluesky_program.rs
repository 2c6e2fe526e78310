//! Bluesky in the program's own sandbox: what its lists find is undone record by record, and is off them afterwards; rows of three platforms in one file.

use crate::common::Home;

const ADA: [&str; 3] = ["--sandbox", "--account", "bluesky-ada"];
const ACTIONS: [(&str, &str); 8] = [
    ("following", "unfollow"),
    ("likes", "unlike"),
    ("posts", "delete-post"),
    ("reposts", "unrepost"),
    ("blocks", "unblock"),
    ("blocked-lists", "list-unblock"),
    ("mutes", "unmute"),
    ("bookmarks", "unbookmark"),
];

fn first_cells(csv: &str) -> Vec<String> {
    csv.lines().skip(1).map(|line| line.split(',').next().unwrap().to_owned()).collect()
}

#[test]
fn what_a_list_finds_is_undone_and_is_off_it() {
    let home = Home::new();
    for (list, action) in ACTIONS {
        let file = format!("{action}.csv");
        let listed = home.run(&[&["list", list, "--limit", "9", "-o", &file][..], &ADA].concat());
        listed.ends(0);
        let targets = first_cells(&std::fs::read_to_string(home.path(&file)).unwrap());
        assert_eq!(targets.len(), 9, "{list}");
        let start = if ["following", "blocks", "mutes"].contains(&list) { "did:plc:" } else { "at://did:plc:" };
        assert!(targets.iter().all(|target| target.starts_with(start)), "{list}: {targets:?}");
        let run = home.run(&[&["run", &file, "--pace", "front-load", "--json"][..], &ADA].concat()).json();
        let counts = &run["jobs"][0];
        assert_eq!(
            (&counts["rows"], &counts["pending"], &counts["rejected"]),
            (&9.into(), &0.into(), &0.into()),
            "{action}: {run}"
        );
        // Some of the sandbox's targets refuse or are gone.
        let done = counts["done"].as_u64().unwrap();
        assert!(done >= 7, "{action}: {run}");
        let verified = home.run(&["verify", action, "--sandbox", "--json"]).json();
        assert_eq!(
            (verified["confirmed"].as_u64(), &verified["ghosts"]),
            (Some(done), &0.into()),
            "{action}: {verified}"
        );
        let left = home.run(&[&["list", list, "--fresh"][..], &ADA].concat()).ends(0).out;
        let receipts = home.run(&["report", action, "--sandbox", "--format", "json"]).ends(0).json();
        for row in receipts.as_array().unwrap().iter().filter(|row| row["outcome"] == "done") {
            let target = row["target_id"].as_str().unwrap();
            assert!(!first_cells(&left).iter().any(|listed| listed == target), "{action}: {target} is still listed");
        }
    }
}

/// What was undone comes back by its record, a bookmark by the version of its post, a mute by a call; the sandbox of the second process begins
/// where that of the first one ended.
#[test]
fn what_was_undone_is_restored_and_is_on_its_list_again() {
    let home = Home::new();
    for (list, action) in ACTIONS {
        let file = format!("{action}.csv");
        home.run(&[&["list", list, "--limit", "5", "-o", &file][..], &ADA].concat()).ends(0);
        home.run(&[&["run", &file, "--pace", "front-load"][..], &ADA].concat());
        let receipts = |job: &str| {
            let receipts = home.run(&["report", job, "--sandbox", "--format", "json"]).ends(0).json();
            let text = |row: &serde_json::Value, field: &str| row[field].as_str().unwrap_or_default().to_owned();
            let rows = receipts.as_array().unwrap().iter();
            rows.map(|row| [text(row, "target_id"), text(row, "outcome"), text(row, "reason")]).collect::<Vec<_>>()
        };
        let done: Vec<String> =
            receipts(action).into_iter().filter(|row| row[1] == "done").map(|[target, ..]| target).collect();
        assert!(done.len() >= 3, "{action}: {done:?}");
        let left = first_cells(&home.run(&[&["list", list, "--fresh"][..], &ADA].concat()).ends(0).out);
        assert!(done.iter().all(|target| !left.contains(target)), "{action}");
        home.run(&["undo", action, "--sandbox", "--apply", "--pace", "front-load"]).ends(0);
        let restored = receipts(&format!("{action}-restore"));
        // A request whose answer was lost may have done so before.
        assert!(restored.iter().all(|row| row[1] == "done" && row[2] != "already"), "{action}: {restored:?}");
        assert_eq!(restored.len(), done.len(), "{action}");
        let again = first_cells(&home.run(&[&["list", list, "--fresh"][..], &ADA].concat()).ends(0).out);
        assert!(done.iter().all(|target| again.contains(target)), "{action}: {done:?}");
    }
    // What nobody has bookmarked has no bookmark to take off, and none comes back.
    home.write("unbookmark.csv", "target_id\nat://did:plc:sandboxsandaaaaaaaaaaaaa/app.bsky.feed.post/3l6oveex3ii2l\n");
    home.run(&[&["run", "unbookmark.csv", "--job", "stray", "--json"][..], &ADA].concat()).ends(0);
    let told = home.run(&["report", "stray", "--sandbox"]).ends(0).out;
    assert!(told.contains(",gone,no_record,"), "{told}");
}

/// Users of a list with their handles.
fn with_handles(home: &Home, list: &str) -> Vec<(String, String)> {
    let listed = home.run(&[&["list", list, "--limit", "60"][..], &ADA].concat()).ends(0).out;
    let mut rows = csv::Reader::from_reader(listed.as_bytes());
    let at = rows.headers().unwrap().iter().position(|name| name == "handle").unwrap();
    let rows = rows.records().filter_map(|row| row.ok()).filter(|row| !row[at].is_empty());
    rows.map(|row| (row[0].to_owned(), row[at].to_owned())).collect()
}

/// Two stages before a row can be sent: whose the handle is, and which record names that user.
#[test]
fn handles_are_looked_up_and_then_their_records() {
    let home = Home::new();
    let followed = home.run(&[&["list", "following", "--limit", "60"][..], &ADA].concat()).ends(0).out;
    let followed = first_cells(&followed);
    let mutual: Vec<(String, String)> =
        with_handles(&home, "followers").into_iter().filter(|(did, _)| followed.contains(did)).collect();
    let [(one, one_handle), (two, two_handle), ..] = &mutual[..] else { panic!("{mutual:?}") };
    home.write(
        "unfollow.csv",
        format!(
            "target_id\n@{one_handle}\n{one}\nhttps://bsky.app/profile/{two_handle}\n@gone-one.example\n{two_handle}\n"
        ),
    );
    home.run(&[&["load", "unfollow.csv"][..], &ADA].concat()).ends(0).says("4 to do");
    home.run(&["explain", &format!("@{one_handle}"), "--sandbox"]).ends(0).says("has not been looked up yet");
    home.run(&["resume", "--sandbox", "--pace", "front-load"])
        .ends(3)
        .says("names looked up: 1 found, 2 not found or repeated; 3 requests");
    let receipts = home.run(&["report", "unfollow", "--sandbox", "--format", "json"]).ends(0).json();
    let told: Vec<(&str, &str)> = receipts
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["outcome"].as_str().unwrap(), row["reason"].as_str().unwrap_or_default()))
        .collect();
    assert_eq!(
        (told[0], told[3], told[4].0),
        (("duplicate", "duplicate"), ("failed", "handle_not_found"), "duplicate")
    );
    for (outcome, reason) in [told[1], told[2]] {
        assert!(["done", "failed"].contains(&outcome) && reason != "no_record", "{told:?}");
    }
    home.run(&["explain", &format!("@{two_handle}"), "--sandbox"]).ends(0).says("was found to mean this target");
    home.run(&["explain", two, "--sandbox"]).ends(0).says("record app.bsky.graph.follow/");
    // The same file again has nothing new.
    home.run(&[&["load", "unfollow.csv"][..], &ADA].concat()).ends(0).says("unchanged");
}

/// A keep list spares by the handle and by the DID, whichever of the two the row has.
#[test]
fn keep_lists_of_handles_and_of_dids_spare_rows_by_handle() {
    let home = Home::new();
    let muted = with_handles(&home, "mutes");
    let [(one, one_handle), (_, two_handle), (_, three_handle), ..] = &muted[..] else { panic!("{muted:?}") };
    home.write("unmute.csv", format!("handle\n{one_handle}\n{two_handle}\n{three_handle}\n"));
    home.write("keep.txt", format!("{one}\n@{two_handle}\n"));
    let words = ["run", "unmute.csv", "--keep", "keep.txt", "--pace", "front-load", "--json"];
    let end = home.run(&[&words[..], &ADA].concat()).json();
    assert_eq!((&end["jobs"][0]["kept"], &end["jobs"][0]["pending"]), (&2.into(), &0.into()), "{end}");
    assert_eq!(end["requests"], 1, "{end}");
}

/// A handle on a keep list is looked up before a row that has the DID alone is sent.
#[test]
fn a_handle_on_a_keep_list_spares_a_row_that_has_the_did_alone() {
    let home = Home::new();
    let muted = with_handles(&home, "mutes");
    let [(one, one_handle), (two, two_handle), (three, _), ..] = &muted[..] else { panic!("{muted:?}") };
    home.write("unmute.csv", format!("target_id\n{one}\n{two}\n{three}\n"));
    home.write("keep.txt", format!("{one_handle}\nat://{two_handle}\n"));
    let words = ["run", "unmute.csv", "--keep", "keep.txt", "--pace", "front-load", "--json"];
    let end = home.run(&[&words[..], &ADA].concat()).json();
    assert_eq!((&end["jobs"][0]["kept"], &end["jobs"][0]["pending"]), (&2.into(), &0.into()), "{end}");
    assert_eq!((&end["requests"], &end["lookups"]["requests"]), (&1.into(), &2.into()), "{end}");
}

#[test]
fn rows_of_three_platforms_stand_in_one_file() {
    let home = Home::new();
    let did = "did:plc:sandboxsandaaaaaaaaaaaaa";
    home.write(
        "unmute.csv",
        format!(
            "account,target_id\nada,1000000000000000007\nmastodon-fedi,01F6KXCP71V24GR0SJGAHRXSQ2\nbluesky-sky,{did}\n\
             bluesky-sky,https://bsky.app/profile/{did}\nbluesky-sky,ada\nbluesky-sky,@ada\n\
             bluesky-sky,at://{did}/app.bsky.feed.post/3l6oveex3ii2l\n"
        ),
    );
    home.run(&["run", "unmute.csv", "--sandbox", "--pace", "front-load"]).ends(3);
    let receipts = home.run(&["report", "unmute", "--sandbox", "--format", "json"]).ends(0).json();
    let told: Vec<String> = receipts
        .as_array()
        .unwrap()
        .iter()
        .map(|row| format!("{} {}", row["outcome"].as_str().unwrap(), row["reason"].as_str().unwrap_or_default()))
        .collect();
    let settled = |told: &str| told.starts_with("done") || told.starts_with("gone") || told.starts_with("failed");
    assert!(told[..3].iter().all(|told| settled(told)), "{told:?}");
    assert!(told[3].starts_with("duplicate"), "{told:?}");
    assert_eq!(told[4..], ["rejected not_an_id_there", "rejected name_for_id", "rejected wrong_kind"], "{told:?}");
}

#[test]
fn the_text_of_a_deleted_post_is_nowhere_once_its_job_is_forgotten() {
    let home = Home::new();
    home.run(&[&["list", "posts", "--limit", "5", "-o", "delete-post.csv"][..], &ADA].concat()).ends(0);
    let mut rows = csv::Reader::from_path(home.path("delete-post.csv")).unwrap();
    let at = rows.headers().unwrap().iter().position(|name| name == "text").unwrap();
    let texts: Vec<String> = rows.records().map(|row| row.unwrap()[at].to_owned()).collect();
    assert!(texts.len() == 5 && texts.iter().all(|text| text.len() > 5), "{texts:?}");
    home.run(&[&["run", "delete-post.csv", "--pace", "front-load"][..], &ADA].concat());
    let known = "select text from known_target where kind = 'post' and text is not null";
    let told = || crate::common::sql::column::<String>(home.sandbox_queue(), known);
    assert_eq!(told().len(), 5);
    // The list can be continued, so that what was read of it stays for a day.
    let log = home.sandbox_file().with_extension("db-wal");
    let has = |text: &String| {
        let files = [home.sandbox_file(), log.clone()].map(|file| std::fs::read(file).unwrap_or_default());
        files.iter().any(|file| file.windows(text.len()).any(|bytes| bytes == text.as_bytes()))
    };
    assert!(texts.iter().all(has), "{texts:?}");
    home.run(&["forget", "delete-post", "--yes", "--sandbox"]).ends(0);
    assert!(told().is_empty());
    assert!(!texts.iter().any(has), "{texts:?}");
    home.run(&[&["list", "posts", "--limit", "5"][..], &ADA].concat()).ends(0).says("posts: 5 entries");
}

#[test]
fn accounts_at_one_server_share_its_window() {
    let home = Home::new();
    // Each alone stays below what the window holds; together they do not.
    let windows = "[[windows]]\nrate = \"20/2s\"\nscope = \"host\"\nplatform = \"bluesky-sandbox\"\n";
    let config = home.write("config.toml", windows);
    let did = |n: u8| format!("did:plc:{}{}", char::from(b'a' + n), "q".repeat(23));
    let rows = |name: &str| (0..15).map(|n| format!("{name},{}\n", did(n))).collect::<String>();
    home.write("unmute.csv", format!("account,target_id\n{}{}", rows("bluesky-ada"), rows("bluesky-bob")));
    let config = ["--config", config.to_str().unwrap(), "--sandbox"];
    // A rate for each account says nothing of the host's.
    let words = ["run", "unmute.csv", "--platform", "bluesky", "--pace", "front-load", "--rate", "1000/1s", "--json"];
    let run = home.run(&[&words[..], &config].concat()).json();
    assert_eq!(run["jobs"][0]["pending"], 0, "{run}");
    let audit = home.run(&[&["audit", "--json"][..], &config].concat()).ends(0).json();
    let (host, window) = (&audit["hosts"][0], &audit["hosts"][0]["windows"][0]);
    assert_eq!((&host["platform"], &window["limit"]), (&"bluesky-sandbox".into(), &20.into()), "{audit}");
    assert!(host["attempts"].as_u64().unwrap() >= 30, "{audit}");
    assert!(window["fullest"].as_u64().unwrap() <= 20 && window["over"] == 0, "{audit}");
}

/// The address of a post says whose it is: a keep list of users spares what they wrote, by DID at once, by handle when that has been looked up.
#[test]
fn users_on_a_keep_list_spare_their_posts() {
    let home = Home::new();
    let likes = first_cells(&home.run(&[&["list", "likes", "--limit", "9"][..], &ADA].concat()).ends(0).out);
    let author = |post: &str| post["at://".len()..].split('/').next().unwrap().to_owned();
    home.write("keep.txt", format!("{}\n", author(&likes[0])));
    let kept = home.run(&[&["list", "likes", "--limit", "9", "--keep", "keep.txt"][..], &ADA].concat()).ends(0);
    let left = first_cells(&kept.out);
    assert!(left.len() == 9 && left.iter().all(|post| author(post) != author(&likes[0])), "{left:?}");
    home.write("only.txt", format!("{}\n", author(&likes[1])));
    let only = home.run(&[&["list", "likes", "--limit", "1", "--only", "only.txt"][..], &ADA].concat()).ends(0);
    assert_eq!(first_cells(&only.out), [likes[1].clone()]);

    let known = with_handles(&home, "mutes");
    let [(one, _), (two, two_handle), (three, three_handle), (four, _), ..] = &known[..] else { panic!("{known:?}") };
    let post = |whose: &str| format!("at://{whose}/app.bsky.feed.post/3l6oveex3ii2l\n");
    let rows = [one, two, three_handle, four].map(|whose| post(whose)).concat();
    home.write("unlike.csv", format!("target_id\n{rows}"));
    home.write("keep.txt", format!("{one}\n@{two_handle}\n{three}\n"));
    home.run(&[&["check", "unlike.csv", "--keep", "keep.txt"][..], &ADA].concat())
        .ends(0)
        .says("would spare 1: on the keep list");
    let words = ["run", "unlike.csv", "--keep", "keep.txt", "--pace", "front-load", "--json"];
    let run = home.run(&[&words[..], &ADA].concat()).json();
    let counts = &run["jobs"][0];
    assert_eq!((&counts["kept"], &counts["gone"], &counts["pending"]), (&3.into(), &1.into(), &0.into()), "{run}");
}
