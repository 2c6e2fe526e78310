//! What becomes of a drain's state when accounts come and go, where others work on the same queue on a server. A drain of a queue in a file never
//! comes here.
//!
//! In: the state of a drain, who has what. Out: accounts that begin anew, and no trace of those that have gone. What does not belong here: who
//! takes what (the store's [`Drain::share`]).

use std::collections::{BTreeSet, HashSet};
use std::time::Instant;

use super::account_sharing::Shunned;
use super::settings::EngineSettings;
use super::state::State;
use crate::clock::Clock;
use crate::domain::{AccountId, Tick};
use crate::store::{Drain, ShareRequest, Shared, StoreError};

/// What may come and go.
#[derive(Debug, Default)]
struct Movable {
    done: Vec<AccountId>,
    quiet: HashSet<AccountId>,
}

impl State {
    /// Looks who has what, where it is time to. What has come and gone, in numbers.
    pub(super) async fn share(
        &mut self,
        drain: &mut Drain,
        settings: &EngineSettings,
        clock: &dyn Clock,
    ) -> Result<Option<(usize, usize)>, StoreError> {
        let (now, began) = (clock.now(), Instant::now());
        let Movable { done, quiet } = self.movable();
        let sharing = &self.sharing;
        let shuns: BTreeSet<AccountId> = sharing.shunned.keys().copied().collect();
        let (units, leaving) = (&sharing.units, &sharing.leaving);
        let request = ShareRequest { units, done: &done, quiet: &quiet, leaving, shuns: &shuns };
        let shared = drain.share(request, now).await?;
        let moved = match shared {
            Some(shared) => self.take_in(shared, drain, settings, clock).await?,
            None => None,
        };
        let is_hungry = self.roster.next_due().is_none();
        self.sharing.looked(clock.now().tick, began.elapsed(), is_hungry);
        Ok(moved)
    }

    async fn take_in(
        &mut self,
        shared: Shared,
        drain: &mut Drain,
        settings: &EngineSettings,
        clock: &dyn Clock,
    ) -> Result<Option<(usize, usize)>, StoreError> {
        let Shared { gained, given, leaving, start, elsewhere, shunned, others } = shared;
        (self.sharing.elsewhere, self.sharing.left, self.sharing.others) = (elsewhere, shunned, others);
        self.limits.take_over_at(start.taken_over);
        self.give(&given);
        self.let_go(leaving, clock.now().tick);
        if !gained.is_empty() {
            // Before the lanes are taken over: one in which nothing else is left has work all the same.
            self.roster.crashed.add(&start.undecided);
            self.gain(&gained, drain, settings, clock).await?;
            self.restore_tasks(&start, clock.now());
        }
        let moved = (gained.len(), given.len());
        Ok((moved != (0, 0)).then_some(moved))
    }

    /// What could be given back.
    fn movable(&mut self) -> Movable {
        let State { workers, tokens, readings, names, roster, sharing, delayed, outages, refusals, .. } = self;
        let busy: HashSet<usize> =
            workers.accounts().chain(tokens.unsettled()).chain(readings.accounts()).chain(names.accounts()).collect();
        let waiting: HashSet<usize> = delayed
            .lanes()
            .filter_map(|lane| roster.lanes.get(&lane))
            .map(|lane| lane.account)
            .chain(refusals.accounts())
            .collect();
        let mut movable = Movable::default();
        for account in &sharing.held {
            let Some(index) = roster.index.get(account).copied() else { continue };
            let run = &roster.accounts[index];
            if run.asking || busy.contains(&index) {
                continue;
            }
            let has_work =
                roster.has_pending(index) || waiting.contains(&index) || outages.has_tasks_aside(index, roster);
            if run.is_open() && has_work {
                movable.quiet.insert(*account);
                continue;
            }
            let why = match (run.stopped || !run.refused.is_empty(), run.given_up.is_empty(), run.capped_until) {
                (true, ..) => Shunned::Person,
                (_, false, _) => Shunned::Unreachable,
                (.., Some(until)) => Shunned::Held(until),
                _ => Shunned::NothingToSend,
            };
            movable.done.push(*account);
            sharing.shunned.insert(*account, why);
        }
        movable
    }

    /// Nothing more is known here of accounts that are anybody's.
    fn give(&mut self, given: &[AccountId]) {
        if given.is_empty() {
            return;
        }
        let gone: HashSet<usize> = given.iter().filter_map(|id| self.roster.index.get(id).copied()).collect();
        for account in given {
            self.sharing.held.remove(account);
            self.sharing.leaving.remove(account);
        }
        let lanes = self.roster.give_accounts(&gone);
        self.delayed.forget(&lanes);
        self.outages.forget_accounts(&gone);
        self.refusals.forget_accounts(&gone);
        self.records.forget_accounts(&gone);
        self.names.forget_accounts(&gone);
    }

    /// Nothing more is sent for accounts that are to go; those that stay after all are looked at again.
    fn let_go(&mut self, leaving: HashSet<AccountId>, now: Tick) {
        let stay = std::mem::replace(&mut self.sharing.leaving, leaving);
        for account in stay.iter().chain(&self.sharing.leaving) {
            let Some(index) = self.roster.index.get(account).copied() else { continue };
            let is_leaving = self.sharing.leaving.contains(account);
            if self.roster.accounts[index].is_leaving && !is_leaving {
                self.roster.schedule_rested(index, now);
            }
            self.roster.accounts[index].is_leaving = is_leaving;
        }
    }

    /// Accounts begin anew, with what is on record of them.
    async fn gain(
        &mut self,
        gained: &[AccountId],
        drain: &mut Drain,
        settings: &EngineSettings,
        clock: &dyn Clock,
    ) -> Result<(), StoreError> {
        let ours: HashSet<AccountId> = gained.iter().copied().collect();
        // Of accounts that share a window all are this drain's from its first on.
        let known: HashSet<&String> =
            self.sharing.held.iter().filter_map(|account| self.sharing.units.get(account)).collect();
        let is_new_unit = |account: AccountId| {
            ours.contains(&account) && self.sharing.units.get(&account).is_some_and(|unit| !known.contains(unit))
        };
        self.limits.restore_shared_windows(is_new_unit, &self.roster, drain, settings, clock).await?;
        for account in gained {
            self.roster.gain_account(*account);
        }
        let stored = drain.store().accounts().all().await?;
        for account in stored.iter().filter(|account| ours.contains(&account.id)) {
            self.troubles.look_at(account.id, account.trouble.as_deref());
        }
        self.limits.gain_accounts(&ours, stored, drain, clock).await?;
        self.outages.restore(drain, |account| ours.contains(&account), &mut self.roster, &self.limits, clock).await?;
        self.sharing.held.extend(&ours);
        self.changes(drain, settings).take_over_lanes(clock.now().tick).await?;
        self.records.look_at_all_again();
        Ok(())
    }
}
