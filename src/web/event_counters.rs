//! Hears the engine's events and counts them, for metrics. Called between turns, so it takes no time and waits for nobody.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::app::run::EventTap;
use crate::domain::{MicroUsd, WindowSpec};
use crate::engine::{Event, Listener};

/// Upper bounds of the histogram of commits, in seconds.
pub(super) const COMMIT_SECONDS: [f64; 11] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5];

/// What has been counted since the process began.
#[derive(Clone, Debug, Default)]
pub(super) struct Counted {
    /// Requests by what their answers meant; the engine knows a fixed few words.
    pub(super) attempts: BTreeMap<&'static str, u64>,
    /// Rows by what became of them.
    pub(super) settled: BTreeMap<&'static str, u64>,
    /// Commits by the first bound they were not above; the last place is for those above all.
    pub(super) commits: [u64; COMMIT_SECONDS.len() + 1],
    /// Their time together, in seconds.
    pub(super) commit_seconds: f64,
    /// The fullest each window has been.
    pub(super) fullest: Vec<(WindowSpec, u32)>,
    /// Requests in flight.
    pub(super) in_flight: usize,
    /// What drains that have ended cost, and what the present one has cost so far.
    spent: (MicroUsd, MicroUsd),
}

impl Counted {
    /// What successful requests have cost, at listed prices.
    pub(super) fn spent(&self) -> MicroUsd {
        self.spent.0.plus(self.spent.1)
    }
}

/// The counters. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct EventCounters(Arc<Mutex<Counted>>);

impl EventCounters {
    /// The counters, as they stand.
    pub(super) fn counted(&self) -> Counted {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Counts, and hands every event on.
struct Beside {
    hub: EventCounters,
    next: Box<dyn Listener>,
}

impl EventTap for EventCounters {
    fn beside(&self, next: Box<dyn Listener>) -> Box<dyn Listener> {
        Box::new(Beside { hub: self.clone(), next })
    }
}

impl Listener for Beside {
    fn hear(&mut self, event: &Event) {
        self.hub.hear(event);
        self.next.hear(event);
    }
}

impl Listener for EventCounters {
    fn hear(&mut self, event: &Event) {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::Started { .. } => {
                counted.spent = (counted.spent(), MicroUsd(0));
                counted.in_flight = 0;
            }
            Event::Committed { took } => {
                let seconds = took.as_secs_f64();
                let place = COMMIT_SECONDS.iter().position(|bound| seconds <= *bound).unwrap_or(COMMIT_SECONDS.len());
                counted.commits[place] += 1;
                counted.commit_seconds += seconds;
            }
            Event::Answered { finding, .. } => *counted.attempts.entry(finding).or_default() += 1,
            Event::Settled { outcome, .. } => *counted.settled.entry(outcome.name()).or_default() += 1,
            Event::Decided { outcome, tasks } => *counted.settled.entry(outcome.name()).or_default() += tasks,
            Event::Progress(progress) => {
                counted.in_flight = progress.in_flight;
                counted.spent.1 = progress.spent;
                for level in &progress.windows {
                    match counted.fullest.iter_mut().find(|(spec, _)| *spec == level.spec) {
                        Some((_, most)) => *most = level.used.max(*most),
                        None => counted.fullest.push((level.spec, level.used)),
                    }
                }
            }
            Event::PutBack { .. }
            | Event::Held { .. }
            | Event::AccountStopped { .. }
            | Event::Unreachable { .. }
            | Event::Outage { .. }
            | Event::OutageEnded { .. }
            | Event::Withheld { .. }
            | Event::LogLost { .. }
            | Event::GroupEnded(_)
            | Event::NamesSought { .. }
            | Event::NamesFound { .. }
            | Event::KeptNobody { .. }
            | Event::NamesWait { .. }
            | Event::RecordsSought { .. }
            | Event::RecordsFound { .. }
            | Event::RecordsWait { .. }
            | Event::Shared { .. }
            | Event::QueueAway { .. }
            | Event::QueueBack
            | Event::HeldBack { .. } => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::AccountId;
    use std::time::Duration;

    #[test]
    fn commits_fall_into_the_first_bucket_that_holds_them_and_costs_add_up() {
        let mut hub = EventCounters::default();
        for millis in [0, 1, 2, 9, 3_000] {
            hub.hear(&Event::Committed { took: Duration::from_millis(millis) });
        }
        for spent in [30, 70] {
            hub.hear(&Event::Started { recovered: 0, crashed: 0 });
            let progress = crate::engine::Progress { spent: MicroUsd(spent), ..Default::default() };
            hub.hear(&Event::Progress(progress));
        }
        hub.hear(&Event::Answered { account: AccountId(1), finding: "done" });
        let counted = hub.counted();
        assert_eq!(counted.commits, [2, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1]);
        assert_eq!(counted.spent(), MicroUsd(100));
        assert_eq!(counted.attempts["done"], 1);
    }
}
