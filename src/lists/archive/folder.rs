//! An archive that was unpacked: the folder itself, its `data`, or the one folder in it that holds all.

use std::fs::{self, File};
use std::path::Path;

use super::bounded::Size;
use super::member::{Member, Place};
use super::{ArchiveFault, MAX_FILES, layout};

/// X's files in a folder and in those of its folders where they may lie.
///
/// # Errors
/// It cannot be listed, has more than [`MAX_FILES`] files there, or one of X's is a symbolic link.
pub(super) fn members(root: &Path) -> Result<Vec<Member>, ArchiveFault> {
    let mut found = Found { members: Vec::new(), files: 0 };
    let mut folders = vec![String::new()];
    while let Some(folder) = folders.pop() {
        let within = found.list(&root.join(&folder), &folder)?;
        let names = within.into_iter().map(|name| if folder.is_empty() { name } else { format!("{folder}/{name}") });
        folders.extend(names.filter(|name| layout::is_on_the_way(name)));
    }
    Ok(found.members)
}

struct Found {
    members: Vec<Member>,
    files: usize,
}

impl Found {
    /// Takes a folder's files and gives back the names of its folders.
    fn list(&mut self, path: &Path, prefix: &str) -> Result<Vec<String>, ArchiveFault> {
        let mut folders = Vec::new();
        for entry in fs::read_dir(path).map_err(ArchiveFault::of_open)? {
            let entry = entry.map_err(ArchiveFault::of_open)?;
            self.files += 1;
            if self.files > MAX_FILES {
                return Err(ArchiveFault::TooManyFiles);
            }
            // None of X's names is anything but ASCII.
            let Ok(name) = entry.file_name().into_string() else { continue };
            let kind = entry.file_type().map_err(ArchiveFault::of_open)?;
            if kind.is_dir() {
                folders.push(name);
                continue;
            }
            let bytes = if kind.is_file() { entry.metadata().map_err(ArchiveFault::of_open)?.len() } else { 0 };
            let size = Size { packed: bytes, unpacked: bytes };
            let name = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
            let Some(member) = Member::new(name, size, || Place::File(entry.path())) else { continue };
            if !kind.is_file() {
                return Err(not_a_file(member.name, kind));
            }
            self.members.push(member);
        }
        folders.sort_unstable();
        Ok(folders)
    }
}

/// Opens one of X's files.
///
/// # Errors
/// It cannot be opened, or has become something else than a file since it was found.
pub(super) fn open(path: &Path, name: &str) -> Result<File, ArchiveFault> {
    let facts = fs::symlink_metadata(path).map_err(ArchiveFault::of_open)?;
    if !facts.is_file() {
        return Err(not_a_file(name.to_owned(), facts.file_type()));
    }
    File::open(path).map_err(ArchiveFault::of_open)
}

fn not_a_file(file: String, kind: fs::FileType) -> ArchiveFault {
    if kind.is_symlink() { ArchiveFault::Link { file } } else { ArchiveFault::NotAFile { file } }
}
