//! A list of the account's, read from the platform and written as a CSV. It changes nothing at the platform.
//!
//! In: what is asked for. Out: what it will cost; then what was read and written, or why it stopped and how to go on.

mod access;
mod cost;
mod deliver;
mod end;
mod fetch_list;
mod plan;
mod reading;
mod stopped;

pub use self::access::{FetchListener, ListAccess, ReadingBounds, account_of, list_reader};
pub use self::deliver::{Delivered, ListOutput, ListSink};
pub use self::end::{ListEnd, ListReport};
pub use self::fetch_list::fetch_list;
pub(in crate::app) use self::fetch_list::fetch_list_until;
pub(in crate::app) use self::plan::{ListPlan, list_filter};
pub use self::stopped::UnfinishedReading;
pub(in crate::app) use self::stopped::unfinished;
