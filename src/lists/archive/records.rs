//! The JSON of one entry as an [`Entry`]. Pure. Which keys there are and what is missing: docs/lists.md.

use serde::Deserialize;
use serde::de::{Error as _, IgnoredAny};
use serde_json::Value;

use super::about::Count;
use super::object::Object;
use super::surrogates::without_lone_surrogates;
use crate::domain::{ListKind, PostTraits, Target, TargetId, TargetKind};
use crate::jobfile::read_target;
use crate::lists::{Entry, parse_source_time};

/// An entry that was read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Record {
    /// One that can be used.
    Entry(Box<Entry>),
    /// A version of an edited post, under the ID of the newest version: the others are no longer shown.
    Edited(Box<Entry>),
    /// It has no ID.
    NoId,
}

/// Reads an entry of a list. Whether halves of characters in its text had to be replaced is said beside it.
///
/// # Errors
/// It is no JSON, or not of the form X gives the list's entries.
pub(super) fn read(list: ListKind, json: &[u8]) -> serde_json::Result<(Record, bool)> {
    let error = match read_whole(list, json) {
        Ok(record) => return Ok((record, false)),
        Err(error) => error,
    };
    match without_lone_surrogates(json) {
        Some(whole) => read_whole(list, &whole).map(|record| (record, true)),
        None => Err(error),
    }
}

fn read_whole(list: ListKind, json: &[u8]) -> serde_json::Result<Record> {
    Ok(match list {
        ListKind::Following => user(object::<Following>(json)?.following.0),
        ListKind::Followers => user(object::<Follower>(json)?.follower.0),
        ListKind::Mutes => user(object::<Mute>(json)?.muting.0),
        ListKind::Blocks => user(object::<Block>(json)?.blocking.0),
        ListKind::Likes => like(object::<LikeEntry>(json)?.like.0),
        ListKind::Posts | ListKind::Reposts => post(post_of(json)?)?,
        // X's archives have no bookmarks, do not say what is pinned, and name lists of users without their IDs.
        ListKind::Bookmarks
        | ListKind::Pins
        | ListKind::FollowedLists
        | ListKind::OwnedLists
        | ListKind::PinnedLists
        | ListKind::BlockedLists
        | ListKind::FollowedTags
        | ListKind::BlockedDomains => Record::NoId,
    })
}

fn object<'a, T: Deserialize<'a>>(json: &'a [u8]) -> serde_json::Result<T> {
    serde_json::from_slice(json).map(|Object(entry)| entry)
}

/// A post; until mid-January 2020 it came without the object around it.
fn post_of(json: &[u8]) -> serde_json::Result<Post> {
    object::<PostEntry>(json).map(|entry| entry.tweet.0).or_else(|wrapped| {
        let bare = object::<Post>(json).ok().filter(|post| post.id_str.is_some() || post.id.is_some());
        bare.ok_or(wrapped)
    })
}

fn user(user: User) -> Record {
    match id_of(user.account_id, user.user_link, TargetKind::User) {
        Some(id) => Record::Entry(Box::new(Entry::bare(Target::Id(id)))),
        None => Record::NoId,
    }
}

fn like(like: Like) -> Record {
    match id_of(like.tweet_id, like.expanded_url, TargetKind::Post) {
        Some(id) => Record::Entry(Box::new(Entry { text: like.full_text, ..Entry::bare(Target::Id(id)) })),
        None => Record::NoId,
    }
}

fn post(post: Post) -> serde_json::Result<Record> {
    let traits = post.traits();
    // Until 2018 the number stood beside the text.
    let written = match (post.id_str, post.id) {
        (Some(text), _) | (None, Some(Value::String(text))) => Some(text),
        (None, Some(_)) => {
            return Err(serde_json::Error::custom(
                "its ID is a number, which may have been rounded; expected a string",
            ));
        }
        (None, None) => None,
    };
    let Some(own) = id_of(written, None, TargetKind::Post) else { return Ok(Record::NoId) };
    let versions = post.edit_info.map(EditInfo::ids).unwrap_or_default();
    // IDs grow with time.
    let newest = versions.iter().filter_map(|id| id.parse().ok()).fold(own, TargetId::max);
    let text = post.full_text.or(post.text);
    let source = post.retweeted_status.and_then(|source| source.0.id_str).or(post.retweeted_status_id_str);
    let repost_of = source.and_then(|id| id.parse::<TargetId>().ok());
    let begins_so = text.as_deref().map(|text| text.starts_with("RT @"));
    let entry = Box::new(Entry {
        created_at: post.created_at.as_deref().and_then(parse_source_time),
        likes: post.favorite_count.and_then(Count::number),
        reposts: post.retweet_count.and_then(Count::number),
        is_repost: if repost_of.is_some() { Some(true) } else { begins_so },
        repost_of: repost_of.map(Target::Id),
        traits,
        text,
        ..Entry::bare(Target::Id(newest))
    });
    Ok(if versions.len() > 1 { Record::Edited(entry) } else { Record::Entry(entry) })
}

/// The ID as it is written; where it is missing, out of the link.
fn id_of(id: Option<String>, link: Option<String>, kind: TargetKind) -> Option<TargetId> {
    if let Some(id) = id.as_deref().filter(|id| !id.is_empty()) {
        return id.parse().ok();
    }
    match read_target(link?.as_bytes(), Some(kind)) {
        Ok(Target::Id(id)) => Some(id),
        _ => None,
    }
}

#[derive(Deserialize)]
struct Following {
    following: Object<User>,
}

#[derive(Deserialize)]
struct Follower {
    follower: Object<User>,
}

#[derive(Deserialize)]
struct Mute {
    muting: Object<User>,
}

#[derive(Deserialize)]
struct Block {
    blocking: Object<User>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct User {
    account_id: Option<String>,
    user_link: Option<String>,
}

#[derive(Deserialize)]
struct LikeEntry {
    like: Object<Like>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Like {
    tweet_id: Option<String>,
    full_text: Option<String>,
    expanded_url: Option<String>,
}

#[derive(Deserialize)]
struct PostEntry {
    tweet: Object<Post>,
}

#[derive(Deserialize)]
struct Post {
    id_str: Option<String>,
    id: Option<Value>,
    created_at: Option<String>,
    full_text: Option<String>,
    text: Option<String>,
    favorite_count: Option<Count>,
    retweet_count: Option<Count>,
    edit_info: Option<EditInfo>,
    retweeted_status_id_str: Option<String>,
    in_reply_to_status_id_str: Option<Value>,
    in_reply_to_status_id: Option<Value>,
    in_reply_to_user_id_str: Option<Value>,
    in_reply_to_user_id: Option<Value>,
    entities: Option<Entities>,
    extended_entities: Option<Entities>,
    /// Only in archives of before 2018.
    retweeted_status: Option<Object<Source>>,
}

impl Post {
    /// An archive has every field that a post has: one that is not there says no. Every post has its entities.
    fn traits(&self) -> PostTraits {
        let answered = [
            &self.in_reply_to_status_id_str,
            &self.in_reply_to_status_id,
            &self.in_reply_to_user_id_str,
            &self.in_reply_to_user_id,
        ];
        let is_told = |value: &&Option<Value>| value.as_ref().is_some_and(|value| !value.is_null());
        let has_media = |entities: &Entities| entities.media.as_ref().is_some_and(|media| !media.is_empty());
        PostTraits {
            is_reply: Some(answered.iter().any(is_told)),
            has_media: self
                .entities
                .as_ref()
                .map(|entities| has_media(entities) || self.extended_entities.as_ref().is_some_and(has_media)),
            ..PostTraits::UNKNOWN
        }
    }
}

/// What stands in a post.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Entities {
    media: Option<Vec<IgnoredAny>>,
}

/// The post that a repost repeats.
#[derive(Deserialize)]
struct Source {
    id_str: Option<String>,
}

/// The first version names its edits itself, a later one those of the first.
#[derive(Deserialize)]
struct EditInfo {
    initial: Option<EditControl>,
    edit: Option<Edit>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Edit {
    edit_control_initial: Option<EditControl>,
    initial_tweet_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EditControl {
    #[serde(default)]
    edit_tweet_ids: Vec<String>,
}

impl EditInfo {
    fn ids(self) -> Vec<String> {
        let mut ids = self.initial.map(|control| control.edit_tweet_ids).unwrap_or_default();
        if let Some(edit) = self.edit {
            ids.extend(edit.edit_control_initial.map(|control| control.edit_tweet_ids).unwrap_or_default());
            ids.extend(edit.initial_tweet_id);
        }
        ids.sort_unstable();
        ids.dedup();
        ids
    }
}

#[cfg(test)]
#[path = "records_tests.rs"]
mod tests;
