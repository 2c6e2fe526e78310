//! The collections of the sandbox's repositories: what deleting a record of each is, and how many there are.

use super::super::lists::{ListSizes, Shelf};
use crate::domain::{Action, TargetKind};

crate::domain::with_names! {
    /// A collection that the sandbox's repositories have.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
    pub(in crate::sandbox) enum Collection {
        Follows => "app.bsky.graph.follow",
        Blocks => "app.bsky.graph.block",
        Likes => "app.bsky.feed.like",
        Reposts => "app.bsky.feed.repost",
        Posts => "app.bsky.feed.post",
        Threadgates => "app.bsky.feed.threadgate",
        Postgates => "app.bsky.feed.postgate",
        ListBlocks => "app.bsky.graph.listblock",
    }
}

/// Every so many-th post says who may answer it, and every so many-th who may quote it.
const THREADGATE_EACH: u32 = 10;
const POSTGATE_EACH: u32 = 20;

impl Collection {
    /// What deleting one of its records is.
    pub(in crate::sandbox) const fn action(self) -> Action {
        match self {
            Collection::Follows => Action::Unfollow,
            Collection::Blocks => Action::Unblock,
            Collection::ListBlocks => Action::ListUnblock,
            Collection::Likes => Action::Unlike,
            Collection::Reposts => Action::Unrepost,
            Collection::Posts | Collection::Threadgates | Collection::Postgates => Action::DeletePost,
        }
    }

    /// The collection of what is on a list; none: that is no matter of repositories.
    pub(in crate::sandbox) const fn of_shelf(shelf: Shelf) -> Option<Collection> {
        match shelf {
            Shelf::Following => Some(Collection::Follows),
            Shelf::Likes => Some(Collection::Likes),
            Shelf::Posts => Some(Collection::Posts),
            Shelf::Blocks => Some(Collection::Blocks),
            Shelf::Followers | Shelf::Mutes | Shelf::Bookmarks | Shelf::Pins => None,
            Shelf::BlockedLists => Some(Collection::ListBlocks),
            Shelf::FollowedLists | Shelf::OwnedLists | Shelf::PinnedLists => None,
            Shelf::FollowedTags | Shelf::BlockedDomains => None,
        }
    }

    pub(in crate::sandbox) const fn subject_kind(self) -> TargetKind {
        self.action().target_kind()
    }

    /// How many records it has before anything is deleted. Of what X counts as posts, every fourth is a repost.
    pub(in crate::sandbox) fn size(self, sizes: ListSizes) -> u32 {
        let posts = sizes.of(Shelf::Posts) - sizes.of(Shelf::Posts) / 4;
        match self {
            Collection::Follows => sizes.of(Shelf::Following),
            Collection::Blocks => sizes.of(Shelf::Blocks),
            Collection::ListBlocks => sizes.of(Shelf::BlockedLists),
            Collection::Likes => sizes.of(Shelf::Likes),
            Collection::Reposts => sizes.of(Shelf::Posts) / 4,
            Collection::Posts => posts,
            Collection::Threadgates => posts.div_ceil(THREADGATE_EACH),
            Collection::Postgates => posts.div_ceil(POSTGATE_EACH),
        }
    }

    /// Whether one subject has one record, so that a second one takes the first one's place.
    pub(in crate::sandbox) const fn is_relation(self) -> bool {
        matches!(
            self,
            Collection::Follows | Collection::Blocks | Collection::ListBlocks | Collection::Likes | Collection::Reposts
        )
    }

    /// Where a gate's post stands.
    pub(in crate::sandbox) const fn post_index(self, index: u32) -> u32 {
        match self {
            Collection::Threadgates => index * THREADGATE_EACH,
            Collection::Postgates => index * POSTGATE_EACH,
            _ => index,
        }
    }
}
