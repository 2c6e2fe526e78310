//! When refusals that do not identify their record are the rows' fault, and when the question's. Pure; one for each account and
//! endpoint.
//!
//! A refused task stands aside until something proves whose fault it was. A success of the endpoint proves that it was the row's. Five
//! refusals in a row without such a proof are the fault of the question (the address, the request, the account, the app): all of them go
//! back to the queue, behind everything else of the endpoint, and it is left alone. Whoever is left when nothing more is to be sent has failed: it is not known that its record is
//! gone, and what is not known is not reported.

use super::consequences::Proof;
use crate::domain::{LaneId, NOT_FOUND_ACCEPTED, Reason, TaskId, TaskState, Transition};
use crate::platforms::RefusalKind;

/// So many refusals in a row are the fault of the question.
pub const REFUSALS_TO_TRIP: usize = 5;

/// A task whose refusal nobody has been blamed for yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RefusedTask {
    pub(super) task: TaskId,
    pub(super) lane: LaneId,
    pub(super) refusal: RefusalKind,
    /// An earlier attempt may have had its effect, after which this endpoint finds nothing.
    pub(super) maybe_done: bool,
}

/// What becomes of a refused task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Decision {
    pub(super) task: RefusedTask,
    pub(super) transition: Transition,
    /// Why, where it is not the reason it was refused with.
    pub(super) reason: Option<Reason>,
}

/// Five refusals in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Trip {
    /// What most of them said; of equals, the newest.
    pub(super) refusal: RefusalKind,
    /// All five, to go back behind the others.
    pub(super) put_back: Vec<Decision>,
}

/// The refusals of one account and endpoint since the last proof, oldest first.
#[derive(Debug, Default)]
pub(super) struct RefusalBreaker {
    refused: Vec<RefusedTask>,
}

impl RefusalBreaker {
    pub(super) fn is_empty(&self) -> bool {
        self.refused.is_empty()
    }

    pub(super) fn tasks(&self) -> &[RefusedTask] {
        &self.refused
    }

    /// A task that an earlier run left undecided.
    pub(super) fn restore(&mut self, task: RefusedTask) {
        self.refused.push(task);
    }

    /// Another refusal: its task stands aside with the others, or the fifth trips the breaker and goes back with them.
    pub(super) fn refuse(&mut self, task: RefusedTask) -> Option<Trip> {
        self.refused.push(task);
        if self.refused.len() < REFUSALS_TO_TRIP {
            return None;
        }
        let refused = std::mem::take(&mut self.refused);
        let said = |kind: RefusalKind| refused.iter().filter(|task| task.refusal == kind).count();
        let most = refused.iter().map(|task| task.refusal).max_by_key(|kind| said(*kind));
        Some(Trip { refusal: most.unwrap_or(task.refusal), put_back: refused.into_iter().map(put_back).collect() })
    }

    /// An answer proves something: refusals before it that it explains were their rows' fault.
    pub(super) fn prove(&mut self, proof: Proof) -> Vec<Decision> {
        let explains = |task: &mut RefusedTask| proof == Proof::Effect || task.refusal != RefusalKind::Forbidden;
        self.refused.extract_if(.., explains).map(blame).collect()
    }

    /// Nothing proves anything any more about those of these lanes, for nothing is left to send.
    pub(super) fn give_up(&mut self, among: impl Fn(LaneId) -> bool) -> Vec<Decision> {
        let gone = self.refused.extract_if(.., |task| among(task.lane));
        gone.map(|task| decision(task, Transition::ConfirmFailed, None)).collect()
    }

    /// A person believes these answers: what was not found is gone, the rest has failed.
    pub(super) fn accept(&mut self, among: impl Fn(LaneId) -> bool) -> Vec<Decision> {
        let accepted = self.refused.extract_if(.., |task| among(task.lane));
        accepted.map(believe).collect()
    }
}

/// It was the question's fault: the task goes back, behind the others.
pub(super) fn put_back(task: RefusedTask) -> Decision {
    decision(task, Transition::Requeue, None)
}

/// It was the row's fault. What nobody could read has failed, and is not gone: it may not have been the platform's answer.
fn blame(task: RefusedTask) -> Decision {
    match task.refusal {
        RefusalKind::NotFound => not_found_is(task, "not_found"),
        RefusalKind::UnreadableNotFound
        | RefusalKind::BadRequest
        | RefusalKind::Forbidden
        | RefusalKind::OtherRecord => decision(task, Transition::ConfirmFailed, None),
    }
}

/// A person says that such answers are true.
fn believe(task: RefusedTask) -> Decision {
    match task.refusal {
        RefusalKind::NotFound | RefusalKind::UnreadableNotFound => not_found_is(task, NOT_FOUND_ACCEPTED),
        RefusalKind::BadRequest | RefusalKind::Forbidden | RefusalKind::OtherRecord => {
            decision(task, Transition::ConfirmFailed, None)
        }
    }
}

/// Its record is not there: gone, or off already by an attempt whose answer nobody saw.
fn not_found_is(task: RefusedTask, reason: &'static str) -> Decision {
    if task.maybe_done {
        return decision(task, Transition::ConfirmByRepeat, Some("confirmed_by_repeat"));
    }
    decision(task, Transition::BelieveGone, Some(reason))
}

fn decision(task: RefusedTask, transition: Transition, reason: Option<&'static str>) -> Decision {
    Decision { task, transition, reason: reason.map(Reason::Borrowed) }
}

impl Decision {
    /// Where the task goes.
    pub(super) fn state(&self) -> TaskState {
        self.transition.to()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;

    const KINDS: [RefusalKind; 5] = [
        RefusalKind::NotFound,
        RefusalKind::UnreadableNotFound,
        RefusalKind::BadRequest,
        RefusalKind::Forbidden,
        RefusalKind::OtherRecord,
    ];

    fn task(n: i64, refusal: RefusalKind) -> RefusedTask {
        RefusedTask { task: TaskId(n), lane: LaneId(n % 2), refusal, maybe_done: false }
    }

    fn states(decisions: &[Decision]) -> Vec<(i64, TaskState)> {
        decisions.iter().map(|decision| (decision.task.task.0, decision.state())).collect()
    }

    #[test]
    fn one_among_successes_is_the_rows() {
        for refusal in KINDS {
            let state = if refusal == RefusalKind::NotFound { TaskState::Gone } else { TaskState::Failed };
            let mut breaker = RefusalBreaker::default();
            assert_eq!(breaker.refuse(task(1, refusal)), None);
            assert_eq!(states(&breaker.prove(Proof::Effect)), [(1, state)]);
            assert!(breaker.is_empty());
        }
    }

    #[test]
    fn what_is_said_of_a_record_proves_nothing_about_permission() {
        for refusal in KINDS {
            let mut breaker = RefusalBreaker::default();
            breaker.refuse(task(1, refusal));
            let decided = breaker.prove(Proof::Record);
            assert_eq!(decided.is_empty(), refusal == RefusalKind::Forbidden, "{refusal:?}");
            assert_eq!(breaker.is_empty(), refusal != RefusalKind::Forbidden, "{refusal:?}");
        }
    }

    #[test]
    fn five_in_a_row_are_the_questions_whatever_they_say() {
        use RefusalKind::{BadRequest, Forbidden, NotFound};
        for (kinds, most) in [
            ([NotFound; 5], NotFound),
            ([NotFound, NotFound, NotFound, BadRequest, BadRequest], NotFound),
            ([NotFound, NotFound, BadRequest, BadRequest, Forbidden], BadRequest),
        ] {
            let mut breaker = RefusalBreaker::default();
            for (n, kind) in kinds[..4].iter().enumerate() {
                assert_eq!(breaker.refuse(task(n as i64, *kind)), None);
            }
            let trip = breaker.refuse(task(4, kinds[4]));
            assert_eq!(trip.as_ref().map(|trip| trip.refusal), Some(most), "{kinds:?}");
            let back: Vec<(i64, TaskState)> = trip.map(|trip| states(&trip.put_back)).unwrap_or_default();
            assert_eq!(back, (0..5).map(|n| (n, TaskState::Waiting)).collect::<Vec<_>>());
            assert!(breaker.is_empty());
        }
    }

    #[test]
    fn what_is_left_has_failed_and_a_person_may_say_that_it_is_gone() {
        let mut breaker = RefusalBreaker::default();
        let said = [
            (1, RefusalKind::NotFound),
            (2, RefusalKind::NotFound),
            (3, RefusalKind::Forbidden),
            (5, RefusalKind::UnreadableNotFound),
        ];
        for (n, kind) in said {
            breaker.refuse(task(n, kind));
        }
        let first_lane = |lane: LaneId| lane == LaneId(1);
        let accepted = breaker.accept(first_lane);
        assert_eq!(states(&accepted), [(1, TaskState::Gone), (3, TaskState::Failed), (5, TaskState::Gone)]);
        assert_eq!(accepted[0].reason.as_deref(), Some(NOT_FOUND_ACCEPTED));
        assert_eq!(states(&breaker.give_up(first_lane)), []);
        assert_eq!(states(&breaker.give_up(|_| true)), [(2, TaskState::Failed)]);
    }

    #[test]
    fn not_found_after_an_unseen_effect_is_done_once_it_is_believed() {
        let mut breaker = RefusalBreaker::default();
        breaker.refuse(RefusedTask { maybe_done: true, ..task(1, RefusalKind::NotFound) });
        let decided = breaker.prove(Proof::Effect);
        assert_eq!(states(&decided), [(1, TaskState::Done)]);
        assert_eq!(decided[0].reason.as_deref(), Some("confirmed_by_repeat"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        /// Over any answers: nobody is decided twice or lost, nobody is gone without a proof after its refusal, and never do more than
        /// four in a row go without a decision.
        #[test]
        fn every_refused_task_is_decided_once_and_none_is_gone_without_a_proof(
            answers in prop::collection::vec(prop_oneof![
                3 => prop::sample::select(KINDS.to_vec()).prop_map(Ok),
                1 => prop::sample::select(vec![Proof::Effect, Proof::Record]).prop_map(Err),
            ], 0..60),
        ) {
            let mut breaker = RefusalBreaker::default();
            let mut decided: HashMap<i64, TaskState> = HashMap::new();
            let mut refused_at: HashMap<i64, usize> = HashMap::new();
            let mut proofs: Vec<(usize, Proof)> = Vec::new();
            for (n, answer) in answers.iter().enumerate() {
                let id = n as i64;
                let news = match answer {
                    Ok(kind) => {
                        refused_at.insert(id, n);
                        let before = breaker.tasks().len();
                        let trip = breaker.refuse(task(id, *kind));
                        prop_assert_eq!(trip.is_some(), before + 1 == REFUSALS_TO_TRIP);
                        trip.map(|trip| trip.put_back).unwrap_or_default()
                    }
                    Err(proof) => {
                        proofs.push((n, *proof));
                        breaker.prove(*proof)
                    }
                };
                for one in news {
                    let (id, state) = (one.task.task.0, one.state());
                    prop_assert!(one.transition.from().contains(&TaskState::Provisional));
                    prop_assert!(decided.insert(id, state).is_none(), "{id} is decided twice");
                    let explains = |proof| proof == Proof::Effect || one.task.refusal != RefusalKind::Forbidden;
                    let proven = proofs.iter().any(|(at, proof)| *at > refused_at[&id] && explains(*proof));
                    prop_assert_eq!(state != TaskState::Waiting, proven, "{} of {:?}", id, state);
                    prop_assert_eq!(state == TaskState::Gone, proven && one.task.refusal == RefusalKind::NotFound);
                }
                prop_assert!(breaker.tasks().len() < REFUSALS_TO_TRIP);
            }
            for one in breaker.give_up(|_| true) {
                prop_assert_eq!(one.state(), TaskState::Failed);
                prop_assert!(decided.insert(one.task.task.0, one.state()).is_none());
            }
            prop_assert_eq!(decided.len(), refused_at.len());
        }
    }
}
