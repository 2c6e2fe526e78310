//! Coming in and going out, and how it looks here: the one-time link, the password, the theme.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::access::{ClientAddress, Device, LoginClient, NoRandom};
use super::connections::Connection;
use super::middleware::{Visitor, device_cookie, device_of, no_session_cookie, session_cookie, theme_cookie};
use super::pages::{self, Theme};
use super::problem::Problem;
use super::state::{LoginMethod, Web};
use crate::domain::Secret;
use crate::error::{CommandError, ErrorKind};
use crate::store::AuditEvent;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

#[derive(Deserialize)]
pub(super) struct Link {
    token: Option<String>,
}

/// The one-time link; or the page that asks for the password.
pub(super) async fn arrive(
    State(web): State<Arc<Web>>,
    Extension(visitor): Extension<Visitor>,
    method: Method,
    headers: HeaderMap,
    Query(link): Query<Link>,
) -> Result<Response, Problem> {
    // Neither is a person who comes in: a link is used up by a person alone. A browser throws an answer of this kind away and asks again.
    if method == Method::HEAD {
        return Ok(StatusCode::OK.into_response());
    }
    if headers.contains_key("sec-purpose") {
        return Ok(StatusCode::SERVICE_UNAVAILABLE.into_response());
    }
    if visitor.session.is_some() {
        return Ok(Redirect::to(&web.root.at("/")).into_response());
    }
    if matches!(web.entry, LoginMethod::Password(_)) {
        return Ok(pages::login(visitor.theme, None).into_response());
    }
    let token = link.token.unwrap_or_default();
    match web.sessions.redeem(&token, web.clock.now().tick).map_err(no_random)? {
        Some(session) => {
            web.note_link_used();
            Ok(let_in(&web, session.expose(), "by the one-time link").await)
        }
        None => Ok((StatusCode::UNAUTHORIZED, pages::no_entry(visitor.theme)).into_response()),
    }
}

#[derive(Deserialize)]
pub(super) struct Credentials {
    password: String,
}

/// The password.
pub(super) async fn log_in(
    State(web): State<Arc<Web>>,
    Extension(visitor): Extension<Visitor>,
    Extension(connection): Extension<Connection>,
    headers: HeaderMap,
    Form(form): Form<Credentials>,
) -> Result<Response, Problem> {
    let offered = Secret::new(form.password);
    let LoginMethod::Password(password) = &web.entry else {
        return Ok((StatusCode::NOT_FOUND, pages::no_entry(visitor.theme)).into_response());
    };
    let device = device_of(&web, &headers);
    let client = device.map_or_else(|| LoginClient::Address(address_of(&connection, &headers)), LoginClient::Device);
    if let Err(wait) = web.tries.take(client, web.clock.now().tick) {
        let why = format!("Too many tries. Wait {} s and try again.", wait.as_secs().max(1));
        return Ok((StatusCode::TOO_MANY_REQUESTS, pages::login(visitor.theme, Some(&why))).into_response());
    }
    let Some(_held) = connection.hold(device.is_some()) else {
        let why = "Too many people try at once. Try again in a moment.";
        return Ok((StatusCode::SERVICE_UNAVAILABLE, pages::login(visitor.theme, Some(why))).into_response());
    };
    let turn = Arc::clone(&web.stretching).acquire_owned().await;
    let password = password.clone();
    let stretched = tokio::task::spawn_blocking(move || {
        // Until it is done, also where nobody waits for it any more.
        let _turn = turn;
        password.is(&offered)
    });
    let is_right = stretched.await.unwrap_or(false);
    if !is_right {
        let why = "That is not the password.";
        return Ok((StatusCode::UNAUTHORIZED, pages::login(visitor.theme, Some(why))).into_response());
    }
    let session = web.sessions.let_in(web.clock.now().tick).map_err(no_random)?;
    let mut answer = let_in(&web, session.expose(), "by the password").await;
    if let Some(cookie) = remember(&web, device).await? {
        answer.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(answer)
}

/// Who asks, where the browser is not known. Of several lines the last is the proxy's.
fn address_of(connection: &Connection, headers: &HeaderMap) -> ClientAddress {
    let forwarded = headers.get_all(FORWARDED_FOR).iter().next_back().and_then(|value| value.to_str().ok());
    ClientAddress::of(connection.peer, forwarded)
}

/// Has the browser known at its next login; the cookie for that. None over plain http, where nobody but this machine asks.
async fn remember(web: &Web, before: Option<Device>) -> Result<Option<HeaderValue>, Problem> {
    if !web.places.is_secure() {
        return Ok(None);
    }
    let (token, record) = web.devices.issue(before, web.clock.now().wall).map_err(no_random)?;
    let written = match web.write_store().await {
        Ok(mut store) => store.admin().set_login_devices(&record).await.map_err(CommandError::from),
        Err(error) => Err(error),
    };
    if let Err(error) = written {
        tracing::warn!(%error, "a browser that has logged in will not be recognised after the next start");
    }
    Ok(HeaderValue::try_from(device_cookie(token.expose())).ok())
}

async fn let_in(web: &Web, token: &str, how: &str) -> Response {
    let now = web.clock.now();
    let number = web.sessions.find(token, true, now.tick).map_or(0, |session| session.number);
    let actor = format!("dashboard (browser {number})");
    let deed = AuditEvent { actor: &actor, deed: "log-in", job: None, detail: how };
    match web.write_store().await {
        Ok(mut store) => web.log_audit_event(&mut store, &deed).await,
        // Who is in sees on every page what is wrong with the queue.
        Err(error) => tracing::error!(%error, "somebody logged in, and it could not be written to the audit log"),
    }
    let cookie = session_cookie(web, token);
    ([(header::SET_COOKIE, cookie)], Redirect::to(&web.root.at("/"))).into_response()
}

/// Ends the session.
pub(super) async fn log_out(State(web): State<Arc<Web>>, Extension(visitor): Extension<Visitor>) -> Response {
    if let Some(session) = visitor.session {
        web.sessions.end(session);
    }
    ([(header::SET_COOKIE, no_session_cookie(&web))], pages::logged_out(visitor.theme)).into_response()
}

#[derive(Deserialize)]
pub(super) struct Choice {
    theme: String,
}

/// Dark, light, or as the system has it.
pub(super) async fn choose_theme(
    State(web): State<Arc<Web>>,
    headers: HeaderMap,
    Form(choice): Form<Choice>,
) -> Response {
    let theme = Theme::parse(&choice.theme);
    // Back to where it was chosen; only the path, so that nobody is sent elsewhere.
    let from = headers.get(header::REFERER).and_then(|value| value.to_str().ok()).unwrap_or("");
    let back = web.places.own_path(from).and_then(|path| web.root.inside(path));
    let back = back.filter(|path| !path.starts_with("//")).unwrap_or("/");
    ([(header::SET_COOKIE, theme_cookie(&web, theme))], Redirect::to(back)).into_response()
}

fn no_random(error: NoRandom) -> Problem {
    Problem::from(CommandError::new(ErrorKind::Fault, error.to_string()).because(error))
}
