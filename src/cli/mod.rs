//! The command line: what people type and what they are told.
//!
//! In: words, the environment, a terminal. Out: exit codes, data on stdout, talk on stderr. `args` is the tree of commands,
//! `commands` has one file for each, `printer` is the only stdout and stderr. What does not belong here: SQL, HTTP, deciding when a
//! request may leave.

pub mod args;
pub mod commands;
pub mod context;
mod frontend;
pub mod output;
pub mod printer;
pub mod progress;
pub mod prompt;
mod screen;
mod spared_file;
pub mod terminal_text;
mod wrap;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::ExitCode;

use crate::app::{self, FilesReport, RunSummary};
use crate::error::{CommandError, ErrorKind};
use args::{Cli, PromisedJson};
use context::Context;
use printer::Printer;

use crate::clock::{LocalZone, SystemClock};
use crate::config::{Environment, Settings};
use crate::domain::{hide_passwords, io_words};
use crate::telemetry::{self, Logging};
use crate::text::LocalClock;

/// The program: reads its arguments, does what they say, and tells how it went. A panic is a fault of ours, 1.
pub fn main() -> ExitCode {
    hide_memory();
    let code = catch_unwind(|| match Cli::read() {
        Ok(cli) => run(&cli),
        Err(error) => {
            printer::print_clap(&error);
            u8::try_from(error.exit_code()).unwrap_or(ErrorKind::Usage.exit_code())
        }
    });
    ExitCode::from(code.unwrap_or(ErrorKind::Fault.exit_code()))
}

/// The memory of this process holds keys and tokens: no core dump gets them, and no other process of the same user reads them there.
/// Who traces it already sees it all, and is left alone: a debugger would see nothing from then on.
fn hide_memory() {
    #[cfg(target_os = "linux")]
    {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let is_traced = status.lines().any(|line| line.strip_prefix("TracerPid:").is_some_and(|pid| pid.trim() != "0"));
        if !is_traced {
            // It has no way to fail that matters: the kernel knows the two words since 2.3.20.
            let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
        }
    }
}

fn run(cli: &Cli) -> u8 {
    // Where even the environment makes no sense, there is still somebody to tell.
    let mut printer = Printer::new(&cli.global, true);
    let work = || set_up(cli, &mut printer).and_then(|context| drive(cli, &context));
    // A panic is an end as well: `--json` promises its object whatever the end.
    let ended = catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| Err(CommandError::of_panic(&*panic)));
    log_end(&ended);
    match ended {
        Ok(code) => code,
        Err(error) if error.is_broken_pipe() => 0,
        Err(error) => {
            printer.error(&error);
            if !printer.has_printed_json() {
                print_failure(cli, &printer, &error);
            }
            error.kind.exit_code()
        }
    }
}

/// The JSON object of a command that has failed before it could print its own.
fn print_failure(cli: &Cli, printer: &Printer, error: &CommandError) {
    let _ = match cli.promised_json() {
        None => Ok(()),
        Some(PromisedJson::Run) => printer.closing_json(&RunSummary::failed(error)),
        Some(PromisedJson::Files) => printer.closing_json(&FilesReport::refused(error.copied())),
        Some(PromisedJson::Answer) => printer.closing_json(&error.to_answer()),
    };
}

fn set_up(cli: &Cli, printer: &mut Printer) -> Result<Context, CommandError> {
    let environment = Environment::of_process()?;
    *printer = Printer::new(&cli.global, environment.no_color).dumb(environment.terminal.is_dumb);
    let overrides = cli.overrides();
    let settings = Settings::resolve(&overrides, &environment)?;
    app::writable_config_warning(&settings).inspect(|warning| printer.warn(warning));
    let logging = Logging {
        format: settings.log_format,
        file: settings.log_file.as_deref(),
        verbose: cli.global.verbose,
        quiet: cli.global.quiet,
        color: printer.colors_talk(),
    };
    let named = settings.log_file.clone().unwrap_or_default();
    let talk = *printer;
    let complain = move |error: &std::io::Error| {
        let (file, why) = (named.display(), io_words(error));
        talk.warn(&format!(
            "the log file {file} cannot be written: {why}; the run continues, and lines of its log are lost until that is corrected"
        ));
    };
    telemetry::set_up(&logging, Box::new(complain)).map_err(|error| {
        let named = format!("the log file {}", settings.log_file.as_deref().unwrap_or(Path::new("")).display());
        match error.kind() {
            std::io::ErrorKind::Other => CommandError::new(ErrorKind::Config, format!("{named}: {error}"))
                .hint("remove it, or name another file with --log-file"),
            _ => CommandError::io(named, error),
        }
    })?;
    tracing::info!(command = cli.command_name, version = env!("CARGO_PKG_VERSION"), "begun");
    Ok(Context {
        settings,
        printer: *printer,
        clock: SystemClock::shared(),
        local: LocalClock { zone: LocalZone::default(), is_named: false },
        overrides,
    })
}

/// The last line of the log: with which code, and where there is one, with which error. To stderr the error is said by the printer.
fn log_end(ended: &Result<u8, CommandError>) {
    match ended {
        Ok(code) => tracing::info!(code, "ended"),
        Err(error) => tracing::info!(code = error.kind.exit_code(), error = %hide_passwords(&error.message), "ended"),
    }
}

/// One thread is enough: requests wait on the network, and SQLite has its own.
fn drive(cli: &Cli, context: &Context) -> Result<u8, CommandError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime =
        runtime.map_err(|error| CommandError::new(ErrorKind::Fault, "the runtime does not start").because(error))?;
    let ended = runtime.block_on(commands::dispatch(&cli.command, context));
    // Nobody waits for a pipe that is still open, or for another process's load.
    runtime.shutdown_background();
    ended.map_err(|error| context.completed(error))
}
