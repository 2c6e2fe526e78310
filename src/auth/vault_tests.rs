#![allow(clippy::unwrap_used)]

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::domain::{Platform, Secret};

fn choice(folder: &Path, passphrase: Option<&str>) -> KeyChoice {
    KeyChoice::beside(&folder.join("data/queue.db"), passphrase.map(Secret::new))
}

fn of(platform: Platform, user: &str) -> PlatformUser {
    PlatformUser::at_one_address(platform, user.parse().unwrap())
}

/// Records of earlier versions, which knew no hosts, open as they did; and those of two hosts do not open for one another.
#[test]
fn a_record_belongs_to_its_host_and_those_without_one_are_sealed_as_ever() {
    let vault = Vault { cipher: XChaCha20Poly1305::new_from_slice(&[3; 32]).unwrap(), held: KeyHeld::Passphrase };
    let without = of(Platform::XV2, "12");
    assert_eq!(owner(&without), b"cleanup credential\nx-v2\n12");
    let at = |host: &str| PlatformUser { host: Some(host.parse().unwrap()), ..without.clone() };
    let (here, there) = (at("example.social"), at("example.org"));
    let sealed = vault.seal(&here, b"canary").unwrap();
    assert_eq!(vault.unseal(&here, &sealed).unwrap().as_slice(), b"canary");
    assert!(vault.unseal(&there, &sealed).is_err() && vault.unseal(&without, &sealed).is_err());
    assert!(vault.unseal(&here, &vault.seal(&without, b"canary").unwrap()).is_err());
}

#[tokio::test]
async fn a_key_file_is_made_once_private_and_opens_again() {
    let folder = tempfile::tempdir().unwrap();
    let choice = choice(folder.path(), None);
    let (vault, stamp) = Vault::create(&choice).await.unwrap();
    let sealed = vault.seal(&of(Platform::XV2, "12"), b"canary").unwrap();
    assert_eq!(std::fs::metadata(&choice.key_file).unwrap().permissions().mode() & 0o777, 0o600);
    let before = std::fs::read(&choice.key_file).unwrap();
    Vault::create(&choice).await.unwrap();
    assert_eq!(before, std::fs::read(&choice.key_file).unwrap());
    let opened = Vault::open(&choice, &stamp).await.unwrap();
    assert_eq!(opened.unseal(&of(Platform::XV2, "12"), &sealed).unwrap().as_slice(), b"canary");
}

#[tokio::test]
async fn a_key_file_that_others_can_read_is_refused_with_the_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let choice = choice(folder.path(), None);
    let (_, stamp) = Vault::create(&choice).await.unwrap();
    for mode in [0o640, 0o604, 0o660, 0o644] {
        std::fs::set_permissions(&choice.key_file, std::fs::Permissions::from_mode(mode)).unwrap();
        let message = Vault::open(&choice, &stamp).await.unwrap_err().to_string();
        assert!(message.contains("chmod 600"), "{message}");
    }
}

#[tokio::test]
async fn every_wrong_key_names_what_to_set() {
    let folder = tempfile::tempdir().unwrap();
    let by_file = choice(folder.path(), None);
    let by_word = choice(folder.path(), Some("a passphrase of good length"));
    let (_, file_stamp) = Vault::create(&by_file).await.unwrap();
    let (_, word_stamp) = Vault::create(&by_word).await.unwrap();
    Vault::open(&by_word, &word_stamp).await.unwrap();
    let other = choice(folder.path(), Some("another passphrase of length"));
    assert!(matches!(Vault::open(&other, &word_stamp).await, Err(VaultError::WrongPassphrase)));
    assert!(matches!(Vault::open(&by_file, &word_stamp).await, Err(VaultError::PassphraseMissing)));
    assert!(matches!(Vault::open(&by_word, &file_stamp).await, Err(VaultError::PassphraseUnwanted(_))));
    assert!(matches!(Vault::create(&choice(folder.path(), Some("short"))).await, Err(VaultError::ShortPassphrase)));
    std::fs::write(&by_file.key_file, [7; 32]).unwrap();
    assert!(matches!(Vault::open(&by_file, &file_stamp).await, Err(VaultError::WrongKeyFile(_))));
    std::fs::write(&by_file.key_file, [7; 31]).unwrap();
    assert!(matches!(Vault::open(&by_file, &file_stamp).await, Err(VaultError::KeyFileOdd(_))));
    std::fs::remove_file(&by_file.key_file).unwrap();
    // A pipe is not waited for.
    let pipe = rustix::fs::FileType::Fifo;
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    if rustix::fs::mknodat(rustix::fs::CWD, &by_file.key_file, pipe, mode, 0).is_ok() {
        assert!(matches!(Vault::open(&by_file, &file_stamp).await, Err(VaultError::KeyFileOdd(_))));
        std::fs::remove_file(&by_file.key_file).unwrap();
    }
    assert!(matches!(Vault::open(&by_file, &file_stamp).await, Err(VaultError::KeyFileMissing(_))));
    assert!(!by_file.key_file.exists(), "a lost key is never replaced behind somebody's back");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// A record opens for its own account, unchanged, and in no other case.
    #[test]
    fn only_the_owner_opens_what_is_whole(
        document in proptest::collection::vec(any::<u8>(), 0..300),
        owner in "[0-9]{1,19}",
        thief in "[0-9]{1,19}",
        place in any::<proptest::sample::Index>(),
        flip in 1_u8..,
    ) {
        let vault = Vault { cipher: XChaCha20Poly1305::new_from_slice(&[3; 32]).unwrap(), held: KeyHeld::Passphrase };
        let sealed = vault.seal(&of(Platform::XV2, &owner), &document).unwrap();
        let opened = vault.unseal(&of(Platform::XV2, &owner), &sealed).unwrap();
        prop_assert_eq!(opened.as_slice(), &document[..]);
        prop_assert!(vault.unseal(&of(Platform::XV1, &owner), &sealed).is_err());
        if thief != owner {
            prop_assert!(vault.unseal(&of(Platform::XV2, &thief), &sealed).is_err());
        }
        let mut changed = sealed.clone();
        let at = place.index(changed.len());
        changed[at] ^= flip;
        prop_assert!(vault.unseal(&of(Platform::XV2, &owner), &changed).is_err());
        prop_assert!(vault.unseal(&of(Platform::XV2, &owner), &sealed[..at]).is_err());
    }
}
