//! Where rows of a list begin in its file, every so many of them: whoever wants a page far behind need not read what is before it.

use std::sync::{Mutex, PoisonError};

/// Of so many rows the place of one is remembered.
const STEP: usize = 256;

/// The places that are known so far. Whoever reads on adds to them.
#[derive(Debug, Default)]
pub struct RowPlaces(Mutex<Vec<u64>>);

impl RowPlaces {
    /// The last known place before a row or at it: the number of a row, and the byte in which it begins.
    pub(super) fn before(&self, row: u32) -> Option<(u32, u64)> {
        let places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = (row as usize / STEP).min(places.len().checked_sub(1)?);
        Some((u32::try_from(at * STEP).ok()?, *places.get(at)?))
    }

    /// A row begins there.
    pub(super) fn note(&self, row: u32, byte: u64) {
        let row = row as usize;
        if row.is_multiple_of(STEP) {
            let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if places.len() == row / STEP {
                places.push(byte);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_nearest_place_before_a_row_is_told() {
        let places = RowPlaces::default();
        assert_eq!(places.before(7), None);
        for row in (0..600).chain(0..10) {
            places.note(row, u64::from(row) * 10);
        }
        for (row, told) in [(0, 0), (255, 0), (256, 256), (511, 256), (512, 512), (9_999, 512)] {
            assert_eq!(places.before(row), Some((told, u64::from(told) * 10)), "{row}");
        }
    }
}
