//! How full an account's windows are, as far as the record tells: for `status`, which decides nothing by it.
//!
//! In: slots on record, windows, both clocks. Out: usage. The counting is `limits::Windows`; here slots are only put on this
//! boot's ticks.

use std::time::Duration;

use crate::domain::{Action, Applies, Horizons, Moment, Scope, Tick, Wall, WindowSpec};
use crate::limits::{WindowUsage, Windows};
use crate::store::{AccountHold, RecentSlot, UnknownUntil};

/// The usage of an account's windows at `now`. Until `unknown_until` nobody knows what was sent: then every window was full.
pub fn window_usage(
    specs: &[WindowSpec],
    slots: &[RecentSlot],
    unknown_until: Option<UnknownUntil>,
    now: Moment,
) -> Vec<WindowUsage> {
    let mut windows = Windows::new(specs, Scope::Account);
    for slot in slots {
        windows.restore(slot.action, upper(slot, now));
    }
    if let Some(UnknownUntil { at, is_of_this_boot }) = unknown_until {
        windows.fill(if is_of_this_boot { at.tick } else { tick_of(at.wall, now) }.min(now.tick));
    }
    windows.usage(now.tick)
}

/// The most attempts of one account that are read to see its windows.
const MAX_SLOTS_READ: u32 = 1_000_000;

/// How many of an account's newest attempts that may still count are needed to see all its windows: as many as can have been sent as
/// far back as each looks, for requests of other actions lie between those that it counts.
pub fn slots_needed(specs: &[WindowSpec]) -> u32 {
    let horizons = Horizons::of(specs);
    let most = |spec: &WindowSpec| {
        let reaches_far = |action: &Action| spec.applies.counts(*action) && horizons.reaches_far(*action);
        let is_of_all = spec.applies == Applies::All;
        let back = if !is_of_all && Action::ALL.iter().any(reaches_far) { horizons.far() } else { horizons.near() };
        let windows = back.as_millis().div_ceil(spec.rate.window().as_millis().max(1)) + 1;
        windows.saturating_mul(u128::from(spec.rate.limit()))
    };
    let all = specs.iter().map(most).fold(0_u128, u128::saturating_add);
    u32::try_from(all).unwrap_or(MAX_SLOTS_READ).min(MAX_SLOTS_READ)
}

/// Slots of another boot are placed by the wall clock: good enough to look at. (A drain is stricter: `limits::ThisBoot`.)
fn upper(slot: &RecentSlot, now: Moment) -> Tick {
    let Some(elsewhere) = slot.elsewhere else { return slot.counted_until };
    let reserved = tick_of(elsewhere.wall, now);
    reserved.after(slot.counted_until.since(elsewhere.tick)).min(now.tick)
}

/// The tick of this boot at a time by the wall clock.
fn tick_of(wall: Wall, now: Moment) -> Tick {
    let ago = now.wall.since(wall);
    Tick(now.tick.0.saturating_sub(i64::try_from(ago.as_millis()).unwrap_or(i64::MAX)))
}

/// When a hold that is in force ends, by the wall clock. It was never longer than it was when it began, whatever a clock that was ahead has
/// said of its end.
pub fn hold_ends(hold: &AccountHold, boot: &str, now: Moment) -> Option<Wall> {
    if hold.boot == boot {
        (hold.until > now.tick).then(|| now.wall_at(hold.until))
    } else {
        let length = Duration::from_millis(u64::try_from(hold.length_ms).unwrap_or(0));
        (hold.until_at.since(now.wall) > Duration::ZERO).then_some(hold.until_at.min(now.wall.after(length)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Platform;

    fn slot(tick: i64, wall: i64, same_boot: bool) -> RecentSlot {
        let reserved = Moment { tick: Tick(tick), wall: Wall(wall) };
        RecentSlot {
            action: Action::Unlike,
            counted_until: Tick(tick + 200),
            elsewhere: (!same_boot).then_some(reserved),
        }
    }

    #[test]
    fn slots_count_for_their_window_and_no_longer() {
        let specs = crate::platforms::spec(Platform::XV2).windows;
        let now = Moment { tick: Tick(2_000_000), wall: Wall(90_000_000) };
        let slots =
            [slot(1_999_000, 0, true), slot(1_000, 0, true), slot(77_000, 89_999_000, false), slot(5, 1_000, false)];
        let usage = window_usage(specs, &slots, None, now);
        assert_eq!((usage[0].used, usage[1].used), (2, 3), "the last one is a day and an hour old");
        assert_eq!(usage[0].next_slot, Some(now.tick));
        assert_eq!(slots_needed(specs), 2 * 50 + 2 * 1_000);
        // An hour ago nobody knew: the short window has passed since, the long one has not.
        let at = Moment { tick: Tick(2_000_000 - 3_600_000), wall: Wall(90_000_000 - 3_600_000) };
        for is_of_this_boot in [true, false] {
            let usage = window_usage(specs, &slots, Some(UnknownUntil { at, is_of_this_boot }), now);
            assert_eq!((usage[0].used, usage[1].used), (2, 1_000), "{is_of_this_boot}");
        }
    }

    #[test]
    fn a_hold_is_read_by_ticks_within_a_boot_and_by_the_wall_beyond() {
        let hold = AccountHold {
            until: Tick(5_000),
            until_at: Wall(80_000),
            length_ms: 900_000,
            drain: crate::domain::Fence(1),
            boot: "a".into(),
            clock_checked: true,
            reason: "rate_limit".into(),
        };
        let now = |tick, wall| Moment { tick: Tick(tick), wall: Wall(wall) };
        assert_eq!(hold_ends(&hold, "a", now(4_000, 0)), Some(Wall(1_000)));
        assert_eq!(hold_ends(&hold, "a", now(5_000, 0)), None);
        assert_eq!(hold_ends(&hold, "b", now(9_000, 79_000)), Some(Wall(80_000)));
        assert_eq!(hold_ends(&hold, "b", now(0, 80_000)), None);
        // Written under a clock that was ahead: it is not longer for that.
        let ahead = AccountHold { until_at: Wall(2_000_000_000), ..hold };
        assert_eq!(hold_ends(&ahead, "b", now(0, 80_000)), Some(Wall(980_000)));
    }
}
