//! What proves who asks. In: secrets. Out: the headers of one request that say so, and masking of foreign text.
//!
//! A bearer token is the same for every request; OAuth 1.0a signs method, URL, form and time (`platforms/oauth1`), and a token that is bound to
//! a key goes with a proof (`platforms/dpop`).

use std::fmt;

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{Request, StatusCode};

use super::dpop::{DpopKey, DpopToken};
use super::oauth1::{self, Keys, OAuth1Token, Signed, Stamp};
use super::token_text::{InvalidToken, MAX_TOKEN_BYTES, legal};
use crate::domain::{Secret, Tick, Wall};

/// An account's credentials, made ready for many requests.
#[derive(Clone, Debug)]
pub enum Credentials {
    /// An OAuth 2.0 user token, or an AIsa key.
    Bearer(Bearer),
    /// The four secrets of OAuth 1.0a.
    OAuth1(OAuth1),
    /// An OAuth 2.0 user token that is bound to a key.
    Dpop(DpopToken),
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

impl Credentials {
    /// The longest token taken.
    pub const MAX_TOKEN_BYTES: usize = MAX_TOKEN_BYTES;

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

    /// Credentials of a token that is bound to a key.
    ///
    /// # Errors
    /// As [`Credentials::bearer`].
    pub fn dpop(token: Secret, key: DpopKey) -> Result<Credentials, InvalidToken> {
        DpopToken::new(token, key).map(Credentials::Dpop)
    }

    /// Puts into a request made at `now` what proves who asks; `form` is its body where that is one. Cheap for a bearer token: the header is
    /// shared, not copied.
    ///
    /// # Errors
    /// None in practice, as the constructors see to it that headers can be made.
    pub fn authorize(&self, request: &mut Request, form: Option<&str>, now: Wall) -> Result<(), InvalidToken> {
        let header = match self {
            Credentials::Bearer(bearer) => bearer.header.clone(),
            Credentials::OAuth1(oauth1) => oauth1.header(request, form, now)?,
            Credentials::Dpop(token) => return token.authorize(request, now),
        };
        request.headers_mut().insert(AUTHORIZATION, header);
        Ok(())
    }

    /// Whether a request can be sent now that the server will not refuse for the want of a nonce.
    pub fn are_ready(&self, now: Tick) -> bool {
        match self {
            Credentials::Bearer(_) | Credentials::OAuth1(_) => true,
            Credentials::Dpop(token) => token.is_ready(now),
        }
    }

    /// Hears an answer to a request; `proof` is the request's header of it. True: it refused nothing but a nonce, and there is another one to try.
    pub fn learn(&self, proof: Option<&HeaderValue>, status: StatusCode, headers: &HeaderMap, now: Tick) -> bool {
        matches!(self, Credentials::Dpop(token) if token.learn(proof, status, headers, now))
    }

    /// The server was asked for a nonce and has answered.
    pub fn heard_of_nonces(&self, now: Tick) {
        if let Credentials::Dpop(token) = self {
            token.has_answered(now);
        }
    }

    /// What an earlier set of the same account has heard from its server is known to this one.
    pub fn keep_nonce_of(&mut self, earlier: &Credentials) {
        if let (Credentials::Dpop(token), Credentials::Dpop(earlier)) = (self, earlier) {
            token.keep_nonce_of(earlier);
        }
    }

    /// `text` with every occurrence of a secret replaced by `***`.
    pub(super) fn mask(&self, text: String) -> String {
        let secrets: Vec<&Secret> = match self {
            Credentials::Bearer(bearer) => vec![&bearer.secret],
            Credentials::OAuth1(oauth1) => oauth1.masked.iter().collect(),
            Credentials::Dpop(token) => token.secrets().into(),
        };
        secrets.into_iter().fold(text, |text, secret| {
            if text.contains(secret.expose()) { text.replace(secret.expose(), "***") } else { text }
        })
    }
}

impl OAuth1 {
    fn header(&self, request: &Request, form: Option<&str>, now: Wall) -> Result<HeaderValue, InvalidToken> {
        let stamp = Stamp { epoch_seconds: now.0.div_euclid(1000), nonce: fastrand::u128(..) };
        let signed = Signed { method: request.method().as_str(), url: request.url(), form, extra: &[] };
        let text = oauth1::authorization(&self.keys, signed, stamp);
        let mut header = HeaderValue::from_str(text.expose()).map_err(|_| InvalidToken)?;
        header.set_sensitive(true);
        Ok(header)
    }
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
        let mut request = Request::new(reqwest::Method::POST, url);
        credentials.authorize(&mut request, Some("user_id=1"), now).unwrap();
        request.headers()[AUTHORIZATION].clone()
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
