//! Logging in with OAuth 2.0: authorization code with PKCE (S256). In: an app, the actions it shall be able to do, and what
//! the browser brings back. Out: a pair of tokens. What does not belong here: opening a browser, printing, saving.
//!
//! The caller shows [`Attempt::url`], gets a [`Code`] from a [`CallbackListener`](super::CallbackListener) or from what a person pasted
//! ([`CallbackCheck::code_from_paste`]), and hands it to [`Attempt::exchange`] at once: the platform's codes live for 30 seconds.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use oauth2::url::{Host, Url};
use oauth2::{CsrfToken, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope};

use super::grant::{self, App, GrantError, OAuthEndpoints, Pair};
use super::oauth_http::OAuthHttp;
use crate::domain::{Action, Platform, Secret};
use crate::platforms::find;

/// What a login always asks for: who it is, and to last.
const ALWAYS: [&str; 3] = ["tweet.read", "users.read", "offline.access"];
const STATE_BYTES: u32 = 32;
const VERIFIER_BYTES: u32 = 32;
/// The longest redirect address or code that is read from a person.
const MAX_PASTED_BYTES: usize = 8192;
const MAX_CODE_BYTES: usize = 2048;

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

/// Where the browser is sent back to: loopback, with a port, exactly as it is registered at the platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirect {
    pub(super) url: RedirectUrl,
    pub(super) path: String,
    listen: Vec<SocketAddr>,
}

/// Why a text is no redirect address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a redirect address is http:// to 127.0.0.1, [::1] or localhost, with a port and a path and without ? and #, such as {}",
    Redirect::DEFAULT
)]
pub struct InvalidRedirect;

impl Redirect {
    /// The address without any configuration.
    pub const DEFAULT: &'static str = "http://127.0.0.1:8080/callback";

    /// The address, to the letter.
    pub fn as_str(&self) -> &str {
        self.url.as_str()
    }

    /// The address without its port, which does not matter to servers that compare addresses of this machine.
    pub(super) fn without_port(&self) -> String {
        let mut url = self.url.url().clone();
        let _ = url.set_port(None);
        url.into()
    }

    /// Where to listen: both loopback addresses for `localhost`, for nobody knows which one a browser takes.
    pub fn listen(&self) -> &[SocketAddr] {
        &self.listen
    }
}

impl FromStr for Redirect {
    type Err = InvalidRedirect;

    fn from_str(text: &str) -> Result<Redirect, InvalidRedirect> {
        let url = Url::parse(text).map_err(|_| InvalidRedirect)?;
        let plain = url.scheme() == "http" && url.username().is_empty() && url.password().is_none();
        if !plain || url.query().is_some() || url.fragment().is_some() {
            return Err(InvalidRedirect);
        }
        let port = url.port().filter(|port| *port != 0).ok_or(InvalidRedirect)?;
        let hosts: Vec<IpAddr> = match url.host() {
            Some(Host::Ipv4(ip)) => vec![ip.into()],
            Some(Host::Ipv6(ip)) => vec![ip.into()],
            Some(Host::Domain("localhost")) => vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()],
            _ => return Err(InvalidRedirect),
        };
        if !hosts.iter().all(IpAddr::is_loopback) {
            return Err(InvalidRedirect);
        }
        Ok(Redirect {
            path: url.path().to_owned(),
            listen: hosts.into_iter().map(|host| SocketAddr::new(host, port)).collect(),
            url: RedirectUrl::new(text.to_owned()).map_err(|_| InvalidRedirect)?,
        })
    }
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

/// What the platform hands back for a person's yes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code(Secret);

impl Code {
    pub(super) fn secret(&self) -> &Secret {
        &self.0
    }
}

/// What a redirect said instead of a code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoCode {
    /// The person or the platform said no.
    #[error("access was not granted: {0}")]
    Denied(String),
    /// It belongs to another login.
    #[error("this answer belongs to another login (its state differs); use the address of this login, and only once")]
    WrongState,
    /// Another server answered than was asked.
    #[error("this answer is from another server than the one that was asked")]
    WrongServer,
    /// It holds no code.
    #[error("there is no code in it; paste the whole address that the browser ends at, or the code alone")]
    Missing,
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
        let mut pair = grant::exchange(wire, &app, &places, &redirect, &code.0, verifier).await?;
        pair.scopes = pair.scopes.or(Some(asked));
        Ok(pair)
    }

    /// The app that is logged in to.
    pub fn app(&self) -> &App {
        &self.app
    }
}

/// What a browser that comes back has to bring, so that it is this login's answer.
#[derive(Debug)]
pub struct CallbackCheck {
    state: CsrfToken,
    /// Who has to answer, where servers say that of themselves (RFC 9207).
    issuer: Option<String>,
}

impl CallbackCheck {
    pub(super) fn new(state: CsrfToken, issuer: Option<String>) -> CallbackCheck {
        CallbackCheck { state, issuer }
    }

    /// The code in what a person pasted: the address the browser ended at, its query, or the bare code.
    ///
    /// # Errors
    /// See [`NoCode`].
    pub fn code_from_paste(&self, pasted: &str) -> Result<Code, NoCode> {
        let pasted = pasted.trim().trim_matches(['"', '\'', '<', '>']);
        if pasted.is_empty() || pasted.len() > MAX_PASTED_BYTES {
            return Err(NoCode::Missing);
        }
        if let Some((_, query)) = pasted.split_once('?') {
            return self.code_from_query(query, false);
        }
        if pasted.starts_with("code=") || pasted.starts_with("state=") || pasted.contains("&code=") {
            return self.code_from_query(pasted, false);
        }
        code(pasted)
    }

    /// The code in a redirect's query. The state is always checked where it is there; from the browser it has to be.
    pub(super) fn code_from_query(&self, query: &str, state_needed: bool) -> Result<Code, NoCode> {
        let query = query.split('#').next().unwrap_or_default();
        let (mut found, mut state, mut issuer, mut error, mut more) = (None, None, None, None, None);
        for (name, value) in oauth2::url::form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "code" => found = Some(value),
                "state" => state = Some(value),
                "iss" => issuer = Some(value),
                "error" => error = Some(value),
                "error_description" => more = Some(value),
                _ => {}
            }
        }
        let ours = match &state {
            Some(state) => same(state, self.state.secret()),
            None => !state_needed,
        };
        if !ours {
            return Err(NoCode::WrongState);
        }
        if self.issuer.is_some() && issuer.as_deref() != self.issuer.as_deref() {
            return Err(NoCode::WrongServer);
        }
        if let Some(error) = error {
            return Err(NoCode::Denied(shown(&[Some(&*error), more.as_deref()])));
        }
        code(&found.ok_or(NoCode::Missing)?)
    }
}

fn code(text: &str) -> Result<Code, NoCode> {
    let legal = (1..=MAX_CODE_BYTES).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    if legal { Ok(Code(Secret::new(text))) } else { Err(NoCode::Missing) }
}

/// Compares without telling by its time where the texts differ.
fn same(given: &str, ours: &str) -> bool {
    let difference = given.bytes().zip(ours.bytes()).fold(0, |all, (a, b)| all | (a ^ b));
    given.len() == ours.len() && difference == 0
}

/// A server's words, for people: printable, bounded.
fn shown(texts: &[Option<&str>]) -> String {
    const MAX_SHOWN_CHARS: usize = 200;
    let all: Vec<&str> = texts.iter().copied().flatten().collect();
    all.join(": ").chars().filter(|c| c.is_ascii_graphic() || *c == ' ').take(MAX_SHOWN_CHARS).collect()
}
