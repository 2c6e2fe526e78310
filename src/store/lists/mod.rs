//! What the platform told about lists, names and targets, and the quota of the requests that read them.
//!
//! In: pages of lists, answers about names. Out: the same, by ID; a place in a window of read requests. What does not belong here:
//! sending requests (`lists`).

mod limit_places;
mod list_fetch;
mod named_tasks;
mod names;
mod own_records;
mod read_allowance;
mod read_quota;
mod read_request;
mod refused_names;
mod restored;
mod target_metadata;
mod verification;

pub use list_fetch::{NewPage, PINNED_READING, PROFILES_READING, PageEntry, ReadingId, ReadingState};
pub use named_tasks::{NameMeaning, NamedTask, NamesSettled, SettledByName};
pub use names::{NameSpace, NamesTold, Resolution};
pub use own_records::{RecordPage, RecordReading};
pub use read_allowance::ReadAllowance;
pub use read_quota::{HoldNews, ReadGrant, ReadHold, ReadSlot};
pub use read_request::{ReadAsk, ReadEnd, ReadId, ReadLeft, ReadWindow, end_here};
pub use target_metadata::{MAX_KNOWN_ASKED, MAX_KNOWN_TEXT_CHARS, TargetMetadata};
pub use verification::{Looked, Reach, VerdictCounts, VerifyResult};

pub(in crate::store) use names::forget_unavailable_names;
pub(in crate::store) use own_records::{DISTRUST, distrust_record_readings};
pub(in crate::store) use restored::{inverse_pairs, is_restored, restoring};

use super::db::Db;

/// What the platform told about lists, names and targets. [`Store::lists`](super::Store::lists) lends it.
#[derive(Debug)]
pub struct ListStore<'s> {
    pub(super) db: &'s mut Db,
}
