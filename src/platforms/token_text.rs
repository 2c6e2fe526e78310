//! Which texts can be tokens. In: a secret. Out: its text, if it can stand in a header.

use crate::domain::Secret;

/// The longest token taken.
pub(super) const MAX_TOKEN_BYTES: usize = 4096;

/// The token cannot stand in a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a token is 1 to 4096 printable ASCII characters without spaces; was it pasted with a line break?")]
pub struct InvalidToken;

pub(super) fn legal(secret: &Secret) -> Result<&str, InvalidToken> {
    let text = secret.expose();
    let legal = (1..=MAX_TOKEN_BYTES).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
    if legal { Ok(text) } else { Err(InvalidToken) }
}
