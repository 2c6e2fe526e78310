//! `cleanup doctor`: looks for everything that can be wrong, changes nothing unless it is asked to, and says what mends it.
//!
//! The configuration has been read when this begins: one that cannot be is told before, with exit code 78.

mod clock;
mod machine;
mod queue;
mod repair;

use serde_json::{Value, json};

use crate::cli::args::DoctorArgs;
use crate::cli::context::Context;
use crate::cli::printer::Verbosity;
use crate::error::{CommandError, ErrorKind};
use crate::text::escaped;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Good,
    Warning,
    /// The kind decides the exit code.
    Bad(Grave),
}

/// What a bad finding is about, the gravest last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Grave {
    Account,
    Queue,
    Config,
}

impl Level {
    const fn name(self) -> &'static str {
        match self {
            Level::Good => "ok",
            Level::Warning => "warn",
            Level::Bad(_) => "bad",
        }
    }

    const fn exit_code(self) -> u8 {
        match self {
            Level::Good | Level::Warning => 0,
            Level::Bad(Grave::Account) => ErrorKind::Person.exit_code(),
            Level::Bad(Grave::Queue) => ErrorKind::Io.exit_code(),
            Level::Bad(Grave::Config) => ErrorKind::Config.exit_code(),
        }
    }
}

/// One line of the list.
struct Finding {
    what: &'static str,
    level: Level,
    text: String,
    remedy: Option<String>,
}

impl Finding {
    fn good(what: &'static str, text: impl Into<String>) -> Finding {
        Finding { what, level: Level::Good, text: text.into(), remedy: None }
    }

    fn of(what: &'static str, level: Level, text: impl Into<String>, remedy: impl Into<String>) -> Finding {
        Finding { what, level, text: text.into(), remedy: Some(remedy.into()) }
    }
}

/// Looks, and tells.
///
/// # Errors
/// Stdout cannot be written. What is wrong is in the list, and in the exit code.
pub async fn run(context: &Context, args: &DoctorArgs) -> Result<u8, CommandError> {
    let mut findings = vec![Finding::good("config", "read")];
    findings.extend(machine::settings(context));
    match context.settings.db() {
        Ok(path) => {
            findings.extend(machine::files(path));
            findings.extend(machine::disk(path));
            if args.repair {
                findings.extend(repair::repair(context).await);
            }
            findings.extend(queue::look(context).await);
        }
        Err(error) => {
            let hint = error.hint().unwrap_or_default();
            findings.push(Finding::of("queue", Level::Bad(Grave::Config), error.to_string(), hint));
        }
    }
    if args.json {
        let list: Vec<Value> = findings.iter().map(to_json).collect();
        let worst = findings.iter().map(|finding| finding.level).max().unwrap_or(Level::Good);
        context.printer.json(&json!({ "findings": list, "exit_code": worst.exit_code() }))?;
        return Ok(worst.exit_code());
    }
    let is_quiet = context.printer.verbosity() == Verbosity::Quiet;
    for finding in findings.iter().filter(|finding| !is_quiet || finding.level != Level::Good) {
        context.printer.data(&format!("{:<4}  {}: {}", finding.level.name(), finding.what, escaped(&finding.text)))?;
        if let Some(remedy) = finding.remedy.as_ref().filter(|_| finding.level != Level::Good) {
            context.printer.data(&format!("      {}", escaped(remedy)))?;
        }
    }
    Ok(findings.iter().map(|finding| finding.level).max().unwrap_or(Level::Good).exit_code())
}

fn to_json(finding: &Finding) -> Value {
    json!({ "what": finding.what, "level": finding.level.name(), "text": finding.text, "remedy": finding.remedy })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gravest_decides() {
        let code = |levels: &[Level]| levels.iter().copied().max().map(Level::exit_code);
        assert_eq!(code(&[Level::Good, Level::Warning]), Some(0));
        assert_eq!(code(&[Level::Bad(Grave::Account), Level::Warning]), Some(77));
        assert_eq!(code(&[Level::Bad(Grave::Account), Level::Bad(Grave::Queue)]), Some(74));
        assert_eq!(code(&[Level::Bad(Grave::Config), Level::Bad(Grave::Queue), Level::Good]), Some(78));
    }
}
