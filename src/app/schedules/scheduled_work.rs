//! One scheduled run: its list, its files, its end, who is told.
//!
//! In: a firing. Out: how it ended. What does not belong here: what is due (`schedule`), which process runs it (`due`).

use std::sync::Arc;

use super::clock_check;
use super::list_first::read_list;
use super::run_end::{end_of, end_of_error, stopped_by};
use crate::app::deps::AppDeps;
use crate::app::notice::Notice;
use crate::app::request::{RunBounds, ScheduledRun};
use crate::app::run::{EventTap, RunTerms, run_files};
use crate::app::signals::Signals;
use crate::app::{DrainOptions, OfSchedule, RunReport, notify};
use crate::config::{Environment, Overrides, ProgressMode, Settings};
use crate::domain::{MicroUsd, Wall};
use crate::error::CommandError;
use crate::schedule::firing::{After, End, Firing};
use crate::schedule::scheduler::{ScheduleEvent, Work};
use crate::text::LocalClock;

/// A server that runs schedules beside its other work.
#[derive(Clone)]
pub struct ScheduleServer {
    /// Hears of what is sent.
    pub tap: Arc<dyn EventTap>,
    /// How its other jobs are sent.
    pub settings: Arc<Settings>,
}

/// Runs firings as `cleanup run` does, in this process.
pub(super) struct InProcess<'a> {
    pub(super) deps: AppDeps<'a>,
    /// What the options said of the settings: a run takes over where its queue and its config file are.
    pub(super) overrides: &'a Overrides,
    /// The server that it is part of.
    pub(super) server: Option<ScheduleServer>,
    /// Signals that come between two runs.
    pub(super) signals: Signals,
    /// Somebody asked for it at a terminal, and sees how it ends: it is not tried again behind their back.
    pub(super) is_attended: bool,
    /// Schedules that cannot be understood.
    pub(super) broken: u64,
}

impl InProcess<'_> {
    async fn run(&self, deps: AppDeps<'_>, request: &ScheduledRun, firing: &Firing) -> Result<RunReport, CommandError> {
        if let Some(list) = &request.list
            && let Some(report) = read_list(deps, list, request.run.job.as_deref(), firing).await?
        {
            return Ok(report);
        }
        let with_others = request.run.rows.platform.is_none() && self.sends_like_its_server(deps.settings);
        let tap = self.server.as_ref().map(|server| Arc::clone(&server.tap));
        let terms = RunTerms { until: firing.ends_by, yes: true, tap, with_others };
        let end = run_files(deps, &request.run, terms).await?;
        deps.tell(Notice::RunEnded(&end));
        Ok(end.report())
    }

    /// Whether other jobs of the server are sent as it has been told to where they are sent as this run is.
    fn sends_like_its_server(&self, own: &Settings) -> bool {
        let way = |settings| DrainOptions::of(settings, &RunBounds::default(), None);
        self.server.as_ref().is_some_and(|server| way(own).sends_like(&way(&server.settings)))
    }

    /// How a run ended, and whether it is told: the same trouble as the last time is not told again.
    async fn conclude(&self, settings: &Settings, firing: &Firing, ended: Result<RunReport, CommandError>) -> End {
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

    /// What the request says of the settings, in this queue and with this config file.
    fn settings_of(&self, bounds: &RunBounds) -> Result<Settings, CommandError> {
        let mut overrides = self.overrides.clone();
        bounds.override_in(&mut overrides);
        let mut settings = Settings::resolve(&overrides, &Environment::of_process()?)?;
        if settings.run.progress == ProgressMode::Auto && !self.deps.front.is_watched() {
            // A line a minute, all night, would hide what matters in a journal.
            settings.run.progress = ProgressMode::None;
        }
        Ok(settings)
    }
}

impl Work for InProcess<'_> {
    async fn fire(&mut self, firing: &Firing) -> End {
        if let Some(signal) = self.signals.waiting() {
            return stopped_by(signal);
        }
        let request = ScheduledRun::from_json(&firing.schedule.request).map(|request| within_bounds(request, firing));
        let ready = request.and_then(|request| Ok((self.settings_of(&request.run.bounds)?, request)));
        let (settings, request) = match ready {
            Ok(ready) => ready,
            Err(error) => return self.conclude(self.deps.settings, firing, Err(error)).await,
        };
        // Times are told by the schedule's clock, and say so.
        let local = LocalClock { zone: firing.schedule.recurrence.zone().clone().into(), is_named: true };
        let deps = AppDeps { settings: &settings, local: &local, ..self.deps };
        // A schedule runs by the clock, so a clock that is wrong runs nothing.
        let ended = match clock_check::refuse_wrong(deps).await {
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

/// What earlier runs of a firing have used up is not there for this one.
fn within_bounds(mut request: ScheduledRun, firing: &Firing) -> ScheduledRun {
    let bounds = &mut request.run.bounds;
    bounds.max_requests = bounds.max_requests.map(|most| most.saturating_sub(firing.sent));
    bounds.max_spend = bounds.max_spend.map(|most| MicroUsd(most.0.saturating_sub(firing.spent.0)));
    request
}
