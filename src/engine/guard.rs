//! What must never be sent, asked again right before a slot is taken.
//!
//! In: the claims of a turn. Out: the same claims without the tasks that a guard spares, which become `kept` in the same
//! turn; no slot is spent on them. What does not belong here: where a guard's lists come from.
//!
//! Only tasks that were looked at may be claimed. Those ahead in line are read before the turn; those that come back in line
//! within the turn (released, woken) are looked at with them. Whatever another process puts in line between that look and
//! the turn is claimed at most once without being sent, and is looked at next time.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::Duration;

use super::claiming::Planned;
use super::dispatcher::Dispatcher;
use super::event::{Event, Stopped};
use crate::domain::{LaneId, Outcome, Reason, RoundId, Target, TaskId, TaskState, Wall};
use crate::store::{Ahead, AheadOf, Move, RoundKeep, StoreError, Turn};

/// The reason of a task that a keep list spares.
const KEEP_LIST: &str = "keep_list";
/// Tasks looked at beyond those that are wanted.
const TASKS_BEYOND: u32 = 4;
/// Tasks looked at in one lane at most; where all of them are spared, the next turn goes on behind them.
const MAX_TASKS_AHEAD: u32 = 5_000;
/// Looks at a list that cannot be read, before it is believed: editors put a new file in the place of the old one.
const LOOKS: u32 = 5;
/// Between two of them.
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);

/// Says which tasks must not be sent, however long ago they were queued.
pub trait Guard: Send {
    /// These rounds have lists of their own; told whenever that may have changed.
    fn watch(&mut self, keeps: Vec<RoundKeep>);
    /// Whether tasks of a round have to be looked at before they are claimed.
    fn watches(&self, round: RoundId) -> bool;
    /// Looks at the lists again: those that cannot be read. Nothing may be sent that they guard.
    fn look(&mut self, now: Wall) -> Vec<LostList>;
    /// Whether a task must not be sent, by its target and its row's cells.
    fn spares(&self, round: RoundId, target: &Target, record: Option<&str>) -> bool;
}

/// A list that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LostList {
    /// The rounds that it guards; none: all of them.
    pub rounds: Option<Vec<RoundId>>,
    /// What happened, for a person.
    pub why: String,
}

/// What was found at the head of a lane.
#[derive(Debug, Default)]
struct Looked {
    /// Tasks in line that were looked at.
    met: u32,
    /// The last of them.
    last: Option<TaskId>,
    /// Those that may be sent, and those that come back in line in this turn.
    passing: HashSet<TaskId>,
}

impl Looked {
    fn meet(&mut self, task: TaskId, spared: bool) {
        self.met += 1;
        self.last = self.last.max(Some(task));
        if !spared {
            self.passing.insert(task);
        }
    }

    fn pass(&mut self, task: TaskId) {
        self.passing.insert(task);
    }
}

impl Dispatcher {
    /// Takes over which rounds have a keep list.
    pub(super) async fn look_at_keeps(&mut self) -> Result<(), StoreError> {
        let keeps = self.means.drain.keeps(self.settings.jobs.as_deref()).await?;
        self.means.guard.watch(keeps);
        Ok(())
    }

    /// Whether anything may be claimed. A job whose list cannot be read is left alone until it can be; where it is the list of all jobs,
    /// nothing more is sent.
    pub(super) async fn lists_are_read(&mut self) -> bool {
        let mut lost = self.means.guard.look(self.means.clock.now().wall);
        for _ in 1..LOOKS {
            if lost.iter().all(|list| self.is_withheld(list)) {
                break;
            }
            self.means.clock.sleep_until(self.means.clock.now().tick.after(BETWEEN_LOOKS)).await;
            lost = self.means.guard.look(self.means.clock.now().wall);
        }
        let mut withheld = HashMap::new();
        for LostList { rounds, why } in lost {
            let Some(rounds) = rounds else {
                self.lost_list = Some(why);
                self.stopping = Some(Stopped::KeepList);
                return false;
            };
            withheld.extend(rounds.into_iter().map(|round| (round, why.clone())));
        }
        self.withhold(withheld);
        true
    }

    fn is_withheld(&self, list: &LostList) -> bool {
        list.rounds.as_ref().is_some_and(|rounds| rounds.iter().all(|round| self.withheld.contains_key(round)))
    }

    /// Leaves the lanes of these rounds alone, and no others.
    fn withhold(&mut self, withheld: HashMap<RoundId, String>) {
        let newly: BTreeSet<&String> =
            withheld.iter().filter(|(round, _)| !self.withheld.contains_key(round)).map(|(_, why)| why).collect();
        let is_more = withheld.keys().any(|round| !self.withheld.contains_key(round));
        self.put_back.extend(newly.into_iter().map(|why| Event::Withheld { why: why.clone() }));
        // Their lanes are taken over again before the next turn.
        if self.withheld.keys().any(|round| !withheld.contains_key(round)) {
            self.news.look_anew();
        }
        self.withheld = withheld;
        if is_more {
            let (lanes, withheld) = (&self.roster.lanes, &self.withheld);
            let goes_on = |id: &LaneId| lanes.get(id).is_none_or(|lane| !withheld.contains_key(&lane.round));
            for account in &mut self.roster.accounts {
                account.lanes.retain(goes_on);
            }
        }
    }

    /// Takes what a list spares out of the turn's claims, before anything is claimed.
    pub(super) async fn guard_claims(&mut self, turn: &mut Turn, plan: &mut [Planned]) -> Result<(), StoreError> {
        let asked: Vec<AheadOf> = turn.claims.iter().filter_map(|claim| self.asks(claim.lane, claim.count)).collect();
        if asked.is_empty() {
            return Ok(());
        }
        let returning = returning(turn);
        let (ahead, back) = self.means.drain.ahead(&asked, &returning).await?;
        let mut lanes: HashMap<LaneId, Looked> = HashMap::with_capacity(asked.len());
        for task in back {
            if !self.spare(&task, &mut |reason| spare_returning(turn, task.task, reason)) {
                lanes.entry(task.lane).or_default().pass(task.task);
            }
        }
        for task in ahead {
            let spared = self.spare(&task, &mut |reason| turn.moves.push(spared_from_line(task.task, reason)));
            lanes.entry(task.lane).or_default().meet(task.task, spared);
        }
        let asked: HashMap<LaneId, u32> = asked.into_iter().map(|ask| (ask.lane, ask.tasks)).collect();
        for claim in &mut turn.claims {
            let Some(tasks) = asked.get(&claim.lane) else { continue };
            let looked = lanes.entry(claim.lane).or_default();
            let whole = looked.met < *tasks;
            // Behind the last that was looked at there may be others, unless the line ends there.
            let behind = if whole { looked.passing.iter().copied().max() } else { None };
            claim.looked_to = Some(looked.last.max(behind).unwrap_or(TaskId(0)));
            let all_spared = looked.passing.is_empty() && looked.met > 0;
            if all_spared {
                claim.count = 0;
            }
            let depth = if all_spared && !whole { tasks.saturating_mul(8).min(MAX_TASKS_AHEAD) } else { 0 };
            self.depths.insert(claim.lane, depth);
        }
        for planned in plan.iter_mut().filter(|planned| asked.contains_key(&planned.lane)) {
            planned.looked = Some(lanes.remove(&planned.lane).unwrap_or_default().passing);
        }
        turn.claims.retain(|claim| claim.count > 0);
        Ok(())
    }

    /// How far ahead a lane is looked at for so many tasks; none where nobody guards it.
    fn asks(&self, lane: LaneId, count: u32) -> Option<AheadOf> {
        let known = self.roster.lanes.get(&lane)?;
        let depth = self.depths.get(&lane).copied().unwrap_or(0);
        let tasks = count.saturating_add(TASKS_BEYOND).max(depth).min(MAX_TASKS_AHEAD.max(count));
        let watched = self.means.guard.watches(known.round);
        watched.then_some(AheadOf { lane, visible_to: known.visible_to, tasks })
    }

    /// Spares a task that a list names: `write` has it become `kept` in this turn.
    fn spare(&mut self, task: &Ahead, write: &mut dyn FnMut(Reason)) -> bool {
        let Some(lane) = self.roster.lanes.get(&task.lane).copied() else { return false };
        let (guard, Some(target)) = (&self.means.guard, &task.target) else { return false };
        if !guard.watches(lane.round) || !guard.spares(lane.round, target, task.record.as_deref()) {
            return false;
        }
        write(Reason::Borrowed(KEEP_LIST));
        self.settled_events.push(Event::Settled {
            round: lane.round,
            account: self.roster.accounts[lane.account].id,
            action: lane.action,
            target: target.clone(),
            outcome: Outcome::Kept,
            reason: Some(Reason::Borrowed(KEEP_LIST)),
        });
        true
    }
}

fn spared_from_line(task: TaskId, reason: Reason) -> Move {
    Move { task, from: TaskState::Pending, to: TaskState::Kept, reason: Some(reason) }
}

/// One that comes back from standing aside is spared from there, for a turn moves a task once; one whose request came to
/// nothing is in line again by the time the turn moves tasks.
fn spare_returning(turn: &mut Turn, task: TaskId, reason: Reason) {
    match turn.moves.iter_mut().find(|moved| moved.task == task) {
        Some(moved) => (moved.to, moved.reason) = (TaskState::Kept, Some(reason)),
        None => turn.moves.push(spared_from_line(task, reason)),
    }
}

/// The tasks that a turn puts back in line.
fn returning(turn: &Turn) -> Vec<TaskId> {
    let settled = turn.settled.iter().filter(|settled| settled.state == TaskState::Pending).map(|s| s.task);
    settled.chain(turn.moves.iter().filter(|moved| moved.to == TaskState::Pending).map(|m| m.task)).collect()
}
