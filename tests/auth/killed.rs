//! The same deaths, by kill -9 of a real process.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use cleanup::auth::{KeyChoice, NoToken, OAuthEndpoints, OAuthHttp, TokenMeans, TokenSource, Vault, Why};
use cleanup::clock::{Clock, SimulatedClock};
use cleanup::domain::{AccountId, Moment, Tick, Wall};
use cleanup::platforms::BaseUrl;
use cleanup::sandbox::TokenFault;
use cleanup::store::{QueueKind, Store};

use crate::auth::bench::{Bench, public_app};

const LIFE: Duration = Duration::from_secs(100);
const HANG_GUARD: Duration = Duration::from_secs(120);

/// Not a test of its own: the process that is killed.
#[tokio::test]
#[ignore = "started and killed by the tests beside it"]
async fn child() {
    let told = |name: &str| std::env::var(name).expect("started by a test");
    let base: BaseUrl = told("AUTH_TEST_BASE").parse().unwrap();
    let queue = std::path::PathBuf::from(told("AUTH_TEST_QUEUE"));
    let wall = Wall(told("AUTH_TEST_WALL").parse().unwrap());
    let mut store = Store::open(&queue, QueueKind::Sandbox).await.unwrap();
    let vault = Vault::of(&mut store, &KeyChoice::beside(&queue, None)).await.unwrap();
    let source = TokenSource::new(TokenMeans {
        store,
        vault: Some(vault),
        wire: OAuthHttp::new(&[&base]).unwrap(),
        places: OAuthEndpoints::x(&base, &format!("{base}/i/oauth2/authorize")).unwrap(),
        app: Some(public_app()),
        oauth1: None,
        clock: SimulatedClock::shared(Moment { tick: Tick(0), wall }),
    });
    let _ = source.current(AccountId(told("AUTH_TEST_ACCOUNT").parse().unwrap())).await;
}

fn start(bench: &Bench, account: AccountId) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "auth::killed::child", "--ignored", "--test-threads=1"])
        .env("AUTH_TEST_BASE", bench.sandbox.base_url())
        .env("AUTH_TEST_QUEUE", bench.queue())
        .env("AUTH_TEST_WALL", bench.clock.now().wall.0.to_string())
        .env("AUTH_TEST_ACCOUNT", account.0.to_string())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Lets a process begin a refresh, and kills it once the server has its request.
async fn kill_in_flight(bench: &Bench, account: AccountId, fault: TokenFault, arrivals: u64) {
    bench.sandbox.fault_tokens([fault]);
    let mut child = start(bench, account);
    let arrived = async {
        while bench.sandbox.oauth_ledger().most_arrivals < arrivals {
            // Only so as not to spin: another process is at work.
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(HANG_GUARD, arrived).await.expect("the child sends its refresh");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[tokio::test]
async fn killed_before_the_server_acted_the_account_goes_on() {
    let bench = Bench::new(LIFE).await;
    let account = bench.log_in("anna", "1", &public_app()).await;
    bench.clock.advance(LIFE);
    kill_in_flight(&bench, account, TokenFault::HangBefore, 1).await;
    assert_eq!(bench.record(account).await.refresh_tries, 1, "the mark was on disk before the request left");
    // The kernel has freed the lock: nobody waits.
    let current = bench.source().await.current(account).await.unwrap();
    assert_eq!(bench.whose(&current.credentials).await.as_deref(), Some("1"));
    assert_eq!(bench.sandbox.oauth_ledger().most_arrivals, 2);
}

#[tokio::test]
async fn killed_after_the_server_acted_that_account_alone_needs_a_login() {
    let bench = Bench::new(LIFE).await;
    let account = bench.log_in("anna", "1", &public_app()).await;
    let other = bench.log_in("bert", "2", &public_app()).await;
    bench.clock.advance(LIFE);
    kill_in_flight(&bench, account, TokenFault::HangAfter, 1).await;
    let source = bench.source().await;
    for _ in 0..3 {
        match source.current(account).await {
            Err(NoToken::NeedLogin { why: Why::Refused, .. }) => {}
            outcome => panic!("{outcome:?}"),
        }
    }
    assert!(source.current(other).await.is_ok());
    assert_eq!(bench.sandbox.oauth_ledger().most_arrivals, 2);
}

#[tokio::test]
async fn killed_twice_there_is_no_third_time() {
    let bench = Bench::new(LIFE).await;
    let account = bench.log_in("anna", "1", &public_app()).await;
    bench.clock.advance(LIFE);
    kill_in_flight(&bench, account, TokenFault::HangBefore, 1).await;
    kill_in_flight(&bench, account, TokenFault::HangBefore, 2).await;
    match bench.source().await.current(account).await {
        Err(NoToken::NeedLogin { why: Why::LostTwice, .. }) => {}
        outcome => panic!("{outcome:?}"),
    }
    assert_eq!(bench.sandbox.oauth_ledger().most_arrivals, 2);
}
