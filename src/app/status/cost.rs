//! What work takes and costs: for `check`, for the sentence before a run, and for the dashboard.
//!
//! In: what would be sent, by action and account. Out: requests, a length of time, a price. Pure.

use std::collections::HashMap;
use std::time::Duration;

use crate::app::ForecastLane;
use crate::app::status::estimate;
use crate::config::Settings;
use crate::domain::{AccountName, Action, MicroUsd, Platform};
use crate::platforms::spec;

/// What work takes and costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Requests, where none fails.
    pub requests: u64,
    /// How long it takes from empty windows.
    pub length: Duration,
    /// How long with a window for each action; none where that is no shorter, or the platform does not count so.
    pub length_per_endpoint: Option<Duration>,
    /// Its price; none where a price is not known.
    pub price: Option<MicroUsd>,
}

/// Accounts work side by side, each within its own windows.
pub fn cost_of(lanes: &[ForecastLane], settings: &Settings) -> Cost {
    let mut by_account: HashMap<(Option<&AccountName>, Platform), Vec<(Action, u64)>> = HashMap::new();
    for lane in lanes {
        by_account.entry((lane.account.as_ref(), lane.platform)).or_default().push((lane.action, lane.targets));
    }
    let length = by_account.iter().map(|((_, platform), work)| length_of(work, *platform, settings)).max();
    let each = by_account
        .iter()
        .map(|((_, platform), work)| {
            length_per_endpoint(work, *platform, settings).unwrap_or_else(|| length_of(work, *platform, settings))
        })
        .max();
    let length = length.unwrap_or_default();
    let price = |lane: &ForecastLane| settings.price(lane.platform, lane.action);
    Cost {
        requests: lanes.iter().map(|lane| lane.targets).sum(),
        length,
        length_per_endpoint: each.filter(|each| *each < length),
        price: lanes.iter().try_fold(MicroUsd(0), |sum, lane| Some(sum.plus(price(lane)?.times(lane.targets)))),
    }
}

fn length_of(work: &[(Action, u64)], platform: Platform, settings: &Settings) -> Duration {
    estimate::from_empty(work, &settings.windows(platform), settings.run.pace)
}

/// How long one account's work takes with a window for each action; none where that is no shorter, or the platform does not count so.
pub fn length_per_endpoint(work: &[(Action, u64)], platform: Platform, settings: &Settings) -> Option<Duration> {
    let counts_so = spec(platform).counts_per_endpoint;
    let length = estimate::from_empty(work, &settings.windows_per_endpoint(platform), settings.run.pace);
    (counts_so && length < length_of(work, platform, settings)).then_some(length)
}
