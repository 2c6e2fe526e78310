//! The schema of a queue and the stamp that says what it is for: made, brought up to date, or refused. In: a connection to a file
//! that may be empty, half made, old, newer or somebody else's. Out: a queue that this program knows.
//!
//! All that is missing is written in one transaction. Whoever is killed in the middle leaves the file as it was, and the next
//! start does it again.

use std::path::Path;
use std::sync::LazyLock;

use sqlx::SqlSafeStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};

use super::db::Beneath;
use super::error::StoreError;
use super::failpoint;
use super::load::ReloadSizes;
use super::lock::LoadLock;
use super::open::{QueueKind, Store, connect};

/// Every file of `migrations`, compiled in. sqlx's `migrate!` reads the folder by itself, and has half of all crates built twice for it.
macro_rules! embedded {
    ($($name:literal,)*) => { [$(($name, include_str!(concat!("../../migrations/", $name, ".sql")))),*] };
}

const EMBEDDED: &[(&str, &str)] = &embedded![
    "0001_queue",
    "0002_credentials",
    "0003_lists",
    "0004_after",
    "0005_schedules",
    "0006_audit_log",
    "0007_keep_list",
    "0008_schedule_lists",
    "0009_cheaper_check",
    "0010_late_ends",
    "0011_slots_by_action",
    "0012_readers",
    "0013_where_jobs_are",
    "0015_answered_drains",
    "0016_damaged_tasks",
    "0018_outages",
    "0019_allowances",
    "0020_schedule_troubles",
    "0022_max_likes",
    "0024_asked_last",
    "0027_work_in_progress",
    "0028_windows_of_drains",
    "0029_default_account",
    "0030_login_devices",
    "0031_server",
    "0033_schedule_requests",
    "0034_open_vocabulary",
    "0035_own_records",
    "0037_restores",
    "0038_names",
    "0039_deleted_texts",
    "0041_moved_queues",
    "0042_leases",
    "0046_lost_logs",
    "0047_keep_lists",
    "0048_kinds_of_targets",
    "0049_unverified_jobs",
    "0051_deaths",
    "0054_loaded_firings",
    "0055_withheld",
];

pub(super) static MIGRATIONS: LazyLock<Migrator> =
    LazyLock::new(|| Migrator::with_migrations(EMBEDDED.iter().map(|(name, sql)| migration(name, sql)).collect()));

/// `0003_after_that.sql` is version 3, "after that".
fn migration(name: &'static str, sql: &'static str) -> Migration {
    let (number, words) = name.split_once('_').unwrap_or((name, ""));
    let version = number.parse().unwrap_or_default();
    Migration::new(version, words.replace('_', " ").into(), MigrationType::Simple, sql.into_sql_str(), false)
}

/// How far a file has come to be a queue.
struct Stage {
    /// The newest migration applied; none: no schema of ours yet.
    newest: Option<i64>,
    /// How many are applied.
    applied: usize,
    /// What it is stamped as.
    stamp: Option<String>,
}

impl Stage {
    fn is_complete(&self) -> bool {
        self.newest == newest_known() && self.applied == MIGRATIONS.iter().count() && self.stamp.is_some()
    }
}

fn newest_known() -> Option<i64> {
    MIGRATIONS.iter().map(|migration| migration.version).max()
}

impl Store {
    /// Brings the schema up to date and stamps what has no stamp yet. Two processes may open a new queue at once, so whoever has
    /// to change it takes the load lock first and looks again.
    pub(super) async fn complete(&mut self, kind: QueueKind) -> Result<(), StoreError> {
        let stage = self.stage().await?;
        self.check_kind(&stage, kind)?;
        if stage.is_complete() {
            return Ok(());
        }
        let _lock = LoadLock::wait(self.db.place()).await?;
        let stage = self.stage().await?;
        self.check_kind(&stage, kind)?;
        if stage.is_complete() {
            return Ok(());
        }
        match (stage.newest, newest_known()) {
            (Some(found), Some(known)) if found > known => {
                return Err(StoreError::Newer { queue: self.db.place().clone(), found, known });
            }
            (Some(_), _) if stage.stamp.is_none() => self.refuse_lost_stamp().await?,
            (Some(_), _) => {}
            (None, _) => self.refuse_foreign_file().await?,
        }
        self.migrate(kind).await
    }

    async fn migrate(&mut self, kind: QueueKind) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        failpoint::point("before-upgrade");
        let done = match tx.beneath() {
            Beneath::Sqlite(connection) => MIGRATIONS.run(connection).await,
            // A server has a schema of its own (`postgres`).
            Beneath::Postgres(_) => Ok(()),
        };
        if let Err(error) = done {
            return Err(StoreError::from_migration(tx.place(), error));
        }
        let stamp = "insert into queue (id, kind) values (1, ?1) on conflict do nothing";
        tx.execute(stamp, args![kind.name()]).await?;
        failpoint::point("before-upgrade-commit");
        tx.commit().await?;
        failpoint::point("after-upgrade-commit");
        Ok(())
    }

    async fn stage(&mut self) -> Result<Stage, StoreError> {
        let sql = "select max(version), count(*) from _sqlx_migrations where success";
        let found: Result<(Option<i64>, i64), _> = self.db.fetch_one(sql, args![]).await;
        let (newest, applied) = match found {
            Ok(found) => found,
            Err(StoreError::Damaged { detail, .. }) if detail.contains("no such table") => (None, 0),
            Err(error) => return Err(error),
        };
        let applied = usize::try_from(applied).unwrap_or(usize::MAX);
        let stamp = if newest.is_some() { self.stamp().await? } else { None };
        Ok(Stage { newest, applied, stamp })
    }

    pub(super) async fn stamp(&mut self) -> Result<Option<String>, StoreError> {
        let found: Option<(String,)> = self.db.fetch_optional("select kind from queue where id = 1", args![]).await?;
        Ok(found.map(|(kind,)| kind))
    }

    fn check_kind(&self, stage: &Stage, wanted: QueueKind) -> Result<(), StoreError> {
        let Some(stamp) = stage.stamp.as_deref().filter(|stamp| *stamp != wanted.name()) else { return Ok(()) };
        let found = QueueKind::named(stamp).ok_or_else(|| StoreError::impossible(format!("the stamp {stamp:?}")))?;
        Err(StoreError::WrongKind { queue: self.db.place().clone(), found: found.name(), wanted: wanted.name() })
    }

    /// Earlier versions wrote the stamp after the schema, and whoever was killed in between left a queue without one, which
    /// nobody could use. It becomes what it is opened as; what holds anything has lost its stamp in another way.
    async fn refuse_lost_stamp(&mut self) -> Result<(), StoreError> {
        let sql = "select exists (select 1 from job) or exists (select 1 from account)";
        let (is_used,): (bool,) = self.db.fetch_one(sql, args![]).await?;
        if is_used {
            let detail = "it has lost the stamp that says whether it is a real queue or the sandbox's".to_owned();
            return Err(StoreError::Damaged { queue: self.db.place().clone(), detail });
        }
        Ok(())
    }

    /// Somebody else's database must not get our tables.
    async fn refuse_foreign_file(&mut self) -> Result<(), StoreError> {
        let sql =
            "select count(*) from sqlite_schema where name not like '\\_sqlx%' escape '\\' and name not like 'sqlite%'";
        let (tables,): (i64,) = self.db.fetch_one(sql, args![]).await?;
        if tables > 0 {
            let detail = "it is another program's database".to_owned();
            return Err(StoreError::Damaged { queue: self.db.place().clone(), detail });
        }
        Ok(())
    }
}

/// To open a file without tables makes a queue of it, an empty one. What is said to be a copy of a queue has them.
///
/// # Errors
/// It has none, or cannot be read.
pub(super) async fn refuse_without_tables(path: &Path) -> Result<(), StoreError> {
    let mut store = Store { db: connect(path).await?, reload_sizes: ReloadSizes::default() };
    let stage = store.stage().await;
    let queue = store.place().clone();
    store.close().await;
    match stage?.newest {
        Some(_) => Ok(()),
        None => Err(StoreError::Damaged { queue, detail: "it has none of the tables of a queue".to_owned() }),
    }
}

#[cfg(test)]
#[path = "schema_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "upgrade_tests.rs"]
mod upgrade_tests;
