//! Which lists of an account can be read, and what can be asked beside each: the registry's word for a face that offers them.

use super::info::ListExtras;
use crate::app::list::ListPlan;
use crate::domain::{Action, ListKind, MicroUsd, Platform, Wall};
use crate::lists::filter::{Filter, PlainRules};
use crate::platforms::{find_list_endpoint, table};

/// A list that a platform hands out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadableList {
    /// Which.
    pub list: ListKind,
    /// What can be asked beside it.
    pub offers: ListExtras,
    /// The price of an entry: for the owner of the developer app, and for others.
    pub price: (MicroUsd, MicroUsd),
    /// The same with each user's newest post.
    pub price_with_posts: (MicroUsd, MicroUsd),
}

/// The lists that a platform hands out.
pub fn readable_lists(platform: Platform) -> Vec<ReadableList> {
    let readable = |list: ListKind| {
        let row = find_list_endpoint(platform, list)?;
        let can = |filter: &Filter| can_ask(platform, list, filter);
        let back = plain(PlainRules { not_following_back: true, ..PlainRules::default() });
        let ghosts = plain(PlainRules { ghosts: true, ..PlainRules::default() });
        let posted = Filter { inactive_since: Some(Wall(0)), ..Filter::default() };
        let offers = ListExtras {
            follows_back: list != ListKind::Followers && can(&back),
            ghosts: can(&ghosts),
            last_posted: can(&posted),
        };
        Some(ReadableList { list, offers, price: row.price_with(false), price_with_posts: row.price_with(true) })
    };
    ListKind::ALL.into_iter().filter_map(readable).collect()
}

/// What a platform undoes, in the order of its table.
pub fn offered_actions(platform: Platform) -> impl Iterator<Item = Action> {
    table(platform).iter().map(|endpoint| endpoint.action)
}

/// Whether a list can be asked which of its posts are pinned.
pub(super) fn can_tell_pinned(platform: Platform, list: ListKind) -> bool {
    list == ListKind::Posts
        && can_ask(platform, list, &plain(PlainRules { keep_pinned: true, ..PlainRules::default() }))
}

fn plain(plain: PlainRules) -> Filter {
    Filter { plain, ..Filter::default() }
}

fn can_ask(platform: Platform, list: ListKind, filter: &Filter) -> bool {
    filter.misfit(list.target_kind()).is_none() && ListPlan::of(platform, list, filter).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_asked_beside_a_list_is_what_the_plan_of_it_takes() {
        let of =
            |platform, list| readable_lists(platform).into_iter().find(|one| one.list == list).map(|one| one.offers);
        let nothing = ListExtras::default();
        assert_eq!(of(Platform::Bluesky, ListKind::Likes), Some(nothing), "posts do not follow anybody");
        let following = of(Platform::Bluesky, ListKind::Following);
        assert!(following.is_some_and(|offers| offers.follows_back && offers.ghosts), "{following:?}");
        assert!(of(Platform::XV2, ListKind::Following).is_some_and(|offers| offers.follows_back));
        assert!(of(Platform::XV2, ListKind::Followers).is_some_and(|offers| !offers.follows_back));
        assert!(
            Platform::ALL.into_iter().any(|platform| readable_lists(platform).is_empty()),
            "not every API hands out lists"
        );
    }
}
