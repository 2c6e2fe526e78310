//! The law of the nights at the sizes of a release: files of 100,000 rows, edited at random, with keep lists.

use std::collections::HashMap;

use cleanup::domain::Outcome;
use cleanup::store::ReloadSizes;

use super::support::{Bench, id, run};

const ROWS: u64 = 100_000;

/// What a night does to the file.
fn edit(rows: &mut Vec<u64>, night: u64, dice: &mut fastrand::Rng) {
    // A block moved far, further than the window in which rows are looked for.
    let (from, len) = (dice.usize(..rows.len() - 9_000), dice.usize(1..8_000));
    let block: Vec<u64> = rows.drain(from..from + len).collect();
    let to = dice.usize(..rows.len());
    rows.splice(to..to, block);
    // Some out, some in, some twice, some to another place.
    let new = ROWS * (night + 1);
    for n in 0..1_500 {
        let at = dice.usize(..rows.len());
        match dice.u8(..5) {
            0 | 1 => drop(rows.remove(at)),
            2 => rows.insert(at, new + n),
            3 => rows.insert(at, rows[dice.usize(..rows.len())]),
            _ => {
                let row = rows.remove(at);
                rows.insert(dice.usize(..=rows.len()), row);
            }
        }
    }
    // Whole stretches that were never there, and one that went.
    let at = dice.usize(..rows.len());
    rows.splice(at..at, new + 2_000..new + 12_500);
    let at = dice.usize(..rows.len() - 11_000);
    rows.drain(at..at + 11_000);
}

fn load_into(model: &mut HashMap<u64, Outcome>, rows: &[u64], keep: impl Fn(u64) -> bool) {
    let present: std::collections::HashSet<u64> = rows.iter().copied().collect();
    for (number, outcome) in model.iter_mut() {
        match (present.contains(number), *outcome) {
            // What was spared comes back where no rule spares it any more.
            (true, Outcome::Cancelled | Outcome::Pending | Outcome::Kept) => *outcome = Outcome::Pending,
            (false, Outcome::Pending) => *outcome = Outcome::Cancelled,
            _ => {}
        }
    }
    for number in rows {
        let outcome = model.entry(*number).or_insert(Outcome::Pending);
        if *outcome == Outcome::Pending && keep(*number) {
            *outcome = Outcome::Kept;
        }
    }
}

#[test]
fn large_files_at_the_sizes_of_a_release() {
    run(async {
        let mut bench = Bench::new("1000/1s", "none").await;
        bench.load.reload.allow_shrink = true;
        bench.reload_sizes = Some(ReloadSizes::RELEASE);
        let mut dice = fastrand::Rng::with_seed(11);
        let mut rows: Vec<u64> = (0..ROWS).collect();
        dice.shuffle(&mut rows);
        let mut model = HashMap::new();
        for night in 0..4_u64 {
            if night > 0 {
                edit(&mut rows, night, &mut dice);
            }
            let keep = move |number: u64| night >= 2 && number % 1_000 == night;
            bench.keep(&rows.iter().filter(|n| keep(**n)).map(|n| format!("{}\n", id(*n))).collect::<String>());
            let lines: String = rows.iter().map(|number| format!("{}\n", id(*number))).collect();
            bench.load(&bench.write("unfollow.csv", &format!("user_id\n{lines}"))).await;
            load_into(&mut model, &rows, keep);
            judge(&bench, &model, &rows).await;
        }
    });
}

async fn judge(bench: &Bench, model: &HashMap<u64, Outcome>, rows: &[u64]) {
    let receipts = bench.receipts("unfollow").await;
    let by_id: HashMap<String, u64> = model.keys().map(|number| (id(*number).to_string(), *number)).collect();
    let number = |row: &cleanup::store::RowOutcome| by_id[&row.target.as_ref().unwrap().to_string()];
    let (present, vanished) = receipts.split_at(rows.len());
    let mut met = std::collections::HashSet::new();
    for (place, (receipt, row)) in present.iter().zip(rows).enumerate() {
        assert_eq!(receipt.line, Some(place as u64 + 2));
        // A repeat is told by its cells; they stand in the receipt as they did in the file.
        assert!(receipt.target.is_none() || number(receipt) == *row, "line {}", place + 2);
        let expected = if met.insert(*row) { model[row] } else { Outcome::Duplicate };
        assert_eq!(receipt.outcome, expected, "line {}", place + 2);
    }
    assert_eq!(vanished.len(), model.len() - met.len());
    for receipt in vanished {
        let number = number(receipt);
        assert!(receipt.line.is_none() && !met.contains(&number));
        assert_eq!(receipt.outcome, model[&number], "{number}");
    }
    let mut store = bench.store().await;
    let counts = store.read().status(None).await.unwrap()[0].counts;
    let of = |wanted| receipts.iter().filter(|row| row.outcome == wanted).count() as u64;
    assert_eq!((counts.pending, counts.cancelled), (of(Outcome::Pending), of(Outcome::Cancelled)));
    assert_eq!((counts.kept, counts.duplicate), (of(Outcome::Kept), of(Outcome::Duplicate)));
    store.close().await;
}
