//! Errors of the store as a person reads them: an exit code and what to do next.

use super::error::StoreError;
use super::place::QueuePlace;
use super::snapshot::newest_snapshot;
use crate::error::{CommandError, ErrorKind, io_hint};

impl From<StoreError> for CommandError {
    fn from(error: StoreError) -> CommandError {
        let (kind, hint) = kind_and_hint(&error);
        CommandError { kind, message: error.to_string(), hint: Some(hint), source: Some(error.into()) }
    }
}

fn kind_and_hint(error: &StoreError) -> (ErrorKind, String) {
    match error {
        StoreError::DiskFull { .. } => {
            (ErrorKind::Io, "make room and run the command again; what was reported before is saved".into())
        }
        StoreError::NoRoomForCopy { .. } => {
            (ErrorKind::Io, "make room; jobs are sent all the same; `[snapshots] keep = 0` in the configuration asks for no copies".into())
        }
        StoreError::ServerDiskFull { .. } => (
            ErrorKind::Io,
            "make room on the server's disk and run the command again; what was reported before is saved".into(),
        ),
        StoreError::Unreachable { .. } => (
            ErrorKind::Io,
            "see that the server runs and can be reached from here, and run the command again; what was reported before is saved"
                .into(),
        ),
        StoreError::Refused { .. } => (
            ErrorKind::Config,
            "check the user, its password (PGPASSWORD or ~/.pgpass), the database's name and the user's rights; docs/scale.md lists what it needs"
                .into(),
        ),
        StoreError::Unfit { .. } => {
            (ErrorKind::Config, "docs/scale.md says what a server needs; or give another queue with --db".into())
        }
        StoreError::Io { path, source } => (ErrorKind::Io, queue_io_hint(path, source)),
        StoreError::Damaged { queue, .. } => (
            ErrorKind::Io,
            format!(
                "if it is not a queue of cleanup's, give another path with --db; else check the disk (`dmesg`), and {}",
                way_back(queue)
            ),
        ),
        StoreError::Impossible { .. } => (
            ErrorKind::Io,
            "the file is damaged, or another program has written to it: `cleanup doctor` reads all of it; check the disk (`dmesg`), and restore the queue from a backup, or from a snapshot where it names one"
                .into(),
        ),
        StoreError::OutOfMemory { .. } => (
            ErrorKind::Io,
            "free memory or raise the limit of this process (`ulimit -v`, MemoryMax of its service), and run the command again; what was reported before is saved".into(),
        ),
        StoreError::LocksFail { .. } => (
            ErrorKind::Io,
            "keep the queue on a local disk (network and shared folders often do not lock), end other programs that have it open, and run the command again; what was reported before is saved"
                .into(),
        ),
        StoreError::DamagedRows { .. } => (
            ErrorKind::Io,
            "load the job's file again, which has the right values; `cleanup doctor` names every such row; check the disk, too".into(),
        ),
        StoreError::Busy { .. } => (ErrorKind::Io, "run the command again when the other process has finished".into()),
        StoreError::Conflict => (ErrorKind::Io, "run the command again".into()),
        StoreError::Foreign { .. } => {
            (ErrorKind::Config, "remove it, or keep the queue in a folder of your own with --db".into())
        }
        StoreError::Newer { .. } => {
            (ErrorKind::Config, "install the newer version of cleanup, or give another queue with --db".into())
        }
        StoreError::Unknown { .. } => (
            ErrorKind::Config,
            "install the newer version of cleanup, or give another queue with --db; if there never was a newer one, the file is damaged: restore it from a backup".into(),
        ),
        StoreError::WrongKind { found, .. } => (ErrorKind::Config, wrong_kind_hint(found)),
        StoreError::Moved { to, is_over: true, .. } => (
            ErrorKind::Config,
            format!("give the queue that it is in now: --db {to}"),
        ),
        StoreError::Moved { to, is_over: false, .. } => (
            ErrorKind::Config,
            format!("wait until it has ended; if it was cut off, `cleanup db move {to}` with this --db brings it to its end"),
        ),
        StoreError::Awaiting { queue, from } => (
            ErrorKind::Config,
            format!("wait until it has ended; if it was cut off, `cleanup db move {queue} --db {from}` brings it to its end"),
        ),
        StoreError::InUse { .. } => (
            ErrorKind::Busy,
            "nothing was changed; end what works on it or shows it (`cleanup status` names what drains or serves it; lists that are being read), and run the command again".into(),
        ),
        StoreError::NotEmpty { .. } => (ErrorKind::Usage, "nothing was moved; name a database, or a file, that is new".into()),
        StoreError::OldSqlite { .. } => (ErrorKind::Config, "build cleanup with the SQLite it brings along".into()),
        StoreError::Draining { .. } => (
            ErrorKind::Busy,
            "nothing was loaded; `cleanup status` shows how far it is, `cleanup pause JOB` stops one of its jobs (with the same --db or --sandbox)"
                .into(),
        ),
        StoreError::OtherWindows { .. } => (
            ErrorKind::Config,
            "nothing was sent; the limit of an app holds only where all go by the same: give both the same [[windows]] (`cleanup config show` prints them), or end the other"
                .into(),
        ),
        StoreError::LockLost { queue: QueuePlace::Server(_) } => (
            ErrorKind::Busy,
            "what was reported is saved, and nothing more was sent; see that the server can be reached, without a pooler that lends connections out, and run the command again"
                .into(),
        ),
        StoreError::LockLost { .. } => (
            ErrorKind::Busy,
            "what was reported is saved, and nothing more was sent; leave the .lock files alone and run the command again"
                .into(),
        ),
        StoreError::FenceLost => {
            (ErrorKind::Busy, "what was reported is saved; `cleanup status` shows how far the other process is".into())
        }
        StoreError::CommitUnknown { .. } => (
            ErrorKind::Io,
            "run the command again: it begins with what the server has saved, and what was being sent stands aside until the end"
                .into(),
        ),
        StoreError::LoadedMeanwhile { .. } => {
            (ErrorKind::Busy, "nothing was loaded; run the command again, and it continues from there".into())
        }
        StoreError::AccountNameTaken { .. } => (ErrorKind::Usage, "give this account another short name".into()),
        // Statements of ours fit whatever the program has written: two parts of the file say different things.
        StoreError::Database(sqlx::Error::Database(error)) if !matches!(error.kind(), sqlx::error::ErrorKind::Other) => (
            ErrorKind::Io,
            "the queue does not fit together, as one that is damaged: `cleanup doctor` reads all of it and says what to do; if it finds nothing, please tell the project of this message"
                .into(),
        ),
        StoreError::Database(_) => {
            (ErrorKind::Fault, "please report this together with the output of `cleanup -vv status`".into())
        }
    }
}

/// How a damaged queue is had back. A snapshot is named where there is one.
pub fn way_back(queue: &QueuePlace) -> String {
    match queue.file().and_then(newest_snapshot) {
        Some(newest) => format!(
            "go back to the snapshot of {} ({}): `cleanup doctor --restore latest` (with the same --db or --sandbox)",
            newest.day,
            newest.path.display()
        ),
        None => "restore the queue from a backup".to_owned(),
    }
}

fn queue_io_hint(path: &std::path::Path, source: &std::io::Error) -> String {
    use std::io::ErrorKind as E;
    match source.kind() {
        E::PermissionDenied => {
            format!("let this user read and write {}, or give another path with --db", path.display())
        }
        E::ReadOnlyFilesystem => "the file system is read-only; give another path with --db".into(),
        E::NotFound | E::NotADirectory | E::IsADirectory | E::AlreadyExists => {
            "check the path, or give another with --db".into()
        }
        _ => io_hint(source),
    }
}

fn wrong_kind_hint(found: &str) -> String {
    if found == "sandbox" {
        "add --sandbox, or give a real queue with --db".into()
    } else {
        "leave out --sandbox, or give a sandbox's queue with --db (without --db there is one of its own)".into()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::domain::Platform;
    use std::path::PathBuf;

    fn all() -> Vec<(StoreError, u8)> {
        let path = PathBuf::from("/q.db");
        let queue = QueuePlace::from(&path);
        let io = |kind| StoreError::Io { path: "/q.db".into(), source: std::io::Error::from(kind) };
        vec![
            (StoreError::DiskFull { path: path.clone() }, 74),
            (StoreError::NoRoomForCopy { folder: path.clone(), needs: 65, free: 3 }, 74),
            (io(std::io::ErrorKind::PermissionDenied), 74),
            (StoreError::Damaged { queue: queue.clone(), detail: "x".into() }, 74),
            (StoreError::Busy { waited_s: 30 }, 74),
            (StoreError::Conflict, 74),
            (StoreError::DamagedRows { rows: vec!["line 4 of unfollow".into()] }, 74),
            (StoreError::Newer { queue: queue.clone(), found: 9, known: 1 }, 78),
            (StoreError::Unknown { what: "the account a is at the platform b".into() }, 78),
            (StoreError::ServerDiskFull { queue: queue.clone() }, 74),
            (StoreError::Unreachable { queue: queue.clone(), detail: "x".into() }, 74),
            (StoreError::CommitUnknown { queue: queue.clone(), source: sqlx::Error::WorkerCrashed }, 74),
            (StoreError::Refused { queue: queue.clone(), detail: "x".into() }, 78),
            (StoreError::Unfit { queue: queue.clone(), detail: "x".into() }, 78),
            (StoreError::Foreign { path: path.clone() }, 78),
            (StoreError::Awaiting { queue: queue.clone(), from: "/old.db".into() }, 78),
            (StoreError::InUse { queue: queue.clone(), holder: None }, 75),
            (StoreError::NotEmpty { queue: queue.clone() }, 2),
            (StoreError::OldSqlite { version: "3.40.0".into(), needed: "3.51.3" }, 78),
            (StoreError::Draining { queue: queue.clone(), holder: None }, 75),
            (
                StoreError::OtherWindows {
                    queue: queue.clone(),
                    holder: None,
                    platform: Platform::XV2,
                    theirs: "12/12s (all)".into(),
                    ours: "none".into(),
                },
                78,
            ),
            (StoreError::FenceLost, 75),
            (StoreError::AccountNameTaken { name: "a".into(), platform: "x-v2".into(), user_id: "1".into() }, 2),
            (StoreError::OutOfMemory { queue: queue.clone() }, 74),
            (StoreError::LocksFail { queue: queue.clone(), detail: "locking protocol".into() }, 74),
            (StoreError::Impossible { what: "x".into() }, 74),
            (StoreError::Database(sqlx::Error::PoolClosed), 1),
        ]
    }

    #[test]
    fn every_error_of_the_store_has_a_code_and_a_remedy() {
        for (error, code) in all() {
            let text = error.to_string();
            let error = CommandError::from(error);
            assert_eq!(error.kind.exit_code(), code, "{text}");
            assert!(error.hint.as_ref().is_some_and(|hint| hint.len() > 10), "{text}");
            assert_eq!(error.to_json()["kind"], error.kind.name());
        }
    }

    #[test]
    fn a_busy_queue_names_the_commands() {
        let error = CommandError::from(StoreError::Draining { queue: PathBuf::from("/q.db").into(), holder: None });
        let hint = error.hint.unwrap();
        assert!(hint.contains("cleanup status") && hint.contains("cleanup pause"));
    }
}
