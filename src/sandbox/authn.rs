//! Who a request's `Authorization` header proves to be, at each platform.

use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, header};

use super::bluesky::user_of_did;
use super::signature::{self, Denied, Raw};
use super::who::SimulatedApi;
use crate::domain::{TargetId, Wall};

const TOKEN_PREFIX: &str = "sandbox-";
const AISA_KEY_PREFIX: &str = "sk-sandbox-";

/// What was received, body included.
#[derive(Debug)]
pub(super) struct Received {
    pub(super) parts: Parts,
    pub(super) body: String,
}

impl Received {
    /// A header's text; empty where there is none.
    pub(super) fn header(&self, name: HeaderName) -> &str {
        text(&self.parts.headers, name).unwrap_or_default()
    }

    /// The body, if it is a form.
    pub(super) fn form(&self) -> &str {
        let is_form = self.header(header::CONTENT_TYPE).starts_with("application/x-www-form-urlencoded");
        if is_form { &self.body } else { "" }
    }

    /// The bearer token, if it is one.
    pub(super) fn bearer(&self) -> Option<&str> {
        self.header(header::AUTHORIZATION).strip_prefix("Bearer ")
    }

    /// The token that is bound to a key, if it is one.
    pub(super) fn bound(&self) -> Option<&str> {
        self.header(header::AUTHORIZATION).strip_prefix("DPoP ")
    }

    /// Whether it is signed as OAuth 1.0a has it.
    pub(super) fn is_signed(&self) -> bool {
        self.header(header::AUTHORIZATION).starts_with("OAuth ")
    }

    /// The query as it came.
    pub(super) fn query(&self) -> &str {
        self.parts.uri.query().unwrap_or_default()
    }

    fn raw(&self) -> Raw<'_> {
        Raw {
            method: self.parts.method.as_str(),
            host: self.header(header::HOST),
            path: self.parts.uri.path(),
            query: self.query(),
            form: self.form(),
        }
    }
}

/// The user a request comes from. At v2 both kinds do, but for what takes OAuth 2.0 only; v1.1 takes OAuth 1.0a only.
pub(super) fn user(
    dialect: SimulatedApi,
    oauth2_only: bool,
    received: &Received,
    now: Wall,
) -> Result<TargetId, Denied> {
    let authorization = text(&received.parts.headers, header::AUTHORIZATION).ok_or(Denied::Missing)?;
    let oauth1 = authorization.strip_prefix("OAuth ");
    let bearer = authorization.strip_prefix("Bearer ");
    match (dialect, oauth1, bearer) {
        (SimulatedApi::V2, Some(_), _) if oauth2_only => Err(Denied::WrongKind),
        (SimulatedApi::V1, _, Some(_))
        | (SimulatedApi::Aisa | SimulatedApi::Mastodon | SimulatedApi::Bluesky, Some(_), _) => Err(Denied::WrongKind),
        (_, Some(parameters), _) => signature::check(received.raw(), parameters, now),
        (SimulatedApi::Aisa, _, Some(key)) => named(key, AISA_KEY_PREFIX),
        (_, _, Some(token)) => named(token, TOKEN_PREFIX),
        _ => Err(Denied::Unknown),
    }
}

/// The OAuth 2.0 token of a user.
pub(super) fn token(user: TargetId) -> String {
    format!("{TOKEN_PREFIX}{user}")
}

/// The AIsa key of a user.
pub(super) fn aisa_key(user: TargetId) -> String {
    format!("{AISA_KEY_PREFIX}{user}")
}

/// The user of such a token; at Bluesky the DID may stand in it in place of the number.
pub(super) fn bluesky_user(token: &str) -> Option<TargetId> {
    let user = token.strip_prefix(TOKEN_PREFIX)?;
    user_of_did(user).or_else(|| user.parse().ok())
}

fn named(text: &str, prefix: &str) -> Result<TargetId, Denied> {
    text.strip_prefix(prefix).and_then(|user| user.parse().ok()).ok_or(Denied::Unknown)
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}
