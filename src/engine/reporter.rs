//! Who listens hears what happened, after it is on disk.

use super::event::{Event, Listener, Progress, WindowLevel};
use super::job_groups::JobGroups;
use super::roster::Roster;
use super::turn_draft::TurnDraft;
use super::workers::Workers;
use crate::domain::{Moment, Outcome};
use crate::limits::WindowUsage;

/// The listener, and whose windows it is shown.
pub(super) struct Reporter {
    listener: Box<dyn Listener>,
    /// The account that worked last.
    shown: Option<usize>,
}

impl Reporter {
    pub(super) fn new(listener: Box<dyn Listener>) -> Reporter {
        Reporter { listener, shown: None }
    }

    pub(super) fn tell(&mut self, event: &Event) {
        self.listener.hear(event);
    }

    /// This account has worked last.
    pub(super) fn show(&mut self, account: usize) {
        self.shown = Some(account);
    }

    /// Told once the turn is on disk, or where it had nothing to write.
    pub(super) fn tell_draft(&mut self, draft: &mut TurnDraft) {
        for event in draft.take_events() {
            self.tell(&event);
        }
        for outcome in [Outcome::Failed, Outcome::Gone, Outcome::Done] {
            let tasks = draft.writes.moves.iter().filter(|moved| moved.to.outcome() == outcome).count() as u64;
            if tasks > 0 {
                self.tell(&Event::Decided { outcome, tasks });
            }
        }
    }

    /// Where things stand after a turn.
    pub(super) fn tell_progress(&mut self, roster: &mut Roster, groups: &JobGroups, workers: &Workers, now: Moment) {
        let levels = |usage: WindowUsage| WindowLevel { spec: usage.spec, used: usage.used };
        let limiter = self.shown.and_then(|account| roster.accounts[account].limiter.as_mut());
        let windows = limiter.map(|limiter| limiter.usage(now.tick).into_iter().map(levels).collect());
        self.tell(&Event::Progress(Progress {
            requests: groups.requests(),
            spent: groups.spent(),
            groups: groups.used(),
            in_flight: workers.busy(),
            claimed: workers.claimed(),
            next_slot_at: roster.next_due().map(|due| now.wall_at(due)),
            windows: windows.unwrap_or_default(),
        }));
    }
}
