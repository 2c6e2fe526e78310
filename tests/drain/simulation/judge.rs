//! What has to hold of every life, by the platform's own count and the queue's receipts.

use std::collections::{BTreeMap, BTreeSet};

use cleanup::domain::{Outcome, Tick};
use cleanup::sandbox::UserLedger;

use super::World;
use crate::common::{id, sql};
use crate::drain::support::Bench;

/// What is known of a life when it is over.
#[derive(Clone, Debug, Default)]
pub struct Lived {
    pub processes: u64,
    pub deaths: u64,
    /// The edit of the file that was loaded last.
    pub loaded: usize,
    /// Targets that were cancelled, and how often they could have been asked for.
    pub at_most: BTreeMap<String, u64>,
    /// When requests of all accounts arrived, and how many.
    pub arrivals: Vec<(Tick, u64)>,
    pub ledgers: Vec<UserLedger>,
    pub requested: BTreeMap<String, u64>,
    /// What the last file's rows came to, in its order.
    pub outcomes: Vec<Outcome>,
    /// What the counters of each job say, and its receipts.
    pub counted: Vec<(u64, u64)>,
    pub pending: u64,
    /// Requests that were in flight when a process died, by the queue's own record.
    pub crashed: u64,
    /// Requests that were out when the machine fell asleep.
    pub slept_through: u64,
    pub damage: Vec<String>,
}

impl Lived {
    pub fn note_arrivals(&mut self, bench: &Bench, now: Tick) {
        let all: u64 = bench.ledger().users.values().map(|user| user.requests).sum();
        let known: u64 = self.arrivals.iter().map(|(_, count)| count).sum();
        if all > known {
            self.arrivals.push((now, all - known));
        }
    }

    /// Takes down how it has ended.
    pub async fn take_down(&mut self, bench: &Bench) {
        self.ledgers = bench.ledger().users.into_values().collect();
        let users = bench.ledger().users.into_keys().map(|user| user.parse::<cleanup::domain::TargetId>().unwrap());
        let effects = users.flat_map(|user| bench.sandbox.effects(user));
        self.requested = effects.map(|effect| (effect.target.to_string(), u64::from(effect.requested))).collect();
        let mut store = bench.store().await;
        for status in store.read().status(None).await.unwrap() {
            let receipts = bench.receipts(&status.job.name).await;
            self.counted.push((status.counts.rows(), receipts.len() as u64));
            self.pending += status.counts.pending;
            if status.job.name == "unfollow" {
                let rows = receipts.into_iter().filter(|row| row.line.is_some());
                self.outcomes = rows.map(|row| row.outcome).collect();
            }
        }
        let whole = store.admin().integrity().await.unwrap();
        self.damage = [whole.faults, whole.miscounted, whole.misplaced].concat();
        self.damage.extend(whole.orphans.iter().map(|(what, count)| format!("{what}: {count}")));
        store.close().await;
        let crashed = "select count(*) from attempt where finding = 'crashed'";
        self.crashed = sql::rows_at::<(i64,)>(bench.place(), crashed).await[0].0 as u64;
    }
}

/// What is wrong.
pub fn judge(world: &World, lived: &Lived) -> Vec<String> {
    let mut wrong = lived.damage.clone();
    let mut must = |holds: bool, what: String| {
        if !holds {
            wrong.push(what);
        }
    };
    for ledger in &lived.ledgers {
        let faults = ledger.faults;
        let hit = lived.crashed
            + lived.slept_through
            + faults.server_error
            + faults.reset
            + faults.lost
            + faults.cut
            + ledger.injected_429;
        must(ledger.max_in_window <= world.limit, format!("a window of {} held {}", world.limit, ledger.max_in_window));
        must(ledger.earned_429 == 0, format!("{} times 429", ledger.earned_429));
        must(ledger.repeats <= hit, format!("{} repeats, {hit} requests were hit", ledger.repeats));
    }
    if let Some(limit) = world.app_limit {
        let most = most_in_window(&lived.arrivals, i64::try_from(world.window_s * 1_000).unwrap());
        must(most <= limit, format!("the app's window of {limit} held {most}"));
    }
    let named = world.named();
    for (target, times) in &lived.requested {
        must(named.contains(target), format!("{target} was asked for, and no file names it"));
        let most = lived.at_most.get(target).copied().unwrap_or(u64::MAX);
        must(*times <= most, format!("{target} was asked for {times} times, {most} of them before it was cancelled"));
    }
    for number in &world.kept {
        let is_left_alone = !lived.requested.contains_key(&id(*number).to_string());
        must(is_left_alone, format!("{number} is kept, and was asked for"));
    }
    must(lived.pending == 0, format!("{} rows are pending", lived.pending));
    for (counted, receipts) in &lived.counted {
        must(counted == receipts, format!("{counted} rows by the counters, {receipts} receipts"));
    }
    let rows = &world.files[lived.loaded];
    must(rows.len() == lived.outcomes.len(), format!("{} rows, {} outcomes", rows.len(), lived.outcomes.len()));
    let mut met = BTreeSet::new();
    for ((number, _), outcome) in rows.iter().zip(&lived.outcomes) {
        let is_right = match outcome {
            Outcome::Duplicate => met.contains(number),
            Outcome::Kept => world.kept.contains(number),
            Outcome::Done | Outcome::Gone => lived.requested.contains_key(&id(*number).to_string()),
            _ => false,
        };
        must(is_right, format!("row {number} has come to {outcome:?}"));
        met.insert(*number);
    }
    wrong
}

/// The most arrivals in any closed window of so many milliseconds.
pub fn most_in_window(arrivals: &[(Tick, u64)], window_ms: i64) -> u64 {
    let within = |from: Tick| {
        let inside = arrivals.iter().filter(|(at, _)| *at >= from && at.0.saturating_sub(from.0) <= window_ms);
        inside.map(|(_, count)| count).sum()
    };
    arrivals.iter().map(|(from, _)| within(*from)).max().unwrap_or(0)
}

/// The judge is not blind.
#[test]
fn whoever_breaks_a_promise_is_found_out() {
    let world = World { kept: BTreeSet::from([1]), ..World::of(1) };
    let world = World {
        files: vec![vec![(0, 0), (1, 0), (0, 0)]],
        second: vec![],
        limit: 1,
        window_s: 60,
        app_limit: Some(1),
        ..world
    };
    let ledger = UserLedger { requests: 1, max_in_window: 1, ..UserLedger::default() };
    let honest = Lived {
        arrivals: vec![(Tick(0), 1), (Tick(60_001), 1)],
        ledgers: vec![ledger.clone()],
        requested: BTreeMap::from([(id(0).to_string(), 1)]),
        outcomes: vec![Outcome::Done, Outcome::Kept, Outcome::Duplicate],
        counted: vec![(3, 3)],
        ..Lived::default()
    };
    assert_eq!(judge(&world, &honest), [] as [&str; 0]);
    let asked = |number: u64| BTreeMap::from([(id(0).to_string(), 1), (id(number).to_string(), 1)]);
    for broken in [
        Lived { arrivals: vec![(Tick(0), 1), (Tick(60_000), 1)], ..honest.clone() },
        Lived { ledgers: vec![UserLedger { max_in_window: 2, ..ledger.clone() }], ..honest.clone() },
        Lived { ledgers: vec![UserLedger { earned_429: 1, ..ledger.clone() }], ..honest.clone() },
        Lived { ledgers: vec![UserLedger { repeats: 1, ..ledger.clone() }], ..honest.clone() },
        Lived { requested: asked(1), ..honest.clone() },
        Lived { requested: asked(77), ..honest.clone() },
        Lived { at_most: BTreeMap::from([(id(0).to_string(), 0)]), ..honest.clone() },
        Lived { pending: 1, ..honest.clone() },
        Lived { counted: vec![(3, 2)], ..honest.clone() },
        Lived { outcomes: vec![Outcome::Done, Outcome::Kept, Outcome::Pending], ..honest.clone() },
        Lived { outcomes: vec![Outcome::Done, Outcome::Kept], ..honest.clone() },
        Lived { damage: vec!["a page".to_owned()], ..honest.clone() },
    ] {
        assert!(!judge(&world, &broken).is_empty(), "{broken:?}");
    }
}
