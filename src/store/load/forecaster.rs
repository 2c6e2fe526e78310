//! What loading a file would come to, told without loading it: repeats, and what the queue has settled already.
//!
//! In: the rows of a file as a load takes them. Out: counts ([`LoadForecast`]). What belongs to [`super::loader`]: doing it.

use super::forecast::LoadForecast;
use super::fresh_forecast::FreshForecaster;
use super::load_row::LoadRow;
use super::postgres::PostgresForecaster;
use super::sqlite::TableForecaster;
use crate::store::error::StoreError;
use crate::store::open::reopen;
use crate::store::place::QueuePlace;
use crate::store::queue::Job;

/// Gathers rows, and compares them with each other and with the round of a job that they would go on with.
#[derive(Debug)]
pub struct LoadForecaster(Gathering);

#[derive(Debug)]
enum Gathering {
    /// They go on with a round.
    Round(TableForecaster),
    /// The same, on a server.
    ServerRound(PostgresForecaster),
    /// They begin one.
    Fresh(Box<FreshForecaster>),
}

impl LoadForecaster {
    /// Begins for rows that go on with a job of the queue at `queue`.
    pub async fn beside(queue: impl Into<QueuePlace>, job: &Job) -> Result<LoadForecaster, StoreError> {
        let mut db = reopen(&queue.into()).await?;
        if db.is_postgres() {
            let server = PostgresForecaster::begin(db, job).await?;
            return Ok(LoadForecaster(Gathering::ServerRound(server)));
        }
        let table = TableForecaster::begin(db, Some((job.round.0, job.pending))).await?;
        Ok(LoadForecaster(Gathering::Round(table)))
    }

    /// Begins for rows that begin a job or a round. What memory does not hold goes where temporary files are kept: whoever only looks may
    /// not be able to write beside the queue.
    pub fn alone() -> LoadForecaster {
        LoadForecaster(Gathering::Fresh(Box::new(FreshForecaster::in_folder(&std::env::temp_dir()))))
    }

    /// Takes the next rows, in the order of the file.
    ///
    /// # Errors
    /// There is no room for temporary files.
    pub async fn push_all(&mut self, rows: &[LoadRow]) -> Result<(), StoreError> {
        match &mut self.0 {
            Gathering::Round(table) => table.push_all(rows.iter()).await,
            Gathering::ServerRound(server) => server.push_all(rows).await,
            Gathering::Fresh(fresh) => fresh.push_all(rows).await,
        }
    }

    /// Says what all of them come to.
    pub async fn finish(self) -> Result<LoadForecast, StoreError> {
        match self.0 {
            Gathering::Round(table) => table.finish().await,
            Gathering::ServerRound(server) => server.finish().await,
            Gathering::Fresh(fresh) => fresh.finish().await,
        }
    }
}
