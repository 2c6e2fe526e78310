#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;
use crate::domain::{CrashCount, Death};

const LANES: i64 = 3;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stands {
    InLine,
    Aside,
    Out,
    Done,
    Failed,
}

#[derive(Clone, Debug)]
struct Row {
    lane: LaneId,
    crashes: bool,
    stands: Stands,
    count: CrashCount,
    /// Of each death since its last answer: whether it was under the boot of the process before, and without company.
    deaths: Vec<(bool, bool)>,
    last_out: usize,
}

/// What may happen to a run from outside, after so many steps of it.
#[derive(Clone, Copy, Debug)]
struct Outside {
    steps: usize,
    reboots: bool,
}

/// A queue and the processes that work on it: they claim as the dispatcher does, and die.
struct World {
    rows: Vec<Row>,
    workers: usize,
    dice: fastrand::Rng,
    clock: usize,
    deaths: usize,
}

impl World {
    fn new(rows: usize, crashers: &[usize], workers: usize, seed: u64) -> World {
        let row = |n: usize| Row {
            lane: LaneId(n as i64 % LANES),
            crashes: crashers.contains(&n),
            stands: Stands::InLine,
            count: CrashCount::default(),
            deaths: Vec::new(),
            last_out: 0,
        };
        World { rows: (0..rows).map(row).collect(), workers, dice: fastrand::Rng::with_seed(seed), clock: 0, deaths: 0 }
    }

    fn with(&self, stands: Stands) -> Vec<usize> {
        (0..self.rows.len()).filter(|n| self.rows[*n].stands == stands).collect()
    }

    fn is_in_line(&self, lane: LaneId) -> bool {
        self.rows.iter().any(|row| row.lane == lane && row.stands == Stands::InLine)
    }

    fn send(&mut self, row: usize) {
        self.clock += 1;
        (self.rows[row].stands, self.rows[row].last_out) = (Stands::Out, self.clock);
    }

    /// One process. False: nothing is left to do.
    fn run(&mut self, outside: Option<Outside>) -> bool {
        let mut aside = self.with(Stands::Aside);
        aside.sort_by_key(|n| self.rows[*n].last_out);
        let crashed = |n: &usize| CrashedTask {
            task: TaskId(*n as i64),
            lane: self.rows[*n].lane,
            alone: self.rows[*n].count.is_sent_alone(),
        };
        let mut queue = CrashQueue::of(&aside.iter().map(crashed).collect::<Vec<_>>());
        let mut answered = !aside.is_empty();
        for step in 0.. {
            if outside.is_some_and(|outside| outside.steps == step) {
                // A kill in the first step comes before the platform has said what o'clock it is.
                self.die(step > 0 && answered, !outside.is_some_and(|outside| outside.reboots));
                return true;
            }
            self.plan(&mut queue, answered);
            let out = self.with(Stands::Out);
            if queue.sent_alone.iter().any(|task| out.contains(&(task.0 as usize))) {
                assert_eq!(out.len(), 1, "a task that must have no company has some");
            }
            if out.is_empty() {
                assert!(
                    self.with(Stands::InLine).is_empty() && queue.is_empty(),
                    "nothing is out, and something is left"
                );
                return false;
            }
            let answer = out[self.dice.usize(..out.len())];
            if self.rows[answer].crashes {
                self.die(answered, true);
                return true;
            }
            answered = true;
            queue.decide(TaskId(answer as i64));
            queue.ended(AttemptId(answer as i64));
            let row = &mut self.rows[answer];
            (row.count, row.stands) = (CrashCount::default(), Stands::Done);
            row.deaths.clear();
        }
        false
    }

    /// As `wake_crashed`, `plan_claims` and `send_out` do it, for one account.
    fn plan(&mut self, queue: &mut CrashQueue, answered: bool) {
        for lane in queue.lanes() {
            if !self.is_in_line(lane) {
                for task in queue.wake(lane) {
                    self.rows[task.0 as usize].stands = Stands::InLine;
                }
            }
        }
        if queue.keeps_the_wire(self.with(Stands::Out).len()) {
            return;
        }
        queue.cleared_for();
        let out = self.with(Stands::Out).len();
        // An app's first request waits for its answer.
        let most = if answered { self.workers } else { 1 };
        for lane in (0..LANES).map(LaneId) {
            let in_line: Vec<usize> =
                self.with(Stands::InLine).into_iter().filter(|n| self.rows[*n].lane == lane).collect();
            if !in_line.is_empty() {
                in_line.into_iter().take(most.saturating_sub(out)).for_each(|row| self.send(row));
                return;
            }
            if queue.waits_in(lane) {
                if out > 0 {
                    queue.clear_for(0);
                } else if let Some(task) = queue.take_alone(lane) {
                    self.send(task.0 as usize);
                    queue.left(Some(AttemptId(task.0)));
                }
                return;
            }
        }
    }

    fn die(&mut self, answered: bool, same_boot: bool) {
        self.deaths += 1;
        let out = self.with(Stands::Out);
        let death = Death { same_boot, answered, alone: out.len() == 1 };
        for n in out {
            let row = &mut self.rows[n];
            row.count = row.count.after(death);
            row.deaths.push((same_boot, death.alone));
            row.stands = if row.count.has_failed() { Stands::Failed } else { Stands::Aside };
            if row.stands == Stands::Failed {
                let here: Vec<bool> = row.deaths.iter().filter(|(here, _)| *here).map(|(_, alone)| *alone).collect();
                assert!(here.len() >= 3 && here[here.len() - 3..].iter().all(|alone| *alone), "{row:?}");
            }
        }
    }
}

fn outside() -> impl Strategy<Value = Outside> {
    (0_usize..30, any::<bool>()).prop_map(|(steps, reboots)| Outside { steps, reboots })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn a_row_that_crashes_the_process_is_found_and_nobody_else_fails(
        rows in 1_usize..60, crashers in proptest::collection::vec(0_usize..60, 0..4), workers in 1_usize..12, seed: u64,
    ) {
        let mut world = World::new(rows, &crashers, workers, seed);
        while world.run(None) {
            prop_assert!(world.deaths < 100, "no end of dying");
        }
        for row in &world.rows {
            prop_assert_eq!(row.stands, if row.crashes { Stands::Failed } else { Stands::Done });
        }
        let found = world.rows.iter().filter(|row| row.crashes).count();
        // The first death may come before any answer; the others that count are five for each.
        prop_assert!(world.deaths <= found * 6, "{} deaths of {found}", world.deaths);
    }

    #[test]
    fn whatever_happens_outside_the_work_goes_on_and_nobody_fails_who_had_company(
        rows in 1_usize..60, crashers in proptest::collection::vec(0_usize..60, 0..3), workers in 1_usize..12, seed: u64,
        kills in proptest::collection::vec(outside(), 0..60),
    ) {
        let mut world = World::new(rows, &crashers, workers, seed);
        let most = kills.len() + 18 + kills.len() * 3;
        let mut kills = kills.into_iter();
        while world.run(kills.next()) {
            prop_assert!(world.deaths <= most, "no end of dying");
        }
        prop_assert!(world.rows.iter().all(|row| matches!(row.stands, Stands::Done | Stands::Failed)));
        // `die` holds that whoever failed was alone at its last three deaths under one boot.
        prop_assert!(world.rows.iter().filter(|row| row.crashes).all(|row| row.stands == Stands::Failed));
    }
}
