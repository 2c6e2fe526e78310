#![allow(clippy::unwrap_used)]

use super::*;
use proptest::prelude::*;

fn page_of(text: &str, of: TargetKind) -> Option<Page> {
    page(&Body::whole(text), of, false)
}

#[test]
fn a_page_of_users() {
    let body = r#"{"data":[{"id":"2244994945","username":"Some_One","name":"One","created_at":"2013-12-14T04:35:55.000Z",
        "description":"","most_recent_tweet_id":"1212161512043446272","public_metrics":{"followers_count":7}},
        {"id":"x"}],"meta":{"result_count":2,"next_token":"7140dibdnow9c7btw4"}}"#;
    let page = page_of(body, TargetKind::User).unwrap();
    assert_eq!((page.entries.len(), page.unreadable), (1, 1));
    let one = &page.entries[0];
    assert_eq!(one.handle.as_ref().unwrap().as_str(), "some_one");
    assert_eq!((one.followers, &one.text, one.created_at), (Some(7), &None, Some(Wall(1_386_995_755_000))));
    assert_eq!(page.cursor(), Some("7140dibdnow9c7btw4"));
}

#[test]
fn a_page_of_posts_knows_authors_and_reposts() {
    let body = r#"{"data":[{"id":"9","author_id":"5","text":"RT","public_metrics":{"like_count":3},
        "referenced_tweets":[{"type":"retweeted","id":"8"}]}],
        "includes":{"users":[{"id":"5","username":"b","name":"B"}]},"meta":{"result_count":1}}"#;
    let page = page_of(body, TargetKind::Post).unwrap();
    let post = &page.entries[0];
    assert_eq!((post.likes, post.is_repost, post.name.as_deref()), (Some(3), Some(true), Some("B")));
    assert_eq!(page.next, NextPage::None);
}

#[test]
fn both_spellings_are_read_alike() {
    let post = |references: &str, kind: &str, reposts: &str| {
        let body = format!(
            r#"{{"data":[{{"id":"9","text":"RT @a: b","public_metrics":{{"{reposts}":4}},"{references}":[{{"type":"{kind}","id":"8"}}]}}]}}"#
        );
        page_of(&body, TargetKind::Post).unwrap().entries.remove(0)
    };
    let new = post("referenced_posts", "reposted", "repost_count");
    assert_eq!((new.is_repost, new.repost_of.clone(), new.reposts), (Some(true), "8".parse().ok(), Some(4)));
    // Which half of it X has renamed on the wire differs from endpoint to endpoint.
    assert_eq!(post("referenced_tweets", "retweeted", "retweet_count"), new);
    assert_eq!(post("referenced_posts", "retweeted", "retweet_count"), new);
    let quoted = post("referenced_posts", "quoted", "repost_count");
    assert_eq!((quoted.is_repost, quoted.repost_of), (Some(false), None));

    let user = |field: &str, includes: &str| {
        let body = format!(r#"{{"data":[{{"id":"5"{field}}}],"includes":{{{includes}}}}}"#);
        page_of(&body, TargetKind::User).unwrap().entries.remove(0).newest_post
    };
    for field in ["most_recent_post_id", "most_recent_tweet_id"] {
        assert_eq!(user(&format!(r#","{field}":"12""#), ""), "12".parse().ok(), "{field}");
    }
    for posts in ["posts", "tweets"] {
        let includes =
            format!(r#""{posts}":[{{"id":"11","author_id":"5"}},{{"id":"12","author_id":"5"}},7,{{"id":"13"}}]"#);
        assert_eq!(user("", &includes), "12".parse().ok(), "{posts}");
    }
    assert_eq!(user("", ""), None);
}

#[test]
fn a_field_that_is_absent_is_unknown() {
    let post = |text: &str| {
        let body = serde_json::json!({"data": [{"id": "9", "text": text}]}).to_string();
        page_of(&body, TargetKind::Post).unwrap().entries.remove(0)
    };
    let maybe = post("RT @somebody: so it is");
    assert_eq!((maybe.is_repost, maybe.repost_of), (None, None), "never false because a field is missing");
    assert_eq!((maybe.likes, maybe.reposts, maybe.created_at), (None, None, None));
    assert_eq!(post("good morning").is_repost, Some(false), "the text of a repost begins otherwise");
    let without_text = page_of(r#"{"data":[{"id":"9"}]}"#, TargetKind::Post).unwrap().entries.remove(0);
    assert_eq!(without_text.is_repost, None);
    // References that are told and name no repost are an answer.
    let told = page_of(r#"{"data":[{"id":"9","text":"RT @a","referenced_posts":[]}]}"#, TargetKind::Post).unwrap();
    assert_eq!(told.entries[0].is_repost, Some(false));
}

#[test]
fn replies_and_media_are_told_by_what_is_there() {
    let post = |more: &str| {
        let body = format!(r#"{{"data":[{{"id":"9"{more}}}]}}"#);
        page_of(&body, TargetKind::Post).unwrap().entries.remove(0).traits
    };
    assert_eq!(post(r#","referenced_posts":[{"type":"replied_to","id":"8"}]"#).is_reply, Some(true));
    assert_eq!(post(r#","referenced_tweets":[{"type":"quoted","id":"8"}]"#).is_reply, Some(false));
    assert_eq!(post(r#","text":"good morning""#).is_reply, None, "a reply to oneself looks like that, too");
    assert_eq!(post(r#","text":"a https://t.co/x","attachments":{"media_keys":["3_1"]}"#).has_media, Some(true));
    assert_eq!(post(r#","text":"a https://t.co/x","attachments":{"poll_ids":["1"]}"#).has_media, Some(false));
    assert_eq!(post(r#","text":"good morning""#).has_media, Some(false), "media stand in the text as a link");
    assert_eq!(post(r#","text":"a https://t.co/x""#).has_media, None, "the field may have another name by now");
    assert_eq!(post("").has_media, None);
}

#[test]
fn an_empty_list_is_a_page_and_nothing_else_without_data_is() {
    assert_eq!(page_of(r#"{"meta":{"result_count":0}}"#, TargetKind::User), Some(Page::default()));
    for body in ["{}", "", "[]", r#"{"data":{}}"#, r#"{"meta":{"result_count":1}}"#, r#"{"errors":[{"title":"x"}]}"#] {
        assert_eq!(page_of(body, TargetKind::User), None, "{body}");
    }
    let cut = Body { bytes: br#"{"meta":{"result_count":0}}"#.to_vec(), end: crate::platforms::BodyEnd::BrokeOff };
    assert_eq!(page(&cut, TargetKind::User, false), None);
}

#[test]
fn a_page_that_says_two_things_of_one_entry_is_none() {
    for body in [
        r#"{"data":[{"id":"1","id":"2"}],"meta":{"result_count":1}}"#,
        r#"{"data":[{"id":"1","public_metrics":{"like_count":1,"like_count":900}}],"meta":{"result_count":1}}"#,
        r#"{"data":[{"id":"1"}],"meta":{"result_count":1,"next_token":"a","next_token":"b"}}"#,
    ] {
        assert_eq!(page_of(body, TargetKind::Post), None, "{body}");
    }
}

/// A list that is empty because nobody can see it is not an empty list: `verify` would confirm everything by it.
#[test]
fn an_empty_list_with_an_error_beside_it_is_none() {
    let missing = r#"{"meta":{"result_count":0},"errors":[{"resource_id":"7","parameter":"id","resource_type":"user",
        "detail":"Could not find user with id: [7].","type":"https://api.twitter.com/2/problems/resource-not-found"}]}"#;
    assert_eq!(page_of(missing, TargetKind::User), None);
    assert_eq!(page_of(&missing.replacen('{', r#"{"data":[],"#, 1), TargetKind::User), None);
    let suspended = r#"{"errors":[{"value":"a","parameter":"usernames","title":"Forbidden",
        "detail":"Your account is suspended and is not permitted to access this feature."}]}"#;
    assert_eq!(page(&Body::whole(suspended), TargetKind::User, true), None, "that is not about the name");
}

#[test]
fn names_that_are_not_there_say_why() {
    let error = |value: &str, title: &str, detail: &str| {
        serde_json::json!({"value": value, "parameter": "usernames", "title": title, "detail": detail,
            "type": "https://api.twitter.com/2/problems/resource-not-found"})
    };
    let body = serde_json::json!({"errors": [
        error("a", "Not Found Error", "Could not find user with usernames: [a]."),
        error("b", "Forbidden", "User has been suspended: [b]."),
    ]});
    let body = Body::whole(body.to_string());
    let page = page(&body, TargetKind::User, true).unwrap();
    let reasons: Vec<_> = page.missing.iter().map(|m| (m.asked.as_str(), m.reason)).collect();
    assert_eq!(reasons, [("a", "not_found"), ("b", "suspended")]);
    assert!(super::page(&body, TargetKind::User, false).is_none());
}

#[test]
fn a_cursor_that_cannot_be_asked_for_is_not_the_end_of_the_list() {
    let page = |token: &str| {
        let body = serde_json::json!({"data": [], "meta": {"result_count": 0, "next_token": token}}).to_string();
        page_of(&body, TargetKind::User).unwrap()
    };
    assert_eq!(page("").next, NextPage::None);
    for token in ["a b", "a&max_results=1", "ä", "b==", &"a".repeat(513)] {
        let page = page(token);
        assert_eq!((&page.next, page.cursor()), (&NextPage::Unusable, None), "{token}");
        assert!(page.fault(None).unwrap().contains("cursor"), "{token}");
    }
    assert_eq!(page("b").fault(Some("a")), None);
    assert!(page("a").fault(Some("a")).unwrap().contains("names itself"));
}

#[test]
fn a_page_with_entries_that_nobody_can_read_is_no_part_of_a_list() {
    let body =
        r#"{"data":[{"id":1.6e18},{"id":1600000000000000123},{"id":"-5"},{"id":"7"}],"meta":{"result_count":4}}"#;
    let page = page_of(body, TargetKind::User).unwrap();
    assert_eq!((page.entries.len(), page.unreadable), (1, 3));
    assert!(page.fault(None).unwrap().starts_with("3 of 4 entries"));
}

#[test]
fn a_field_that_cannot_be_read_costs_the_field_and_not_the_entry() {
    let body = r#"{"data":[{"id":"7","username":5,"name":["x"],"created_at":7,"public_metrics":{"followers_count":-1}},
        {"id":"8","username":"b","public_metrics":[]}],"meta":{"result_count":2}}"#;
    let page = page_of(body, TargetKind::User).unwrap();
    assert_eq!((page.entries.len(), page.unreadable), (2, 0));
    let (one, other) = (&page.entries[0], &page.entries[1]);
    assert_eq!((&one.handle, &one.name, one.followers, one.created_at), (&None, &None, None, None));
    assert_eq!((other.handle.as_ref().unwrap().as_str(), other.followers), ("b", None));
    let body = r#"{"data":[{"id":"9","author_id":"5","text":"a","public_metrics":{"like_count":1.5},"referenced_posts":7}],
        "includes":{"users":[7,{"name":"without an ID"},{"id":"5","username":"b"}]},"meta":{"result_count":1}}"#;
    let post = page_of(body, TargetKind::Post).unwrap().entries.remove(0);
    assert_eq!((post.likes, post.handle.unwrap().as_str()), (None, "b"));
}

#[test]
fn no_name_is_longer_than_the_queue_wants_to_keep() {
    let body =
        serde_json::json!({"data": [{"id": "7", "name": "é".repeat(100_000), "description": "é".repeat(100_000)}]});
    let entry = page_of(&body.to_string(), TargetKind::User).unwrap().entries.remove(0);
    assert_eq!(entry.name.unwrap().chars().count(), MAX_NAME_CHARS);
    assert_eq!(entry.text.unwrap().chars().count(), MAX_TEXT_CHARS);
}

#[test]
fn a_body_of_a_million_small_values_is_not_unpacked() {
    let many = |value: &str, count: usize| format!(r#"{{"data":[{}{value}]}}"#, format!("{value},").repeat(count));
    for value in ["{}", "1", "[]", r#""a""#] {
        assert_eq!(page_of(&many(value, 300_000), TargetKind::User), None, "{value}");
    }
    // Commas and brackets of a text are no values.
    let text = "[{,\\\",".repeat(100_000);
    let body = format!(r#"{{"data":[{{"id":"7","name":"a","description":"{text}"}}]}}"#);
    assert_eq!(page_of(&body, TargetKind::User).unwrap().entries.len(), 1);
}

proptest! {
    #[test]
    fn no_body_makes_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), text in "\\PC{0,40}") {
        for of in [TargetKind::User, TargetKind::Post] {
            page(&Body::whole(bytes.clone()), of, true);
            let body = serde_json::json!({"data": [{"id": text, "username": text, "created_at": text}], "errors": [
                {"value": text, "parameter": "usernames", "detail": text}]}).to_string();
            page(&Body::whole(body), of, true);
        }
    }
}
