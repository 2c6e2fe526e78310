//! What proves who asks. In: secrets. Out: an `Authorization` header for one request, and masking of foreign text.
//!
//! OAuth 1.0a becomes another variant: it signs method, URL and form, which is why [`Credentials::authorization`] gets them.

use std::fmt;

use reqwest::header::HeaderValue;
use reqwest::{Method, Url};

use crate::domain::Secret;

/// An account's credentials, made ready for many requests.
#[derive(Clone, Debug)]
pub enum Credentials {
    /// An OAuth 2.0 user token, or an AIsa key.
    Bearer(Bearer),
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
        let token = secret.expose();
        let legal =
            (1..=Credentials::MAX_TOKEN_BYTES).contains(&token.len()) && token.bytes().all(|b| b.is_ascii_graphic());
        if !legal {
            return Err(InvalidToken);
        }
        let mut header = HeaderValue::from_str(&format!("Bearer {token}")).map_err(|_| InvalidToken)?;
        header.set_sensitive(true);
        Ok(Credentials::Bearer(Bearer { secret, header }))
    }

    /// The `Authorization` header of one request. Cheap for a bearer token: the header is shared, not copied.
    pub(super) fn authorization(&self, _method: &Method, _url: &Url, _form: Option<&str>) -> HeaderValue {
        match self {
            Credentials::Bearer(bearer) => bearer.header.clone(),
        }
    }

    /// `text` with every occurrence of a secret replaced by `***`.
    pub(super) fn mask(&self, text: String) -> String {
        match self {
            Credentials::Bearer(bearer) if text.contains(bearer.secret.expose()) => {
                text.replace(bearer.secret.expose(), "***")
            }
            Credentials::Bearer(_) => text,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn nothing_prints_the_token() {
        let credentials = Credentials::bearer(Secret::new("tok-123")).unwrap();
        let Credentials::Bearer(bearer) = &credentials;
        let printed = format!("{credentials:?} {bearer:?} {:?} {:#?}", bearer.header, credentials);
        assert!(!printed.contains("tok-123"), "{printed}");
        assert_eq!(credentials.mask("a tok-123 b tok-123".into()), "a *** b ***");
    }

    #[test]
    fn tokens_that_cannot_be_sent_are_refused() {
        for bad in ["", "a b", "a\nb", "é", "\u{0}"] {
            assert_eq!(Credentials::bearer(Secret::new(bad)).unwrap_err(), InvalidToken);
        }
        assert!(Credentials::bearer(Secret::new("x".repeat(4097))).is_err());
        assert!(Credentials::bearer(Secret::new("QUJD+/=:1:at:1")).is_ok());
    }
}
