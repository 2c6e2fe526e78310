//! Loading: a file's rows become tasks, and a changed file becomes the difference.
//!
//! In: rows. Out: a round that becomes visible in one small last step, or a forecast of it. What does not belong here: reading files
//! (`jobfile`), and what happens to tasks afterwards (`queue`).

mod batch;
mod changes;
mod checkpoints;
mod compare;
mod existing_rows;
mod forecast;
mod forecaster;
mod fresh_forecast;
mod held_back;
mod index_keys;
mod keys;
mod load_row;
mod loader;
mod merge;
mod new_round;
mod reload;
mod reload_sizes;
mod row_runs;
mod sorter;
mod sweep;
mod table_forecast;
#[cfg(test)]
mod target_tests;

pub use forecast::LoadForecast;
pub use forecaster::LoadForecaster;
pub use load_row::{LoadRow, RowPlace};
pub use loader::{Loader, ROWS_PER_STATEMENT};
pub use new_round::LoadSummary;
pub use reload::{ReloadSummary, Reloaded, shrinks};
pub use reload_sizes::ReloadSizes;

pub(in crate::store) use loader::ROWS_PER_TRANSACTION;

use super::db::Db;

/// Files into the queue. [`Store::loading`](super::Store::loading) lends it.
#[derive(Debug)]
pub struct LoadStore<'s> {
    pub(super) db: &'s mut Db,
    pub(super) sizes: ReloadSizes,
}
