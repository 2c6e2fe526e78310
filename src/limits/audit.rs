//! The recount: what the record says about every window, by the same rule that the limiter keeps.
//!
//! In: the attempts of one account in the order of their reservations, on one line of ticks, each with the windows within which it was
//! sent. Out: each window's fullest moment, and how often it was over its limit. What does not belong here: reading the record.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::domain::{Action, Tick, WindowSpec};

/// The recount of one account. Memory is that of the slots of one window, whatever the record holds.
#[derive(Debug)]
pub struct Audit {
    windows: Vec<(Fullest, BinaryHeap<Reverse<Tick>>)>,
}

/// What was found about one window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fullest {
    /// The window.
    pub spec: WindowSpec,
    /// The most requests the platform can have counted in any one window, wherever it begins.
    pub most: u32,
    /// The reservation that made it so many; none where nothing was counted.
    pub at: Option<Tick>,
    /// How many reservations were made while the window had no room.
    pub over: u64,
    /// The first of them.
    pub first_over: Option<Tick>,
}

impl Audit {
    /// An audit of these windows. Windows of the app are audited with the attempts of all its accounts.
    pub fn new(specs: &[WindowSpec]) -> Audit {
        let empty = |spec: &WindowSpec| Fullest { spec: *spec, most: 0, at: None, over: 0, first_over: None };
        Audit { windows: specs.iter().map(|spec| (empty(spec), BinaryHeap::new())).collect() }
    }

    /// Counts one attempt: reserved at `reserved` (not before the one fed last), counted by the platform at `upper` at the
    /// latest; of one still in flight that is the tick now. It counts in every window of its action, and is judged by those
    /// `within` which it was sent: another limit was none of its own.
    pub fn attempt(&mut self, action: Action, reserved: Tick, upper: Tick, within: &[WindowSpec]) {
        for (found, counting) in &mut self.windows {
            if found.spec.applies.counts(action) {
                take(counting, found, reserved, upper);
                if within.contains(&found.spec) {
                    judge(counting, found, reserved);
                }
            }
        }
    }

    /// Counts a request that reads, in every window, as [`Audit::attempt`] does. One that is not judged counts for those after
    /// it, and is itself neither over nor the fullest moment: when it was reserved is not known on this line of ticks.
    pub fn read(&mut self, reserved: Tick, upper: Tick, is_judged: bool) {
        for (found, counting) in &mut self.windows {
            take(counting, found, reserved, upper);
            if is_judged {
                judge(counting, found, reserved);
            }
        }
    }

    /// What was found, window by window.
    pub fn finish(self) -> Vec<Fullest> {
        self.windows.into_iter().map(|(found, _)| found).collect()
    }
}

fn take(counting: &mut BinaryHeap<Reverse<Tick>>, found: &Fullest, reserved: Tick, upper: Tick) {
    // A window is closed: one counted exactly its length ago is still in it.
    while counting.peek().is_some_and(|Reverse(until)| *until < reserved) {
        counting.pop();
    }
    counting.push(Reverse(upper.max(reserved).after(found.spec.rate.window())));
}

fn judge(counting: &BinaryHeap<Reverse<Tick>>, found: &mut Fullest, reserved: Tick) {
    let count = u32::try_from(counting.len()).unwrap_or(u32::MAX);
    if count > found.most {
        (found.most, found.at) = (count, Some(reserved));
    }
    if count > found.spec.rate.limit() {
        found.over += 1;
        found.first_over = found.first_over.or(Some(reserved));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Applies, Rate, Scope};

    fn audit(limit: u32, attempts: &[(i64, i64)]) -> Fullest {
        let spec = WindowSpec { scope: Scope::Account, rate: Rate::fixed(limit, 1), applies: Applies::All };
        let mut audit = Audit::new(&[spec]);
        attempts
            .iter()
            .for_each(|(reserved, upper)| audit.attempt(Action::Unlike, Tick(*reserved), Tick(*upper), &[spec]));
        audit.finish()[0]
    }

    #[test]
    fn the_fullest_window_and_the_first_request_too_many() {
        let found = audit(2, &[(0, 100), (200, 300), (1_050, 1_060), (1_301, 1_400), (5_000, 5_000)]);
        assert_eq!((found.most, found.at), (3, Some(Tick(1_050))), "0 can have been counted at 100");
        assert_eq!((found.over, found.first_over), (1, Some(Tick(1_050))));
        let clean = audit(2, &[(0, 100), (200, 300), (1_101, 1_110), (1_301, 1_400)]);
        assert_eq!((clean.most, clean.over, clean.first_over), (2, 0, None));
        assert_eq!(audit(1, &[(0, 0), (1_000, 1_000)]).over, 1, "windows are closed");
    }

    #[test]
    fn what_is_not_judged_counts_for_what_comes_after() {
        let spec = WindowSpec { scope: Scope::Account, rate: Rate::fixed(2, 1), applies: Applies::All };
        let mut audit = Audit::new(&[spec]);
        for _ in 0..5 {
            audit.read(Tick(0), Tick(100), false);
        }
        audit.read(Tick(1_101), Tick(1_110), true);
        audit.read(Tick(1_102), Tick(1_110), true);
        let clean = audit.finish()[0];
        assert_eq!((clean.most, clean.over), (2, 0), "the limiter waited for the five");
        let mut audit = Audit::new(&[spec]);
        audit.read(Tick(0), Tick(100), false);
        audit.read(Tick(0), Tick(100), false);
        audit.read(Tick(1_100), Tick(1_110), true);
        assert_eq!(audit.finish()[0].over, 1);
    }

    #[test]
    fn other_actions_do_not_count() {
        let spec =
            WindowSpec { scope: Scope::Account, rate: Rate::fixed(1, 1), applies: Applies::Only(Action::Unlike) };
        let mut audit = Audit::new(&[spec]);
        audit.attempt(Action::Unlike, Tick(0), Tick(1), &[spec]);
        audit.attempt(Action::Unfollow, Tick(1), Tick(2), &[spec]);
        assert_eq!(audit.finish()[0].most, 1);
    }
    #[test]
    fn each_attempt_is_judged_by_the_windows_within_which_it_was_sent() {
        let spec = |limit| WindowSpec { scope: Scope::Account, rate: Rate::fixed(limit, 1), applies: Applies::All };
        let (wide, tight) = (spec(3), spec(1));
        let mut audit = Audit::new(&[wide, tight]);
        for tick in [0, 1, 2] {
            audit.attempt(Action::Unlike, Tick(tick), Tick(tick), &[wide]);
        }
        let found = audit.finish();
        assert_eq!((found[0].most, found[0].over), (3, 0));
        assert_eq!((found[1].most, found[1].at, found[1].over), (0, None, 0), "nothing was sent within it");
        // What was sent within the wide one fills the tight one.
        let mut audit = Audit::new(&[wide, tight]);
        audit.attempt(Action::Unlike, Tick(0), Tick(0), &[wide]);
        audit.attempt(Action::Unlike, Tick(500), Tick(500), &[tight]);
        assert_eq!(audit.finish().iter().map(|found| found.over).collect::<Vec<_>>(), [0, 1]);
    }
}
