//! Reading from the platform: one page after the other, each request with a slot on disk, within the endpoint's windows.
//!
//! In: an account's way to its platform, and bounds. Out: pages written down, and why it stopped. What does not belong here:
//! choosing entries (`filter`; a limit is only asked whether it is filled), writing files (`cli`), undoing anything.
//!
//! ```text
//! reserve (BEGIN IMMEDIATE, counts what counts) -> GET -> page + cursor + slot's end in one transaction -> next page
//! ```
//! Whoever is killed in between goes on from the cursor on record: only the page that was in flight is asked for again.

mod judging;
mod kept;
mod limits;
mod means;
mod names;
mod pages;
mod reader;
mod sample;

pub use kept::{Enough, Kept};
pub use limits::{Budget, windows_of};
pub use means::{Asked, FetchError, Means, News, Stop, Untold, Way};
pub(super) use pages::known_of;
pub use pages::{End, ListQuery, Read, collection_of, entry_of, read_list};
pub use reader::{Reader, Rules};
