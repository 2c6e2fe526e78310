//! Apps that are registered at an account's host when somebody logs in there, as the Mastodon API has it. In: a host, and what the login is to
//! be for. Out: an app of this login alone. What does not belong here: asking the person (`login`), keeping the app (`document`).
//!
//! Each login gets an app of its own: a server may give one app the same token twice, and then ending one login would end another.

use oauth2::HttpResponse;
use oauth2::url::{Url, form_urlencoded};
use reqwest::header::{CONTENT_TYPE, LOCATION};
use reqwest::{Method, RequestBuilder};
use serde_json::Value;

use super::grant::{App, AppProof, GrantError, of_wire};
use super::login::{CodeReturn, add_scopes_for};
use super::oauth_http::OAuthHttp;
use crate::domain::{AccountHost, Action, Platform, Secret};
use crate::platforms::BaseUrl;

const METADATA: &str = "/.well-known/oauth-authorization-server";
const APPS: &str = "/api/v1/apps";
/// What people read on the server's page that asks them.
const NAME: &str = "cleanup";
/// The longest ID or secret that is taken for one.
const MAX_APP_TEXT_BYTES: usize = 512;
const MAX_SAID_CHARS: usize = 200;

/// Says who logged in, and nothing else of the account.
const PROFILE: &str = "profile";
/// The same at servers that do not know [`PROFILE`] (Mastodon before 4.3), and whom the account knows.
const READ_ACCOUNTS: &str = "read:accounts";

/// What a host's authorization server offers beside what all have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HostOffers {
    /// PKCE with S256.
    pub pkce: bool,
    /// The scope that says who logged in and nothing else.
    profile: bool,
}

/// Why a host registers no app.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// Its server is elsewhere.
    #[error("{from} sends requests on to {to}")]
    Elsewhere {
        /// The host that was asked.
        from: String,
        /// The host that it names.
        to: AccountHost,
    },
    /// It does not speak the API.
    #[error("{host} does not register apps (HTTP {status} at {APPS})")]
    NotOffered {
        /// The host that was asked.
        host: String,
        /// What it answered.
        status: u16,
    },
    /// It does not take this app.
    #[error("the server refuses to register an app: {0}")]
    Refused(String),
    /// The network or the server is at fault.
    #[error(transparent)]
    World(GrantError),
}

impl HostOffers {
    /// Asks a host. One that does not say, as Mastodon before 4.3, offers neither.
    ///
    /// # Errors
    /// There is no answer, or the server is broken or busy.
    pub async fn of(wire: &OAuthHttp, base: &BaseUrl) -> Result<HostOffers, GrantError> {
        let answer = carry(wire, wire.request(Method::GET, &format!("{base}{METADATA}"))).await?;
        match answer.status().as_u16() {
            200 => Ok(HostOffers::read(answer.body())),
            status @ (429 | 500..) => Err(GrantError::World(format!("the server answered HTTP {status}"))),
            _ => Ok(HostOffers::default()),
        }
    }

    fn read(body: &[u8]) -> HostOffers {
        let metadata: Value = serde_json::from_slice(body).unwrap_or_default();
        let has = |list: &str, word: &str| {
            let words = metadata.get(list).and_then(Value::as_array);
            words.is_some_and(|words| words.iter().any(|known| known == word))
        };
        HostOffers { pkce: has("code_challenge_methods_supported", "S256"), profile: has("scopes_supported", PROFILE) }
    }

    /// The scopes that these actions need at the host, and who it is; `also` for reading lists.
    pub fn scopes_for(self, platform: Platform, actions: &[Action], also: &[&'static str]) -> Vec<&'static str> {
        let mut scopes = add_scopes_for(Vec::new(), platform, actions, also);
        if !scopes.contains(&READ_ACCOUNTS) {
            scopes.push(if self.profile { PROFILE } else { READ_ACCOUNTS });
        }
        scopes
    }
}

/// Registers an app for one login.
///
/// # Errors
/// See [`RegisterError`].
pub async fn register_app(
    wire: &OAuthHttp,
    base: &BaseUrl,
    back: &CodeReturn,
    scopes: &[&str],
) -> Result<App, RegisterError> {
    let form = form_urlencoded::Serializer::new(String::new())
        .append_pair("client_name", NAME)
        .append_pair("redirect_uris", back.as_str())
        .append_pair("scopes", &scopes.join(" "))
        .finish();
    let request = wire.request(Method::POST, &format!("{base}{APPS}"));
    let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form);
    let answer = carry(wire, request).await.map_err(RegisterError::World)?;
    read_app(base, &answer)
}

fn read_app(base: &BaseUrl, answer: &HttpResponse) -> Result<App, RegisterError> {
    let host = || base.as_str().split_once("://").map_or(base.as_str(), |(_, host)| host).to_owned();
    let body: Option<Value> = serde_json::from_slice(answer.body()).ok();
    match (answer.status().as_u16(), body) {
        (200 | 201, Some(body)) => app_of(&body).ok_or_else(|| {
            RegisterError::World(GrantError::World("the server's answer holds no app that can be used".into()))
        }),
        (status @ 300..=399, _) => match named_host(base, answer) {
            Some(to) => Err(RegisterError::Elsewhere { from: host(), to }),
            None => Err(RegisterError::NotOffered { host: host(), status }),
        },
        (429, _) => Err(RegisterError::World(GrantError::World(
            "the server answered HTTP 429: it registers only some apps in ten minutes".into(),
        ))),
        (status @ 500.., _) => {
            Err(RegisterError::World(GrantError::World(format!("the server answered HTTP {status}"))))
        }
        (400 | 403 | 422, Some(body)) if body.get("error").is_some_and(Value::is_string) => {
            let said = body.get("error").and_then(Value::as_str).unwrap_or_default();
            let said = said.chars().filter(|c| c.is_ascii_graphic() || *c == ' ').take(MAX_SAID_CHARS).collect();
            Err(RegisterError::Refused(said))
        }
        (status, _) => Err(RegisterError::NotOffered { host: host(), status }),
    }
}

/// The app, if its ID and secret can stand in a form and an address.
fn app_of(body: &Value) -> Option<App> {
    let text = |field: &str| {
        let text = body.get(field)?.as_str()?;
        let legal = (1..=MAX_APP_TEXT_BYTES).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        legal.then_some(text)
    };
    let secret = Secret::new(text("client_secret")?);
    Some(App { client_id: text("client_id")?.into(), proof: AppProof::Body(secret) })
}

/// The host that a redirection names, where it is another one. Nothing is sent there: a person says whether it is the right one.
fn named_host(base: &BaseUrl, answer: &HttpResponse) -> Option<AccountHost> {
    let place = answer.headers().get(LOCATION)?.to_str().ok()?;
    let url = Url::parse(place).ok()?;
    let port = url.port().map_or(String::new(), |port| format!(":{port}"));
    let host: AccountHost = format!("{}{port}", url.host_str()?).parse().ok()?;
    (host.address() != base.as_str()).then_some(host)
}

async fn carry(wire: &OAuthHttp, request: RequestBuilder) -> Result<HttpResponse, GrantError> {
    let built = request.build().map_err(|_| GrantError::World("the address is no URL".into()))?;
    wire.carry(built).await.map_err(of_wire)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use oauth2::http;

    #[test]
    fn what_a_server_offers_is_what_it_says() {
        let offers = |pkce, profile| HostOffers { pkce, profile };
        for (body, read) in [
            (
                r#"{"code_challenge_methods_supported":["S256"],"scopes_supported":["read","profile"]}"#,
                offers(true, true),
            ),
            (r#"{"code_challenge_methods_supported":["plain"],"scopes_supported":["read"]}"#, offers(false, false)),
            (r#"{"code_challenge_methods_supported":"S256"}"#, offers(false, false)),
            ("<html>", offers(false, false)),
            ("[]", offers(false, false)),
        ] {
            assert_eq!(HostOffers::read(body.as_bytes()), read, "{body}");
        }
    }

    #[test]
    fn a_login_asks_for_what_it_is_for_and_who_it_is() {
        let scopes = |profile, also: &[&'static str]| {
            HostOffers { pkce: true, profile }.scopes_for(Platform::Mastodon, &[Action::Unlike, Action::Unlike], also)
        };
        assert_eq!(scopes(true, &["read:favourites"]), ["write:favourites", "read:favourites", "profile"]);
        assert_eq!(scopes(false, &[]), ["write:favourites", "read:accounts"]);
        // Who may read accounts learns by that who it is.
        assert_eq!(scopes(true, &["read:accounts"]), ["write:favourites", "read:accounts"]);
    }

    #[test]
    fn answers_to_a_registration() {
        let base: BaseUrl = "https://example.social".parse().unwrap();
        let read = |status: u16, place: Option<&str>, body: &str| {
            let mut answer = http::Response::new(body.as_bytes().to_vec());
            *answer.status_mut() = status.try_into().unwrap();
            if let Some(place) = place {
                answer.headers_mut().insert(LOCATION, place.parse().unwrap());
            }
            read_app(&base, &answer).map(|app| app.client_id.to_string()).map_err(|error| error.to_string())
        };
        assert_eq!(read(200, None, r#"{"client_id":"a","client_secret":"b","redirect_uri":"c"}"#).unwrap(), "a");
        for (status, place, body, said) in [
            (200, None, r#"{"client_id":"a b","client_secret":"b"}"#, "holds no app"),
            (200, None, r#"{"client_id":"a"}"#, "holds no app"),
            (200, None, "<html>", "does not register apps (HTTP 200"),
            (301, Some("https://social.example.org/api/v1/apps"), "", "sends requests on to social.example.org"),
            (301, Some("https://example.social/other"), "", "HTTP 301"),
            (302, Some("/login"), "", "HTTP 302"),
            (404, None, r#"{"error":"Not Found"}"#, "HTTP 404"),
            (
                422,
                None,
                r#"{"error":"Validation failed: \u001b[31m"}"#,
                "refuses to register an app: Validation failed: [31m",
            ),
            (429, None, "", "ten minutes"),
            (503, None, "", "HTTP 503"),
        ] {
            let told = read(status, place, body).unwrap_err();
            assert!(told.contains(said), "{status} {body}: {told}");
        }
    }
}
