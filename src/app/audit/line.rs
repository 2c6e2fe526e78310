//! One line of ticks for what was sent in several boots.
//!
//! In: attempts, oldest first. Out: where each lies on the line, and the wall time of a tick. What does not belong here: counting them.

use crate::domain::{Tick, Wall};
use crate::store::AttemptSpan;

/// The most boots whose wall times are kept for telling; earlier ones are told by the oldest kept.
const MAX_BOOTS: usize = 10_000;

/// One line of ticks for the attempts of several boots.
///
/// Within a boot ticks are exact. Between two boots the wall clock tells how much time passed, if both sides were checked
/// against the platform's. Else nobody knows, and the new boot's beginning is put right behind all that could have been
/// counted before it: its machine cannot have been up earlier.
#[derive(Debug, Default)]
pub(super) struct Line {
    boot: Option<Boot>,
    /// Where each boot begins on the line, and what turns its ticks into wall time.
    walls: Vec<(Tick, i64)>,
}

#[derive(Debug)]
struct Boot {
    name: String,
    /// What turns its ticks into those of the line.
    shift: i64,
    checked: bool,
    last_reserved: Tick,
    last_wall: Wall,
    last_upper: Tick,
}

impl Line {
    /// Where an attempt lies: not before the one placed last.
    pub(super) fn place(&mut self, span: &AttemptSpan) -> (Tick, Tick) {
        let (tick, wall) = (span.reserved.tick, span.reserved.wall);
        let shift = match &self.boot {
            Some(boot) if boot.name == span.boot => boot.shift,
            Some(boot) => boot.shift_of_next(span),
            None => 0,
        };
        let before = self.boot.as_ref().map(|boot| (boot.last_reserved, boot.last_upper));
        let reserved = Tick(tick.0.saturating_add(shift)).max(before.map_or(Tick(i64::MIN), |(reserved, _)| reserved));
        let upper = Tick(span.counted_until.0.saturating_add(shift)).max(reserved);
        if self.boot.as_ref().is_none_or(|boot| boot.name != span.boot) && self.walls.len() < MAX_BOOTS {
            self.walls.push((reserved, wall.0.saturating_sub(reserved.0)));
        }
        self.boot = Some(Boot {
            name: span.boot.clone(),
            shift,
            checked: span.clock_checked,
            last_reserved: reserved,
            last_wall: wall,
            last_upper: before.map_or(upper, |(_, last)| last.max(upper)),
        });
        (reserved, upper)
    }

    /// The wall time of a tick of the line.
    pub(super) fn wall(&self, tick: Tick) -> Wall {
        let behind = self.walls.partition_point(|(begins, _)| *begins <= tick);
        let shift = behind.checked_sub(1).and_then(|index| self.walls.get(index)).map_or(0, |(_, shift)| *shift);
        Wall(tick.0.saturating_add(shift))
    }
}

impl Boot {
    fn shift_of_next(&self, span: &AttemptSpan) -> i64 {
        let (tick, wall) = (span.reserved.tick, span.reserved.wall);
        // Tick 0 of the new boot is behind everything.
        let behind = self.last_upper.0;
        if !(self.checked && span.clock_checked) {
            return behind;
        }
        let by_wall = self.last_reserved.after(wall.since(self.last_wall));
        by_wall.0.saturating_sub(tick.0).max(behind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Action, Fence, Moment};

    fn span(boot: &str, tick: i64, wall: i64, clock_checked: bool) -> AttemptSpan {
        AttemptSpan {
            drain: Fence(1),
            boot: boot.into(),
            clock_checked,
            action: Action::Unlike,
            reserved: Moment { tick: Tick(tick), wall: Wall(wall) },
            counted_until: Tick(tick + 100),
        }
    }

    #[test]
    fn within_a_boot_the_wall_clock_says_nothing() {
        let mut line = Line::default();
        assert_eq!(line.place(&span("a", 1_000, 50_000, true)), (Tick(1_000), Tick(1_100)));
        assert_eq!(line.place(&span("a", 2_000, 9, true)), (Tick(2_000), Tick(2_100)));
        assert_eq!(line.wall(Tick(2_000)), Wall(51_000));
    }

    #[test]
    fn across_boots_checked_clocks_tell_the_time_between() {
        let mut line = Line::default();
        line.place(&span("a", 500_000, 1_000_000, true));
        let (reserved, _) = line.place(&span("b", 20_000, 1_600_000, true));
        assert_eq!(reserved, Tick(1_100_000));
        assert_eq!(line.wall(reserved), Wall(1_600_000));
    }

    #[test]
    fn unchecked_clocks_tell_nothing_and_a_boot_begins_behind_the_last() {
        for (first, second) in [(true, false), (false, true)] {
            let mut line = Line::default();
            line.place(&span("a", 500_000, 1_000_000, first));
            let (reserved, _) = line.place(&span("b", 20_000, 900_000_000, second));
            assert_eq!(reserved, Tick(520_100));
        }
        let mut line = Line::default();
        line.place(&span("a", 500_000, 1_000_000, true));
        let (reserved, _) = line.place(&span("b", 20_000, 7, true));
        assert_eq!(reserved, Tick(520_100), "a clock that went back");
    }
}
