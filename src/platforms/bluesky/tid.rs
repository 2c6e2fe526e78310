//! Keys of records that tell when they were made: 53 bits of microseconds since 1970 and 10 bits that tell clocks apart, in 13 characters of
//! base 32. In: a key. Out: a time. Pure.

use crate::domain::Wall;

const ALPHABET: &[u8; 32] = b"234567abcdefghijklmnopqrstuvwxyz";
const CHARS: usize = 13;
const CLOCK_BITS: u32 = 10;

/// When the record of this key was made; none where the key is no such one.
pub(super) fn time(rkey: &str) -> Option<Wall> {
    // The first bit is never set, so that no key begins with a later character.
    if rkey.len() != CHARS || !rkey.starts_with(|first: char| "234567abcdefghij".contains(first)) {
        return None;
    }
    let mut value = 0_u64;
    for byte in rkey.bytes() {
        let digit = ALPHABET.iter().position(|known| *known == byte)?;
        value = value << 5 | digit as u64;
    }
    let microseconds = value >> CLOCK_BITS;
    i64::try_from(microseconds / 1_000).ok().map(Wall)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_tells_the_millisecond() {
        // A server made it on 29 November 2026, 21:16:29 UTC.
        assert_eq!(time("3n3i5bcegls2n").map(|at| at.rfc3339()), Some("2026-11-29T21:16:29Z".to_owned()));
        assert_eq!(time("2222222222222"), Some(Wall(0)));
        for text in ["", "self", "3n3i5bcegls2", "3n3i5bcegls2nn", "3n3i5bcegls21", "zzzzzzzzzzzzz", "3N3I5BCEGLS2N"] {
            assert_eq!(time(text), None, "{text}");
        }
    }
}
