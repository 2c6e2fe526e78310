//! The engine of a server: it drains whenever there is work, and runs the schedules that are due.
//!
//! In: a queue, the right to drain it, what it is told meanwhile. Out: the exit code; what it is doing, for a dashboard. `engine` decides,
//! `drain_once` is one drain, `scheduled_runs` what of it is a schedule's. What does not belong here: HTTP (`web`), signals of the system.

mod controls;
mod drain_once;
mod engine;
mod scheduled_runs;
mod state;

pub use controls::ServeControls;
pub use engine::ServeEngine;
pub use state::{EngineState, EngineStatus};
