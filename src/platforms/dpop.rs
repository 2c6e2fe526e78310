//! Proofs of possession (DPoP, RFC 9449): a token that only the holder of a key can use. In: a key, a token, a request. Out: the request's
//! `Authorization` and `DPoP` headers, and what a server has said of nonces. What does not belong here: refreshing the token (`auth`).
//!
//! A server may want a nonce of its own in each proof, and gives the next one with its answers. Who asks often enough always has one that is good;
//! after a pause it is asked for before anything that counts is sent ([`DpopToken::is_ready`]).

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue, WWW_AUTHENTICATE};
use reqwest::{Method, Request, StatusCode, Url};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::token_text::{InvalidToken, legal};
use crate::domain::{Secret, Tick, Wall};

/// The header of a proof.
pub const DPOP: HeaderName = HeaderName::from_static("dpop");
/// The header that a server's next nonce comes in.
pub const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");
/// The error of a server that wants a nonce, or another one.
pub const USE_DPOP_NONCE: &str = "use_dpop_nonce";
/// A nonce that is older is asked for anew. The reference server takes one for two to three minutes.
const FRESH_FOR: Duration = Duration::from_secs(90);
/// A server that refuses its own latest nonce more often in a row refuses the login.
const MAX_REFUSALS: u32 = 2;
const MAX_NONCE_BYTES: usize = 512;
/// How an uncompressed point begins; its two coordinates of 32 bytes follow.
const UNCOMPRESSED: u8 = 4;

/// A P-256 key pair that proofs are signed with (ES256).
pub struct DpopKey {
    pair: EcdsaKeyPair,
    /// The key as it is kept.
    text: Secret,
    /// The first part of every proof, with the public key in it.
    header: String,
}

impl fmt::Debug for DpopKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DpopKey(***)")
    }
}

/// A key cannot be made, or a text is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the key of this login cannot be used")]
pub struct InvalidDpopKey;

/// What one proof is for.
#[derive(Clone, Copy, Debug)]
pub struct Proven<'a> {
    /// The method of the request.
    pub method: &'a Method,
    /// Where it goes.
    pub url: &'a Url,
    /// The server's nonce, where it has given one.
    pub nonce: Option<&'a str>,
    /// The token that goes with it; none at the authorization server.
    pub token: Option<&'a Secret>,
}

impl DpopKey {
    /// A new key.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub fn generate() -> Result<DpopKey, InvalidDpopKey> {
        let bytes = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
        DpopKey::of_text(&Secret::new(URL_SAFE_NO_PAD.encode(bytes.map_err(|_| InvalidDpopKey)?)))
    }

    /// The key that a text of [`DpopKey::to_text`] is.
    ///
    /// # Errors
    /// It is none.
    pub fn of_text(text: &Secret) -> Result<DpopKey, InvalidDpopKey> {
        let bytes = zeroize::Zeroizing::new(URL_SAFE_NO_PAD.decode(text.expose()).map_err(|_| InvalidDpopKey)?);
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &bytes, &SystemRandom::new());
        let pair = pair.map_err(|_| InvalidDpopKey)?;
        let (x, y) = match pair.public_key().as_ref() {
            [UNCOMPRESSED, point @ ..] if point.len() == 64 => point.split_at(32),
            _ => return Err(InvalidDpopKey),
        };
        let jwk =
            json!({ "crv": "P-256", "kty": "EC", "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y) });
        let header = encoded(&json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": jwk }));
        Ok(DpopKey { pair, text: text.clone(), header })
    }

    /// The key as it is kept: for the vault.
    pub const fn to_text(&self) -> &Secret {
        &self.text
    }

    /// A proof, good for this one request.
    ///
    /// # Errors
    /// The system gives no random numbers; a nonce that no header can hold.
    pub fn prove(&self, proven: Proven<'_>, now: Wall) -> Result<HeaderValue, InvalidDpopKey> {
        let Proven { method, url, nonce, token } = proven;
        let mut claims = json!({
            "jti": URL_SAFE_NO_PAD.encode(fastrand::u128(..).to_be_bytes()), "htm": method.as_str(), "htu": target(url),
            "iat": now.0.div_euclid(1000),
        });
        if let Some(nonce) = nonce {
            claims["nonce"] = nonce.into();
        }
        if let Some(token) = token {
            claims["ath"] = URL_SAFE_NO_PAD.encode(Sha256::digest(token.expose())).into();
        }
        let signed = format!("{}.{}", self.header, encoded(&claims));
        let signature = self.pair.sign(&SystemRandom::new(), signed.as_bytes()).map_err(|_| InvalidDpopKey)?;
        let mut header = HeaderValue::from_str(&format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
            .map_err(|_| InvalidDpopKey)?;
        header.set_sensitive(true);
        Ok(header)
    }
}

/// The nonce of an answer, if it has one that can be used.
pub fn nonce_of(headers: &HeaderMap) -> Option<&str> {
    headers.get(DPOP_NONCE)?.to_str().ok().filter(|nonce| (1..=MAX_NONCE_BYTES).contains(&nonce.len()))
}

fn encoded(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

/// Where a request goes, without query and fragment.
fn target(url: &Url) -> String {
    format!("{}{}", url.origin().ascii_serialization(), url.path())
}

/// The nonce that a proof was made with.
fn nonce_in(proof: &HeaderValue) -> Option<String> {
    let claims = URL_SAFE_NO_PAD.decode(proof.to_str().ok()?.split('.').nth(1)?).ok()?;
    Some(serde_json::from_slice::<Value>(&claims).ok()?.get("nonce")?.as_str()?.to_owned())
}

/// What a server has said of nonces.
#[derive(Debug, Default)]
enum Nonce {
    /// Nothing yet.
    #[default]
    Unheard,
    /// It gave none when it was asked.
    Unwanted,
    /// The latest, and since when it is known.
    Given(String, Tick),
}

/// The account's server, as far as nonces go.
#[derive(Debug, Default)]
struct ServerNonce {
    nonce: Nonce,
    /// How many times in a row it refused what was its latest nonce then.
    refusals: u32,
}

impl ServerNonce {
    fn latest(&self) -> Option<&str> {
        match &self.nonce {
            Nonce::Given(nonce, _) => Some(nonce),
            Nonce::Unheard | Nonce::Unwanted => None,
        }
    }
}

/// An access token that only the holder of a key can use.
#[derive(Clone)]
pub struct DpopToken {
    token: Secret,
    key: Arc<DpopKey>,
    header: HeaderValue,
    server: Arc<Mutex<ServerNonce>>,
}

impl fmt::Debug for DpopToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DpopToken(***)")
    }
}

impl DpopToken {
    pub(super) fn new(token: Secret, key: DpopKey) -> Result<DpopToken, InvalidToken> {
        let mut header = HeaderValue::from_str(&format!("DPoP {}", legal(&token)?)).map_err(|_| InvalidToken)?;
        header.set_sensitive(true);
        Ok(DpopToken { token, key: Arc::new(key), header, server: Arc::default() })
    }

    /// What must not be shown.
    pub(super) fn secrets(&self) -> [&Secret; 2] {
        [&self.token, self.key.to_text()]
    }

    pub(super) fn authorize(&self, request: &mut Request, now: Wall) -> Result<(), InvalidToken> {
        let nonce = self.server().latest().map(str::to_owned);
        let proven =
            Proven { method: request.method(), url: request.url(), nonce: nonce.as_deref(), token: Some(&self.token) };
        let proof = self.key.prove(proven, now).map_err(|_| InvalidToken)?;
        request.headers_mut().insert(AUTHORIZATION, self.header.clone());
        request.headers_mut().insert(DPOP, proof);
        Ok(())
    }

    /// Whether a request can be sent that the server will not refuse for its nonce alone.
    pub(super) fn is_ready(&self, now: Tick) -> bool {
        match &self.server().nonce {
            Nonce::Unheard => false,
            Nonce::Unwanted => true,
            Nonce::Given(_, since) => now < since.after(FRESH_FOR),
        }
    }

    /// Hears an answer to a request with this proof. True: it refused nothing but the nonce, and there is another one to try.
    pub(super) fn learn(
        &self,
        proof: Option<&HeaderValue>,
        status: StatusCode,
        headers: &HeaderMap,
        now: Tick,
    ) -> bool {
        let used = proof.and_then(nonce_in);
        let is_demand = status == StatusCode::UNAUTHORIZED && demands_nonce(headers);
        let mut server = self.server();
        if !is_demand {
            server.refusals = 0;
        } else if used.as_deref() == server.latest() {
            // An older nonce is refused more than once where several were on their way with it.
            server.refusals += 1;
        }
        if let Some(nonce) = nonce_of(headers) {
            server.nonce = Nonce::Given(nonce.to_owned(), now);
        }
        is_demand && server.refusals <= MAX_REFUSALS
    }

    /// It was asked for a nonce and has answered: where it gave none it wants none.
    pub(super) fn has_answered(&self, now: Tick) {
        if !self.is_ready(now) {
            self.server().nonce = Nonce::Unwanted;
        }
    }

    /// What is known of the server outlives the token.
    pub(super) fn keep_nonce_of(&mut self, earlier: &DpopToken) {
        self.server = Arc::clone(&earlier.server);
    }

    fn server(&self) -> MutexGuard<'_, ServerNonce> {
        self.server.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn demands_nonce(headers: &HeaderMap) -> bool {
    let challenges = headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
    challenges.into_iter().any(|challenge| challenge.contains(USE_DPOP_NONCE))
}

#[cfg(test)]
#[path = "dpop_tests.rs"]
mod tests;
