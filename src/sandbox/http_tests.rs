#![allow(clippy::unwrap_used)]
//! The sandbox over real HTTP: every endpoint, every header, accounts in trouble. The faults are next door.

use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};

use super::*;
use crate::clock::{SharedClock, SimulatedClock, SystemClock};
use crate::domain::{Action, Moment, TargetId, Tick, Wall};

pub(super) const USER: &str = "77";
/// 2026-11-22T14:38:31.500Z, a Sunday.
pub(super) const NOW: Moment = Moment { tick: Tick(5_000), wall: Wall(1_795_358_311_500) };

/// A sandbox and a client that never repeats a request.
pub(super) struct Bench {
    pub(super) sandbox: Sandbox,
    client: Client,
}

impl Bench {
    pub(super) async fn new(faults: &str) -> Bench {
        Bench::with(Options { faults: faults.parse().unwrap(), ..Options::default() }, SimulatedClock::shared(NOW))
            .await
    }

    pub(super) async fn with(options: Options, clock: SharedClock) -> Bench {
        // Somebody else may have installed it already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().no_proxy().retry(reqwest::retry::never()).build().unwrap();
        Bench { sandbox: Sandbox::start(options, clock).await.unwrap(), client }
    }

    pub(super) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.sandbox.base_url()))
    }

    pub(super) fn delete_as(&self, user: &str, path: &str) -> RequestBuilder {
        self.request(Method::DELETE, path).bearer_auth(format!("sandbox-{user}"))
    }

    pub(super) async fn delete(&self, path: &str) -> Response {
        self.delete_as(USER, path).send().await.unwrap()
    }

    async fn text(&self, path: &str) -> String {
        self.request(Method::GET, path).send().await.unwrap().text().await.unwrap()
    }

    /// How often an unfollow of the target was done and asked for.
    pub(super) fn effect(&self, target: u64) -> (u32, u32) {
        let effects = self.sandbox.effects(id(USER));
        let effect = effects.iter().find(|effect| effect.target == id(&target.to_string())).unwrap();
        (effect.applied, effect.requested)
    }

    pub(super) fn user(&self) -> UserLedger {
        self.sandbox.ledger().users[USER].clone()
    }
}

pub(super) fn id(text: &str) -> TargetId {
    text.parse().unwrap()
}

pub(super) fn header<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
    response.headers().get(name).map(|value| value.to_str().unwrap())
}

async fn status(request: RequestBuilder) -> u16 {
    request.send().await.unwrap().status().as_u16()
}

pub(super) async fn body(response: Response) -> Value {
    serde_json::from_str(&response.text().await.unwrap()).unwrap()
}

#[tokio::test]
async fn every_endpoint_undoes_and_says_so_in_its_own_field() {
    let bench = Bench::new("none").await;
    for (path, field, value) in [
        ("/2/users/77/following/1", "following", false),
        ("/2/users/77/likes/2", "liked", false),
        ("/2/users/77/retweets/3", "retweeted", false),
        ("/2/users/77/muting/4", "muting", false),
        ("/2/users/77/blocking/5", "blocking", false),
        ("/2/tweets/6", "deleted", true),
        ("/2/users/77/bookmarks/7", "bookmarked", false),
    ] {
        let response = bench.delete(path).await;
        assert_eq!(response.status(), 200, "{path}");
        assert!(header(&response, "content-type").unwrap().starts_with("application/json"));
        assert_eq!(body(response).await, json!({"data": {field: value}}), "{path}");
    }
    let user = bench.user();
    assert_eq!((user.requests, user.effects, user.repeats, user.max_in_window), (7, 7, 0, 7));
    assert_eq!(user.actions.len(), 7);
    let csv = bench.text("/sandbox/effects?user=77").await;
    assert!(csv.starts_with("action,target,applied,requested\nunfollow,1,1,1\nunlike,2,1,1\n"), "{csv}");
    assert_eq!(csv.lines().count(), 8);
}

#[tokio::test]
async fn every_answer_has_xs_headers() {
    let bench = Bench::new("none").await;
    let response = bench.delete("/2/users/77/likes/2").await;
    assert_eq!(header(&response, "x-rate-limit-limit"), Some("50"));
    assert_eq!(header(&response, "x-rate-limit-remaining"), Some("49"));
    // The window ends at 46.5 s; a header of whole seconds must not say earlier.
    assert_eq!(header(&response, "x-rate-limit-reset"), Some("1795358327"));
    assert_eq!(header(&response, "x-user-limit-24hour-remaining"), Some("999"));
    assert_eq!(header(&response, "date"), Some("Sun, 22 Nov 2026 14:38:31 GMT"));
    let first = header(&response, "x-transaction-id").unwrap().to_owned();
    let response = bench.delete("/2/users/77/likes/x").await;
    assert_eq!(header(&response, "content-type"), Some("application/problem+json"));
    assert_eq!(header(&response, "x-rate-limit-remaining"), Some("48"));
    assert_ne!(header(&response, "x-transaction-id"), Some(first.as_str()));
}

#[tokio::test]
async fn who_asks_is_told_by_the_token() {
    let bench = Bench::new("none").await;
    let me = bench.request(Method::GET, "/2/users/me").bearer_auth("sandbox-77").send().await.unwrap();
    assert_eq!(header(&me, "x-rate-limit-limit"), Some("75"));
    assert_eq!(body(me).await["data"]["id"], "77");
    for token in ["", "sandbox-", "sandbox-x", "sandbox-12345678901234567890", "other-77"] {
        let response = bench.request(Method::DELETE, "/2/tweets/1").bearer_auth(token).send().await.unwrap();
        assert_eq!(response.status(), 401, "{token}");
        assert_eq!(body(response).await["title"], "Unauthorized");
    }
    assert_eq!(bench.request(Method::GET, "/2/users/me").send().await.unwrap().status(), 401);
    let ledger = bench.sandbox.ledger();
    assert_eq!((ledger.unauthenticated, ledger.users[USER].lookups, ledger.users[USER].requests), (6, 1, 0));
}

#[tokio::test]
async fn wrong_requests_are_refused_in_xs_words() {
    let bench = Bench::new("none").await;
    for path in [
        "/2/users/78/following/1",
        "/2/users/x/following/1",
        "/2/users/77/following/x",
        "/2/tweets/-1",
        "/2/users/77/likes/12345678901234567890",
        "/2/users/77/likes/%31%32x",
        "/2/users/77/likes/%FF",
    ] {
        let response = bench.delete(path).await;
        assert_eq!(response.status(), 400, "{path}");
        let body = body(response).await;
        assert_eq!(body["title"], "Invalid Request");
        assert!(body["type"].as_str().unwrap().ends_with("/problems/invalid-request"));
    }
    for path in ["/", "/2/users/77/pinned_posts", "/3/friendships/destroy.json", "/2/users/77/pinned_posts/1"] {
        let response = bench.delete(path).await;
        assert_eq!((response.status(), body(response).await["status"].clone()), (StatusCode::NOT_FOUND, json!(404)));
    }
    assert_eq!(bench.request(Method::POST, "/2/tweets/1").send().await.unwrap().status(), 405);
    // There is such a path, to read the list.
    assert_eq!(bench.delete("/2/users/77/following").await.status(), 405);
    let large = bench.delete_as(USER, "/2/tweets/1").body(vec![0_u8; 5000]).send().await.unwrap();
    assert_eq!(large.status(), 413);
    assert_eq!(bench.user().effects, 0);
}

#[tokio::test]
async fn over_the_limit_is_429_until_the_window_ends() {
    let clock = SimulatedClock::shared(NOW);
    let options = Options { rate: "3/15s".parse().unwrap(), faults: Faults::NONE, ..Options::default() };
    let bench = Bench::with(options, clock.clone()).await;
    for target in 1..=3 {
        assert_eq!(bench.delete(&format!("/2/tweets/{target}")).await.status(), 200);
    }
    clock.advance(Duration::from_millis(14_999));
    let limited = bench.delete("/2/users/77/muting/4").await;
    assert_eq!(limited.status(), 429);
    assert_eq!(header(&limited, "x-rate-limit-remaining"), Some("0"));
    assert_eq!(header(&limited, "x-rate-limit-reset"), Some("1795358327"));
    assert_eq!(status(bench.delete_as("78", "/2/tweets/4")).await, 200);
    clock.advance(Duration::from_millis(1));
    assert_eq!(bench.delete("/2/users/77/muting/4").await.status(), 200);
    let user = bench.user();
    assert_eq!((user.earned_429, user.injected_429, user.max_in_window), (1, 0, 5));
    let read: Ledger = serde_json::from_str(&bench.text("/sandbox/ledger").await).unwrap();
    assert_eq!(read, bench.sandbox.ledger());
}

#[tokio::test]
async fn where_nothing_is_enforced_the_ledger_still_counts() {
    let options =
        Options { rate: "3/15s".parse().unwrap(), enforce: false, faults: Faults::NONE, ..Options::default() };
    let bench = Bench::with(options, SimulatedClock::shared(NOW)).await;
    for target in 0..10 {
        let response = bench.delete(&format!("/2/users/77/likes/{target}")).await;
        assert_eq!((response.status(), header(&response, "x-rate-limit-limit")), (StatusCode::OK, None));
    }
    let user = bench.user();
    assert_eq!((user.max_in_window, user.limit, user.enforced, user.earned_429), (10, 3, false, 0));
}

#[tokio::test]
async fn an_account_can_get_into_trouble_and_out_again() {
    let bench = Bench::new("none").await;
    for (trouble, expected, pointer, value) in [
        ("revoke", 401, "/title", json!("Unauthorized")),
        ("suspend", 403, "/errors/0/code", json!(64)),
        ("ambiguous", 403, "/detail", json!("You are not permitted to perform this action.")),
        ("credits", 402, "/title", json!("CreditsDepleted")),
        ("suspend-in-words", 403, "/errors/0/code", Value::Null),
        ("not-enrolled", 403, "/reason", json!("user-not-enrolled")),
        ("route-lost", 404, "/type", json!("about:blank")),
        ("bad-request", 400, "/errors/0/code", Value::Null),
        ("user-missing", 404, "/errors/0/resource_id", json!("77")),
    ] {
        let path = format!("/sandbox/user/77/{trouble}");
        assert_eq!(status(bench.request(Method::POST, &path)).await, 204);
        let response = bench.delete("/2/users/77/following/1").await;
        assert_eq!(response.status(), expected);
        assert_eq!(body(response).await.pointer(pointer).cloned().unwrap_or_default(), value);
        assert_eq!(status(bench.request(Method::GET, "/2/users/me").bearer_auth("sandbox-77")).await, expected);
        assert_eq!(status(bench.delete_as("78", "/2/users/78/muting/1")).await, 200);
        assert_eq!(status(bench.request(Method::POST, "/sandbox/user/77/restore")).await, 204);
    }
    assert_eq!(bench.delete("/2/users/77/following/1").await.status(), 200);
    assert_eq!(status(bench.request(Method::POST, "/sandbox/user/77/flatter")).await, 404);
    assert_eq!(status(bench.request(Method::POST, "/sandbox/user/x/revoke")).await, 400);
    assert_eq!(bench.effect(1), (1, 10));
}

#[tokio::test]
async fn effects_are_streamed_in_full() {
    let options = Options { enforce: false, faults: Faults::NONE, ..Options::default() };
    let bench = Bench::with(options, SimulatedClock::shared(NOW)).await;
    for target in 0..2_001 {
        bench.delete(&format!("/2/users/77/muting/{target:04}")).await;
    }
    let csv = bench.text("/sandbox/effects?user=77").await;
    assert_eq!(csv.lines().count(), 2_002);
    assert!(csv.ends_with("unmute,2000,1,1\n") && csv.contains("\nunmute,0007,1,1\n"));
    assert_eq!(bench.text("/sandbox/effects?user=5").await.lines().count(), 1);
    assert_eq!(status(bench.request(Method::GET, "/sandbox/effects")).await, 400);
}

#[tokio::test]
async fn only_loopback_is_listened_on() {
    let options = Options { listen: "0.0.0.0:0".parse().unwrap(), ..Options::default() };
    let error = Sandbox::start(options, SystemClock::shared()).await.unwrap_err();
    assert!(error.to_string().contains("127.0.0.1"), "{error}");
    let first = Bench::new("none").await;
    let options = Options { listen: first.sandbox.address(), ..Options::default() };
    let error = Sandbox::start(options, SystemClock::shared()).await.unwrap_err();
    assert!(error.to_string().contains("port 0"), "{error}");
}

#[tokio::test]
async fn after_shutting_down_nobody_answers() {
    let bench = Bench::new("none").await;
    assert_eq!(bench.delete("/2/tweets/1").await.status(), 200);
    let url = format!("{}/2/tweets/2", bench.sandbox.base_url());
    bench.sandbox.shut_down().await;
    let error = bench.client.delete(url).send().await.unwrap_err();
    assert!(error.is_connect(), "{error:?}");
}

#[tokio::test]
async fn the_token_helper_makes_a_token_that_is_understood() {
    let bench = Bench::new("none").await;
    let request = bench.request(Method::DELETE, "/2/tweets/1").bearer_auth(Sandbox::token(id("0077")));
    assert_eq!(status(request).await, 200);
    assert_eq!(bench.sandbox.effects(id("0077"))[0].action, Action::DeletePost);
}
