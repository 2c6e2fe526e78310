//! Names that people give to jobs, accounts and schedules. They are kept as they were typed, and compared without regard to how an accent is
//! encoded: macOS writes the é of a file's name as an e with an accent behind it (NFD), and a keyboard as one character (NFC).

use std::borrow::Cow;

use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};

/// What two names have in common where they are one name: the form NFC.
pub fn name_key(name: &str) -> Cow<'_, str> {
    if name.is_ascii() {
        return Cow::Borrowed(name);
    }
    ComposingNormalizerBorrowed::new_nfc().normalize(name)
}

/// Whether two names are one.
pub fn is_same_name(one: &str, other: &str) -> bool {
    one == other || name_key(one) == name_key(other)
}

/// The ways in which a name may be stored: as it was typed, and in either form. An index can look for them.
pub fn name_forms(name: &str) -> [String; 3] {
    let decomposed = DecomposingNormalizerBorrowed::new_nfd().normalize(name).into_owned();
    [name.to_owned(), name_key(name).into_owned(), decomposed]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_accent_is_the_same_however_it_is_encoded() {
        let (composed, decomposed) = ("Zo\u{eb}", "Zoe\u{308}");
        assert!(is_same_name(composed, decomposed) && !is_same_name(composed, "Zoe") && !is_same_name("zoe", "Zoe"));
        for name in [composed, decomposed] {
            let forms = name_forms(name);
            assert!(forms.iter().any(|form| form == composed) && forms.iter().any(|form| form == decomposed));
        }
        assert_eq!(name_forms("unfollow"), ["unfollow", "unfollow", "unfollow"]);
    }

    proptest! {
        #[test]
        fn every_form_is_the_same_name(name in "[a-zA-Zàéëüñçł가각ก\u{300}-\u{30f}\u{212a}名]{0,12}") {
            for form in name_forms(&name) {
                prop_assert!(is_same_name(&name, &form));
                prop_assert_eq!(name_key(&name), name_key(&form));
            }
        }
    }
}
