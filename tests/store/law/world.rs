//! A story told to a store and to its model at once: whatever a step gives back is the same.

use cleanup::domain::{AccountId, JobId, Moment, TaskId, Tick, Wall};
use cleanup::store::{
    Drain, Job, JobState, LoadForecast, LoadForecaster, LoadRow, LoadedFrom, NewJob, Reloaded, RowPlace, Store,
};
use proptest::prelude::*;

use super::lie::Lie;
use super::model::{Model, ModelJob};
use super::model_load::{NewRow, RULE, ReloadEnd, UNUSABLE};
use super::story::{ACTIONS, Asks, FileRow, Step, TARGETS};
use crate::store::stores::{StoreKind, TestQueue};
use crate::store::support::{account, job, receipts, target};

pub(super) type Told = Result<(), TestCaseError>;

/// A store, and what it has to say.
pub(super) struct World {
    pub(super) queue: TestQueue,
    /// Another process than the one that drains.
    pub(super) store: Store,
    pub(super) drain: Option<Drain>,
    pub(super) accounts: Vec<AccountId>,
    pub(super) model: Model,
    pub(super) now: Moment,
    pub(super) boot: usize,
    loads: usize,
}

impl World {
    pub(super) async fn new(queue: TestQueue, lie: Option<Lie>) -> World {
        let mut store = queue.open().await;
        let accounts = vec![account(&mut store, "ada").await, account(&mut store, "bob").await];
        let model = Model::new(accounts.len(), queue.kind == StoreKind::Postgres, lie);
        let now = Moment { tick: Tick(1_000), wall: Wall(1_700_000_000_000) };
        World { queue, store, drain: None, accounts, model, now, boot: 0, loads: 0 }
    }

    pub(super) async fn step(&mut self, step: &Step) -> Told {
        self.pass(1);
        match step {
            Step::Load { job, rows, dies } => self.load(*job, rows, *dies).await,
            Step::Reload { job, rows, allow_shrink } => self.reload(*job, rows, *allow_shrink).await,
            Step::Begin { reboots } => self.begin(*reboots).await,
            Step::Turn { answers, moves, wants, news } => {
                self.begin(false).await?;
                self.turn(answers, moves, wants, news).await
            }
            Step::Die(ms) => {
                self.drain = None;
                self.pass(*ms);
                Ok(())
            }
            Step::End => self.end().await,
            Step::Tell { job, order } => self.tell(*job, *order).await,
            Step::Undo { job } => self.undo(*job).await,
            Step::Forget { job, slots_too } => self.forget(*job, *slots_too).await,
            Step::Pass(ms) => {
                self.pass(*ms);
                Ok(())
            }
        }
    }

    pub(super) fn pass(&mut self, ms: i64) {
        self.now = Moment { tick: Tick(self.now.tick.0 + ms), wall: Wall(self.now.wall.0 + ms) };
    }

    /// A file's rows, as the model and as the store take them.
    fn rows(&self, rows: &[FileRow]) -> Vec<NewRow> {
        let mut line = 1;
        let row = |row: &FileRow| {
            line += 1 + u64::from(row.is_behind_gap);
            let (lane, target) = ((ACTIONS[row.action], self.accounts[row.account]), target(TARGETS[row.target]));
            let (is_spared, is_usable) = (row.asks == Asks::Spared, !matches!(row.asks, Asks::Nothing { .. }));
            let names_task = row.asks == Asks::Nothing { names_task: true };
            let cells = (row.cells > 0).then(|| format!("{target},cell {}", row.cells));
            let text = target.to_string();
            let needs_quotes = (is_usable || names_task) && text.contains(',');
            let record = cells.or_else(|| needs_quotes.then(|| format!("\"{}\"", text.replace('"', "\"\""))));
            NewRow { line, lane, target, is_spared, is_usable, names_task, record }
        };
        rows.iter().map(row).collect()
    }

    /// The next content, so that no load is like another.
    fn content(&mut self) -> LoadedFrom {
        self.loads += 1;
        LoadedFrom::new(format!("content-{}", self.loads), 1)
    }

    async fn load(&mut self, number: usize, rows: &[FileRow], dies: bool) -> Told {
        let mut rows = rows.to_vec();
        if rows.iter().all(|row| matches!(row.asks, Asks::Nothing { .. })) {
            // A file without a row that can be used never comes so far.
            rows[0].asks = Asks::Task;
        }
        let (rows, new) = (self.rows(&rows), job(&format!("job-{number}")));
        if dies {
            let (seen, from) = (self.store.queue().job(&new.name).await.unwrap(), self.content());
            let now = self.now.wall;
            let mut loader = self.store.loading().begin_round(&new, seen.as_ref(), &from, None, now).await.unwrap();
            loader.push_all(rows.iter().map(load_row).collect()).await.unwrap();
            return Ok(());
        }
        let foretold = foretell(LoadForecaster::alone(), &rows).await;
        prop_assert_eq!(foretold, self.model.forecast(None, &rows, self.now.wall), "foretold of a new round");
        self.load_rows(number, &new, &rows).await
    }

    pub(super) async fn load_rows(&mut self, number: usize, new: &NewJob, rows: &[NewRow]) -> Told {
        let (seen, from, now) = (self.store.queue().job(&new.name).await.unwrap(), self.content(), self.now.wall);
        let before = self.generation().await;
        let mut loader = self.store.loading().begin_round(new, seen.as_ref(), &from, None, now).await.unwrap();
        loader.push_all(rows.iter().map(load_row).collect()).await.unwrap();
        let summary = loader.finish().await.unwrap();
        let (mut round, expected) = self.model.load(rows, now);
        prop_assert_eq!(summary, expected);
        prop_assert!(self.generation().await > before, "a drain has to notice");
        let loaded = self.store.queue().job(&new.name).await.unwrap().unwrap();
        (round.id, round.content) = (loaded.round, from.content_hash);
        let known = self.model.jobs[number].get_or_insert_with(|| ModelJob {
            id: JobId(0),
            name: new.name.clone(),
            state: JobState::Active,
            restores: new.restores,
            rounds: Vec::new(),
        });
        (known.id, known.state) = (loaded.id, JobState::Active);
        known.rounds.push(round);
        self.learn_numbers(number).await
    }

    async fn reload(&mut self, number: usize, rows: &[FileRow], allow_shrink: bool) -> Told {
        let Some(seen) = self.job(number).await else { return self.load(number, rows, false).await };
        let (rows, from, now) = (self.rows(rows), self.content(), self.now.wall);
        let foretold = foretell(LoadForecaster::beside(self.queue.place(), &seen).await.unwrap(), &rows).await;
        prop_assert_eq!(foretold, self.model.forecast(Some(number), &rows, now), "foretold of a reload");
        let mut loader = self.store.loading().begin_reload(&seen, &from, now).await.unwrap();
        loader.push_all(rows.iter().map(load_row).collect()).await.unwrap();
        match (loader.apply(allow_shrink).await.unwrap(), self.model.reload(number, &rows, allow_shrink, now)) {
            (Reloaded::Applied(summary), ReloadEnd::Applied(expected)) => prop_assert_eq!(summary, expected),
            (Reloaded::Shrinks { vanished, pending }, ReloadEnd::Shrinks { vanished: gone, pending: of }) => {
                prop_assert_eq!((vanished, pending), (gone, of));
                return Ok(());
            }
            (applied, expected) => prop_assert!(false, "{applied:?}, and not {expected:?}"),
        }
        if let Some(round) = self.model.jobs[number].as_mut().and_then(|job| job.rounds.last_mut()) {
            round.content = from.content_hash;
        }
        self.learn_numbers(number).await
    }

    /// Which numbers the store has given to new tasks: later rows have higher ones.
    async fn learn_numbers(&mut self, number: usize) -> Told {
        let Some(seen) = self.job(number).await else { return Ok(()) };
        let found = receipts(&mut self.store, &seen, seen.round_number).await;
        let round = self.model.newest(number).unwrap().clone();
        let highest = self.model.live().into_iter().filter_map(|task| self.model.tasks[task].id).max();
        let mut last = highest.unwrap_or(TaskId(0));
        for task in round.tasks {
            let of = &mut self.model.tasks[task];
            if of.id.is_none() {
                of.id = found.iter().find(|row| row.line == Some(of.line)).and_then(|row| row.task);
                prop_assert!(of.id.is_some_and(|id| id > last), "{:?} behind {:?}", of, last);
                last = of.id.unwrap();
            }
        }
        Ok(())
    }

    /// The job of that number, as the store has it now.
    pub(super) async fn job(&mut self, number: usize) -> Option<Job> {
        let name = self.model.jobs[number].as_ref()?.name.clone();
        self.store.queue().job(&name).await.unwrap()
    }

    pub(super) async fn generation(&mut self) -> i64 {
        self.store.read().change_counters().await.unwrap().generation
    }
}

fn load_row(row: &NewRow) -> LoadRow {
    let (action, account) = row.lane;
    let target = row.target.clone();
    let place = if row.is_usable {
        RowPlace::Task { action, account, target, spared: row.is_spared.then_some(RULE) }
    } else {
        RowPlace::Rejected { reason: UNUSABLE.into(), task: row.names_task.then_some((action, account, target)) }
    };
    // The store itself quotes what needs it.
    let is_quoted = row.record.as_deref().is_some_and(|record| record.starts_with('"') && !record.contains("cell"));
    LoadRow { line: row.line, place, record: row.record.clone().filter(|_| !is_quoted) }
}

async fn foretell(mut forecaster: LoadForecaster, rows: &[NewRow]) -> LoadForecast {
    for batch in rows.chunks(3) {
        forecaster.push_all(&batch.iter().map(load_row).collect::<Vec<_>>()).await.unwrap();
    }
    let mut forecast = forecaster.finish().await.unwrap();
    forecast.to_send.sort();
    forecast
}
