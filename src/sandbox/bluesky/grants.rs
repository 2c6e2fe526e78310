//! The pretend authorization server of a PDS: requests that are pushed, codes, pairs bound to a key, and their ends. Pure: time comes in as an
//! argument. As the AT Protocol's profile has it: apps that nobody has registered, PKCE with S256, codes and refresh tokens that work once and
//! for one key alone, logins that end after two weeks.

use std::collections::HashMap;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use oauth2::url::{Url, form_urlencoded};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::super::oauth::{Fields, TokenAnswer};
use super::names::did;
use super::proofs::{NonceRule, Proofs};
use super::sessions::NotTaken;
use crate::domain::{Moment, TargetId, Tick};

const LOOPBACK_APP: &str = "http://localhost?";
const PUSHED_LIFETIME: Duration = Duration::from_secs(300);
const CODE_LIFETIME: Duration = Duration::from_secs(60);
const LOGIN_LIFETIME: Duration = Duration::from_secs(14 * 86_400);
const MAX_HELD: usize = 100_000;

/// What has been asked of the authorization server of a Bluesky server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BoundLedger {
    /// Requests pushed.
    pub pushed: u64,
    /// Codes exchanged.
    pub exchanged: u64,
    /// Pairs given for refresh tokens.
    pub refreshed: u64,
    /// Requests with a refresh token that had been used before: each ends its login.
    pub reused: u64,
    /// Logins ended on demand.
    pub revoked: u64,
}

#[derive(Clone, Debug)]
struct Pushed {
    client: String,
    redirect: String,
    challenge: String,
    scopes: String,
    state: String,
    key: String,
    ends: Tick,
}

#[derive(Debug)]
struct BoundGrantState {
    pushed: Pushed,
    user: TargetId,
}

/// A login that a person has said yes to.
#[derive(Debug)]
struct BoundSession {
    client: String,
    key: String,
    user: TargetId,
    scopes: String,
    refresh: String,
    ends: Tick,
    is_ended: bool,
}

/// Whom an access token makes its holder, and what it lets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sandbox) struct BoundUser {
    pub(in crate::sandbox) user: TargetId,
    scopes: String,
}

impl BoundUser {
    /// Whether it may do this to records of a collection.
    pub(super) fn may_write(&self, collection: &str, action: &str) -> bool {
        self.scopes.split(' ').filter_map(|scope| scope.strip_prefix("repo:")).any(|scope| {
            let (of, terms) = scope.split_once('?').unwrap_or((scope, ""));
            let mut actions = form_urlencoded::parse(terms.as_bytes()).filter(|(name, _)| name == "action").peekable();
            of == collection && (actions.peek().is_none() || actions.any(|(_, named)| named == action))
        })
    }

    /// Whether it may call a method of the app view's.
    pub(super) fn may_call(&self, method: &str) -> bool {
        self.scopes.split(' ').any(|scope| scope == format!("rpc:{method}?aud=*"))
    }
}

#[derive(Debug)]
pub(in crate::sandbox) struct BoundAuthServer {
    pub(super) proofs: Proofs,
    token_lifetime: Duration,
    pushed: HashMap<String, Pushed>,
    grants: HashMap<String, BoundGrantState>,
    sessions: Vec<BoundSession>,
    /// Whose session, and until when.
    access: HashMap<String, (usize, Tick)>,
    /// Every one there has been.
    refresh: HashMap<String, usize>,
    ledger: BoundLedger,
    rng: fastrand::Rng,
}

impl BoundAuthServer {
    pub(in crate::sandbox) fn new(seed: u64, token_lifetime: Duration) -> BoundAuthServer {
        let proofs = Proofs::new(seed);
        let (pushed, grants, sessions, access, refresh) = Default::default();
        let (ledger, rng) = (BoundLedger::default(), fastrand::Rng::with_seed(seed));
        BoundAuthServer { proofs, token_lifetime, pushed, grants, sessions, access, refresh, ledger, rng }
    }

    /// From now on nonces are taken like this.
    pub(in crate::sandbox) fn set_nonces(&mut self, rule: NonceRule) {
        self.proofs.set_rule(rule);
    }

    pub(in crate::sandbox) fn ledger(&self) -> BoundLedger {
        self.ledger.clone()
    }

    /// `POST .../par`, by whoever has this key.
    pub(super) fn push(&mut self, now: Tick, form: &Fields, key: String) -> TokenAnswer {
        let get = |name: &str| form.get(name).cloned().unwrap_or_default();
        let invalid = |what: &str| refused(400, "invalid_request", what);
        let Some(app) = get("client_id").strip_prefix(LOOPBACK_APP).map(str::to_owned) else {
            return refused(400, "invalid_client_metadata", "Only loopback clients are known here");
        };
        let app: Vec<(String, String)> = form_urlencoded::parse(app.as_bytes()).into_owned().collect();
        let of_app =
            |name: &'static str| app.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str());
        let redirect = get("redirect_uri");
        if !of_app("redirect_uri").any(|known| without_port(known) == without_port(&redirect)) {
            return invalid("Invalid redirect_uri");
        }
        let scopes = get("scope");
        let declared: Vec<&str> = of_app("scope").flat_map(|scopes| scopes.split(' ')).collect();
        if !scopes.split(' ').all(|scope| declared.contains(&scope)) {
            return refused(400, "invalid_scope", "Scope is not declared in the client metadata");
        }
        if !scopes.split(' ').any(|scope| scope == "atproto") {
            return refused(400, "invalid_scope", "The \"atproto\" scope is required");
        }
        if get("response_type") != "code" || get("code_challenge_method") != "S256" || get("code_challenge").len() != 43
        {
            return invalid("atproto requires use of \"S256\" code_challenge_method");
        }
        let uri = format!("urn:ietf:params:oauth:request_uri:{}", self.text("req"));
        let (client, challenge, state) = (get("client_id"), get("code_challenge"), get("state"));
        let ends = now.after(PUSHED_LIFETIME);
        if self.pushed.len() >= MAX_HELD {
            self.pushed.clear();
        }
        self.pushed.insert(uri.clone(), Pushed { client, redirect, challenge, scopes, state, key, ends });
        self.ledger.pushed += 1;
        TokenAnswer { status: 201, body: json!({ "request_uri": uri, "expires_in": PUSHED_LIFETIME.as_secs() - 1 }) }
    }

    /// What a person is asked: the scopes. The error is for the person.
    pub(super) fn may_ask(&self, now: Tick, query: &Fields) -> Result<String, &'static str> {
        let pushed = query.get("request_uri").and_then(|uri| self.pushed.get(uri)).ok_or("Unknown request_uri")?;
        match query.get("client_id") {
            Some(client) if *client == pushed.client && now < pushed.ends => Ok(pushed.scopes.clone()),
            Some(client) if *client == pushed.client => Err("This request has expired"),
            _ => Err("This request was initiated for another client"),
        }
    }

    /// The person said yes (or no): where the browser goes.
    pub(super) fn answer(
        &mut self,
        now: Tick,
        query: &Fields,
        (issuer, user): (&str, Option<TargetId>),
    ) -> Result<String, &'static str> {
        self.may_ask(now, query)?;
        let pushed = query.get("request_uri").and_then(|uri| self.pushed.remove(uri)).ok_or("Unknown request_uri")?;
        let mut back = form_urlencoded::Serializer::new(String::new());
        back.append_pair("iss", issuer).append_pair("state", &pushed.state);
        let redirect = pushed.redirect.clone();
        match user {
            None => {
                back.append_pair("error", "access_denied");
                back.append_pair("error_description", "The user rejected the request");
            }
            Some(user) => {
                let code = self.text("cod");
                back.append_pair("code", &code);
                let pushed = Pushed { ends: now.after(CODE_LIFETIME), ..pushed };
                self.grants.insert(code, BoundGrantState { pushed, user });
            }
        }
        Ok(format!("{redirect}?{}", back.finish()))
    }

    /// `POST .../token`, by whoever has this key.
    pub(super) fn token(&mut self, now: Moment, form: &Fields, key: &str) -> TokenAnswer {
        match form.get("grant_type").map(String::as_str) {
            Some("authorization_code") => self.exchange(now, form, key),
            Some("refresh_token") => self.renew(now, form, key),
            _ => refused(400, "unsupported_grant_type", "Grant type is not supported"),
        }
    }

    fn exchange(&mut self, now: Moment, form: &Fields, key: &str) -> TokenAnswer {
        let get = |name: &str| form.get(name).map_or("", String::as_str);
        let Some(BoundGrantState { pushed, user }) = self.grants.remove(get("code")) else {
            return refused(400, "invalid_grant", "Invalid code");
        };
        let verified = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(get("code_verifier"))) == pushed.challenge;
        if now.tick >= pushed.ends || pushed.redirect != get("redirect_uri") || !verified {
            return refused(400, "invalid_grant", "Invalid code");
        }
        if pushed.client != get("client_id") || pushed.key != key {
            return refused(400, "invalid_grant", "DPoP proof does not match the expected JKT");
        }
        let Pushed { client, key, scopes, .. } = pushed;
        let (refresh, ends, is_ended) = (String::new(), now.tick.after(LOGIN_LIFETIME), false);
        self.sessions.push(BoundSession { client, key, user, scopes, refresh, ends, is_ended });
        self.ledger.exchanged += 1;
        self.issue(now, self.sessions.len() - 1)
    }

    fn renew(&mut self, now: Moment, form: &Fields, key: &str) -> TokenAnswer {
        let get = |name: &str| form.get(name).map_or("", String::as_str);
        let token = get("refresh_token");
        let Some(index) = self.refresh.get(token).copied() else {
            return refused(400, "invalid_grant", "Invalid refresh token");
        };
        let session = &mut self.sessions[index];
        if session.is_ended {
            return refused(400, "invalid_grant", "Invalid refresh token");
        }
        if session.refresh != token {
            session.is_ended = true;
            self.ledger.reused += 1;
            return refused(400, "invalid_grant", "Refresh token replayed");
        }
        if session.key != key || session.client != get("client_id") || now.tick >= session.ends {
            session.is_ended = true;
            return refused(400, "invalid_grant", "Session expired");
        }
        self.ledger.refreshed += 1;
        self.issue(now, index)
    }

    /// `POST .../revoke`, by whoever has this key. A token that is none is as good as ended.
    pub(super) fn revoke(&mut self, form: &Fields, key: &str) -> TokenAnswer {
        let token = form.get("token").map_or("", String::as_str);
        let index = self.refresh.get(token).copied().or_else(|| self.access.get(token).map(|(index, _)| *index));
        if let Some(session) = index.map(|index| &mut self.sessions[index])
            && session.key == key
            && !session.is_ended
        {
            session.is_ended = true;
            self.ledger.revoked += 1;
        }
        TokenAnswer { status: 200, body: json!({}) }
    }

    /// Whose access token it is, if it is good now and for this key.
    pub(super) fn user_of(&self, now: Tick, token: &str, key: &str) -> Result<BoundUser, NotTaken> {
        let (index, ends) = self.access.get(token).ok_or(NotTaken::Unbound)?;
        let session = &self.sessions[*index];
        if session.is_ended || now >= *ends || session.key != key {
            return Err(NotTaken::Unbound);
        }
        Ok(BoundUser { user: session.user, scopes: session.scopes.clone() })
    }

    fn issue(&mut self, now: Moment, index: usize) -> TokenAnswer {
        let (access, refresh) = (self.text("bat"), self.text("ref"));
        if self.refresh.len() >= MAX_HELD {
            return refused(503, "temporarily_unavailable", "The sandbox is full.");
        }
        self.access.retain(|_, (owner, ends)| now.tick < *ends && *owner != index);
        self.access.insert(access.clone(), (index, now.tick.after(self.token_lifetime)));
        self.refresh.insert(refresh.clone(), index);
        let session = &mut self.sessions[index];
        session.refresh.clone_from(&refresh);
        let body = json!({
            "access_token": access, "token_type": "DPoP", "refresh_token": refresh, "scope": session.scopes,
            "expires_in": self.token_lifetime.as_secs(), "sub": did(session.user),
        });
        TokenAnswer { status: 200, body }
    }

    fn text(&mut self, kind: &str) -> String {
        format!("sbx-{kind}-{:016x}{:016x}", self.rng.u64(..), self.rng.u64(..))
    }
}

/// `GET /.well-known/oauth-authorization-server` at `base`.
pub(super) fn metadata(base: &str, paths: [&str; 4]) -> Value {
    let [authorize, push, token, revoke] = paths.map(|path| format!("{base}{path}"));
    json!({
        "issuer": base,
        "authorization_endpoint": authorize,
        "pushed_authorization_request_endpoint": push,
        "token_endpoint": token,
        "revocation_endpoint": revoke,
        "require_pushed_authorization_requests": true,
        "scopes_supported": ["atproto", "transition:generic"],
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "code_challenge_methods_supported": ["S256"],
        "dpop_signing_alg_values_supported": ["ES256"],
        "authorization_response_iss_parameter_supported": true,
        "client_id_metadata_document_supported": true,
    })
}

/// Of addresses of this machine the port does not matter.
fn without_port(uri: &str) -> Option<String> {
    let mut uri = Url::parse(uri).ok()?;
    let is_loopback = matches!(uri.host_str(), Some("127.0.0.1" | "[::1]"));
    (is_loopback && uri.scheme() == "http" && uri.set_port(None).is_ok()).then(|| uri.into())
}

fn refused(status: u16, error: &str, description: &str) -> TokenAnswer {
    TokenAnswer { status, body: json!({ "error": error, "error_description": description }) }
}
