//! What came back, and what it means.

use crate::domain::{NOT_FOUND_UNCLEAR, NOT_FOUND_UNREADABLE, RateFacts, Reason, Wall};

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
    /// The last copy of what was deleted, where the answer hands it back. Foreign text.
    pub last_copy: Option<String>,
}

impl Reply {
    /// The reason of a page's refusal that names a field of the [`Vocabulary`](super::Vocabulary) it was asked in.
    pub const NAMES_REFUSED: &'static str = "names_refused";

    /// Whether a page was refused because of the names it was asked in: the other names may be taken.
    pub fn refuses_names(&self) -> bool {
        matches!(&self.finding, Finding::Ambiguous { reason, .. } if *reason == Reply::NAMES_REFUSED)
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
    /// The record that was to be deleted is not what it was when it was read; it is still there.
    RecordChanged {
        /// `record_changed` and the like.
        reason: Reason,
    },
    /// The target refuses for good: protected, suspended, somebody else's post.
    Refused {
        /// `suspended`, `protected` and the like.
        reason: Reason,
    },
    /// No request can be made of this row: the endpoint does not take such a target. Nothing was sent.
    Unsendable {
        /// `handle_not_accepted` and the like.
        reason: Reason,
    },
    /// A refusal that does not identify the record. One among successes is the row's; several in a row without a success are the fault
    /// of the question: of the address, the request, the account or the app.
    Ambiguous {
        /// What it means where it is the row's.
        refusal: RefusalKind,
        /// `forbidden`, `not_found_unclear` and the like.
        reason: Reason,
    },
    /// Too many requests, or a cap.
    Limited(Limited),
    /// The credentials were not accepted (any 401 that is not about clock or target).
    Unauthorized {
        /// `unauthorized`, `invalid_token` and the like.
        reason: Reason,
    },
    /// The login was not granted what this endpoint needs. What else it does, it may.
    NotGranted {
        /// `scope_missing` and the like.
        reason: Reason,
    },
    /// The credentials are good, but the server wants another nonce in their proof, and has given it.
    Unproven {
        /// `use_dpop_nonce`.
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
    /// The platform failed: 5xx, over capacity. The effect may have happened.
    Transient {
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
        /// `connect_failed`, `bad_certificate`, `no_tls`, `timeout`, `connection_lost`.
        reason: Reason,
        /// Whether the request may have reached the platform, so that the effect may have happened.
        maybe_sent: bool,
    },
    /// The request was not sent at all: its `send_by` had passed, or the run was cancelled before the socket was written.
    NotSent,
}

/// The reason of a [`Finding::Unknown`] whose expected field holds something else.
pub(super) const UNEXPECTED_VALUE: &str = "unexpected_value";

/// The reason of a [`Finding::Unanswered`] whose server has shown a certificate that is not accepted.
pub const BAD_CERTIFICATE: &str = "bad_certificate";

/// The reason of a [`Finding::Unanswered`] whose server speaks no TLS that is accepted: an old one, or none.
pub(super) const NO_TLS: &str = "no_tls";

impl Finding {
    /// Whether the answer was read, and held another state than was asked for.
    pub fn holds_another_value(&self) -> bool {
        matches!(self, Finding::Unknown { reason } if *reason == UNEXPECTED_VALUE)
    }

    /// Whether no answer came because of the server's certificate, or because of its TLS.
    pub fn is_bad_certificate(&self) -> bool {
        matches!(self, Finding::Unanswered { reason, .. } if *reason == BAD_CERTIFICATE || *reason == NO_TLS)
    }

    /// The account's, the app's and the limit's part is told before the target's; what explains least comes last.
    pub(super) fn rank(&self) -> u8 {
        match self {
            Finding::Account { .. } => 0,
            Finding::App { .. } => 1,
            Finding::Unauthorized { .. } | Finding::NotGranted { .. } => 2,
            Finding::Limited(Limited::Usage { .. } | Limited::Spend { .. }) => 3,
            Finding::Limited(Limited::Hidden) => 4,
            Finding::Limited(Limited::Rate) => 5,
            Finding::Transient { .. } => 6,
            Finding::Ambiguous { refusal: RefusalKind::BadRequest | RefusalKind::OtherRecord, .. } => 7,
            Finding::Refused { .. } | Finding::RecordChanged { .. } => 8,
            Finding::Gone { .. } => 9,
            Finding::Ambiguous { refusal: RefusalKind::NotFound | RefusalKind::UnreadableNotFound, .. } => 10,
            Finding::Done { .. } => 11,
            Finding::Ambiguous { refusal: RefusalKind::Forbidden, .. } => 12,
            Finding::Unknown { .. }
            | Finding::Unanswered { .. }
            | Finding::NotSent
            | Finding::Unproven { .. }
            | Finding::Unsendable { .. } => 13,
        }
    }
}

/// What a refusal says that does not identify the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RefusalKind {
    /// "Not found", and not what: code 34, a bare 404. It may be the address that is wrong or retired. The reason is always
    /// [`NOT_FOUND_UNCLEAR`](crate::domain::NOT_FOUND_UNCLEAR).
    NotFound,
    /// A 404 whose body is not the platform's: a page, a text, nothing. For every row it is a wrong or retired address as well; for one
    /// it may come from something in between, so that no success proves the record gone. The reason is always
    /// [`NOT_FOUND_UNREADABLE`](crate::domain::NOT_FOUND_UNREADABLE).
    UnreadableNotFound,
    /// The request itself is not taken: a 400, `invalid-request`, `disallowed-resource`, code 25.
    BadRequest,
    /// Refused without a reason: a bare 403, a status nobody expects.
    Forbidden,
    /// Something is said of the acting user, or of a record that nobody asked about.
    OtherRecord,
}

/// Which limit a [`Finding::Limited`] speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

pub(super) fn unknown(reason: &'static str) -> Finding {
    Finding::Unknown { reason: reason.into() }
}

pub(super) fn transient(reason: &'static str) -> Finding {
    Finding::Transient { reason: reason.into() }
}

pub(super) fn app(reason: &'static str) -> Finding {
    Finding::App { reason: reason.into() }
}

pub(super) fn account(reason: &'static str) -> Finding {
    Finding::Account { reason: reason.into() }
}

pub(super) fn refused(reason: &'static str) -> Finding {
    Finding::Refused { reason: reason.into() }
}

pub(super) fn ambiguous(refusal: RefusalKind, reason: &'static str) -> Finding {
    Finding::Ambiguous { refusal, reason: reason.into() }
}

/// Refused without a reason.
pub(super) fn forbidden(reason: &'static str) -> Finding {
    ambiguous(RefusalKind::Forbidden, reason)
}

/// The request itself is not taken.
pub(super) fn bad_request(reason: &'static str) -> Finding {
    ambiguous(RefusalKind::BadRequest, reason)
}

/// Not found, and not what.
pub(super) fn not_found_unclear() -> Finding {
    ambiguous(RefusalKind::NotFound, NOT_FOUND_UNCLEAR)
}

/// Not found, and nobody knows by whom.
pub(super) fn not_found_unreadable() -> Finding {
    ambiguous(RefusalKind::UnreadableNotFound, NOT_FOUND_UNREADABLE)
}

/// About the acting user, or about something nobody asked for.
pub(super) fn other_record(reason: &'static str) -> Finding {
    ambiguous(RefusalKind::OtherRecord, reason)
}

/// The target does not exist.
pub(super) fn gone() -> Finding {
    Finding::Gone { reason: "not_found".into() }
}
