//! The only stdout and stderr of the program: data goes to stdout, talk to stderr.
//!
//! In: lines. Out: the terminal, a pipe, a file. Nobody else writes there, but for the bar (`progress`) and log lines
//! (`telemetry`). What does not belong here: deciding what to say.

use std::borrow::Cow;
use std::cell::Cell;
use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;

use super::args::{ColorChoice, GlobalArgs};
use super::screen::repaint;
use super::terminal_text::TerminalText;
use super::wrap::wrap;
use crate::domain::{hide_passwords, is_unsafe, json_text};
use crate::error::CommandError;
use crate::text::{escaped, escaped_lines};

/// What stood there is pushed away once, so that it can be scrolled back to.
const CLEAR_SCREEN: &str = "\u{1b}[2J";

/// A process is one command, and a command prints one object at most.
static JSON_IS_PRINTED: AtomicBool = AtomicBool::new(false);

/// How much is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// Only what went wrong.
    Quiet,
    /// What was done and what comes next.
    Normal,
    /// More.
    Verbose,
}

/// Colours, by what they mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Something went wrong.
    Error,
    /// Something may go wrong.
    Warning,
    /// What to do.
    Hint,
    /// A heading.
    Heading,
    /// What is there now and was not before.
    Added,
    /// What was there before.
    Removed,
    /// What is different.
    Changed,
}

impl Style {
    const fn code(self) -> &'static str {
        match self {
            Style::Error => "\u{1b}[1;31m",
            Style::Warning => "\u{1b}[1;33m",
            Style::Hint => "\u{1b}[1;36m",
            Style::Heading => "\u{1b}[1m",
            Style::Added => "\u{1b}[32m",
            Style::Removed => "\u{1b}[31m",
            Style::Changed => "\u{1b}[33m",
        }
    }
}

/// The printer.
#[derive(Clone, Copy, Debug)]
pub struct Printer {
    verbosity: Verbosity,
    color_out: bool,
    color_err: bool,
    to_terminal: bool,
    is_dumb: bool,
}

impl Printer {
    /// A printer as the options ask for.
    pub fn new(options: &GlobalArgs, no_color: bool) -> Printer {
        let color = |is_terminal: bool| match options.color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => is_terminal && !no_color,
        };
        let verbosity = match (options.quiet, options.verbose) {
            (true, _) => Verbosity::Quiet,
            (false, 0) => Verbosity::Normal,
            (false, _) => Verbosity::Verbose,
        };
        Printer {
            verbosity,
            color_out: color(io::stdout().is_terminal()),
            color_err: color(io::stderr().is_terminal()),
            to_terminal: io::stdout().is_terminal(),
            is_dumb: false,
        }
    }

    /// The same on a terminal that knows nothing but lines.
    pub fn dumb(self, is_dumb: bool) -> Printer {
        Printer { is_dumb, ..self }
    }

    /// How much is said.
    pub fn verbosity(&self) -> Verbosity {
        self.verbosity
    }

    /// Whether stderr is coloured.
    pub fn colors_talk(&self) -> bool {
        self.color_err
    }

    /// Data: a text and a line end, on stdout.
    ///
    /// # Errors
    /// Stdout cannot be written; [`CommandError::is_broken_pipe`] where nobody reads it any more.
    pub fn data(&self, text: &str) -> Result<(), CommandError> {
        self.bytes(format!("{text}\n").as_bytes())
    }

    /// Data as it is, on stdout; to a terminal with what it would obey written out.
    ///
    /// # Errors
    /// As [`Printer::data`].
    pub fn bytes(&self, bytes: &[u8]) -> Result<(), CommandError> {
        let mut out = TerminalText::new(io::stdout().lock(), self.to_terminal);
        out.write_all(bytes).and_then(|()| out.flush()).map_err(|error| CommandError::io("stdout", error))
    }

    /// Data: one JSON value on a line, on stdout.
    ///
    /// # Errors
    /// As [`Printer::data`].
    pub fn json(&self, value: &impl Serialize) -> Result<(), CommandError> {
        self.data(&json_text(value))?;
        JSON_IS_PRINTED.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Whether this command has printed its one JSON object.
    pub fn has_printed_json(&self) -> bool {
        JSON_IS_PRINTED.load(Ordering::Relaxed)
    }

    /// The JSON at the end of a run. A reader that went away changes nothing about how the run ended, nor about its exit code.
    ///
    /// # Errors
    /// Stdout cannot be written, for another reason than that.
    pub fn closing_json(&self, end: &impl Serialize) -> Result<(), CommandError> {
        match self.json(end) {
            Err(error) if error.is_broken_pipe() => Ok(()),
            other => other,
        }
    }

    /// Data in bulk: stdout, buffered. The caller flushes it. What a terminal would obey is written out for one.
    pub fn data_writer(&self) -> DataWriter {
        let out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
        DataWriter { out: TerminalText::new(out, self.to_terminal), reader_gone: Rc::default() }
    }

    /// Data as a table: lines that are one of these headings are set apart.
    ///
    /// # Errors
    /// As [`Printer::data`].
    pub fn table(&self, text: &str, headings: &[&str]) -> Result<(), CommandError> {
        let lines = self.table_lines(text, headings).join("\n");
        write_out(&format!("{lines}\n"))
    }

    /// The lines of a table as they are written.
    fn table_lines(&self, text: &str, headings: &[&str]) -> Vec<String> {
        let shown = if self.to_terminal { escaped_lines(text) } else { text.into() };
        let painted = |line| paint(line, Style::Heading, self.color_out && headings.contains(&line)).into_owned();
        shown.lines().map(painted).collect()
    }

    /// A place where a table is shown again and again.
    pub fn screen(&self) -> Screen {
        Screen { printer: *self, last: None }
    }

    /// Talk: what was done, what comes next.
    pub fn say(&self, text: &str) {
        if self.verbosity >= Verbosity::Normal {
            talk(&escaped_lines(text));
        }
    }

    /// Talk of several parts, some in colours.
    pub fn say_parts<'a>(&self, parts: impl IntoIterator<Item = (&'a str, Option<Style>)>) {
        if self.verbosity >= Verbosity::Normal {
            let part = |(text, style): (&str, Option<Style>)| {
                let text = escaped_lines(text);
                style.map_or_else(|| text.to_string(), |style| paint(&text, style, self.color_err).into_owned())
            };
            talk(&parts.into_iter().map(part).collect::<String>());
        }
    }

    /// Talk for those who asked for more.
    pub fn detail(&self, text: &str) {
        if self.verbosity >= Verbosity::Verbose {
            talk(&escaped_lines(text));
        }
    }

    /// What may go wrong.
    pub fn warn(&self, text: &str) {
        talk(&format!("{}: {}", paint("warning", Style::Warning, self.color_err), escaped_lines(text)));
    }

    /// What went wrong, and what to do.
    pub fn error(&self, error: &CommandError) {
        talk(&format!("{}: {}", paint("error", Style::Error, self.color_err), escaped(&error.message)));
        if let Some(hint) = &error.hint {
            talk(&format!("{}: {}", paint("hint", Style::Hint, self.color_err), escaped(hint)));
        }
    }
}

/// A table that is shown again and again: in one place of a terminal, elsewhere below each other.
#[derive(Debug)]
pub struct Screen {
    printer: Printer,
    last: Option<String>,
}

impl Screen {
    /// Shows the table; where it stands already, and no terminal has to be drawn anew, nothing is written.
    ///
    /// # Errors
    /// As [`Printer::data`].
    pub fn show(&mut self, text: &str, headings: &[&str]) -> Result<(), CommandError> {
        let is_first = self.last.is_none();
        let is_same = self.last.as_deref() == Some(text);
        self.last = Some(text.to_owned());
        let lines = self.printer.table_lines(text, headings);
        if self.printer.to_terminal && !self.printer.is_dumb {
            let size = rustix::termios::tcgetwinsize(io::stdout()).ok();
            let (columns, rows) = size.map_or((0, 0), |size| (usize::from(size.ws_col), usize::from(size.ws_row)));
            let begin = if is_first { CLEAR_SCREEN } else { "" };
            return write_out(&format!("{begin}{}", repaint(&lines, columns, rows)));
        }
        let gap = if is_first { "" } else { "\n" };
        if is_same { Ok(()) } else { write_out(&format!("{gap}{}\n", lines.join("\n"))) }
    }
}

fn write_out(text: &str) -> Result<(), CommandError> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|error| CommandError::io("stdout", error))
}

/// Stdout, which remembers that its reader has gone: writers of formats in between lose the kind of an error.
#[derive(Debug)]
pub struct DataWriter {
    out: TerminalText<BufWriter<StdoutLock<'static>>>,
    reader_gone: Rc<Cell<bool>>,
}

impl DataWriter {
    /// Tells later, when the writer has been given away, what an error was about.
    pub fn errors(&self) -> impl Fn(io::Error) -> CommandError + use<> {
        let reader_gone = Rc::clone(&self.reader_gone);
        move |error| {
            let gone = reader_gone.get();
            CommandError::io("stdout", if gone { io::Error::from(io::ErrorKind::BrokenPipe) } else { error })
        }
    }

    fn remember<T>(&self, result: io::Result<T>) -> io::Result<T> {
        if result.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::BrokenPipe) {
            self.reader_gone.set(true);
        }
        result
    }
}

impl Write for DataWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes);
        self.remember(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = self.out.flush();
        self.remember(flushed)
    }
}

fn paint(text: &str, style: Style, is_on: bool) -> Cow<'_, str> {
    if is_on { Cow::Owned(format!("{}{text}\u{1b}[0m", style.code())) } else { Cow::Borrowed(text) }
}

/// What the argument parser says: help and version on stdout, complaints on stderr, in its own colours. A complaint repeats words
/// that a shell may have taken from the names of files; where they hold more than text, or a password, it has no colours.
pub fn print_clap(error: &clap::Error) {
    let plain = error.render().to_string();
    let is_plain = |c: char| !is_unsafe(c) || c == '\n' || c == '\t';
    if error.use_stderr() && (!plain.chars().all(is_plain) || hide_passwords(&plain) != plain) {
        talk(escaped_lines(&plain).trim_end());
    } else {
        let _ = error.print();
    }
}

/// A terminal that went away must not end what is being done, so failing to talk is no error. Whatever is said may repeat what somebody typed.
fn talk(text: &str) {
    let mut line = wrap(&hide_passwords(text), columns());
    line.push('\n');
    let _ = io::stderr().lock().write_all(line.as_bytes());
}

/// How wide the terminal is that hears the talk; 0 where there is none, or it does not say.
fn columns() -> usize {
    let talk = io::stderr();
    if !talk.is_terminal() {
        return 0;
    }
    rustix::termios::tcgetwinsize(&talk).map_or(0, |size| usize::from(size.ws_col))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_only_where_they_are_wanted() {
        assert_eq!(paint("error", Style::Error, false), "error");
        assert!(paint("error", Style::Error, true).starts_with("\u{1b}["));
    }
}
