//! IDs are opaque at a Mastodon server, and so the sandbox has two kinds: its numbers as they are, and the same numbers written as ULIDs.

use super::lists::{handle_of, user_of};
use super::rng::number_behind;
use crate::domain::TargetId;

/// Where the servers of lists are.
const SERVERS: &str = ".example";
const ULID_CHARS: usize = 26;
const CROCKFORD: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A number as a ULID.
pub(super) fn ulid(id: TargetId) -> String {
    let (mut text, mut rest) = ([b'0'; ULID_CHARS], id.value());
    for place in text.iter_mut().rev() {
        *place = CROCKFORD[(rest % 32) as usize];
        rest /= 32;
    }
    text[1] = b'1';
    String::from_utf8_lossy(&text).into_owned()
}

/// The number behind an ID: its own, that of a ULID that [`ulid`] made, and for any other text one that nobody else has, as good as.
pub(super) fn number_of(text: &str) -> TargetId {
    if let Ok(id) = text.parse() {
        return id;
    }
    let digit = |byte: u8| CROCKFORD.iter().position(|known| *known == byte).map(|at| at as u64);
    let value = text.get(2..).and_then(|digits| {
        digits.bytes().try_fold(0_u64, |value, byte| value.checked_mul(32)?.checked_add(digit(byte)?))
    });
    let as_id = |value: u64| value.to_string().parse::<TargetId>().ok();
    if let Some(id) = value.and_then(as_id).filter(|id| ulid(*id) == text) {
        return id;
    }
    number_of_thing(text).unwrap_or_else(|| number_behind(text))
}

/// The tag of a number, without its #.
pub(super) fn tag_of(id: TargetId) -> String {
    handle_of(id)
}

/// The server of a number.
pub(super) fn domain_of(id: TargetId) -> String {
    format!("{}{SERVERS}", handle_of(id).replace('_', "-"))
}

/// The number behind the name of a tag or a server; a tag's has its # in a queue, and none in a path.
fn number_of_thing(text: &str) -> Option<TargetId> {
    let text = text.strip_prefix('#').unwrap_or(text);
    let name = text.strip_suffix(SERVERS).map(|name| name.replace('-', "_"));
    user_of(name.as_deref().unwrap_or(text))
}

/// How an entry of a list is called: a server has one kind of ID, and this one has both.
pub(super) fn called(id: TargetId) -> String {
    if id.value() % 2 == 1 { ulid(id) } else { id.to_string() }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_ulid_leads_back_to_its_number(value in 0_u64..=9_999_999_999_999_999_999 / 10) {
            let id: TargetId = value.to_string().parse().unwrap();
            let text = ulid(id);
            prop_assert!(text.len() == ULID_CHARS && text.starts_with("01") && text.parse::<TargetId>().is_err());
            prop_assert_eq!(number_of(&text), id);
            prop_assert_eq!(number_of(&called(id)), id);
        }

        #[test]
        fn tags_and_servers_lead_back_to_their_numbers(value in 0_u64..=9_999_999_999_999_999_999 / 10) {
            let id: TargetId = value.to_string().parse().unwrap();
            for text in [tag_of(id), format!("#{}", tag_of(id)), domain_of(id)] {
                prop_assert_eq!(number_of(&text), id, "{}", text);
            }
        }

        #[test]
        fn any_text_has_a_number(text in "\\PC{0,40}") {
            prop_assert_eq!(number_of(&text), number_of(&text));
        }
    }
}
