//! Target IDs, handles and keys. An ID is text from end to end: 19 digits do not fit an `i64`, a leading zero is part of it,
//! and a rounded one may be somebody else's. A key is what a platform uses whose IDs are no numbers.

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

/// The name of a user, a post or a record where it is no number: a ULID, a DID, `at://...`, an IRI. Opaque: its platform's grammar says
/// which texts are keys there, and two keys are one only where they are the same byte for byte. No text is both a key and an ID or a
/// handle, so that a target leads back to itself from its text.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct TargetKey(Box<str>);

/// The text is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a key of 1 to 512 bytes: it has to be printable, without spaces at its ends, and neither an ID nor a handle"
)]
pub struct InvalidTargetKey;

impl TargetKey {
    /// The most bytes a key has.
    pub const MAX_BYTES: usize = 512;

    /// The key's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TargetKey {
    type Err = InvalidTargetKey;

    fn from_str(text: &str) -> Result<TargetKey, InvalidTargetKey> {
        let is_taken = digits_value(text.as_bytes()).is_some()
            || text.strip_prefix('@').is_some_and(|bare| bare.parse::<Handle>().is_ok());
        let legal = (1..=TargetKey::MAX_BYTES).contains(&text.len())
            && !text.starts_with(' ')
            && !text.ends_with(' ')
            && text.chars().all(is_printable);
        if legal && !is_taken { Ok(TargetKey(text.into())) } else { Err(InvalidTargetKey) }
    }
}

/// Neither control characters nor what nobody sees: of two keys that look alike one would be undone for the other.
fn is_printable(c: char) -> bool {
    let is_invisible = matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}');
    c == ' ' || !c.is_control() && !c.is_whitespace() && !is_invisible
}

impl fmt::Display for TargetKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What people call a user or a post where the platform has an ID for it: a handle, an address, a link. Without the `@` that a target of
/// that name begins with. Which texts are names is the platform's matter.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct TargetName(Box<str>);

impl TargetName {
    /// The name without its `@`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TargetName {
    type Err = InvalidTarget;

    /// Takes the name without its `@`.
    fn from_str(text: &str) -> Result<TargetName, InvalidTarget> {
        format!("@{text}").parse::<Target>()?.name().ok_or(InvalidTarget)
    }
}

impl From<&Handle> for TargetName {
    fn from(handle: &Handle) -> TargetName {
        TargetName(handle.0.clone())
    }
}

impl fmt::Display for TargetName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "@{}", self.0)
    }
}

/// What a task acts on. Which forms a platform takes is its grammar's matter.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Target {
    /// A numeric ID.
    Id(TargetId),
    /// A user's handle.
    Handle(Handle),
    /// Any other name.
    Key(TargetKey),
}

/// The text is no ID, no handle and no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("neither an ID of 1 to 19 digits nor a handle nor a key")]
pub struct InvalidTarget;

impl Target {
    /// The number, where it is one.
    pub fn id(&self) -> Option<TargetId> {
        match self {
            Target::Id(id) => Some(*id),
            Target::Handle(_) | Target::Key(_) => None,
        }
    }

    /// The name, where it is one that the platform may have to be asked about: what begins with `@`.
    pub fn name(&self) -> Option<TargetName> {
        match self {
            Target::Handle(handle) => Some(handle.into()),
            Target::Key(key) => key.as_str().strip_prefix('@').map(|name| TargetName(name.into())),
            Target::Id(_) => None,
        }
    }

    /// Whether it is a name.
    pub fn is_name(&self) -> bool {
        match self {
            Target::Handle(_) => true,
            Target::Key(key) => key.as_str().starts_with('@'),
            Target::Id(_) => false,
        }
    }
}

impl From<TargetId> for Target {
    fn from(id: TargetId) -> Target {
        Target::Id(id)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::Id(id) => id.fmt(f),
            Target::Handle(handle) => handle.fmt(f),
            Target::Key(key) => key.fmt(f),
        }
    }
}

impl FromStr for Target {
    type Err = InvalidTarget;

    /// Reads back what [`Target`] displays: digits, `@handle`, or a key.
    fn from_str(text: &str) -> Result<Target, InvalidTarget> {
        if let Ok(id) = text.parse() {
            return Ok(Target::Id(id));
        }
        match text.strip_prefix('@').map(str::parse) {
            Some(Ok(handle)) => Ok(Target::Handle(handle)),
            _ => text.parse().map(Target::Key).map_err(|_| InvalidTarget),
        }
    }
}

#[cfg(test)]
#[path = "target_tests.rs"]
mod tests;
