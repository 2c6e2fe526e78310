//! The first request of an app in a run: a refusal of the whole app must cost one request, not one for every worker.

use std::collections::HashMap;
use std::sync::Arc;

use super::roster::Roster;
use super::settings::Access;
use crate::domain::{Platform, Tick};

/// What is known of one app in this run.
#[derive(Debug, Default)]
struct Probe {
    answered: bool,
    in_flight: bool,
    /// Accounts that wait for its answer.
    waiting: Vec<usize>,
}

/// Apps that have had no answer yet send one request, and wait for what it says.
#[derive(Debug, Default)]
pub(super) struct AppProbes {
    by_app: HashMap<(Platform, Arc<str>), Probe>,
}

impl AppProbes {
    /// How many requests of the account's app may leave: one until its first answer has come; none while that one is out.
    pub(super) fn room(&mut self, account: usize, access: &Access, room: usize) -> Option<usize> {
        let probe = self.by_app.entry(access.app_key()).or_default();
        match (probe.answered, probe.in_flight) {
            (true, _) => Some(room),
            (false, false) => Some(1),
            (false, true) => {
                probe.waiting.push(account);
                None
            }
        }
    }

    /// A request of the app is planned.
    pub(super) fn note_planned(&mut self, access: &Access) {
        if let Some(probe) = self.by_app.get_mut(&access.app_key()) {
            probe.in_flight = true;
        }
    }

    /// The app's first request has ended; with an answer, everybody may go.
    pub(super) fn hear(&mut self, access: &Access, answered: bool, roster: &mut Roster, now: Tick) {
        let Some(probe) = self.by_app.get_mut(&access.app_key()) else { return };
        if probe.answered {
            return;
        }
        probe.in_flight = false;
        probe.answered = answered;
        for account in std::mem::take(&mut probe.waiting) {
            roster.schedule_rested(account, now);
        }
    }
}
