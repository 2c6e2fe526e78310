//! What the world is like.

use super::faults::Faults;
use super::lists::ListSizes;
use super::target_fate::SpecialTarget;
use crate::domain::Rate;

/// 50 requests per 15 minutes and user (X: fundamentals/rate-limits).
pub(super) const USUAL: Rate = Rate::fixed(50, 900);
/// 1,000 likes and unlikes per user in 24 hours (same page).
pub(super) const UNLIKE_DAY: Rate = Rate::fixed(1_000, 86_400);
/// v1.1 `friendships/destroy`: 15 per 15 minutes per user (X: follows/migrate/overview).
pub(super) const V1_UNFOLLOW: Rate = Rate::fixed(15, 900);
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
}
