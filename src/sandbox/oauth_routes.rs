//! The authorization server's HTTP: the page that asks a person, and the two endpoints apps speak to.

use axum::body::{Body, Bytes};
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use super::oauth::{Fields, TokenAnswer, fields};
use super::oauth_rules::{AUTHORIZE_PATH, TokenFault};
use super::platform_state::Platform;
use super::severed::{Severed, severed};
use crate::domain::TargetId;

/// Whom the page proposes to be.
const USUAL_USER: &str = "100000000000000001";

/// `GET /i/oauth2/authorize`: asks the person.
pub(super) async fn ask(State(platform): State<Platform>, RawQuery(query): RawQuery) -> Response {
    let query = fields(query.unwrap_or_default().as_bytes());
    if let Err(why) = platform.oauth().may_ask(&query) {
        return (StatusCode::BAD_REQUEST, Html(format!("<h1>Something went wrong</h1><p>{}</p>", escaped(why))))
            .into_response();
    }
    page_that_asks(AUTHORIZE_PATH, &query)
}

/// The page that asks a person, and sends what was asked back with the answer.
pub(super) fn page_that_asks(decided_at: &str, query: &Fields) -> Response {
    let mut hidden = String::new();
    for (name, value) in query {
        let (name, value) = (escaped(name), escaped(value));
        hidden.push_str(&format!("<input type=\"hidden\" name=\"{name}\" value=\"{value}\">"));
    }
    let scopes = escaped(query.get("scope").map_or("", String::as_str));
    Html(format!(
        "<!doctype html><meta charset=\"utf-8\"><title>Authorize app</title><h1>Sandbox: authorize this app?</h1>\
         <p>It wants: {scopes}</p><form method=\"post\" action=\"{decided_at}\">{hidden}\
         <label>User ID <input name=\"user\" value=\"{USUAL_USER}\"></label>\
         <button id=\"allow\" name=\"decision\" value=\"allow\">Authorize app</button>\
         <button id=\"deny\" name=\"decision\" value=\"deny\">Cancel</button></form>\n"
    ))
    .into_response()
}

/// Who has said yes on that page; none: somebody said no. Where it cannot be read who, the answer to that.
pub(super) fn decision(form: &Fields) -> Result<Option<TargetId>, (StatusCode, &'static str)> {
    if form.get("decision").is_none_or(|decision| decision != "allow") {
        return Ok(None);
    }
    let user = form.get("user").and_then(|user| user.parse().ok());
    user.map(Some).ok_or((StatusCode::BAD_REQUEST, "a user ID has 1 to 19 digits\n"))
}

/// `POST /i/oauth2/authorize`: the person has decided.
pub(super) async fn decide(State(platform): State<Platform>, body: Bytes) -> Response {
    let form = fields(&body);
    let user = match decision(&form) {
        Ok(user) => user,
        Err(unreadable) => return unreadable.into_response(),
    };
    let now = platform.now().tick;
    let answer = platform.oauth().answer(now, &form, user);
    match answer {
        Ok(to) => (StatusCode::FOUND, [(header::LOCATION, to)]).into_response(),
        Err(why) => (StatusCode::BAD_REQUEST, format!("{why}\n")).into_response(),
    }
}

/// `POST /2/oauth2/token`.
pub(super) async fn token(State(platform): State<Platform>, headers: HeaderMap, body: Bytes) -> Response {
    let form = fields(&body);
    let fault = {
        let mut oauth = platform.oauth();
        oauth.arrived(&form);
        oauth.faults.pop_front()
    };
    let happen = || {
        let now = platform.now().tick;
        platform.oauth().token(now, &form, authorization(&headers))
    };
    befallen(fault, || json(happen()), over_capacity).await
}

/// The answer to a request for tokens, which a fault may befall. `busy` is how this server says that it has too much to do.
pub(super) async fn befallen(
    fault: Option<TokenFault>,
    happen: impl FnOnce() -> Response,
    busy: impl FnOnce() -> Response,
) -> Response {
    match fault {
        None => happen(),
        Some(TokenFault::Busy) => busy(),
        Some(TokenFault::LoseBefore) => severed(Severed::Closed),
        Some(TokenFault::LoseAfter) => {
            happen();
            severed(Severed::Closed)
        }
        Some(TokenFault::HangBefore) => std::future::pending().await,
        Some(TokenFault::HangAfter) => {
            happen();
            std::future::pending().await
        }
    }
}

/// A server that has too much to do.
pub(super) fn over_capacity() -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, "<html>over capacity</html>").into_response()
}

/// `POST /2/oauth2/revoke`.
pub(super) async fn revoke(State(platform): State<Platform>, headers: HeaderMap, body: Bytes) -> Response {
    let form: Fields = fields(&body);
    let answer = platform.oauth().revoke(&form, authorization(&headers));
    json(answer)
}

fn authorization(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok())
}

pub(super) fn json(answer: TokenAnswer) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let kind = [(header::CONTENT_TYPE, "application/json;charset=utf-8"), (header::CACHE_CONTROL, "no-store")];
    (status, kind, Body::from(answer.body.to_string())).into_response()
}

pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
