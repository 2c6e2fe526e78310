//! Whatever happens to the file between two nights, the queue says the same as a model that fits on a page.

use std::collections::{BTreeMap, HashSet};

use cleanup::app::RowRules;
use cleanup::domain::Outcome;
use cleanup::jobfile::Source;
use cleanup::jobfile::keep_list::read_source;
use cleanup::lists::filter::{Filter, Take};
use cleanup::store::RowOutcome;
use proptest::prelude::*;

use super::support::{Bench, id, run};

/// One night: the file's rows as small numbers, repeats allowed, how many requests the run may send, and who is spared: the
/// numbers on a keep list, and those that are not a multiple of something.
#[derive(Clone, Debug)]
struct Night {
    rows: Vec<u64>,
    requests: u64,
    keep: Vec<u64>,
    only: Option<u64>,
}

impl Night {
    fn spares(&self, number: u64) -> Option<&'static str> {
        let listed = self.keep.contains(&number).then_some("keep_list");
        listed.or_else(|| self.only.is_some_and(|of| !number.is_multiple_of(of)).then_some("only_list"))
    }
}

/// Most nights have no rules.
fn rules() -> impl Strategy<Value = (Vec<u64>, Option<u64>)> {
    let some = (proptest::collection::vec(0_u64..24, 0..6), proptest::option::of(2_u64..4));
    prop_oneof![Just((Vec::new(), None)), some]
}

fn nights() -> impl Strategy<Value = Vec<Night>> {
    let night = (proptest::collection::vec(0_u64..24, 1..40), 0_u64..6, rules());
    let night = night.prop_map(|(rows, requests, (keep, only))| Night { rows, requests, keep, only });
    proptest::collection::vec(night, 1..6)
}

/// A file that is the one before with a few rows taken out, put in or moved: what people really have.
fn edited_nights() -> impl Strategy<Value = Vec<Night>> {
    let edit = (0_usize..60, 0_usize..60, 0_u64..200, 0_u8..3, 0_u64..6);
    let night = (proptest::collection::vec(edit, 0..5), rules());
    (20_usize..60, proptest::collection::vec(night, 1..5)).prop_map(|(first, edits)| {
        let mut rows: Vec<u64> = (0..first as u64).collect();
        let mut nights = vec![Night { rows: rows.clone(), requests: 3, keep: Vec::new(), only: None }];
        for (edits, (keep, only)) in edits {
            let mut requests = 0;
            for (at, to, new, what, more) in edits {
                requests += more;
                let (at, to) = (at % rows.len(), to % rows.len());
                match what {
                    0 if rows.len() > 2 => drop(rows.remove(at)),
                    1 => rows.insert(at, 1_000 + new),
                    _ => {
                        let row = rows.remove(at);
                        rows.insert(to.min(rows.len()), row);
                    }
                }
            }
            nights.push(Night { rows: rows.clone(), requests, keep, only });
        }
        nights
    })
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Task {
    Pending,
    Done,
    Cancelled,
    Kept(&'static str),
}

fn outcome(task: Task) -> Outcome {
    match task {
        Task::Pending => Outcome::Pending,
        Task::Done => Outcome::Done,
        Task::Cancelled => Outcome::Cancelled,
        Task::Kept(_) => Outcome::Kept,
    }
}

fn load_into(model: &mut BTreeMap<u64, Task>, night: &Night) {
    for (number, task) in model.iter_mut() {
        match (night.rows.contains(number), *task) {
            (true, Task::Cancelled | Task::Kept(_) | Task::Pending) => {
                *task = night.spares(*number).map_or(Task::Pending, Task::Kept);
            }
            (false, Task::Pending) => *task = Task::Cancelled,
            _ => {}
        }
    }
    for number in &night.rows {
        model.entry(*number).or_insert(night.spares(*number).map_or(Task::Pending, Task::Kept));
    }
}

fn judge(receipts: &[RowOutcome], model: &BTreeMap<u64, Task>, rows: &[u64]) -> Result<(), TestCaseError> {
    let (present, vanished) = receipts.split_at(rows.len().min(receipts.len()));
    let mut met = HashSet::new();
    for (place, (receipt, number)) in present.iter().zip(rows).enumerate() {
        prop_assert_eq!(receipt.line, Some(place as u64 + 2));
        let expected = if met.insert(*number) { outcome(model[number]) } else { Outcome::Duplicate };
        prop_assert_eq!(receipt.outcome, expected, "line {}", place + 2);
        if let (Outcome::Kept, Task::Kept(rule)) = (receipt.outcome, model[number]) {
            prop_assert_eq!(receipt.reason.as_deref(), Some(rule), "line {}", place + 2);
        }
        if let Some(target) = &receipt.target {
            prop_assert_eq!(target.to_string(), id(*number).to_string());
        }
    }
    let gone: BTreeMap<String, Outcome> = model
        .iter()
        .filter(|(number, _)| !rows.contains(number))
        .map(|(number, task)| (id(*number).to_string(), outcome(*task)))
        .collect();
    let told: BTreeMap<String, Outcome> =
        vanished.iter().map(|row| (row.target.as_ref().unwrap().to_string(), row.outcome)).collect();
    prop_assert_eq!(told, gone);
    prop_assert!(vanished.iter().all(|row| row.line.is_none()));
    Ok(())
}

fn check(nights: &[Night]) -> Result<(), TestCaseError> {
    run(async {
        let mut bench = Bench::new("1000/1s", "none").await;
        bench.load.reload.allow_shrink = true;
        let mut model = BTreeMap::new();
        for night in nights {
            let lines: Vec<String> = night.rows.iter().map(|number| id(*number).to_string()).collect();
            let file = bench.write("unfollow.csv", &format!("user_id\n{}\n", lines.join("\n")));
            let list = |numbers: &mut dyn Iterator<Item = u64>| {
                let lines: Vec<String> = numbers.map(|number| id(number).to_string()).collect();
                read_source(&Source::spool("list", lines.join("\n").as_bytes()).unwrap(), |_| Vec::new()).unwrap()
            };
            let keep = (!night.keep.is_empty()).then(|| list(&mut night.keep.iter().copied()));
            let only = night.only.map(|of| list(&mut (0..2_000).filter(|number: &u64| number.is_multiple_of(of))));
            let filter = Filter { keep, only, ..Filter::default() };
            bench.load.rules = RowRules::new(filter, Take::default(), None);
            bench.load(&file).await;
            load_into(&mut model, night);
            judge(&bench.receipts("unfollow").await, &model, &night.rows)?;
            if night.requests > 0 {
                bench.options.run.terms.max_requests = Some(night.requests);
                bench.drain().await.store.close().await;
                // What was sent is the sandbox's to say; the model takes it over.
                for effect in bench.sandbox.effects(bench.user()) {
                    let number = model.keys().copied().find(|n| id(*n).to_string() == effect.target.to_string());
                    model.insert(number.unwrap(), Task::Done);
                }
            }
            let receipts = bench.receipts("unfollow").await;
            judge(&receipts, &model, &night.rows)?;
            let mut store = bench.store().await;
            let counts = store.read().status(None).await.unwrap()[0].counts;
            let of = |wanted| receipts.iter().filter(|row| row.outcome == wanted).count() as u64;
            prop_assert_eq!(counts.rows(), receipts.len() as u64, "{:?} {:#?}", counts, receipts);
            prop_assert_eq!(
                (counts.pending, counts.done, counts.cancelled, counts.kept, counts.duplicate),
                (
                    of(Outcome::Pending),
                    of(Outcome::Done),
                    of(Outcome::Cancelled),
                    of(Outcome::Kept),
                    of(Outcome::Duplicate)
                )
            );
            store.close().await;
        }
        Ok(())
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_file_after_any_other(nights in nights()) {
        check(&nights)?;
    }

    #[test]
    fn a_file_edited_night_by_night(nights in edited_nights()) {
        check(&nights)?;
    }
}
