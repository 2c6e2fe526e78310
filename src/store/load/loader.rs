//! A load in progress, whatever the queue is kept in: the one place that chooses between the ways of the databases.
//!
//! In: a job and its rows. Out: a round in the queue, or the difference. What does not belong here: statements.

use super::LoadStore;
use super::load_row::LoadRow;
use super::postgres::PostgresLoader;
use super::sqlite::SqliteLoader;
use super::summary::{LoadSummary, Reloaded};
use crate::domain::Wall;
use crate::store::error::StoreError;
use crate::store::queue::{Job, LoadedFrom, NewJob};

/// A load in progress. Dropped before [`Loader::finish`], it leaves nothing anybody sees; the next load sweeps it away.
#[derive(Debug)]
pub struct Loader<'s>(Way<'s>);

#[derive(Debug)]
enum Way<'s> {
    Sqlite(Box<SqliteLoader<'s>>),
    Postgres(Box<PostgresLoader<'s>>),
}

impl<'s> LoadStore<'s> {
    /// Begins to load a job for the first time, or its next round where it is known (`seen`).
    ///
    /// # Errors
    /// [`StoreError::LoadedMeanwhile`] where the job is no longer as it was `seen`; the database cannot be written.
    pub async fn begin_round(
        mut self,
        job: &NewJob,
        seen: Option<&Job>,
        from: &LoadedFrom,
        columns: Option<&[String]>,
        now: Wall,
    ) -> Result<Loader<'s>, StoreError> {
        let begun = self.note_round(job, seen, from, columns, now).await?;
        Ok(Loader(if self.db.is_postgres() {
            Way::Postgres(Box::new(PostgresLoader::begin(self, begun).await?))
        } else {
            Way::Sqlite(Box::new(SqliteLoader::of_round(self, begun).await?))
        }))
    }

    /// Begins to load a job's file again. Rows gather beside the queue until [`Loader::apply`].
    ///
    /// # Errors
    /// [`StoreError::LoadedMeanwhile`] where the job is no longer as it was seen; the database cannot be written.
    pub async fn begin_reload(mut self, job: &Job, from: &LoadedFrom, now: Wall) -> Result<Loader<'s>, StoreError> {
        let begun = self.note_reload(job, from, now).await?;
        Ok(Loader(if self.db.is_postgres() {
            Way::Postgres(Box::new(PostgresLoader::begin(self, begun).await?))
        } else {
            Way::Sqlite(Box::new(SqliteLoader::of_reload(self, begun, job.load).await?))
        }))
    }
}

impl Loader<'_> {
    /// Takes the next rows, in the order of the file.
    pub async fn push_all(&mut self, rows: Vec<LoadRow>) -> Result<(), StoreError> {
        match &mut self.0 {
            Way::Sqlite(loader) => loader.push_all(rows).await,
            Way::Postgres(loader) => loader.push_all(rows).await,
        }
    }

    /// Takes the next row, in the order of the file.
    pub async fn push(&mut self, row: LoadRow) -> Result<(), StoreError> {
        match &mut self.0 {
            Way::Sqlite(loader) => loader.push(row).await,
            Way::Postgres(loader) => loader.push(row).await,
        }
    }

    /// Makes the load visible, in one small step, after its repeats have been found.
    pub async fn finish(self) -> Result<LoadSummary, StoreError> {
        match self.0 {
            Way::Sqlite(loader) => loader.finish().await,
            Way::Postgres(loader) => loader.finish().await,
        }
    }

    /// Compares the file with the queue and writes the difference, unless it would cancel more than half of what stands in
    /// line and `allow_shrink` is not set: that is more likely a half-written export than a wish.
    ///
    /// # Errors
    /// The database cannot be written. What was written until then is true by itself, and the next load goes on from it.
    pub async fn apply(self, allow_shrink: bool) -> Result<Reloaded, StoreError> {
        match self.0 {
            Way::Sqlite(loader) => loader.apply(allow_shrink).await,
            Way::Postgres(loader) => loader.apply(allow_shrink).await,
        }
    }
}
