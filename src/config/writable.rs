//! Files that decide what this program does, and whom else they obey.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::store::is_foreign;

/// A file that the group or everybody may write or replace, or that somebody else owns, who may write it whatever its mode says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WritableByOthers {
    path: PathBuf,
    by: Way,
}

/// A config file that others can write, and what of weight the settings have from it alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WritableConfig {
    /// The file, and how others can write it.
    pub file: WritableByOthers,
    /// What it decides, each a part of a sentence; no option and no variable goes before it.
    pub decides: Vec<&'static str>,
}

/// How others can write it.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Way {
    /// Its permission bits let them.
    Mode(u32),
    /// It is theirs.
    Owner,
    /// They can put another in its place: the folder, and its permission bits.
    Folder(PathBuf, u32),
}

impl WritableByOthers {
    /// Whether it is one, as the open file says, so that nobody changes it in between.
    pub fn of(path: &Path, about: &Metadata) -> Option<WritableByOthers> {
        let of = |by| Some(WritableByOthers { path: path.to_path_buf(), by });
        let mode = about.mode() & 0o7777;
        // A pipe that a shell has made for `<(command)` is ours.
        if is_foreign(about, path) {
            return of(Way::Owner);
        }
        if mode & 0o022 != 0 {
            return of(Way::Mode(mode));
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mode = folder.metadata().map_or(0, |about| about.mode() & 0o7777);
        // In a sticky folder, such as /tmp, nobody can replace what is another's.
        if mode & 0o1002 == 0o0002 { of(Way::Folder(folder.to_path_buf(), mode)) } else { None }
    }

    /// What to do, and with what.
    pub fn remedy(&self) -> (&'static str, &Path) {
        match &self.by {
            Way::Mode(_) => ("chmod go-w", &self.path),
            Way::Owner => ("put a file of your own in the place of", &self.path),
            Way::Folder(folder, _) => ("chmod o-w", folder),
        }
    }
}

impl std::fmt::Display for WritableByOthers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let path = self.path.display();
        match &self.by {
            Way::Mode(mode) => write!(f, "others can write to {path} (mode {mode:04o})"),
            Way::Owner => write!(f, "{path} belongs to somebody else, who can write to it"),
            Way::Folder(folder, mode) => {
                write!(
                    f,
                    "others can replace {path}, for they can write to its folder {} (mode {mode:04o})",
                    folder.display()
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::os::unix::fs::{PermissionsExt, chown};

    use super::*;

    #[test]
    fn who_can_write_or_replace_a_file_is_told_with_what_ends_it() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("file");
        std::fs::write(&file, "x").unwrap();
        let mode = |path: &Path, mode| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
        let told = || {
            let found = WritableByOthers::of(&file, &file.metadata().unwrap())?;
            Some((found.to_string(), found.remedy().0, found.remedy().1.to_path_buf()))
        };
        mode(&file, 0o644);
        for folder in [0o700, 0o755, 0o775, 0o1777] {
            mode(home.path(), folder);
            assert_eq!(told(), None, "{folder:o}");
        }
        mode(home.path(), 0o777);
        let (text, command, path) = told().unwrap();
        assert!(text.contains("others can replace") && text.contains("mode 0777"), "{text}");
        assert_eq!((command, path.as_path()), ("chmod o-w", home.path()));
        mode(&file, 0o664);
        let (text, command, path) = told().unwrap();
        assert!(text.contains("others can write to") && text.contains("mode 0664"), "{text}");
        assert_eq!((command, path.as_path()), ("chmod go-w", file.as_path()));
        if rustix::process::geteuid().is_root() {
            mode(&file, 0o600);
            chown(&file, Some(65_534), None).unwrap();
            let (text, command, _) = told().unwrap();
            assert!(
                text.contains("belongs to somebody else") && command.starts_with("put a file of your own"),
                "{text}"
            );
        }
    }
}
