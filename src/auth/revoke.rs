//! Ends tokens at the platform: those of a login that goes, and those of a login that is dropped before it was kept.
//! In: a document, and the ways to the platform. Out: whether it is revoked there, else why not and what is left to do.
//! What does not belong here: forgetting it on this machine (`keep`).

use serde_json::Value;

use super::bound_server::{BoundServer, BoundTerms};
use super::document::Document;
use super::grant::{self, App, GrantError, OAuthEndpoints};
use super::oauth_http::OAuthHttp;
use super::pin::{Sign, carry};
use super::session::AppSession;
use crate::clock::Clock;
use crate::domain::{AccountHost, Secret};
use crate::platforms::{BaseUrl, DpopKey};

const INVALIDATE: &str = "/1.1/oauth/invalidate_token.json";
/// X's code for a token that is no longer one.
const INVALID_OR_EXPIRED: u64 = 89;
/// What is left to do where X could not be told.
const IN_SETTINGS: &str = "remove the app's access in the account's settings at the platform";

/// The same of a session.
const APP_PASSWORDS: &str = "delete the app password in the account's settings, and the session ends with it";

/// What it takes to revoke.
pub struct Revoker<'a> {
    /// The way to the platform.
    pub wire: &'a OAuthHttp,
    /// Where X's API is.
    pub base: &'a BaseUrl,
    /// The account's host, where each has its own: only the app that a token was given to may revoke it there. A login has its app with it;
    /// nobody here has the secret of the one that a token was made with by hand.
    pub host: Option<&'a AccountHost>,
    /// The app that OAuth 2.0 tokens were given to, where it is at hand.
    pub app: Option<&'a App>,
    /// Where OAuth 2.0 tokens are revoked.
    pub places: &'a OAuthEndpoints,
    /// The time, for proofs.
    pub clock: &'a dyn Clock,
    /// Signs for OAuth 1.0a, where the app's own keys are at hand.
    pub sign: Option<&'a Sign<'a>>,
}

impl std::fmt::Debug for Revoker<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Revoker").field("base", &self.base).finish_non_exhaustive()
    }
}

impl Revoker<'_> {
    /// Revokes what is in a document. A token that the platform no longer takes counts as revoked.
    ///
    /// # Errors
    /// The sentence says why the platform was not told, and what a person can do.
    pub async fn revoke(&self, document: &Document) -> Result<(), String> {
        match (document, self.host, self.app, self.sign) {
            (Document::Session { refresh, .. }, ..) => {
                let ended = AppSession::end(self.wire, self.base, refresh).await;
                ended.map_err(|why| format!("{why}; {APP_PASSWORDS}"))
            }
            (Document::Bound { access, refresh, key, terms }, ..) => {
                let ended = self.end_bound(refresh.as_ref().unwrap_or(access), key, terms).await;
                ended.map_err(|why| format!("{why}; remove cleanup's access on the account's page at {}", terms.issuer))
            }
            (Document::AtHost { access, app }, host, ..) => {
                let ended = grant::revoke(self.wire, &app.app(), self.places, access).await;
                ended.map_err(|why| match host {
                    Some(host) => {
                        format!("{why}; remove cleanup's access at https://{host}/oauth/authorized_applications")
                    }
                    None => format!("{why}; {IN_SETTINGS}"),
                })
            }
            (Document::OAuth2 { .. }, Some(host), ..) => Err(format!(
                "only the application that it was made with can end it: delete that at https://{host}/settings/applications"
            )),
            (Document::OAuth2 { access, refresh }, None, Some(app), _) => {
                let ended = self.end_pair(app, access, refresh.as_ref()).await;
                ended.map_err(|why| format!("{why}; {IN_SETTINGS}"))
            }
            (Document::OAuth2 { .. }, None, None, _) => {
                Err(format!("the app it belongs to is not configured; {IN_SETTINGS}"))
            }
            (Document::OAuth1 { token, token_secret }, _, _, Some(sign)) => {
                let ended = self.invalidate(sign, token, token_secret).await;
                ended.map_err(|why| format!("{why}; {IN_SETTINGS}"))
            }
            (Document::OAuth1 { .. }, _, _, None) => Err(format!(
                "CLEANUP_X_CONSUMER_KEY and CLEANUP_X_CONSUMER_SECRET, which sign for it, are not set; {IN_SETTINGS}"
            )),
            (Document::Aisa { .. }, ..) => Err("revoke the key at AIsa if nobody else uses it".to_owned()),
        }
    }

    async fn end_bound(&self, token: &Secret, key: &Secret, terms: &BoundTerms) -> Result<(), GrantError> {
        let key = DpopKey::of_text(key).map_err(|why| GrantError::Refused(why.to_string()))?;
        BoundServer::new(self.wire, &key, self.clock).revoke(terms, token).await
    }

    async fn end_pair(&self, app: &App, access: &Secret, refresh: Option<&Secret>) -> Result<(), GrantError> {
        // The refresh token is the one that lasts. A platform that ends both at once refuses the second.
        let lasting = match refresh {
            Some(refresh) => Some(grant::revoke(self.wire, app, self.places, refresh).await),
            None => None,
        };
        let short = grant::revoke(self.wire, app, self.places, access).await;
        match (lasting, short) {
            (Some(Ok(())), Err(GrantError::Refused(_))) => Ok(()),
            (Some(Err(why)), _) | (_, Err(why)) => Err(why),
            (_, Ok(())) => Ok(()),
        }
    }

    async fn invalidate(&self, sign: &Sign<'_>, token: &Secret, secret: &Secret) -> Result<(), GrantError> {
        let answer = carry(self.wire, self.base, INVALIDATE, &[], Some((token, secret)), sign).await?;
        match answer.status().as_u16() {
            200 => Ok(()),
            401 if code_of(answer.body()) == Some(INVALID_OR_EXPIRED) => Ok(()),
            status @ (400..=403) => Err(GrantError::Refused(format!(
                "HTTP {status}; are CLEANUP_X_CONSUMER_KEY and CLEANUP_X_CONSUMER_SECRET those of the app it was given to?"
            ))),
            status => Err(GrantError::World(format!("the server answered HTTP {status}"))),
        }
    }
}

/// The first code of v1.1's `{"errors":[{"code":89,...}]}`.
fn code_of(body: &[u8]) -> Option<u64> {
    let read: Value = serde_json::from_slice(body).ok()?;
    read.pointer("/errors/0/code")?.as_u64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_where_there_is_one() {
        assert_eq!(code_of(br#"{"errors":[{"code":89,"message":"Invalid or expired token."}]}"#), Some(89));
        for body in [&b""[..], b"[]", br#"{"errors":[]}"#, br#"{"errors":[{"code":"89"}]}"#, b"\xff"] {
            assert_eq!(code_of(body), None);
        }
    }
}
