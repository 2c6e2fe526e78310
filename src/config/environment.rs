//! The environment variables of the contract, read once. An empty one counts as unset.
//!
//! In: a look-up of variables. Out: [`Environment`]. No other file reads the environment.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::PathBuf;

use super::error::ConfigError;
use super::terminal::TerminalTraits;
use crate::domain::{Platform, Secret, UserId};
use crate::platforms::{FixedHost, Host, LoginKind, spec};
use crate::store::QueuePlace;

/// The longest token a variable may hold, in bytes.
const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// What the environment says.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// `HOME`, where it is absolute.
    pub home: Option<PathBuf>,
    /// `XDG_CONFIG_HOME`, where it is absolute.
    pub config_home: Option<PathBuf>,
    /// `XDG_DATA_HOME`, where it is absolute.
    pub data_home: Option<PathBuf>,
    /// `CLEANUP_DB`.
    pub db: Option<PathBuf>,
    /// `CLEANUP_CONFIG`.
    pub config: Option<PathBuf>,
    /// Addresses that replace those of platforms (`CLEANUP_X_API`, ...), by their variables.
    pub addresses: HashMap<&'static str, String>,
    /// `CLEANUP_X_TOKEN`.
    pub x_token: Option<Secret>,
    /// `CLEANUP_X_USER_ID`.
    pub x_user_id: Option<UserId>,
    /// `CLEANUP_X_CONSUMER_KEY`.
    pub x_consumer_key: Option<Secret>,
    /// `CLEANUP_X_CONSUMER_SECRET`.
    pub x_consumer_secret: Option<Secret>,
    /// `CLEANUP_X_ACCESS_TOKEN`.
    pub x_access_token: Option<Secret>,
    /// `CLEANUP_X_ACCESS_SECRET`.
    pub x_access_secret: Option<Secret>,
    /// `CLEANUP_AISA_KEY`.
    pub aisa_key: Option<Secret>,
    /// `CLEANUP_X_CLIENT_ID`.
    pub x_client_id: Option<String>,
    /// `CLEANUP_X_CLIENT_SECRET`.
    pub x_client_secret: Option<Secret>,
    /// `CLEANUP_X_AUTHORIZE`.
    pub x_authorize: Option<String>,
    /// `CLEANUP_KEY`: opens the sealed credentials.
    pub key: Option<Secret>,
    /// `NO_COLOR`, set to anything.
    pub no_color: bool,
    /// What the terminal can do.
    pub terminal: TerminalTraits,
    /// `CLEANUP_WEB_PASSWORD`
    pub web_password: Option<Secret>,
    /// `CLEANUP_METRICS_TOKEN`
    pub metrics_token: Option<Secret>,
}

impl Environment {
    /// The environment of this process.
    ///
    /// # Errors
    /// A variable that cannot be what it should be.
    pub fn of_process() -> Result<Environment, ConfigError> {
        Environment::read(|name| std::env::var_os(name))
    }

    /// The addresses that a variable replaces, each once.
    pub(super) fn replaceable_hosts() -> impl Iterator<Item = FixedHost> {
        let mut hosts: Vec<FixedHost> = Vec::new();
        for platform in Platform::ALL {
            let spec = spec(platform);
            let host = match (spec.host, spec.login) {
                (Host::Fixed(host), _) | (_, LoginKind::AppPassword { directory: host, .. }) => host,
                _ => continue,
            };
            if hosts.iter().all(|known| known.variable != host.variable) {
                hosts.push(host);
            }
        }
        hosts.into_iter()
    }

    /// An environment in which `get` finds the variables.
    ///
    /// # Errors
    /// As [`Environment::of_process`].
    pub fn read(get: impl Fn(&str) -> Option<OsString>) -> Result<Environment, ConfigError> {
        let path = |name: &str| get(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        // The XDG specification: relative paths are invalid and ignored.
        let folder = |name: &str| path(name).filter(|path| path.is_absolute());
        let text = |name: &'static str| match get(name).filter(|value| !value.is_empty()).map(OsString::into_string) {
            None => Ok(None),
            Some(Ok(text)) => Ok(Some(text)),
            Some(Err(_)) => Err(ConfigError::Variable { name, why: "it is not UTF-8".into() }),
        };
        let db = path("CLEANUP_DB");
        if db.as_ref().is_some_and(|db| db.to_string_lossy().contains("://") && !QueuePlace::is_address(db)) {
            let why = "it is not the address of a queue, which is a file, named by its path, or a database postgres://USER@HOST/DATABASE".into();
            return Err(ConfigError::Variable { name: "CLEANUP_DB", why });
        }
        let secret = |name: &'static str| text(name)?.map(|text| token(name, &text)).transpose();
        let mut addresses = HashMap::new();
        for host in Environment::replaceable_hosts() {
            if let Some(address) = text(host.variable)? {
                addresses.insert(host.variable, address);
            }
        }
        Ok(Environment {
            home: folder("HOME"),
            config_home: folder("XDG_CONFIG_HOME"),
            data_home: folder("XDG_DATA_HOME"),
            db,
            config: path("CLEANUP_CONFIG"),
            addresses,
            x_token: secret("CLEANUP_X_TOKEN")?,
            x_consumer_key: secret("CLEANUP_X_CONSUMER_KEY")?,
            x_consumer_secret: secret("CLEANUP_X_CONSUMER_SECRET")?,
            x_access_token: secret("CLEANUP_X_ACCESS_TOKEN")?,
            x_access_secret: secret("CLEANUP_X_ACCESS_SECRET")?,
            aisa_key: secret("CLEANUP_AISA_KEY")?,
            x_client_id: text("CLEANUP_X_CLIENT_ID")?,
            x_client_secret: secret("CLEANUP_X_CLIENT_SECRET")?,
            x_authorize: text("CLEANUP_X_AUTHORIZE")?,
            key: text("CLEANUP_KEY")?.map(Secret::new),
            x_user_id: text("CLEANUP_X_USER_ID")?.map(user_id).transpose()?,
            no_color: path("NO_COLOR").is_some(),
            terminal: TerminalTraits::read(&get),
            web_password: text("CLEANUP_WEB_PASSWORD")?.map(Secret::new),
            metrics_token: secret("CLEANUP_METRICS_TOKEN")?,
        })
    }
}

/// A token becomes a header: what a file's last line leaves behind it is cut off, anything else odd is refused unseen.
fn token(name: &'static str, text: &str) -> Result<Secret, ConfigError> {
    let text = text.trim();
    if text.is_empty() || text.len() > MAX_TOKEN_BYTES || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(ConfigError::Variable {
            name,
            why: "it is no token (letters, digits and signs without spaces)".into(),
        });
    }
    Ok(Secret::new(text))
}

fn user_id(text: String) -> Result<UserId, ConfigError> {
    let why = "it is no user ID (1 to 19 digits)";
    let text = text.trim();
    let numeric = !text.is_empty() && text.len() <= 19 && text.bytes().all(|byte| byte.is_ascii_digit());
    let id = text.parse().ok().filter(|_| numeric);
    id.ok_or_else(|| ConfigError::Variable { name: "CLEANUP_X_USER_ID", why: why.into() })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Environment, ConfigError> {
        let find = |name: &str| variables.iter().find(|(n, _)| *n == name).map(|(_, value)| OsString::from(value));
        Environment::read(find)
    }

    #[test]
    fn empty_is_unset_and_relative_xdg_folders_are_ignored() {
        let environment = read(&[("CLEANUP_DB", ""), ("XDG_DATA_HOME", "data"), ("HOME", "/home/ada")]).unwrap();
        assert_eq!((environment.db, environment.data_home), (None, None));
        assert_eq!(environment.home, Some(PathBuf::from("/home/ada")));
    }

    #[test]
    fn a_token_loses_its_line_end_and_is_never_shown() {
        let environment = read(&[("CLEANUP_X_TOKEN", "tok-en\n"), ("CLEANUP_X_USER_ID", "42")]).unwrap();
        assert_eq!(environment.x_token.as_ref().unwrap().expose(), "tok-en");
        assert!(!format!("{environment:?}").contains("tok-en"));
        let error = read(&[("CLEANUP_X_TOKEN", "hush hush")]).unwrap_err();
        assert!(!format!("{error} {error:?} {:?}", error.hint()).contains("hush"));
    }

    #[test]
    fn nonsense_is_named_by_its_variable() {
        for (name, value) in [("CLEANUP_X_USER_ID", "ada"), ("CLEANUP_DB", "mysql://localhost/q")] {
            let error = read(&[(name, value)]).unwrap_err();
            assert!(error.to_string().starts_with(name) && error.hint().unwrap().contains(name), "{error}");
        }
    }
}
