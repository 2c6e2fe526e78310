//! What the recount found, as `audit --json` prints it.

use serde::{Serialize, Serializer};
use serde_json::Number;

use crate::app::status::seconds;
use crate::domain::{Platform, Rate, Tick, Wall};
use crate::limits::Fullest;

/// The recount of everything on record.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct AuditReport {
    /// Each account by itself.
    pub accounts: Vec<AccountAudit>,
    /// What the accounts of a platform share.
    pub apps: Vec<SharedAudit>,
    /// What the accounts at a host share.
    pub hosts: Vec<SharedAudit>,
    /// Whether anything was sent beyond a limit.
    #[serde(rename = "over")]
    pub is_over: bool,
}

/// The recount of an account.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AccountAudit {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub platform: Platform,
    /// What the platform calls it.
    pub user_id: String,
    /// How many attempts there are.
    #[serde(flatten)]
    pub tally: AttemptTally,
    /// Its windows, today's first.
    pub windows: Vec<WindowAudit>,
    /// What it has read, by endpoint.
    pub reads: Vec<ReadAudit>,
}

/// The recount of several accounts of a platform together.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SharedAudit {
    /// Where.
    pub platform: Platform,
    /// At which host; none: at all of the platform's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// How many attempts there are.
    #[serde(flatten)]
    pub tally: AttemptTally,
    /// The windows that they share, today's first.
    pub windows: Vec<WindowAudit>,
}

/// The recount of the requests to one endpoint that reads.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReadAudit {
    /// Its name.
    pub endpoint: String,
    /// How many there are.
    pub requests: u64,
    /// Its windows.
    pub windows: Vec<WindowAudit>,
}

/// How many attempts there are, and of how many nobody wrote down the windows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AttemptTally {
    /// All of them.
    pub attempts: u64,
    /// Those judged by the windows of today, for want of others.
    pub unrecorded: u64,
}

/// One window, and its fullest moment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WindowAudit {
    limit: u32,
    window_s: Number,
    /// The action that it counts, or several with a `+` between them; none: all of them.
    pub action: Option<String>,
    /// The most requests that the platform can have counted in it.
    pub fullest: u32,
    /// When that was; none where it was never used.
    #[serde(serialize_with = "rfc3339")]
    pub fullest_at: Option<Wall>,
    /// How many requests were sent while it had no room.
    pub over: u64,
    /// The first of them.
    #[serde(serialize_with = "rfc3339")]
    pub first_over_at: Option<Wall>,
    /// Whether it is set now; none of windows that nobody can set.
    #[serde(rename = "current", skip_serializing_if = "Option::is_none")]
    pub is_current: Option<bool>,
    /// How many requests in how much time.
    #[serde(skip)]
    pub rate: Rate,
}

fn rfc3339<S: Serializer>(at: &Option<Wall>, to: S) -> Result<S::Ok, S::Error> {
    at.map(Wall::rfc3339).serialize(to)
}

impl WindowAudit {
    pub(super) fn new(found: Fullest, is_current: Option<bool>, wall: impl Fn(Tick) -> Wall) -> WindowAudit {
        let rate = found.spec.rate;
        WindowAudit {
            limit: rate.limit(),
            window_s: seconds(rate.window()),
            action: found.spec.applies.name(),
            fullest: found.most,
            fullest_at: found.at.map(&wall),
            over: found.over,
            first_over_at: found.first_over.map(wall),
            is_current,
            rate,
        }
    }
}
