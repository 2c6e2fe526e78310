//! What went wrong, for people: what happened, and what to type next. The kind decides the exit code.

use crate::jobfile::JobFileError;
use crate::store::StoreError;

/// The kinds of failure, each with one exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A fault of ours.
    Fault,
    /// The command cannot be meant as it was given.
    Usage,
    /// The input cannot be used; nothing was queued.
    Input,
    /// Nobody answers.
    Unreachable,
    /// Disk or database.
    Io,
    /// Another process is draining this queue.
    Busy,
    /// An account needs a person.
    Account,
    /// The configuration cannot be used.
    Config,
}

impl Kind {
    /// The one table of exit codes for failures.
    pub const fn exit_code(self) -> u8 {
        match self {
            Kind::Fault => 1,
            Kind::Usage => 2,
            Kind::Input => 65,
            Kind::Unreachable => 69,
            Kind::Io => 74,
            Kind::Busy => 75,
            Kind::Account => 77,
            Kind::Config => 78,
        }
    }

    /// The word in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Fault => "fault",
            Kind::Usage => "usage",
            Kind::Input => "input",
            Kind::Unreachable => "unreachable",
            Kind::Io => "io",
            Kind::Busy => "busy",
            Kind::Account => "account",
            Kind::Config => "config",
        }
    }
}

/// A failure, with its remedy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// Decides the exit code.
    pub kind: Kind,
    /// What happened.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
}

impl Failure {
    /// A failure with a remedy.
    pub fn new(kind: Kind, message: impl Into<String>, hint: impl Into<String>) -> Failure {
        Failure { kind, message: message.into(), hint: Some(hint.into()) }
    }
}

impl From<JobFileError> for Failure {
    fn from(error: JobFileError) -> Failure {
        let kind = match &error {
            JobFileError::Spool { .. } => Kind::Io,
            _ => Kind::Input,
        };
        Failure { kind, message: error.to_string(), hint: Some(error.hint()) }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Failure {
        let message = error.to_string();
        let (kind, hint) = match &error {
            StoreError::DiskFull { path } => {
                let folder = path.parent().map_or_else(|| path.display().to_string(), |p| p.display().to_string());
                (Kind::Io, format!("free some space in {folder} and type the same command again; nothing is lost"))
            }
            StoreError::Io { path, .. } => (
                Kind::Io,
                format!("check that {} and its folder are yours to write, or name another --db", path.display()),
            ),
            StoreError::Damaged { .. } => (
                Kind::Io,
                "name another --db, or restore the file from a backup; `sqlite3 FILE .recover` may save its rows"
                    .to_owned(),
            ),
            StoreError::Busy { .. } => {
                (Kind::Io, "wait for the other process, then type the same command again".to_owned())
            }
            StoreError::Newer { .. } => (Kind::Config, "use the newer cleanup, or another queue with --db".to_owned()),
            StoreError::WrongKind { found, .. } => {
                let hint = match *found {
                    "sandbox" => "leave --sandbox on for this queue, or name another --db",
                    _ => "leave --sandbox off for this queue, or name another --db",
                };
                (Kind::Config, hint.to_owned())
            }
            StoreError::OldSqlite { .. } => {
                (Kind::Config, "build cleanup with its own SQLite, as `cargo build --locked` does".to_owned())
            }
            StoreError::Draining { .. } => (
                Kind::Busy,
                "look at it with `cleanup status`; `cleanup load` queues files for it without waiting".to_owned(),
            ),
            StoreError::FenceLost => {
                (Kind::Busy, "look at the other drain with `cleanup status`; nothing was sent twice".to_owned())
            }
            StoreError::AccountNameTaken { .. } => (Kind::Usage, "choose another name with --account".to_owned()),
            StoreError::Database(_) | StoreError::Impossible { .. } => {
                (Kind::Io, "run it again with -vv and report what it says; the queue keeps what was saved".to_owned())
            }
        };
        Failure { kind, message, hint: Some(hint) }
    }
}
