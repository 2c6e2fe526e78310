//! `cleanup schedule due` and `run`: fire, run, write down, tell.

use std::path::Path;

use super::words::{list_of, run_of};
use crate::cli::args::{BoundsArgs, Until};
use crate::cli::commands::list;
use crate::cli::commands::run::{Within, work};
use crate::cli::commands::signals::Signals;
use crate::cli::context::Context;
use crate::cli::error::{CliError, Kind};
use crate::cli::escape::escaped;
use crate::cli::notify;
use crate::cli::summary::Report;
use crate::config::{Environment, ProgressMode, Settings};
use crate::domain::Wall;
use crate::engine::Signal;
use crate::schedule::diary;
use crate::schedule::scheduler::{self, End, Firing, News, Next, Work};
use crate::schedule::steering;
use crate::store::{DrainLock, ScheduleLock, Store, StoreError, make_private_folder};
use crate::web::Hub;

/// Runs what is due now, one schedule after the other, and ends.
///
/// # Errors
/// The queue is in the way, or another process drains it (75); what is due then stays due.
pub(super) async fn run(context: &Context, hub: Option<&Hub>) -> Result<u8, CliError> {
    let Some(mut store) = context.existing_queue().await? else {
        context.printer.say("there is no queue here yet, so nothing is due");
        return Ok(0);
    };
    let (due, next) = scheduler::due(&mut store, context.clock.now().wall).await?;
    if due.is_empty() {
        say_next(context, next.as_ref());
        store.close().await;
        return Ok(0);
    }
    let Some(_lock) = free_to_run(context, &store, &due.join(", "))? else {
        context.printer.say("another process works on this queue's schedules already");
        return Ok(0);
    };
    let mut work = InProcess { context, hub, signals: Signals::listen()?, broken: 0 };
    let (ends, next) = scheduler::work_off(&mut store, &*context.clock, &mut work).await?;
    say_next(context, next.as_ref());
    store.close().await;
    let broken = (work.broken > 0).then_some(Kind::Config.exit_code());
    Ok(gravest(ends.iter().map(|end| end.exit_code).chain(broken)))
}

/// Runs a schedule now.
///
/// # Errors
/// There is no such schedule, the queue is in the way, or another process drains it (75).
pub(super) async fn run_now(context: &Context, name: &str) -> Result<u8, CliError> {
    let (mut store, stored) = super::find(context, name).await?;
    let schedule = super::understood(&stored)?;
    let Some(_lock) = free_to_run(context, &store, name)? else {
        return Err(StoreError::Draining { path: store.path().to_path_buf() }.into());
    };
    let mut work = InProcess { context, hub: None, signals: Signals::listen()?, broken: 0 };
    let Some(firing) = steering::begin_now(&mut store, schedule, context.clock.now().wall).await? else {
        return Err(
            CliError::new(Kind::Usage, format!("{} was removed meanwhile", escaped(name))).hint("nothing was run")
        );
    };
    context.log_deed(&mut store, super::RUN, None, &format!("{name} was run, as asked")).await;
    let end = scheduler::run(&mut store, &*context.clock, &mut work, &firing).await?;
    store.close().await;
    Ok(end.exit_code)
}

/// The right to run schedules; none where another process has it. A queue that somebody drains is left alone: what is due
/// stays due, and is not begun and ended for nothing.
fn free_to_run(context: &Context, store: &Store, due: &str) -> Result<Option<ScheduleLock>, CliError> {
    let Some(lock) = ScheduleLock::try_take(store.path())? else { return Ok(None) };
    if DrainLock::is_held(store.path())? {
        let busy = CliError::from(StoreError::Draining { path: store.path().to_path_buf() });
        let status = context.command(&["status"]);
        return Err(busy.hint(format!(
            "{} waits for its turn while its hours last; {status} shows how far the other is",
            escaped(due)
        )));
    }
    Ok(Some(lock))
}

fn say_next(context: &Context, next: Option<&Next>) {
    let Some(next) = next else { return };
    context.printer.say(&format!("next: {} at {}", escaped(&next.name), diary::moment_text(next.starts, &next.zone)));
}

/// Of several exit codes, the one that is told: a signal, a fault of ours, then what a person has to mend, then work left.
fn gravest(codes: impl Iterator<Item = u8>) -> u8 {
    const ORDER: [u8; 13] = [143, 130, 129, 1, 74, 75, 77, 78, 65, 2, 69, 4, 3];
    let codes: Vec<u8> = codes.collect();
    ORDER.into_iter().find(|code| codes.contains(code)).unwrap_or(0)
}

/// Runs firings as `cleanup run` does, in this process.
struct InProcess<'a> {
    context: &'a Context,
    /// Counts what is sent.
    hub: Option<&'a Hub>,
    /// Signals that come between two runs.
    signals: Signals,
    /// Schedules that cannot be understood.
    broken: u64,
}

impl InProcess<'_> {
    async fn run(&self, firing: &Firing) -> Result<Report, CliError> {
        let args = run_of(&firing.schedule.words)?;
        let context = self.context_of(firing, &args.drain.bounds)?;
        let ended = match read_list(&context, firing).await {
            Ok(None) => {
                let within = Within { end: firing.ends_by, hub: self.hub.cloned() };
                work(&context, &args, within).await
            }
            Ok(Some(report)) => Ok(report),
            Err(error) => Err(error),
        };
        notify::after(&context, Some(&firing.schedule.name), &ended).await;
        ended
    }

    /// What the words say of the settings, in this queue and with this config file; times are told by the schedule's clock, and
    /// say so.
    fn context_of(&self, firing: &Firing, bounds: &BoundsArgs) -> Result<Context, CliError> {
        let mut overrides = self.context.overrides.clone();
        bounds.override_in(&mut overrides);
        let mut settings = Settings::resolve(&overrides, &Environment::of_process()?)?;
        if settings.run.progress == ProgressMode::Auto && !std::io::IsTerminal::is_terminal(&std::io::stderr()) {
            // A line a minute, all night, would hide what matters in a journal.
            settings.run.progress = ProgressMode::None;
        }
        Ok(Context {
            settings,
            printer: self.context.printer,
            clock: self.context.clock.clone(),
            zone: firing.schedule.recurrence.zone().clone().into(),
            names_zone: true,
            overrides,
        })
    }
}

/// Writes the file of a schedule that begins with a list; none: go on and run. A report: there is nothing to run, or the list
/// could not be read whole; what has been read is kept, and the next time goes on from there.
async fn read_list(context: &Context, firing: &Firing) -> Result<Option<Report>, CliError> {
    let Some(words) = &firing.schedule.list_words else { return Ok(None) };
    let mut args = list_of(words)?;
    // The file is the schedule's own, written anew each time.
    args.force = true;
    args.until = firing.ends_by.and_then(|end| jiff::Timestamp::from_millisecond(end.0).ok()).map(Until::Instant);
    let Some(file) = args.output.clone() else {
        return Err(CliError::new(Kind::Config, "the schedule's list has no file").hint("remove it and add it again"));
    };
    if let Some(folder) = file.parent() {
        make_private_folder(folder).map_err(|error| CliError::io(folder.display(), error))?;
    }
    match list::run(context, &args).await? {
        0 if has_rows(&file)? => Ok(None),
        0 => {
            context.printer.say("nothing is on the list, so there is nothing to run");
            Ok(Some(Report::new(0, plain_end("finished", 0))))
        }
        code => Ok(Some(Report::new(code, plain_end("list", code)))),
    }
}

/// The object of a run that sent nothing.
fn plain_end(stopped: &str, code: u8) -> serde_json::Value {
    serde_json::json!({
        "jobs": [], "requests": 0, "spent_usd": 0.0, "stopped": stopped, "next_slot_at": null, "error": null, "exit_code": code,
    })
}

/// Whether there is anything below the header.
fn has_rows(file: &Path) -> Result<bool, CliError> {
    use std::io::BufRead;
    let open = std::fs::File::open(file).map_err(|error| CliError::io(file.display(), error))?;
    let second = std::io::BufReader::new(open).lines().nth(1).transpose();
    Ok(second.map_err(|error| CliError::io(file.display(), error))?.is_some())
}

impl Work for InProcess<'_> {
    async fn fire(&mut self, firing: &Firing) -> End {
        if let Some(signal) = self.signals.waiting() {
            return stopped_by(signal);
        }
        match self.run(firing).await {
            Ok(report) => end_of(&report),
            Err(error) => {
                self.context.printer.error(&error);
                let is_busy = error.kind == Kind::Busy;
                End {
                    exit_code: error.kind.exit_code(),
                    stopped: "error".into(),
                    requests: 0,
                    left: None,
                    goes_on: is_busy,
                    is_last: is_busy,
                }
            }
        }
    }

    fn tell(&mut self, news: &News, now: Wall) {
        let sentence = diary::sentence(news, now);
        tracing::info!("{}", escaped(&sentence));
        match news {
            News::Broken(..) => {
                self.broken += 1;
                self.context.printer.warn(&escaped(&sentence));
            }
            News::Passed(..) | News::GivenUp(..) | News::TooLate(..) | News::Begins(_) | News::Ended(..) => {
                self.context.printer.say(&escaped(&sentence));
            }
        }
    }
}

/// Ctrl-C means: not any more tonight. Other signals come with a machine that shuts down, and it is gone on later.
fn stopped_by(signal: Signal) -> End {
    End {
        exit_code: signal.exit_code(),
        stopped: "interrupted".into(),
        requests: 0,
        left: None,
        goes_on: signal != Signal::Interrupt,
        is_last: true,
    }
}

fn end_of(report: &Report) -> End {
    let summary = report.summary.clone().unwrap_or_default();
    let stopped = summary["stopped"].as_str().unwrap_or("finished").to_owned();
    let pending = summary["jobs"].as_array().map(|jobs| jobs.iter().filter_map(|job| job["pending"].as_u64()).sum());
    let is_signal =
        [Signal::Hangup, Signal::Interrupt, Signal::Terminate].map(Signal::exit_code).contains(&report.code);
    End {
        exit_code: report.code,
        requests: summary["requests"].as_u64().unwrap_or(0),
        left: pending,
        goes_on: is_signal && report.code != Signal::Interrupt.exit_code(),
        is_last: is_signal,
        stopped,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gravest_code_is_told() {
        let told = |codes: &[u8]| gravest(codes.iter().copied());
        assert_eq!((told(&[]), told(&[0, 0]), told(&[0, 3]), told(&[4, 3])), (0, 0, 3, 4));
        assert_eq!((told(&[65, 77]), told(&[4, 65]), told(&[77, 130])), (77, 65, 130));
        for kind in Kind::ALL {
            assert_eq!(told(&[0, kind.exit_code()]), kind.exit_code(), "{kind:?}");
        }
    }
}
