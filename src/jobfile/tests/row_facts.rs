//! What rows say of themselves beside their targets.

use super::*;
use crate::domain::RepostId;

const POSTS: &str = "target_id,handle,likes,reposts,is_repost,repost_of,text,link\n\
                     90,@me,0,0,true,80,RT @ada: x,\n\
                     91,@me,3,1,false,,good morning,\n\
                     92,@me,0,0,true,,RT @bob: y,\n\
                     93,@me,0,0,,,RT @cy: z,\n\
                     94,@me,0,0,yes,https://x.com/ada/status/84,RT @ada: x,\n\
                     95,@me,0,0,TRUE,1.05E+18,RT @ada: x,\n";
const REPOSTS: &str =
    "target_id,handle,created_at,repost_id,text,link\n80,@ada,,90,RT @ada: x,\n81,@ada,,,RT @ada: x,\n";

fn by_own_id(name: &str, text: &str) -> Vec<Result<String, &'static str>> {
    let options = ReadOptions { repost_id: RepostId::Own, ..ReadOptions::default() };
    read_with(name, text.as_bytes(), &options).unwrap().1.into_iter().map(|(_, verdict, _)| verdict).collect()
}

fn by_post(name: &str, text: &str) -> Vec<Result<String, &'static str>> {
    verdicts(name, text).into_iter().map(|(_, verdict)| verdict).collect()
}

fn task(id: u64) -> Result<String, &'static str> {
    Ok(format!("unrepost - {id}"))
}

#[test]
fn a_repost_is_undone_by_the_id_the_platform_takes_or_not_at_all() {
    let unknown = || Err("reposted_post_unknown");
    assert_eq!(
        by_post("unrepost.csv", POSTS),
        [task(80), Err("not_a_repost"), unknown(), unknown(), task(84), Err("scientific_notation")]
    );
    // v1.1 takes the repost's own.
    let own = by_own_id("unrepost.csv", POSTS);
    assert_eq!(own[..5], [task(90), Err("not_a_repost"), task(92), task(93), task(94)]);
    assert_eq!(by_post("unrepost.csv", REPOSTS), [task(80), task(81)]);
    assert_eq!(by_own_id("unrepost.csv", REPOSTS), [task(90), Err("own_repost_unknown")]);
    // X's archives of before 2019, whose empty cells say that there is none.
    let archive = "tweet_id,timestamp,text,retweeted_status_id\n90,,RT @ada: x,80\n91,,hello,\n";
    assert_eq!(by_post("unrepost.csv", archive), [task(80), Err("not_a_repost")]);
    assert_eq!(by_own_id("unrepost.csv", archive), [task(90), Err("not_a_repost")]);
    // A list of likes says of none which post it repeats.
    assert_eq!(by_post("unrepost.csv", "target_id,is_repost\n7,\n8,false\n"), [unknown(), Err("not_a_repost")]);
    // A file that says nothing of reposts means the targets it has.
    for text in ["target_id\n7\n", "tweet_id,note\n7,is_repost\n", "7\n"] {
        assert_eq!(by_post("unrepost.csv", text), [task(7)], "{text}");
    }
    // Who names the column means what stands in it.
    let column = |name: &str| ReadOptions { column: Some(name.into()), ..ReadOptions::default() };
    let (_, rows) = read_with("unrepost.csv", POSTS.as_bytes(), &column("repost_of")).unwrap();
    assert_eq!((&rows[0].1, &rows[1].1), (&task(80), &Err("empty_target")));
}

#[test]
fn what_such_a_file_comes_to_is_counted_and_says_what_to_do() {
    let (survey, rows) = read("unrepost.csv", POSTS.as_bytes()).unwrap();
    assert_eq!((survey.rows, survey.usable, survey.rejected), (6, 2, 4));
    assert_eq!(survey.lanes[0].rows, 2);
    assert!(survey.examples[1].rejection.message.contains("cleanup list reposts"), "{:?}", survey.examples);
    assert_eq!((survey.examples[0].line, survey.examples[0].rejection.column.as_str()), (3, "is_repost"));
    assert_eq!(rows[0].2.as_deref(), Some("90,@me,0,0,true,80,RT @ada: x,"), "the cells stay as they were");
    let modern = "target_id,is_repost,repost_of\n90,true,\n92,true,\n91,false,\n";
    let refusal = read("unrepost.csv", modern.as_bytes()).unwrap().0.refusal(false).unwrap();
    assert!(refusal.to_string().contains("none of its 3 rows can be used; 2 reposts do not say"), "{refusal}");
    assert!(refusal.hint().contains("cleanup list reposts -o unrepost.csv"), "{}", refusal.hint());
}

/// The ID that is sent is the one that has to be whole.
#[test]
fn a_rounded_id_of_the_post_is_rejected_like_a_target() {
    let rows: String = (0..40_u64)
        .map(|n| {
            let own = 1_212_161_512_043_446_273 + n * 7_919_000_001;
            format!("{own},true,{}\n", (own - 7_777_777_777_777) / 10_000 * 10_000)
        })
        .collect();
    let text = format!("target_id,is_repost,repost_of\n{rows}");
    assert!(by_post("unrepost.csv", &text).iter().all(|verdict| *verdict == Err("rounded_zeros")));
    assert!(by_own_id("unrepost.csv", &text).iter().all(Result::is_ok), "the reposts' own IDs are whole");
}

#[test]
fn a_list_of_one_kind_is_none_for_actions_on_the_other() {
    let users =
        "target_id,handle,name,created_at,last_active_at,followers,follows_back,text,link\n12,@ada,,,,7,true,,\n";
    let posts = "target_id,handle,name,created_at,likes,reposts,is_repost,text,link\n12,@ada,,,7,0,false,,\n";
    let codes = |name: &str, text: &str| by_post(name, text).into_iter().map(Result::err).collect::<Vec<_>>();
    for (name, users_code, posts_code) in [
        ("unfollow.csv", None, Some("wrong_kind")),
        ("unmute.csv", None, Some("wrong_kind")),
        ("unblock.csv", None, Some("wrong_kind")),
        ("unlike.csv", Some("wrong_kind"), None),
        ("delete-post.csv", Some("wrong_kind"), None),
        ("unbookmark.csv", Some("wrong_kind"), None),
        ("unrepost.csv", Some("wrong_kind"), Some("not_a_repost")),
    ] {
        assert_eq!((codes(name, users), codes(name, posts)), (vec![users_code], vec![posts_code]), "{name}");
    }
    // Each row's action decides; and a column of its own for users is no list's.
    let mixed = "target_id,action,likes,reposts,is_repost\n7,unlike,,,\n8,unfollow,,,\n";
    assert_eq!(codes("mixed.csv", mixed), [None, Some("wrong_kind")]);
    assert_eq!(codes("unfollow.csv", "user_id,is_repost\n7,\n"), [None]);
    // The list of reposts names posts of others.
    assert_eq!(codes("delete-post.csv", REPOSTS), [Some("not_own_post"), Some("not_own_post")]);
    assert_eq!(codes("unlike.csv", REPOSTS), [None, None]);
    let own = ReadOptions { column: Some("repost_id".into()), ..ReadOptions::default() };
    let (_, rows) = read_with("delete-post.csv", REPOSTS.as_bytes(), &own).unwrap();
    assert_eq!((&rows[0].1, &rows[1].1), (&Ok("delete-post - 90".to_owned()), &Err("empty_target")));
}

#[test]
fn a_text_that_says_repost_makes_the_id_the_reposts_own() {
    for column in ["text", "full_text", "Tweet Text", "tweet"] {
        let column = column.replace(' ', "_");
        let text = format!(
            "tweet_id,{column}\n90,RT @ada: so it is\n91,'RT @bob_1: y\n92,hello RT @ada: x\n93,RT @ everybody\n94,\n95,RT @a-b: x\n"
        );
        let unknown = || Err("reposted_post_unknown");
        assert_eq!(
            by_post("unrepost.csv", &text),
            [unknown(), unknown(), task(92), task(93), task(94), task(95)],
            "{column}"
        );
        assert!(by_own_id("unrepost.csv", &text).iter().all(Result::is_ok), "v1.1 takes the repost's own");
        assert!(by_post("delete-post.csv", &text).iter().all(Result::is_ok), "{column}");
    }
    let all = read("unrepost.csv", b"tweet_id,text\n90,RT @ada: x\n").unwrap().0;
    assert!(matches!(all.refusal(false), Some(JobFileError::RepostsUnnamed { .. })));
}
