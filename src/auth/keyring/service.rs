//! The Secret Service on the session bus.
//!
//! One item a vault, found by its attributes; the key is base64 text, for not every keyring gives back bytes as they were.
//! On the session bus it goes encrypted (Diffie-Hellman), as the protocol offers. Nothing here blocks a thread.

use std::collections::HashMap;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use secret_service::{EncryptionType, Error, SecretService};
use zeroize::Zeroizing;

use super::{KEYRING_WAIT_SECONDS, KeyringError, LABEL};
use crate::auth::key::Key;
use crate::auth::vault_error::KEY_BYTES;

const APPLICATION: &str = "cleanup";
const CONTENT_TYPE: &str = "text/plain";

/// The key of a vault; none: the keyring does not know it.
pub(in crate::auth) async fn read(vault: &str) -> Result<Option<Key>, KeyringError> {
    in_time(async {
        let service = connect().await?;
        let found = service.search_items(attributes(vault)).await.map_err(map_error)?;
        let item = match (found.unlocked.first(), found.locked.first()) {
            (Some(item), _) => item,
            (None, Some(item)) => {
                item.unlock().await.map_err(map_error)?;
                item
            }
            (None, None) => return Ok(None),
        };
        let text = Zeroizing::new(item.get_secret().await.map_err(map_error)?);
        decode(&text).map(Some)
    })
    .await
}

/// Puts the key of a vault into the default collection, in place of one that is there, and reads it back.
pub(in crate::auth) async fn write(vault: &str, key: &Key) -> Result<(), KeyringError> {
    in_time(async {
        let service = connect().await?;
        let collection = match service.get_default_collection().await {
            Err(Error::NoResult) => return Err(KeyringError::NoCollection),
            other => other.map_err(map_error)?,
        };
        if collection.is_locked().await.map_err(map_error)? {
            collection.unlock().await.map_err(map_error)?;
        }
        let text = Zeroizing::new(BASE64_STANDARD.encode(key.as_slice()));
        let kept = collection.create_item(LABEL, attributes(vault), text.as_bytes(), true, CONTENT_TYPE).await;
        let back = Zeroizing::new(kept.map_err(map_error)?.get_secret().await.map_err(map_error)?);
        if decode(&back)? == *key { Ok(()) } else { Err(KeyringError::Odd) }
    })
    .await
}

/// Takes the key of a vault out, where it is.
pub(in crate::auth) async fn remove(vault: &str) -> Result<(), KeyringError> {
    in_time(async {
        let service = connect().await?;
        for item in service.search_items(attributes(vault)).await.map_err(map_error)?.unlocked {
            item.delete().await.map_err(map_error)?;
        }
        Ok(())
    })
    .await
}

fn attributes(vault: &str) -> HashMap<&str, &str> {
    HashMap::from([("application", APPLICATION), ("vault", vault)])
}

async fn connect() -> Result<SecretService<'static>, KeyringError> {
    SecretService::connect(EncryptionType::Dh).await.map_err(|error| KeyringError::NoService(error.to_string()))
}

async fn in_time<T>(work: impl Future<Output = Result<T, KeyringError>>) -> Result<T, KeyringError> {
    let limit = Duration::from_secs(KEYRING_WAIT_SECONDS);
    tokio::time::timeout(limit, work).await.unwrap_or(Err(KeyringError::TimedOut))
}

fn map_error(error: Error) -> KeyringError {
    match error {
        Error::Locked | Error::Prompt | Error::PromptDisconnected => KeyringError::Locked,
        Error::Unavailable => KeyringError::NoService(error.to_string()),
        other => KeyringError::Refused(other.to_string()),
    }
}

fn decode(text: &[u8]) -> Result<Key, KeyringError> {
    let bytes = Zeroizing::new(BASE64_STANDARD.decode(text).map_err(|_| KeyringError::Odd)?);
    let key = <[u8; KEY_BYTES]>::try_from(bytes.as_slice()).map_err(|_| KeyringError::Odd)?;
    Ok(Zeroizing::new(key))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn only_a_key_is_a_key() {
        let key: Key = Zeroizing::new([7; KEY_BYTES]);
        assert_eq!(decode(BASE64_STANDARD.encode(key.as_slice()).as_bytes()).unwrap(), key);
        for odd in [&b""[..], b"?", b"AAAA", &[0xff; 44]] {
            assert_eq!(decode(odd), Err(KeyringError::Odd), "{odd:?}");
        }
    }

    #[test]
    fn a_cancelled_prompt_needs_a_person_and_a_missing_service_another_configuration() {
        assert!(map_error(Error::Prompt).needs_person() && map_error(Error::Locked).needs_person());
        assert!(!map_error(Error::Unavailable).needs_person());
        assert!(map_error(Error::Unavailable).hint().contains("CLEANUP_KEY"));
    }
}
