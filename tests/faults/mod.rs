//! The real program under faults of the machine: killed before any of its system calls, refused by the disk, out of space. The
//! library for it is tests/common/strace.rs, for other tests too. `CLEANUP_FAULTS=all` tries every call; the short form tries some,
//! chosen by a seed that is printed (`CLEANUP_SEED` gives it again).

mod damage;
mod first_start;
mod full_disk;
mod login;
mod memory;
mod moments;
mod no_room;
pub(crate) mod old_schema;
pub(crate) mod refresh;
mod reload;
pub(crate) mod restore;
mod schedule;
mod sockets;
pub(crate) mod support;
mod whole_files;
