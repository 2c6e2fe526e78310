//! Halves of characters in JSON: X cuts texts inside an emoji, and no reader of JSON takes what is left (`"\ud83d"`). Pure.

/// What stands for half a character, as an escape and as UTF-8.
const REPLACEMENT: &[u8] = br"\ufffd";

/// The JSON with each half character in it replaced by U+FFFD; none where every character is whole. Outside of strings nothing changes,
/// for a backslash or such bytes stand nowhere else.
pub(super) fn without_lone_surrogates(json: &[u8]) -> Option<Vec<u8>> {
    let mut whole = Vec::with_capacity(json.len());
    let (mut at, mut is_changed) = (0, false);
    while let Some(byte) = json.get(at) {
        let rest = &json[at..];
        let (kept, length) = match (byte, escaped_unit(rest)) {
            (b'\\', Some(0xd800..=0xdbff)) => match escaped_unit(&rest[6..]) {
                Some(0xdc00..=0xdfff) => (true, 12),
                _ => (false, 6),
            },
            (b'\\', Some(0xdc00..=0xdfff)) => (false, 6),
            (b'\\', _) => (true, rest.len().min(2)),
            // The same half as bytes.
            (0xed, _) if matches!(rest, [_, 0xa0..=0xbf, 0x80..=0xbf, ..]) => (false, 3),
            _ => (true, 1),
        };
        whole.extend_from_slice(if kept { &rest[..length] } else { REPLACEMENT });
        is_changed |= !kept;
        at += length;
    }
    is_changed.then_some(whole)
}

/// The number of the `\uXXXX` that begins here.
fn escaped_unit(rest: &[u8]) -> Option<u32> {
    let digits = rest.strip_prefix(br"\u")?.get(..4).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))?;
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn halves_are_replaced_and_whole_characters_are_left() {
        for (text, expected) in [
            (&br#""\ud83d""#[..], &br#""\ufffd""#[..]),
            (br#""\uDE00\uD83D\uDE00""#, br#""\ufffd\uD83D\uDE00""#),
            (br#""\ud83d\ud83d\ude00""#, br#""\ufffd\ud83d\ude00""#),
            (br#""\ud83d\n""#, br#""\ufffd\n""#),
            (b"\"\xed\xa0\xbd\"", br#""\ufffd""#),
        ] {
            assert_eq!(without_lone_surrogates(text).as_deref(), Some(expected));
        }
        // An escaped backslash before `u` begins no escape; text cut in one is for the parser.
        for text in
            [&br#""\\ud83d""#[..], br#""\ud83d\ude00""#, br#""\ud8"#, b"\\", "\"é\u{d7ff}\u{e000}\"".as_bytes(), b""]
        {
            assert_eq!(without_lone_surrogates(text), None);
        }
    }

    proptest! {
        /// Whatever halves stand in a string, what comes out is JSON with as many characters.
        #[test]
        fn any_units_become_text(units in proptest::collection::vec(prop_oneof![0_u16..0x80, 0xd7f0_u16..0xe010], 0..20)) {
            let escapes: String = units.iter().map(|unit| format!("\\u{unit:04x}")).collect();
            let json = format!("\"{escapes}\"");
            let whole = without_lone_surrogates(json.as_bytes()).unwrap_or_else(|| json.into_bytes());
            let text: String = serde_json::from_slice(&whole).unwrap();
            prop_assert_eq!(text, String::from_utf16_lossy(&units));
        }
    }
}
