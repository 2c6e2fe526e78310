//! Filters between an archive and its CSV.

use super::archive::{ids, write};
use super::zipper::{File, like, post, script, today, user, zip};
use crate::common::Home;

#[test]
fn what_is_spared_is_counted_and_written_with_its_rule() {
    let home = Home::new();
    let posts = [
        post(1_050_118_621_198_921_728, "keep me"),
        post(1_233_161_576_649_121_792, "in 2020"),
        post(1_346_889_436_626_259_968, "in 2021"),
        // Too short to tell when: neither older nor newer.
        post(20, "in 2006").replace("Wed Jan 01 00:00:00 +0000 2020", ""),
    ];
    write(&home, "a.zip", &zip(&[File::new("data/tweets.js", script("tweets.part0", &posts))]));
    home.write("keep.txt", "https://x.com/ada/status/1050118621198921728\n");
    let words =
        ["import", "a.zip", "--what", "posts", "--before", "2021-01-01", "--keep", "keep.txt", "--spared", "no.csv"];
    let done = home.run(&words).ends(0);
    assert_eq!(ids(&done), ["1233161576649121792"]);
    for line in ["(keep_list)", "(before)", "(age_unknown)", "\n1 post\n"] {
        assert!(done.err.contains(line), "{line:?} is missing: {}", done.err);
    }
    let spared = std::fs::read_to_string(home.path("no.csv")).unwrap();
    let rules: Vec<(&str, &str)> =
        spared.lines().map(|line| (line.split(',').next().unwrap(), line.rsplit(',').next().unwrap())).collect();
    let expected = [
        ("target_id", "spared_by"),
        ("1050118621198921728", "keep_list"),
        ("1346889436626259968", "before"),
        ("20", "age_unknown"),
    ];
    assert_eq!(rules, expected);
}

#[test]
fn order_and_limit() {
    let home = Home::new();
    let likes = [1_346_889_436_626_259_968, 1_050_118_621_198_921_728, 1_233_161_576_649_121_792].map(like);
    write(&home, "a.zip", &zip(&[File::new("data/like.js", script("like.part0", &likes))]));
    let words = ["import", "a.zip", "--what", "likes", "--order", "oldest", "--limit", "2", "-o", "unlike.csv"];
    let done = home.run(&words).ends(0);
    assert!(done.err.contains("2 likes are in unlike.csv"), "{}", done.err);
    let text = std::fs::read_to_string(home.path("unlike.csv")).unwrap();
    let first: Vec<&str> = text.lines().skip(1).map(|line| line.split(',').next().unwrap()).collect();
    assert_eq!(first, ["1050118621198921728", "1233161576649121792"]);
}

#[test]
fn the_archives_own_followers_tell_who_follows_back() {
    let home = Home::new();
    let mut files = today();
    files[4] = File::new("data/following.js", script("following.part0", &[11, 21, 12].map(|id| user("following", id))));
    write(&home, "a.zip", &zip(&files));
    let done = home.run(&["import", "a.zip", "--what", "following", "--not-following-back"]).ends(0);
    assert_eq!(ids(&done), ["11", "12"]);
    assert!(done.err.contains("(not_following_back)"), "{}", done.err);
    files.remove(5);
    files.remove(3);
    write(&home, "a.zip", &zip(&files));
    let done = home.run(&["import", "a.zip", "--what", "following", "--not-following-back"]).ends(65);
    assert!(done.err.contains("data/follower.js"), "{}", done.err);
    // What an archive never tells would spare everybody.
    let words = ["import", "a.zip", "--what", "following", "--inactive-since", "1y", "-o", "nobody.csv"];
    let done = home.run(&words).ends(2);
    assert!(done.err.contains("--inactive-since cannot be applied"), "{}", done.err);
    assert!(done.err.contains("nothing says when they last posted"), "{}", done.err);
    assert!(!home.path("nobody.csv").exists());
    home.run(&["import", "a.zip", "--what", "likes", "--not-following-back"]).ends(2);
}
