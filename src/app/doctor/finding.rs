//! What is found: one line of the list, how bad it is, and what mends it.

use serde::{Serialize, Serializer};

use crate::error::{CommandError, ErrorKind};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// As it should be.
    Good,
    /// It works, and may not for long.
    Warning,
    /// It does not work. The kind decides the exit code.
    Bad(Grave),
}

/// What a bad finding is about, the gravest last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grave {
    /// An account needs a person.
    Account,
    /// Another process is in the way of what was asked for.
    Busy,
    /// The queue, or the disk that it is on.
    Queue,
    /// What was configured.
    Config,
}

impl Severity {
    /// Its name in the list and in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Severity::Good => "ok",
            Severity::Warning => "warn",
            Severity::Bad(_) => "bad",
        }
    }

    const fn exit_code(self) -> u8 {
        match self {
            Severity::Good | Severity::Warning => 0,
            Severity::Bad(Grave::Account) => ErrorKind::Person.exit_code(),
            Severity::Bad(Grave::Busy) => ErrorKind::Busy.exit_code(),
            Severity::Bad(Grave::Queue) => ErrorKind::Io.exit_code(),
            Severity::Bad(Grave::Config) => ErrorKind::Config.exit_code(),
        }
    }
}

impl Serialize for Severity {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.name())
    }
}

/// One line of the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DoctorFinding {
    /// What was looked at.
    pub what: &'static str,
    /// How bad it is.
    #[serde(rename = "level")]
    pub severity: Severity,
    /// What was found.
    pub text: String,
    /// What to type or do.
    pub remedy: Option<String>,
}

/// Something that is as it should be.
pub(super) fn good(what: &'static str, text: impl Into<String>) -> DoctorFinding {
    DoctorFinding { what, severity: Severity::Good, text: text.into(), remedy: None }
}

/// Something that works, and may not for long.
pub(super) fn warning(what: &'static str, text: impl Into<String>, remedy: impl Into<String>) -> DoctorFinding {
    DoctorFinding { what, severity: Severity::Warning, text: text.into(), remedy: Some(remedy.into()) }
}

/// Something that does not work.
pub(super) fn bad(
    what: &'static str,
    grave: Grave,
    text: impl Into<String>,
    remedy: impl Into<String>,
) -> DoctorFinding {
    DoctorFinding { severity: Severity::Bad(grave), ..warning(what, text, remedy) }
}

/// Something that cannot be looked at, as bad as the error is.
pub(super) fn fault(what: &'static str, error: impl Into<CommandError>) -> DoctorFinding {
    let error = error.into();
    let grave = match error.kind {
        ErrorKind::Config => Grave::Config,
        ErrorKind::Busy => Grave::Busy,
        _ => Grave::Queue,
    };
    DoctorFinding::of_error(what, Severity::Bad(grave), error)
}

impl DoctorFinding {
    /// What an error says.
    pub fn of_error(what: &'static str, severity: Severity, error: impl Into<CommandError>) -> DoctorFinding {
        let CommandError { message, hint, .. } = error.into();
        DoctorFinding { severity, ..warning(what, message, hint.unwrap_or_default()) }
    }
}

/// Everything that was looked at, as `doctor --json` prints it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DoctorReport {
    /// The list.
    pub findings: Vec<DoctorFinding>,
    /// That of the gravest finding.
    pub exit_code: u8,
}

impl From<Vec<DoctorFinding>> for DoctorReport {
    fn from(findings: Vec<DoctorFinding>) -> DoctorReport {
        let worst = findings.iter().map(|finding| finding.severity).max().unwrap_or(Severity::Good);
        DoctorReport { findings, exit_code: worst.exit_code() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gravest_decides() {
        let code = |levels: &[Severity]| levels.iter().copied().max().map(Severity::exit_code);
        assert_eq!(code(&[Severity::Good, Severity::Warning]), Some(0));
        assert_eq!(code(&[Severity::Bad(Grave::Account), Severity::Warning]), Some(77));
        assert_eq!(code(&[Severity::Bad(Grave::Account), Severity::Bad(Grave::Busy)]), Some(75));
        assert_eq!(code(&[Severity::Bad(Grave::Busy), Severity::Bad(Grave::Queue)]), Some(74));
        assert_eq!(code(&[Severity::Bad(Grave::Config), Severity::Bad(Grave::Queue), Severity::Good]), Some(78));
    }
}
