//! One drain of a server: what it stands on, and what ends it before its work does.

use tokio::sync::watch;

use super::controls::Orders;
use super::drain_loop::{DrainLoop, LOOK_EVERY, Seen};
use super::group_watch::GroupWatch;
use crate::app::request::RunBounds;
use crate::app::schedules::unscheduled_jobs;
use crate::app::{self, DrainDeps, DrainOptions, Ended, PlatformSession, RunPlan, StoredLogins};
use crate::domain::JobId;
use crate::engine::{Listener, ShutdownSender, Signal, shutdown};
use crate::error::CommandError;
use crate::store::{ChangeCounters, DrainLock, QueueWatch, Store};

/// What a drain knew when it began.
struct Begun {
    knows: ChangeCounters,
    schedules: Vec<i64>,
    jobs: Option<Vec<JobId>>,
}

impl DrainLoop<'_> {
    /// Drains until nothing of these jobs or of the runs in the drain is left to send, or something ends it. Runs that have ended are told.
    pub(super) async fn drain(
        &mut self,
        store: Store,
        lock: DrainLock,
        jobs: Option<Vec<JobId>>,
        seen: &Seen,
    ) -> Result<Ended, CommandError> {
        let watch = GroupWatch::default();
        let ended = self.drain_groups(store, lock, jobs, seen, &watch).await;
        match &ended {
            Ok(ended) => self.groups.settle(&ended.finish),
            Err(error) => self.groups.fail(error, &watch.used()),
        }
        ended
    }

    async fn drain_groups(
        &self,
        mut store: Store,
        lock: DrainLock,
        jobs: Option<Vec<JobId>>,
        seen: &Seen,
        groups: &GroupWatch,
    ) -> Result<Ended, CommandError> {
        let (settings, clock) = (self.controls.settings(), self.deps.clock);
        let known = store.accounts().all().await?;
        let PlatformSession { mut who, client, .. } =
            PlatformSession::with(&settings, None, self.sandbox.clone(), &known)?;
        let stored = StoredLogins::of(&mut store).await?;
        who.learn_users(&client, clock, &stored).await?;
        who.register_accounts(&mut store, None, &[]).await?;
        let knows = store.read().change_counters().await?;
        self.controls.set_status(|status| status.knows = knows);
        // Its jobs were chosen before the identities were asked for: what came since is news to it.
        let knows = ChangeCounters { generation: seen.news.generation, ..knows };
        let accounts = store.accounts().all().await?;
        let tokens = app::open_tokens(&settings, &who, &accounts, clock.clone()).await?;
        let listener = self.listener(&mut store, groups).await?;
        let (sender, receiver) = shutdown();
        let watch = QueueWatch::of(store.place()).await;
        let footing =
            DrainDeps { store, lock, client, tokens, clock: clock.clone(), shutdown: receiver, listener, watch };
        let mut options = DrainOptions::of(&settings, &RunBounds::default(), None);
        options.run.jobs = jobs.as_ref().map(|jobs| jobs.iter().copied().chain(self.groups.jobs()).collect());
        options.run.groups = self.groups.to_drain();
        let mut orders = self.orders();
        let begun = Begun { knows, schedules: seen.schedules.clone(), jobs };
        tokio::select! {
            ended = app::drain(footing, &who, options) => ended,
            error = self.interrupt(&sender, &mut orders, &begun, groups) => Err(error),
        }
    }

    /// Ends the drain when the process is told to end, or to begin anew: when there is an account it does not know, a new
    /// login, another configuration; when a schedule's run comes to it, or one in it has ended. Never ends but by an error.
    async fn interrupt(
        &self,
        sender: &ShutdownSender,
        orders: &mut watch::Receiver<Orders>,
        drain: &Begun,
        groups: &GroupWatch,
    ) -> CommandError {
        // What was ordered since work was looked for is new to this drain, also while it got ready.
        let (mut obeyed, mut renewing, mut has_ended) = (0, false, false);
        let mut store = match self.open().await {
            Ok(store) => store,
            Err(error) => return error,
        };
        loop {
            let now = orders.borrow_and_update().clone();
            for signal in now.end.iter().skip(obeyed) {
                sender.signal(*signal);
            }
            obeyed = now.end.len();
            let anew = has_ended
                || now.reloads != self.reloads
                || self.server.is_wanted()
                || self.is_out_of_date(&mut store, drain).await.unwrap_or(false);
            if anew && !renewing && obeyed == 0 {
                renewing = true;
                sender.signal(Signal::Terminate);
            }
            let look = self.deps.clock.now().tick.after(LOOK_EVERY);
            tokio::select! {
                changed = orders.changed() => if changed.is_err() { return std::future::pending().await },
                () = groups.ended() => has_ended = true,
                () = self.server.wanted() => {}
                () = self.deps.clock.sleep_until(look) => {}
            }
        }
    }

    /// Whether there is what the drain does not know of: an account, a login, a job beside those of schedules. Refreshing tokens is the
    /// drain's own doing. An error here the drain itself will meet as well.
    async fn is_out_of_date(&self, store: &mut Store, drain: &Begun) -> Result<bool, CommandError> {
        let news = store.read().change_counters().await?;
        let new_people = news.accounts != drain.knows.accounts || news.logins_needed < drain.knows.logins_needed;
        let may_have_new_jobs =
            news.generation != drain.knows.generation || Self::schedules_of(store).await? != drain.schedules;
        let new_jobs = may_have_new_jobs && self.own_jobs(store).await? != drain.jobs;
        Ok(new_people || new_jobs)
    }

    /// The schedules there are, by their numbers: with them change the jobs that are worked off at any hour.
    pub(super) async fn schedules_of(store: &mut Store) -> Result<Vec<i64>, CommandError> {
        Ok(store.schedules().all().await?.into_iter().map(|schedule| schedule.id).collect())
    }

    /// The jobs that are worked off at any hour; none: all. Those of schedules have hours of their own, and those of runs their terms.
    pub(super) async fn own_jobs(&self, store: &mut Store) -> Result<Option<Vec<JobId>>, CommandError> {
        let mut jobs = unscheduled_jobs(store).await?;
        if let Some(jobs) = &mut jobs {
            jobs.retain(|job| !self.groups.has(*job));
        }
        Ok(jobs)
    }

    async fn listener(&self, store: &mut Store, groups: &GroupWatch) -> Result<Box<dyn Listener>, CommandError> {
        let plan = RunPlan { names: app::account_names(store).await?, ..RunPlan::default() };
        Ok(self.tap.beside(groups.beside(self.deps.front.notices(self.deps, plan))))
    }
}
