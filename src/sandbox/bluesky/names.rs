//! What the sandbox's numbers are called at Bluesky, and which number is behind a name: accounts are DIDs with handles, posts are `at://`
//! URIs whose last part is a TID. Pure.

use super::super::lists::{handle_of, user_of};
use super::super::rng::number_behind;
use crate::domain::TargetId;

/// Digits of base 32 in their order: those of DIDs and CIDs, and those of TIDs, which sort as they count.
const BASE32: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
const SORTED: &[u8; 32] = b"234567abcdefghijklmnopqrstuvwxyz";
/// 64 bits take so many of them.
const DIGITS: usize = 13;
/// How every DID of the sandbox begins; its number follows, so that there are 24 characters.
const DID_START: &str = "did:plc:sandboxsand";
const HANDLE_END: &str = ".sandbox.test";
/// A TID is a time in microseconds, and this many bits that keep two of the same microsecond apart.
pub(super) const CLOCK_BITS: u32 = 10;

fn digits(value: u64, alphabet: &[u8; 32]) -> String {
    let digit = |place: usize| char::from(alphabet[(value >> (5 * place) & 31) as usize]);
    (0..DIGITS).rev().map(digit).collect()
}

fn value(text: &str, alphabet: &[u8; 32]) -> Option<u64> {
    let digit = |byte: u8| alphabet.iter().position(|known| *known == byte).map(|at| at as u64);
    let joined = |value: u64, byte: u8| Some(value.checked_mul(32)? + digit(byte)?);
    Some(text).filter(|text| text.len() == DIGITS)?.bytes().try_fold(0, joined)
}

/// The DID of a user.
pub(in crate::sandbox) fn did(user: TargetId) -> String {
    format!("{DID_START}{}", digits(user.value(), BASE32))
}

/// The user of a DID that [`did`] made.
pub(in crate::sandbox) fn user_of_did(text: &str) -> Option<TargetId> {
    let user = value(text.strip_prefix(DID_START)?, BASE32)?.to_string().parse().ok()?;
    Some(user).filter(|user| did(*user) == text)
}

/// Whether a text is a DID at all, as far as the sandbox looks.
pub(super) fn is_did(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b':' | b'-' | b'%');
    let parts = text.strip_prefix("did:").and_then(|rest| rest.split_once(':'));
    parts.is_some_and(|(method, id)| {
        !method.is_empty()
            && method.bytes().all(|byte| byte.is_ascii_lowercase())
            && !id.is_empty()
            && id.bytes().all(plain)
    })
}

/// The handle of a user.
pub(super) fn handle(user: TargetId) -> String {
    format!("{}{HANDLE_END}", handle_of(user).replace('_', "-"))
}

/// Whether a text is a handle: labels of letters, digits and hyphens with dots between them.
pub(super) fn is_handle(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= 253 && text.contains('.') && text.split('.').all(is_label)
}

/// The user of a handle: everybody's leads back, any other one is somebody's of its own, and one that begins with `gone-` is nobody's.
pub(super) fn user_of_handle(text: &str) -> Option<TargetId> {
    let lower = text.to_ascii_lowercase();
    if !is_handle(&lower) || lower.starts_with("gone-") {
        return None;
    }
    let own = lower.strip_suffix(HANDLE_END).and_then(|name| user_of(&name.replace('-', "_")));
    own.filter(|user| handle(*user) == lower).or_else(|| Some(number_behind(&lower)))
}

/// The user of a DID of anybody's: somebody else's DID has a number of its own.
pub(in crate::sandbox) fn number_of_did(text: &str) -> TargetId {
    user_of_did(text).unwrap_or_else(|| number_behind(text))
}

/// A TID.
pub(super) fn tid(value: u64) -> String {
    digits(value, SORTED)
}

/// What a TID counts; none: the text is none.
pub(super) fn tid_value(text: &str) -> Option<u64> {
    value(text, SORTED).filter(|value| *value <= i64::MAX as u64)
}

/// The URI of a post.
pub(super) fn post_uri(author: &str, post: u64) -> String {
    format!("at://{author}/app.bsky.feed.post/{}", tid(post))
}

/// The URI of a list of users.
pub(super) fn list_uri(keeper: &str, list: u64) -> String {
    format!("at://{keeper}/app.bsky.graph.list/{}", tid(list))
}

/// The number of a post or a list of users, or of whatever else a URI names.
pub(in crate::sandbox) fn number_of_uri(uri: &str) -> TargetId {
    let key = ["/app.bsky.feed.post/", "/app.bsky.graph.list/"].iter().find_map(|of| uri.split_once(of));
    let record = key.and_then(|(_, key)| tid_value(key));
    record.and_then(|value| value.to_string().parse().ok()).unwrap_or_else(|| number_behind(uri))
}

/// The CID of some content: of the form of a real one, which is made from another encoding of the same.
pub(super) fn cid(content: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    // CID version 1, DAG-CBOR, SHA-256 of 32 bytes.
    let bytes = [0x01, 0x71, 0x12, 0x20].into_iter().chain(Sha256::digest(content));
    let (mut text, mut held, mut bits) = (String::from("b"), 0_u32, 0);
    for byte in bytes {
        (held, bits) = (held << 8 | u32::from(byte), bits + 8);
        while bits >= 5 {
            bits -= 5;
            text.push(char::from(BASE32[(held >> bits & 31) as usize]));
        }
        held &= (1 << bits) - 1;
    }
    if bits > 0 {
        text.push(char::from(BASE32[(held << (5 - bits) & 31) as usize]));
    }
    text
}

/// Whether a text has the form of a CID.
pub(super) fn is_cid(text: &str) -> bool {
    text.len() == 59 && text.starts_with("bafyrei") && text.bytes().all(|byte| BASE32.contains(&byte))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn names_lead_back_to_their_numbers(value in 0_u64..=9_999_999_999_999_999_999) {
            let user: TargetId = value.to_string().parse().unwrap();
            let name = did(user);
            prop_assert!(name.len() == 32 && is_did(&name));
            prop_assert_eq!(user_of_did(&name), Some(user));
            prop_assert_eq!(user_of_handle(&handle(user)), Some(user));
            let post = value & i64::MAX as u64;
            prop_assert_eq!(tid_value(&tid(post)), Some(post));
            prop_assert_eq!(number_of_uri(&post_uri(&name, post)).value(), post);
        }

        #[test]
        fn tids_sort_as_they_count(one in 0..i64::MAX as u64, other in 0..i64::MAX as u64) {
            prop_assert_eq!(tid(one).cmp(&tid(other)), one.cmp(&other));
        }

        #[test]
        fn any_text_has_a_number(text in "\\PC{0,60}") {
            prop_assert_eq!(number_of_did(&text), number_of_did(&text));
            prop_assert_eq!(number_of_uri(&text), number_of_uri(&text));
        }
    }

    #[test]
    fn names_are_told_from_other_texts() {
        for text in ["did:plc:abc", "did:web:example.org"] {
            assert!(is_did(text) && !is_handle(text), "{text}");
        }
        for text in ["ada.test", "a-b.example.org"] {
            assert!(is_handle(text) && !is_did(text) && user_of_handle(text).is_some(), "{text}");
        }
        for text in ["", "did:", "did:plc:", "did:PLC:x", "did:plc:a b", "ada", "-a.test", "a..test", "a_b.test"] {
            assert!(!is_did(text) && !is_handle(text), "{text}");
        }
        assert_eq!(user_of_handle("gone-1.test"), None);
        let made = cid(b"{}");
        assert!(is_cid(&made) && made != cid(b"{ }"), "{made}");
        assert!(!is_cid("bafyrei") && !is_cid(&made.to_uppercase()));
        // The TID of a moment that is known.
        assert_eq!(tid_value("3n3i562jkks2e").unwrap() >> CLOCK_BITS, 1_795_986_880_447_000);
    }
}
