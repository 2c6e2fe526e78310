//! Sessions by app password, as the AT Protocol has them: begun with a name and a password that a person made for this one use, kept alive
//! by a refresh token, ended by it. In: a host and a secret. Out: an [`AppSession`], or a [`GrantError`] that says whose fault it is. What does
//! not belong here: saving anything, trying again.
//!
//! A refresh token that was used may be used again for some hours and then brings the same successor, so that an answer that was lost is no
//! login that is lost.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Method;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use serde_json::{Value, json};

use super::document::Document;
use super::grant::GrantError;
use super::oauth_http::{OAuthHttp, WireError};
use crate::domain::{AccountHost, Secret, UserId, Wall};
use crate::platforms::BaseUrl;
use crate::store::Expiry;

const CREATE: &str = "/xrpc/com.atproto.server.createSession";
const REFRESH: &str = "/xrpc/com.atproto.server.refreshSession";
const DELETE: &str = "/xrpc/com.atproto.server.deleteSession";
/// Taken where an access token does not say how long it lives, in seconds.
const USUAL_LIFETIME_SECONDS: i64 = 7_200;
/// No lifetime longer than this is believed: ten years.
const MAX_LIFETIME_SECONDS: i64 = 10 * 365 * 86_400;
/// What an access token may do that was had with the account's own password.
const EVERYTHING: &str = "com.atproto.access";
const MAX_SAID_CHARS: usize = 200;
const MAX_HANDLE_BYTES: usize = 253;

/// A session that has begun or goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppSession {
    /// Whose.
    pub user: UserId,
    /// The user's handle, where the server says it.
    pub handle: Option<String>,
    /// Where the account lives, where its document says so.
    pub host: Option<AccountHost>,
    /// The access token.
    pub access: Secret,
    /// The refresh token.
    pub refresh: Secret,
}

impl AppSession {
    /// Begins one.
    ///
    /// # Errors
    /// [`GrantError::Refused`]: the server does not take the name or the password.
    pub async fn begin(
        wire: &OAuthHttp,
        (base, host): (&BaseUrl, &AccountHost),
        name: &str,
        password: &Secret,
    ) -> Result<AppSession, GrantError> {
        let body = json!({ "identifier": name, "password": password.expose() });
        let answer = post(wire, base, CREATE, Carried::Body(body)).await?;
        match answer.status {
            200 => read_session(&answer.body, host),
            400 | 401 | 403 => Err(GrantError::Refused(refusal_of_login(&answer.error, &said(&answer, password)))),
            429 => Err(GrantError::TooMany),
            status => Err(GrantError::World(format!("the server answered HTTP {status}"))),
        }
    }

    /// A refresh token for the next pair.
    pub(super) async fn refresh(
        wire: &OAuthHttp,
        (base, host): (&BaseUrl, &AccountHost),
        user: &UserId,
        token: &Secret,
    ) -> Result<AppSession, GrantError> {
        let answer = post(wire, base, REFRESH, Carried::Token(token)).await?;
        match answer.status {
            200 => {
                let session = read_session(&answer.body, host)?;
                let is_own = session.user == *user;
                if is_own { Ok(session) } else { Err(GrantError::Unsure("the answer is about somebody else".into())) }
            }
            // Without a word of the server's own it is not the server that answers.
            400 | 401 | 403 if !answer.error.is_empty() => Err(GrantError::Refused(said(&answer, token))),
            status => Err(GrantError::World(format!("the server answered HTTP {status}"))),
        }
    }

    /// Ends the session of a refresh token. One that the server no longer takes counts as ended.
    pub(super) async fn end(wire: &OAuthHttp, base: &BaseUrl, token: &Secret) -> Result<(), GrantError> {
        let answer = post(wire, base, DELETE, Carried::Token(token)).await?;
        match (answer.status, answer.error.as_str()) {
            (200, _) | (400 | 401, "ExpiredToken" | "InvalidToken") => Ok(()),
            (400..=403, _) => Err(GrantError::Refused(said(&answer, token))),
            (status, _) => Err(GrantError::World(format!("the server answered HTTP {status}"))),
        }
    }

    /// Ends it, as it is not kept after all.
    ///
    /// # Errors
    /// The server could not be told; it ends by itself.
    pub async fn take_back(&self, wire: &OAuthHttp, base: &BaseUrl) -> Result<(), GrantError> {
        AppSession::end(wire, base, &self.refresh).await
    }

    /// Its secrets.
    pub fn document(&self) -> Document {
        Document::Session { access: self.access.clone(), refresh: self.refresh.clone() }
    }

    /// When its access token ends: counted from before it was asked for, so that it never ends earlier than we think.
    pub fn expiry(&self, asked_at: Wall) -> Expiry {
        let claims = claims(&self.access);
        let lifetime = claims.as_ref().and_then(|claims| Some(number(claims, "exp")? - number(claims, "iat")?));
        let seconds = lifetime.filter(|seconds| *seconds > 0).unwrap_or(USUAL_LIFETIME_SECONDS);
        let lifetime = Duration::from_secs(seconds.min(MAX_LIFETIME_SECONDS).unsigned_abs());
        let lifetime_ms = i64::try_from(lifetime.as_millis()).unwrap_or(i64::MAX);
        Expiry { at: asked_at.after(lifetime), lifetime_ms }
    }

    /// What its access token may do, in the server's word.
    pub fn scopes(&self) -> Option<String> {
        let scope = claims(&self.access)?.get("scope")?.as_str()?.to_owned();
        (!scope.is_empty() && scope.len() <= MAX_SAID_CHARS).then_some(scope)
    }

    /// Whether it was had with the account's own password, which opens everything.
    pub fn may_do_everything(&self) -> bool {
        self.scopes().as_deref() == Some(EVERYTHING)
    }
}

/// When a login ends that a person began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginEnd {
    /// If it is not used before.
    Unused(Wall),
    /// Whatever is done with it.
    Fixed(Wall),
}

impl Document {
    /// When the login ends; none: it does not say.
    pub fn login_ends(&self) -> Option<LoginEnd> {
        match self {
            Document::Session { refresh, .. } => {
                number(&claims(refresh)?, "exp")?.checked_mul(1000).map(|ends| LoginEnd::Unused(Wall(ends)))
            }
            Document::Bound { terms, .. } => Some(LoginEnd::Fixed(terms.ends())),
            _ => None,
        }
    }
}

/// What a request carries.
enum Carried<'a> {
    Body(Value),
    Token(&'a Secret),
}

/// An answer, as far as it matters.
struct SessionAnswer {
    status: u16,
    /// The name of the error; empty where there is none.
    error: String,
    body: Value,
}

async fn post(wire: &OAuthHttp, base: &BaseUrl, path: &str, carried: Carried<'_>) -> Result<SessionAnswer, GrantError> {
    let request = wire.request(Method::POST, &format!("{base}{path}"));
    let request = match carried {
        Carried::Body(body) => request.header(CONTENT_TYPE, "application/json").body(body.to_string()),
        Carried::Token(token) => {
            let header = HeaderValue::from_str(&format!("Bearer {}", token.expose()));
            let mut header = header.map_err(|_| GrantError::Refused("the token cannot stand in a header".into()))?;
            header.set_sensitive(true);
            request.header(AUTHORIZATION, header)
        }
    };
    let built = request.build().map_err(|_| GrantError::World("the address is no URL".into()))?;
    let answer = wire.carry(built).await.map_err(|error| match error {
        WireError::Unanswered(why) => GrantError::Unsure(why),
        other => GrantError::World(other.to_string()),
    })?;
    let body: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
    let error = body.get("error").and_then(Value::as_str).unwrap_or_default().to_owned();
    Ok(SessionAnswer { status: answer.status().as_u16(), error, body })
}

/// The server's words, bounded and without our secret.
fn said(answer: &SessionAnswer, hidden: &Secret) -> String {
    let message = answer.body.get("message").and_then(Value::as_str).unwrap_or_default();
    let said =
        [answer.error.as_str(), message].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(": ");
    let said = if hidden.expose().is_empty() { said } else { said.replace(hidden.expose(), "***") };
    said.chars().filter(|c| c.is_ascii_graphic() || *c == ' ').take(MAX_SAID_CHARS).collect()
}

/// What it means that a login is refused.
fn refusal_of_login(error: &str, said: &str) -> String {
    match error {
        "AuthFactorTokenRequired" => {
            "that is the account's own password, and the server asks for a code beside it; an app password needs none"
                .into()
        }
        "AuthenticationRequired" => "the server does not know this name with this password".into(),
        _ => said.to_owned(),
    }
}

fn read_session(body: &Value, asked: &AccountHost) -> Result<AppSession, GrantError> {
    let text = |name: &str| body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let session = || {
        let user: UserId = text("did")?.parse().ok()?;
        let is_token = |token: &&str| token.bytes().all(|byte| byte.is_ascii_graphic());
        let host = body.get("didDoc").and_then(|document| host_of(document, &user, asked));
        Some(AppSession {
            handle: text("handle").filter(|handle| is_handle(handle)).map(str::to_owned),
            host,
            access: Secret::new(text("accessJwt").filter(is_token)?),
            refresh: Secret::new(text("refreshJwt").filter(is_token)?),
            user,
        })
    };
    session().ok_or_else(|| GrantError::Unsure("the server's answer cannot be read".into()))
}

fn is_handle(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
    text.len() <= MAX_HANDLE_BYTES && text.contains('.') && text.bytes().all(plain)
}

/// Where an account lives, as its DID document says. A server elsewhere cannot name this machine.
pub(super) fn host_of(document: &Value, user: &UserId, asked: &AccountHost) -> Option<AccountHost> {
    if document.get("id").and_then(Value::as_str) != Some(user.as_str()) {
        return None;
    }
    let is_server = |service: &&Value| {
        let text = |name: &str| service.get(name).and_then(Value::as_str).unwrap_or_default();
        text("id").ends_with("#atproto_pds") && text("type") == "AtprotoPersonalDataServer"
    };
    let service = document.get("service")?.as_array()?.iter().find(is_server)?;
    let address = service.get("serviceEndpoint")?.as_str()?.trim_end_matches('/');
    let host: AccountHost = address.split_once("://")?.1.parse().ok()?;
    (host.address() == address && (!host.is_loopback() || asked.is_loopback())).then_some(host)
}

/// What a token says of itself. It is the server's to check; whoever holds it may read it.
fn claims(token: &Secret) -> Option<Value> {
    let payload = token.expose().split('.').nth(1)?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
}

fn number(claims: &Value, name: &str) -> Option<i64> {
    claims.get(name)?.as_i64()
}

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;
