//! Draining a Mastodon account: windows that are aligned to the clock, and targets that are no numbers. Real SQLite file, real HTTP,
//! simulated time.

use std::time::Duration;

use cleanup::domain::{Action, Outcome, Platform, TargetKind, Wall};
use cleanup::engine::Stopped;
use cleanup::jobfile::READER_VERSION;
use cleanup::platforms::{find, spec};
use cleanup::sandbox::{Fate, KnownUser, Sandbox, SimulatedApi, SpecialTarget, UserLedger};
use cleanup::store::{LoadRow, LoadedFrom, NewJob, RowPlace};

use super::outage::{bench_with, drain};
use super::support::{Bench, run};
use crate::common::sql;

const M: Platform = Platform::MastodonSandbox;

/// A queue with an account of Mastodon and one job of these rows.
async fn load(bench: &mut Bench, rows: impl Iterator<Item = (Action, String)>) {
    bench.options.windows = [(M, spec(M).windows.into())].into();
    let mut store = bench.store().await;
    let (name, user) = ("ada".parse().unwrap(), bench.user().to_string().parse().unwrap());
    let account = store.accounts().ensure_account(&name, M, &user).await.unwrap();
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
        let target = spec(M).target().parse(&target).unwrap();
        let place = RowPlace::Task { action, account, target, spared: None };
        loader.push(LoadRow { line, place, record: None }).await.unwrap();
    }
    loader.finish().await.unwrap();
    store.close().await;
}

fn ledger(bench: &Bench) -> UserLedger {
    let who = KnownUser { dialect: SimulatedApi::Mastodon, user: bench.user() };
    bench.ledger().users[&who.to_string()].clone()
}

#[test]
fn a_hundred_deletions_earn_no_429_while_the_servers_windows_are_aligned() {
    run(async {
        // Where in a window of the server the drain begins makes no difference.
        for into_window in [0, 1, 13, 29] {
            let (mut bench, clock) = bench_with(|_| {}).await;
            clock.advance(Duration::from_secs(into_window));
            let began = clock.since_start();
            let action = |n| if n % 4 == 0 { Action::Unrepost } else { Action::DeletePost };
            load(&mut bench, (0..100).map(|n| (action(n), (1_000_000 + n).to_string()))).await;
            let (ended, _) = drain(&bench, &clock, |_| {}).await;
            assert_eq!(ended.finish.stopped, Stopped::Finished);
            let ledger = ledger(&bench);
            assert_eq!((ledger.effects, ledger.requests, ledger.earned_429), (100, 100, 0), "{ledger:?}");
            assert!(ledger.max_in_window <= 300);
            // 30 in any 30 s: the hundredth leaves in the fourth window.
            let took = clock.since_start() - began;
            assert!(took >= Duration::from_secs(90) && took < Duration::from_secs(130), "{took:?}");
        }
    });
}

#[test]
fn ulids_are_targets_from_the_queue_to_the_receipt() {
    run(async {
        let (mut bench, clock) = bench_with(|_| {}).await;
        let names = ["01F6KXCP71V24GR0SJGAHRXSQ2", "AdvWH4zzvRcuVGkJ4S", "99999999999999999999"];
        let each = |action| names.map(|name| (action, name.to_owned()));
        let takes_ids = |action: &Action| find(M, *action).is_some() && !action.target_kind().is_told_by_text();
        let offered = || Action::UNDOING.into_iter().filter(takes_ids);
        load(&mut bench, offered().flat_map(each)).await;
        let (ended, _) = drain(&bench, &clock, |_| {}).await;
        assert_eq!(ended.finish.stopped, Stopped::Finished);
        let receipts = bench.receipts("job").await;
        assert_eq!(receipts.len(), names.len() * offered().count());
        for receipt in &receipts {
            assert_eq!(receipt.outcome, Outcome::Done, "{receipt:?}");
        }
        let who = KnownUser { dialect: SimulatedApi::Mastodon, user: bench.user() };
        let effects = bench.sandbox.effects(who);
        for name in names {
            let number = Sandbox::mastodon_number(name);
            let done = effects.iter().filter(|effect| effect.target == number && effect.applied == 1).count();
            assert_eq!(done, offered().count(), "{name}");
        }
    });
}

/// GoToSocial answers an undo with the state of before. Asked again, each such row would take two of the 30 places of half an hour.
#[test]
fn an_answer_that_is_older_than_its_work_is_looked_at_and_not_asked_again() {
    run(async {
        let posts: Vec<String> = (0..30).map(|n| (1_000_000 + n).to_string()).collect();
        // The first approves followers, so that what had been there is a request.
        let users = ["2000000", "2000001"];
        let stale = |kind, target: &str| SpecialTarget { kind, id: target.parse().unwrap(), fate: Fate::Stale };
        let special: Vec<SpecialTarget> = posts
            .iter()
            .map(|post| stale(TargetKind::Post, post))
            .chain(users.map(|user| stale(TargetKind::User, user)))
            .collect();
        let (mut bench, clock) = bench_with(|options| options.special = special).await;
        let unreposts = posts.iter().map(|post| (Action::Unrepost, post.clone()));
        let others = [Action::Unlike, Action::Unbookmark, Action::Unpin].map(|action| (action, posts[0].clone()));
        let unfollows = users.map(|user| (Action::Unfollow, user.to_owned()));
        let of_users =
            [Action::Unmute, Action::Unblock, Action::RemoveFollower].map(|action| (action, users[1].to_owned()));
        // Each of them is stale once.
        load(&mut bench, unreposts.chain(others).chain(unfollows).chain(of_users)).await;
        let began = clock.since_start();
        let (ended, _) = drain(&bench, &clock, |_| {}).await;
        assert_eq!(ended.finish.stopped, Stopped::Finished);
        // The clock moves on a little whenever nobody waits for an answer, on a busy machine more often.
        assert!(clock.since_start() - began < Duration::from_secs(29 * 60), "all in one window of the server's");
        for receipt in bench.receipts("job").await {
            let expected = (Outcome::Done, 1, Some("confirmed_by_reading"));
            assert_eq!((receipt.outcome, receipt.attempts, receipt.reason.as_deref()), expected, "{receipt:?}");
        }
        let ledger = ledger(&bench);
        assert_eq!((ledger.effects, ledger.earned_429), (38, 0), "{ledger:?}");
        let queue = bench.place().clone();
        let looks = tokio::task::spawn_blocking(move || {
            ["statuses", "relationships"].map(|endpoint| {
                let of =
                    format!("select count(*) from read_request where endpoint = '{endpoint}' and ended_at is not null");
                sql::number_at(&queue, &of)
            })
        });
        assert_eq!(looks.await.unwrap(), [33, 5], "each look has a slot of its own");
    });
}
