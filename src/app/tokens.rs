//! Every account's credentials for a drain: the vault opened, the way to the authorization server, what comes from outside.

use std::path::Path;
use std::sync::Arc;

use super::accounts::Who;
use crate::auth::{
    App, DocumentError, KeepError, KeyChoice, MakeOAuth1, NoToken, Places, TokenMeans, TokenSource, Vault, VaultError,
    Wire, WireSetup,
};
use crate::cli::error::{CliError, Kind};
use crate::clock::SharedClock;
use crate::config::Settings;
use crate::domain::Secret;
use crate::platform::{BaseUrl, Credentials};
use crate::store::{Account, Store};

/// Opens the token source of a queue, on a connection of its own.
///
/// # Errors
/// The key of the sealed credentials is missing or wrong (78), the queue cannot be read.
pub async fn open_tokens(
    settings: &Settings,
    who: &Who,
    accounts: &[Account],
    clock: SharedClock,
) -> Result<Arc<TokenSource>, CliError> {
    let mut store = Store::open(settings.db()?, settings.kind).await?;
    let vault = if store.has_credentials().await? { Some(open_vault(settings, &mut store).await?) } else { None };
    let base: BaseUrl = match who.sandbox_base() {
        Some(base) => base,
        None => settings.x_api.parse().map_err(|error| CliError::new(Kind::Config, format!("{error}")))?,
    };
    let places = places(settings, &base)?;
    let wire = Wire::new(&[&base])?;
    let means = TokenMeans { store, vault, wire, places, app: app(settings), oauth1: oauth1(settings), clock };
    let tokens = TokenSource::new(means);
    who.fix(&tokens, accounts).await?;
    tokens.warm().await?;
    Ok(Arc::new(tokens))
}

/// The vault of a queue, made where nothing is sealed yet.
///
/// # Errors
/// The key is missing, wrong or open to others.
pub async fn open_vault(settings: &Settings, store: &mut Store) -> Result<Vault, CliError> {
    let choice = key_choice(settings, store.path());
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
pub fn places(settings: &Settings, base: &BaseUrl) -> Result<Places, CliError> {
    Places::x(base, &settings.app.authorize).map_err(|error| {
        CliError::new(Kind::Config, error.to_string()).hint("set CLEANUP_X_AUTHORIZE to an https address")
    })
}

/// The app of the configuration.
pub fn app(settings: &Settings) -> Option<App> {
    let client_id = settings.app.client_id.as_deref()?;
    Some(App { client_id: client_id.into(), secret: settings.app.client_secret.clone() })
}

/// Signs for users who logged in with a PIN, where the app's own keys are known.
fn oauth1(settings: &Settings) -> Option<Box<MakeOAuth1>> {
    let (key, secret) = settings.app.consumer.clone()?;
    Some(Box::new(move |token: &Secret, token_secret: &Secret| {
        Credentials::oauth1(key.clone(), secret.clone(), token.clone(), token_secret.clone())
            .map_err(|error| error.to_string())
    }))
}

impl From<VaultError> for CliError {
    fn from(error: VaultError) -> CliError {
        match error {
            VaultError::Store(error) => error.into(),
            VaultError::Keyring(error) => {
                let kind = if error.needs_person() { Kind::Person } else { Kind::Config };
                CliError::new(kind, error.to_string()).hint(error.hint()).because(error)
            }
            VaultError::KeyFileIo { path, source } => CliError::io(format!("the key file {}", path.display()), source),
            other => CliError::new(Kind::Config, other.to_string()).because(other),
        }
    }
}

impl From<WireSetup> for CliError {
    fn from(error: WireSetup) -> CliError {
        CliError::new(Kind::Config, error.to_string()).because(error)
    }
}

impl From<DocumentError> for CliError {
    fn from(error: DocumentError) -> CliError {
        CliError::new(Kind::Config, error.to_string()).because(error)
    }
}

impl From<KeepError> for CliError {
    fn from(error: KeepError) -> CliError {
        match error {
            KeepError::Vault(error) => error.into(),
            KeepError::Store(error) => error.into(),
            KeepError::Document(error) => error.into(),
        }
    }
}

impl From<NoToken> for CliError {
    fn from(error: NoToken) -> CliError {
        match error {
            NoToken::NeedLogin { ref name, .. } => {
                let hint = format!("run `cleanup account login {name}`");
                CliError::new(Kind::Person, error.to_string()).hint(hint)
            }
            NoToken::Later { .. } => CliError::new(Kind::Unreachable, error.to_string()).hint("try again later"),
            NoToken::App { .. } => CliError::new(Kind::Config, error.to_string()),
            NoToken::Vault(error) => error.into(),
            NoToken::Store(error) => error.into(),
        }
    }
}
