//! What can be wrong with the vault and its key; each says what to set or restore.

use std::fmt;
use std::path::PathBuf;

use super::keyring::KeyringError;
use crate::domain::{PlatformUser, io_words};
use crate::store::StoreError;

/// `CLEANUP_KEY` has at least so many characters.
pub const MIN_PASSPHRASE_CHARS: usize = 16;
/// The length of a key, in bytes.
pub(super) const KEY_BYTES: usize = 32;

/// Where a key was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyHeld {
    /// `CLEANUP_KEY`.
    Passphrase,
    /// The key file.
    File(PathBuf),
    /// The OS keyring.
    Keyring,
}

impl fmt::Display for KeyHeld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KeyHeld::Passphrase => f.write_str("CLEANUP_KEY"),
            KeyHeld::File(path) => write!(f, "the key file {}", path.display()),
            KeyHeld::Keyring => f.write_str("the OS keyring"),
        }
    }
}

/// Why credentials cannot be sealed or opened. All of it is configuration (exit 78), except a keyring that waits for a person
/// (77) and the store's own errors.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The passphrase is short.
    #[error("CLEANUP_KEY has fewer than {MIN_PASSPHRASE_CHARS} characters; set a longer one")]
    ShortPassphrase,
    /// The key in hand does not open what is there.
    #[error(
        "CLEANUP_KEY is not the one these credentials were encrypted with; set that one, which every machine with this queue needs \
         (only if nobody has it any more: log every account in again)"
    )]
    WrongPassphrase,
    /// Another key file than the one used before.
    #[error(
        "{0} is not the key these credentials were encrypted with; restore the right file, which every machine with this queue \
         needs (only if nobody has it any more: log every account in again)"
    )]
    WrongKeyFile(PathBuf),
    /// The keyring's item was changed.
    #[error(
        "the key in the OS keyring is not the one these credentials were encrypted with; restore the keyring, or log every \
         account in again"
    )]
    WrongKeyringKey,
    /// The passphrase is missing.
    #[error("the credentials are encrypted with CLEANUP_KEY, which is not set; set it")]
    PassphraseMissing,
    /// A passphrase where a key file was used.
    #[error("the credentials are encrypted with {0}, but CLEANUP_KEY is set; unset it")]
    PassphraseUnwanted(KeyHeld),
    /// The key file has gone.
    #[error(
        "the key file {0} is missing; restore it, or, if the key is in the OS keyring, set key = \"keyring\" under \
         [credentials] in the config file; else log every account in again"
    )]
    KeyFileMissing(PathBuf),
    /// The keyring was chosen, and the key is neither there nor in the file.
    #[error(
        "the OS keyring has no key for these credentials, and there is no key file {0}; unlock or restore the keyring they \
         were encrypted with, or log every account in again"
    )]
    KeyringKeyMissing(PathBuf),
    /// The keyring.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// Others can read the key file.
    #[error("the key file {path} can be read by others (mode {mode:04o}); run: chmod 600 {path}")]
    KeyFileOpen {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Somebody else has made the key file.
    #[error("the key file {0} belongs to somebody else, who may know it: remove it, and put your own in its place")]
    KeyFileForeign(PathBuf),
    /// The key file is no key.
    #[error(
        "the key file {0} is not a file of {KEY_BYTES} bytes; restore it from a backup, or delete it if no login was ever kept \
         in this folder's queues, and the next login makes a new one"
    )]
    KeyFileOdd(PathBuf),
    /// The key file cannot be read or made.
    #[error("the key file {path}: {}", io_words(source))]
    KeyFileIo {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A blob does not open: it was changed, cut or moved here from another account.
    #[error(
        "the stored credentials of {} user {} are damaged or belong to another account; log in to it again",
        user.place(),
        user.id
    )]
    Damaged {
        /// Whose.
        user: PlatformUser,
    },
    /// The system gives no random numbers, or the key cannot be stretched.
    #[error("the credentials cannot be encrypted: {0}")]
    Sealing(&'static str),
    /// The queue.
    #[error(transparent)]
    Store(#[from] StoreError),
}
