//! Tasks are looked at right before they are claimed: what a keep list spares, and what has no record left to delete, is settled in the
//! turn, and no slot is spent on it; so is what would be restored and is there already. Where to undo is to delete a record, or to restore
//! is to put one back, the others get theirs.
//!
//! A task that stands under a name is claimed once it is known what that means; a lane is claimed from up to there. The same holds of a task
//! that a name on a keep list may mean.
//!
//! Only tasks that were looked at may be claimed. Those ahead in line are read before the turn; those that come back in line
//! within the turn (released, woken) are looked at with them. Whatever another process puts in line between that look and
//! the turn is claimed at most once without being sent, and is looked at next time.
//!
//! In: the claims of a turn. Out: the same claims without what is settled. What does not belong here: what is spared (`send_guard`), and
//! finding records (`own_records`), looking names up (`names`).

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::event::Event;
use super::names::{NameLookups, resolver_of};
use super::own_records::OwnRecords;
use super::readings::Readings;
use super::roster::Roster;
use super::send_guard::{Guarded, KEEP_LIST, SendGuard};
use super::turn_draft::TurnDraft;
use super::workers::Planned;
use crate::domain::{Handle, LaneId, Platform, Reason, Target, TargetKind, TaskId, TaskState, Tick};
use crate::platforms::Endpoint;
use crate::store::{
    Drain, LanePeek, MAX_KNOWN_ASKED, Move, PeekedTask, RecordId, RecordsOfTask, StoreError, TaskRecord, Turn,
};

/// The reason of a task of which the account has no record: there is nothing to undo.
const NO_RECORD: &str = "no_record";
/// The reason of a task that restores what is there already: somebody has done so since it was undone.
const ALREADY: &str = "already";
/// The reason of a task that restores what is neither there nor kept: it was forgotten, or undone before such things were kept.
const NOT_KEPT: &str = "not_kept";
/// The reason of a task whose records have been deleted, by an attempt of which nobody saw the answer or together with another task.
const CONFIRMED_BY_READING: &str = "confirmed_by_reading";
/// Tasks looked at beyond those that are wanted.
const TASKS_BEYOND: u32 = 4;
/// Tasks looked at in one lane at most; where all of them are settled, the next turn goes on behind them.
const MAX_TASKS_AHEAD: u32 = 5_000;

/// How far ahead lanes are looked at, where all that were looked at last were settled.
#[derive(Debug, Default)]
pub(super) struct Lookahead {
    depths: HashMap<LaneId, u32>,
}

/// What is to become of a task that was looked at.
enum Sight {
    /// It may be sent; with the record that it deletes, where it deletes one.
    Sendable(Option<TaskRecord>),
    /// It has its outcome.
    Settled(TaskState, Reason),
    /// It stands under a name, and it is not known what that means.
    Nameless,
    /// A name on a keep list may mean it: that is not known.
    Unsure,
    /// It is not known which records it has.
    Unknown,
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
    /// What those delete.
    records: HashMap<TaskId, Arc<TaskRecord>>,
    /// Nothing may be claimed: of somebody it is not known what to delete.
    is_unknown: bool,
    /// The first that waits for a name.
    nameless: Option<TaskId>,
    /// A name on a keep list may mean one of them.
    is_unsure: bool,
}

impl Looked {
    fn see(&mut self, task: TaskId, sight: Sight) {
        match sight {
            Sight::Sendable(record) => {
                self.passing.insert(task);
                self.records.extend(record.map(|record| (task, Arc::new(record))));
            }
            Sight::Settled(..) => {}
            Sight::Nameless | Sight::Unsure => {
                self.is_unsure |= matches!(sight, Sight::Unsure);
                self.nameless = Some(self.nameless.map_or(task, |first| first.min(task)));
            }
            Sight::Unknown => self.is_unknown = true,
        }
    }
}

/// What looking ahead may touch.
pub(super) struct Looking<'a> {
    pub(super) lookahead: &'a mut Lookahead,
    pub(super) guard: &'a mut SendGuard,
    pub(super) readings: &'a Readings,
    pub(super) names: &'a mut NameLookups,
    pub(super) records: &'a mut OwnRecords,
    pub(super) roster: &'a mut Roster,
    pub(super) now: Tick,
}

impl Looking<'_> {
    /// Takes what is settled out of the turn's claims, before anything is claimed, and gives the rest their records.
    pub(super) async fn look(
        &mut self,
        drain: &mut Drain,
        plan: &mut [Planned],
        draft: &mut TurnDraft,
    ) -> Result<(), StoreError> {
        let of_records: HashMap<LaneId, &Endpoint> = plan
            .iter()
            .filter(|planned| planned.endpoint.reads_first())
            .map(|planned| (planned.lane, planned.endpoint))
            .collect();
        let of_names: HashSet<LaneId> =
            plan.iter().filter(|planned| self.has_names(planned)).map(|planned| planned.lane).collect();
        let claims = draft.writes.claims.iter();
        let asked: Vec<LanePeek> = claims
            .filter_map(|claim| {
                let endpoint = of_records.get(&claim.lane).copied();
                self.asks(claim.lane, claim.count, endpoint, of_names.contains(&claim.lane))
            })
            .collect();
        if asked.is_empty() {
            return Ok(());
        }
        let returning = returning(&draft.writes);
        let (ahead, back) = drain.peek(&asked, &returning).await?;
        let handles = self.known_handles(drain, ahead.iter().chain(&back)).await?;
        let mut known = HashMap::new();
        if !of_records.is_empty() {
            let leaving: Vec<RecordId> = draft.writes.undone.iter().map(|undone| undone.record).collect();
            let tasks = |is_meant: fn(&Endpoint) -> bool| -> Vec<TaskId> {
                let met = ahead.iter().chain(&back);
                let meant = met.filter(|task| of_records.get(&task.lane).is_some_and(|endpoint| is_meant(endpoint)));
                meant.map(|task| task.task).collect()
            };
            known = drain.records_of(&tasks(Endpoint::deletes_records), &leaving).await?;
            known.extend(drain.records_to_restore(&tasks(|endpoint| !endpoint.deletes_records()), &leaving).await?);
        }
        // What this turn writes of them is not in the queue yet.
        let stepped: HashSet<TaskId> = draft.writes.stepped().collect();
        let mut lanes: HashMap<LaneId, Looked> = HashMap::with_capacity(asked.len());
        for (task, is_back) in back.iter().map(|task| (task, true)).chain(ahead.iter().map(|task| (task, false))) {
            let of = of_records.get(&task.lane).copied();
            let records = of.map(|of| (of, known.remove(&task.task).unwrap_or(RecordsOfTask::Unknown)));
            let may_be_name = of_names.contains(&task.lane);
            let handle = handles.get(&task.task);
            let sight = self.judge((task, handle), records, (may_be_name, stepped.contains(&task.task)));
            if let Sight::Settled(state, reason) = &sight {
                self.tell(task, *state, reason.clone(), draft);
                settle_in_turn(&mut draft.writes, (task.task, is_back), *state, reason.clone());
            }
            let looked = lanes.entry(task.lane).or_default();
            if !is_back {
                looked.met += 1;
                looked.last = looked.last.max(Some(task.task));
            }
            looked.see(task.task, sight);
        }
        self.cut_claims(&asked, &mut lanes, &mut draft.writes);
        let asked: HashSet<LaneId> = asked.into_iter().map(|ask| ask.lane).collect();
        for planned in plan.iter_mut().filter(|planned| asked.contains(&planned.lane)) {
            let Looked { passing, records, .. } = lanes.remove(&planned.lane).unwrap_or_default();
            (planned.looked, planned.records) = (Some(passing), records);
        }
        Ok(())
    }

    /// What the targets of guarded tasks are called, as far as the queue knows: a keep list may have a name where the row has an ID.
    async fn known_handles<'t>(
        &self,
        drain: &mut Drain,
        tasks: impl Iterator<Item = &'t PeekedTask>,
    ) -> Result<HashMap<TaskId, Handle>, StoreError> {
        let mut asked: HashMap<(Platform, TargetKind), Vec<(TaskId, Target)>> = HashMap::new();
        for task in tasks {
            let (Some(lane), Some(target @ Target::Id(_))) = (self.roster.lanes.get(&task.lane), &task.target) else {
                continue;
            };
            let Some(access) = &self.roster.accounts[lane.account].access else { continue };
            if self.guard.watches(lane.round) {
                let space = (access.platform, lane.action.target_kind());
                asked.entry(space).or_default().push((task.task, target.clone()));
            }
        }
        let mut handles = HashMap::new();
        for ((platform, kind), tasks) in asked {
            for some in tasks.chunks(MAX_KNOWN_ASKED) {
                let targets: Vec<Target> = some.iter().map(|(_, target)| target.clone()).collect();
                let known = drain.store().lists().known_targets(platform, kind, &targets).await?;
                let handle = |target: &Target| known.get(target)?.handle.clone();
                handles.extend(some.iter().filter_map(|(task, target)| Some((*task, handle(target)?))));
            }
        }
        Ok(handles)
    }

    /// Whether tasks of a lane may stand under names that have to be looked up.
    fn has_names(&self, planned: &Planned) -> bool {
        let has_names = self.roster.lanes.get(&planned.lane).is_some_and(|lane| lane.has_names);
        let access = self.roster.accounts[planned.account].access.as_ref().filter(|_| has_names);
        access.is_some_and(|access| resolver_of(access.platform, planned.endpoint).is_some())
    }

    /// How far ahead a lane is looked at for so many tasks; none where nobody has to.
    fn asks(&self, lane: LaneId, count: u32, of_records: Option<&Endpoint>, has_names: bool) -> Option<LanePeek> {
        let known = self.roster.lanes.get(&lane)?;
        let depth = self.lookahead.depths.get(&lane).copied().unwrap_or(0);
        let tasks = count.saturating_add(TASKS_BEYOND).max(depth).min(MAX_TASKS_AHEAD.max(count));
        let visible_to = if of_records.is_some() {
            known.visible_to.min(self.records.known_to((known.account, known.action)).unwrap_or(TaskId(0)))
        } else {
            known.visible_to
        };
        (of_records.is_some() || has_names || self.guard.watches(known.round)).then_some(LanePeek {
            lane,
            visible_to,
            tasks,
        })
    }

    /// What becomes of a task. `records`: what is known of its records, where something was read; `may_be_name`: it may stand under a name;
    /// `has_stepped`: it deletes a record in this turn, or puts one back.
    fn judge(
        &mut self,
        (task, handle): (&PeekedTask, Option<&Handle>),
        records: Option<(&Endpoint, RecordsOfTask)>,
        (may_be_name, has_stepped): (bool, bool),
    ) -> Sight {
        let guarded = self.guard.judge(task, handle, self.roster);
        if guarded == Guarded::Spared {
            return Sight::Settled(TaskState::Kept, Reason::Borrowed(KEEP_LIST));
        }
        if may_be_name && task.target.as_ref().is_some_and(Target::is_name) {
            return Sight::Nameless;
        }
        if guarded == Guarded::Unsure {
            return Sight::Unsure;
        }
        let Some((endpoint, records)) = records else { return Sight::Sendable(None) };
        let settled = |state, reason| Sight::Settled(state, Reason::Borrowed(reason));
        match records {
            RecordsOfTask::Next(record) => Sight::Sendable(Some(record)),
            // No claim takes one whose row and key differ: whether it has records says nothing.
            _ if task.target.is_none() => Sight::Sendable(None),
            RecordsOfTask::Unknown => Sight::Unknown,
            RecordsOfTask::There => settled(TaskState::Done, ALREADY),
            RecordsOfTask::None { was_settled } if was_settled || has_stepped => {
                settled(TaskState::Done, CONFIRMED_BY_READING)
            }
            RecordsOfTask::None { .. } if endpoint.deletes_records() => settled(TaskState::Gone, NO_RECORD),
            RecordsOfTask::None { .. } if endpoint.restores_records() => settled(TaskState::Failed, NOT_KEPT),
            RecordsOfTask::None { .. } => Sight::Sendable(None),
        }
    }

    fn tell(&self, task: &PeekedTask, state: TaskState, reason: Reason, draft: &mut TurnDraft) {
        let (Some(lane), Some(target)) = (self.roster.lanes.get(&task.lane), &task.target) else { return };
        draft.tell_settled(Event::Settled {
            round: lane.round,
            account: self.roster.accounts[lane.account].id,
            action: lane.action,
            target: target.clone(),
            outcome: state.outcome(),
            reason: Some(reason),
        });
    }

    /// A claim reaches as far as was looked.
    fn cut_claims(&mut self, asked: &[LanePeek], lanes: &mut HashMap<LaneId, Looked>, turn: &mut Turn) {
        let asked: HashMap<LaneId, &LanePeek> = asked.iter().map(|ask| (ask.lane, ask)).collect();
        for claim in &mut turn.claims {
            let Some(LanePeek { visible_to, tasks, .. }) = asked.get(&claim.lane).copied() else { continue };
            let looked = lanes.entry(claim.lane).or_default();
            let whole = looked.met < *tasks;
            // Behind the last that was looked at there may be others, unless the line ends there.
            let behind = if whole { looked.passing.iter().copied().max() } else { None };
            claim.looked_to = Some(looked.last.max(behind).unwrap_or(TaskId(0)));
            self.note_coverage(claim.lane, looked, *visible_to);
            if let Some(first) = looked.nameless {
                claim.looked_to = claim.looked_to.min(Some(TaskId(first.0 - 1)));
                let is_next = looked.passing.iter().all(|task| *task > first);
                let met = (is_next, looked.is_unsure);
                note_nameless(claim.lane, met, (&mut *self.roster, &mut *self.names), self.readings, self.now);
                continue;
            }
            if looked.is_unknown {
                claim.looked_to = Some(TaskId(0));
                continue;
            }
            let all_settled = looked.passing.is_empty() && looked.met > 0;
            if all_settled {
                claim.count = 0;
            }
            let depth = if all_settled && !whole { tasks.saturating_mul(8).min(MAX_TASKS_AHEAD) } else { 0 };
            self.lookahead.depths.insert(claim.lane, depth);
        }
        turn.claims.retain(|claim| claim.count > 0);
    }

    /// What the look says of the readings.
    fn note_coverage(&mut self, lane: LaneId, looked: &Looked, visible_to: TaskId) {
        let Some(known) = self.roster.lanes.get_mut(&lane) else { return };
        known.uncovered = looked.met == 0 && looked.passing.is_empty() && visible_to < known.visible_to;
        if looked.is_unknown {
            let key = (known.account, known.action);
            self.records.look_again(key);
            self.roster.cover_lanes(key);
        }
    }
}

/// A lane has met a name: it is looked up. `is_next`: nothing of the lane can be claimed before that; `is_unsure`: so are those on the keep
/// lists that guard it.
fn note_nameless(
    lane: LaneId,
    (is_next, is_unsure): (bool, bool),
    (roster, names): (&mut Roster, &mut NameLookups),
    readings: &Readings,
    now: Tick,
) {
    let Some(known) = roster.lanes.get_mut(&lane) else { return };
    (known.awaits_names, known.awaits_kept) = (is_next, is_unsure);
    let (account, action, group) = (known.account, known.action, known.group);
    if let Some(until) = names.want((account, action), group, readings, now).filter(|_| is_next) {
        roster.schedule_rested(account, until);
    }
}

/// A task gets its outcome without a request. One that comes back from standing aside gets it from there, for a turn moves a task once; one
/// whose request came to nothing is in line again by the time the turn moves tasks.
fn settle_in_turn(turn: &mut Turn, (task, is_back): (TaskId, bool), to: TaskState, reason: Reason) {
    let reason = Some(reason);
    match turn.moves.iter_mut().find(|moved| is_back && moved.task == task) {
        Some(moved) => (moved.to, moved.reason) = (to, reason),
        None => turn.moves.push(Move { task, from: TaskState::Pending, to, reason }),
    }
}

/// The tasks that a turn puts back in line.
fn returning(turn: &Turn) -> Vec<TaskId> {
    let settled = turn.settled.iter().filter(|settled| settled.state == TaskState::Pending).map(|s| s.task);
    settled.chain(turn.moves.iter().filter(|moved| moved.to == TaskState::Pending).map(|m| m.task)).collect()
}
