//! Accounts in a run: tokens that end, logins that die, servers that are down, processes that are killed.

pub(crate) mod bench;
mod crowd;
mod killed;
mod runs;
