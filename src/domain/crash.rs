//! Who is to blame when the process dies while requests are in flight. Pure.
//!
//! Most deaths come from outside: kill -9, the out-of-memory killer, a power cut. They say nothing about the rows that happened to be in
//! flight, and most of those are done at the platform. So a death blames nobody who had company. A task that was in flight at two deaths
//! is sent alone from then on, and only one that was then alone in flight at three deaths in a row has failed.

use super::task::{Outcome, TaskState};

/// The reason of a pending task that was in flight when a process died: nobody saw its answer.
pub const UNKNOWN_AFTER_CRASH: &str = "unknown_after_crash";

/// The reason of a task that has failed because the process died of it.
pub const CRASHED: &str = "crashed";

/// A death of the process, as the next one finds it on record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Death {
    /// It was under this boot. A reboot or a power cut says nothing about any task.
    pub same_boot: bool,
    /// The platform had answered in that run: it was not the start that failed.
    pub answered: bool,
    /// One task was in flight, and no other.
    pub alone: bool,
}

/// Deaths that count against a task: those at which it was in flight since its last answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct CrashCount(u32);

impl CrashCount {
    /// After so many deaths a task is sent alone.
    const SENT_ALONE_FROM: u32 = 2;
    /// So many deaths in a row while it was sent alone, and it has failed.
    const MAX_DEATHS_ALONE: u32 = 3;

    /// Who has so many has failed.
    pub const FAILED_FROM: CrashCount = CrashCount(CrashCount::SENT_ALONE_FROM + CrashCount::MAX_DEATHS_ALONE);

    /// The count that the queue holds.
    pub fn stored(count: i64) -> CrashCount {
        CrashCount(u32::try_from(count).unwrap_or(0))
    }

    /// What the queue stores.
    pub const fn number(self) -> u32 {
        self.0
    }

    /// Whether the task must have no company: no other request of the process is in flight until it has an answer.
    pub const fn is_sent_alone(self) -> bool {
        self.0 >= CrashCount::SENT_ALONE_FROM
    }

    /// Whether the task has failed: the process died each time that it was alone in flight.
    pub const fn has_failed(self) -> bool {
        self.0 >= CrashCount::FAILED_FROM.0
    }

    /// The count after one more death at which the task was in flight.
    #[must_use]
    pub fn after(self, death: Death) -> CrashCount {
        match (self.is_sent_alone(), death) {
            (_, Death { same_boot: false, .. }) => self,
            (true, Death { alone: true, .. }) => CrashCount(self.0.saturating_add(1)),
            // It had company after all (a program that did not know of this law sent it): deaths alone are no longer in a row.
            (true, Death { alone: false, .. }) => CrashCount(CrashCount::SENT_ALONE_FROM),
            // A process that dies before any answer dies of its start.
            (false, Death { answered: false, .. }) => self,
            (false, Death { answered: true, .. }) => CrashCount(self.0 + 1),
        }
    }
}

/// What a person should know of a task of which a crash says something: its state, its reason and the deaths on record.
pub fn crash_note(state: TaskState, reason: Option<&str>, count: CrashCount) -> Option<&'static str> {
    match (state.outcome(), reason) {
        (Outcome::Pending, Some(UNKNOWN_AFTER_CRASH)) if count.is_sent_alone() => Some(
            "the program died more than once while this request was in flight; it is sent again, with no other request beside it, \
             and has failed if the program dies of it three times in a row",
        ),
        (Outcome::Pending, Some(UNKNOWN_AFTER_CRASH)) => Some(
            "the program died while this request was in flight, so nobody saw the answer; it is sent again after the other rows of \
             its job",
        ),
        (Outcome::Failed, Some(CRASHED)) if count.has_failed() => Some(
            "it was the only request in flight when the program died, three times in a row; whether the platform carried it out is \
             not known",
        ),
        (Outcome::Failed, Some(CRASHED)) => Some(
            "an older version gave it up because the program died while it was in flight; such rows are mostly done at the \
             platform, and a retry finds out",
        ),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn death() -> impl Strategy<Value = Death> {
        (any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(same_boot, answered, alone)| Death {
            same_boot,
            answered,
            alone,
        })
    }

    proptest! {
        #[test]
        fn only_three_deaths_alone_in_a_row_under_this_boot_fail_a_task(
            before in 0_u32..6, deaths in proptest::collection::vec(death(), 0..40),
        ) {
            let mut count = CrashCount(before.min(4));
            // The most that an older program may have left, or a stored count: these deaths alone are believed as they stand.
            let mut alone_in_a_row = count.0.saturating_sub(2);
            for death in deaths {
                let after = count.after(death);
                if death.same_boot {
                    alone_in_a_row = if death.alone { alone_in_a_row + 1 } else { 0 };
                } else {
                    prop_assert_eq!(after, count, "another boot never counts");
                }
                if after.has_failed() {
                    prop_assert!(death.same_boot && death.alone && alone_in_a_row >= 3, "{:?}", death);
                    break;
                }
                count = after;
            }
        }

        #[test]
        fn a_start_that_fails_blames_nobody_who_was_not_sent_alone(
            count in 0_u32..2, alone: bool, same_boot: bool, times in 1_usize..50,
        ) {
            let death = Death { same_boot, answered: false, alone };
            let after = (0..times).fold(CrashCount(count), |count, _| count.after(death));
            prop_assert_eq!(after, CrashCount(count));
        }
    }

    #[test]
    fn a_task_that_crashes_the_process_fails_at_the_fifth_death() {
        let death = Death { same_boot: true, answered: true, alone: true };
        let counts: Vec<_> = (0..5)
            .scan(CrashCount::default(), |count, _| {
                *count = count.after(death);
                Some((count.is_sent_alone(), count.has_failed()))
            })
            .collect();
        assert_eq!(counts, [(false, false), (true, false), (true, false), (true, false), (true, true)]);
    }
}
