//! A queue as plain lists: what jobs, tasks, requests and accounts are after each step, said as simply as it can be.
//!
//! In: steps (`model_load`, `model_drain`, `model_orders`). Out: what every reading of the store has to say (`judge`). Numbers of tasks, jobs and
//! rounds are the store's own and are learned from it.

use std::collections::{BTreeMap, BTreeSet};

use cleanup::domain::{
    AccountId, Action, AttemptId, CrashCount, JobId, Moment, Outcome, RoundId, Target, TaskId, TaskState, Tick,
    Transition, Wall,
};
use cleanup::store::{JobState, OutageState, OutcomeCounts, VerifyResult};

use super::lie::Lie;

pub(super) type LaneKey = (Action, AccountId);

#[derive(Clone, Debug)]
pub(super) struct ModelTask {
    pub(super) id: Option<TaskId>,
    pub(super) lane: LaneKey,
    pub(super) target: Target,
    pub(super) state: TaskState,
    pub(super) reason: Option<String>,
    pub(super) http_status: Option<u16>,
    pub(super) attempts: Vec<AttemptId>,
    pub(super) transient_failures: u32,
    pub(super) maybe_applied: bool,
    pub(super) crashes: CrashCount,
    pub(super) asked_last: bool,
    pub(super) vanished: bool,
    /// A load has spared or rejected the row while its request was out, and why.
    pub(super) withheld: Option<(Transition, String)>,
    pub(super) line: u64,
    pub(super) record: Option<String>,
    pub(super) finished_at: Option<Wall>,
    pub(super) verdict: Option<ModelVerdict>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct ModelVerdict {
    pub(super) of: Wall,
    pub(super) verdict: VerifyResult,
    pub(super) read_at: Wall,
    pub(super) off_at: Option<Wall>,
}

#[derive(Clone, Debug)]
pub(super) struct ModelRow {
    pub(super) line: u64,
    pub(super) record: Option<String>,
    pub(super) kind: RowKind,
}

/// What a row of the file came to. Tasks are told by their place in [`Model::tasks`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RowKind {
    Task(usize),
    Duplicate(usize),
    Rejected(String),
}

#[derive(Clone, Debug)]
pub(super) struct ModelRound {
    pub(super) id: RoundId,
    pub(super) rows: Vec<ModelRow>,
    /// In the order of their numbers.
    pub(super) tasks: Vec<usize>,
    pub(super) content: String,
}

#[derive(Clone, Debug)]
pub(super) struct ModelJob {
    pub(super) id: JobId,
    pub(super) name: String,
    pub(super) state: JobState,
    pub(super) restores: Option<RoundId>,
    pub(super) rounds: Vec<ModelRound>,
}

#[derive(Clone, Debug)]
pub(super) struct ModelAttempt {
    pub(super) id: AttemptId,
    pub(super) lane: LaneKey,
    pub(super) drain: usize,
    pub(super) reserved: Moment,
    pub(super) counted_until: Tick,
    pub(super) ended_at: Option<Wall>,
    pub(super) http_status: Option<u16>,
    pub(super) finding: Option<String>,
    pub(super) reason: Option<String>,
    pub(super) detail: Option<String>,
}

#[derive(Clone, Debug)]
pub(super) struct ModelDrain {
    pub(super) boot: usize,
    pub(super) started: Moment,
    pub(super) answered: bool,
    pub(super) has_ended: bool,
    pub(super) clock_checked: bool,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct ModelAllowance {
    pub(super) remaining: u32,
    pub(super) after: AttemptId,
    pub(super) until: (Tick, Wall),
    pub(super) drain: usize,
}

#[derive(Clone, Debug, Default)]
pub(super) struct ModelAccount {
    /// Its end, its reason, and the drain that wrote it.
    pub(super) hold: Option<(Tick, Wall, usize)>,
    pub(super) trouble: Option<String>,
}

#[derive(Clone, Debug)]
pub(super) struct Model {
    pub(super) of_account: Vec<ModelAccount>,
    /// By the number that stories call them; the last is the one that restores.
    pub(super) jobs: [Option<ModelJob>; 3],
    pub(super) tasks: Vec<ModelTask>,
    /// All on record, oldest first.
    pub(super) attempts: Vec<ModelAttempt>,
    pub(super) drains: Vec<ModelDrain>,
    pub(super) outages: BTreeMap<(AccountId, Action), (OutageState, usize)>,
    pub(super) allowances: BTreeMap<(AccountId, Action, bool), ModelAllowance>,
    /// Which transitions have been made, of all that there are.
    pub(super) made: BTreeSet<String>,
    /// Drains take accounts, as on a server; else each has all.
    pub(super) is_shared: bool,
    /// Accounts of the newest drain.
    pub(super) held: BTreeSet<AccountId>,
    pub(super) lie: Option<Lie>,
}

impl Model {
    pub(super) fn new(accounts: usize, is_shared: bool, lie: Option<Lie>) -> Model {
        Model {
            of_account: vec![ModelAccount::default(); accounts],
            jobs: [None, None, None],
            tasks: Vec::new(),
            attempts: Vec::new(),
            drains: Vec::new(),
            outages: BTreeMap::new(),
            allowances: BTreeMap::new(),
            made: BTreeSet::new(),
            is_shared,
            held: BTreeSet::new(),
            lie,
        }
    }

    pub(super) fn lies(&self, lie: Lie) -> bool {
        self.lie == Some(lie)
    }

    /// Makes a transition of the domain's table. Whoever is settled has an end.
    pub(super) fn make(&mut self, task: usize, transition: Transition, at: Wall) {
        let of = &mut self.tasks[task];
        assert!(transition.from().contains(&of.state), "{transition:?} from {:?}", of.state);
        of.state = transition.to();
        of.finished_at = (of.state.outcome() != Outcome::Pending).then_some(at);
        self.made.insert(format!("{transition:?}"));
    }

    pub(super) fn newest(&self, job: usize) -> Option<&ModelRound> {
        self.jobs[job].as_ref()?.rounds.last()
    }

    /// The jobs there are, with their rounds, oldest first.
    pub(super) fn all_jobs(&self) -> Vec<&ModelJob> {
        let mut jobs: Vec<_> = self.jobs.iter().flatten().collect();
        jobs.sort_by_key(|job| job.id);
        jobs
    }

    /// Of which job and round every task is.
    pub(super) fn places(&self) -> impl Iterator<Item = (&ModelJob, usize, usize)> {
        let rounds = |job: &ModelJob| {
            job.rounds
                .iter()
                .enumerate()
                .flat_map(|(number, round)| round.tasks.iter().map(move |task| (number, *task)))
                .collect::<Vec<_>>()
        };
        self.jobs
            .iter()
            .flatten()
            .flat_map(move |job| rounds(job).into_iter().map(move |(number, task)| (job, number, task)))
    }

    pub(super) fn round_of(&self, task: usize) -> (&ModelJob, usize) {
        let found = self.places().find(|place| place.2 == task);
        found.map(|(job, number, _)| (job, number)).unwrap()
    }

    /// The tasks that any job still has, in the order of their numbers.
    pub(super) fn live(&self) -> Vec<usize> {
        let mut tasks: Vec<_> = self.places().map(|(.., task)| task).collect();
        tasks.sort_by_key(|task| self.tasks[*task].id);
        tasks
    }

    pub(super) fn attempt(&self, id: AttemptId) -> &ModelAttempt {
        self.attempts.iter().find(|attempt| attempt.id == id).unwrap()
    }

    pub(super) fn attempt_mut(&mut self, id: AttemptId) -> &mut ModelAttempt {
        self.attempts.iter_mut().find(|attempt| attempt.id == id).unwrap()
    }

    pub(super) fn counts(&self, round: &ModelRound) -> OutcomeCounts {
        let of =
            |outcome| round.tasks.iter().filter(|task| self.tasks[**task].state.outcome() == outcome).count() as u64;
        let rows = |is: fn(&RowKind) -> bool| round.rows.iter().filter(|row| is(&row.kind)).count() as u64;
        OutcomeCounts {
            done: of(Outcome::Done),
            gone: of(Outcome::Gone),
            failed: of(Outcome::Failed),
            cancelled: of(Outcome::Cancelled),
            kept: of(Outcome::Kept),
            duplicate: rows(|kind| matches!(kind, RowKind::Duplicate(_))),
            rejected: of(Outcome::Rejected) + rows(|kind| matches!(kind, RowKind::Rejected(_))),
            pending: of(Outcome::Pending),
        }
    }

    /// The verdict that speaks of a task's end.
    pub(super) fn verdict(&self, task: usize) -> Option<ModelVerdict> {
        let of = &self.tasks[task];
        of.verdict.filter(|verdict| Some(verdict.of) == of.finished_at || self.lies(Lie::VerdictStays))
    }

    /// Whether a done task was taken back since, by whatever job.
    pub(super) fn is_restored(&self, task: usize) -> bool {
        let of = &self.tasks[task];
        let Some(inverse) = of.lane.0.inverse().filter(|_| of.lane.0.is_undoing()) else { return false };
        self.places().any(|(.., other)| {
            let back = &self.tasks[other];
            let is_back = back.state == TaskState::Done && back.finished_at >= of.finished_at;
            is_back && (back.lane, &back.target) == ((inverse, of.lane.1), &of.target)
        })
    }
}

impl ModelTask {
    pub(super) fn new(lane: LaneKey, target: Target, line: u64, record: Option<String>) -> ModelTask {
        ModelTask {
            id: None,
            lane,
            target,
            state: TaskState::Pending,
            reason: None,
            http_status: None,
            attempts: Vec::new(),
            transient_failures: 0,
            maybe_applied: false,
            crashes: CrashCount::default(),
            asked_last: false,
            vanished: false,
            withheld: None,
            line,
            record,
            finished_at: None,
            verdict: None,
        }
    }

    /// Its row's cells for people.
    pub(super) fn cells(&self) -> String {
        self.record.clone().unwrap_or_else(|| self.target.to_string())
    }
}
