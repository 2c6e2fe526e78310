//! How long work takes: told by the limit, because the past speed says nothing of a window that is about to be full.
//!
//! In: how many requests of which actions, windows and what is used of them, a pace. Out: a duration, or the time it ends. Pure.
//! It is an estimate: answers take no time, nothing fails, nobody else spends.

use std::time::Duration;

use crate::domain::{Action, Applies, Rate, Wall, WindowSpec};
use crate::engine::WindowLevel;
use crate::limits::{Pace, Pacer};

/// How long one account's requests take from empty windows.
pub fn from_empty(work: &[(Action, u64)], windows: &[WindowSpec], pace: Pace) -> Duration {
    let levels: Vec<WindowLevel> = windows.iter().map(|spec| WindowLevel { spec: *spec, used: 0 }).collect();
    time_for(work, &levels, pace)
}

/// When one account's requests will have been sent, if the next one can leave at `from`.
pub fn eta(work: &[(Action, u64)], windows: &[WindowLevel], pace: Pace, from: Wall) -> Wall {
    from.after(time_for(work, windows, pace))
}

/// How long one account's requests take from the moment the next one can leave. Actions that share no window go side by side.
pub fn time_for(work: &[(Action, u64)], windows: &[WindowLevel], pace: Pace) -> Duration {
    let shared = levels(windows, |applies| applies == Applies::All);
    let total = work.iter().fold(0_u64, |sum, (_, n)| sum.saturating_add(*n));
    let alone = work.iter().map(|(action, n)| time(*n, &levels(windows, |applies| applies.counts(*action)), pace));
    // Several actions in one window go through it one behind the other.
    let together = windows.iter().filter_map(|level| match level.spec.applies {
        Applies::Together(actions) => {
            let counted = work.iter().filter(|(action, _)| actions.has(*action));
            let total = counted.fold(0_u64, |sum, (_, n)| sum.saturating_add(*n));
            let shared = levels(windows, |applies| applies == Applies::All || applies == Applies::Together(actions));
            Some(time(total, &shared, pace))
        }
        Applies::All | Applies::Only(_) => None,
    });
    alone.chain(together).fold(time(total, &shared, pace), Duration::max)
}

/// The windows that apply, shortest first, and what is used of each.
fn levels(windows: &[WindowLevel], applies: impl Fn(Applies) -> bool) -> Vec<(Rate, u64)> {
    let chosen = windows.iter().filter(|level| applies(level.spec.applies));
    let mut levels: Vec<(Rate, u64)> = chosen.map(|level| (level.spec.rate, u64::from(level.used))).collect();
    levels.sort_by_key(|(rate, _)| (rate.window(), rate.limit()));
    levels
}

/// The shortest window sets the pace; a longer one stops the traffic when it is full, and then begins anew.
fn time(requests: u64, levels: &[(Rate, u64)], pace: Pace) -> Duration {
    let Some((&(rate, used), shorter)) = levels.split_last() else { return Duration::ZERO };
    if requests == 0 {
        return Duration::ZERO;
    }
    let limit = u64::from(rate.limit());
    if shorter.is_empty() && pace == Pace::Even {
        // At an even pace used slots free themselves as evenly as they were taken.
        let paced = times(rate.window(), requests.saturating_sub(u64::from(Pacer::EVEN_BURST))) / rate.limit();
        return paced.max(times(rate.window(), (requests - 1) / limit));
    }
    // Where it is full, the time from which we count is that at which it is not.
    let used = if used < limit { used } else { 0 };
    let ahead = requests.saturating_add(used);
    let filled = (ahead - 1) / limit;
    let rest = (ahead - filled * limit).min(requests);
    let stopped = times(rate.window(), filled).saturating_add(time(rest, shorter, pace));
    stopped.max(time(requests, shorter, pace))
}

fn times(window: Duration, count: u64) -> Duration {
    let millis = u64::try_from(window.as_millis()).unwrap_or(u64::MAX);
    Duration::from_millis(millis.saturating_mul(count))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Platform, Scope};
    use crate::platforms::spec;
    use proptest::prelude::*;

    const MINUTE: Duration = Duration::from_secs(60);
    const HOUR: Duration = Duration::from_secs(3600);

    fn x(work: &[(Action, u64)], pace: Pace) -> Duration {
        from_empty(work, spec(Platform::XV2).windows, pace)
    }

    #[test]
    fn fifty_in_fifteen_minutes() {
        let unfollow = |n| x(&[(Action::Unfollow, n)], Pace::Even);
        assert_eq!(unfollow(0), Duration::ZERO);
        assert_eq!(unfollow(3), Duration::ZERO);
        assert_eq!(unfollow(4), Duration::from_secs(18));
        assert_eq!(unfollow(51), 15 * MINUTE);
        assert_eq!(unfollow(1_003), 5 * HOUR);
        let front = |n| x(&[(Action::Unfollow, n)], Pace::FrontLoad);
        assert_eq!((front(50), front(51), front(101)), (Duration::ZERO, 15 * MINUTE, 30 * MINUTE));
    }

    #[test]
    fn a_day_window_stops_what_the_short_one_lets_through() {
        let unlike = x(&[(Action::Unlike, 2_503)], Pace::Even);
        assert_eq!(unlike, 2 * 24 * HOUR + 500 * Duration::from_secs(18));
        assert_eq!(x(&[(Action::Unlike, 1_000)], Pace::Even), x(&[(Action::Unfollow, 1_000)], Pace::Even));
    }

    #[test]
    fn actions_share_the_accounts_window() {
        let both = x(&[(Action::Unlike, 500), (Action::Unfollow, 503)], Pace::Even);
        assert_eq!(both, 5 * HOUR);
    }

    #[test]
    fn used_slots_are_missing_until_the_window_begins_anew() {
        let spec = WindowSpec { scope: Scope::Account, rate: WindowSpec::DEFAULT, applies: Applies::All };
        let level = |used| [WindowLevel { spec, used }];
        let work = |n| [(Action::Unmute, n)];
        assert_eq!(time_for(&work(30), &level(20), Pace::FrontLoad), Duration::ZERO);
        assert_eq!(time_for(&work(31), &level(20), Pace::FrontLoad), 15 * MINUTE);
        assert_eq!(time_for(&work(50), &level(50), Pace::FrontLoad), Duration::ZERO, "counted from when it is free");
        assert_eq!(eta(&work(51), &level(0), Pace::FrontLoad, Wall(1_000)), Wall(901_000));
    }

    proptest! {
        #[test]
        fn more_work_never_takes_less_time(n in 0_u64..20_000, more in 0_u64..500, used in 0_u32..1_200, front: bool) {
            let pace = if front { Pace::FrontLoad } else { Pace::Even };
            let windows: Vec<_> = spec(Platform::XV1).windows
                .iter()
                .map(|spec| WindowLevel { spec: *spec, used })
                .collect();
            for action in [Action::Unlike, Action::Unfollow] {
                let time = |n| time_for(&[(action, n)], &windows, pace);
                prop_assert!(time(n) <= time(n + more));
            }
        }

        #[test]
        fn no_window_is_overrun(n in 1_u64..20_000, front: bool) {
            let pace = if front { Pace::FrontLoad } else { Pace::Even };
            let took = x(&[(Action::Unlike, n)], pace);
            for rate in [WindowSpec::DEFAULT, crate::domain::Rate::fixed(1_000, 86_400)] {
                let windows = took.as_secs() / rate.window().as_secs() + 1;
                prop_assert!(n <= windows * u64::from(rate.limit()));
            }
        }
    }
}
