//! Log lines: where they go, how they look, how many there are.
//!
//! In: settings and how often `-v` was given. Out: a global subscriber. What does not belong here: talk to people (that is
//! `cli/printer`). Only our own lines are ever shown below warnings: libraries log headers and bodies, and those hold secrets.

mod log_file;

use std::io::Write;
use std::path::Path;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry};

use crate::config::LogFormat;
use crate::domain::escaped_json;

/// What to log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Logging<'a> {
    /// How lines look.
    pub format: LogFormat,
    /// Where they go instead of stderr.
    pub file: Option<&'a Path>,
    /// How often `-v` was given.
    pub verbose: u8,
    /// `-q`
    pub quiet: bool,
    /// Whether stderr takes colours.
    pub color: bool,
}

/// Hears of a log file that cannot be written any more.
pub type Complain = Box<dyn Fn(&std::io::Error) + Send + Sync>;

/// Sets the process's log up. A second call changes nothing. `complain` hears once of a log file that cannot be written: what is lost is
/// told to somebody, and the run goes on.
///
/// # Errors
/// The log file cannot be opened.
pub fn set_up(logging: &Logging<'_>, complain: Complain) -> std::io::Result<()> {
    match logging.file {
        Some(path) => install(logging, log_file::LogFile::new(log_file::open(path)?, complain), false),
        None => install(logging, std::io::stderr, logging.color),
    }
    Ok(())
}

fn install<W>(logging: &Logging<'_>, writer: W, color: bool)
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let lines = lines(logging.format, writer, color);
    let subscriber = tracing_subscriber::registry().with(lines.with_filter(filter(logging)));
    // Fails where there is one already: then that one stays.
    let _ = subscriber.try_init();
}

fn lines<W>(format: LogFormat, writer: W, color: bool) -> Box<dyn Layer<Registry> + Send + Sync>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let lines = tracing_subscriber::fmt::layer();
    let lines = lines.with_writer(SafeLines(writer)).with_ansi(color);
    match format {
        LogFormat::Text => lines.with_target(false).boxed(),
        LogFormat::Json => lines.json().boxed(),
    }
}

/// Lines on their way to a terminal, or to a file that somebody shows there. Their formatters escape control characters, and not what
/// reorders or hides text.
struct SafeLines<M>(M);

impl<'w, M: MakeWriter<'w>> MakeWriter<'w> for SafeLines<M> {
    type Writer = SafeLine<M::Writer>;

    fn make_writer(&'w self) -> Self::Writer {
        SafeLine(self.0.make_writer())
    }
}

struct SafeLine<W>(W);

impl<W: Write> Write for SafeLine<W> {
    /// A line comes as a whole.
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        match std::str::from_utf8(line) {
            Ok(text) => self.0.write_all(escaped_json(text).as_bytes())?,
            Err(_) => self.0.write_all(line)?,
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}

fn filter(logging: &Logging<'_>) -> Targets {
    let ours = level(logging.verbose, logging.quiet, logging.file.is_some());
    Targets::new().with_default(ours.min(LevelFilter::WARN)).with_target("cleanup", ours)
}

/// A log file is there to be read later, so it gets the course of events without being asked.
fn level(verbose: u8, quiet: bool, to_file: bool) -> LevelFilter {
    match (quiet, verbose, to_file) {
        (true, _, _) => LevelFilter::ERROR,
        (_, 0, false) => LevelFilter::WARN,
        (_, 0, true) | (_, 1, _) => LevelFilter::INFO,
        (_, 2, _) => LevelFilter::DEBUG,
        (_, _, _) => LevelFilter::TRACE,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::log_file::open;
    use super::*;
    use std::os::unix::fs::PermissionsExt;
    use std::sync::Mutex;
    use tracing::Level;

    #[test]
    fn levels_follow_the_options() {
        assert_eq!(level(0, false, false), LevelFilter::WARN);
        assert_eq!(level(0, true, true), LevelFilter::ERROR);
        assert_eq!(level(0, false, true), LevelFilter::INFO);
        assert_eq!(level(9, false, false), LevelFilter::TRACE);
    }

    #[test]
    fn libraries_never_say_more_than_warnings() {
        let logging = Logging { format: LogFormat::Text, file: None, verbose: 3, quiet: false, color: false };
        let filter = filter(&logging);
        assert!(filter.would_enable("cleanup::engine", &Level::TRACE));
        assert!(filter.would_enable("hyper", &Level::WARN));
        assert!(!filter.would_enable("hyper", &Level::INFO) && !filter.would_enable("reqwest::connect", &Level::DEBUG));
    }

    #[test]
    fn nothing_in_a_line_does_anything_to_a_terminal() {
        for format in [LogFormat::Text, LogFormat::Json] {
            let file = tempfile::NamedTempFile::new().unwrap();
            let writer = Mutex::new(file.reopen().unwrap());
            let subscriber = tracing_subscriber::registry().with(lines(format, writer, false));
            tracing::subscriber::with_default(subscriber, || {
                let (path, text) = ("\u{1b}]0;x\u{7}\u{9b}2J.csv", "\u{202e}cba\u{200b}");
                tracing::warn!(path, odd = %text, "reading {path} {text}");
            });
            let line = std::fs::read_to_string(file.path()).unwrap();
            assert!(line.contains("cba") && line.ends_with('\n'), "{line:?}");
            assert!(!line.trim_end_matches('\n').chars().any(crate::domain::is_unsafe), "{line:?}");
        }
    }

    #[test]
    fn a_log_file_is_private_and_appended_to() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        open(&path).unwrap().write_all(b"one\n").unwrap();
        open(&path).unwrap().write_all(b"two\n").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "one\ntwo\n");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
