//! What keeps handles from being looked up: a bound of the run, or trouble that ends it.

use crate::domain::Wall;
use crate::engine::Stopped;
use crate::error::{CommandError, ErrorKind};
use crate::lists::fetch::Stop;

/// A bound of the run that looking handles up has met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LookupBound {
    /// Which.
    pub(super) stopped: Stopped,
    /// When the next question could leave, where that is known.
    pub(super) next_slot_at: Option<Wall>,
}

/// The bound of the run that looking handles up has met. Where a person, the network or an outage of the platform is in the way, so it is
/// for the rest of the run: a row is not rejected because nobody could say whom it means.
pub(super) fn bound_of(stop: &Stop) -> Result<LookupBound, CommandError> {
    let bound = |stopped| Ok(LookupBound { stopped, next_slot_at: None });
    let in_the_way = |kind, why: String| {
        let error = CommandError::new(kind, format!("{why}; nothing was queued"));
        Err(error.hint(
            "mend that and run the same command again: handles that were found are kept; rows with numeric IDs need no lookup",
        ))
    };
    match stop {
        Stop::Deadline => bound(Stopped::Deadline),
        Stop::Requests => bound(Stopped::Requests),
        Stop::Spend => bound(Stopped::Spend),
        Stop::Cap(until) => Ok(LookupBound { stopped: Stopped::Cap, next_slot_at: Some(*until) }),
        Stop::Interrupted(signal) => bound(Stopped::Interrupted(*signal)),
        Stop::Person(reason, said) => {
            in_the_way(ErrorKind::Person, format!("handles cannot be looked up ({reason}): {said}"))
        }
        Stop::Malformed(said) => {
            in_the_way(ErrorKind::Person, format!("the platform refuses the lookup of handles as malformed: {said}"))
        }
        Stop::Unreachable(said) => in_the_way(
            ErrorKind::Unreachable,
            format!("handles cannot be looked up: no answer from the platform: {said}"),
        ),
        Stop::World(said) => in_the_way(
            ErrorKind::Unreachable,
            format!("handles cannot be looked up: the platform answers with an error: {said}"),
        ),
        Stop::Untold(_) => in_the_way(
            ErrorKind::Unreachable,
            "the platform does not say which accounts the handles belong to".to_owned(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lookup_ends_as_its_fault_says_and_an_outage_rejects_no_handle() {
        let said = || "HTTP 503: over capacity".to_owned();
        for stop in [Stop::World(said()), Stop::Unreachable(said())] {
            assert!(
                bound_of(&stop)
                    .is_err_and(|error| error.kind == ErrorKind::Unreachable && error.message.contains("503"))
            );
        }
        for stop in [Stop::Person("unauthorized".to_owned(), said()), Stop::Malformed(said())] {
            assert!(bound_of(&stop).is_err_and(|error| error.kind == ErrorKind::Person));
        }
        let bound = |stop| bound_of(&stop).ok().map(|bound| (bound.stopped, bound.next_slot_at));
        assert_eq!(bound(Stop::Requests), Some((Stopped::Requests, None)));
        assert_eq!(bound(Stop::Spend), Some((Stopped::Spend, None)));
        assert_eq!(bound(Stop::Deadline), Some((Stopped::Deadline, None)));
        assert_eq!(bound(Stop::Cap(Wall(7))), Some((Stopped::Cap, Some(Wall(7)))));
    }
}
