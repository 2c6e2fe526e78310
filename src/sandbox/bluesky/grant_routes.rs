//! The HTTP of a PDS's authorization server and of the directory of identities. The server is another one than the PDS: it is at `localhost`,
//! and the PDS wherever it is asked.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::json;

use super::super::headers::{plain, put};
use super::super::oauth::{Fields, TokenAnswer, fields};
use super::super::oauth_routes::{befallen, decision, escaped, json as respond, over_capacity, page_that_asks};
use super::super::platform_state::Platform;
use super::super::rendered::Rendered;
use super::bodies;
use super::grants::{BoundAuthServer, metadata};
use super::names::user_of_did;
use super::proofs::{ProofFault, ToProve};
use crate::domain::Moment;

const AUTHORIZE: &str = "/at/oauth/authorize";
const PUSH: &str = "/at/oauth/par";
const TOKEN: &str = "/at/oauth/token";
const REVOKE: &str = "/at/oauth/revoke";
/// What is said of a proof that is wrong.
const INVALID_PROOF: &str = "invalid_dpop_proof";
/// The name of the machine at which the authorization server is.
const SERVER: &str = "localhost";

/// The routes.
pub(in crate::sandbox) fn routes(router: Router<Platform>) -> Router<Platform> {
    router
        .route("/.well-known/oauth-protected-resource", get(resource))
        .route("/plc/{did}", get(document))
        .route(AUTHORIZE, get(ask).post(decide))
        .route(PUSH, post(push))
        .route(TOKEN, post(token))
        .route(REVOKE, post(revoke))
}

/// What the authorization server says of itself; none where another host is asked.
pub(in crate::sandbox) fn described(host: &str) -> Option<Response> {
    let is_server = host == SERVER || host.starts_with("localhost:");
    is_server.then(|| axum::Json(metadata(&base(host), [AUTHORIZE, PUSH, TOKEN, REVOKE])).into_response())
}

fn host(headers: &HeaderMap) -> &str {
    headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default()
}

fn base(host: &str) -> String {
    format!("http://{host}")
}

async fn resource(headers: HeaderMap) -> Response {
    let host = host(&headers);
    let port = host.rsplit_once(':').map_or_else(String::new, |(_, port)| format!(":{port}"));
    let server = base(&format!("{SERVER}{port}"));
    axum::Json(json!({ "resource": base(host), "authorization_servers": [server], "scopes_supported": [] }))
        .into_response()
}

/// The directory of identities.
async fn document(State(platform): State<Platform>, Path(did): Path<String>, headers: HeaderMap) -> Response {
    let Some(user) = user_of_did(&did) else {
        let body = json!({ "message": format!("DID not registered: {did}") });
        return (StatusCode::NOT_FOUND, axum::Json(body)).into_response();
    };
    let handle = platform.sessions().handle_of(user);
    let mut account = bodies::account(user, &handle, host(&headers));
    axum::Json(account["didDoc"].take()).into_response()
}

async fn ask(State(platform): State<Platform>, RawQuery(query): RawQuery) -> Response {
    let mut query = fields(query.unwrap_or_default().as_bytes());
    let asked = platform.bound().may_ask(platform.now().tick, &query);
    match asked {
        Ok(scopes) => {
            query.insert("scope".into(), scopes);
            page_that_asks(AUTHORIZE, &query)
        }
        Err(why) => wrong(why),
    }
}

async fn decide(State(platform): State<Platform>, headers: HeaderMap, body: Bytes) -> Response {
    let form = fields(&body);
    let user = match decision(&form) {
        Ok(user) => user,
        Err(unreadable) => return unreadable.into_response(),
    };
    let answer = platform.bound().answer(platform.now().tick, &form, (&base(host(&headers)), user));
    match answer {
        Ok(to) => (StatusCode::FOUND, [(header::LOCATION, to)]).into_response(),
        Err(why) => wrong(why),
    }
}

fn wrong(why: &str) -> Response {
    (StatusCode::BAD_REQUEST, Html(format!("<h1>An error occurred</h1><p>{}</p>", escaped(why)))).into_response()
}

async fn push(State(platform): State<Platform>, headers: HeaderMap, body: Bytes) -> Response {
    proven(&platform, &headers, PUSH, |server, now, key| server.push(now.tick, &fields(&body), key))
}

async fn revoke(State(platform): State<Platform>, headers: HeaderMap, body: Bytes) -> Response {
    proven(&platform, &headers, REVOKE, |server, _, key| server.revoke(&fields(&body), &key))
}

/// What befalls a request for tokens befalls this one.
async fn token(State(platform): State<Platform>, headers: HeaderMap, body: Bytes) -> Response {
    let form: Fields = fields(&body);
    let happen = || proven(&platform, &headers, TOKEN, |server, now, key| server.token(now, &form, &key));
    // A proof without a nonce is refused before anything can befall it.
    let is_proven = headers.get("dpop").is_some_and(|proof| has_nonce(proof.as_bytes()));
    let fault = if is_proven { platform.oauth().faults.pop_front() } else { None };
    befallen(fault, happen, over_capacity).await
}

fn has_nonce(proof: &[u8]) -> bool {
    use base64::Engine as _;
    let claims = proof.split(|byte| *byte == b'.').nth(1).unwrap_or_default();
    let claims = base64::prelude::BASE64_URL_SAFE_NO_PAD.decode(claims).unwrap_or_default();
    String::from_utf8_lossy(&claims).contains("\"nonce\"")
}

/// Does what a request asks for if its proof is right. Every answer has the next nonce.
fn proven(
    platform: &Platform,
    headers: &HeaderMap,
    path: &str,
    work: impl FnOnce(&mut BoundAuthServer, Moment, String) -> TokenAnswer,
) -> Response {
    let now = platform.now();
    let proof = headers.get("dpop").and_then(|proof| proof.to_str().ok()).unwrap_or_default();
    let mut server = platform.bound();
    let to = ToProve { method: "POST", host: host(headers), path, proof, token: None };
    let said = |status, error: &str, description: &str| TokenAnswer {
        status,
        body: json!({ "error": error, "error_description": description }),
    };
    let mut response = respond(match server.proofs.check(now, to) {
        Ok(key) => work(&mut server, now, key),
        Err(ProofFault::Nonce) => said(400, "use_dpop_nonce", "Authorization server requires nonce in DPoP proof"),
        Err(ProofFault::Wrong(why)) => said(401, INVALID_PROOF, why),
    });
    if response.status() == StatusCode::UNAUTHORIZED {
        put(response.headers_mut(), header::WWW_AUTHENTICATE, &challenge(INVALID_PROOF));
    }
    put(response.headers_mut(), header::HeaderName::from_static("dpop-nonce"), &server.proofs.next(now));
    response
}

fn challenge(error: &str) -> String {
    format!("DPoP algs=\"ES256\", error=\"{error}\"")
}

/// The answer of the PDS to somebody whose proof or token is not taken: its challenge has the error's word.
pub(super) fn unbound(worded: Rendered) -> Response {
    let body: serde_json::Value = serde_json::from_str(&worded.body).unwrap_or_default();
    let error = body["error"].as_str().unwrap_or_default().to_owned();
    let mut response = plain(worded);
    put(response.headers_mut(), header::WWW_AUTHENTICATE, &challenge(&error));
    response
}
