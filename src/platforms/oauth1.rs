//! OAuth 1.0a signatures with HMAC-SHA1 (RFC 5849), as X API v1.1 wants them. Pure.
//!
//! In: the four secrets, a request's method, URL and form, a timestamp and a nonce. Out: the `Authorization` header. What does
//! not belong here: clocks, dice, sending. JSON bodies are not signed; the caller gives a form or nothing.
//!
//! Where clients go wrong, and what is done here: a space is `%20` and never `+` (though a `+` that came in a query is a
//! space); keys and values are sorted after they are encoded, as bytes; a key that comes twice is there twice; a key without
//! a value has the empty one; what is no UTF-8 stays what it is.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::Url;
use sha1::Sha1;

use crate::domain::{Secret, UserId};

/// What an app and its user have.
#[derive(Clone, Debug)]
pub struct Keys {
    /// The app's name at the platform.
    pub consumer_key: Secret,
    /// The app's secret.
    pub consumer_secret: Secret,
    /// The user's; none while logging in, before there is one.
    pub token: Option<OAuth1Token>,
}

/// What a user has granted an app.
#[derive(Clone, Debug)]
pub struct OAuth1Token {
    /// `<user id>-<letters>` at X.
    pub token: Secret,
    /// Its secret.
    pub secret: Secret,
}

/// What makes every signature another: when it was made, and a number used once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Seconds since 1970; X refuses what is minutes off (code 135).
    pub epoch_seconds: i64,
    /// Never twice with the same timestamp and token.
    pub nonce: u128,
}

/// What is signed.
#[derive(Clone, Copy, Debug)]
pub struct Signed<'a> {
    /// In capitals.
    pub method: &'a str,
    /// With its query, if any.
    pub url: &'a Url,
    /// The body of a request of type `application/x-www-form-urlencoded`.
    pub form: Option<&'a str>,
    /// OAuth parameters beside the usual ones, for logging in: `oauth_callback`, `oauth_verifier`.
    pub extra: &'a [(&'a str, &'a str)],
}

/// The value of the `Authorization` header, in printable ASCII.
pub fn authorization(keys: &Keys, signed: Signed<'_>, stamp: Stamp) -> Secret {
    let mut parameters = oauth_parameters(keys, signed.extra, stamp);
    let signature = sign(keys, &base_string(&signed, &parameters));
    parameters.push(("oauth_signature", signature));
    parameters.sort();
    let pairs: Vec<String> =
        parameters.iter().map(|(name, value)| format!("{name}=\"{}\"", encode(value.as_bytes()))).collect();
    Secret::new(format!("OAuth {}", pairs.join(", ")))
}

/// RFC 3986: letters, digits and `-._~` stay, every other byte becomes `%XX`.
pub fn percent_encode(text: &str) -> String {
    encode(text.as_bytes())
}

/// The user an access token belongs to: the digits before its first `-`. None where there are none.
pub fn user_id(access_token: &Secret) -> Option<UserId> {
    let (digits, _) = access_token.expose().split_once('-')?;
    let legal = (1..=19).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    if legal { digits.parse().ok() } else { None }
}

/// `oauth_*` without the signature.
fn oauth_parameters<'a>(keys: &Keys, extra: &[(&'a str, &str)], stamp: Stamp) -> Vec<(&'a str, String)> {
    let mut parameters = vec![
        ("oauth_consumer_key", keys.consumer_key.expose().to_owned()),
        ("oauth_nonce", format!("{:032x}", stamp.nonce)),
        ("oauth_signature_method", "HMAC-SHA1".to_owned()),
        ("oauth_timestamp", stamp.epoch_seconds.to_string()),
        ("oauth_version", "1.0".to_owned()),
    ];
    parameters.extend(keys.token.iter().map(|token| ("oauth_token", token.token.expose().to_owned())));
    parameters.extend(extra.iter().map(|(name, value)| (*name, (*value).to_owned())));
    parameters
}

/// RFC 5849, 3.4.1: method, URL without its query, and every parameter of query, form and OAuth.
fn base_string(signed: &Signed<'_>, oauth: &[(&str, String)]) -> String {
    let mut parameters: Vec<(String, String)> =
        oauth.iter().map(|(name, value)| (encode(name.as_bytes()), encode(value.as_bytes()))).collect();
    for text in [signed.url.query(), signed.form].into_iter().flatten() {
        parameters.extend(form_parameters(text));
    }
    parameters.sort();
    let pairs: Vec<String> = parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
    // A parsed URL has its scheme and host in lower case, and no port where it is the scheme's own.
    let mut address = signed.url.clone();
    address.set_query(None);
    address.set_fragment(None);
    format!("{}&{}&{}", signed.method, encode(address.as_str().as_bytes()), encode(pairs.join("&").as_bytes()))
}

fn sign(keys: &Keys, base: &str) -> String {
    let token_secret = keys.token.as_ref().map(|token| token.secret.expose()).unwrap_or_default();
    let key = format!("{}&{}", percent_encode(keys.consumer_secret.expose()), percent_encode(token_secret));
    // HMAC takes keys of any length.
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(key.as_bytes()) else { return String::new() };
    mac.update(base.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

/// The pairs of a query or form, decoded and encoded anew, so that every spelling of a byte becomes the same.
fn form_parameters(text: &str) -> impl Iterator<Item = (String, String)> {
    text.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (encode(&decode(name)), encode(&decode(value)))
    })
}

fn encode(bytes: &[u8]) -> String {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut text = String::with_capacity(bytes.len());
    for byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(byte) {
            text.push(char::from(*byte));
        } else {
            text.extend(['%', char::from(HEX[usize::from(byte >> 4)]), char::from(HEX[usize::from(byte & 15)])]);
        }
    }
    text
}

/// `+` is a space here, and a `%` that begins no escape stands for itself.
fn decode(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let escape = || Some((hex(*bytes.get(at + 1)?)? << 4) | hex(*bytes.get(at + 2)?)?);
        let (next, width) = match byte {
            b'%' => escape().map_or((b'%', 1), |byte| (byte, 3)),
            b'+' => (b' ', 1),
            other => (*other, 1),
        };
        decoded.push(next);
        at += width;
    }
    decoded
}

fn hex(digit: u8) -> Option<u8> {
    u8::try_from(char::from(digit).to_digit(16)?).ok()
}

#[cfg(test)]
#[path = "oauth1_tests.rs"]
mod tests;
