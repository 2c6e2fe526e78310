//! Loading: a file's rows become tasks, and a changed file becomes the difference.
//!
//! In: rows. Out: a round that becomes visible in one small last step, or a forecast of it. What does not belong here: reading files
//! (`jobfile`), and what happens to tasks afterwards (`queue`).
//!
//! Each database loads in a way of its own (`sqlite`, `postgres`), and neither knows of the other: `loader` and `forecaster` choose.

mod begun_load;
mod forecast;
mod forecaster;
mod fresh_forecast;
mod held_back;
mod load_row;
mod loader;
mod postgres;
mod reload_sizes;
#[cfg(test)]
mod reload_tests;
mod sorter;
mod sqlite;
mod summary;
mod sweep;
#[cfg(test)]
mod target_tests;

pub use forecast::LoadForecast;
pub use forecaster::LoadForecaster;
pub use load_row::{LoadRow, RowPlace};
pub use loader::Loader;
pub use reload_sizes::{ROWS_PER_STATEMENT, ReloadSizes};
pub use summary::{LoadSummary, ReloadSummary, Reloaded, shrinks};

pub(in crate::store) use reload_sizes::ROWS_PER_TRANSACTION;

use super::db::Db;

/// Files into the queue. [`Store::loading`](super::Store::loading) lends it.
#[derive(Debug)]
pub struct LoadStore<'s> {
    pub(super) db: &'s mut Db,
    pub(super) sizes: ReloadSizes,
}
