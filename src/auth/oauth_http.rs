//! The way to authorization servers: one request, one bounded answer, nothing by itself. In: requests of the `oauth2` crate.
//! Out: its responses, or what is known of a request that got none. What does not belong here: trying again.
//!
//! It keeps no connections: a refresh is rare, and a fresh connection that fails has certainly carried nothing, so that the
//! refresh token is as good as before.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use oauth2::{AsyncHttpClient, HttpRequest, HttpResponse, http};
use reqwest::{ClientBuilder, Method, RequestBuilder};

use crate::platforms::{BaseUrl, DPOP_NONCE, HttpClients, certificate_trouble};

const MAX_ANSWER_BYTES: usize = 64 * 1024;
const ANSWER_SECONDS: u64 = 30;

/// No answer that says anything about what was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// The request has certainly not been processed.
    #[error("{0}")]
    NotSent(String),
    /// It may have been.
    #[error("{0}")]
    Unanswered(String),
    /// The server is overloaded, broken or not the one we mean (HTTP status).
    #[error("the server answered HTTP {0}")]
    Busy(u16),
}

/// The client could not be made.
#[derive(Debug, thiserror::Error)]
#[error("the HTTPS client cannot start; are the system's CA certificates installed, and the proxy variables right?")]
pub struct WireSetup(#[source] reqwest::Error);

/// An HTTP client without redirects, retries, cookies and kept connections.
#[derive(Debug)]
pub struct OAuthHttp(HttpClients);

impl OAuthHttp {
    /// A client for these bases.
    ///
    /// # Errors
    /// The system's CA certificates or proxy settings cannot be used.
    pub fn new(bases: &[&BaseUrl]) -> Result<OAuthHttp, WireSetup> {
        let more =
            |builder: ClientBuilder| builder.pool_max_idle_per_host(0).timeout(Duration::from_secs(ANSWER_SECONDS));
        HttpClients::new(bases, more).map(OAuthHttp).map_err(WireSetup)
    }

    /// Begins a request; it is only built here.
    pub(super) fn request(&self, method: Method, url: &str) -> RequestBuilder {
        self.0.any().request(method, url)
    }

    /// Sends one request of the protocol. An answer is given back only if it is one too: 200, or a refusal in JSON.
    pub(super) async fn send(&self, request: HttpRequest) -> Result<HttpResponse, WireError> {
        let request = reqwest::Request::try_from(request).map_err(|_| not_sent("the address is no URL"))?;
        let answer = self.carry(request).await?;
        let status = answer.status().as_u16();
        let a_refusal = (400..=403).contains(&status) && is_oauth_error(answer.body());
        if status == 200 || a_refusal { Ok(answer) } else { Err(WireError::Busy(status)) }
    }

    /// Sends one request and reads its answer, whatever it is.
    pub(super) async fn carry(&self, request: reqwest::Request) -> Result<HttpResponse, WireError> {
        let mut origin = request.url().clone();
        origin.set_query(None);
        origin.set_fragment(None);
        // The address is checked again where the secret leaves: https, or loopback.
        let base: BaseUrl = origin.as_str().parse().map_err(|why| WireError::NotSent(format!("{why}")))?;
        let way = self.0.for_base(&base).ok_or_else(|| not_sent("the client was not made for this address"))?;
        let mut response = way.execute(request).await.map_err(lost)?;
        let mut body = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(|error| WireError::Unanswered(words(&error)))? {
            if body.len() + piece.len() > MAX_ANSWER_BYTES {
                return Err(WireError::Unanswered(format!("the answer is longer than {MAX_ANSWER_BYTES} bytes")));
            }
            body.extend_from_slice(&piece);
        }
        let mut answer = http::Response::new(body);
        *answer.status_mut() = response.status();
        for name in [http::header::CONTENT_TYPE, http::header::LOCATION, http::header::WWW_AUTHENTICATE, DPOP_NONCE] {
            if let Some(value) = response.headers().get(&name) {
                answer.headers_mut().insert(name, value.clone());
            }
        }
        Ok(answer)
    }
}

/// A type of its own instead of a closure: of a closure the compiler cannot prove that its future may go to another task.
impl<'c> AsyncHttpClient<'c> for OAuthHttp {
    type Error = WireError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, WireError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}

fn not_sent(why: &str) -> WireError {
    WireError::NotSent(why.to_owned())
}

/// RFC 6749, 5.2: an object with a text `error`. Pages of an edge or a proxy say nothing about a token.
fn is_oauth_error(body: &[u8]) -> bool {
    let read: Result<serde_json::Value, _> = serde_json::from_slice(body);
    read.is_ok_and(|value| value.get("error").is_some_and(serde_json::Value::is_string))
}

fn lost(error: reqwest::Error) -> WireError {
    if error.is_connect() || error.is_builder() {
        WireError::NotSent(words(&error))
    } else {
        WireError::Unanswered(words(&error))
    }
}

/// The error and its causes without the URL, which may hold a code.
fn words(error: &reqwest::Error) -> String {
    const MAX_CAUSES: usize = 6;
    if let Some(said) = certificate_trouble(error) {
        return said;
    }
    let mut texts = vec![
        if error.is_connect() {
            "no connection"
        } else if error.is_timeout() {
            "no answer in time"
        } else {
            "the connection was lost"
        }
        .to_owned(),
    ];
    let causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source()).take(MAX_CAUSES);
    texts.extend(causes.last().map(ToString::to_string));
    texts.join(": ")
}
