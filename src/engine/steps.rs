//! Tasks of several steps: where to undo is to delete a record and a subject has several, each is a request of its own, and the task is done
//! after the last.
//!
//! In: an answer that has been judged, and the record that its request was about. Out: what becomes of the record, and whether its task goes
//! on. What does not belong here: which record is next (`lookahead`).

use super::turn_draft::TurnDraft;
use super::verdict::{MAX_TRANSIENT_FAILURES, Verdict};
use super::workers::InFlight;
use crate::domain::{AccountId, Reason, Transition};
use crate::platforms::Finding;
use crate::store::UndoneRecord;

/// What the platform says of a record that was not there any more.
const ALREADY: &str = "already";
/// The same where an earlier request may have deleted it.
const CONFIRMED_BY_REPEAT: &str = "confirmed_by_repeat";

/// Of a record that somebody else has deleted since it was read.
const DELETED_MEANWHILE: &str = "deleted_meanwhile";

/// What an answer was to its task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// All there is, or nothing of a record.
    Last,
    /// A record is gone, and others of the subject are left: the task is in line again, as if it were new.
    Another,
    /// The record has changed since it was read.
    Changed,
}

/// Takes down what an answer says of the record that its request was about.
pub(super) fn note_step(
    flight: &InFlight,
    account: AccountId,
    finding: &Finding,
    verdict: &mut Verdict,
    draft: &mut TurnDraft,
) -> Step {
    let Some(record) = &flight.record else { return Step::Last };
    let is_changed = matches!(finding, Finding::RecordChanged { .. });
    if is_changed && flight.endpoint.restores_records() {
        // Another record stands there by now, and stays.
        verdict.transition = Transition::Fail;
        return Step::Last;
    }
    if is_changed {
        draft.writes.stale_records.push((account, flight.lane.action));
        // Who changes a record each time it is read keeps nobody asking for ever.
        verdict.transient_failures = verdict.transient_failures.saturating_add(1);
        if verdict.transient_failures >= MAX_TRANSIENT_FAILURES {
            verdict.transition = Transition::Fail;
        }
        return Step::Changed;
    }
    if !matches!(verdict.transition, Transition::Succeed | Transition::FindGone) {
        return Step::Last;
    }
    let was_gone = verdict.reason.as_deref() == Some(ALREADY) && !flight.endpoint.restores_records();
    draft.writes.undone.push(UndoneRecord {
        record: record.id,
        by: flight.claimed.attempt,
        is_back: flight.endpoint.restores_records(),
    });
    if record.left > 1 {
        verdict.transition = Transition::Release;
        (verdict.reason, verdict.transient_failures, verdict.maybe_applied) = (None, 0, false);
        return Step::Another;
    }
    if was_gone && !flight.claimed.maybe_applied {
        // Somebody else has deleted it since it was read, and may have made another one of the same subject: that is looked for.
        draft.writes.stale_records.push((account, flight.lane.action));
        verdict.transition = Transition::Release;
        verdict.reason = Some(Reason::Borrowed(DELETED_MEANWHILE));
        return Step::Changed;
    }
    if flight.claimed.maybe_applied && verdict.reason.as_deref() == Some(ALREADY) {
        verdict.reason = Some(Reason::Borrowed(CONFIRMED_BY_REPEAT));
    }
    Step::Last
}
