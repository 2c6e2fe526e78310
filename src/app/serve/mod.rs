//! The engine of a server: it drains whenever there is work, and runs the schedules that are due.
//!
//! In: a queue, the right to drain it, what it is told meanwhile. Out: the exit code; what it is doing, for a dashboard. `engine` has two
//! loops: `drain_loop` drains (`drain_once` is one drain, `served_groups` what of it are schedules' runs, heard of by `group_watch`),
//! `schedule_loop` begins what is due and loads it, `snapshot_loop` copies the queue once a day. What does not belong here: HTTP (`web`), signals of the system.

mod controls;
mod drain_loop;
mod drain_once;
mod engine;
mod group_watch;
mod schedule_loop;
mod served_groups;
mod snapshot_loop;
mod state;

pub use controls::ServeControls;
pub use engine::ServeEngine;
pub use state::{EngineState, EngineStatus};
