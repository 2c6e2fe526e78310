//! What ends a command early: in words, with a remedy and an exit code.
//!
//! Each room turns its own errors into [`CommandError`], beside their definition. The table of exit codes is
//! [`ErrorKind::exit_code`] and nowhere else. Exit codes that speak of jobs (0, 3, 4, signals) are no errors.

use std::error::Error;
use std::fmt;

use crate::domain::{hide_passwords, io_words};

crate::domain::with_names! {
    /// What kind of trouble it is.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub enum ErrorKind {
        /// A fault of ours.
        Fault => "fault",
        /// The command makes no sense as given.
        Usage => "usage",
        /// The job file or archive cannot be used; nothing was queued.
        InputData => "input",
        /// No answer at all from the platform.
        Unreachable => "unreachable",
        /// Disk or database.
        Io => "io",
        /// Another process is draining this queue.
        Busy => "busy",
        /// An account needs a person.
        Person => "person",
        /// The configuration makes no sense.
        Config => "config",
    }
}

impl ErrorKind {
    /// The exit code of the contract.
    pub const fn exit_code(self) -> u8 {
        match self {
            ErrorKind::Fault => 1,
            ErrorKind::Usage => 2,
            ErrorKind::InputData => 65,
            ErrorKind::Unreachable => 69,
            ErrorKind::Io => 74,
            ErrorKind::Busy => 75,
            ErrorKind::Person => 77,
            ErrorKind::Config => 78,
        }
    }

    const fn row(self) -> (u8, &'static str) {
        (self.exit_code(), self.in_words())
    }

    /// What the exit code says, in words.
    pub const fn in_words(self) -> &'static str {
        match self {
            ErrorKind::Fault => "an internal error",
            ErrorKind::Usage => "the command makes no sense as given",
            ErrorKind::InputData => "bad input, nothing queued",
            ErrorKind::Unreachable => "no usable answer from the platform",
            ErrorKind::Io => "disk or database",
            ErrorKind::Busy => "another process was draining this queue",
            ErrorKind::Person => "an account needs a person",
            ErrorKind::Config => "bad configuration",
        }
    }
}

/// Every exit code with what it says, the gravest first: a signal, a fault of ours, then what a person has to mend, then work left. Those of
/// errors are [`ErrorKind`]'s; the others speak of signals and of the jobs' state.
static EXIT_CODES: [(u8, &str); 14] = [
    (143, "stopped by SIGTERM; progress is saved"),
    (130, "stopped by SIGINT; progress is saved"),
    (129, "stopped by SIGHUP; progress is saved"),
    ErrorKind::Fault.row(),
    ErrorKind::Io.row(),
    ErrorKind::Busy.row(),
    ErrorKind::Person.row(),
    ErrorKind::Config.row(),
    ErrorKind::InputData.row(),
    ErrorKind::Usage.row(),
    ErrorKind::Unreachable.row(),
    (4, "stopped early with work left"),
    (3, "settled, with failed or rejected rows"),
    (0, "every row settled, none failed"),
];

/// An exit code in words, for people who look at how a run ended.
pub fn exit_code_in_words(code: u8) -> &'static str {
    EXIT_CODES.iter().find(|(known, _)| *known == code).map_or("unknown exit code", |(_, words)| words)
}

/// Of several exit codes, the gravest: the one that is told. 0 where there are none.
pub fn gravest(codes: impl Iterator<Item = u8>) -> u8 {
    let codes: Vec<u8> = codes.collect();
    EXIT_CODES.iter().map(|(code, _)| *code).find(|code| codes.contains(code)).unwrap_or(0)
}

/// Why a command ended early.
#[derive(Debug)]
pub struct CommandError {
    /// What kind of trouble it is; decides the exit code.
    pub kind: ErrorKind,
    /// What happened, in a sentence without a full stop. May hold foreign text: it is escaped when printed.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// What lies beneath.
    pub source: Option<Box<dyn Error + Send + Sync>>,
}

impl CommandError {
    /// An error without a hint.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> CommandError {
        CommandError { kind, message: message.into(), hint: None, source: None }
    }

    /// The same with a hint.
    pub fn hint(self, hint: impl Into<String>) -> CommandError {
        CommandError { hint: Some(hint.into()), ..self }
    }

    /// The same with what lies beneath.
    pub fn because(self, source: impl Into<Box<dyn Error + Send + Sync>>) -> CommandError {
        CommandError { source: Some(source.into()), ..self }
    }

    /// The same for one more who waits; what lies beneath stays with the first.
    #[must_use]
    pub fn copied(&self) -> CommandError {
        CommandError { kind: self.kind, message: self.message.clone(), hint: self.hint.clone(), source: None }
    }

    /// Something of ours could not be written or read.
    pub fn io(what: impl fmt::Display, source: std::io::Error) -> CommandError {
        CommandError::new(ErrorKind::Io, format!("{what}: {}", io_words(&source)))
            .hint(io_hint(&source))
            .because(source)
    }

    /// The program has panicked. Its message is on stderr already; a runtime that gets no thread panics too, and then it is the
    /// machine's.
    pub fn of_panic(payload: &(dyn std::any::Any + Send)) -> CommandError {
        let text = payload.downcast_ref::<String>().map(String::as_str);
        match text.or_else(|| payload.downcast_ref::<&str>().copied()) {
            Some(text) if text.contains("can't spawn worker thread") => {
                CommandError::new(ErrorKind::Io, "the system gives this program no more threads").hint(NO_THREADS_HINT)
            }
            _ => CommandError::new(ErrorKind::Fault, "the program has stopped at an internal error")
                .hint("what was reported before is saved; please report this together with the lines above"),
        }
    }

    /// Whoever read our stdout has gone: not worth a word.
    pub fn is_broken_pipe(&self) -> bool {
        let source = self.source.as_ref().and_then(|source| source.downcast_ref::<std::io::Error>());
        source.is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
    }

    /// What `--json` prints where this is all there is to say: `{"error":{...},"exit_code":N}`
    pub fn to_answer(&self) -> serde_json::Value {
        serde_json::json!({ "error": self.to_json(), "exit_code": self.kind.exit_code() })
    }

    /// `{"kind","message","hint"}`
    pub fn to_json(&self) -> serde_json::Value {
        let (message, hint) = (hide_passwords(&self.message), self.hint.as_deref().map(hide_passwords));
        serde_json::json!({ "kind": self.kind.name(), "message": message, "hint": hint })
    }
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for CommandError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| &**source as &(dyn Error + 'static))
    }
}

const NO_THREADS_HINT: &str = "end other programs, or raise the limit of processes and threads (`ulimit -u`, TasksMax of the service), and run the command again; what was reported before is saved";

/// What to do about a file that cannot be read or written.
pub(crate) fn io_hint(source: &std::io::Error) -> String {
    use std::io::ErrorKind as E;
    let too_many_files = [rustix::io::Errno::MFILE, rustix::io::Errno::NFILE].map(|errno| Some(errno.raw_os_error()));
    if too_many_files.contains(&source.raw_os_error()) {
        return "end other programs, or raise the limit of open files (`ulimit -n`), and run the command again".into();
    }
    match source.kind() {
        E::WouldBlock => NO_THREADS_HINT.into(),
        E::OutOfMemory => "free memory, and run the command again; what was reported before is saved".into(),
        E::StorageFull | E::QuotaExceeded | E::FileTooLarge => {
            "make room and run the command again; what was reported before is saved".into()
        }
        E::PermissionDenied => "let this user read and write there, or name another place".into(),
        E::NotFound | E::NotADirectory | E::IsADirectory | E::ReadOnlyFilesystem | E::InvalidInput => {
            "check the path, or name another place".into()
        }
        _ => "check the disk (`df -h` for room, `dmesg` for faults) and run the command again; what was reported before is saved".into(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_exit_code_of_the_documentation_has_words() {
        let page = include_str!("../docs/exit-codes-and-json.md");
        let cells = page.lines().filter_map(|line| line.strip_prefix("| ")?.split(" |").next());
        let codes: Vec<u8> = cells.flat_map(|cell| cell.split(", ")).filter_map(|code| code.parse().ok()).collect();
        assert!(codes.len() >= ErrorKind::ALL.len() + 6, "{codes:?}");
        for code in codes {
            assert_ne!(exit_code_in_words(code), exit_code_in_words(99), "{code}");
        }
    }

    #[test]
    fn a_reader_that_went_away_is_told_from_other_faults() {
        let gone = CommandError::io("stdout", std::io::Error::from(std::io::ErrorKind::BrokenPipe));
        assert!(gone.is_broken_pipe());
        assert!(!CommandError::io("x", std::io::Error::from(std::io::ErrorKind::NotFound)).is_broken_pipe());
    }

    #[test]
    fn the_gravest_code_is_told() {
        let told = |codes: &[u8]| gravest(codes.iter().copied());
        assert_eq!((told(&[]), told(&[0, 0]), told(&[0, 3]), told(&[4, 3])), (0, 0, 3, 4));
        assert_eq!((told(&[65, 77]), told(&[4, 65]), told(&[77, 130])), (77, 65, 130));
        for kind in ErrorKind::ALL {
            assert_eq!(told(&[0, kind.exit_code()]), kind.exit_code(), "{kind:?}");
        }
    }
}
