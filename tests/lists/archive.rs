//! `cleanup import` with archives of every shape.

use super::zipper::{File, like, manifest, post, script, today, unpack, user, zip, zip_as};
use crate::common::{Done, Home};

pub(crate) fn write(home: &Home, name: &str, bytes: &[u8]) {
    std::fs::write(home.path(name), bytes).unwrap();
}

/// The IDs that an import gives.
#[track_caller]
pub(crate) fn ids(done: &Done) -> Vec<String> {
    let mut reader = csv::Reader::from_reader(done.out.as_bytes());
    assert_eq!(reader.headers().unwrap().get(0), Some("target_id"), "{}", done.out);
    reader.records().map(|record| record.unwrap()[0].to_owned()).collect()
}

#[track_caller]
fn import(home: &Home, archive: &str, what: &str) -> Done {
    home.run(&["import", archive, "--what", what]).ends(0)
}

const EVERY_LIST: [(&str, &[&str]); 6] = [
    ("following", &["11", "12"]),
    ("followers", &["21"]),
    ("likes", &["1001", "1002", "1003"]),
    ("posts", &["1212161512043446272", "1212161512043446273"]),
    ("mutes", &["31"]),
    ("blocks", &["41", "42", "43"]),
];

#[test]
fn every_list_of_a_zip_and_of_the_folder_unpacked_from_it() {
    let home = Home::new();
    write(&home, "a.zip", &zip(&today()));
    write(&home, "large.zip", &zip_as(&today(), true));
    unpack(&today(), &home.path("a")).unwrap();
    unpack(&today(), &home.path("downloads/twitter-2024")).unwrap();
    for (what, expected) in EVERY_LIST {
        for archive in ["a.zip", "large.zip", "a", "a/data", "downloads"] {
            let done = import(&home, archive, what);
            assert_eq!(ids(&done), expected, "{archive} {what}");
            assert!(done.err.contains("@ada_example (ID 2244994945), made 2024-03-01T12:00:00Z"), "{}", done.err);
            assert!(!done.err.contains('\u{1b}') && !done.err.contains("warning"), "{}", done.err);
        }
    }
    assert!(!home.queue_file().exists());
}

#[test]
fn one_folder_around_everything() {
    let home = Home::new();
    let around = |files: Vec<File>, folder: &str| -> Vec<File> {
        files.into_iter().map(|file| File { name: [folder.as_bytes(), &file.name].concat(), ..file }).collect()
    };
    let mut files = around(today(), "twitter-2024-03-01-abc/");
    // What macOS puts beside it.
    files.push(File::new("__MACOSX/twitter-2024-03-01-abc/data/._like.js", "\0\u{5}"));
    files.push(File::stored("twitter-2024-03-01-abc/data/", ""));
    write(&home, "a.zip", &zip(&files));
    assert_eq!(ids(&import(&home, "a.zip", "likes")), ["1001", "1002", "1003"]);
    write(&home, "b.zip", &zip(&around(today(), "./")));
    assert_eq!(ids(&import(&home, "b.zip", "blocks")), ["41", "42", "43"]);
    let windows = today().into_iter().map(|file| {
        let name = String::from_utf8(file.name.clone()).unwrap().replace('/', "\\");
        File { name: name.into_bytes(), ..file }
    });
    write(&home, "c.zip", &zip(&windows.collect::<Vec<_>>()));
    assert_eq!(ids(&import(&home, "c.zip", "mutes")), ["31"]);
}

#[test]
fn archives_from_before_2022() {
    let home = Home::new();
    let account = r#"[ {"account":{"email":"a@example.org","accountId":"2244994945","username":"ada_example","accountDisplayName":"Ada"}} ]"#;
    let posts = [post(100, "a"), post(101, "b")].join(",");
    let old = |folder: &str| {
        vec![
            File::new(&format!("{folder}account.js"), format!("window.YTD.account.part0 = {account}")),
            File::new(&format!("{folder}tweet.js"), format!("window.YTD.tweet.part0 = [ {posts} ]")),
            File::new(&format!("{folder}tweet-part1.js"), script("tweet.part1", &[post(102, "c")])),
            File::new(&format!("{folder}follower.js"), "window.YTD.follower.part0 = [ ]"),
            File::new(&format!("{folder}following.js"), "\u{feff}window.YTD.following.part0 = [];\n"),
        ]
    };
    for folder in ["data/", ""] {
        write(&home, "a.zip", &zip(&old(folder)));
        let done = import(&home, "a.zip", "posts");
        assert_eq!(ids(&done), ["100", "101", "102"]);
        assert!(done.err.contains("archive of Ada, @ada_example (ID 2244994945)\n"), "{}", done.err);
        for what in ["followers", "following"] {
            let done = import(&home, "a.zip", what);
            assert_eq!(done.out, "target_id,handle,name,created_at,last_active_at,followers,follows_back,text,link\n");
        }
    }
    let nameless: Vec<File> = old("data/").split_off(1);
    write(&home, "a.zip", &zip(&nameless));
    assert!(import(&home, "a.zip", "posts").err.contains("somebody it does not name"));
}

#[test]
fn parts_are_read_in_their_order() {
    let home = Home::new();
    let part = |n: u64| match n {
        0 => File::new("data/like.js", script("like.part0", &[like(1000)])),
        n => File::new(&format!("data/like-part{n}.js"), script(&format!("like.part{n}"), &[like(1000 + n)])),
    };
    write(&home, "a.zip", &zip(&[11, 2, 10, 0, 1, 9, 3, 8, 4, 7, 5, 6].map(part)));
    let all: Vec<String> = (1000..=1011).map(|id| id.to_string()).collect();
    assert_eq!(ids(&import(&home, "a.zip", "likes")), all);
    // Without a manifest the numbers tell that one is missing.
    for (there, missing) in [(&[0, 2][..], "like-part1.js"), (&[1], "like.js")] {
        write(&home, "a.zip", &zip(&there.iter().map(|n| part(*n)).collect::<Vec<_>>()));
        let done = home.run(&["import", "a.zip", "--what", "likes"]).ends(65);
        assert!(done.err.contains(&format!("{missing} is missing")) && done.err.contains("hint"), "{}", done.err);
    }
}

#[test]
fn posts_say_when_what_and_whether_they_are_reposts() {
    let home = Home::new();
    let edit = |id: u64| {
        format!(
            r#"{{"tweet":{{"id":"{id}","full_text":"v","edit_info":{{"initial":{{"editTweetIds":["300","301"]}}}}}}}}"#
        )
    };
    let posts = [post(200, "=1+1"), post(201, "RT @a: b"), edit(300), edit(301), r#"{"tweet":{"id":"400"}}"#.into()];
    write(&home, "a.zip", &zip(&[File::new("data/tweets.js", script("tweets.part0", &posts))]));
    let done = import(&home, "a.zip", "posts");
    let expected = "target_id,handle,name,created_at,likes,reposts,is_repost,repost_of,visibility,is_reply,has_media,is_pinned,text,link
200,,,2020-01-01T00:00:00Z,1,,false,,,false,false,,'=1+1,https://x.com/i/web/status/200
201,,,2020-01-01T00:00:00Z,1,,true,,,false,false,,RT @a: b,https://x.com/i/web/status/201
301,,,,,,false,,,false,,,v,https://x.com/i/web/status/301
400,,,,,,,,,false,,,,https://x.com/i/web/status/400
";
    assert_eq!(done.out, expected);
    assert!(done.err.contains("1 is a repost") && done.err.contains("delete-post"), "{}", done.err);
    assert!(done.err.contains("1 older version of an edited post was"), "{}", done.err);
    let raw = home.run(&["import", "a.zip", "--what", "posts", "--raw"]).ends(0);
    assert!(raw.out.contains(",=1+1,"), "{}", raw.out);
}

#[test]
fn a_file_appears_whole_or_not_at_all() {
    let home = Home::new();
    write(&home, "a.zip", &zip(&today()));
    let words = ["import", "a.zip", "--what", "likes", "-o", "unlike.csv"];
    let done = home.run(&words).ends(0);
    assert_eq!(done.out, "");
    let next = "3 likes are in unlike.csv\nnext: `cleanup check unlike.csv --action unlike` says what";
    assert!(done.err.contains(next), "{}", done.err);
    assert_eq!(std::fs::read_to_string(home.path("unlike.csv")).unwrap(), import(&home, "a.zip", "likes").out);
    // And it is a job file.
    let checked = home.run(&["check", "unlike.csv", "--json"]).ends(0);
    assert_eq!(checked.json()["files"][0]["check"]["usable"], 3);
    let mut cut = today();
    cut[7] = File::new("data/like-part1.js", "window.YTD.like.part1 = [ {\"like\":{\"tweetId\":\"7\"}}, {");
    write(&home, "a.zip", &zip(&cut));
    let before = std::fs::read(home.path("unlike.csv")).unwrap();
    let again = [&words[..], &["--force"]].concat();
    let done = home.run(&again).ends(65);
    assert!(done.err.contains("data/like-part1.js is cut") && done.err.contains("after 1 complete"), "{}", done.err);
    assert_eq!(std::fs::read(home.path("unlike.csv")).unwrap(), before);
    assert_eq!(home.run(&words[..4]).ends(65).out, "", "nothing of a cut list");
    assert!(
        home.run(&["import", "a.zip", "--what", "likes", "-o", "no/such.csv"]).ends(74).err.contains("no/such.csv")
    );
    let mut names: Vec<String> = std::fs::read_dir(home.path("."))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["a.zip", "unlike.csv"]);
}

#[test]
fn the_manifest_is_held_against_what_is_there() {
    let home = Home::new();
    let likes = || File::new("data/like.js", script("like.part0", &[like(1), like(2)]));
    let with = |manifest: String, more: Vec<File>| {
        let mut files = vec![File::new("data/manifest.js", manifest), likes()];
        files.extend(more);
        write(&home, "a.zip", &zip(&files));
        home.run(&["import", "a.zip", "--what", "likes"])
    };
    let done = with(manifest(&[("like", "like.js", 5)]), vec![]).ends(0);
    assert!(done.err.contains("data/like.js has 2 entries, and the manifest says 5"), "{}", done.err);
    let done = with(manifest(&[("like", "like.js", 2), ("like", "like-part1.js", 9)]), vec![]).ends(65);
    assert!(done.err.contains("like-part1.js, which its manifest names, is missing"), "{}", done.err);
    let part = File::new("data/like-part1.js", script("like.part1", &[like(3)]));
    let done = with(manifest(&[("like", "like.js", 2)]), vec![part]).ends(0);
    assert_eq!(ids(&done), ["1", "2", "3"]);
    assert!(done.err.contains("data/like-part1.js is not in the manifest"), "{}", done.err);
    let done = with(manifest(&[("like", "../../etc/passwd", 2)]), vec![]).ends(65);
    assert!(done.err.contains("passwd, which its manifest names, is missing"), "{}", done.err);
    let done = with("window.__THAR_CONFIG = {\"userInfo\": 5}".into(), vec![]).ends(65);
    assert!(done.err.contains("data/manifest.js"), "{}", done.err);
    let done =
        with("window.YTD.manifest.part0 = {\"archiveInfo\":{\"isPartialArchive\":true}};".into(), vec![]).ends(0);
    assert!(done.err.contains("only a part"), "{}", done.err);
}

#[test]
fn what_is_missing_is_named() {
    let home = Home::new();
    write(&home, "a.zip", &zip(&[File::new("data/like.js", "window.YTD.like.part0 = []")]));
    for (what, file) in [("posts", "data/tweets.js"), ("mutes", "data/mute.js"), ("followers", "data/follower.js")] {
        let done = home.run(&["import", "a.zip", "--what", what]).ends(65);
        assert!(done.err.contains(file) && done.err.contains("hint"), "{}", done.err);
    }
    home.run(&["import", "a.zip", "--what", "bookmarks"]).ends(65).says("such archives never have one");
    home.run(&["import", "a.zip"]).ends(2);
    let entries = [user("blocking", 1), r#"{"blocking":{}}"#.into(), r#"{"blocking":{"accountId":"x"}}"#.into()];
    write(&home, "a.zip", &zip(&[File::new("data/block.js", script("block.part0", &entries))]));
    let done = import(&home, "a.zip", "blocks");
    assert_eq!(ids(&done), ["1"]);
    assert!(done.err.contains("2 entries have no ID and were left out"), "{}", done.err);
    write(&home, "a.zip", &zip(&[File::new("data/block.js", script("block.part0", &entries[1..]))]));
    let done = home.run(&["import", "a.zip", "--what", "blocks"]).ends(65);
    assert!(done.err.contains("not one of the 2 entries"), "{}", done.err);
}

/// An archive in the form of 2012 to 2018: posts alone, month by month.
fn of_months() -> Vec<File> {
    let post = |id: u64, at: &str, more: &str| {
        format!(r#"{{"source":"web","id_str":"{id}","text":"post {id}","id":{id},"created_at":"{at}"{more}}}"#)
    };
    let repost = r#","retweeted_status":{"id_str":"20","id":20,"user":{"screen_name":"jack"}}"#;
    let month = |name: &str, posts: &[String]| {
        let text = format!("Grailbird.data.tweets_{name} = \n [ {} ]", posts.join(", "));
        File::new(&format!("data/js/tweets/{name}.js"), text)
    };
    let index = r#"var tweet_index =  [ {"file_name" : "data\/js\/tweets\/2012_12.js", "year" : 2012, "var_name" : "tweets_2012_12",
        "tweet_count" : 2, "month" : 12}, {"file_name" : "data\/js\/tweets\/2009_03.js", "tweet_count" : 1} ]"#;
    vec![
        File::new("index.html", "<html></html>"),
        File::new("tweets.csv", "\"tweet_id\",\"timestamp\"\n\"9\",\"2009-03-20 00:00:00 +0000\"\n"),
        File::new(
            "data/js/payload_details.js",
            r#"var payload_details =  {"tweets":3,"created_at":"2018-07-04 09:30:00 +0000","lang":"en"}"#,
        ),
        File::new("data/js/tweet_index.js", index),
        File::new(
            "data/js/user_details.js",
            r#"var user_details =  {"screen_name":"ada_example","full_name":"Ada","bio":"","id":"2244994945"}"#,
        ),
        month(
            "2012_12",
            &[
                post(281_123_456_789_012_480, "2012-12-18 19:30:00 +0000", ""),
                post(281_123_456_789_012_479, "2012-12-18 19:29:00 +0000", repost),
            ],
        ),
        month("2009_03", &[post(1_357_771_234, "2009-03-20 00:00:00 +0000", "")]),
    ]
}

#[test]
fn archives_of_2012_to_2018() {
    let home = Home::new();
    write(&home, "a.zip", &zip(&of_months()));
    unpack(&of_months(), &home.path("a")).unwrap();
    unpack(&of_months(), &home.path("downloads/tweets")).unwrap();
    for archive in ["a.zip", "a", "a/data", "a/data/js", "downloads"] {
        let done = import(&home, archive, "posts");
        assert_eq!(ids(&done), ["1357771234", "281123456789012480", "281123456789012479"], "{archive}");
        assert!(
            done.err.contains("archive of Ada, @ada_example (ID 2244994945), made 2018-07-04T09:30:00Z\n"),
            "{}",
            done.err
        );
        assert!(!done.err.contains("warning"), "{archive}: {}", done.err);
        assert!(done.out.contains(",2009-03-20T00:00:00Z,"), "{}", done.out);
    }
    // An ID of 2009 tells no date; the archive does.
    let old = home.run(&["import", "a.zip", "--what", "posts", "--before", "2010-01-01"]).ends(0);
    assert_eq!(ids(&old), ["1357771234"]);
    // Such archives say which post a repost repeats.
    assert_eq!(ids(&import(&home, "a.zip", "reposts")), ["20"]);
    let done = home.run(&["import", "a.zip", "--what", "likes"]).ends(65);
    assert!(done.err.contains("data/like.js"), "{}", done.err);
    // A month that its index names and that is not there, and one that is cut.
    let without = |name: &str| of_months().into_iter().filter(|file| file.name != name.as_bytes()).collect::<Vec<_>>();
    write(&home, "a.zip", &zip(&without("data/js/tweets/2009_03.js")));
    let done = home.run(&["import", "a.zip", "--what", "posts"]).ends(65);
    assert!(done.err.contains("2009_03.js, which its manifest names, is missing"), "{}", done.err);
    let mut wrong = without("data/js/tweets/2009_03.js");
    wrong.push(File::new("data/js/tweets/2009_03.js", "Grailbird.data.tweets_2009_04 = []"));
    write(&home, "a.zip", &zip(&wrong));
    let done = home.run(&["import", "a.zip", "--what", "posts"]).ends(65);
    assert!(done.err.contains("should begin with Grailbird.data.tweets_2009_03"), "{}", done.err);
    // Without an index a month may be missing that nobody names: the archive's own number tells it.
    let mut fewer = without("data/js/tweets/2009_03.js");
    fewer.retain(|file| file.name != b"data/js/tweet_index.js");
    write(&home, "a.zip", &zip(&fewer));
    let done = import(&home, "a.zip", "posts");
    assert!(done.err.contains("have 2 posts, and its payload_details.js says 3"), "{}", done.err);
    // The table alone is a job file already.
    write(&home, "a.zip", &zip(&of_months()[..2]));
    let done = home.run(&["import", "a.zip", "--what", "posts"]).ends(65);
    assert!(done.err.contains("tweets.csv") && done.err.contains("cleanup check tweets.csv"), "{}", done.err);
    let mut both = today();
    both.extend(of_months());
    write(&home, "a.zip", &zip(&both));
    let done = home.run(&["import", "a.zip", "--what", "posts"]).ends(65);
    assert!(done.err.contains("more than one archive, in data and data/js"), "{}", done.err);
}

#[test]
fn tweets_csv_of_an_old_archive_is_a_job_file_with_dates() {
    let home = Home::new();
    let header =
        "tweet_id,in_reply_to_status_id,timestamp,text,retweeted_status_id,retweeted_status_timestamp,expanded_urls";
    let rows = "1357771234,,2009-03-20 00:00:00 +0000,hello,,,\n1357771235,,2010-06-01 00:00:00 +0000,later,,,\n";
    home.write("tweets.csv", format!("{header}\n{rows}"));
    let done =
        home.run(&["check", "tweets.csv", "--action", "delete-post", "--before", "2010-01-01", "--json"]).ends(0);
    assert_eq!(done.json()["files"][0]["kept_by_reason"], serde_json::json!({"before": 1}), "{}", done.out);
}

#[test]
fn half_a_character_in_one_entry_is_told_and_refuses_nothing() {
    let home = Home::new();
    let half = r#"{"like":{"tweetId":"1002","fullText":"so \ud83d"}}"#.to_owned();
    write(&home, "a.zip", &zip(&[File::new("data/like.js", script("like.part0", &[like(1001), half, like(1003)]))]));
    let done = import(&home, "a.zip", "likes");
    assert_eq!(ids(&done), ["1001", "1002", "1003"]);
    assert!(done.out.contains("so \u{fffd}"), "{}", done.out);
    assert!(done.err.contains("1 entry has half a character in the text"), "{}", done.err);
}
