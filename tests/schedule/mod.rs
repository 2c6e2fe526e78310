//! Schedules: when they are due, that each slot is decided once, nights in simulated time, and the commands.

mod clocks;
pub(crate) mod commands;
mod edit;
mod install;
mod notify;
mod oracle;
mod recurrence;
mod steering;
mod troubles;
mod week;
mod years;
