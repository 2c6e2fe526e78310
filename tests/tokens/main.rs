//! Accounts in a run: tokens that end, logins that die, servers that are down, processes that are killed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod bench;
#[path = "../common/mod.rs"]
mod common;
mod killed;
#[path = "../common/port.rs"]
mod port;
mod runs;
