//! Tokens that end, servers that fail, processes that die.

use std::sync::Arc;
use std::time::Duration;

use cleanup::auth::{NoToken, TokenSource, Why};
use cleanup::clock::{Clock, SimulatedClock};
use cleanup::domain::AccountId;
use cleanup::sandbox::TokenFault;
use cleanup::store::AccountLock;

use crate::auth::bench::{Bench, public_app, secret_app};

pub(super) const LIFE: Duration = Duration::from_secs(100);
/// A tenth of the life before its end.
const DUE: Duration = Duration::from_secs(90);
/// Longer than any backoff.
const A_WHILE: Duration = Duration::from_secs(61);

pub(super) fn why(outcome: Result<cleanup::auth::Current, NoToken>) -> Why {
    match outcome {
        Err(NoToken::NeedLogin { why, .. }) => why,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn ahead_of_the_end_and_not_before() {
    let bench = Bench::new(LIFE).await;
    for (user, app) in [("1", public_app()), ("2", secret_app())] {
        let account = bench.log_in(&format!("acc{user}"), user, &app).await;
        let source = bench.source_with(Some(app)).await;
        let first = source.current(account).await.unwrap();
        assert_eq!(bench.whose(&first.credentials).await.as_deref(), Some(user));
        let before = bench.sandbox.oauth_ledger().refreshed;
        bench.clock.advance(DUE - Duration::from_millis(1));
        assert_eq!(source.cached(account).unwrap().generation, first.generation);
        bench.clock.advance(Duration::from_millis(1));
        assert!(source.cached(account).is_none());
        let second = source.current(account).await.unwrap();
        assert_eq!(second.generation, first.generation + 1);
        assert_eq!(bench.sandbox.oauth_ledger().refreshed, before + 1);
        bench.clock.advance(Duration::from_secs(20));
        assert_eq!(bench.whose(&first.credentials).await, None, "the old token has ended");
        assert_eq!(bench.whose(&source.current(account).await.unwrap().credentials).await.as_deref(), Some(user));
        let record = bench.record(account).await;
        assert_eq!((record.refresh_tries, record.refresh_started_at), (0, None));
    }
}

/// Time goes on while others work.
async fn ticking(clock: &SimulatedClock) {
    loop {
        clock.advance(Duration::from_millis(1));
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn one_flight_within_a_process_and_across_processes() {
    let bench = Bench::new(LIFE).await;
    let account = bench.log_in("anna", "1", &public_app()).await;
    let (here, there) = (bench.source().await, bench.source().await);
    here.current(account).await.unwrap();
    bench.clock.advance(DUE);
    let all = async {
        tokio::join!(
            here.current(account),
            there.current(account),
            here.current(account),
            there.current(account),
            there.current(account)
        )
    };
    let (a, b, c, d, e) = tokio::select! {
        all = all => all,
        () = ticking(&bench.clock) => unreachable!(),
    };
    let generations: Vec<i64> = [a, b, c, d, e].into_iter().map(|current| current.unwrap().generation).collect();
    assert!(generations.iter().all(|generation| *generation == generations[0]), "{generations:?}");
    let ledger = bench.sandbox.oauth_ledger();
    assert_eq!((ledger.refreshed, ledger.most_arrivals, ledger.reused), (1, 1, 0));
}

/// Nobody sends a refresh token while another process may be about to save what it brought.
#[tokio::test]
async fn who_comes_second_waits_for_the_first_to_end_or_to_die() {
    let bench = Bench::new(LIFE).await;
    let account = bench.log_in("anna", "1", &public_app()).await;
    let (here, there) = (bench.source().await, bench.source().await);
    bench.clock.advance(DUE);
    bench.sandbox.fault_tokens([TokenFault::HangBefore]);
    let mut first = Box::pin(here.current(account));
    tokio::select! {
        ended = &mut first => panic!("{ended:?}"),
        () = arrivals(&bench, 1) => {}
    }
    let mut second = Box::pin(there.current(account));
    let a_second = async {
        for _ in 0..1000 {
            bench.clock.advance(Duration::from_millis(1));
            tokio::task::yield_now().await;
            std::thread::yield_now();
        }
    };
    tokio::select! {
        ended = &mut second => panic!("{ended:?}"),
        () = a_second => {}
    }
    assert_eq!(bench.sandbox.oauth_ledger().most_arrivals, 1);
    drop(first);
    tokio::select! {
        ended = &mut second => { ended.unwrap(); }
        () = ticking(&bench.clock) => unreachable!(),
    }
    assert_eq!(bench.sandbox.oauth_ledger().most_arrivals, 2);
}

/// Until so many requests with one refresh token have come.
async fn arrivals(bench: &Bench, many: u64) {
    while bench.sandbox.oauth_ledger().most_arrivals < many {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_lock_that_is_never_given_back_is_not_waited_for_without_end() {
    let bench = Bench::new(LIFE).await;
    let account = bench.log_in("anna", "1", &public_app()).await;
    bench.clock.advance(LIFE);
    let held = AccountLock::try_take(&bench.queue(), account).await.unwrap().unwrap();
    let source = bench.source().await;
    let outcome = tokio::select! {
        outcome = source.current(account) => outcome,
        () = ticking(&bench.clock) => unreachable!(),
    };
    assert!(matches!(outcome, Err(NoToken::Later { .. })), "{outcome:?}");
    drop(held);
    bench.clock.advance(A_WHILE);
    source.current(account).await.unwrap();
}

#[tokio::test]
async fn a_rejection_refreshes_once_and_the_next_one_stops() {
    let bench = Bench::new(LIFE).await;
    let account = bench.log_in("anna", "1", &public_app()).await;
    let source = bench.source().await;
    let first = source.current(account).await.unwrap();
    let second = source.rejected(account, first.generation).await.unwrap();
    assert_eq!(second.generation, first.generation + 1);
    // Other requests of the same generation were under way.
    assert_eq!(source.rejected(account, first.generation).await.unwrap().generation, second.generation);
    assert_eq!(bench.sandbox.oauth_ledger().refreshed, 1);
    assert_eq!(why(source.rejected(account, second.generation).await), Why::Rejected);
    assert_eq!(why(source.current(account).await), Why::Rejected);
    assert_eq!(bench.sandbox.oauth_ledger().refreshed, 1);
}

#[tokio::test]
async fn a_dead_login_stops_that_account_alone_until_somebody_logs_in() {
    let bench = Bench::new(LIFE).await;
    let anna = bench.log_in("anna", "1", &public_app()).await;
    let bert = bench.log_in("bert", "2", &public_app()).await;
    // Anna logs in a second time and out there; what this queue holds of the first login is dead.
    let dead = bench.log_in_with("cora", "no-such-token", Some("no-such-refresh-canary")).await;
    let source = bench.source().await;
    bench.clock.advance(Duration::from_secs(7200));
    let outcome = source.current(dead).await;
    let message = outcome.as_ref().unwrap_err().to_string();
    assert!(message.contains("cleanup account login cora"), "{message}");
    assert_eq!(why(outcome), Why::Refused);
    assert_eq!(bench.record(dead).await.login_needed.as_deref(), Some("refresh_refused"));
    source.current(anna).await.unwrap();
    source.current(bert).await.unwrap();
    // Nothing more is sent for it, not by another process either.
    assert_eq!(why(bench.source().await.current(dead).await), Why::Refused);
    assert_eq!(bench.sandbox.oauth_ledger().most_arrivals, 1);
    // A new login is found by the process that runs.
    let again = bench.log_in("cora", "77", &public_app()).await;
    assert_eq!(again, dead);
    let current = source.current(dead).await.unwrap();
    assert_eq!(bench.whose(&current.credentials).await.as_deref(), Some("77"));
}

#[tokio::test]
async fn the_worlds_faults_use_nothing_up() {
    let bench = Bench::new(LIFE).await;
    let account = bench.log_in("anna", "1", &public_app()).await;
    let source = bench.source().await;
    let first = source.current(account).await.unwrap();
    bench.clock.advance(DUE);
    bench.sandbox.fault_tokens([TokenFault::Busy; 5]);
    // As long as the old token lives it goes on, and nobody knocks before the backoff has passed.
    for _ in 0..20 {
        assert_eq!(source.current(account).await.unwrap().generation, first.generation);
        // What a drain sends with: where it is not at hand the drain asks again and again, and sends nothing.
        assert_eq!(source.cached(account).unwrap().generation, first.generation);
    }
    assert_eq!(bench.sandbox.oauth_ledger().most_arrivals, 1);
    bench.clock.advance(LIFE - DUE);
    for round in 2..=5_u32 {
        match source.current(account).await {
            Err(NoToken::Later { failures, until, .. }) => {
                assert_eq!(failures, round);
                assert!(until > bench.clock.now().tick);
            }
            other => panic!("{other:?}"),
        }
        bench.clock.advance(A_WHILE);
    }
    assert_eq!(bench.record(account).await.refresh_tries, 0);
    assert_eq!(source.current(account).await.unwrap().generation, first.generation + 1);
    assert_eq!(bench.sandbox.oauth_ledger().reused, 0);
}

#[tokio::test]
async fn what_cannot_be_refreshed_is_at_hand_to_its_end() {
    let bench = Bench::new(LIFE).await;
    let account = bench.log_in_with("anna", "an-access-token", None).await;
    let source = bench.source().await;
    source.current(account).await.unwrap();
    bench.clock.advance(Duration::from_secs(7_200) - Duration::from_millis(1));
    source.current(account).await.unwrap();
    assert!(source.cached(account).is_some());
    bench.clock.advance(Duration::from_millis(1));
    assert!(source.cached(account).is_none());
    assert_eq!(why(source.current(account).await), Why::Ended);
}

/// What two lost answers come to, by what had happened at the server.
#[tokio::test]
async fn a_lost_answer_is_tried_once_more() {
    use TokenFault::{LoseAfter, LoseBefore};
    for (faults, expected, arrivals) in [
        (vec![LoseBefore], Ok(()), 2),
        (vec![LoseAfter], Err(Why::Refused), 2),
        (vec![LoseBefore, LoseBefore], Err(Why::LostTwice), 2),
        (vec![LoseBefore, LoseAfter], Err(Why::LostTwice), 2),
        (vec![LoseBefore, TokenFault::Busy], Ok(()), 3),
    ] {
        let bench = Bench::new(LIFE).await;
        let account = bench.log_in("anna", "1", &public_app()).await;
        let source = bench.source().await;
        let first = source.current(account).await.unwrap();
        bench.clock.advance(DUE);
        bench.sandbox.fault_tokens(faults.clone());
        let rounds = faults.len() + 1;
        for _ in 0..rounds {
            let _ = source.current(account).await;
            bench.clock.advance(A_WHILE);
        }
        match expected {
            Ok(()) => assert_eq!(bench.record(account).await.generation, first.generation + 1, "{faults:?}"),
            Err(expected) => {
                assert_eq!(why(source.current(account).await), expected, "{faults:?}");
                assert_eq!(why(source.current(account).await), expected, "{faults:?}");
            }
        }
        assert_eq!(bench.sandbox.oauth_ledger().most_arrivals, arrivals, "{faults:?}");
    }
}

#[tokio::test]
async fn nobody_there_at_all() {
    let bench = Bench::new(LIFE).await;
    let account = bench.log_in("anna", "1", &public_app()).await;
    let source = bench.source_without_a_server().await;
    source.current(account).await.unwrap();
    bench.clock.advance(LIFE);
    for _ in 0..5 {
        assert!(matches!(source.current(account).await, Err(NoToken::Later { .. })));
        bench.clock.advance(A_WHILE);
    }
    assert_eq!(bench.record(account).await.refresh_tries, 0, "the token is as good as before");
}

#[tokio::test]
async fn two_second_tokens_for_a_long_time() {
    let bench = Bench::new(Duration::from_secs(2)).await;
    let account = bench.log_in("anna", "1", &public_app()).await;
    let source = bench.source().await;
    for _ in 0..100 {
        let current = source.current(account).await.unwrap();
        assert_eq!(bench.whose(&current.credentials).await.as_deref(), Some("1"));
        bench.clock.advance(Duration::from_millis(700));
    }
    let ledger = bench.sandbox.oauth_ledger();
    assert_eq!((ledger.most_arrivals, ledger.reused), (1, 0));
    assert!((30..=40).contains(&ledger.refreshed), "{ledger:?}");
}

/// A process that dies in the middle of a refresh: all its memory is gone, its marks are on disk.
async fn die_in_flight(bench: &Bench, account: AccountId, fault: TokenFault) {
    let source = bench.source().await;
    bench.sandbox.fault_tokens([fault]);
    let before = bench.sandbox.oauth_ledger();
    let arrived = async {
        loop {
            let now = bench.sandbox.oauth_ledger();
            if now.most_arrivals > before.most_arrivals || now.refreshed > before.refreshed {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        biased;
        ended = source.current(account) => panic!("{ended:?}"),
        () = arrived => {}
    }
}

#[tokio::test]
async fn dying_at_every_step() {
    let bench = Bench::new(LIFE).await;
    // After the mark, before anything was sent.
    let account = bench.log_in("anna", "1", &public_app()).await;
    let generation = bench.record(account).await.generation;
    bench.clock.advance(DUE);
    assert!(
        bench.store().await.accounts().start_refresh(account, generation, 1, bench.clock.now().wall).await.unwrap()
    );
    let source: TokenSource = bench.source().await;
    assert_eq!(source.current(account).await.unwrap().generation, generation + 1);
    assert_eq!(bench.sandbox.oauth_ledger().most_arrivals, 1);
    // After it was sent, before the server acted on it.
    let bench = Bench::new(LIFE).await;
    let account = bench.log_in("bert", "2", &public_app()).await;
    bench.clock.advance(DUE);
    die_in_flight(&bench, account, TokenFault::HangBefore).await;
    assert_eq!(bench.record(account).await.refresh_tries, 1);
    assert!(bench.source().await.current(account).await.is_ok());
    // After the server acted, before the new pair was saved.
    let bench = Bench::new(LIFE).await;
    let account = bench.log_in("cora", "3", &public_app()).await;
    let other = bench.log_in("dora", "4", &public_app()).await;
    bench.clock.advance(DUE);
    die_in_flight(&bench, account, TokenFault::HangAfter).await;
    let source = bench.source().await;
    assert_eq!(why(source.current(account).await), Why::Refused);
    assert_eq!(bench.sandbox.oauth_ledger().most_arrivals, 2);
    assert!(source.current(other).await.is_ok());
    // Twice in a row, whatever the server did: no third time.
    let bench = Bench::new(LIFE).await;
    let account = bench.log_in("emil", "5", &public_app()).await;
    bench.clock.advance(DUE);
    die_in_flight(&bench, account, TokenFault::HangBefore).await;
    die_in_flight(&bench, account, TokenFault::HangBefore).await;
    assert_eq!(why(bench.source().await.current(account).await), Why::LostTwice);
    assert_eq!(bench.sandbox.oauth_ledger().most_arrivals, 2);
}

#[tokio::test]
async fn a_login_that_comes_between_is_the_one_that_counts() {
    let bench = Bench::new(LIFE).await;
    let account = bench.log_in("anna", "1", &public_app()).await;
    let old = bench.record(account).await;
    bench.clock.advance(DUE);
    bench.log_in("anna", "1", &public_app()).await;
    let new = bench.record(account).await;
    assert!(new.generation > old.generation);
    let mut store = bench.store().await;
    assert!(!store.accounts().start_refresh(account, old.generation, 1, bench.clock.now().wall).await.unwrap());
    assert!(!store.accounts().finish_refresh(account, old.generation, &old.set).await.unwrap());
    assert!(!store.accounts().need_login(account, old.generation, "refresh_refused").await.unwrap());
    assert_eq!(bench.record(account).await, new);
}

#[tokio::test]
async fn the_app_of_the_login_is_the_one_that_refreshes() {
    let bench = Bench::new(LIFE).await;
    let public = bench.log_in("anna", "1", &public_app()).await;
    let secret = bench.log_in("bert", "2", &secret_app()).await;
    bench.clock.advance(LIFE);
    let source = bench.source_with(None).await;
    source.current(public).await.unwrap();
    let message = source.current(secret).await.unwrap_err().to_string();
    assert!(message.contains("CLEANUP_X_CLIENT_SECRET"), "{message}");
    let wrong = cleanup::auth::App::configured("secret-app", Some(cleanup::domain::Secret::new("wrong-canary")));
    let outcome = bench.source_with(Some(wrong)).await.current(secret).await.unwrap_err();
    assert!(matches!(outcome, NoToken::App { .. }), "{outcome}");
    assert_eq!(bench.record(secret).await.refresh_tries, 0, "the app is at fault, not the token");
    bench.source_with(Some(secret_app())).await.current(secret).await.unwrap();
}

#[tokio::test]
async fn credentials_from_the_environment_are_used_as_they_are() {
    let bench = Bench::new(LIFE).await;
    let account = bench.log_in("anna", "1", &public_app()).await;
    let source = Arc::new(bench.source().await);
    let fixed = cleanup::platforms::Credentials::bearer(cleanup::domain::Secret::new("sandbox-9")).unwrap();
    source.set_static(account, Arc::new(fixed)).await.unwrap();
    bench.clock.advance(Duration::from_secs(100_000));
    let current = source.current(account).await.unwrap();
    assert_eq!(bench.whose(&current.credentials).await.as_deref(), Some("9"));
    assert_eq!(why(source.rejected(account, current.generation).await), Why::Rejected);
    assert_eq!(bench.sandbox.oauth_ledger().refreshed, 0);
}
