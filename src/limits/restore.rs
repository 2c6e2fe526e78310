//! What an earlier process left behind, put on the ticks of this boot: never earlier than it can have been.
//!
//! In: slots and holds as stored, with both clocks, and what is known of this boot. Out: ticks. What does not belong here:
//! reading the store.
//!
//! Within a boot ticks compare. Across boots only the wall clock could tell, and it counts only where both it and its
//! predecessor were checked against the platform's `date`. Else a slot counts from the takeover: the queue's lock proves that
//! the process which took it was dead by then. (Not from the boot itself: a queue moved to a machine that has been up for
//! weeks, or a system that does not name its boots, would forget slots a second old.)

use std::time::Duration;

use super::{Hold, HoldReason, Values};
use crate::domain::{Moment, Tick, Wall};

/// A slot on record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredSlot {
    /// Whether it was taken in this boot, so that its ticks are ours.
    pub same_boot: bool,
    /// When it was reserved, by its boot's ticks and the wall clock of then.
    pub reserved: Moment,
    /// By when the platform can have counted it, in its boot's ticks; none where its process died before it ended.
    pub upper: Option<Tick>,
    /// Whether the wall clock agreed with the platform when it was reserved ([`WallTrust::trusts`]).
    pub wall_trusted: bool,
}

/// A hold on record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredHold {
    /// Whether it was set in this boot.
    pub same_boot: bool,
    /// When it was set.
    pub set: Moment,
    /// When it ends, in its boot's ticks.
    pub until: Tick,
    /// Why.
    pub reason: HoldReason,
    /// The rung of the ladder it stands on.
    pub backoff_level: u8,
    /// Whether the wall clock agreed with the platform when it was set.
    pub wall_trusted: bool,
}

/// An end on record: of a hold, of an outage's pause, of what a platform has told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredUntil {
    /// Whether it was set in this boot.
    pub same_boot: bool,
    /// When it was set.
    pub set: Moment,
    /// In its boot's ticks.
    pub until: Tick,
    /// Whether the wall clock agreed with the platform when it was set.
    pub wall_trusted: bool,
}

/// What is known of this boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThisBoot {
    /// Both clocks, now.
    pub now: Moment,
    /// Whether the wall clock agrees with the platform now ([`WallTrust::trusts`]).
    pub wall_trusted: bool,
    /// The earliest tick at which a drain of this boot held the queue after the last drain of any other boot: that one's
    /// process was dead by then. Where nobody knows, the tick now.
    pub taken_over: Tick,
}

impl ThisBoot {
    /// Both walls may be off by 60 s, in opposite directions.
    const ALLOWANCE: Duration = Duration::from_secs(2 * WallTrust::TOLERANCE_MILLIS as u64 / 1000);

    /// By when the platform can have counted a slot, on this boot's ticks.
    pub fn upper(&self, slot: &StoredSlot, values: &Values) -> Tick {
        match (slot.same_boot, slot.upper) {
            (true, Some(upper)) => upper,
            // Its process may have been suspended and woken at any time until now, the request still in its socket.
            (true, None) => values.unknown_end(slot.reserved.tick, self.now.tick),
            // For the same reason the wall time of a reservation says nothing of its end.
            (false, None) => self.taken_over.after(values.grace),
            (false, Some(upper)) => {
                let unseen = upper.since(slot.reserved.tick) > values.deadline;
                let latest = if unseen { self.taken_over.after(values.grace) } else { self.taken_over };
                self.by_wall(slot.reserved, upper, slot.wall_trusted).map_or(latest, |tick| tick.min(latest))
            }
        }
    }

    /// A hold on this boot's ticks, never longer than it was.
    pub fn hold(&self, hold: &StoredHold) -> Hold {
        let StoredHold { same_boot, set, until, reason, backoff_level, wall_trusted } = *hold;
        Hold { until: self.until(&StoredUntil { same_boot, set, until, wall_trusted }), reason, backoff_level }
    }

    /// An end on this boot's ticks, never farther ahead than it was.
    pub fn until(&self, end: &StoredUntil) -> Tick {
        if end.same_boot {
            return end.until;
        }
        let latest = self.taken_over.after(end.until.since(end.set.tick));
        self.by_wall(end.set, end.until, end.wall_trusted).map_or(latest, |tick| tick.min(latest))
    }

    /// Where a tick of another boot lies at the latest, if the walls of both can be believed.
    fn by_wall(&self, then: Moment, tick: Tick, trusted: bool) -> Option<Tick> {
        if !(trusted && self.wall_trusted) {
            return None;
        }
        let ahead = then.wall_at(tick).0.saturating_sub(self.now.wall.0);
        Some(Tick(self.now.tick.0.saturating_add(ahead)).after(ThisBoot::ALLOWANCE))
    }
}

/// Whether the wall clock can be believed: how far it was off at the platform's last answer, and whether it has been set since.
#[derive(Clone, Copy, Debug, Default)]
pub struct WallTrust {
    /// The last answer, and by how many milliseconds the wall can have been off then.
    checked: Option<(Moment, u64)>,
}

impl WallTrust {
    /// How far a trusted wall clock is off at most.
    const TOLERANCE_MILLIS: u32 = 60_000;
    const DATE_STEP_MILLIS: i64 = 1000;

    /// An answer came whose `date` the platform wrote at some time between `sent` and `answered`, in whole seconds.
    pub fn check(&mut self, date: Wall, sent: Moment, answered: Moment) {
        let took = i64::try_from(answered.tick.since(sent.tick).as_millis()).unwrap_or(i64::MAX);
        let latest = date.0.saturating_add(took).saturating_add(WallTrust::DATE_STEP_MILLIS);
        let off = answered.wall.0.abs_diff(date.0).max(answered.wall.0.abs_diff(latest));
        self.checked = Some((answered, off));
    }

    /// Whether the wall of a moment of this boot, at or after the last check, is within 60 s of the platform's.
    pub fn trusts(&self, moment: Moment) -> bool {
        self.checked.is_some_and(|(checked, off)| {
            off.saturating_add(moved(checked, moment)) <= u64::from(WallTrust::TOLERANCE_MILLIS)
        })
    }

    /// Whether nobody has set the wall clock between two moments of a boot, but for steps that add up to 60 s.
    pub fn agree(one: Moment, other: Moment) -> bool {
        moved(one, other) <= u64::from(WallTrust::TOLERANCE_MILLIS)
    }
}

/// By how many milliseconds the wall clock has been set between two moments of a boot.
fn moved(then: Moment, now: Moment) -> u64 {
    then.wall_at(now.tick).0.abs_diff(now.wall.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;
    const VALUES: Values =
        Values { deadline: Duration::from_secs(30), grace: Duration::from_secs(120), send_by: Duration::from_secs(5) };

    fn at(tick: i64, wall: i64) -> Moment {
        Moment { tick: Tick(tick), wall: Wall(wall) }
    }

    /// Reserved at tick 10 h, wall 100 h, answered 200 ms later.
    fn slot(same_boot: bool) -> StoredSlot {
        let upper = Some(Tick(10 * HOUR + 200));
        StoredSlot { same_boot, reserved: at(10 * HOUR, 100 * HOUR), upper, wall_trusted: true }
    }

    /// One minute up, `off` after the slot was reserved; taken over 20 s after the boot.
    fn boot(off: i64, wall_trusted: bool) -> ThisBoot {
        ThisBoot { now: at(60_000, 100 * HOUR + off), wall_trusted, taken_over: Tick(20_000) }
    }

    #[test]
    fn within_a_boot_ticks_are_ticks_whatever_the_wall_says() {
        let now = ThisBoot { now: at(11 * HOUR, 0), wall_trusted: false, taken_over: Tick(0) };
        assert_eq!(now.upper(&slot(true), &VALUES), Tick(10 * HOUR + 200));
        let open = StoredSlot { upper: None, ..slot(true) };
        assert_eq!(now.upper(&open, &VALUES), Tick(11 * HOUR + 120_000), "may have slept until now");
    }

    #[test]
    fn after_a_boot_a_wall_checked_on_both_sides_tells_to_within_two_minutes() {
        let ten_minutes = boot(600_000, true).upper(&slot(false), &VALUES);
        assert_eq!(ten_minutes, Tick(60_000 - 600_000 + 200 + 120_000));
        let one_minute = boot(60_000, true).upper(&slot(false), &VALUES);
        assert_eq!(one_minute, Tick(20_000), "and never later than the takeover");
    }

    #[test]
    fn an_unchecked_wall_on_either_side_makes_it_count_from_the_takeover() {
        let unchecked = StoredSlot { wall_trusted: false, ..slot(false) };
        assert_eq!(boot(HOUR, true).upper(&unchecked, &VALUES), Tick(20_000));
        assert_eq!(boot(HOUR, false).upper(&slot(false), &VALUES), Tick(20_000));
        let unseen = StoredSlot { upper: Some(Tick(10 * HOUR + 150_000)), ..slot(false) };
        assert_eq!(boot(HOUR, false).upper(&unseen, &VALUES), Tick(140_000));
        let open = StoredSlot { upper: None, ..slot(false) };
        assert_eq!(boot(HOUR, true).upper(&open, &VALUES), Tick(140_000));
    }

    #[test]
    fn a_hold_goes_on_and_never_grows() {
        let hold = |wall_trusted| StoredHold {
            same_boot: false,
            set: at(10 * HOUR, 100 * HOUR),
            until: Tick(14 * HOUR),
            reason: HoldReason::HiddenCap,
            backoff_level: 3,
            wall_trusted,
        };
        let after_an_hour = boot(HOUR, true).hold(&hold(true));
        assert_eq!((after_an_hour.until, after_an_hour.backoff_level), (Tick(60_000 + 3 * HOUR + 120_000), 3));
        assert_eq!(boot(HOUR, true).hold(&hold(false)).until, Tick(20_000 + 4 * HOUR));
        assert_eq!(boot(0, true).hold(&hold(true)).until, Tick(20_000 + 4 * HOUR));
        let same = StoredHold { same_boot: true, ..hold(false) };
        assert_eq!(boot(0, false).hold(&same).until, Tick(14 * HOUR));
    }

    #[test]
    fn a_wall_is_trusted_while_it_agrees_and_nobody_has_set_it() {
        let mut trust = WallTrust::default();
        assert!(!trust.trusts(at(0, 0)));
        trust.check(Wall(7_000_000), at(1_000, 7_000_300), at(1_400, 7_000_700));
        assert!(trust.trusts(at(HOUR, 7_000_700 + HOUR - 1_400)));
        assert!(!trust.trusts(at(HOUR, 7_000_700 + HOUR - 1_400 + HOUR)), "set an hour forward");
        assert!(!trust.trusts(at(HOUR, 7_000_700 - 1_400)), "set an hour back");
        trust.check(Wall(7_000_000), at(1_000, 7_090_000), at(1_400, 7_090_400));
        assert!(!trust.trusts(at(1_400, 7_090_400)), "wrong from the beginning");
    }
}
