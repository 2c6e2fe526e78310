//! Processes as the machine treats them: two at once, signals, stops, clocks that jump, disks that are full, and the window
//! end to end. The sandbox is always a process of its own, so that what it counted outlives what is done to the program.

mod certificate;
mod clocks;
mod disk;
mod memory;
mod network;
mod outage;
mod per_endpoint;
mod refusals;
mod second;
mod signals;
mod snapshots;
pub(crate) mod support;
mod told;
mod window;
