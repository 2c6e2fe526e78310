//! The vault's key in the OS keyring: the Secret Service of freedesktop.org, which GNOME Keyring, KWallet and KeePassXC speak.
//! In: a vault's ID. Out: its key. What does not belong here: what the key opens, and when it is looked for.
//!
//! Talking to it takes a third of all crates, so it is a feature of the build (`keyring`). Without it every call says so.

#[cfg(not(feature = "keyring"))]
mod absent;
#[cfg(feature = "keyring")]
mod service;

#[cfg(not(feature = "keyring"))]
pub(super) use absent::{read, remove, write};
#[cfg(feature = "keyring")]
pub(super) use service::{read, remove, write};

/// How long the keyring is waited for, in seconds: somebody may have to type its password.
pub const KEYRING_WAIT_SECONDS: u64 = 120;

const LABEL: &str = "cleanup: opens the sealed logins of a queue";

/// Why the keyring gives or takes no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyringError {
    /// This build cannot speak to one (78).
    #[error("this build of cleanup has no OS keyring in it")]
    NotBuiltIn,
    /// There is none in this session (78).
    #[error("no OS keyring answers in this session: {0}")]
    NoService(String),
    /// It stayed locked: the prompt was cancelled, or there is nobody to be asked (77).
    #[error("the OS keyring is locked, and was not unlocked")]
    Locked,
    /// It has no collection to put a key into (77).
    #[error("the OS keyring has no default collection yet")]
    NoCollection,
    /// It did not answer in time (77).
    #[error("the OS keyring did not answer within {KEYRING_WAIT_SECONDS} s; perhaps it waits for its password")]
    TimedOut,
    /// What it gave is no key (78).
    #[error("the OS keyring holds something that is no key under the name \"{LABEL}\"")]
    Odd,
    /// Anything else it said (78).
    #[error("the OS keyring refused: {0}")]
    Refused(String),
}

impl KeyringError {
    /// Whether a person at the machine can mend it, without touching the configuration.
    pub const fn needs_person(&self) -> bool {
        matches!(self, KeyringError::Locked | KeyringError::NoCollection | KeyringError::TimedOut)
    }

    /// What to do about it.
    pub const fn hint(&self) -> &'static str {
        match self {
            KeyringError::NotBuiltIn => {
                "build it with `cargo install --path . --features keyring`; for a queue without logins set CLEANUP_KEY, or \
                 key = \"file\" under [credentials] in the config file"
            }
            KeyringError::NoService(_) => {
                "run it inside a desktop session (cron, ssh and containers mostly have no keyring), or start one there: \
                 gnome-keyring-daemon, KWallet or KeePassXC; for a queue without logins set CLEANUP_KEY, or key = \"file\" \
                 under [credentials] in the config file"
            }
            KeyringError::Locked | KeyringError::TimedOut => {
                "unlock it (logging in to the desktop mostly does), and run this again; for a queue without logins set \
                 CLEANUP_KEY, or key = \"file\" under [credentials] in the config file"
            }
            KeyringError::NoCollection => "make a default keyring, with Seahorse or KWalletManager, and run this again",
            KeyringError::Odd | KeyringError::Refused(_) => {
                "look at the item in the keyring's own program (Seahorse, KWalletManager); `cleanup doctor` tries again"
            }
        }
    }
}
