//! What `check` has to say about a file, as data. What the queue says of its rows is not in it.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

use super::Survey;
use crate::domain::Action;

/// A file as `check` shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CheckReport {
    /// How messages call the file.
    pub file: String,
    /// SHA-256 of the raw bytes, in hexadecimal.
    pub sha256: String,
    /// `UTF-8`, `UTF-8 with BOM`, `UTF-16LE` or `UTF-16BE`.
    pub encoding: &'static str,
    /// `comma`, `semicolon` or `tab`.
    pub delimiter: &'static str,
    /// The columns' names.
    pub columns: Vec<String>,
    /// Whether the first line is a header.
    pub has_header: bool,
    /// The action of rows that name none.
    pub default_action: Option<&'static str>,
    /// Rows read.
    pub rows: u64,
    /// Rows that are tasks, duplicates included.
    pub usable: u64,
    /// Rows that are not.
    pub rejected: u64,
    /// Rejected rows by reason, the most frequent first.
    #[serde(serialize_with = "as_object")]
    pub rejected_by_reason: Vec<(String, u64)>,
    /// Which IDs look damaged together, by form and length.
    pub damage: Vec<CheckDamage>,
    /// The first rejected rows.
    pub examples: Vec<CheckExample>,
    /// Usable rows by action and account.
    pub tasks: Vec<CheckTasks>,
    /// Rows with cells in Windows-1252 instead of UTF-8.
    pub windows_1252_rows: u64,
    /// Why nothing of it would be queued, with a hint; none where it would.
    pub refusal: Option<(String, String)>,
}

/// IDs that look damaged together, as `check` shows them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CheckDamage {
    /// The form, which is also the reason of the rows: `rounded_zeros`, `shortest_double`, `exact_double`.
    pub form: &'static str,
    /// Digits of these IDs.
    pub digits: usize,
    /// IDs of that length in the file.
    pub ids: u64,
    /// How many of them have the form.
    pub damaged: u64,
    /// Whether they are taken all the same (`--trust-ids`).
    pub trusted: bool,
    /// What was found and what to do, for people.
    pub message: String,
}

/// A rejected row as `check` shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CheckExample {
    /// The physical line where it begins.
    pub line: u64,
    /// The column with the fault.
    pub column: String,
    /// The cell, bounded. Foreign text.
    pub text: String,
    /// The reason, for scripts.
    pub reason: &'static str,
    /// What is wrong and what to do, for people.
    pub message: String,
}

/// Usable rows of one action and account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CheckTasks {
    /// The action's name.
    pub action: &'static str,
    /// The account's name; none where the row leaves it to the default.
    pub account: Option<String>,
    /// Usable rows.
    pub rows: u64,
}

impl CheckReport {
    /// Takes over which rows a load would reject, by reason: it knows accounts and handles, and the file alone does not.
    pub fn set_rejected(&mut self, by_reason: &BTreeMap<String, u64>) {
        self.rejected = by_reason.values().sum();
        self.usable = self.rows.saturating_sub(self.rejected);
        self.rejected_by_reason = by_reason.iter().map(|(reason, rows)| (reason.clone(), *rows)).collect();
        self.rejected_by_reason.sort_by_key(|(_, rows)| std::cmp::Reverse(*rows));
    }

    /// A survey as `check` shows it.
    pub fn of(survey: &Survey, strict: bool) -> CheckReport {
        let examples = survey.examples.iter().map(|example| CheckExample {
            line: example.line,
            column: example.rejection.column.clone(),
            text: example.rejection.text.clone(),
            reason: example.rejection.reason(),
            message: example.rejection.message.clone(),
        });
        let tasks = survey.lanes.iter().map(|lane| CheckTasks {
            action: lane.action.name(),
            account: lane.account.as_ref().map(ToString::to_string),
            rows: lane.rows,
        });
        let damage = survey.damage.iter().map(|found| CheckDamage {
            form: found.form.name(),
            digits: found.digits,
            ids: found.ids,
            damaged: found.damaged,
            trusted: found.is_trusted,
            message: found.sentence(),
        });
        CheckReport {
            file: survey.path.clone(),
            sha256: survey.sha256.iter().map(|byte| format!("{byte:02x}")).collect(),
            encoding: survey.encoding.name(),
            delimiter: match survey.delimiter {
                ';' => "semicolon",
                '\t' => "tab",
                _ => "comma",
            },
            columns: survey.columns.clone(),
            has_header: survey.has_header,
            default_action: survey.default_action.map(Action::name),
            rows: survey.rows,
            usable: survey.usable,
            rejected: survey.rejected,
            rejected_by_reason: survey
                .rejected_by_fault
                .iter()
                .map(|(fault, rows)| (fault.code().to_owned(), *rows))
                .collect(),
            damage: damage.collect(),
            examples: examples.collect(),
            tasks: tasks.collect(),
            windows_1252_rows: survey.windows_1252_rows,
            refusal: survey.refusal(strict).map(|error| (error.to_string(), error.hint())),
        }
    }
}

/// Reasons and their rows as one JSON object, in this order.
fn as_object<S: Serializer>(pairs: &[(String, u64)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(pairs.iter().map(|(reason, rows)| (reason, *rows)))
}
