//! Draining a Bluesky account against the sandbox: rows name subjects, and every record of theirs goes. Real SQLite file, real HTTP,
//! simulated time.

use std::collections::{BTreeMap, BTreeSet};

use cleanup::domain::{Action, Outcome, Platform, Wall};
use cleanup::engine::Stopped;
use cleanup::jobfile::READER_VERSION;
use cleanup::platforms::spec;
use cleanup::sandbox::{KnownUser, Sandbox, UserLedger};
use cleanup::store::{LoadRow, LoadedFrom, NewJob, RowPlace};
use serde_json::Value;

use super::outage::{bench_with, drain};
use super::support::{Bench, run};
use crate::common::Home;

const B: Platform = Platform::BlueskySandbox;
const FOLLOWS: &str = "app.bsky.graph.follow";

/// A queue with an account of Bluesky and one job of these rows.
async fn load(bench: &mut Bench, rows: &[(Action, String)]) {
    bench.options.windows = [(B, spec(B).windows.into())].into();
    let mut store = bench.store().await;
    let (name, user) = ("ada".parse().unwrap(), KnownUser::account_id(B, bench.user()).parse().unwrap());
    let account = store.accounts().ensure_account(&name, B, &user).await.unwrap();
    let new = NewJob {
        name: "job".into(),
        path: bench.write("job.csv", ""),
        action: None,
        account: Some(account),
        keep: None,
        target_column: None,
        host: None,
        restores: None,
    };
    let from = LoadedFrom::new("first", READER_VERSION);
    let mut loader = store.loading().begin_round(&new, None, &from, None, Wall(1)).await.unwrap();
    for (line, (action, target)) in (1..).zip(rows) {
        let target = spec(B).target().parse(target).unwrap();
        let place = RowPlace::Task { action: *action, account, target, spared: None };
        loader.push(LoadRow { line, place, record: None }).await.unwrap();
    }
    loader.finish().await.unwrap();
    store.close().await;
}

fn ledger(bench: &Bench) -> UserLedger {
    bench.sandbox.ledger().users[&format!("bluesky:{}", bench.user())].clone()
}

/// By subject, how many records of it a collection has.
fn subjects(bench: &Bench, collection: &str) -> BTreeMap<String, usize> {
    let mut subjects = BTreeMap::new();
    for record in bench.sandbox.records(bench.user(), collection) {
        *subjects.entry(subject(collection, &record)).or_default() += 1;
    }
    subjects
}

fn subject(collection: &str, record: &Value) -> String {
    let named = match collection {
        "app.bsky.feed.like" => &record["value"]["subject"]["uri"],
        "app.bsky.feed.post" => &record["uri"],
        "app.bsky.feed.threadgate" => &record["value"]["post"],
        _ => &record["value"]["subject"],
    };
    named.as_str().unwrap().to_owned()
}

#[test]
fn every_record_of_a_subject_goes_and_no_other() {
    run(async {
        // Answers are lost, cut and refused, servers fail, and what was done behind them is not done again.
        let faults = "429=2%,5xx=3%,reset=2%,lost=3%,cut=3%,gone=3%,refused=2%";
        let (mut bench, clock) = bench_with(|options| options.faults = faults.parse().unwrap()).await;
        let (follows, likes) = (subjects(&bench, FOLLOWS), subjects(&bench, "app.bsky.feed.like"));
        let posts: Vec<String> = subjects(&bench, "app.bsky.feed.post").into_keys().collect();
        let gone: BTreeSet<String> = follows.keys().step_by(2).cloned().collect();
        let mut rows: Vec<(Action, String)> = gone.iter().map(|did| (Action::Unfollow, did.clone())).collect();
        rows.extend(likes.keys().take(20).map(|post| (Action::Unlike, post.clone())));
        rows.extend(posts.iter().take(25).map(|post| (Action::DeletePost, post.clone())));
        // Whom nobody follows, nobody has to unfollow.
        let strangers = ["did:plc:aaaaaaaaaaaaaaaaaaaaaaaa", "did:web:example.org"];
        rows.extend(strangers.map(|did| (Action::Unfollow, did.to_owned())));
        load(&mut bench, &rows).await;
        let (ended, _) = drain(&bench, &clock, |_| {}).await;
        assert_eq!(ended.finish.stopped, Stopped::Finished);
        for receipt in bench.receipts("job").await {
            let is_stranger = receipt.line > Some(rows.len() as u64 - 2);
            let expected = if is_stranger { Outcome::Gone } else { Outcome::Done };
            assert_eq!(receipt.outcome, expected, "{receipt:?}");
        }
        let left: BTreeMap<String, usize> = follows.into_iter().filter(|(did, _)| !gone.contains(did)).collect();
        assert_eq!(subjects(&bench, FOLLOWS), left);
        assert_eq!(subjects(&bench, "app.bsky.feed.like").len(), likes.len() - 20);
        assert!(posts[..25].iter().all(|post| !subjects(&bench, "app.bsky.feed.post").contains_key(post)));
        assert!(posts[..25].iter().all(|post| !subjects(&bench, "app.bsky.feed.threadgate").contains_key(post)));
        let effects = bench.sandbox.effects(KnownUser::of_account(B, &Sandbox::bluesky_did(bench.user())).unwrap());
        assert!(effects.iter().all(|effect| effect.applied == 1), "{effects:?}");
        assert_eq!(ledger(&bench).earned_429, 0);
    });
}

#[test]
fn what_is_listed_in_the_sandbox_can_be_undone_and_is_listed_no_more() {
    let home = Home::new();
    let sandbox = ["--sandbox", "--platform", "bluesky"];
    let list = |file: &str| home.run(&[&["list", "following", "-o", file], &sandbox[..]].concat());
    list("unfollow.csv").ends(0);
    let rows = std::fs::read_to_string(home.path("unfollow.csv")).unwrap().lines().count() - 1;
    assert_eq!(rows, 245, "of 250 records five repeat a subject");
    let ended = home.run(&[&["run", "unfollow.csv", "--yes"], &sandbox[..]].concat());
    assert!(ended.code == 0, "{ended:?}");
    list("left.csv");
    let left = std::fs::read_to_string(home.path("left.csv")).map_or(0, |text| text.lines().count().saturating_sub(1));
    assert_eq!(left, 0, "{ended:?}");
}
