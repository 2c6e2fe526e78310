//! Limiters as earlier drains left them.
//!
//! In: accounts that come due, and at the start all of an app's. Out: limiters and windows that know what still counts. What does not
//! belong here: what may be sent now (`claiming`), and when a slot of another boot counts ([`ThisBoot`]).

use super::dispatcher::Dispatcher;
use crate::domain::{AccountId, Action, Moment, Tick};
use crate::limits::{Allowance, HoldReason, Limiter, StoredHold, StoredSlot, StoredUntil, ThisBoot, Values};
use crate::store::{StoreError, StoredAllowance};

/// Accounts whose slots are read at once.
const ACCOUNTS_AT_ONCE: usize = 1_000;

impl Dispatcher {
    /// Windows that an app's accounts share count what each of them has sent, and also of those that have nothing to do in this run. So
    /// they are filled before anybody claims.
    pub(super) async fn restore_app_windows(&mut self) -> Result<(), StoreError> {
        let shares = |platform| self.app_windows.contains_key(platform);
        let sharing = self.access.iter().filter(|(_, access)| shares(&access.platform));
        let mut accounts: Vec<AccountId> = sharing.map(|(account, _)| *account).collect();
        accounts.sort_unstable();
        let here = self.this_boot(self.means.clock.now());
        for accounts in accounts.chunks(ACCOUNTS_AT_ONCE) {
            for (account, slots) in self.means.drain.slots(accounts).await? {
                let Some(access) = self.access.get(&account) else { continue };
                let Some(windows) = self.app_windows.get_mut(&access.platform) else { continue };
                let values = access.values(self.settings.request_deadline);
                slots
                    .iter()
                    .map(|slot| upper(slot, here, &values))
                    .for_each(|(action, upper)| windows.restore(action, upper));
            }
        }
        Ok(())
    }

    /// What earlier processes were told is left of the platform's windows, for the limiters to take over when they are made.
    pub(super) async fn read_allowances(&mut self) -> Result<(), StoreError> {
        let (boot, now) = (self.means.clock.boot(), self.means.clock.now());
        for stored in self.means.drain.store().allowances(&boot, now).await? {
            self.allowances.entry(stored.account).or_default().push(stored);
        }
        Ok(())
    }

    /// Limiters are made, and filled with the slots and holds on record, when their account first comes due.
    pub(super) async fn restore_limiters(&mut self, due: &[usize], now: Moment) -> Result<(), StoreError> {
        let fresh: Vec<usize> = due.iter().copied().filter(|i| self.roster.accounts[*i].limiter.is_none()).collect();
        if fresh.is_empty() {
            return Ok(());
        }
        let ids: Vec<AccountId> = fresh.iter().map(|index| self.roster.accounts[*index].id).collect();
        let mut slots = self.means.drain.slots(&ids).await?;
        let here = self.this_boot(now);
        for index in fresh {
            let run = &mut self.roster.accounts[index];
            let Some(access) = &run.access else { continue };
            let mut limiter = Limiter::new(&access.windows, self.settings.pace, now.tick);
            let stored = slots.remove(&run.id).unwrap_or_default();
            let uppers: Vec<_> = stored.iter().map(|slot| upper(slot, here, &run.values)).collect();
            let hold = self.known.get(&run.id).and_then(|account| stored_hold(account, &self.means.clock.boot().0));
            let hold = hold.map(|hold| here.hold(&hold));
            if let Some(hold) = hold.filter(|hold| hold.until > now.tick) {
                let outlasts = self.settings.until.is_some_and(|end| hold.until >= end)
                    || matches!(hold.reason, HoldReason::UsageCap | HoldReason::SpendCap);
                run.capped_until = outlasts.then_some(hold.until);
            }
            limiter.restore(uppers, hold);
            let allowances = self.allowances.remove(&run.id).unwrap_or_default();
            let in_force = allowances.iter().map(|stored| allowance(stored, here)).filter(|told| told.until > now.tick);
            in_force.for_each(|told| limiter.restore_allowance(told));
            run.limiter = Some(limiter);
        }
        Ok(())
    }

    pub(super) fn this_boot(&self, now: Moment) -> ThisBoot {
        ThisBoot { now, wall_trusted: self.wall.trusts(now), taken_over: self.taken_over }
    }
}

/// What a slot was for, and by when the platform can have counted it.
fn upper(slot: &crate::store::StoredSlot, here: ThisBoot, values: &Values) -> (Action, Tick) {
    let on_record = StoredSlot {
        same_boot: slot.same_boot,
        reserved: slot.reserved,
        upper: (!slot.open).then_some(slot.upper),
        wall_trusted: slot.clock_checked,
    };
    (slot.action, here.upper(&on_record, values))
}

/// An allowance as it stands in this boot.
fn allowance(stored: &StoredAllowance, here: ThisBoot) -> Allowance {
    let until = here.until(&StoredUntil {
        same_boot: stored.same_boot,
        set: stored.set_at(),
        until: stored.until,
        wall_trusted: stored.clock_checked,
    });
    Allowance { action: stored.action, day: stored.day, more: stored.remaining, until }
}

/// A hold as the store has it, for [`ThisBoot::hold`].
fn stored_hold(account: &crate::store::Account, boot: &str) -> Option<StoredHold> {
    let hold = account.hold.as_ref()?;
    let set = Moment {
        tick: Tick(hold.until.0.saturating_sub(hold.length_ms)),
        wall: crate::domain::Wall(hold.until_at.0.saturating_sub(hold.length_ms)),
    };
    Some(StoredHold {
        same_boot: hold.boot == boot,
        set,
        until: hold.until,
        reason: HoldReason::parse(&hold.reason)?,
        rung: account.hold_rung,
        wall_trusted: hold.clock_checked,
    })
}
