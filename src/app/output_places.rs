//! Where a command is to write, looked at before it reads. In: paths. Out: errors. What does not belong here: writing.

use std::path::{Path, PathBuf};

use crate::error::{CommandError, ErrorKind};
use crate::store::folder_of;

/// The file that was asked for; none and `-` are stdout.
pub fn file_of(output: Option<&Path>) -> Option<&Path> {
    output.filter(|path| path.as_os_str() != "-")
}

/// Looks at where a command is to write before it reads: never over what it reads, two outputs never to one place, and only
/// into folders that are there. `-` is stdout.
///
/// # Errors
/// Two of them are one file (2); a folder is missing (74).
pub fn refuse_places<'a>(
    outputs: impl IntoIterator<Item = Option<&'a PathBuf>>,
    inputs: impl IntoIterator<Item = Option<&'a PathBuf>>,
) -> Result<(), CommandError> {
    let is_file = |path: &&PathBuf| path.as_os_str() != "-";
    let mut taken: Vec<PathBuf> =
        inputs.into_iter().flatten().filter(is_file).filter_map(|path| place_of(path)).collect();
    for output in outputs.into_iter().flatten().filter(is_file) {
        let Some(place) = place_of(output) else {
            let folder = folder_of(output).display().to_string();
            return Err(CommandError::new(ErrorKind::Io, format!("{}: there is no folder {folder}", output.display()))
                .hint(format!("make it with `mkdir -p {folder}`, or write elsewhere")));
        };
        if taken.contains(&place) {
            return Err(CommandError::new(
                ErrorKind::Usage,
                format!(
                    "{} would be written over what is read or written beside it; nothing was written",
                    output.display()
                ),
            )
            .hint("give the output another name"));
        }
        taken.push(place);
    }
    Ok(())
}

/// Refuses lists whose files are there already, before anything is read or paid for.
///
/// # Errors
/// One of them is there, and nobody said `--force` (2).
pub fn refuse_existing<'a>(
    outputs: impl IntoIterator<Item = Option<&'a PathBuf>>,
    force: bool,
) -> Result<(), CommandError> {
    let is_there = |path: &&PathBuf| path.as_os_str() != "-" && path.symlink_metadata().is_ok();
    match outputs.into_iter().flatten().find(is_there) {
        Some(path) if !force => {
            Err(CommandError::new(ErrorKind::Usage, format!("{} is there already; nothing was read", path.display()))
                .hint("give the list another name, or add --force to replace the file, with what was edited in it"))
        }
        _ => Ok(()),
    }
}

/// Where a file is or would be, links followed; none where its folder is missing.
fn place_of(path: &Path) -> Option<PathBuf> {
    path.canonicalize()
        .or_else(|_| folder_of(path).canonicalize().map(|folder| folder.join(path.file_name().unwrap_or_default())))
        .ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn nothing_is_written_over_what_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("archive.zip"), "x").unwrap();
        std::os::unix::fs::symlink(at("archive.zip"), at("link.zip")).unwrap();
        let (archive, link, new, other) = (at("archive.zip"), at("link.zip"), at("new.csv"), at("./other.csv"));
        let refused = |outputs: [Option<&PathBuf>; 2]| refuse_places(outputs, [Some(&archive), None]).err();
        for bad in [[Some(&archive), None], [None, Some(&link)], [Some(&new), Some(&new)]] {
            let error = refused(bad).unwrap();
            assert_eq!(error.kind, ErrorKind::Usage, "{bad:?}");
        }
        assert!(refused([Some(&new), Some(&other)]).is_none());
        assert!(refused([Some(&PathBuf::from("-")), None]).is_none());
        std::fs::write(at("edited.csv"), "mine").unwrap();
        std::os::unix::fs::symlink(at("nowhere"), at("dangling.csv")).unwrap();
        for there in [at("edited.csv"), at("dangling.csv"), folder.path().to_owned()] {
            let error = refuse_existing([None, Some(&there)], false).unwrap_err();
            assert!(error.kind == ErrorKind::Usage && error.to_string().contains("is there already"), "{error}");
            assert!(refuse_existing([Some(&there)], true).is_ok());
        }
        assert!(refuse_existing([Some(&new), Some(&PathBuf::from("-")), None], false).is_ok());
        let error = refused([Some(&at("no/such/new.csv")), None]).unwrap();
        assert!(error.kind == ErrorKind::Io && error.to_string().contains("there is no folder"), "{error}");
    }
}
