//! An account and a lane in a drain: the account's limiter, its lanes, and what is held against it.

use std::sync::Arc;

use super::circuit_breaker::CircuitBreaker;
use super::job_groups::GroupIndex;
use super::settings::Access;
use crate::domain::{AccountId, Action, LaneId, Reason, RoundId, TaskId, Tick};
use crate::limits::{Limiter, Values};

/// One endpoint for one account, by its place in the roster.
pub(super) type EndpointKey = (usize, Action);

/// An account and where it stands.
#[derive(Debug)]
pub(super) struct AccountRun {
    pub(super) id: AccountId,
    /// None where there are no credentials for it.
    pub(super) access: Option<Arc<Access>>,
    pub(super) values: Values,
    /// Made, and filled with the slots on record, when the account first comes due: 100,000 accounts have five million slots.
    pub(super) limiter: Option<Limiter>,
    /// Calls back what was claimed ahead.
    pub(super) breaker: Arc<CircuitBreaker>,
    /// In the order of jobs.
    pub(super) lanes: Vec<LaneId>,
    /// When it is looked at next; entries of the heap that say something else are out of date.
    pub(super) due: Option<Tick>,
    /// Actions whose endpoint has served it in this run.
    pub(super) served: Vec<Action>,
    /// Actions whose endpoint has served nobody for so long that this run does not wait for it any more.
    pub(super) given_up: Vec<Action>,
    /// It waits for its token until then.
    pub(super) rest_until: Tick,
    /// Its token is being asked for.
    pub(super) asking: bool,
    /// What the platform said when it rejected the token.
    pub(super) rejected: Option<(Reason, String)>,
    /// Actions its credentials are not good for.
    pub(super) refused: Vec<Action>,
    /// Another drain of the queue works on it, or may.
    pub(super) is_elsewhere: bool,
    /// Nothing more is sent for it, so that another drain can have it.
    pub(super) is_leaving: bool,
    /// It needs a person; nothing more is sent for it in this run.
    pub(super) stopped: bool,
    /// Its hold outlasts this run.
    pub(super) capped_until: Option<Tick>,
    /// The end of its hold, which may outlast some of its jobs.
    pub(super) held_until: Option<Tick>,
    /// The group of jobs for which it has claimed last.
    pub(super) last_group: GroupIndex,
}

impl AccountRun {
    pub(super) fn new(id: AccountId, access: Option<Arc<Access>>, values: Values) -> AccountRun {
        AccountRun {
            id,
            access,
            values,
            limiter: None,
            breaker: Arc::default(),
            lanes: Vec::new(),
            due: None,
            served: Vec::new(),
            given_up: Vec::new(),
            rest_until: Tick(i64::MIN),
            asking: false,
            rejected: None,
            refused: Vec::new(),
            is_elsewhere: false,
            is_leaving: false,
            stopped: false,
            capped_until: None,
            held_until: None,
            last_group: GroupIndex::default(),
        }
    }

    /// Actions for which nothing more is sent in this run.
    pub(super) fn left_out(&self) -> Vec<Action> {
        [&self.refused[..], &self.given_up[..]].concat()
    }

    /// Whether anything may still be sent for it in this run.
    pub(super) fn is_open(&self) -> bool {
        !self.stopped && self.capped_until.is_none()
    }

    /// The same for jobs of which nothing is sent after this.
    pub(super) fn is_open_until(&self, until: Option<Tick>) -> bool {
        !self.stopped && self.capped_beyond(until).is_none()
    }

    /// The end of a hold that outlasts this run, or jobs of which nothing is sent after this.
    pub(super) fn capped_beyond(&self, until: Option<Tick>) -> Option<Tick> {
        self.capped_until.or(self.held_until.filter(|held| until.is_some_and(|until| *held >= until)))
    }
}

/// A lane in a drain.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lane {
    pub(super) round: RoundId,
    pub(super) action: Action,
    pub(super) account: usize,
    /// The jobs that it shares terms with.
    pub(super) group: GroupIndex,
    pub(super) visible_to: TaskId,
    /// Whether anybody may stand in line.
    pub(super) pending: bool,
    /// Nobody in it is left whose records are known; of others they are not.
    pub(super) uncovered: bool,
    /// Some task in it may stand under a name.
    pub(super) has_names: bool,
    /// Nothing of it can be claimed before names are looked up: the next task stands under one, or may be whom one on a keep list means.
    pub(super) awaits_names: bool,
    /// A task in it may be whom a name on a keep list means, and nobody knows what that means.
    pub(super) awaits_kept: bool,
}
