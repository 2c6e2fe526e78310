//! An archive of an account, as Mastodon makes it: what its files say. In: the actor, and items of its collections. Out: whose it is, and what
//! an item is on a list. Pure.
//!
//! Names of posts and users are addresses there. One of the account's own server ends in the very ID that the API takes; of a post elsewhere the
//! server has an ID of its own, which no archive tells. Forms: Mastodon's `backup_service.rb`, `tag_manager.rb` and serializers of 2018 to 2026.

use serde_json::Value;

use super::is_name;
use super::page::{html, link, text, time};
use crate::domain::{ListKind, Target};
use crate::platforms::entry::{ListItem, Listed};
use crate::platforms::spec::ExportOwner;

/// The most that is kept of a name.
const MAX_NAME_CHARS: usize = 300;

/// The lists that rows can be made of: their targets have IDs at the account's own server.
pub(super) const LISTS: &[ListKind] = &[ListKind::Posts];

/// Whose it is, by its `actor.json`.
pub(super) fn owner(actor: &Value) -> Option<ExportOwner> {
    let address = text(actor, "id")?;
    let (host, path) = address.strip_prefix("https://")?.split_once('/')?;
    // Accounts made since 2025 are at /ap/users/ID; before, the address has the name alone.
    let user = path.strip_prefix("ap/users/").and_then(|id| id.parse().ok());
    let handle = text(actor, "preferredUsername").map(|name| format!("@{name}@{host}"));
    let name = match (text(actor, "name"), handle) {
        (Some(shown), Some(handle)) => Some(format!("{shown} ({handle})")),
        (shown, handle) => shown.map(str::to_owned).or(handle),
    };
    let name = name.map(|name| name.chars().take(MAX_NAME_CHARS).collect());
    Some(ExportOwner { address: address.to_owned(), host: host.parse().ok()?, user, name })
}

/// What an item of a collection is on a list; none: it is not on it.
pub(super) fn item(list: ListKind, item: &Value, owner: &ExportOwner) -> Option<ListItem> {
    match (list, text(item, "type")) {
        (ListKind::Posts, Some("Create")) => Some(post(item, owner).into()),
        (ListKind::Posts, Some("Announce")) => Some(own_repost(item, owner).into()),
        _ => None,
    }
}

/// A post of the account.
fn post(create: &Value, owner: &ExportOwner) -> Option<Listed> {
    let note = create.get("object")?;
    Some(Listed {
        created_at: time(note, "published").or_else(|| time(create, "published")),
        text: html(note, "content"),
        is_repost: Some(false),
        link: link(note),
        is_opaque: true,
        ..Listed::bare(id_at(text(note, "id")?, owner)?)
    })
}

/// A repost of the account's under its own ID.
fn own_repost(announce: &Value, owner: &ExportOwner) -> Option<Listed> {
    Some(Listed {
        created_at: time(announce, "published"),
        is_repost: Some(true),
        repost_of: reposted(announce).and_then(|address| id_at(address, owner)),
        link: reposted(announce).filter(|address| address.starts_with("https://")).map(str::to_owned),
        is_opaque: true,
        ..Listed::bare(id_at(text(announce, "id")?, owner)?)
    })
}

/// The address of the post that was reposted; one's own private post comes whole.
fn reposted(announce: &Value) -> Option<&str> {
    let object = announce.get("object")?;
    object.as_str().or_else(|| text(object, "id"))
}

/// The ID of a post at the account's own server: `https://HOST/users/NAME/statuses/ID`, `/ap/users/ID/statuses/ID`, and of a repost with
/// `/activity` behind it.
fn id_at(address: &str, owner: &ExportOwner) -> Option<Target> {
    let (host, path) = address.strip_prefix("https://")?.split_once('/')?;
    if !host.eq_ignore_ascii_case(owner.host.as_str()) {
        return None;
    }
    let path = path.strip_suffix("/activity").unwrap_or(path);
    let (user, id) = path.split_once("/statuses/")?;
    let user = user.strip_prefix("users/").or_else(|| user.strip_prefix("ap/users/"))?;
    let is_plain = !user.is_empty() && !user.contains('/') && is_name(id);
    if is_plain { id.parse().ok() } else { None }
}
