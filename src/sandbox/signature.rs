//! Whether an OAuth 1.0a `Authorization` header is right, recomputed from the request as it was received. Written from
//! RFC 5849 anew and not with the client's signer, so that the two can disagree.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::Url;
use sha1::Sha1;

use crate::domain::{TargetId, Wall};

/// The OAuth 1.0a keys of one of the sandbox's users. They hold characters that must be encoded, as a client that does not
/// should be found out here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OAuth1Keys {
    /// The app's name, the same for every user.
    pub consumer_key: String,
    /// The app's secret.
    pub consumer_secret: String,
    /// Begins with the user's ID and a `-`, as X's do.
    pub access_token: String,
    /// Its secret.
    pub access_secret: String,
}

impl OAuth1Keys {
    /// The keys of a user.
    pub fn of(user: TargetId) -> OAuth1Keys {
        OAuth1Keys {
            consumer_key: "sandbox+consumer".into(),
            consumer_secret: "sandbox/consumer&secret=".into(),
            access_token: format!("{user}-sandbox"),
            access_secret: format!("sandbox%20secret+{user}="),
        }
    }
}

/// Why a request is nobody's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Denied {
    /// It proves nothing.
    Missing,
    /// Its proof is not ours, or wrong.
    Unknown,
    /// It is of a kind that the endpoint does not take.
    WrongKind,
    /// Signed too long ago, or in the future.
    Clock,
    /// Signed rightly, with a token that was revoked.
    Ended,
}

/// How far a timestamp may be off.
const MAX_SKEW_SECONDS: u64 = 300;

/// A request as it was received.
#[derive(Clone, Copy, Debug)]
pub(super) struct Raw<'a> {
    pub(super) method: &'a str,
    /// The `Host` header.
    pub(super) host: &'a str,
    pub(super) path: &'a str,
    pub(super) query: &'a str,
    /// Empty where the body is no form.
    pub(super) form: &'a str,
}

/// The user whose signature it is. `parameters` is the header after its scheme.
pub(super) fn check(raw: Raw<'_>, parameters: &str, now: Wall) -> Result<TargetId, Denied> {
    let mut pairs = header_pairs(parameters).ok_or(Denied::Unknown)?;
    let get = |name: &str| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let token = get("oauth_token").ok_or(Denied::Missing)?;
    let user = token.split_once('-').and_then(|(user, _)| user.parse::<TargetId>().ok()).ok_or(Denied::Unknown)?;
    let keys = OAuth1Keys::of(user);
    let as_asked = token == keys.access_token
        && get("oauth_consumer_key") == Some(&keys.consumer_key)
        && get("oauth_signature_method") == Some("HMAC-SHA1")
        && matches!(get("oauth_version"), None | Some("1.0"))
        && get("oauth_nonce").is_some_and(|nonce| !nonce.is_empty());
    if !as_asked {
        return Err(Denied::Unknown);
    }
    let timestamp: i64 = get("oauth_timestamp").and_then(|text| text.parse().ok()).ok_or(Denied::Unknown)?;
    let given = get("oauth_signature").and_then(|text| STANDARD.decode(text).ok()).ok_or(Denied::Unknown)?;
    pairs.retain(|(key, _)| key != "oauth_signature");
    pairs.extend(url_pairs(raw.query));
    pairs.extend(url_pairs(raw.form));
    let base = base(raw, pairs)?;
    let secret = format!("{}&{}", escape(&keys.consumer_secret), escape(&keys.access_secret));
    let mut mac = Hmac::<Sha1>::new_from_slice(secret.as_bytes()).map_err(|_| Denied::Unknown)?;
    mac.update(base.as_bytes());
    mac.verify_slice(&given).map_err(|_| Denied::Unknown)?;
    if timestamp.abs_diff(now.0.div_euclid(1000)) > MAX_SKEW_SECONDS { Err(Denied::Clock) } else { Ok(user) }
}

/// `METHOD&address&parameters`. X refuses a key that comes twice.
fn base(raw: Raw<'_>, pairs: Vec<(String, String)>) -> Result<String, Denied> {
    let mut escaped: Vec<(String, String)> = pairs.iter().map(|(key, value)| (escape(key), escape(value))).collect();
    escaped.sort();
    if escaped.windows(2).any(|two| two[0].0 == two[1].0) {
        return Err(Denied::Unknown);
    }
    let joined: Vec<String> = escaped.into_iter().map(|(key, value)| key + "=" + &value).collect();
    let address = format!("http://{}{}", raw.host.to_ascii_lowercase(), raw.path);
    Ok([raw.method, &escape(&address), &escape(&joined.join("&"))].join("&"))
}

/// `name="value"`, separated by commas.
fn header_pairs(parameters: &str) -> Option<Vec<(String, String)>> {
    let mut pairs = Vec::new();
    for part in parameters.split(',') {
        let (name, value) = part.trim().split_once('=')?;
        let value = value.strip_prefix('"')?.strip_suffix('"')?;
        pairs.extend(url_pairs(&format!("{name}={value}")));
    }
    Some(pairs)
}

/// A query's pairs, decoded by the URL parser.
fn url_pairs(query: &str) -> Vec<(String, String)> {
    let Ok(mut url) = Url::parse("http://x/") else { return Vec::new() };
    url.set_query(Some(query));
    url.query_pairs().into_owned().collect()
}

fn escape(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::domain::Secret;
    use crate::platforms::oauth1::{Keys, OAuth1Token, Signed, Stamp, authorization};
    use proptest::prelude::*;

    const NOW: Wall = Wall(1_795_358_311_500);
    const QUERY: &str = "a=%20%21*%27()+b&empty=&%5B%5D=%E2%82%AC";

    fn raw<'a>(query: &'a str, form: &'a str) -> Raw<'a> {
        Raw { method: "POST", host: "127.0.0.1:8080", path: "/1.1/blocks/destroy.json", query, form }
    }

    /// The header the client's signer makes, without its scheme.
    fn header(query: &str, form: &str) -> String {
        let keys = OAuth1Keys::of("77".parse().unwrap());
        let secret = |text: String| Secret::new(text);
        let token = OAuth1Token { token: secret(keys.access_token), secret: secret(keys.access_secret) };
        let (consumer_key, consumer_secret) = (secret(keys.consumer_key), secret(keys.consumer_secret));
        let keys = Keys { consumer_key, consumer_secret, token: Some(token) };
        let mut url: Url = "http://127.0.0.1:8080/1.1/blocks/destroy.json".parse().unwrap();
        url.set_query(Some(query).filter(|query| !query.is_empty()));
        let signed = Signed { method: "POST", url: &url, form: Some(form), extra: &[] };
        let header = authorization(&keys, signed, Stamp { epoch_seconds: NOW.0 / 1000, nonce: 1 });
        header.expose().strip_prefix("OAuth ").unwrap().to_owned()
    }

    #[test]
    fn only_what_was_signed_is_accepted() {
        let signed = header(QUERY, "user_id=9");
        let good = raw(QUERY, "user_id=9");
        assert_eq!(check(good, &signed, NOW), Ok("77".parse().unwrap()));
        for bad in [
            Raw { method: "DELETE", ..good },
            Raw { host: "127.0.0.1:8081", ..good },
            Raw { path: "/1.1/blocks/destroy", ..good },
            Raw { query: "", ..good },
            Raw { form: "user_id=8", ..good },
        ] {
            assert_eq!(check(bad, &signed, NOW), Err(Denied::Unknown), "{bad:?}");
        }
    }

    #[test]
    fn a_key_that_comes_twice_is_refused_as_x_does() {
        let signed = header("a=1&a=2", "");
        assert_eq!(check(raw("a=1&a=2", ""), &signed, NOW), Err(Denied::Unknown));
        let signed = header("user_id=1", "user_id=2");
        assert_eq!(check(raw("user_id=1", "user_id=2"), &signed, NOW), Err(Denied::Unknown));
    }

    proptest! {
        #[test]
        fn two_implementations_agree(key in "[a-z~ -]{1,5}", value in "\\PC{0,8}", form in "[!-~]{0,8}") {
            let pair = |value: &str| format!("{}={}", escape(&key), escape(value));
            let (query, form) = (pair(&value), format!("zzzzzz={}", escape(&form)));
            prop_assert_eq!(check(raw(&query, &form), &header(&query, &form), NOW), Ok("77".parse().unwrap()));
        }

        #[test]
        fn no_header_makes_the_check_panic(header in "\\PC{0,60}") {
            prop_assert!(check(raw("", ""), &header, NOW).is_err());
        }
    }
}
