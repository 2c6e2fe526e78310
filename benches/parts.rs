//! The parts by themselves, where whole processes (the scripts beside this) are too coarse: `cargo bench --bench parts`.
#![allow(clippy::unwrap_used, missing_docs)]

use std::io::Write;
use std::path::PathBuf;

use cleanup::domain::{AccountId, Action, Platform, Target, TargetId, Tick, Wall};
use cleanup::jobfile::{ReadOptions, Source, Survey};
use cleanup::limits::{ALONE, Limiter, Pace, Reservation};
use cleanup::store::{LoadRow, LoadedFrom, NewJob, QueueKind, RowPlace, Store};
use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

fn main() {
    divan::main();
}

const ROWS: usize = 100_000;

/// 19-digit numbers in no order.
fn target(row: usize) -> u64 {
    1_000_000_000_000_000_000 + (row as u64 * 49_979_687 % ROWS as u64) * 7_919
}

/// Reading, judging and hashing a file of one column: pass 1 of every load.
#[divan::bench(sample_count = 20)]
fn survey_rows(bencher: Bencher<'_, '_>) {
    let mut file = tempfile::NamedTempFile::with_suffix("-unfollow.csv").unwrap();
    let text: String = (0..ROWS).map(|row| format!("{}\n", target(row))).collect();
    file.write_all(format!("target_id\n{text}").as_bytes()).unwrap();
    let source = Source::open(file.path()).unwrap();
    let options = ReadOptions { action: Some(Action::Unfollow), ..ReadOptions::default() };
    bencher.counter(ItemsCount::new(ROWS)).bench(|| Survey::of(black_box(&source), &options).unwrap());
}

/// Rows that have been judged into a new queue: appended, sorted, keyed, durable.
#[divan::bench(sample_count = 10)]
fn load_rows(bencher: Bencher<'_, '_>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let row = |n: usize| {
        let target = Target::Id(TargetId::from_i64(target(n) as i64).unwrap());
        let place = RowPlace::Task { action: Action::Unfollow, account: AccountId(1), target, spared: None };
        LoadRow { line: n as u64 + 2, place, record: None }
    };
    let rows: Vec<LoadRow> = (0..ROWS).map(row).collect();
    bencher
        .counter(ItemsCount::new(ROWS))
        .with_inputs(|| {
            let folder = tempfile::tempdir().unwrap();
            let store = runtime.block_on(async {
                let mut store = Store::open(&folder.path().join("queue.db"), QueueKind::Sandbox).await.unwrap();
                let (name, user) = ("ada".parse().unwrap(), "42".parse().unwrap());
                let account = store.accounts().ensure_account(&name, Platform::Sandbox, &user).await.unwrap();
                assert_eq!(account, AccountId(1));
                store
            });
            (folder, store, rows.clone())
        })
        .bench_values(|(folder, mut store, rows)| {
            let job = NewJob {
                name: "unfollow".into(),
                path: PathBuf::from("/unfollow.csv"),
                action: Some(Action::Unfollow),
                account: None,
                keep: None,
                target_column: None,
                host: None,
                restores: None,
            };
            let summary = runtime.block_on(async {
                let mut loader = store
                    .loading()
                    .begin_round(&job, None, &LoadedFrom::new("content", 1), None, Wall(0))
                    .await
                    .unwrap();
                loader.push_all(rows).await.unwrap();
                loader.finish().await.unwrap()
            });
            assert_eq!(summary.added, ROWS as u64);
            (folder, store)
        });
}

/// A slot taken, used and freed again, in an account's windows as X documents them; the time is told, so a day passes at once.
#[divan::bench]
fn slots_of_a_day(bencher: Bencher<'_, '_>) {
    const DAY_MS: i64 = 86_400_000;
    let windows = cleanup::platforms::spec(Platform::XV2).windows.to_vec();
    bencher.counter(ItemsCount::new(4_800_usize)).bench(|| {
        let mut limiter = Limiter::new(&windows, Pace::Even, Tick(0));
        let (mut now, mut taken) = (Tick(0), 0);
        while now.0 < DAY_MS {
            match limiter.reserve(Action::Unfollow, 1, now, ALONE) {
                Reservation::Granted(count) => {
                    taken += count;
                    limiter.ended(Action::Unfollow, Tick(now.0 + 200));
                    now = Tick(now.0 + 200);
                }
                Reservation::Wait { until, .. } => now = until.unwrap_or(Tick(DAY_MS)),
            }
        }
        assert!((4_700..=4_803).contains(&taken), "{taken}");
    });
}

/// The limit headers of an answer of X.
#[divan::bench]
fn limit_headers(bencher: Bencher<'_, '_>) {
    let pairs = [
        ("date", "Sun, 22 Nov 2026 21:00:00 GMT"),
        ("content-type", "application/json; charset=utf-8"),
        ("content-length", "29"),
        ("cache-control", "no-cache, no-store, max-age=0"),
        ("x-transaction-id", "0123456789abcdef"),
        ("x-rate-limit-limit", "50"),
        ("x-rate-limit-remaining", "49"),
        ("x-rate-limit-reset", "1795381200"),
        ("x-response-time", "61"),
        ("strict-transport-security", "max-age=631138519"),
    ];
    let headers: HeaderMap = pairs
        .into_iter()
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
        .collect();
    let rate_facts = cleanup::platforms::spec(Platform::XV2).dialect.rate_facts;
    assert_eq!(rate_facts(&headers).remaining, Some(49));
    bencher.bench(|| rate_facts(black_box(&headers)));
}
