//! The AIsa gateway: an account is a key, and X is linked to the key at AIsa. In: a key. Out: who it is, and the address at
//! which a person links X to it. What does not belong here: the tokens of X, which AIsa keeps.

use std::fmt::Write as _;

use reqwest::Method;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::grant::GrantError;
use super::oauth_http::{OAuthHttp, WireError};
use crate::domain::{Secret, UserId};
use crate::platforms::BaseUrl;

const LINK_PATH: &str = "/apis/v1/twitter/auth_twitter";
const MAX_KEY_BYTES: usize = 512;
/// So many hexadecimal digits of the key's SHA-256 name it: enough to tell keys apart, useless to find one.
const FINGERPRINT_DIGITS: usize = 16;

/// A text that is no key. It is not repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("that is no AIsa key: one line of printable characters is expected, such as sk-aisa-...")]
pub struct InvalidKey;

/// Where a person links X to a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AisaLink {
    /// To be opened in a browser; good for some ten minutes.
    pub url: String,
    /// When it ends, as AIsa wrote it, if it did.
    pub expires_at: Option<String>,
}

/// Reads a key as it came from stdin.
///
/// # Errors
/// It is empty, too long, or more than one word.
pub fn aisa_key(text: &str) -> Result<Secret, InvalidKey> {
    let key = text.trim();
    let legal = (8..=MAX_KEY_BYTES).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
    if legal { Ok(Secret::new(key)) } else { Err(InvalidKey) }
}

/// Who a key is: a fingerprint of it.
pub fn aisa_user(key: &Secret) -> Result<UserId, InvalidKey> {
    let digest = Sha256::digest(key.expose().as_bytes());
    let mut text = String::from("key-");
    for byte in digest.iter().take(FINGERPRINT_DIGITS / 2) {
        let _ = write!(text, "{byte:02x}");
    }
    text.parse().map_err(|_| InvalidKey)
}

/// Asks AIsa for the address at which X is linked to the key.
///
/// # Errors
/// [`GrantError::Refused`]: AIsa does not take the key.
pub async fn aisa_link(
    wire: &OAuthHttp,
    base: &BaseUrl,
    key: &Secret,
    scopes: &[&str],
) -> Result<AisaLink, GrantError> {
    let body = if scopes.is_empty() { json!({}) } else { json!({ "scopes": scopes }) };
    let built = wire
        .request(Method::POST, &format!("{base}{LINK_PATH}"))
        .header(AUTHORIZATION, format!("Bearer {}", key.expose()))
        .header(CONTENT_TYPE, "application/json")
        .body(body.to_string())
        .build()
        .map_err(|_| GrantError::Refused("the key cannot stand in a header".into()))?;
    let answer = wire.carry(built).await.map_err(|error| match error {
        WireError::Unanswered(why) => GrantError::Unsure(why),
        other => GrantError::World(other.to_string()),
    })?;
    match answer.status().as_u16() {
        200 | 201 => {}
        401 | 403 => return Err(GrantError::Refused("AIsa does not accept the key".into())),
        status => return Err(GrantError::World(format!("AIsa answered HTTP {status}"))),
    }
    let read: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
    // Some answers of AIsa wrap what is documented into `data`.
    let inner = read.get("data").filter(|data| data.is_object()).unwrap_or(&read);
    let text = |name: &str| inner.get(name).and_then(Value::as_str).map(str::to_owned);
    // A page is about to be opened: only a safe address will do.
    let url = text("auth_url").filter(|url| url.starts_with("https://") && url.bytes().all(|b| b.is_ascii_graphic()));
    let url = url.ok_or_else(|| GrantError::Unsure("AIsa's answer holds no address to open".into()))?;
    let plain = |time: &String| time.len() <= 64 && time.bytes().all(|b| b.is_ascii_graphic());
    Ok(AisaLink { url, expires_at: text("expires_at").filter(plain) })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_key_is_one_word_and_its_name_does_not_show_it() {
        let key = aisa_key(" sk-aisa-canary-123\n").unwrap();
        let user = aisa_user(&key).unwrap();
        assert!(user.as_str().starts_with("key-") && user.as_str().len() == 20, "{user}");
        assert_eq!(user, aisa_user(&key).unwrap());
        assert_ne!(user, aisa_user(&aisa_key("sk-aisa-canary-124").unwrap()).unwrap());
        for bad in ["", "   ", "sk aisa x y z", "sk-aisa-é-123456", "short"] {
            assert_eq!(aisa_key(bad).unwrap_err(), InvalidKey, "{bad}");
        }
    }
}
