//! The rows of a store's jobs against those of its model: receipts, pages, picks, charts.

use std::collections::BTreeMap;

use cleanup::domain::{Outcome, TaskState};
use cleanup::store::{Job, PickOrder, RowOutcome, RowQuery, TaskFilter, VerifyResult};
use proptest::prelude::*;

use super::model::{ModelRow, RowKind};
use super::world::{Told, World};
use crate::store::support::{receipts, target};

impl World {
    /// A task as its row is told.
    fn told(&self, task: usize) -> RowOutcome {
        let of = &self.model.tasks[task];
        RowOutcome {
            line: (!of.vanished).then_some(of.line),
            task: of.id,
            target: Some(of.target.clone()),
            record: of.record.clone(),
            outcome: of.state.outcome(),
            reason: of.reason.clone(),
            http_status: of.http_status,
            attempts: of.attempts.len() as u32,
            finished_at: of.finished_at,
        }
    }

    /// A row that made no task, or a task's.
    fn row(&self, row: &ModelRow) -> RowOutcome {
        let (reason, record) = match &row.kind {
            RowKind::Task(task) => return self.told(*task),
            RowKind::Duplicate(task) => {
                let target = self.model.tasks[*task].target.to_string();
                ("duplicate".to_owned(), row.record.clone().or(Some(target)))
            }
            RowKind::Rejected(reason) => (reason.clone(), row.record.clone()),
        };
        RowOutcome {
            line: Some(row.line),
            task: None,
            target: None,
            record,
            outcome: World::outcome_of(&row.kind).unwrap(),
            reason: Some(reason),
            http_status: None,
            attempts: 0,
            finished_at: None,
        }
    }

    pub(super) async fn judge_rows(&mut self, number: usize, job: &Job) -> Told {
        let rounds = self.model.jobs[number].as_ref().unwrap().rounds.clone();
        for (round, at) in rounds.iter().zip(1..) {
            let mut expected: Vec<RowOutcome> = round.rows.iter().map(|row| self.row(row)).collect();
            expected.extend(
                round.tasks.iter().filter(|task| self.model.tasks[**task].vanished).map(|task| self.told(*task)),
            );
            let found = receipts(&mut self.store, job, at).await;
            prop_assert_eq!(&found, &expected, "receipts of {}, round {}", job.name, at);
            let mut counted = BTreeMap::new();
            for row in &expected {
                *counted.entry((row.outcome.name(), row.reason.clone())).or_insert(0_u64) += 1;
            }
            let reasons = self.store.read().reasons(job, at).await.unwrap();
            let mut found: Vec<_> = reasons.into_iter().map(|of| ((of.outcome.name(), of.reason), of.rows)).collect();
            found.sort();
            prop_assert_eq!(found, counted.into_iter().collect::<Vec<_>>(), "each reason once");
            let rejected = self.store.read().rejected_rows(job, at, 100).await.unwrap();
            let rejected: Vec<_> =
                rejected.into_iter().map(|row| (Some(row.line), Some(row.reason), row.record)).collect();
            let expected = expected.iter().filter(|row| row.outcome == Outcome::Rejected && row.line.is_some());
            let cells = |row: &RowOutcome| row.record.clone().or_else(|| row.target.as_ref().map(ToString::to_string));
            prop_assert_eq!(
                rejected,
                expected.map(|row| (row.line, row.reason.clone(), cells(row))).collect::<Vec<_>>()
            );
            prop_assert_eq!(self.store.read().round_id(job, at).await.unwrap(), Some(round.id));
        }
        Ok(())
    }

    /// The tasks of a job's newest round, looked at in every other way.
    pub(super) async fn judge_tasks(&mut self, number: usize, job: &Job) -> Told {
        let round = self.model.newest(number).unwrap().clone();
        let tasks: Vec<RowOutcome> = round.tasks.iter().map(|task| self.told(*task)).collect();
        let without: Vec<RowOutcome> =
            round.rows.iter().filter(|row| World::outcome_of(&row.kind).is_some()).map(|row| self.row(row)).collect();
        for outcome in Outcome::ALL.into_iter().map(Some).chain([None]) {
            let is_it = |row: &&RowOutcome| outcome.is_none_or(|outcome| row.outcome == outcome);
            let others = without.iter().filter(|row| outcome.is_some_and(|outcome| row.outcome == outcome));
            let all: Vec<RowOutcome> = others.chain(tasks.iter().filter(is_it)).cloned().collect();
            self.judge_pages(job, RowQuery { outcome, most: 3, ..RowQuery::default() }, &all).await?;
            let reason = Some("duplicate").filter(|_| outcome == Some(Outcome::Duplicate)).or(Some("refused"));
            let of_reason: Vec<_> = all.iter().filter(|row| row.reason.as_deref() == reason).cloned().collect();
            self.judge_pages(job, RowQuery { outcome, reason, most: 2, ..RowQuery::default() }, &of_reason).await?;
            let text = Some("CELL 1");
            let has_text = |row: &&RowOutcome| row.record.as_deref().is_some_and(|record| record.contains("cell 1"));
            let of_text: Vec<_> = all.iter().filter(has_text).cloned().collect();
            self.judge_pages(job, RowQuery { outcome, text, most: 200, ..RowQuery::default() }, &of_text).await?;
        }
        for text in super::story::TARGETS {
            let page = self.store.read().rows_of_target(job, &target(text)).await.unwrap();
            let of_target: Vec<_> = tasks.iter().filter(|row| row.target == Some(target(text))).cloned().collect();
            prop_assert_eq!(page.rows, of_target);
        }
        self.judge_picks(job, &round.tasks, &round.rows).await?;
        self.judge_charts(number, job, &tasks, &without).await?;
        self.judge_lanes(number, job, &round.tasks).await
    }

    /// Page after page, all of them and each once.
    async fn judge_pages(&mut self, job: &Job, query: RowQuery<'_>, expected: &[RowOutcome]) -> Told {
        let (mut found, mut after) = (Vec::new(), 0);
        loop {
            let page = self.store.read().rows(job, &RowQuery { after, ..query }).await.unwrap();
            prop_assert!(page.rows.len() <= query.most as usize);
            found.extend(page.rows);
            match page.next {
                Some(next) => after = next,
                None => break,
            }
        }
        prop_assert_eq!(&found[..], expected, "{:?}", query);
        Ok(())
    }

    async fn judge_picks(&mut self, job: &Job, tasks: &[usize], rows: &[ModelRow]) -> Told {
        let of_row = |row: &ModelRow| if let RowKind::Task(task) = row.kind { Some(task) } else { None };
        let vanished = tasks.iter().copied().filter(|task| self.model.tasks[*task].vanished);
        let by_file: Vec<usize> = rows.iter().filter_map(of_row).chain(vanished).collect();
        let mut newest_first = tasks.to_vec();
        newest_first
            .sort_by_key(|task| std::cmp::Reverse((self.model.tasks[*task].finished_at, self.model.tasks[*task].id)));
        for (order, expected) in [(PickOrder::File, by_file), (PickOrder::NewestFirst, newest_first)] {
            let wanted = TaskFilter { states: TaskState::ALL.to_vec(), ghosts: false };
            let count = self.store.read().select_tasks(job, job.round_number, &wanted, order).await.unwrap();
            prop_assert_eq!(count, Some(expected.len() as u64));
            let picked = self.store.read().picked(0, 1_000).await.unwrap();
            self.store.read().end_picking().await.unwrap();
            let found: Vec<_> = picked
                .iter()
                .map(|of| {
                    (Some(of.task), of.line, of.state, of.reason.clone(), of.record.clone(), of.verdict, of.read_at)
                })
                .collect();
            let expected = expected.iter().map(|task| {
                let (of, verdict) = (&self.model.tasks[*task], self.model.verdict(*task));
                let line = (order == PickOrder::File && !of.vanished).then_some(of.line);
                let (verdict, read_at) = verdict.map(|verdict| (verdict.verdict, verdict.read_at)).unzip();
                let is_restored = of.state == TaskState::Done && self.model.is_restored(*task);
                let verdict = if is_restored { Some(VerifyResult::Restored) } else { verdict };
                (of.id, line, of.state, of.reason.clone(), of.record.clone(), verdict, read_at)
            });
            prop_assert_eq!(found, expected.collect::<Vec<_>>());
        }
        Ok(())
    }

    async fn judge_charts(&mut self, number: usize, job: &Job, tasks: &[RowOutcome], without: &[RowOutcome]) -> Told {
        let is_troubled =
            |row: &&RowOutcome| matches!(row.outcome, Outcome::Gone | Outcome::Failed | Outcome::Rejected);
        let mut counted = BTreeMap::new();
        for row in tasks.iter().filter(is_troubled).chain(without) {
            *counted.entry((row.outcome.name(), row.reason.clone().unwrap_or_default())).or_insert(0_u64) += 1;
        }
        let (top, is_cut) = self.store.read().top_reasons(job).await.unwrap();
        prop_assert!(!is_cut && top.is_sorted_by(|a, b| a.rows >= b.rows));
        let mut found: Vec<_> = top.into_iter().map(|of| ((of.outcome.name(), of.reason), of.rows)).collect();
        found.sort();
        prop_assert_eq!(found, counted.into_iter().collect::<Vec<_>>(), "each reason once");
        let course = self.store.read().course(job).await.unwrap();
        let ends = |row: &RowOutcome| (row.outcome.name(), row.finished_at);
        let mut found: Vec<_> = course.tasks.iter().map(|(outcome, at)| (outcome.name(), *at)).collect();
        let mut expected: Vec<_> = tasks.iter().map(ends).collect();
        found.sort_unstable();
        expected.sort_unstable();
        prop_assert_eq!((course.total, found), (tasks.len() as u64, expected));
        let by_request = |row: &&RowOutcome| {
            matches!(row.outcome, Outcome::Done | Outcome::Gone | Outcome::Failed)
                && row.reason.as_deref() != Some("by_hand")
        };
        let settled: Vec<_> = tasks.iter().filter(by_request).collect();
        let chart = self.store.read().timeline(job, job.round_number, 7, 10).await.unwrap();
        prop_assert!(chart.stretches.len() <= 7);
        for (at, bucket) in chart.stretches.iter().enumerate() {
            let is_in = |row: &&&RowOutcome| {
                row.finished_at.is_some_and(|end| (end.0 - chart.begin.0) / chart.stretch_ms == at as i64)
            };
            let of = |outcome| settled.iter().filter(is_in).filter(|row| row.outcome == outcome).count() as u64;
            prop_assert_eq!(
                (bucket.done, bucket.gone, bucket.failed),
                (of(Outcome::Done), of(Outcome::Gone), of(Outcome::Failed))
            );
        }
        let charted: u64 = chart.stretches.iter().map(|of| of.done + of.gone + of.failed).sum();
        prop_assert_eq!(charted, settled.len() as u64);
        prop_assert_eq!(self.store.lists().verdicts(job).await.unwrap(), self.model.verdicts(number));
        Ok(())
    }

    /// Where pending tasks are, and when all were settled.
    async fn judge_lanes(&mut self, number: usize, job: &Job, tasks: &[usize]) -> Told {
        let (mut pending, mut done) = (BTreeMap::new(), BTreeMap::new());
        for task in tasks {
            let of = &self.model.tasks[*task];
            *pending.entry(of.lane).or_insert(0) += u64::from(self.model.is_pending(*task));
            if of.state == TaskState::Done {
                let (count, last) = done.entry(of.lane).or_insert((0, of.finished_at));
                (*count, *last) = (*count + 1, of.finished_at.max(*last));
            }
        }
        pending.retain(|_, tasks| *tasks > 0);
        let found = self.store.read().pending_by_lane(job.round).await.unwrap();
        prop_assert_eq!(
            found.into_iter().map(|(action, account, n)| ((action, account), n)).collect::<BTreeMap<_, _>>(),
            pending.clone()
        );
        let mut found = self.store.read().pending_lanes(job.round).await.unwrap();
        found.sort();
        prop_assert_eq!(found, pending.keys().copied().collect::<Vec<_>>());
        if let Some((.., count)) = self.store.read().pending_of_only_lane(job.round).await.unwrap() {
            prop_assert_eq!(count, pending.values().sum::<u64>());
        }
        let found = self.store.lists().done_lanes(job).await.unwrap();
        let found: BTreeMap<_, _> =
            found.into_iter().map(|(action, account, n, at)| ((action, account), (n, Some(at)))).collect();
        prop_assert_eq!(found, done);
        let rounds = &self.model.jobs[number].as_ref().unwrap().rounds;
        let all: Vec<_> = rounds.iter().flat_map(|round| &round.tasks).map(|task| &self.model.tasks[*task]).collect();
        let last = all.iter().map(|task| task.finished_at).max().flatten();
        let settled_at = last.filter(|_| all.iter().all(|task| task.finished_at.is_some()));
        prop_assert_eq!(self.store.admin().settled_at(job).await.unwrap(), settled_at);
        prop_assert_eq!(self.store.admin().tasks_of_all_rounds(job).await.unwrap(), all.len() as u64);
        prop_assert_eq!(
            self.store.loading().may_send(job.round).await.unwrap(),
            tasks.iter().any(|task| {
                let state = self.model.tasks[*task].state;
                state == TaskState::Failed || state.outcome() == Outcome::Pending
            })
        );
        Ok(())
    }
}
