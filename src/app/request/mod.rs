//! What a run or the reading of a list is asked for: typed, whoever asks (a command line, the dashboard, a schedule).
//!
//! In: options. Out: the same, as JSON that a schedule keeps and as the words that somebody would type for it. The names of the JSON
//! are the long names of the options. What does not belong here: doing it.

mod change;
mod list;
mod text;

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::config::{Overrides, Per};
use crate::domain::{AccountName, Action, MicroUsd, Platform, Rate};
use crate::error::{CommandError, ErrorKind};
use crate::limits::Pace;
use crate::lists::filter::{FilterRules, Take};

pub use change::NotSet;
pub use list::{ListOnce, ListRequest};
pub(super) use text::length;

/// Job files that are to be queued, or looked at as if they were.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct LoadRequest {
    /// The job files.
    pub files: Vec<PathBuf>,
    /// The job's name, instead of the file's stem.
    pub job: Option<String>,
    /// How rows become tasks.
    #[serde(flatten)]
    pub rows: RowOptions,
    /// What loading a file again may do.
    #[serde(flatten)]
    pub reload: ReloadOptions,
}

impl LoadRequest {
    /// What no single option is wrong about.
    pub fn contradiction(&self) -> Option<String> {
        let is_stdin = self.files.iter().any(|file| file.as_os_str() == "-");
        match &self.job {
            Some(_) if self.files.len() > 1 => {
                Some("--job names one job, and there are several files; give one file at a time".into())
            }
            None if is_stdin => Some("- (standard input) has no name of its own; give one with --job NAME".into()),
            _ => self.rows.which.contradiction(),
        }
    }

    /// The same of one file alone.
    pub fn of_one(&self, file: &Path) -> LoadRequest {
        LoadRequest { files: vec![file.to_owned()], ..self.clone() }
    }
}

/// A run of job files.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RunRequest {
    /// What is queued.
    #[serde(flatten)]
    pub load: LoadRequest,
    /// How far and how fast it goes.
    #[serde(flatten)]
    pub bounds: RunBounds,
}

/// How rows become tasks.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct RowOptions {
    /// The account that acts where a row does not say.
    pub account: Option<AccountName>,
    /// What to do where a row does not say; none: the file's stem decides.
    pub action: Option<Action>,
    /// Whose API to speak; none: the account's.
    pub platform: Option<Platform>,
    /// The column that holds the targets; none: by its name.
    pub column: Option<String>,
    /// IDs are taken as they are written, also where many look damaged.
    pub trust_ids: bool,
    /// One unusable row refuses the file.
    pub strict: bool,
    /// Which rows go on.
    #[serde(flatten)]
    pub which: FilterOptions,
}

/// Which rows of a file or entries of a list go on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FilterOptions {
    /// The rules.
    #[serde(flatten)]
    pub wanted: FilterRules,
    /// What comes after the rules.
    #[serde(flatten)]
    pub take: Take,
}

impl FilterOptions {
    /// The rules as they are typed, without what comes after them.
    pub fn rule_words(&self) -> Vec<String> {
        options_of(&given(serde_json::to_value(&self.wanted).unwrap_or_default()), &[])
    }

    /// What no single option is wrong about.
    pub fn contradiction(&self) -> Option<String> {
        if let Some(why) = self.wanted.plain.contradiction() {
            return Some(why);
        }
        let Take { limit: None, order: Some(_) } = self.take else { return None };
        let why = "rows are sent in the order of their file, and --order only says which of them --limit takes";
        Some(format!("{why}; add --limit N, or sort the file"))
    }
}

/// What loading a file again may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct ReloadOptions {
    /// A finished job starts over, as a new round.
    pub again: bool,
    /// More than half of the pending rows may be cancelled.
    pub allow_shrink: bool,
    /// The file is the job's own list, which has moved.
    pub moved: bool,
}

/// How far and how fast a run goes, and who hears of its end.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct RunBounds {
    /// Requests, at most.
    pub max_requests: Option<u64>,
    /// Dollars, at most.
    #[serde(with = "text::dollars")]
    pub max_spend: Option<MicroUsd>,
    /// Instead of the built-in windows.
    #[serde(rename = "rate")]
    pub rates: Vec<Rate>,
    /// What shares a window.
    pub per: Option<Per>,
    /// How requests are spread over a window.
    pub pace: Option<Pace>,
    /// Requests in flight at once, 1 to 1,024.
    pub workers: Option<u16>,
    /// The run ends when there has been no answer for so long.
    #[serde(with = "text::duration")]
    pub give_up_after: Option<Duration>,
    /// What is run in a shell when the run ends.
    pub notify: Option<String>,
}

impl RunBounds {
    /// What they say of the settings.
    pub fn override_in(&self, overrides: &mut Overrides) {
        overrides.workers = self.workers;
        overrides.pace = self.pace;
        overrides.rates.clone_from(&self.rates);
        overrides.per = self.per;
        overrides.give_up_after = self.give_up_after;
        overrides.notify.clone_from(&self.notify);
    }
}

/// What a schedule runs: job files, or a list that is read anew each time and the file that it becomes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScheduledRun {
    /// The run.
    pub run: RunRequest,
    /// The list that is read before.
    #[serde(default)]
    pub list: Option<ListRequest>,
}

impl ScheduledRun {
    /// Reads what a schedule has kept.
    ///
    /// # Errors
    /// Another version wrote it, with options that this one does not know.
    pub fn from_json(text: &str) -> Result<ScheduledRun, CommandError> {
        let unknown = |why: String| {
            CommandError::new(ErrorKind::Config, format!("this version cannot run what the schedule says: {why}"))
                .hint("remove the schedule and add it again")
        };
        let kept: Value = serde_json::from_str(text).map_err(|error| unknown(error.to_string()))?;
        let read: ScheduledRun = serde_json::from_value(kept.clone()).map_err(|error| unknown(error.to_string()))?;
        let again = read.to_value();
        for part in ["run", "list"] {
            let known = |name: &&String| again[part].get(name.as_str()).is_some();
            let names = kept[part].as_object().into_iter().flat_map(|options| options.keys());
            if let Some(name) = names.into_iter().find(|name| !known(name)) {
                return Err(unknown(format!("it has an option --{name}")));
            }
        }
        Ok(read)
    }

    /// The text that a schedule keeps: the options that were given, by their long names.
    pub fn to_json(&self) -> String {
        self.to_value().to_string()
    }

    fn to_value(&self) -> Value {
        given(serde_json::to_value(self).unwrap_or_default())
    }

    /// What no single option is wrong about.
    pub fn contradiction(&self) -> Option<String> {
        let of_list = || self.list.as_ref().and_then(|list| list.which.contradiction());
        self.run.load.contradiction().or_else(of_list)
    }

    /// The words after `cleanup run`.
    pub fn run_words(&self) -> Vec<String> {
        let run = &self.to_value()["run"];
        let files = run["files"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
        // A file may be called like an option.
        options_of(run, &["files"]).into_iter().chain(["--".to_owned()]).chain(files).collect()
    }

    /// The words after `cleanup list`, where a list is read.
    pub fn list_words(&self) -> Option<Vec<String>> {
        let kind = self.list.as_ref()?.list;
        let options = options_of(&self.to_value()["list"], &["list"]);
        Some(options.into_iter().chain(["--".to_owned(), kind.name().to_owned()]).collect())
    }

    /// The same for this account, where it names none.
    pub fn acting_for(mut self, account: Option<&AccountName>) -> ScheduledRun {
        self.run.load.rows.account = self.run.load.rows.account.or_else(|| account.cloned());
        if let Some(list) = &mut self.list {
            list.account = list.account.take().or_else(|| account.cloned());
        }
        self
    }
}

/// An object without what was not given: null, false, and lists of nothing.
fn given(value: Value) -> Value {
    let Value::Object(fields) = value else { return value };
    let is_given = |value: &Value| !matches!(value, Value::Null | Value::Bool(false)) && value != &Value::Array(vec![]);
    fields.into_iter().map(|(name, value)| (name, given(value))).filter(|(_, value)| is_given(value)).collect()
}

/// Options as they are typed, each in one word: a value may begin with a hyphen.
fn options_of(options: &Value, without: &[&str]) -> Vec<String> {
    let mut words = Vec::new();
    for (name, value) in options.as_object().into_iter().flatten().filter(|(name, _)| !without.contains(&name.as_str()))
    {
        match value {
            Value::Bool(_) => words.push(format!("--{name}")),
            Value::Array(values) => words.extend(values.iter().map(|value| format!("--{name}={}", plain(value)))),
            value => words.push(format!("--{name}={}", plain(value))),
        }
    }
    words
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests;
