//! `cleanup schedule due` and `run`: fire, run, write down, tell.

use std::sync::Arc;

use super::{Server, clock};
use crate::app::request::{ListRequest, RunBounds, ScheduledRun};
use crate::app::run::{EventTap, RunTerms, run_files};
use crate::app::schedules;
use crate::app::schedules::understood;
use crate::app::{DrainOptions, OfSchedule, RunReport, RunSummary, Signals};
use crate::cli::commands::list;
use crate::cli::commands::run_summary::say_end;
use crate::cli::context::Context;
use crate::config::{Environment, ProgressMode, Settings};
use crate::domain::{AccountName, MicroUsd, Wall};
use crate::engine::Signal;
use crate::error::{CommandError, ErrorKind};
use crate::schedule::control::{self, RunNowOutcome};
use crate::schedule::firing::{After, End, Firing, How};
use crate::schedule::messages;
use crate::schedule::plan::Schedule;
use crate::schedule::scheduler::{self, Next, ScheduleEvent, Work};
use crate::store::{DrainLock, ScheduleLock, ServeLock, Store, make_private_folder};
use crate::text::{LocalClock, escaped};

/// Runs what is due now, one schedule after the other, and ends.
///
/// # Errors
/// The queue is in the way, or another process drains it (75); what is due then stays due.
pub(super) async fn run(context: &Context, server: Option<Server<'_>>) -> Result<u8, CommandError> {
    let Some(mut store) = context.existing_queue().await? else {
        context.printer.say(&format!("{}, so nothing is due", context.deps().no_queue_text()));
        return Ok(0);
    };
    let (due, next) = scheduler::due(&mut store, context.clock.now().wall).await?;
    if due.is_empty() {
        say_next(context, next.as_ref());
        store.close().await;
        return Ok(0);
    }
    let Some(_lock) = free_to_run(context, &store, &due.join(", "))? else {
        context.printer.say("another process runs this queue's schedules already; it runs what is due");
        return Ok(0);
    };
    let mut work = InProcess { context, server, signals: Signals::listen()?, is_attended: false, broken: 0 };
    let (ends, next) = scheduler::work_off(&mut store, &*context.clock, &mut work).await?;
    say_next(context, next.as_ref());
    store.close().await;
    let broken = (work.broken > 0).then_some(ErrorKind::Config.exit_code());
    Ok(gravest(ends.iter().map(|end| end.exit_code).chain(broken)))
}

/// Runs a schedule now: here, or by the process that works on schedules already.
///
/// # Errors
/// There is no such schedule, the queue is in the way, or a run that knows no schedules drains it (75).
pub(super) async fn run_now(context: &Context, name: &str) -> Result<u8, CommandError> {
    let (mut store, stored) = super::find(context, name).await?;
    let schedule = understood(&stored)?;
    if ServeLock::is_held(store.path())? {
        return hand_over(context, store, &schedule).await;
    }
    let Some(_lock) = free_to_run(context, &store, name)? else {
        return hand_over(context, store, &schedule).await;
    };
    let mut work = InProcess { context, server: None, signals: Signals::listen()?, is_attended: true, broken: 0 };
    let Some(firing) = control::begin_now(&mut store, schedule, context.clock.now().wall).await? else {
        return Err(was_removed(name));
    };
    context.log_audit_event(&mut store, schedules::RUN, None, &format!("{name} was run, as asked")).await;
    let end = scheduler::run(&mut store, &*context.clock, &mut work, &firing).await?;
    store.close().await;
    Ok(end.exit_code)
}

/// Another process works on this queue's schedules: it begins what is asked for.
async fn hand_over(context: &Context, mut store: Store, schedule: &Schedule) -> Result<u8, CommandError> {
    let name = &schedule.name;
    let said = match control::ask(&mut store, schedule, context.clock.now().wall).await? {
        RunNowOutcome::Noted => {
            context.log_audit_event(&mut store, schedules::RUN, None, &format!("{name}: to be run now")).await;
            let list = context.command(&["schedule", "list"]);
            format!(
                "{name} is left to the process that runs this queue's schedules already, and is run next; {list} shows how it went"
            )
        }
        RunNowOutcome::Running => format!("{name}: a run is in progress or waiting already; nothing was changed"),
        RunNowOutcome::Gone => return Err(was_removed(name)),
    };
    context.printer.say(&escaped(&said));
    store.close().await;
    Ok(0)
}

fn was_removed(name: &str) -> CommandError {
    CommandError::new(ErrorKind::Usage, format!("{} was removed meanwhile", escaped(name))).hint("nothing was run")
}

/// The right to run schedules; none where another process has it. A queue that somebody drains is left alone: what is due
/// stays due, and is not begun and ended for nothing.
fn free_to_run(context: &Context, store: &Store, due: &str) -> Result<Option<ScheduleLock>, CommandError> {
    let Some(lock) = ScheduleLock::try_take(store.path())? else { return Ok(None) };
    if let Err(held) = DrainLock::refuse_if_held(store.path()) {
        let busy = CommandError::from(held);
        let status = context.command(&["status"]);
        return Err(busy.hint(format!(
            "{} is due and starts later, if its hours allow; {status} shows how far the other run is",
            escaped(due)
        )));
    }
    Ok(Some(lock))
}

fn say_next(context: &Context, next: Option<&Next>) {
    let Some(next) = next else { return };
    context.printer.say(&format!(
        "next: {} at {}",
        escaped(&next.name),
        messages::moment_text(next.starts, &next.zone)
    ));
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
    /// The server that it is part of.
    server: Option<Server<'a>>,
    /// Signals that come between two runs.
    signals: Signals,
    /// Somebody asked for it at a terminal, and sees how it ends: it is not tried again behind their back.
    is_attended: bool,
    /// Schedules that cannot be understood.
    broken: u64,
}

impl InProcess<'_> {
    async fn run(&self, context: &Context, request: &ScheduledRun, firing: &Firing) -> Result<RunReport, CommandError> {
        if let Some(list) = &request.list
            && let Some(report) = read_list(context, list, request.run.job.as_deref(), firing).await?
        {
            return Ok(report);
        }
        let with_others = request.run.rows.platform.is_none() && self.sends_like_its_server(&context.settings);
        let tap = self.server.as_ref().map(|server| Arc::new(server.hub.clone()) as Arc<dyn EventTap>);
        let terms = RunTerms { until: firing.ends_by, yes: true, tap, with_others };
        let end = run_files(context.deps(), &request.run, terms).await?;
        say_end(&end, false, context.printer, context.deps())
    }

    /// Whether other jobs of the server are sent as it has been told to where they are sent as this run is.
    fn sends_like_its_server(&self, own: &Settings) -> bool {
        let way = |settings| DrainOptions::of(settings, &RunBounds::default(), None);
        self.server.as_ref().is_some_and(|server| way(own).sends_like(&way(server.settings)))
    }

    /// How a run ended, and whether it is told: the same trouble as the last time is not told again.
    async fn conclude(&self, context: &Context, firing: &Firing, ended: Result<RunReport, CommandError>) -> End {
        let mut end = match &ended {
            Ok(report) => end_of(report),
            Err(error) => end_of_error(error),
        };
        if self.is_attended && end.after == After::TriesAgain {
            end.after = After::Over;
        }
        let tries_again = end.after == After::TriesAgain;
        if tries_again && firing.told.as_ref() == Some(&end.trouble()) {
            return end;
        }
        if let Err(error) = &ended {
            self.context.printer.error(error);
        }
        context.notify(Some(OfSchedule { name: &firing.schedule.name, tries_again }), &ended).await;
        end
    }

    /// What the request says of the settings, in this queue and with this config file; times are told by the schedule's clock, and
    /// say so.
    fn context_of(&self, firing: &Firing, bounds: &RunBounds) -> Result<Context, CommandError> {
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
            local: LocalClock { zone: firing.schedule.recurrence.zone().clone().into(), is_named: true },
            overrides,
        })
    }
}

/// Writes the file of a schedule that begins with a list; none: go on and run. A report: there is nothing to run, or the list
/// could not be read whole; what has been read is kept, and the next time goes on from there.
async fn read_list(
    context: &Context,
    list: &ListRequest,
    job: Option<&str>,
    firing: &Firing,
) -> Result<Option<RunReport>, CommandError> {
    let mut list = list.clone();
    if list.account.is_none() {
        list.account = account_of_job(context, job).await?;
    }
    // The file is the schedule's own, written anew each time.
    list.once.force = true;
    list.once.until = firing.ends_by;
    let Some(file) = &list.output else {
        return Err(
            CommandError::new(ErrorKind::Config, "the schedule's list has no file").hint("remove it and add it again")
        );
    };
    if let Some(folder) = file.parent() {
        make_private_folder(folder).map_err(|error| CommandError::io(folder.display(), error))?;
    }
    match list::fetch(context, &list).await? {
        (_, Some(1..)) => Ok(None),
        (_, Some(0)) => {
            context.printer.say("no entry of the list is left for this run, so there is nothing to send");
            Ok(Some(RunReport::of(RunSummary::unsent("finished", 0))))
        }
        (code, None) => Ok(Some(RunReport::of(RunSummary::unsent("list", code)))),
    }
}

/// Whose list it is, where the request does not say: that of the account whose job it became the first time, however many accounts there are now.
async fn account_of_job(context: &Context, job: Option<&str>) -> Result<Option<AccountName>, CommandError> {
    let Some(job) = job else { return Ok(None) };
    let Some(mut store) = context.existing_queue().await? else { return Ok(None) };
    let account = store.queue().job(job).await?.and_then(|job| job.account);
    let name =
        store.accounts().all().await?.into_iter().find(|known| Some(known.id) == account).map(|known| known.name);
    store.close().await;
    Ok(name)
}

impl Work for InProcess<'_> {
    async fn fire(&mut self, firing: &Firing) -> End {
        if let Some(signal) = self.signals.waiting() {
            return stopped_by(signal);
        }
        let request = ScheduledRun::from_json(&firing.schedule.request).map(|request| within_bounds(request, firing));
        let ready = request.and_then(|request| Ok((self.context_of(firing, &request.run.bounds)?, request)));
        let (context, request) = match ready {
            Ok(ready) => ready,
            Err(error) => return self.conclude(self.context, firing, Err(error)).await,
        };
        // A schedule runs by the clock, so a clock that is wrong runs nothing.
        let ended = match clock::refuse_wrong(&context).await {
            Ok(()) => self.run(&context, &request, firing).await,
            Err(error) => Err(error),
        };
        self.conclude(&context, firing, ended).await
    }

    fn tell(&mut self, news: &ScheduleEvent, now: Wall) {
        let sentence = messages::sentence(news, now);
        tracing::info!("{}", escaped(&sentence));
        match news {
            ScheduleEvent::Broken(..) => {
                self.broken += 1;
                self.context.printer.warn(&escaped(&sentence));
            }
            ScheduleEvent::ClockWasAhead(..) => self.context.printer.warn(&escaped(&sentence)),
            // Told once is enough, until it gets through.
            ScheduleEvent::StillTrouble(..) => self.context.printer.detail(&escaped(&sentence)),
            ScheduleEvent::Begins(firing) if firing.how == How::TriedAgain => {
                self.context.printer.detail(&escaped(&sentence));
            }
            ScheduleEvent::Passed(..)
            | ScheduleEvent::Dropped(..)
            | ScheduleEvent::Begins(_)
            | ScheduleEvent::Ended(..)
            | ScheduleEvent::TriesAgain(..) => {
                self.context.printer.say(&escaped(&sentence));
            }
        }
    }
}

/// What earlier runs of a firing have used up is not there for this one.
fn within_bounds(mut request: ScheduledRun, firing: &Firing) -> ScheduledRun {
    let bounds = &mut request.run.bounds;
    bounds.max_requests = bounds.max_requests.map(|most| most.saturating_sub(firing.sent));
    bounds.max_spend = bounds.max_spend.map(|most| MicroUsd(most.0.saturating_sub(firing.spent.0)));
    request
}

/// Ctrl-C means: not any more tonight. Other signals come with a machine that shuts down, and it is gone on later.
fn stopped_by(signal: Signal) -> End {
    let after = if signal == Signal::Interrupt { After::Over } else { After::GoesOn };
    End { after, is_last: true, ..End::unsent(signal.exit_code(), "interrupted") }
}

fn end_of(report: &RunReport) -> End {
    let nothing = RunSummary::unsent("finished", report.code);
    let summary = report.summary.as_ref().unwrap_or(&nothing);
    let signals = [Signal::Hangup, Signal::Interrupt, Signal::Terminate];
    let signal = signals.into_iter().find(|signal| signal.exit_code() == report.code);
    End {
        exit_code: report.code,
        requests: summary.requests,
        spent: summary.spent,
        left: report.summary.as_ref().map(|summary| summary.jobs.iter().map(|job| job.counts.pending).sum()),
        after: match signal {
            Some(Signal::Interrupt) => After::Over,
            Some(_) => After::GoesOn,
            None if may_pass(report.code) => After::TriesAgain,
            None => After::Over,
        },
        is_last: signal.is_some(),
        stopped: summary.stopped.to_owned(),
    }
}

fn end_of_error(error: &CommandError) -> End {
    let is_clock = clock::is_wrong(error);
    let after = match error.kind {
        ErrorKind::Busy => After::GoesOn,
        kind if is_clock || may_pass(kind.exit_code()) => After::TriesAgain,
        _ => After::Over,
    };
    let stopped = if is_clock { "clock" } else { "error" };
    End { after, is_last: error.kind == ErrorKind::Busy, ..End::unsent(error.kind.exit_code(), stopped) }
}

/// Trouble that an hour may mend: no answer from the platform, the disk, a file that is not there or not whole yet.
fn may_pass(code: u8) -> bool {
    [ErrorKind::Unreachable, ErrorKind::Io, ErrorKind::InputData].map(ErrorKind::exit_code).contains(&code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_pass_is_tried_again_and_nothing_else_is() {
        for kind in ErrorKind::ALL {
            let expected = match kind {
                ErrorKind::Unreachable | ErrorKind::Io | ErrorKind::InputData => After::TriesAgain,
                ErrorKind::Busy => After::GoesOn,
                ErrorKind::Usage | ErrorKind::Config | ErrorKind::Person | ErrorKind::Fault => After::Over,
            };
            assert_eq!(end_of_error(&CommandError::new(kind, "x")).after, expected, "{kind:?}");
        }
        let after = |code| end_of(&RunReport::of(RunSummary::unsent("x", code))).after;
        assert_eq!([69, 74, 65].map(after), [After::TriesAgain; 3]);
        assert_eq!([0, 1, 2, 3, 4, 77, 78, 130].map(after), [After::Over; 8]);
        assert_eq!([129, 143].map(after), [After::GoesOn; 2]);
    }

    #[test]
    fn the_gravest_code_is_told() {
        let told = |codes: &[u8]| gravest(codes.iter().copied());
        assert_eq!((told(&[]), told(&[0, 0]), told(&[0, 3]), told(&[4, 3])), (0, 0, 3, 4));
        assert_eq!((told(&[65, 77]), told(&[4, 65]), told(&[77, 130])), (77, 65, 130));
        for kind in ErrorKind::ALL {
            assert_eq!(told(&[0, kind.exit_code()]), kind.exit_code(), "{kind:?}");
        }
    }
}
