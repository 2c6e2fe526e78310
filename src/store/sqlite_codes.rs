//! What SQLite's result codes mean to the person at the other end. In: an extended result code and SQLite's message. Out: a
//! [`StoreError`]. The codes are those of <https://www.sqlite.org/rescode.html>.

use std::path::Path;

use rustix::fs::Access;
use sqlx::migrate::MigrateError;

use super::disk_room::{folder_of, is_full};
use super::error::{BUSY_TIMEOUT_S, StoreError};
use super::place::QueuePlace;
use super::postgres_codes::error_of_server;

impl StoreError {
    /// Sorts an error of sqlx; one of SQLite by its result code.
    pub(super) fn from_sqlx(queue: &QueuePlace, error: sqlx::Error) -> StoreError {
        let damaged = |detail: String| StoreError::Damaged { queue: queue.clone(), detail };
        let is_of_server = matches!(queue, QueuePlace::Server(_));
        let known = match &error {
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) | sqlx::Error::RowNotFound => None,
            error if is_of_server => error_of_server(queue, error),
            sqlx::Error::Database(database) => {
                let code = database.code().and_then(|code| code.parse::<i32>().ok()).unwrap_or(0);
                match error_of_code(queue, code, database.message()) {
                    Some(StoreError::Io { path, .. }) if is_full(&path) => Some(StoreError::DiskFull { path }),
                    Some(StoreError::Io { path, source }) => {
                        Some(of_folder(&path).unwrap_or(StoreError::Io { path, source }))
                    }
                    other => other,
                }
            }
            sqlx::Error::Io(io) => {
                Some(StoreError::of_io(queue.local_path(), std::io::Error::new(io.kind(), io.to_string())))
            }
            sqlx::Error::WorkerCrashed => {
                let source = std::io::Error::other("the thread that works on it has ended");
                Some(StoreError::Io { path: queue.local_path().to_path_buf(), source })
            }
            _ => None,
        };
        known.unwrap_or_else(|| match error {
            // Tables are strict and statements fit the schema: a value of another type, or none where one has to be, was not
            // written by this program.
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => damaged(error.to_string()),
            sqlx::Error::RowNotFound => damaged("a row that has to be there is missing".to_owned()),
            other => StoreError::Database(other),
        })
    }

    /// Whether a statement broke the constraint of this column.
    pub(super) fn breaks(&self, column: &str) -> bool {
        matches!(self, StoreError::Database(sqlx::Error::Database(error)) if error.message().contains(column))
    }

    /// An error of bringing the schema up to date.
    pub(super) fn from_migration(queue: &QueuePlace, error: MigrateError) -> StoreError {
        match error {
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => {
                StoreError::from_sqlx(queue, error)
            }
            other => StoreError::Damaged { queue: queue.clone(), detail: other.to_string() },
        }
    }
}

/// SQLite needs files beside the queue, and says of a folder that takes none only that something could not be opened.
fn of_folder(queue: &Path) -> Option<StoreError> {
    let folder = folder_of(queue);
    let wanted = Access::WRITE_OK | Access::EXEC_OK;
    rustix::fs::access(folder, wanted).err().map(|error| StoreError::of_io(folder, error.into()))
}

/// The error for an extended result code; none where it tells of a statement of ours that makes no sense.
fn error_of_code(queue: &QueuePlace, code: i32, message: &str) -> Option<StoreError> {
    const IOERR_NOMEM: i32 = 10 | (12 << 8);
    let (queue, path, detail) = (queue.clone(), queue.local_path().to_path_buf(), message.to_owned());
    let io = |detail: String| StoreError::Io { path: path.clone(), source: std::io::Error::other(detail) };
    Some(match (code, code & 0xff) {
        (IOERR_NOMEM, _) | (_, 7) => StoreError::OutOfMemory { queue },
        (_, 5 | 6) => StoreError::Busy { waited_s: BUSY_TIMEOUT_S },
        (_, 10) => io(format!("{} failed (SQLite's code {code})", failed_step(code >> 8))),
        (_, 11 | 26) => StoreError::Damaged { queue, detail },
        (_, 13) => StoreError::DiskFull { path },
        (_, 15) => StoreError::LocksFail { queue, detail },
        // No permission, read-only, not to be opened, schema changed under a statement again and again, no large files.
        (_, 3 | 8 | 14 | 17 | 22 | 23) => io(detail),
        (_, 1) if is_missing_part(message) => StoreError::Damaged { queue, detail },
        _ => return None,
    })
}

/// Every statement of ours fits the schema that was checked when the queue was opened. A part that is missing later was taken
/// away by a damaged page, or by another program.
fn is_missing_part(message: &str) -> bool {
    ["no such table", "no such column", "no such index", "has no column named", "malformed database schema"]
        .iter()
        .any(|words| message.contains(words))
}

/// What SQLite was doing, by the second byte of an I/O error's code.
fn failed_step(step: i32) -> &'static str {
    match step {
        1 | 2 | 21 | 24 | 33 => "reading from the disk",
        3 => "writing to the disk",
        4 | 5 => "saving what was written",
        6 => "cutting a file to its length",
        8 | 9 | 14 | 15 => "locking",
        10 | 23 => "removing a file",
        18..=21 => "the shared memory beside the queue (its -shm file)",
        _ => "the disk",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Whatever the machine does to a database is an error of the machine; only SQL that makes no sense is ours.
    #[test]
    fn every_code_that_a_machine_can_cause_is_told_as_one() {
        let kind = |code: i32, message: &str| match error_of_code(&Path::new("/q.db").into(), code, message) {
            Some(StoreError::OutOfMemory { .. }) => "memory",
            Some(StoreError::Busy { .. }) => "busy",
            Some(StoreError::Io { .. }) => "io",
            Some(StoreError::Damaged { .. }) => "damaged",
            Some(StoreError::DiskFull { .. }) => "full",
            Some(StoreError::LocksFail { .. }) => "locks",
            Some(other) => panic!("{other}"),
            None => "ours",
        };
        let told = [
            (7, "memory"),
            (3082, "memory"),
            (5, "busy"),
            (517, "busy"),
            (6, "busy"),
            (262, "busy"),
            (10, "io"),
            (266, "io"),
            (522, "io"),
            (778, "io"),
            (1034, "io"),
            (3850, "io"),
            (4874, "io"),
            (5386, "io"),
            (8, "io"),
            (264, "io"),
            (14, "io"),
            (17, "io"),
            (23, "io"),
            (11, "damaged"),
            (267, "damaged"),
            (26, "damaged"),
            (13, "full"),
            (15, "locks"),
            (1, "ours"),
            (19, "ours"),
            (2067, "ours"),
            (20, "ours"),
            (21, "ours"),
            (25, "ours"),
        ];
        for (code, expected) in told {
            assert_eq!(kind(code, "words"), expected, "{code}");
        }
        for message in ["no such table: task", "no such column: hold_rung", "table job has no column named keep"] {
            assert_eq!(kind(1, message), "damaged", "{message}");
        }
        assert_eq!(kind(1, "near \"selct\": syntax error"), "ours");
        let full = error_of_code(&Path::new("/q.db").into(), 778, "disk I/O error").unwrap().to_string();
        assert_eq!(full, "/q.db: writing to the disk failed (SQLite's code 778)");
    }
}
