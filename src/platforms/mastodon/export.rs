//! An archive of an account, as Mastodon makes it: what its files say. In: the actor, and items of its collections. Out: whose it is, and what
//! an item is on a list. Pure.
//!
//! Names of posts and users are addresses there. One of the account's own server ends in the very ID that the API takes; of a post elsewhere the
//! server has an ID of its own, which no archive tells: its link is the target, and is looked up before anything is sent for it. Forms: Mastodon's `backup_service.rb`, `tag_manager.rb` and serializers of 2018 to 2026.

use serde_json::Value;

use super::page::{link, text, time};
use super::plain_text::plain_text;
use super::{is_name, names};
use crate::domain::{ListKind, PostTraits, Target, Visibility};
use crate::platforms::entry::{ListItem, Listed};
use crate::platforms::spec::ExportOwner;

/// What everybody is called, in every form that ActivityPub allows.
const PUBLIC: [&str; 3] = ["https://www.w3.org/ns/activitystreams#Public", "as:Public", "Public"];
/// The most that is kept of a name.
const MAX_NAME_CHARS: usize = 300;

/// The lists that rows can be made of.
pub(super) const LISTS: &[ListKind] = &[ListKind::Posts, ListKind::Reposts, ListKind::Likes, ListKind::Bookmarks];

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
        (ListKind::Posts, Some("Create" | "Announce")) | (ListKind::Reposts, Some("Announce"))
            if !is_theirs(item, owner) =>
        {
            Some(ListItem::OfAnother)
        }
        (ListKind::Posts, Some("Create")) => Some(post(item, owner).into()),
        (ListKind::Posts, Some("Announce")) => Some(own_repost(item, owner).into()),
        (ListKind::Reposts, Some("Announce")) => Some(repost(item, owner).into()),
        (ListKind::Likes | ListKind::Bookmarks, _) => Some(item.as_str().and_then(|post| linked(post, owner)).into()),
        _ => None,
    }
}

/// Whether an activity is the account's own, and the post that it has made as well. What an account does and makes says by whom it is.
fn is_theirs(activity: &Value, owner: &ExportOwner) -> bool {
    let by = text(activity, "actor");
    let made_by = || text(activity.get("object")?, "attributedTo");
    let is_foreign = text(activity, "type") == Some("Create") && made_by().is_some_and(|by| by != owner.address);
    by == Some(owner.address.as_str()) && !is_foreign
}

/// Somebody's post by its address alone: the ID, where it is one of the account's own server, else its link.
fn linked(address: &str, owner: &ExportOwner) -> Option<Listed> {
    let target = id_at(address, owner).or_else(|| names::read(address))?;
    Some(Listed { link: Some(address.to_owned()), is_opaque: true, ..Listed::bare(target) })
}

/// The post that the account has reposted.
fn repost(announce: &Value, owner: &ExportOwner) -> Option<Listed> {
    let traits = PostTraits { visibility: visibility(announce), ..PostTraits::UNKNOWN };
    Some(Listed { created_at: time(announce, "published"), traits, ..linked(reposted(announce)?, owner)? })
}

/// A post of the account.
fn post(create: &Value, owner: &ExportOwner) -> Option<Listed> {
    let note = create.get("object")?;
    Some(Listed {
        created_at: time(note, "published").or_else(|| time(create, "published")),
        text: note.get("content").and_then(Value::as_str).map(plain_text),
        is_repost: Some(false),
        traits: PostTraits {
            visibility: visibility(create),
            is_reply: note.get("inReplyTo").map(|post| !post.is_null()),
            has_media: note.get("attachment").and_then(Value::as_array).map(|media| !media.is_empty()),
            is_pinned: None,
        },
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
        traits: PostTraits { visibility: visibility(announce), is_reply: Some(false), ..PostTraits::UNKNOWN },
        repost_of: reposted(announce).and_then(|address| id_at(address, owner)),
        link: reposted(announce).filter(|address| address.starts_with("https://")).map(str::to_owned),
        is_opaque: true,
        ..Listed::bare(id_at(text(announce, "id")?, owner)?)
    })
}

/// Who may see it, by whom it is addressed to: everybody, everybody beside the followers, the followers, or those it names.
fn visibility(activity: &Value) -> Option<Visibility> {
    let (to, cc) = (addressees(activity, "to")?, addressees(activity, "cc").unwrap_or_default());
    let is_public = |address: &&str| PUBLIC.contains(address);
    Some(match () {
        () if to.iter().any(is_public) => Visibility::Public,
        () if cc.iter().any(is_public) => Visibility::Unlisted,
        () if to.iter().any(|address| address.ends_with("/followers")) => Visibility::Private,
        () => Visibility::Direct,
    })
}

/// One address, or a list of them.
fn addressees<'a>(activity: &'a Value, field: &str) -> Option<Vec<&'a str>> {
    match activity.get(field)? {
        Value::String(address) => Some(vec![address]),
        Value::Array(addresses) => Some(addresses.iter().filter_map(Value::as_str).collect()),
        _ => None,
    }
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;

    #[test]
    fn who_may_see_a_post_is_told_by_its_addressees() {
        let (public, followers) = (PUBLIC[0], "https://social.example/users/ada/followers");
        let bob = "https://other.example/users/bob";
        for (to, cc, expected) in [
            (json!([public]), json!([followers, bob]), Some(Visibility::Public)),
            (json!("as:Public"), json!([]), Some(Visibility::Public)),
            (json!([followers]), json!([public]), Some(Visibility::Unlisted)),
            (json!([followers]), json!([bob]), Some(Visibility::Private)),
            (json!([bob]), json!([]), Some(Visibility::Direct)),
            (json!([]), Value::Null, Some(Visibility::Direct)),
            (Value::Null, json!([public]), None),
        ] {
            assert_eq!(visibility(&json!({ "to": to, "cc": cc })), expected, "{to} {cc}");
        }
    }

    #[test]
    fn only_addresses_of_the_accounts_own_server_have_an_id() {
        let owner = owner(&json!({ "id": "https://Social.Example/users/ada" })).unwrap();
        let id = |path: &str| id_at(path, &owner).map(|id| id.to_string());
        for (address, expected) in [
            ("https://social.example/users/ada/statuses/109", Some("109")),
            ("https://SOCIAL.example/users/bob/statuses/109/activity", Some("109")),
            ("https://social.example/ap/users/116/statuses/109", Some("109")),
            ("http://social.example/users/ada/statuses/109", None),
            ("https://other.example/users/ada/statuses/109", None),
            ("https://social.example/users/ada/statuses/", None),
            ("https://social.example/users/ada/statuses/1/2", None),
            ("https://social.example/users/a/b/statuses/1", None),
            ("https://social.example/users//statuses/1", None),
            ("https://social.example/@ada/109", None),
            ("https://social.example.evil/users/ada/statuses/109", None),
        ] {
            assert_eq!(id(address).as_deref(), expected, "{address}");
        }
    }
}
