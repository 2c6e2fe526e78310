//! Where accounts live on platforms of many hosts, and whom an account stands for. In: texts of people and of the queue. Out: host names
//! that requests may go to. Pure.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use super::host_name::is_public_name;
use super::{Platform, UserId};

/// The host of an account, in lower case: `example.social`. This machine also by its address, and only there with a port.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccountHost(Box<str>);

/// The text is no host of accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a server's name: write the name alone, such as example.social, without https:// and path")]
pub struct InvalidAccountHost;

impl AccountHost {
    /// The name, with the port where it has one.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is this machine.
    pub fn is_loopback(&self) -> bool {
        is_loopback(split_port(&self.0).0)
    }

    /// Where its requests go: https, and plain http to this machine alone.
    pub fn address(&self) -> String {
        let scheme = if self.is_loopback() { "http" } else { "https" };
        format!("{scheme}://{}", self.0)
    }
}

impl fmt::Display for AccountHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for AccountHost {
    type Err = InvalidAccountHost;

    fn from_str(text: &str) -> Result<AccountHost, InvalidAccountHost> {
        let text = text.trim().to_ascii_lowercase();
        let (name, port) = split_port(&text);
        let is_port = |port: &str| port.parse::<u16>().is_ok_and(|number| number > 0 && number.to_string() == port);
        let legal = if is_loopback(name) { port.is_none_or(is_port) } else { port.is_none() && is_public_name(name) };
        if legal { Ok(AccountHost(text.into())) } else { Err(InvalidAccountHost) }
    }
}

/// The colons of an IPv6 address are no port's.
fn split_port(text: &str) -> (&str, Option<&str>) {
    match text.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, Some(port)),
        _ => (text, None),
    }
}

fn is_loopback(name: &str) -> bool {
    let bare = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let is_v6 = bare.is_some_and(|bare| bare.parse::<std::net::Ipv6Addr>().is_ok_and(|ip| ip.is_loopback()));
    let is_v4 = name.parse::<IpAddr>().is_ok_and(|ip| ip.is_ipv4() && ip.is_loopback());
    name == "localhost" || is_v6 || is_v4
}

/// A user of a platform: whom an account stands for, and for whom credentials are sealed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PlatformUser {
    /// The platform.
    pub platform: Platform,
    /// Where, on a platform of many hosts: the same ID is somebody else on another one.
    pub host: Option<AccountHost>,
    /// Who.
    pub id: UserId,
}

impl PlatformUser {
    /// A user of a platform that has one address.
    pub const fn at_one_address(platform: Platform, id: UserId) -> PlatformUser {
        PlatformUser { platform, host: None, id }
    }

    /// Where the user is, for people: `x-v2`, `mastodon at example.social`.
    pub fn place(&self) -> String {
        match &self.host {
            Some(host) => format!("{} at {host}", self.platform),
            None => self.platform.to_string(),
        }
    }
}

impl fmt::Display for PlatformUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "user {} on {}", self.id, self.place())
    }
}

super::serde_as_text!(display: AccountHost);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn hosts_are_names_and_this_machine_may_have_a_port() {
        for (text, address) in [
            ("example.social", "https://example.social"),
            (" Example.Social ", "https://example.social"),
            ("xn--bcher-kva.example", "https://xn--bcher-kva.example"),
            ("a.b-c.d2", "https://a.b-c.d2"),
            ("localhost:3000", "http://localhost:3000"),
            ("127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("[::1]:80", "http://[::1]:80"),
            ("[::1]", "http://[::1]"),
            ("127.0.0.1", "http://127.0.0.1"),
        ] {
            let host: AccountHost = text.parse().unwrap();
            assert_eq!(host.address(), address, "{text}");
            assert_eq!(host.as_str().parse::<AccountHost>().unwrap(), host);
        }
        for text in [
            "",
            "social",
            "https://example.social",
            "example.social/",
            "example.social:8443",
            "me@example.social",
            "example..social",
            "-a.example",
            "a-.example",
            "1.2.3.4",
            "10.0.0.1:80",
            "0.0.0.0",
            "[2001:db8::1]",
            "::1",
            "127.0.0.1:0",
            "127.0.0.1:080",
            "localhost:70000",
            "a.localhost",
            "bücher.example",
            "a b.example",
            "example.social?x",
            "example.social#x",
        ] {
            assert_eq!(text.parse::<AccountHost>(), Err(InvalidAccountHost), "{text}");
        }
    }

    proptest! {
        /// Whatever is taken for a host leads to that very host, and in clear to this machine alone.
        #[test]
        fn an_address_leads_to_its_host(text in "[a-zA-Z0-9.:@/\\[\\]-]{1,40}") {
            if let Ok(host) = text.parse::<AccountHost>() {
                let url = reqwest::Url::parse(&host.address()).unwrap();
                prop_assert_eq!(url.username(), "");
                prop_assert_eq!((url.path(), url.query()), ("/", None));
                prop_assert!(url.scheme() == "https" || host.is_loopback());
                let port = url.port().map_or(String::new(), |port| format!(":{port}"));
                let named = format!("{}{port}", url.host_str().unwrap());
                prop_assert!(named == host.as_str() || host.is_loopback(), "{named}");
            }
        }
    }
}
