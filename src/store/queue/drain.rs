//! A drain: one process working on the queue, from the recovery of what its predecessor left to its own end.

use super::drain_lease::DrainLease;
use super::drain_start::DrainStart;
use super::first_attempt::FirstThatCount;
use super::work::DrainScope;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use crate::domain::{
    AccountId, Action, AttemptId, BootId, Fence, Horizons, JobId, LaneId, Moment, RoundId, TaskId, Tick,
};
use crate::store::codes::action_of;
use crate::store::dialect::Sql;
use crate::store::error::StoreError;
use crate::store::lock::DrainLock;
use crate::store::open::Store;

/// A drain in progress. It holds the lock; dropping it lets the next process in. On a server it is one of any number, and works on those accounts
/// that it has taken ([`Drain::share`]).
#[derive(Debug)]
pub struct Drain {
    pub(super) store: Store,
    pub(super) fence: Fence,
    pub(super) last_attempt: AttemptId,
    pub(super) boot: BootId,
    pub(super) slots_from: FirstThatCount,
    /// When the file is to be marked again ([`super::lost_log`]).
    pub(super) next_mark: Tick,
    /// What a request may take.
    pub(super) deadline_ms: i64,
    /// On a server: until when this drain is believed to be alive.
    pub(super) lease: Option<DrainLease>,
    pub(super) seen_leases: Option<SeenLeases>,
    pub(super) tells_soon: TellsSoon,
    lock: DrainLock,
}

/// Which turns are told to whoever watches a server: not each of many in a row. The last one is told when the lease is renewed.
#[derive(Debug, Default)]
pub(super) struct TellsSoon {
    told: Option<Instant>,
}

impl TellsSoon {
    const BETWEEN: Duration = Duration::from_millis(250);

    /// Whether a turn that is written now is told.
    pub(super) fn is_due(&mut self) -> bool {
        let is_due = self.told.is_none_or(|told| told.elapsed() >= TellsSoon::BETWEEN);
        if is_due {
            self.told = Some(Instant::now());
        }
        is_due
    }
}

/// What the queue said of drains and their accounts when this one last looked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SeenLeases {
    pub(super) generation: i64,
    pub(super) leases: i64,
    pub(super) shuns: BTreeSet<AccountId>,
}

/// A lane, as a drain sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LaneView {
    /// Its number.
    pub lane: LaneId,
    /// Its job.
    pub job: JobId,
    /// Its round.
    pub round: RoundId,
    /// What it does.
    pub action: Action,
    /// For whom.
    pub account: AccountId,
    /// Tasks above belong to a load that has not finished.
    pub visible_to: TaskId,
    /// Whether anybody stands in line.
    pub has_pending: bool,
    /// Whether any task of it, in line or not, stands under a name.
    pub has_names: bool,
}

impl Drain {
    /// Begins a drain: takes a new fence, puts the queue in order behind a predecessor that died, and finds the oldest attempt
    /// that can still count in a window, of which `horizons` says how far they look back. An attempt whose process died is over only now: it may have been
    /// suspended, and woken a moment ago. `deadline_ms` is what a request may take. `scope` is written down for whoever looks.
    ///
    /// On a server nothing is found yet: that is told of each account when it is taken.
    pub async fn begin(
        store: Store,
        lock: DrainLock,
        scope: &DrainScope,
        now: Moment,
        boot: BootId,
        horizons: &Horizons,
        deadline_ms: i64,
    ) -> Result<(Drain, DrainStart), StoreError> {
        let mut drain = Drain {
            store,
            fence: Fence(0),
            last_attempt: AttemptId(0),
            boot,
            slots_from: FirstThatCount::OF_ALL,
            next_mark: now.tick,
            deadline_ms,
            lease: None,
            seen_leases: None,
            tells_soon: TellsSoon::default(),
            lock,
        };
        // A load that broke off on this connection may have left it otherwise.
        drain.store.db.sync_each_commit(true).await?;
        let mut start = match drain.store.db.is_postgres() {
            true => drain.begin_on_server(scope, now).await?,
            false => drain.recover(scope, now, deadline_ms).await?,
        };
        drain.slots_from = drain.store.queue().first_that_count(&drain.boot.0, now, horizons).await?;
        start.other_boots |= drain.store.queue().others_may_count(&drain.boot.0, now, horizons.far()).await?;
        start.log_lost = drain.look_for_lost_log(now).await?;
        if start.log_lost.as_ref().is_some_and(|lost| lost.is_news) {
            let (was_restored,): (i64,) = drain.store.db.fetch_one(WAS_RESTORED, args![drain.fence.0]).await?;
            start.was_restored = was_restored != 0;
        }
        Ok((drain, start))
    }

    /// This machine's clock is wrong, so that nothing is too old to count by it: every slot on record is judged.
    pub fn distrust_wall(&mut self) {
        self.slots_from = FirstThatCount::OF_ALL;
    }

    /// Whether the lock still guards the queue, and nobody believes that this drain is over.
    pub fn lock_is_intact(&self) -> bool {
        self.lock.is_intact() && self.sends_for().is_none_or(|left| !left.is_zero())
    }

    /// For how long from now requests may leave before others believe that this drain is over; none: for as long as the lock is held.
    pub fn sends_for(&self) -> Option<Duration> {
        self.lease.as_ref().map(DrainLease::left)
    }

    /// Marks the drain's end and gives the queue back.
    pub async fn end(mut self, now: Moment, stopped: &str) -> Result<Store, StoreError> {
        if self.store.db.is_postgres() {
            return self.end_on_server(now, stopped).await;
        }
        let sql = "update drain set ended_at = $2, stopped = $3 where id = $1";
        self.store.db.execute(sql, args![self.fence.0, now.wall.0, stopped]).await?;
        Ok(self.store)
    }

    /// The lanes of the jobs that are active, of their newest rounds, in the order of jobs; only those named, where any are. On a server those of
    /// the accounts that this drain has.
    pub async fn lanes(&mut self, only: Option<&[JobId]>) -> Result<Vec<LaneView>, StoreError> {
        let only = only.map(|jobs| serde_json::json!(jobs.iter().map(|job| job.0).collect::<Vec<_>>()).to_string());
        let ours = self.lease.is_some().then_some(self.fence.0);
        let (text,): (String,) = self.store.db.fetch_one(LANES, args![only, ours]).await?;
        let rows: Vec<(i64, i64, i64, i64, i64, i64, i64, i64, i64)> =
            serde_json::from_str(&text).map_err(|e| StoreError::impossible(e.to_string()))?;
        let lanes =
            rows.into_iter().map(|(lane, job, round, action, account, visible_to, has_pending, has_names, whole)| {
                if whole == 0 {
                    let detail = format!(
                        "lane {lane} and its index differ, so it is not known what is to be done in it, and for whom"
                    );
                    return Err(StoreError::Damaged { queue: self.store.place().clone(), detail });
                }
                Ok(LaneView {
                    lane: LaneId(lane),
                    job: JobId(job),
                    round: RoundId(round),
                    action: action_of(action)?,
                    account: AccountId(account),
                    visible_to: TaskId(visible_to),
                    has_pending: has_pending != 0,
                    has_names: has_names != 0,
                })
            });
        let mut lanes = lanes.collect::<Result<Vec<LaneView>, StoreError>>()?;
        lanes.sort_by_key(|lane| (lane.job, lane.action.code(), lane.account));
        Ok(lanes)
    }

    /// The number that moves when another process has changed something.
    pub async fn generation(&mut self) -> Result<i64, StoreError> {
        let (generation,): (i64,) =
            self.store.db.fetch_one("select generation from queue where id = 1", args![]).await?;
        Ok(generation)
    }

    /// SQLite's own count of other connections' commits; asking is all but free.
    pub async fn data_version(&mut self) -> Result<i64, StoreError> {
        self.store.db.data_version().await
    }

    /// The machine was suspended from `asleep_from` or later, and is awake: what had not stopped counting then may have been
    /// sent only now, so it counts until `woken` at least.
    pub async fn extend_after_suspend(&mut self, asleep_from: Tick, woken: Tick) -> Result<(), StoreError> {
        let sql = "update attempt set upper_tick = $2
                    where id >= $3 and upper_tick > $1 and upper_tick < $2
                      and (select boot from drain where drain.id = attempt.drain_id) = $4";
        self.store.db.execute(sql, args![asleep_from.0, woken.0, self.slots_from.far.0, &self.boot.0]).await?;
        Ok(())
    }

    /// The queue beneath, for reading and for the commands that a drain carries out itself.
    pub fn store(&mut self) -> &mut Store {
        &mut self.store
    }
}

/// Only the words of a notice hang on it: whoever restores marks the file as one without its log.
const WAS_RESTORED: &str = "
    select case when exists (
        select 1 from audit_log where deed = 'restore' and job is null
           and at >= coalesce((select max(started_at) from drain where id < $1), at)) then 1 else 0 end";

/// What a lane does, and for whom, stands twice: in the index by which it is found and in its row, which are held against each other.
pub(super) const LANES: Sql = sql!(
    "
    select ",
    json_rows(
        "lane.id, job.id, round.id, lane.action, lane.account_id, round.visible_to,
         case when exists (select 1 from task where task.lane_id = lane.id and task.state = 0 and task.id <= round.visible_to)
              then 1 else 0 end,
         case when exists (select 1 from task_key key where key.lane_id = lane.id and key.target >= '@' and key.target < 'A')
              then 1 else 0 end,
         case when (lane.round_id, lane.action, lane.account_id) = (own.round_id, own.action, own.account_id)
              then 1 else 0 end"
    ),
    " from (select job.id from job where job.state = 'active' and (cast($1 as text) is null or job.id in ",
    numbers("$1"),
    ")) job
      join round on round.job_id = job.id
       and round.number = (select max(number) from round newest where newest.job_id = job.id and newest.visible_to > 0)
      join lane",
    indexed_by("sqlite_autoindex_lane_1"),
    " on lane.round_id = round.id
      left join lane own",
    not_indexed(),
    " on own.id = lane.id
     where round.pending > 0
       and (cast($2 as bigint) is null or lane.account_id in (select id from account where lease_drain_id = $2))"
);
