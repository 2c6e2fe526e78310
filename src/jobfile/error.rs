//! What can be wrong with a file as a whole. A bad row is no error: it is a `Rejection`.

use std::io;
use std::path::Path;

use super::{DamageFinding, DamageForm, NAME_COLUMNS};
use crate::domain::{counted, io_words};
use crate::error::{CommandError, ErrorKind};
use crate::text::{shell_word, with_near_file};

/// Why a file was refused. Its display says what is wrong, [`JobFileError::hint`] what to do.
#[derive(Debug, thiserror::Error)]
pub enum JobFileError {
    /// There is no such file.
    #[error("{path}: there is no such file")]
    Missing {
        /// As the user wrote it.
        path: String,
    },
    /// A folder stands where a file was expected.
    #[error("{path} is a folder, not a file")]
    Directory {
        /// As the user wrote it.
        path: String,
    },
    /// The file may not be read.
    #[error("{path}: no permission to read it")]
    NoPermission {
        /// As the user wrote it.
        path: String,
    },
    /// The disk or the pipe failed.
    #[error("{path}: cannot be read: {source}")]
    Unreadable {
        /// As the user wrote it.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// Standard input could not be kept in a temporary file: a fault of this machine, not of the input.
    #[error("{path}: cannot be kept in a temporary file: {}", io_words(source))]
    Spool {
        /// The input's name.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// A pipe that does not end.
    #[error("{path}: more than {max_bytes} bytes came in")]
    SpoolTooLong {
        /// The input's name.
        path: String,
        /// The most that is taken.
        max_bytes: u64,
    },
    /// Not a text file.
    #[error("{path}: {what}")]
    NotText {
        /// The file.
        path: String,
        /// What it is instead.
        what: &'static str,
        /// What to do about it.
        remedy: &'static str,
    },
    /// Nothing in it.
    #[error("{path} is empty")]
    Empty {
        /// The file.
        path: String,
    },
    /// A saved worklist that cannot be taken back.
    #[error("{path}:{line}: {what}")]
    Worklist {
        /// The file.
        path: String,
        /// The line, from 1.
        line: u64,
        /// What is wrong.
        what: &'static str,
    },
    /// The file ends inside a quoted record: it is cut, or a quote is missing.
    #[error("{path}: the file ends inside the quoted cell that opens in line {line}")]
    UnfinishedQuote {
        /// The file.
        path: String,
        /// The physical line of the opening quote, from 1.
        line: u64,
    },
    /// A record longer than the limit; mostly an unclosed quote.
    #[error("{path}: the record at line {line} is longer than {max_bytes} bytes")]
    RecordTooLong {
        /// The file.
        path: String,
        /// The physical line where it begins, from 1.
        line: u64,
        /// The limit.
        max_bytes: usize,
    },
    /// More cells than the limit.
    #[error("{path}: the record at line {line} has more than {max_cells} cells")]
    TooManyCells {
        /// The file.
        path: String,
        /// The physical line where it begins, from 1.
        line: u64,
        /// The limit.
        max_cells: usize,
    },
    /// More accounts than the limit.
    #[error("{path} names more than {max_accounts} accounts")]
    TooManyAccounts {
        /// The file.
        path: String,
        /// The limit.
        max_accounts: usize,
    },
    /// `--column` names no column of the file.
    #[error("{path} has no column {column:?}; it has {}", list(columns))]
    NoSuchColumn {
        /// The file.
        path: String,
        /// What was asked for.
        column: String,
        /// What there is.
        columns: Vec<String>,
    },
    /// No column can be the target.
    #[error("{path}: no column names the targets; it has {}", list(columns))]
    NoTargetColumn {
        /// The file.
        path: String,
        /// What there is.
        columns: Vec<String>,
    },
    /// The first line is data, and there are several columns.
    #[error("{path}: the first line is no header, and only a file of one column may lack one")]
    NoHeader {
        /// The file.
        path: String,
    },
    /// Several columns could be the one that is looked for.
    #[error("{path}: more than one column could be the {role}: {}", list(candidates))]
    Ambiguous {
        /// The file.
        path: String,
        /// `target`, `action` or `account`.
        role: &'static str,
        /// The columns in question.
        candidates: Vec<String>,
    },
    /// Nothing says what to do with the targets.
    #[error("{path}: nothing says which action is meant")]
    NoAction {
        /// The file.
        path: String,
    },
    /// The file was written to between the two passes.
    #[error("{path} changed while it was being read")]
    Changed {
        /// The file.
        path: String,
    },
    /// A header, and nothing below it.
    #[error("{path} has a header and no rows")]
    NoRows {
        /// The file.
        path: String,
    },
    /// Not one row can be used.
    #[error("{path}: not one of its {} can be used", counted(*rows, "row", "rows"))]
    NoUsableRow {
        /// The file.
        path: String,
        /// How many rows it has.
        rows: u64,
        /// What is proven about its IDs together.
        damage: Option<DamageFinding>,
    },
    /// No row can be used, and reposts do not name the posts that they repeat.
    #[error("{path}: none of its {} can be used; {} not say which post was reposted", counted(*rows, "row", "rows"), counted(*reposts, "repost does", "reposts do"))]
    RepostsUnnamed {
        /// The file.
        path: String,
        /// How many rows it has.
        rows: u64,
        /// How many of them are such reposts.
        reposts: u64,
    },
    /// `--strict` and a rejected row.
    #[error("{path}: {rejected} of its {} {} rejected, and --strict was given", counted(*rows, "row", "rows"), if *rejected == 1 { "is" } else { "are" })]
    Strict {
        /// The file.
        path: String,
        /// Rejected rows.
        rejected: u64,
        /// All rows.
        rows: u64,
    },
    /// A line of a keep list says nothing that could be kept. Skipping it could undo what the user meant to keep.
    #[error("{path}: line {line}: {text:?} cannot be kept: {why}")]
    KeepLine {
        /// The keep list.
        path: String,
        /// The physical line, from 1.
        line: u64,
        /// The cell, bounded.
        text: String,
        /// What is wrong with it.
        why: String,
    },
    /// The IDs of a keep list have been rounded: those that were meant would be left unprotected.
    #[error(
        "{path}: line {line}: {text:?} cannot be kept: it is {}, more often in this list than by chance, and may be somebody else's ID",
        form.describe()
    )]
    KeepDamaged {
        /// The keep list.
        path: String,
        /// The physical line of the first of them, from 1.
        line: u64,
        /// The ID.
        text: String,
        /// What has been done to it.
        form: DamageForm,
    },
    /// A keep list longer than the limit.
    #[error("{path}: a keep list has at most {max_entries} entries")]
    KeepTooLong {
        /// The keep list.
        path: String,
        /// The limit.
        max_entries: usize,
    },
}

impl JobFileError {
    /// Whether a file looks so that is not there yet, or is still being written: later it may be fine.
    pub const fn may_pass(&self) -> bool {
        use JobFileError as E;
        matches!(
            self,
            E::Missing { .. }
                | E::Empty { .. }
                | E::UnfinishedQuote { .. }
                | E::Changed { .. }
                | E::NoRows { .. }
                | E::NoUsableRow { .. }
                | E::RepostsUnnamed { .. }
                | E::Strict { .. }
        )
    }

    /// What to do about it, as a sentence.
    pub fn hint(&self) -> String {
        use JobFileError as E;
        match self {
            E::Missing { .. } => {
                "check the path (- is standard input), or make the file: `cleanup list` and `cleanup import` do".into()
            }
            E::Directory { .. } => "name a CSV file in it".into(),
            E::NoPermission { path } => format!("make it readable for this user, for example chmod u+r {}", shell_word(path)),
            E::Unreadable { .. } => "check the disk or the network drive it is on, or copy the file first".into(),
            E::Spool { .. } => "make room in the folder for temporary files, or set TMPDIR to another".into(),
            E::SpoolTooLong { .. } => "save the input as files of a smaller size".into(),
            E::NotText { remedy, .. } => (*remedy).into(),
            E::Empty { .. } => "write one target per line, or a header and rows".into(),
            E::Worklist { .. } => "load the file as the page saved it, one for each worklist".into(),
            E::UnfinishedQuote { .. } => "export the file again if it is cut, or close the quote in that line".into(),
            E::RecordTooLong { .. } => "a quote that is not closed in that line does this".into(),
            E::TooManyCells { .. } => "keep only the columns that are needed".into(),
            E::TooManyAccounts { .. } => "split the file".into(),
            E::NoSuchColumn { column, columns, .. } => match closest(column, columns) {
                Some(name) => format!("did you mean --column {name}?"),
                None => "give --column the name of one of them".into(),
            },
            E::NoTargetColumn { columns, .. } if of_other_kind(columns).is_some() => {
                let (column, theirs, ours) = of_other_kind(columns).unwrap_or_default();
                format!("{column} holds {theirs}, and the action is one on {ours}: correct --action, or name the column with --column")
            }
            E::NoTargetColumn { .. } => {
                "name the target's column with --column NAME, or call it target_id in the header; handles without a header \
                 are written @name"
                    .into()
            }
            E::NoHeader { .. } => "write a header such as target_id,note as the first line".into(),
            E::Ambiguous { role: "target", candidates, .. } => {
                format!("choose one with --column, for example --column {}", candidates.first().map_or_else(|| "NAME".to_owned(), |name| shell_word(name)))
            }
            E::Ambiguous { role, .. } => format!("leave only one column {role}"),
            E::NoAction { .. } => {
                "say it with --action (--action unfollow, --action unrepost and so on), add a column action, or name the file \
                 after the action (unfollow.csv)"
                    .into()
            }
            E::Changed { .. } => "run again when it is complete; nothing was queued".into(),
            E::NoRows { .. } => "write one target per line below the header; if it is an export, it came out empty".into(),
            E::NoUsableRow { path, damage, .. } => {
                let check = format!("`cleanup check {}` shows what is wrong with each row", shell_word(path));
                damage.map_or_else(|| check.clone(), |found| format!("{}; {check}", found.sentence()))
            }
            E::RepostsUnnamed { .. } => {
                "`cleanup list reposts -o unrepost.csv` asks the platform which posts they are; archives since about 2018 do not say".into()
            }
            E::Strict { path, .. } => format!("`cleanup check {}` shows them; without --strict the other rows are used", shell_word(path)),
            E::KeepLine { .. } => "correct that line, or put a # before it".into(),
            E::KeepDamaged { form, .. } => form.remedy().into(),
            E::KeepTooLong { .. } => "keep lists of this size are not supported; leave these targets out of the job".into(),
        }
    }

    /// Whether this machine is to blame (exit 74) rather than the input (exit 65).
    pub fn is_machine_fault(&self) -> bool {
        matches!(self, JobFileError::Spool { .. })
    }
}

/// A column that would have been the target of an action of the other kind: the action is the likelier mistake.
fn of_other_kind(columns: &[String]) -> Option<(&str, &'static str, &'static str)> {
    columns.iter().find_map(|name| match name.trim().to_ascii_lowercase().as_str() {
        "tweet_id" => Some((name.trim(), "posts", "users")),
        "user_id" | "account_id" => Some((name.trim(), "users", "posts")),
        name_column if NAME_COLUMNS.contains(&name_column) => Some((name.trim(), "users", "posts")),
        _ => None,
    })
}

/// The columns in question, the first ten.
fn list(columns: &[String]) -> String {
    const MAX_LISTED: usize = 10;
    let shown: Vec<String> = columns.iter().take(MAX_LISTED).map(|name| super::text::shown(name)).collect();
    let more = if columns.len() > MAX_LISTED { ", ..." } else { "" };
    format!("{}{more}", shown.join(", "))
}

fn closest<'a>(wanted: &str, columns: &'a [String]) -> Option<&'a str> {
    let score = |name: &str| strsim::jaro_winkler(&wanted.to_lowercase(), &name.to_lowercase());
    columns
        .iter()
        .map(|name| (score(name), name))
        .filter(|(score, _)| *score > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name.as_str())
}

impl From<JobFileError> for CommandError {
    fn from(error: JobFileError) -> CommandError {
        let kind = if error.is_machine_fault() { ErrorKind::Io } else { ErrorKind::InputData };
        let hint = match &error {
            JobFileError::Missing { path } => with_near_file(Path::new(path), &error.hint()),
            _ => error.hint(),
        };
        CommandError { kind, message: error.to_string(), hint: Some(hint), source: Some(error.into()) }
    }
}
