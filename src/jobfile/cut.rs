//! Whether the last row of a file without a line end at its end is whole. Many honest files have none, so a row is suspected only where
//! the rows before it speak against it: each of them has all of its cells, or longer IDs, or its number was never given out.
//!
//! In: what the rows before have, and the last row. Out: whether it looks cut. Pure.

use crate::domain::{TargetId, TargetKind};

/// IDs of this length and more hold the time in which they were given out. Such files have no short IDs by chance.
const SNOWFLAKE_DIGITS: usize = 18;
/// Users were numbered in a row up to some 5 billion (10 digits), and by the clock from 2016 on: from about 690,000,000,000,000,000.
const NO_USER: std::ops::Range<u64> = 10_000_000_000..600_000_000_000_000_000;
/// Posts were numbered in a row up to some 30 billion (11 digits), and by the clock from 4 November 2010 on; 15 digits last three days.
const NO_POST: std::ops::Range<u64> = 100_000_000_000..1_000_000_000_000_000;

/// What the rows before the last one have.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct RowsBefore {
    rows: u64,
    /// Whether one of them has fewer cells than the header.
    any_short: bool,
    /// The digits of the shortest and of the longest ID.
    digits: Option<(usize, usize)>,
    /// Whether one of their IDs was never given out either: then this is not X's numbering.
    any_unknown: bool,
}

/// A row, as far as it matters here.
#[derive(Clone, Copy, Debug)]
pub(super) struct RowShape {
    /// Its target's ID, where it has one.
    pub(super) id: Option<TargetId>,
    /// What that is the ID of; none where both will do.
    pub(super) kind: Option<TargetKind>,
    /// Whether its last cell is the one with the ID.
    pub(super) ends_in_id: bool,
    /// Whether it has fewer cells than the header.
    pub(super) lacks_cells: bool,
}

impl RowsBefore {
    /// Takes a row.
    #[inline]
    pub(super) fn add(&mut self, row: RowShape) {
        self.rows += 1;
        self.any_short |= row.lacks_cells;
        if let Some(id) = row.id {
            let digits = id.digits();
            let (least, most) = self.digits.unwrap_or((digits, digits));
            self.digits = Some((least.min(digits), most.max(digits)));
            self.any_unknown |= was_never_given(id, row.kind);
        }
    }

    /// Whether the rows before say of this row that it is cut: `last_byte` is that of the file, where the row has no line end after it.
    #[inline]
    pub(super) fn say_cut(&self, row: RowShape, last_byte: Option<u8>) -> bool {
        last_byte.is_some_and(|last_byte| self.judge_last(row, last_byte))
    }

    fn judge_last(&self, row: RowShape, last_byte: u8) -> bool {
        if row.lacks_cells && self.rows > 0 && !self.any_short {
            return true;
        }
        // An ID with something after it is whole: a quote, a separator, a space.
        let (Some(id), Some((least, most))) = (row.id, self.digits) else { return false };
        if !row.ends_in_id || !last_byte.is_ascii_digit() {
            return false;
        }
        let is_shortest = least >= SNOWFLAKE_DIGITS && id.digits() < least;
        let is_unknown = most >= SNOWFLAKE_DIGITS && !self.any_unknown && was_never_given(id, row.kind);
        is_shortest || is_unknown
    }
}

/// Whether X has never given out this number: it is too high for those in a row, and too low for those by the clock.
#[inline]
fn was_never_given(id: TargetId, kind: Option<TargetKind>) -> bool {
    match kind {
        Some(TargetKind::User) => NO_USER.contains(&id.value()),
        Some(TargetKind::Post) => NO_POST.contains(&id.value()),
        // Numbers of several makes, or none.
        Some(TargetKind::List | TargetKind::Tag | TargetKind::Domain) => false,
        None => NO_USER.contains(&id.value()) && NO_POST.contains(&id.value()),
    }
}
