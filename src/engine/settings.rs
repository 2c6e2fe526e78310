//! What a run is told.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::domain::{Action, JobId, MicroUsd, Platform, Tick, UserId, WindowSpec};
use crate::limits::{Pace, Values};
use crate::platforms::BaseUrl;

/// Until when something is sent of some jobs, and how much they may send and spend together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JobTerms {
    /// Send nothing after this.
    pub until: Option<Tick>,
    /// Send at most so many requests.
    pub max_requests: Option<u64>,
    /// Spend at most so much.
    pub max_spend: Option<MicroUsd>,
}

/// Jobs with terms of their own, which they share.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobGroup {
    /// Which; a job is in one group at most.
    pub jobs: Vec<JobId>,
    /// Within which bounds.
    pub terms: JobTerms,
}

/// What a drain works on, and within which bounds.
#[derive(Clone, Debug)]
pub struct EngineSettings {
    /// Work on these jobs only, those of groups among them; none: on every unfinished one.
    pub jobs: Option<Vec<JobId>>,
    /// Requests in flight at most, 1 to 1024.
    pub workers: usize,
    /// Even, or the whole window at once.
    pub pace: Pace,
    /// How long a request may take.
    pub request_deadline: Duration,
    /// Stop after so long without any answer.
    pub give_up_after: Duration,
    /// What all jobs share that are in no group.
    pub terms: JobTerms,
    /// Jobs with terms of their own.
    pub groups: Vec<JobGroup>,
    /// Rows that are not found count as gone, even where the answers do not name them: a person knows that the address is right.
    pub accept_unnamed: bool,
    /// What one successful request costs; an action that is not here costs nothing that is known.
    pub prices: HashMap<(Platform, Action), MicroUsd>,
}

/// Where an account's credentials came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CredentialSource {
    /// A login, sealed in the queue.
    Login,
    /// This variable of the environment: nothing here can refresh them.
    Environment(&'static str),
    /// The pretend platform gives them to everybody.
    Sandbox,
}

/// What it takes to act for an account.
#[derive(Clone, Debug)]
pub struct Access {
    /// Where.
    pub platform: Platform,
    /// As whom.
    pub user: UserId,
    /// At which address.
    pub base: Arc<BaseUrl>,
    /// Which app the credentials belong to: what is refused to the app is refused to all its accounts.
    pub app: Arc<str>,
    /// Where the credentials came from: that is where they are mended.
    pub source: CredentialSource,
    /// Within which windows.
    pub windows: Arc<[WindowSpec]>,
}

impl EngineSettings {
    /// What one successful request costs.
    pub(super) fn price(&self, platform: Platform, action: Action) -> MicroUsd {
        self.prices.get(&(platform, action)).copied().unwrap_or_default()
    }
}

impl Access {
    /// The app at its platform.
    pub(super) fn app_key(&self) -> (Platform, Arc<str>) {
        (self.platform, Arc::clone(&self.app))
    }

    /// The durations that keep the account's limit exact.
    pub fn values(&self, request_deadline: Duration) -> Values {
        let shortest = self.windows.iter().map(|spec| spec.rate.window()).min();
        Values::new(shortest.unwrap_or(WindowSpec::DEFAULT.window()), request_deadline)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Settings without any bound.
    pub(crate) fn settings() -> EngineSettings {
        EngineSettings {
            jobs: None,
            workers: 8,
            pace: Pace::FrontLoad,
            request_deadline: Duration::from_secs(5),
            give_up_after: Duration::from_secs(20),
            terms: JobTerms::default(),
            groups: Vec::new(),
            accept_unnamed: false,
            prices: HashMap::new(),
        }
    }
}
