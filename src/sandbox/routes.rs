//! The HTTP: who asks for what, X's headers, and the sandbox's own pages.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, RawPathParams, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};

use super::bodies::{self, Asked, ENDPOINTS, Endpoint, Worded};
use super::ledger::Ledger;
use super::oauth::AuthServer;
use super::oauth_routes;
use super::streams::{CutBody, EffectPages};
use super::world::{Answer, Ask, Decision, Trouble, Verdict, World};
use crate::clock::SharedClock;
use crate::domain::{Moment, TargetId, Wall};

/// X's requests have no body here; so much is let pass unread.
const MAX_REQUEST_BODY_BYTES: u64 = 4096;
const TOKEN_PREFIX: &str = "Bearer sandbox-";

/// How a connection ends in place of an answer; it travels to the server as an extension of the response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Severed {
    /// With an RST.
    #[error("the sandbox resets this connection")]
    Reset,
    /// With a FIN.
    #[error("the sandbox closes this connection")]
    Closed,
}

/// What the routes share.
#[derive(Clone)]
pub(super) struct Platform {
    world: Arc<Mutex<World>>,
    oauth: Arc<Mutex<AuthServer>>,
    clock: SharedClock,
    latency: Option<Duration>,
}

impl std::fmt::Debug for Platform {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Platform").field("latency", &self.latency).finish_non_exhaustive()
    }
}

impl Platform {
    pub(super) fn new(world: World, oauth: AuthServer, clock: SharedClock, latency: Option<Duration>) -> Platform {
        Platform { world: Arc::new(Mutex::new(world)), oauth: Arc::new(Mutex::new(oauth)), clock, latency }
    }

    pub(super) fn oauth(&self) -> MutexGuard<'_, AuthServer> {
        self.oauth.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn now(&self) -> Moment {
        self.clock.now()
    }

    pub(super) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The time is read under the lock, so that arrivals are in order.
    fn at_once<T>(&self, work: impl FnOnce(&mut World, Moment) -> T) -> T {
        let mut world = self.world();
        let now = self.clock.now();
        work(&mut world, now)
    }

    async fn pause(&self, duration: Duration) {
        if !duration.is_zero() {
            self.clock.sleep_until(self.clock.now().tick.after(duration)).await;
        }
    }
}

/// Every route.
pub(super) fn router(platform: Platform) -> Router {
    let mut router = Router::new()
        .route("/2/users/me", get(me))
        .route("/i/oauth2/authorize", get(oauth_routes::ask).post(oauth_routes::decide))
        .route("/2/oauth2/token", post(oauth_routes::token))
        .route("/2/oauth2/revoke", post(oauth_routes::revoke))
        .route("/sandbox/ledger", get(ledger))
        .route("/sandbox/effects", get(effects))
        .route("/sandbox/user/{id}/{trouble}", post(trouble));
    for endpoint in &ENDPOINTS {
        let handler = move |State(platform): State<Platform>, params: Option<PathTexts>, headers: HeaderMap| async move {
            act(platform, endpoint, params, &headers).await
        };
        router = router.route(endpoint.path, delete(handler));
    }
    router
        .fallback(|| async { respond(bodies::unknown_route(), None) })
        .method_not_allowed_fallback(|| async { respond(bodies::wrong_method(), None) })
        .layer(middleware::from_fn_with_state(platform.clone(), finish))
        .with_state(platform)
}

/// The path's parameters in their order, percent-decoded; none where they cannot be read.
struct PathTexts(Vec<String>);

impl<S: Send + Sync> axum::extract::OptionalFromRequestParts<S> for PathTexts {
    type Rejection = Infallible;

    async fn from_request_parts(
        parts: &mut axum::http::request::Parts,
        state: &S,
    ) -> Result<Option<PathTexts>, Infallible> {
        let raw = <RawPathParams as axum::extract::FromRequestParts<S>>::from_request_parts(parts, state).await;
        Ok(raw.ok().map(|raw| PathTexts(raw.iter().map(|(_, text)| text.to_owned()).collect())))
    }
}

/// What every answer has, and what no request may have.
async fn finish(State(platform): State<Platform>, request: Request, next: Next) -> Response {
    let length =
        request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    let mut response = match length {
        Some(length) if length > MAX_REQUEST_BODY_BYTES => respond(bodies::too_large(), None),
        _ => next.run(request).await,
    };
    let (now, transaction) = platform.at_once(|world, now| (now, world.transaction()));
    let headers = response.headers_mut();
    put(headers, header::DATE, &http_date(now.wall));
    put(headers, HeaderName::from_static("x-transaction-id"), &format!("{transaction:016x}"));
    response
}

async fn act(platform: Platform, endpoint: &Endpoint, params: Option<PathTexts>, headers: &HeaderMap) -> Response {
    // Somewhere on its way a request is counted; where, varies from request to request.
    let latency = platform.latency.unwrap_or_default();
    let there = if latency.is_zero() { latency } else { latency.mul_f64(platform.world().arrival_share()) };
    platform.pause(there).await;
    let Some(user) = authenticated(&platform, headers) else { return respond(bodies::unauthorized(), None) };
    let Some(PathTexts(params)) = params else { return respond(bodies::unreadable_path(), None) };
    let (path_user, target) = match params.as_slice() {
        [path_user, target] => (Some(path_user.as_str()), target.as_str()),
        [target] => (None, target.as_str()),
        _ => return respond(bodies::unknown_route(), None),
    };
    let ask = Ask { action: endpoint.action, path_user, target };
    let decision = platform.at_once(|world, now| world.act(now, user, ask));
    platform.pause(latency.saturating_sub(there)).await;
    let asked = Asked { endpoint, user, path_user: path_user.unwrap_or_default(), target };
    let say = |answer: Answer| (bodies::worded(answer.verdict, asked, answer.wording), answer);
    match decision {
        Decision::Whole(answer) => {
            let (worded, answer) = say(answer);
            respond(worded, Some(answer))
        }
        Decision::Late(answer, delay) => {
            platform.pause(delay).await;
            let (worded, answer) = say(answer);
            respond(worded, Some(answer))
        }
        Decision::Cut(answer) => {
            let (worded, answer) = say(answer);
            let length = worded.body.len() as u64;
            let first_half = Bytes::copy_from_slice(&worded.body.as_bytes()[..worded.body.len() / 2]);
            let mut response = respond(worded, Some(answer));
            put(response.headers_mut(), header::CONTENT_LENGTH, &length.to_string());
            *response.body_mut() = Body::new(CutBody::new(first_half));
            response
        }
        Decision::Lost => severed(Severed::Closed),
        Decision::Reset => severed(Severed::Reset),
    }
}

async fn me(State(platform): State<Platform>, headers: HeaderMap) -> Response {
    let Some(user) = authenticated(&platform, &headers) else { return respond(bodies::unauthorized(), None) };
    let answer = platform.at_once(|world, now| world.look_up(now, user));
    platform.pause(platform.latency.unwrap_or_default()).await;
    respond(bodies::worded_user(answer.verdict, user), Some(answer))
}

async fn ledger(State(platform): State<Platform>) -> axum::Json<Ledger> {
    let ledger = platform.world().ledger();
    axum::Json(ledger)
}

async fn effects(State(platform): State<Platform>, Query(query): Query<HashMap<String, String>>) -> Response {
    let Some(user) = query.get("user").and_then(|user| user.parse().ok()) else {
        return (StatusCode::BAD_REQUEST, "name a user: /sandbox/effects?user=ID\n").into_response();
    };
    let pages = Body::new(EffectPages::new(platform, user));
    ([(header::CONTENT_TYPE, "text/csv; charset=utf-8")], pages).into_response()
}

async fn trouble(State(platform): State<Platform>, Path((user, name)): Path<(String, String)>) -> Response {
    let trouble = match name.as_str() {
        "revoke" => Some(Trouble::Revoked),
        "suspend" => Some(Trouble::Suspended),
        "ambiguous" => Some(Trouble::Ambiguous),
        "credits" => Some(Trouble::CreditsDepleted),
        "restore" => None,
        _ => return (StatusCode::NOT_FOUND, "one of revoke, suspend, ambiguous, credits, restore\n").into_response(),
    };
    let Ok(user) = user.parse() else {
        return (StatusCode::BAD_REQUEST, "a user ID has 1 to 19 digits\n").into_response();
    };
    if platform.world().trouble(user, trouble) {
        StatusCode::NO_CONTENT.into_response()
    } else {
        respond(bodies::worded_user(Verdict::Full, user), None)
    }
}

/// The user a token names.
fn authenticated(platform: &Platform, headers: &HeaderMap) -> Option<TargetId> {
    let token = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let known = token.and_then(|token| token.strip_prefix(TOKEN_PREFIX)?.parse().ok());
    let issued = || platform.oauth().user_of(platform.now().tick, token?.strip_prefix("Bearer ")?);
    let user = known.or_else(issued);
    if user.is_none() {
        platform.world().count_unauthenticated();
    }
    user
}

pub(super) fn severed(how: Severed) -> Response {
    let mut response = Response::new(Body::empty());
    response.extensions_mut().insert(how);
    response
}

/// An answer with the headers of its windows. Neither the edge's own pages nor answers to nobody have any.
fn respond(worded: Worded, answer: Option<Answer>) -> Response {
    let status = StatusCode::from_u16(worded.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = Response::new(Body::from(worded.body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(worded.content_type));
    if worded.from_edge {
        return response;
    }
    if let Some(window) = answer.and_then(|answer| answer.window) {
        headers.insert("x-access-level", HeaderValue::from_static("read-write"));
        headers.insert("x-rate-limit-limit", window.limit.into());
        headers.insert("x-rate-limit-remaining", window.remaining.into());
        headers.insert("x-rate-limit-reset", window.reset_seconds.into());
    }
    if let Some(day) = answer.and_then(|answer| answer.day) {
        headers.insert("x-user-limit-24hour-limit", day.limit.into());
        headers.insert("x-user-limit-24hour-remaining", day.remaining.into());
        headers.insert("x-user-limit-24hour-reset", day.reset_seconds.into());
    }
    response
}

fn put(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// `Sun, 22 Nov 2026 14:38:31 GMT`, by the sandbox's clock and not by the machine's.
fn http_date(wall: Wall) -> String {
    let timestamp = jiff::Timestamp::from_second(wall.0.div_euclid(1000)).unwrap_or_default();
    timestamp.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
