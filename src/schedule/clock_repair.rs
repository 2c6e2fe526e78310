//! Times that were settled under a clock that was wrong: recognised, and undone for what has not happened.
//!
//! In: the store, the time. Out: schedules as they stand by a clock that can be believed, and what was undone. What does not belong here:
//! what is due ([`super::plan`]).
//!
//! A clock that ran ahead settles slots that have not come: without this a single look under the year 2038 silences a schedule for
//! years. A clock that is behind now makes all that was settled look like the future. The two are told apart by the moment at which the
//! platform's clock last agreed with ours: it cannot be earlier than that now. Either way no slot is begun twice, for each has one record.

use std::time::Duration;

use super::plan::Schedule;
use crate::domain::{CLOCK_TOLERANCE, Wall};
use crate::store::{ClockUndo, Store, StoreError, StoredSchedule};

/// A clock that is further behind than this is not believed to be: rather the agreement on record was one of two wrong clocks.
const MAX_BEHIND: Duration = Duration::from_secs(366 * 86_400);

/// The latest moment that it is now at the earliest: by this machine's clock, or by the platform's when they last agreed.
pub async fn believed_now(store: &mut Store, now: Wall) -> Result<Wall, StoreError> {
    let agreed = store.admin().last_agreement().await?.filter(|at| *at <= now.after(MAX_BEHIND));
    Ok(agreed.map_or(now, |agreed| agreed.max(now)))
}

/// The schedules on record, and what it takes to see how far each is.
pub(super) struct Settled {
    /// Later than this no slot has come.
    pub(super) believed: Wall,
    decided: std::collections::HashMap<i64, Wall>,
}

impl Settled {
    pub(super) async fn of(store: &mut Store, now: Wall) -> Result<Settled, StoreError> {
        let believed = believed_now(store, now).await?;
        let decided = store.admin().slots_decided_by(believed.after(CLOCK_TOLERANCE)).await?;
        Ok(Settled { believed, decided })
    }

    /// The schedule as far as it truly is: the record of its slots knows better than what was settled under a wrong clock.
    pub(super) fn truly(&self, mut schedule: Schedule, stored: &StoredSchedule) -> Schedule {
        schedule.settled_to = self.settled_to(stored);
        schedule
    }

    /// Whether there is something to undo.
    pub(super) fn is_ahead(&self, stored: &StoredSchedule) -> bool {
        stored.settled_to.is_ahead_of(self.believed)
    }

    fn settled_to(&self, stored: &StoredSchedule) -> Wall {
        let decided = self.decided.get(&stored.id).copied();
        let known = [Some(stored.settled_to), decided, Some(stored.created_at)].into_iter().flatten();
        known.filter(|at| !at.is_ahead_of(self.believed)).max().unwrap_or(self.believed)
    }

    /// Takes back what was settled in the future. False where somebody else was quicker.
    pub(super) async fn put_right(&self, store: &mut Store, stored: &StoredSchedule) -> Result<bool, StoreError> {
        let undo = ClockUndo {
            schedule: stored.id,
            seen: stored.settled_to,
            settled_to: self.settled_to(stored),
            believed: self.believed.after(CLOCK_TOLERANCE),
        };
        store.admin().undo_settled(&undo).await
    }
}
