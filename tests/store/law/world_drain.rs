//! Drains of a story: begun, turned, ended.

use std::collections::BTreeSet;
use std::time::Duration;

use cleanup::domain::{AttemptId, BootId, Horizons, Moment, Reason, TaskId, TaskState, Tick, Transition, Wall};
use cleanup::store::{
    Claim, Drain, DrainScope, DrainStart, LaneView, Move, NewAllowance, NewHold, OutageChange, OutageState, Settled,
    Turn, TurnReceipt,
};
use proptest::prelude::*;

use super::model::{ModelAllowance, ModelAttempt};
use super::model_drain::{Found, Moved};
use super::story::{ACTIONS, Answer, News, Want};
use super::world::{Told, World};
use crate::store::support::{DEADLINE_MS, share};

/// How far the windows of stories look back.
pub(super) const WINDOW: Duration = Duration::from_secs(900);
const WINDOW_MS: i64 = 900_000;
/// How much longer than its deadline a request counts.
const GRACE_MS: i64 = 5_000;

impl World {
    pub(super) fn boot_id(&self) -> BootId {
        BootId(format!("boot-{}", self.boot))
    }

    pub(super) async fn begin(&mut self, reboots: bool) -> Told {
        if self.drain.is_some() {
            return Ok(());
        }
        if reboots {
            self.boot += 1;
            self.now = Moment { tick: Tick(500), wall: Wall(self.now.wall.0 + 60_000) };
        }
        let (store, lock, scope) = (self.queue.open().await, self.queue.drain_lock().await, DrainScope::default());
        let (boot, horizons) = (self.boot_id(), Horizons::all(WINDOW));
        let (drain, start) = Drain::begin(store, lock, &scope, self.now, boot, &horizons, DEADLINE_MS).await.unwrap();
        self.drain = Some(drain);
        let found = self.model.begin(self.boot, self.now, DEADLINE_MS);
        prop_assert_eq!(found_by(&start), found, "what a start finds");
        self.share().await?;
        self.judge_slots().await
    }

    /// On a server a drain takes accounts, and finds what others have left aside there.
    async fn share(&mut self) -> Told {
        if let Some(drain) = self.drain.as_mut().filter(|drain| drain.is_shared()) {
            let shared = share(drain, self.now).await;
            let (gained, mut found) = self.model.share(self.boot, self.now);
            prop_assert_eq!(BTreeSet::from_iter(shared.gained), gained.clone());
            // Where nothing has changed since the last look there is no answer.
            found.taken_over = if gained.is_empty() { shared.start.taken_over } else { found.taken_over };
            prop_assert_eq!(found_by(&shared.start), found, "what is found of accounts that are taken");
        }
        Ok(())
    }

    /// Whatever may still count is handed over, and nothing that is not on record.
    async fn judge_slots(&mut self) -> Told {
        let Some(drain) = &mut self.drain else { return Ok(()) };
        let slots = drain.slots(&self.accounts).await.unwrap();
        let first = self.model.drains.iter().find(|drain| drain.boot == self.boot).unwrap().started;
        for account in &self.accounts {
            let mut left = slots.get(account).map_or(&[][..], Vec::as_slice).iter();
            for attempt in self.model.attempts.iter().filter(|attempt| attempt.lane.1 == *account) {
                let drain = &self.model.drains[attempt.drain];
                let (same_boot, open) = (drain.boot == self.boot, attempt.ended_at.is_none());
                let is_recent = |tick: Tick| tick.0 >= self.now.tick.0 - WINDOW_MS;
                let counts = if same_boot {
                    is_recent(attempt.counted_until)
                } else {
                    is_recent(first.tick) && attempt.reserved.wall.0 >= self.now.wall.0 - WINDOW_MS
                };
                let mut rest = left.clone();
                let is_it = |slot: &cleanup::store::AttemptSlot| {
                    (slot.action, slot.reserved, slot.counted_until)
                        == (attempt.lane.0, attempt.reserved, attempt.counted_until)
                        && (slot.open, slot.same_boot, slot.clock_checked) == (open, same_boot, drain.clock_checked)
                };
                if rest.next().is_some_and(is_it) {
                    left = rest;
                } else {
                    prop_assert!(!counts, "{attempt:?} counts and is not among {slots:?}");
                }
            }
            prop_assert_eq!(left.as_slice(), &[], "slots that are not on record, or not in their order");
        }
        Ok(())
    }

    pub(super) async fn end(&mut self) -> Told {
        if let Some(drain) = self.drain.take() {
            drain.end(self.now, "finished").await.unwrap().close().await;
            self.model.end(self.boot, self.now, DEADLINE_MS);
        }
        Ok(())
    }

    pub(super) async fn turn(
        &mut self,
        answers: &[Answer],
        moves: &[(usize, Transition, bool)],
        wants: &[Want],
        news: &[News],
    ) -> Told {
        self.share().await?;
        let Some(mut drain) = self.drain.take() else { return Ok(()) };
        let lanes = drain.lanes(None).await.unwrap();
        let last = self.model.attempts.last().map_or(AttemptId(0), |attempt| attempt.id);
        let settled = self.settle(answers);
        let moved = self.move_tasks(moves);
        let claims = self.claims(&lanes, wants);
        let mut turn = Turn { settled, moves: moved, claims, ..Turn::default() };
        news.iter().for_each(|news| self.hear(*news, last, &mut turn));
        let receipt = drain.turn(&turn, self.now).await.unwrap();
        self.drain = Some(drain);
        self.judge_receipt(&turn, &lanes, last, &receipt)
    }

    fn settle(&mut self, answers: &[Answer]) -> Vec<Settled> {
        let mut settled: Vec<Settled> = Vec::new();
        for answer in answers {
            let in_flight = self.model.in_flight();
            let Some(task) = in_flight.get(answer.pick % in_flight.len().max(1)).copied() else { break };
            let (of, becomes) = (&self.model.tasks[task], answer.becomes);
            let (job, number) = self.model.round_of(task);
            let reason = match becomes {
                TaskState::Done => None,
                TaskState::Failed if answer.pick % 2 == 0 => Some(Reason::Borrowed("refused")),
                other => Some(Reason::Owned(format!("because_{other:?}").to_lowercase())),
            };
            let status = if becomes == TaskState::Done { 200 } else { 403 };
            let new = Settled {
                attempt: *of.attempts.last().unwrap(),
                task: of.id.unwrap(),
                round: job.rounds[number].id,
                state: becomes,
                counted_until: self.now.tick,
                ended_at: self.now.wall,
                http_status: answer.has_status.then_some(status),
                finding: "answered",
                reason,
                detail: format!("said {}", answer.pick % 3),
                transient_failures: of.transient_failures + u32::from(becomes == TaskState::Waiting),
                maybe_applied: answer.maybe_applied,
            };
            self.model.settle(task, &new);
            settled.push(new);
        }
        settled
    }

    fn move_tasks(&mut self, moves: &[(usize, Transition, bool)]) -> Vec<Move> {
        let (mut moved, mut done): (Vec<usize>, Vec<Move>) = (Vec::new(), Vec::new());
        for (pick, by, is_late) in moves {
            let thinks = by.from()[0];
            let mut tasks = self.model.live();
            tasks.retain(|task| {
                let state = self.model.tasks[*task].state;
                !moved.contains(task) && if *is_late { state != thinks } else { by.from().contains(&state) }
            });
            let Some(task) = tasks.get(pick % tasks.len().max(1)).copied() else { continue };
            let from = if *is_late { thinks } else { self.model.tasks[task].state };
            let reason = (*by != Transition::Wake).then_some("moved");
            let id = self.model.tasks[task].id.unwrap();
            self.model.move_task(Moved { task, from, by: *by }, reason, self.now.wall);
            moved.push(task);
            done.push(Move { task: id, from, to: by.to(), reason: reason.map(Reason::Borrowed) });
        }
        done
    }

    /// Claims of different lanes.
    fn claims(&self, lanes: &[LaneView], wants: &[Want]) -> Vec<Claim> {
        let mut claims: Vec<Claim> = Vec::new();
        let live = self.model.live();
        for want in wants {
            let Some(lane) = lanes.get(want.lane % lanes.len().max(1)) else { continue };
            if claims.iter().any(|claim| claim.lane == lane.lane) {
                continue;
            }
            let bound =
                want.bound.map(|(pick, is_only)| (self.model.tasks[live[pick % live.len()]].id.unwrap(), is_only));
            claims.push(Claim {
                lane: lane.lane,
                account: lane.account,
                action: lane.action,
                count: want.count,
                visible_to: lane.visible_to,
                looked_to: bound.filter(|(_, is_only)| !is_only).map(|(task, _)| task),
                only: bound.filter(|(_, is_only)| *is_only).map(|(task, _)| task),
                counted_until: Tick(self.now.tick.0 + DEADLINE_MS + GRACE_MS),
            });
        }
        claims
    }

    fn hear(&mut self, news: News, last: AttemptId, turn: &mut Turn) {
        let (now, drain) = (self.now, self.model.drains.len() - 1);
        let until = (Tick(now.tick.0 + 60_000), Wall(now.wall.0 + 60_000));
        let length_ms = 60_000;
        match news {
            News::Hold { account, begins } => {
                let (account, of) = (self.accounts[account], &mut self.model.of_account[account]);
                of.hold = begins.then_some((until.0, until.1, drain));
                let (until, reason) = (begins.then_some(until), "limited".to_owned());
                turn.holds.push(NewHold { account, until, length_ms, reason, backoff_level: u8::from(begins) });
            }
            News::Trouble { account, begins } => {
                let trouble = begins.then(|| "suspended".to_owned());
                self.model.of_account[account].trouble.clone_from(&trouble);
                turn.account_troubles.push((self.accounts[account], trouble));
            }
            News::Outage { account, action, begins } => {
                let (account, action) = (self.accounts[account], ACTIONS[action]);
                let (until, until_at) = until;
                let (since, detail) = (now.wall, "503".to_owned());
                let state =
                    OutageState { since, failures: 2, pauses: 1, newcomers: true, until, until_at, length_ms, detail };
                match begins {
                    true => drop(self.model.outages.insert((account, action), (state.clone(), drain))),
                    false => drop(self.model.outages.remove(&(account, action))),
                }
                turn.outages.push(OutageChange { account, action, outage: begins.then_some(state) });
            }
            News::Allowance { account, action, day, remaining } => {
                let (account, action) = (self.accounts[account], ACTIONS[action]);
                let new = ModelAllowance { remaining, after: last, until, drain };
                self.model.allowances.insert((account, action, day), new);
                turn.allowances.push(NewAllowance { account, action, day, remaining, until, length_ms });
            }
            News::ClockChecked(agrees) => {
                self.model.drains[drain].clock_checked = agrees;
                turn.clock_checked = Some(agrees);
            }
            News::FirstAnswer => {
                self.model.drains[drain].answered = true;
                turn.first_answer = true;
            }
        }
    }

    /// A turn claims those at the heads of its lanes, each with a slot of its own.
    fn judge_receipt(&mut self, turn: &Turn, lanes: &[LaneView], last: AttemptId, receipt: &TurnReceipt) -> Told {
        let (mut expected, mut drained) = (Vec::new(), Vec::new());
        for claim in &turn.claims {
            let lane = lanes.iter().find(|lane| lane.lane == claim.lane).unwrap();
            let job = self.model.jobs.iter().flatten().find(|job| job.id == lane.job).unwrap();
            let tasks = &job.rounds.last().unwrap().tasks;
            let key = (claim.action, claim.account);
            let mut found =
                self.model.in_line(tasks, key, claim.looked_to.unwrap_or(claim.visible_to).min(claim.visible_to));
            found.retain(|task| claim.only.is_none_or(|only| self.model.tasks[*task].id == Some(only)));
            found.truncate(claim.count as usize);
            if self.model.in_line(tasks, key, claim.visible_to).iter().all(|task| found.contains(task)) {
                drained.push(claim.lane);
            }
            expected.extend(found.into_iter().map(|task| (task, claim)));
        }
        prop_assert_eq!(&receipt.drained, &drained);
        prop_assert_eq!(&receipt.damaged, &Vec::<TaskId>::new());
        prop_assert_eq!(receipt.claimed.len(), expected.len());
        for (task, claim) in expected {
            let id = self.model.tasks[task].id.unwrap();
            let claimed = receipt.claimed.iter().find(|claimed| claimed.task == id);
            prop_assert!(claimed.is_some(), "{:?} is at the head of its lane", id);
            let claimed = claimed.unwrap();
            prop_assert_eq!(claimed, &self.model.claimed(task, claimed));
            let known = |attempt: &ModelAttempt| attempt.id == claimed.attempt;
            prop_assert!(
                claimed.attempt > last && !self.model.attempts.iter().any(known),
                "an attempt has a number of its own"
            );
            prop_assert_eq!(claimed.lane, claim.lane);
            self.model.claim(task, claimed.attempt, claim.counted_until, self.now);
        }
        Ok(())
    }
}

fn found_by(start: &DrainStart) -> Found {
    let parked = start.provisional.iter().map(|task| (task.task, task.reason.clone(), task.maybe_applied));
    Found {
        recovered: start.recovered,
        crashed: start.crashed,
        undecided: start.undecided.iter().map(|task| (task.task, task.alone)).collect(),
        provisional: parked.collect(),
        aside: start.aside.iter().map(|task| task.task).collect(),
        asked_last: start.asked_last.iter().map(|task| task.task).collect(),
        taken_over: start.taken_over,
    }
}
