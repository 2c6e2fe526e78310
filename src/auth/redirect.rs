//! The address of this machine that a browser is sent back to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use oauth2::RedirectUrl;
use oauth2::url::{Host, Url};

/// Where the browser is sent back to: loopback, with a port, exactly as it is registered at the platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirect {
    pub(super) url: RedirectUrl,
    pub(super) path: String,
    listen: Vec<SocketAddr>,
}

/// Why a text is no redirect address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a redirect address is http:// to 127.0.0.1, [::1] or localhost, with a port and a path and without ? and #, such as {}",
    Redirect::DEFAULT
)]
pub struct InvalidRedirect;

impl Redirect {
    /// The address without any configuration.
    pub const DEFAULT: &'static str = "http://127.0.0.1:8080/callback";

    /// The address, to the letter.
    pub fn as_str(&self) -> &str {
        self.url.as_str()
    }

    /// The address without its port, which does not matter to servers that compare addresses of this machine.
    pub(super) fn without_port(&self) -> String {
        let mut url = self.url.url().clone();
        let _ = url.set_port(None);
        url.into()
    }

    /// Where to listen: both loopback addresses for `localhost`, for nobody knows which one a browser takes.
    pub fn listen(&self) -> &[SocketAddr] {
        &self.listen
    }
}

impl FromStr for Redirect {
    type Err = InvalidRedirect;

    fn from_str(text: &str) -> Result<Redirect, InvalidRedirect> {
        let url = Url::parse(text).map_err(|_| InvalidRedirect)?;
        let plain = url.scheme() == "http" && url.username().is_empty() && url.password().is_none();
        if !plain || url.query().is_some() || url.fragment().is_some() {
            return Err(InvalidRedirect);
        }
        let port = url.port().filter(|port| *port != 0).ok_or(InvalidRedirect)?;
        let hosts: Vec<IpAddr> = match url.host() {
            Some(Host::Ipv4(ip)) => vec![ip.into()],
            Some(Host::Ipv6(ip)) => vec![ip.into()],
            Some(Host::Domain("localhost")) => vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()],
            _ => return Err(InvalidRedirect),
        };
        if !hosts.iter().all(IpAddr::is_loopback) {
            return Err(InvalidRedirect);
        }
        Ok(Redirect {
            path: url.path().to_owned(),
            listen: hosts.into_iter().map(|host| SocketAddr::new(host, port)).collect(),
            url: RedirectUrl::new(text.to_owned()).map_err(|_| InvalidRedirect)?,
        })
    }
}
