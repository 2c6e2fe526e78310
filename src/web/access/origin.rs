//! Where a request says it goes and where it comes from. Pure.

use std::net::{IpAddr, SocketAddr};

/// The names this server is known under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedHosts {
    hosts: Vec<String>,
    scheme: &'static str,
}

/// What a request says of itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asker<'a> {
    /// `Host`
    pub host: Option<&'a str>,
    /// `Origin`
    pub origin: Option<&'a str>,
    /// `Sec-Fetch-Site`
    pub site: Option<&'a str>,
    /// `Sec-Fetch-Mode`
    pub mode: Option<&'a str>,
}

/// Why a request gets nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OriginRefusal {
    /// It asks for a name that is not ours.
    Host,
    /// It comes from another site's page, or does not say from where.
    Origin,
}

/// Why an address people use cannot be one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidOrigin {
    /// It is no address of a server.
    #[error("{0:?} is not an address like https://cleanup.example.org (scheme and name, no path)")]
    Malformed(String),
    /// The password and the session would cross the network in clear.
    #[error("{0:?} is plain http to another machine: everybody on the way could read the password and the session")]
    Plain(String),
}

impl AllowedHosts {
    /// The names of a server on loopback.
    pub fn loopback(address: SocketAddr) -> AllowedHosts {
        let port = address.port();
        let mut hosts: Vec<String> =
            ["127.0.0.1", "localhost", "[::1]"].iter().map(|name| format!("{name}:{port}")).collect();
        let literal = match address.ip() {
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) => format!("[{ip}]"),
        };
        hosts.push(format!("{literal}:{port}"));
        if port == 80 {
            let bare: Vec<String> = hosts.iter().map(|host| host.trim_end_matches(":80").to_owned()).collect();
            hosts.extend(bare);
        }
        hosts.sort();
        hosts.dedup();
        AllowedHosts { hosts, scheme: "http" }
    }

    /// The one name of a server behind a proxy: the address people type.
    ///
    /// # Errors
    /// It is no such address, or plain http to another machine.
    pub fn behind_proxy(origin: &str) -> Result<AllowedHosts, InvalidOrigin> {
        let complain = || InvalidOrigin::Malformed(origin.to_owned());
        let (scheme, rest, default_port) = match origin.split_once("://") {
            Some(("https", rest)) => ("https", rest, ":443"),
            Some(("http", rest)) => ("http", rest, ":80"),
            _ => return Err(complain()),
        };
        let host = rest.strip_suffix('/').unwrap_or(rest).to_ascii_lowercase();
        let fine = |c: char| c.is_ascii_alphanumeric() || "-.:[]".contains(c);
        if host.is_empty() || host.starts_with(':') || !host.chars().all(fine) {
            return Err(complain());
        }
        if scheme == "http" && !is_loopback(&host) {
            return Err(InvalidOrigin::Plain(origin.to_owned()));
        }
        let host = host.strip_suffix(default_port).unwrap_or(&host).to_owned();
        Ok(AllowedHosts { hosts: vec![host], scheme })
    }

    /// Whether cookies travel over https alone.
    pub fn is_secure(&self) -> bool {
        self.scheme == "https"
    }

    /// The port that browsers use.
    pub fn port(&self) -> u16 {
        let told = self.hosts.first().and_then(|host| host.rsplit_once(':')).and_then(|(_, port)| port.parse().ok());
        told.unwrap_or(if self.is_secure() { 443 } else { 80 })
    }

    /// The first of our addresses, for links.
    pub fn address(&self) -> String {
        format!("{}://{}", self.scheme, self.hosts.first().map_or("", String::as_str))
    }

    /// The path and query of an address of ours, with which nobody can be sent elsewhere; none of every other address. Browsers take `\\` for
    /// `/`, and two of them for the begin of another host.
    pub fn own_path<'a>(&self, address: &'a str) -> Option<&'a str> {
        let (scheme, rest) = address.split_once("://")?;
        let (host, path) = rest.split_at(rest.find('/')?);
        let path = path.split('#').next().unwrap_or_default();
        let is_plain = path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
        (scheme == self.scheme && self.knows(host) && is_plain && !path.starts_with("//")).then_some(path)
    }

    fn knows(&self, host: &str) -> bool {
        self.hosts.iter().any(|known| known.eq_ignore_ascii_case(host))
    }

    fn is_ours(&self, origin: &str, host: &str) -> bool {
        let Some((scheme, name)) = origin.split_once("://") else { return false };
        scheme == self.scheme && name.eq_ignore_ascii_case(host) && self.knows(name)
    }

    /// Whether a request may be looked at. `changes`: it is no plain reading, or it is the stream of events.
    ///
    /// # Errors
    /// Why not.
    pub fn admit(&self, asker: &Asker<'_>, changes: bool) -> Result<(), OriginRefusal> {
        let host = asker.host.filter(|host| self.knows(host)).ok_or(OriginRefusal::Host)?;
        let own_origin = asker.origin.map(|origin| self.is_ours(origin, host));
        if own_origin == Some(false) {
            return Err(OriginRefusal::Origin);
        }
        match (asker.site, changes) {
            (Some("same-origin"), _) => Ok(()),
            // Typed, clicked in a terminal, from a bookmark; or a link on another page, which brings no cookie of ours.
            (Some("none"), false) => Ok(()),
            (Some(_), false) if asker.mode == Some("navigate") => Ok(()),
            (Some(_), _) => Err(OriginRefusal::Origin),
            // No browser of today: a program. To read it needs the cookie; to change something it has to say where it is from.
            (None, false) => Ok(()),
            (None, true) => own_origin.filter(|ours| *ours).map(|_| ()).ok_or(OriginRefusal::Origin),
        }
    }
}

/// Whether a host, with or without its port, is this machine alone.
fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn local() -> AllowedHosts {
        AllowedHosts::loopback("127.0.0.1:7878".parse().unwrap())
    }

    fn asker<'a>(host: &'a str, origin: Option<&'a str>, site: Option<&'a str>) -> Asker<'a> {
        Asker { host: Some(host), origin, site, mode: None }
    }

    #[test]
    fn only_our_own_names_are_answered() {
        for host in ["127.0.0.1:7878", "localhost:7878", "LOCALHOST:7878", "[::1]:7878"] {
            assert_eq!(local().admit(&asker(host, None, None), false), Ok(()), "{host}");
        }
        let strangers =
            ["evil.example:7878", "127.0.0.1:80", "127.0.0.1", "127.0.0.1:7878.evil.example", "", "0.0.0.0:7878"];
        for host in strangers {
            assert_eq!(local().admit(&asker(host, None, None), false), Err(OriginRefusal::Host), "{host}");
        }
        assert_eq!(local().admit(&Asker::default(), false), Err(OriginRefusal::Host));
    }

    #[test]
    fn a_rebound_name_is_refused_though_origin_and_host_agree() {
        let rebound = asker("evil.example:7878", Some("http://evil.example:7878"), Some("same-origin"));
        assert_eq!(local().admit(&rebound, true), Err(OriginRefusal::Host));
    }

    #[test]
    fn changes_come_from_our_own_pages_alone() {
        let ours = "127.0.0.1:7878";
        let may = |origin, site| local().admit(&asker(ours, origin, site), true).is_ok();
        assert!(may(Some("http://127.0.0.1:7878"), Some("same-origin")));
        assert!(may(Some("http://127.0.0.1:7878"), None));
        assert!(!may(None, None) && !may(None, Some("none")) && !may(None, Some("cross-site")));
        assert!(!may(Some("null"), None) && !may(Some("http://evil.example"), None));
        assert!(!may(Some("http://localhost:7878"), None), "another name of ours is another origin");
        assert!(!may(Some("https://127.0.0.1:7878"), None) && !may(Some("http://127.0.0.1:7879"), Some("same-site")));
        assert!(!may(Some("http://evil.example"), Some("same-origin")));
    }

    #[test]
    fn another_page_may_link_to_us_and_nothing_else() {
        let ours = "127.0.0.1:7878";
        let read = |site, mode| {
            local().admit(&Asker { host: Some(ours), origin: None, site: Some(site), mode: Some(mode) }, false)
        };
        assert_eq!(read("cross-site", "navigate"), Ok(()));
        for mode in ["no-cors", "cors", "same-origin", "websocket"] {
            assert_eq!(read("cross-site", mode), Err(OriginRefusal::Origin), "{mode}");
            assert_eq!(read("same-site", mode), Err(OriginRefusal::Origin), "{mode}");
        }
    }

    #[test]
    fn behind_a_proxy_there_is_one_name() {
        let places = AllowedHosts::behind_proxy("https://cleanup.example.org/").unwrap();
        assert!(places.is_secure());
        assert_eq!((places.address().as_str(), places.port()), ("https://cleanup.example.org", 443));
        let ports = ["http://localhost", "http://[::1]:7878", "https://a.example:8443"];
        assert_eq!(ports.map(|origin| AllowedHosts::behind_proxy(origin).unwrap().port()), [80, 7878, 8443]);
        assert_eq!(local().port(), 7878);
        assert_eq!(
            places.admit(&asker("cleanup.example.org", Some("https://cleanup.example.org"), None), true),
            Ok(())
        );
        assert_eq!(places.admit(&asker("127.0.0.1:7878", None, None), false), Err(OriginRefusal::Host));
        assert_eq!(AllowedHosts::behind_proxy("https://a.example:443").unwrap().address(), "https://a.example");
        for nonsense in
            ["cleanup.example.org", "ftp://x", "https://", "https://a/b", "https://a?b", "https://u@a", "https://:9"]
        {
            assert!(AllowedHosts::behind_proxy(nonsense).is_err(), "{nonsense}");
        }
        for here in ["http://127.0.0.1:7878", "http://localhost", "http://[::1]:7878", "http://127.9.9.9"] {
            assert!(AllowedHosts::behind_proxy(here).is_ok_and(|places| !places.is_secure()), "{here}");
        }
        for elsewhere in
            ["http://cleanup.example.org", "http://192.168.1.2:7878", "http://127.0.0.1.example", "http://[::2]"]
        {
            assert_eq!(
                AllowedHosts::behind_proxy(elsewhere),
                Err(InvalidOrigin::Plain(elsewhere.to_owned())),
                "{elsewhere}"
            );
        }
    }

    #[test]
    fn nobody_is_sent_elsewhere() {
        let path = |address| local().own_path(address);
        assert_eq!(path("http://127.0.0.1:7878/jobs/1/rows?q=a"), Some("/jobs/1/rows?q=a"));
        assert_eq!(path("http://localhost:7878/#main"), Some("/"));
        for elsewhere in [
            "",
            "/jobs",
            "http://127.0.0.1:7878",
            "http://127.0.0.1:7878//evil.example",
            "http://127.0.0.1:7878/\\evil.example",
            "http://127.0.0.1:7878\\/evil.example",
            "http://127.0.0.1:7878/\t/evil.example",
            "http://127.0.0.1:7878/a\\b",
            "http://127.0.0.1:7878@evil.example/",
            "http://evil.example/",
            "https://127.0.0.1:7878/",
        ] {
            assert_eq!(path(elsewhere), None, "{elsewhere:?}");
        }
    }

    proptest! {
        #[test]
        fn a_path_of_ours_stays_with_us(path in "[/\\\\a-z@:\t%.?#]{0,12}") {
            let address = format!("http://127.0.0.1:7878{path}");
            if let Some(own) = local().own_path(&address) {
                prop_assert!(own.starts_with('/') && !own[1..].starts_with(['/', '\\']) && !own.contains(['\\', '\t']));
            }
        }

        #[test]
        fn nobody_changes_anything_from_elsewhere(host in "[a-z0-9.:\\[\\]]{0,20}", origin in "(https?://)?[a-z0-9.:]{0,20}", site in "[a-z-]{0,12}") {
            let foreign = Asker { host: Some(&host), origin: Some(&origin), site: Some(&site), mode: None };
            let ours = local().hosts.contains(&host) && origin == format!("http://{host}") && site == "same-origin";
            prop_assert_eq!(local().admit(&foreign, true).is_ok(), ours);
        }
    }
}
