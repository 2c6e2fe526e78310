#![allow(clippy::unwrap_used)]
use proptest::prelude::*;

use super::*;
use crate::domain::{RateFacts, TargetKind};
use crate::platforms::answer::{Body, ContentType};
use crate::platforms::page_question::EntryFields;
use crate::platforms::vocabulary::Vocabulary;

const ME: &str = "did:plc:fgwsksyookg6j5bsx5jnu2bp";
const ADA: &str = "did:plc:ewvi7nxzyoun6zhxrhs64oiz";
const CID: &str = "bafyreih44rke7hvykme3yku2mt3jzwojhdrde4fmglacd7i3vizusr4dq4";

fn answer(status: u16, body: &str) -> Answer {
    let (facts, content_type) = (RateFacts::default(), ContentType::Json);
    Answer { status, body: Body::whole(body), facts, content_type, next: NextPage::None }
}

fn asked(what: What<'_>) -> PageQuestion<'_> {
    PageQuestion {
        what,
        fields: EntryFields::Users,
        of: TargetKind::User,
        bounds: (1, 100),
        vocabulary: Vocabulary::New,
    }
}

fn read_page(body: &str) -> Option<Page> {
    page(&asked(What::Entries { count: 1, from: None, newest_posts: false }), &answer(200, body))
}

#[test]
fn whose_a_handle_is_is_told_or_that_nobody_is_found() {
    let names = ["ada.bsky.social".parse().unwrap()];
    let question = asked(What::Names(&names));
    assert_eq!(query(&question), "handle=ada.bsky.social");
    let told = |status, body: &str| page(&question, &answer(status, body));
    let found = told(200, &format!(r#"{{"did":"{ADA}"}}"#)).unwrap();
    assert_eq!((found.entries[0].id.to_string().as_str(), found.missing.len()), (ADA, 0));
    // As a server of November 2026 answered, and as its lexicon says.
    for error in ["InvalidRequest", "HandleNotFound"] {
        let nobody = told(400, &format!(r#"{{"error":"{error}","message":"Unable to resolve handle"}}"#)).unwrap();
        assert_eq!((nobody.entries.len(), nobody.missing[0].reason), (0, "handle_not_found"));
    }
    for (status, body) in [
        (200, r#"{"did":"ada"}"#),
        (200, "{}"),
        (400, r#"{"error":"InvalidRequest","message":"Error: handle must be a valid handle"}"#),
        (400, r#"{"error":"ExpiredToken","message":"Token has expired"}"#),
        (502, r#"{"error":"UpstreamFailure","message":"Unable to resolve"}"#),
    ] {
        assert_eq!(told(status, body), None, "{body}");
    }
}

/// A page of records, each in its collection with its key and value.
fn records(items: &[(&str, &str, &str)]) -> Page {
    let item = |(collection, key, value): &(&str, &str, &str)| {
        format!(r#"{{"uri":"at://{ME}/{collection}/{key}","cid":"{CID}","value":{value}}}"#)
    };
    let items: Vec<String> = items.iter().map(item).collect();
    read_page(&format!(r#"{{"records":[{}]}}"#, items.join(","))).unwrap()
}

/// As a server of November 2026 answered.
#[test]
fn a_follow_is_listed_by_whom_it_concerns_and_keeps_its_record() {
    let body = format!(
        r#"{{"records":[{{"uri":"at://{ME}/app.bsky.graph.follow/3n3i5bcegls2n","cid":"{CID}","value":{{"$type":"app.bsky.graph.follow","subject":"{ADA}","createdAt":"2026-01-01T00:00:00Z"}}}}],"cursor":"3n3i5bcegls2n"}}"#
    );
    let page = read_page(&body).unwrap();
    assert_eq!((page.cursor(), page.unreadable, page.fault(None)), (Some("3n3i5bcegls2n"), 0, None));
    let [follow] = &page.entries[..] else { panic!("{page:?}") };
    assert_eq!(follow.id.to_string(), ADA);
    assert_eq!(follow.link, Some(format!("https://bsky.app/profile/{ADA}")));
    assert_eq!((follow.created_at, follow.is_opaque), (None, true), "when the user was made is not known");
    let record = follow.record.as_ref().unwrap();
    assert_eq!(
        (record.collection.as_str(), record.key.as_str(), record.cid.as_str()),
        ("app.bsky.graph.follow", "3n3i5bcegls2n", CID)
    );
    let value: Value = serde_json::from_str(&record.value).unwrap();
    assert_eq!((value["subject"].as_str(), value["createdAt"].as_str()), (Some(ADA), Some("2026-01-01T00:00:00Z")));
    // The last page names no other one.
    assert_eq!(read_page(r#"{"records":[]}"#).unwrap(), Page::default());
}

#[test]
fn each_collection_is_listed_by_what_a_row_names() {
    let liked = format!("at://{ADA}/app.bsky.feed.post/3l6oveex3ii2l");
    let feed = format!("at://{ADA}/app.bsky.feed.generator/whats-hot");
    let own = format!("at://{ME}/app.bsky.feed.post/3n3i5bcfuik2n");
    let (of_liked, of_feed) = (
        format!(r#"{{"subject":{{"uri":"{liked}","cid":"{CID}"}},"createdAt":"2026-02-01T00:00:00Z"}}"#),
        format!(r#"{{"subject":{{"uri":"{feed}","cid":"{CID}"}}}}"#),
    );
    let page = records(&[
        ("app.bsky.feed.like", "3n3i5bcegls2n", &of_liked),
        ("app.bsky.feed.like", "3n3i5bcegls2o", &of_feed),
        ("app.bsky.feed.repost", "3n3i5bcegls2p", &of_liked),
        ("app.bsky.feed.post", "3n3i5bcfuik2n", r#"{"text":"hi \"there\"","createdAt":"2026-03-01T00:00:00Z"}"#),
        ("app.bsky.feed.threadgate", "3n3i5bcfuik2n", r#"{"post":"x"}"#),
        ("app.bsky.feed.postgate", "3n3i5bcfuik2n", "{}"),
        ("app.bsky.graph.block", "3n3i5bcegls2q", &format!(r#"{{"subject":"{ADA}"}}"#)),
    ]);
    let told: Vec<_> = page.entries.iter().map(|entry| entry.id.to_string()).collect();
    assert_eq!(told, [&liked, &feed, &liked, &own, &own, &own, ADA]);
    let times: Vec<_> =
        page.entries.iter().map(|entry| entry.created_at.map(|at| at.rfc3339()[..10].to_owned())).collect();
    let at = |day: &str| Some(day.to_owned());
    // A liked post tells by its key when it was made; a repost when it was reposted.
    let expected =
        [at("2024-10-17"), None, at("2026-02-01"), at("2026-03-01"), at("2026-11-29"), at("2026-11-29"), None];
    assert_eq!(times, expected);
    assert_eq!((page.entries[3].text.as_deref(), page.entries[3].is_repost), (Some("hi \"there\""), Some(false)));
    assert!(page.entries.iter().all(|entry| entry.record.is_some()));
    assert_eq!(page.entries[0].link, Some(format!("https://bsky.app/profile/{ADA}/post/3l6oveex3ii2l")));
}

#[test]
fn what_is_embedded_says_whether_a_post_has_media() {
    let told = |value: &str| records(&[("app.bsky.feed.post", "3n3i5bcfuik2n", value)]).entries.remove(0).traits;
    for (embed, has_media) in [
        (r#"{"$type":"app.bsky.embed.images","images":[]}"#, Some(true)),
        (r#"{"$type":"app.bsky.embed.video","video":{}}"#, Some(true)),
        (r#"{"$type":"app.bsky.embed.recordWithMedia","media":{"$type":"app.bsky.embed.video"}}"#, Some(true)),
        (r#"{"$type":"app.bsky.embed.recordWithMedia","media":{"$type":"app.bsky.embed.external"}}"#, Some(false)),
        (r#"{"$type":"app.bsky.embed.recordWithMedia"}"#, None),
        (r#"{"$type":"app.bsky.embed.record","record":{}}"#, Some(false)),
        (r#"{"$type":"app.bsky.embed.external","external":{}}"#, Some(false)),
        (r#"{"$type":"app.bsky.embed.holograms"}"#, None),
        ("null", Some(false)),
    ] {
        assert_eq!(told(&format!(r#"{{"text":"hi","embed":{embed}}}"#)).has_media, has_media, "{embed}");
    }
    let bare = told(r#"{"text":""}"#);
    assert_eq!(
        (bare.has_media, bare.is_reply, bare.visibility, bare.is_pinned),
        (Some(false), Some(false), None, None)
    );
    assert_eq!(told(r#"{"text":"a","reply":{"root":{},"parent":{}}}"#).is_reply, Some(true));
}

#[test]
fn a_record_about_nothing_is_left_out_and_what_is_no_record_is_told() {
    let page = records(&[
        ("app.bsky.feed.like", "a", r#"{"subject":{"uri":"https://example.org/","cid":"x"}}"#),
        ("app.bsky.feed.like", "b", r#"{"subject":{"uri":"at://ada.example/app.bsky.feed.post/3l6oveex3ii2l"}}"#),
        ("app.bsky.graph.follow", "c", r#"{"subject":"did:key:z"}"#),
        ("app.bsky.graph.follow", "d", "{}"),
    ]);
    assert_eq!((page.entries.len(), page.unreadable), (0, 0));
    let broken = format!(
        r#"{{"records":[{{"cid":"{CID}","value":{{}}}},{{"uri":"at://{ME}/app.bsky.graph.follow/c","value":{{}}}},
           {{"uri":"at://{ME}/app.bsky.graph.follow/c","cid":"{CID}"}},7,{{"uri":"at://{ME}/x/c","cid":"{CID}","value":{{}}}}]}}"#
    );
    let page = read_page(&broken).unwrap();
    assert_eq!((page.entries.len(), page.unreadable), (0, 5));
    assert!(page.fault(None).unwrap().contains("5 of 5"));
}

#[test]
fn the_app_view_tells_more() {
    let users = format!(
        r#"{{"subject":{{"did":"{ME}"}},"cursor":"2026-01-01T00:00:00.000Z::x y","followers":[
            {{"did":"{ADA}","handle":"ada.example","displayName":"Ada","description":"hi","createdAt":"2024-05-01T00:00:00.000Z","followersCount":7}},
            {{"did":"{ME}","handle":"me.example","displayName":""}},{{"did":"did:plc:x"}},{{}}]}}"#
    );
    let page = read_page(&users).unwrap();
    assert_eq!((page.entries.len(), page.unreadable), (2, 2));
    let ada = &page.entries[0];
    assert_eq!(
        (ada.name.as_deref(), ada.text.as_deref(), ada.followers),
        (Some("Ada (@ada.example)"), Some("hi"), Some(7))
    );
    assert!(ada.created_at.is_some() && ada.record.is_none() && ada.handle.is_none());
    assert_eq!(page.entries[1].name.as_deref(), Some("@me.example"));
    assert_eq!(read_page(&users.replace(r#""followers":"#, r#""mutes":"#)).unwrap().entries, page.entries);
    let cursor = page.cursor().unwrap();
    let asked = PageQuestion {
        what: What::Entries { count: 1_000, from: Some(cursor), newest_posts: false },
        fields: EntryFields::Users,
        of: TargetKind::User,
        bounds: (1, 100),
        vocabulary: Vocabulary::New,
    };
    assert_eq!(query(&asked), "limit=100&cursor=2026-01-01T00%3A00%3A00.000Z%3A%3Ax%20y");

    let post = format!("at://{ADA}/app.bsky.feed.post/3l6oveex3ii2l");
    let bookmarks = format!(
        r#"{{"bookmarks":[{{"subject":{{"uri":"{post}","cid":"{CID}"}},"createdAt":"2026-01-01T00:00:00Z","item":{{"uri":"{post}","likeCount":3,"repostCount":1,
            "author":{{"did":"{ADA}","handle":"ada.example"}},"record":{{"text":"so it is","createdAt":"2024-10-17T00:00:00Z"}}}}}},
            {{"subject":{{"uri":"{post}","cid":"{CID}"}},"item":{{"uri":"{post}","notFound":true}}}},{{"subject":{{}}}}]}}"#
    );
    let page = read_page(&bookmarks).unwrap();
    assert_eq!((page.entries.len(), page.unreadable), (2, 1));
    let first = &page.entries[0];
    assert_eq!((first.id.to_string(), first.likes, first.reposts), (post, Some(3), Some(1)));
    assert_eq!((first.text.as_deref(), first.name.as_deref()), (Some("so it is"), Some("@ada.example")));
    assert_eq!((&page.entries[1].text, page.entries[1].created_at.is_some()), (&None, true));
}

#[test]
fn what_is_no_list_is_no_page() {
    for body in [
        "{}",
        "[]",
        r#"{"error":"InvalidRequest"}"#,
        "",
        "{",
        "<html>",
        r#"{"records":{}}"#,
        r#"{"records":[],"records":[]}"#,
    ] {
        assert_eq!(read_page(body), None, "{body}");
    }
    for cursor in [r#""""#, "7", &format!("{:?}", "x".repeat(513))] {
        assert_eq!(read_page(&format!(r#"{{"records":[],"cursor":{cursor}}}"#)).unwrap().next, NextPage::Unusable);
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_harm(bytes in proptest::collection::vec(any::<u8>(), 0..200), value in "[a-z{}\":,0-9/.\\[\\]]{0,60}") {
        let _ = read_page(&String::from_utf8_lossy(&bytes));
        let _ = read_page(&format!(r#"{{"records":[{{"uri":"at://{ME}/app.bsky.feed.like/a","cid":"x","value":{value}}}]}}"#));
    }
}
