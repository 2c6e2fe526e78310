//! A list as CSV: which columns it has, and an entry's cells. In: an [`Entry`]. Out: text, unescaped: what a spreadsheet would
//! run as a formula is made harmless where the file is written. What does not belong here: filters.

use super::Entry;
use crate::domain::{ListKind, TargetId, TargetKind};

crate::domain::with_names! {
    /// A column of a list. A list read back as a job file is filtered by these names.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub enum Column {
        /// `target_id`, always the first.
        TargetId => "target_id",
        /// `handle`, with its `@`; the writer takes that off unless everything is to stay as it is.
        Handle => "handle",
        /// `name`.
        Name => "name",
        /// `created_at`, RFC 3339 in UTC.
        CreatedAt => "created_at",
        /// `last_active_at`, RFC 3339 in UTC.
        LastActiveAt => "last_active_at",
        /// `followers`.
        Followers => "followers",
        /// `members`: how many are on a list of users.
        Members => "members",
        /// `follows_back`, `true` or `false`.
        FollowsBack => "follows_back",
        /// `likes`.
        Likes => "likes",
        /// `reposts`: how often the post was reposted.
        Reposts => "reposts",
        /// `is_repost`, `true` or `false`.
        IsRepost => "is_repost",
        /// `repost_of`: the ID of the post that a repost repeats.
        RepostOf => "repost_of",
        /// `repost_id`: the ID of the account's own repost.
        RepostId => "repost_id",
        /// `visibility`: `public`, `unlisted`, `private` or `direct`.
        Visibility => "visibility",
        /// `is_reply`, `true` or `false`.
        IsReply => "is_reply",
        /// `has_media`, `true` or `false`.
        HasMedia => "has_media",
        /// `is_pinned`, `true` or `false`.
        IsPinned => "is_pinned",
        /// `text`.
        Text => "text",
        /// `link`: where a person sees it.
        Link => "link",
    }
}

impl Column {
    fn cell(self, entry: &Entry, kind: TargetKind) -> String {
        let word = |flag: Option<bool>| flag.map_or_else(String::new, |flag| flag.to_string());
        let id = |id: Option<TargetId>| id.map_or_else(String::new, |id| id.to_string());
        let number = |count: Option<u64>| count.map_or_else(String::new, |count| count.to_string());
        match self {
            // A link is written as people know it.
            Column::TargetId => match entry.target.name().filter(|name| name.as_str().contains("://")) {
                Some(link) => link.as_str().to_owned(),
                None => entry.target.to_string(),
            },
            Column::Handle => {
                let address = || entry.address.as_ref().map(|address| address.as_str().to_owned());
                entry.handle.as_ref().map(ToString::to_string).or_else(address).unwrap_or_default()
            }
            Column::Name => entry.name.clone().unwrap_or_default(),
            Column::CreatedAt => entry.created_at.map_or_else(String::new, |at| at.rfc3339()),
            Column::LastActiveAt => entry.last_active_at.map_or_else(String::new, |at| at.rfc3339()),
            Column::Followers => number(entry.followers),
            Column::Members => number(entry.members),
            Column::FollowsBack => word(entry.follows_back),
            Column::Likes => number(entry.likes),
            Column::Reposts => number(entry.reposts),
            Column::IsRepost => word(entry.is_repost),
            Column::RepostOf => entry.repost_of.as_ref().map_or_else(String::new, ToString::to_string),
            Column::RepostId => id(entry.repost_id),
            Column::Visibility => {
                entry.traits.visibility.map_or_else(String::new, |visibility| visibility.name().to_owned())
            }
            Column::IsReply => word(entry.traits.is_reply),
            Column::HasMedia => word(entry.traits.has_media),
            Column::IsPinned => word(entry.traits.is_pinned),
            Column::Text => entry.text.clone().unwrap_or_default(),
            Column::Link => entry.url(kind).unwrap_or_default(),
        }
    }
}

/// The columns of a list, in order.
pub const fn columns(list: ListKind) -> &'static [Column] {
    match (list, list.target_kind()) {
        (_, TargetKind::User) => &[
            Column::TargetId,
            Column::Handle,
            Column::Name,
            Column::CreatedAt,
            Column::LastActiveAt,
            Column::Followers,
            Column::FollowsBack,
            Column::Text,
            Column::Link,
        ],
        (_, TargetKind::Tag | TargetKind::Domain) => &[Column::TargetId, Column::Link],
        // What is told of its members tells a list of users from everything else.
        (_, TargetKind::List) => &[
            Column::TargetId,
            Column::Name,
            Column::CreatedAt,
            Column::Followers,
            Column::Members,
            Column::Text,
            Column::Link,
        ],
        (ListKind::Reposts, TargetKind::Post) => &[
            Column::TargetId,
            Column::Handle,
            Column::CreatedAt,
            Column::RepostId,
            Column::Visibility,
            Column::HasMedia,
            Column::Text,
            Column::Link,
        ],
        (ListKind::Posts, TargetKind::Post) => &[
            Column::TargetId,
            Column::Handle,
            Column::Name,
            Column::CreatedAt,
            Column::Likes,
            Column::Reposts,
            Column::IsRepost,
            Column::RepostOf,
            Column::Visibility,
            Column::IsReply,
            Column::HasMedia,
            Column::IsPinned,
            Column::Text,
            Column::Link,
        ],
        (_, TargetKind::Post) => &[
            Column::TargetId,
            Column::Handle,
            Column::Name,
            Column::CreatedAt,
            Column::Likes,
            Column::Reposts,
            Column::IsRepost,
            Column::Visibility,
            Column::IsReply,
            Column::HasMedia,
            Column::Text,
            Column::Link,
        ],
    }
}

/// Whether these are the columns of a list, as it is written.
pub fn is_list_header(names: &[String]) -> bool {
    ListKind::ALL.into_iter().any(|list| columns(list).iter().map(|column| column.name()).eq(names))
}

/// An entry's cells, one for each of [`columns`].
pub fn record(list: ListKind, entry: &Entry) -> Vec<String> {
    columns(list).iter().map(|column| column.cell(entry, list.target_kind())).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_list_begins_with_its_target_and_has_a_cell_for_each_column() {
        for list in ListKind::ALL {
            let entry = Entry::bare("1212161512043446272".parse().unwrap());
            let cells = record(list, &entry);
            assert_eq!(cells.len(), columns(list).len());
            assert_eq!((columns(list)[0], cells[0].as_str()), (Column::TargetId, "1212161512043446272"));
            // What is no ID has no page at X.
            let has_page = !list.target_kind().is_told_by_text();
            assert_eq!(cells.last().unwrap().starts_with("https://x.com/i/"), has_page);
            assert_eq!(ListKind::named(list.name()), Some(list));
        }
    }
}
