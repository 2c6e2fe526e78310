//! What people tell the jobs of a story: paused, tried again, judged by lists, restored, forgotten.

use cleanup::domain::{Target, TaskState, Wall};
use cleanup::store::{Forgotten, Job, JobState, Looked, NewJob, Reach, WorklistTick};
use proptest::prelude::*;

use super::model::ModelTask;
use super::model_load::NewRow;
use super::story::{Order, TARGETS};
use super::world::{Told, World};
use crate::store::support::target;

/// The job that restores.
const RESTORING: usize = 2;

impl World {
    pub(super) async fn tell(&mut self, number: usize, order: Order) -> Told {
        let Some(of) = self.job(number).await else { return Ok(()) };
        let (now, before) = (self.now.wall, self.generation().await);
        let tasks = self.model.newest(number).unwrap().tasks.clone();
        let pick = |pick: usize| tasks[pick % tasks.len()];
        let mut changed = match order {
            Order::Pause | Order::Continue => {
                let state = if matches!(order, Order::Pause) { JobState::Paused } else { JobState::Active };
                self.store.queue().set_job_state(of.id, state).await.unwrap();
                self.set_state(number, state);
                (1, 1)
            }
            Order::Cancel => {
                let cancelled = self.store.queue().cancel_job(&of, now).await.unwrap().tasks;
                self.set_state(number, JobState::Cancelled);
                (cancelled, self.model.cancel(number, now))
            }
            Order::Retry => {
                let retried = self.store.queue().retry_job(&of, now).await.unwrap().tasks;
                (retried, self.model.retry(number, |_, _| true, now))
            }
            Order::RetryReason => {
                let retried = self.store.queue().retry_reason(&of, "refused", now).await.unwrap().tasks;
                (retried, self.model.retry(number, |_, reason| reason == Some("refused"), now))
            }
            Order::RetryOne(one) => {
                let (task, id) = (pick(one), self.model.tasks[pick(one)].id.unwrap());
                let retried = self.store.queue().retry_task(&of, id).await.unwrap().tasks;
                (retried, self.model.retry(number, |other, _| other == task, now))
            }
            Order::Reopen { listed } => {
                for listed in [0, listed] {
                    self.look(number, &of, pick(0), listed, true).await;
                    self.pass(1);
                }
                let reopened = self.store.queue().reopen_job(&of, now).await.unwrap().tasks;
                (reopened, self.model.reopen(number, now))
            }
            Order::Reject(picks) => {
                let tasks = distinct(picks.map(pick));
                let told: Vec<_> =
                    tasks.iter().map(|task| (self.model.tasks[*task].id.unwrap(), "read_anew")).collect();
                self.store.loading().reject_tasks(&of, &told, 1, now).await.unwrap();
                self.model.reject(&tasks, "read_anew", now);
                (1, 1)
            }
            Order::Tick(picks) => {
                let tasks = distinct(picks.map(pick));
                let token = self.store.queue().make_worklist(&of, now).await.unwrap();
                let list = self.store.queue().worklist(&token).await.unwrap().unwrap();
                let tick = |task: &usize| {
                    let task = &self.model.tasks[*task];
                    WorklistTick { task: task.id.unwrap(), target: task.target.clone(), line: task.line }
                };
                let ticks: Vec<_> = tasks.iter().map(tick).collect();
                let taken = self.store.queue().take_ticks(&list, &ticks, now).await.unwrap();
                let expected = self.model.tick(&tasks, now);
                prop_assert_eq!(&taken, &expected);
                (taken.done + taken.ghosts, expected.done + expected.ghosts)
            }
            Order::Look { listed, is_whole } => {
                self.look(number, &of, pick(0), listed, is_whole).await;
                (0, 0)
            }
        };
        if matches!(order, Order::Cancel) {
            prop_assert_eq!(changed.0, changed.1);
            changed = (1, 1);
        }
        prop_assert_eq!(changed.0, changed.1, "{:?}", order);
        prop_assert_eq!(self.generation().await > before, changed.0 > 0, "{:?}", order);
        Ok(())
    }

    fn set_state(&mut self, number: usize, state: JobState) {
        if let Some(job) = &mut self.model.jobs[number] {
            job.state = state;
        }
    }

    /// The list of the account and action of a task was read.
    async fn look(&mut self, number: usize, of: &Job, task: usize, listed: u8, is_whole: bool) {
        let lane = self.model.tasks[task].lane;
        let is_listed = |(bit, _): &(usize, &&str)| listed >> bit & 1 == 1;
        let listed: Vec<Target> = TARGETS.iter().enumerate().filter(is_listed).map(|(_, text)| target(text)).collect();
        self.store.lists().begin_listed().await.unwrap();
        self.store.lists().add_listed(&listed).await.unwrap();
        let reach = if is_whole { Reach::Whole } else { Reach::Nothing };
        let looked = Looked { account: lane.1, action: lane.0, read_at: self.now.wall, reach };
        self.store.lists().judge(of, &looked).await.unwrap();
        self.model.look(number, lane, &listed, is_whole, self.now.wall);
    }

    /// A job that restores what the newest round of another has done.
    pub(super) async fn undo(&mut self, number: usize) -> Told {
        let Some(round) = self.model.newest(number).filter(|_| self.model.jobs[RESTORING].is_none()) else {
            return Ok(());
        };
        let done = round.tasks.iter().map(|task| &self.model.tasks[*task]).filter(|task| task.state == TaskState::Done);
        let row = |(line, task): (u64, &ModelTask)| {
            let (lane, target) = ((task.lane.0.inverse().unwrap(), task.lane.1), task.target.clone());
            let record = Some(task.cells());
            NewRow { line, lane, target, is_spared: false, is_usable: true, names_task: false, record }
        };
        let rows: Vec<_> = (1..).zip(done).map(row).collect();
        let new = NewJob::restoring("restore".into(), round.id);
        if rows.is_empty() { Ok(()) } else { self.load_rows(RESTORING, &new, &rows).await }
    }

    /// A job is stopped and goes, once nothing of it is in flight; what may still count in a window stays.
    pub(super) async fn forget(&mut self, number: usize, slots_too: bool) -> Told {
        if self.model.jobs[number].is_some() {
            self.end().await?;
            self.tell(number, Order::Cancel).await?;
        }
        let Some(of) = self.job(number).await.filter(|_| self.model.is_settled(number)) else { return Ok(()) };
        // What an allowance counts is younger than any window.
        let slots_too = slots_too && self.model.allowances.is_empty();
        let keep_from = if slots_too { Wall(self.now.wall.0 + 1) } else { Wall(0) };
        let forgotten = self.store.admin().forget(&of, keep_from).await.unwrap();
        // Whether somebody else reads just now is another matter.
        let forgotten = Forgotten { stays_in_log: false, ..forgotten };
        prop_assert_eq!(forgotten, self.model.forget(number, keep_from));
        Ok(())
    }
}

fn distinct<const N: usize>(picks: [usize; N]) -> Vec<usize> {
    let mut found = Vec::new();
    picks.into_iter().for_each(|pick| {
        if !found.contains(&pick) {
            found.push(pick)
        }
    });
    found
}
