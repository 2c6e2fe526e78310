//! Loading into a server's queue: rows gather in a temporary table of this connection, and are compared and merged by sets in one
//! transaction.
//!
//! In: rows, one by one. Out: a round in the queue, or the difference. What does not belong here: a queue in a file (`sqlite`).
//!
//! What is staged and compared keeps nobody waiting, and new tasks are written before it is anybody's turn to wait: their numbers are
//! this load's alone. Whoever writes waits only for the last steps: counters, and on a reload the tasks that have changed.

mod changes;
mod compare;
mod copy_text;
mod forecast;
mod loader;
mod new_tasks;
mod stage;

pub(super) use forecast::PostgresForecaster;
pub(super) use loader::PostgresLoader;
