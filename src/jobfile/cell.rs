//! A cell as a target. Pure.

use super::text::{decode, is_blank};
use super::{Fault, OpaqueIds, link};
use crate::domain::{Handle, Target, TargetId, TargetKind};

/// What a cell names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Named {
    /// Digits in the cell itself: a spreadsheet may have rounded them.
    Digits(TargetId),
    /// An ID inside a link: no spreadsheet takes it for a number.
    LinkedId(TargetId),
    /// A user by handle.
    Handle(Handle),
}

/// A cell on its own as a target: an ID, `@handle` or a link. Whether a spreadsheet has rounded the ID can only be told from
/// the whole file it stood in.
///
/// # Errors
/// It names no target of that kind.
pub fn read_target(cell: &[u8], kind: Option<TargetKind>) -> Result<Target, Fault> {
    match read(cell, kind, false)? {
        Named::Digits(id) | Named::LinkedId(id) => Ok(Target::Id(id)),
        Named::Handle(handle) => Ok(Target::Handle(handle)),
    }
}

/// Reads a cell where IDs are opaque, as a target of that kind. A number that a spreadsheet has been at is refused, though its text might be
/// somebody's ID.
///
/// # Errors
/// It names no target of that kind.
pub fn read_opaque(cell: &[u8], ids: OpaqueIds, kind: TargetKind) -> Result<Target, Fault> {
    let text = decode(cell);
    let text = bare(&text);
    if text.is_empty() {
        return Err(Fault::EmptyTarget);
    }
    if is_scientific(text) {
        return Err(Fault::ScientificNotation);
    }
    match (ids.read)(text) {
        Some(target) if (ids.kind_of)(&target).is_some_and(|named| named != kind) => Err(Fault::WrongKind),
        // Tags and servers are written as nothing else is.
        Some(target) if kind.is_told_by_text() && (ids.kind_of)(&target).is_none() => Err(Fault::NotAnOpaqueId),
        Some(target) => Ok(target),
        None if text.contains(['@', '/', ':']) => Err(Fault::NameForId),
        None => Err(Fault::NotAnOpaqueId),
    }
}

/// The handle that a cell names a user by: `@handle`, a link to a profile, and with `bare_words` also the handle alone.
pub fn read_handle(cell: &[u8], bare_words: bool) -> Option<Handle> {
    match read(cell, Some(TargetKind::User), bare_words) {
        Ok(Named::Handle(handle)) => Some(handle),
        _ => None,
    }
}

/// Reads a cell. `kind` is what the action acts on, none where any will do; in a column of `handles` a bare word is one.
pub(super) fn read(cell: &[u8], kind: Option<TargetKind>, handles: bool) -> Result<Named, Fault> {
    let text = decode(cell);
    let text = bare(&text);
    if text.is_empty() {
        return Err(Fault::EmptyTarget);
    }
    // In a column of handles digits are a handle first: as an ID they would be somebody else.
    let may_be_user = kind.is_none_or(|kind| kind == TargetKind::User);
    if handles
        && may_be_user
        && !text.starts_with('@')
        && let Ok(handle) = text.parse()
    {
        return Ok(Named::Handle(handle));
    }
    if text.bytes().all(|b| b.is_ascii_digit()) {
        return text.parse().map(Named::Digits).map_err(|_| Fault::IdTooLong);
    }
    if is_scientific(text) {
        return Err(Fault::ScientificNotation);
    }
    let linked = if text.starts_with('@') {
        link::Linked::Handle(text.parse().map_err(|_| Fault::NotAHandle)?)
    } else if link::looks_like_link(text) {
        link::read_link(text)?
    } else if handles && may_be_user {
        return Err(Fault::NotAHandle);
    } else {
        return Err(Fault::NotAnId);
    };
    match linked {
        link::Linked::User(_) | link::Linked::Handle(_) if !may_be_user => Err(Fault::WrongKind),
        link::Linked::Post(_) if kind.is_some_and(|kind| kind != TargetKind::Post) => Err(Fault::WrongKind),
        link::Linked::List(_) if kind.is_some_and(|kind| kind != TargetKind::List) => Err(Fault::NotATargetLink),
        link::Linked::User(id) | link::Linked::Post(id) | link::Linked::List(id) => Ok(Named::LinkedId(id)),
        link::Linked::Handle(handle) => Ok(Named::Handle(handle)),
    }
}

/// What is left without spaces, quotes, a leading apostrophe and the `="..."` that keeps digits text in a spreadsheet.
pub(super) fn bare(text: &str) -> &str {
    const PAIRS: [(&str, &str); 6] = [("=\"", "\""), ("\"", "\""), ("'", "'"), ("“", "”"), ("‘", "’"), ("`", "`")];
    let mut text = text.trim_matches(is_blank);
    loop {
        let before = text.len();
        for (open, close) in PAIRS {
            if let Some(inner) = text.strip_prefix(open).and_then(|rest| rest.strip_suffix(close)) {
                text = inner;
            }
        }
        text = text.strip_prefix(['\'', '’']).unwrap_or(text).trim_matches(is_blank);
        if text.len() == before {
            return text;
        }
    }
}

/// `1.23457E+18`, `1,23457E+18`, `1e18`.
pub(super) fn is_scientific(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else { return false };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let mantissa = mantissa.strip_prefix(['-', '+']).unwrap_or(mantissa);
    let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
    let (whole, part) = mantissa.split_once(['.', ',']).unwrap_or((mantissa, "0"));
    digits(whole) && (part.is_empty() || digits(part)) && digits(exponent)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn user(text: &str) -> Result<Named, Fault> {
        read(text.as_bytes(), Some(TargetKind::User), false)
    }

    #[test]
    fn ids_in_the_clothes_they_come_in() {
        let id = || Ok(Named::Digits("1234567890123456789".parse().unwrap()));
        for text in [
            "1234567890123456789",
            " 1234567890123456789 ",
            "'1234567890123456789",
            "\"1234567890123456789\"",
            "=\"1234567890123456789\"",
            "\u{a0}1234567890123456789\u{200b}",
            "“1234567890123456789”",
            "' 1234567890123456789",
        ] {
            assert_eq!(user(text), id(), "{text:?}");
        }
        assert_eq!(read(b"\xa01234567890123456789", Some(TargetKind::User), false), id(), "a Windows-1252 space");
        assert_eq!(user("007").unwrap(), Named::Digits("007".parse().unwrap()));
    }

    #[test]
    fn what_is_no_target_says_why() {
        for (text, fault) in [
            ("", Fault::EmptyTarget),
            ("  ", Fault::EmptyTarget),
            ("''", Fault::EmptyTarget),
            ("12345678901234567890", Fault::IdTooLong),
            ("1.23457E+18", Fault::ScientificNotation),
            ("1,23457E+18", Fault::ScientificNotation),
            ("1.234567890123456e18", Fault::ScientificNotation),
            ("1E+18", Fault::ScientificNotation),
            ("123.0", Fault::NotAnId),
            ("-5", Fault::NotAnId),
            ("=1+1", Fault::NotAnId),
            ("jack", Fault::NotAnId),
            ("１２３", Fault::NotAnId),
            ("@", Fault::NotAHandle),
            ("@a-b", Fault::NotAHandle),
            ("https://x.com/example/status/20", Fault::WrongKind),
            ("https://example.org/20", Fault::ForeignLink),
        ] {
            assert_eq!(user(text), Err(fault), "{text:?}");
        }
        for text in ["@example", "x.com/example", "https://x.com/i/user/20"] {
            assert_eq!(read(text.as_bytes(), Some(TargetKind::Post), false), Err(Fault::WrongKind), "{text}");
        }
    }

    #[test]
    fn a_bare_word_is_a_handle_only_where_handles_stand() {
        let handle = |name: &str| Ok(Named::Handle(name.parse().unwrap()));
        assert_eq!(read(b"Example", Some(TargetKind::User), true), handle("example"));
        assert_eq!(read(b"12345", Some(TargetKind::User), true), handle("12345"));
        assert_eq!(user("@Example"), handle("example"));
        let id = read(b"1234567890123456789", Some(TargetKind::User), true);
        assert_eq!(id, Ok(Named::Digits("1234567890123456789".parse().unwrap())));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_harm(cell in proptest::collection::vec(any::<u8>(), 0..60), handles: bool) {
            for kind in [None, Some(TargetKind::User), Some(TargetKind::Post)] {
                let _ = read(&cell, kind, handles);
            }
        }

        #[test]
        fn an_id_is_read_exactly(text in "[0-9]{1,19}") {
            prop_assert_eq!(user(&text), Ok(Named::Digits(text.parse().unwrap())));
        }
    }
}
