//! A task's states and the one table of its transitions.
//!
//! ```text
//!            claim              succeed / find_gone / fail
//!  pending ---------> sending ------------------------------> done | gone | failed
//!   ^  ^  ^             |  |  \                                         |
//!   |  |  +- release ---+  |   \ mark ambiguous     confirm failed     | retry
//!   |  |                   |    +--------> provisional --------> failed |
//!   |  |                   |                    | | believe gone -> gone|
//!   |  |                   |                    | + confirm by repeat -> done
//!   |  +--- wake -- waiting+ postpone           | requeue               |
//!   |                 ^-------------------------+                       |
//!   +-------------------------------------------------------------------+
//!  pending | waiting | provisional -- cancel --> cancelled -- restore --> pending
//!  pending | waiting | provisional -- spare  --> kept ------- restore --> pending
//!  pending | waiting -- find no record / find deleted --> gone | done
//!  pending | waiting | provisional | failed -- finish by hand --> done -- reopen --> pending
//!  pending | waiting | provisional | failed | cancelled | kept -- reject --> rejected -- restore --> pending
//! ```
//! A row that repeats an earlier one, or cannot be used, makes no task: its outcome is duplicate or rejected from the start. A
//! task is rejected where a later reading of its row finds it unusable.

use std::fmt;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id!(
    /// A job's number in its queue.
    JobId
);
id!(
    /// A round of a job: the first load is round 1, every `--again` begins the next.
    RoundId
);
id!(
    /// One action of one account in one round of a job: what tasks stand in line for.
    LaneId
);
id!(
    /// A task's number in its queue; ascending in the order of the rows.
    TaskId
);
id!(
    /// An attempt's number in its queue; ascending in the order of reservation, so it also tells before from after.
    AttemptId
);
id!(
    /// The number of a drain. Every drain takes a new one, and every write of a drain carries it.
    Fence
);

super::with_all! {
    /// Where a task stands. [`TaskState::code`] is what the queue stores.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub enum TaskState {
        /// Stands in line.
        Pending,
        /// Claimed: its slot is written down and its request may be on the wire.
        Sending,
        /// Stands aside: until its backoff has passed, or until nothing else is left to send.
        Waiting,
        /// Refused in a way that may be the target's fault or the account's; decided by what comes next.
        Provisional,
        /// The platform confirmed the effect.
        Done,
        /// The target no longer exists.
        Gone,
        /// Given up, with a reason.
        Failed,
        /// Its row vanished from the file, or its job was cancelled.
        Cancelled,
        /// Spared by a keep list or another rule.
        Kept,
        /// Its row cannot be used, as a later reading of it found.
        Rejected,
    }
}

impl TaskState {
    /// The number stored in the queue, 0 to 9; 4 and above are settled.
    pub const fn code(self) -> i64 {
        self as i64
    }

    /// The state a stored number means.
    pub fn from_code(code: i64) -> Option<TaskState> {
        usize::try_from(code).ok().and_then(|index| TaskState::ALL.get(index).copied())
    }

    /// The word of the contract for a task in this state.
    pub const fn outcome(self) -> Outcome {
        match self {
            TaskState::Pending | TaskState::Sending | TaskState::Waiting | TaskState::Provisional => Outcome::Pending,
            TaskState::Done => Outcome::Done,
            TaskState::Gone => Outcome::Gone,
            TaskState::Failed => Outcome::Failed,
            TaskState::Cancelled => Outcome::Cancelled,
            TaskState::Kept => Outcome::Kept,
            TaskState::Rejected => Outcome::Rejected,
        }
    }
}

super::with_all! {
    /// A named change of a task's state. Nothing else changes a task.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub enum Transition {
        /// A slot was reserved for it.
        Claim,
        /// The platform confirmed the effect.
        Succeed,
        /// The platform says the target does not exist.
        FindGone,
        /// The platform refused it for good, or its tries are used up.
        Fail,
        /// Not sent, interrupted or limited: back in line, no try lost.
        Release,
        /// The world failed it, and it stands aside for its backoff; or the process died, and it stands aside until nothing else of its
        /// lane is left.
        Postpone,
        /// Its backoff has passed, or nothing else of its lane is left.
        Wake,
        /// Refused, and not clear by whose fault.
        MarkAmbiguous,
        /// A later request of the endpoint succeeded, or nothing is left to send: it was the target's fault.
        ConfirmFailed,
        /// It was not found, and a later request of the endpoint succeeded: the target does not exist.
        BelieveGone,
        /// The same after an attempt that may have had its effect, where a repeat looks gone.
        ConfirmByRepeat,
        /// Five in a row: it was the question's fault. It stands aside until nothing else of its endpoint is left.
        Requeue,
        /// Its row vanished or its job was cancelled.
        Cancel,
        /// Its row came back or can be used again, or nothing spares it any more.
        Restore,
        /// A keep list names its target, or another rule spares it.
        Spare,
        /// Its row was read again and cannot be used. A failed one must not be put back in line by a retry, and a cancelled or spared
        /// one says what its row is now.
        Reject,
        /// A person asked for another try.
        Retry,
        /// Where to undo is to delete a record, the account has none for it.
        FindNoRecord,
        /// The same behind an attempt that has deleted one, or may have.
        FindDeleted,
        /// A person did it on the platform's own pages, and says so.
        FinishByHand,
        /// It was off the account's list and is listed again, and a person asked to send it once more.
        Reopen,
    }
}

impl Transition {
    /// The states it may start from.
    pub const fn from(self) -> &'static [TaskState] {
        use TaskState::{Cancelled, Done, Failed, Kept, Pending, Provisional, Rejected, Sending, Waiting};
        match self {
            Transition::Claim => &[Pending],
            Transition::Succeed
            | Transition::FindGone
            | Transition::Fail
            | Transition::Release
            | Transition::Postpone
            | Transition::MarkAmbiguous => &[Sending],
            Transition::Wake => &[Waiting],
            Transition::FindNoRecord | Transition::FindDeleted => &[Pending, Waiting],
            Transition::ConfirmFailed | Transition::BelieveGone | Transition::ConfirmByRepeat | Transition::Requeue => {
                &[Provisional]
            }
            Transition::Cancel | Transition::Spare => &[Pending, Waiting, Provisional],
            Transition::Reject => &[Pending, Waiting, Provisional, Failed, Cancelled, Kept],
            Transition::Restore => &[Cancelled, Kept, Rejected],
            Transition::Retry => &[Failed],
            Transition::FinishByHand => &[Pending, Waiting, Provisional, Failed],
            Transition::Reopen => &[Done],
        }
    }

    /// The state it ends in.
    pub const fn to(self) -> TaskState {
        match self {
            Transition::Claim => TaskState::Sending,
            Transition::Succeed | Transition::FinishByHand | Transition::ConfirmByRepeat | Transition::FindDeleted => {
                TaskState::Done
            }
            Transition::FindGone | Transition::BelieveGone | Transition::FindNoRecord => TaskState::Gone,
            Transition::Fail | Transition::ConfirmFailed => TaskState::Failed,
            Transition::Postpone | Transition::Requeue => TaskState::Waiting,
            Transition::MarkAmbiguous => TaskState::Provisional,
            Transition::Cancel => TaskState::Cancelled,
            Transition::Spare => TaskState::Kept,
            Transition::Reject => TaskState::Rejected,
            Transition::Release | Transition::Wake | Transition::Restore | Transition::Retry | Transition::Reopen => {
                TaskState::Pending
            }
        }
    }
}

super::with_names! {
    /// What became of a row, in the words of the contract. Every row has exactly one; they add up to the rows read.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub enum Outcome {
        /// The platform confirmed the effect.
        Done => "done",
        /// The target no longer exists.
        Gone => "gone",
        /// Given up, with a reason.
        Failed => "failed",
        /// Its row vanished or its job was cancelled.
        Cancelled => "cancelled",
        /// Spared by a keep list or another rule.
        Kept => "kept",
        /// The same task as an earlier row.
        Duplicate => "duplicate",
        /// An unusable row.
        Rejected => "rejected",
        /// Not settled yet.
        Pending => "pending",
    }
}

/// Why a row has its outcome: a short, stable word in `snake_case` such as `not_found`, made for filters and scripts.
pub type Reason = std::borrow::Cow<'static, str>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_lead_back_to_the_state() {
        for state in TaskState::ALL {
            assert_eq!(TaskState::from_code(state.code()), Some(state));
        }
        assert_eq!(TaskState::from_code(10), None);
        assert_eq!(TaskState::from_code(-1), None);
    }

    #[test]
    fn only_a_person_reopens_a_settled_task() {
        // Neither puts a task in line.
        let settles_whatever_it_was = [Transition::FinishByHand, Transition::Reject];
        for transition in Transition::ALL {
            for from in transition.from() {
                assert_ne!(*from, transition.to(), "{transition:?} changes nothing");
                let settled = from.outcome() != Outcome::Pending;
                let by_person = matches!(transition, Transition::Retry | Transition::Restore | Transition::Reopen);
                assert!(settled == by_person || settles_whatever_it_was.contains(&transition), "{transition:?}");
            }
        }
    }

    #[test]
    fn nothing_but_its_own_answer_ends_a_request() {
        use Transition::{Fail, FindGone, FinishByHand, MarkAmbiguous, Postpone, Release, Reopen, Succeed};
        for transition in Transition::ALL {
            let by_answer = matches!(transition, Succeed | FindGone | Fail | Release | Postpone | MarkAmbiguous);
            assert_eq!(transition.from().contains(&TaskState::Sending), by_answer, "{transition:?}");
        }
        assert_eq!((FinishByHand.to(), Reopen.to()), (TaskState::Done, TaskState::Pending));
    }
}
