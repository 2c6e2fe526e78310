//! What a drain looks at before each turn: signals, its own deadline, and the machine's sleep.

use super::finish::Stopped;
use super::job_groups::{GroupIndex, JobGroups};
use super::limit_records::LimitRecords;
use super::roster::Roster;
use super::run_end::RunEnd;
use super::shutdown::{Shutdown, Urgency};
use super::suspend::SuspendWatch;
use crate::clock::Clock;
use crate::domain::Tick;
use crate::store::{Drain, StoreError};

/// After a suspend every slot whose end nobody saw counts anew from here: the kernel may have sent it only on waking.
pub(super) async fn handle_suspend(
    watch: &mut SuspendWatch,
    clock: &dyn Clock,
    roster: &mut Roster,
    limits: &mut LimitRecords,
    drain: &mut Drain,
) -> Result<(), StoreError> {
    let Some(suspend) = watch.look(clock) else { return Ok(()) };
    let woken = limits.extend_after_suspend(roster, suspend.asleep_from, suspend.awake_at);
    tracing::info!(seconds = suspend.slept.as_secs(), "the machine was suspended");
    drain.extend_after_suspend(suspend.asleep_from, woken).await
}

/// `is_busy`: requests are out, or tokens are being asked for. Where other groups go on, those that are out are waited for as ever.
pub(super) fn handle_deadlines(
    end: &mut RunEnd,
    groups: &mut JobGroups,
    roster: &mut Roster,
    is_busy: bool,
    now: Tick,
) {
    for group in groups.overdue(now) {
        groups.end(group, Stopped::Deadline, None, Vec::new());
        roster.leave_group(group);
    }
    if is_busy && groups.going_on().is_empty() && !groups.is_open(GroupIndex::OTHERS, now) {
        end.stop(Stopped::Deadline);
    }
}

pub(super) fn handle_signals(end: &mut RunEnd, shutdown: &Shutdown, now: Tick) {
    if let (urgency, Some(signal)) = shutdown.now()
        && urgency > Urgency::None
    {
        end.interrupt(signal, now);
    }
}
