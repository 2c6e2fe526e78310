//! What is asked of the pretend platform, and how it decides: an answer before it is put into words, and how the request ends.

use std::time::Duration;

use super::target_fate::TargetRefusal;
use super::trouble::Trouble;
use super::windows::WindowState;
use crate::domain::Action;

/// A request as the route understood it; the texts are as the URL had them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ask<'a> {
    pub(super) action: Action,
    /// The user the path names; posts are deleted without one.
    pub(super) path_user: Option<&'a str>,
    pub(super) target: &'a str,
}

/// What the platform says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SimulatedOutcome {
    /// The expected field with the expected value.
    Undone,
    /// The target does not exist.
    Gone,
    /// Something does not exist.
    GoneUnnamed,
    /// The target refuses.
    Refused(TargetRefusal),
    /// 429.
    RateLimited,
    /// 500, 502, 503, 504.
    ServerError,
    /// The whole account is in trouble.
    Trouble(Trouble),
    /// The path names another user than the token.
    PathUser,
    /// The target is no ID.
    BadTarget,
    /// The sandbox itself has reached a bound.
    Full,
}

/// An answer before it is put into words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) verdict: SimulatedOutcome,
    /// The window of what was asked, for the headers; none where no limit is enforced.
    pub(super) window: Option<WindowState>,
    /// The longer window of unlikes, for theirs.
    pub(super) day: Option<WindowState>,
    /// Which of several wordings of the same answer to use.
    pub(super) wording: u8,
}

/// How a request ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// Answered.
    Whole(Answer),
    /// Answered so much later than usual.
    Late(Answer, Duration),
    /// The body breaks off; what the verdict says has happened.
    Cut(Answer),
    /// The connection is closed without the answer; what the verdict would have said has happened.
    Lost,
    /// The connection is reset, and nothing has happened.
    Reset,
}

impl Answer {
    /// The sandbox's own bound; nothing about it is X's.
    pub(super) const FULL: Answer = Answer { verdict: SimulatedOutcome::Full, window: None, day: None, wording: 0 };
}
