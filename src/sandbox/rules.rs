//! What the world is like.

use super::faults::Faults;
use super::limit_headers::LimitHeaders;
use super::lists::ListSizes;
use super::target_fate::SpecialTarget;
use crate::domain::Rate;

/// 50 requests per 15 minutes and user (X: fundamentals/rate-limits).
pub(super) const USUAL: Rate = Rate::fixed(50, 900);
/// 1,000 likes and unlikes per user in 24 hours (same page).
pub(super) const UNLIKE_DAY: Rate = Rate::fixed(1_000, 86_400);
/// v1.1 `friendships/destroy`: 15 per 15 minutes per user (X: follows/migrate/overview).
pub(super) const V1_UNFOLLOW: Rate = Rate::fixed(15, 900);
/// Every call of a token at a Mastodon server: 300 in 5 minutes.
pub(super) const MASTODON_USUAL: Rate = Rate::fixed(300, 300);
/// Deleting posts and taking back reposts there, both together: 30 in 30 minutes.
pub(super) const MASTODON_RARE: Rate = Rate::fixed(30, 1_800);
/// Requests for pages of lists there: 300 in 15 minutes.
pub(super) const MASTODON_PAGES: Rate = Rate::fixed(300, 900);
/// Points of one account's writes at a PDS: a deletion costs one, a creation three.
pub(super) const BLUESKY_HOUR: Rate = Rate::fixed(5_000, 3_600);
/// The same in a day.
pub(super) const BLUESKY_DAY: Rate = Rate::fixed(35_000, 86_400);
/// Requests from one address there, of all accounts together.
pub(super) const BLUESKY_ADDRESS: Rate = Rate::fixed(3_000, 300);
/// Logins of one identifier there.
pub(super) const BLUESKY_LOGINS: Rate = Rate::fixed(30, 300);
/// The same in a day.
pub(super) const BLUESKY_LOGINS_DAY: Rate = Rate::fixed(300, 86_400);
/// How many times shorter the sandbox's windows are.
pub(super) const SHORTER: u32 = 60;

/// What the world is like.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    pub(super) rate: Rate,
    pub(super) unlike_day: Option<Rate>,
    pub(super) v1_unfollow: Option<Rate>,
    pub(super) endpoint_rate: Option<Rate>,
    pub(super) enforce: bool,
    pub(super) faults: Faults,
    pub(super) seed: u64,
    pub(super) special: Vec<SpecialTarget>,
    pub(super) lists: ListSizes,
    pub(super) read_rate: Option<Rate>,
    pub(super) limit_headers: LimitHeaders,
}
