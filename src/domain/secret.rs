//! A text that cannot be printed by accident.

use std::fmt;

use zeroize::Zeroizing;

/// A token, key or password. `Debug` and `Display` print `***`; there is no `Serialize`. Only [`Secret::expose`] shows it.
/// Its memory is wiped when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<Box<str>>);

impl Secret {
    /// Keeps `text` secret.
    pub fn new(text: impl Into<Box<str>>) -> Secret {
        Secret(Zeroizing::new(text.into()))
    }

    /// The text itself: for the wire and the vault, never for a person.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printing_shows_nothing() {
        let secret = Secret::new("hush");
        assert_eq!(format!("{secret} {secret:?} {:#?}", Some(&secret)), "*** *** Some(\n    ***,\n)");
        assert_eq!(secret.expose(), "hush");
    }
}
