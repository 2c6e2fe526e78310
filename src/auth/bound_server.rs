//! What is said to an authorization server whose tokens are bound to a key (DPoP), as the AT Protocol's profile of OAuth has it: a request
//! pushed, a code or a refresh token for a pair, a token to be revoked. In: a key and a form. Out: the server's answer, or a [`GrantError`] that
//! says whose fault it is and whether the secret is used up. What does not belong here: saving anything, trying again later.
//!
//! Such a server gives a nonce with each answer and wants it in the next proof. Nobody knows the first one, so that a request may be sent
//! twice: the server looks at the proof before anything else, and has used nothing up when it asks for a nonce.

use std::time::Duration;

use oauth2::url::{Url, form_urlencoded};
use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use serde_json::Value;

use super::grant::{GrantError, of_wire};
use super::oauth_http::OAuthHttp;
use crate::clock::Clock;
use crate::domain::{Secret, UserId, Wall};
use crate::platforms::{Credentials, DPOP, DpopKey, Proven, USE_DPOP_NONCE, nonce_of};
use crate::store::Expiry;

/// Taken where an answer does not say how long an access token lives, in seconds.
const USUAL_LIFETIME_SECONDS: u64 = 900;
/// No lifetime longer than this is believed: ten years.
const MAX_LIFETIME_SECONDS: u64 = 10 * 365 * 86_400;
const MAX_SAID_CHARS: usize = 200;
/// What every token of the profile may do: say whose it is.
pub(super) const WHO_IT_IS: &str = "atproto";
/// The last days of a login of a public client, from when a person said yes. Servers do not tell: this is the reference server's.
const LOGIN_DAYS: u64 = 14;

/// Where a login was granted, and to which app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoundTerms {
    /// The app's public ID.
    pub client_id: String,
    /// Who granted it.
    pub issuer: String,
    /// Where the next pair is had.
    pub token_endpoint: String,
    /// Where it is ended, where that can be.
    pub revocation_endpoint: Option<String>,
    /// When a person said yes.
    pub begun_at: Wall,
}

impl BoundTerms {
    /// When the login ends, whatever is done with it.
    pub(super) fn ends(&self) -> Wall {
        self.begun_at.after(Duration::from_secs(LOGIN_DAYS * 86_400))
    }
}

/// A pair of tokens that only the holder of a key can use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BoundPair {
    pub(super) access: Secret,
    /// Without one the login ends with the access token.
    pub(super) refresh: Option<Secret>,
    pub(super) lifetime: Duration,
    pub(super) scopes: String,
    pub(super) user: UserId,
}

impl BoundPair {
    /// When its access token ends: counted from before it was asked for, so that it never ends earlier than we think.
    pub(super) fn expiry(&self, asked_at: Wall) -> Expiry {
        let lifetime_ms = i64::try_from(self.lifetime.as_millis()).unwrap_or(i64::MAX);
        Expiry { at: asked_at.after(self.lifetime), lifetime_ms }
    }
}

/// The server, as one login speaks to it.
pub(super) struct BoundServer<'a> {
    wire: &'a OAuthHttp,
    key: &'a DpopKey,
    clock: &'a dyn Clock,
    nonce: Option<String>,
}

impl<'a> BoundServer<'a> {
    pub(super) fn new(wire: &'a OAuthHttp, key: &'a DpopKey, clock: &'a dyn Clock) -> BoundServer<'a> {
        BoundServer { wire, key, clock, nonce: None }
    }

    /// The server again, which has given this nonce.
    pub(super) fn knowing(mut self, nonce: Option<String>) -> BoundServer<'a> {
        self.nonce = nonce;
        self
    }

    /// What it has given last.
    pub(super) fn into_nonce(self) -> Option<String> {
        self.nonce
    }

    /// A code for the first pair.
    pub(super) async fn exchange(
        &mut self,
        terms: &BoundTerms,
        redirect: &str,
        code: &Secret,
        verifier: &Secret,
    ) -> Result<BoundPair, GrantError> {
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", &terms.client_id),
            ("redirect_uri", redirect),
            ("code", code.expose()),
            ("code_verifier", verifier.expose()),
        ];
        read_pair(&self.post(&terms.token_endpoint, &form, &[code, verifier]).await?)
    }

    /// A refresh token for the next pair, which has to be the same user's. The old token is used up unless the error says otherwise.
    pub(super) async fn refresh(
        &mut self,
        terms: &BoundTerms,
        token: &Secret,
        user: &UserId,
    ) -> Result<BoundPair, GrantError> {
        let form =
            [("grant_type", "refresh_token"), ("client_id", &*terms.client_id), ("refresh_token", token.expose())];
        let pair = read_pair(&self.post(&terms.token_endpoint, &form, &[token]).await?)?;
        let is_own = pair.user == *user;
        if is_own { Ok(pair) } else { Err(GrantError::Unsure("the answer is about somebody else".into())) }
    }

    /// Ends a login by one of its tokens.
    pub(super) async fn revoke(&mut self, terms: &BoundTerms, token: &Secret) -> Result<(), GrantError> {
        let place = terms.revocation_endpoint.as_deref();
        let place = place.ok_or_else(|| GrantError::Refused("its server offers no way to end a login".into()))?;
        let form = [("client_id", &*terms.client_id), ("token", token.expose())];
        self.post(place, &form, &[token]).await.map(|_| ())
    }

    /// Sends a form with a proof, and once more where the server wants another nonce in it.
    pub(super) async fn post(
        &mut self,
        place: &str,
        form: &[(&str, &str)],
        hidden: &[&Secret],
    ) -> Result<Value, GrantError> {
        let asked_once = self.send(place, form).await?;
        let Sent { status, error, body } =
            if asked_once.wants_nonce() { self.send(place, form).await? } else { asked_once };
        match (status, error.as_str()) {
            (200 | 201, _) => Ok(body),
            (400 | 401, USE_DPOP_NONCE | "invalid_dpop_proof") => Err(GrantError::World(format!(
                "the server does not take the proof of this login ({}); is this machine's clock right?",
                said(&body, hidden)
            ))),
            // Without a word of the server's own it is not the server that answers.
            (400..=403, error) if !error.is_empty() => Err(GrantError::Refused(said(&body, hidden))),
            (status, _) => Err(GrantError::World(format!("the server answered HTTP {status}"))),
        }
    }

    async fn send(&mut self, place: &str, form: &[(&str, &str)]) -> Result<Sent, GrantError> {
        let unsendable = |what: &str| GrantError::World(what.to_owned());
        let url: Url = place.parse().map_err(|_| unsendable("the server's address is no URL"))?;
        let proven = Proven { method: &Method::POST, url: &url, nonce: self.nonce.as_deref(), token: None };
        let proof = self.key.prove(proven, self.clock.now().wall).map_err(|why| unsendable(&why.to_string()))?;
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = self.wire.request(Method::POST, place).header(DPOP, proof);
        let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(body);
        let built = request.build().map_err(|_| unsendable("the server's address is no URL"))?;
        let answer = self.wire.carry(built).await.map_err(of_wire)?;
        if let Some(nonce) = nonce_of(answer.headers()) {
            self.nonce = Some(nonce.to_owned());
        }
        let body: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
        let error = body.get("error").and_then(Value::as_str).unwrap_or_default().to_owned();
        Ok(Sent { status: answer.status().as_u16(), error, body })
    }
}

/// An answer, as far as it matters.
struct Sent {
    status: u16,
    /// The error's word; empty where there is none.
    error: String,
    body: Value,
}

impl Sent {
    fn wants_nonce(&self) -> bool {
        matches!(self.status, 400 | 401) && self.error == USE_DPOP_NONCE
    }
}

fn read_pair(body: &Value) -> Result<BoundPair, GrantError> {
    let text = |name: &str| body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    if !text("token_type").is_some_and(|kind| kind.eq_ignore_ascii_case("DPoP")) {
        return Err(GrantError::Refused("the server gave a token that anybody could use".into()));
    }
    let scopes = text("scope").unwrap_or_default();
    if !scopes.split(' ').any(|scope| scope == WHO_IT_IS) {
        return Err(GrantError::Refused("the server did not grant that the login says whose it is".into()));
    }
    let token = |name: &str| text(name).map(Secret::new).filter(|token| Credentials::bearer(token.clone()).is_ok());
    let pair = || {
        let lifetime = body.get("expires_in").and_then(Value::as_u64).unwrap_or(USUAL_LIFETIME_SECONDS);
        Some(BoundPair {
            access: token("access_token")?,
            refresh: token("refresh_token"),
            lifetime: Duration::from_secs(lifetime.min(MAX_LIFETIME_SECONDS)),
            scopes: scopes.to_owned(),
            user: text("sub")?.parse().ok()?,
        })
    };
    pair().ok_or_else(|| GrantError::Unsure("the server's answer cannot be read".into()))
}

/// The server's words, bounded and without our secrets.
fn said(body: &Value, hidden: &[&Secret]) -> String {
    let text = |name: &str| body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let words: Vec<&str> = [text("error"), text("error_description")].into_iter().flatten().collect();
    let said = hidden.iter().filter(|secret| !secret.expose().is_empty());
    let said = said.fold(words.join(": "), |said, secret| said.replace(secret.expose(), "***"));
    said.chars().filter(|c| c.is_ascii_graphic() || *c == ' ').take(MAX_SAID_CHARS).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;

    #[test]
    fn a_pair_is_bound_and_says_whose_it_is() {
        let whole = json!({
            "access_token": "canary-a", "refresh_token": "canary-r", "token_type": "DPoP", "expires_in": 3600,
            "scope": "atproto repo:app.bsky.graph.follow?action=delete", "sub": "did:plc:fgwsksyookg6j5bsx5jnu2bp",
        });
        let pair = read_pair(&whole).unwrap();
        assert_eq!(pair.expiry(Wall(1_000)), Expiry { at: Wall(3_601_000), lifetime_ms: 3_600_000 });
        assert!(pair.user.as_str().starts_with("did:plc:") && !format!("{pair:?}").contains("canary"));
        for (field, value, is_refused) in [
            ("token_type", json!("Bearer"), true),
            ("token_type", Value::Null, true),
            ("scope", json!("repo:atproto"), true),
            ("access_token", json!("a b"), false),
            ("access_token", json!(""), false),
            ("sub", Value::Null, false),
        ] {
            let mut other = whole.clone();
            other[field] = value;
            let error = read_pair(&other).unwrap_err();
            assert_eq!(matches!(error, GrantError::Refused(_)), is_refused, "{field}: {error}");
        }
    }

    #[test]
    fn the_servers_words_are_without_our_secrets() {
        let body = json!({ "error": "invalid_grant", "error_description": "no canary-r\u{1b}[31m here" });
        assert_eq!(said(&body, &[&Secret::new("canary-r")]), "invalid_grant: no ***[31m here");
        assert_eq!(said(&Value::Null, &[]), "");
    }
}
