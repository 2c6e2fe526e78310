//! How a sandbox is set up.

use std::net::SocketAddr;
use std::time::Duration;

use super::faults::Faults;
use super::field_names::FieldNames;
use super::host_oauth::HostVersion;
use super::limit_headers::LimitHeaders;
use super::lists::ListSizes;
use super::oauth_rules::OAuthRules;
use super::rules::{SHORTER, UNLIKE_DAY, USUAL, V1_UNFOLLOW};
use super::target_fate::SpecialTarget;
use crate::domain::Rate;

/// How to set up a pretend platform.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where to listen; loopback only. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// Requests per window of a user, all actions together; the ledger's sliding maximum is over the same length.
    pub rate: Rate,
    /// The longer window of unlikes beside it.
    pub unlike_day: Option<Rate>,
    /// The narrower window of unfollows at v1.1.
    pub v1_unfollow: Option<Rate>,
    /// Requests per window of each action, where every endpoint has a narrower window than all together.
    pub endpoint_rate: Option<Rate>,
    /// Whether requests over the limits are answered with 429. If not, there are no rate-limit headers either, and the
    /// ledger tells what the client did when nobody stopped it.
    pub enforce: bool,
    /// What goes wrong, and how often.
    pub faults: Faults,
    /// What the dice begin with; the same seed strikes the same requests, in whatever order they arrive.
    pub seed: u64,
    /// How long every answer takes; the moment at which the request counts varies within it.
    pub latency: Option<Duration>,
    /// Targets whose fate is laid down.
    pub special: Vec<SpecialTarget>,
    /// How many entries each list of every user has.
    pub lists: ListSizes,
    /// Requests per window and list, in place of what X documents for each, shortened.
    pub read_rate: Option<Rate>,
    /// How answers tell of limits.
    pub limit_headers: LimitHeaders,
    /// Which names of fields it knows.
    pub field_names: FieldNames,
    /// Who may ask for tokens, and how long they live.
    pub oauth: OAuthRules,
    /// Which Mastodon people log in to.
    pub host_version: HostVersion,
}

impl Default for Options {
    /// A free port on 127.0.0.1, X's limits in windows 60 times shorter (50 in 15 s, 1,000 unlikes in 24 min, at v1.1 15
    /// unfollows in 15 s), mild faults, seed 0, no latency.
    fn default() -> Options {
        Options {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            rate: USUAL.shortened(SHORTER),
            unlike_day: Some(UNLIKE_DAY.shortened(SHORTER)),
            v1_unfollow: Some(V1_UNFOLLOW.shortened(SHORTER)),
            endpoint_rate: None,
            enforce: true,
            faults: Faults::default(),
            seed: 0,
            latency: None,
            special: Vec::new(),
            lists: ListSizes::default(),
            read_rate: None,
            limit_headers: LimitHeaders::default(),
            field_names: FieldNames::default(),
            oauth: OAuthRules::default(),
            host_version: HostVersion::New,
        }
    }
}
