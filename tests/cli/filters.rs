//! Which rows go on: the options of `check`, `run`, `load` and `resume` on job files.

use crate::common::Home;

/// Posts of 2018, 2020 and 2021, one from before IDs were dates, and one whose column says when.
const POSTS: &str = "\
target_id,handle,created_at,likes,text,reposts
1050118621198921728,@ada,,3,old news,0
1233161576649121792,@bob,,250,Old Crypto tips,40
1445078208190291973,@ada,,0,new crypto,2
9876543210,@cy,,,from before,
9876543211,@cy,2009-06-01T00:00:00Z,1,from before,1
";

fn run(home: &Home, words: &[&str]) -> Vec<String> {
    home.write("unlike.csv", POSTS);
    let mut all = vec!["run", "unlike.csv", "--sandbox", "--again", "--progress", "none"];
    all.extend(words);
    let done = home.run(&all);
    assert!([0, 3].contains(&done.code), "{}", done.err);
    let rows = home.run(&["report", "unlike", "--sandbox", "--format", "json"]).ends(0).json();
    let word = |row: &serde_json::Value| match row["outcome"].as_str().unwrap() {
        "kept" => row["reason"].as_str().unwrap().to_owned(),
        _ => "sent".to_owned(),
    };
    rows.as_array().unwrap().iter().map(word).collect()
}

#[test]
fn every_spared_row_says_which_rule_spared_it() {
    for (words, expected) in [
        (&["--before", "2020-01-01"][..], ["sent", "before", "before", "age_unknown", "sent"]),
        (&["--after", "2020-01-01"], ["after", "sent", "sent", "age_unknown", "after"]),
        (&["--older-than", "1y"], ["sent", "sent", "sent", "age_unknown", "sent"]),
        (&["--newer-than", "100y"], ["sent", "sent", "sent", "age_unknown", "sent"]),
        (&["--max-likes", "2"], ["max_likes", "max_likes", "sent", "likes_unknown", "sent"]),
        (&["--max-likes", "3"], ["sent", "max_likes", "sent", "likes_unknown", "sent"]),
        (&["--max-reposts", "1"], ["sent", "max_reposts", "max_reposts", "reposts_unknown", "sent"]),
        (&["--matching", "CRYPTO"], ["matching", "sent", "sent", "matching", "matching"]),
        (&["--limit", "2"], ["sent", "sent", "limit", "limit", "limit"]),
        (&["--limit", "2", "--order", "newest"], ["limit", "sent", "sent", "limit", "limit"]),
        (&["--limit", "2", "--order", "oldest"], ["sent", "limit", "limit", "limit", "sent"]),
        (&["--matching", "crypto", "--max-likes", "8"], ["matching", "max_likes", "sent", "likes_unknown", "matching"]),
    ] {
        assert_eq!(run(&Home::new(), words), expected, "{words:?}");
    }
    let home = Home::new();
    home.write("friends.txt", "@ADA # and what she posts\nhttps://x.com/cy/status/9876543210\n");
    assert_eq!(run(&home, &["--keep", "friends.txt"]), ["keep_list", "sent", "keep_list", "keep_list", "sent"]);
    let home = Home::new();
    home.write("friends.txt", "@ADA # and what she posts\nhttps://x.com/cy/status/9876543210\n");
    assert_eq!(run(&home, &["--only", "friends.txt"]), ["sent", "only_list", "sent", "sent", "only_list"]);
}

#[test]
fn users_by_what_a_list_tells_of_them() {
    let home = Home::new();
    let file = "\
target_id,handle,name,created_at,last_active_at,followers,follows_back,text,link
12,@ada,Ada,2015-01-01T00:00:00Z,2026-01-01T00:00:00Z,7,true,,https://x.com/ada
13,@bob,Bob,2015-01-01T00:00:00Z,2019-01-01T00:00:00Z,7,false,,https://x.com/bob
14,@cy,Cy,,,7,false,,https://x.com/cy
";
    home.write("unfollow.csv", file);
    let words = ["check", "unfollow.csv", "--sandbox", "--not-following-back", "--inactive-since", "2020-01-01"];
    let text = home.run(&words).ends(0).out;
    assert!(text.contains("would spare 1: they follow back (not_following_back)"), "{text}");
    assert!(text.contains("would spare 1: nothing says when they last posted (activity_unknown)"), "{text}");
    assert!(text.contains("would unfollow 1"), "{text}");
    let json = home.run(&[&words[..], &["--json"]].concat()).ends(0).json();
    let file = &json["files"][0];
    assert_eq!((&file["kept"], &file["estimate"]["requests"]), (&2.into(), &1.into()), "{json}");
    let reasons = r#"{"not_following_back":1,"activity_unknown":1}"#;
    assert_eq!(file["kept_by_reason"].to_string(), reasons);
    assert!(!home.queue_file().exists(), "check changes nothing");
}

#[test]
fn what_makes_no_sense_is_a_usage_error_with_a_remedy() {
    let home = Home::new();
    home.write("unlike.csv", POSTS);
    home.write("unfollow.csv", "user_id\n12\n");
    home.write("bad.txt", "12\njack\n");
    // The author of a post is not what it says.
    home.write("names/unlike.csv", "tweet_id,handle\n12,ada\n");
    for (words, code, word) in [
        (&["check", "unlike.csv", "--order", "oldest"][..], 2, "--limit"),
        (&["check", "unlike.csv", "--not-following-back"], 2, "about users"),
        (&["check", "unfollow.csv", "--max-likes", "3"], 2, "about posts"),
        (&["check", "unfollow.csv", "--max-reposts", "3"], 2, "about posts"),
        (&["check", "unfollow.csv", "--matching", "x"], 2, "no column of the file answers it"),
        (&["check", "unfollow.csv", "--not-matching", "x"], 2, "no column of the file answers it"),
        (&["check", "names/unlike.csv", "--not-matching", "x"], 2, "no column of the file answers it"),
        (&["check", "unlike.csv", "--min-likes", "100"], 2, "--max-likes 99"),
        (&["check", "unlike.csv", "--min-likes", "x"], 2, "--max-likes N"),
        (&["list", "posts", "--sandbox", "--min-likes=1"], 2, "--max-likes 0"),
        (&["check", "unlike.csv", "--older-than", "1h"], 2, "6mo"),
        (&["check", "unlike.csv", "--before", "yesterday"], 2, "2020-01-31"),
        (&["check", "unlike.csv", "--limit", "0"], 2, "500000"),
        (&["check", "unlike.csv", "--only", "nowhere.txt"], 65, "nowhere.txt"),
        (&["check", "unlike.csv", "--keep", "bad.txt"], 65, "jack"),
        (&["resume", "--sandbox", "--keep", "/dev/null"], 2, "no file"),
    ] {
        let done = home.run(words).ends(code);
        assert!(done.err.contains(word), "{words:?}: {}", done.err);
    }
    home.write("handles.txt", "@ada\n");
    let done = home.run(&["check", "unfollow.csv", "--sandbox", "--keep", "handles.txt"]).ends(0);
    let looked_up = "1 name on the keep list is looked up before a row that has an ID alone is sent";
    assert!(done.err.contains(looked_up) && done.err.contains("$0.01 for each one found on sandbox"), "{}", done.err);
    // Nobody can be asked whom a name means there, nor which posts a user's name means.
    home.write("posts/unlike.csv", "tweet_id\n12\n");
    for words in [
        &["check", "unfollow.csv", "--platform", "aisa", "--keep", "handles.txt"][..],
        &["check", "posts/unlike.csv", "--sandbox", "--keep", "handles.txt"],
    ] {
        let done = home.run(words).ends(0);
        assert!(done.err.contains("1 name on the keep list spares no row that has an ID alone"), "{}", done.err);
    }
    let done = home.run(&["check", "unlike.csv", "--sandbox", "--keep", "handles.txt"]).ends(0);
    assert!(!done.err.contains("spare nobody") && done.out.contains("would spare 2: on the keep list"), "{}", done.err);
}

#[test]
fn a_job_remembers_its_keep_list_and_a_run_may_bring_another() {
    let home = Home::new();
    let rows: Vec<String> = (0..6).map(|n| format!("{}\n", 100 + n)).collect();
    home.write("unfollow.csv", format!("user_id\n{}", rows.concat()));
    home.write("friends.txt", "100\n");
    home.run(&["load", "unfollow.csv", "--sandbox", "--account", "ada", "--keep", "friends.txt"]).ends(0);
    home.write("friends.txt", "100\n101\n");
    home.write("tonight.txt", "102\n");
    let done = home.run(&["resume", "--sandbox", "--json", "--progress", "none", "--keep", "tonight.txt"]);
    let json = done.json();
    assert_eq!(json["jobs"][0]["kept"], 3, "{json}");
    assert_eq!(json["jobs"][0]["pending"], 0, "{json}");
    assert_eq!(home.run(&["doctor", "--sandbox", "--json"]).json()["queue"]["miscounted"], serde_json::Value::Null);

    // The list has gone away: nothing is sent, and the summary says why.
    home.write("unfollow.csv", format!("user_id\n{}200\n", rows.concat()));
    home.run(&["load", "unfollow.csv", "--sandbox", "--account", "ada", "--keep", "friends.txt"]).ends(0);
    std::fs::remove_file(home.path("friends.txt")).unwrap();
    let done = home.run(&["resume", "--sandbox", "--json", "--progress", "none"]).ends(74);
    assert!(done.err.contains("the keep list of unfollow cannot be read any more"), "{}", done.err);
    let json = done.json();
    assert_eq!((&json["stopped"], &json["requests"], &json["exit_code"]), (&"error".into(), &0.into(), &74.into()));
    // Another job goes on all the same; the code is that of what a person has to mend.
    home.write("unmute.csv", "user_id\n300\n301\n");
    home.run(&["load", "unmute.csv", "--sandbox", "--account", "ada"]).ends(0);
    let done = home.run(&["resume", "--sandbox", "--json", "--progress", "none"]).ends(74);
    assert!(done.err.contains("the keep list of unfollow cannot be read any more"), "{}", done.err);
    let json = done.json();
    let counts = |job: usize| (&json["jobs"][job]["job"], &json["jobs"][job]["pending"]);
    assert_eq!((counts(0), counts(1)), ((&"unfollow".into(), &2.into()), (&"unmute".into(), &0.into())), "{json}");
    assert_eq!((&json["stopped"], &json["exit_code"]), (&"error".into(), &74.into()), "{json}");
    home.write("friends.txt", "@nobody\n200\n");
    let json = home.run(&["resume", "--sandbox", "--json", "--progress", "none"]).json();
    // 102 was spared for one night only; the load since does not name it.
    assert_eq!((&json["requests"], &json["jobs"][0]["kept"]), (&1.into(), &3.into()), "{json}");
}
