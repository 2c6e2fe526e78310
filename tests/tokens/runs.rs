//! Runs in which tokens end, servers fail and accounts are lost.

use std::collections::HashSet;
use std::time::Duration;

use cleanup::app::exit_code;
use cleanup::auth::Document;
use cleanup::domain::{Outcome, Platform, Secret, Target};
use cleanup::engine::{Event, Stopped};
use cleanup::sandbox::{KnownUser, Sandbox, SimulatedApi, TokenFault};
use cleanup::store::OutcomeCounts;
use tokio::sync::mpsc;

use crate::tokens::bench::{Bench, id, options, run, sandbox, target, trouble};

const HANG_GUARD: Duration = Duration::from_secs(120);

fn rows<'a>(action: &'a str, account: &'a str, from: u64, count: u64) -> Vec<(&'a str, &'a str, u64)> {
    (from..from + count).map(|n| (action, account, target(n))).collect()
}

fn code(ended: &cleanup::app::Ended) -> u8 {
    let counts: Vec<OutcomeCounts> = ended.jobs.iter().map(|status| status.counts).collect();
    exit_code(ended.finish.stopped, &counts)
}

fn applied(sandbox: &Sandbox, who: impl Into<KnownUser>) -> HashSet<String> {
    sandbox.effects(who).into_iter().filter(|effect| effect.applied > 0).map(|e| e.target.to_string()).collect()
}

fn bench(sandbox: &Sandbox) -> Bench {
    Bench::new(&sandbox.base_url(), &sandbox.base_url())
}

#[test]
fn a_thousand_rows_with_tokens_of_two_seconds() {
    run(async {
        let sandbox = sandbox(2, "150/1s").await;
        let mut bench = bench(&sandbox);
        bench.options = options("150/1s");
        bench.log_in("anna", 1).await;
        bench.load(&rows("unmute", "anna", 0, 1_000)).await;
        let ended = bench.drain().await;
        assert_eq!((ended.finish.stopped, code(&ended)), (Stopped::Finished, 0), "{:?}", ended.finish);
        assert_eq!(ended.jobs[0].counts.done, 1_000);
        let oauth = sandbox.oauth_ledger();
        assert!(oauth.refreshed >= 3, "{oauth:?}");
        assert_eq!((oauth.most_arrivals, oauth.reused), (1, 0), "{oauth:?}");
        let ledger = sandbox.ledger();
        assert!(ledger.users["1"].max_in_window <= 150, "{ledger:?}");
        assert_eq!(ledger.users["1"].earned_429, 0, "{ledger:?}");
        ended.store.close().await;
        let effects = applied(&sandbox, id(1));
        assert_eq!(effects.len(), 1_000);
        for row in bench.receipts().await {
            let Some(Target::Id(target)) = &row.target else { panic!("{row:?}") };
            assert!(row.outcome == Outcome::Done && effects.contains(&target.to_string()), "{row:?}");
        }
    });
}

#[test]
fn a_dead_refresh_token_stops_that_account_alone() {
    run(async {
        let sandbox = sandbox(7200, "200/1s").await;
        let bench = bench(&sandbox);
        bench.log_in_long_ago("anna", 1).await;
        let mut dead = bench.pair("bert", 2, Duration::from_secs(86_400)).await;
        dead.document = Document::OAuth2 { access: Secret::new("ended"), refresh: Some(Secret::new("dead")) };
        bench.save_login(dead).await;
        bench.log_in("cleo", 3).await;
        let job = [rows("unmute", "bert", 40, 20), rows("unmute", "anna", 0, 20), rows("unmute", "cleo", 20, 20)];
        bench.load(&job.concat()).await;
        let ended = bench.drain().await;
        assert_eq!((ended.finish.stopped, code(&ended)), (Stopped::Account, 77));
        let [(_, reason, detail)] = &ended.finish.troubles[..] else { panic!("{:?}", ended.finish.troubles) };
        assert_eq!(reason, "login_needed");
        assert!(detail.contains("cleanup account login bert"), "{detail}");
        assert_eq!((ended.jobs[0].counts.done, ended.jobs[0].counts.pending), (40, 20));
        assert!(!sandbox.ledger().users.contains_key("2"), "nothing was sent for it");
        ended.store.close().await;
        bench.log_in("bert", 2).await;
        let ended = bench.drain().await;
        assert_eq!((code(&ended), ended.jobs[0].counts.done), (0, 60), "{:?}", ended.finish);
    });
}

/// A door to the sandbox that is shut until it is opened. The port is taken, then given back: nobody listens there.
struct Door(std::net::SocketAddr);

impl Door {
    fn shut() -> Door {
        Door(([127, 0, 0, 1], crate::common::port::free_port()).into())
    }

    async fn open(self, to: std::net::SocketAddr) {
        let listener = tokio::net::TcpListener::bind(self.0).await.unwrap();
        loop {
            let (mut here, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let mut there = tokio::net::TcpStream::connect(to).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut here, &mut there).await;
            });
        }
    }
}

#[test]
fn an_authorization_server_that_is_down_is_waited_for() {
    run(async {
        let sandbox = sandbox(7200, "200/1s").await;
        let door = Door::shut();
        let bench = Bench::new(&sandbox.base_url(), &format!("http://{}", door.0));
        bench.log_in_long_ago("anna", 1).await;
        bench.load(&rows("unmute", "anna", 0, 30)).await;
        let (heard, mut events) = mpsc::unbounded_channel();
        let to = sandbox.address();
        // Once the run has said that nobody answers, the server comes back.
        let opening = tokio::spawn(async move {
            while let Some(event) = events.recv().await {
                if matches!(event, Event::Unreachable { .. }) {
                    return door.open(to).await;
                }
            }
            panic!("nobody said that the server is down");
        });
        let ended = tokio::time::timeout(HANG_GUARD, bench.drain_heard(heard)).await.expect("it goes on");
        opening.abort();
        assert_eq!((code(&ended), ended.jobs[0].counts.done), (0, 30), "{:?}", ended.finish);
        assert_eq!(sandbox.oauth_ledger().most_arrivals, 1);
    });
}

/// Busy is not refused; and a set that was rejected meanwhile is not tried over and over.
#[test]
fn an_authorization_server_that_is_busy_is_asked_again() {
    run(async {
        for rejected in [false, true] {
            let sandbox = sandbox(7200, "200/1s").await;
            let bench = bench(&sandbox);
            let age = if rejected { Duration::ZERO } else { Duration::from_secs(86_400) };
            let mut login = bench.pair("anna", 1, age).await;
            if let Document::OAuth2 { access, .. } = &mut login.document {
                *access = Secret::new("no-such-token");
            }
            bench.save_login(login).await;
            bench.load(&rows("unmute", "anna", 0, 30)).await;
            sandbox.fault_tokens([TokenFault::Busy, TokenFault::Busy]);
            let ended = tokio::time::timeout(HANG_GUARD, bench.drain()).await.expect("it goes on");
            assert_eq!((code(&ended), ended.jobs[0].counts.done), (0, 30), "{:?}", ended.finish);
            let oauth = sandbox.oauth_ledger();
            assert_eq!((oauth.refreshed, oauth.reused, oauth.most_arrivals), (1, 0, 3), "{oauth:?}");
        }
    });
}

#[test]
fn patience_with_the_authorization_server_ends() {
    run(async {
        let sandbox = sandbox(7200, "200/1s").await;
        let door = Door::shut();
        let mut bench = Bench::new(&sandbox.base_url(), &format!("http://{}", door.0));
        bench.options.run.give_up_after = Duration::from_millis(1500);
        bench.log_in_long_ago("anna", 1).await;
        bench.load(&rows("unmute", "anna", 0, 30)).await;
        let ended = tokio::time::timeout(HANG_GUARD, bench.drain()).await.expect("it gives up");
        assert_eq!((ended.finish.stopped, code(&ended)), (Stopped::Unreachable, 69));
        assert_eq!((ended.finish.requests, ended.jobs[0].counts.pending), (0, 30));
    });
}

#[test]
fn three_accounts_of_three_platforms_and_one_is_revoked_half_way() {
    run(async {
        let sandbox = sandbox(7200, "40/1s").await;
        let mut bench = bench(&sandbox);
        bench.options = options("40/1s");
        let two = bench.log_in("two", 11).await;
        bench.log_in_oauth1("one", Platform::XV1, 12).await;
        bench.log_in_aisa("gate", 13).await;
        let [a, b, c] = [("two", 0), ("one", 200), ("gate", 400)].map(|(name, n)| rows("unfollow", name, n, 90));
        // One row of each in turn.
        let mixed = a.into_iter().zip(b).zip(c).flat_map(|((a, b), c)| [a, b, c]);
        bench.load(&mixed.collect::<Vec<_>>()).await;
        let (heard, mut events) = mpsc::unbounded_channel();
        let at = bench.at.clone();
        let revoking = async move {
            let mut settled = 0;
            while let Some(event) = events.recv().await {
                settled += usize::from(matches!(event, Event::Settled { account, .. } if account == two));
                if settled == 45 {
                    trouble(&at, "11", "revoke").await;
                    settled += 1;
                }
            }
        };
        let (ended, ()) = tokio::join!(bench.drain_heard(heard), revoking);
        assert_eq!((ended.finish.stopped, code(&ended)), (Stopped::Account, 77));
        let [(account, reason, detail)] = &ended.finish.troubles[..] else { panic!("{:?}", ended.finish.troubles) };
        assert_eq!((*account, &**reason), (two, "login_needed"));
        assert!(detail.contains("cleanup account login two"), "{detail}");
        ended.store.close().await;

        let ledger = sandbox.ledger();
        assert!(ledger.users["x-v1:12"].actions["unfollow"].max_in_window <= 15, "{ledger:?}");
        assert!(ledger.users.values().all(|user| user.earned_429 == 0), "{ledger:?}");
        let who = |dialect, user| KnownUser { dialect, user: id(user) };
        let of = [who(SimulatedApi::V2, 11), who(SimulatedApi::V1, 12), who(SimulatedApi::Aisa, 13)]
            .map(|who| applied(&sandbox, who));
        assert_eq!((of[1].len(), of[2].len()), (90, 90), "the others finish");
        assert!((45..90).contains(&of[0].len()), "{}", of[0].len());
        for row in bench.receipts().await {
            let Some(Target::Id(target)) = &row.target else { panic!("{row:?}") };
            let record = row.record.as_deref().unwrap();
            let owner = ["two", "one", "gate"].iter().position(|name| record.contains(&format!(",{name},"))).unwrap();
            let happened = of[owner].contains(&target.to_string());
            assert_eq!(row.outcome, if happened { Outcome::Done } else { Outcome::Pending }, "{row:?}");
        }
    });
}

#[test]
fn oauth1_at_v2_does_everything_but_bookmarks() {
    run(async {
        let sandbox = sandbox(7200, "200/1s").await;
        let bench = bench(&sandbox);
        bench.log_in_oauth1("anna", Platform::XV2, 1).await;
        bench.load(&[rows("unbookmark", "anna", 0, 10), rows("unmute", "anna", 20, 10)].concat()).await;
        let ended = bench.drain().await;
        assert_eq!((ended.finish.stopped, code(&ended)), (Stopped::Account, 77));
        assert_eq!((ended.jobs[0].counts.done, ended.jobs[0].counts.pending), (10, 10));
        let [(_, reason, detail)] = &ended.finish.troubles[..] else { panic!("{:?}", ended.finish.troubles) };
        assert_eq!(reason, "oauth2_only");
        assert!(detail.starts_with("unbookmark: "), "{detail}");
        assert_eq!(sandbox.ledger().users["1"].requests, 10, "nothing is sent that cannot be served");
        ended.store.close().await;
        // Mended by a login, the same rows go on.
        bench.log_in("anna", 1).await;
        let ended = bench.drain().await;
        assert_eq!((code(&ended), ended.jobs[0].counts.done), (0, 20), "{:?}", ended.finish);
    });
}
