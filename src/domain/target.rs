//! Target IDs and handles. An ID is text from end to end: 19 digits do not fit an `i64`, a leading zero is part of it,
//! and a rounded one may be somebody else's.

use std::fmt;
use std::str::FromStr;

/// A platform ID, `^[0-9]{1,19}$` (the pattern of X's OpenAPI document), exact to the leading zero.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TargetId {
    value: u64,
    digits: u8,
}

/// The text is no ID of 1 to 19 digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an ID of 1 to 19 digits")]
pub struct InvalidId;

impl TargetId {
    /// The most digits an ID has.
    pub const MAX_DIGITS: usize = 19;

    /// The ID `0`, which nobody has.
    pub const ZERO: TargetId = TargetId { value: 0, digits: 1 };

    /// The ID that 1 to 19 ASCII digits write.
    ///
    /// # Errors
    /// There are other bytes among them, none, or more.
    pub fn from_digits(text: &[u8]) -> Result<TargetId, InvalidId> {
        let value = digits_value(text).ok_or(InvalidId)?;
        Ok(TargetId { value, digits: text.len() as u8 })
    }

    /// The ID's number, which says nothing of leading zeros.
    pub const fn value(self) -> u64 {
        self.value
    }

    /// How many digits the ID is written with, 1 to 19.
    pub const fn digits(self) -> usize {
        self.digits as usize
    }

    /// The ID as a database integer, where that is exact: no leading zero, at most `i64::MAX`.
    pub fn as_i64(self) -> Option<i64> {
        let canonical = self.value.checked_ilog10().map_or(1, |log| log + 1);
        if canonical == u32::from(self.digits) { i64::try_from(self.value).ok() } else { None }
    }

    /// The ID a database integer stands for.
    ///
    /// # Errors
    /// A negative number is no ID.
    pub fn from_i64(value: i64) -> Result<TargetId, InvalidId> {
        let value = u64::try_from(value).map_err(|_| InvalidId)?;
        let digits = value.checked_ilog10().map_or(1, |log| log + 1) as u8;
        Ok(TargetId { value, digits })
    }
}

impl FromStr for TargetId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<TargetId, InvalidId> {
        TargetId::from_digits(text.as_bytes())
    }
}

/// The number that 1 to 19 ASCII digits write; none where there are other bytes among them, none, or more. A file has millions of
/// IDs, and going through them a digit at a time was a fifth of judging it.
pub fn digits_value(text: &[u8]) -> Option<u64> {
    if text.is_empty() || text.len() > TargetId::MAX_DIGITS {
        return None;
    }
    let (eights, rest) = text.as_chunks::<8>();
    let mut value = 0_u64;
    for eight in eights {
        value = value * 100_000_000 + eight_digits(*eight)?;
    }
    for byte in rest {
        if !byte.is_ascii_digit() {
            return None;
        }
        value = value * 10 + u64::from(byte - b'0');
    }
    Some(value)
}

/// The number that eight digits write, all eight at once: a byte is a digit where neither 0x46 added nor 0x30 taken off reaches its
/// highest bit; then neighbours are joined to pairs, pairs to fours, fours to eight.
fn eight_digits(text: [u8; 8]) -> Option<u64> {
    const HIGHEST_BITS: u64 = 0x8080_8080_8080_8080;
    let text = u64::from_le_bytes(text);
    let digits = text.wrapping_sub(0x3030_3030_3030_3030);
    if (text.wrapping_add(0x4646_4646_4646_4646) | digits) & HIGHEST_BITS != 0 {
        return None;
    }
    let pairs = (digits * 10).wrapping_add(digits >> 8) & 0x00FF_00FF_00FF_00FF;
    let fours = (pairs * 100).wrapping_add(pairs >> 16) & 0x0000_FFFF_0000_FFFF;
    Some((fours * 10_000).wrapping_add(fours >> 32) & 0xFFFF_FFFF)
}

impl fmt::Display for TargetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:0width$}", self.value, width = usize::from(self.digits))
    }
}

impl fmt::Debug for TargetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A handle without its `@`, `^[A-Za-z0-9_]{1,15}$`, in lower case, for X compares handles without case.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Handle(Box<str>);

/// The text is no handle of 1 to 15 letters, digits and underscores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a handle of 1 to 15 letters, digits and underscores")]
pub struct InvalidHandle;

impl Handle {
    /// The handle without its `@`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Handle {
    type Err = InvalidHandle;

    /// Takes the handle with or without its `@`.
    fn from_str(text: &str) -> Result<Handle, InvalidHandle> {
        let bare = text.strip_prefix('@').unwrap_or(text);
        let legal = (1..=15).contains(&bare.len()) && bare.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if legal { Ok(Handle(bare.to_ascii_lowercase().into())) } else { Err(InvalidHandle) }
    }
}

impl fmt::Display for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "@{}", self.0)
    }
}

/// What a task acts on. A handle appears only on platforms that take one.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Target {
    /// A numeric ID.
    Id(TargetId),
    /// A user's handle.
    Handle(Handle),
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::Id(id) => id.fmt(f),
            Target::Handle(handle) => handle.fmt(f),
        }
    }
}

impl FromStr for Target {
    type Err = InvalidId;

    /// Reads back what [`Target`] displays: digits, or `@handle`.
    fn from_str(text: &str) -> Result<Target, InvalidId> {
        match text.strip_prefix('@') {
            Some(bare) => bare.parse().map(Target::Handle).map_err(|_| InvalidId),
            None => text.parse().map(Target::Id),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn an_id_comes_back_as_it_was_written(text in "[0-9]{1,19}") {
            let id: TargetId = text.parse().unwrap();
            prop_assert_eq!(id.to_string(), text);
            if let Some(stored) = id.as_i64() {
                prop_assert_eq!(TargetId::from_i64(stored).unwrap(), id);
            }
        }

        #[test]
        fn digits_are_read_as_the_standard_library_reads_numbers(
            digits in proptest::collection::vec(b'0'..=b'9', 1..20), at in 0..19_usize, byte: u8,
        ) {
            let mut text = digits;
            if let Some(place) = text.get_mut(at) {
                *place = byte;
            }
            let expected = match std::str::from_utf8(&text) {
                Ok(text) if text.bytes().all(|b| b.is_ascii_digit()) => text.parse::<u64>().ok(),
                _ => None,
            };
            prop_assert_eq!(TargetId::from_digits(&text).ok().map(TargetId::value), expected);
        }
    }

    #[test]
    fn the_edges_of_what_an_integer_can_hold() {
        let id = |text: &str| text.parse::<TargetId>().unwrap();
        assert_eq!(id("9223372036854775807").as_i64(), Some(i64::MAX));
        assert_eq!(id("9223372036854775808").as_i64(), None);
        assert_eq!(id("9999999999999999999").as_i64(), None);
        assert_eq!(id("0").as_i64(), Some(0));
        assert_eq!(id("00").as_i64(), None);
        assert_eq!(id("007").as_i64(), None);
        assert_ne!(id("007"), id("7"));
        for bad in ["", "12345678901234567890", "1a", "-1", "+1", " 1", "１"] {
            assert_eq!(bad.parse::<TargetId>(), Err(InvalidId), "{bad:?}");
        }
    }

    #[test]
    fn handles_are_compared_without_case() {
        assert_eq!("@Jack".parse::<Handle>().unwrap(), "jack".parse().unwrap());
        assert!("@".parse::<Handle>().is_err());
        assert!("a234567890123456".parse::<Handle>().is_err());
        assert!("a-b".parse::<Handle>().is_err());
    }
}
