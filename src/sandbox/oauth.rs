//! The pretend authorization server: codes, tokens and their ends. Pure: time comes in as an argument. As strict as X is said
//! to be: the redirect to the letter, PKCE with S256, codes that live 30 seconds and work once, refresh tokens that work once
//! and revoke everything when they are used again.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use oauth2::url::form_urlencoded;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::oauth_rules::{OAuthLedger, OAuthRules, SandboxApp, TokenFault};
use crate::domain::{TargetId, Tick};

const MAX_GRANTS: usize = 10_000;
const MAX_TOKENS: usize = 100_000;
const MAX_STATE_CHARS: usize = 500;

/// An answer in JSON.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct TokenAnswer {
    pub(super) status: u16,
    pub(super) body: Value,
}

#[derive(Debug)]
struct Grant {
    client: String,
    redirect: String,
    challenge: String,
    user: TargetId,
    scopes: String,
    ends: Tick,
    used: bool,
}

#[derive(Debug)]
struct Family {
    client: String,
    user: TargetId,
    scopes: String,
    revoked: bool,
}

#[derive(Debug)]
pub(super) struct AuthServer {
    rules: OAuthRules,
    grants: HashMap<String, Grant>,
    families: Vec<Family>,
    access: HashMap<String, (usize, Tick)>,
    refresh: HashMap<String, (usize, bool)>,
    arrivals: BTreeMap<String, u64>,
    pub(super) faults: VecDeque<TokenFault>,
    /// Users whose OAuth 1.0a token was revoked.
    ended_oauth1: HashSet<TargetId>,
    ledger: OAuthLedger,
    dice: fastrand::Rng,
}

/// A form or a query, its last value for each name.
pub(super) type Fields = HashMap<String, String>;

/// Reads a form or a query.
pub(super) fn fields(text: &[u8]) -> Fields {
    form_urlencoded::parse(text).map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}

impl AuthServer {
    pub(super) fn new(rules: OAuthRules, seed: u64) -> AuthServer {
        AuthServer {
            rules,
            grants: HashMap::new(),
            families: Vec::new(),
            access: HashMap::new(),
            refresh: HashMap::new(),
            arrivals: BTreeMap::new(),
            faults: VecDeque::new(),
            ended_oauth1: HashSet::new(),
            ledger: OAuthLedger::default(),
            dice: fastrand::Rng::with_seed(seed),
        }
    }

    pub(super) fn ledger(&self) -> OAuthLedger {
        let most_arrivals = self.arrivals.values().copied().max().unwrap_or(0);
        OAuthLedger { most_arrivals, ..self.ledger.clone() }
    }

    /// Whether a person may be asked. The text is for the person: nothing is sent back to an address that is not registered.
    pub(super) fn may_ask(&self, query: &Fields) -> Result<(), &'static str> {
        let get = |name: &str| query.get(name).map_or("", String::as_str);
        let Some(app) = self.app(get("client_id")) else { return Err("there is no such client_id") };
        if !app.redirects.iter().any(|redirect| redirect == get("redirect_uri")) {
            return Err("the redirect_uri is not one of those registered, to the letter");
        }
        if get("response_type") != "code" {
            return Err("response_type is not code");
        }
        let challenge = get("code_challenge");
        if get("code_challenge_method") != "S256" || challenge.len() != 43 {
            return Err("PKCE with S256 is needed");
        }
        if get("scope").is_empty() || get("state").is_empty() || get("state").len() > MAX_STATE_CHARS {
            return Err("scope and state are needed");
        }
        Ok(())
    }

    /// The person said yes (or no): where the browser goes.
    pub(super) fn answer(&mut self, now: Tick, query: &Fields, user: Option<TargetId>) -> Result<String, &'static str> {
        self.may_ask(query)?;
        if self.grants.len() >= MAX_GRANTS {
            return Err("the sandbox is full");
        }
        let get = |name: &str| query.get(name).cloned().unwrap_or_default();
        let mut back = form_urlencoded::Serializer::new(String::new());
        back.append_pair("state", &get("state"));
        match user {
            None => back.append_pair("error", "access_denied"),
            Some(user) => {
                let code = format!("code-{:016x}{:016x}", self.dice.u64(..), self.dice.u64(..));
                back.append_pair("code", &code);
                let grant = Grant {
                    client: get("client_id"),
                    redirect: get("redirect_uri"),
                    challenge: get("code_challenge"),
                    user,
                    scopes: get("scope"),
                    ends: now.after(self.rules.code_lifetime),
                    used: false,
                };
                self.grants.insert(code, grant);
                &mut back
            }
        };
        Ok(format!("{}?{}", get("redirect_uri"), back.finish()))
    }

    /// `POST /2/oauth2/token`.
    pub(super) fn token(&mut self, now: Tick, form: &Fields, authorization: Option<&str>) -> TokenAnswer {
        let client = match self.client(form, authorization) {
            Ok(client) => client,
            Err(refused) => return refused,
        };
        match form.get("grant_type").map(String::as_str) {
            Some("authorization_code") => self.exchange(now, form, client),
            Some("refresh_token") => self.renew(now, form, &client),
            _ => refused(400, "unsupported_grant_type", "Value passed for the grant type was invalid."),
        }
    }

    /// Notes that a refresh token has arrived, whatever becomes of it.
    pub(super) fn arrived(&mut self, form: &Fields) {
        if let Some(token) = form.get("refresh_token").filter(|_| self.arrivals.len() < MAX_TOKENS) {
            *self.arrivals.entry(token.clone()).or_default() += 1;
        }
    }

    fn exchange(&mut self, now: Tick, form: &Fields, client: String) -> TokenAnswer {
        let invalid = || refused(400, "invalid_request", "Value passed for the authorization code was invalid.");
        let get = |name: &str| form.get(name).map_or("", String::as_str);
        let Some(grant) = self.grants.get_mut(get("code")) else { return invalid() };
        if grant.used || now >= grant.ends || grant.client != client {
            return invalid();
        }
        // A code is used up by the first that has it, whether the rest is right or not.
        grant.used = true;
        if grant.redirect != get("redirect_uri") {
            return refused(
                400,
                "invalid_request",
                "Value passed for the redirect uri did not match the uri of the authorization code.",
            );
        }
        if BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(get("code_verifier"))) != grant.challenge {
            return refused(
                400,
                "invalid_request",
                "Value passed for the code verifier did not match the code challenge.",
            );
        }
        let family = Family { client, user: grant.user, scopes: grant.scopes.clone(), revoked: false };
        self.families.push(family);
        self.ledger.exchanged += 1;
        self.issue(now, self.families.len() - 1)
    }

    fn renew(&mut self, now: Tick, form: &Fields, client: &str) -> TokenAnswer {
        let invalid = || refused(400, "invalid_request", "Value passed for the token was invalid.");
        let token = form.get("refresh_token").map_or("", String::as_str);
        let Some((family, used)) = self.refresh.get_mut(token) else { return invalid() };
        let index = *family;
        if std::mem::replace(used, true) {
            self.ledger.reused += 1;
            self.families[index].revoked = true;
            return invalid();
        }
        if self.families[index].revoked || self.families[index].client != client {
            return invalid();
        }
        self.ledger.refreshed += 1;
        self.issue(now, index)
    }

    /// `POST /2/oauth2/revoke`.
    pub(super) fn revoke(&mut self, form: &Fields, authorization: Option<&str>) -> TokenAnswer {
        if let Err(refused) = self.client(form, authorization) {
            return refused;
        }
        let token = form.get("token").map_or("", String::as_str);
        let family = self.access.get(token).map(|(family, _)| *family);
        let Some(family) = family.or_else(|| self.refresh.get(token).map(|(family, _)| *family)) else {
            return refused(400, "invalid_request", "Value passed for the token was invalid.");
        };
        self.families[family].revoked = true;
        self.ledger.revoked += 1;
        TokenAnswer { status: 200, body: json!({ "revoked": true }) }
    }

    /// `POST /1.1/oauth/invalidate_token.json`, signed with the token that is to end. False: the sandbox is full.
    pub(super) fn end_oauth1(&mut self, user: TargetId) -> bool {
        if self.ended_oauth1.len() >= MAX_TOKENS {
            return false;
        }
        self.ledger.revoked += u64::from(self.ended_oauth1.insert(user));
        true
    }

    /// Whether a user's OAuth 1.0a token was revoked.
    pub(super) fn has_ended_oauth1(&self, user: TargetId) -> bool {
        self.ended_oauth1.contains(&user)
    }

    /// Whose access token it is, if it is good now.
    pub(super) fn user_of(&self, now: Tick, token: &str) -> Option<TargetId> {
        let (family, ends) = self.access.get(token)?;
        let family = &self.families[*family];
        (now < *ends && !family.revoked).then_some(family.user)
    }

    fn issue(&mut self, now: Tick, family: usize) -> TokenAnswer {
        if self.refresh.len() >= MAX_TOKENS {
            return refused(503, "temporarily_unavailable", "The sandbox is full.");
        }
        let mut text = |kind: &str| format!("sbx-{kind}-{:016x}{:016x}", self.dice.u64(..), self.dice.u64(..));
        let (access, refresh) = (text("at"), text("rt"));
        self.access.retain(|_, (_, ends)| now < *ends);
        self.access.insert(access.clone(), (family, now.after(self.rules.token_lifetime)));
        let scopes = &self.families[family].scopes;
        let mut body = json!({
            "token_type": "bearer",
            "expires_in": self.rules.token_lifetime.as_secs(),
            "access_token": access,
            "scope": scopes,
        });
        if scopes.split(' ').any(|scope| scope == "offline.access") {
            self.refresh.insert(refresh.clone(), (family, false));
            body["refresh_token"] = Value::String(refresh);
        }
        TokenAnswer { status: 200, body }
    }

    /// Who asks: an app with a secret shows it in the header, one without names itself in the form.
    fn client(&self, form: &Fields, authorization: Option<&str>) -> Result<String, TokenAnswer> {
        let missing = || refused(401, "unauthorized_client", "Missing valid authorization header");
        if let Some(basic) = authorization {
            let told = self.rules.apps.iter().find(|app| {
                app.secret.as_ref().is_some_and(|secret| {
                    let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
                    let pair = format!("{}:{}", encode(&app.client_id), encode(secret));
                    basic == format!("Basic {}", BASE64_STANDARD.encode(pair))
                })
            });
            return told.map(|app| app.client_id.clone()).ok_or_else(missing);
        }
        match form.get("client_id").and_then(|id| self.app(id)) {
            Some(app) if app.secret.is_none() => Ok(app.client_id.clone()),
            Some(_) => Err(missing()),
            None => Err(refused(400, "invalid_client", "Value passed for the client id was invalid.")),
        }
    }

    fn app(&self, client_id: &str) -> Option<&SandboxApp> {
        self.rules.apps.iter().find(|app| app.client_id == client_id)
    }
}

fn refused(status: u16, error: &str, description: &str) -> TokenAnswer {
    TokenAnswer { status, body: json!({ "error": error, "error_description": description }) }
}
