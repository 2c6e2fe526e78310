//! What every route does with a request: it is received, whoever asks is told by its proof, and the answer is sent as the decision has it.

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::header;
use axum::response::Response;

use super::authn::{self, Received};
use super::decision::{Answer, Decision};
use super::headers::put;
use super::platform_state::Platform;
use super::severed::{Severed, severed};
use super::signature::Denied;
use super::streams::CutBody;
use super::who::SimulatedApi;
use crate::domain::TargetId;

/// The longest body of a request; what is asked for fits into a hundredth.
pub(super) const MAX_REQUEST_BODY_BYTES: usize = 4096;

/// Sends an answer as the decision has it: whole, late, in part, or not at all.
pub(super) async fn deliver(decision: Decision, say: impl Fn(Answer) -> Response, platform: &Platform) -> Response {
    match decision {
        Decision::Whole(answer) => say(answer),
        Decision::Late(answer, delay) => {
            platform.pause(delay).await;
            say(answer)
        }
        Decision::Cut(answer) => cut(say(answer)).await,
        Decision::Lost => severed(Severed::Closed),
        Decision::Reset => severed(Severed::Reset),
    }
}

/// The same answer, whose body breaks off in the middle.
async fn cut(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let whole = to_bytes(body, usize::MAX).await.unwrap_or_default();
    put(&mut parts.headers, header::CONTENT_LENGTH, &whole.len().to_string());
    Response::from_parts(parts, Body::new(CutBody::new(whole.slice(..whole.len() / 2))))
}

/// A request with its body; none where that is too long or breaks off. What is no UTF-8 asks for nothing.
pub(super) async fn receive(request: Request) -> Option<Received> {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, MAX_REQUEST_BODY_BYTES).await.ok()?;
    Some(Received { parts, body: String::from_utf8_lossy(&body).into_owned() })
}

/// The user a request comes from.
pub(super) fn authenticated(
    platform: &Platform,
    dialect: SimulatedApi,
    oauth2_only: bool,
    received: &Received,
) -> Result<TargetId, Denied> {
    let now = platform.clock.now();
    let issued = |denied| {
        let bearer = received.bearer().ok_or(denied)?;
        let user = match dialect {
            SimulatedApi::V2 => platform.oauth().user_of(now.tick, bearer),
            SimulatedApi::Mastodon => platform.host_oauth().user_of(bearer),
            SimulatedApi::V1 | SimulatedApi::Aisa => None,
            SimulatedApi::Bluesky => platform.sessions().user_of(now, bearer).ok(),
        };
        user.ok_or(denied)
    };
    let ended = |user: &TargetId| received.is_signed() && platform.oauth().has_ended_oauth1(*user);
    let user = match authn::user(dialect, oauth2_only, received, now.wall).or_else(issued) {
        Ok(user) if ended(&user) => Err(Denied::Ended),
        other => other,
    };
    if user.is_err() {
        platform.world().count_unauthenticated();
    }
    user
}
