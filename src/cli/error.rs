//! What ends a command early: in words, with a remedy and an exit code.
//!
//! In: errors of the rooms. Out: [`CliError`]. The table of exit codes is [`Kind::exit_code`] and nowhere else. Exit codes
//! that speak of jobs (0, 3, 4, signals) are no errors.

use std::error::Error;
use std::fmt;
use std::path::Path;

use super::args::UntilError;
use super::near_file::with_near_file;
use crate::config::ConfigError;
use crate::domain::io_words;
use crate::jobfile::JobFileError;
use crate::lists::archive::{ArchiveError, ArchiveFault};
use crate::lists::fetch::FetchError;
use crate::lists::filter::{FilterError, TooManyToOrder};
use crate::store::StoreError;

/// What kind of trouble it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A fault of ours.
    Fault,
    /// The command makes no sense as given.
    Usage,
    /// The job file or archive cannot be used; nothing was queued.
    InputData,
    /// No answer at all from the platform.
    Unreachable,
    /// Disk or database.
    Io,
    /// Another process is draining this queue.
    Busy,
    /// An account needs a person.
    Person,
    /// The configuration makes no sense.
    Config,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 8] = [
        Kind::Fault,
        Kind::Usage,
        Kind::InputData,
        Kind::Unreachable,
        Kind::Io,
        Kind::Busy,
        Kind::Person,
        Kind::Config,
    ];

    /// The exit code of the contract.
    pub const fn exit_code(self) -> u8 {
        match self {
            Kind::Fault => 1,
            Kind::Usage => 2,
            Kind::InputData => 65,
            Kind::Unreachable => 69,
            Kind::Io => 74,
            Kind::Busy => 75,
            Kind::Person => 77,
            Kind::Config => 78,
        }
    }

    /// What the exit code says, in words.
    pub const fn in_words(self) -> &'static str {
        match self {
            Kind::Fault => "a fault of ours",
            Kind::Usage => "the command makes no sense as given",
            Kind::InputData => "bad input, nothing queued",
            Kind::Unreachable => "no answer at all from the platform",
            Kind::Io => "disk or database",
            Kind::Busy => "another process was draining this queue",
            Kind::Person => "an account needs a person",
            Kind::Config => "bad configuration",
        }
    }

    /// The word in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Fault => "fault",
            Kind::Usage => "usage",
            Kind::InputData => "input",
            Kind::Unreachable => "unreachable",
            Kind::Io => "io",
            Kind::Busy => "busy",
            Kind::Person => "person",
            Kind::Config => "config",
        }
    }
}

/// An exit code in words, for people who look at how a run ended. Those of errors are [`Kind`]'s; the others speak of the jobs' state.
pub fn exit_code_in_words(code: u8) -> &'static str {
    match code {
        0 => "every row settled, none failed",
        3 => "settled, with failed or rejected rows",
        4 => "stopped early with work left",
        129 => "stopped by SIGHUP; progress is saved",
        130 => "stopped by SIGINT; progress is saved",
        143 => "stopped by SIGTERM; progress is saved",
        _ => Kind::ALL
            .into_iter()
            .find(|kind| kind.exit_code() == code)
            .map_or("an end that is not ours", Kind::in_words),
    }
}

/// Why a command ended early.
#[derive(Debug)]
pub struct CliError {
    /// What kind of trouble it is; decides the exit code.
    pub kind: Kind,
    /// What happened, in a sentence without a full stop. May hold foreign text: it is escaped when printed.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// What lies beneath.
    pub source: Option<Box<dyn Error + Send + Sync>>,
}

impl CliError {
    /// An error without a hint.
    pub fn new(kind: Kind, message: impl Into<String>) -> CliError {
        CliError { kind, message: message.into(), hint: None, source: None }
    }

    /// The same with a hint.
    pub fn hint(self, hint: impl Into<String>) -> CliError {
        CliError { hint: Some(hint.into()), ..self }
    }

    /// The same with what lies beneath.
    pub fn because(self, source: impl Into<Box<dyn Error + Send + Sync>>) -> CliError {
        CliError { source: Some(source.into()), ..self }
    }

    /// The same where `check` has said above what is wrong with each row: a hint that names `check` again leads nowhere.
    pub fn after_check(self) -> CliError {
        let fault = self.source.as_ref().and_then(|source| source.downcast_ref::<JobFileError>());
        match fault {
            Some(JobFileError::NoUsableRow { .. }) => {
                self.hint("each row above says what is wrong with it and what to do")
            }
            Some(JobFileError::Strict { .. }) => {
                self.hint("correct the rows above; without --strict they are left out and the others go on")
            }
            _ => self,
        }
    }

    /// Something of ours could not be written or read.
    pub fn io(what: impl fmt::Display, source: std::io::Error) -> CliError {
        CliError::new(Kind::Io, format!("{what}: {}", io_words(&source))).hint(io_hint(&source)).because(source)
    }

    /// The program has panicked. Its message is on stderr already; a runtime that gets no thread panics too, and then it is the
    /// machine's.
    pub fn of_panic(payload: &(dyn std::any::Any + Send)) -> CliError {
        let text = payload.downcast_ref::<String>().map(String::as_str);
        match text.or_else(|| payload.downcast_ref::<&str>().copied()) {
            Some(text) if text.contains("can't spawn worker thread") => {
                CliError::new(Kind::Io, "the system gives this program no more threads").hint(NO_THREADS_HINT)
            }
            _ => CliError::new(Kind::Fault, "the program has stopped at a fault of its own")
                .hint("what was reported before is saved; please report this together with the lines above"),
        }
    }

    /// Whoever read our stdout has gone: not worth a word.
    pub fn is_broken_pipe(&self) -> bool {
        let source = self.source.as_ref().and_then(|source| source.downcast_ref::<std::io::Error>());
        source.is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
    }

    /// `{"kind","message","hint"}`
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::json!({ "kind": self.kind.name(), "message": self.message, "hint": self.hint })
    }
}

impl fmt::Display for CliError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for CliError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| &**source as &(dyn Error + 'static))
    }
}

impl From<ConfigError> for CliError {
    fn from(error: ConfigError) -> CliError {
        let hint = match (&error, error.hint()) {
            (ConfigError::Unreadable { path, .. }, Some(hint)) if !path.exists() => Some(with_near_file(path, &hint)),
            (_, hint) => hint,
        };
        CliError { kind: Kind::Config, message: error.to_string(), hint, source: Some(error.into()) }
    }
}

impl From<UntilError> for CliError {
    fn from(error: UntilError) -> CliError {
        let hint = "give a time of day such as 06:00, a later timestamp, or --for 4h";
        CliError::new(Kind::Usage, error.to_string()).hint(hint).because(error)
    }
}

impl From<StoreError> for CliError {
    fn from(error: StoreError) -> CliError {
        let (kind, hint) = sort(&error);
        CliError { kind, message: error.to_string(), hint: Some(hint), source: Some(error.into()) }
    }
}

impl From<FetchError> for CliError {
    fn from(error: FetchError) -> CliError {
        match error {
            FetchError::Store(error) => error.into(),
            FetchError::Token(error) => error.into(),
        }
    }
}

impl From<FilterError> for CliError {
    fn from(error: FilterError) -> CliError {
        match error {
            FilterError::List(error) => error.into(),
            FilterError::Time { .. } => {
                CliError::new(Kind::Usage, error.to_string()).hint("give a date or an age nearer to today")
            }
            FilterError::Misfit(_) => CliError::new(Kind::Usage, error.to_string()).hint("leave that option out"),
        }
    }
}

impl From<TooManyToOrder> for CliError {
    fn from(error: TooManyToOrder) -> CliError {
        CliError::new(Kind::Usage, error.to_string()).hint("add --limit N, or leave out --order")
    }
}

impl From<JobFileError> for CliError {
    fn from(error: JobFileError) -> CliError {
        let kind = if error.is_machine_fault() { Kind::Io } else { Kind::InputData };
        let hint = match &error {
            JobFileError::Missing { path } => with_near_file(Path::new(path), &error.hint()),
            _ => error.hint(),
        };
        CliError { kind, message: error.to_string(), hint: Some(hint), source: Some(error.into()) }
    }
}

impl From<ArchiveError> for CliError {
    fn from(error: ArchiveError) -> CliError {
        let hint = match &error.fault {
            ArchiveFault::Missing => with_near_file(Path::new(&error.archive), error.hint()),
            _ => error.hint().to_owned(),
        };
        CliError { kind: Kind::InputData, message: error.to_string(), hint: Some(hint), source: Some(error.into()) }
    }
}

const NO_THREADS_HINT: &str = "end other programs, or raise the limit of processes and threads (`ulimit -u`, TasksMax of the service), and give the command again; what was reported before is saved";

fn sort(error: &StoreError) -> (Kind, String) {
    match error {
        StoreError::DiskFull { .. } => {
            (Kind::Io, "make room and give the command again; what was reported before is saved".into())
        }
        StoreError::Io { path, source } => (Kind::Io, queue_io_hint(path, source)),
        StoreError::Damaged { .. } => (
            Kind::Io,
            "if it is not a queue of cleanup's, give another path with --db; else look at the disk (`dmesg`), and restore the queue from a backup"
                .into(),
        ),
        StoreError::Impossible { .. } => (
            Kind::Io,
            "the file is damaged, or another program has written to it: `cleanup doctor` reads all of it; look at the disk (`dmesg`), and restore the queue from a backup"
                .into(),
        ),
        StoreError::OutOfMemory { .. } => (
            Kind::Io,
            "free memory or raise the limit of this process (`ulimit -v`, MemoryMax of its service), and give the command again; what was reported before is saved".into(),
        ),
        StoreError::LocksFail { .. } => (
            Kind::Io,
            "keep the queue on a local disk (network and shared folders often do not lock), end other programs that have it open, and give the command again; what was reported before is saved"
                .into(),
        ),
        StoreError::DamagedRows { .. } => (
            Kind::Io,
            "load the job's file again, it says what is right; `cleanup doctor` names every such row; look at the disk, too".into(),
        ),
        StoreError::Busy { .. } => (Kind::Io, "give the command again when the other process has finished".into()),
        StoreError::Newer { .. } => {
            (Kind::Config, "install the newer version of cleanup, or give another queue with --db".into())
        }
        StoreError::WrongKind { found, .. } => (Kind::Config, wrong_kind_hint(found)),
        StoreError::OldSqlite { .. } => (Kind::Config, "build cleanup with the SQLite it brings along".into()),
        StoreError::Draining { .. } => (
            Kind::Busy,
            "nothing was loaded; `cleanup status` shows how far it is, `cleanup pause JOB` stops one of its jobs (with the same --db or --sandbox)"
                .into(),
        ),
        StoreError::LockLost { .. } => (
            Kind::Busy,
            "what was reported is saved, and nothing more was sent; leave the .lock files alone and give the command again"
                .into(),
        ),
        StoreError::FenceLost => {
            (Kind::Busy, "what was reported is saved; `cleanup status` shows how far the other process is".into())
        }
        StoreError::LoadedMeanwhile { .. } => {
            (Kind::Busy, "nothing was loaded; give the command again, and it goes on from there".into())
        }
        StoreError::AccountNameTaken { .. } => (Kind::Usage, "give another short name with --account".into()),
        StoreError::Database(_) => {
            (Kind::Fault, "please report this together with the output of `cleanup -vv status`".into())
        }
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

/// What to do about a file that cannot be read or written.
fn io_hint(source: &std::io::Error) -> String {
    use std::io::ErrorKind as E;
    let too_many_files = [rustix::io::Errno::MFILE, rustix::io::Errno::NFILE].map(|errno| Some(errno.raw_os_error()));
    if too_many_files.contains(&source.raw_os_error()) {
        return "end other programs, or raise the limit of open files (`ulimit -n`), and give the command again".into();
    }
    match source.kind() {
        E::WouldBlock => NO_THREADS_HINT.into(),
        E::OutOfMemory => "free memory, and give the command again; what was reported before is saved".into(),
        E::StorageFull | E::QuotaExceeded | E::FileTooLarge => {
            "make room and give the command again; what was reported before is saved".into()
        }
        E::PermissionDenied => "let this user read and write there, or name another place".into(),
        E::NotFound | E::NotADirectory | E::IsADirectory | E::ReadOnlyFilesystem => {
            "check the path, or name another place".into()
        }
        _ => "look at the disk (`df -h` for room, `dmesg` for faults) and give the command again; what was reported before is saved".into(),
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
    use std::path::PathBuf;

    fn all() -> Vec<(StoreError, u8)> {
        let path = PathBuf::from("/q.db");
        let io = |kind| StoreError::Io { path: "/q.db".into(), source: std::io::Error::from(kind) };
        vec![
            (StoreError::DiskFull { path: path.clone() }, 74),
            (io(std::io::ErrorKind::PermissionDenied), 74),
            (StoreError::Damaged { path: path.clone(), detail: "x".into() }, 74),
            (StoreError::Busy { waited_s: 30 }, 74),
            (StoreError::DamagedRows { rows: vec!["line 4 of unfollow".into()] }, 74),
            (StoreError::Newer { path: path.clone(), found: 9, known: 1 }, 78),
            (StoreError::WrongKind { path: path.clone(), found: "real", wanted: "sandbox" }, 78),
            (StoreError::OldSqlite { version: "3.40.0".into(), needed: "3.51.3" }, 78),
            (StoreError::Draining { path, holder: None }, 75),
            (StoreError::FenceLost, 75),
            (StoreError::AccountNameTaken { name: "a".into(), platform: "x-v2".into(), user_id: "1".into() }, 2),
            (StoreError::OutOfMemory { path: "/q.db".into() }, 74),
            (StoreError::LocksFail { path: "/q.db".into(), detail: "locking protocol".into() }, 74),
            (StoreError::Impossible { what: "x".into() }, 74),
            (StoreError::Database(sqlx::Error::PoolClosed), 1),
        ]
    }

    #[test]
    fn every_error_of_the_store_has_a_code_and_a_remedy() {
        for (error, code) in all() {
            let text = error.to_string();
            let error = CliError::from(error);
            assert_eq!(error.kind.exit_code(), code, "{text}");
            assert!(error.hint.as_ref().is_some_and(|hint| hint.len() > 10), "{text}");
            assert_eq!(error.to_json()["kind"], error.kind.name());
        }
    }

    #[test]
    fn every_exit_code_of_the_documentation_has_words() {
        let page = include_str!("../../docs/exit-codes-and-json.md");
        let cells = page.lines().filter_map(|line| line.strip_prefix("| ")?.split(" |").next());
        let codes: Vec<u8> = cells.flat_map(|cell| cell.split(", ")).filter_map(|code| code.parse().ok()).collect();
        assert!(codes.len() >= Kind::ALL.len() + 6, "{codes:?}");
        for code in codes {
            assert_ne!(exit_code_in_words(code), exit_code_in_words(99), "{code}");
        }
    }

    #[test]
    fn a_busy_queue_names_the_commands() {
        let error = CliError::from(StoreError::Draining { path: "/q.db".into(), holder: None });
        let hint = error.hint.unwrap();
        assert!(hint.contains("cleanup status") && hint.contains("cleanup pause"));
    }

    #[test]
    fn a_reader_that_went_away_is_told_from_other_faults() {
        let gone = CliError::io("stdout", std::io::Error::from(std::io::ErrorKind::BrokenPipe));
        assert!(gone.is_broken_pipe());
        assert!(!CliError::io("x", std::io::Error::from(std::io::ErrorKind::NotFound)).is_broken_pipe());
    }
}
