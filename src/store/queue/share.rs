//! Who works on which account, where many processes drain one queue on a server: each drain looks from time to time, takes accounts that are
//! free, and gives some back.
//!
//! In: what a drain can let go, and which accounts it sends nothing more for. Out: what it has got, with the tasks that stand aside there, and
//! what it has no more. Everybody looks one after the other, under a lock of its own. What does not belong here: who takes what
//! ([`super::plan_share`]), drains that are over ([`super::dead_drains`]).

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::conflict_retries::ConflictRetries;
use super::dead_drains::bury;
use super::drain::{Drain, SeenLeases};
use super::drain_start::DrainStart;
use super::plan_share::{MOST_DRAINS, SharePlan, ShareUnit, bit, plan_share};
use super::take_over::{take_over, taken_over};
use super::work::{DrainScope, jobs_of};
use crate::domain::{AccountId, Fence, JobId, Moment};
use crate::store::db::Tx;
use crate::store::error::StoreError;

/// What a drain says when it looks who has what.
#[derive(Clone, Copy, Debug)]
pub struct ShareRequest<'r> {
    /// Accounts that share a window with others, and a name for those that share it: one drain has them together.
    pub units: &'r HashMap<AccountId, String>,
    /// Accounts that it gives back in any case. Nothing of theirs may be in flight.
    pub done: &'r [AccountId],
    /// Accounts of which nothing is in flight: they may be given back now.
    pub quiet: &'r HashSet<AccountId>,
    /// Accounts for which it has stopped sending, so that they can be given back.
    pub leaving: &'r HashSet<AccountId>,
    /// Accounts that it does not take: it has nothing to send for them.
    pub shuns: &'r BTreeSet<AccountId>,
}

/// Who has what now.
#[derive(Debug, Default)]
pub struct Shared {
    /// Accounts that this drain has got.
    pub gained: Vec<AccountId>,
    /// Accounts that it has no more.
    pub given: Vec<AccountId>,
    /// Accounts that it is to let go, as soon as nothing of theirs is in flight.
    pub leaving: HashSet<AccountId>,
    /// What it has found of those that it has got.
    pub start: DrainStart,
    /// Jobs of which other drains have something to send, or in flight, or are about to take it.
    pub elsewhere: BTreeSet<JobId>,
    /// Accounts with something to send of these jobs that nobody has, and this drain does not take.
    pub shunned: Vec<(AccountId, Vec<JobId>)>,
    /// Other drains that are alive.
    pub others: usize,
}

/// A drain that is alive.
struct LiveDrain {
    scope: DrainScope,
    shuns: HashSet<AccountId>,
}

/// An account that somebody has, or that has something to send.
struct Candidate {
    account: AccountId,
    /// The place of the drain that has it.
    holder: Option<usize>,
    /// Somebody has it.
    is_held: bool,
    jobs: Vec<JobId>,
}

impl Drain {
    /// Whether this is one of many drains of a queue on a server, that share its accounts.
    pub fn is_shared(&self) -> bool {
        self.lease.is_some()
    }

    /// Looks who has what, takes what is this drain's to take and gives back what is not. None: nothing has changed since the last look; in
    /// a file's queue a drain has them all.
    ///
    /// # Errors
    /// [`StoreError::FenceLost`] where another drain has taken over what this one had; the server cannot be reached.
    pub async fn share(&mut self, request: ShareRequest<'_>, now: Moment) -> Result<Option<Shared>, StoreError> {
        if !self.is_shared() || self.is_settled(&request).await? {
            return Ok(None);
        }
        let mut tries = ConflictRetries::default();
        loop {
            match self.try_share(request, now).await {
                Err(StoreError::Conflict) if tries.pause().await => {}
                shared => return shared.map(Some),
            }
        }
    }

    async fn is_settled(&mut self, request: &ShareRequest<'_>) -> Result<bool, StoreError> {
        let (generation, leases, is_anybody_dead): (i64, i64, bool) = self.store.db.fetch_one(LOOK, args![]).await?;
        let is_same = self
            .seen_leases
            .as_ref()
            .is_some_and(|seen| (seen.generation, seen.leases) == (generation, leases) && seen.shuns == *request.shuns);
        Ok(is_same && !is_anybody_dead && request.done.is_empty() && request.leaving.is_empty())
    }

    async fn try_share(&mut self, request: ShareRequest<'_>, now: Moment) -> Result<Shared, StoreError> {
        self.seen_leases = None;
        let (fence, boot) = (self.fence, self.boot.0.clone());
        let mut tx = self.store.db.begin_turn(true).await?;
        begin_sharing(&mut tx).await?;
        lock_own_row(&mut tx, fence).await?;
        let buried = bury(&mut tx, &boot, now, self.deadline_ms).await?;
        give_back(&mut tx, fence.0, request.done).await?;
        let shuns = serde_json::json!(request.shuns).to_string();
        tx.execute("update drain set shuns = $2 where id = $1 and shuns is distinct from $2", args![fence.0, &shuns])
            .await?;
        let drains = live_drains(&mut tx).await?;
        let places: HashMap<i64, usize> = drains.iter().enumerate().map(|(at, (id, _))| (*id, at)).collect();
        let Some(me) = places.get(&fence.0).copied() else { return Err(StoreError::FenceLost) };
        let drains: Vec<LiveDrain> = drains.into_iter().map(|(_, drain)| drain).collect();
        let candidates = candidates(&mut tx, &places).await?;
        let (units, members) = units_of(me, &drains, &candidates, &request);
        let plan = plan_share(me, drains.len(), &units);
        let mut shared = decide(me, &drains, &candidates, (&units, &members), &plan);
        shared.others = drains.len() - 1;
        take(&mut tx, fence.0, &shared.gained).await?;
        give_back(&mut tx, fence.0, &shared.given).await?;
        shared.start = match shared.gained.is_empty() {
            true => DrainStart { taken_over: taken_over(&mut tx, &boot, now).await?, ..DrainStart::default() },
            false => take_over(&mut tx, &shared.gained, &boot, now).await?,
        };
        (shared.start.recovered, shared.start.crashed) = (buried.recovered, buried.crashed);
        let has_changed =
            buried.any || !(request.done.is_empty() && shared.gained.is_empty() && shared.given.is_empty());
        let (generation, leases): (i64, i64) = tx.fetch_one(CHANGED, args![i64::from(has_changed)]).await?;
        tx.commit().await?;
        shared.given.extend(request.done);
        if shared.leaving.is_empty() && !plan.leaves_some {
            self.seen_leases = Some(SeenLeases { generation, leases, shuns: request.shuns.clone() });
        }
        Ok(shared)
    }
}

/// Nobody else shares meanwhile.
pub(super) async fn begin_sharing(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    tx.execute("select pg_advisory_xact_lock(7164212576379039746)", args![]).await.map(drop)
}

/// This drain is not over, and nobody says so before this transaction is.
pub(super) async fn lock_own_row(tx: &mut Tx<'_>, fence: Fence) -> Result<(), StoreError> {
    let found: Option<(i64,)> = tx.fetch_optional(LOCK_OWN_ROW, args![fence.0]).await?;
    if found.is_some() { Ok(()) } else { Err(StoreError::FenceLost) }
}

/// `$1` the drain. A queue that is being moved is nobody's.
const LOCK_OWN_ROW: &str = "
    select drain.id from drain cross join queue
     where drain.id = $1 and drain.ended_at is null and queue.id = 1 and queue.moved_to is null
       for update of drain";

const LOOK: &str = concat!(
    "select generation, leases, exists (select 1 from drain where ended_at is null and coalesce(alive_until, 0) < ",
    server_now!(),
    ") from queue where id = 1"
);

/// `$1` by how much.
pub(super) const CHANGED: &str = "update queue set leases = leases + $1 where id = 1 returning generation, leases";

async fn live_drains(tx: &mut Tx<'_>) -> Result<Vec<(i64, LiveDrain)>, StoreError> {
    let rows: Vec<(i64, Option<String>, Option<String>)> =
        tx.fetch_all("select id, jobs, shuns from drain where ended_at is null order by id", args![]).await?;
    let drain = |(id, jobs, shuns): (i64, Option<String>, Option<String>)| {
        let shuns: Vec<i64> = serde_json::from_str(shuns.as_deref().unwrap_or("[]"))
            .map_err(|error| StoreError::impossible(format!("what a drain shuns: {error}")))?;
        let scope = DrainScope { jobs: jobs_of(jobs.as_deref())?, ..DrainScope::default() };
        Ok((id, LiveDrain { scope, shuns: shuns.into_iter().map(AccountId).collect() }))
    };
    rows.into_iter().map(drain).collect()
}

async fn candidates(tx: &mut Tx<'_>, places: &HashMap<i64, usize>) -> Result<Vec<Candidate>, StoreError> {
    let rows: Vec<(i64, Option<i64>, Option<String>)> = tx.fetch_all(CANDIDATES, args![]).await?;
    let candidate = |(account, drain, jobs): (i64, Option<i64>, Option<String>)| {
        let jobs = jobs_of(jobs.as_deref())?.unwrap_or_default();
        let holder = drain.and_then(|drain| places.get(&drain).copied());
        Ok(Candidate { account: AccountId(account), holder, is_held: drain.is_some(), jobs })
    };
    rows.into_iter().map(candidate).collect()
}

/// The units, and which candidates each of them is.
fn units_of(
    me: usize,
    drains: &[LiveDrain],
    candidates: &[Candidate],
    request: &ShareRequest<'_>,
) -> (Vec<ShareUnit>, Vec<Vec<usize>>) {
    let mut by_name: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    let mut members: Vec<Vec<usize>> = Vec::new();
    for (at, candidate) in candidates.iter().enumerate() {
        match request.units.get(&candidate.account) {
            Some(name) => by_name.entry(name).or_default().push(at),
            None => members.push(vec![at]),
        }
    }
    members.extend(by_name.into_values());
    let unit = |of: &Vec<usize>| {
        let of = || of.iter().map(|at| &candidates[*at]);
        let takers = of().map(|candidate| takers_of(drains, candidate)).fold(0, |all, some| all | some);
        ShareUnit {
            holder: of().find_map(|candidate| candidate.holder),
            load: of().filter(|candidate| !candidate.jobs.is_empty()).count() as u32,
            takers,
            is_quiet: of().all(|one| one.holder != Some(me) || request.quiet.contains(&one.account)),
            is_leaving: of().any(|one| request.leaving.contains(&one.account)),
        }
    };
    (members.iter().map(unit).collect(), members)
}

/// The drains that can send for an account.
fn takers_of(drains: &[LiveDrain], candidate: &Candidate) -> u128 {
    let can = |drain: &LiveDrain| {
        !drain.shuns.contains(&candidate.account) && candidate.jobs.iter().any(|job| drain.scope.covers(*job))
    };
    (0..drains.len().min(MOST_DRAINS)).filter(|at| can(&drains[*at])).map(bit).sum()
}

/// What the plan means for accounts.
fn decide(
    me: usize,
    drains: &[LiveDrain],
    candidates: &[Candidate],
    (units, members): (&[ShareUnit], &[Vec<usize>]),
    plan: &SharePlan,
) -> Shared {
    let mut shared = Shared::default();
    let can_take = |one: &Candidate| takers_of(drains, one) & bit(me) != 0;
    let takes: HashSet<usize> = plan.takes.iter().copied().collect();
    for (at, (unit, of)) in units.iter().zip(members).enumerate() {
        let is_ours = unit.holder == Some(me) || takes.contains(&at);
        for one in of.iter().map(|at| &candidates[*at]) {
            let mut ours = one.jobs.iter().copied().filter(|job| drains[me].scope.covers(*job)).peekable();
            if one.holder == Some(me) {
                continue;
            } else if is_ours && !one.is_held && can_take(one) {
                shared.gained.push(one.account);
            } else if one.is_held || takers_of(drains, one) != 0 {
                // Another has it, or is about to.
                shared.elsewhere.extend(ours);
            } else if ours.peek().is_some() {
                shared.shunned.push((one.account, ours.collect()));
            }
        }
    }
    for at in &plan.gives {
        let own = members[*at].iter().map(|at| &candidates[*at]).filter(|one| one.holder == Some(me));
        let own = own.map(|one| one.account);
        if units[*at].is_quiet {
            shared.given.extend(own);
        } else {
            shared.leaving.extend(own);
        }
    }
    shared
}

async fn take(tx: &mut Tx<'_>, fence: i64, accounts: &[AccountId]) -> Result<(), StoreError> {
    if accounts.is_empty() {
        return Ok(());
    }
    let ids = serde_json::json!(accounts).to_string();
    let taken = tx.execute(TAKE, args![fence, ids]).await?;
    match usize::try_from(taken) == Ok(accounts.len()) {
        true => Ok(()),
        false => Err(StoreError::impossible("an account that two drains have")),
    }
}

async fn give_back(tx: &mut Tx<'_>, fence: i64, accounts: &[AccountId]) -> Result<(), StoreError> {
    if accounts.is_empty() {
        return Ok(());
    }
    tx.execute(GIVE_BACK, args![fence, serde_json::json!(accounts).to_string()]).await.map(drop)
}

const TAKE: &str = concat!(
    "update account set lease_drain_id = $1, lease_since = ",
    server_now!(),
    " where lease_drain_id is null and id in ",
    word!(postgres numbers "$2")
);

const GIVE_BACK: &str = concat!(
    "update account set lease_drain_id = null, lease_since = null where lease_drain_id = $1 and id in ",
    word!(postgres numbers "$2")
);

/// Accounts that somebody has, and those with a task in line, in flight or aside in the newest visible round of an active job.
const CANDIDATES: &str = "
    with work as materialized (
        select lane.account_id, cast(json_agg(distinct job.id) as text) as jobs
          from job
          join round on round.job_id = job.id
           and round.number = (select max(number) from round newest where newest.job_id = job.id and newest.visible_to > 0)
          join lane on lane.round_id = round.id
         where job.state = 'active' and round.pending > 0
           and (exists (select 1 from task where task.lane_id = lane.id and task.state = 0 and task.id <= round.visible_to)
                or lane.id in (select lane_id from task where state in (2, 3))
                or lane.id in (select task.lane_id from attempt join task on task.id = attempt.task_id
                                where attempt.ended_at is null and attempt.finding is null and task.state = 1))
         group by lane.account_id
    )
    select account.id, account.lease_drain_id, coalesce(work.jobs, '[]')
      from account left join work on work.account_id = account.id
     where account.lease_drain_id is not null or work.jobs is not null
     order by account.id";
