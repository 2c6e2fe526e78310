//! A real Bluesky server: `tests/bluesky/run` starts one on loopback and runs these tests with its address in `CLEANUP_PDS`. Without it
//! they say that they were skipped.

mod blocked_lists;
mod conformance;
mod dashboard;
mod export;
mod page;
mod proofs;
mod server;
mod undo;
mod xrpc;
