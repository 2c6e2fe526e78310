//! From what an answer means to what becomes of the task and of its account. Pure.
//!
//! The right thing is blamed: the target (gone, refused), the account (limited, locked), the app (tier, credits), the world
//! (5xx, network). Waiting, limits and interruption never cost a try.

use super::consequences::{Blame, consequences_of};
use super::outage::Evidence;
use crate::domain::{Reason, TaskState, Transition};
use crate::platforms::Finding;

/// A task with so many failed tries that count against it has failed.
pub(super) const MAX_TRANSIENT_FAILURES: u32 = 8;

/// What is known of a task when an answer comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct History {
    /// Failed tries that count against it.
    pub(super) transient_failures: u32,
    /// An earlier attempt may have had its effect without our seeing it.
    pub(super) maybe_applied: bool,
    /// A repeat after the effect is answered as if the target did not exist ([`crate::platforms::Endpoint::repeat_looks_gone`]).
    pub(super) repeat_looks_gone: bool,
}

/// What becomes of a task and its account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    /// The task's transition from `sending`.
    pub(super) transition: Transition,
    /// Why.
    pub(super) reason: Option<Reason>,
    /// Failed tries that count against it, this one judged.
    pub(super) transient_failures: u32,
    /// An attempt may have had its effect unseen.
    pub(super) maybe_applied: bool,
    /// Whose fault it is: what follows for the account.
    pub(super) blame: Blame,
    /// The request is billed: successful ones are.
    pub(super) billed: bool,
}

impl Verdict {
    /// The state the task goes to.
    pub(super) const fn state(&self) -> TaskState {
        self.transition.to()
    }
}

/// Judges an answer. `evidence` is what the other answers of its endpoint say.
pub(super) fn judge(finding: &Finding, task: &History, evidence: Evidence) -> Verdict {
    let row = consequences_of(finding);
    let mut verdict = Verdict {
        transition: row.task,
        reason: row.reason.cloned(),
        transient_failures: task.transient_failures,
        maybe_applied: task.maybe_applied || row.maybe_applied,
        blame: row.blame,
        billed: row.billed,
    };
    // What an unseen attempt has undone cannot be found any more: the repeat confirms it.
    if row.task == Transition::FindGone && task.maybe_applied && task.repeat_looks_gone {
        verdict.transition = Transition::Succeed;
        verdict.reason = Some(Reason::Borrowed("confirmed_by_repeat"));
    }
    if row.blame.is_transient() && counts(task.transient_failures, evidence) {
        verdict.transient_failures = task.transient_failures.saturating_add(1);
        if verdict.transient_failures >= MAX_TRANSIENT_FAILURES {
            verdict.transition = Transition::Fail;
        }
    }
    verdict
}

/// Whether another transient failure counts against a task with so many: those beside it tell ([`super::outage`]); the first one is on
/// trial.
const fn counts(failures: u32, evidence: Evidence) -> bool {
    match failures {
        0 => !evidence.is_outage,
        1 => evidence.served_since,
        _ => evidence.served_since || evidence.only_known_fail,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::consequences::Proof;
    use crate::platforms::{Limited, RefusalKind};

    const FRESH: History = History { transient_failures: 0, maybe_applied: false, repeat_looks_gone: false };

    const SERVING: Evidence = Evidence { served_since: true, only_known_fail: true, is_outage: false };

    fn word(text: &'static str) -> Reason {
        Reason::Borrowed(text)
    }

    #[test]
    fn the_right_thing_is_blamed() {
        use Transition::{Fail, FindGone, MarkAmbiguous, Postpone, Release, Succeed};
        let reason = || word("r");
        let ambiguous = |refusal| Finding::Ambiguous { refusal, reason: reason() };
        for (finding, transition, blame) in [
            (Finding::Done { reason: None }, Succeed, Blame::Served(Proof::Effect)),
            (Finding::Gone { reason: reason() }, FindGone, Blame::Served(Proof::Record)),
            (Finding::Refused { reason: reason() }, Fail, Blame::Served(Proof::Record)),
            (Finding::Unsendable { reason: reason() }, Fail, Blame::Row),
            (ambiguous(RefusalKind::Forbidden), MarkAmbiguous, Blame::Question(RefusalKind::Forbidden)),
            (ambiguous(RefusalKind::NotFound), MarkAmbiguous, Blame::Question(RefusalKind::NotFound)),
            (ambiguous(RefusalKind::BadRequest), MarkAmbiguous, Blame::Question(RefusalKind::BadRequest)),
            (Finding::Limited(Limited::Rate), Release, Blame::Limit(Limited::Rate)),
            (Finding::Unauthorized { reason: reason() }, Release, Blame::Credentials),
            (Finding::NotGranted { reason: reason() }, Release, Blame::Grant),
            (Finding::Account { reason: reason() }, Release, Blame::Account),
            (Finding::App { reason: reason() }, Release, Blame::App),
            (Finding::Transient { reason: reason() }, Postpone, Blame::Platform),
            (Finding::Unknown { reason: reason() }, Postpone, Blame::Platform),
            (Finding::NotSent, Release, Blame::Nobody),
        ] {
            let verdict = judge(&finding, &FRESH, SERVING);
            assert_eq!((verdict.transition, verdict.blame), (transition, blame), "{finding:?}");
            assert!(verdict.transition.from().contains(&TaskState::Sending));
        }
    }

    #[test]
    fn gone_after_an_unseen_effect_is_done_where_a_repeat_looks_gone() {
        let gone = Finding::Gone { reason: word("not_found") };
        let unsure = History { maybe_applied: true, ..FRESH };
        assert_eq!(judge(&gone, &unsure, SERVING).transition, Transition::FindGone, "an unfollow's repeat succeeds");
        let verdict = judge(&gone, &History { repeat_looks_gone: true, ..unsure }, SERVING);
        assert_eq!(verdict.transition, Transition::Succeed);
        assert_eq!(verdict.reason, Some(word("confirmed_by_repeat")));
        assert!(!verdict.billed);
    }

    #[test]
    fn a_connection_that_never_stood_leaves_no_doubt() {
        let unanswered = |maybe_sent| Finding::Unanswered { reason: word("x"), maybe_sent };
        assert!(!judge(&unanswered(false), &FRESH, SERVING).maybe_applied);
        assert!(judge(&unanswered(true), &FRESH, SERVING).maybe_applied);
    }

    #[test]
    fn a_try_counts_where_others_are_served_or_only_known_ones_fail() {
        let failed = Finding::Unanswered { reason: word("timeout"), maybe_sent: true };
        let tries = |before, served_since, only_known_fail| {
            let task = History { transient_failures: before, ..FRESH };
            let verdict =
                judge(&failed, &task, Evidence { served_since, only_known_fail, is_outage: !only_known_fail });
            (verdict.transient_failures, verdict.transition == Transition::Fail)
        };
        assert_eq!(tries(0, false, true), (1, false), "the first is on trial");
        assert_eq!(tries(0, true, false), (0, false), "unless it is one of many in an outage");
        assert_eq!(tries(1, false, true), (1, false), "nobody was served since: it may be an outage");
        assert_eq!(tries(1, true, false), (2, false));
        assert_eq!(tries(5, false, false), (5, false), "others fail who never did");
        assert_eq!(tries(5, false, true), (6, false));
        assert_eq!(tries(7, false, false), (7, false));
        assert_eq!((tries(7, false, true), tries(7, true, false)), ((8, true), (8, true)));
    }
}
