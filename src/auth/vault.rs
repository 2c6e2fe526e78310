//! Seals and opens credentials at rest: XChaCha20-Poly1305 under the vault's key. In: plain documents. Out: blobs for the store.
//! What does not belong here: what is in a document, and where keys are kept (`key`, `keyring`).
//!
//! Platform, host and user are authenticated with each blob, so that a record copied to another account does not open there.

use chacha20poly1305::aead::{Aead, Generate, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use super::key::{self, Key, KeyChoice, NO_RANDOM};
use super::key_place::KeyPlace;
use super::keyring;
use super::vault_error::{KeyHeld, VaultError};
use crate::domain::PlatformUser;
use crate::store::{KeySource, Store, VaultStamp};

const NONCE_BYTES: usize = 24;
const MAX_SEALED_BYTES: usize = 64 * 1024;
/// The first byte of a blob: how the rest is to be read.
const VERSION: u8 = 1;
/// Argon2id's costs as OWASP recommends them (2024): 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const CHECK: &[u8] = b"this opens under the right key only";
const CHECK_DATA: &[u8] = b"cleanup vault check";

/// A key, ready to seal and open. It is wiped when dropped.
pub struct Vault {
    cipher: XChaCha20Poly1305,
    held: KeyHeld,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault(***)")
    }
}

impl Vault {
    /// The vault of a queue; made where nothing is sealed yet. Where the keyring was chosen and the key is in a file yet, the
    /// keyring has it from now on; the file stays, for other queues of the folder may need it.
    ///
    /// # Errors
    /// The key is missing, wrong or open to others; the keyring is not there or stays locked; the queue cannot be read or
    /// written.
    pub async fn of(store: &mut Store, choice: &KeyChoice) -> Result<Vault, VaultError> {
        if let Some(stamp) = store.accounts().vault_stamp().await? {
            match Vault::open(choice, &stamp).await {
                Ok(vault) => return vault.moved(choice, &stamp).await,
                // A keyring that was not opened will not be a moment later either.
                Err(error @ VaultError::Keyring(_)) => return Err(error),
                Err(error) if store.accounts().has_credentials().await? => return Err(error),
                Err(_) => {}
            }
        }
        let (vault, stamp) = Vault::create(choice).await?;
        let holds = store.accounts().stamp_vault(&stamp).await?;
        if holds == stamp {
            return Ok(vault);
        }
        // Another process was faster: its key counts, and ours opens nothing.
        if vault.held == KeyHeld::Keyring {
            keyring::remove(&key::vault_id(&stamp)).await?;
        }
        Vault::open(choice, &holds).await
    }

    /// A new vault, and how to open it again.
    ///
    /// # Errors
    /// The passphrase is short; the key file cannot be made or is open to others; the keyring takes no key.
    pub async fn create(choice: &KeyChoice) -> Result<(Vault, VaultStamp), VaultError> {
        let source = match &choice.passphrase {
            Some(_) => {
                let salt = <[u8; 16]>::try_generate().map_err(|_| NO_RANDOM)?;
                KeySource::Passphrase { salt, memory_kib: MEMORY_KIB, passes: PASSES }
            }
            None => KeySource::Random,
        };
        let key = key::fresh(choice, source)?;
        let vault = Vault { cipher: cipher(&key)?, held: choice.would_be() };
        let stamp = VaultStamp { source, check_text: vault.seal_with(CHECK_DATA, CHECK)? };
        if vault.held == KeyHeld::Keyring {
            keyring::write(&key::vault_id(&stamp), &key).await?;
        }
        Ok((vault, stamp))
    }

    /// Opens an existing vault. Changes nothing anywhere.
    ///
    /// # Errors
    /// The key is missing, wrong or open to others; the keyring is not there or stays locked.
    pub async fn open(choice: &KeyChoice, stamp: &VaultStamp) -> Result<Vault, VaultError> {
        let (key, held) = key::fetch(choice, stamp).await?;
        let vault = Vault { cipher: cipher(&key)?, held };
        match vault.open_with(CHECK_DATA, &stamp.check_text) {
            Some(text) if text.as_slice() == CHECK => Ok(vault),
            _ => Err(match vault.held {
                KeyHeld::Passphrase => VaultError::WrongPassphrase,
                KeyHeld::File(path) => VaultError::WrongKeyFile(path),
                KeyHeld::Keyring => VaultError::WrongKeyringKey,
            }),
        }
    }

    /// Where its key is.
    pub fn held(&self) -> &KeyHeld {
        &self.held
    }

    async fn moved(self, choice: &KeyChoice, stamp: &VaultStamp) -> Result<Vault, VaultError> {
        let (KeyHeld::File(path), KeyPlace::Keyring) = (&self.held, choice.place) else { return Ok(self) };
        keyring::write(&key::vault_id(stamp), &key::read_key_file(path)?).await?;
        tracing::warn!(
            "the key is in the OS keyring now; delete {} once no other queue of that folder needs it",
            path.display()
        );
        Ok(Vault { held: KeyHeld::Keyring, ..self })
    }

    /// Seals a document for one account.
    ///
    /// # Errors
    /// The system gives no random numbers, or the document is too long.
    pub fn seal(&self, user: &PlatformUser, document: &[u8]) -> Result<Vec<u8>, VaultError> {
        self.seal_with(&owner(user), document)
    }

    /// Opens a document of that account.
    ///
    /// # Errors
    /// [`VaultError::Damaged`].
    pub fn unseal(&self, user: &PlatformUser, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let opened = self.open_with(&owner(user), sealed);
        opened.ok_or_else(|| VaultError::Damaged { user: user.clone() })
    }

    fn seal_with(&self, aad: &[u8], msg: &[u8]) -> Result<Vec<u8>, VaultError> {
        if msg.len() > MAX_SEALED_BYTES {
            return Err(VaultError::Sealing("the document is too long"));
        }
        // 192 bits of chance: nonces do not repeat in any number of refreshes.
        let nonce = XNonce::try_generate().map_err(|_| NO_RANDOM)?;
        let payload = Payload { msg, aad };
        let text = self.cipher.encrypt(&nonce, payload).map_err(|_| VaultError::Sealing("the cipher refused"))?;
        Ok([&[VERSION], nonce.as_slice(), &text].concat())
    }

    fn open_with(&self, aad: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (version, rest) = sealed.split_first()?;
        let (nonce, msg) = rest.split_at_checked(NONCE_BYTES)?;
        if *version != VERSION || msg.len() > 2 * MAX_SEALED_BYTES {
            return None;
        }
        let nonce = XNonce::try_from(nonce).ok()?;
        self.cipher.decrypt(&nonce, Payload { msg, aad }).ok().map(Zeroizing::new)
    }
}

/// Names, hosts and IDs hold no line breaks, and only platforms of many hosts have the line of the host, so that no two owners read the
/// same.
fn owner(user: &PlatformUser) -> Vec<u8> {
    let PlatformUser { platform, host, id } = user;
    match host {
        Some(host) => format!("cleanup credential\n{platform}\n{host}\n{id}"),
        None => format!("cleanup credential\n{platform}\n{id}"),
    }
    .into_bytes()
}

fn cipher(key: &Key) -> Result<XChaCha20Poly1305, VaultError> {
    XChaCha20Poly1305::new_from_slice(key.as_slice()).map_err(|_| VaultError::Sealing("a key of the wrong length"))
}

#[cfg(test)]
#[path = "vault_tests.rs"]
mod tests;
