//! Who asks: a user at one of the five platforms the sandbox speaks.

use std::fmt;
use std::str::FromStr;

use super::bluesky::{did, user_of_did};
use crate::domain::{InvalidId, Platform, TargetId};

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

impl SimulatedApi {
    /// What is spoken to accounts of a platform: that of its name, as users are written here; X API v2 where it has none.
    fn of(platform: Platform) -> SimulatedApi {
        let name = platform.name().trim_end_matches("-sandbox");
        let named = PREFIXES.iter().find(|(_, prefix)| prefix.trim_end_matches(':') == name);
        named.map_or(SimulatedApi::V2, |(dialect, _)| *dialect)
    }
}

impl KnownUser {
    /// The user that an account of a platform is in the sandbox; none: its ID is none that the sandbox gives.
    pub fn of_account(platform: Platform, id: &str) -> Option<KnownUser> {
        let dialect = SimulatedApi::of(platform);
        let user = if dialect == SimulatedApi::Bluesky { user_of_did(id) } else { id.parse().ok() };
        user.map(|user| KnownUser { dialect, user })
    }

    /// The ID of an account of a platform that is this user of the sandbox.
    pub fn account_id(platform: Platform, user: TargetId) -> String {
        if SimulatedApi::of(platform) == SimulatedApi::Bluesky { did(user) } else { user.to_string() }
    }
}

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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_accounts_id_leads_back_to_its_user_at_every_platform() {
        for platform in Platform::ALL {
            let user: TargetId = "77".parse().unwrap();
            let who = KnownUser::of_account(platform, &KnownUser::account_id(platform, user)).unwrap();
            assert_eq!(who.user, user, "{platform}");
            assert_eq!(who.to_string().parse(), Ok(who));
            // The sandbox's own platform speaks as the one it stands for.
            assert_eq!(
                who.dialect == SimulatedApi::V2,
                platform.in_sandbox() == Platform::default().in_sandbox()
                    && !matches!(platform.name(), "x-v1" | "aisa"),
                "{platform}"
            );
        }
        assert_eq!(KnownUser::of_account(Platform::default(), "did:plc:abc"), None);
    }
}
