//! Names of hosts, as anybody may write them. In: a text. Out: whether it is one. Pure.

/// The most bytes a name has, and each of its parts (RFC 1035).
const MAX_NAME_BYTES: usize = 253;
const MAX_LABEL_BYTES: usize = 63;

/// Two labels and more of letters, digits and inner hyphens; the last begins with a letter, for else it would be an address.
pub(super) fn is_public_name(name: &str) -> bool {
    let is_label = |label: &str| {
        (1..=MAX_LABEL_BYTES).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let Some((_, last)) = name.rsplit_once('.') else { return false };
    name.len() <= MAX_NAME_BYTES
        && name.split('.').all(is_label)
        && last.starts_with(|first: char| first.is_ascii_alphabetic())
        && last != "localhost"
}
