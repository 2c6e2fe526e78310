//! The terminal as use cases see it: each notice in words, on stderr; a question where somebody can answer.

mod archive_owner;
mod failed_rows;
mod list_messages;
mod load_messages;
mod run_summary;
mod schedule_messages;
mod tick_messages;

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::Duration;

use self::archive_owner::archive_text;
use self::list_messages::{ListFile, say_access, say_unfinished, say_written};
use self::load_messages::{doubtful_text, say_kept_names, say_loaded, say_names, say_rejected};
pub(super) use self::run_summary::say_end;
use self::schedule_messages::{say_due, say_event};
use self::tick_messages::say_ticks;
use super::context::for_this_queue;
use super::printer::Printer;
use super::progress::{ProgressListener, ReadingProgress, held_back_text};
use super::prompt;
use crate::app::{
    AppDeps, BoundsOfRun, Confirmation, FetchListener, Frontend, ListOutput, ListSink, Notice, Prepared, RunPlan,
    Stoppable,
};
use crate::config::ProgressMode;
use crate::domain::{ListKind, counted};
use crate::engine::{Listener, Signal};
use crate::error::CommandError;
use crate::lists::fetch::FetchEvent;
use crate::store::Job;
use crate::text::escaped;

/// The most accounts that are warned of before a run.
const MAX_WARNINGS: usize = 20;
/// Between two lines about pages.
const LINE_EVERY: Duration = Duration::from_secs(5);

impl Frontend for Printer {
    fn tell(&self, deps: AppDeps<'_>, notice: Notice<'_>) {
        match notice {
            Notice::AccountsUnknown(error) => {
                let what = "the queue cannot be read, so accounts are taken for the default platform's";
                self.warn(&format!("{what}: {}", error.message));
            }
            Notice::KeepListReadOnce(path) => self.warn(&read_once_text(path)),
            Notice::KeptNames(file, kept) => say_kept_names(file, kept, *self),
            Notice::DoubtfulIds(file, doubtful) => self.warn(&doubtful_text(file, doubtful)),
            Notice::Names(file) => say_names(file, *self),
            Notice::Asking(about, bounds) => say_asking(*self, deps, about, bounds),
            Notice::Rejected(file, accounts) => say_rejected(file, accounts, *self, deps),
            Notice::Moved(job, file) => self.say(&moved_text(job, file)),
            Notice::Loaded(job, loaded) => say_loaded(job, loaded, *self),
            Notice::GoesOnWithout(files) => self.say(&goes_on_without_text(files)),
            Notice::TicksTaken(path, ticks) => say_ticks(path, ticks, *self),
            Notice::HeldBack(held) => {
                self.warn(&for_this_queue(deps.settings, &held_back_text(&held.job, &held.reason, held.tasks)));
            }
            Notice::Unfit(why) => warn_unfit(*self, deps, why),
            Notice::ClockOff(warning) => self.warn(warning),
            Notice::Signal(signal, before) => say_signal(*self, signal, before),
            Notice::Archive(about) => self.say(&archive_text(about)),
            Notice::Reading(access) => say_access(access, *self, deps),
            Notice::ListWritten(report) => say_written(report, *self),
            Notice::ListUnfinished(unfinished) => say_unfinished(unfinished, *self),
            Notice::NothingListed => self.say("no entry of the list is left for this run, so there is nothing to send"),
            Notice::RunEnded(end) => say_end(end, *self, deps),
            Notice::Failed(error) => self.error(error),
            Notice::Schedule(event, now) => say_event(event, now, *self),
            Notice::Due(end) => say_due(end, *self, deps),
            Notice::NotifyTrouble(why) => self.warn(why),
            Notice::NotLogged(deed, error) => {
                self.warn(&format!("{deed} is done, but could not be written to the audit log: {error}"));
            }
            Notice::StoppedAtOnce(Stoppable::Sending) => {
                self.say("stopped at once; the next run sends the requests again that were in flight");
            }
            Notice::StoppedAtOnce(Stoppable::Reading) => self.say("stopped at once; what was read is kept"),
        }
    }

    fn reading_progress(&self, deps: AppDeps<'_>, list: ListKind, total_bytes: u64) -> Box<dyn FnMut(u64)> {
        let mode = deps.settings.run.progress;
        let mut progress = ReadingProgress::new(mode, *self, total_bytes, &format!("reading {list}"));
        Box::new(move |bytes| progress.at(bytes))
    }

    fn list_sink(&self, output: ListOutput<'_>) -> Result<Box<dyn ListSink>, CommandError> {
        Ok(Box::new(ListFile::create(output, *self)?))
    }

    fn is_watched(&self) -> bool {
        std::io::stderr().is_terminal()
    }

    fn actor(&self) -> String {
        format!("terminal (uid {})", rustix::process::getuid().as_raw())
    }

    fn can_ask(&self) -> bool {
        prompt::can_ask()
    }

    fn confirm(&self) -> Result<bool, CommandError> {
        prompt::confirm("Continue?").map_err(|error| CommandError::io("the terminal", error))
    }

    fn progress(&self, deps: AppDeps<'_>, plan: RunPlan) -> Box<dyn Listener> {
        Box::new(ProgressListener::new(deps.settings.run.progress, plan, *self, deps))
    }

    fn notices(&self, deps: AppDeps<'_>, plan: RunPlan) -> Box<dyn Listener> {
        Box::new(ProgressListener::new(ProgressMode::None, plan, *self, deps))
    }

    /// A line each few seconds at most, waits always.
    fn fetch_listener(&self, deps: AppDeps<'_>) -> FetchListener {
        let (printer, clock, local) = (*self, deps.clock.clone(), deps.local.clone());
        let mut next_line = clock.now().tick.after(LINE_EVERY);
        Box::new(move |news| {
            let now = clock.now();
            match news {
                FetchEvent::Waiting { until, why } => {
                    let at = local.text(until, now.wall);
                    printer.say(&format!("waiting until {at}: {}", escaped(&why)));
                }
                FetchEvent::Trouble(what) => printer.detail(&format!("trying again: {}", escaped(&what))),
                FetchEvent::Page { entries, pages } if now.tick >= next_line => {
                    next_line = now.tick.after(LINE_EVERY);
                    let entries = counted(entries, "entry", "entries");
                    printer.say(&format!("{entries} read, {}", counted(pages, "page", "pages")));
                }
                FetchEvent::Page { .. } => {}
            }
        })
    }
}

/// Says what a signal does: the first drains, the second does not wait, the third needs no words.
pub(super) fn say_signal(printer: Printer, signal: Signal, before: usize) {
    let words = match before {
        0 => "waiting up to 10 s for requests in flight; send it again to stop waiting",
        1 => "not waiting any more, saving; send it once more to end at once",
        _ => return,
    };
    printer.say(&format!("{}: {words}", signal.name()));
}

/// What ends a run before its work is done.
pub(super) fn bounds_text(bounds: &BoundsOfRun, deps: AppDeps<'_>) -> Option<String> {
    let bounds: Vec<String> = [
        bounds.max_requests.map(|most| format!("after {}", counted(most, "request", "requests"))),
        bounds.max_spend.map(|most| format!("before it has spent more than {most}")),
        bounds.until.map(|until| format!("at {}", deps.local.text(until, deps.clock.now().wall))),
    ]
    .into_iter()
    .flatten()
    .collect();
    (!bounds.is_empty()).then(|| format!("this run ends {} at the latest", bounds.join(", or ")))
}

fn say_asking(printer: Printer, deps: AppDeps<'_>, about: &Confirmation, bounds: &BoundsOfRun) {
    about.warnings.iter().for_each(|warning| printer.warn(warning));
    about.sentences.iter().for_each(|sentence| printer.say(sentence));
    bounds_text(bounds, deps).iter().for_each(|bounds| printer.say(bounds));
}

fn read_once_text(path: &Path) -> String {
    let name = path.display().to_string();
    let name = escaped(&name);
    format!("--keep {name} is not a file that can be read again during the run; the list counts as it is now")
}

fn moved_text(job: &Job, file: &Prepared) -> String {
    let (old, new) = (job.path.to_string_lossy(), file.path.to_string_lossy());
    format!("{}: its file was moved: it is {} now, and was {}", escaped(&job.name), escaped(&new), escaped(&old))
}

fn goes_on_without_text(files: &[PathBuf]) -> String {
    let files: Vec<String> = files.iter().map(|file| escaped(&file.to_string_lossy()).into_owned()).collect();
    let are = if files.len() == 1 { "is" } else { "are" };
    format!("{} {are} not on this machine: the run sends what it had loaded", files.join(", "))
}

fn warn_unfit(printer: Printer, deps: AppDeps<'_>, why: &[String]) {
    for warning in why.iter().take(MAX_WARNINGS) {
        printer.warn(&for_this_queue(deps.settings, &escaped(warning)));
    }
    if why.len() > MAX_WARNINGS {
        let list = deps.command(&["account", "list"]);
        printer.warn(&format!("... and {} more like that; see {list}", why.len() - MAX_WARNINGS));
    }
}
