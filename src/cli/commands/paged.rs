//! Pages into files.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::cli::context::Context;
use crate::cli::output::Output;
use crate::error::{CommandError, ErrorKind};
use crate::pages::MAX_LINKS_PER_PAGE;

/// Where pages go: files, the first of which has the name that was asked for; or stdout, which takes one page.
pub(super) struct Places {
    paths: Option<Vec<PathBuf>>,
    /// Their names beside each other.
    pub(super) names: Vec<String>,
}

impl Places {
    /// Places for so many rows with links.
    ///
    /// # Errors
    /// Stdout was asked for, and takes no second page.
    pub(super) fn for_links(output: Option<&Path>, rows: u64) -> Result<Places, CommandError> {
        let count = rows.div_ceil(MAX_LINKS_PER_PAGE).max(1);
        let Some(path) = output else {
            if count > 1 {
                let message = format!("{rows} rows are {count} pages, and stdout takes one");
                return Err(CommandError::new(ErrorKind::Usage, message)
                    .hint("name a file with -o; the others stand beside it"));
            }
            return Ok(Places { paths: None, names: vec!["stdout".to_owned()] });
        };
        let paths: Vec<PathBuf> = (1..=count).map(|number| numbered(path, number)).collect();
        let name = |path: &PathBuf| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Places { names: paths.iter().map(name).collect(), paths: Some(paths) })
    }

    /// How many pages there are.
    pub(super) fn count(&self) -> u64 {
        self.names.len() as u64
    }

    /// The files; none on stdout.
    pub(super) fn paths(self) -> Vec<PathBuf> {
        self.paths.unwrap_or_default()
    }

    /// Puts a page, counted from 1, in its place.
    pub(super) fn put(&self, number: u64, page: &str, context: &Context) -> Result<(), CommandError> {
        let path = self.paths.as_ref().and_then(|paths| paths.get(usize::try_from(number).ok()?.checked_sub(1)?));
        put(path.map(PathBuf::as_path), page, context)
    }
}

/// Puts a page into a file, whole or not at all, or on stdout.
pub(super) fn put(path: Option<&Path>, page: &str, context: &Context) -> Result<(), CommandError> {
    let mut out = Output::create(path, context.printer)?;
    let complain = out.errors();
    out.write_all(page.as_bytes()).map_err(complain)?;
    out.keep()
}

/// `undo.html`, `undo-2.html`, ...
fn numbered(path: &Path, number: u64) -> PathBuf {
    if number == 1 {
        return path.to_owned();
    }
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    name.push(format!("-{number}"));
    if let Some(extension) = path.extension() {
        name.push(".");
        name.push(extension);
    }
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn further_pages_stand_beside_the_first() {
        let places = Places::for_links(Some(Path::new("/a.b/undo.html")), MAX_LINKS_PER_PAGE * 2 + 1).unwrap();
        assert_eq!(places.names, ["undo.html", "undo-2.html", "undo-3.html"]);
        assert_eq!(places.paths.unwrap()[2], Path::new("/a.b/undo-3.html"));
        assert_eq!(numbered(Path::new("list"), 2), Path::new("list-2"));
        assert!(Places::for_links(None, MAX_LINKS_PER_PAGE).is_ok());
        assert!(Places::for_links(None, MAX_LINKS_PER_PAGE + 1).is_err());
    }
}
