//! What every command stands on: settings, printer, clock, and the way to the queue.

use super::printer::Printer;
use crate::app::run::RunEnd;
use crate::app::{self, AppDeps, Notice, RunReport, command_line};
use crate::clock::SharedClock;
use crate::config::{Overrides, Settings};
use crate::error::CommandError;
use crate::store::{Job, Store};
use crate::text::LocalClock;

/// What every command stands on.
pub struct Context {
    /// Everything decided.
    pub settings: Settings,
    /// Stdout and stderr.
    pub printer: Printer,
    /// The clock.
    pub clock: SharedClock,
    /// By whose clock times are told; in a scheduled run the schedule's.
    pub local: LocalClock,
    /// What the options said of the settings: a scheduled run takes over where its queue and its config file are.
    pub overrides: Overrides,
}

impl Context {
    /// What a use case stands on.
    pub fn deps(&self) -> AppDeps<'_> {
        AppDeps { settings: &self.settings, clock: &self.clock, local: &self.local, front: &self.printer }
    }

    /// As [`AppDeps::open_queue`].
    ///
    /// # Errors
    /// There is no place for it, or it cannot be opened.
    pub async fn open_queue(&self) -> Result<Store, CommandError> {
        self.deps().open_queue().await
    }

    /// As [`AppDeps::existing_queue`].
    ///
    /// # Errors
    /// As [`Context::open_queue`].
    pub async fn existing_queue(&self) -> Result<Option<Store>, CommandError> {
        self.deps().existing_queue().await
    }

    /// As [`AppDeps::job`].
    ///
    /// # Errors
    /// Exit code 2 where there is no such job, with the nearest name and the list of jobs.
    pub async fn job(&self, name: &str) -> Result<(Store, Job), CommandError> {
        self.deps().job(name).await
    }

    /// As [`AppDeps::log_audit_event`].
    pub async fn log_audit_event(&self, store: &mut Store, deed: &str, job: Option<&str>, detail: &str) {
        self.deps().log_audit_event(store, deed, job, detail).await;
    }

    /// Sums a run up, with `json` as one object on stdout as well; gives its report.
    ///
    /// # Errors
    /// Nobody reads stdout.
    pub fn close_run(&self, end: &RunEnd, json: bool) -> Result<RunReport, CommandError> {
        self.deps().tell(Notice::RunEnded(end));
        if json {
            self.printer.closing_json(end)?;
        }
        Ok(end.report())
    }

    /// Has whoever wants to hear of the end of a run hear of it.
    pub async fn notify(&self, ended: &Result<RunReport, CommandError>) {
        app::notify(&self.settings, None, ended, |warning| self.printer.warn(warning)).await;
    }

    /// An error whose hint names commands as they are typed for this very queue.
    pub(super) fn completed(&self, error: CommandError) -> CommandError {
        let hint = error.hint.as_ref().map(|hint| for_this_queue(&self.settings, hint));
        CommandError { hint, ..error }
    }

    /// A command to type next, for this very queue; words are quoted for a shell where they have to be.
    pub fn command(&self, words: &[&str]) -> String {
        app::command(&self.settings, words)
    }
}

/// A text of a room that cannot know the queue: the commands that it shows in backticks get this queue's options.
pub(crate) fn for_this_queue(settings: &Settings, text: &str) -> String {
    with_options(text, &queue_options(settings))
}

/// The options that name the queue at hand, as they are typed behind a command.
pub(crate) fn queue_options(settings: &Settings) -> String {
    command_line(settings, &[]).strip_prefix("cleanup").unwrap_or_default().to_owned()
}

/// A text whose commands get the options of [`queue_options`].
pub(crate) fn with_options(text: &str, options: &str) -> String {
    let complete = |(place, part): (usize, &str)| {
        let is_command = place % 2 == 1 && part.starts_with("cleanup ") && !part.starts_with("cleanup sandbox");
        let is_whole = ["--sandbox", "--db"].iter().any(|option| part.split(' ').any(|word| word == *option));
        if is_command && !is_whole { format!("{part}{options}") } else { part.to_owned() }
    };
    text.split('`').enumerate().map(complete).collect::<Vec<_>>().join("`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_in_a_hint_are_for_the_queue_at_hand() {
        let settings = |db: Option<&str>, sandbox| {
            let overrides = Overrides { db: db.map(Into::into), sandbox, ..Overrides::default() };
            Settings::resolve(&overrides, &crate::config::Environment::default()).unwrap()
        };
        let hint = "log in with `cleanup account login`, or `export X=1`; `cleanup status --db q.db` tells more";
        assert_eq!(for_this_queue(&settings(None, false), hint), hint);
        assert_eq!(
            for_this_queue(&settings(Some("/my queue.db"), false), hint),
            "log in with `cleanup account login --db '/my queue.db'`, or `export X=1`; `cleanup status --db q.db` tells more"
        );
        assert!(for_this_queue(&settings(None, true), "`cleanup resume`").contains("`cleanup resume --sandbox`"));
    }
}
