//! Answers become what the next turn writes: the attempt's end, the task's new state, holds, an account that stops.

use std::time::Duration;

use super::account_troubles::{AccountTroubles, refusal_of_action};
use super::app_probes::AppProbes;
use super::consequences::{Blame, Consequences, Health, consequences_of};
use super::event::Event;
use super::holds::{hold_for_cap, observe_limits};
use super::job_groups::JobGroups;
use super::limit_records::LimitRecords;
use super::outages::Outages;
use super::own_records::OwnRecords;
use super::prefetch::Prefetch;
use super::refusals::Refusals;
use super::requeue::{Delayed, ask_last_again, note_crashed_end};
use super::roster::Roster;
use super::run_end::RunEnd;
use super::silence::Reachability;
use super::steps::{Step, note_step};
use super::tokens::TokenRequests;
use super::turn_draft::TurnDraft;
use super::verdict::{History, Verdict, judge};
use super::workers::{EndedRequest, InFlight};
use crate::clock::Backoff;
use crate::domain::{MicroUsd, Moment, Outcome, Reason, TaskState, Tick, Transition};
use crate::platforms::{Finding, Reply};
use crate::store;

/// What settling an answer may touch. Keep lists, other processes' changes and what leaves next are not among it.
pub(super) struct Settling<'a> {
    pub(super) roster: &'a mut Roster,
    pub(super) limits: &'a mut LimitRecords,
    pub(super) groups: &'a mut JobGroups,
    pub(super) outages: &'a mut Outages,
    pub(super) refusals: &'a mut Refusals,
    pub(super) delayed: &'a mut Delayed,
    pub(super) probes: &'a mut AppProbes,
    pub(super) prefetch: &'a mut Prefetch,
    pub(super) reachability: &'a mut Reachability,
    pub(super) tokens: &'a mut TokenRequests,
    pub(super) troubles: &'a mut AccountTroubles,
    pub(super) records: &'a mut OwnRecords,
    pub(super) end: &'a mut RunEnd,
    /// When the turn is put together.
    pub(super) now: Tick,
}

impl Settling<'_> {
    /// Judges a request that has ended, and writes what follows.
    pub(super) fn settle(&mut self, request: &EndedRequest, draft: &mut TurnDraft) {
        let EndedRequest { flight, reply, ended, .. } = request;
        let key = flight.key();
        let history = History {
            transient_failures: flight.claimed.transient_failures,
            maybe_applied: flight.claimed.maybe_applied,
            repeat_looks_gone: flight.endpoint.repeat_looks_gone,
        };
        let evidence = self.outages.evidence(key, flight.claimed.task, self.roster, *ended);
        let verdict = judge(&reply.finding, &history, evidence);
        if verdict.blame.is_served() {
            self.outages.note_served(key, self.roster, self.delayed, draft, self.now);
        } else if !verdict.blame.is_transient() {
            self.outages.note_inconclusive(key, flight.reserved.tick);
        }
        if verdict.blame.health() != Health::Ok {
            self.prefetch.halt();
        }
        self.reachability.hear(reply, ended.tick, self.end, draft);
        if let Some(access) = self.roster.accounts[flight.account].access.clone() {
            self.probes.hear(&access, reply.http_status.is_some(), self.roster, self.now);
        }
        self.limits.hear_date(reply, flight.reserved, *ended, &mut draft.writes);
        self.write(request, verdict, draft);
    }

    /// A run that was told not to wait any longer leaves a request alone: the task goes back in line, and its slot counts as if the
    /// platform had counted it at the last possible moment.
    pub(super) fn write_off(&mut self, flight: InFlight, now: Moment, draft: &mut TurnDraft) {
        let finding = Finding::Unanswered { reason: Reason::Borrowed("interrupted"), maybe_sent: true };
        let reply =
            Reply { finding, http_status: None, facts: Default::default(), detail: String::new(), last_copy: None };
        let verdict = Verdict {
            transition: Transition::Release,
            reason: Some(Reason::Borrowed("interrupted")),
            transient_failures: flight.claimed.transient_failures,
            maybe_applied: true,
            blame: Blame::Nobody,
            billed: false,
        };
        self.write(&EndedRequest { flight, reply, ended: now, generation: 0 }, verdict, draft);
    }

    fn write(&mut self, request: &EndedRequest, mut verdict: Verdict, draft: &mut TurnDraft) {
        let EndedRequest { flight, reply, ended, .. } = request;
        let index = flight.account;
        note_crashed_end(flight, reply, &mut verdict, self.roster);
        let row = consequences_of(&reply.finding);
        let run = &mut self.roster.accounts[index];
        let unseen_end = run.values.unknown_end(flight.reserved.tick, ended.tick);
        let counted_until = if row.counted_later { unseen_end } else { ended.tick };
        self.limits.note_ended(flight, run, counted_until);
        if row.never_left {
            self.groups.unplan(flight.lane.group, flight.price, 1);
        } else {
            let billed = if verdict.billed { flight.price } else { MicroUsd(0) };
            self.groups.settle(flight.lane.group, flight.price, billed);
        }
        self.follow_up(request, &row, &mut verdict, draft);
        let step = note_step(flight, self.roster.accounts[index].id, &reply.finding, &mut verdict, draft);
        if step == Step::Changed {
            self.records.look_again(flight.key());
        }
        if let (Some(text), Transition::Succeed) = (&reply.last_copy, verdict.transition) {
            draft.writes.deleted_texts.push((flight.claimed.task, text.clone()));
        }
        let asked_last = ask_last_again(flight, &mut verdict, self.roster);
        let wait = if asked_last { None } else { self.stand_aside(flight, &verdict, ended.tick) };
        if verdict.state() == TaskState::Pending
            && let Some(lane) = self.roster.lanes.get_mut(&flight.claimed.lane)
        {
            lane.pending = true;
        }
        draft.writes.settled.push(store::Settled {
            attempt: flight.claimed.attempt,
            task: flight.claimed.task,
            round: flight.lane.round,
            state: verdict.state(),
            counted_until,
            ended_at: ended.wall,
            http_status: reply.http_status,
            finding: row.word,
            reason: verdict.reason.clone(),
            detail: reply.detail.clone(),
            transient_failures: verdict.transient_failures,
            maybe_applied: verdict.maybe_applied,
        });
        self.tell(flight, (row.word, step), verdict, wait, draft);
        self.roster.schedule_rested(index, ended.tick);
    }

    /// What the answer means for the account and its app, and for tasks refused before it.
    fn follow_up(
        &mut self,
        request: &EndedRequest,
        row: &Consequences<'_>,
        verdict: &mut Verdict,
        draft: &mut TurnDraft,
    ) {
        let EndedRequest { flight, reply, ended, generation } = request;
        let index = flight.account;
        let until = self.groups.last_deadline();
        observe_limits(request, &mut self.roster.accounts[index], until, draft);
        // Of the finding, not of the verdict: what a crash left open has a reason of its own.
        let reason = || row.reason.cloned().unwrap_or_default();
        match verdict.blame {
            Blame::Platform | Blame::Network => {
                self.outages.note_failure(request, verdict, self.reachability.patience(), self.roster, draft);
            }
            Blame::Served(proof) => {
                self.refusals.hear_proof(flight.key(), proof, self.roster, draft);
                self.troubles.note_served(self.roster.accounts[index].id, flight.lane.action, draft);
            }
            Blame::Question(refusal) => {
                self.refusals.hear_refusal(request, refusal, verdict, self.roster, self.troubles, draft);
            }
            Blame::Limit(limited) => {
                hold_for_cap(limited, reply, &mut self.roster.accounts[index], until, *ended, draft);
            }
            Blame::Credentials => {
                let run = &mut self.roster.accounts[index];
                run.rejected = Some((reason(), reply.detail.clone()));
                self.tokens.ask(index, run, Some(*generation));
            }
            Blame::Grant => {
                let (needed, action) = (flight.endpoint.scopes.join(" and "), flight.lane.action);
                let needed = if needed.is_empty() { String::new() } else { format!("; it needs the scope {needed}") };
                let detail = refusal_of_action(action, &format!("{}{needed}", reply.detail));
                let id = self.roster.accounts[index].id;
                self.troubles.record(id, &reason(), &detail, draft);
                self.troubles.refuse_action(self.roster, flight.key(), reason(), detail, draft);
            }
            Blame::Account => {
                self.troubles.stop_account(self.roster, index, reason(), reply.detail.clone(), draft);
            }
            Blame::App => self.troubles.stop_app(self.roster, index, &reason(), &reply.detail, draft),
            Blame::Row | Blame::Nobody => {}
        }
    }

    /// A task that failed stands aside for its backoff at least, and lets the others of its endpoint go first.
    fn stand_aside(&mut self, flight: &InFlight, verdict: &Verdict, now: Tick) -> Option<Duration> {
        if verdict.transition != Transition::Postpone {
            return None;
        }
        let wait = Backoff::REQUEST.wait(verdict.transient_failures);
        if self.roster.crashed.is_sent_alone(flight.claimed.task) {
            self.delayed.push(now.after(wait), flight.claimed.task, flight.claimed.lane);
        } else {
            self.outages.put_aside(flight, now.after(wait));
        }
        Some(wait)
    }

    fn tell(
        &self,
        flight: &InFlight,
        (finding, step): (&'static str, Step),
        verdict: Verdict,
        wait: Option<Duration>,
        draft: &mut TurnDraft,
    ) {
        let (account, target) = (self.roster.accounts[flight.account].id, flight.claimed.target.clone());
        let outcome = verdict.state().outcome();
        if outcome != Outcome::Pending {
            draft.tell_settled(Event::Settled {
                round: flight.lane.round,
                account,
                action: flight.lane.action,
                target,
                outcome,
                reason: verdict.reason,
            });
        } else if verdict.transition != Transition::MarkAmbiguous && step != Step::Another {
            draft.tell(Event::PutBack { account, target, reason: verdict.reason.unwrap_or_default(), wait });
        }
        draft.tell(Event::Answered { account, finding });
    }
}
