//! What came back, and what it means.

use crate::domain::{RateFacts, Reason, Wall};

/// What one request came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// What it means.
    pub finding: Finding,
    /// The HTTP status; none where no answer came.
    pub http_status: Option<u16>,
    /// What the headers said about limits.
    pub facts: RateFacts,
    /// What the platform said, in its own words: one line, at most 300 characters, control characters removed, secrets masked.
    pub detail: String,
}

impl Reply {
    /// The reason of a page's refusal that names a field of the [`Vocabulary`](super::Vocabulary) it was asked in.
    pub const NAMES_REFUSED: &'static str = "names_refused";

    /// Whether a page was refused because of the names it was asked in: the other names may be taken.
    pub fn refuses_names(&self) -> bool {
        matches!(&self.finding, Finding::Malformed { reason } if *reason == Reply::NAMES_REFUSED)
    }
}

/// What an answer means, by whom it blames. Pure knowledge of the platform; history is not considered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The expected field has the expected value. The reason is there when there was nothing left to undo (`already`).
    Done {
        /// Why, where it is not the plain case.
        reason: Option<Reason>,
    },
    /// The target does not exist any more.
    Gone {
        /// `not_found` and the like.
        reason: Reason,
    },
    /// The target refuses for good: protected, suspended, somebody else's post.
    Refused {
        /// `suspended`, `protected` and the like.
        reason: Reason,
    },
    /// Our request was malformed: a bug of ours or an ID the platform does not take. The row fails, the run goes on.
    Malformed {
        /// `invalid_request` and the like.
        reason: Reason,
    },
    /// A refusal that may be the target's, the account's or the app's fault.
    Ambiguous {
        /// `forbidden`.
        reason: Reason,
    },
    /// Too many requests, or a cap.
    Limited(Limited),
    /// The credentials were not accepted (any 401 that is not about clock or target).
    Unauthorized {
        /// `unauthorized`, `invalid_token` and the like.
        reason: Reason,
    },
    /// The account needs a person: locked, suspended, flagged as automated.
    Account {
        /// `account_locked` and the like.
        reason: Reason,
    },
    /// The app needs a person: tier, permissions, credits.
    App {
        /// `credits_depleted`, `client_not_enrolled` and the like.
        reason: Reason,
    },
    /// The world's fault, answered: 5xx, over capacity. The effect may have happened.
    World {
        /// `server_error` and the like.
        reason: Reason,
    },
    /// An answer that cannot be read: cut, HTML, 200 without the expected field. The effect may have happened.
    Unknown {
        /// `unreadable`, `unexpected_body` and the like.
        reason: Reason,
    },
    /// No answer came.
    Unanswered {
        /// `connect_failed`, `timeout`, `connection_lost`.
        reason: Reason,
        /// Whether the request may have reached the platform, so that the effect may have happened.
        maybe_sent: bool,
    },
    /// The request was not sent at all: its `send_by` had passed, or the run was cancelled before the socket was written.
    NotSent,
}

/// Which limit a [`Finding::Limited`] speaks of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Limited {
    /// A rate window: 429 or v1.1 code 88.
    Rate,
    /// A limit whose window nobody documents (v1.1 code 185, daily update limit).
    Hidden,
    /// A usage cap of the app for a day or a month. Not mended by waiting a window.
    Usage {
        /// When it ends, where the answer says so.
        until: Option<Wall>,
    },
    /// The billing cycle's spend cap.
    Spend {
        /// When the cycle ends, where the answer says so.
        until: Option<Wall>,
    },
}
