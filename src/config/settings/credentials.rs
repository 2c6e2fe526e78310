//! Whose logins there are: the credentials of the environment, and the app people log in through.

use super::super::environment::Environment;
use super::super::error::ConfigError;
use super::super::file::ConfigFile;
use crate::auth::{KeyPlace, OAuthEndpoints};
use crate::domain::{Secret, UserId};

/// An app's and a user's keys for OAuth 1.0a, whole.
#[derive(Clone, Debug)]
pub struct OAuth1Set {
    /// The app's key.
    pub consumer_key: Secret,
    /// The app's secret.
    pub consumer_secret: Secret,
    /// The user's token.
    pub access_token: Secret,
    /// The user's secret.
    pub access_secret: Secret,
}

/// The app people log in through.
#[derive(Clone, Debug, Default)]
pub struct AppSettings {
    /// Its public ID.
    pub client_id: Option<String>,
    /// Its secret; none: a public client.
    pub client_secret: Option<Secret>,
    /// Its OAuth 1.0a keys.
    pub consumer: Option<(Secret, Secret)>,
    /// Where people grant access.
    pub authorize: String,
    /// Where the browser is sent back to; X wants an exact match.
    pub redirect: Option<String>,
}

/// Credentials from the environment. Those that were logged in are sealed in the queue.
#[derive(Clone, Debug, Default)]
pub struct EnvironmentCredentials {
    /// An OAuth 2.0 user token for X.
    pub x_token: Option<Secret>,
    /// Whose token it is.
    pub x_user_id: Option<UserId>,
    /// OAuth 1.0a.
    pub x_oauth1: Option<OAuth1Set>,
    /// A key of AIsa's.
    pub aisa_key: Option<Secret>,
    /// Opens the sealed credentials; none: the key that is kept in the place below does.
    pub key: Option<Secret>,
    /// Where that is.
    pub key_place: KeyPlace,
}

impl EnvironmentCredentials {
    /// Whether some account's credentials stand in the environment.
    pub fn has_any(&self) -> bool {
        self.x_token.is_some() || self.x_oauth1.is_some() || self.aisa_key.is_some()
    }
}

/// Half a set of OAuth 1.0a keys is a mistake, not a smaller set; but the app's pair alone is good for a login.
pub(super) fn credentials_of(
    environment: &Environment,
    key_place: KeyPlace,
) -> Result<EnvironmentCredentials, ConfigError> {
    let Environment { x_consumer_key, x_consumer_secret, x_access_token, x_access_secret, .. } = environment.clone();
    let x_oauth1 = match (x_consumer_key, x_consumer_secret, x_access_token, x_access_secret) {
        (Some(consumer_key), Some(consumer_secret), Some(access_token), Some(access_secret)) => {
            Some(OAuth1Set { consumer_key, consumer_secret, access_token, access_secret })
        }
        (_, _, None, None) => None,
        _ => {
            let why = "OAuth 1.0a wants all four: CLEANUP_X_CONSUMER_KEY, CLEANUP_X_CONSUMER_SECRET, \
                       CLEANUP_X_ACCESS_TOKEN and CLEANUP_X_ACCESS_SECRET";
            return Err(ConfigError::Variable { name: "CLEANUP_X_ACCESS_TOKEN", why: why.into() });
        }
    };
    Ok(EnvironmentCredentials {
        x_token: environment.x_token.clone(),
        x_user_id: environment.x_user_id.clone(),
        x_oauth1,
        aisa_key: environment.aisa_key.clone(),
        key: environment.key.clone(),
        key_place,
    })
}

pub(super) fn app_of(environment: &Environment, file: &ConfigFile) -> AppSettings {
    AppSettings {
        client_id: environment.x_client_id.clone().or_else(|| file.x.client_id.clone()),
        client_secret: environment.x_client_secret.clone(),
        consumer: environment.x_consumer_key.clone().zip(environment.x_consumer_secret.clone()),
        authorize: environment
            .x_authorize
            .clone()
            .or_else(|| file.x.authorize.clone())
            .unwrap_or_else(|| OAuthEndpoints::X_AUTHORIZE.to_owned()),
        redirect: file.x.redirect.clone(),
    }
}
