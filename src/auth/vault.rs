//! Seals and opens credentials at rest: XChaCha20-Poly1305 under a key from `CLEANUP_KEY` (stretched with Argon2id) or from a
//! key file. In: plain documents. Out: blobs for the store. What does not belong here: what is in a document.
//!
//! Platform and user are authenticated with each blob, so that a record copied to another account does not open there.

use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::aead::{Aead, Generate, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use crate::domain::{Platform, Secret, UserId};
use crate::store::{KeySource, Store, StoreError, VaultStamp};

/// `CLEANUP_KEY` has at least so many characters.
pub const MIN_PASSPHRASE_CHARS: usize = 16;

const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;
const MAX_SEALED_BYTES: usize = 64 * 1024;
/// The first byte of a blob: how the rest is to be read.
const VERSION: u8 = 1;
/// Argon2id's costs as OWASP recommends them (2024): 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const CHECK: &[u8] = b"this opens under the right key only";
const CHECK_DATA: &[u8] = b"cleanup vault check";

/// Where keys come from, as the configuration resolved it.
#[derive(Clone, Debug)]
pub struct KeyChoice {
    /// `CLEANUP_KEY`.
    pub passphrase: Option<Secret>,
    /// Used where there is no passphrase; made where it is missing and nothing is sealed yet.
    pub key_file: PathBuf,
}

impl KeyChoice {
    /// The choice without any configuration: `CLEANUP_KEY` if it is set, else `credentials.key` in the queue's folder.
    pub fn beside(queue: &Path, passphrase: Option<Secret>) -> KeyChoice {
        KeyChoice { passphrase, key_file: queue.with_file_name("credentials.key") }
    }
}

/// Why credentials cannot be sealed or opened. All of it is configuration (exit 78), except the store's own errors.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The passphrase is short.
    #[error("CLEANUP_KEY has fewer than {MIN_PASSPHRASE_CHARS} characters; set a longer one")]
    ShortPassphrase,
    /// The key in hand does not open what is there.
    #[error(
        "CLEANUP_KEY is not the one these credentials were sealed with; set that one, or log every account in again"
    )]
    WrongPassphrase,
    /// Another key file than the one used before.
    #[error(
        "{0} is not the key these credentials were sealed with; restore the right file, or log every account in again"
    )]
    WrongKeyFile(PathBuf),
    /// The passphrase is missing.
    #[error("the credentials are sealed under CLEANUP_KEY, which is not set; set it")]
    PassphraseMissing,
    /// A passphrase where a key file was used.
    #[error("the credentials are sealed under the key file {0}, but CLEANUP_KEY is set; unset it")]
    PassphraseUnwanted(PathBuf),
    /// The key file has gone.
    #[error("the key file {0} is missing; restore it, or log every account in again")]
    KeyFileMissing(PathBuf),
    /// Others can read the key file.
    #[error("the key file {path} can be read by others (mode {mode:04o}); run: chmod 600 {path}")]
    KeyFileOpen {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The key file is no key.
    #[error("the key file {0} is not a file of {KEY_BYTES} bytes; restore it from a backup")]
    KeyFileOdd(PathBuf),
    /// The key file cannot be read or made.
    #[error("the key file {path}: {source}")]
    KeyFileIo {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A blob does not open: it was changed, cut or moved here from another account.
    #[error(
        "the sealed credentials of {platform} user {user} are damaged or belong to another account; log it in again"
    )]
    Damaged {
        /// Whose.
        platform: Platform,
        /// Whose.
        user: UserId,
    },
    /// The system gives no random numbers, or the key cannot be stretched.
    #[error("sealing failed: {0}")]
    Sealing(&'static str),
    /// The queue.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A key, ready to seal and open. It is wiped when dropped.
pub struct Vault {
    cipher: XChaCha20Poly1305,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault(***)")
    }
}

impl Vault {
    /// The vault of a queue; made where nothing is sealed yet.
    ///
    /// # Errors
    /// The key is missing, wrong or open to others; the queue cannot be read or written.
    pub async fn of(store: &mut Store, choice: &KeyChoice) -> Result<Vault, VaultError> {
        if let Some(stamp) = store.vault_stamp().await?
            && (store.has_credentials().await? || Vault::open(choice, &stamp).is_ok())
        {
            return Vault::open(choice, &stamp);
        }
        let (vault, stamp) = Vault::create(choice)?;
        let holds = store.stamp_vault(&stamp).await?;
        // Another process may have been faster.
        if holds == stamp { Ok(vault) } else { Vault::open(choice, &holds) }
    }

    /// A new vault, and how to open it again.
    ///
    /// # Errors
    /// The passphrase is short; the key file cannot be made or is open to others.
    pub fn create(choice: &KeyChoice) -> Result<(Vault, VaultStamp), VaultError> {
        let source = match &choice.passphrase {
            Some(_) => {
                let salt = <[u8; 16]>::try_generate().map_err(|_| NO_RANDOM)?;
                KeySource::Passphrase { salt, memory_kib: MEMORY_KIB, passes: PASSES }
            }
            None => {
                make_key_file(&choice.key_file)?;
                KeySource::KeyFile
            }
        };
        let vault = Vault { cipher: cipher(choice, source)? };
        let check_text = vault.seal_with(CHECK_DATA, CHECK)?;
        Ok((vault, VaultStamp { source, check_text }))
    }

    /// Opens an existing vault.
    ///
    /// # Errors
    /// The key is missing, wrong or open to others.
    pub fn open(choice: &KeyChoice, stamp: &VaultStamp) -> Result<Vault, VaultError> {
        let vault = Vault { cipher: cipher(choice, stamp.source)? };
        match vault.open_with(CHECK_DATA, &stamp.check_text) {
            Some(text) if text.as_slice() == CHECK => Ok(vault),
            _ => Err(match stamp.source {
                KeySource::Passphrase { .. } => VaultError::WrongPassphrase,
                KeySource::KeyFile => VaultError::WrongKeyFile(choice.key_file.clone()),
            }),
        }
    }

    /// Seals a document for one account.
    ///
    /// # Errors
    /// The system gives no random numbers, or the document is too long.
    pub fn seal(&self, platform: Platform, user: &UserId, document: &[u8]) -> Result<Vec<u8>, VaultError> {
        self.seal_with(&owner(platform, user), document)
    }

    /// Opens a document of that account.
    ///
    /// # Errors
    /// [`VaultError::Damaged`].
    pub fn unseal(&self, platform: Platform, user: &UserId, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let opened = self.open_with(&owner(platform, user), sealed);
        opened.ok_or_else(|| VaultError::Damaged { platform, user: user.clone() })
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

const NO_RANDOM: VaultError = VaultError::Sealing("the system gives no random numbers");

/// Names and IDs hold no line breaks, so that no two owners read the same.
fn owner(platform: Platform, user: &UserId) -> Vec<u8> {
    format!("cleanup credential\n{platform}\n{user}").into_bytes()
}

fn cipher(choice: &KeyChoice, source: KeySource) -> Result<XChaCha20Poly1305, VaultError> {
    let mut key = Zeroizing::new([0_u8; KEY_BYTES]);
    match (source, &choice.passphrase) {
        (KeySource::Passphrase { salt, memory_kib, passes }, Some(passphrase)) => {
            if passphrase.expose().chars().count() < MIN_PASSPHRASE_CHARS {
                return Err(VaultError::ShortPassphrase);
            }
            let costs = Params::new(memory_kib, passes, 1, Some(KEY_BYTES));
            let costs = costs.map_err(|_| VaultError::Sealing("the costs of the key are out of range"))?;
            Argon2::new(Algorithm::Argon2id, Version::V0x13, costs)
                .hash_password_into(passphrase.expose().as_bytes(), &salt, key.as_mut_slice())
                .map_err(|_| VaultError::Sealing("the passphrase cannot be stretched"))?;
        }
        (KeySource::Passphrase { .. }, None) => return Err(VaultError::PassphraseMissing),
        (KeySource::KeyFile, Some(_)) => return Err(VaultError::PassphraseUnwanted(choice.key_file.clone())),
        (KeySource::KeyFile, None) => read_key_file(&choice.key_file, &mut key)?,
    }
    XChaCha20Poly1305::new_from_slice(key.as_slice()).map_err(|_| VaultError::Sealing("a key of the wrong length"))
}

fn read_key_file(path: &Path, key: &mut [u8; KEY_BYTES]) -> Result<(), VaultError> {
    let complain = |source| VaultError::KeyFileIo { path: path.to_path_buf(), source };
    let mut file = match OpenOptions::new().read(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(VaultError::KeyFileMissing(path.to_path_buf()));
        }
        Err(error) => return Err(complain(error)),
    };
    // Asked of the open file, so that nobody changes it in between.
    let about = file.metadata().map_err(complain)?;
    let mode = about.mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(VaultError::KeyFileOpen { path: path.to_path_buf(), mode });
    }
    if !about.is_file() || about.len() != KEY_BYTES as u64 {
        return Err(VaultError::KeyFileOdd(path.to_path_buf()));
    }
    file.read_exact(key).map_err(complain)
}

/// Makes the key file where there is none: whole or not at all, and never in place of one that another process made.
fn make_key_file(path: &Path) -> Result<(), VaultError> {
    let complain = |source| VaultError::KeyFileIo { path: path.to_path_buf(), source };
    if path.try_exists().map_err(complain)? {
        return Ok(());
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.exists() {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(complain)?;
    }
    let key = Zeroizing::new(<[u8; KEY_BYTES]>::try_generate().map_err(|_| NO_RANDOM)?);
    // A temporary file of this crate has mode 0600 from its beginning.
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(complain)?;
    file.write_all(key.as_slice()).and_then(|()| file.as_file().sync_all()).map_err(complain)?;
    match file.persist_noclobber(path) {
        Ok(_) => std::fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(complain),
        Err(there) if there.error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(failed) => Err(complain(failed.error)),
    }
}

#[cfg(test)]
#[path = "vault_tests.rs"]
mod tests;
