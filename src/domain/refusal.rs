//! Refusals that do not identify their record: the words that a row keeps of them, and what a person should know.

use super::task::{Outcome, TaskState};

/// The reason of a row that was not found by an answer that does not name its target.
pub const NOT_FOUND_UNCLEAR: &str = "not_found_unclear";
/// The reason of a row that was not found by an answer that is not the platform's: a page, a text, nothing.
pub const NOT_FOUND_UNREADABLE: &str = "not_found_unreadable";
/// The reason of such a row that is gone because a person said so.
pub const NOT_FOUND_ACCEPTED: &str = "not_found_accepted";

/// Reasons of refusals that name their target: whoever repeats the request gets the same answer.
const OF_THE_TARGET: [&str; 10] = [
    "not_authorized",
    "protected",
    "suspended",
    "blocked_by_target",
    "unavailable",
    "removed_by_platform",
    "not_own_post",
    "own_account",
    "actions_disabled",
    "cannot_be_pinned",
];

/// Whether the platform has refused the target itself, so that a retry is refused as well.
pub fn is_refusal_of_target(reason: &str) -> bool {
    OF_THE_TARGET.contains(&reason)
}

/// What a person should know of a task whose refusal left something open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefusalNote {
    /// A sentence without its full stop.
    pub text: &'static str,
    /// It failed because it was not found, and a person may say that it is gone: `--accept-not-found`.
    pub may_be_gone: bool,
}

/// The note of a task in this state, with this reason.
pub fn refusal_note(state: TaskState, reason: Option<&str>) -> Option<RefusalNote> {
    let text = match (state, state.outcome(), reason) {
        (TaskState::Provisional, ..) => {
            "it was refused, and the answer does not name its target; the next success of the same endpoint says that the row is at \
             fault, and five such answers in a row that it is not"
        }
        (_, Outcome::Pending, Some(NOT_FOUND_UNCLEAR | NOT_FOUND_UNREADABLE)) => {
            "not found, as were others in a row, by answers that do not name their targets: that may be the address, so the row is \
             back in the queue, behind the others"
        }
        (_, Outcome::Failed, Some(NOT_FOUND_UNREADABLE)) => {
            "HTTP 404 with an answer that is not the platform's: something in between may have said it, so the row is not reported \
             as gone"
        }
        (_, Outcome::Failed, Some(NOT_FOUND_UNCLEAR)) => {
            "not found, by an answer that does not name its target; nothing of this endpoint succeeded after it, so it may be the \
             address, and the row is not reported as gone"
        }
        (_, Outcome::Gone, Some(NOT_FOUND_ACCEPTED)) => {
            "not found, by an answer that does not name its target; --accept-not-found took it at its word"
        }
        (_, Outcome::Failed, Some(reason)) if is_refusal_of_target(reason) => {
            "the platform refuses this target itself, so a retry is refused as well until that changes; it may be possible by hand"
        }
        _ => return None,
    };
    let not_found = matches!(reason, Some(NOT_FOUND_UNCLEAR | NOT_FOUND_UNREADABLE));
    Some(RefusalNote { text, may_be_gone: state == TaskState::Failed && not_found })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_told_where_an_answer_left_something_open() {
        let told = |state, reason| refusal_note(state, reason).is_some();
        assert!(told(TaskState::Provisional, Some("forbidden")));
        assert!(told(TaskState::Pending, Some(NOT_FOUND_UNCLEAR)) && told(TaskState::Failed, Some(NOT_FOUND_UNCLEAR)));
        assert!(
            told(TaskState::Pending, Some(NOT_FOUND_UNREADABLE)) && told(TaskState::Failed, Some(NOT_FOUND_UNREADABLE))
        );
        assert!(told(TaskState::Gone, Some(NOT_FOUND_ACCEPTED)));
        assert!(!told(TaskState::Gone, Some("not_found")) && !told(TaskState::Pending, None));
        assert!(told(TaskState::Failed, Some("suspended")) && !told(TaskState::Failed, Some("server_error")));
        let may_be_gone = |state, reason| refusal_note(state, Some(reason)).is_some_and(|note| note.may_be_gone);
        assert!(
            may_be_gone(TaskState::Failed, NOT_FOUND_UNCLEAR) && may_be_gone(TaskState::Failed, NOT_FOUND_UNREADABLE)
        );
        assert!(
            !may_be_gone(TaskState::Pending, NOT_FOUND_UNCLEAR) && !may_be_gone(TaskState::Provisional, "forbidden")
        );
    }
}
