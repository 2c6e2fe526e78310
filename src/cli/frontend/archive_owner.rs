//! Whose archive it is, in words.

use crate::domain::is_unsafe;
use crate::lists::archive::About;
use crate::text::clipped;

/// X allows 50.
const MAX_NAME_CHARS: usize = 80;
/// A longer address is cut.
const MAX_ADDRESS_CHARS: usize = 200;

/// `archive of Ada, @ada (ID 2244994945), made 2024-03-01T12:00:00Z`
pub(super) fn archive_text(about: &About) -> String {
    let address = about.address.as_deref().map(|address| clipped(address, MAX_ADDRESS_CHARS).into_owned());
    let who = address.unwrap_or_else(|| match (&about.handle, &about.user_id) {
        (Some(handle), Some(id)) => format!("{handle} (ID {id})"),
        (None, Some(id)) => format!("ID {id}"),
        (Some(handle), None) => format!("{handle}, whose ID it does not say"),
        (None, None) => "somebody it does not name: it has neither manifest nor account".to_owned(),
    });
    let name = about.name.as_deref().filter(|name| name.chars().any(|c| !c.is_whitespace() && !is_unsafe(c)));
    let name = name.map_or_else(String::new, |name| format!("{}, ", clipped(name, MAX_NAME_CHARS)));
    let made = about.generated_at.map_or_else(String::new, |at| format!(", made {}", at.rfc3339()));
    let part = match about.is_partial {
        Some(true) => "; only a part of what X keeps, so other zips hold the rest",
        Some(false) | None => "",
    };
    format!("archive of {name}{who}{made}{part}")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_empty_name_leaves_no_comma() {
        let about = |name: &str| About { handle: "ada".parse().ok(), name: Some(name.to_owned()), ..About::default() };
        for name in ["", "  ", "\u{200b}", "\u{202e}"] {
            let told = archive_text(&about(name));
            assert!(told.starts_with("archive of @ada, whose ID"), "{told}");
        }
        assert!(archive_text(&about("Ada")).starts_with("archive of Ada, @ada, "));
    }
}
