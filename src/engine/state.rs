//! What a drain knows, in parts: each part is changed by the file that defines it, and each step of a pass is given those parts that it may
//! touch.

use std::collections::HashMap;

use super::account_sharing::AccountSharing;
use super::account_troubles::AccountTroubles;
use super::app_probes::AppProbes;
use super::change_watcher::Changes;
use super::claiming::Claiming;
use super::ending::Ending;
use super::endpoint_reader::ReadingKey;
use super::job_groups::JobGroups;
use super::limit_records::LimitRecords;
use super::lookahead::{Lookahead, Looking};
use super::names::NameLookups;
use super::outages::Outages;
use super::own_records::OwnRecords;
use super::patience::Patience;
use super::reading_troubles::ReadingTroubles;
use super::readings::Readings;
use super::refusals::Refusals;
use super::request_worker::WorkerMessage;
use super::requeue::{Delayed, restore_asked_last, wake_crashed};
use super::roster::Roster;
use super::run_end::RunEnd;
use super::send_guard::SendGuard;
use super::sending::Sending;
use super::settings::EngineSettings;
use super::settling::Settling;
use super::silence::Reachability;
use super::tokens::TokenRequests;
use super::turn_draft::TurnDraft;
use super::workers::Workers;
use crate::clock::Clock;
use crate::domain::{Moment, Tick, Wall};
use crate::platforms::Client;
use crate::store::{Account, Drain, DrainStart, StoreError, Turn};

/// The parts of a drain's state.
pub(super) struct State {
    /// Accounts, lanes, and when to look at whom.
    pub(super) roster: Roster,
    /// Tasks in backoff.
    pub(super) delayed: Delayed,
    /// Endpoints that give no good answer.
    pub(super) outages: Outages,
    /// Refusals that nobody has been blamed for yet.
    pub(super) refusals: Refusals,
    /// Windows of apps, what earlier drains left on record, the wall clock.
    pub(super) limits: LimitRecords,
    /// Until when something is sent of which jobs, and how much they may send and spend.
    pub(super) groups: JobGroups,
    /// First requests of apps.
    pub(super) probes: AppProbes,
    /// Requests that are out or stand ready.
    pub(super) workers: Workers,
    /// Questions for tokens.
    pub(super) tokens: TokenRequests,
    /// Accounts that need a person.
    pub(super) troubles: AccountTroubles,
    /// Whether anybody answers.
    pub(super) reachability: Reachability,
    /// What must not be sent.
    pub(super) guard: SendGuard,
    /// How far ahead tasks are looked at before they are claimed.
    pub(super) lookahead: Lookahead,
    /// What is read beside the drain.
    pub(super) readings: Readings,
    /// What names mean.
    pub(super) names: NameLookups,
    /// Records of the accounts' own.
    pub(super) records: OwnRecords,
    /// Waits of those who read, to be told.
    reading_waits: Vec<(ReadingKey, Wall, String)>,
    /// Which accounts this drain has, where others work on the same queue.
    pub(super) sharing: AccountSharing,
    /// Why and when the run ends.
    pub(super) end: RunEnd,
}

impl State {
    pub(super) fn new(
        roster: Roster,
        workers: Workers,
        tokens: TokenRequests,
        (guard, readings): (SendGuard, Readings),
        accounts: Vec<Account>,
        (start, began): (&DrainStart, Moment),
        settings: &EngineSettings,
    ) -> State {
        let mut troubles = AccountTroubles::default();
        accounts.iter().for_each(|account| troubles.look_at(account.id, account.trouble.as_deref()));
        let held: HashMap<_, _> = accounts
            .into_iter()
            .filter(|account| account.hold.is_some())
            .map(|account| (account.id, account))
            .collect();
        let limits = LimitRecords::new(&roster, held, start, began);
        State {
            sharing: AccountSharing::new(limits.units(&roster)),
            limits,
            refusals: Refusals::new(settings.accept_unnamed),
            groups: JobGroups::new(settings),
            troubles,
            reachability: Reachability::new(Patience::new(settings.give_up_after)),
            roster,
            workers,
            tokens,
            guard,
            readings,
            names: NameLookups::default(),
            records: OwnRecords::default(),
            lookahead: Lookahead::default(),
            reading_waits: Vec::new(),
            delayed: Delayed::default(),
            outages: Outages::default(),
            probes: AppProbes::default(),
            end: RunEnd::default(),
        }
    }

    /// Slots of another boot can be placed by the wall clock only if the platform agrees with it; asking what o'clock it is
    /// costs one request without credentials, and saves waiting a whole window after a reboot.
    ///
    /// Behind a death it also says that this process lives through an exchange with the platform: if it dies of the rows it sends next,
    /// that was not its start.
    pub(super) async fn ask_the_time(
        &mut self,
        drain: &mut Drain,
        client: &Client,
        clock: &dyn Clock,
    ) -> Result<(), StoreError> {
        let Some(access) = self.roster.access.values().next() else { return Ok(()) };
        let sent = clock.now();
        let Some(date) = client.platform_date(&access.base).await else { return Ok(()) };
        let now = clock.now();
        if !self.limits.check_wall(date, sent, now) {
            drain.distrust_wall();
        }
        let turn = Turn { first_answer: self.reachability.note_answer(), ..Turn::default() };
        drain.turn(&turn, now).await.map(|_| ())
    }

    /// Takes over what earlier drains were told of limits and outages.
    pub(super) async fn restore_limits(
        &mut self,
        drain: &mut Drain,
        settings: &EngineSettings,
        clock: &dyn Clock,
    ) -> Result<(), StoreError> {
        self.limits.restore_shared_windows(|_| true, &self.roster, drain, settings, clock).await?;
        self.outages.restore(drain, |_| true, &mut self.roster, &self.limits, clock).await?;
        self.limits.read_allowances(drain, |_| true, clock).await
    }

    /// Takes over the tasks that stand aside. The lanes are known.
    pub(super) fn restore_tasks(&mut self, start: &DrainStart, now: Moment) {
        self.outages.restore_aside(&start.aside, &mut self.roster, &mut self.delayed, now);
        restore_asked_last(&start.asked_last, &mut self.roster, now.tick);
        self.refusals.restore(&start.provisional, &mut self.roster);
    }

    /// What a worker, or somebody who asked for a token, has handed in.
    pub(super) fn note(&mut self, message: WorkerMessage, now: Tick) {
        match message {
            WorkerMessage::Reply { attempt, reply, ended, generation } => {
                self.workers.end(attempt, reply, ended, generation);
            }
            WorkerMessage::Token { account, outcome } => self.tokens.note(account, outcome, &mut self.roster, now),
            WorkerMessage::Read { key, report } => self.readings.note(key, report),
            WorkerMessage::ReadingWaits { key, until, why } => self.reading_waits.push((key, until, why)),
            WorkerMessage::Panic(panic) => std::panic::resume_unwind(panic),
        }
    }

    /// What has changed about outages is written with the turn.
    pub(super) fn record_outages(&mut self, draft: &mut TurnDraft, now: Moment) {
        self.outages.record(self.groups.last_deadline().is_some(), &mut self.roster, &mut self.end, draft, now);
    }

    /// Accounts that got no token stop or ask again. The error: the queue could not be read or written for one.
    pub(super) fn settle_tokens(&mut self, draft: &mut TurnDraft, now: Tick) -> Option<StoreError> {
        let settled = self.tokens.settle(&mut self.roster, &mut self.troubles, draft, now);
        for silence in settled.silences {
            self.reachability.note_silence(silence, &mut self.end, draft);
        }
        settled.queue_error
    }

    /// Readings that have ended: endpoints may claim, accounts stop. The error: the queue could not be read or written for one.
    pub(super) fn settle_readings(&mut self, draft: &mut TurnDraft, now: Moment) -> Option<StoreError> {
        let until = self.groups.last_deadline();
        let State {
            readings, names, guard, groups, roster, troubles, tokens, reachability, end, reading_waits, ..
        } = self;
        let mut settling =
            ReadingTroubles { readings, names, guard, groups, roster, troubles, tokens, reachability, end, until, now };
        reading_waits.drain(..).for_each(|(key, until, why)| draft.tell(settling.waits(key, until, why)));
        settling.settle(draft)
    }

    /// Tasks that stood aside and whose time has come get in line; those about which nothing more can be proven are decided.
    pub(super) fn wake_tasks(&mut self, draft: &mut TurnDraft, now: Tick) {
        self.delayed.wake(&mut self.roster, draft, now);
        wake_crashed(&mut self.roster, draft, now);
        self.refusals.decide_leftovers(&mut self.roster, &self.outages, &self.delayed, &self.workers, draft);
    }

    /// How many tasks may be claimed now.
    pub(super) fn room(&self) -> usize {
        if self.roster.crashed.keeps_the_wire(self.workers.claimed()) { 0 } else { self.workers.room() }
    }

    pub(super) fn changes<'a>(&'a mut self, drain: &'a mut Drain, settings: &'a EngineSettings) -> Changes<'a> {
        let State { roster, groups, guard, tokens, records, .. } = self;
        Changes { drain, roster, groups, guard, tokens, records, jobs: settings.jobs.as_deref() }
    }

    pub(super) fn settling(&mut self, now: Tick) -> Settling<'_> {
        Settling {
            roster: &mut self.roster,
            limits: &mut self.limits,
            groups: &mut self.groups,
            outages: &mut self.outages,
            refusals: &mut self.refusals,
            delayed: &mut self.delayed,
            probes: &mut self.probes,
            prefetch: &mut self.workers.prefetch,
            reachability: &mut self.reachability,
            tokens: &mut self.tokens,
            troubles: &mut self.troubles,
            records: &mut self.records,
            end: &mut self.end,
            now,
        }
    }

    pub(super) fn claiming<'a>(&'a mut self, settings: &'a EngineSettings, now: Moment) -> Claiming<'a> {
        Claiming {
            settings,
            roster: &mut self.roster,
            limits: &mut self.limits,
            groups: &mut self.groups,
            outages: &mut self.outages,
            refusals: &self.refusals,
            delayed: &self.delayed,
            probes: &mut self.probes,
            workers: &self.workers,
            tokens: &mut self.tokens,
            troubles: &mut self.troubles,
            readings: &self.readings,
            names: &mut self.names,
            records: &mut self.records,
            now,
        }
    }

    pub(super) fn looking(&mut self, now: Tick) -> Looking<'_> {
        let State { lookahead, guard, readings, names, records, roster, .. } = self;
        Looking { lookahead, guard, readings, names, records, roster, now }
    }

    /// `reserved`: when the turn's slots were; `ours_until`: from then on another drain may work on the accounts.
    pub(super) fn sending(&mut self, reserved: Moment, ours_until: Option<Tick>) -> Sending<'_> {
        Sending {
            roster: &mut self.roster,
            workers: &mut self.workers,
            outages: &mut self.outages,
            limits: &mut self.limits,
            groups: &mut self.groups,
            probes: &mut self.probes,
            reserved,
            ours_until,
        }
    }

    pub(super) fn ending<'a>(&'a mut self, settings: &'a EngineSettings) -> Ending<'a> {
        Ending {
            settings,
            roster: &mut self.roster,
            outages: &self.outages,
            refusals: &self.refusals,
            delayed: &self.delayed,
            groups: &self.groups,
        }
    }
}
