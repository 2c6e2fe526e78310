//! The PIN flow of OAuth 1.0a, and AIsa's keys, against servers of a few lines.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::routing::post;
use cleanup::auth::{Document, GrantError, OAuthHttp, PinAttempt, ToSign, aisa_key, aisa_link};
use cleanup::domain::Secret;
use cleanup::platforms::BaseUrl;

type Seen = Arc<Mutex<Vec<String>>>;

/// Answers every path from a table, and remembers who asked with what.
async fn serve(answers: &'static [(&'static str, u16, &'static str)]) -> (BaseUrl, Seen) {
    let seen = Seen::default();
    let answer = move |State(seen): State<Seen>, uri: Uri, headers: HeaderMap, body: String| async move {
        let authorization = headers.get("authorization").map_or("", |value| value.to_str().unwrap());
        seen.lock().unwrap().push(format!("{} {authorization} {body}", uri.path()));
        let (_, status, body) = answers.iter().find(|(path, ..)| uri.path() == *path).unwrap_or(&("", 404, ""));
        (StatusCode::from_u16(*status).unwrap(), *body)
    };
    let router = Router::new().route("/{*path}", post(answer)).with_state(Arc::clone(&seen));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    let service = router.into_make_service();
    tokio::spawn(async move { axum::serve(listener, service).await });
    (base, seen)
}

/// Stands for the signer: shows what it was given.
fn sign(to: ToSign<'_>) -> Secret {
    let token = to.token.map(|(token, secret)| format!("{}:{}", token.expose(), secret.expose()));
    Secret::new(format!("Signed {} {} {:?} {token:?}", to.method, to.url.path(), to.extra))
}

#[tokio::test]
async fn a_pin_becomes_a_token() {
    let (base, seen) = serve(&[
        ("/oauth/request_token", 200, "oauth_token=req&oauth_token_secret=reqsec&oauth_callback_confirmed=true"),
        ("/oauth/access_token", 200, "oauth_token=42-acc&oauth_token_secret=accsec&user_id=42&screen_name=some_one"),
    ])
    .await;
    let wire = OAuthHttp::new(&[&base]).unwrap();
    let attempt = PinAttempt::begin(&wire, &base, &sign).await.unwrap();
    assert_eq!(attempt.url(), format!("{base}/oauth/authorize?oauth_token=req"));
    assert!(!format!("{attempt:?}").contains("reqsec"));
    let login = attempt.finish(&wire, " 1234567\n", &sign).await.unwrap();
    assert_eq!((login.user.as_str(), login.screen_name.as_deref()), ("42", Some("some_one")));
    let expected = Document::OAuth1 { token: Secret::new("42-acc"), token_secret: Secret::new("accsec") };
    assert_eq!(login.document, expected);
    assert_eq!(
        *seen.lock().unwrap(),
        [
            "/oauth/request_token Signed POST /oauth/request_token [(\"oauth_callback\", \"oob\")] None ",
            "/oauth/access_token Signed POST /oauth/access_token [(\"oauth_verifier\", \"1234567\")] Some(\"req:reqsec\") ",
        ]
    );
}

#[tokio::test]
async fn pins_and_apps_that_are_refused() {
    let (base, _) = serve(&[("/oauth/request_token", 403, "{\"errors\":[{\"code\":415}]}")]).await;
    let wire = OAuthHttp::new(&[&base]).unwrap();
    let refused = PinAttempt::begin(&wire, &base, &sign).await.unwrap_err();
    assert!(matches!(&refused, GrantError::App(why) if why.contains("CLEANUP_X_CONSUMER_KEY")), "{refused}");
    let (base, seen) = serve(&[
        ("/oauth/request_token", 200, "oauth_token=req&oauth_token_secret=reqsec&oauth_callback_confirmed=true"),
        ("/oauth/access_token", 401, "Invalid oauth_verifier parameter"),
    ])
    .await;
    let wire = OAuthHttp::new(&[&base]).unwrap();
    for (pin, requests) in [("12 34", 1), ("", 2), ("1234567", 4)] {
        let attempt = PinAttempt::begin(&wire, &base, &sign).await.unwrap();
        let refused = attempt.finish(&wire, pin, &sign).await.unwrap_err();
        assert!(matches!(refused, GrantError::Refused(_)), "{refused}");
        assert_eq!(seen.lock().unwrap().len(), requests, "what is no PIN is not sent");
    }
    // Another machine is spoken to over https only.
    let far: BaseUrl = "https://api.example".parse().unwrap();
    let unreachable = PinAttempt::begin(&wire, &far, &sign).await.unwrap_err();
    assert!(matches!(unreachable, GrantError::World(_)), "{unreachable}");
}

#[tokio::test]
async fn aisa_says_where_to_link() {
    const PATH: &str = "/apis/v1/twitter/auth_twitter";
    let plain =
        r#"{"auth_url":"https://x.com/i/oauth2/authorize?a=b","state":"s","expires_at":"2026-11-22T10:00:00Z"}"#;
    let key = aisa_key("sk-aisa-canary").unwrap();
    for (body, good) in [
        (plain, true),
        (r#"{"code":200,"data":{"auth_url":"https://x.com/i/oauth2/authorize?a=b"}}"#, true),
        (r#"{"auth_url":"http://x.com/i"}"#, false),
        (r#"{"auth_url":"javascript:alert(1)"}"#, false),
        ("<html>", false),
    ] {
        let answers: &'static [(&str, u16, &str)] = Box::leak(Box::new([(PATH, 200_u16, body)]));
        let (base, seen) = serve(answers).await;
        let wire = OAuthHttp::new(&[&base]).unwrap();
        let link = aisa_link(&wire, &base, &key, &["follows.write"]).await;
        assert_eq!(
            link.as_ref().map(|link| link.url.as_str()).ok(),
            good.then_some("https://x.com/i/oauth2/authorize?a=b")
        );
        assert_eq!(seen.lock().unwrap()[0], format!(r#"{PATH} Bearer sk-aisa-canary {{"scopes":["follows.write"]}}"#));
    }
    let (base, _) = serve(&[(PATH, 401, r#"{"error":{"code":"invalid_api_key","message":"sk-aisa-canary"}}"#)]).await;
    let wire = OAuthHttp::new(&[&base]).unwrap();
    let refused = aisa_link(&wire, &base, &key, &[]).await.unwrap_err();
    assert!(matches!(refused, GrantError::Refused(_)) && !format!("{refused:?}").contains("canary"), "{refused}");
}
