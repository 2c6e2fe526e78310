//! What every row does, and what every row says when it does not.

use cleanup::domain::{Action, Platform, TargetKind};
use cleanup::platforms::{Finding, Limited, RefusalKind, Reply};
use cleanup::sandbox::{Fate, Faults, Options, TargetRefusal};

use crate::platforms::bench::{Bench, NOW, TARGETS, USER, WAYS, Way, id};

/// The finding's kind, and its reason where that matters little.
fn kind(reply: &Reply) -> &'static str {
    match &reply.finding {
        Finding::Done { reason: None } => "done",
        Finding::Done { reason: Some(_) } => "already",
        Finding::Gone { .. } => "gone",
        Finding::Refused { .. } => "refused",
        Finding::RecordChanged { .. } => "changed",
        Finding::Unsendable { .. } => "unsendable",
        Finding::Ambiguous { refusal: RefusalKind::NotFound, .. } => "not found",
        Finding::Ambiguous { refusal: RefusalKind::UnreadableNotFound, .. } => "unreadable",
        Finding::Ambiguous { refusal: RefusalKind::BadRequest, .. } => "bad request",
        Finding::Ambiguous { refusal: RefusalKind::OtherRecord, .. } => "other record",
        Finding::Ambiguous { refusal: RefusalKind::Forbidden, .. } => "ambiguous",
        Finding::Limited(Limited::Rate) => "rate",
        Finding::Limited(Limited::Spend { .. }) => "spend",
        Finding::Limited(_) => "limited",
        Finding::Unauthorized { .. } => "unauthorized",
        Finding::NotGranted { .. } => "not_granted",
        Finding::Account { .. } => "account",
        Finding::App { .. } => "app",
        Finding::Transient { .. } => "world",
        Finding::Unknown { .. } => "unknown",
        Finding::Unanswered { .. } => "unanswered",
        Finding::NotSent => "not sent",
        Finding::Unproven { .. } => "unproven",
    }
}

/// Asks every row for every target, and expects this kind and no effect.
async fn expect_refusal(bench: &Bench, expected: impl Fn(Way, Action) -> &'static str) {
    for way in WAYS {
        for row in way.rows() {
            for target in TARGETS {
                let target = target.to_string();
                let reply = bench.ask(way, row.action, &target).await;
                assert_eq!(kind(&reply), expected(way, row.action), "{way:?} {} {reply:?}", row.action);
                assert_eq!(bench.effect(way, row.action, &target).map_or(0, |effect| effect.applied), 0, "{way:?}");
            }
        }
    }
}

#[tokio::test]
async fn every_row_has_its_effect_and_knows_it() {
    let bench = Bench::new("none").await;
    let mut rows = 0;
    for way in WAYS {
        for row in way.rows() {
            for (tries, target) in TARGETS.enumerate() {
                // The same user at v2, whichever way it proves who it is.
                let target = (target + 100 * u64::from(way.oauth1)).to_string();
                let reply = bench.ask(way, row.action, &target).await;
                assert_eq!((kind(&reply), reply.http_status), ("done", Some(200)), "{way:?} {} {reply:?}", row.action);
                assert_eq!(bench.effect(way, row.action, &target).map(|e| (e.applied, e.requested)), Some((1, 1)));
                if tries == 0 {
                    let again = kind(&bench.ask(way, row.action, &target).await);
                    assert_eq!(
                        again,
                        if [Action::DeletePost, Action::DeleteList].contains(&row.action) { "gone" } else { "done" },
                        "{way:?}"
                    );
                }
            }
            rows += 1;
        }
    }
    assert_eq!(rows, 10 + 9 + 6 + 2);
    let ledger = bench.sandbox.ledger();
    assert_eq!(ledger.unauthenticated, 0);
    let of = |who: &str| (ledger.users[who].actions.len(), ledger.users[who].effects);
    assert_eq!(of(USER), (10, 19 * 24));
    assert_eq!(of(&format!("x-v1:{USER}")), (6, 6 * 24));
    assert_eq!(of(&format!("aisa:{USER}")), (2, 2 * 24));
}

#[tokio::test]
async fn rows_that_take_handles_reach_the_user_of_that_handle() {
    let bench = Bench::new("none").await;
    let v1 = WAYS[2];
    let rows: Vec<Action> = v1.rows().filter(|row| row.takes_handles()).map(|row| row.action).collect();
    assert_eq!(rows, [Action::Unfollow, Action::Unmute, Action::Unblock]);
    for action in rows {
        assert_eq!(kind(&bench.ask(v1, action, "@Sandbox_4711").await), "done");
        assert_eq!(bench.effect(v1, action, "4711").map(|effect| effect.applied), Some(1));
        assert_eq!(kind(&bench.ask(v1, action, "@Some_One").await), "done");
        assert_eq!(kind(&bench.ask(v1, action, "@some_one").await), "done");
    }
    let user = &bench.sandbox.ledger().users[&v1.who().to_string()];
    assert_eq!((user.effects, user.repeats), (6, 3));
}

#[tokio::test]
async fn gone_is_gone_in_every_wording_but_the_one_that_any_address_gets() {
    let bench = Bench::fated(Fate::Gone).await;
    let mut unclear = 0;
    for way in WAYS {
        for row in way.rows() {
            for target in TARGETS {
                let reply = bench.ask(way, row.action, &target.to_string()).await;
                // v1.1 says 34 of a page that is not there, whatever it is that is not there.
                let is_bare = reply.detail.contains("code 34");
                assert!(!is_bare || way.platform == Platform::XV1, "{way:?} {reply:?}");
                let expected = if is_bare { "not found" } else { "gone" };
                assert_eq!(kind(&reply), expected, "{way:?} {} {reply:?}", row.action);
                unclear += u32::from(is_bare);
            }
        }
    }
    assert!(unclear > 0);
    expect_refusal(&Bench::fated(Fate::GoneUnnamed).await, |_, _| "not found").await;
}

#[tokio::test]
async fn a_target_that_refuses_is_told_from_one_that_does_not_say() {
    for refusal in [TargetRefusal::Protected, TargetRefusal::Suspended, TargetRefusal::NotYours] {
        expect_refusal(&Bench::fated(Fate::Refuses(refusal)).await, |_, _| "refused").await;
    }
    expect_refusal(&Bench::fated(Fate::Refuses(TargetRefusal::Unexplained)).await, |_, _| "ambiguous").await;
}

#[tokio::test]
async fn a_servers_error_is_the_worlds() {
    expect_refusal(&Bench::new("5xx=100%").await, |_, _| "world").await;
}

#[tokio::test]
async fn accounts_in_trouble() {
    for (trouble, expected) in [
        ("revoke", "unauthorized"),
        ("suspend", "account"),
        ("suspend-in-words", "account"),
        ("ambiguous", "ambiguous"),
        ("credits", "app"),
        ("not-enrolled", "account"),
        ("route-lost", "not found"),
        ("bad-request", "bad request"),
        ("duplicate-keys", "unknown"),
    ] {
        let bench = Bench::new("none").await;
        for way in WAYS {
            let url = format!("{}/sandbox/user/{}/{trouble}", bench.base, way.who());
            assert_eq!(reqwest::Client::new().post(url).send().await.unwrap().status(), 204);
        }
        let spend = trouble == "credits";
        expect_refusal(&bench, |way, _| if spend && way.platform == Platform::Aisa { "spend" } else { expected }).await;
    }
}

/// The acting user stands in the path of X API v2 alone; elsewhere nothing tells who it is that is missing.
#[tokio::test]
async fn an_acting_user_that_is_missing_ends_no_row() {
    let bench = Bench::new("none").await;
    for way in WAYS {
        let url = format!("{}/sandbox/user/{}/user-missing", bench.base, way.who());
        assert_eq!(reqwest::Client::new().post(url).send().await.unwrap().status(), 204);
    }
    expect_refusal(&bench, |way, action| match (way.platform, action.target_kind()) {
        (Platform::Aisa, TargetKind::User) => "not found",
        _ => "other record",
    })
    .await;
}

#[tokio::test]
async fn over_the_limit_every_row_says_so_and_when_it_ends() {
    for way in WAYS {
        for row in way.rows() {
            let rate = "1/15s".parse().unwrap();
            let bench = Bench::with(Options { rate, faults: Faults::NONE, ..Options::default() }).await;
            let first = bench.ask(way, row.action, "1").await;
            assert_eq!((kind(&first), first.facts.remaining), ("done", Some(0)), "{way:?} {}", row.action);
            let second = bench.ask(way, row.action, "2").await;
            assert_eq!((kind(&second), second.facts.remaining), ("rate", Some(0)), "{way:?} {}", row.action);
            // 15 s after half past; the header's whole seconds never say too early.
            assert_eq!(second.facts.reset.unwrap().since(NOW.wall).as_millis(), 15_500);
            let waits = second.facts.retry_after.map(|wait| wait.as_secs());
            assert_eq!(waits, (way.platform == Platform::Aisa).then_some(16));
            assert_eq!(first.facts.retry_after, None);
            assert_eq!(bench.effect(way, row.action, "2").unwrap().applied, 0);
        }
    }
}

#[tokio::test]
async fn v1_lets_fewer_unfollows_in_than_other_things() {
    let bench = Bench::with(Options { faults: Faults::NONE, ..Options::default() }).await;
    let [_, v2, v1, _] = WAYS;
    for target in 1..=15 {
        let reply = bench.ask(v1, Action::Unfollow, &target.to_string()).await;
        assert_eq!((kind(&reply), reply.facts.limit, reply.facts.remaining), ("done", Some(15), Some(15 - target)));
    }
    assert_eq!(kind(&bench.ask(v1, Action::Unfollow, "16").await), "rate");
    let reply = bench.ask(v1, Action::Unblock, "16").await;
    assert_eq!((kind(&reply), reply.facts.limit, reply.facts.remaining), ("done", Some(50), Some(34)));
    let reply = bench.ask(v2, Action::Unfollow, "16").await;
    assert_eq!((reply.facts.limit, reply.facts.remaining), (Some(50), Some(49)), "another platform, another window");
    let ledger = bench.sandbox.ledger();
    assert_eq!(ledger.users[&v1.who().to_string()].earned_429, 1);
}

#[tokio::test]
async fn faults_strike_at_every_platform() {
    for (faults, expected, applied) in [
        ("lost=100%", "unanswered", 1),
        ("reset=100%", "unanswered", 0),
        ("cut=100%", "unknown", 1),
        ("429=100%", "rate", 0),
    ] {
        let options = Options { faults: faults.parse().unwrap(), ..Options::default() };
        let bench = Bench::with(options).await;
        for way in WAYS {
            for row in way.rows().take(1) {
                let target = if way.oauth1 { "8" } else { "9" };
                assert_eq!(kind(&bench.ask(way, row.action, target).await), expected, "{way:?} {faults}");
                assert_eq!(bench.effect(way, row.action, target).unwrap().applied, applied, "{way:?} {faults}");
            }
        }
    }
}

#[tokio::test]
async fn what_a_target_is_does_not_hang_on_who_asks_where() {
    let bench =
        Bench::with(Options { faults: "gone=50%".parse().unwrap(), enforce: false, ..Options::default() }).await;
    for target in TARGETS {
        let target = target.to_string();
        let first = kind(&bench.ask(WAYS[0], Action::Unlike, &target).await);
        for way in WAYS {
            let reply = bench.ask(way, Action::Unlike, &target).await;
            // Code 34 does not say whether it is the target that is missing.
            let found = if reply.detail.contains("code 34") { "gone" } else { kind(&reply) };
            assert_eq!(found, first, "{way:?} {target}");
        }
    }
    assert_eq!(Action::Unlike.target_kind(), TargetKind::Post);
    assert_eq!(id(USER).to_string(), USER);
}
