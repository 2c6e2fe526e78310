//! Reading from the platform: one page after the other, each request with a slot on disk, within the endpoint's windows.
//!
//! In: an account's way to its platform, and bounds. Out: pages written down, and why it stopped. What does not belong here:
//! choosing entries (`filter`; a limit is only asked whether it is filled), writing files (`cli`), undoing anything.
//!
//! ```text
//! reserve (BEGIN IMMEDIATE, counts what counts) -> GET -> page + cursor + slot's end in one transaction -> next page
//! ```
//! Whoever is killed in between goes on from the cursor on record: only the page that was in flight is asked for again.

mod deps;
mod entry_facts;
mod judging;
mod kept;
mod limits;
mod look_back;
mod names;
mod outcome;
mod own_records;
mod pages;
mod pinned;
mod profiles;
mod reader;
mod rules;
mod sample;
mod vocabulary;

pub use deps::{FetchDeps, Way};
pub use entry_facts::entry_of;
pub(super) use entry_facts::entry_of_listed;
pub use kept::{Beside, Enough, Kept};
pub use limits::{Budget, windows_of};
pub use look_back::{LookedAt, look_back};
pub use names::{LookedUp, NamesWanted, look_names_up};
pub use outcome::{FetchError, FetchEvent, PageAnswer, Stop, Untold};
pub use own_records::read_records;
pub use pages::{FetchEnd, ListQuery, Read, read_list};
pub use pinned::read_pinned;
pub use profiles::read_profiles;
pub use reader::Reader;
pub use rules::Rules;
