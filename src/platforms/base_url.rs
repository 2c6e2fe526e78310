//! Where a platform's API lives. In: a text of the user's. Out: a [`BaseUrl`] that is safe to send credentials to.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use reqwest::Url;

/// A base URL without a trailing slash: https, or http to loopback only; never with credentials, query or fragment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BaseUrl {
    text: Box<str>,
    /// Parsed once, not for each request.
    url: Url,
    loopback: bool,
}

/// Why a text is no base URL. The text itself is not repeated, for it may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidBaseUrl {
    /// No URL with a host.
    #[error("not a URL with a host, such as https://api.x.com")]
    NotAUrl,
    /// Neither https nor http.
    #[error("only https:// (and http:// to loopback) is supported")]
    Scheme,
    /// http to another machine.
    #[error(
        "http:// would show the credentials to the network; it is accepted to 127.0.0.1, [::1] and localhost only. Use https://"
    )]
    PlainHttp,
    /// Somebody's name and password.
    #[error("a base URL must not hold a user name or password")]
    Credentials,
    /// A query or a fragment.
    #[error("a base URL ends with its host or path, without ? and #")]
    Tail,
}

impl BaseUrl {
    /// The URL, without a trailing slash.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The URL of a path on it, which begins with `/` and needs no percent-encoding; a query may stand behind it.
    pub(super) fn at(&self, path: &str) -> Url {
        let mut url = self.url.clone();
        let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
        url.set_query(query);
        match url.path().trim_end_matches('/') {
            "" => url.set_path(path),
            before => {
                let path = format!("{before}{path}");
                url.set_path(&path);
            }
        }
        url
    }

    /// Whether it is this machine.
    pub fn is_loopback(&self) -> bool {
        self.loopback
    }

    /// Whether it is https.
    pub(super) fn is_tls(&self) -> bool {
        self.text.starts_with("https:")
    }
}

impl FromStr for BaseUrl {
    type Err = InvalidBaseUrl;

    fn from_str(text: &str) -> Result<BaseUrl, InvalidBaseUrl> {
        let url = Url::parse(text.trim()).map_err(|_| InvalidBaseUrl::NotAUrl)?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(InvalidBaseUrl::Scheme);
        }
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(InvalidBaseUrl::NotAUrl)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(InvalidBaseUrl::Credentials);
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(InvalidBaseUrl::Tail);
        }
        let loopback = is_loopback(host);
        if url.scheme() == "http" && !loopback {
            return Err(InvalidBaseUrl::PlainHttp);
        }
        Ok(BaseUrl { text: url.as_str().trim_end_matches('/').into(), url, loopback })
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// `localhost` counts, since the client resolves it to loopback itself and asks no name server.
fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn good_ones_lose_their_trailing_slash() {
        for (text, kept, loopback) in [
            ("https://api.x.com", "https://api.x.com", false),
            ("https://api.x.com/", "https://api.x.com", false),
            (" https://gateway.example/x/ ", "https://gateway.example/x", false),
            ("http://127.0.0.1:8080/", "http://127.0.0.1:8080", true),
            ("http://[::1]:8080", "http://[::1]:8080", true),
            ("http://LOCALHOST:9", "http://localhost:9", true),
            ("https://localhost", "https://localhost", true),
        ] {
            let base: BaseUrl = text.parse().unwrap();
            assert_eq!((base.as_str(), base.is_loopback()), (kept, loopback), "{text}");
        }
    }

    #[test]
    fn bad_ones_are_refused_without_being_repeated() {
        use InvalidBaseUrl::{Credentials, NotAUrl, PlainHttp, Scheme, Tail};
        for (text, why) in [
            ("", NotAUrl),
            ("api.x.com", NotAUrl),
            ("ftp://api.x.com", Scheme),
            ("http://api.x.com", PlainHttp),
            ("http://127.0.0.1.example.com", PlainHttp),
            ("http://localhost.example.com", PlainHttp),
            ("http://0.0.0.0:1", PlainHttp),
            ("https://me:pa55@api.x.com", Credentials),
            ("http://127.0.0.1@evil.example", Credentials),
            ("https://api.x.com/?a=b", Tail),
            ("https://api.x.com/#a", Tail),
        ] {
            let error = text.parse::<BaseUrl>().unwrap_err();
            assert_eq!(error, why, "{text}");
            assert!(!error.to_string().contains("pa55"));
        }
    }
}
