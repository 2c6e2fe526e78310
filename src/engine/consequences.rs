//! What a finding means to everybody who hears of it: the word on record, the task, who is to blame, limits, the circuit breaker, the
//! bill. This is the only place where a finding is taken apart; the engine, list readings and logins all go by it.
//!
//! In: a finding. Out: a row of the table. What does not belong here: what an answer means (the platform's classifier), and what earlier
//! attempts and other answers change about it (`verdict`).

use crate::domain::{Reason, Transition};
use crate::limits::Answered;
use crate::platforms::{Finding, Limited, RefusalKind};

/// What follows from a finding, whatever happened before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Consequences<'a> {
    /// The word in the queue, in metrics and in events: one of a fixed few.
    pub word: &'static str,
    /// Why, in one word; none where it went as expected.
    pub reason: Option<&'a Reason>,
    /// The task's transition from `sending`. A transient failure may count as a try (`verdict`).
    pub task: Transition,
    /// Whose fault it is.
    pub blame: Blame,
    /// The effect may have happened without our seeing it.
    pub maybe_applied: bool,
    /// The platform can have counted the request later than we saw its end.
    pub counted_later: bool,
    /// The request certainly never left this machine: it costs no budget.
    pub never_left: bool,
    /// The request is billed.
    pub billed: bool,
}

/// Whose fault an answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blame {
    /// Nobody's, for the platform did its work; or the target's, which the answer names.
    Served(Proof),
    /// The row's: no request can be made of it.
    Row,
    /// Nobody's: the request was not sent, or the run did not wait for its answer, or it only told what the next one has to carry.
    Nobody,
    /// The row's, or that of the request itself; five in a row say which (`refusal_breaker`).
    Question(RefusalKind),
    /// The platform's: 5xx, an answer that cannot be read. Several in a row, and the endpoint pauses (`outage`).
    Platform,
    /// The network's: no answer came. Treated like a failure of the platform.
    Network,
    /// Too many requests, or a cap.
    Limit(Limited),
    /// The credentials were rejected: they are refreshed once; if that does not help, the account needs a person.
    Credentials,
    /// That of the login, which was not granted this action: a person logs in again, and the account's other actions go on.
    Grant,
    /// The account needs a person.
    Account,
    /// Every account of the app needs a person.
    App,
}

/// What an answer proves of its endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The effect is confirmed: address, request and permission are good.
    Effect,
    /// It said something of its own record: address and request are good.
    Record,
}

/// What an answer says of whether its account should go on as it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// It goes on.
    Ok,
    /// One may be chance, several are not.
    Suspect,
    /// The platform has refused the account itself.
    Tripped,
}

static RATE_LIMITED: Reason = Reason::Borrowed("rate_limited");
static NOT_SENT: Reason = Reason::Borrowed("not_sent");

/// The table.
pub fn consequences_of(finding: &Finding) -> Consequences<'_> {
    use Transition::{Fail, FindGone, MarkAmbiguous, Postpone, Release, Succeed};
    match finding {
        Finding::Done { reason } => {
            Consequences { billed: true, ..row("done", Succeed, Blame::Served(Proof::Effect), reason.as_ref()) }
        }
        Finding::Gone { reason } => row("gone", FindGone, Blame::Served(Proof::Record), Some(reason)),
        Finding::Refused { reason } => row("refused", Fail, Blame::Served(Proof::Record), Some(reason)),
        Finding::RecordChanged { reason } => row("changed", Release, Blame::Served(Proof::Record), Some(reason)),
        Finding::Unsendable { reason } => row("malformed", Fail, Blame::Row, Some(reason)),
        Finding::Ambiguous { refusal, reason } => {
            let word = if *refusal == RefusalKind::BadRequest { "malformed" } else { "ambiguous" };
            row(word, MarkAmbiguous, Blame::Question(*refusal), Some(reason))
        }
        Finding::Limited(limited) => row("limited", Release, Blame::Limit(*limited), Some(&RATE_LIMITED)),
        Finding::Unauthorized { reason } => row("unauthorized", Release, Blame::Credentials, Some(reason)),
        Finding::NotGranted { reason } => row("not_granted", Release, Blame::Grant, Some(reason)),
        Finding::Unproven { reason } => row("unproven", Release, Blame::Nobody, Some(reason)),
        Finding::Account { reason } => row("account", Release, Blame::Account, Some(reason)),
        Finding::App { reason } => row("app", Release, Blame::App, Some(reason)),
        Finding::Transient { reason } => {
            Consequences { maybe_applied: true, ..row("world", Postpone, Blame::Platform, Some(reason)) }
        }
        Finding::Unknown { reason } => {
            Consequences { maybe_applied: true, ..row("unknown", Postpone, Blame::Platform, Some(reason)) }
        }
        Finding::Unanswered { reason, maybe_sent } => Consequences {
            maybe_applied: *maybe_sent,
            counted_later: *maybe_sent,
            never_left: !*maybe_sent,
            ..row("unanswered", Postpone, Blame::Network, Some(reason))
        },
        Finding::NotSent => {
            Consequences { never_left: true, ..row("not_sent", Release, Blame::Nobody, Some(&NOT_SENT)) }
        }
    }
}

const fn row<'a>(word: &'static str, task: Transition, blame: Blame, reason: Option<&'a Reason>) -> Consequences<'a> {
    Consequences {
        word,
        reason,
        task,
        blame,
        maybe_applied: false,
        counted_later: false,
        never_left: false,
        billed: false,
    }
}

impl Blame {
    /// Whether the endpoint did its work for the task, so that it is no outage that fails others. A refusal by an edge, a limit or a
    /// rejected token proves nothing about the endpoint behind it.
    pub const fn is_served(self) -> bool {
        matches!(self, Blame::Served(_))
    }

    /// Whether the request failed for no fault that the answer names: the same request is asked again after a backoff.
    pub const fn is_transient(self) -> bool {
        matches!(self, Blame::Platform | Blame::Network)
    }

    /// Whether the same request may be answered well later, without anybody doing anything.
    pub const fn passes(self) -> bool {
        self.is_transient() || matches!(self, Blame::Limit(_))
    }

    /// How it bears on limits.
    pub const fn for_limits(self) -> Answered {
        match self {
            Blame::Served(_) => Answered::Served,
            Blame::Limit(Limited::Rate) => Answered::Limited,
            Blame::Limit(Limited::Hidden) => Answered::Capped,
            _ => Answered::Otherwise,
        }
    }

    /// What it says to the account's circuit breaker.
    pub const fn health(self) -> Health {
        match self {
            Blame::Served(_) | Blame::Row => Health::Ok,
            Blame::Question(_) | Blame::Platform | Blame::Network | Blame::Nobody => Health::Suspect,
            Blame::Limit(_) | Blame::Credentials | Blame::Grant | Blame::Account | Blame::App => Health::Tripped,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings() -> Vec<Finding> {
        let reason = || Reason::Borrowed("why");
        let ambiguous = |refusal| Finding::Ambiguous { refusal, reason: reason() };
        vec![
            Finding::Done { reason: None },
            Finding::Done { reason: Some(reason()) },
            Finding::Gone { reason: reason() },
            Finding::Refused { reason: reason() },
            Finding::RecordChanged { reason: reason() },
            Finding::Unsendable { reason: reason() },
            ambiguous(RefusalKind::NotFound),
            ambiguous(RefusalKind::UnreadableNotFound),
            ambiguous(RefusalKind::BadRequest),
            ambiguous(RefusalKind::Forbidden),
            ambiguous(RefusalKind::OtherRecord),
            Finding::Limited(Limited::Rate),
            Finding::Limited(Limited::Hidden),
            Finding::Limited(Limited::Usage { until: None }),
            Finding::Limited(Limited::Spend { until: None }),
            Finding::Unauthorized { reason: reason() },
            Finding::NotGranted { reason: reason() },
            Finding::Unproven { reason: reason() },
            Finding::Account { reason: reason() },
            Finding::App { reason: reason() },
            Finding::Transient { reason: reason() },
            Finding::Unknown { reason: reason() },
            Finding::Unanswered { reason: reason(), maybe_sent: true },
            Finding::Unanswered { reason: reason(), maybe_sent: false },
            Finding::NotSent,
        ]
    }

    fn line(finding: &Finding) -> String {
        let row = consequences_of(finding);
        let marks = [
            (row.maybe_applied, "maybe applied"),
            (row.counted_later, "counted later"),
            (row.never_left, "never left"),
            (row.billed, "billed"),
            (row.blame.passes(), "passes"),
        ];
        let marks: Vec<&str> = marks.into_iter().filter(|(is_so, _)| *is_so).map(|(_, mark)| mark).collect();
        let (task, blame) = (format!("{:?}", row.task), format!("{:?}", row.blame));
        let (limits, health) = (format!("{:?}", row.blame.for_limits()), format!("{:?}", row.blame.health()));
        let reason = row.reason.map_or("", |reason| reason);
        let line = format!(
            "{:<12} {reason:<12} {task:<13} {blame:<28} {limits:<9} {health:<7} {}",
            row.word,
            marks.join(", ")
        );
        line.trim_end().to_owned()
    }

    /// Word, reason, task, blame, limits, circuit breaker, what else.
    const TABLE: &str = "\
done                      Succeed       Served(Effect)               Served    Ok      billed
done         why          Succeed       Served(Effect)               Served    Ok      billed
gone         why          FindGone      Served(Record)               Served    Ok
refused      why          Fail          Served(Record)               Served    Ok
changed      why          Release       Served(Record)               Served    Ok
malformed    why          Fail          Row                          Otherwise Ok
ambiguous    why          MarkAmbiguous Question(NotFound)           Otherwise Suspect
ambiguous    why          MarkAmbiguous Question(UnreadableNotFound) Otherwise Suspect
malformed    why          MarkAmbiguous Question(BadRequest)         Otherwise Suspect
ambiguous    why          MarkAmbiguous Question(Forbidden)          Otherwise Suspect
ambiguous    why          MarkAmbiguous Question(OtherRecord)        Otherwise Suspect
limited      rate_limited Release       Limit(Rate)                  Limited   Tripped passes
limited      rate_limited Release       Limit(Hidden)                Capped    Tripped passes
limited      rate_limited Release       Limit(Usage { until: None }) Otherwise Tripped passes
limited      rate_limited Release       Limit(Spend { until: None }) Otherwise Tripped passes
unauthorized why          Release       Credentials                  Otherwise Tripped
not_granted  why          Release       Grant                        Otherwise Tripped
unproven     why          Release       Nobody                       Otherwise Suspect
account      why          Release       Account                      Otherwise Tripped
app          why          Release       App                          Otherwise Tripped
world        why          Postpone      Platform                     Otherwise Suspect maybe applied, passes
unknown      why          Postpone      Platform                     Otherwise Suspect maybe applied, passes
unanswered   why          Postpone      Network                      Otherwise Suspect maybe applied, counted later, passes
unanswered   why          Postpone      Network                      Otherwise Suspect never left, passes
not_sent     not_sent     Release       Nobody                       Otherwise Suspect never left
";

    #[test]
    fn the_table_says_what_each_finding_means() {
        let lines: Vec<String> = findings().iter().map(line).collect();
        assert_eq!(lines.join("\n") + "\n", TABLE);
    }

    #[test]
    fn every_transition_starts_where_a_request_is_out() {
        for finding in findings() {
            let task = consequences_of(&finding).task;
            assert!(task.from().contains(&crate::domain::TaskState::Sending), "{finding:?}");
        }
    }
}
