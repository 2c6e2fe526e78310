//! Logging in with OAuth 1.0a: the PIN flow. In: a way to sign, and the PIN a person reads off a page. Out: an access token and
//! its secret. What does not belong here: signing (`oauth1`), opening a browser, saving.
//!
//! Signing comes in as a function over [`ToSign`], so that this file knows neither keys nor nonces.

use oauth2::HttpResponse;
use oauth2::url::{Url, form_urlencoded};
use reqwest::Method;
use reqwest::header::AUTHORIZATION;

use super::document::Document;
use super::grant::GrantError;
use super::oauth_http::{OAuthHttp, WireError};
use crate::domain::{Secret, UserId};
use crate::platforms::BaseUrl;

const REQUEST_TOKEN: &str = "/oauth/request_token";
const AUTHORIZE: &str = "/oauth/authorize";
const ACCESS_TOKEN: &str = "/oauth/access_token";
const MAX_PIN_CHARS: usize = 64;

/// One request that wants a signature.
#[derive(Clone, Copy, Debug)]
pub struct ToSign<'a> {
    /// `POST`.
    pub method: &'a str,
    /// Where it goes; without a query.
    pub url: &'a Url,
    /// Parameters of the protocol beside the usual ones (`oauth_callback`, `oauth_verifier`): signed, and in the header.
    pub extra: &'a [(&'a str, &'a str)],
    /// The request token and its secret, once there is one.
    pub token: Option<(&'a Secret, &'a Secret)>,
}

/// Makes the whole value of an `Authorization` header.
pub type Sign<'a> = dyn Fn(ToSign<'_>) -> Secret + Send + Sync + 'a;

/// A PIN flow under way: the person is reading the page at [`PinAttempt::url`].
pub struct PinAttempt {
    base: BaseUrl,
    url: Url,
    token: Secret,
    token_secret: Secret,
}

impl std::fmt::Debug for PinAttempt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PinAttempt").field("base", &self.base).finish_non_exhaustive()
    }
}

/// Who has been logged in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PinLogin {
    /// The token and its secret; they do not end by themselves.
    pub document: Document,
    /// Who it is.
    pub user: UserId,
    /// The handle, where the platform said it and it is a plain one.
    pub screen_name: Option<String>,
}

impl PinAttempt {
    /// Asks for a request token.
    ///
    /// # Errors
    /// The network, or the app: its keys are wrong or it has no callback address set at the platform.
    pub async fn begin(wire: &OAuthHttp, base: &BaseUrl, sign: &Sign<'_>) -> Result<PinAttempt, GrantError> {
        let answer = post(wire, base, REQUEST_TOKEN, &[("oauth_callback", "oob")], None, sign).await?;
        let (Some(token), Some(token_secret)) = (answer.get("oauth_token"), answer.get("oauth_token_secret")) else {
            return Err(GrantError::Unsure("the server's answer cannot be read".into()));
        };
        if answer.get("oauth_callback_confirmed") != Some("true") {
            return Err(GrantError::App("the server did not confirm the PIN flow".into()));
        }
        let (token, token_secret) = (Secret::new(token), Secret::new(token_secret));
        let mut url = address(base, AUTHORIZE)?;
        url.query_pairs_mut().append_pair("oauth_token", token.expose());
        Ok(PinAttempt { base: base.clone(), url, token, token_secret })
    }

    /// The address a person opens.
    pub fn url(&self) -> &str {
        self.url.as_str()
    }

    /// The PIN for the token. A PIN works once.
    ///
    /// # Errors
    /// The PIN is no PIN, or the platform refuses it.
    pub async fn finish(self, wire: &OAuthHttp, pin: &str, sign: &Sign<'_>) -> Result<PinLogin, GrantError> {
        let pin = pin.trim();
        if !(1..=MAX_PIN_CHARS).contains(&pin.len()) || !pin.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(GrantError::Refused("a PIN has letters and digits only, usually seven".into()));
        }
        let token = Some((&self.token, &self.token_secret));
        let answer = post(wire, &self.base, ACCESS_TOKEN, &[("oauth_verifier", pin)], token, sign).await?;
        let (Some(token), Some(token_secret)) = (answer.get("oauth_token"), answer.get("oauth_token_secret")) else {
            return Err(GrantError::Unsure("the server's answer cannot be read".into()));
        };
        // The digits before the first dash of an access token are the user, should the answer not say.
        let user = answer.get("user_id").or_else(|| token.split_once('-').map(|(user, _)| user));
        let user =
            user.filter(|user| user.bytes().all(|byte| byte.is_ascii_digit())).and_then(|user| user.parse().ok());
        let plain = |name: &&str| {
            (1..=15).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        };
        Ok(PinLogin {
            document: Document::OAuth1 { token: Secret::new(token), token_secret: Secret::new(token_secret) },
            user: user.ok_or_else(|| GrantError::Unsure("the server did not say who was logged in".into()))?,
            screen_name: answer.get("screen_name").filter(plain).map(str::to_owned),
        })
    }
}

/// An answer in form encoding.
struct Answer(Vec<(String, String)>);

impl Answer {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, value)| key == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }
}

fn address(base: &BaseUrl, path: &str) -> Result<Url, GrantError> {
    Url::parse(&format!("{base}{path}")).map_err(|_| GrantError::World("the address is no URL".into()))
}

/// Sends one signed POST without a body, and gives its answer whatever it is.
pub(super) async fn carry(
    wire: &OAuthHttp,
    base: &BaseUrl,
    path: &str,
    extra: &[(&str, &str)],
    token: Option<(&Secret, &Secret)>,
    sign: &Sign<'_>,
) -> Result<HttpResponse, GrantError> {
    let url = address(base, path)?;
    let header = sign(ToSign { method: "POST", url: &url, extra, token });
    let built = wire.request(Method::POST, url.as_str()).header(AUTHORIZATION, header.expose()).build();
    let mut built = built.map_err(|_| GrantError::App("the keys cannot stand in a header".into()))?;
    if let Some(header) = built.headers_mut().get_mut(AUTHORIZATION) {
        header.set_sensitive(true);
    }
    wire.carry(built).await.map_err(|error| match error {
        WireError::Unanswered(why) => GrantError::Unsure(why),
        other => GrantError::World(other.to_string()),
    })
}

async fn post(
    wire: &OAuthHttp,
    base: &BaseUrl,
    path: &str,
    extra: &[(&str, &str)],
    token: Option<(&Secret, &Secret)>,
    sign: &Sign<'_>,
) -> Result<Answer, GrantError> {
    let answer = carry(wire, base, path, extra, token, sign).await?;
    match answer.status().as_u16() {
        200 => Ok(Answer(form_urlencoded::parse(answer.body()).into_owned().collect())),
        // With a verifier it is the PIN that is wrong, without one it is the app.
        status @ (400..=403) if token.is_some() => Err(GrantError::Refused(format!("the PIN (HTTP {status})"))),
        status @ (400..=403) => Err(GrantError::App(format!(
            "HTTP {status}; are CLEANUP_X_CONSUMER_KEY and CLEANUP_X_CONSUMER_SECRET right, and has the app a callback address?"
        ))),
        status => Err(GrantError::World(format!("the server answered HTTP {status}"))),
    }
}
