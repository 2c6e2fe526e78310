//! What is said to an authorization server: a code for tokens, a refresh token for a new pair, a token to be revoked.
//! In: an app, a place, a secret. Out: a [`Pair`], or a [`GrantError`] that says whose fault it is and whether the secret is
//! used up. What does not belong here: saving anything, trying again.

use std::time::Duration;

use oauth2::basic::{BasicClient, BasicErrorResponse, BasicErrorResponseType, BasicTokenResponse};
use oauth2::url::form_urlencoded;
use oauth2::{
    AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, EndpointNotSet, EndpointSet, PkceCodeVerifier,
    RedirectUrl, RefreshToken, RequestTokenError, TokenResponse, TokenUrl, http,
};

use super::oauth_http::{OAuthHttp, WireError};
use crate::domain::Secret;
use crate::platforms::BaseUrl;

/// X's access tokens live so long; taken where an answer does not say, in seconds.
const USUAL_LIFETIME_SECONDS: u64 = 7200;
/// No lifetime longer than this is believed: ten years.
const MAX_LIFETIME_SECONDS: u64 = 10 * 365 * 86_400;
const MAX_SAID_CHARS: usize = 200;

/// An app registered at the platform.
#[derive(Clone, Debug)]
pub struct App {
    /// Its public ID (`CLEANUP_X_CLIENT_ID`).
    pub client_id: Box<str>,
    /// How it proves that it is the app.
    pub proof: AppProof,
}

/// How an app proves that it is the app.
#[derive(Clone, Debug)]
pub enum AppProof {
    /// Not at all: a public client.
    Public,
    /// An app of the configuration, by its secret (`CLEANUP_X_CLIENT_SECRET`) in the header.
    Header(Secret),
    /// An app that was registered at an account's host, by its secret in the body: not every server that speaks the Mastodon API reads
    /// the header.
    Body(Secret),
}

impl App {
    /// An app of the configuration.
    pub fn configured(client_id: &str, secret: Option<Secret>) -> App {
        App { client_id: client_id.into(), proof: secret.map_or(AppProof::Public, AppProof::Header) }
    }

    /// Whether it has a secret.
    pub const fn is_confidential(&self) -> bool {
        self.secret().is_some()
    }

    const fn secret(&self) -> Option<&Secret> {
        match &self.proof {
            AppProof::Public => None,
            AppProof::Header(secret) | AppProof::Body(secret) => Some(secret),
        }
    }

    /// Whether a token without a lifetime does not end. X's do, whatever an answer leaves out.
    const fn gives_lasting_tokens(&self) -> bool {
        matches!(self.proof, AppProof::Body(_))
    }
}

/// Where an authorization server lives.
#[derive(Clone, Debug)]
pub struct OAuthEndpoints {
    authorize: AuthUrl,
    token: TokenUrl,
    revoke: String,
}

/// An address is no URL, or not a safe one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("CLEANUP_X_AUTHORIZE is not an https address (http is accepted to loopback only)")]
pub struct InvalidEndpoint;

impl OAuthEndpoints {
    /// Where X's users grant access.
    pub const X_AUTHORIZE: &'static str = "https://x.com/i/oauth2/authorize";

    /// The places of X or of what stands in for it: tokens at the API's `base`, people at `authorize`.
    ///
    /// # Errors
    /// `authorize` is not https and not loopback.
    pub fn x(base: &BaseUrl, authorize: &str) -> Result<OAuthEndpoints, InvalidEndpoint> {
        authorize.parse::<BaseUrl>().map_err(|_| InvalidEndpoint)?;
        Ok(OAuthEndpoints {
            authorize: AuthUrl::new(authorize.to_owned()).map_err(|_| InvalidEndpoint)?,
            token: TokenUrl::new(format!("{base}/2/oauth2/token")).map_err(|_| InvalidEndpoint)?,
            revoke: format!("{base}/2/oauth2/revoke"),
        })
    }

    /// The places of a server that speaks the Mastodon API.
    ///
    /// # Errors
    /// None in practice: a base is an address.
    pub fn at_host(base: &BaseUrl) -> Result<OAuthEndpoints, InvalidEndpoint> {
        Ok(OAuthEndpoints {
            authorize: AuthUrl::new(format!("{base}/oauth/authorize")).map_err(|_| InvalidEndpoint)?,
            token: TokenUrl::new(format!("{base}/oauth/token")).map_err(|_| InvalidEndpoint)?,
            revoke: format!("{base}/oauth/revoke"),
        })
    }
}

/// What a platform granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The access token.
    pub access: Secret,
    /// The refresh token; none without `offline.access`.
    pub refresh: Option<Secret>,
    /// How long the access token lives from when it was asked for; none: until it is revoked.
    pub lifetime: Option<Duration>,
    /// What was granted, separated by spaces; none: what was asked for.
    pub scopes: Option<String>,
}

/// Why there is no pair. The texts are the server's words, bounded and without our secrets.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GrantError {
    /// The server does not take this code or refresh token.
    #[error("refused: {0}")]
    Refused(String),
    /// The server does not take the app: its ID, its secret, or its kind.
    #[error(
        "the app is refused: {0}; check CLEANUP_X_CLIENT_ID and CLEANUP_X_CLIENT_SECRET, and the app's type at the platform"
    )]
    App(String),
    /// The network or the server is at fault, and what was sent is as good as before.
    #[error("{0}")]
    World(String),
    /// Somebody has logged in too often.
    #[error("the server takes no more logins for now; it counts them by name and address")]
    TooMany,
    /// What was sent may have been used up, and the answer is lost.
    #[error("{0}")]
    Unsure(String),
}

type AppClient = BasicClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet>;

/// The `oauth2` crate's client of an app. The kind is said outright: X does not find it out by itself.
pub(super) fn client(app: &App, places: &OAuthEndpoints) -> AppClient {
    let client = BasicClient::new(ClientId::new(app.client_id.to_string()))
        .set_auth_uri(places.authorize.clone())
        .set_token_uri(places.token.clone());
    let secret = |secret: &Secret| ClientSecret::new(secret.expose().to_owned());
    match &app.proof {
        AppProof::Public => client.set_auth_type(AuthType::RequestBody),
        AppProof::Header(own) => client.set_client_secret(secret(own)).set_auth_type(AuthType::BasicAuth),
        AppProof::Body(own) => client.set_client_secret(secret(own)).set_auth_type(AuthType::RequestBody),
    }
}

/// A code, and its verifier where a challenge was sent, for the first pair.
pub(super) async fn exchange(
    wire: &OAuthHttp,
    app: &App,
    places: &OAuthEndpoints,
    redirect: &RedirectUrl,
    code: &Secret,
    verifier: Option<PkceCodeVerifier>,
) -> Result<Pair, GrantError> {
    let client = client(app, places).set_redirect_uri(redirect.clone());
    let mut hidden = vec![code.clone()];
    let mut request = client.exchange_code(AuthorizationCode::new(code.expose().to_owned()));
    if let Some(verifier) = verifier {
        hidden.push(Secret::new(verifier.secret().as_str()));
        request = request.set_pkce_verifier(verifier);
    }
    read(request.request_async(wire).await, app, &hidden)
}

/// A refresh token for a new pair. The old token is used up unless the error says otherwise.
pub(super) async fn refresh(
    wire: &OAuthHttp,
    app: &App,
    places: &OAuthEndpoints,
    token: &Secret,
) -> Result<Pair, GrantError> {
    let client = client(app, places);
    let old = RefreshToken::new(token.expose().to_owned());
    let answer = client.exchange_refresh_token(&old).request_async(wire).await;
    read(answer, app, std::slice::from_ref(token))
}

/// Ends a token at the platform. The crate would insist on https even to loopback, so the request is made here.
pub(super) async fn revoke(
    wire: &OAuthHttp,
    app: &App,
    places: &OAuthEndpoints,
    token: &Secret,
) -> Result<(), GrantError> {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("token", token.expose());
    if !matches!(app.proof, AppProof::Header(_)) {
        form.append_pair("client_id", &app.client_id);
    }
    if let AppProof::Body(secret) = &app.proof {
        form.append_pair("client_secret", secret.expose());
    }
    let mut request = wire
        .request(reqwest::Method::POST, &places.revoke)
        .header(http::header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(form.finish());
    if let AppProof::Header(secret) = &app.proof {
        // RFC 6749, 2.3.1: both are form-encoded before they go into the header.
        let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        request = request.basic_auth(encoded(&app.client_id), Some(encoded(secret.expose())));
    }
    let built = request.build().map_err(|_| GrantError::World("the address is no URL".into()))?;
    let answer = wire.carry(built).await.map_err(of_wire)?;
    match answer.status().as_u16() {
        200 => Ok(()),
        status => match serde_json::from_slice::<BasicErrorResponse>(answer.body()) {
            Ok(error) => Err(of_server(&error, app, std::slice::from_ref(token))),
            Err(_) => Err(of_wire(WireError::Busy(status))),
        },
    }
}

type Answer = Result<BasicTokenResponse, RequestTokenError<WireError, BasicErrorResponse>>;

fn read(answer: Answer, app: &App, hidden: &[Secret]) -> Result<Pair, GrantError> {
    let tokens = answer.map_err(|error| match error {
        RequestTokenError::ServerResponse(error) => of_server(&error, app, hidden),
        RequestTokenError::Request(error) => of_wire(error),
        // Only a 200 comes so far: the token has been taken, and what it was exchanged for cannot be read.
        RequestTokenError::Parse(..) | RequestTokenError::Other(_) => {
            GrantError::Unsure("the server's answer cannot be read".into())
        }
    })?;
    let unsaid = (!app.gives_lasting_tokens()).then_some(Duration::from_secs(USUAL_LIFETIME_SECONDS));
    let lifetime = tokens.expires_in().or(unsaid);
    let scopes = tokens.scopes().map(|scopes| {
        let words: Vec<&str> = scopes.iter().map(|scope| scope.as_str()).collect();
        words.join(" ")
    });
    Ok(Pair {
        access: Secret::new(tokens.access_token().secret().as_str()),
        refresh: tokens.refresh_token().map(|token| Secret::new(token.secret().as_str())),
        lifetime: lifetime.map(|lifetime| lifetime.min(Duration::from_secs(MAX_LIFETIME_SECONDS))),
        scopes,
    })
}

pub(super) fn of_wire(error: WireError) -> GrantError {
    match error {
        WireError::NotSent(why) => GrantError::World(why),
        WireError::Busy(status) => GrantError::World(format!("the server answered HTTP {status}")),
        WireError::Unanswered(why) => GrantError::Unsure(why),
    }
}

fn of_server(error: &BasicErrorResponse, app: &App, hidden: &[Secret]) -> GrantError {
    let mut said = error.error().as_ref().to_owned();
    if let Some(more) = error.error_description() {
        said = format!("{said}: {more}");
    }
    for secret in hidden.iter().chain(app.secret()) {
        if !secret.expose().is_empty() {
            said = said.replace(secret.expose(), "***");
        }
    }
    let said: String = said.chars().filter(|c| c.is_ascii_graphic() || *c == ' ').take(MAX_SAID_CHARS).collect();
    match error.error() {
        // An app that was registered for one login is mended by the next one, as a code that is too old is.
        _ if matches!(app.proof, AppProof::Body(_)) => GrantError::Refused(said),
        BasicErrorResponseType::InvalidClient | BasicErrorResponseType::UnauthorizedClient => GrantError::App(said),
        _ => GrantError::Refused(said),
    }
}
