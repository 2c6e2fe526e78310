//! `unrepost` of lists of posts: what is no repost is rejected, and a repost is undone by the ID that the platform takes.

use std::process::Command;

use cleanup::sandbox::Sandbox;

use crate::common::{Home, SandboxProcess, USER};
use crate::lists::fetch::{column, ended, list, reads};
use crate::lists::zipper::{today, zip};

const ACCOUNTS: &str = "name,platform,user_id,access_token,refresh_token,expires_at,access_secret\n\
                        old,x-v1,7,7-token,,,secret\nnew,x-v2,8,token,,,\n";
const DRAIN: [&str; 5] = ["--yes", "--pace", "front-load", "--progress", "none"];

#[test]
fn the_posts_of_an_archive_are_not_unreposted_by_their_own_ids() {
    let home = Home::new();
    home.write("a.zip", zip(&today()));
    ended(home.cleanup(["import", "a.zip", "--what", "posts", "-o", "posts.csv"]), 0);
    let sandbox = SandboxProcess::start(&home, &["--faults", "none"]);
    for words in [&["run"][..], &["load"], &["check"]] {
        let command = [words, &["posts.csv", "--action", "unrepost"]].concat();
        let output = ended(home.against(&sandbox, command), 65);
        let said = output.err;
        assert!(said.contains("none of its 2 rows can be used; 1 repost does not say which post"), "{said}");
        assert!(said.contains("`cleanup list reposts -o unrepost.csv`"), "{said}");
    }
    assert!(!sandbox.get("/sandbox/ledger").contains(USER), "nothing was sent");
    let checked = ended(home.cleanup(["check", "posts.csv", "--action", "unrepost", "--json"]), 65).json();
    let reasons = r#"{"not_a_repost":1,"reposted_post_unknown":1}"#;
    assert_eq!(checked["files"][0]["check"]["rejected_by_reason"].to_string(), reasons);
}

#[test]
fn a_list_of_posts_names_the_posts_that_its_reposts_repeat() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home, &["--lists", "40", "--faults", "none"]);
    ended(list(&home, &sandbox, &["posts", "-o", "posts.csv"]), 0);
    let posts = std::fs::read_to_string(home.path("posts.csv")).unwrap();
    let sources: Vec<String> = column(&posts, "repost_of").into_iter().filter(|id| !id.is_empty()).collect();
    assert!(sources.len() > 3 && sources.len() < 40);
    let run = [&["run", "posts.csv", "--action", "unrepost"], &DRAIN[..]].concat();
    ended(home.against(&sandbox, run), 3);
    let mut sent: Vec<String> = sandbox.effects().into_keys().collect();
    let mut expected = sources.clone();
    sent.sort();
    expected.sort();
    assert_eq!(sent, expected);
    let receipts = ended(home.cleanup(["report", "posts", "--format", "json"]), 0).json();
    for row in receipts.as_array().unwrap() {
        let expected = if row["is_repost"] == "true" { ("done", "") } else { ("rejected", "not_a_repost") };
        assert_eq!((row["outcome"].as_str().unwrap(), row["reason"].as_str().unwrap_or("")), expected, "{row}");
    }
    // The list to restore leads to the posts, whose author the text names; the account's own name is none of theirs.
    let undo = ended(home.cleanup(["undo", "posts"]), 0).out;
    assert!(sources.iter().all(|post| undo.contains(&format!("https://x.com/i/web/status/{post}"))), "{undo}");
    for handle in column(&undo, "handle") {
        assert!(posts.contains(&format!("RT @{handle}:")), "{handle}");
    }
    // What a list of posts cannot mean is told by the file alone.
    ended(home.against(&sandbox, ["load", "posts.csv", "--action", "unfollow", "--job", "b"]), 65);
    assert_eq!(reads(&sandbox, "posts").requests, 1);
}

fn over_v1(home: &Home, sandbox: &SandboxProcess, words: &[&str]) -> Command {
    let keys = Sandbox::oauth1_keys(USER.parse().unwrap());
    let mut command = home.cleanup(words);
    command
        .env("CLEANUP_X_API", &sandbox.url)
        .env("CLEANUP_X_CONSUMER_KEY", keys.consumer_key)
        .env("CLEANUP_X_CONSUMER_SECRET", keys.consumer_secret)
        .env("CLEANUP_X_ACCESS_TOKEN", keys.access_token)
        .env("CLEANUP_X_ACCESS_SECRET", keys.access_secret);
    command
}

/// v1.1 takes the repost's own ID, and answers with success and nothing done where it gets the post's.
#[test]
fn the_older_api_gets_the_reposts_own_ids() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home, &["--faults", "none"]);
    home.write("unrepost.csv", "target_id,is_repost,repost_of\n1000000000000000090,true,1000000000000000080\n");
    home.write("listed.csv", "target_id,repost_id\n1000000000000000081,1000000000000000091\n1000000000000000082,\n");
    for (file, code) in [("unrepost.csv", 0), ("listed.csv", 3)] {
        let run = [&["run", file, "--action", "unrepost", "--platform", "x-v1"], &DRAIN[..]].concat();
        ended(over_v1(&home, &sandbox, &run), code);
    }
    let effects = sandbox.get(&format!("/sandbox/effects?user=x-v1:{USER}"));
    assert!(effects.contains(",1000000000000000090,") && effects.contains(",1000000000000000091,"), "{effects}");
    assert_eq!(effects.lines().count(), 3, "{effects}");
    let receipts = ended(home.cleanup(["report", "listed"]), 0).out;
    assert!(receipts.contains("rejected,own_repost_unknown"), "{receipts}");
    // An account that is known says by itself which platform it is of.
    home.write("accounts.csv", ACCOUNTS);
    let mut import = home.cleanup(["account", "import", "accounts.csv"]);
    import.env("CLEANUP_X_API", &sandbox.url).env("CLEANUP_X_CONSUMER_KEY", "k").env("CLEANUP_X_CONSUMER_SECRET", "s");
    ended(import, 0);
    home.write("next.csv", "target_id,is_repost,repost_of\n1000000000000000095,true,\n");
    ended(home.cleanup(["load", "next.csv", "--action", "unrepost", "--account", "old"]), 0);
    ended(home.cleanup(["load", "next.csv", "--action", "unrepost", "--account", "new", "--job", "b"]), 65);
}

/// Rows of accounts at two platforms in one file: each is sent by the ID that its own platform takes.
#[test]
fn each_row_goes_by_its_own_accounts_platform() {
    let home = Home::new();
    home.write("accounts.csv", ACCOUNTS);
    ended(home.cleanup(["account", "import", "accounts.csv"]), 0);
    home.write(
        "unrepost.csv",
        "target_id,is_repost,repost_of,account\n\
         1000000000000000090,true,1000000000000000080,old\n1000000000000000090,true,1000000000000000080,new\n",
    );
    ended(home.cleanup(["load", "unrepost.csv", "--account", "new"]), 0);
    for (id, account) in [("1000000000000000090", "old"), ("1000000000000000080", "new")] {
        let told = ended(home.cleanup(["explain", id]), 0).out;
        assert!(told.contains(account), "{id}: {told}");
    }
}
