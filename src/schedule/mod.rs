//! Nights: what is run again and again, when it is due, and what became of each time.
//!
//! In: schedules and firings of the store, the time. Out: which firing is due, until when it may work, and sentences for
//! people. [`recurrence`] and [`plan`] are pure; [`scheduler`] asks them and writes each decision down before anything is
//! run; [`steering`] is what a person tells a schedule. What does not belong here: running (whoever calls hands in a [`scheduler::Work`]), waiting, SQL.

pub mod diary;
pub mod field;
pub mod plan;
pub mod recurrence;
pub mod scheduler;
pub mod steering;
