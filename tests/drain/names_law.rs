//! The law of names, over random files and nights: whatever mix of IDs and names a file has, however often it is loaded again and whenever a
//! process dies, each target is sent at most once, nothing is sent that is kept, and outcomes add up to the rows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cleanup::domain::Outcome;
use cleanup::engine::{Event, Listener};
use cleanup::store::DrainLock;
use proptest::prelude::*;
use tokio::sync::Notify;

use super::support::{Bench, run};

/// Users that rows may be about.
const USERS: u64 = 6;

/// What a row says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Row {
    Id(u64),
    Name(u64),
    /// A name that nobody has.
    Nobody(u64),
}

impl Row {
    fn cell(self) -> String {
        match self {
            Row::Id(user) => id_of(user),
            Row::Name(user) => name_of(user),
            Row::Nobody(number) => format!("@gone_{number}"),
        }
    }
}

fn id_of(user: u64) -> String {
    (1_000_000 + user).to_string()
}

/// The sandbox says that this is the user of that ID.
fn name_of(user: u64) -> String {
    format!("@sandbox_{}", id_of(user))
}

/// A night: the file, who is kept (by name where that is true, though rows may have the ID alone), and behind how many events the process
/// dies.
#[derive(Clone, Debug)]
struct Night {
    rows: Vec<Row>,
    kept: BTreeMap<u64, bool>,
    dies_after: Option<usize>,
}

/// Dies, so to speak, behind so many events.
struct Fuse(Arc<AtomicUsize>, Arc<Notify>);

impl Listener for Fuse {
    fn hear(&mut self, _: &Event) {
        if self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)) == Ok(1) {
            self.1.notify_one();
        }
    }
}

/// What is known of nights when they are over.
#[derive(Clone, Debug, Default)]
struct Facts {
    /// By night, who had been sent for by its end, and how often.
    sent: Vec<BTreeMap<String, u64>>,
    /// What the last file's rows came to, in its order.
    outcomes: Vec<Outcome>,
    /// What the counters say the last file's rows came to.
    counted: u64,
    deaths: u64,
}

fn sent_by(facts: &Facts, night: usize) -> BTreeMap<String, u64> {
    night.checked_sub(1).map(|before| facts.sent[before].clone()).unwrap_or_default()
}

fn names(night: &Night, user: u64) -> bool {
    night.rows.iter().any(|row| matches!(row, Row::Id(of) | Row::Name(of) if *of == user))
}

/// What is wrong, by the law.
fn judge(nights: &[Night], facts: &Facts) -> Vec<String> {
    let mut wrong = Vec::new();
    for (number, night) in nights.iter().enumerate() {
        let before = sent_by(facts, number);
        for user in night.kept.keys() {
            let is_new = facts.sent[number].get(&id_of(*user)) > before.get(&id_of(*user));
            // What was in flight when a process died may arrive when that night is over.
            let was_in_flight =
                number > 0 && nights[number - 1].dies_after.is_some() && names(&nights[number - 1], *user);
            if is_new && !was_in_flight {
                wrong.push(format!("night {number}: {user} is kept, and was sent for"));
            }
        }
    }
    let last = facts.sent.last().cloned().unwrap_or_default();
    for (target, times) in &last {
        if *times > 1 + facts.deaths {
            wrong.push(format!("{target}: sent for {times} times, with {} deaths", facts.deaths));
        }
    }
    let Some(Night { rows, .. }) = nights.last() else { return wrong };
    if facts.outcomes.len() != rows.len() || facts.counted != rows.len() as u64 {
        wrong.push(format!("{} rows came to {:?}, counted as {}", rows.len(), facts.outcomes, facts.counted));
    }
    let mut met = BTreeSet::new();
    for (row, outcome) in rows.iter().zip(&facts.outcomes) {
        let is_right = match (row, outcome) {
            (Row::Nobody(number), Outcome::Gone) => met.insert(format!("@gone_{number}")),
            (Row::Nobody(number), Outcome::Duplicate) => met.contains(&format!("@gone_{number}")),
            (Row::Id(user) | Row::Name(user), Outcome::Done) => {
                met.insert(id_of(*user)) && last.contains_key(&id_of(*user))
            }
            // Of two rows of one user either may be the other's duplicate.
            (Row::Id(user) | Row::Name(user), Outcome::Duplicate) => {
                rows.iter().filter(|other| matches!(other, Row::Id(of) | Row::Name(of) if of == user)).count() > 1
            }
            _ => false,
        };
        if !is_right {
            wrong.push(format!("{row:?}: {outcome:?}"));
        }
    }
    wrong
}

async fn drain(bench: &Bench, dies_after: Option<usize>) -> bool {
    let (left, death) = (Arc::new(AtomicUsize::new(dies_after.unwrap_or(0))), Arc::new(Notify::new()));
    // What died a moment ago may hold the lock still.
    while DrainLock::take(bench.place()).await.is_err() {
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    tokio::select! {
        ended = bench.try_drain(Box::new(Fuse(left, Arc::clone(&death)))) => {
            ended.unwrap().store.close().await;
            true
        }
        () = death.notified() => false,
    }
}

async fn live_through(nights: &[Night]) -> Facts {
    let mut bench = Bench::new("1000/1s", "none").await;
    bench.options.run.workers = 3;
    bench.load.reload.allow_shrink = true;
    let mut facts = Facts::default();
    for night in nights {
        let list = night.kept.iter().map(|(user, by_name)| if *by_name { name_of(*user) } else { id_of(*user) });
        let list: Vec<String> = list.chain(["# the list".to_owned()]).collect();
        bench.keep_watched(&list.join("\n"));
        let cells: Vec<String> = night.rows.iter().map(|row| row.cell()).collect();
        let file = bench.write("unfollow.csv", &format!("target_id\n{}\n", cells.join("\n")));
        bench.load(&file).await;
        facts.deaths += u64::from(!drain(&bench, night.dies_after).await);
        facts.sent.push(sent(&bench));
    }
    facts.outcomes =
        bench.receipts("unfollow").await.into_iter().filter(|row| row.line.is_some()).map(|row| row.outcome).collect();
    let mut store = bench.store().await;
    let counts = store.read().status(Some("unfollow")).await.unwrap()[0].counts;
    let vanished = bench.receipts("unfollow").await.into_iter().filter(|row| row.line.is_none()).count() as u64;
    facts.counted = counts.rows() - vanished;
    let whole = store.admin().integrity().await.unwrap();
    assert!(whole.faults.is_empty() && whole.miscounted.is_empty() && whole.orphans.is_empty(), "{whole:?}");
    facts
}

/// By target, how often it has been sent for.
fn sent(bench: &Bench) -> BTreeMap<String, u64> {
    let effects = bench.sandbox.effects(bench.user());
    effects.into_iter().map(|effect| (effect.target.to_string(), u64::from(effect.applied))).collect()
}

fn nights() -> impl Strategy<Value = Vec<Night>> {
    let row = || {
        prop_oneof![
            4 => (0..USERS).prop_map(Row::Id),
            6 => (0..USERS).prop_map(Row::Name),
            1 => (0_u64..2).prop_map(Row::Nobody),
        ]
    };
    let kept = || proptest::collection::btree_map(0..USERS, any::<bool>(), 0..3);
    let night = (proptest::collection::vec(row(), 1..10), kept(), proptest::option::of(1_usize..25))
        .prop_map(|(rows, kept, dies_after)| Night { rows, kept, dies_after });
    proptest::collection::vec(night, 1..5).prop_map(|mut nights| {
        // The last one keeps nobody and lives.
        let rows = nights.last().map(|night| night.rows.clone()).unwrap_or_default();
        nights.push(Night { rows, kept: BTreeMap::new(), dies_after: None });
        nights
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn each_target_is_sent_once_however_its_rows_name_it(nights in nights()) {
        let facts = run(live_through(&nights));
        let wrong = judge(&nights, &facts);
        prop_assert!(wrong.is_empty(), "{wrong:#?}\n{facts:#?}");
    }
}

/// The judge is not blind: whoever sends twice, sends what is kept or loses a row is found out.
#[test]
fn the_law_finds_what_breaks_it() {
    for by_name in [false, true] {
        breaks_are_found(by_name);
    }
}

fn breaks_are_found(by_name: bool) {
    let night = |kept: &[u64]| Night {
        rows: vec![Row::Id(1), Row::Name(1), Row::Id(2)],
        kept: kept.iter().map(|user| (*user, by_name)).collect(),
        dies_after: None,
    };
    let nights = [night(&[2]), night(&[])];
    let sent =
        |users: &[(u64, u64)]| users.iter().map(|(user, times)| (id_of(*user), *times)).collect::<BTreeMap<_, _>>();
    let honest = Facts {
        sent: vec![sent(&[(1, 1)]), sent(&[(1, 1), (2, 1)])],
        outcomes: vec![Outcome::Done, Outcome::Duplicate, Outcome::Done],
        counted: 3,
        deaths: 0,
    };
    assert_eq!(judge(&nights, &honest), [] as [&str; 0]);
    for broken in [
        Facts { sent: vec![sent(&[(1, 1)]), sent(&[(1, 2), (2, 1)])], ..honest.clone() },
        Facts { sent: vec![sent(&[(1, 1), (2, 1)]), sent(&[(1, 1), (2, 1)])], ..honest.clone() },
        Facts { outcomes: vec![Outcome::Done, Outcome::Done, Outcome::Done], ..honest.clone() },
        Facts { outcomes: vec![Outcome::Done, Outcome::Duplicate, Outcome::Pending], ..honest.clone() },
        Facts { counted: 2, ..honest.clone() },
        Facts { sent: vec![sent(&[(1, 1)]), sent(&[(1, 1)])], ..honest.clone() },
    ] {
        assert!(!judge(&nights, &broken).is_empty(), "{broken:?}");
    }
}
