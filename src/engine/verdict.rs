//! From what an answer means to what becomes of the task and of its account. Pure.
//!
//! The right thing is blamed: the target (gone, refused), the account (limited, locked), the app (tier, credits), the world
//! (5xx, network). Waiting, limits and interruption never cost a try.

use crate::domain::{AttemptId, Reason, TaskState, Transition};
use crate::limits::Answered;
use crate::platform::{Finding, Limited};

/// A task with so many world or unknown answers has failed, if anybody had a good answer since the first of them.
pub const MAX_TROUBLES: u32 = 8;
/// ... and with so many in any case: nothing is tried for ever.
pub const MAX_TROUBLES_EVER: u32 = 24;

/// What is known of a task when an answer comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct History {
    /// This attempt.
    pub attempt: AttemptId,
    /// World or unknown answers before this one.
    pub troubles: u32,
    /// The attempt of the first of them.
    pub first_trouble: Option<AttemptId>,
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
    /// World or unknown answers, this one counted.
    pub troubles: u32,
    /// The attempt of the first of them.
    pub first_trouble: Option<AttemptId>,
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
    /// The platform served it: refusals before were their targets' fault.
    Served,
    /// Nothing to conclude.
    Nothing,
    /// A refusal that may be the account's fault; five in a row are.
    Suspicious,
    /// The world failed; several in a row, and the account rests a little.
    WorldFailed,
    /// Too many requests; the limiter decides for how long.
    Limited,
    /// A usage or spend cap.
    Capped(Limited),
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

/// Judges an answer. `last_good` is the newest attempt of anybody that had a good answer.
pub fn judge(finding: &Finding, task: &History, last_good: AttemptId) -> Verdict {
    let plain = |transition, reason: Option<&Reason>, account| Verdict {
        transition,
        reason: reason.cloned(),
        troubles: task.troubles,
        first_trouble: task.first_trouble,
        unsure: task.unsure,
        account,
        billed: false,
    };
    match finding {
        Finding::Done { reason } => {
            Verdict { billed: true, ..plain(Transition::Succeed, reason.as_ref(), ForAccount::Served) }
        }
        // What an unseen attempt has undone cannot be found any more: the repeat confirms it.
        Finding::Gone { .. } if task.unsure && task.repeat_looks_gone => {
            let reason = Reason::Borrowed("confirmed_by_repeat");
            plain(Transition::Succeed, Some(&reason), ForAccount::Served)
        }
        Finding::Gone { reason } => plain(Transition::FindGone, Some(reason), ForAccount::Served),
        Finding::Refused { reason } => plain(Transition::Fail, Some(reason), ForAccount::Nothing),
        Finding::Malformed { reason } => plain(Transition::Fail, Some(reason), ForAccount::Nothing),
        Finding::Ambiguous { reason } => plain(Transition::Suspect, Some(reason), ForAccount::Suspicious),
        Finding::Limited(limited) => {
            let account = match limited {
                Limited::Rate | Limited::Hidden => ForAccount::Limited,
                Limited::Usage { .. } | Limited::Spend { .. } => ForAccount::Capped(limited.clone()),
            };
            plain(Transition::Release, Some(&Reason::Borrowed("rate_limited")), account)
        }
        Finding::Unauthorized { reason } | Finding::Account { reason } => {
            plain(Transition::Release, Some(reason), ForAccount::Stop(reason.clone()))
        }
        Finding::App { reason } => plain(Transition::Release, Some(reason), ForAccount::StopApp(reason.clone())),
        Finding::World { reason } | Finding::Unknown { reason } => trouble(task, last_good, reason, true),
        Finding::Unanswered { reason, maybe_sent } => trouble(task, last_good, reason, *maybe_sent),
        Finding::NotSent => plain(Transition::Release, Some(&Reason::Borrowed("not_sent")), ForAccount::Nothing),
    }
}

/// The world failed the task, or the answer cannot be read: again later, but not for ever.
fn trouble(task: &History, last_good: AttemptId, reason: &Reason, maybe_acted: bool) -> Verdict {
    let troubles = task.troubles.saturating_add(1);
    let first = task.first_trouble.unwrap_or(task.attempt);
    let others_succeed = last_good > first;
    let given_up = troubles >= MAX_TROUBLES_EVER || (troubles >= MAX_TROUBLES && others_succeed);
    Verdict {
        transition: if given_up { Transition::Fail } else { Transition::Postpone },
        reason: Some(reason.clone()),
        troubles,
        first_trouble: Some(first),
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

/// Whether an answer proves that the world works: it came, and it was one we can read.
pub(super) fn is_good(finding: &Finding) -> bool {
    !matches!(finding, Finding::World { .. } | Finding::Unknown { .. } | Finding::Unanswered { .. } | Finding::NotSent)
}

/// The word for a finding in the queue.
pub(super) const fn name_of(finding: &Finding) -> &'static str {
    match finding {
        Finding::Done { .. } => "done",
        Finding::Gone { .. } => "gone",
        Finding::Refused { .. } => "refused",
        Finding::Malformed { .. } => "malformed",
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
    use proptest::prelude::*;

    const FRESH: History =
        History { attempt: AttemptId(100), troubles: 0, first_trouble: None, unsure: false, repeat_looks_gone: false };

    fn word(text: &'static str) -> Reason {
        Reason::Borrowed(text)
    }

    #[test]
    fn the_right_thing_is_blamed() {
        use Transition::{Fail, FindGone, Postpone, Release, Succeed, Suspect};
        let reason = || word("r");
        for (finding, transition, account) in [
            (Finding::Done { reason: None }, Succeed, ForAccount::Served),
            (Finding::Gone { reason: reason() }, FindGone, ForAccount::Served),
            (Finding::Refused { reason: reason() }, Fail, ForAccount::Nothing),
            (Finding::Malformed { reason: reason() }, Fail, ForAccount::Nothing),
            (Finding::Ambiguous { reason: reason() }, Suspect, ForAccount::Suspicious),
            (Finding::Limited(Limited::Rate), Release, ForAccount::Limited),
            (Finding::Unauthorized { reason: reason() }, Release, ForAccount::Stop(reason())),
            (Finding::Account { reason: reason() }, Release, ForAccount::Stop(reason())),
            (Finding::App { reason: reason() }, Release, ForAccount::StopApp(reason())),
            (Finding::World { reason: reason() }, Postpone, ForAccount::WorldFailed),
            (Finding::Unknown { reason: reason() }, Postpone, ForAccount::WorldFailed),
            (Finding::NotSent, Release, ForAccount::Nothing),
        ] {
            let verdict = judge(&finding, &FRESH, AttemptId(0));
            assert_eq!((verdict.transition, verdict.account), (transition, account), "{finding:?}");
            assert!(verdict.transition.from().contains(&TaskState::Sending));
        }
    }

    #[test]
    fn gone_after_an_unseen_effect_is_done_where_a_repeat_looks_gone() {
        let gone = Finding::Gone { reason: word("not_found") };
        let unsure = History { unsure: true, ..FRESH };
        assert_eq!(
            judge(&gone, &unsure, AttemptId(0)).transition,
            Transition::FindGone,
            "an unfollow's repeat succeeds"
        );
        let verdict = judge(&gone, &History { repeat_looks_gone: true, ..unsure }, AttemptId(0));
        assert_eq!(verdict.transition, Transition::Succeed);
        assert_eq!(verdict.reason, Some(word("confirmed_by_repeat")));
        assert!(!verdict.billed);
    }

    #[test]
    fn a_connection_that_never_stood_leaves_no_doubt() {
        let unanswered = |maybe_sent| Finding::Unanswered { reason: word("x"), maybe_sent };
        assert!(!judge(&unanswered(false), &FRESH, AttemptId(0)).unsure);
        assert!(judge(&unanswered(true), &FRESH, AttemptId(0)).unsure);
    }

    proptest! {
        #[test]
        fn nothing_is_tried_for_ever_and_nobody_is_given_up_in_an_outage(
            good_after in proptest::option::of(1_usize..40), maybe_sent: bool
        ) {
            let mut task = FRESH;
            let mut last_good = AttemptId(99);
            for tries in 1_usize.. {
                if good_after == Some(tries) {
                    last_good = AttemptId(task.attempt.0 - 1);
                }
                let finding = Finding::Unanswered { reason: word("timeout"), maybe_sent };
                let verdict = judge(&finding, &task, last_good);
                if verdict.transition == Transition::Fail {
                    let expected = match good_after {
                        Some(after) if (2..=24).contains(&after) => after.max(8),
                        _ => 24,
                    };
                    prop_assert_eq!(tries, expected);
                    break;
                }
                prop_assert_eq!(verdict.transition, Transition::Postpone);
                task = History {
                    attempt: AttemptId(task.attempt.0 + 10),
                    troubles: verdict.troubles,
                    first_trouble: verdict.first_trouble,
                    unsure: verdict.unsure,
                    ..FRESH
                };
            }
        }
    }
}
