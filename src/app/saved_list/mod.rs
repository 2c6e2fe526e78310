//! Lists that are kept to be looked at: read from a platform or taken out of an export, filtered and ticked again and again, and at last made
//! into a job file.
//!
//! In: the folder beside the queue, requests. Out: what is known of each list, its rows a page at a time, how many pass a filter. What does
//! not belong here: pages (`web`), what a rule asks (`lists::filter`).

mod choose;
#[cfg(test)]
mod choose_tests;
mod info;
mod list_file;
mod offers;
mod places;
mod save;
mod shelf;
mod sink;

pub use choose::{ChosenRows, ListedRow, choose_rows, read_rows, write_chosen};
pub use info::{ListExtras, ListSource, SavedListInfo, SavedRows};
pub use offers::{ReadableList, offered_actions, readable_lists};
pub use places::RowPlaces;
pub use save::{ReadingHeard, SaveDeps, save_export, save_list};
pub use shelf::{ListShelf, TickedOut};
