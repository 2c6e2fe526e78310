//! Keep lists in the queue: where a job's list is, what was on it, and which hosts have read its file. A drain on a host that has not the
//! file goes by what is here.
//!
//! In: lists that somebody has read. Out: the same, by job. From load to load what the queue has of a list only grows. What does not belong
//! here: what an entry means, and whom it spares (`app::keep_guard`).

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::drain::Drain;
use super::generation::bump_generation;
use crate::domain::{JobId, RoundId, Wall};
use crate::store::db::{Executor, Link, Tx};
use crate::store::error::StoreError;

/// A keep list as somebody has read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeepReading {
    /// Its file, absolute.
    pub path: PathBuf,
    /// The host that read it; empty where that has no name of its own.
    pub host: String,
    /// SHA-256 of its entries.
    pub digest: String,
    /// Its entries, one a line, in pieces that are written one by one; at least one piece.
    pub pieces: Arc<[String]>,
    /// When it was read.
    pub read_at: Wall,
}

/// A round that is worked on, with the keep list of its job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoundKeep {
    /// The round.
    pub round: RoundId,
    /// Its job.
    pub job: JobId,
    /// Its job's name.
    pub job_name: String,
    /// The list's file, where the job has one.
    pub path: Option<PathBuf>,
    /// The readings of it that are in the queue, by their digests: it has been all of these since the job was loaded.
    pub readings: Vec<String>,
    /// The hosts that have read it there.
    pub hosts: Vec<String>,
    /// The names of its file's columns; none where that has no header.
    pub columns: Vec<String>,
    /// The column that was named as the target's.
    pub target_column: Option<String>,
}

/// A path as the database has it.
pub(in crate::store) fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// Makes a job's list what was read when it was loaded; none: it has no list. Whether anything has changed.
pub(in crate::store) async fn replace_keep_list<C: Link>(
    db: &mut Executor<C>,
    job: JobId,
    keep: Option<&KeepReading>,
) -> Result<bool, StoreError> {
    let path = keep.map(|keep| text(&keep.path));
    let digest = keep.map(|keep| keep.digest.as_str());
    let mut changed = db.execute(SET_PATH, args![job.0, path.as_deref()]).await?;
    changed += db.execute(DROP_READINGS, args![job.0, digest]).await?;
    // A host that has read the list elsewhere says nothing of this file.
    changed += db.execute(DROP_HOSTS, args![job.0, path.as_deref()]).await?;
    if let Some(keep) = keep {
        changed += add_reading(db, job, keep).await?;
    }
    Ok(changed > 0)
}

/// Adds what was read to what the queue knows of the same file; nothing where the job's list is another file by now. How many rows that
/// changed.
async fn add_reading<C: Link>(db: &mut Executor<C>, job: JobId, keep: &KeepReading) -> Result<u64, StoreError> {
    let path = text(&keep.path);
    let mut changed = db.execute(ADD_HOST, args![job.0, &path, &keep.host]).await?;
    let known: Option<(i64,)> = db.fetch_optional(HAS_READING, args![job.0, &keep.digest]).await?;
    if known.is_none() {
        for (part, entries) in (0_i64..).zip(keep.pieces.iter()) {
            changed += db.execute(ADD_PIECE, args![job.0, &path, &keep.digest, part, entries, keep.read_at.0]).await?;
        }
    }
    Ok(changed)
}

impl Drain {
    /// The rounds being worked on, with the keep lists of their jobs.
    pub async fn keeps(&mut self, only: Option<&[JobId]>) -> Result<Vec<RoundKeep>, StoreError> {
        let only = only.map(|jobs| serde_json::json!(jobs).to_string());
        let sql = sql!(
            "select round.id, job.id, job.name, job.keep_path, round.columns, job.target_column,
                    (select ",
            json_column("digest"),
            " from keep_reading where keep_reading.job_id = job.id and keep_reading.part = 0),
                    (select ",
            json_column("host"),
            " from keep_host where keep_host.job_id = job.id and keep_host.path = job.keep_path)
               from job join round on round.job_id = job.id
              where job.state = 'active' and round.pending > 0 and (cast($1 as text) is null or job.id in ",
            numbers("$1"),
            ")"
        );
        type Row = (i64, i64, String, Option<String>, Option<String>, Option<String>, Option<String>, Option<String>);
        let rows: Vec<Row> = self.store.db.fetch_all(sql, args![only]).await?;
        let each = |(round, job, job_name, path, columns, target_column, readings, hosts): Row| {
            Ok(RoundKeep {
                round: RoundId(round),
                job: JobId(job),
                job_name,
                path: path.map(PathBuf::from),
                readings: texts_of(readings)?,
                hosts: texts_of(hosts)?,
                columns: texts_of(columns)?,
                target_column,
            })
        };
        rows.into_iter().map(each).collect()
    }

    /// What was on a job's keep list when it had this digest, in the pieces that it was written in; none: the job has been loaded since.
    pub async fn keep_entries(&mut self, job: JobId, digest: &str) -> Result<Option<Vec<String>>, StoreError> {
        let sql = "select entries from keep_reading where job_id = $1 and digest = $2 order by part";
        let pieces: Vec<(String,)> = self.store.db.fetch_all(sql, args![job.0, digest]).await?;
        let pieces: Vec<String> = pieces.into_iter().map(|(entries,)| entries).collect();
        Ok((!pieces.is_empty()).then_some(pieces))
    }

    /// Writes down what was read of jobs' keep lists here, for drains that have not their files: added to what the queue has of them.
    pub async fn add_keep_readings(&mut self, read: &[(JobId, KeepReading)]) -> Result<(), StoreError> {
        if read.is_empty() {
            return Ok(());
        }
        let mut tx: Tx<'_> = self.store.db.begin().await?;
        let mut changed = 0;
        for (job, reading) in read {
            changed += add_reading(&mut tx, *job, reading).await?;
        }
        if changed > 0 {
            bump_generation(&mut tx).await?;
        }
        tx.commit().await
    }
}

fn texts_of(json: Option<String>) -> Result<Vec<String>, StoreError> {
    let texts = json.map(|json| serde_json::from_str(&json)).transpose();
    Ok(texts.map_err(|error| StoreError::impossible(error.to_string()))?.unwrap_or_default())
}

const SET_PATH: &str = "update job set keep_path = $2 where id = $1 and keep_path is distinct from $2";

const DROP_READINGS: &str = "delete from keep_reading where job_id = $1 and digest is distinct from $2";

const DROP_HOSTS: &str = "delete from keep_host where job_id = $1 and path is distinct from $2";

const ADD_HOST: &str = "
    insert into keep_host (job_id, host, path) select id, $3, $2 from job where id = $1 and keep_path = $2
    on conflict (job_id, host) do update set path = excluded.path where keep_host.path <> excluded.path";

const HAS_READING: &str = "select job_id from keep_reading where job_id = $1 and digest = $2 and part = 0";

const ADD_PIECE: &str = "
    insert into keep_reading (job_id, digest, part, entries, read_at)
    select id, $3, $4, $5, $6 from job where id = $1 and keep_path = $2
    on conflict (job_id, digest, part) do nothing";
