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

use super::event::{Event, Stopped};
use super::job_groups::GroupIndex;
use super::roster::Roster;
use super::run_end::RunEnd;
use super::turn_draft::TurnDraft;
use super::workers::Planned;
use crate::clock::Clock;
use crate::domain::{LaneId, Outcome, Reason, RoundId, Target, TaskId, TaskState, Wall};
use crate::store::{Drain, LanePeek, Move, PeekedTask, RoundKeep, StoreError, Turn};

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

/// The guard of a drain, and what it withholds.
pub(super) struct SendGuard {
    guard: Box<dyn Guard>,
    /// Rounds of which nothing is sent for now, and what is wrong with their keep lists.
    withheld: HashMap<RoundId, String>,
    /// What is wrong with the keep list of all jobs.
    lost_list: Option<String>,
    /// How far ahead lanes are looked at, where all that were looked at last were spared.
    depths: HashMap<LaneId, u32>,
}

/// What came of looking at the lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lists {
    /// Nothing may be claimed: the list of all jobs is lost.
    Lost,
    /// Their rounds can be worked on again: the lanes are to be taken over anew before the next turn.
    Back,
    /// Nothing new.
    Same,
}

impl SendGuard {
    pub(super) fn new(guard: Box<dyn Guard>) -> SendGuard {
        SendGuard { guard, withheld: HashMap::new(), lost_list: None, depths: HashMap::new() }
    }

    /// These rounds have a keep list.
    pub(super) fn watch(&mut self, keeps: Vec<RoundKeep>) {
        self.guard.watch(keeps);
    }

    /// Whether nothing is sent of a round for now.
    pub(super) fn withholds(&self, round: RoundId) -> bool {
        self.withheld.contains_key(&round)
    }

    /// What is wrong with the keep lists of a group's jobs, so that nothing is sent of those for now; each said once.
    pub(super) fn withheld_of(&self, group: GroupIndex, roster: &Roster) -> Vec<String> {
        if self.withheld.is_empty() {
            return Vec::new();
        }
        let of_round = |round| roster.lanes.values().find(|lane| lane.round == round).map(|lane| lane.group);
        let own = self.withheld.iter().filter(|(round, _)| of_round(**round).unwrap_or_default() == group);
        own.map(|(_, why)| why).collect::<BTreeSet<_>>().into_iter().cloned().collect()
    }

    /// What is wrong with keep lists, each said once, at the end of a run.
    pub(super) fn take_lost_lists(&mut self) -> Vec<String> {
        let own: BTreeSet<String> = std::mem::take(&mut self.withheld).into_values().collect();
        self.lost_list.take().into_iter().chain(own).collect()
    }

    /// Looks at the lists. A job whose list cannot be read is left alone until it can be; where it is the list of all jobs, nothing more
    /// is sent.
    pub(super) async fn look(
        &mut self,
        clock: &dyn Clock,
        roster: &mut Roster,
        end: &mut RunEnd,
        draft: &mut TurnDraft,
    ) -> Lists {
        let mut lost = self.guard.look(clock.now().wall);
        for _ in 1..LOOKS {
            if lost.iter().all(|list| self.is_withheld(list)) {
                break;
            }
            clock.sleep_until(clock.now().tick.after(BETWEEN_LOOKS)).await;
            lost = self.guard.look(clock.now().wall);
        }
        let mut withheld = HashMap::new();
        for LostList { rounds, why } in lost {
            let Some(rounds) = rounds else {
                self.lost_list = Some(why);
                end.stop_at_once(Stopped::KeepList);
                return Lists::Lost;
            };
            withheld.extend(rounds.into_iter().map(|round| (round, why.clone())));
        }
        self.withhold(withheld, roster, draft)
    }

    fn is_withheld(&self, list: &LostList) -> bool {
        list.rounds.as_ref().is_some_and(|rounds| rounds.iter().all(|round| self.withholds(*round)))
    }

    /// Leaves the lanes of these rounds alone, and no others.
    fn withhold(&mut self, withheld: HashMap<RoundId, String>, roster: &mut Roster, draft: &mut TurnDraft) -> Lists {
        let newly: BTreeSet<&String> =
            withheld.iter().filter(|(round, _)| !self.withholds(**round)).map(|(_, why)| why).collect();
        newly.iter().for_each(|why| draft.tell(Event::Withheld { why: (*why).clone() }));
        let is_back = self.withheld.keys().any(|round| !withheld.contains_key(round));
        if !newly.is_empty() {
            let lanes = &roster.lanes;
            let goes_on = |id: &LaneId| lanes.get(id).is_none_or(|lane| !withheld.contains_key(&lane.round));
            for account in &mut roster.accounts {
                account.lanes.retain(goes_on);
            }
        }
        self.withheld = withheld;
        if is_back { Lists::Back } else { Lists::Same }
    }

    /// Takes what a list spares out of the turn's claims, before anything is claimed.
    pub(super) async fn guard_claims(
        &mut self,
        drain: &mut Drain,
        roster: &Roster,
        plan: &mut [Planned],
        draft: &mut TurnDraft,
    ) -> Result<(), StoreError> {
        let claims = draft.writes.claims.iter();
        let asked: Vec<LanePeek> = claims.filter_map(|claim| self.asks(claim.lane, claim.count, roster)).collect();
        if asked.is_empty() {
            return Ok(());
        }
        let returning = returning(&draft.writes);
        let (ahead, back) = drain.peek(&asked, &returning).await?;
        let mut lanes: HashMap<LaneId, Looked> = HashMap::with_capacity(asked.len());
        for task in back {
            if self.spares(&task, roster, draft) {
                spare_returning(&mut draft.writes, task.task);
            } else {
                lanes.entry(task.lane).or_default().pass(task.task);
            }
        }
        for task in ahead {
            let spared = self.spares(&task, roster, draft);
            if spared {
                draft.writes.moves.push(spared_from_line(task.task));
            }
            lanes.entry(task.lane).or_default().meet(task.task, spared);
        }
        let asked: HashMap<LaneId, u32> = asked.into_iter().map(|ask| (ask.lane, ask.tasks)).collect();
        self.cut_claims(&asked, &mut lanes, &mut draft.writes);
        for planned in plan.iter_mut().filter(|planned| asked.contains_key(&planned.lane)) {
            planned.looked = Some(lanes.remove(&planned.lane).unwrap_or_default().passing);
        }
        Ok(())
    }

    /// A claim reaches as far as was looked. `asked`: so many tasks of each lane.
    fn cut_claims(&mut self, asked: &HashMap<LaneId, u32>, lanes: &mut HashMap<LaneId, Looked>, turn: &mut Turn) {
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
        turn.claims.retain(|claim| claim.count > 0);
    }

    /// How far ahead a lane is looked at for so many tasks; none where nobody guards it.
    fn asks(&self, lane: LaneId, count: u32, roster: &Roster) -> Option<LanePeek> {
        let known = roster.lanes.get(&lane)?;
        let depth = self.depths.get(&lane).copied().unwrap_or(0);
        let tasks = count.saturating_add(TASKS_BEYOND).max(depth).min(MAX_TASKS_AHEAD.max(count));
        self.guard.watches(known.round).then_some(LanePeek { lane, visible_to: known.visible_to, tasks })
    }

    /// Whether a list names a task: then that is told, and the turn has to make it `kept`.
    fn spares(&self, task: &PeekedTask, roster: &Roster, draft: &mut TurnDraft) -> bool {
        let Some(lane) = roster.lanes.get(&task.lane).copied() else { return false };
        let Some(target) = &task.target else { return false };
        let guard = &self.guard;
        if !guard.watches(lane.round) || !guard.spares(lane.round, target, task.record.as_deref()) {
            return false;
        }
        draft.tell_settled(Event::Settled {
            round: lane.round,
            account: roster.accounts[lane.account].id,
            action: lane.action,
            target: target.clone(),
            outcome: Outcome::Kept,
            reason: Some(Reason::Borrowed(KEEP_LIST)),
        });
        true
    }
}

fn spared_from_line(task: TaskId) -> Move {
    Move { task, from: TaskState::Pending, to: TaskState::Kept, reason: Some(Reason::Borrowed(KEEP_LIST)) }
}

/// One that comes back from standing aside is spared from there, for a turn moves a task once; one whose request came to
/// nothing is in line again by the time the turn moves tasks.
fn spare_returning(turn: &mut Turn, task: TaskId) {
    match turn.moves.iter_mut().find(|moved| moved.task == task) {
        Some(moved) => (moved.to, moved.reason) = (TaskState::Kept, Some(Reason::Borrowed(KEEP_LIST))),
        None => turn.moves.push(spared_from_line(task)),
    }
}

/// The tasks that a turn puts back in line.
fn returning(turn: &Turn) -> Vec<TaskId> {
    let settled = turn.settled.iter().filter(|settled| settled.state == TaskState::Pending).map(|s| s.task);
    settled.chain(turn.moves.iter().filter(|moved| moved.to == TaskState::Pending).map(|m| m.task)).collect()
}
