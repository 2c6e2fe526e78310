//! What reading a list may cost, said before anything is asked for. Pure.

use crate::domain::{ListKind, MicroUsd};
use crate::lists::filter::{Filter, Take};
use crate::platforms::ListEndpoint;

/// How much of a list is going to be read, as far as that is known before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// To its end.
    Whole,
    /// To its end, because which entries are the first so many is known only then.
    WholeInOrder(usize),
    /// So many entries at most: a limit without a filter.
    AtMost(usize),
    /// Whole pages, until so many entries have passed the filter.
    PagesUntil(usize),
}

impl Extent {
    /// What a filter and a limit leave of a list. Reposts are picked out of the account's posts.
    pub(super) fn of((list, row): (ListKind, &ListEndpoint), filter: &Filter, take: Take) -> Extent {
        match (take.limit, take.order) {
            (None, _) => Extent::Whole,
            (Some(limit), Some(_)) => Extent::WholeInOrder(limit),
            (Some(limit), None) if filter.is_empty() && row.reads(list) == list => Extent::AtMost(limit),
            (Some(limit), None) => Extent::PagesUntil(limit),
        }
    }

    /// The price in a clause, at both prices where the app's owner pays less.
    pub(super) fn price(self, row: &ListEndpoint, newest_posts: bool) -> String {
        let (least, most) = row.page;
        let (owned, dearer) = row.price_with(newest_posts);
        let of = |entries: u64| both(owned.times(entries), dearer.times(entries));
        let with = if newest_posts { " with its newest post" } else { "" };
        let entry = format!("{} an entry{with}", both(owned, dearer));
        match self {
            Extent::Whole => entry,
            Extent::WholeInOrder(limit) => format!(
                "{entry}; --order puts all of them in order before --limit {limit} counts, so the whole list is read and paid for, by pages \
                 of {most}, {} each (--max-spend sets a bound)",
                of(u64::from(most))
            ),
            // A page has a least size; what is behind the limit is paid for all the same.
            Extent::AtMost(limit) => {
                let entries = (limit as u64).max(u64::from(least));
                format!("{entry}, at most {} for {entries}", of(entries))
            }
            Extent::PagesUntil(limit) => format!(
                "{entry}; which of them match is known only after a page has come, so the list is read in whole pages of {most}, {} each, \
                 until --limit {limit} is filled or the list ends (--max-spend sets a bound)",
                of(u64::from(most))
            ),
        }
    }
}

fn both(owned: MicroUsd, dearer: MicroUsd) -> String {
    if owned == dearer { owned.to_string() } else { format!("{owned} ({dearer} if the developer app is not yours)") }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::domain::Platform;
    use crate::lists::filter::{Order, PlainRules};
    use crate::platforms::find_list_endpoint;

    fn not_back() -> Filter {
        let plain = PlainRules { not_following_back: true, ..PlainRules::default() };
        Filter { plain, ..Filter::default() }
    }

    #[test]
    fn the_price_is_that_of_what_is_going_to_be_asked_for() {
        let row = |list| find_list_endpoint(Platform::XV2, list).unwrap();
        let extent = |list, filter: &Filter, take| Extent::of((list, row(list)), filter, take);
        let take = |limit, order| Take { limit, order };
        let (all, active) = (Filter::default(), not_back());
        assert_eq!(extent(ListKind::Following, &active, take(None, None)), Extent::Whole);
        assert_eq!(extent(ListKind::Following, &all, take(None, Some(Order::Oldest))), Extent::Whole);
        let ordered = extent(ListKind::Following, &all, take(Some(5), Some(Order::Oldest)));
        let ordered = ordered.price(row(ListKind::Following), false);
        assert!(
            ordered.contains("--limit 5 counts") && ordered.contains("pages of 1000, $1.00 ($10.00 if"),
            "{ordered}"
        );
        let five = extent(ListKind::Following, &all, take(Some(5), None)).price(row(ListKind::Following), false);
        assert!(five.ends_with("at most $0.005 ($0.05 if the developer app is not yours) for 5"), "{five}");
        let one = extent(ListKind::Likes, &all, take(Some(1), None)).price(row(ListKind::Likes), false);
        assert_eq!(one, "$0.001 an entry, at most $0.005 for 5", "a page of likes has five at least");
        let active = Extent::Whole.price(row(ListKind::Following), true);
        assert_eq!(active, "$0.006 ($0.015 if the developer app is not yours) an entry with its newest post");
        let active = not_back();
        let filtered = extent(ListKind::Following, &active, take(Some(5), None)).price(row(ListKind::Following), false);
        assert!(filtered.contains("pages of 1000, $1.00 ($10.00 if"), "{filtered}");
    }
}
