//! From which attempts on slots may still count: found by halving, for attempts were reserved in the order of time.
//!
//! In: how far the windows look back. Out: the number of an attempt. What does not belong here: the slots themselves ([`super::slots`]).

use std::time::Duration;

use super::QueueStore;
use crate::domain::{Action, AttemptId, Horizons, Moment};
use crate::store::error::StoreError;

/// From which attempts on slots may still count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FirstThatCount {
    /// For the actions that reach far; for no other any attempt before counts.
    pub(super) far: AttemptId,
    /// For every action.
    pub(super) near: AttemptId,
    /// The actions that reach far: a bit for each, by its number in the queue.
    pub(super) far_actions: i64,
}

impl FirstThatCount {
    /// From the first of all.
    pub(super) const OF_ALL: FirstThatCount = FirstThatCount { far: AttemptId(0), near: AttemptId(0), far_actions: 0 };
}

impl QueueStore<'_> {
    /// From which attempts on slots may still count.
    pub(super) async fn first_that_count(
        &mut self,
        boot: &str,
        now: Moment,
        horizons: &Horizons,
    ) -> Result<FirstThatCount, StoreError> {
        let far = self.first_attempt_that_counts(boot, now, horizons.far()).await?;
        if horizons.near() == horizons.far() {
            return Ok(FirstThatCount { far, near: far, far_actions: 0 });
        }
        let near = self.first_attempt_that_counts(boot, now, horizons.near()).await?;
        let far_actions = Action::ALL.into_iter().filter(|action| horizons.reaches_far(*action));
        Ok(FirstThatCount { far, near, far_actions: far_actions.fold(0, |bits, action| bits | 1 << action.code()) })
    }

    /// Attempts were reserved in the order of time, so the first that can still count in a window of this length is found by halving.
    /// Within this boot by ticks. Those of other boots count until their processes were known to be dead, which was when a drain of this
    /// boot took over; where that is not long enough ago, they are told by the wall clock, where a platform has agreed with it then; it may be
    /// wrong now by as much as [`WALL_DOUBT_MS`], unless somebody is asked ([`others_may_count`](Self::others_may_count)). The few
    /// whose end came late or never stand out of the order and have indexes of their own.
    pub(super) async fn first_attempt_that_counts(
        &mut self,
        boot: &str,
        now: Moment,
        horizon: Duration,
    ) -> Result<AttemptId, StoreError> {
        let horizon_ms = i64::try_from(horizon.as_millis()).unwrap_or(i64::MAX);
        let args = args![
            boot,
            now.tick.0.saturating_sub(horizon_ms).saturating_sub(LATE_MS),
            now.wall.0.saturating_sub(horizon_ms).saturating_sub(WALL_DOUBT_MS)
        ];
        let (first,): (i64,) = self.db.fetch_one(FIRST_THAT_COUNTS, args).await?;
        Ok(AttemptId(first))
    }

    /// Whether attempts of other boots may count, so that somebody is to be asked what o'clock it is before the wall clock is believed.
    pub(super) async fn others_may_count(
        &mut self,
        boot: &str,
        now: Moment,
        horizon: Duration,
    ) -> Result<bool, StoreError> {
        let horizon_ms = i64::try_from(horizon.as_millis()).unwrap_or(i64::MAX);
        let args = args![boot, now.tick.0.saturating_sub(horizon_ms).saturating_sub(LATE_MS)];
        let (may,): (bool,) = self.db.fetch_one(OTHERS_MAY_COUNT, args).await?;
        Ok(may)
    }
}

/// An ordinary request ends this much after its reservation at most; later ends are in the index `attempt_late`.
const LATE_MS: i64 = 600_000;

/// How far a wall clock is believed to be wrong at most, where no platform has told the time.
const WALL_DOUBT_MS: i64 = 31 * 86_400_000;

/// The drains of this boot (`$1`) that began when all of other boots were over: the first of them took the queue over.
macro_rules! since_takeover {
    () => {
        "drain
          where boot = $1
            and id > (select coalesce(max(coalesce(last_beside, case when alive_until is null then id else 9223372036854775807 end)), 0)
                        from drain where boot <> $1)"
    };
}
pub(super) use since_takeover;

/// Whether this boot (`$1`) took the queue over, or takes it now, at `$2` or later, and there are others that had it.
const OTHERS_MAY_COUNT: &str = concat!(
    "select exists (select 1 from drain where boot <> $1) and (select coalesce(min(started_tick) >= $2, true) from ",
    since_takeover!(),
    ")"
);

/// What was reserved before `$2` by its boot's ticks, or before `$3` by the wall clock where its boot is another, cannot count; halved
/// between what cannot and what can. Of other boots none counts any more where the first drain of this one took over before `$2`. Late
/// ends are looked at one by one; and an attempt of another boot without an end was over when the next drain had the queue: on a server the
/// first that began when all of that boot were over (`last_beside`).
pub(super) const FIRST_THAT_COUNTS: &str = concat!(
    "
    with recursive
        elsewhere (counts) as (
            select coalesce(min(started_tick) >= $2, true) from ",
    since_takeover!(),
    "),
        search (low, high) as (
            select cast(0 as bigint), (select coalesce(max(id), 0) + 1 from attempt)
            union all
            select case when d.boot = $1 and a.reserved_tick < $2
                          or d.boot <> $1 and (not e.counts or (a.reserved_at < $3 and d.clock_checked = 1)) then a.id + 1 else low end,
                   case when d.boot = $1 and a.reserved_tick < $2
                          or d.boot <> $1 and (not e.counts or (a.reserved_at < $3 and d.clock_checked = 1)) then high else (low + high) / 2 end
              from search
              join attempt a on a.id = (select min(id) from attempt where id >= (low + high) / 2)
              join drain d on d.id = a.drain_id
              cross join elsewhere e
             where low < high)
    select min(id) from (
        select coalesce(max(low), 0) as id from search where low >= high
        union all
        select min(a.id) from attempt a cross join drain d cross join elsewhere e
         where d.id = a.drain_id and a.upper_tick - a.reserved_tick > 600000
           and case when d.boot = $1 then a.upper_tick >= $2
                    else e.counts and (d.clock_checked = 0 or a.reserved_at + a.upper_tick - a.reserved_tick >= $3) end
        union all
        select min(a.id) from attempt a cross join drain d cross join elsewhere e
         where d.id = a.drain_id and a.ended_at is null and d.boot <> $1 and e.counts
           and case when d.alive_until is null or d.last_beside is not null
                    then exists (select 1 from drain next
                                  where next.id = coalesce(d.last_beside, d.id) + 1
                                    and case when next.boot = $1 then next.started_tick >= $2
                                             else next.clock_checked = 0 or next.started_at >= $3 end)
                         or (d.last_beside is not null
                             and not exists (select 1 from drain next where next.id = d.last_beside + 1))
                    else true end) first"
);

#[cfg(test)]
mod tests {
    use super::*;

    /// Of partial indexes SQLite uses those alone whose condition the statement repeats, so the number stands in both as it is.
    #[test]
    fn the_index_of_late_ends_and_its_search_name_the_same_time() {
        let condition = format!("upper_tick - reserved_tick > {LATE_MS}");
        assert!(include_str!("../../../migrations/0010_late_ends.sql").contains(&condition));
        assert!(FIRST_THAT_COUNTS.replace("a.", "").contains(&condition));
    }
}
