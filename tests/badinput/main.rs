//! Bad files, missing accounts, wrong tokens, nobody there: each with its exit code, and a message that says what to do.
#![allow(clippy::unwrap_used, clippy::print_stderr, unreachable_pub, missing_docs)]

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/contract.rs"]
mod contract;

mod accounts;
mod damage;
mod files;
mod refused;
mod rows;
mod support;
