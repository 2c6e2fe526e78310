//! What an answer's headers said about rate limits, read but not yet judged.

use std::time::Duration;

use super::Wall;

/// The rate-limit facts of one answer. All times are the platform's own clock; `limits` judges them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RateFacts {
    /// Requests the endpoint's current window holds (`x-rate-limit-limit`).
    pub limit: Option<u32>,
    /// Requests left in it (`x-rate-limit-remaining`).
    pub remaining: Option<u32>,
    /// When it ends (`x-rate-limit-reset`, epoch seconds).
    pub reset: Option<Wall>,
    /// Requests left in the user's 24-hour window (`x-user-limit-24hour-remaining`; seen in the wild, not documented).
    pub day_remaining: Option<u32>,
    /// When that ends (`x-user-limit-24hour-reset`).
    pub day_reset: Option<Wall>,
    /// When the platform answered (`date`).
    pub date: Option<Wall>,
    /// How long to wait (`retry-after`, seconds or a date).
    pub retry_after: Option<Duration>,
}

impl RateFacts {
    /// How long until the window ends, by the platform's own clock; none where the answer does not say.
    pub fn until_reset(&self) -> Option<Duration> {
        Some(self.reset?.since(self.date?))
    }

    /// How long until the 24-hour window ends, by the platform's own clock.
    pub fn until_day_reset(&self) -> Option<Duration> {
        Some(self.day_reset?.since(self.date?))
    }
}
