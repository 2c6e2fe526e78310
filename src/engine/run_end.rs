//! Why and when a drain ends: the first reason stands, except that a signal is an order.

use super::finish::{Signal, Stopped};
use super::shutdown::DRAIN_GRACE;
use crate::domain::{TaskId, Tick, Wall};

/// What a drain knows of its own end.
#[derive(Debug, Default)]
pub(super) struct RunEnd {
    stopping: Option<Stopped>,
    /// Nobody waits longer for requests that are out.
    drain_until: Option<Tick>,
    /// When the next request could leave, where something is left.
    pub(super) next_slot: Option<Tick>,
    /// Tasks that are not what their files said.
    pub(super) damaged: Vec<TaskId>,
    /// Since when the endpoints that this run has given up served nobody.
    pub(super) given_up: Option<Wall>,
}

impl RunEnd {
    /// Why it is to end; none: it goes on.
    pub(super) fn stopping(&self) -> Option<Stopped> {
        self.stopping
    }

    /// It is to end, unless it is to end already.
    pub(super) fn stop(&mut self, why: Stopped) {
        self.stopping.get_or_insert(why);
    }

    /// It is to end for something worse than what ends it already.
    pub(super) fn stop_at_once(&mut self, why: Stopped) {
        self.stopping = Some(why);
    }

    /// Nothing more leaves where a task is not what the file said: whoever is damaged once may be so twice.
    pub(super) fn note_damage(&mut self, damaged: &[TaskId]) {
        if !damaged.is_empty() {
            self.damaged = damaged.to_vec();
            self.stop_at_once(Stopped::Damaged);
        }
    }

    /// A signal has come.
    pub(super) fn interrupt(&mut self, signal: Signal, now: Tick) {
        if !matches!(self.stopping, Some(Stopped::Interrupted(_))) {
            self.stopping = Some(Stopped::Interrupted(signal));
            self.drain_until = Some(now.after(DRAIN_GRACE));
        }
    }

    /// Until when requests that are out are waited for; none: as long as they take.
    pub(super) fn drain_until(&self) -> Option<Tick> {
        self.drain_until
    }

    /// Whether requests that are out may still be waited for.
    pub(super) fn is_in_time(&self, now: Tick) -> bool {
        self.drain_until.is_none_or(|until| now < until)
    }

    /// This run waits no longer for an endpoint that has served nobody since then.
    pub(super) fn give_up(&mut self, since: Wall) {
        self.given_up = Some(self.given_up.map_or(since, |earlier| earlier.min(since)));
    }
}
