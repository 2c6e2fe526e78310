//! The model's loads: a file's rows become tasks, and a file that is read again becomes the difference.

use std::collections::BTreeSet;

use cleanup::domain::{Outcome, RoundId, Target, TaskState, Transition, Wall};
use cleanup::store::{LoadForecast, LoadSummary, ReloadSummary};

use super::lie::Lie;
use super::model::{LaneKey, Model, ModelRound, ModelRow, ModelTask, RowKind};

/// The rule that spares rows in stories.
pub(super) const RULE: &str = "keep_list";
/// Why rows in stories cannot be used.
pub(super) const UNUSABLE: &str = "rounded";
pub(super) const VANISHED: &str = "row_vanished";

/// A row as a load takes it.
#[derive(Clone, Debug)]
pub(super) struct NewRow {
    pub(super) line: u64,
    pub(super) lane: LaneKey,
    pub(super) target: Target,
    pub(super) is_spared: bool,
    /// It can be used.
    pub(super) is_usable: bool,
    /// It says of which task it is.
    pub(super) names_task: bool,
    /// As it is kept: a target that needs quotes has them.
    pub(super) record: Option<String>,
}

impl NewRow {
    fn is_of(&self, task: &ModelTask) -> bool {
        (self.is_usable || self.names_task) && self.lane == task.lane && self.target == task.target
    }
}

/// What a reload came to.
#[derive(Clone, Copy, Debug)]
pub(super) enum ReloadEnd {
    Applied(ReloadSummary),
    Shrinks { vanished: u64, pending: u64 },
}

impl Model {
    /// A job's first load, or its next round.
    pub(super) fn load(&mut self, rows: &[NewRow], now: Wall) -> (ModelRound, LoadSummary) {
        let mut round = ModelRound { id: RoundId(0), rows: Vec::new(), tasks: Vec::new(), content: String::new() };
        let mut summary = LoadSummary { rows: rows.len() as u64, ..LoadSummary::default() };
        for row in rows {
            let known = round.tasks.iter().copied().find(|task| row.is_usable && row.is_of(&self.tasks[*task]));
            let kind = match (row.is_usable, known) {
                (false, _) => {
                    summary.rejected += 1;
                    RowKind::Rejected(UNUSABLE.to_owned())
                }
                (true, Some(task)) => {
                    summary.duplicates += 1;
                    RowKind::Duplicate(task)
                }
                (true, None) => {
                    let task = self.add(row, now);
                    round.tasks.push(task);
                    if row.is_spared {
                        summary.kept += 1
                    } else {
                        summary.added += 1
                    }
                    RowKind::Task(task)
                }
            };
            round.rows.push(ModelRow { line: row.line, record: row.record.clone(), kind });
        }
        (round, summary)
    }

    fn add(&mut self, row: &NewRow, now: Wall) -> usize {
        self.tasks.push(ModelTask::new(row.lane, row.target.clone(), row.line, row.record.clone()));
        let task = self.tasks.len() - 1;
        if row.is_spared {
            self.make(task, Transition::Spare, now);
            self.tasks[task].reason = Some(RULE.to_owned());
        }
        task
    }

    /// Of the rows that mean a task the first that can be used says what becomes of it; else the first that names it.
    fn row_of<'r>(&self, task: &ModelTask, rows: &'r [NewRow]) -> Option<&'r NewRow> {
        let mut usable = rows.iter().filter(|row| row.is_usable && row.is_of(task));
        let first = if self.lies(Lie::LastRowIsTheTask) { usable.next_back() } else { usable.next() };
        first.or_else(|| rows.iter().find(|row| row.is_of(task)))
    }

    /// The file of a job's newest round, read again.
    pub(super) fn reload(&mut self, job: usize, rows: &[NewRow], allow_shrink: bool, now: Wall) -> ReloadEnd {
        let round = self.newest(job).unwrap().clone();
        let is_pending = |task: &ModelTask| task.state.outcome() == Outcome::Pending;
        let pending = round.tasks.iter().filter(|task| is_pending(&self.tasks[**task])).count() as u64;
        let gone = round.tasks.iter().filter(|task| {
            let task = &self.tasks[**task];
            let may_go = is_pending(task) && !(task.vanished && task.state == TaskState::Sending);
            may_go && self.row_of(task, rows).is_none()
        });
        let vanished = gone.count() as u64;
        if !allow_shrink && vanished * 2 > pending {
            return ReloadEnd::Shrinks { vanished, pending };
        }
        let mut summary = ReloadSummary { rows: rows.len() as u64, ..ReloadSummary::default() };
        for task in &round.tasks {
            match self.row_of(&self.tasks[*task], rows).cloned() {
                Some(row) => self.meet(*task, &row, now, &mut summary),
                None => self.vanish(*task, now, &mut summary),
            }
        }
        self.place(job, rows, now, &mut summary);
        ReloadEnd::Applied(summary)
    }

    /// A task's row is in the file.
    fn meet(&mut self, task: usize, row: &NewRow, now: Wall, summary: &mut ReloadSummary) {
        let has_changed = self.tasks[task].vanished || self.tasks[task].record != row.record;
        let (state, by) = (self.tasks[task].state, self.tasks[task].reason.clone());
        let is_cancelled_by_file = state == TaskState::Cancelled && by.as_deref() == Some(VANISHED);
        let is_out = matches!(state, TaskState::Kept | TaskState::Rejected) || is_cancelled_by_file;
        if !row.is_usable {
            if Transition::Reject.from().contains(&state) {
                let is_lost = !matches!(state, TaskState::Cancelled | TaskState::Kept);
                summary.held_back += u64::from(is_lost);
                self.make(task, Transition::Reject, now);
            }
            let is_rejected = self.tasks[task].state == TaskState::Rejected;
            summary.rejected += u64::from(is_rejected);
            if is_rejected && (state != TaskState::Rejected || has_changed || by.as_deref() != Some(UNUSABLE)) {
                (self.tasks[task].reason, self.tasks[task].finished_at) = (Some(UNUSABLE.to_owned()), Some(now));
            }
        } else if row.is_spared {
            let in_line = Transition::Spare.from().contains(&state);
            summary.kept += u64::from(in_line || state == TaskState::Rejected || is_cancelled_by_file);
            if is_out && state != TaskState::Kept {
                self.put_back(task, now);
            }
            if in_line || is_out && state != TaskState::Kept {
                self.make(task, Transition::Spare, now);
            }
            let is_another_rule = by.as_deref() != Some(RULE);
            if self.tasks[task].state == TaskState::Kept && (state != TaskState::Kept || has_changed || is_another_rule)
            {
                (self.tasks[task].reason, self.tasks[task].finished_at) = (Some(RULE.to_owned()), Some(now));
            }
        } else if is_out {
            summary.restored += 1;
            if !(is_cancelled_by_file && self.lies(Lie::ReturnedStaysCancelled)) {
                self.put_back(task, now);
            }
        }
        let of = &mut self.tasks[task];
        (of.vanished, of.line, of.record) = (false, row.line, row.record.clone());
        of.withheld = match (row.is_usable, row.is_spared) {
            (false, _) => Some((Transition::Reject, UNUSABLE.to_owned())),
            (true, true) => Some((Transition::Spare, RULE.to_owned())),
            (true, false) => None,
        };
    }

    /// As if it were new, but for what was sent for it.
    fn put_back(&mut self, task: usize, now: Wall) {
        if self.tasks[task].state == TaskState::Rejected {
            self.tasks[task].http_status = None;
        }
        self.make(task, Transition::Restore, now);
        let of = &mut self.tasks[task];
        (of.reason, of.crashes, of.asked_last) = (None, Default::default(), false);
    }

    /// A task's row is not in the file any more. What is being sent is let finish.
    fn vanish(&mut self, task: usize, now: Wall, summary: &mut ReloadSummary) {
        let state = self.tasks[task].state;
        if Transition::Cancel.from().contains(&state) {
            self.make(task, Transition::Cancel, now);
            self.tasks[task].reason = Some(VANISHED.to_owned());
            summary.cancelled += 1;
        } else if state == TaskState::Sending && self.lies(Lie::SendingIsCancelled) {
            summary.cancelled += 1;
        }
        (self.tasks[task].vanished, self.tasks[task].withheld) = (true, None);
    }

    /// Where each row stands, and the tasks of those that are new.
    fn place(&mut self, job: usize, rows: &[NewRow], now: Wall, summary: &mut ReloadSummary) {
        let mut round = self.newest(job).unwrap().clone();
        round.rows.clear();
        let mut met = BTreeSet::new();
        for row in rows {
            let known = round.tasks.iter().copied().find(|task| row.is_of(&self.tasks[*task]));
            let known = known.or_else(|| {
                let is_new = row.is_usable;
                is_new.then(|| {
                    let task = self.add(row, now);
                    round.tasks.push(task);
                    if row.is_spared {
                        summary.kept += 1
                    } else {
                        summary.added += 1
                    }
                    task
                })
            });
            let is_its_row = known.is_some_and(|task| {
                let of = &self.tasks[task];
                self.row_of(of, rows).is_some_and(|first| first.line == row.line) && met.insert(task)
            });
            let kind = match known {
                Some(task) if is_its_row => RowKind::Task(task),
                Some(task) if row.is_usable => {
                    summary.duplicates += 1;
                    RowKind::Duplicate(task)
                }
                _ => {
                    summary.rejected += 1;
                    RowKind::Rejected(UNUSABLE.to_owned())
                }
            };
            round.rows.push(ModelRow { line: row.line, record: row.record.clone(), kind });
        }
        if let Some(job) = &mut self.jobs[job] {
            *job.rounds.last_mut().unwrap() = round;
        }
    }

    /// What a load of these rows is foretold to come to: a new round, or the newest of a job read again.
    pub(super) fn forecast(&self, job: Option<usize>, rows: &[NewRow], now: Wall) -> LoadForecast {
        let mut after = self.clone();
        let (before, tasks) = match job {
            None => (Vec::new(), after.load(rows, now).0.tasks),
            Some(job) => {
                let before = self.newest(job).unwrap().tasks.clone();
                after.reload(job, rows, true, now);
                (before, after.newest(job).unwrap().tasks.clone())
            }
        };
        let was_pending =
            |task: &&usize| self.tasks.get(**task).is_some_and(|task| task.state.outcome() == Outcome::Pending);
        let pending = before.iter().filter(was_pending).count() as u64;
        let mut forecast = LoadForecast::default();
        let (mut met, mut rejected) = (0, 0);
        for task in &tasks {
            let of = &after.tasks[*task];
            let Some(_) = after.row_of(of, rows) else { continue };
            let usable = rows.iter().filter(|row| row.is_usable && row.is_of(of)).count() as u64;
            met += u64::from(was_pending(&task));
            forecast.duplicates += usable.saturating_sub(1);
            match of.state.outcome() {
                Outcome::Done => forecast.done += 1,
                Outcome::Gone => forecast.gone += 1,
                Outcome::Failed => forecast.failed += 1,
                Outcome::Cancelled => forecast.cancelled += 1,
                Outcome::Kept => match forecast.kept.first_mut() {
                    Some((_, kept)) => *kept += 1,
                    None => forecast.kept.push((RULE.to_owned(), 1)),
                },
                Outcome::Rejected => rejected += u64::from(was_pending(&task)),
                _ => match forecast.to_send.iter_mut().find(|lane| (lane.0, lane.1) == of.lane) {
                    Some(lane) => lane.2 += 1,
                    None => forecast.to_send.push((of.lane.0, of.lane.1, 1)),
                },
            }
        }
        (forecast.vanished, forecast.pending) = (pending - met, pending - rejected);
        forecast.to_send.sort();
        forecast
    }
}
