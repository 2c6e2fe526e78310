//! Every account's credentials for a drain: the vault opened, the way to the authorization server, what comes from outside.

use std::path::Path;
use std::sync::Arc;

use super::accounts::Identities;
use crate::auth::{App, KeyChoice, MakeOAuth1, OAuthEndpoints, OAuthHttp, TokenMeans, TokenSource, Vault};
use crate::clock::SharedClock;
use crate::config::Settings;
use crate::domain::{Platform, Secret};
use crate::error::{CommandError, ErrorKind};
use crate::platforms::{BaseUrl, Credentials, Host, LoginKind, logging_in_by, spec};
use crate::store::{Account, Store};

/// Opens the token source of a queue, on a connection of its own.
///
/// # Errors
/// The key of the sealed credentials is missing or wrong (78), the queue cannot be read.
pub async fn open_tokens(
    settings: &Settings,
    who: &Identities,
    accounts: &[Account],
    clock: SharedClock,
) -> Result<Arc<TokenSource>, CommandError> {
    let mut store = Store::open(settings.db()?, settings.kind).await?;
    let vault =
        if store.accounts().has_credentials().await? { Some(open_vault(settings, &mut store).await?) } else { None };
    let base: BaseUrl = match who.sandbox_base() {
        Some(base) => base,
        None => {
            let Host::Fixed(host) = spec(logging_in_by(LoginKind::OAuth2)).host else {
                return Err(CommandError::new(ErrorKind::Fault, "the platform of OAuth 2.0 has no address"));
            };
            let base = settings.address(&host).parse();
            base.map_err(|error| CommandError::new(ErrorKind::Config, format!("{error}")))?
        }
    };
    let places = places(settings, logging_in_by(LoginKind::OAuth2), &base)?;
    // A session is continued at the account's own host.
    let hosts: Vec<BaseUrl> =
        accounts.iter().filter_map(|account| account.host.as_ref()?.address().parse().ok()).collect();
    let addresses: Vec<&BaseUrl> = hosts.iter().chain([&base]).collect();
    let wire = OAuthHttp::new(&addresses)?;
    let means = TokenMeans { store, vault, wire, places, app: app(settings), oauth1: oauth1(settings), clock };
    let tokens = TokenSource::new(means);
    who.set_static(&tokens, accounts).await?;
    tokens.warm().await?;
    Ok(Arc::new(tokens))
}

/// The vault of a queue, made where nothing is sealed yet.
///
/// # Errors
/// The key is missing, wrong or open to others.
pub async fn open_vault(settings: &Settings, store: &mut Store) -> Result<Vault, CommandError> {
    let choice = key_choice(settings, store.place().local_path());
    Ok(Vault::of(store, &choice).await?)
}

/// What opens the credentials of a queue: `CLEANUP_KEY`, else the place that the config file chose.
pub fn key_choice(settings: &Settings, queue: &Path) -> KeyChoice {
    KeyChoice::beside(queue, settings.credentials.key.clone()).kept_in(settings.credentials.key_place)
}

/// Where people grant access and tokens are given.
///
/// # Errors
/// The address for people is not safe.
pub fn places(settings: &Settings, platform: Platform, base: &BaseUrl) -> Result<OAuthEndpoints, CommandError> {
    if spec(platform).login == LoginKind::AppAtHost {
        return OAuthEndpoints::at_host(base)
            .map_err(|_| CommandError::new(ErrorKind::Fault, format!("{base} makes no address to log in at")));
    }
    OAuthEndpoints::x(base, &settings.app.authorize).map_err(|error| {
        CommandError::new(ErrorKind::Config, error.to_string()).hint("set CLEANUP_X_AUTHORIZE to an https address")
    })
}

/// The app of the configuration.
pub fn app(settings: &Settings) -> Option<App> {
    let client_id = settings.app.client_id.as_deref()?;
    Some(App::configured(client_id, settings.app.client_secret.clone()))
}

/// Signs for users who logged in with a PIN, where the app's own keys are known.
fn oauth1(settings: &Settings) -> Option<Box<MakeOAuth1>> {
    let (key, secret) = settings.app.consumer.clone()?;
    Some(Box::new(move |token: &Secret, token_secret: &Secret| {
        Credentials::oauth1(key.clone(), secret.clone(), token.clone(), token_secret.clone())
            .map_err(|error| error.to_string())
    }))
}
