//! Tokens that are bound to a key: refreshed for that key alone, and never used without a nonce that the server will take.

use std::time::Duration;

use cleanup::auth::{AuthServer, BoundAttempt, BoundGrant, Login, NoToken, Redirect, Why, bound_scopes_for};
use cleanup::clock::Clock;
use cleanup::domain::{AccountHost, AccountId, Action, Platform, PlatformUser};
use cleanup::sandbox::{NonceRule, TokenFault};

use crate::auth::bench::{Bench, REDIRECT};
use crate::auth::login::press;

const LIFE: Duration = Duration::from_secs(100);
const LONG_LIFE: Duration = Duration::from_secs(7200);
/// A tenth of the life before its end.
const DUE: Duration = Duration::from_secs(90);
/// Longer than any backoff.
const A_WHILE: Duration = Duration::from_secs(61);

async fn grant(bench: &Bench, user: &str) -> BoundGrant {
    let (wire, clock) = (bench.wire(), &*bench.clock);
    let server = AuthServer::of_host(&wire, &bench.base()).await.unwrap();
    assert!(server.issuer.starts_with("http://localhost:"), "the PDS names another server: {}", server.issuer);
    let redirect: Redirect = REDIRECT.parse().unwrap();
    let scopes = bound_scopes_for(Platform::Bluesky, &[Action::Unfollow], &[]);
    let attempt = BoundAttempt::begin((&wire, clock), server, &redirect, &scopes, None).await.unwrap();
    let back = press(attempt.url(), "allow", user).await.unwrap();
    let code = attempt.check().code_from_paste(&back).unwrap();
    attempt.exchange((&wire, clock), &code).await.unwrap()
}

/// An account that lives at a host, with tokens that the sandbox has really given out.
async fn log_in_at(bench: &Bench, host: AccountHost) -> AccountId {
    let grant = grant(bench, "4242").await;
    let user = PlatformUser { platform: Platform::BlueskySandbox, host: Some(host), id: grant.user };
    let (name, scopes, expiry) = ("sky".parse().unwrap(), Some(grant.scopes), Some(grant.expiry));
    bench.save_login(Login { name, user, document: grant.document, scopes, expiry, app: None }).await
}

async fn log_in(bench: &Bench) -> AccountId {
    let host = bench.sandbox.base_url().strip_prefix("http://").unwrap().parse().unwrap();
    log_in_at(bench, host).await
}

#[tokio::test]
async fn many_who_ask_are_one_refresh_and_one_question_for_a_nonce() {
    let bench = Bench::new(LIFE).await;
    let account = log_in(&bench).await;
    let source = bench.source().await;
    assert!(source.cached(account).is_none(), "no nonce is known yet");
    let first = source.current(account).await.unwrap();
    assert_eq!(source.cached(account).unwrap().generation, first.generation);
    bench.clock.advance(DUE);
    let many = (0..8).map(|_| source.current(account));
    let many = futures_util::future::join_all(many).await;
    assert!(many.into_iter().all(|current| current.unwrap().generation == first.generation + 1));
    let ledger = bench.sandbox.bound_ledger();
    assert_eq!((ledger.refreshed, ledger.reused), (1, 0));
    assert_eq!(bench.record(account).await.refresh_tries, 0);
}

#[tokio::test]
async fn a_nonce_is_asked_for_again_after_a_pause() {
    let bench = Bench::new(LONG_LIFE).await;
    let account = log_in(&bench).await;
    let source = bench.source().await;
    source.current(account).await.unwrap();
    bench.clock.advance(DUE - Duration::from_millis(1));
    assert!(source.cached(account).is_some());
    bench.clock.advance(Duration::from_millis(1));
    assert!(source.cached(account).is_none(), "nobody knows whether the server still takes it");
    source.current(account).await.unwrap();
    assert!(source.cached(account).is_some());
    assert_eq!(bench.sandbox.bound_ledger().refreshed, 0);
}

#[tokio::test]
async fn a_server_that_is_out_of_reach_is_asked_later_and_one_that_takes_no_proof_uses_nothing_up() {
    let bench = Bench::new(LIFE).await;
    // Below the ports that the system gives out.
    let account = log_in_at(&bench, "127.0.0.1:1".parse().unwrap()).await;
    let later = bench.source().await.current(account).await.unwrap_err();
    assert!(matches!(later, NoToken::Later { failures: 1, .. }), "{later:?}");

    let bench = Bench::new(LIFE).await;
    let account = log_in(&bench).await;
    let source = bench.source().await;
    bench.sandbox.set_nonces(NonceRule::Never);
    bench.clock.advance(LIFE);
    for _ in 0..3 {
        let later = source.current(account).await.unwrap_err();
        assert!(later.to_string().contains("is this machine's clock right?"), "{later}");
        bench.clock.advance(A_WHILE);
    }
    bench.sandbox.set_nonces(NonceRule::Rotating);
    source.current(account).await.unwrap();
    assert_eq!((bench.sandbox.bound_ledger().refreshed, bench.sandbox.bound_ledger().reused), (1, 0));
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_once_more_and_then_a_person_is_needed() {
    let bench = Bench::new(LIFE).await;
    let account = log_in(&bench).await;
    let source = bench.source().await;
    let first = source.current(account).await.unwrap();
    bench.clock.advance(DUE);
    bench.sandbox.fault_tokens([TokenFault::LoseAfter]);
    assert_eq!(source.current(account).await.unwrap().generation, first.generation, "the old token goes on");
    assert_eq!(bench.record(account).await.refresh_tries, 1);
    bench.clock.advance(A_WHILE);
    match source.current(account).await {
        Err(NoToken::NeedLogin { why: Why::Refused, .. }) => {}
        other => panic!("{other:?}"),
    }
    assert_eq!((bench.sandbox.bound_ledger().refreshed, bench.sandbox.bound_ledger().reused), (1, 1));
}

#[tokio::test]
async fn a_login_ends_after_two_weeks_whatever_is_done_with_it() {
    let bench = Bench::new(LONG_LIFE).await;
    let account = log_in(&bench).await;
    let source = bench.source().await;
    let begun = bench.clock.now().wall;
    let ends = source.login_ends(account).await.unwrap();
    assert_eq!(ends, Some(cleanup::auth::LoginEnd::Fixed(begun.after(Duration::from_secs(14 * 86_400)))));
    for _ in 0..13 {
        bench.clock.advance(Duration::from_secs(86_400));
        source.current(account).await.unwrap();
    }
    bench.clock.advance(Duration::from_secs(86_400));
    assert!(matches!(source.current(account).await, Err(NoToken::NeedLogin { why: Why::Refused, .. })));
    assert_eq!(bench.sandbox.bound_ledger().refreshed, 13);
}
