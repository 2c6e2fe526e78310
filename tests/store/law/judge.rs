//! Every reading of a store against its model: what people see of jobs, requests and accounts.

use cleanup::domain::{AttemptId, CrashCount, Outcome, TaskState, Wall};
use cleanup::store::{AttemptView, JobStatus, LanePeek, NameLookup, TaskHistory};
use proptest::prelude::*;

use super::model::{ModelJob, RowKind};
use super::story::TARGETS;
use super::world::{Told, World};
use crate::store::support::{assert_whole, target};

impl World {
    /// Whatever is asked, the store says what the model says. What takes long is asked less often.
    pub(super) async fn judge(&mut self, asks_all: bool) -> Told {
        self.judge_jobs().await?;
        for number in 0..self.model.jobs.len() {
            let Some(job) = self.job(number).await else { continue };
            self.judge_rows(number, &job).await?;
            if asks_all {
                self.judge_tasks(number, &job).await?;
            }
        }
        self.judge_accounts().await?;
        self.judge_requests().await?;
        self.judge_drain().await?;
        if asks_all {
            self.judge_targets().await?;
            assert_whole(&mut self.store).await;
        }
        Ok(())
    }

    async fn judge_jobs(&mut self) -> Told {
        let status: Vec<JobStatus> = self.store.read().status(None).await.unwrap();
        let jobs = self.store.queue().jobs().await.unwrap();
        let expected = self.model.all_jobs();
        prop_assert_eq!(jobs.len(), expected.len());
        for ((found, status), of) in jobs.iter().zip(&status).zip(expected) {
            let round = of.rounds.last().unwrap();
            let counts = self.model.counts(round);
            prop_assert_eq!(&status.job, found);
            prop_assert_eq!(status.counts, counts, "{}", of.name);
            let rows =
                (round.rows.len() + round.tasks.iter().filter(|task| self.model.tasks[**task].vanished).count()) as u64;
            prop_assert_eq!(status.counts.rows(), rows, "outcomes add up");
            let said =
                (found.id, &found.name, found.state, found.restores, found.round, found.round_number, found.pending);
            let expected = (of.id, &of.name, of.state, of.restores, round.id, of.rounds.len() as u32, counts.pending);
            prop_assert_eq!(said, expected);
            prop_assert_eq!(&found.loaded_from.content_hash, &round.content);
            let highest = round.tasks.iter().filter_map(|task| self.model.tasks[*task].id).max();
            prop_assert!(highest.is_none_or(|id| id <= found.visible_to));
        }
        Ok(())
    }

    /// What is told of every target, and of every task by itself.
    async fn judge_targets(&mut self) -> Told {
        for text in TARGETS {
            let mut found = self.store.read().explain(&target(text)).await.unwrap();
            let tasks: Vec<usize> =
                self.model.live().into_iter().filter(|task| self.model.tasks[*task].target == target(text)).collect();
            prop_assert_eq!(found.len(), tasks.len(), "tasks on {}", text);
            for (found, task) in found.iter_mut().zip(tasks) {
                if self.model.tasks[task].vanished {
                    // Where it stood once is nobody's matter.
                    found.line = self.model.tasks[task].line;
                }
                prop_assert_eq!(&*found, &self.history(task));
                let (id, job) = (self.model.tasks[task].id.unwrap(), self.model.round_of(task).0.id);
                let (mut alone, told) = self.store.read().task(job, id).await.unwrap().unwrap();
                alone.line = found.line;
                prop_assert_eq!((&alone, told.as_str()), (&*found, text));
            }
        }
        Ok(())
    }

    fn history(&self, task: usize) -> TaskHistory {
        let of = &self.model.tasks[task];
        let (job, number) = self.model.round_of(task);
        let account = if of.lane.1 == self.accounts[0] { "ada" } else { "bob" };
        let awaits = of.target.is_name() && of.state == TaskState::Pending;
        TaskHistory {
            job: job.name.clone(),
            round: number as u32 + 1,
            line: of.line,
            action: of.lane.0,
            account: account.into(),
            state: of.state,
            outcome: of.state.outcome(),
            reason: of.reason.clone(),
            vanished: of.vanished,
            crashes: CrashCount::stored(of.crashes.number().into()),
            damaged: None,
            attempts: of.attempts.iter().map(|attempt| self.view(*attempt)).collect(),
            records: Vec::new(),
            lookup: awaits.then_some(NameLookup::Awaited { next_at: None }),
        }
    }

    fn view(&self, id: AttemptId) -> AttemptView {
        let of = self.model.attempt(id);
        AttemptView {
            reserved_at: of.reserved.wall,
            ended_at: of.ended_at,
            http_status: of.http_status,
            finding: of.finding.clone(),
            reason: of.reason.clone(),
            detail: of.detail.clone(),
        }
    }

    async fn judge_accounts(&mut self) -> Told {
        let newest = self.model.drains.len().wrapping_sub(1);
        let mut sent_and_stopped = std::collections::HashSet::new();
        for (account, of) in self.store.accounts().all().await.unwrap().iter().zip(&self.model.of_account) {
            let hold =
                account.hold.as_ref().map(|hold| (hold.until, hold.until_at, hold.boot.clone(), hold.clock_checked));
            let expected = of.hold.map(|(until, until_at, drain)| {
                let drain = &self.model.drains[drain];
                (until, until_at, format!("boot-{}", drain.boot), drain.clock_checked)
            });
            prop_assert_eq!(hold, expected);
            prop_assert_eq!(&account.trouble, &of.trouble);
            let last = self.model.attempts.iter().rev().find(|attempt| attempt.lane.1 == account.id);
            if of.trouble.is_some() && last.is_some_and(|attempt| attempt.drain == newest) {
                sent_and_stopped.insert(account.id);
            }
        }
        prop_assert_eq!(self.store.queue().accounts_of_newest_drain().await.unwrap(), sent_and_stopped);
        let outages = self.store.queue().outages().await.unwrap();
        let outages: Vec<_> = outages.into_iter().map(|of| ((of.account, of.action), (of.state, of.boot))).collect();
        let expected =
            self.model.outages.iter().map(|(key, (state, drain))| {
                (*key, (state.clone(), format!("boot-{}", self.model.drains[*drain].boot)))
            });
        prop_assert_eq!(outages, expected.collect::<Vec<_>>());
        self.judge_allowances().await
    }

    async fn judge_allowances(&mut self) -> Told {
        use super::lie::Lie;
        let boot = self.boot_id();
        let left = self.store.queue().allowances(&boot, self.now).await.unwrap();
        let left: Vec<_> =
            left.iter().map(|of| ((of.account, of.action, of.day), of.remaining, of.until, of.same_boot)).collect();
        let expected = self.model.allowances.iter().filter_map(|(key, of)| {
            let same_boot = self.model.drains[of.drain].boot == self.boot;
            // A wall clock may be wrong by a month.
            let doubt = Wall(of.until.1.0 + 31 * 86_400_000);
            let is_over = if same_boot { of.until.0 <= self.now.tick } else { doubt <= self.now.wall };
            let sent =
                self.model.attempts.iter().filter(|attempt| attempt.id > of.after && attempt.lane == (key.1, key.0));
            let sent = if self.model.lies(Lie::AllowanceStays) { 0 } else { sent.count() as u32 };
            (!is_over).then(|| (*key, of.remaining.saturating_sub(sent), of.until.0, same_boot))
        });
        prop_assert_eq!(left, expected.collect::<Vec<_>>());
        Ok(())
    }

    /// The requests on record, as whoever counts them again gets them.
    async fn judge_requests(&mut self) -> Told {
        let (mut all, mut expected) = (Vec::new(), Vec::new());
        self.store
            .read()
            .attempts_of_all(&self.accounts, |span| {
                all.push((span.reserved, span.action, span.counted_until, span.boot, span.clock_checked))
            })
            .await
            .unwrap();
        for of in &self.model.attempts {
            let drain = &self.model.drains[of.drain];
            expected.push((
                of.reserved,
                of.lane.0,
                of.counted_until,
                format!("boot-{}", drain.boot),
                drain.clock_checked,
            ));
        }
        prop_assert_eq!(&all, &expected, "requests on record");
        let mut at_work = Vec::new();
        for account in self.accounts.clone() {
            let mut one = Vec::new();
            self.store.read().attempts_of(account, |span| one.push(span.reserved)).await.unwrap();
            let of: Vec<_> = self.model.attempts.iter().filter(|attempt| attempt.lane.1 == account).collect();
            prop_assert_eq!(&one, &of.iter().map(|attempt| attempt.reserved).collect::<Vec<_>>());
            let recent = self.store.read().recent_attempts(account, Wall(0)).await.unwrap();
            let recent: Vec<_> = recent.iter().map(|of| (of.reserved_at, of.action, of.billed)).collect();
            let billed = |status: Option<u16>| status.is_some_and(|status| (200..300).contains(&status));
            let expected = of.iter().rev().map(|of| (of.reserved.wall, of.lane.0, billed(of.http_status)));
            prop_assert_eq!(recent, expected.collect::<Vec<_>>());
            at_work.extend((!of.is_empty()).then_some(account));
        }
        prop_assert_eq!(self.store.read().accounts_at_work(9).await.unwrap(), at_work);
        Ok(())
    }

    /// What the drain sees before its next turn.
    async fn judge_drain(&mut self) -> Told {
        let work = self.store.queue().work_in_progress().await.unwrap();
        prop_assert_eq!(work.drain.is_some(), self.drain.is_some());
        let generation = self.generation().await;
        let Some(drain) = &mut self.drain else { return Ok(()) };
        prop_assert_eq!(drain.generation().await.unwrap(), generation);
        let lanes = drain.lanes(None).await.unwrap();
        let is_worked_on = |job: &&ModelJob| {
            let pending = job.rounds.last().unwrap().tasks.iter().any(|task| self.model.is_pending(*task));
            job.state == cleanup::store::JobState::Active && pending
        };
        let mut expected = Vec::new();
        for job in self.model.all_jobs().into_iter().filter(is_worked_on) {
            let tasks = &job.rounds.last().unwrap().tasks;
            for lane in lanes.iter().filter(|lane| lane.job == job.id) {
                let key = (lane.action, lane.account);
                let named = tasks
                    .iter()
                    .any(|task| self.model.tasks[*task].lane == key && self.model.tasks[*task].target.is_name());
                let in_line = self.model.in_line(tasks, key, lane.visible_to);
                prop_assert_eq!((lane.has_pending, lane.has_names), (!in_line.is_empty(), named));
                expected.extend(in_line);
            }
            let has_lane = |task: &usize| {
                let key = self.model.tasks[*task].lane;
                lanes.iter().any(|lane| lane.job == job.id && (lane.action, lane.account) == key)
            };
            let is_own = |task: &usize| self.model.has(self.model.tasks[*task].lane.1);
            prop_assert!(tasks.iter().all(|task| has_lane(task) == is_own(task)), "a lane is missing: {lanes:?}");
        }
        prop_assert!(
            lanes.iter().all(|lane| self
                .model
                .all_jobs()
                .into_iter()
                .filter(is_worked_on)
                .any(|job| job.id == lane.job))
        );
        let asked: Vec<_> =
            lanes.iter().map(|lane| LanePeek { lane: lane.lane, visible_to: lane.visible_to, tasks: 99 }).collect();
        let (ahead, _) = drain.peek(&asked, &[]).await.unwrap();
        expected.sort_by_key(|task| self.model.tasks[*task].id);
        let ahead: Vec<_> = ahead.into_iter().map(|task| (Some(task.task), task.target, task.record)).collect();
        let tasks = expected.iter().map(|task| &self.model.tasks[*task]);
        prop_assert_eq!(
            ahead,
            tasks.map(|task| (task.id, Some(task.target.clone()), task.record.clone())).collect::<Vec<_>>()
        );
        Ok(())
    }

    /// The rows of a round that made no task.
    pub(super) fn outcome_of(kind: &RowKind) -> Option<Outcome> {
        match kind {
            RowKind::Task(_) => None,
            RowKind::Duplicate(_) => Some(Outcome::Duplicate),
            RowKind::Rejected(_) => Some(Outcome::Rejected),
        }
    }
}
