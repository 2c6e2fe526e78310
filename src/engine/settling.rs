//! Answers become what the next turn writes: the attempt's end, the task's new state, holds, an account that stops.

use std::cmp::Reverse;
use std::sync::Arc;

use super::attempt::Arrival;
use super::consequences::{Blame, Consequences, Health, consequences_of};
use super::dispatcher::{Dispatcher, InFlight};
use super::event::Event;
use super::retry::backoff_after;
use super::settings::Access;
use super::shutdown::Urgency;
use super::verdict::{History, Verdict, judge};
use crate::domain::{Action, LaneId, MicroUsd, Moment, Outcome, Reason, TaskId, TaskState, Tick, Transition};
use crate::platform::{Finding, Reply};
use crate::store::{Move, Settled, Turn};

/// An answer that has come in and waits for the next turn.
#[derive(Debug)]
pub(super) struct Gathered {
    pub(super) flight: InFlight,
    pub(super) reply: Reply,
    pub(super) ended: Moment,
    pub(super) generation: i64,
}

impl Dispatcher {
    /// An answer came while nothing else happened.
    pub(super) fn note_arrival(&mut self, arrival: Arrival) {
        match arrival {
            Arrival::Reply { attempt, reply, ended, generation } => {
                if let Some(flight) = self.in_flight.remove(&attempt) {
                    self.gathered.push(Gathered { flight, reply, ended, generation });
                }
            }
            Arrival::Token { account, outcome } => self.note_token(account, outcome),
        }
    }

    /// Everything that has come in since the last turn.
    pub(super) fn settle_arrivals(&mut self, turn: &mut Turn) {
        while let Ok(arrival) = self.arrivals.try_recv() {
            self.note_arrival(arrival);
        }
        while self.carriers.try_join_next().is_some() {}
        while self.askers.try_join_next().is_some() {}
        for gathered in std::mem::take(&mut self.gathered) {
            self.settle(gathered, turn);
        }
        self.write_off_the_overdue(turn);
    }

    /// A run that was told not to wait any longer leaves its requests alone: the tasks go back in line, and their slots count
    /// as if the platform had counted them at the last possible moment.
    fn write_off_the_overdue(&mut self, turn: &mut Turn) {
        let now = self.means.clock.now();
        let (urgency, _) = self.means.shutdown.now();
        let overdue = self.drain_until.is_some_and(|until| now.tick >= until);
        if self.in_flight.is_empty() || !(overdue || urgency >= Urgency::Cancel) {
            return;
        }
        self.carriers.abort_all();
        for (_, flight) in std::mem::take(&mut self.in_flight) {
            let finding = Finding::Unanswered { reason: Reason::Borrowed("interrupted"), maybe_sent: true };
            let reply = Reply { finding, http_status: None, facts: Default::default(), detail: String::new() };
            let verdict = Verdict {
                transition: Transition::Release,
                reason: Some(Reason::Borrowed("interrupted")),
                transient_failures: flight.claimed.troubles,
                maybe_applied: true,
                blame: Blame::Nobody,
                billed: false,
            };
            self.write_settled(&Gathered { flight, reply, ended: now, generation: 0 }, verdict, turn);
        }
    }

    fn settle(&mut self, gathered: Gathered, turn: &mut Turn) {
        let Gathered { flight, reply, ended, .. } = &gathered;
        let history = History {
            transient_failures: flight.claimed.troubles,
            maybe_applied: flight.claimed.unsure,
            repeat_looks_gone: flight.endpoint.repeat_looks_gone(),
        };
        let endpoint = (flight.account, flight.lane.action);
        let verdict = judge(&reply.finding, &history, self.evidence(endpoint, flight.claimed.task));
        if verdict.blame.is_served() {
            self.note_served(endpoint, turn);
        }
        if !verdict.blame.is_served() && !verdict.blame.is_transient() {
            self.note_inconclusive(endpoint, flight.reserved.tick);
        }
        if verdict.blame.health() != Health::Ok {
            self.ahead.halt();
        }
        if reply.http_status.is_some() && !std::mem::replace(&mut self.answered, true) {
            turn.first_answer = true;
        }
        self.hear_the_world(reply, ended.tick);
        if let Some(access) = self.roster.accounts[flight.account].access.clone() {
            self.hear_probe(&access, reply.http_status.is_some());
        }
        self.check_wall(flight.reserved, reply, *ended, turn);
        self.write_settled(&gathered, verdict, turn);
    }

    /// An app's first request has ended; with an answer, everybody may go.
    pub(super) fn hear_probe(&mut self, access: &Access, answered: bool) {
        let Some(probe) = self.probes.get_mut(&(access.platform, Arc::clone(&access.app))) else { return };
        if probe.answered {
            return;
        }
        probe.in_flight = false;
        probe.answered = answered;
        let now = self.means.clock.now().tick;
        for account in std::mem::take(&mut probe.waiting) {
            self.schedule(account, now.max(self.roster.accounts[account].rest_until));
        }
    }

    /// Every answer's `Date` says whether the wall clock can be believed; that is saved when it changes.
    fn check_wall(&mut self, sent: Moment, reply: &Reply, ended: Moment, turn: &mut Turn) {
        if let Some(date) = reply.facts.date {
            self.wall.check(date, sent, ended);
        }
        let trusted = self.wall.trusts(ended);
        if trusted != self.wall_saved {
            self.wall_saved = trusted;
            turn.clock_checked = Some(trusted);
        }
    }

    fn write_settled(&mut self, gathered: &Gathered, mut verdict: Verdict, turn: &mut Turn) {
        let Gathered { flight, reply, ended, .. } = gathered;
        let index = flight.account;
        self.note_crashed_end(flight, reply, &mut verdict);
        let account = &mut self.roster.accounts[index];
        let Consequences { word: finding, counted_later, never_left, .. } = consequences_of(&reply.finding);
        let upper =
            if counted_later { account.values.unknown_end(flight.reserved.tick, ended.tick) } else { ended.tick };
        if let Some(limiter) = &mut account.limiter {
            limiter.ended(flight.lane.action, upper);
        }
        if let Some(access) = &account.access
            && let Some(windows) = self.app_windows.get_mut(&access.platform)
        {
            windows.ended(flight.lane.action, upper);
        }
        if never_left {
            self.budget.unplan(flight.price, 1);
        } else {
            self.budget.settle(flight.price, if verdict.billed { flight.price } else { MicroUsd(0) });
        }
        self.follow_up(gathered, &mut verdict, turn);
        let asked_last = self.ask_last_again(flight, &mut verdict);
        let wait = if asked_last { None } else { self.stand_aside(flight, &verdict, ended.tick) };
        if verdict.state() == TaskState::Pending
            && let Some(lane) = self.roster.lanes.get_mut(&flight.claimed.lane)
        {
            lane.pending = true;
        }
        if verdict.state().outcome() == Outcome::Pending && verdict.transition != Transition::MarkAmbiguous {
            let reason = verdict.reason.clone().unwrap_or(Reason::Borrowed(""));
            let (account, target) = (self.roster.accounts[index].id, flight.claimed.target.clone());
            self.put_back.push(Event::PutBack { account, target, reason, wait });
        }
        let account = self.roster.accounts[index].id;
        self.put_back.push(Event::Answered { account, finding });
        turn.settled.push(Settled {
            attempt: flight.claimed.attempt,
            task: flight.claimed.task,
            round: flight.lane.round,
            state: verdict.state(),
            upper,
            ended_at: ended.wall,
            http_status: reply.http_status,
            finding,
            reason: verdict.reason.clone(),
            detail: reply.detail.clone(),
            troubles: verdict.transient_failures,
            unsure: verdict.maybe_applied,
        });
        if verdict.state().outcome() != Outcome::Pending {
            self.settled_events.push(Event::Settled {
                round: flight.lane.round,
                account: self.roster.accounts[index].id,
                action: flight.lane.action,
                target: flight.claimed.target.clone(),
                outcome: verdict.state().outcome(),
                reason: verdict.reason,
            });
        }
        self.schedule(index, ended.tick.max(self.roster.accounts[index].rest_until));
    }

    /// A task that failed stands aside for its backoff at least, and lets the others of its endpoint go first.
    fn stand_aside(&mut self, flight: &InFlight, verdict: &Verdict, now: Tick) -> Option<std::time::Duration> {
        if verdict.transition != Transition::Postpone {
            return None;
        }
        let wait = backoff_after(verdict.transient_failures);
        if self.roster.crashed.is_sent_alone(flight.claimed.task) {
            self.waiting.push(Reverse((now.after(wait), flight.claimed.task, flight.claimed.lane)));
        } else {
            self.put_aside(flight, now.after(wait));
        }
        Some(wait)
    }

    /// The account cannot do this action with the credentials it has; its other actions go on. The rows stay in line: what is
    /// at fault is the login, and a person can mend that.
    pub(super) fn refuse_action(&mut self, index: usize, action: Action, reason: Reason, detail: String) {
        let account = &mut self.roster.accounts[index];
        if account.refused.contains(&action) {
            return;
        }
        account.refused.push(action);
        let id = account.id;
        self.troubles.push((id, reason.clone(), detail.clone()));
        self.put_back.push(Event::AccountStopped { account: id, reason, detail });
    }

    /// Tasks whose backoff has passed get in line again.
    pub(super) fn wake_waiting(&mut self, turn: &mut Turn, now: Tick) {
        while let Some(Reverse((due, task, lane))) = self.waiting.peek().copied() {
            if due > now {
                break;
            }
            self.waiting.pop();
            self.put_in_line(task, lane, turn);
        }
    }

    /// A task that stood aside gets in line again; behind its lane where it must have no company, behind its endpoint where it is asked
    /// for last.
    pub(super) fn put_in_line(&mut self, task: TaskId, lane: LaneId, turn: &mut Turn) {
        let now = self.means.clock.now().tick;
        if self.park_crashed(task, lane, now) || self.is_asked_last(task, lane) {
            return;
        }
        turn.moves.push(Move { task, from: TaskState::Waiting, to: TaskState::Pending, reason: None });
        if let Some(lane) = self.roster.lanes.get_mut(&lane) {
            lane.pending = true;
            let account = lane.account;
            let at = now.max(self.roster.accounts[account].rest_until);
            self.schedule(account, at);
        }
    }

    /// Told after whatever of it had to be written.
    pub(super) fn tell_unwritten(&mut self) {
        for event in std::mem::take(&mut self.put_back) {
            self.tell(&event);
        }
    }

    /// Told once the turn that settled them is on disk.
    pub(super) fn tell_settled(&mut self, turn: &Turn) {
        for event in std::mem::take(&mut self.settled_events) {
            self.tell(&event);
        }
        self.tell_unwritten();
        for outcome in [Outcome::Failed, Outcome::Gone, Outcome::Done] {
            let tasks = turn.moves.iter().filter(|moved| moved.to.outcome() == outcome).count() as u64;
            if tasks > 0 {
                self.tell(&Event::Decided { outcome, tasks });
            }
        }
    }
}
