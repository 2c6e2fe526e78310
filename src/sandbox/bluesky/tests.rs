#![allow(clippy::unwrap_used)]
//! The sandbox as a Bluesky server, over real HTTP and on a simulated clock: records, points, addresses, app view.

use std::time::Duration;

use reqwest::{Method, Response};
use serde_json::{Value, json};

use super::super::http_tests::{Bench, NOW, body, header, id};
use super::super::*;
use super::did;
use crate::clock::SimulatedClock;
use crate::domain::{Action, TargetKind};

const FOLLOWS: &str = "app.bsky.graph.follow";
const DELETE: &str = "com.atproto.repo.deleteRecord";
const CREATE: &str = "com.atproto.repo.createRecord";

async fn get(bench: &Bench, question: &str) -> Response {
    bench.request(Method::GET, &format!("/xrpc/{question}")).bearer_auth("sandbox-77").send().await.unwrap()
}

async fn post(bench: &Bench, method: &str, input: &Value) -> Response {
    let request =
        bench.request(Method::POST, &format!("/xrpc/{method}")).bearer_auth(format!("sandbox-{}", did(id("77"))));
    request.header("content-type", "application/json").body(input.to_string()).send().await.unwrap()
}

fn list_question(collection: &str, more: &str) -> String {
    format!("com.atproto.repo.listRecords?repo={}&collection={collection}{more}", did(id("77")))
}

async fn records(bench: &Bench, collection: &str) -> Vec<Value> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = body(get(bench, &list_question(collection, &format!("&limit=100{cursor}"))).await).await;
        all.extend(page["records"].as_array().unwrap().clone());
        match page["cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
}

fn record_input(record: &Value) -> Value {
    let key = record["uri"].as_str().unwrap().rsplit_once('/').unwrap().1;
    json!({ "repo": did(id("77")), "collection": FOLLOWS, "rkey": key, "swapRecord": record["cid"] })
}

fn effects(bench: &Bench) -> Vec<Effect> {
    bench.sandbox.effects("bluesky:77".parse::<KnownUser>().unwrap())
}

fn ledger(bench: &Bench) -> UserLedger {
    bench.sandbox.ledger().users["bluesky:77"].clone()
}

async fn no_faults(options: Options) -> (Bench, std::sync::Arc<SimulatedClock>) {
    let clock = SimulatedClock::shared(NOW);
    (Bench::with(Options { faults: Faults::NONE, ..options }, clock.clone()).await, clock)
}

#[tokio::test]
async fn a_record_goes_once_and_its_effect_is_counted_by_record() {
    let (bench, _) = no_faults(Options::default()).await;
    let all = records(&bench, FOLLOWS).await;
    assert_eq!(all.len(), 250);
    let done = post(&bench, DELETE, &record_input(&all[0])).await;
    assert_eq!((done.status().as_u16(), header(&done, "ratelimit-limit")), (200, Some("3000")));
    assert!(body(done).await["commit"]["cid"].is_string());
    let again = post(&bench, DELETE, &record_input(&all[0])).await;
    assert_eq!((again.status().as_u16(), body(again).await), (200, json!({})));
    let mut changed = record_input(&all[1]);
    changed["swapRecord"] = all[2]["cid"].clone();
    let kept = post(&bench, DELETE, &changed).await;
    assert_eq!((kept.status().as_u16(), body(kept).await["error"].clone()), (400, json!("InvalidSwap")));
    assert_eq!(records(&bench, FOLLOWS).await, all[1..]);
    let effects = effects(&bench);
    let counted: Vec<_> = effects.iter().map(|effect| (effect.action, effect.applied, effect.requested)).collect();
    assert_eq!(counted, [(Action::Unfollow, 0, 1), (Action::Unfollow, 1, 2)]);
    assert_eq!((ledger(&bench).effects, ledger(&bench).requests, ledger(&bench).limit), (1, 3, 5_000));
}

#[tokio::test]
async fn points_are_told_when_they_are_the_tightest_and_a_creation_that_is_refused_burns_them() {
    let (bench, clock) = no_faults(Options::default()).await;
    let all = records(&bench, FOLLOWS).await;
    let spent = bench.request(Method::POST, "/sandbox/spend/bluesky:77/unfollow/4997").send().await.unwrap();
    assert_eq!(spent.status(), 204);
    let done = post(&bench, DELETE, &record_input(&all[0])).await;
    assert_eq!(done.status(), 200);
    assert_eq!(header(&done, "ratelimit-remaining"), Some("2"));
    assert_eq!(header(&done, "ratelimit-policy"), Some("5000;w=60"));
    let record = json!({ "$type": FOLLOWS, "subject": "did:plc:abc", "createdAt": "2026-01-01T00:00:00Z" });
    let create = json!({ "repo": did(id("77")), "collection": FOLLOWS, "record": record });
    let refused = post(&bench, CREATE, &create).await;
    assert_eq!((refused.status().as_u16(), header(&refused, "retry-after")), (429, Some("61")));
    assert_eq!(body(refused).await["error"], "RateLimitExceeded");
    let refused = post(&bench, DELETE, &record_input(&all[1])).await;
    assert_eq!((refused.status().as_u16(), header(&refused, "ratelimit-remaining")), (429, Some("0")));
    assert_eq!(records(&bench, FOLLOWS).await.len(), 249, "reading goes on");
    let unmuted = post(&bench, "app.bsky.graph.unmuteActor", &json!({ "actor": "did:plc:abc" })).await;
    assert_eq!(unmuted.status(), 200, "an app view's undoing costs no points");
    clock.advance(Duration::from_secs(60));
    let made = post(&bench, CREATE, &create).await;
    assert_eq!((made.status().as_u16(), ledger(&bench).earned_429), (200, 2));
    assert!(records(&bench, FOLLOWS).await[0]["uri"] == body(made).await["uri"]);
    assert_eq!(post(&bench, DELETE, &record_input(&all[1])).await.status(), 200);
}

#[tokio::test]
async fn all_accounts_of_an_address_share_its_requests() {
    let (bench, clock) = no_faults(Options::default()).await;
    let resolve = "com.atproto.identity.resolveHandle?handle=ada.test";
    let mut last = get(&bench, resolve).await;
    for left in (0..2_999).rev() {
        last = get(&bench, if left % 2 == 0 { resolve } else { "com.atproto.server.getSession" }).await;
        assert_eq!(last.status(), 200);
    }
    assert_eq!(header(&last, "ratelimit-remaining"), Some("0"));
    let follow = records_question_of("78");
    let refused = get(&bench, &follow).await;
    assert_eq!((refused.status().as_u16(), header(&refused, "ratelimit-policy")), (429, Some("3000;w=5")));
    clock.advance(Duration::from_secs(5));
    assert_eq!(get(&bench, &follow).await.status(), 200);
}

fn records_question_of(user: &str) -> String {
    format!("com.atproto.repo.listRecords?repo={}&collection={FOLLOWS}", did(id(user)))
}

#[tokio::test]
async fn a_lost_answer_has_deleted_and_a_reset_connection_has_not() {
    for (faults, left) in [("lost=100%", 249), ("reset=100%", 250)] {
        let (bench, _) = no_faults(Options::default()).await;
        let all = records(&bench, FOLLOWS).await;
        let faulty = Bench::new(faults).await;
        let request = faulty.request(Method::POST, &format!("/xrpc/{DELETE}")).bearer_auth("sandbox-77");
        assert!(request.body(record_input(&all[0]).to_string()).send().await.is_err());
        assert_eq!(faulty.sandbox.records(id("77"), FOLLOWS).len(), left, "{faults}");
    }
}

#[tokio::test]
async fn mutes_and_bookmarks_are_an_app_views() {
    let (bench, _) = no_faults(Options { lists: ListSizes::all(3), ..Options::default() }).await;
    for (list, undo, redo, field) in [
        ("app.bsky.graph.getMutes", "app.bsky.graph.unmuteActor", "app.bsky.graph.muteActor", "actor"),
        (
            "app.bsky.bookmark.getBookmarks",
            "app.bsky.bookmark.deleteBookmark",
            "app.bsky.bookmark.createBookmark",
            "uri",
        ),
    ] {
        let first = body(get(&bench, &format!("{list}?limit=2")).await).await;
        let rest = body(get(&bench, &format!("{list}?cursor={}", first["cursor"].as_str().unwrap())).await).await;
        let entries = |page: &Value| (page["mutes"].as_array().or(page["bookmarks"].as_array())).unwrap().clone();
        assert!(entries(&first).len() == 2 && entries(&rest).len() == 1 && rest["cursor"].is_null(), "{rest}");
        let one = &entries(&first)[0];
        let subject = if field == "actor" { one["did"].clone() } else { one["subject"]["uri"].clone() };
        let ask = |method| post_subject(&bench, method, field, subject.clone());
        assert_eq!(ask(undo).await.text().await.unwrap(), "");
        assert_eq!(entries(&body(get(&bench, list).await).await).len(), 2);
        assert_eq!(ask(undo).await.status(), 200);
        assert_eq!(ask(redo).await.status(), 200);
        assert!(entries(&body(get(&bench, list).await).await).contains(one));
    }
    let odd = json!("at://did:plc:abc/app.bsky.feed.generator/a");
    let refused = post_subject(&bench, "app.bsky.bookmark.deleteBookmark", "uri", odd).await;
    assert_eq!(
        (refused.status().as_u16(), body(refused).await["error"].clone()),
        (400, json!("UnsupportedCollection"))
    );
}

async fn post_subject(bench: &Bench, method: &str, field: &str, subject: Value) -> Response {
    post(bench, method, &json!({ field: subject })).await
}

#[tokio::test]
async fn a_follow_of_a_deleted_account_is_listed_and_can_be_deleted_and_its_profile_is_missing() {
    let (bench, _) = no_faults(Options::default()).await;
    let subject = records(&bench, FOLLOWS).await[5]["value"]["subject"].as_str().unwrap().to_owned();
    let special = |fate| vec![SpecialTarget { kind: TargetKind::User, id: Sandbox::bluesky_number(&subject), fate }];
    let (bench, _) = no_faults(Options { special: special(Fate::Gone), ..Options::default() }).await;
    let all = records(&bench, FOLLOWS).await;
    assert_eq!(all[5]["value"]["subject"], subject);
    let other = all[6]["value"]["subject"].as_str().unwrap();
    let profiles = get(&bench, &format!("app.bsky.actor.getProfiles?actors={subject}&actors={other}")).await;
    let profiles = body(profiles).await;
    assert_eq!(profiles["profiles"].as_array().unwrap().len(), 1);
    assert_eq!(profiles["profiles"][0]["did"], other);
    let done = post(&bench, DELETE, &record_input(&all[5])).await;
    assert!(body(done).await["commit"].is_object());
    // One that somebody else has deleted meanwhile is listed, and nothing goes.
    let (bench, _) = no_faults(Options { special: special(Fate::GoneUnnamed), ..Options::default() }).await;
    let done = post(&bench, DELETE, &record_input(&records(&bench, FOLLOWS).await[5])).await;
    assert_eq!((done.status().as_u16(), body(done).await), (200, json!({})));
}

#[tokio::test]
async fn what_was_undone_before_is_not_there_and_what_is_put_back_is() {
    let (bench, _) = no_faults(Options::default()).await;
    let all = records(&bench, FOLLOWS).await;
    let who: KnownUser = "bluesky:77".parse().unwrap();
    // One with two records.
    let twice = Sandbox::bluesky_number(all[49]["value"]["subject"].as_str().unwrap());
    assert!(bench.sandbox.undo(who, Action::Unfollow, twice));
    assert_eq!(records(&bench, FOLLOWS).await.len(), 248);
    assert!(bench.sandbox.relist(who, Shelf::Following, twice));
    let now = records(&bench, FOLLOWS).await;
    assert_eq!((now.len(), &now[0]["value"]["subject"]), (249, &all[49]["value"]["subject"]));
}
