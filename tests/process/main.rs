//! Processes as the machine treats them: two at once, signals, stops, clocks that jump, disks that are full, and the window
//! end to end. The sandbox is always a process of its own, so that what it counted outlives what is done to the program.
#![allow(clippy::unwrap_used, clippy::print_stderr, unreachable_pub, missing_docs)]

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/contract.rs"]
mod contract;
#[path = "../common/small_disk.rs"]
mod small_disk;
#[path = "../common/tls.rs"]
mod tls;

mod certificate;
mod clocks;
mod disk;
mod memory;
mod outage;
mod per_endpoint;
mod refusals;
mod second;
mod signals;
mod support;
mod told;
mod window;
