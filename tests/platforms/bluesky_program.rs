//! Bluesky in the program's own sandbox: what its lists find is undone record by record, and is off them afterwards; rows of three platforms in one file.

use crate::common::Home;

const ADA: [&str; 3] = ["--sandbox", "--account", "bluesky-ada"];
const ACTIONS: [(&str, &str); 7] = [
    ("following", "unfollow"),
    ("likes", "unlike"),
    ("posts", "delete-post"),
    ("reposts", "unrepost"),
    ("blocks", "unblock"),
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

#[test]
fn rows_of_three_platforms_stand_in_one_file_and_a_handle_is_no_target() {
    let home = Home::new();
    let did = "did:plc:sandboxsandaaaaaaaaaaaaa";
    home.write(
        "unmute.csv",
        format!(
            "account,target_id\nada,1000000000000000007\nmastodon-fedi,01F6KXCP71V24GR0SJGAHRXSQ2\nbluesky-sky,{did}\n\
             bluesky-sky,https://bsky.app/profile/{did}\nbluesky-sky,ada.example\nbluesky-sky,@ada.example\n\
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
    let told = || crate::common::sql::column::<String>(&home.sandbox_queue(), known);
    assert_eq!(told().len(), 5);
    home.run(&["forget", "delete-post", "--yes", "--sandbox"]).ends(0);
    assert!(told().is_empty());
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
