//! The way back in lists that are shown a page at a time. A page begins behind a place; its address carries where the pages before it
//! began, for what is filtered and searched cannot be counted backwards.

/// The most pages that can be turned back one by one; behind them the first page is one step away.
const MAX_STEPS: usize = 40;

/// Where the pages before this one began, the nearest last. The first page begins at 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Trail(Vec<i64>);

impl Trail {
    /// That of the first page.
    pub(super) const FIRST: Trail = Trail(Vec::new());

    /// Reads what [`Trail::text`] wrote. It is part of an address: what is no number is left out.
    pub(super) fn parse(text: &str) -> Trail {
        let places = text.split('.').filter_map(|place| place.parse().ok()).filter(|place| *place >= 0).collect();
        Trail(places).newest()
    }

    /// The trail of the page that comes after one that begins here.
    pub(super) fn beyond(&self, place: i64) -> Trail {
        Trail(self.0.iter().copied().chain([place]).collect()).newest()
    }

    /// Where the page before begins, and its own trail; none: this is the first, or nobody knows.
    pub(super) fn back(&self) -> Option<(i64, Trail)> {
        let (place, earlier) = self.0.split_last()?;
        Some((*place, Trail(earlier.to_vec())))
    }

    /// As it stands in an address; empty for the first page.
    pub(super) fn text(&self) -> String {
        self.0.iter().map(i64::to_string).collect::<Vec<_>>().join(".")
    }

    fn newest(self) -> Trail {
        Trail(self.0[self.0.len().saturating_sub(MAX_STEPS)..].to_vec())
    }
}

/// Behind which entry the page before begins, where these are the entries before the present page; none: it is the first page.
/// Behind none of them: the page before is the first.
pub(super) fn page_before<T>(earlier: &[T], entries_a_page: usize) -> Option<Option<&T>> {
    if earlier.is_empty() {
        return None;
    }
    Some(earlier.len().checked_sub(entries_a_page + 1).and_then(|at| earlier.get(at)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn going_back_leads_through_the_pages_one_came_by() {
        let mut trail = Trail::default();
        assert_eq!(trail.back(), None);
        let pages: Vec<i64> = (0..100).map(|page| page * 57).collect();
        for page in &pages {
            trail = Trail::parse(&trail.beyond(*page).text());
        }
        for page in pages.iter().rev().take(MAX_STEPS) {
            let (place, earlier) = trail.back().unwrap();
            assert_eq!(place, *page);
            trail = earlier;
        }
        assert_eq!(trail.back(), None);
        assert_eq!(Trail::parse("1.x..-3.4"), Trail(vec![1, 4]));
    }

    #[test]
    fn the_page_before_holds_as_many_as_a_page_does() {
        let entries: Vec<u32> = (1..=9).collect();
        assert_eq!(page_before(&entries[..0], 3), None);
        assert_eq!(page_before(&entries[..2], 3), Some(None));
        assert_eq!(page_before(&entries[..3], 3), Some(None));
        assert_eq!(page_before(&entries[..6], 3), Some(Some(&3)));
    }
}
