//! A page of a list: records of a repository, or users and posts as the app view tells of them. In: a question or an answer. Out: a query; a
//! [`Page`], or none where it is none. Pure.

use serde_json::Value;

use super::grammar::{Address, GRAMMAR, POST, address};
use super::tid;
use crate::domain::{OwnRecord, PostTraits, Target, TargetName, Wall, is_did};
use crate::platforms::answer::Answer;
use crate::platforms::classify::{Object, read};
use crate::platforms::entry::{ListItem as Item, Listed, Missing, NextPage, Page};
use crate::platforms::oauth1::percent_encode;
use crate::platforms::page_question::{PageQuestion, What};

/// The most that is kept of a name.
const MAX_NAME_CHARS: usize = 300;
/// A longer cursor is not asked for.
const MAX_CURSOR_BYTES: usize = 512;

/// What a bookmark is kept as, where records are: the app view keeps it, in no collection.
const BOOKMARK: &str = "app.bsky.bookmark";

/// The query of a page.
pub(super) fn query(question: &PageQuestion<'_>) -> String {
    match question.what {
        What::Entries { count, from, .. } => {
            let count = count.clamp(question.bounds.0, question.bounds.1);
            let from = from.map_or_else(String::new, |from| format!("&cursor={}", percent_encode(from)));
            format!("limit={count}{from}")
        }
        // What the account has done is all in its repository.
        What::Post(_) => String::new(),
        What::Users(users) => {
            let actors: Vec<String> = users.iter().map(|user| format!("actors={user}")).collect();
            actors.join("&")
        }
        What::Names(names) => {
            let handle = names.first().map_or("", |name| name.as_str());
            format!("handle={handle}")
        }
    }
}

/// Reads a page: the list it holds says of which kind it is.
pub(super) fn page(question: &PageQuestion<'_>, answer: &Answer) -> Option<Page> {
    let root = read(&answer.body).ok()?;
    if let What::Names(names) = question.what {
        return resolved(names, answer.status, &root);
    }
    type ReadItem = fn(&Value) -> Item;
    let kinds: [(&str, ReadItem); 5] =
        [("records", record), ("followers", user), ("mutes", user), ("profiles", user), ("bookmarks", bookmark)];
    let (items, read_item) = kinds.iter().find_map(|(name, of)| Some((root.get(*name)?.as_array()?, of)))?;
    let mut page = Page { next: next(&root), ..Page::default() };
    for item in items {
        match read_item(item) {
            Item::Listed(listed) => page.entries.push(*listed),
            Item::NoTarget | Item::OfAnother => {}
            Item::Unreadable => page.unreadable += 1,
        }
    }
    Some(page)
}

/// Whose a handle is. That it leads to nobody is an error of its own words, for a server that cannot say it answers with the same status. Who had
/// the handle may be there still, and so is the record that names that user: it is no proof that anybody has gone.
fn resolved(names: &[TargetName], status: u16, root: &Object) -> Option<Page> {
    let asked = names.first()?.as_str().to_owned();
    let text = |field: &str| root.get(field).and_then(Value::as_str);
    match status {
        200 => {
            let user = text("did").filter(|did| is_did(did)).and_then(|did| did.parse().ok())?;
            Some(Page { entries: vec![Listed::bare(user)], ..Page::default() })
        }
        400 if text("error") == Some("HandleNotFound")
            || text("message").is_some_and(|said| said.eq_ignore_ascii_case("Unable to resolve handle")) =>
        {
            Some(Page { missing: vec![Missing { asked, reason: "handle_not_found" }], ..Page::default() })
        }
        _ => None,
    }
}

fn next(root: &Object) -> NextPage {
    match root.get("cursor") {
        None | Some(Value::Null) => NextPage::None,
        Some(Value::String(cursor)) if (1..=MAX_CURSOR_BYTES).contains(&cursor.len()) => NextPage::At(cursor.clone()),
        Some(_) => NextPage::Unusable,
    }
}

/// A record of the account's own, as a page or an export has it. Its subject is what rows name; of a post it is the post itself, and of a gate the post that it belongs to.
pub(super) fn record(item: &Value) -> Item {
    let (Some(uri), Some(cid), Some(value)) = (text(item, "uri"), text(item, "cid"), item.get("value")) else {
        return Item::Unreadable;
    };
    let Some(Address { did, collection, rkey }) = address(uri) else { return Item::Unreadable };
    let written = serde_json::to_string(value).ok();
    let own = written.map(|value| OwnRecord {
        collection: collection.to_owned(),
        key: rkey.to_owned(),
        cid: cid.to_owned(),
        value,
    });
    let made = || time(value, "createdAt").or_else(|| tid::time(rkey));
    let (subject, created_at, shown) = match collection {
        POST => (Some(uri.to_owned()), made(), value.get("text").and_then(Value::as_str)),
        "app.bsky.feed.threadgate" | "app.bsky.feed.postgate" => {
            (Some(format!("at://{did}/{POST}/{rkey}")), None, None)
        }
        // A profile is told as the post that it has pinned.
        "app.bsky.actor.profile" => {
            (value.get("pinnedPost").and_then(|post| text(post, "uri")).map(str::to_owned), None, None)
        }
        "app.bsky.feed.repost" => (subject_uri(value), made(), None),
        "app.bsky.feed.like" => (subject_uri(value), None, None),
        _ => (text(value, "subject").map(str::to_owned), None, None),
    };
    let Some(target) = subject.and_then(|subject| GRAMMAR.parse(&subject).ok()) else { return Item::NoTarget };
    Item::Listed(Box::new(Listed {
        // Of what is liked its own key tells when it was made.
        created_at: created_at.or_else(|| made_at(&target)),
        text: shown.map(str::to_owned),
        is_repost: (collection == POST).then_some(false),
        traits: if collection == POST { traits(value) } else { PostTraits::UNKNOWN },
        link: GRAMMAR.page_of(&target),
        is_opaque: true,
        record: own,
        ..Listed::bare(target)
    }))
}

/// What kind of post a record is. Everybody may see it, and what is pinned its author's profile says.
fn traits(post: &Value) -> PostTraits {
    let is_reply = Some(post.get("reply").is_some_and(Value::is_object));
    PostTraits { is_reply, has_media: has_media(post.get("embed")), ..PostTraits::UNKNOWN }
}

/// Whether what is embedded has pictures or a video; none: it is of a kind that nobody here has heard of.
fn has_media(embed: Option<&Value>) -> Option<bool> {
    let Some(embed) = embed.filter(|embed| !embed.is_null()) else { return Some(false) };
    match text(embed, "$type")? {
        "app.bsky.embed.images" | "app.bsky.embed.video" => Some(true),
        "app.bsky.embed.external" | "app.bsky.embed.record" => Some(false),
        "app.bsky.embed.recordWithMedia" => embed.get("media").and_then(|media| has_media(Some(media))),
        _ => None,
    }
}

fn subject_uri(value: &Value) -> Option<String> {
    value.get("subject")?.get("uri")?.as_str().map(str::to_owned)
}

/// When a post was made, as its key tells.
fn made_at(target: &Target) -> Option<Wall> {
    let Target::Key(key) = target else { return None };
    let Address { collection, rkey, .. } = address(key.as_str())?;
    if collection == POST { tid::time(rkey) } else { None }
}

/// A user, as the app view tells.
fn user(item: &Value) -> Item {
    let listed = || {
        let did = text(item, "did").filter(|did| is_did(did))?;
        let target: Target = GRAMMAR.parse(did).ok()?;
        Some(Listed {
            address: text(item, "handle").and_then(address_of),
            name: name(item),
            created_at: time(item, "createdAt"),
            followers: item.get("followersCount").and_then(Value::as_u64),
            text: text(item, "description").map(str::to_owned),
            link: GRAMMAR.page_of(&target),
            is_opaque: true,
            ..Listed::bare(target)
        })
    };
    listed().into()
}

/// A bookmark: of a post that is not there any more only the address is left. What makes it again is the address and the version of its post.
fn bookmark(item: &Value) -> Item {
    let listed = || {
        let uri = subject_uri(item)?;
        let target: Target = GRAMMAR.parse(&uri).ok()?;
        let own = text(item.get("subject")?, "cid").map(|cid| OwnRecord {
            collection: BOOKMARK.to_owned(),
            key: uri.clone(),
            cid: cid.to_owned(),
            value: serde_json::json!({ "uri": uri, "cid": cid }).to_string(),
        });
        let post = item.get("item");
        let record = post.and_then(|post| post.get("record"));
        Some(Listed {
            name: post.and_then(|post| post.get("author")).and_then(name),
            created_at: record.and_then(|record| time(record, "createdAt")).or_else(|| made_at(&target)),
            likes: post.and_then(|post| post.get("likeCount")).and_then(Value::as_u64),
            reposts: post.and_then(|post| post.get("repostCount")).and_then(Value::as_u64),
            text: record.and_then(|record| record.get("text")?.as_str()).map(str::to_owned),
            traits: record.map_or(PostTraits::UNKNOWN, traits),
            link: GRAMMAR.page_of(&target),
            is_opaque: true,
            record: own,
            ..Listed::bare(target)
        })
    };
    listed().into()
}

fn text<'a>(item: &'a Value, field: &str) -> Option<&'a str> {
    item.get(field)?.as_str().filter(|text| !text.is_empty())
}

/// What a handle is in a row: its server's word for one that is not valid any more names nobody.
fn address_of(handle: &str) -> Option<TargetName> {
    let is_valid = handle != "handle.invalid";
    GRAMMAR.read(handle).ok().filter(|_| is_valid)?.name()
}

/// The display name and the handle. The handle is not the entry's own: it may be somebody else's tomorrow.
fn name(user: &Value) -> Option<String> {
    let name = match (text(user, "displayName"), text(user, "handle")) {
        (Some(shown), Some(handle)) => format!("{shown} (@{handle})"),
        (None, Some(handle)) => format!("@{handle}"),
        (shown, None) => shown?.to_owned(),
    };
    Some(name.chars().take(MAX_NAME_CHARS).collect())
}

fn time(item: &Value, field: &str) -> Option<Wall> {
    let at = text(item, field)?.parse::<jiff::Timestamp>().ok()?;
    Some(Wall(at.as_millisecond()))
}

#[cfg(test)]
#[path = "page_tests.rs"]
mod tests;
