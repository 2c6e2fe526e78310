//! The file that somebody may have meant who named one that is not there.

use std::path::{Path, PathBuf};

use super::nearest;

/// The most names of a folder that are looked at.
const MAX_NAMES: usize = 10_000;

/// What stands beside a path that names nothing and has nearly its name.
pub fn near_file(path: &Path) -> Option<PathBuf> {
    let wanted = path.file_name()?.to_str()?;
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let found = std::fs::read_dir(folder.unwrap_or(Path::new("."))).ok()?;
    let names = found.flatten().take(MAX_NAMES).filter_map(|entry| entry.file_name().into_string().ok());
    let names: Vec<String> = names.filter(|name| name.starts_with('.') == wanted.starts_with('.')).collect();
    let known: Vec<&str> = names.iter().map(String::as_str).collect();
    let near = with_an_ending(wanted, &known).or_else(|| nearest(wanted, &known))?;
    Some(folder.map_or_else(|| PathBuf::from(near), |folder| folder.join(near)))
}

/// `unfollow.csv` for `unfollow`, if nothing else begins so.
fn with_an_ending<'a>(wanted: &str, known: &[&'a str]) -> Option<&'a str> {
    let mut longer = known.iter().filter(|name| name.strip_prefix(wanted).is_some_and(|rest| rest.starts_with('.')));
    longer.next().copied().filter(|_| longer.next().is_none())
}

/// A hint that begins with that file, where there is one.
pub fn with_near_file(path: &Path, hint: &str) -> String {
    match near_file(path) {
        Some(near) => format!("did you mean {}? {hint}", near.display()),
        None => hint.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_nearest_name_beside_it_is_found() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["unfollow.csv", "likes.csv", ".unfolow.csv.swp"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let near = |name: &str| near_file(&folder.path().join(name)).map(|path| path.file_name().unwrap().to_owned());
        for wrong in ["unfolow.csv", "Unfollow.csv", "unfollow.cvs", "unfollow"] {
            assert_eq!(near(wrong).unwrap(), "unfollow.csv", "{wrong}");
        }
        assert_eq!(near("mutes-of-2024.csv"), None);
        assert_eq!(near_file(Path::new("/no/such/folder/at/all.csv")), None);
        let hint = with_near_file(&folder.path().join("lykes.csv"), "check the path");
        assert!(hint.starts_with("did you mean ") && hint.ends_with("/likes.csv? check the path"), "{hint}");
    }
}
