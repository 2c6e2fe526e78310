//! An entry of a list as it waits in the queue: what was told of it, written and read.

use serde::{Deserialize, Serialize};

use crate::domain::{Handle, PostTraits, Target, TargetKind, Wall};
use crate::lists::{Entry, snowflake};
use crate::platforms::Listed;
use crate::store::{PageEntry, StoreError, TargetMetadata};

/// All that was told of an entry, as it waits in the queue. What was not told takes no room there: a list has ten thousands of them.
#[derive(Serialize, Deserialize)]
struct Facts {
    #[serde(skip_serializing_if = "Option::is_none")]
    handle: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<Wall>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_active_at: Option<Wall>,
    #[serde(skip_serializing_if = "Option::is_none")]
    followers: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    members: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    likes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reposts: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_repost: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    repost_of: Option<String>,
    #[serde(flatten)]
    traits: PostTraits,
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_opaque: bool,
}

/// An entry of a page, for the queue.
pub(super) fn page_entry(listed: &Listed) -> Result<PageEntry, StoreError> {
    let facts = Facts {
        handle: listed.handle.as_ref().map(|handle| handle.as_str().to_owned()),
        address: listed.address.as_ref().map(|address| address.as_str().to_owned()),
        name: listed.name.clone(),
        created_at: listed.created_at,
        // A post's ID tells when it was made.
        last_active_at: listed
            .last_active_at
            .or_else(|| listed.newest_post.and_then(|post| snowflake::time(post, TargetKind::Post))),
        followers: listed.followers,
        members: listed.members,
        likes: listed.likes,
        reposts: listed.reposts,
        text: listed.text.clone(),
        is_repost: listed.is_repost,
        repost_of: listed.repost_of.as_ref().map(Target::to_string),
        traits: listed.traits,
        link: listed.link.clone(),
        is_opaque: listed.is_opaque,
    };
    let facts = serde_json::to_string(&facts).map_err(|e| StoreError::Impossible { what: e.to_string() })?;
    Ok(PageEntry { target: listed.id.clone(), known: known_of(listed), facts })
}

/// An entry that comes from an export, the same as if it had been listed.
///
/// # Errors
/// It cannot be written down.
pub(in crate::lists) fn entry_of_listed(listed: &Listed) -> Result<Entry, StoreError> {
    let waiting = page_entry(listed)?;
    entry_of(waiting.target, &waiting.facts)
}

/// What is worth keeping of an entry when its list is gone.
pub(in crate::lists) fn known_of(listed: &Listed) -> TargetMetadata {
    TargetMetadata {
        handle: listed.handle.clone(),
        name: listed.name.clone(),
        text: listed.text.clone(),
        seen_at: Wall::default(),
    }
}

/// An entry of the queue as an [`Entry`].
///
/// # Errors
/// It holds what this program never writes.
pub fn entry_of(target: Target, facts: &str) -> Result<Entry, StoreError> {
    let facts: Facts = serde_json::from_str(facts).map_err(|e| StoreError::Impossible { what: e.to_string() })?;
    Ok(Entry {
        target,
        handle: facts.handle.and_then(|handle| handle.parse::<Handle>().ok()),
        address: facts.address.and_then(|address| address.parse().ok()),
        name: facts.name,
        created_at: facts.created_at,
        last_active_at: facts.last_active_at,
        followers: facts.followers,
        members: facts.members,
        likes: facts.likes,
        reposts: facts.reposts,
        text: facts.text,
        is_repost: facts.is_repost,
        repost_of: facts.repost_of.and_then(|id| id.parse().ok()),
        traits: facts.traits,
        // Found by comparing lists, later.
        follows_back: None,
        is_ghost: None,
        repost_id: None,
        link: facts.link,
        is_opaque: facts.is_opaque,
    })
}
