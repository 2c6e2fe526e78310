//! The HTTP of the authorization server of a Mastodon server: what it says of itself, apps, the page that asks a person, tokens.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};

use super::bluesky;
use super::host_oauth::NATIVE_PATH;
use super::oauth::fields;
use super::oauth_routes::{decision, escaped, json, page_that_asks};
use super::platform_state::Platform;

const AUTHORIZE_PATH: &str = "/oauth/authorize";

/// The routes.
pub(super) fn routes(router: Router<Platform>) -> Router<Platform> {
    router
        .route("/.well-known/oauth-authorization-server", get(metadata))
        .route("/api/v1/apps", post(register))
        .route(AUTHORIZE_PATH, get(ask).post(decide))
        .route(NATIVE_PATH, get(show_code))
        .route("/oauth/token", post(token))
        .route("/oauth/revoke", post(revoke))
}

async fn metadata(State(platform): State<Platform>, headers: HeaderMap) -> Response {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    if let Some(said) = bluesky::described(host) {
        return said;
    }
    match platform.host_oauth().metadata(&format!("http://{host}")) {
        Some(said) => axum::Json(said).into_response(),
        None => (StatusCode::NOT_FOUND, Html("<h1>The page you are looking for isn't here.</h1>")).into_response(),
    }
}

async fn register(State(platform): State<Platform>, body: Bytes) -> Response {
    json(platform.host_oauth().register(&fields(&body)))
}

async fn ask(State(platform): State<Platform>, RawQuery(query): RawQuery) -> Response {
    let query = fields(query.unwrap_or_default().as_bytes());
    match platform.host_oauth().may_ask(&query) {
        Ok(()) => page_that_asks(AUTHORIZE_PATH, &query),
        Err(why) => error(why),
    }
}

async fn decide(State(platform): State<Platform>, body: Bytes) -> Response {
    let form = fields(&body);
    let user = match decision(&form) {
        Ok(user) => user,
        Err(unreadable) => return unreadable.into_response(),
    };
    let now = platform.now().tick;
    let answer = platform.host_oauth().answer(now, &form, user);
    match answer {
        Ok(to) => (StatusCode::FOUND, [(header::LOCATION, to)]).into_response(),
        Err(why) => error(why),
    }
}

/// The page that a person copies the code from.
async fn show_code(RawQuery(query): RawQuery) -> Response {
    let query = fields(query.unwrap_or_default().as_bytes());
    let code = escaped(query.get("code").map_or("", String::as_str));
    Html(format!(
        "<!doctype html><title>Authorization code</title><p>Copy this code: <code id=\"code\">{code}</code></p>\n"
    ))
    .into_response()
}

async fn token(State(platform): State<Platform>, body: Bytes) -> Response {
    let now = platform.now();
    json(platform.host_oauth().token(now, &fields(&body)))
}

async fn revoke(State(platform): State<Platform>, body: Bytes) -> Response {
    json(platform.host_oauth().revoke(&fields(&body)))
}

fn error(why: &str) -> Response {
    (StatusCode::BAD_REQUEST, Html(format!("<h1>An error has occurred</h1><p>{}</p>", escaped(why)))).into_response()
}
