//! What was asked for, before files are read and ages become moments.
//!
//! In: options. Out: a [`Filter`]. What does not belong here: where the options came from.

use std::path::PathBuf;

use super::{Age, Day, Filter, PlainRules, Since, Unreadable};
use crate::clock::LocalZone;
use crate::domain::{TargetKind, Wall};
use crate::error::{CommandError, ErrorKind};
use crate::jobfile::JobFileError;
use crate::lists::keep::read_keep_list;

/// The rules as they were asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct FilterRules {
    /// `--keep`
    pub keep: Option<PathBuf>,
    /// `--only`
    pub only: Option<PathBuf>,
    /// `--older-than`
    pub older_than: Option<Age>,
    /// `--newer-than`
    pub newer_than: Option<Age>,
    /// `--before`
    pub before: Option<Day>,
    /// `--after`
    pub after: Option<Day>,
    /// `--inactive-since`
    pub inactive_since: Option<Since>,
    /// The rules that need neither files nor a clock.
    #[serde(flatten)]
    pub plain: PlainRules,
}

/// Why there is no filter.
#[derive(Debug, thiserror::Error)]
pub enum FilterError {
    /// The file of `--keep` or `--only` cannot be used.
    #[error(transparent)]
    List(#[from] JobFileError),
    /// An age or date means no moment.
    #[error("--{option}: {why}")]
    Time {
        /// The option's name, without dashes.
        option: &'static str,
        /// Why not.
        why: Unreadable,
    },
    /// A rule can never be answered for what is listed.
    #[error("{0}")]
    Misfit(String),
}

impl FilterRules {
    /// Reads the lists and turns ages and dates into moments, all by the same `now`. `kind` is what is going to be judged; none
    /// where that differs from row to row.
    ///
    /// # Errors
    /// A list cannot be read, an age lies beyond the calendar, or a rule is not about entries of this kind.
    pub fn resolve(&self, kind: Option<TargetKind>, now: Wall, zone: &LocalZone) -> Result<Filter, FilterError> {
        let list = |path: &Option<PathBuf>| path.as_deref().map(read_keep_list).transpose();
        let age = |option, age: Option<Age>| {
            age.map(|age| age.resolve(now, zone.get()).map_err(|why| FilterError::Time { option, why })).transpose()
        };
        let day = |option, day: Option<Day>| {
            day.map(|day| day.resolve(zone.get()).map_err(|why| FilterError::Time { option, why })).transpose()
        };
        let since = self.inactive_since.map(|since| since.resolve(now, zone.get())).transpose();
        let filter = Filter {
            older_than: age("older-than", self.older_than)?,
            newer_than: age("newer-than", self.newer_than)?,
            before: day("before", self.before)?,
            after: day("after", self.after)?,
            inactive_since: since.map_err(|why| FilterError::Time { option: "inactive-since", why })?,
            plain: self.plain.clone(),
            keep: list(&self.keep)?,
            only: list(&self.only)?,
            now,
        };
        match kind.and_then(|kind| filter.misfit(kind)) {
            Some(misfit) => Err(FilterError::Misfit(misfit)),
            None => Ok(filter),
        }
    }
}

impl From<FilterError> for CommandError {
    fn from(error: FilterError) -> CommandError {
        match error {
            FilterError::List(error) => error.into(),
            FilterError::Time { .. } => {
                CommandError::new(ErrorKind::Usage, error.to_string()).hint("give a date or an age nearer to today")
            }
            FilterError::Misfit(_) => {
                CommandError::new(ErrorKind::Usage, error.to_string()).hint("leave that option out")
            }
        }
    }
}
