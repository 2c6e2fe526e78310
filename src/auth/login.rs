//! Logging in with OAuth 2.0: authorization code with PKCE (S256). In: an app, the actions it shall be able to do, and what
//! the browser brings back. Out: a pair of tokens. What does not belong here: opening a browser, printing, saving.
//!
//! The caller shows [`Attempt::url`], gets a [`Code`] from a [`CallbackListener`](super::CallbackListener) or from what a person pasted
//! ([`CallbackCheck::code_from_paste`]), and hands it to [`Attempt::exchange`] at once: the platform's codes live for 30 seconds.

use std::net::SocketAddr;

use oauth2::url::Url;
use oauth2::{CsrfToken, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope};

use super::callback::{CallbackCheck, Code, NoCode};
use super::grant::{self, App, GrantError, OAuthEndpoints, Pair};
use super::oauth_http::OAuthHttp;
use super::redirect::{InvalidRedirect, Redirect};
use crate::domain::{Action, Platform};
use crate::platforms::find;

/// What a login always asks for: who it is, and to last.
const ALWAYS: [&str; 3] = ["tweet.read", "users.read", "offline.access"];
const STATE_BYTES: u32 = 32;
const VERIFIER_BYTES: u32 = 32;

/// The scopes that these actions need on a platform, and no more; `also` for reading lists and the like. Each once, the usual
/// ones first.
pub fn scopes_for(platform: Platform, actions: &[Action], also: &[&'static str]) -> Vec<&'static str> {
    add_scopes_for(ALWAYS.to_vec(), platform, actions, also)
}

/// Adds the scopes that these actions need, each once.
pub(super) fn add_scopes_for(
    mut scopes: Vec<&'static str>,
    platform: Platform,
    actions: &[Action],
    also: &[&'static str],
) -> Vec<&'static str> {
    let needed = actions.iter().filter_map(|action| find(platform, *action)).flat_map(|row| row.scopes);
    for scope in needed.chain(also) {
        if !scopes.contains(scope) {
            scopes.push(scope);
        }
    }
    scopes
}

/// How the code gets from the browser to us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CodeReturn {
    /// The browser is sent back to an address: here, or from where a person copies it.
    Address(Redirect),
    /// The server shows it, and a person copies it.
    Shown,
}

impl CodeReturn {
    /// What stands for [`CodeReturn::Shown`] where an address would.
    const SHOWN: &'static str = "urn:ietf:wg:oauth:2.0:oob";

    /// As it is registered at the server, to the letter.
    pub fn as_str(&self) -> &str {
        match self {
            CodeReturn::Address(redirect) => redirect.as_str(),
            CodeReturn::Shown => CodeReturn::SHOWN,
        }
    }
}

/// Why a login failed.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// No code came.
    #[error(transparent)]
    NoCode(#[from] NoCode),
    /// Nobody came back in time (seconds).
    #[error("no answer came from the browser within {0} s; run the command again, or with --headless")]
    TimedOut(u64),
    /// The address is taken.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// The code brought no tokens.
    #[error("the platform gave no tokens for the code: {0}")]
    Grant(#[from] GrantError),
}

/// One login under way.
pub struct Attempt {
    app: App,
    places: OAuthEndpoints,
    redirect: RedirectUrl,
    url: Url,
    check: CallbackCheck,
    verifier: Option<PkceCodeVerifier>,
    asked: String,
}

impl std::fmt::Debug for Attempt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Attempt").field("asked", &self.asked).finish_non_exhaustive()
    }
}

impl Attempt {
    /// Begins a login.
    pub fn begin(app: App, places: OAuthEndpoints, redirect: Redirect, scopes: &[&str]) -> Attempt {
        Attempt::begin_with(app, places, redirect.url, scopes, true)
    }

    /// Begins a login at a host, with PKCE where it offers that.
    ///
    /// # Errors
    /// None in practice: where the code comes back to is an address.
    pub fn begin_at_host(
        app: App,
        places: OAuthEndpoints,
        back: &CodeReturn,
        scopes: &[&str],
        pkce: bool,
    ) -> Result<Attempt, InvalidRedirect> {
        let redirect = RedirectUrl::new(back.as_str().to_owned()).map_err(|_| InvalidRedirect)?;
        Ok(Attempt::begin_with(app, places, redirect, scopes, pkce))
    }

    fn begin_with(app: App, places: OAuthEndpoints, redirect: RedirectUrl, scopes: &[&str], pkce: bool) -> Attempt {
        let client = grant::client(&app, &places).set_redirect_uri(redirect.clone());
        let mut request = client
            .authorize_url(|| CsrfToken::new_random_len(STATE_BYTES))
            .add_scopes(scopes.iter().map(|scope| Scope::new((*scope).to_owned())));
        let mut verifier = None;
        if pkce {
            let (challenge, own) = PkceCodeChallenge::new_random_sha256_len(VERIFIER_BYTES);
            request = request.set_pkce_challenge(challenge);
            verifier = Some(own);
        }
        let (url, state) = request.url();
        let check = CallbackCheck::new(state, None);
        Attempt { app, places, redirect, url, check, verifier, asked: scopes.join(" ") }
    }

    /// The address a person opens.
    pub fn url(&self) -> &str {
        self.url.as_str()
    }

    /// What the browser has to bring back.
    pub fn check(&self) -> &CallbackCheck {
        &self.check
    }

    /// The code for tokens. What was granted is told, or else what was asked for.
    ///
    /// # Errors
    /// [`LoginError::Grant`]: the code is too old, used, or the app is wrong.
    pub async fn exchange(self, wire: &OAuthHttp, code: Code) -> Result<Pair, LoginError> {
        let Attempt { app, places, redirect, verifier, asked, .. } = self;
        let mut pair = grant::exchange(wire, &app, &places, &redirect, code.secret(), verifier).await?;
        pair.scopes = pair.scopes.or(Some(asked));
        Ok(pair)
    }

    /// The app that is logged in to.
    pub fn app(&self) -> &App {
        &self.app
    }
}
