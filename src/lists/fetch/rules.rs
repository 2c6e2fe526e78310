//! What an endpoint's slots go by: whose they are, its windows, and how long a request may take.

use std::sync::Arc;
use std::time::Duration;

use super::deps::Way;
use super::limits::windows_of;
use crate::domain::{AccountId, BootId};
use crate::limits::Values;
use crate::platforms::ListEndpoint;
use crate::store::{ReadAsk, ReadWindow};

/// What an endpoint's slots go by.
#[derive(Clone, Debug)]
pub struct Rules {
    account: AccountId,
    app: Arc<str>,
    boot: BootId,
    pub(super) endpoint: &'static str,
    windows: Vec<ReadWindow>,
    pub(super) values: Values,
}

impl Rules {
    /// Those of an account at an endpoint.
    pub(super) fn of(way: &Way, reading: &ListEndpoint, boot: BootId, request_deadline: Duration) -> Rules {
        let windows = windows_of(way.platform, reading);
        let shortest = windows.iter().map(|window| window.counts_for).min().unwrap_or_default();
        Rules {
            account: way.account,
            app: Arc::clone(&way.app),
            boot,
            endpoint: reading.name,
            windows,
            values: Values::new(shortest, request_deadline),
        }
    }

    /// The same as the queue is asked.
    pub fn ask(&self) -> ReadAsk<'_> {
        ReadAsk {
            account: self.account,
            app: &self.app,
            endpoint: self.endpoint,
            windows: &self.windows,
            boot: &self.boot,
            deadline: self.values.deadline,
            grace: self.values.grace,
        }
    }

    pub(super) fn shortest(&self) -> Duration {
        self.windows.iter().map(|window| window.counts_for).min().unwrap_or_default()
    }
}
