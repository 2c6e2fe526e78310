//! A build without the feature `keyring`: there is none to speak to.

use super::KeyringError;
use crate::auth::key::Key;

pub(in crate::auth) async fn read(_vault: &str) -> Result<Option<Key>, KeyringError> {
    Err(KeyringError::NotBuiltIn)
}

pub(in crate::auth) async fn write(_vault: &str, _key: &Key) -> Result<(), KeyringError> {
    Err(KeyringError::NotBuiltIn)
}

pub(in crate::auth) async fn remove(_vault: &str) -> Result<(), KeyringError> {
    Err(KeyringError::NotBuiltIn)
}
