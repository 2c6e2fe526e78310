#![allow(clippy::unwrap_used)]
use super::*;

fn entry(list: ListKind, json: &str) -> Entry {
    match read_whole(list, json.as_bytes()).unwrap() {
        Record::Entry(entry) => *entry,
        other => panic!("{json}: {other:?}"),
    }
}

#[test]
fn users_are_ids() {
    for (list, json) in [
        (
            ListKind::Following,
            r#"{"following":{"accountId":"100000001","userLink":"https://twitter.com/intent/user?user_id=100000001"}}"#,
        ),
        (ListKind::Followers, r#"{"follower":{"accountId":"100000001"}}"#),
        (ListKind::Blocks, r#"{"blocking":{"userLink":"https://twitter.com/intent/user?user_id=100000001"}}"#),
        (ListKind::Mutes, r#"{"muting":{"accountId":"100000001","more":[{"x":1}]},"more":null}"#),
    ] {
        assert_eq!(entry(list, json), Entry::bare("100000001".parse().unwrap()), "{json}");
    }
}

#[test]
fn likes_may_lack_their_text() {
    let like = entry(ListKind::Likes, r#"{"like":{"tweetId":"1212161512043446272","fullText":"hé\n=1"}}"#);
    assert_eq!((like.target.to_string().as_str(), like.text.as_deref()), ("1212161512043446272", Some("hé\n=1")));
    let like = entry(ListKind::Likes, r#"{"like":{"expandedUrl":"https://twitter.com/i/web/status/20"}}"#);
    assert_eq!((like.target, like.text), ("20".parse().unwrap(), None));
    // 20 digits are no ID, and none is made up out of the link.
    let json = br#"{"like":{"tweetId":"12345678901234567890","expandedUrl":"https://twitter.com/i/web/status/20"}}"#;
    assert_eq!(read_whole(ListKind::Likes, json).unwrap(), Record::NoId);
}

#[test]
fn posts_have_times_and_reposts_are_told_by_their_text() {
    let json = r#"{"tweet":{"id":"1212161512043446272","id_str":"1212161512043446272","created_at":"Wed Jan 01 00:00:00 +0000 2020",
        "full_text":"RT @someone: so it is","favorite_count":"3","retweet_count":"5","retweeted":false,"entities":{"urls":[]}}}"#;
    let post = entry(ListKind::Posts, json);
    assert_eq!(post.created_at.unwrap().rfc3339(), "2020-01-01T00:00:00Z");
    assert_eq!((post.is_repost, post.likes, post.reposts), (Some(true), Some(3), Some(5)));
    let post = entry(ListKind::Posts, r#"{"tweet":{"id":"20","created_at":"yesterday","text":"just"}}"#);
    assert_eq!((post.created_at, post.is_repost, post.likes), (None, Some(false), None));
}

#[test]
fn replies_and_media_are_told() {
    let told =
        |more: &str| entry(ListKind::Posts, &format!(r#"{{"tweet":{{"id_str":"9","full_text":"a"{more}}}}}"#)).traits;
    let plain = told(r#","entities":{"urls":[]}"#);
    assert_eq!((plain.is_reply, plain.has_media, plain.visibility), (Some(false), Some(false), None));
    let reply =
        told(r#","in_reply_to_status_id_str":"8","in_reply_to_user_id":null,"entities":{"media":[{"id":"1"}]}"#);
    assert_eq!((reply.is_reply, reply.has_media), (Some(true), Some(true)));
    assert_eq!(told(r#","in_reply_to_user_id":"7""#).is_reply, Some(true));
    assert_eq!(told("").has_media, None);
    assert_eq!(told(r#","entities":{},"extended_entities":{"media":[1]}"#).has_media, Some(true));
}

#[test]
fn old_archives_name_the_post_that_was_reposted() {
    for json in [
        r#"{"id_str":"9","text":"RT @ada: so it is","retweeted_status":{"id_str":"8","user":{"id":1}}}"#,
        r#"{"tweet":{"id_str":"9","full_text":"RT @ada: so it is","retweeted_status_id_str":"8"}}"#,
    ] {
        let post = entry(ListKind::Posts, json);
        assert_eq!((post.target, post.repost_of, post.is_repost), ("9".parse().unwrap(), "8".parse().ok(), Some(true)));
    }
    assert!(read(ListKind::Posts, br#"{"text":"neither wrapped nor with an ID"}"#).is_err());
}

#[test]
fn posts_of_2012_to_2018_have_their_id_twice_and_a_date_of_their_own() {
    let json = r#"{"source":"web","entities":{"urls":[]},"geo":{},"id_str":"281123456789012480","text":"RT @ada: so it is",
        "retweeted_status":{"id_str":"281000000000000001","id":281000000000000001,"user":{"screen_name":"ada","id":7}},
        "id":281123456789012480,"created_at":"2012-12-18 19:30:00 +0000","user":{"name":"Me","id":8}}"#;
    let post = entry(ListKind::Posts, json);
    assert_eq!(
        (post.target, post.repost_of),
        ("281123456789012480".parse().unwrap(), "281000000000000001".parse().ok())
    );
    assert_eq!(post.created_at.unwrap().rfc3339(), "2012-12-18T19:30:00Z");
    for json in [r#"{"id":281123456789012480}"#, r#"{"tweet":{"id":281123456789012480}}"#] {
        assert!(read(ListKind::Posts, json.as_bytes()).unwrap_err().to_string().contains("expected a string"));
    }
}

#[test]
fn half_a_character_costs_neither_the_entry_nor_the_archive() {
    for (json, text) in [
        (r#"{"like":{"tweetId":"7","fullText":"a\ud83d"}}"#, "a\u{fffd}"),
        (r#"{"like":{"tweetId":"7","fullText":"\ude00\ud83d\ude00\ud83dx"}}"#, "\u{fffd}\u{1f600}\u{fffd}x"),
    ] {
        let (Record::Entry(entry), true) = read(ListKind::Likes, json.as_bytes()).unwrap() else { panic!("{json}") };
        assert_eq!((entry.target, entry.text.as_deref()), ("7".parse().unwrap(), Some(text)), "{json}");
    }
    let (Record::Entry(entry), true) =
        read(ListKind::Posts, br#"{"tweet":{"id_str":"7","full_text":"\ud83d \ud83d"}}"#).unwrap()
    else {
        panic!()
    };
    assert_eq!(entry.text.as_deref(), Some("\u{fffd} \u{fffd}"));
    assert!(!read(ListKind::Likes, br#"{"like":{"tweetId":"7","fullText":"\ud83d\ude00"}}"#).unwrap().1);
    // What else is wrong with an entry stays wrong.
    assert!(read(ListKind::Likes, br#"{"like":{"tweetId":7,"fullText":"\ud83d"}}"#).is_err());
}

#[test]
fn an_edited_post_is_its_newest_version() {
    let first =
        br#"{"tweet":{"id":"100","edit_info":{"initial":{"editTweetIds":["100","200"],"editsRemaining":"4"}}}}"#;
    let second = br#"{"tweet":{"id":"200","edit_info":{"edit":{"initialTweetId":"100",
        "editControlInitial":{"editTweetIds":["100","200"]}}}}}"#;
    for json in [&first[..], second] {
        let Record::Edited(entry) = read_whole(ListKind::Posts, json).unwrap() else { panic!() };
        assert_eq!(entry.target, "200".parse().unwrap());
    }
    entry(ListKind::Posts, r#"{"tweet":{"id":"100","edit_info":{"initial":{"editTweetIds":["100"]}}}}"#);
}

#[test]
fn what_x_does_not_write_is_an_error_and_a_missing_id_is_not() {
    for (list, json) in [
        (ListKind::Blocks, r#"{"block":{"accountId":"1"}}"#),
        (ListKind::Following, r#"{"following":"1"}"#),
        (ListKind::Following, r#"{"following":{"accountId":1212161512043446272}}"#),
        (ListKind::Likes, r#"{"like":[]}"#),
        (ListKind::Following, r#"{"following":["1","x"]}"#),
        (ListKind::Following, r#"[{"accountId":"1"}]"#),
        (ListKind::Posts, r#"{"tweet":["1"]}"#),
        (ListKind::Posts, r#"{"tweet":{"id":"1","edit_info":7}}"#),
        (ListKind::Likes, r#"{"like":{"tweetId":"1"]}"#),
        (ListKind::Likes, "{\"like\":{\"tweetId\":\"1\",\"fullText\":\"\u{1}\"}}"),
    ] {
        assert!(read(list, json.as_bytes()).is_err(), "{json}");
    }
    for json in
        [r#"{"like":{}}"#, r#"{"like":{"tweetId":null}}"#, r#"{"like":{"tweetId":""}}"#, r#"{"like":{"tweetId":"x"}}"#]
    {
        assert_eq!(read(ListKind::Likes, json.as_bytes()).unwrap(), (Record::NoId, false), "{json}");
    }
}
