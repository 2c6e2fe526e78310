//! One scheduled run: its list, its files, its end, who is told.
//!
//! In: a firing. Out: how it ended. What does not belong here: what is due (`schedule`), which process runs it (`due`).

use std::path::PathBuf;

use super::clock_check;
use super::list_first::read_list;
use super::run_end::{end_of, end_of_error, stopped_by};
use super::server::ServedRun;
use crate::app::deps::AppDeps;
use crate::app::host::host_name;
use crate::app::notice::Notice;
use crate::app::request::{RunBounds, ScheduledRun};
use crate::app::run::{RunTerms, run_files, run_loaded};
use crate::app::signals::Signals;
use crate::app::{OfSchedule, RunReport, notify};
use crate::config::{Environment, Overrides, ProgressMode, Settings};
use crate::domain::{MicroUsd, Wall};
use crate::error::CommandError;
use crate::jobfile::JobFileError;
use crate::schedule::firing::{After, End, Firing};
use crate::schedule::scheduler::{ScheduleEvent, Work};
use crate::text::{LocalClock, escaped};

/// Runs firings as `cleanup run` does, in this process.
pub(super) struct InProcess<'a> {
    pub(super) deps: AppDeps<'a>,
    /// What the options said of the settings: a run takes over where its queue and its config file are.
    pub(super) overrides: &'a Overrides,
    /// Its place in the server that begins it; none: it is run by a command.
    pub(super) served: Option<ServedRun>,
    /// Signals that come between two runs.
    pub(super) signals: Signals,
    /// Somebody asked for it at a terminal, and sees how it ends: it is not tried again behind their back.
    pub(super) is_attended: bool,
    /// Schedules that cannot be understood.
    pub(super) broken: u64,
}

impl InProcess<'_> {
    async fn run(
        &mut self,
        deps: AppDeps<'_>,
        request: &ScheduledRun,
        firing: &Firing,
    ) -> Result<RunReport, CommandError> {
        let served = self.served.take();
        if let Some(list) = &request.list
            && let Some(report) = read_list(deps, list, request.run.load.job.as_deref(), firing).await?
        {
            return Ok(report);
        }
        let tap = served.as_ref().map(ServedRun::tap);
        let seat = served.map_or_else(Default::default, |served| served.seat(&request.run, deps.settings));
        let terms = RunTerms { until: firing.ends_by, yes: true, tap, firing: Some(firing.id) };
        let missing = if firing.is_loaded { missing_files(request) } else { Vec::new() };
        let end = if missing.is_empty() {
            run_files(deps, &request.run, terms, seat).await?
        } else {
            deps.tell(Notice::GoesOnWithout(&missing));
            run_loaded(deps, &request.run, terms, seat).await?
        };
        deps.tell(Notice::RunEnded(&end));
        Ok(end.report())
    }

    /// A file that is not there is one that the schedule names, and not somebody at a terminal.
    fn of_missing(&self, error: CommandError, firing: &Firing) -> CommandError {
        let source = error.source.as_ref().and_then(|source| source.downcast_ref::<JobFileError>());
        if !matches!(source, Some(JobFileError::Missing { .. })) {
            return error;
        }
        let edit = self.deps.command(&["schedule", "edit", &firing.schedule.name]);
        let is_shared = self.deps.settings.db().is_ok_and(|place| place.file().is_none());
        let here = host_name().filter(|_| is_shared).map_or_else(String::new, |host| format!(" on {}", escaped(&host)));
        let serve = self.deps.command(&["serve"]);
        let elsewhere =
            if is_shared { format!(", or keep {serve} running on a machine that has it") } else { String::new() };
        error.hint(format!(
            "put it there{here}{elsewhere}; if it has moved, {edit} with its new path changes the schedule"
        ))
    }

    /// How a run ended, and whether it is told: the same trouble as the last time is not told again.
    async fn conclude(&self, settings: &Settings, firing: &Firing, ended: Result<RunReport, CommandError>) -> End {
        let ended = ended.map_err(|error| self.of_missing(error, firing));
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
            self.deps.tell(Notice::Failed(error));
        }
        let schedule = OfSchedule { name: &firing.schedule.name, tries_again };
        notify(settings, Some(schedule), &ended, |why| self.deps.tell(Notice::NotifyTrouble(why))).await;
        end
    }
}

/// What a request says of the settings, in this queue and with this config file.
pub(super) fn settings_of(
    bounds: &RunBounds,
    overrides: &Overrides,
    deps: AppDeps<'_>,
) -> Result<Settings, CommandError> {
    let mut overrides = overrides.clone();
    bounds.override_in(&mut overrides);
    let mut settings = Settings::resolve(&overrides, &Environment::of_process()?)?;
    if settings.run.progress == ProgressMode::Auto && !deps.front.is_watched() {
        // A line a minute, all night, would hide what matters in a journal.
        settings.run.progress = ProgressMode::None;
    }
    Ok(settings)
}

impl Work for InProcess<'_> {
    async fn fire(&mut self, firing: &Firing) -> End {
        if let Some(signal) = self.signals.waiting() {
            return stopped_by(signal);
        }
        let request = ScheduledRun::from_json(&firing.schedule.request).map(|request| within_bounds(request, firing));
        let ready =
            request.and_then(|request| Ok((settings_of(&request.run.bounds, self.overrides, self.deps)?, request)));
        let (settings, request) = match ready {
            Ok(ready) => ready,
            Err(error) => return self.conclude(self.deps.settings, firing, Err(error)).await,
        };
        // Times are told by the schedule's clock, and say so.
        let local = LocalClock { zone: firing.schedule.recurrence.zone().clone().into(), is_named: true };
        let deps = AppDeps { settings: &settings, local: &local, ..self.deps };
        // A schedule runs by the clock, so a clock that is wrong runs nothing.
        let ended = match clock_check::refuse_wrong(deps).await {
            // One that came while the platform was asked for the time.
            Ok(()) if let Some(signal) = self.signals.waiting() => return stopped_by(signal),
            Ok(()) => self.run(deps, &request, firing).await,
            Err(error) => Err(error),
        };
        self.conclude(&settings, firing, ended).await
    }

    fn tell(&mut self, news: &ScheduleEvent, now: Wall) {
        if matches!(news, ScheduleEvent::Broken(..)) {
            self.broken += 1;
        }
        self.deps.tell(Notice::Schedule(news, now));
    }
}

/// The files that a run reads, and that are not on this machine.
pub(super) fn missing_files(request: &ScheduledRun) -> Vec<PathBuf> {
    let ScheduledRun { run, list } = request;
    let wanted = &run.load.rows.which.wanted;
    let files = run.load.files.iter().filter(|_| list.is_none());
    files.chain(&wanted.keep).chain(&wanted.only).filter(|file| !file.exists()).cloned().collect()
}

/// What earlier runs of a firing have used up is not there for this one.
fn within_bounds(mut request: ScheduledRun, firing: &Firing) -> ScheduledRun {
    let bounds = &mut request.run.bounds;
    bounds.max_requests = bounds.max_requests.map(|most| most.saturating_sub(firing.sent));
    bounds.max_spend = bounds.max_spend.map(|most| MicroUsd(most.0.saturating_sub(firing.spent.0)));
    request
}
