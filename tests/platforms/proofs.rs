//! Who asks: signatures, keys, clocks, and platforms that want another kind of proof.

use std::time::Duration;

use cleanup::domain::{Action, Platform, Tick};
use cleanup::platforms::{Credentials, Finding};

use crate::platforms::bench::{Bench, NOW, USER, WAYS, id, oauth1};

#[tokio::test]
async fn any_of_four_wrong_secrets_is_no_signature() {
    let bench = Bench::new("none").await;
    for place in 0..4 {
        let wrong = oauth1(id(USER), |keys| keys[place].push('x'));
        for platform in [Platform::XV1, Platform::XV2] {
            let reply = bench.ask_with(&wrong, platform, Action::Unfollow, "9").await;
            assert_eq!(reply.finding, Finding::Unauthorized { reason: "unauthorized".into() }, "{place} {platform}");
            assert_eq!(reply.http_status, Some(401));
        }
    }
    let ledger = bench.sandbox.ledger();
    assert_eq!((ledger.unauthenticated, ledger.users.len()), (8, 0));
}

#[tokio::test]
async fn a_clock_that_is_minutes_off_is_told_so() {
    for (off_seconds, fine) in [(0_i64, true), (299, true), (302, false), (-299, true), (-302, false)] {
        let bench = Bench::new("none").await;
        let wall = NOW.wall.0 + off_seconds * 1000;
        bench.clock.set_wall(cleanup::domain::Wall(wall));
        for way in WAYS {
            let reply = bench.ask(way, Action::Unfollow, "9").await;
            let expected = if fine || !way.oauth1 {
                Finding::Done { reason: None }
            } else {
                Finding::Transient { reason: "clock_skew".into() }
            };
            assert_eq!(reply.finding, expected, "{off_seconds} {way:?}");
        }
    }
}

#[tokio::test]
async fn me_is_told_by_both_kinds_of_credentials() {
    let bench = Bench::new("none").await;
    for way in &WAYS[..2] {
        let user = bench
            .client
            .me(
                cleanup::platforms::spec(Platform::XV2).who_am_i.as_ref().unwrap(),
                &bench.base,
                &way.credentials(),
                Tick(i64::MAX),
                &*bench.clock,
            )
            .await
            .unwrap();
        assert_eq!(user.user.as_str(), USER);
    }
    assert_eq!(bench.sandbox.ledger().users[USER].lookups, 2);
}

#[tokio::test]
async fn what_an_endpoint_does_not_take_is_not_sent() {
    let bench = Bench::new("none").await;
    let [bearer, oauth1, ..] = WAYS.map(|way| way.credentials());
    for (credentials, platform, action, reason) in [
        (&oauth1, Platform::XV2, Action::Unbookmark, "oauth2_only"),
        (&bearer, Platform::XV1, Action::Unfollow, "oauth1_only"),
        (&oauth1, Platform::Aisa, Action::Unfollow, "key_only"),
    ] {
        let reply = bench.ask_with(credentials, platform, action, "9").await;
        assert_eq!((reply.finding, reply.http_status), (Finding::Account { reason: reason.into() }, None));
    }
    assert_eq!(bench.sandbox.ledger(), cleanup::sandbox::Ledger::default());
}

/// A request by hand, and the status and body it is answered with.
async fn post(bench: &Bench, path: &str, authorization: &str, body: &'static str) -> (u16, serde_json::Value) {
    let request = reqwest::Client::new().post(format!("{}{path}", bench.base)).body(body);
    let request = request.header("content-type", "application/json");
    let request = if authorization.is_empty() { request } else { request.header("authorization", authorization) };
    let response = request.timeout(Duration::from_secs(60)).send().await.unwrap();
    let status = response.status().as_u16();
    (status, serde_json::from_str(&response.text().await.unwrap()).unwrap())
}

#[tokio::test]
async fn the_sandbox_itself_refuses_wrong_proofs_in_each_platforms_words() {
    let bench = Bench::new("none").await;
    let v1 = "/1.1/friendships/destroy.json";
    for (authorization, status, code) in [
        ("", 400, 215),
        ("Bearer sandbox-1", 403, 220),
        ("OAuth oauth_token=\"1-sandbox\"", 401, 32),
        ("OAuth rubbish", 401, 32),
        ("Basic YTpi", 401, 32),
    ] {
        let (said, body) = post(&bench, v1, authorization, "").await;
        assert_eq!((said, body["errors"][0]["code"].as_u64()), (status, Some(code)), "{authorization}");
    }
    let aisa = "/apis/v1/twitter/unlike_twitter";
    for (authorization, code) in
        [("", "missing_api_key"), ("Bearer sandbox-1", "invalid_api_key"), ("OAuth a=\"b\"", "invalid_api_key")]
    {
        let (status, body) = post(&bench, aisa, authorization, "{}").await;
        assert_eq!((status, body["error"]["code"].as_str()), (401, Some(code)), "{authorization}");
    }
    for (body, code) in [
        ("", "json_parse_error"),
        ("{}", "missing_parameter"),
        (r#"{"tweet_id":1}"#, "invalid_parameter_type"),
        (r#"{"tweet_id":"x"}"#, "invalid_request"),
    ] {
        let (status, said) = post(&bench, aisa, "Bearer sk-sandbox-1", body).await;
        assert_eq!((status, said["error"]["code"].as_str()), (400, Some(code)), "{body}");
    }
    assert_eq!(post(&bench, "/1.1/users/destroy.json", "", "").await.1["errors"][0]["code"], 34);
    assert_eq!(post(&bench, "/apis/v1/twitter/block", "", "").await.1["error"]["code"], "unknown_endpoint");
    let ledger = bench.sandbox.ledger();
    assert_eq!((ledger.unauthenticated, ledger.users["aisa:1"].requests), (8, 4));
}

#[tokio::test]
async fn bookmarks_are_refused_to_oauth1_by_the_platform_too() {
    // Signed for another path it is wrong anyway; the platform says first that it takes no such thing.
    let bench = Bench::new("none").await;
    let request = reqwest::Client::new().delete(format!("{}/2/users/1/bookmarks/2", bench.base));
    let response = request.header("authorization", "OAuth oauth_token=\"1-sandbox\"").send().await.unwrap();
    assert_eq!(response.status(), 403);
    assert!(response.text().await.unwrap().contains("/problems/unsupported-authentication"));
    assert!(matches!(WAYS[1].credentials(), Credentials::OAuth1(_)));
}
