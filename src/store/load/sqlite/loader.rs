//! A load in progress: its transaction, its lanes, and its way to the queue.
//!
//! In: statements. Out: transactions that are short enough for whoever waits for the lock. What belongs to [`super::new_round`] and
//! [`super::reload`]: what is written.

use std::collections::HashMap;

use super::super::LoadStore;
use super::super::begun_load::BegunLoad;
use super::super::reload_sizes::{ROWS_PER_STATEMENT, ROWS_PER_TRANSACTION, ReloadSizes};
use super::batch::Buffered;
use super::checkpoints::Checkpoints;
use super::keys::Keys;
use super::merge::Alignment;
use crate::domain::{AccountId, Action, JobId, LaneId, RoundId, Target, Wall};
use crate::store::db::Db;
use crate::store::error::StoreError;
use crate::store::lock::LoadLock;
use crate::store::queue::NewJob;
use crate::store::row::Row;
use crate::store::value::Value;

/// How long a load leaves the write lock alone after each transaction while a drain is at work. SQLite lets whoever waits try again
/// after 1, 2, 5, 10, 15, 20 and then 25 ms, and gives the lock to whoever happens to ask first: a load that takes it at once
/// again keeps a drain waiting for half a second.
const LEFT_TO_OTHERS: std::time::Duration = std::time::Duration::from_millis(15);

/// A load into a file.
#[derive(Debug)]
pub(in super::super) struct SqliteLoader<'s> {
    pub(super) db: &'s mut Db,
    pub(super) sizes: ReloadSizes,
    pub(super) _lock: LoadLock,
    pub(super) round: RoundId,
    pub(super) load: i64,
    /// None: new tasks go straight into the queue. Otherwise rows that are as they were are matched in passing, and the rest
    /// gather beside the queue, to be compared with what is there.
    pub(super) alignment: Option<Alignment>,
    pub(super) first_id: i64,
    pub(super) next_id: i64,
    pub(super) rows: u64,
    /// Rows that cannot be used and name no task of the queue.
    pub(super) rejected: u64,
    pub(super) now: Wall,
    /// Some of its tasks are spared.
    pub(super) kept: bool,
    pub(super) lanes: HashMap<(Action, AccountId), LaneId>,
    /// The lane of the row before, which is nearly always the next one's.
    last_lane: Option<((Action, AccountId), LaneId)>,
    pub(super) buffer: Vec<Buffered>,
    pub(super) uncommitted: i64,
    /// A drain is at work (or died at it): it must not wait long for its turns.
    yields: bool,
    checkpoints: Checkpoints,
    /// The keys of a fresh file gather while its tasks are appended.
    pub(super) keys: Option<Keys>,
    /// The job that was known before, and what it is from the end of this load on.
    pub(super) renewed: Option<(JobId, NewJob)>,
}

impl Drop for SqliteLoader<'_> {
    fn drop(&mut self) {
        if self.uncommitted > 0 {
            self.db.leave_open();
        }
    }
}

impl<'s> SqliteLoader<'s> {
    pub(super) fn new(store: LoadStore<'s>, begun: BegunLoad) -> SqliteLoader<'s> {
        let LoadStore { db, sizes } = store;
        let BegunLoad { lock, round, load, first_id, now, renewed } = begun;
        let checkpoints = Checkpoints::of(db.place().local_path());
        SqliteLoader {
            db,
            sizes,
            _lock: lock,
            round,
            load,
            alignment: None,
            kept: false,
            first_id,
            next_id: first_id,
            rows: 0,
            rejected: 0,
            now,
            lanes: HashMap::new(),
            last_lane: None,
            buffer: Vec::with_capacity(ROWS_PER_STATEMENT),
            uncommitted: 0,
            yields: false,
            checkpoints,
            keys: None,
            renewed,
        }
    }

    /// The line of an action and an account, made where it is new.
    pub(super) async fn lane(&mut self, action: Action, account: AccountId) -> Result<LaneId, StoreError> {
        match self.last_lane {
            Some((key, lane)) if key == (action, account) => return Ok(lane),
            _ => {}
        }
        if let Some(lane) = self.lanes.get(&(action, account)).copied() {
            self.last_lane = Some(((action, account), lane));
            return Ok(lane);
        }
        let key = [self.round.0, action.code(), account.0];
        let (mut lane,): (Option<i64>,) = self.one(FIND_LANE, &key).await?;
        if lane.is_none() {
            self.begin().await?;
            let insert = "insert into lane (round_id, action, account_id) values (?1, ?2, ?3) on conflict do nothing";
            self.run(insert, &key).await?;
            (lane,) = self.one(FIND_LANE, &key).await?;
            if self.alignment.is_some() {
                self.commit().await?;
            }
        }
        let lane = lane.ok_or_else(|| StoreError::impossible("a lane that is not there".to_owned()))?;
        self.lanes.insert((action, account), LaneId(lane));
        Ok(LaneId(lane))
    }

    /// The line in which a task may stand that an earlier reading made of an unusable row; none where nothing can be there.
    pub(super) async fn lane_of_rejected(
        &mut self,
        task: Option<&(Action, AccountId, Target)>,
    ) -> Result<Option<LaneId>, StoreError> {
        let Some((action, account, _)) = task else { return Ok(None) };
        if self.alignment.is_none() {
            return Ok(None);
        }
        if let Some(lane) = self.lanes.get(&(*action, *account)) {
            return Ok(Some(*lane));
        }
        let (lane,): (Option<i64>,) = self.one(FIND_LANE, &[self.round.0, action.code(), account.0]).await?;
        Ok(lane.map(LaneId))
    }

    pub(super) async fn insert_json(
        &mut self,
        sql: &'static str,
        json: &str,
        numbers: &[i64],
    ) -> Result<(), StoreError> {
        let args = std::iter::once(json.into()).chain(numbers.iter().map(Value::from)).collect();
        self.db.execute(sql, args).await.map(drop)
    }

    /// Opens a transaction where none is open.
    pub(super) async fn begin(&mut self) -> Result<(), StoreError> {
        if self.uncommitted == 0 {
            self.run("begin immediate", &[]).await?;
            self.uncommitted = 1;
        }
        Ok(())
    }

    /// From here on a later commit's sync takes the commits before it to the disk.
    pub(super) async fn let_commits_gather(&mut self) -> Result<(), StoreError> {
        self.db.sync_each_commit(false).await?;
        // The next commit looks whether a drain is at work, and keeps the log short where one is.
        self.yields = false;
        Ok(())
    }

    /// Ends the open transaction, and lets a drain have its turn.
    pub(super) async fn commit(&mut self) -> Result<(), StoreError> {
        if self.uncommitted > 0 {
            self.run("commit", &[]).await?;
            self.uncommitted = 0;
            let drains =
                "select exists (select 1 from drain where id = (select max(id) from drain) and ended_at is null)";
            let (drained,): (bool,) = self.one(drains, &[]).await?;
            if drained != self.yields {
                self.yields = drained;
                self.run(if drained { KEEP_LOG_SHORT } else { LET_LOG_GROW }, &[]).await?;
            }
            if drained {
                tokio::time::sleep(LEFT_TO_OTHERS).await;
            } else {
                self.checkpoints.go_on(self.db).await;
            }
        }
        Ok(())
    }

    /// Rows after which a transaction ends.
    pub(super) fn rows_per_transaction(&self) -> i64 {
        if self.yields { ROWS_PER_STATEMENT as i64 } else { ROWS_PER_TRANSACTION }
    }

    /// Runs a statement with numbers for its parameters, and says how many rows it changed.
    pub(super) async fn change(&mut self, sql: &'static str, numbers: &[i64]) -> Result<i64, StoreError> {
        let changed = self.db.execute(sql, numbers.iter().map(Value::from).collect()).await?;
        Ok(i64::try_from(changed).unwrap_or(i64::MAX))
    }

    pub(super) async fn run(&mut self, sql: &'static str, numbers: &[i64]) -> Result<(), StoreError> {
        self.change(sql, numbers).await.map(drop)
    }

    pub(super) async fn one<T: Row>(&mut self, sql: &'static str, numbers: &[i64]) -> Result<T, StoreError> {
        self.db.fetch_one(sql, numbers.iter().map(Value::from).collect()).await
    }

    /// Copies the rest of the write-ahead log into the queue's file, and leaves the connection as it was before the load.
    pub(super) async fn checkpoint(&mut self) -> Result<(), StoreError> {
        self.checkpoints.finish(self.db).await;
        self.db.sync_each_commit(true).await
    }
}

const FIND_LANE: &str = "select max(id) from lane where round_id = ?1 and action = ?2 and account_id = ?3";

/// Each connection copies the log once it is longer than its own mark, at the end of a transaction. A drain waits for the disk at every
/// turn: what a load has written should not be its to copy, nor should copies beside the load keep the disk busy.
const KEEP_LOG_SHORT: &str = "pragma wal_autocheckpoint = 2000";
/// As [`Store::sync_each_commit`] has it for a load that is alone.
const LET_LOG_GROW: &str = "pragma wal_autocheckpoint = 16000";
