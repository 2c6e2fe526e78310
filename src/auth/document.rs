//! What is inside a sealed record: the secrets of one account. In: secrets. Out: bytes for the vault, and back; credentials for
//! requests. What does not belong here: sealing.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::bound_server::BoundTerms;
use super::grant::{App, AppProof, Pair};
use crate::domain::{Secret, Wall};
use crate::platforms::{Credentials, DpopKey};
use crate::store::CredentialKind;

/// The secrets of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Document {
    /// OAuth 2.0.
    OAuth2 {
        /// The access token.
        access: Secret,
        /// The refresh token; none: the login ends with the access token.
        refresh: Option<Secret>,
    },
    /// OAuth 2.0 through an app that was registered for this login at the account's host. Nobody else has that app.
    AtHost {
        /// The access token.
        access: Secret,
        /// The app.
        app: HostApp,
    },
    /// A session that an app password began. The password itself is not kept.
    Session {
        /// The access token.
        access: Secret,
        /// The refresh token.
        refresh: Secret,
    },
    /// OAuth 2.0 whose tokens are bound to a key that was made for this login.
    Bound {
        /// The access token.
        access: Secret,
        /// The refresh token; none: the login ends with the access token.
        refresh: Option<Secret>,
        /// The key ([`DpopKey::to_text`]).
        key: Secret,
        /// Who granted it.
        terms: BoundTerms,
    },
    /// OAuth 1.0a: a token pair that does not end by itself. The app's own pair comes from the configuration.
    OAuth1 {
        /// The access token.
        token: Secret,
        /// Its secret.
        token_secret: Secret,
    },
    /// The AIsa gateway.
    Aisa {
        /// The key.
        key: Secret,
    },
}

/// An app that was registered at an account's host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostApp {
    /// Its ID there.
    pub client_id: Secret,
    /// Its secret.
    pub client_secret: Secret,
}

impl HostApp {
    /// The app, as it speaks to its server.
    pub fn app(&self) -> App {
        App { client_id: self.client_id.expose().into(), proof: AppProof::Body(self.client_secret.clone()) }
    }
}

/// Makes signing credentials of an access token and its secret; whoever holds the app's own pair provides it.
pub type MakeOAuth1 = dyn Fn(&Secret, &Secret) -> Result<Credentials, String> + Send + Sync;

/// Why a document makes no credentials.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// The opened bytes are no document.
    #[error("the stored credentials are of a kind this version of cleanup does not know")]
    Unknown,
    /// They cannot be used for requests.
    #[error("{0}")]
    Unusable(String),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written<'a> {
    kind: Cow<'a, str>,
    token: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refresh: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    secret: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    client_id: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bound: Option<WrittenTerms<'a>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenTerms<'a> {
    key: Cow<'a, str>,
    issuer: Cow<'a, str>,
    token_endpoint: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    revocation_endpoint: Option<Cow<'a, str>>,
    /// Epoch milliseconds.
    begun_at: i64,
}

impl Document {
    /// What an authorization server granted to `app`. An app that was registered for the login is kept with it; a refresh token is of no
    /// use there, for the tokens of such servers last.
    pub fn of_pair(pair: &Pair, app: &App) -> Document {
        let access = pair.access.clone();
        match &app.proof {
            AppProof::Body(secret) => {
                let client_id = Secret::new(&*app.client_id);
                Document::AtHost { access, app: HostApp { client_id, client_secret: secret.clone() } }
            }
            AppProof::Public | AppProof::Header(_) => Document::OAuth2 { access, refresh: pair.refresh.clone() },
        }
    }

    /// What kind it is.
    pub const fn kind(&self) -> CredentialKind {
        match self {
            Document::OAuth2 { .. } | Document::AtHost { .. } => CredentialKind::OAuth2,
            Document::Session { .. } => CredentialKind::Session,
            Document::Bound { .. } => CredentialKind::Dpop,
            Document::OAuth1 { .. } => CredentialKind::OAuth1,
            Document::Aisa { .. } => CredentialKind::Aisa,
        }
    }

    /// The token that brings the next access token.
    pub(super) const fn refresh_token(&self) -> Option<&Secret> {
        match self {
            Document::OAuth2 { refresh: Some(refresh), .. }
            | Document::Bound { refresh: Some(refresh), .. }
            | Document::Session { refresh, .. } => Some(refresh),
            _ => None,
        }
    }

    /// The document as bytes for the vault; wiped when dropped.
    ///
    /// # Errors
    /// None that happens: texts can always be written.
    pub fn to_bytes(&self) -> Result<Zeroizing<Vec<u8>>, DocumentError> {
        let (token, refresh, secret, client_id) = match self {
            Document::OAuth2 { access, refresh } => (access, refresh.as_ref(), None, None),
            Document::AtHost { access, app } => (access, None, Some(&app.client_secret), Some(&app.client_id)),
            Document::Session { access, refresh } => (access, Some(refresh), None, None),
            Document::Bound { access, refresh, .. } => (access, refresh.as_ref(), None, None),
            Document::OAuth1 { token, token_secret } => (token, None, Some(token_secret), None),
            Document::Aisa { key } => (key, None, None, None),
        };
        let text = |secret| Cow::Borrowed(Secret::expose(secret));
        let written = Written {
            kind: Cow::Borrowed(self.kind().name()),
            token: text(token),
            refresh: refresh.map(text),
            secret: secret.map(text),
            client_id: client_id.map(text),
            bound: None,
        };
        let written = match self {
            Document::Bound { key, terms, .. } => Written {
                client_id: Some(Cow::Borrowed(&terms.client_id)),
                bound: Some(WrittenTerms {
                    key: text(key),
                    issuer: Cow::Borrowed(&terms.issuer),
                    token_endpoint: Cow::Borrowed(&terms.token_endpoint),
                    revocation_endpoint: terms.revocation_endpoint.as_deref().map(Cow::Borrowed),
                    begun_at: terms.begun_at.0,
                }),
                ..written
            },
            _ => written,
        };
        serde_json::to_vec(&written).map(Zeroizing::new).map_err(|_| DocumentError::Unknown)
    }

    /// Reads what [`Document::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`DocumentError::Unknown`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Document, DocumentError> {
        let Written { kind, token, refresh, secret, client_id, bound } =
            serde_json::from_slice(bytes).map_err(|_| DocumentError::Unknown)?;
        let token = Secret::new(token.into_owned());
        let hide = |text: Cow<'_, str>| Secret::new(text.into_owned());
        if let ("dpop", Some(client_id), Some(bound), None) = (&*kind, &client_id, &bound, &secret) {
            let refresh = refresh.map(hide);
            return Ok(bound.document(token, refresh, client_id));
        }
        if bound.is_some() {
            return Err(DocumentError::Unknown);
        }
        match (&*kind, refresh.map(hide), secret.map(hide), client_id.map(hide)) {
            ("oauth2", refresh, None, None) => Ok(Document::OAuth2 { access: token, refresh }),
            ("oauth2", None, Some(client_secret), Some(client_id)) => {
                Ok(Document::AtHost { access: token, app: HostApp { client_id, client_secret } })
            }
            ("session", Some(refresh), None, None) => Ok(Document::Session { access: token, refresh }),
            ("oauth1", None, Some(token_secret), None) => Ok(Document::OAuth1 { token, token_secret }),
            ("aisa", None, None, None) => Ok(Document::Aisa { key: token }),
            _ => Err(DocumentError::Unknown),
        }
    }

    /// Credentials for requests.
    ///
    /// # Errors
    /// A token that cannot stand in a header; OAuth 1.0a without the app's own pair.
    pub fn credentials(&self, oauth1: Option<&MakeOAuth1>) -> Result<Credentials, DocumentError> {
        match self {
            Document::OAuth2 { access: secret, .. }
            | Document::AtHost { access: secret, .. }
            | Document::Session { access: secret, .. }
            | Document::Aisa { key: secret } => {
                Credentials::bearer(secret.clone()).map_err(|why| DocumentError::Unusable(why.to_string()))
            }
            Document::Bound { access, key, .. } => {
                let key = DpopKey::of_text(key).map_err(|why| DocumentError::Unusable(why.to_string()))?;
                Credentials::dpop(access.clone(), key).map_err(|why| DocumentError::Unusable(why.to_string()))
            }
            Document::OAuth1 { token, token_secret } => match oauth1 {
                Some(make) => make(token, token_secret).map_err(DocumentError::Unusable),
                None => Err(DocumentError::Unusable(
                    "OAuth 1.0a needs the app's keys: set CLEANUP_X_CONSUMER_KEY and CLEANUP_X_CONSUMER_SECRET".into(),
                )),
            },
        }
    }
}

impl WrittenTerms<'_> {
    fn document(&self, access: Secret, refresh: Option<Secret>, client_id: &str) -> Document {
        let text = |text: &Cow<'_, str>| text.clone().into_owned();
        let terms = BoundTerms {
            client_id: client_id.to_owned(),
            issuer: text(&self.issuer),
            token_endpoint: text(&self.token_endpoint),
            revocation_endpoint: self.revocation_endpoint.as_ref().map(text),
            begun_at: Wall(self.begun_at),
        };
        Document::Bound { access, refresh, key: Secret::new(text(&self.key)), terms }
    }
}

#[cfg(test)]
#[path = "document_tests.rs"]
mod tests;
