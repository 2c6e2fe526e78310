//! Logging in where tokens are bound to a key: the request is pushed to the server, a person says yes on its page, and the code brings a
//! pair. In: a server, scopes, what the browser brings back. Out: a [`BoundGrant`]. What does not belong here: finding the server
//! (`discovery`), opening a browser, saving.
//!
//! The app is a public one that nobody has registered: its ID says where the browser comes back to on this machine, and what it may ask for.

use oauth2::url::{Url, form_urlencoded};
use oauth2::{CsrfToken, PkceCodeChallenge};
use serde_json::Value;

use super::bound_server::{BoundPair, BoundServer, BoundTerms, WHO_IT_IS};
use super::callback::{CallbackCheck, Code};
use super::discovery::AuthServer;
use super::document::Document;
use super::grant::GrantError;
use super::login::add_scopes_for;
use super::oauth_http::OAuthHttp;
use super::redirect::Redirect;
use crate::clock::Clock;
use crate::domain::{Action, Platform, Secret, UserId};
use crate::platforms::{DpopKey, InvalidDpopKey};
use crate::store::Expiry;

/// What begins the ID of every app that comes back to this machine. Ports do not matter there.
const LOOPBACK_APP: &str = "http://localhost";
const STATE_BYTES: u32 = 32;
const VERIFIER_BYTES: u32 = 32;
const MAX_REQUEST_URI_BYTES: usize = 1024;

/// The scopes that these actions need where tokens are bound to a key, and no more; `also` for reading lists.
pub fn bound_scopes_for(platform: Platform, actions: &[Action], also: &[&'static str]) -> Vec<&'static str> {
    add_scopes_for(vec![WHO_IT_IS], platform, actions, also)
}

/// A login under way: the person is reading the page at [`BoundAttempt::url`].
pub struct BoundAttempt {
    server: AuthServer,
    client_id: String,
    redirect: String,
    check: CallbackCheck,
    verifier: Secret,
    key: DpopKey,
    nonce: Option<String>,
    url: Url,
}

impl std::fmt::Debug for BoundAttempt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BoundAttempt").field("server", &self.server.issuer).finish_non_exhaustive()
    }
}

/// What a person said yes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoundGrant {
    /// Whose login it is, as the authorization server says.
    pub user: UserId,
    /// What was granted, separated by spaces: a person may have taken something off.
    pub scopes: String,
    /// The secrets.
    pub document: Document,
    /// When the access token ends.
    pub expiry: Expiry,
}

impl BoundAttempt {
    /// Pushes a request. `hint` is who has to log in, where that is known.
    ///
    /// # Errors
    /// The network; the server does not take such an app or such scopes.
    pub async fn begin(
        (wire, clock): (&OAuthHttp, &dyn Clock),
        server: AuthServer,
        redirect: &Redirect,
        scopes: &[&str],
        hint: Option<&UserId>,
    ) -> Result<BoundAttempt, GrantError> {
        let key = DpopKey::generate().map_err(|why: InvalidDpopKey| GrantError::World(why.to_string()))?;
        let scope = scopes.join(" ");
        let client_id = loopback_app(redirect, &scope);
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256_len(VERIFIER_BYTES);
        let state = CsrfToken::new_random_len(STATE_BYTES);
        let mut form = vec![
            ("client_id", client_id.as_str()),
            ("response_type", "code"),
            ("redirect_uri", redirect.as_str()),
            ("scope", &scope),
            ("state", state.secret()),
            ("code_challenge", challenge.as_str()),
            ("code_challenge_method", "S256"),
        ];
        form.extend(hint.map(|user| ("login_hint", user.as_str())));
        let mut speaker = BoundServer::new(wire, &key, clock);
        let pushed = speaker.post(&server.push, &form, &[]).await?;
        let nonce = speaker.into_nonce();
        let url = page(&server.authorize, &client_id, &pushed)?;
        let check = CallbackCheck::new(state, Some(server.issuer.clone()));
        let (redirect, verifier) = (redirect.as_str().to_owned(), Secret::new(verifier.secret().as_str()));
        Ok(BoundAttempt { server, client_id, redirect, check, verifier, key, nonce, url })
    }

    /// The address a person opens.
    pub fn url(&self) -> &str {
        self.url.as_str()
    }

    /// What the browser has to bring back.
    pub fn check(&self) -> &CallbackCheck {
        &self.check
    }

    /// The authorization server.
    pub fn server(&self) -> &AuthServer {
        &self.server
    }

    /// The code for a pair.
    ///
    /// # Errors
    /// The code is too old or used.
    pub async fn exchange(
        self,
        (wire, clock): (&OAuthHttp, &dyn Clock),
        code: &Code,
    ) -> Result<BoundGrant, GrantError> {
        let asked_at = clock.now().wall;
        let AuthServer { issuer, token, revoke, .. } = self.server;
        let (client_id, begun_at) = (self.client_id, asked_at);
        let terms = BoundTerms { client_id, issuer, token_endpoint: token, revocation_endpoint: revoke, begun_at };
        let mut server = BoundServer::new(wire, &self.key, clock).knowing(self.nonce);
        let pair = server.exchange(&terms, &self.redirect, code.secret(), &self.verifier).await?;
        let expiry = pair.expiry(asked_at);
        let BoundPair { access, refresh, scopes, user, .. } = pair;
        let document = Document::Bound { access, refresh, key: self.key.to_text().clone(), terms };
        Ok(BoundGrant { user, scopes, document, expiry })
    }
}

/// The ID of an app that comes back to this machine.
fn loopback_app(redirect: &Redirect, scope: &str) -> String {
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("redirect_uri", &redirect.without_port())
        .append_pair("scope", scope)
        .finish();
    format!("{LOOPBACK_APP}?{query}")
}

/// The page that asks the person for what was pushed.
fn page(authorize: &str, client_id: &str, pushed: &Value) -> Result<Url, GrantError> {
    let unreadable = || GrantError::World("the server's answer to a pushed request cannot be read".into());
    let request = pushed.get("request_uri").and_then(Value::as_str);
    let request = request.filter(|text| (1..=MAX_REQUEST_URI_BYTES).contains(&text.len())).ok_or_else(unreadable)?;
    let mut url: Url = authorize.parse().map_err(|_| unreadable())?;
    url.query_pairs_mut().append_pair("client_id", client_id).append_pair("request_uri", request);
    Ok(url)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_app_says_where_the_browser_comes_back_to_on_any_port() {
        let app = |port: u16| {
            let redirect: Redirect = format!("http://127.0.0.1:{port}/callback").parse().unwrap();
            loopback_app(&redirect, "atproto repo:app.bsky.graph.follow?action=delete")
        };
        assert_eq!(
            app(41_234),
            "http://localhost?redirect_uri=http%3A%2F%2F127.0.0.1%2Fcallback&scope=atproto+repo%3Aapp.bsky.graph.follow%3Faction%3Ddelete"
        );
        assert_eq!(app(41_234), app(8_080));
    }

    #[test]
    fn the_page_holds_nothing_but_the_app_and_what_was_pushed() {
        let pushed = serde_json::json!({ "request_uri": "urn:x:req-1", "expires_in": 299 });
        let url = page("https://auth.example/oauth/authorize", "http://localhost", &pushed).unwrap();
        assert_eq!(
            url.as_str(),
            "https://auth.example/oauth/authorize?client_id=http%3A%2F%2Flocalhost&request_uri=urn%3Ax%3Areq-1"
        );
        assert!(page("https://auth.example", "x", &Value::Null).is_err());
    }
}
