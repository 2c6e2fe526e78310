//! Lists and lookups in the words of X API v2: `data`, `includes`, `meta`, and `errors` beside them. Fields that were not asked
//! for are left out, as X does.

use serde_json::{Map, Value, json};

use super::list_page::ListPage;
use super::lists::{handle_of, made, reposted};
use super::post_shape::shape_of;
use super::rendered::{JSON, PROBLEMS, Rendered, invalid_request, json_answer};
use super::target_fate::TargetRefusal;
use crate::domain::{TargetId, TargetKind};

/// The fields that were asked for.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields {
    pub(super) user: Vec<String>,
    pub(super) post: Vec<String>,
    pub(super) list: Vec<String>,
    /// Whether the authors of posts are to come along.
    pub(super) authors: bool,
    /// Whether the newest posts of users are.
    pub(super) newest_posts: bool,
    /// Whether the answer speaks of tweets.
    pub(super) in_old_names: bool,
}

/// A page in words.
pub(super) fn page(leaf: &ListPage, kind: TargetKind, is_list: bool, fields: &Fields) -> Rendered {
    let data: Vec<Value> = leaf
        .entries
        .iter()
        .map(|(id, name)| match kind {
            TargetKind::User => user(*id, name.as_deref(), fields),
            TargetKind::Post => post(*id, fields),
            TargetKind::List => list(*id, fields),
            // Nothing of X's.
            TargetKind::Tag | TargetKind::Domain => Value::Null,
        })
        .collect();
    let mut body = Map::new();
    if kind == TargetKind::Post && fields.authors && !data.is_empty() {
        let mut authors: Vec<TargetId> = leaf.entries.iter().map(|(id, _)| author(*id)).collect();
        authors.sort_unstable();
        authors.dedup();
        let authors: Vec<Value> = authors.into_iter().map(|id| user(id, None, fields)).collect();
        body.insert("includes".into(), json!({"users": authors}));
    }
    if kind == TargetKind::User && fields.newest_posts && !data.is_empty() {
        let newest = leaf.entries.iter().filter_map(|(id, _)| Some((*id, newest_post(*id)?)));
        let posts: Vec<Value> = newest.map(|(author, post)| included_post(post, author, fields)).collect();
        body.insert("includes".into(), json!({"posts": posts}));
    }
    if is_list {
        let mut meta = json!({"result_count": data.len()});
        if let (Some(next), Some(meta)) = (&leaf.next, meta.as_object_mut()) {
            meta.insert("next_token".into(), next.clone().into());
        }
        body.insert("meta".into(), meta);
    }
    if !data.is_empty() {
        body.insert("data".into(), data.into());
    }
    if !leaf.missing.is_empty() {
        body.insert("errors".into(), leaf.missing.iter().map(missing).collect());
    }
    json_answer(200, JSON, &Value::Object(body))
}

/// A cursor the platform did not give out.
pub(super) fn bad_cursor(cursor: &str) -> Rendered {
    invalid_request("pagination_token", cursor, &format!("Invalid 'pagination_token':['{cursor}']. "))
}

/// A parameter the endpoint does not have.
pub(super) fn unknown_parameter(name: &str) -> Rendered {
    invalid_request(name, "", &format!("The query parameter [{name}] is not one of those of this endpoint"))
}

/// A field or expansion that nobody has heard of, in the words of X's emulator.
pub(super) fn unknown_value(parameter: &str, value: &str) -> Rendered {
    invalid_request(parameter, value, &format!("invalid value '{value}'"))
}

/// A number of entries the endpoint does not take, or names it cannot read.
pub(super) fn bad_parameter(name: &str, value: &str) -> Rendered {
    invalid_request(name, value, &format!("The `{name}` query parameter value [{value}] is not valid"))
}

fn missing((name, why): &(String, Option<TargetRefusal>)) -> Value {
    let (title, detail) = match why {
        None => ("Not Found Error", format!("Could not find user with usernames: [{name}].")),
        Some(_) => ("Forbidden", format!("User has been suspended: [{name}].")),
    };
    json!({
        "value": name,
        "detail": detail,
        "title": title,
        "resource_type": "user",
        "parameter": "usernames",
        "resource_id": name,
        "type": format!("{PROBLEMS}/resource-not-found"),
    })
}

/// A third is quiet since 2018, and one in nine has never posted.
fn newest_post(user: TargetId) -> Option<u64> {
    let value = user.value();
    let at = if value.is_multiple_of(3) { 1_514_764_800_000 } else { 1_764_547_200_000 };
    let since = u64::try_from(at.max(made(user).0) - 1_288_834_974_657).unwrap_or(0);
    (value % 9 != 1).then_some(since << 22 | (value & 0xfff))
}

/// A user's newest post as it comes beside the user.
fn included_post(post: u64, author: TargetId, fields: &Fields) -> Value {
    let all = json!({"author_id": author.to_string()});
    chosen(json!({"id": post.to_string(), "text": TEXTS[0]}), all, &fields.post)
}

fn user(id: TargetId, asked_by: Option<&str>, fields: &Fields) -> Value {
    let value = id.value();
    let made_at = made(id).0;
    let newest = newest_post(id).map(|post| post.to_string());
    let all = json!({
        "created_at": time(made_at),
        "description": DESCRIPTIONS[(value % DESCRIPTIONS.len() as u64) as usize],
        "most_recent_tweet_id": newest,
        "public_metrics": {"followers_count": value % 4_999, "following_count": value % 997,
                           "tweet_count": value % 9_973, "listed_count": 0, "like_count": value % 99_991},
        "protected": false,
        "verified": false,
    });
    let handle = asked_by.map_or_else(|| handle_of(id), str::to_owned);
    let name = format!("{} {}", NAMES[(value % NAMES.len() as u64) as usize], value % 1_000);
    let mut told = chosen(json!({"id": id.to_string(), "name": name, "username": handle}), all, &fields.user);
    if let (true, Some(told), Some(newest)) = (fields.newest_posts, told.as_object_mut(), newest) {
        told.insert("most_recent_post_id".into(), newest.into());
    }
    told
}

fn post(id: TargetId, fields: &Fields) -> Value {
    let value = id.value();
    let text = TEXTS[(value % TEXTS.len() as u64) as usize];
    let source = reposted(id);
    let is_repost = source.is_some();
    let shape = shape_of(id);
    let (is_reply, has_media) = (shape.is_reply && !is_repost, shape.has_media && !is_repost);
    // Media stand in the text as a link.
    let text = match (is_repost, has_media) {
        (true, _) => format!("RT @{}: {text}", handle_of(author(id))),
        (false, true) => format!("{text} https://t.co/{}", value % 1_000),
        (false, false) => text.to_owned(),
    };
    let (reposts, referenced, versions) = if fields.in_old_names {
        ("retweet_count", "referenced_tweets", "edit_history_tweet_ids")
    } else {
        ("repost_count", "referenced_posts", "edit_history_post_ids")
    };
    // What X calls the kind of reference has stayed.
    let references = match source {
        Some(source) => json!([{"type": "retweeted", "id": source.to_string()}]),
        None if is_reply => json!([{"type": "replied_to", "id": (value - 1).to_string()}]),
        None => Value::Null,
    };
    let all = json!({
        "author_id": author(id).to_string(),
        "created_at": time(made(id).0),
        "public_metrics": {"like_count": value % 97, reposts: value % 13, "reply_count": 0, "quote_count": 0},
        referenced: references,
        "attachments": if has_media { json!({"media_keys": [format!("3_{value}")]}) } else { Value::Null },
    });
    chosen(json!({"id": id.to_string(), "text": text, versions: [id.to_string()]}), all, &fields.post)
}

fn list(id: TargetId, fields: &Fields) -> Value {
    let value = id.value();
    let all = json!({
        "created_at": time(made(id).0),
        "description": DESCRIPTIONS[(value % DESCRIPTIONS.len() as u64) as usize],
        "follower_count": value % 997,
        "member_count": value % 499,
        "private": false,
    });
    let name = format!("{} {}", NAMES[(value % NAMES.len() as u64) as usize], value % 1_000);
    chosen(json!({"id": id.to_string(), "name": name}), all, &fields.list)
}

/// What is always told, and of the rest what was asked for and is there.
fn chosen(mut always: Value, all: Value, fields: &[String]) -> Value {
    if let (Some(told), Value::Object(all)) = (always.as_object_mut(), all) {
        told.extend(all.into_iter().filter(|(name, value)| fields.contains(name) && !value.is_null()));
    }
    always
}

fn author(post: TargetId) -> TargetId {
    let value = 1_000_000_000 + post.value() % 7_919;
    value.to_string().parse().unwrap_or(post)
}

fn time(ms: i64) -> String {
    let timestamp = jiff::Timestamp::from_millisecond(ms).unwrap_or_default();
    timestamp.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string()
}

const NAMES: [&str; 7] =
    ["Łukasz Example", "Ana \"Test\" Muster", "=Sum Of Parts", "日本 テスト", "Plain Name", "a,b;c", "🦆 Duck"];
const DESCRIPTIONS: [&str; 5] =
    ["", "made up for tests", "two\nlines", "@nobody in particular", "+1 for commas, and \"quotes\""];
const TEXTS: [&str; 6] = [
    "good morning",
    "a post about ducks, with a comma",
    "=HYPERLINK(\"https://example.org\")",
    "two\nlines and a \"quote\"",
    "köszönöm 🦆",
    "giveaway! retweet to win",
];
