//! Who asks: a user at one of the five platforms the sandbox speaks.

use std::fmt;
use std::str::FromStr;

use super::bluesky::user_of_did;
use crate::domain::{InvalidId, TargetId};

/// Which platform's words are spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SimulatedApi {
    /// X API v2.
    V2,
    /// X API v1.1.
    V1,
    /// The AIsa gateway.
    Aisa,
    /// The Mastodon API.
    Mastodon,
    /// A Bluesky server.
    Bluesky,
}

/// A user at a platform. The same ID at two platforms is two users with windows, troubles and effects of their own; what
/// becomes of a target is the same for all. Written `77`, `x-v1:77`, `aisa:77`, `mastodon:77`, `bluesky:77` (or `bluesky:` and
/// the DID).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KnownUser {
    /// The platform.
    pub dialect: SimulatedApi,
    /// The user's ID there.
    pub user: TargetId,
}

const PREFIXES: [(SimulatedApi, &str); 4] = [
    (SimulatedApi::V1, "x-v1:"),
    (SimulatedApi::Aisa, "aisa:"),
    (SimulatedApi::Mastodon, "mastodon:"),
    (SimulatedApi::Bluesky, "bluesky:"),
];

impl From<TargetId> for KnownUser {
    /// The user of X API v2.
    fn from(user: TargetId) -> KnownUser {
        KnownUser { dialect: SimulatedApi::V2, user }
    }
}

impl fmt::Display for KnownUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefix = PREFIXES.iter().find(|(dialect, _)| *dialect == self.dialect).map_or("", |(_, prefix)| prefix);
        write!(f, "{prefix}{}", self.user)
    }
}

impl FromStr for KnownUser {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<KnownUser, InvalidId> {
        for (dialect, prefix) in PREFIXES {
            if let Some(user) = text.strip_prefix(prefix) {
                let by_did = user_of_did(user).filter(|_| dialect == SimulatedApi::Bluesky);
                return Ok(KnownUser { dialect, user: by_did.map_or_else(|| user.parse(), Ok)? });
            }
        }
        text.parse().map(|user: TargetId| user.into())
    }
}
