//! The files that wait for their second step, for an hour.

use std::collections::HashMap;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::choices::Choices;
use super::place;
use crate::domain::{Tick, Wall};
use crate::error::CommandError;
use crate::store::make_own_folder;
use crate::web::problem::Problem;

/// Files that wait for their second step.
const MAX_WAITING: usize = 8;
const WAIT_SECONDS: u64 = 3_600;

/// A file that waits for its second step.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) choices: Choices,
    /// As the sender calls it. Foreign text.
    pub(super) shown: String,
    pub(super) file: Arc<Received>,
    pub(super) keep: Option<Arc<Received>>,
    /// Where its keep list is going to be.
    pub(super) keep_place: PathBuf,
    pub(super) since: Tick,
    /// What was chosen cannot be, whatever is in the file.
    pub(super) refused: Option<Problem>,
}

impl Waiting {
    /// The same file with other choices.
    pub(super) fn with(&self, folder: &Path, choices: Choices, refused: Option<Problem>) -> Waiting {
        let keep_place = place::keep_list_of(folder, &choices.job, fastrand::u64(..));
        let (file, keep) = (Arc::clone(&self.file), self.keep.clone());
        Waiting { choices, shown: self.shown.clone(), file, keep, keep_place, since: self.since, refused }
    }
}

/// A file that was received. It is removed with this: what was queued has a copy in its place.
#[derive(Debug)]
pub(in crate::web) struct Received(pub(super) PathBuf);

impl Received {
    /// Where it is.
    pub(in crate::web) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Received {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// The files that wait.
#[derive(Debug)]
pub(in crate::web) struct Uploads {
    pub(super) folder: PathBuf,
    waiting: Mutex<(u64, HashMap<u64, Arc<Waiting>>)>,
}

impl Uploads {
    /// The files beside a queue. Those that a process left which was killed are removed.
    pub(in crate::web) fn beside(queue: &Path, now: Wall) -> Uploads {
        let folder = queue.parent().unwrap_or(Path::new(".")).join("uploads");
        place::sweep_received(&folder, now, 2 * Duration::from_secs(WAIT_SECONDS));
        Uploads { folder, waiting: Mutex::default() }
    }

    /// Drops what has waited for too long.
    pub(in crate::web) fn drop_old(&self, now: Tick) {
        let mut inner = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        inner.1.retain(|_, waiting| now.since(waiting.since) < Duration::from_secs(WAIT_SECONDS));
    }

    pub(super) fn put(&self, waiting: Waiting, now: Tick) -> u64 {
        self.drop_old(now);
        let mut inner = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if inner.1.len() >= MAX_WAITING {
            let oldest = inner.1.iter().min_by_key(|(_, waiting)| waiting.since).map(|(id, _)| *id);
            oldest.and_then(|id| inner.1.remove(&id));
        }
        inner.0 += 1;
        let id = inner.0;
        inner.1.insert(id, Arc::new(waiting));
        id
    }

    pub(super) fn get(&self, id: u64) -> Result<Arc<Waiting>, Problem> {
        let inner = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        inner.1.get(&id).cloned().ok_or_else(|| Problem::not_found("This file is no longer waiting to be queued."))
    }

    /// Other choices for a file that still waits.
    pub(super) fn replace(&self, id: u64, waiting: Waiting) {
        let mut inner = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(there) = inner.1.get_mut(&id) {
            *there = Arc::new(waiting);
        }
    }

    pub(super) fn take(&self, id: u64) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).1.remove(&id);
    }

    /// A new file in the folder, readable by its owner alone.
    pub(in crate::web) fn create(&self) -> Result<(std::fs::File, Received), CommandError> {
        let complain = |error| CommandError::io(self.folder.display(), error);
        make_own_folder(&self.folder)?;
        let path = self.folder.join(format!("{}{:016x}.csv", place::RECEIVED, fastrand::u64(..)));
        let mut options = std::fs::OpenOptions::new();
        let file = options.write(true).create_new(true).mode(0o600).open(&path).map_err(complain)?;
        Ok((file, Received(path)))
    }
}
