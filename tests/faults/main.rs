//! The real program under faults of the machine: killed before any of its system calls, refused by the disk, out of space. The
//! library for it is tests/common/strace.rs, for other tests too. `CLEANUP_FAULTS=all` tries every call; the short form tries some,
//! chosen by a seed that is printed (`CLEANUP_SEED` gives it again).
#![allow(clippy::unwrap_used, clippy::print_stdout, unreachable_pub, missing_docs)]

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/contract.rs"]
mod contract;
#[path = "../common/strace.rs"]
mod strace;

mod first_start;
mod support;
