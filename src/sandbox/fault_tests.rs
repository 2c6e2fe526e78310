#![allow(clippy::unwrap_used)]
//! Each fault over real HTTP: what the client sees, and what has happened all the same.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::http_tests::{Bench, NOW, USER, body, header, id};
use super::*;
use crate::clock::SimulatedClock;
use crate::domain::TargetKind;

#[tokio::test]
async fn lost_is_an_effect_without_an_answer_and_reset_is_neither() {
    for (faults, applied) in [("lost=100%", 1), ("reset=100%", 0)] {
        let bench = Bench::new(faults).await;
        for target in 0..5 {
            let error = bench.delete_as(USER, &format!("/2/users/77/following/{target}")).send().await.unwrap_err();
            assert!(error.is_request() && !error.is_connect() && !error.is_timeout(), "{error:?}");
            assert_eq!(bench.effect(target), (applied, 1), "{faults}");
        }
        let user = bench.user();
        assert_eq!((user.requests, user.effects, user.max_in_window), (5, u64::from(applied) * 5, 5));
        assert_eq!(user.faults.lost + user.faults.reset, 5);
    }
}

#[tokio::test]
async fn a_reset_is_a_real_one_and_lost_is_a_plain_end() {
    for (faults, reset) in [("lost=100%", false), ("reset=100%", true)] {
        let bench = Bench::new(faults).await;
        let mut socket = tokio::net::TcpStream::connect(bench.sandbox.address()).await.unwrap();
        let request = "DELETE /2/tweets/1 HTTP/1.1\r\nhost: x\r\nauthorization: Bearer sandbox-77\r\n\r\n";
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let ended = socket.read_to_end(&mut answer).await;
        assert!(answer.is_empty());
        match ended {
            Ok(_) => assert!(!reset),
            Err(error) => assert!(reset && error.kind() == std::io::ErrorKind::ConnectionReset, "{error}"),
        }
    }
}

#[tokio::test]
async fn cut_is_an_effect_with_half_an_answer() {
    let bench = Bench::new("cut=100%").await;
    let response = bench.delete("/2/users/77/following/1").await;
    assert_eq!(response.status(), 200);
    assert_eq!(header(&response, "content-length"), Some("28"));
    assert!(response.text().await.is_err());
    assert_eq!(bench.effect(1), (1, 1));
    let mut socket = tokio::net::TcpStream::connect(bench.sandbox.address()).await.unwrap();
    let request = "DELETE /2/users/77/following/2 HTTP/1.1\r\nhost: x\r\nauthorization: Bearer sandbox-77\r\n\r\n";
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    assert!(answer.ends_with("\r\n\r\n{\"data\":{\"foll"), "{answer}");
}

#[tokio::test]
async fn server_errors_have_every_status_and_form_and_no_effect() {
    let bench = Bench::with(
        Options { enforce: false, faults: "5xx=100%".parse().unwrap(), ..Options::default() },
        SimulatedClock::shared(NOW),
    )
    .await;
    let mut forms = BTreeSet::new();
    for target in 0..200 {
        let response = bench.delete(&format!("/2/tweets/{target}")).await;
        let status = response.status().as_u16();
        let html = header(&response, "content-type").unwrap().starts_with("text/html");
        let text = response.text().await.unwrap();
        assert_eq!(serde_json::from_str::<Value>(&text).is_ok(), !html, "{text}");
        forms.insert((status, html, text.is_empty()));
    }
    assert_eq!(forms.len(), 12);
    let user = bench.user();
    assert_eq!((user.effects, user.faults.server_error), (0, 200));
}

#[tokio::test]
async fn an_injected_429_is_none_that_was_earned() {
    let bench = Bench::new("429=100%").await;
    let mut wordings = BTreeSet::new();
    for target in 0..20 {
        let response = bench.delete(&format!("/2/users/77/following/{target}")).await;
        assert_eq!(response.status(), 429);
        assert_eq!(header(&response, "x-rate-limit-remaining"), Some("0"));
        assert_eq!(header(&response, "x-rate-limit-reset"), Some("1795358313"));
        wordings.insert(response.text().await.unwrap());
    }
    assert_eq!(wordings.len(), 2);
    let user = bench.user();
    assert_eq!((user.injected_429, user.earned_429, user.effects, user.requests), (20, 0, 0, 20));
}

#[tokio::test]
async fn slow_answers_wait_for_the_clock() {
    let clock = SimulatedClock::shared(NOW);
    let options = Options { faults: "slow=100%@2s".parse().unwrap(), ..Options::default() };
    let bench = Bench::with(options, clock.clone()).await;
    let request = tokio::spawn(bench.delete_as(USER, "/2/users/77/following/1").send());
    while bench.sandbox.ledger().users.is_empty() {
        tokio::task::yield_now().await;
    }
    // The effect is there, the answer is not, and time stands still until it is told to go on.
    assert_eq!(bench.effect(1), (1, 1));
    assert!(!request.is_finished());
    while !request.is_finished() {
        clock.advance(Duration::from_secs(2));
        tokio::task::yield_now().await;
    }
    assert_eq!(request.await.unwrap().unwrap().status(), 200);
    assert_eq!(bench.user().faults.slow, 1);
}

#[tokio::test]
async fn gone_targets_are_404_or_200_with_nothing_but_errors() {
    let bench = Bench::new("gone=100%").await;
    let mut statuses = BTreeSet::new();
    for target in 0..20 {
        let response = bench.delete(&format!("/2/users/77/likes/{target}")).await;
        statuses.insert(response.status().as_u16());
        let body = body(response).await;
        assert_eq!(body.get("data"), None);
        assert!(body["errors"][0]["type"].as_str().unwrap().ends_with("/resource-not-found"));
        assert_eq!(body["errors"][0]["resource_id"], target.to_string());
    }
    assert_eq!(statuses.into_iter().collect::<Vec<_>>(), [200, 404]);
    assert_eq!(bench.delete("/2/tweets/1").await.status(), 404);
    assert_eq!(bench.user().effects, 0);
}

#[tokio::test]
async fn refused_targets_say_why_or_do_not() {
    let special = |kind, target: &str, refusal| SpecialTarget { kind, id: id(target), fate: Fate::Refuses(refusal) };
    let options = Options {
        faults: Faults::NONE,
        special: vec![
            special(TargetKind::User, "1", TargetRefusal::Protected),
            special(TargetKind::Post, "1", TargetRefusal::Protected),
            special(TargetKind::User, "2", TargetRefusal::Suspended),
            special(TargetKind::Post, "3", TargetRefusal::NotYours),
            special(TargetKind::User, "4", TargetRefusal::Unexplained),
        ],
        ..Options::default()
    };
    let bench = Bench::with(options, SimulatedClock::shared(NOW)).await;
    for (path, pointer, value) in [
        ("/2/users/77/following/1", "/type", json!("https://api.twitter.com/2/problems/not-authorized-for-resource")),
        ("/2/users/77/likes/1", "/errors/0/code", json!(179)),
        ("/2/users/77/blocking/2", "/errors/0/code", json!(63)),
        ("/2/tweets/3", "/detail", json!("You are not authorized to delete this Tweet.")),
        ("/2/users/77/muting/4", "/detail", json!("You are not permitted to perform this action.")),
    ] {
        let response = bench.delete(path).await;
        assert_eq!(response.status(), 403, "{path}");
        assert_eq!(body(response).await.pointer(pointer), Some(&value), "{path}");
    }
    assert_eq!(bench.delete("/2/users/77/likes/2").await.status(), 200);
}

#[tokio::test]
async fn latency_is_on_the_way_there_and_back() {
    let clock = SimulatedClock::shared(NOW);
    let latency = Some(Duration::from_secs(1));
    let options = Options { faults: Faults::NONE, latency, ..Options::default() };
    let bench = Bench::with(options, clock.clone()).await;
    let request = tokio::spawn(bench.delete_as(USER, "/2/users/77/following/1").send());
    let mut waited_ms = 0;
    while !request.is_finished() {
        clock.advance(Duration::from_millis(1));
        waited_ms += 1;
        tokio::task::yield_now().await;
    }
    assert_eq!(request.await.unwrap().unwrap().status(), 200);
    assert!(waited_ms >= 1000);
    assert_eq!(bench.effect(1), (1, 1));
}
