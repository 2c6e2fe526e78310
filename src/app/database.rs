//! A queue's database as a whole: its schema, and the way into another database.
//!
//! In: where the queue is, and where it is to be. Out: what was moved. What does not belong here: how rows are copied (`store::transfer`).

use std::path::PathBuf;

use serde::Serialize;

use super::deps::AppDeps;
use super::tokens::key_choice;
use crate::error::{CommandError, ErrorKind};
use crate::store::{DrainLock, MoveId, MoveMark, QueuePlace, ScheduleLock, ServeLock, Store, StoreError};

/// What a move came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MoveReport {
    /// Where the queue was.
    pub from: String,
    /// Where it is now.
    pub to: String,
    /// What was copied; none: it had arrived before, and only the end of the move was missing.
    pub copied: Option<CopiedRows>,
    /// The file with the key of the logins, and where it is looked for from now on, where that is another place.
    pub key_to_copy: Option<(PathBuf, PathBuf)>,
}

/// How much was copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct CopiedRows {
    /// Rows of all tables.
    pub rows: u64,
    /// Tasks among them.
    pub tasks: u64,
    /// Attempts among them, each with its slot.
    pub attempts: u64,
}

/// Brings the schema of the queue up to date, or makes a queue where there is none, and says where that is. Every command does so by itself
/// where it may; on a server a role that may not make tables leaves it to one that may.
///
/// # Errors
/// The queue cannot be opened, or its tables cannot be made.
pub async fn migrate(deps: AppDeps<'_>) -> Result<String, CommandError> {
    let store = deps.open_queue().await?;
    let place = store.place().to_string();
    store.close().await;
    Ok(place)
}

/// Moves the queue of the settings into another database, in which there is no queue yet. What a move was cut off at is gone on with.
///
/// # Errors
/// There is no queue; somebody works on it, or has it open (75); there are rows already where it is to go (2); it has been moved elsewhere
/// (78); either database cannot be used.
pub async fn move_queue(deps: AppDeps<'_>) -> Result<MoveReport, CommandError> {
    let (from, kind) = (deps.settings.db()?, deps.settings.kind);
    let nowhere = || {
        CommandError::new(ErrorKind::Usage, "nobody says where the queue is to be moved")
            .hint("name a file or a database")
    };
    let to = deps.settings.move_to.as_ref().ok_or_else(nowhere)?;
    refuse_same_kind(from, to)?;
    let Some(mut source) = Store::open_existing_wherever(from, kind).await? else {
        return Err(deps.no_queue(ErrorKind::Usage));
    };
    if let Some(MoveMark { to, moved_at: Some(_), .. }) = source.move_mark().await? {
        return Err(StoreError::Moved { queue: from.clone(), to, is_over: true }.into());
    }
    let nobody = nobody_works_on(from).await?;
    let mut target = Store::open_wherever(to, kind).await?;
    let nobody_there = nobody_works_on(to).await?;
    let mark = source.begin_move(&name_of(to)).await?;
    if mark.to != name_of(to) {
        return Err(StoreError::Moved { queue: from.clone(), to: mark.to, is_over: false }.into());
    }
    let mut copied = None;
    if target.came_by().await?.as_ref() != Some(&mark.id) {
        if let Err(error) = target.await_move(&name_of(from)).await {
            source.take_back_move().await?;
            return Err(error.into());
        }
        let rows = copy(source, &mut target, &mark.id).await?;
        (source, copied) = (rows.0, rows.1);
    }
    source.end_move(deps.clock.now().wall).await?;
    source.close().await;
    drop((nobody, nobody_there));
    deps.log_audit_event(&mut target, "move", None, &format!("from {}", name_of(from))).await;
    let has_logins = target.accounts().has_credentials().await?;
    target.close().await;
    let key_to_copy = if has_logins { key_to_copy(deps, from, to) } else { None };
    Ok(MoveReport { from: name_of(from), to: name_of(to), copied, key_to_copy })
}

/// How a queue is found again from any folder.
fn name_of(place: &QueuePlace) -> String {
    let whole = place.file().and_then(|file| std::path::absolute(file).ok());
    whole.map_or_else(|| place.to_string(), |file| file.display().to_string())
}

/// Logins are sealed with a key in a file beside the queue, which stays on its host.
fn key_to_copy(deps: AppDeps<'_>, from: &QueuePlace, to: &QueuePlace) -> Option<(PathBuf, PathBuf)> {
    let [key, looked_for] = [from, to].map(|place| key_choice(deps.settings, place.local_path()).key_file);
    let sealed_by = std::fs::read(&key).ok()?;
    let is_same = std::fs::read(&looked_for).is_ok_and(|found| found == sealed_by);
    (!is_same).then_some((key, looked_for))
}

/// Two files are copied by copying, two databases of servers by the server's own tools.
fn refuse_same_kind(from: &QueuePlace, to: &QueuePlace) -> Result<(), CommandError> {
    let hint = match (from.file(), to.file()) {
        (Some(_), Some(_)) => "a queue in a file is moved by moving its file, while nothing works on it",
        (None, None) => "from server to server it is moved by pg_dump and pg_restore, while nothing works on it",
        _ => return Ok(()),
    };
    Err(CommandError::new(ErrorKind::Usage, "a queue is moved from a file to a server, or back").hint(hint))
}

/// Copies the queue. Where that fails and nothing has arrived, the queue is as it was before.
async fn copy(source: Store, target: &mut Store, by: &MoveId) -> Result<(Store, Option<CopiedRows>), CommandError> {
    let place = source.place().clone();
    let mut source = match source.alone().await {
        Ok(source) => source,
        Err(error) => {
            target.await_no_move().await?;
            Store::reopen(&place).await?.take_back_move().await?;
            return Err(error.into());
        }
    };
    let error = match source.copy_into(target, by).await {
        Ok(copied) => {
            let of = |name: &str| copied.rows.iter().find(|(table, _)| *table == name).map_or(0, |(_, rows)| *rows);
            let rows = copied.rows.iter().map(|(_, rows)| rows).sum();
            return Ok((source, Some(CopiedRows { rows, tasks: of("task"), attempts: of("attempt") })));
        }
        Err(error) => error,
    };
    // The commit may have come to its end although nobody heard of it. Where that cannot be asked the mark stays, and the same command asks.
    if target.came_by().await?.as_ref() == Some(by) {
        return Ok((source, None));
    }
    // What is not empty awaits nothing.
    target.await_no_move().await?;
    source.take_back_move().await?;
    Err(error.into())
}

/// Held while a queue is moved or replaced: nobody drains it, serves it or works on its schedules.
pub(super) struct Nobody {
    _drains: DrainLock,
    _serves: ServeLock,
    _schedules: ScheduleLock,
}

pub(super) async fn nobody_works_on(queue: &QueuePlace) -> Result<Nobody, CommandError> {
    let busy = |what: &str| {
        CommandError::new(ErrorKind::Busy, format!("another process {what}"))
            .hint("nothing was changed; end it (its service, too), and run the command again")
    };
    Ok(Nobody {
        _drains: DrainLock::take_alone(queue).await?,
        _serves: ServeLock::try_take_alone(queue).await?.ok_or_else(|| busy("serves this queue"))?,
        _schedules: ScheduleLock::try_take(queue).await?.ok_or_else(|| busy("works on the schedules of this queue"))?,
    })
}
