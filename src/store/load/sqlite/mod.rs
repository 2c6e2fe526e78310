//! Loading into a file: tasks are appended in short transactions, and a reload reads the old rows beside the new ones. What SQLite is
//! fast at, in its own words.
//!
//! In: rows, one by one. Out: a round in the queue, or the difference. What does not belong here: a server's queue (`postgres`).

mod batch;
mod changes;
mod checkpoints;
mod compare;
mod existing_rows;
mod index_keys;
mod keys;
mod loader;
mod merge;
mod new_round;
mod reload;
mod row_runs;
mod table_forecast;

pub(super) use loader::SqliteLoader;
pub(super) use table_forecast::TableForecaster;
