//! A drain whose queue's server goes away, or takes it for dead, begins again by itself: nothing is sent meanwhile, and what was in flight stands
//! aside until its end.
//!
//! In: what a cut-off drain had used. Out: the queue again, and the bounds that are left. What does not belong here: draining (`draining`).

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::clock::{Backoff, SharedClock};
use crate::domain::{MicroUsd, Tick};
use crate::engine::{EngineSettings, Event, Finish, JobTerms, Listener, Shutdown, Urgency};
use crate::error::CommandError;
use crate::store::{QueuePlace, Store, StoreError};

/// Between two looks whether the server is there again.
const PAUSES: Backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(15));

/// Requests and money.
type Used = (u64, MicroUsd);

/// Why a drain ended without an end.
pub(super) enum CutOff {
    /// The queue's server has gone, or somebody has taken over: it may be begun again.
    Away(StoreError),
    /// It may not.
    Failed(CommandError),
}

impl From<StoreError> for CutOff {
    fn from(error: StoreError) -> CutOff {
        if may_be_back(&error) { CutOff::Away(error) } else { CutOff::Failed(error.into()) }
    }
}

impl From<CommandError> for CutOff {
    fn from(error: CommandError) -> CutOff {
        CutOff::Failed(error)
    }
}

/// Whether a server may answer the next question otherwise.
const fn may_be_back(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::Unreachable { .. }
            | StoreError::CommitUnknown { .. }
            | StoreError::Conflict
            | StoreError::Busy { .. }
            | StoreError::LockLost { .. }
            | StoreError::FenceLost
    )
}

/// What the drains of one run have used, one after the other, and who hears of them: for whoever listens they are one.
#[derive(Clone)]
pub(super) struct Continued {
    shared: Arc<Mutex<Heard>>,
}

struct Heard {
    listener: Box<dyn Listener>,
    /// Of the drains before this one.
    before: (Used, Vec<Used>),
    /// Of all of them.
    so_far: (Used, Vec<Used>),
    has_begun: bool,
}

impl Continued {
    pub(super) fn new(listener: Box<dyn Listener>) -> Continued {
        let none = || ((0, MicroUsd(0)), Vec::new());
        let heard = Heard { listener, before: none(), so_far: none(), has_begun: false };
        Continued { shared: Arc::new(Mutex::new(heard)) }
    }

    /// The drain that told this one has been cut off.
    pub(super) fn is_cut_off(&self) {
        let heard = &mut *self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        heard.before.clone_from(&heard.so_far);
    }

    /// What is left of the bounds.
    pub(super) fn left_of(&self, run: &EngineSettings) -> EngineSettings {
        let mut left = run.clone();
        let heard = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        let (of_run, of_groups) = &heard.before;
        left.terms = less(&run.terms, *of_run);
        for (group, used) in left.groups.iter_mut().zip(of_groups) {
            group.terms = less(&group.terms, *used);
        }
        left
    }

    /// The end of the last drain as that of all.
    pub(super) fn whole(&self, mut finish: Finish) -> Finish {
        let heard = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        let (of_run, of_groups) = &heard.before;
        (finish.requests, finish.spent) = (finish.requests + of_run.0, finish.spent.plus(of_run.1));
        for group in &mut finish.groups {
            if let Some(used) = of_groups.get(group.group) {
                (group.requests, group.spent) = (group.requests + used.0, group.spent.plus(used.1));
            }
        }
        finish
    }
}

/// Terms without what has been used of them.
fn less(terms: &JobTerms, (requests, spent): Used) -> JobTerms {
    JobTerms {
        until: terms.until,
        max_requests: terms.max_requests.map(|most| most.saturating_sub(requests)),
        max_spend: terms.max_spend.map(|most| MicroUsd(most.0.saturating_sub(spent.0))),
    }
}

impl Listener for Continued {
    fn hear(&mut self, event: &Event) {
        let heard = &mut *self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::Started { .. } if std::mem::replace(&mut heard.has_begun, true) => {}
            Event::Progress(progress) if heard.before.0.0 > 0 => {
                let mut whole = progress.clone();
                let (of_run, of_groups) = &heard.before;
                (whole.requests, whole.spent) = (whole.requests + of_run.0, whole.spent.plus(of_run.1));
                for (group, used) in whole.groups.iter_mut().zip(of_groups) {
                    *group = (group.0 + used.0, group.1.plus(used.1));
                }
                heard.so_far = ((whole.requests, whole.spent), whole.groups.clone());
                heard.listener.hear(&Event::Progress(whole));
            }
            Event::Progress(progress) => {
                heard.so_far = ((progress.requests, progress.spent), progress.groups.clone());
                heard.listener.hear(event);
            }
            other => heard.listener.hear(other),
        }
    }
}

/// Waits until the queue can be opened again. The error: it could not be, until the patience or the time of the run was over, or somebody
/// ended it; `error` is why the drain was cut off.
pub(super) async fn open_again(
    place: &QueuePlace,
    error: StoreError,
    (patience, until): (Duration, Option<Tick>),
    (clock, shutdown): (&SharedClock, &Shutdown),
    listener: &mut Continued,
) -> Result<Store, CommandError> {
    let began = clock.now().tick;
    let give_up = until.into_iter().fold(began.after(patience), Tick::min);
    tracing::info!(%error, "the drain is cut off");
    listener.hear(&Event::QueueAway { why: error.to_string() });
    let (mut error, mut ends) = (error, shutdown.clone());
    for failures in 1.. {
        let next = clock.now().tick.after(PAUSES.wait(failures));
        if next >= give_up {
            break;
        }
        tokio::select! {
            () = clock.sleep_until(next) => {}
            () = ends.at_least(Urgency::Drain) => break,
        }
        match Store::reopen_unmoved(place).await {
            Ok(store) => {
                listener.hear(&Event::QueueBack);
                return Ok(store);
            }
            // A server that is starting, or about to become the primary, refuses some things.
            Err(StoreError::Refused { .. } | StoreError::Unfit { .. }) => {}
            Err(new) if may_be_back(&new) => error = new,
            Err(new) => return Err(new.into()),
        }
    }
    Err(error.into())
}
