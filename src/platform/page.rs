//! A page of a list, as X API v2 writes it. In: a body. Out: [`Page`]; none where it is none. Pure. What does not belong here:
//! what an answer without a page means (`classify`).

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;

use super::answer::Body;
use super::classify::read;
use crate::domain::{Handle, TargetId, TargetKind, Wall};

/// So many errors beside a page are read; a page has at most a thousand entries.
const MAX_ERRORS: usize = 1_000;
/// A longer cursor is none.
const MAX_CURSOR_BYTES: usize = 512;

/// A page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Its entries, in the platform's order.
    pub entries: Vec<Listed>,
    /// Where the next page begins; none: this was the last.
    pub next: Option<String>,
    /// What was asked for and is not there.
    pub missing: Vec<Missing>,
    /// Entries that could not be read: without an ID that is one.
    pub unreadable: u32,
}

/// A user or a post, as far as the platform told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Which.
    pub id: TargetId,
    /// A user's handle; of a post, its author's.
    pub handle: Option<Handle>,
    /// A user's display name; of a post, its author's. Foreign text.
    pub name: Option<String>,
    /// When it was made.
    pub created_at: Option<Wall>,
    /// A user's newest post.
    pub newest_post: Option<TargetId>,
    /// How many follow a user.
    pub followers: Option<u64>,
    /// How many like a post.
    pub likes: Option<u64>,
    /// How often a post was reposted.
    pub reposts: Option<u64>,
    /// A user's description, a post's text. Foreign text.
    pub text: Option<String>,
    /// Whether a post is a repost.
    pub is_repost: Option<bool>,
}

/// Something that was asked for and is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// What was asked for, in the platform's echo.
    pub asked: String,
    /// `not_found`, `suspended` or `unavailable`.
    pub reason: &'static str,
}

#[derive(Deserialize)]
struct PageBody {
    data: Option<Vec<Value>>,
    meta: Option<Meta>,
    #[serde(default)]
    errors: Vec<Problem>,
    #[serde(default)]
    includes: Includes,
}

#[derive(Deserialize)]
struct Meta {
    result_count: Option<u64>,
    next_token: Option<String>,
}

#[derive(Default, Deserialize)]
struct Includes {
    #[serde(default)]
    users: Vec<UserBody>,
}

#[derive(Deserialize)]
struct Problem {
    value: Option<String>,
    #[serde(default)]
    parameter: String,
    #[serde(default)]
    title: String,
    #[serde(default)]
    detail: String,
    #[serde(default, rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
struct UserBody {
    id: String,
    username: Option<String>,
    name: Option<String>,
    created_at: Option<String>,
    description: Option<String>,
    most_recent_tweet_id: Option<String>,
    public_metrics: Option<UserMetrics>,
}

#[derive(Deserialize)]
struct UserMetrics {
    followers_count: Option<u64>,
}

#[derive(Deserialize)]
struct PostBody {
    id: String,
    author_id: Option<String>,
    created_at: Option<String>,
    text: Option<String>,
    public_metrics: Option<PostMetrics>,
    referenced_tweets: Option<Vec<Reference>>,
}

#[derive(Deserialize)]
struct PostMetrics {
    like_count: Option<u64>,
    repost_count: Option<u64>,
    /// What it was called before August 2026.
    retweet_count: Option<u64>,
}

#[derive(Deserialize)]
struct Reference {
    #[serde(rename = "type")]
    kind: String,
}

/// Reads a page of users or posts. An empty list has no `data` but says that its count is 0. With `lookup`, names were asked
/// for, and a body of nothing but errors about them is a page on which all are missing.
pub(super) fn page(body: &Body, of: TargetKind, lookup: bool) -> Option<Page> {
    let read: PageBody = serde_json::from_value(Value::Object(read(body).ok()?)).ok()?;
    let missing: Vec<Missing> = read.errors.iter().take(MAX_ERRORS).filter_map(missing_of).collect();
    // What is told beside nothing may be why there is nothing: an account that is not there has no list either.
    let says_none = read.data.is_some() || read.meta.as_ref().is_some_and(|meta| meta.result_count == Some(0));
    let is_empty_list = says_none && read.errors.is_empty();
    let all_missing = lookup && !missing.is_empty() && missing.len() == read.errors.len();
    let has_entries = read.data.as_ref().is_some_and(|data| !data.is_empty());
    if !has_entries && !is_empty_list && !all_missing {
        return None;
    }
    let authors: HashMap<&str, &UserBody> = read.includes.users.iter().map(|user| (user.id.as_str(), user)).collect();
    let items = read.data.unwrap_or_default();
    let asked = items.len();
    let entries: Vec<Listed> = items
        .into_iter()
        .filter_map(|item| match of {
            TargetKind::User => user(serde_json::from_value(item).ok()?),
            TargetKind::Post => post(serde_json::from_value(item).ok()?, &authors),
        })
        .collect();
    let unreadable = u32::try_from(asked - entries.len()).unwrap_or(u32::MAX);
    let next = read.meta.and_then(|meta| meta.next_token).filter(|token| is_cursor(token));
    Some(Page { entries, next, missing, unreadable })
}

/// What can go into a URL as it is; X's tokens are letters and digits.
fn is_cursor(token: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    (1..=MAX_CURSOR_BYTES).contains(&token.len()) && token.bytes().all(plain)
}

fn missing_of(problem: &Problem) -> Option<Missing> {
    if problem.parameter != "usernames" {
        return None;
    }
    let kind = problem.kind.rsplit('/').next().unwrap_or_default();
    let said = problem.detail.to_ascii_lowercase();
    // About the account that asks, whatever it stands beside.
    if said.contains("your account") {
        return None;
    }
    let reason = match (kind, problem.title.as_str()) {
        // X files a suspended user under resource-not-found too; only its sentence tells.
        _ if said.contains("suspended") => "suspended",
        ("resource-not-found", _) | (_, "Not Found Error") => "not_found",
        ("resource-unavailable" | "not-authorized-for-resource", _) => "unavailable",
        _ => return None,
    };
    Some(Missing { asked: problem.value.clone()?, reason })
}

fn user(body: UserBody) -> Option<Listed> {
    Some(Listed {
        id: body.id.parse().ok()?,
        handle: body.username.as_deref().and_then(|name| name.parse().ok()),
        name: body.name,
        created_at: body.created_at.as_deref().and_then(time),
        newest_post: body.most_recent_tweet_id.as_deref().and_then(|id| id.parse().ok()),
        followers: body.public_metrics.and_then(|metrics| metrics.followers_count),
        likes: None,
        reposts: None,
        text: body.description.filter(|text| !text.is_empty()),
        is_repost: None,
    })
}

fn post(body: PostBody, authors: &HashMap<&str, &UserBody>) -> Option<Listed> {
    let author = body.author_id.as_deref().and_then(|id| authors.get(id));
    let metrics = body.public_metrics.as_ref();
    let references = body.referenced_tweets.unwrap_or_default();
    Some(Listed {
        id: body.id.parse().ok()?,
        handle: author.and_then(|author| author.username.as_deref()?.parse().ok()),
        name: author.and_then(|author| author.name.clone()),
        created_at: body.created_at.as_deref().and_then(time),
        newest_post: None,
        followers: None,
        likes: metrics.and_then(|metrics| metrics.like_count),
        reposts: metrics.and_then(|metrics| metrics.repost_count.or(metrics.retweet_count)),
        text: body.text,
        is_repost: Some(references.iter().any(|reference| reference.kind == "retweeted")),
    })
}

fn time(text: &str) -> Option<Wall> {
    text.parse::<jiff::Timestamp>().ok().map(|timestamp| Wall(timestamp.as_millisecond()))
}

#[cfg(test)]
mod tests {
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
        assert_eq!(page.next.as_deref(), Some("7140dibdnow9c7btw4"));
    }

    #[test]
    fn a_page_of_posts_knows_authors_and_reposts() {
        let body = r#"{"data":[{"id":"9","author_id":"5","text":"RT","public_metrics":{"like_count":3},
            "referenced_tweets":[{"type":"retweeted","id":"8"}]}],
            "includes":{"users":[{"id":"5","username":"b","name":"B"}]},"meta":{"result_count":1}}"#;
        let page = page_of(body, TargetKind::Post).unwrap();
        let post = &page.entries[0];
        assert_eq!((post.likes, post.is_repost, post.name.as_deref()), (Some(3), Some(true), Some("B")));
        assert_eq!(page.next, None);
    }

    #[test]
    fn an_empty_list_is_a_page_and_nothing_else_without_data_is() {
        assert_eq!(page_of(r#"{"meta":{"result_count":0}}"#, TargetKind::User), Some(Page::default()));
        for body in
            ["{}", "", "[]", r#"{"data":{}}"#, r#"{"meta":{"result_count":1}}"#, r#"{"errors":[{"title":"x"}]}"#]
        {
            assert_eq!(page_of(body, TargetKind::User), None, "{body}");
        }
        let cut = Body { bytes: br#"{"meta":{"result_count":0}}"#.to_vec(), complete: false };
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
    fn a_cursor_that_is_none_ends_the_list() {
        for token in ["", "a b", "a&max_results=1", "ä"] {
            let body = serde_json::json!({"data": [], "meta": {"result_count": 0, "next_token": token}}).to_string();
            assert_eq!(page_of(&body, TargetKind::User).unwrap().next, None, "{token}");
        }
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
}
