//! The real program under faults of the machine: killed before any of its system calls, refused by the disk, out of space. The
//! library for it is tests/common/strace.rs, for other tests too. `CLEANUP_FAULTS=all` tries every call; the short form tries some,
//! chosen by a seed that is printed (`CLEANUP_SEED` gives it again).
#![allow(clippy::unwrap_used, clippy::print_stdout, unreachable_pub, missing_docs)]

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/contract.rs"]
mod contract;
#[allow(dead_code)]
#[path = "../queues/old_queue.rs"]
mod old_queue;
#[allow(dead_code)]
#[path = "../process/support.rs"]
mod running;
#[path = "../common/small_disk.rs"]
mod small_disk;
#[path = "../common/strace.rs"]
mod strace;

#[allow(dead_code)]
#[path = "../tokens/bench.rs"]
mod bench;

mod damage;
mod first_start;
mod full_disk;
mod moments;
mod no_room;
mod old_schema;
mod refresh;
mod support;
mod whole_files;
