//! Copies of a queue's file: when one is due, and the way back to one.
//!
//! In: settings, a queue in a file. Out: today's copy; a queue that was taken back, whose jobs wait for a person. What does not belong here:
//! how a file is copied (`store::snapshot`); what doctor says of copies (`doctor`).

use std::path::{Path, PathBuf};

use super::command_line::command;
use super::database::nobody_works_on;
use super::deps::AppDeps;
use crate::config::Settings;
use crate::domain::counted;
use crate::error::{CommandError, ErrorKind};
use crate::store::{self, QueuePlace, RestoredQueue, Snapshot, Store, StoreError};

/// How a hint begins where a queue was not taken back.
const UNCHANGED: &str = "nothing was changed";

/// What names the newest copy.
const LATEST: &str = "latest";

/// Copies the queue where there is no copy of today yet; none where there is, where none are wanted, and where the queue is on a server.
///
/// # Errors
/// There is no room for it, or it cannot be read or written.
pub async fn take_due_snapshot(deps: AppDeps<'_>) -> Result<Option<Snapshot>, CommandError> {
    let (keep, now) = (deps.settings.snapshots_kept, deps.clock.now().wall);
    let Some(file) = deps.settings.db()?.file().filter(|file| keep > 0 && file.exists()) else { return Ok(None) };
    if !store::is_snapshot_due(file, now)? {
        return Ok(None);
    }
    let taken = store::take_snapshot(file, now, keep.into()).await;
    taken.map(Some).map_err(|error| {
        let error = CommandError::from(error);
        CommandError { message: format!("the queue was not copied today: {}", error.message), ..error }
    })
}

/// Takes the queue back to a copy: a file, or `latest`. The file in its place is kept, and every job with work left waits for a person.
///
/// # Errors
/// The queue is on a server, or there is no copy (2); somebody works on the queue or has it open (75); the copy is none of this queue's kind
/// (78), or damaged (74). Nothing has changed then.
pub async fn restore_queue(deps: AppDeps<'_>, from: &Path) -> Result<RestoredQueue, CommandError> {
    let place = deps.settings.db()?;
    let file = place.file().ok_or_else(|| on_a_server(place))?;
    let snapshot = if from == Path::new(LATEST) { latest(deps.settings, file)? } else { from.to_path_buf() };
    let is_same =
        |one: &Path, other: &Path| one.canonicalize().ok().is_some_and(|one| other.canonicalize().ok() == Some(one));
    if is_same(&snapshot, file) {
        let error = CommandError::new(ErrorKind::Usage, format!("{} is the queue itself", snapshot.display()));
        return Err(error.hint("name a copy of it; `cleanup doctor` says which there are"));
    }
    let _nobody = nobody_works_on(place).await?;
    let now = deps.clock.now().wall;
    let restored = store::restore_snapshot(file, deps.settings.kind, &snapshot, now).await;
    let restored = restored.map_err(|error| not_restored(error, &snapshot, file))?;
    let mut store = Store::open(place, deps.settings.kind).await?;
    let waiting = counted(restored.waiting.len() as u64, "job waits", "jobs wait");
    deps.log_audit_event(&mut store, "restore", None, &format!("{}; {waiting}", snapshot.display())).await;
    store.close().await;
    Ok(restored)
}

/// Why a job waits whose queue was taken back, and what ends that.
pub fn unverified_text(settings: &Settings, job: &str) -> String {
    format!(
        "the queue was restored from a snapshot, and nobody knows what was sent since: {} compares what is left with the account's lists, \
         {} sends it all the same",
        command(settings, &["verify", job]),
        command(settings, &["resume", job, "--accept-repeats"])
    )
}

/// What is wrong with a copy is no fault of the queue, which is as it was.
fn not_restored(error: StoreError, snapshot: &Path, queue: &Path) -> CommandError {
    let hint = match &error {
        StoreError::WrongKind { found: "sandbox", .. } => {
            Some("nothing was changed; it is a copy of a sandbox's queue: add --sandbox".to_owned())
        }
        StoreError::WrongKind { .. } => {
            Some("nothing was changed; it is a copy of a real queue: leave out --sandbox".to_owned())
        }
        StoreError::Damaged { .. } | StoreError::Impossible { .. } => Some(another_copy(queue)),
        StoreError::Io { path, .. } if path == snapshot => Some(another_copy(queue)),
        _ => None,
    };
    let error = CommandError::from(error);
    let message = format!("{} was not restored: {}", snapshot.display(), error.message);
    let hint = hint.or_else(|| match &error.hint {
        Some(hint) if !hint.starts_with(UNCHANGED) => Some(format!("{UNCHANGED}; {hint}")),
        hint => hint.clone(),
    });
    CommandError { message, hint, ..error }
}

fn another_copy(queue: &Path) -> String {
    match store::newest_snapshot(queue) {
        Some(newest) => format!(
            "nothing was changed; name a whole copy of the queue's file: the newest snapshot is {}",
            newest.path.display()
        ),
        None => "nothing was changed; name a whole copy of the queue's file".to_owned(),
    }
}

fn latest(settings: &Settings, queue: &Path) -> Result<PathBuf, CommandError> {
    let newest = store::snapshots_of(queue)?.into_iter().next();
    newest.map(|snapshot| snapshot.path).ok_or_else(|| {
        let folder = store::snapshot_folder(queue);
        let who = match settings.snapshots_kept {
            0 => "none are made ([snapshots] keep = 0)",
            _ => "`cleanup serve` and `cleanup schedule due` make one a day",
        };
        CommandError::new(ErrorKind::Usage, format!("there is no snapshot in {}", folder.display()))
            .hint(format!("name a copy of the queue's file; {who}"))
    })
}

fn on_a_server(place: &QueuePlace) -> CommandError {
    CommandError::new(ErrorKind::Usage, format!("{place} is on a server, which has backups of its own"))
        .hint("restore it with the server's tools: docs/scale.md says what a backup does not know")
}
