//! Made-up users and posts that records are about: each leads back to the record that it was made up for.

use super::super::rng::{Dice, number_behind};
use super::names::CLOCK_BITS;
use crate::domain::TargetId;

/// The numbers of made-up users: each collection and index in a range of its own, so that a number leads back to its place.
const USERS: u64 = 100_000_000_000_000_000;
const PER_COLLECTION: u64 = 10_000_000_000_000_000;
const PER_INDEX: u64 = 1_000_000_000;
/// What marks the TIDs of other people's posts.
const FOREIGN: u64 = 1 << 9;

/// A made-up user at an index of an account's list.
pub(super) fn user_at(dice: Dice, owner: TargetId, place: u64, list: &str, index: u32) -> u64 {
    let within = u64::from(index) * PER_INDEX + dice.for_entry(owner, list, index).u64(0..PER_INDEX);
    USERS + place * PER_COLLECTION + within
}

pub(super) fn index_of_user(value: u64, place: u64) -> Option<u32> {
    let within = value.checked_sub(USERS + place * PER_COLLECTION)?;
    u32::try_from(within / PER_INDEX).ok().filter(|_| within < PER_COLLECTION)
}

/// The post that a record is about: somebody's, written a minute before.
pub(super) const fn foreign_post(key: u64) -> u64 {
    (key - (60_000_000 << CLOCK_BITS)) | FOREIGN
}

/// The key of the record that [`foreign_post`] was made for.
pub(super) const fn own_key(post: u64) -> u64 {
    (post & !FOREIGN).saturating_add(60_000_000 << CLOCK_BITS)
}

/// Who wrote a post.
pub(in crate::sandbox) fn author_of(post: TargetId) -> TargetId {
    (9 * USERS / 10 + number_behind(&post.to_string()).value() % 7_919).to_string().parse().unwrap_or(post)
}
