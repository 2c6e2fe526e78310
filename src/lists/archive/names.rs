//! Names of files in a zip, made plain or refused. Pure. Nothing is ever written under them; a name that tries to leave its
//! folder all the same tells what kind of archive this is.

use super::MAX_NAME_BYTES;

/// The name with `/` between its parts and without `.`; a folder's ends in no slash. None is a name that is nothing but the
/// folder itself.
///
/// # Errors
/// What is wrong with it.
pub(super) fn plain_name(name: &str) -> Result<Option<String>, &'static str> {
    if name.len() > MAX_NAME_BYTES {
        return Err("is too long for a name");
    }
    if name.contains('\0') {
        return Err("holds a NUL");
    }
    let name = name.replace('\\', "/");
    if name.starts_with('/') {
        return Err("is absolute");
    }
    let mut parts = Vec::new();
    for part in name.split('/').filter(|part| !part.is_empty() && *part != ".") {
        if part == ".." {
            return Err("leads out of its folder");
        }
        if parts.is_empty() && is_drive(part) {
            return Err("names a drive");
        }
        parts.push(part);
    }
    Ok(if parts.is_empty() { None } else { Some(parts.join("/")) })
}

/// `C:` and `C:x`; a colon later in a name is no drive.
fn is_drive(part: &str) -> bool {
    let bytes = part.as_bytes();
    bytes.len() >= 2 && bytes[0].is_ascii_alphabetic() && bytes[1] == b':'
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn tricks_are_refused_and_the_rest_is_made_plain() {
        for bad in ["/etc/passwd", "../x", "data/../../x", "a\\..\\b", "\\\\host\\x", "C:\\x", "c:x", "a\0b", ".."] {
            assert!(plain_name(bad).is_err(), "{bad:?}");
        }
        assert!(plain_name(&"x".repeat(MAX_NAME_BYTES + 1)).is_err());
        for (name, plain) in [
            ("data/like.js", Some("data/like.js")),
            ("./data//like.js", Some("data/like.js")),
            ("data\\like.js", Some("data/like.js")),
            ("data/", Some("data")),
            ("./", None),
            ("a..b/...", Some("a..b/...")),
            ("assets/2:1.png", Some("assets/2:1.png")),
        ] {
            assert_eq!(plain_name(name), Ok(plain.map(str::to_owned)), "{name:?}");
        }
    }

    proptest! {
        #[test]
        fn a_plain_name_stays_below_its_folder(name in "[a.:/\\\\\0]{0,12}") {
            if let Ok(Some(plain)) = plain_name(&name) {
                let path = std::path::Path::new(&plain);
                prop_assert!(path.components().all(|part| matches!(part, std::path::Component::Normal(_))));
                prop_assert_eq!(plain_name(&plain), Ok(Some(plain.clone())));
            }
        }
    }
}
