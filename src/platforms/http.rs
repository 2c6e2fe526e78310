//! The one place where HTTP clients are made, and the rule that keeps requests to this machine on it. In: the addresses there are. Out: the
//! client for each. What does not belong here: requests.

use std::time::Duration;

use reqwest::{Client, ClientBuilder, redirect, retry};

use super::base_url::BaseUrl;

/// How long a connection, TLS included, may take.
const CONNECT_SECONDS: u64 = 10;

/// The clients for some addresses, made once. They do nothing by themselves: no retries, no redirects, no cookies, no decompression.
#[derive(Debug)]
pub struct HttpClients {
    /// To loopback, never through a proxy.
    direct: Client,
    /// To the world; none where every base is loopback, so that the sandbox needs neither certificates nor a proxy.
    outward: Option<Client>,
}

impl HttpClients {
    /// Clients for these bases, with what `more` asks for beside what all have.
    ///
    /// # Errors
    /// The system's CA certificates or proxy settings cannot be used.
    pub fn new(
        bases: &[&BaseUrl],
        more: impl Fn(ClientBuilder) -> ClientBuilder,
    ) -> Result<HttpClients, reqwest::Error> {
        // An error says that a provider is installed already, which is all that is wanted.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let builder = || {
            let plain = Client::builder()
                .user_agent(concat!("cleanup/", env!("CARGO_PKG_VERSION")))
                .retry(retry::never())
                .redirect(redirect::Policy::none())
                .referer(false)
                .connect_timeout(Duration::from_secs(CONNECT_SECONDS));
            more(plain)
        };
        let local = [([127, 0, 0, 1], 0).into(), (std::net::Ipv6Addr::LOCALHOST, 0).into()];
        let mut direct = builder().no_proxy().resolve_to_addrs("localhost", &local);
        if !bases.iter().any(|base| base.is_loopback() && base.is_tls()) {
            direct = direct.tls_certs_only([]);
        }
        let is_local = bases.iter().all(|base| base.is_loopback());
        let outward = if is_local { None } else { Some(builder().build()?) };
        Ok(HttpClients { direct: direct.build()?, outward })
    }

    /// The client for an address; none where none was made for it.
    pub fn for_base(&self, base: &BaseUrl) -> Option<&Client> {
        if base.is_loopback() { Some(&self.direct) } else { self.outward.as_ref() }
    }

    /// A client to build requests with, wherever they go.
    pub fn any(&self) -> &Client {
        &self.direct
    }
}
