//! Nights: what is run again and again, when it is due, and what became of each time.
//!
//! In: schedules and firings of the store, the time. Out: which firing is due, until when it may work, and sentences for
//! people. [`recurrence`] and [`plan`] are pure; [`scheduler`] asks them and writes each decision down before anything is
//! run, with [`retry`] for runs that met trouble and [`clock_repair`] for times settled under a wrong clock; [`control`] is what a
//! person tells a schedule. What does not belong here: running (whoever calls hands in a [`scheduler::Work`]), waiting, SQL.

pub mod begun;
pub mod clock_repair;
pub mod control;
pub mod field;
pub mod firing;
pub mod messages;
pub mod plan;
pub mod recurrence;
pub mod retry;
pub mod scheduler;
