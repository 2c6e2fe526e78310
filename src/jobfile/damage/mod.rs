//! IDs that went through a number. A spreadsheet keeps 15 digits, a double about 16: what comes out is another ID, and maybe
//! somebody else's. Many honest IDs look the same by chance, so the file as a whole is judged, per length of its IDs. Pure.
//!
//! In: the IDs of a file, one by one. Out: a [`Suspicion`]: which forms of damage are proven for which length; all IDs of these
//! are rejected. What does not belong here: reading files.
//!
//! **What is evidence.** X's IDs are snowflakes: milliseconds, 10 bits of machine, 12 bits of sequence. Sequence 0 is by far the most
//! frequent, and such an ID is a multiple of 4,096, which looks damaged honestly: it is the exact value of a double, and ends in k
//! zeros with probability 1/5^k. Multiples of 4,096 prove nothing and are left out. Of all others [`form::honest_chance`] says how
//! often an honest one has each form.
//!
//! **When a form is proven.** When so many hits have a probability below 1 in 1,000 (files of fewer than 100 rows) or 1 in 1,000,000,
//! or when a run of consecutive hits does: damage often comes in one block, pasted from another file. Each different ID counts once, for a
//! list may name the same one many times.
//!
//! **What cannot be seen.** A double rounds small sequence numbers to 0. An ID that it has changed in this way is a multiple of 4,096 like
//! many honest ones, and nothing tells them apart.

mod chance;
mod finding;
mod form;
#[cfg(test)]
mod law_tests;
mod tally;

use crate::domain::TargetId;

pub use chance::binomial_tail;
pub use finding::DamageFinding;
pub use form::DamageForm;
pub(super) use form::{Forms, SHAPES};
pub(super) use tally::{Suspicion, Tally};

/// The number of judged lengths: 16 to 19 digits. A double holds every shorter ID exactly.
pub(super) const LENGTHS: usize = 4;

/// Digits of the shortest IDs that are judged.
const MIN_DIGITS: usize = 16;

/// Judges a handful of IDs together: where the first damaged one stands among them, and its form.
pub fn first_damaged(ids: &[TargetId]) -> Option<(usize, DamageForm)> {
    let mut tally = Tally::default();
    for id in ids {
        let _ = tally.count(*id);
    }
    let suspicion = tally.suspicion(ids.len() as u64);
    ids.iter().enumerate().find_map(|(place, id)| Some((place, suspicion.of(*id)?)))
}

/// The digits of the length with this number.
pub(super) fn digits_of(length: usize) -> usize {
    MIN_DIGITS + length
}
