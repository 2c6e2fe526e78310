//! The vault's key: stretched from `CLEANUP_KEY`, read from a key file, or fetched from the OS keyring. In: the choice of the
//! configuration and how the queue was sealed. Out: 32 bytes and where they were. What does not belong here: sealing.

use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::aead::Generate;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::key_place::KeyPlace;
use super::keyring;
use super::vault_error::{KEY_BYTES, KeyHeld, MIN_PASSPHRASE_CHARS, VaultError};
use crate::domain::Secret;
use crate::store::{DurableFile, KeySource, VaultStamp, is_foreign, make_private_folder};

const KEY_FILE_MODE: u32 = 0o600;

/// A key. It is wiped when dropped.
pub(super) type Key = Zeroizing<[u8; KEY_BYTES]>;

pub(super) const NO_RANDOM: VaultError = VaultError::Sealing("the system gives no random numbers");

/// Where keys come from, as the configuration resolved it.
#[derive(Clone, Debug)]
pub struct KeyChoice {
    /// `CLEANUP_KEY`.
    pub passphrase: Option<Secret>,
    /// Where the key is without a passphrase; made there where it is missing and nothing is sealed yet.
    pub place: KeyPlace,
    /// The key file of this queue.
    pub key_file: PathBuf,
}

impl KeyChoice {
    /// The choice without any configuration: `CLEANUP_KEY` if it is set, else `credentials.key` in the queue's folder.
    pub fn beside(queue: &Path, passphrase: Option<Secret>) -> KeyChoice {
        // Messages name it, and a queue may be named without its folder.
        let queue = std::path::absolute(queue).unwrap_or_else(|_| queue.to_path_buf());
        KeyChoice { passphrase, place: KeyPlace::File, key_file: queue.with_file_name("credentials.key") }
    }

    /// The same with the key in another place.
    #[must_use]
    pub fn kept_in(self, place: KeyPlace) -> KeyChoice {
        KeyChoice { place, ..self }
    }

    /// What a new queue would be sealed under.
    pub fn would_be(&self) -> KeyHeld {
        match (&self.passphrase, self.place) {
            (Some(_), _) => KeyHeld::Passphrase,
            (None, KeyPlace::File) => KeyHeld::File(self.key_file.clone()),
            (None, KeyPlace::Keyring) => KeyHeld::Keyring,
        }
    }
}

/// What the keyring knows a vault by. Its sealed check text is like no other's, and moves with the queue's file.
pub(super) fn vault_id(stamp: &VaultStamp) -> String {
    const ID_BYTES: usize = 16;
    Sha256::digest(&stamp.check_text).iter().take(ID_BYTES).map(|byte| format!("{byte:02x}")).collect()
}

/// A key for a new vault; one in a file is on disk then, one for the keyring is not there yet.
pub(super) fn fresh(choice: &KeyChoice, source: KeySource) -> Result<Key, VaultError> {
    match (source, &choice.passphrase) {
        (KeySource::Passphrase { .. }, Some(passphrase)) => stretch(passphrase, source),
        (KeySource::Passphrase { .. }, None) => Err(VaultError::PassphraseMissing),
        (KeySource::Random, _) if choice.place == KeyPlace::Keyring => random(),
        (KeySource::Random, _) => {
            make_key_file(&choice.key_file)?;
            read_key_file(&choice.key_file)
        }
    }
}

/// The key of an existing vault. Where the keyring was chosen and does not know it yet, the key file may still have it.
pub(super) async fn fetch(choice: &KeyChoice, stamp: &VaultStamp) -> Result<(Key, KeyHeld), VaultError> {
    let file = || KeyHeld::File(choice.key_file.clone());
    match (stamp.source, &choice.passphrase, choice.place) {
        (KeySource::Passphrase { .. }, Some(passphrase), _) => {
            Ok((stretch(passphrase, stamp.source)?, KeyHeld::Passphrase))
        }
        (KeySource::Passphrase { .. }, None, _) => Err(VaultError::PassphraseMissing),
        (KeySource::Random, Some(_), place) => Err(VaultError::PassphraseUnwanted(match place {
            KeyPlace::File => file(),
            KeyPlace::Keyring => KeyHeld::Keyring,
        })),
        (KeySource::Random, None, KeyPlace::File) => Ok((read_key_file(&choice.key_file)?, file())),
        (KeySource::Random, None, KeyPlace::Keyring) => match keyring::read(&vault_id(stamp)).await? {
            Some(key) => Ok((key, KeyHeld::Keyring)),
            None => match read_key_file(&choice.key_file) {
                Err(VaultError::KeyFileMissing(path)) => Err(VaultError::KeyringKeyMissing(path)),
                found => Ok((found?, file())),
            },
        },
    }
}

fn stretch(passphrase: &Secret, source: KeySource) -> Result<Key, VaultError> {
    let KeySource::Passphrase { salt, memory_kib, passes } = source else { return Err(VaultError::PassphraseMissing) };
    if passphrase.expose().chars().count() < MIN_PASSPHRASE_CHARS {
        return Err(VaultError::ShortPassphrase);
    }
    let mut key = Zeroizing::new([0_u8; KEY_BYTES]);
    let costs = Params::new(memory_kib, passes, 1, Some(KEY_BYTES));
    let costs = costs.map_err(|_| VaultError::Sealing("the costs of the key are out of range"))?;
    Argon2::new(Algorithm::Argon2id, Version::V0x13, costs)
        .hash_password_into(passphrase.expose().as_bytes(), &salt, key.as_mut_slice())
        .map_err(|_| VaultError::Sealing("no key can be derived from the passphrase"))?;
    Ok(key)
}

fn random() -> Result<Key, VaultError> {
    Ok(Zeroizing::new(<[u8; KEY_BYTES]>::try_generate().map_err(|_| NO_RANDOM)?))
}

pub(super) fn read_key_file(path: &Path) -> Result<Key, VaultError> {
    let complain = |source| VaultError::KeyFileIo { path: path.to_path_buf(), source };
    // A pipe in its place would be waited for.
    let without_waiting = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let mut file = match OpenOptions::new().read(true).custom_flags(without_waiting).open(path) {
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
    if is_foreign(&about, path) {
        return Err(VaultError::KeyFileForeign(path.to_path_buf()));
    }
    if !about.is_file() || about.len() != KEY_BYTES as u64 {
        return Err(VaultError::KeyFileOdd(path.to_path_buf()));
    }
    let mut key = Zeroizing::new([0_u8; KEY_BYTES]);
    file.read_exact(key.as_mut_slice()).map_err(complain)?;
    Ok(key)
}

/// Makes the key file where there is none: whole or not at all, and never in place of one that another process made.
fn make_key_file(path: &Path) -> Result<(), VaultError> {
    let complain = |source| VaultError::KeyFileIo { path: path.to_path_buf(), source };
    if path.try_exists().map_err(complain)? {
        return Ok(());
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    make_private_folder(folder).map_err(complain)?;
    let key = random()?;
    let mut file = DurableFile::begin(folder, KEY_FILE_MODE).map_err(complain)?;
    file.write_all(key.as_slice()).map_err(complain)?;
    match file.keep_as(path, false) {
        Err(there) if there.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        kept => kept.map_err(complain),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_that_is_named_without_its_folder_has_a_key_that_is_named_with_it() {
        let file = KeyChoice::beside(Path::new("q.db"), None).key_file;
        assert!(file.is_absolute() && file.ends_with("credentials.key"), "{}", file.display());
    }
}
