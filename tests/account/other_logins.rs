//! The PIN flow and AIsa's keys over the real program, against a server of a few lines.

use std::sync::mpsc;

use axum::Router;
use axum::http::{StatusCode, Uri};
use axum::routing::post;

use crate::account::bench::{Bench, run};
use crate::common::RunToEnd;

const PIN: &[(&str, u16, &str)] = &[
    ("/oauth/request_token", 200, "oauth_token=req&oauth_token_secret=canary&oauth_callback_confirmed=true"),
    ("/oauth/access_token", 200, "oauth_token=42-canary&oauth_token_secret=canary&user_id=42&screen_name=some_one"),
];
const LINK: &[(&str, u16, &str)] =
    &[("/apis/v1/twitter/auth_twitter", 200, r#"{"auth_url":"https://x.com/i/oauth2/authorize?a=b"}"#)];

/// Answers every path from a table, until the test ends.
fn serve(answers: &'static [(&'static str, u16, &'static str)]) -> String {
    let (send, receive) = mpsc::channel();
    std::thread::spawn(move || {
        run(async {
            let answer = move |uri: Uri| async move {
                let found = answers.iter().find(|(path, ..)| uri.path() == *path).unwrap_or(&("", 404, ""));
                (StatusCode::from_u16(found.1).unwrap(), found.2)
            };
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            send.send(format!("http://{}", listener.local_addr().unwrap())).unwrap();
            axum::serve(listener, Router::new().route("/{*path}", post(answer)).into_make_service()).await.unwrap();
        });
    });
    receive.recv().unwrap()
}

#[test]
fn a_pin_logs_in_to_v1() {
    let bench = Bench::new();
    let base = serve(PIN);
    let variables = [
        ("CLEANUP_X_API", base.as_str()),
        ("CLEANUP_X_CONSUMER_KEY", "canary-key"),
        ("CLEANUP_X_CONSUMER_SECRET", "canary-secret"),
    ];
    let waiting = bench.begin(&["account", "login", "--platform", "x-v1"], &variables);
    assert_eq!(waiting.url, format!("{base}/oauth/authorize?oauth_token=req"));
    let done = waiting.paste("1234567").ends(0).says("logged in: x-v1-42 is user 42");
    assert!(!done.err.contains("canary"), "{}", done.err);
    let waiting = bench.begin(&["account", "login", "x-v1-42"], &variables);
    waiting.paste("12 34").ends(77).says("a PIN has letters and digits");
    let list = bench.run(&["account", "list", "--json"]).ends(0).json();
    assert_eq!((&list["accounts"][0]["kind"], &list["accounts"][0]["platform"]), (&"oauth1".into(), &"x-v1".into()));
    let gone = bench.run_with(&["account", "logout", "x-v1-42"], &variables).ends(0);
    assert!(gone.err.contains("not revoked") && gone.err.contains("account's settings"), "{}", gone.err);
}

#[test]
fn a_key_of_aisa_is_kept_and_linked() {
    let bench = Bench::new();
    let base = serve(LINK);
    let mut command = bench.cleanup(&["account", "login", "gate", "--platform", "aisa"]);
    command.env("CLEANUP_AISA_API", &base);
    let done = command.fed("sk-aisa-canary-1234\n").ends(0).says("the key is kept, as gate");
    assert_eq!(done.out.trim(), "https://x.com/i/oauth2/authorize?a=b");
    assert!(!done.err.contains("canary"), "{}", done.err);
    // The same key under another name is the same account; another key is not.
    for (key, code) in [("sk-aisa-canary-1234\n", 0), ("sk-aisa-canary-5678\n", 2)] {
        let mut command = bench.cleanup(&["account", "login", "gate"]);
        command.env("CLEANUP_AISA_API", &base);
        command.fed(key).ends(code);
    }
    bench.run(&["account", "check", "gate"]).ends(0).says("AIsa offers no way to check a key");
    bench.run(&["account", "logout", "gate"]).ends(0).says("revoke the key at AIsa");
}
