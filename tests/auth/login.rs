//! Logging in, the test playing the browser.

use std::time::Duration;

use cleanup::auth::{App, Attempt, CallbackListener, GrantError, LoginError, NoCode, Pair, Redirect, scopes_for};
use cleanup::domain::{Action, Platform};

use crate::auth::bench::{Bench, REDIRECT, public_app, secret_app};

const USER: &str = "4242";

fn attempt(bench: &Bench, app: &App, redirect: &str) -> Attempt {
    let scopes = scopes_for(Platform::XV2, &[Action::Unmute], &[]);
    Attempt::begin(app.clone(), bench.places(), redirect.parse().unwrap(), &scopes)
}

fn browser() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let plain = reqwest::Client::builder().no_proxy().tls_certs_only([]);
    plain.redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

/// A browser: it opens the page and presses a button, and gives the address it is sent to.
pub(crate) async fn press(url: &str, button: &str, user: &str) -> Option<String> {
    let browser = browser();
    let page = browser.get(url).send().await.unwrap();
    if page.status() != 200 {
        return None;
    }
    let (page_url, query) = url.split_once('?').unwrap();
    let body = format!("{query}&decision={button}&user={user}");
    let answer = browser.post(page_url).body(body).send().await.unwrap();
    assert_eq!(answer.status(), 302);
    Some(answer.headers()["location"].to_str().unwrap().to_owned())
}

/// A whole login, by pasting.
pub(crate) async fn grant(bench: &Bench, app: &App, user: &str) -> Pair {
    let attempt = attempt(bench, app, REDIRECT);
    let back = press(attempt.url(), "allow", user).await.unwrap();
    let code = attempt.check().code_from_paste(&back).unwrap();
    attempt.exchange(&bench.wire(), code).await.unwrap()
}

async fn visit(address: &str) -> (u16, String) {
    let browser = browser();
    let answer = browser.get(address).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test]
async fn both_kinds_of_app_log_in_and_the_token_is_the_users() {
    let bench = Bench::new(Duration::from_secs(7200)).await;
    for app in [public_app(), secret_app()] {
        let pair = grant(&bench, &app, USER).await;
        assert_eq!(pair.lifetime, Some(Duration::from_secs(7200)));
        assert_eq!(pair.scopes.as_deref(), Some("tweet.read users.read offline.access mute.write"));
        assert!(pair.refresh.is_some());
        let credentials = cleanup::platforms::Credentials::bearer(pair.access).unwrap();
        assert_eq!(bench.whose(&credentials).await.as_deref(), Some(USER));
    }
}

#[tokio::test]
async fn the_browser_comes_back_to_the_listener() {
    let port = crate::common::port::free_port();
    let redirect = format!("http://127.0.0.1:{port}/back/");
    let bench = Bench::new(Duration::from_secs(7200)).await;
    let attempt = attempt(&bench, &public_app(), &redirect);
    let listener = CallbackListener::bind(&redirect.parse().unwrap()).await.unwrap();
    let state = attempt.url().split('&').find_map(|pair| pair.strip_prefix("state=")).unwrap().to_owned();
    let browser = async {
        // A browser opens connections in advance and says nothing on them.
        let silent = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let (status, _) = visit(&format!("http://127.0.0.1:{port}/favicon.ico")).await;
        assert_eq!(status, 404);
        let (status, _) = visit(&format!("http://127.0.0.1:{port}/back?code=c&state={state}")).await;
        assert_eq!(status, 404, "the path is exact");
        let (status, page) = visit(&format!("{redirect}?code=stolen&state=other")).await;
        assert_eq!(status, 400);
        assert!(page.contains("another login"));
        let (status, _) = visit(&format!("{redirect}?code=c")).await;
        assert_eq!(status, 400, "from a browser the state has to be there");
        let (status, page) = visit(&format!("{redirect}?code=the-code&state={state}")).await;
        assert_eq!(status, 200);
        assert!(page.contains("Access was granted") && !page.contains("the-code"));
        drop(silent);
    };
    let (code, ()) = tokio::join!(listener.wait(attempt.check(), 60), browser);
    assert_eq!(code.unwrap(), attempt.check().code_from_paste("the-code").unwrap());
}

#[tokio::test]
async fn strangers_do_not_end_the_wait_however_many_there_are() {
    let port = crate::common::port::free_port();
    let redirect = format!("http://127.0.0.1:{port}/back");
    let bench = Bench::new(Duration::from_secs(7200)).await;
    let attempt = attempt(&bench, &public_app(), &redirect);
    let listener = CallbackListener::bind(&redirect.parse().unwrap()).await.unwrap();
    let state = attempt.url().split('&').find_map(|pair| pair.strip_prefix("state=")).unwrap().to_owned();
    let browser = async {
        for _ in 0..250 {
            tokio::net::TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        }
        // More than are read at the same time, and none of them says anything.
        let mut silent = Vec::new();
        for _ in 0..100 {
            silent.push(tokio::net::TcpStream::connect(("127.0.0.1", port)).await.unwrap());
        }
        let (status, _) = visit(&format!("{redirect}?code=the-code&state={state}")).await;
        assert_eq!(status, 200);
    };
    let (code, ()) = tokio::join!(listener.wait(attempt.check(), 60), browser);
    assert_eq!(code.unwrap(), attempt.check().code_from_paste("the-code").unwrap());
}

#[tokio::test]
async fn a_no_is_a_no_and_nobody_is_waited_for_without_end() {
    let port = crate::common::port::free_port();
    let redirect = format!("http://localhost:{port}/callback");
    let bench = Bench::new(Duration::from_secs(7200)).await;
    let first = attempt(&bench, &public_app(), &redirect);
    let listener = CallbackListener::bind(&redirect.parse().unwrap()).await.unwrap();
    assert!(matches!(listener.wait(first.check(), 0).await, Err(LoginError::TimedOut(0))));
    let listener = CallbackListener::bind(&redirect.parse().unwrap()).await.unwrap();
    assert!(
        matches!(CallbackListener::bind(&redirect.parse().unwrap()).await, Err(LoginError::Listen { .. })),
        "the port is ours"
    );
    let state = first.url().split('&').find_map(|pair| pair.strip_prefix("state=")).unwrap().to_owned();
    let back =
        format!("http://127.0.0.1:{port}/callback?error=access_denied&error_description=%3Cb%3Eno&state={state}");
    let (ended, (status, page)) = tokio::join!(listener.wait(first.check(), 60), visit(&back));
    assert_eq!(status, 400);
    assert!(page.contains("&lt;b&gt;no") && !page.contains("<b>no"));
    assert!(matches!(ended, Err(LoginError::NoCode(NoCode::Denied(_)))));
    let denied = attempt(&bench, &public_app(), REDIRECT);
    let back = press(denied.url(), "deny", USER).await.unwrap();
    assert!(matches!(denied.check().code_from_paste(&back), Err(NoCode::Denied(_))));
}

#[tokio::test]
async fn pasted_addresses_and_codes() {
    let bench = Bench::new(Duration::from_secs(7200)).await;
    let attempt = attempt(&bench, &public_app(), REDIRECT);
    let back = press(attempt.url(), "allow", USER).await.unwrap();
    let query = back.split_once('?').unwrap().1;
    let code = attempt.check().code_from_paste(&back).unwrap();
    let bare = query.split('&').find_map(|pair| pair.strip_prefix("code=")).unwrap();
    for pasted in [format!("  {back}\n"), format!("\"{back}\""), query.to_owned(), bare.to_owned(), format!("{back}#x")]
    {
        assert_eq!(attempt.check().code_from_paste(&pasted).unwrap(), code, "{pasted}");
    }
    for (pasted, error) in [
        (String::new(), NoCode::Missing),
        ("two words".into(), NoCode::Missing),
        ("http://127.0.0.1:8080/callback?code=".into(), NoCode::Missing),
        (back.replace("state=", "state=x"), NoCode::WrongState),
    ] {
        assert_eq!(attempt.check().code_from_paste(&pasted).unwrap_err(), error, "{pasted}");
    }
}

#[tokio::test]
async fn what_the_server_refuses() {
    let bench = Bench::new(Duration::from_secs(7200)).await;
    // Redirect addresses are compared to the letter.
    for wrong in ["http://127.0.0.1:8080/callback/", "http://localhost:8080/callback", "http://127.0.0.1:8081/callback"]
    {
        assert_eq!(press(attempt(&bench, &public_app(), wrong).url(), "allow", USER).await, None, "{wrong}");
    }
    // A code is good for less than 30 seconds.
    for (waited, good) in [(29_999, true), (30_000, false)] {
        let attempt = attempt(&bench, &public_app(), REDIRECT);
        let back = press(attempt.url(), "allow", USER).await.unwrap();
        bench.clock.advance(Duration::from_millis(waited));
        let code = attempt.check().code_from_paste(&back).unwrap();
        assert_eq!(attempt.exchange(&bench.wire(), code).await.is_ok(), good, "{waited}");
    }
    // A code of one login does not work in another: its verifier is a different one.
    let (mine, other) = (attempt(&bench, &public_app(), REDIRECT), attempt(&bench, &public_app(), REDIRECT));
    let back = press(mine.url(), "allow", USER).await.unwrap();
    assert_eq!(other.check().code_from_paste(&back).unwrap_err(), NoCode::WrongState);
    let code = mine.check().code_from_paste(&back).unwrap();
    let refused = other.exchange(&bench.wire(), code).await.unwrap_err();
    assert!(matches!(refused, LoginError::Grant(GrantError::Refused(_))), "{refused}");
    // A wrong secret is the app's fault, and not shown.
    let wrong = App::configured("secret-app", Some(cleanup::domain::Secret::new("canary-secret")));
    let attempt = attempt(&bench, &wrong, REDIRECT);
    let back = press(attempt.url(), "allow", USER).await.unwrap();
    let code = attempt.check().code_from_paste(&back).unwrap();
    let refused = attempt.exchange(&bench.wire(), code).await.unwrap_err();
    assert!(matches!(refused, LoginError::Grant(GrantError::App(_))), "{refused}");
    assert!(!format!("{refused} {refused:?}").contains("canary"));
}

#[test]
fn scopes_are_the_least() {
    let always = ["tweet.read", "users.read", "offline.access"];
    assert_eq!(scopes_for(Platform::XV2, &[], &[]), always);
    let scopes =
        scopes_for(Platform::XV2, &[Action::Unrepost, Action::DeletePost, Action::Unfollow], &["follows.read"]);
    assert_eq!(scopes[..3], always);
    assert_eq!(scopes[3..], ["tweet.write", "follows.write", "follows.read"]);
}

#[test]
fn redirects_are_loopback() {
    for (good, sockets) in
        [(Redirect::DEFAULT, 1), ("http://[::1]:9/cb", 1), ("http://localhost:9/", 2), ("http://127.0.0.2:9/x", 1)]
    {
        let redirect: Redirect = good.parse().unwrap();
        assert_eq!((redirect.as_str(), redirect.listen().len()), (good, sockets));
    }
    for bad in [
        "",
        "https://127.0.0.1:8080/callback",
        "http://127.0.0.1/callback",
        "http://example.com:8080/callback",
        "http://0.0.0.0:8080/callback",
        "http://127.0.0.1:8080/callback?x=1",
        "http://me@127.0.0.1:8080/callback",
        "http://127.0.0.1:0/callback",
    ] {
        assert!(bad.parse::<Redirect>().is_err(), "{bad}");
    }
}
