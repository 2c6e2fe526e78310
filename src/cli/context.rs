//! What every command stands on: settings, printer, clock, and the way to the queue.

use super::printer::Printer;
use crate::app::{self, OfSchedule, RunReport, command_line};
use crate::clock::{LocalZone, SharedClock};
use crate::config::{Overrides, Settings};
use crate::domain::Platform;
use crate::error::{CommandError, ErrorKind};
use crate::store::{AuditEvent, Job, Store};
use crate::text::{LocalClock, escaped, nearest};

/// The most jobs an error lists.
const MAX_LISTED_JOBS: usize = 20;

/// What every command stands on.
pub struct Context {
    /// Everything decided.
    pub settings: Settings,
    /// Stdout and stderr.
    pub printer: Printer,
    /// The clock.
    pub clock: SharedClock,
    /// The zone in which times are told; in a scheduled run the schedule's.
    pub zone: LocalZone,
    /// Whether times are told with the zone's name.
    pub names_zone: bool,
    /// What the options said of the settings: a scheduled run takes over where its queue and its config file are.
    pub overrides: Overrides,
}

impl Context {
    /// By whose clock times are told.
    pub fn local_clock(&self) -> LocalClock {
        LocalClock { zone: self.zone.clone(), is_named: self.names_zone }
    }

    /// Opens the queue, making it where there is none.
    ///
    /// # Errors
    /// There is no place for it, or it cannot be opened.
    pub async fn open_queue(&self) -> Result<Store, CommandError> {
        Ok(Store::open(self.settings.db()?, self.settings.kind).await?)
    }

    /// Opens the queue if there is one: commands that look or steer must not make an empty one at a mistyped path.
    ///
    /// # Errors
    /// As [`Context::open_queue`].
    pub async fn existing_queue(&self) -> Result<Option<Store>, CommandError> {
        Ok(Store::open_existing(self.settings.db()?, self.settings.kind).await?)
    }

    /// Whether somebody has logged in for this queue; nobody has where there is none yet, and none is made to look.
    ///
    /// # Errors
    /// As [`Context::open_queue`].
    pub async fn has_logins(&self) -> Result<bool, CommandError> {
        app::has_logins(&self.settings).await
    }

    /// The queue and its job of that name.
    ///
    /// # Errors
    /// Exit code 2 where there is no such job, with the nearest name and the list of jobs.
    pub async fn job(&self, name: &str) -> Result<(Store, Job), CommandError> {
        let Some(mut store) = self.existing_queue().await? else {
            return Err(self.no_queue(ErrorKind::Usage));
        };
        match store.queue().job(name).await? {
            Some(job) => Ok((store, job)),
            None => {
                let jobs = store.queue().jobs().await?;
                Err(self.unknown_job(name, &jobs))
            }
        }
    }

    /// Writes down who told a job what; none: it is about something else, which the detail names. It has been done: where it cannot be
    /// written down there is a warning, for an error would say that it was not.
    pub async fn log_audit_event(&self, store: &mut Store, deed: &str, job: Option<&str>, detail: &str) {
        let entry = AuditEvent { actor: &self.actor(), deed, job, detail };
        if let Err(error) = store.admin().log_audit_event(self.clock.now().wall, &entry).await {
            self.printer.warn(&format!("{deed} is done, but could not be written to the audit log: {error}"));
        }
    }

    /// Who is at the terminal.
    pub fn actor(&self) -> String {
        format!("terminal (uid {})", rustix::process::getuid().as_raw())
    }

    /// Has whoever wants to hear of the end of a run hear of it.
    pub async fn notify(&self, schedule: Option<OfSchedule<'_>>, ended: &Result<RunReport, CommandError>) {
        app::notify(&self.settings, schedule, ended, |warning| self.printer.warn(warning)).await;
    }

    /// Whose API a command speaks of: the pretend platform's in the sandbox, else the one asked for, else X's v2.
    pub fn platform(&self, asked: Option<Platform>) -> Platform {
        if self.settings.is_sandbox() { Platform::Sandbox } else { asked.unwrap_or(Platform::XV2) }
    }

    /// The error for a job that is not there.
    pub fn unknown_job(&self, name: &str, jobs: &[Job]) -> CommandError {
        let names: Vec<&str> = jobs.iter().map(|job| job.name.as_str()).collect();
        let error = CommandError::new(ErrorKind::Usage, format!("there is no job named {}", escaped(name)));
        let hint = unknown_hint(name, &names, &self.command(&["load", "FILE.csv"]));
        error.hint(self.other_queue().map_or(hint.clone(), |other| format!("{hint}; {other}")))
    }

    /// The error where there is no queue at all: its place may be mistyped.
    pub fn no_queue(&self, kind: ErrorKind) -> CommandError {
        CommandError::new(kind, self.no_queue_text()).hint(self.no_queue_hint())
    }

    /// The same for a command that has nothing to say then, and that is no error.
    pub fn no_queue_sentence(&self) -> String {
        format!("{}; {}", self.no_queue_text(), self.no_queue_hint())
    }

    fn no_queue_hint(&self) -> String {
        let load = self.command(&["load", "FILE.csv"]);
        match &self.settings.named_db {
            Some(_) => format!("check --db and CLEANUP_DB, or make a new queue there with {load}"),
            None => self
                .other_queue()
                .map_or(format!("{load} makes one"), |other| format!("{other}; {load} makes this one")),
        }
    }

    /// Where the queue of the other kind is there: how to have that one, for it may be the one that is meant.
    fn other_queue(&self) -> Option<&'static str> {
        self.settings.other_db.as_ref().filter(|path| path.exists())?;
        Some(if self.settings.is_sandbox() {
            "there is a real queue, too: leave out --sandbox for that one"
        } else {
            "the sandbox has a queue of its own: add --sandbox for that one"
        })
    }

    /// That there is no queue, and where it would be.
    pub fn no_queue_text(&self) -> String {
        let path = self.settings.db().map(|path| escaped(&path.display().to_string()).into_owned());
        format!("there is no queue at {}", path.unwrap_or_else(|_| "its place".to_owned()))
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

fn unknown_hint(name: &str, names: &[&str], load: &str) -> String {
    if names.is_empty() {
        return format!("this queue has no jobs; {load} makes one");
    }
    let mut listed: Vec<String> = names.iter().take(MAX_LISTED_JOBS).map(|name| escaped(name).into_owned()).collect();
    if names.len() > MAX_LISTED_JOBS {
        listed.push(format!("and {} more", names.len() - MAX_LISTED_JOBS));
    }
    let list = format!("jobs: {}", listed.join(", "));
    match nearest(name, names) {
        Some(near) => format!("did you mean {}? {list}", escaped(near)),
        None => list,
    }
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

    #[test]
    fn unknown_jobs_are_answered_with_the_known_ones() {
        assert_eq!(unknown_hint("unfolow", &["likes", "unfollow"], ""), "did you mean unfollow? jobs: likes, unfollow");
        assert_eq!(unknown_hint("x", &["likes"], ""), "jobs: likes");
        assert!(unknown_hint("x", &[], "`cleanup load FILE.csv`").contains("cleanup load"));
        let many: Vec<String> = (0..30).map(|n| format!("job-{n:02}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert!(unknown_hint("zzz", &many, "").ends_with("and 10 more"));
    }
}
