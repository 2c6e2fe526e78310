//! The way from the settings to the queue.
//!
//! In: settings. Out: the queue or its job, the error where it is not there, a command to type next. What does not belong here: what is
//! done with the queue.

use std::path::Path;

use super::command_line::command;
use super::deps::AppDeps;
use super::notice::Notice;
use crate::domain::Platform;
use crate::error::{CommandError, ErrorKind};
use crate::store::{AuditEvent, Job, Store};
use crate::text::{escaped, nearest};

/// The most jobs an error lists.
const MAX_LISTED_JOBS: usize = 20;

impl AppDeps<'_> {
    /// Opens the queue, making it where there is none.
    ///
    /// # Errors
    /// There is no place for it, or it cannot be opened.
    pub async fn open_queue(self) -> Result<Store, CommandError> {
        Ok(Store::open(self.settings.db()?, self.settings.kind).await?)
    }

    /// Opens the queue if there is one: commands that look or steer must not make an empty one at a mistyped path.
    ///
    /// # Errors
    /// As [`AppDeps::open_queue`].
    pub async fn existing_queue(self) -> Result<Option<Store>, CommandError> {
        Ok(Store::open_existing(self.settings.db()?, self.settings.kind).await?)
    }

    /// The queue and its job of that name.
    ///
    /// # Errors
    /// Exit code 2 where there is no such job, with the nearest name and the list of jobs.
    pub async fn job(self, name: &str) -> Result<(Store, Job), CommandError> {
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

    /// Whose API a command speaks of: the pretend platform's in the sandbox, else the one asked for, else X's v2.
    pub fn platform(self, asked: Option<Platform>) -> Platform {
        let asked = asked.unwrap_or_default();
        if self.settings.is_sandbox() { asked.in_sandbox() } else { asked }
    }

    /// The error for a job that is not there.
    pub fn unknown_job(self, name: &str, jobs: &[Job]) -> CommandError {
        let names: Vec<&str> = jobs.iter().map(|job| job.name.as_str()).collect();
        let error = CommandError::new(ErrorKind::Usage, format!("there is no job named {}", escaped(name)));
        let hint = unknown_hint(name, &names, &self.command(&["load", "FILE.csv"]));
        error.hint(self.or_other_queue(hint))
    }

    /// The error where there is no queue at all: its place may be mistyped.
    pub fn no_queue(self, kind: ErrorKind) -> CommandError {
        CommandError::new(kind, self.no_queue_text()).hint(self.no_queue_hint())
    }

    /// The same for a command that has nothing to say then, and that is no error.
    pub fn no_queue_sentence(self) -> String {
        format!("{}; {}", self.no_queue_text(), self.no_queue_hint())
    }

    fn no_queue_hint(self) -> String {
        let load = self.command(&["load", "FILE.csv"]);
        match &self.settings.named_db {
            Some(_) => format!("check --db and CLEANUP_DB, or make a new queue there with {load}"),
            None => self
                .other_queue()
                .map_or(format!("{load} makes one"), |other| format!("{other}; {load} makes this one")),
        }
    }

    /// That there is no job in this queue, and what to type.
    pub fn no_jobs_text(self) -> String {
        self.or_other_queue(format!("this queue has no jobs; {} makes one", self.command(&["load", "FILE.csv"])))
    }

    /// A text about what is not in this queue, with the way to the other one where that is there.
    pub fn or_other_queue(self, text: String) -> String {
        match self.other_queue() {
            Some(other) => format!("{text}; {other}"),
            None => text,
        }
    }

    /// Where the queue of the other kind is there: how to have that one, for it may be the one that is meant.
    fn other_queue(self) -> Option<&'static str> {
        self.settings.other_db.as_ref().filter(|place| place.file().is_some_and(Path::exists))?;
        Some(if self.settings.is_sandbox() {
            "there is a real queue, too: leave out --sandbox for that one"
        } else {
            "the sandbox has a queue of its own: add --sandbox for that one"
        })
    }

    /// That there is no queue, and where it would be.
    pub fn no_queue_text(self) -> String {
        let place = self.settings.db().map(|place| escaped(&place.to_string()).into_owned());
        format!("there is no queue at {}", place.unwrap_or_else(|_| "its place".to_owned()))
    }

    /// Writes down who told a job what; none: it is about something else, which the detail names. It has been done: where it cannot be
    /// written down there is a warning, for an error would say that it was not.
    pub async fn log_audit_event(self, store: &mut Store, deed: &str, job: Option<&str>, detail: &str) {
        let entry = AuditEvent { actor: &self.front.actor(), deed, job, detail };
        if let Err(error) = store.admin().log_audit_event(self.clock.now().wall, &entry).await {
            self.tell(Notice::NotLogged(deed, &error));
        }
    }

    /// A command to type next, for this very queue; words are quoted for a shell where they have to be.
    pub fn command(self, words: &[&str]) -> String {
        command(self.settings, words)
    }
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
    fn unknown_jobs_are_answered_with_the_known_ones() {
        assert_eq!(unknown_hint("unfolow", &["likes", "unfollow"], ""), "did you mean unfollow? jobs: likes, unfollow");
        assert_eq!(unknown_hint("x", &["likes"], ""), "jobs: likes");
        assert!(unknown_hint("x", &[], "`cleanup load FILE.csv`").contains("cleanup load"));
        let many: Vec<String> = (0..30).map(|n| format!("job-{n:02}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert!(unknown_hint("zzz", &many, "").ends_with("and 10 more"));
    }
}
