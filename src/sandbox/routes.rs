//! The HTTP: who asks for what, the platforms' headers, and the sandbox's own pages.

use std::collections::HashMap;
use std::convert::Infallible;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Query, RawPathParams, Request, State};
use axum::http::{HeaderName, StatusCode, Uri, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, get, on, post};

use super::bluesky;
use super::bodies;
use super::bodies_lists;
use super::bodies_mastodon;
use super::decision::{Answer, Ask, SimulatedOutcome};
use super::dialects::{self, Endpoint};
use super::exchange::{MAX_REQUEST_BODY_BYTES, authenticated, deliver, receive};
use super::headers::{http_date, plain, put, respond};
use super::host_oauth_routes;
use super::ledger::Ledger;
use super::limit_headers::distort;
use super::lists::Shelf;
use super::mastodon_routes;
use super::oauth_routes;
use super::oauth_rules::AUTHORIZE_PATH;
use super::platform_state::Platform;
use super::reads::{READS, ReadEndpoint};
use super::rendered;
use super::signature::OAuth1Keys;
use super::streams::EffectPages;
use super::trouble::Trouble;
use super::who::{KnownUser, SimulatedApi};
use crate::domain::TargetId;

/// More places than any window has.
const MAX_PLACES_SPENT: u32 = 1_000_000;

/// Every route.
pub(super) fn router(platform: Platform) -> Router {
    let mut router = Router::new()
        .route("/2/users/me", get(me))
        .route(AUTHORIZE_PATH, get(oauth_routes::ask).post(oauth_routes::decide))
        .route("/2/oauth2/token", post(oauth_routes::token))
        .route("/2/oauth2/revoke", post(oauth_routes::revoke))
        .route("/1.1/oauth/invalidate_token.json", post(invalidate))
        .route("/sandbox/ledger", get(ledger))
        .route("/sandbox/effects", get(effects))
        .route("/sandbox/user/{id}/{trouble}", post(trouble))
        .route("/sandbox/list/{id}/{list}/{target}", post(relist))
        .route("/sandbox/spend/{id}/{endpoint}/{places}", post(spend));
    router = bluesky::grant_routes(router);
    router = bluesky::routes(host_oauth_routes::routes(mastodon_routes::routes(router)));
    for endpoint in &READS {
        let handler = move |State(platform): State<Platform>, params: Option<PathTexts>, request: Request| async move {
            read(platform, endpoint, params, request).await
        };
        router = router.route(endpoint.path, get(handler));
    }
    for endpoint in Endpoint::all() {
        let handler = move |State(platform): State<Platform>, params: Option<PathTexts>, request: Request| async move {
            act(platform, endpoint, params, request).await
        };
        let method = MethodFilter::try_from(endpoint.method()).unwrap_or(MethodFilter::POST);
        router = router.route(endpoint.path(), on(method, handler));
    }
    router
        .fallback(|uri: Uri| async move { plain(dialects::unknown_route(uri.path())) })
        .method_not_allowed_fallback(|| async { plain(rendered::wrong_method()) })
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
        Some(length) if length > MAX_REQUEST_BODY_BYTES as u64 => plain(rendered::too_large()),
        _ => next.run(request).await,
    };
    let (now, transaction, told) = platform.at_once(|world, now| (now, world.transaction(), world.rules.limit_headers));
    let headers = response.headers_mut();
    put(headers, header::DATE, &http_date(now.wall));
    distort(headers, told, now.wall);
    put(headers, HeaderName::from_static("x-transaction-id"), &format!("{transaction:016x}"));
    response
}

async fn act(platform: Platform, endpoint: Endpoint, params: Option<PathTexts>, request: Request) -> Response {
    let Some(received) = receive(request).await else { return plain(rendered::too_large()) };
    // Somewhere on its way a request is counted; where, varies from request to request.
    let latency = platform.latency.unwrap_or_default();
    let there = if latency.is_zero() { latency } else { latency.mul_f64(platform.world().arrival_share()) };
    platform.pause(there).await;
    let dialect = endpoint.dialect();
    let user = match authenticated(&platform, dialect, endpoint.oauth2_only(), &received) {
        Ok(user) => user,
        Err(denied) => return plain(dialects::denied(dialect, denied)),
    };
    if endpoint.scope().is_some_and(|scope| platform.host_oauth().lacks(received.bearer(), &[scope])) {
        return plain(bodies_mastodon::out_of_scope());
    }
    let Some(PathTexts(params)) = params else { return plain(bodies::unreadable_path()) };
    let Some(asked) = endpoint.read(&params, &received) else {
        return plain(dialects::unknown_route(received.parts.uri.path()));
    };
    let ask = Ask { action: endpoint.action(), path_user: asked.path_user.as_deref(), target: &asked.target };
    let who = KnownUser { dialect, user };
    let (decision, is_stale) = platform.at_once(|world, now| (world.act(now, who, ask), world.is_stale(who, ask)));
    platform.pause(latency.saturating_sub(there)).await;
    let say = |answer: Answer| {
        let worded = match (endpoint, answer.verdict) {
            (Endpoint::Mastodon(endpoint), SimulatedOutcome::Undone) if is_stale => {
                bodies_mastodon::stale(endpoint, asked.called.as_deref().unwrap_or_default())
            }
            (_, verdict) => endpoint.worded(verdict, user, &asked, answer.wording),
        };
        respond(worded, dialect, answer, platform.clock.now().wall)
    };
    deliver(decision, say, &platform).await
}

/// A page of a list, or a lookup of names.
async fn read(
    platform: Platform,
    endpoint: &'static ReadEndpoint,
    params: Option<PathTexts>,
    request: Request,
) -> Response {
    let Some(received) = receive(request).await else { return plain(rendered::too_large()) };
    let latency = platform.latency.unwrap_or_default();
    let there = if latency.is_zero() { latency } else { latency.mul_f64(platform.world().arrival_share()) };
    platform.pause(there).await;
    let user = match authenticated(&platform, SimulatedApi::V2, endpoint.oauth2_only, &received) {
        Ok(user) => user,
        Err(denied) => return plain(dialects::denied(SimulatedApi::V2, denied)),
    };
    let Some(PathTexts(mut params)) = params else { return plain(bodies::unreadable_path()) };
    let ask = match endpoint.read(params.pop(), received.query(), platform.field_names) {
        Ok(ask) => ask,
        Err(worded) => return plain(worded),
    };
    let (decision, leaf) = platform.at_once(|world, now| world.read(now, user.into(), &ask));
    platform.pause(latency.saturating_sub(there)).await;
    let say = |answer: Answer| {
        let worded = match answer.verdict {
            SimulatedOutcome::Undone => bodies_lists::page(&leaf, ask.kind(), endpoint.shelf.is_some(), &ask.fields),
            verdict => bodies::worded_read(verdict, user, ask.path_user.as_deref(), answer.wording),
        };
        respond(worded, SimulatedApi::V2, answer, platform.clock.now().wall)
    };
    deliver(decision, say, &platform).await
}

async fn me(State(platform): State<Platform>, request: Request) -> Response {
    let Some(received) = receive(request).await else { return plain(rendered::too_large()) };
    let user = match authenticated(&platform, SimulatedApi::V2, false, &received) {
        Ok(user) => user,
        Err(denied) => return plain(bodies::denied(denied)),
    };
    let answer = platform.at_once(|world, now| world.look_up(now, user));
    platform.pause(platform.latency.unwrap_or_default()).await;
    respond(bodies::worded_user(answer.verdict, user), SimulatedApi::V2, answer, platform.clock.now().wall)
}

/// Ends the token that signed the request.
async fn invalidate(State(platform): State<Platform>, request: Request) -> Response {
    let Some(received) = receive(request).await else { return plain(rendered::too_large()) };
    match authenticated(&platform, SimulatedApi::V1, false, &received) {
        Ok(user) if platform.oauth().end_oauth1(user) => {
            axum::Json(serde_json::json!({ "access_token": OAuth1Keys::of(user).access_token })).into_response()
        }
        Ok(user) => plain(bodies::worded_user(SimulatedOutcome::Full, user)),
        Err(denied) => plain(dialects::denied(SimulatedApi::V1, denied)),
    }
}

async fn ledger(State(platform): State<Platform>) -> axum::Json<Ledger> {
    let ledger = platform.world().ledger();
    axum::Json(ledger)
}

async fn effects(State(platform): State<Platform>, Query(query): Query<HashMap<String, String>>) -> Response {
    let Some(user) = query.get("user").and_then(|user| user.parse().ok()) else {
        return (
            StatusCode::BAD_REQUEST,
            "name a user: /sandbox/effects?user=ID (or x-v1:ID, aisa:ID, mastodon:ID, bluesky:ID)\n",
        )
            .into_response();
    };
    let pages = Body::new(EffectPages::new(platform, user));
    ([(header::CONTENT_TYPE, "text/csv; charset=utf-8")], pages).into_response()
}

async fn relist(
    State(platform): State<Platform>,
    Path((user, list, target)): Path<(String, String, String)>,
) -> Response {
    let (Ok(who), Ok(target)) = (user.parse::<KnownUser>(), target.parse::<TargetId>()) else {
        return (StatusCode::BAD_REQUEST, "an ID has 1 to 19 digits\n").into_response();
    };
    let Some(shelf) = Shelf::named(&list) else {
        return (StatusCode::NOT_FOUND, "one of following, followers, likes, posts, mutes, blocks, bookmarks\n")
            .into_response();
    };
    if platform.at_once(|world, now| world.relist(now, who, shelf, target)) {
        StatusCode::NO_CONTENT.into_response()
    } else {
        plain(bodies::worded_user(SimulatedOutcome::Full, who.user))
    }
}

async fn spend(
    State(platform): State<Platform>,
    Path((user, endpoint, places)): Path<(String, String, u32)>,
) -> Response {
    let Ok(who) = user.parse::<KnownUser>() else {
        return (StatusCode::BAD_REQUEST, "a user ID has 1 to 19 digits\n").into_response();
    };
    if platform.at_once(|world, now| world.spend(now, who, &endpoint, places.min(MAX_PLACES_SPENT))) {
        StatusCode::NO_CONTENT.into_response()
    } else {
        (StatusCode::NOT_FOUND, "name an action or a list, such as unfollow or likes\n").into_response()
    }
}

async fn trouble(State(platform): State<Platform>, Path((user, name)): Path<(String, String)>) -> Response {
    let trouble = Trouble::named(&name);
    if trouble.is_none() && name != "restore" {
        let names = Trouble::ALL.map(Trouble::name);
        return (StatusCode::NOT_FOUND, format!("one of {}, restore\n", names.join(", "))).into_response();
    }
    let Ok(who) = user.parse::<KnownUser>() else {
        return (StatusCode::BAD_REQUEST, "a user ID has 1 to 19 digits\n").into_response();
    };
    if platform.world().trouble(who, trouble) {
        StatusCode::NO_CONTENT.into_response()
    } else {
        plain(bodies::worded_user(SimulatedOutcome::Full, who.user))
    }
}
