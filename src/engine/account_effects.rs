//! What an answer means for its account and its app: holds, caps, a stop. What it means for the tasks refused before it stands in
//! `refusals`.
//!
//! In: an answer and its verdict. Out: what the turn writes beside the task itself. What does not belong here: what becomes of the
//! task (`verdict`), how long a limit lasts (`limits`).

use super::consequences::{Blame, consequences_of};
use super::dispatcher::Dispatcher;
use super::event::Event;
use super::settling::Gathered;
use super::verdict::Verdict;
use crate::domain::{AccountId, Moment, Reason, Tick, Wall};
use crate::limits::{Allowance, Answer, HoldChange, HoldReason};
use crate::platform::{Limited, Reply};
use crate::store::{NewAllowance, NewHold, Turn};

/// A hold longer than this is not waited for: the run ends with what is left. The longest of the documented windows.
const LONGEST_HOLD_WAITED_FOR_MS: i64 = 86_400_000 + 60_000;

impl Dispatcher {
    /// What the answer means for the account, and for tasks refused before it.
    pub(super) fn follow_up(&mut self, gathered: &Gathered, verdict: &mut Verdict, turn: &mut Turn) {
        let Gathered { flight, reply, ended, .. } = gathered;
        let index = flight.account;
        self.observe_limits(gathered, turn);
        // Of the finding, not of the verdict: what a crash left open has a reason of its own.
        let reason = || consequences_of(&reply.finding).reason.cloned().unwrap_or_default();
        match verdict.blame {
            Blame::Platform | Blame::Network => self.note_failure(gathered, verdict),
            Blame::Served(proof) => {
                self.hear_proof(index, flight.lane.action, proof, turn);
                if self.known.get(&self.roster.accounts[index].id).is_some_and(|known| known.trouble.is_some()) {
                    self.forget_trouble(self.roster.accounts[index].id, turn);
                }
            }
            Blame::Question(refusal) => self.hear_refusal(gathered, refusal, verdict, turn),
            Blame::Limit(limited) => self.cap(index, limited, reply, *ended, turn),
            Blame::Credentials => {
                self.roster.accounts[index].rejected = Some((reason(), reply.detail.clone()));
                self.ask_for_token(index, Some(gathered.generation));
            }
            Blame::Account => self.stop_account(index, reason(), reply.detail.clone(), turn),
            Blame::App => {
                let app =
                    self.roster.accounts[index].access.as_ref().map(|access| (access.platform, access.app.clone()));
                for other in 0..self.roster.accounts.len() {
                    let access = self.roster.accounts[other].access.as_ref();
                    if other == index || access.map(|access| (access.platform, access.app.clone())) == app {
                        self.stop_account(other, reason(), reply.detail.clone(), turn);
                    }
                }
            }
            Blame::Row | Blame::Nobody => {}
        }
    }

    /// The limiter hears what the answer said; a new hold is written with it.
    fn observe_limits(&mut self, gathered: &Gathered, turn: &mut Turn) {
        let Gathered { flight, reply, ended, .. } = gathered;
        if reply.http_status.is_none() {
            return;
        }
        let answer = Answer {
            action: flight.lane.action,
            reserved: flight.reserved.tick,
            answered: consequences_of(&reply.finding).blame.for_limits(),
            facts: reply.facts,
        };
        let Some(limiter) = &mut self.roster.accounts[flight.account].limiter else { return };
        let change = limiter.observe(&answer, ended.tick);
        let tightened = limiter.take_tightened();
        self.write_allowances(flight.account, &tightened, *ended, turn);
        match change {
            Some(HoldChange::Set(hold)) => {
                self.write_hold(flight.account, hold.until, hold.reason, hold.rung, *ended, turn);
            }
            Some(HoldChange::Cleared) => turn.holds.push(NewHold {
                account: self.roster.accounts[flight.account].id,
                until: None,
                length_ms: 0,
                reason: String::new(),
                rung: 0,
            }),
            None => {}
        }
    }

    /// What answers say is left is saved with them, so that the process after a restart keeps to it.
    fn write_allowances(&self, index: usize, tightened: &[Allowance], now: Moment, turn: &mut Turn) {
        let account = self.roster.accounts[index].id;
        for Allowance { action, day, more, until } in tightened.iter().copied() {
            let is_same = |known: &NewAllowance| (known.account, known.action, known.day) == (account, action, day);
            turn.allowances.retain(|known| !is_same(known));
            let length_ms = until.0.saturating_sub(now.tick.0);
            let until = (until, now.wall_at(until));
            turn.allowances.push(NewAllowance { account, action, day, remaining: more, until, length_ms });
        }
    }

    fn write_hold(&mut self, index: usize, until: Tick, reason: HoldReason, rung: u8, now: Moment, turn: &mut Turn) {
        let length_ms = until.0.saturating_sub(now.tick.0);
        let id = self.roster.accounts[index].id;
        let until_at = now.wall_at(until);
        let outlasts = self.settings.until.is_some_and(|end| until >= end) || length_ms > LONGEST_HOLD_WAITED_FOR_MS;
        self.roster.accounts[index].capped_until = outlasts.then_some(until);
        turn.holds.retain(|hold| hold.account != id);
        let reason_word = reason.name().to_owned();
        turn.holds.push(NewHold { account: id, until: Some((until, until_at)), length_ms, reason: reason_word, rung });
        self.put_back.push(Event::Held { account: id, reason: reason.name(), until: until_at });
    }

    /// A usage or spend cap ends when the platform says so; where it does not, it is asked again in a day.
    fn cap(&mut self, index: usize, limited: Limited, reply: &Reply, now: Moment, turn: &mut Turn) {
        let (until, reason) = match limited {
            Limited::Usage { until } => (until, HoldReason::UsageCap),
            Limited::Spend { until } => (until, HoldReason::SpendCap),
            Limited::Rate | Limited::Hidden => return,
        };
        const DAY: std::time::Duration = std::time::Duration::from_secs(86_400);
        let platform_now: Wall = reply.facts.date.unwrap_or(now.wall);
        let length = until.map_or(DAY, |until| until.since(platform_now).max(std::time::Duration::from_secs(60)));
        let hold = self.roster.accounts[index].limiter.as_mut().map(|l| l.hold(now.tick.after(length), reason));
        if let Some(hold) = hold {
            self.write_hold(index, hold.until, hold.reason, hold.rung, now, turn);
            // Such a cap is not a rate limit: waiting inside this run for a billing cycle helps nobody.
            self.roster.accounts[index].capped_until = Some(hold.until);
        }
    }

    /// The account needs a person. Nothing more is sent for it in this run.
    pub(super) fn stop_account(&mut self, index: usize, reason: Reason, detail: String, turn: &mut Turn) {
        let account = &mut self.roster.accounts[index];
        if account.stopped {
            return;
        }
        account.stopped = true;
        let id = account.id;
        self.keep_trouble(id, &reason, &detail, turn);
        self.troubles.push((id, reason.clone(), detail.clone()));
        self.put_back.push(Event::AccountStopped { account: id, reason, detail });
    }

    /// Says it to whoever looks after this run. What an earlier run left is over with it, and a success of another endpoint does not end
    /// it.
    pub(super) fn keep_trouble(&mut self, id: AccountId, reason: &Reason, detail: &str, turn: &mut Turn) {
        let words = if detail.is_empty() { reason.to_string() } else { format!("{reason}: {detail}") };
        if let Some(known) = self.known.get_mut(&id) {
            known.trouble = None;
        }
        turn.troubles.push((id, Some(words)));
    }

    fn forget_trouble(&mut self, id: AccountId, turn: &mut Turn) {
        if let Some(known) = self.known.get_mut(&id) {
            known.trouble = None;
        }
        turn.troubles.push((id, None));
    }
}
