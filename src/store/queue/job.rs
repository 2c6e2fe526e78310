//! Jobs: a file under a name.

use super::QueueStore;
use std::path::PathBuf;

use super::generation::bump_generation;
use super::keep_lists::{KeepReading, replace_keep_list, text};
use crate::domain::{AccountId, Action, JobId, RoundId, TaskId, name_forms};
use crate::store::error::StoreError;

/// A job to be loaded for the first time, or again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewJob {
    /// Its name, unique in the queue.
    pub name: String,
    /// Its file, absolute; `-` for stdin.
    pub path: PathBuf,
    /// The action of rows that name none.
    pub action: Option<Action>,
    /// The account of rows that name none.
    pub account: Option<AccountId>,
    /// Its keep list, as it was read.
    pub keep: Option<KeepReading>,
    /// The column of the targets, where it was named by hand.
    pub target_column: Option<String>,
    /// The host on which the file was read; none where it has no name of its own.
    pub host: Option<String>,
    /// The round whose effects it takes back; none: it is a file's.
    pub restores: Option<RoundId>,
}

impl NewJob {
    /// Where the rows of a job are that is no file's.
    pub const NO_FILE: &'static str = "-";

    /// A job that restores what a round has undone.
    pub fn restoring(name: String, round: RoundId) -> NewJob {
        let (path, restores) = (PathBuf::from(NewJob::NO_FILE), Some(round));
        NewJob { name, path, action: None, account: None, keep: None, target_column: None, host: None, restores }
    }
}

/// What a load was made from: "unchanged" is told by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadedFrom {
    /// SHA-256 of the file, and behind a colon what else decides what becomes of its rows.
    pub content_hash: String,
    /// The version of the reader that told tasks from unusable rows; 0: one that did not say so.
    pub reader: u32,
}

impl LoadedFrom {
    /// A content, as this version of the reader read it.
    pub fn new(content_hash: impl Into<String>, reader: u32) -> LoadedFrom {
        LoadedFrom { content_hash: content_hash.into(), reader }
    }

    /// Whether the file was the same to the byte, whatever else decided.
    pub fn is_same_file(&self, other: &LoadedFrom) -> bool {
        let file = |from: &LoadedFrom| from.content_hash.split(':').next().map(str::to_owned);
        file(self) == file(other)
    }
}

crate::domain::with_names! {
    /// What a person last said of a job.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum JobState {
        /// Go on.
        Active => "active",
        /// Not now.
        Paused => "paused",
        /// Not before a person has said so: its queue was taken back to a snapshot, and nobody knows what was sent since.
        Unverified => "unverified",
        /// Not any more.
        Cancelled => "cancelled",
    }
}

impl JobState {
    fn parse(text: &str) -> Result<JobState, StoreError> {
        JobState::named(text).ok_or_else(|| StoreError::impossible(format!("the job state {text:?}")))
    }
}

/// A job and its newest round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Its number.
    pub id: JobId,
    /// Its name.
    pub name: String,
    /// Its file, absolute; `-` for stdin.
    pub path: PathBuf,
    /// The action of rows that name none.
    pub action: Option<Action>,
    /// The account of rows that name none.
    pub account: Option<AccountId>,
    /// The column of the targets, where it was named by hand.
    pub target_column: Option<String>,
    /// The host on which the file was last read, where that is known.
    pub host: Option<String>,
    /// The round whose effects it takes back (0 where that was forgotten); none: it is a file's.
    pub restores: Option<RoundId>,
    /// What a person last said of it.
    pub state: JobState,
    /// Its newest round that has been loaded.
    pub round: RoundId,
    /// That round's number, 1 and up.
    pub round_number: u32,
    /// The round's tasks end here.
    pub visible_to: TaskId,
    /// Tasks of the round that are not settled.
    pub pending: u64,
    /// What the newest load of the round was made from.
    pub loaded_from: LoadedFrom,
    /// The newest version of the reader that has looked at what stands in line.
    pub checked_by: u32,
    /// The number of that load.
    pub(in crate::store) load: i64,
}

type JobRow = (
    i64,
    String,
    String,
    Option<i64>,
    Option<i64>,
    Option<String>,
    Option<String>,
    Option<i64>,
    String,
    i64,
    u32,
    i64,
    i64,
    String,
    i64,
    u32,
    u32,
);

const SELECT_JOBS: &str = "
    select job.id, job.name, job.path, job.action, job.account_id, job.target_column, job.host, job.restores_round, job.state, round.id as round, round.number, round.visible_to,
           round.pending, load.content_hash, load.id as load, load.reader, load.checked_by
      from job
      join round on round.job_id = job.id
       and round.number = (select max(number) from round newest where newest.job_id = job.id and newest.visible_to > 0)
      join load on load.id = (select max(l.id) from load l where l.round_id = round.id and l.finished_at is not null)
     where cast($1 as text) is null or job.name in ($1, $2, $3)
     order by job.id";

impl QueueStore<'_> {
    /// The job of that name, however its accents are encoded, once its first load has finished. Where older versions made two of them: the one
    /// that is spelled like this.
    pub async fn job(&mut self, name: &str) -> Result<Option<Job>, StoreError> {
        let mut found = self.select_jobs(Some(name)).await?;
        let exact = found.iter().position(|job| job.name == name);
        Ok(exact.map(|at| found.swap_remove(at)).or_else(|| found.pop()))
    }

    /// Every job whose first load has finished, oldest first.
    pub async fn jobs(&mut self) -> Result<Vec<Job>, StoreError> {
        self.select_jobs(None).await
    }

    /// Remembers where a job's file and its keep list are. A column that was named once stays.
    pub async fn set_files(&mut self, job: &NewJob) -> Result<(), StoreError> {
        let sql = "update job set path = $2, host = $3, target_column = coalesce(target_column, $4) where name = $1";
        self.db.execute(sql, args![&job.name, text(&job.path), &job.host, &job.target_column]).await?;
        self.set_keep(&job.name, job.keep.as_ref()).await
    }

    /// Remembers which keep list is looked at again before anything of a job is sent, and what is on it now; none: no list.
    pub async fn set_keep(&mut self, name: &str, keep: Option<&KeepReading>) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        let job: Option<(i64,)> = tx.fetch_optional("select id from job where name = $1", args![name]).await?;
        let Some((job,)) = job else { return Ok(()) };
        if replace_keep_list(&mut tx, JobId(job), keep).await? {
            bump_generation(&mut tx).await?;
        }
        tx.commit().await
    }

    /// Remembers the column of a job's targets, where it has none yet.
    pub async fn set_target_column(&mut self, job: JobId, column: &str) -> Result<(), StoreError> {
        let sql = "update job set target_column = $2 where id = $1 and target_column is null";
        let update = self.db.execute(sql, args![job.0, column]).await;
        update.map(|_| ())
    }

    /// The file of the keep list that a job is sent under; none: no list, or no such job.
    pub async fn keep_list_of(&mut self, job: &str) -> Result<Option<PathBuf>, StoreError> {
        let found: Option<(Option<String>,)> =
            self.db.fetch_optional("select keep_path from job where name = $1", args![job]).await?;
        Ok(found.and_then(|(path,)| path).map(PathBuf::from))
    }

    async fn select_jobs(&mut self, name: Option<&str>) -> Result<Vec<Job>, StoreError> {
        let [typed, composed, decomposed] = name.map_or([None, None, None], |name| name_forms(name).map(Some));
        let rows: Vec<JobRow> = self.db.fetch_all(SELECT_JOBS, args![typed, composed, decomposed]).await?;
        rows.into_iter().map(job_of).collect()
    }
}

fn job_of(row: JobRow) -> Result<Job, StoreError> {
    let (id, name, path, action, account, target_column, host, restores, state, round, round_number, visible_to, ..) =
        row;
    let (.., pending, content_hash, load, reader, checked_by) = row;
    Ok(Job {
        id: JobId(id),
        name,
        path: PathBuf::from(path),
        action: action.map(crate::store::codes::action_of).transpose()?,
        account: account.map(AccountId),
        target_column,
        host,
        restores: restores.map(RoundId),
        state: JobState::parse(&state)?,
        round: RoundId(round),
        round_number,
        visible_to: TaskId(visible_to),
        pending: u64::try_from(pending).unwrap_or(0),
        loaded_from: LoadedFrom { content_hash, reader },
        checked_by,
        load,
    })
}
