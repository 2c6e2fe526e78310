//! Schedules: when they are due, that each slot is decided once, nights in simulated time, and the commands.
#![allow(clippy::unwrap_used, missing_docs, unreachable_pub)]

#[path = "../common/mod.rs"]
mod common;

mod clocks;
mod commands;
mod edit;
mod install;
mod notify;
mod oracle;
#[path = "../common/port.rs"]
mod port;
mod recurrence;
mod steering;
mod troubles;
mod week;
mod years;
