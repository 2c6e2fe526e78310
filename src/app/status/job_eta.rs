//! How long jobs take, and when they will be done where somebody works on them.
//!
//! In: what jobs have left, how full their accounts' windows are, what a drain works on and until when. Out: a duration, and a time by the
//! clock only for a job that a process works on and does not leave before. Reads nothing.

use std::collections::HashMap;
use std::time::Duration;

use super::account_status::AccountStatus;
use crate::app::Activity;
use crate::app::status::estimate::{from_empty, time_for};
use crate::config::Settings;
use crate::domain::{AccountId, Action, Moment, Platform, Wall};
use crate::engine::WindowLevel;
use crate::store::DrainScope;

/// How long a job takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Eta {
    /// When it will be done: while a process works on it that does not stop before.
    pub at: Option<Wall>,
    /// How long it takes from now while a process works on it, else from when one begins; none: nothing is left, or too much to count.
    pub takes: Option<Duration>,
}

/// What a job has left of one account.
type Work = HashMap<AccountId, Vec<(Action, u64)>>;

/// What jobs have before them, in the order in which they are worked off.
pub(super) struct EtaLine<'a> {
    settings: &'a Settings,
    accounts: HashMap<AccountId, &'a AccountStatus>,
    drain: Option<&'a DrainScope>,
    now: Moment,
    /// What the drain has before it.
    queued: Work,
}

impl<'a> EtaLine<'a> {
    pub(super) fn new(
        settings: &'a Settings,
        accounts: &'a [AccountStatus],
        drain: Option<&'a DrainScope>,
        now: Moment,
    ) -> EtaLine<'a> {
        let accounts = accounts.iter().map(|standing| (standing.account.id, standing)).collect();
        EtaLine { settings, accounts, drain, now, queued: Work::new() }
    }

    pub(super) fn now(&self) -> Wall {
        self.now.wall
    }

    /// When the next request of an account can leave.
    pub(super) fn next_at(&self, account: AccountId, work: &[(Action, u64)]) -> Wall {
        self.accounts.get(&account).map_or(self.now.wall, |standing| standing.next_at(work, self.now))
    }

    /// How long a job takes that has this left. Call it for one job after the other, in their order.
    pub(super) fn eta(
        &mut self,
        work: &[(Action, AccountId, u64)],
        activity: &Activity,
        needs_person: bool,
        platform_of: impl Fn(&AccountId) -> Option<Platform>,
    ) -> Eta {
        let is_worked_on = activity.is_worked_on();
        let mut own = Work::new();
        for (action, account, n) in work {
            let lanes = if is_worked_on { self.queued.entry(*account) } else { own.entry(*account) };
            lanes.or_default().push((*action, *n));
            own.entry(*account).or_default();
        }
        let accounts: Vec<AccountId> = own.keys().copied().collect();
        let ahead = |account: &AccountId| if is_worked_on { self.queued.get(account) } else { own.get(account) };
        let takes = accounts.iter().filter_map(|account| {
            let platform = platform_of(account)?;
            Some(self.time_of(*account, platform, ahead(account)?, activity))
        });
        let takes = takes.max();
        // When a person will have seen to an account nobody can say.
        let at = takes.filter(|_| is_worked_on && !needs_person).map(|takes| self.now.wall.after(takes));
        Eta { at: at.filter(|at| self.drain.is_none_or(|drain| lasts(drain, *at))), takes }
    }

    fn time_of(&self, account: AccountId, platform: Platform, work: &[(Action, u64)], activity: &Activity) -> Duration {
        let specs = self.settings.windows(platform);
        let pace = self.settings.run.pace;
        let begins_now = match activity {
            Activity::WaitingSchedule(_) | Activity::Paused | Activity::Unverified => false,
            Activity::Running
            | Activity::WaitingSlot { .. }
            | Activity::Resting { .. }
            | Activity::WaitingTurn { .. }
            | Activity::NotRunning { .. }
            | Activity::NeedsYou(_)
            | Activity::ServerNeedsYou { .. }
            | Activity::ScheduleBegun { .. }
            | Activity::ScheduleInterrupted { .. }
            | Activity::Finished
            | Activity::Cancelled => true,
        };
        // By the time it begins the windows will be empty again.
        if !begins_now {
            return from_empty(work, &specs, pace);
        }
        let empty = || specs.iter().map(|spec| WindowLevel { spec: *spec, used: 0 }).collect();
        let levels: Vec<WindowLevel> = self.accounts.get(&account).map_or_else(empty, |standing| standing.levels());
        let begins = self.next_at(account, work).since(self.now.wall);
        begins.saturating_add(time_for(work, &levels, pace))
    }
}

/// Whether a drain works until then, as far as is known.
fn lasts(drain: &DrainScope, at: Wall) -> bool {
    !drain.is_capped && drain.sends_until.is_none_or(|end| at <= end)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::app::ScheduleWait;
    use crate::config::{Environment, Overrides};
    use crate::domain::Tick;

    const NOW: Moment = Moment { tick: Tick(0), wall: Wall(1_000_000) };
    const ME: AccountId = AccountId(1);

    fn eta_of(drain: Option<&DrainScope>, activity: &Activity, needs_person: bool) -> Eta {
        let settings = Settings::resolve(&Overrides::default(), &Environment::default()).unwrap();
        let mut line = EtaLine::new(&settings, &[], drain, NOW);
        line.eta(&[(Action::Unfollow, ME, 53)], activity, needs_person, |_| Some(Platform::XV2))
    }

    #[test]
    fn a_time_by_the_clock_is_told_only_while_somebody_works_until_then() {
        let until = |minutes: u64| DrainScope {
            sends_until: Some(NOW.wall.after(Duration::from_secs(minutes * 60))),
            ..DrainScope::default()
        };
        let takes = Duration::from_secs(900);
        let done = Some(NOW.wall.after(takes));
        let slot = Activity::WaitingSlot { until: Wall(9) };
        for (drain, activity, needs_person, at) in [
            (DrainScope::default(), Activity::Running, false, done),
            (DrainScope::default(), slot, false, done),
            (until(16), Activity::Running, false, done),
            // It stops before, or may.
            (until(14), Activity::Running, false, None),
            (DrainScope { is_capped: true, ..DrainScope::default() }, Activity::Running, false, None),
            // One of its accounts waits for a person.
            (DrainScope::default(), Activity::Running, true, None),
            (DrainScope::default(), Activity::NotRunning { after_another: true }, false, None),
            (DrainScope::default(), Activity::Paused, false, None),
        ] {
            assert_eq!(eta_of(Some(&drain), &activity, needs_person), Eta { at, takes: Some(takes) }, "{activity:?}");
        }
        let nightly = ScheduleWait { schedule: "nightly".into(), until: Wall(9), is_interrupted: false };
        for activity in [Activity::NotRunning { after_another: false }, Activity::WaitingSchedule(nightly)] {
            assert_eq!(eta_of(None, &activity, false), Eta { at: None, takes: Some(takes) });
        }
    }

    #[test]
    fn what_waits_for_nothing_is_not_put_behind_others() {
        let settings = Settings::resolve(&Overrides::default(), &Environment::default()).unwrap();
        let scope = DrainScope::default();
        let mut line = EtaLine::new(&settings, &[], Some(&scope), NOW);
        let mut next = |activity: &Activity| {
            line.eta(&[(Action::Unfollow, ME, 50)], activity, false, |_| Some(Platform::XV2)).takes.unwrap().as_secs()
        };
        let first = next(&Activity::Running);
        // The drain comes to it behind the first; a job that nobody works on is behind nobody.
        assert!(next(&Activity::Running) >= first + 900);
        assert_eq!(next(&Activity::NotRunning { after_another: true }), first);
    }
}
