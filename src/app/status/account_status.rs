//! How an account stands to its limits, as far as the record tells. In: its windows, hold and endpoints. Out: when its next request can
//! leave. Decides nothing: the limiter does.

use std::collections::BTreeSet;

use crate::app::status::{EndpointStates, TroubledAccount, reason_of};
use crate::config::Settings;
use crate::domain::{Action, Applies, Moment, Wall};
use crate::engine::WindowLevel;
use crate::limits::WindowUsage;
use crate::store::Account;

/// How an account stands to its limits.
#[derive(Debug)]
pub struct AccountStatus {
    /// Whose.
    pub account: Account,
    /// How full its windows are.
    pub windows: Vec<WindowUsage>,
    /// Until when the platform holds it, and why.
    pub hold: Option<(Wall, String)>,
    /// What its platform's answers said of single endpoints.
    pub endpoints: EndpointStates,
    /// What jobs have left for it.
    pub work: BTreeSet<Action>,
    /// Where it has stopped: what a new login of it has to name.
    pub login_actions: Vec<Action>,
}

impl AccountStatus {
    /// What a person does about it where it has stopped. `job`: the only one that has rows left.
    pub fn remedy(&self, settings: &Settings, job: Option<&str>) -> Option<String> {
        let reason = reason_of(self.account.trouble.as_ref()?);
        let (name, login_actions) = (self.account.name.as_str(), &self.login_actions[..]);
        Some(TroubledAccount { settings, name, job, login_actions }.remedy(reason))
    }

    /// When its next request for any of this work can leave.
    pub fn next_at(&self, work: &[(Action, u64)], now: Moment) -> Wall {
        let concerns = |window: &&WindowUsage| work.iter().any(|(action, _)| window.spec.applies.counts(*action));
        let slot = self.windows.iter().filter(concerns).filter_map(|window| window.next_slot).max();
        let slot = slot.map_or(now.wall, |tick| now.wall_at(tick));
        let hold = self.hold.as_ref().map(|(until, _)| *until);
        [hold, self.endpoints.next_at(work)].into_iter().flatten().fold(slot, Wall::max).max(now.wall)
    }

    /// The windows that a person wants to know of: those that have slots in use, or count what is queued. One of an action that the
    /// account has nothing to do with says nothing.
    pub fn windows_that_matter(&self) -> impl Iterator<Item = &WindowUsage> {
        self.windows.iter().filter(|usage| match usage.spec.applies {
            Applies::All => true,
            applies => usage.used > 0 || self.work.iter().any(|action| applies.counts(*action)),
        })
    }

    /// How full its windows are, for an estimate.
    pub(super) fn levels(&self) -> Vec<WindowLevel> {
        self.windows.iter().map(|window| WindowLevel { spec: window.spec, used: window.used }).collect()
    }
}

/// When a full window has a slot again.
pub fn next_slot(usage: &WindowUsage, now: Moment) -> Option<Wall> {
    usage.next_slot.filter(|tick| *tick > now.tick).map(|tick| now.wall_at(tick))
}
