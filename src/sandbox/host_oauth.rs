//! The pretend authorization server of a Mastodon server: apps that anybody registers, codes, tokens that last, and their ends. Pure: time
//! comes in as an argument. As Mastodon's documents have it: the redirect to the letter, scopes of those registered, codes that work once,
//! one token for one app, user and scopes, and PKCE where a challenge came.

use std::collections::HashMap;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::oauth::{Fields, TokenAnswer};
use crate::domain::{Moment, TargetId, Tick};

const MAX_APPS: usize = 10_000;
const MAX_GRANTS: usize = 10_000;
const MAX_TOKENS: usize = 100_000;
const CODE_LIFETIME: Duration = Duration::from_secs(600);
/// The code is shown and not sent anywhere.
pub(super) const OUT_OF_BAND: &str = "urn:ietf:wg:oauth:2.0:oob";
/// Where the code is shown.
pub(super) const NATIVE_PATH: &str = "/oauth/authorize/native";
/// Every scope there is, beside those that have it as a part.
const SCOPES: [&str; 19] = [
    "profile",
    "read",
    "read:accounts",
    "read:blocks",
    "read:bookmarks",
    "read:favourites",
    "read:follows",
    "read:mutes",
    "read:search",
    "read:statuses",
    "write",
    "write:accounts",
    "write:blocks",
    "write:bookmarks",
    "write:favourites",
    "write:follows",
    "write:mutes",
    "write:statuses",
    "follow",
];

/// Which Mastodon the authorization server of hosts is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostVersion {
    /// Before 4.3: it says nothing of itself, knows no `profile`, and passes over PKCE.
    Old,
    /// 4.3 and later.
    New,
}

/// What has been asked of the authorization server of hosts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostOAuthLedger {
    /// Apps registered.
    pub registered: u64,
    /// Codes exchanged.
    pub exchanged: u64,
    /// How many of them with a verifier.
    pub verified: u64,
    /// Tokens revoked.
    pub revoked: u64,
}

#[derive(Debug)]
struct HostClient {
    secret: String,
    redirects: Vec<String>,
    scopes: String,
}

#[derive(Debug)]
struct HostGrant {
    client: String,
    redirect: String,
    challenge: Option<String>,
    user: TargetId,
    scopes: String,
    ends: Tick,
}

#[derive(Debug, PartialEq, Eq)]
struct HostToken {
    client: String,
    user: TargetId,
    scopes: String,
}

#[derive(Debug)]
pub(super) struct HostAuthServer {
    version: HostVersion,
    apps: HashMap<String, HostClient>,
    grants: HashMap<String, HostGrant>,
    tokens: HashMap<String, HostToken>,
    ledger: HostOAuthLedger,
    rng: fastrand::Rng,
}

impl HostAuthServer {
    pub(super) fn new(version: HostVersion, seed: u64) -> HostAuthServer {
        HostAuthServer {
            version,
            apps: HashMap::new(),
            grants: HashMap::new(),
            tokens: HashMap::new(),
            ledger: HostOAuthLedger::default(),
            rng: fastrand::Rng::with_seed(seed),
        }
    }

    pub(super) fn ledger(&self) -> HostOAuthLedger {
        self.ledger.clone()
    }

    /// `GET /.well-known/oauth-authorization-server` at `base`; none where the server is older than that.
    pub(super) fn metadata(&self, base: &str) -> Option<Value> {
        (self.version == HostVersion::New).then(|| {
            json!({
                "issuer": format!("{base}/"),
                "authorization_endpoint": format!("{base}/oauth/authorize"),
                "token_endpoint": format!("{base}/oauth/token"),
                "revocation_endpoint": format!("{base}/oauth/revoke"),
                "app_registration_endpoint": format!("{base}/api/v1/apps"),
                "scopes_supported": SCOPES,
                "response_types_supported": ["code"],
                "grant_types_supported": ["authorization_code", "client_credentials"],
                "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
                "code_challenge_methods_supported": ["S256"],
            })
        })
    }

    /// `POST /api/v1/apps`.
    pub(super) fn register(&mut self, form: &Fields) -> TokenAnswer {
        let get = |name: &str| form.get(name).map_or("", String::as_str);
        let invalid =
            |what: &str| TokenAnswer { status: 422, body: json!({ "error": format!("Validation failed: {what}") }) };
        let name = get("client_name");
        if name.trim().is_empty() {
            return invalid("Application name can't be blank");
        }
        let redirects: Vec<String> = get("redirect_uris").split_whitespace().map(str::to_owned).collect();
        let is_uri = |uri: &String| uri == OUT_OF_BAND || oauth2::url::Url::parse(uri).is_ok_and(|uri| uri.has_host());
        if redirects.is_empty() || !redirects.iter().all(is_uri) {
            return invalid("Redirect URI must be an absolute URI.");
        }
        let scopes = if get("scopes").is_empty() { "read" } else { get("scopes") };
        if !scopes.split(' ').all(|scope| self.knows(scope)) {
            return invalid("Scopes doesn't match configured on the server.");
        }
        if self.apps.len() >= MAX_APPS {
            return TokenAnswer { status: 503, body: json!({ "error": "the sandbox is full" }) };
        }
        let (id, secret) = (self.text("app"), self.text("app-secret"));
        let body = json!({
            "id": (self.apps.len() + 1).to_string(), "name": name, "website": null, "client_id": id, "client_secret": secret,
            "client_secret_expires_at": 0, "redirect_uri": redirects.join("\n"), "redirect_uris": redirects,
            "scopes": scopes.split(' ').collect::<Vec<_>>(),
        });
        self.apps.insert(id, HostClient { secret, redirects, scopes: scopes.to_owned() });
        self.ledger.registered += 1;
        TokenAnswer { status: 200, body }
    }

    /// Whether a person may be asked. The text is for the person.
    pub(super) fn may_ask(&self, query: &Fields) -> Result<(), &'static str> {
        let get = |name: &str| query.get(name).map_or("", String::as_str);
        let app = self.apps.get(get("client_id")).ok_or("Client authentication failed due to unknown client")?;
        if !app.redirects.iter().any(|redirect| redirect == get("redirect_uri")) {
            return Err("The redirect uri included is not valid.");
        }
        if get("response_type") != "code" {
            return Err("The authorization server does not support this response type.");
        }
        let asked = if get("scope").is_empty() { "read" } else { get("scope") };
        if !asked.split(' ').all(|scope| covers(&app.scopes, scope)) {
            return Err("The requested scope is invalid, unknown, or malformed.");
        }
        let challenge = query.get("code_challenge").filter(|_| self.version == HostVersion::New);
        if challenge.is_some_and(|text| text.len() != 43)
            || challenge.is_some() && get("code_challenge_method") != "S256"
        {
            return Err("The code challenge method must be S256.");
        }
        Ok(())
    }

    /// The person said yes (or no): where the browser goes.
    pub(super) fn answer(&mut self, now: Tick, query: &Fields, user: Option<TargetId>) -> Result<String, &'static str> {
        self.may_ask(query)?;
        let get = |name: &str| query.get(name).cloned().unwrap_or_default();
        let mut back = oauth2::url::form_urlencoded::Serializer::new(String::new());
        match user {
            None if get("redirect_uri") == OUT_OF_BAND => {
                return Err("The resource owner or authorization server denied the request.");
            }
            None => {
                back.append_pair("error", "access_denied");
                back.append_pair("error_description", "The resource owner or authorization server denied the request.");
            }
            Some(_) if self.grants.len() >= MAX_GRANTS => return Err("the sandbox is full"),
            Some(user) => {
                let code = self.text("code");
                back.append_pair("code", &code);
                let grant = HostGrant {
                    client: get("client_id"),
                    redirect: get("redirect_uri"),
                    challenge: query.get("code_challenge").filter(|_| self.version == HostVersion::New).cloned(),
                    user,
                    scopes: if get("scope").is_empty() { "read".into() } else { get("scope") },
                    ends: now.after(CODE_LIFETIME),
                };
                self.grants.insert(code, grant);
            }
        }
        if get("redirect_uri") == OUT_OF_BAND {
            return Ok(format!("{NATIVE_PATH}?{}", back.finish()));
        }
        if !get("state").is_empty() {
            back.append_pair("state", &get("state"));
        }
        Ok(format!("{}?{}", get("redirect_uri"), back.finish()))
    }

    /// `POST /oauth/token`.
    pub(super) fn token(&mut self, now: Moment, form: &Fields) -> TokenAnswer {
        let get = |name: &str| form.get(name).map_or("", String::as_str);
        if !self.is_app(form) {
            return refused(401, "invalid_client", "Client authentication failed due to unknown client.");
        }
        if get("grant_type") != "authorization_code" {
            return refused(400, "unsupported_grant_type", "The authorization grant type is not supported.");
        }
        let invalid =
            || refused(400, "invalid_grant", "The provided authorization grant is invalid, expired or revoked.");
        let usable = self.grants.get(get("code")).is_some_and(|grant| grant.client == get("client_id"));
        // A code is used up by the first of its app that has it, whether the rest is right or not.
        let Some(grant) = self.grants.remove(get("code")).filter(|_| usable) else { return invalid() };
        let verified = grant
            .challenge
            .as_ref()
            .is_none_or(|challenge| BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(get("code_verifier"))) == *challenge);
        if now.tick >= grant.ends || grant.redirect != get("redirect_uri") || !verified {
            return invalid();
        }
        self.ledger.exchanged += 1;
        self.ledger.verified += u64::from(grant.challenge.is_some());
        let token = HostToken { client: grant.client, user: grant.user, scopes: grant.scopes };
        self.issue(now, token)
    }

    /// One app has one token of a user for the same scopes.
    fn issue(&mut self, now: Moment, token: HostToken) -> TokenAnswer {
        let known = self.tokens.iter().find(|(_, known)| **known == token).map(|(text, _)| text.clone());
        let access = known.unwrap_or_else(|| self.text("host-at"));
        if self.tokens.len() >= MAX_TOKENS {
            return refused(503, "temporarily_unavailable", "The sandbox is full.");
        }
        let body = json!({
            "access_token": access, "token_type": "Bearer", "scope": token.scopes,
            "created_at": now.wall.0.div_euclid(1000),
        });
        self.tokens.insert(access, token);
        TokenAnswer { status: 200, body }
    }

    /// `POST /oauth/revoke`: only the app that a token was given to may end it. One that there is not is as good as ended.
    pub(super) fn revoke(&mut self, form: &Fields) -> TokenAnswer {
        let get = |name: &str| form.get(name).map_or("", String::as_str);
        let of_another = self.tokens.get(get("token")).is_some_and(|token| token.client != get("client_id"));
        if !self.is_app(form) || of_another {
            return refused(403, "unauthorized_client", "You are not authorized to revoke this token");
        }
        self.ledger.revoked += u64::from(self.tokens.remove(get("token")).is_some());
        TokenAnswer { status: 200, body: json!({}) }
    }

    /// Whose token it is.
    pub(super) fn user_of(&self, token: &str) -> Option<TargetId> {
        self.tokens.get(token).map(|token| token.user)
    }

    /// Whether a token lacks all of these scopes. A token that somebody else gave out has every one.
    pub(super) fn lacks(&self, token: Option<&str>, scopes: &[&str]) -> bool {
        let token = token.and_then(|token| self.tokens.get(token));
        token.is_some_and(|token| !scopes.iter().any(|scope| covers(&token.scopes, scope)))
    }

    fn is_app(&self, form: &Fields) -> bool {
        let app = form.get("client_id").and_then(|id| self.apps.get(id));
        app.is_some_and(|app| form.get("client_secret").is_some_and(|secret| *secret == app.secret))
    }

    fn knows(&self, scope: &str) -> bool {
        SCOPES.contains(&scope) && (self.version == HostVersion::New || scope != "profile")
    }

    fn text(&mut self, kind: &str) -> String {
        format!("sbx-{kind}-{:016x}{:016x}", self.rng.u64(..), self.rng.u64(..))
    }
}

/// Whether scopes have one, or the whole that it is a part of.
fn covers(scopes: &str, wanted: &str) -> bool {
    let whole = wanted.split(':').next().unwrap_or_default();
    scopes.split(' ').any(|scope| scope == wanted || scope == whole)
}

fn refused(status: u16, error: &str, description: &str) -> TokenAnswer {
    TokenAnswer { status, body: json!({ "error": error, "error_description": description }) }
}
