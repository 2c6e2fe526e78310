//! What proves who asks. In: secrets. Out: an `Authorization` header for one request, and masking of foreign text.
//!
//! A bearer token is the same for every request; OAuth 1.0a signs method, URL, form and time (`platforms/oauth1`).

use std::fmt;

use reqwest::header::HeaderValue;
use reqwest::{Method, Url};

use crate::domain::{Secret, Wall};
use crate::platforms::oauth1::{self, Keys, OAuth1Token, Signed, Stamp};

/// An account's credentials, made ready for many requests.
#[derive(Clone, Debug)]
pub enum Credentials {
    /// An OAuth 2.0 user token, or an AIsa key.
    Bearer(Bearer),
    /// The four secrets of OAuth 1.0a.
    OAuth1(OAuth1),
}

/// A bearer token and the header made of it.
#[derive(Clone)]
pub struct Bearer {
    secret: Secret,
    header: HeaderValue,
}

impl fmt::Debug for Bearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bearer(***)")
    }
}

/// An app's and a user's keys.
#[derive(Clone)]
pub struct OAuth1 {
    keys: Keys,
    /// What must not be shown: the four, and how they look percent-encoded; the longest first, since one may be part of
    /// another.
    masked: Box<[Secret]>,
}

impl fmt::Debug for OAuth1 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OAuth1(***)")
    }
}

/// The token cannot stand in a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a token is 1 to 4096 printable ASCII characters without spaces; was it pasted with a line break?")]
pub struct InvalidToken;

impl Credentials {
    /// The longest token taken.
    pub const MAX_TOKEN_BYTES: usize = 4096;

    /// Credentials of a bearer token.
    ///
    /// # Errors
    /// The token is empty, too long or has characters no token has.
    pub fn bearer(secret: Secret) -> Result<Credentials, InvalidToken> {
        let token = legal(&secret)?;
        let mut header = HeaderValue::from_str(&format!("Bearer {token}")).map_err(|_| InvalidToken)?;
        header.set_sensitive(true);
        Ok(Credentials::Bearer(Bearer { secret, header }))
    }

    /// Credentials of OAuth 1.0a. Whose they are, [`oauth1::user_id`] tells from the access token.
    ///
    /// # Errors
    /// One of the four is empty, too long or has characters none of them has.
    pub fn oauth1(
        consumer_key: Secret,
        consumer_secret: Secret,
        access_token: Secret,
        access_secret: Secret,
    ) -> Result<Credentials, InvalidToken> {
        let mut masked = Vec::new();
        for secret in [&consumer_key, &consumer_secret, &access_token, &access_secret] {
            let encoded = oauth1::percent_encode(legal(secret)?);
            masked.extend([secret.clone(), Secret::new(encoded)]);
        }
        masked.sort_by_key(|secret| std::cmp::Reverse(secret.expose().len()));
        let token = Some(OAuth1Token { token: access_token, secret: access_secret });
        let keys = Keys { consumer_key, consumer_secret, token };
        Ok(Credentials::OAuth1(OAuth1 { keys, masked: masked.into() }))
    }

    /// The `Authorization` header of one request made at `now`. Cheap for a bearer token: the header is shared, not copied.
    ///
    /// # Errors
    /// None, as both constructors see to it that a header can be made.
    pub(super) fn authorization(
        &self,
        method: &Method,
        url: &Url,
        form: Option<&str>,
        now: Wall,
    ) -> Result<HeaderValue, InvalidToken> {
        let oauth1 = match self {
            Credentials::Bearer(bearer) => return Ok(bearer.header.clone()),
            Credentials::OAuth1(oauth1) => oauth1,
        };
        let stamp = Stamp { epoch_seconds: now.0.div_euclid(1000), nonce: fastrand::u128(..) };
        let signed = Signed { method: method.as_str(), url, form, extra: &[] };
        let text = oauth1::authorization(&oauth1.keys, signed, stamp);
        let mut header = HeaderValue::from_str(text.expose()).map_err(|_| InvalidToken)?;
        header.set_sensitive(true);
        Ok(header)
    }

    /// `text` with every occurrence of a secret replaced by `***`.
    pub(super) fn mask(&self, text: String) -> String {
        let secrets = match self {
            Credentials::Bearer(bearer) => std::slice::from_ref(&bearer.secret),
            Credentials::OAuth1(oauth1) => &oauth1.masked,
        };
        secrets.iter().fold(text, |text, secret| {
            if text.contains(secret.expose()) { text.replace(secret.expose(), "***") } else { text }
        })
    }
}

fn legal(secret: &Secret) -> Result<&str, InvalidToken> {
    let text = secret.expose();
    let legal = (1..=Credentials::MAX_TOKEN_BYTES).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
    if legal { Ok(text) } else { Err(InvalidToken) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn oauth1(texts: [&str; 4]) -> Result<Credentials, InvalidToken> {
        let [key, secret, token, token_secret] = texts.map(Secret::new);
        Credentials::oauth1(key, secret, token, token_secret)
    }

    fn header(credentials: &Credentials, now: Wall) -> HeaderValue {
        let url = "https://api.x.com/1.1/blocks/destroy.json".parse().unwrap();
        credentials.authorization(&Method::POST, &url, Some("user_id=1"), now).unwrap()
    }

    #[test]
    fn nothing_prints_the_token() {
        let credentials = Credentials::bearer(Secret::new("tok-123")).unwrap();
        let printed = format!("{credentials:?} {credentials:#?} {:?}", header(&credentials, Wall(0)));
        assert!(!printed.contains("tok-123"), "{printed}");
        assert_eq!(credentials.mask("a tok-123 b tok-123".into()), "a *** b ***");
    }

    #[test]
    fn nothing_prints_any_of_the_four() {
        let texts = ["ck+1", "ck+1-secret", "42-token/", "t0p=="];
        let credentials = oauth1(texts).unwrap();
        let sent = header(&credentials, Wall(0));
        let printed = format!("{credentials:?} {credentials:#?} {sent:?}");
        let masked = credentials.mask(format!("{} {}", texts.join(" "), sent.to_str().unwrap()));
        for text in texts.iter().map(|text| (*text).to_owned()).chain(texts.map(oauth1::percent_encode)) {
            assert!(!printed.contains(&text) && !masked.contains(&text), "{printed} {masked}");
        }
        assert!(masked.starts_with("*** *** *** *** OAuth oauth_consumer_key=\"***\""), "{masked}");
    }

    #[test]
    fn every_request_is_stamped_anew_and_with_its_own_time() {
        let credentials = oauth1(["k", "s", "42-t", "u"]).unwrap();
        let (first, second) = (header(&credentials, Wall(1_700_000_000_999)), header(&credentials, Wall(-1)));
        assert_ne!(first, second);
        assert!(first.to_str().unwrap().contains("oauth_timestamp=\"1700000000\""));
        assert!(second.to_str().unwrap().contains("oauth_timestamp=\"-1\""));
    }

    #[test]
    fn tokens_that_cannot_be_sent_are_refused() {
        for bad in ["", "a b", "a\nb", "é", "\u{0}"] {
            assert_eq!(Credentials::bearer(Secret::new(bad)).unwrap_err(), InvalidToken);
            for place in 0..4 {
                let mut texts = ["a"; 4];
                texts[place] = bad;
                assert_eq!(oauth1(texts).unwrap_err(), InvalidToken);
            }
        }
        assert!(Credentials::bearer(Secret::new("x".repeat(4097))).is_err());
        assert!(Credentials::bearer(Secret::new("QUJD+/=:1:at:1")).is_ok());
    }
}
