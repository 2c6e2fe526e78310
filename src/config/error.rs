//! What can be wrong with a configuration. All of it is exit code 78.

use crate::error::{CommandError, ErrorKind};
use crate::store::AddressError;
use crate::text::with_near_file;
use std::path::PathBuf;

/// Why there are no settings.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The config file cannot be read.
    #[error("the config file {path} cannot be read: {why}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        why: String,
    },
    /// The config file says something that makes no sense.
    #[error("{path}:{line}: {why}")]
    File {
        /// The file.
        path: PathBuf,
        /// The line, 1 and up.
        line: usize,
        /// What is wrong.
        why: String,
        /// What may have been meant.
        suggestion: Option<String>,
    },
    /// An environment variable says something that makes no sense. Its value is not shown: it may be a secret.
    #[error("{name}: {why}")]
    Variable {
        /// Its name.
        name: &'static str,
        /// What is wrong.
        why: String,
    },
    /// The address of a queue's server makes no sense. It is not shown: it may hold a password.
    #[error("{named_by}: {why}")]
    Address {
        /// What named it.
        named_by: &'static str,
        /// What is wrong.
        why: AddressError,
    },
    /// Nobody says where files belong.
    #[error("there is no folder for {what}: neither HOME nor {variable} is set to an absolute path")]
    NoHome {
        /// What has no place.
        what: &'static str,
        /// The variable of the XDG specification.
        variable: &'static str,
        /// The option that names the place.
        option: &'static str,
    },
}

impl ConfigError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            ConfigError::Unreadable { .. } => {
                Some("make it a file that can be read, or name another with --config or CLEANUP_CONFIG".into())
            }
            ConfigError::File { suggestion, .. } => suggestion.clone(),
            ConfigError::Variable { name, .. } => Some(format!("correct or unset {name}")),
            ConfigError::Address { named_by, .. } => {
                Some(format!("correct {named_by}; special characters of a password are written as %XX"))
            }
            ConfigError::NoHome { option, variable, .. } => Some(format!("say where with {option}, or set {variable}")),
        }
    }
}

impl From<ConfigError> for CommandError {
    fn from(error: ConfigError) -> CommandError {
        let hint = match (&error, error.hint()) {
            (ConfigError::Unreadable { path, .. }, Some(hint)) if !path.exists() => Some(with_near_file(path, &hint)),
            (_, hint) => hint,
        };
        CommandError { kind: ErrorKind::Config, message: error.to_string(), hint, source: Some(error.into()) }
    }
}
