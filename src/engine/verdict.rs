//! From what an answer means to what becomes of the task and of its account. Pure.
//!
//! The right thing is blamed: the target (gone, refused), the account (limited, locked), the app (tier, credits), the world
//! (5xx, network). Waiting, limits and interruption never cost a try.

use super::outage::Evidence;
use super::refusal_breaker::Proof;
use crate::domain::{Reason, TaskState, Transition};
use crate::limits::Answered;
use crate::platform::{Finding, Limited, RefusalKind};

/// A task with so many failed tries that count against it has failed.
pub const MAX_TROUBLES: u32 = 8;

/// What is known of a task when an answer comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct History {
    /// Failed tries that count against it.
    pub troubles: u32,
    /// An earlier attempt may have had its effect without our seeing it.
    pub unsure: bool,
    /// A repeat after the effect is answered as if the target did not exist ([`crate::platform::Endpoint::repeat_looks_gone`]).
    pub repeat_looks_gone: bool,
}

/// What becomes of a task and its account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The task's transition from `sending`.
    pub transition: Transition,
    /// Why.
    pub reason: Option<Reason>,
    /// Failed tries that count against it, this one judged.
    pub troubles: u32,
    /// An attempt may have had its effect unseen.
    pub unsure: bool,
    /// What follows for the account.
    pub account: ForAccount,
    /// The request is billed: successful ones are.
    pub billed: bool,
}

/// What an answer means for the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ForAccount {
    /// The platform served it: refusals before that this explains were their targets' fault.
    Served(Proof),
    /// Nothing to conclude.
    Nothing,
    /// A refusal that does not identify its record; five in a row are the question's fault.
    Suspicious(RefusalKind),
    /// The request failed for no fault that the answer names; several in a row, and its endpoint pauses.
    WorldFailed,
    /// Too many requests; the limiter decides for how long.
    Limited,
    /// A usage or spend cap.
    Capped(Limited),
    /// Its credentials were rejected: they are refreshed once; if that does not help, the account needs a person.
    Rejected(Reason),
    /// The account needs a person.
    Stop(Reason),
    /// Every account of the app needs a person.
    StopApp(Reason),
}

impl Verdict {
    /// The state the task goes to.
    pub const fn state(&self) -> TaskState {
        self.transition.to()
    }
}

/// Judges an answer. `evidence` is what the other answers of its endpoint say.
pub fn judge(finding: &Finding, task: &History, evidence: Evidence) -> Verdict {
    let plain = |transition, reason: Option<&Reason>, account| Verdict {
        transition,
        reason: reason.cloned(),
        troubles: task.troubles,
        unsure: task.unsure,
        account,
        billed: false,
    };
    match finding {
        Finding::Done { reason } => {
            Verdict { billed: true, ..plain(Transition::Succeed, reason.as_ref(), ForAccount::Served(Proof::Effect)) }
        }
        // What an unseen attempt has undone cannot be found any more: the repeat confirms it.
        Finding::Gone { .. } if task.unsure && task.repeat_looks_gone => {
            let reason = Reason::Borrowed("confirmed_by_repeat");
            plain(Transition::Succeed, Some(&reason), ForAccount::Served(Proof::Record))
        }
        Finding::Gone { reason } => plain(Transition::FindGone, Some(reason), ForAccount::Served(Proof::Record)),
        Finding::Refused { reason } => plain(Transition::Fail, Some(reason), ForAccount::Served(Proof::Record)),
        Finding::Unsendable { reason } => plain(Transition::Fail, Some(reason), ForAccount::Nothing),
        Finding::Ambiguous { refusal, reason } => {
            plain(Transition::Suspect, Some(reason), ForAccount::Suspicious(*refusal))
        }
        Finding::Limited(limited) => {
            let account = match limited {
                Limited::Rate | Limited::Hidden => ForAccount::Limited,
                Limited::Usage { .. } | Limited::Spend { .. } => ForAccount::Capped(limited.clone()),
            };
            plain(Transition::Release, Some(&Reason::Borrowed("rate_limited")), account)
        }
        Finding::Unauthorized { reason } => {
            plain(Transition::Release, Some(reason), ForAccount::Rejected(reason.clone()))
        }
        Finding::Account { reason } => plain(Transition::Release, Some(reason), ForAccount::Stop(reason.clone())),
        Finding::App { reason } => plain(Transition::Release, Some(reason), ForAccount::StopApp(reason.clone())),
        Finding::World { reason } | Finding::Unknown { reason } => trouble(task, evidence, reason, true),
        Finding::Unanswered { reason, maybe_sent } => trouble(task, evidence, reason, *maybe_sent),
        Finding::NotSent => plain(Transition::Release, Some(&Reason::Borrowed("not_sent")), ForAccount::Nothing),
    }
}

/// The request failed for no fault that the answer names: again later. Whether the try counts against the task is told by those
/// beside it ([`super::outage`]); the first one is on trial.
fn trouble(task: &History, evidence: Evidence, reason: &Reason, maybe_acted: bool) -> Verdict {
    let counts = match task.troubles {
        0 => !evidence.is_outage,
        1 => evidence.served_since,
        _ => evidence.served_since || evidence.only_known_fail,
    };
    let troubles = task.troubles.saturating_add(u32::from(counts));
    Verdict {
        transition: if counts && troubles >= MAX_TROUBLES { Transition::Fail } else { Transition::Postpone },
        reason: Some(reason.clone()),
        troubles,
        unsure: task.unsure || maybe_acted,
        account: ForAccount::WorldFailed,
        billed: false,
    }
}

/// How an answer bears on limits.
pub(super) fn answered(finding: &Finding) -> Answered {
    match finding {
        Finding::Done { .. } | Finding::Gone { .. } | Finding::Refused { .. } => Answered::Served,
        Finding::Limited(Limited::Rate) => Answered::Limited,
        Finding::Limited(Limited::Hidden) => Answered::Capped,
        _ => Answered::Otherwise,
    }
}

/// Whether the endpoint did its work for the task, so that it is no outage that fails others. A refusal by an edge, a limit or a
/// rejected token proves nothing about the endpoint behind it.
pub(super) fn is_served(finding: &Finding) -> bool {
    matches!(finding, Finding::Done { .. } | Finding::Gone { .. } | Finding::Refused { .. })
}

/// The word for a finding in the queue.
pub(super) const fn name_of(finding: &Finding) -> &'static str {
    match finding {
        Finding::Done { .. } => "done",
        Finding::Gone { .. } => "gone",
        Finding::Refused { .. } => "refused",
        Finding::Unsendable { .. } | Finding::Ambiguous { refusal: RefusalKind::BadRequest, .. } => "malformed",
        Finding::Ambiguous { .. } => "ambiguous",
        Finding::Limited(_) => "limited",
        Finding::Unauthorized { .. } => "unauthorized",
        Finding::Account { .. } => "account",
        Finding::App { .. } => "app",
        Finding::World { .. } => "world",
        Finding::Unknown { .. } => "unknown",
        Finding::Unanswered { .. } => "unanswered",
        Finding::NotSent => "not_sent",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRESH: History = History { troubles: 0, unsure: false, repeat_looks_gone: false };

    const SERVING: Evidence = Evidence { served_since: true, only_known_fail: true, is_outage: false };

    fn word(text: &'static str) -> Reason {
        Reason::Borrowed(text)
    }

    #[test]
    fn the_right_thing_is_blamed() {
        use Transition::{Fail, FindGone, Postpone, Release, Succeed, Suspect};
        let reason = || word("r");
        let ambiguous = |refusal| Finding::Ambiguous { refusal, reason: reason() };
        for (finding, transition, account) in [
            (Finding::Done { reason: None }, Succeed, ForAccount::Served(Proof::Effect)),
            (Finding::Gone { reason: reason() }, FindGone, ForAccount::Served(Proof::Record)),
            (Finding::Refused { reason: reason() }, Fail, ForAccount::Served(Proof::Record)),
            (Finding::Unsendable { reason: reason() }, Fail, ForAccount::Nothing),
            (ambiguous(RefusalKind::Forbidden), Suspect, ForAccount::Suspicious(RefusalKind::Forbidden)),
            (ambiguous(RefusalKind::NotFound), Suspect, ForAccount::Suspicious(RefusalKind::NotFound)),
            (ambiguous(RefusalKind::BadRequest), Suspect, ForAccount::Suspicious(RefusalKind::BadRequest)),
            (Finding::Limited(Limited::Rate), Release, ForAccount::Limited),
            (Finding::Unauthorized { reason: reason() }, Release, ForAccount::Rejected(reason())),
            (Finding::Account { reason: reason() }, Release, ForAccount::Stop(reason())),
            (Finding::App { reason: reason() }, Release, ForAccount::StopApp(reason())),
            (Finding::World { reason: reason() }, Postpone, ForAccount::WorldFailed),
            (Finding::Unknown { reason: reason() }, Postpone, ForAccount::WorldFailed),
            (Finding::NotSent, Release, ForAccount::Nothing),
        ] {
            let verdict = judge(&finding, &FRESH, SERVING);
            assert_eq!((verdict.transition, verdict.account), (transition, account), "{finding:?}");
            assert!(verdict.transition.from().contains(&TaskState::Sending));
        }
    }

    #[test]
    fn gone_after_an_unseen_effect_is_done_where_a_repeat_looks_gone() {
        let gone = Finding::Gone { reason: word("not_found") };
        let unsure = History { unsure: true, ..FRESH };
        assert_eq!(judge(&gone, &unsure, SERVING).transition, Transition::FindGone, "an unfollow's repeat succeeds");
        let verdict = judge(&gone, &History { repeat_looks_gone: true, ..unsure }, SERVING);
        assert_eq!(verdict.transition, Transition::Succeed);
        assert_eq!(verdict.reason, Some(word("confirmed_by_repeat")));
        assert!(!verdict.billed);
    }

    #[test]
    fn a_connection_that_never_stood_leaves_no_doubt() {
        let unanswered = |maybe_sent| Finding::Unanswered { reason: word("x"), maybe_sent };
        assert!(!judge(&unanswered(false), &FRESH, SERVING).unsure);
        assert!(judge(&unanswered(true), &FRESH, SERVING).unsure);
    }

    #[test]
    fn a_try_counts_where_others_are_served_or_only_known_ones_fail() {
        let failed = Finding::Unanswered { reason: word("timeout"), maybe_sent: true };
        let tries = |before, served_since, only_known_fail| {
            let task = History { troubles: before, ..FRESH };
            let verdict =
                judge(&failed, &task, Evidence { served_since, only_known_fail, is_outage: !only_known_fail });
            (verdict.troubles, verdict.transition == Transition::Fail)
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
