//! Pages for people: one HTML file each, to be opened from disk, kept and passed on.
//!
//! In: numbers and rows. Out: HTML text. What does not belong here: reading a queue, writing files, the network. A page loads
//! nothing: style and script are inside, and its content security policy (by hash) allows nothing else. All text goes through
//! maud's escaping; text of strangers also through [`foreign`], and stands in a `bdi`, so that it can neither act nor reorder
//! what is around it.

mod chart;
mod links;
mod report;
mod shell;
mod text;

#[cfg(test)]
mod tests;

pub use links::{Card, LinkRow, Part, WorklistPage, restore_page, worklist_page};
pub use report::{LookRow, OutcomeRow, ReportPage, report_page};
pub use text::foreign;

/// The most rows with links in one page; a longer list goes on in further files.
pub const MAX_LINKS_PER_PAGE: u64 = 200;
/// The most rows that need a look in one report.
pub const MAX_LOOK_ROWS: u64 = 200;
/// The most bars of a run's chart.
pub const MAX_BARS: u32 = 60;
