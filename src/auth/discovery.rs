//! Where an account of the AT Protocol is logged in to, and where it lives: servers say who grants access to them, and a user's document
//! says which server is theirs. In: a host, or a user. Out: an [`AuthServer`], or a [`Home`]. What does not belong here: asking a person.
//!
//! Nothing is believed that a server says of others: the authorization server has to be the one that the user's own server names.

use oauth2::HttpResponse;
use reqwest::Method;
use serde_json::Value;

use super::grant::{GrantError, of_wire};
use super::oauth_http::OAuthHttp;
use super::session::host_of;
use crate::domain::{AccountHost, UserId};
use crate::platforms::BaseUrl;

const RESOURCE: &str = "/.well-known/oauth-protected-resource";
const SERVER: &str = "/.well-known/oauth-authorization-server";
const MAX_HANDLE_BYTES: usize = 253;

/// An authorization server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthServer {
    /// Its name for itself: an address.
    pub issuer: String,
    pub(super) authorize: String,
    pub(super) push: String,
    pub(super) token: String,
    pub(super) revoke: Option<String>,
}

/// Where a user lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    /// The server that keeps the account.
    pub host: AccountHost,
    /// The handle that the user's document names, where it names one. Nobody has checked it.
    pub handle: Option<String>,
}

/// Why nobody can log in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DiscoveryError {
    /// The server has no pages to log in on, or not such as are needed.
    #[error("{host} offers no login on its pages: {why}")]
    NotOffered {
        /// The server that was asked.
        host: String,
        /// What is missing.
        why: String,
    },
    /// What servers say of each other does not agree.
    #[error("{0}")]
    Disagree(String),
    /// The network or a server is at fault.
    #[error(transparent)]
    World(#[from] GrantError),
}

impl AuthServer {
    /// Who grants access to a host. One that keeps no accounts itself, and only grants access to others, may be named as well.
    ///
    /// # Errors
    /// See [`DiscoveryError`].
    pub async fn of_host(wire: &OAuthHttp, base: &BaseUrl) -> Result<AuthServer, DiscoveryError> {
        let issuer = match named_server(wire, base).await? {
            Some(issuer) => issuer,
            None => base.clone(),
        };
        let answer = get(wire, &format!("{issuer}{SERVER}")).await?;
        let not_offered = |why: &str| DiscoveryError::NotOffered { host: issuer.to_string(), why: why.to_owned() };
        match answer.status().as_u16() {
            200 => read_server(&issuer, answer.body()).map_err(not_offered),
            status @ (429 | 500..) => Err(busy(status)),
            status => Err(not_offered(&format!("HTTP {status} at {SERVER}"))),
        }
    }

    /// Whether it is the one that a user's own server names.
    ///
    /// # Errors
    /// It is another one.
    pub async fn is_named_by(&self, wire: &OAuthHttp, home: &BaseUrl) -> Result<(), DiscoveryError> {
        let named = named_server(wire, home).await?;
        match named {
            Some(issuer) if issuer.as_str() == self.issuer => Ok(()),
            _ => {
                let said = format!("{} granted the login, but {home} does not name it as its own", self.issuer);
                Err(DiscoveryError::Disagree(said))
            }
        }
    }
}

impl Home {
    /// Where a user lives: the `directory` has the documents of most, the others are at the host that is their name.
    ///
    /// # Errors
    /// See [`DiscoveryError`].
    pub async fn of(
        wire: &OAuthHttp,
        directory: &BaseUrl,
        user: &UserId,
        asked: &AccountHost,
    ) -> Result<Home, DiscoveryError> {
        let unknown = |why: &str| DiscoveryError::Disagree(format!("where {user} lives cannot be found out: {why}"));
        let place = document_of(directory, user).ok_or_else(|| unknown("it is no did:plc and no did:web"))?;
        let answer = get(wire, &place).await?;
        match answer.status().as_u16() {
            200 => {}
            status @ (429 | 500..) => return Err(busy(status)),
            status => return Err(unknown(&format!("HTTP {status}"))),
        }
        let document: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
        let host = host_of(&document, user, asked).ok_or_else(|| unknown("its document names no server"))?;
        Ok(Home { host, handle: handle_of(&document) })
    }
}

/// The authorization server that a host names as its own. None: it keeps no accounts.
async fn named_server(wire: &OAuthHttp, base: &BaseUrl) -> Result<Option<BaseUrl>, DiscoveryError> {
    let answer = get(wire, &format!("{base}{RESOURCE}")).await?;
    match answer.status().as_u16() {
        200 => {
            let said: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
            let named = said.pointer("/authorization_servers/0").and_then(Value::as_str);
            let issuer = named.and_then(|named| safe(named, base));
            let why =
                || DiscoveryError::NotOffered { host: base.to_string(), why: "it names no server for that".into() };
            issuer.map(Some).ok_or_else(why)
        }
        status @ (429 | 500..) => Err(busy(status)),
        _ => Ok(None),
    }
}

/// An address that may be gone to: a server elsewhere cannot name this machine.
fn safe(address: &str, named_by: &BaseUrl) -> Option<BaseUrl> {
    let base: BaseUrl = address.parse().ok()?;
    (!base.is_loopback() || named_by.is_loopback()).then_some(base)
}

fn read_server(issuer: &BaseUrl, body: &[u8]) -> Result<AuthServer, &'static str> {
    let said: Value = serde_json::from_slice(body).map_err(|_| "its description cannot be read")?;
    let text = |name: &str| said.get(name).and_then(Value::as_str);
    let has = |list: &str, word: &str| {
        let words = said.get(list).and_then(Value::as_array);
        words.is_some_and(|words| words.iter().any(|known| known == word))
    };
    if text("issuer").map(|named| named.trim_end_matches('/')) != Some(issuer.as_str()) {
        return Err("it describes another server");
    }
    if !has("code_challenge_methods_supported", "S256") {
        return Err("it does not know PKCE with S256");
    }
    if !has("dpop_signing_alg_values_supported", "ES256") {
        return Err("it does not bind tokens to keys of ES256");
    }
    let place = |name: &str| text(name).filter(|place| safe(place, issuer).is_some()).map(str::to_owned);
    Ok(AuthServer {
        issuer: issuer.to_string(),
        authorize: place("authorization_endpoint").ok_or("it has no page that asks a person")?,
        push: place("pushed_authorization_request_endpoint").ok_or("requests cannot be pushed to it")?,
        token: place("token_endpoint").ok_or("it gives no tokens")?,
        revoke: place("revocation_endpoint"),
    })
}

/// Where a user's document is.
fn document_of(directory: &BaseUrl, user: &UserId) -> Option<String> {
    if user.as_str().starts_with("did:plc:") {
        return Some(format!("{directory}/{user}"));
    }
    // A public name, by what user IDs are.
    let host: AccountHost = user.as_str().strip_prefix("did:web:")?.parse().ok()?;
    Some(format!("{}/.well-known/did.json", host.address()))
}

fn handle_of(document: &Value) -> Option<String> {
    let names = document.get("alsoKnownAs")?.as_array()?;
    let handle = names.iter().filter_map(Value::as_str).find_map(|name| name.strip_prefix("at://"))?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
    (handle.len() <= MAX_HANDLE_BYTES && handle.contains('.') && handle.bytes().all(plain)).then(|| handle.to_owned())
}

async fn get(wire: &OAuthHttp, place: &str) -> Result<HttpResponse, DiscoveryError> {
    let built = wire.request(Method::GET, place).build();
    let built = built.map_err(|_| GrantError::World("the address is no URL".into()))?;
    Ok(wire.carry(built).await.map_err(of_wire)?)
}

fn busy(status: u16) -> DiscoveryError {
    GrantError::World(format!("the server answered HTTP {status}")).into()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;

    fn described() -> Value {
        json!({
            "issuer": "https://auth.example", "authorization_endpoint": "https://auth.example/oauth/authorize",
            "token_endpoint": "https://auth.example/oauth/token", "revocation_endpoint": "https://auth.example/oauth/revoke",
            "pushed_authorization_request_endpoint": "https://auth.example/oauth/par",
            "code_challenge_methods_supported": ["S256"], "dpop_signing_alg_values_supported": ["RS256", "ES256"],
        })
    }

    fn read(said: &Value) -> Result<AuthServer, &'static str> {
        read_server(&"https://auth.example".parse().unwrap(), said.to_string().as_bytes())
    }

    #[test]
    fn a_server_has_what_a_login_needs_and_says_nothing_of_others() {
        let server = read(&described()).unwrap();
        assert_eq!(
            (server.issuer.as_str(), server.push.as_str()),
            ("https://auth.example", "https://auth.example/oauth/par")
        );
        for (field, value) in [
            ("issuer", json!("https://evil.example")),
            ("issuer", Value::Null),
            ("authorization_endpoint", json!("http://auth.example/oauth/authorize")),
            ("authorization_endpoint", json!("http://127.0.0.1:2583/oauth/authorize")),
            ("token_endpoint", Value::Null),
            ("pushed_authorization_request_endpoint", json!("ftp://auth.example/")),
            ("code_challenge_methods_supported", json!(["plain"])),
            ("dpop_signing_alg_values_supported", json!(["ES256K"])),
        ] {
            let mut other = described();
            other[field] = value.clone();
            assert!(read(&other).is_err(), "{field}: {value}");
        }
        let mut unending = described();
        unending["revocation_endpoint"] = "http://evil.example".into();
        assert_eq!(read(&unending).unwrap().revoke, None);
        let elsewhere: BaseUrl = "https://pds.example".parse().unwrap();
        assert!(
            safe("http://localhost:2583", &elsewhere).is_none() && safe("https://auth.example/", &elsewhere).is_some()
        );
    }

    #[test]
    fn a_users_document_is_in_the_directory_or_at_its_host() {
        let directory: BaseUrl = "https://plc.example".parse().unwrap();
        let place = |user: &str| document_of(&directory, &user.parse().unwrap());
        assert_eq!(
            place("did:plc:ewvi7nxzyoun6zhxrhs64oiz").as_deref(),
            Some("https://plc.example/did:plc:ewvi7nxzyoun6zhxrhs64oiz")
        );
        assert_eq!(place("did:web:ada.example").as_deref(), Some("https://ada.example/.well-known/did.json"));
        assert_eq!(place("4242"), None);
        let named = |names: Value| handle_of(&json!({ "alsoKnownAs": names }));
        assert_eq!(named(json!(["https://x", "at://ada.example"])).as_deref(), Some("ada.example"));
        assert_eq!(named(json!(["at://a\u{1b}.example"])), None);
    }
}
