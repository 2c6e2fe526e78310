//! What the world is like.

use super::faults::Faults;
use super::lists::ListSizes;
use super::target_fate::SpecialTarget;
use crate::domain::Rate;

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
