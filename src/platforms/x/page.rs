//! A page of a list, as X API v2 writes it. In: a body. Out: [`Page`]; none where it is none. Pure. What does not belong here:
//! what an answer without a page means (`classify`).

use std::collections::HashMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::domain::{PostTraits, Target, TargetId, TargetKind, Wall};
use crate::platforms::answer::Body;
use crate::platforms::classify::read;
use crate::platforms::entry::{Listed, Missing, NextPage, Page};

/// So many errors beside a page are read; a page has at most a thousand entries.
const MAX_ERRORS: usize = 1_000;
/// A longer cursor cannot be asked for.
const MAX_CURSOR_BYTES: usize = 512;
/// The most that is kept of a name; X allows 50 characters.
const MAX_NAME_CHARS: usize = 200;
/// The most that is kept of a post's text or a user's description; X allows 25,000 characters.
const MAX_TEXT_CHARS: usize = 32_000;

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
    users: Vec<Value>,
    #[serde(default)]
    posts: Vec<serde_json::Value>,
    /// What they were called before August 2026.
    #[serde(default)]
    tweets: Vec<serde_json::Value>,
}

impl Includes {
    /// The newest post of each author, of those that came along.
    fn newest_posts(&self) -> HashMap<&str, TargetId> {
        let mut newest: HashMap<&str, TargetId> = HashMap::new();
        for post in self.posts.iter().chain(&self.tweets) {
            let text = |name: &str| post.get(name).and_then(serde_json::Value::as_str);
            let Some((author, id)) = text("author_id").zip(text("id").and_then(|id| id.parse::<TargetId>().ok()))
            else {
                continue;
            };
            newest.entry(author).and_modify(|known| *known = id.max(*known)).or_insert(id);
        }
        newest
    }
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

/// A field whose value is not what it should be is unknown, as one that is absent; its entry is there all the same.
fn if_readable<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<Option<T>, D::Error> {
    Ok(serde_json::from_value(Value::deserialize(deserializer)?).ok())
}

#[derive(Deserialize)]
struct UserBody {
    id: String,
    #[serde(default, deserialize_with = "if_readable")]
    username: Option<String>,
    #[serde(default, deserialize_with = "if_readable")]
    name: Option<String>,
    #[serde(default, deserialize_with = "if_readable")]
    created_at: Option<String>,
    #[serde(default, deserialize_with = "if_readable")]
    description: Option<String>,
    #[serde(default, deserialize_with = "if_readable")]
    most_recent_post_id: Option<String>,
    /// What it was called before August 2026.
    #[serde(default, deserialize_with = "if_readable")]
    most_recent_tweet_id: Option<String>,
    #[serde(default, deserialize_with = "if_readable")]
    public_metrics: Option<UserMetrics>,
}

#[derive(Deserialize)]
struct UserMetrics {
    #[serde(default, deserialize_with = "if_readable")]
    followers_count: Option<u64>,
}

#[derive(Deserialize)]
struct PostBody {
    id: String,
    #[serde(default, deserialize_with = "if_readable")]
    author_id: Option<String>,
    #[serde(default, deserialize_with = "if_readable")]
    created_at: Option<String>,
    #[serde(default, deserialize_with = "if_readable")]
    text: Option<String>,
    #[serde(default, deserialize_with = "if_readable")]
    public_metrics: Option<PostMetrics>,
    #[serde(default, deserialize_with = "if_readable")]
    referenced_posts: Option<Vec<Reference>>,
    /// What they were called before August 2026.
    #[serde(default, deserialize_with = "if_readable")]
    referenced_tweets: Option<Vec<Reference>>,
    #[serde(default, deserialize_with = "if_readable")]
    attachments: Option<Attachments>,
}

#[derive(Deserialize)]
struct ListBody {
    id: String,
    #[serde(default, deserialize_with = "if_readable")]
    name: Option<String>,
    #[serde(default, deserialize_with = "if_readable")]
    created_at: Option<String>,
    #[serde(default, deserialize_with = "if_readable")]
    description: Option<String>,
    #[serde(default, deserialize_with = "if_readable")]
    follower_count: Option<u64>,
    #[serde(default, deserialize_with = "if_readable")]
    member_count: Option<u64>,
}

#[derive(Deserialize)]
struct Attachments {
    #[serde(default, deserialize_with = "if_readable")]
    media_keys: Option<Vec<Value>>,
}

#[derive(Deserialize)]
struct PostMetrics {
    #[serde(default, deserialize_with = "if_readable")]
    like_count: Option<u64>,
    #[serde(default, deserialize_with = "if_readable")]
    repost_count: Option<u64>,
    /// What it was called before August 2026.
    #[serde(default, deserialize_with = "if_readable")]
    retweet_count: Option<u64>,
}

#[derive(Deserialize)]
struct Reference {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default, deserialize_with = "if_readable")]
    id: Option<String>,
}

impl Reference {
    fn is_repost(&self) -> bool {
        matches!(self.kind.as_str(), "reposted" | "retweeted")
    }
}

/// Reads a page of users or posts. An empty list has no `data` but says that its count is 0. With `lookup`, names were asked
/// for, and a body of nothing but errors about them is a page on which all are missing.
pub(super) fn page(body: &Body, of: TargetKind, lookup: bool) -> Option<Page> {
    let mut read: PageBody = serde_json::from_value(Value::Object(read(body).ok()?)).ok()?;
    let missing: Vec<Missing> = read.errors.iter().take(MAX_ERRORS).filter_map(missing_of).collect();
    // What is told beside nothing may be why there is nothing: an account that is not there has no list either.
    let says_none = read.data.is_some() || read.meta.as_ref().is_some_and(|meta| meta.result_count == Some(0));
    let is_empty_list = says_none && read.errors.is_empty();
    let all_missing = lookup && !missing.is_empty() && missing.len() == read.errors.len();
    let has_entries = read.data.as_ref().is_some_and(|data| !data.is_empty());
    if !has_entries && !is_empty_list && !all_missing {
        return None;
    }
    let beside = std::mem::take(&mut read.includes.users);
    let beside: Vec<UserBody> = beside.into_iter().filter_map(|user| serde_json::from_value(user).ok()).collect();
    let authors: HashMap<&str, &UserBody> = beside.iter().map(|user| (user.id.as_str(), user)).collect();
    let newest_posts = read.includes.newest_posts();
    let items = read.data.unwrap_or_default();
    let asked = items.len();
    let entries: Vec<Listed> = items
        .into_iter()
        .filter_map(|item| match of {
            TargetKind::User => user(serde_json::from_value(item).ok()?, &newest_posts),
            TargetKind::Post => post(serde_json::from_value(item).ok()?, &authors),
            TargetKind::List => list(serde_json::from_value(item).ok()?),
            TargetKind::Tag | TargetKind::Domain => None,
        })
        .collect();
    let unreadable = u32::try_from(asked - entries.len()).unwrap_or(u32::MAX);
    let next = match read.meta.and_then(|meta| meta.next_token).filter(|token| !token.is_empty()) {
        None => NextPage::None,
        Some(token) if is_cursor(&token) => NextPage::At(token),
        Some(_) => NextPage::Unusable,
    };
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

/// The beginning of a text that is longer than any honest one.
fn bounded(mut text: String, most_chars: usize) -> String {
    if let Some((end, _)) = text.char_indices().nth(most_chars) {
        text.truncate(end);
    }
    text
}

fn user(body: UserBody, newest_posts: &HashMap<&str, TargetId>) -> Option<Listed> {
    let newest = body.most_recent_post_id.or(body.most_recent_tweet_id);
    let newest = newest.and_then(|id| id.parse().ok()).or_else(|| newest_posts.get(body.id.as_str()).copied());
    Some(Listed {
        handle: body.username.as_deref().and_then(|name| name.parse().ok()),
        name: body.name.map(|name| bounded(name, MAX_NAME_CHARS)),
        created_at: body.created_at.as_deref().and_then(time),
        newest_post: newest,
        followers: body.public_metrics.and_then(|metrics| metrics.followers_count),
        text: body.description.filter(|text| !text.is_empty()).map(|text| bounded(text, MAX_TEXT_CHARS)),
        ..Listed::bare(Target::Id(body.id.parse().ok()?))
    })
}

fn list(body: ListBody) -> Option<Listed> {
    Some(Listed {
        name: body.name.map(|name| bounded(name, MAX_NAME_CHARS)),
        created_at: body.created_at.as_deref().and_then(time),
        followers: body.follower_count,
        members: body.member_count,
        text: body.description.filter(|text| !text.is_empty()).map(|text| bounded(text, MAX_TEXT_CHARS)),
        ..Listed::bare(Target::Id(body.id.parse().ok()?))
    })
}

fn post(body: PostBody, authors: &HashMap<&str, &UserBody>) -> Option<Listed> {
    let author = body.author_id.as_deref().and_then(|id| authors.get(id));
    let metrics = body.public_metrics.as_ref();
    let references = body.referenced_posts.or(body.referenced_tweets);
    let repost = references.iter().flatten().find(|reference| reference.is_repost());
    Some(Listed {
        handle: author.and_then(|author| author.username.as_deref()?.parse().ok()),
        name: author.and_then(|author| author.name.clone()).map(|name| bounded(name, MAX_NAME_CHARS)),
        created_at: body.created_at.as_deref().and_then(time),
        likes: metrics.and_then(|metrics| metrics.like_count),
        reposts: metrics.and_then(|metrics| metrics.repost_count.or(metrics.retweet_count)),
        is_repost: is_repost(references.is_some(), repost.is_some(), body.text.as_deref()),
        traits: PostTraits {
            is_reply: references.as_ref().map(|all| all.iter().any(|reference| reference.kind == "replied_to")),
            has_media: has_media(body.attachments.as_ref(), body.text.as_deref()),
            ..PostTraits::UNKNOWN
        },
        repost_of: repost.and_then(|reference| reference.id.as_deref()?.parse().ok()).map(Target::Id),
        text: body.text.map(|text| bounded(text, MAX_TEXT_CHARS)),
        ..Listed::bare(Target::Id(body.id.parse().ok()?))
    })
}

/// A post without references has no such field, and so has every post where the platform calls it by another name: absent says
/// nothing. The text of a repost always begins `RT @`; one that begins otherwise is none.
fn is_repost(has_references: bool, has_repost: bool, text: Option<&str>) -> Option<bool> {
    match (has_references, text) {
        (true, _) => Some(has_repost),
        (false, Some(text)) if !text.starts_with("RT @") => Some(false),
        (false, _) => None,
    }
}

/// A post without attachments has no such field. The text of one with media always ends in a link to them; one without any link has none.
fn has_media(attachments: Option<&Attachments>, text: Option<&str>) -> Option<bool> {
    match (attachments, text) {
        (Some(attachments), _) => Some(attachments.media_keys.as_ref().is_some_and(|keys| !keys.is_empty())),
        (None, Some(text)) if !text.contains("https://t.co/") => Some(false),
        (None, _) => None,
    }
}

fn time(text: &str) -> Option<Wall> {
    text.parse::<jiff::Timestamp>().ok().map(|timestamp| Wall(timestamp.as_millisecond()))
}

#[cfg(test)]
#[path = "page_tests.rs"]
mod tests;
