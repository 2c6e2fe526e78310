//! Reposts as a list of the posts that were reposted: read, undone, verified; out of archives that name them.

use crate::common::{Home, SandboxProcess, USER};
use crate::lists::fetch::{column, ended, list, reads, targets};
use crate::lists::zipper::{File, script, today, zip};

fn sandbox(home: &Home, more: &[&str]) -> SandboxProcess {
    SandboxProcess::start(home, &[&["--lists", "130", "--faults", "none"], more].concat())
}

#[test]
fn reposts_are_listed_under_the_posts_they_repeat() {
    let home = Home::new();
    let sandbox = sandbox(&home, &[]);
    let posts = ended(list(&home, &sandbox, &["posts", "--raw"]), 0).out;
    let output = ended(list(&home, &sandbox, &["reposts", "--raw"]), 0);
    let reposts = output.out;
    assert!(reposts.starts_with("target_id,handle,created_at,repost_id,visibility,has_media,text,link\n"), "{reposts}");
    let sources: Vec<String> = column(&posts, "repost_of").into_iter().filter(|id| !id.is_empty()).collect();
    assert!(sources.len() > 10 && sources == targets(&reposts));
    let told = column(&posts, "is_repost").iter().filter(|told| *told == "true").count();
    assert_eq!(told, sources.len());
    let own = column(&posts, "target_id");
    assert!(column(&reposts, "repost_id").iter().all(|id| own.contains(id)));
    // The author of the post, as the repost's text says, and not the account.
    for (handle, text) in column(&reposts, "handle").iter().zip(column(&reposts, "text")) {
        assert!(text.starts_with(&format!("RT {handle}:")), "{handle} {text}");
    }
    assert_eq!(reads(&sandbox, "posts").requests, 4);
    // They are picked out of pages of posts, and no page is read behind the one that fills a limit.
    let output = ended(list(&home, &sandbox, &["reposts", "--limit", "3"]), 0);
    assert_eq!((targets(&output.out).len(), reads(&sandbox, "posts").requests), (3, 5));
    assert!(output.err.contains("whole pages of 100, $0.10"), "{}", output.err);
}

#[test]
fn a_repost_is_as_old_as_it_is_itself_and_kept_under_either_id_and_by_its_author() {
    let home = Home::new();
    let sandbox = sandbox(&home, &[]);
    let all = ended(list(&home, &sandbox, &["reposts", "--raw"]), 0).out;
    let (posts, own, authors) = (targets(&all), column(&all, "repost_id"), column(&all, "handle"));
    home.write("keep.txt", format!("{}\n{}\n{}\n", posts[0], own[1], authors[2]));
    home.write("unrepost.csv", &all);
    let kept = targets(&ended(list(&home, &sandbox, &["reposts", "--keep", "keep.txt"]), 0).out);
    assert_eq!(kept, posts[3..]);
    let check = ["check", "unrepost.csv", "--sandbox", "--json", "--keep", "keep.txt"];
    let checked = ended(home.cleanup(check), 0);
    assert_eq!(checked.json()["files"][0]["kept"], 3);
    let before = targets(&ended(list(&home, &sandbox, &["reposts", "--before", "2018-01-01"]), 0).out);
    let expected = column(&all, "created_at").iter().filter(|at| at.as_str() < "2018").count();
    assert!(before.len() == expected && expected > 0 && expected < posts.len());
    let check = ["check", "unrepost.csv", "--sandbox", "--json", "--before", "2018-01-01"];
    assert_eq!(ended(home.cleanup(check), 0).json()["files"][0]["estimate"]["requests"], expected);
}

#[test]
fn what_is_undone_is_off_the_list_and_verify_says_so() {
    let home = Home::new();
    let sandbox = sandbox(&home, &[]);
    ended(list(&home, &sandbox, &["reposts", "--limit", "4", "-o", "unrepost.csv"]), 0);
    let listed = std::fs::read_to_string(home.path("unrepost.csv")).unwrap();
    let (posts, own) = (targets(&listed), column(&listed, "repost_id"));
    ended(home.against(&sandbox, ["run", "unrepost.csv", "--yes", "--pace", "front-load", "--progress", "none"]), 0);
    assert_eq!(sandbox.effects().len(), 4);
    assert!(posts.iter().all(|post| sandbox.effects().contains_key(post)), "the posts' IDs were sent");
    let left = ended(list(&home, &sandbox, &["reposts"]), 0).out;
    assert!(posts.iter().all(|post| !targets(&left).contains(post)));
    let still = targets(&ended(list(&home, &sandbox, &["posts"]), 0).out);
    assert!(own.iter().all(|repost| !still.contains(repost)) && still.len() == 126);
    let said = ended(home.against(&sandbox, ["verify", "unrepost"]), 0).err;
    assert!(said.contains("unrepost: 4 confirmed, 0 came back, 0 ghosts"), "{said}");
    sandbox.post(&format!("/sandbox/list/{USER}/posts/{}", own[1]));
    let said = ended(home.against(&sandbox, ["verify", "unrepost"]), 3).err;
    assert!(said.contains("unrepost: 3 confirmed, 1 came back, 0 ghosts"), "{said}");
}

#[test]
fn where_the_platform_does_not_say_of_what_nothing_is_bought_and_nothing_is_believed() {
    let home = Home::new();
    let sandbox = sandbox(&home, &["--field-names", "lenient-old"]);
    let said = ended(list(&home, &sandbox, &["reposts"]), 2).err;
    assert!(said.contains("does not say which posts the first reposts repeat"), "{said}");
    assert_eq!(reads(&sandbox, "posts").requests, 1);
    home.write("unrepost.csv", "tweet_id\n1050118621198921728\n");
    ended(home.against(&sandbox, ["run", "unrepost.csv", "--yes", "--pace", "front-load", "--progress", "none"]), 0);
    let said = ended(home.against(&sandbox, ["verify", "unrepost"]), 0).err;
    assert!(said.contains("unrepost: 0 confirmed, 0 came back, 0 ghosts") && said.contains("1 undecided"), "{said}");
}

#[test]
fn an_archive_names_them_or_is_no_list_of_reposts() {
    let home = Home::new();
    home.write("today.zip", zip(&today()));
    for more in [&[][..], &["-o", "unrepost.csv"]] {
        let words = [&["import", "today.zip", "--what", "reposts"], more].concat();
        let output = ended(home.cleanup(words), 65);
        let said = output.err;
        assert!(said.contains("today.zip has 1 repost, and does not say of which post; nothing was written"), "{said}");
        assert!(said.contains("cleanup list reposts") && output.out.is_empty(), "{said}");
    }
    assert!(!home.path("unrepost.csv").exists());
    // Before 2018 the post came along; until mid-January 2020 posts had no object around them.
    let posts = [
        r#"{"id_str":"90","created_at":"Wed Jan 01 00:00:00 +0000 2014","text":"RT @ada: x","retweeted_status":{"id_str":"80"}}"#,
        r#"{"id_str":"91","text":"RT @bob: whose post is not named"}"#,
        r#"{"id_str":"92","text":"good morning"}"#,
    ];
    let files = [File::new("tweet.js", script("tweet.part0", &posts.map(str::to_owned)))];
    home.write("old.zip", zip(&files));
    let output = ended(home.cleanup(["import", "old.zip", "--what", "reposts"]), 0);
    let expected = "target_id,handle,created_at,repost_id,visibility,has_media,text,link\n\
                    80,ada,2014-01-01T00:00:00Z,90,,,RT @ada: x,https://x.com/ada/status/80\n";
    assert_eq!(output.out, expected);
    assert!(output.err.contains("1 repost does not say which post it repeats"), "{}", output.err);
    // And where there are none at all the list is empty.
    home.write(
        "none.zip",
        zip(&[File::new(
            "tweet.js",
            script("tweet.part0", &posts[2..].iter().map(|p| (*p).to_owned()).collect::<Vec<_>>()),
        )]),
    );
    assert!(targets(&ended(home.cleanup(["import", "none.zip", "--what", "reposts"]), 0).out).is_empty());
}
