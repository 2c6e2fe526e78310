//! What is known of the platform's limits beyond an account's own limiter: windows that the accounts of an app or at a host share, what earlier drains
//! left on record, and whether the wall clock can be believed.
//!
//! In: accounts that come due, answers, a suspend. Out: limiters and windows that know what still counts. What does not belong here: what
//! may be sent now (`claiming`), and when a slot of another boot counts ([`ThisBoot`]).

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::account::AccountRun;
use super::roster::Roster;
use super::settings::{Access, EngineSettings};
use super::workers::InFlight;
use crate::clock::Clock;
use crate::domain::{AccountId, Action, Moment, Platform, Scope, Tick, Wall};
use crate::limits::{
    ALONE, Allowance, HoldReason, Limiter, Pace, SharedWindows, StoredHold, StoredSlot, StoredUntil, ThisBoot, Values,
    WallTrust, Windows,
};
use crate::platforms::{BaseUrl, Reply};
use crate::store::{Account, Drain, DrainStart, LogLost, StoreError, StoredAllowance, Turn};

/// Accounts whose slots are read at once.
const ACCOUNTS_AT_ONCE: usize = 1_000;

/// With whom an account shares windows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Sharing {
    /// With all accounts of its platform.
    App(Platform),
    /// With those whose requests go to the same host.
    Host(Platform, Arc<BaseUrl>),
}

impl Sharing {
    fn of(access: &Access) -> [Sharing; 2] {
        [Sharing::App(access.platform), Sharing::Host(access.platform, Arc::clone(&access.base))]
    }

    fn scope(&self) -> Scope {
        match self {
            Sharing::App(_) => Scope::App,
            Sharing::Host(..) => Scope::Host,
        }
    }
}

/// Limits as they stand for more than one account, or have not been taken over yet.
#[derive(Debug)]
pub(super) struct LimitRecords {
    /// Windows that several accounts share.
    shared: HashMap<Sharing, Windows>,
    /// Accounts with a hold when the drain began: taken over with their slots.
    held: HashMap<AccountId, Account>,
    /// What is left of the platform's windows, as earlier drains were told: taken over with the slots.
    allowances: HashMap<AccountId, Vec<StoredAllowance>>,
    wall: WallTrust,
    /// As the queue has it.
    wall_saved: bool,
    /// When the drain began, and whether the wall clock has been set since.
    began: Moment,
    wall_was_set: bool,
    taken_over: Tick,
    /// What was sent before it is not all on record.
    log_lost: Option<LogLost>,
    /// Accounts that found a window which they share full of others' requests in flight: nobody knows when one of its slots frees.
    kept_out: BTreeSet<usize>,
    /// Since then a request in such a window has ended, or given its slot back.
    has_moved: bool,
}

impl LimitRecords {
    /// Of accounts without a hold nothing is asked, and of 100,000 they would be 26 MiB.
    pub(super) fn new(
        roster: &Roster,
        held: HashMap<AccountId, Account>,
        start: &DrainStart,
        began: Moment,
    ) -> LimitRecords {
        let mut shared = HashMap::new();
        for access in roster.access.values() {
            for sharing in Sharing::of(access) {
                let scope = sharing.scope();
                if access.windows.iter().any(|spec| spec.scope == scope) {
                    shared.entry(sharing).or_insert_with(|| Windows::new(&access.windows, scope));
                }
            }
        }
        let (wall, wall_saved) = (WallTrust::default(), false);
        let (taken_over, log_lost) = (start.taken_over, start.log_lost.clone());
        LimitRecords {
            shared,
            held,
            allowances: HashMap::new(),
            wall,
            wall_saved,
            began,
            wall_was_set: false,
            taken_over,
            log_lost,
            kept_out: BTreeSet::new(),
            has_moved: false,
        }
    }

    /// Accounts that share a window, and a name for those that share the same: for drains of other processes.
    pub(super) fn units(&self, roster: &Roster) -> HashMap<AccountId, String> {
        let unit = |access: &Access| {
            let shared = Sharing::of(access).into_iter().find(|sharing| self.shared.contains_key(sharing))?;
            Some(match shared {
                Sharing::App(platform) => format!("app {platform}"),
                Sharing::Host(platform, base) => format!("host {platform} {base}"),
            })
        };
        roster.access.iter().filter_map(|(id, access)| Some((*id, unit(access)?))).collect()
    }

    /// This drain has got accounts: what is on record of them is read when it is needed. `stored`: all accounts as they are now.
    pub(super) async fn gain_accounts(
        &mut self,
        gained: &HashSet<AccountId>,
        stored: Vec<Account>,
        drain: &mut Drain,
        clock: &dyn Clock,
    ) -> Result<(), StoreError> {
        for account in stored.into_iter().filter(|account| gained.contains(&account.id)) {
            self.held.remove(&account.id);
            if account.hold.is_some() {
                self.held.insert(account.id, account);
            }
        }
        self.allowances.retain(|account, _| !gained.contains(account));
        self.read_allowances(drain, |account| gained.contains(&account), clock).await
    }

    /// Slots of other boots count from here, where the wall clock does not tell: until then others may have sent.
    pub(super) fn take_over_at(&mut self, tick: Tick) {
        self.taken_over = self.taken_over.max(tick);
    }

    /// Windows that accounts share count what each of them has sent, and also of those that have nothing to do in this run. So they are
    /// filled before anybody claims; anew where this drain has got the first accounts of those that share one.
    pub(super) async fn restore_shared_windows(
        &mut self,
        is_new: impl Fn(AccountId) -> bool,
        roster: &Roster,
        drain: &mut Drain,
        settings: &EngineSettings,
        clock: &dyn Clock,
    ) -> Result<(), StoreError> {
        let now = clock.now();
        let fresh: HashSet<Sharing> = roster
            .access
            .iter()
            .filter(|(account, _)| is_new(**account))
            .flat_map(|(_, access)| Sharing::of(access))
            .filter(|sharing| self.shared.contains_key(sharing))
            .collect();
        let shares = |access: &Access| Sharing::of(access).iter().any(|sharing| fresh.contains(sharing));
        let sharing = roster.access.iter().filter(|(_, access)| shares(access));
        for (_, access) in sharing.clone() {
            for sharing in Sharing::of(access).into_iter().filter(|sharing| fresh.contains(sharing)) {
                let scope = sharing.scope();
                self.shared.insert(sharing, Windows::new(&access.windows, scope));
            }
        }
        let mut accounts: Vec<AccountId> = sharing.map(|(account, _)| *account).collect();
        accounts.sort_unstable();
        let (here, unknown_until) = (self.this_boot(now), self.unknown_until(clock, now));
        for accounts in accounts.chunks(ACCOUNTS_AT_ONCE) {
            for (account, slots) in drain.slots(accounts).await? {
                let Some(access) = roster.access.get(&account) else { continue };
                let values = access.values(settings.request_deadline);
                // A platform whose accounts share a window of the app may have others for each host.
                let kinds = Sharing::of(access).map(|sharing| fresh.contains(&sharing));
                let windows = self.shared_with(access).into_iter().zip(kinds).filter(|(_, is_fresh)| *is_fresh);
                for windows in windows.filter_map(|(windows, _)| windows) {
                    slots
                        .iter()
                        .map(|slot| upper(slot, here, &values))
                        .for_each(|(action, upper)| windows.restore(action, upper));
                }
            }
        }
        if let Some(until) = unknown_until {
            let refilled = self.shared.iter_mut().filter(|(sharing, _)| fresh.contains(sharing));
            refilled.for_each(|(_, windows)| windows.fill(until));
        }
        Ok(())
    }

    /// What earlier processes were told is left of the platform's windows, for the limiters to take over when they are made.
    pub(super) async fn read_allowances(
        &mut self,
        drain: &mut Drain,
        is_ours: impl Fn(AccountId) -> bool,
        clock: &dyn Clock,
    ) -> Result<(), StoreError> {
        let stored = drain.store().queue().allowances(&clock.boot(), clock.now()).await?;
        for stored in stored.into_iter().filter(|stored| is_ours(stored.account)) {
            self.allowances.entry(stored.account).or_default().push(stored);
        }
        Ok(())
    }

    /// Limiters are made, and filled with the slots and holds on record, when their account first comes due.
    pub(super) async fn restore_limiters(
        &mut self,
        due: &[usize],
        roster: &mut Roster,
        drain: &mut Drain,
        (pace, until): (Pace, Option<Tick>),
        clock: &dyn Clock,
        now: Moment,
    ) -> Result<(), StoreError> {
        let fresh: Vec<usize> = due.iter().copied().filter(|i| roster.accounts[*i].limiter.is_none()).collect();
        if fresh.is_empty() {
            return Ok(());
        }
        let ids: Vec<AccountId> = fresh.iter().map(|index| roster.accounts[*index].id).collect();
        let mut slots = drain.slots(&ids).await?;
        let (here, unknown_until) = (self.this_boot(now), self.unknown_until(clock, now));
        for index in fresh {
            let run = &mut roster.accounts[index];
            let Some(access) = run.access.clone() else { continue };
            let stored = slots.remove(&run.id).unwrap_or_default();
            let uppers: Vec<_> = stored.iter().map(|slot| upper(slot, here, &run.values)).collect();
            let mut limiter = Limiter::new(&access.windows, pace, now.tick);
            let hold = self.held.get(&run.id).and_then(|account| stored_hold(account, &clock.boot().0));
            let hold = hold.map(|hold| here.hold(&hold));
            if let Some(hold) = hold.filter(|hold| hold.until > now.tick) {
                let outlasts = until.is_some_and(|end| hold.until >= end)
                    || matches!(hold.reason, HoldReason::UsageCap | HoldReason::SpendCap);
                (run.capped_until, run.held_until) = (outlasts.then_some(hold.until), Some(hold.until));
            }
            limiter.restore(uppers, hold);
            if let Some(until) = unknown_until {
                limiter.fill(until);
            }
            let allowances = self.allowances.remove(&run.id).unwrap_or_default();
            let in_force = allowances.iter().map(|stored| allowance(stored, here)).filter(|told| told.until > now.tick);
            in_force.for_each(|told| limiter.restore_allowance(told));
            run.limiter = Some(limiter);
        }
        Ok(())
    }

    /// What times on record mean now.
    pub(super) fn this_boot(&self, now: Moment) -> ThisBoot {
        ThisBoot { now, wall_trusted: self.wall.trusts(now), taken_over: self.taken_over }
    }

    /// Until when nobody knows what was sent, because a log was lost.
    fn unknown_until(&self, clock: &dyn Clock, now: Moment) -> Option<Tick> {
        let lost = self.log_lost.as_ref()?;
        let noticed = StoredUntil {
            same_boot: lost.boot == clock.boot(),
            set: lost.noticed,
            until: lost.noticed.tick,
            wall_trusted: lost.clock_checked,
        };
        Some(self.this_boot(now).until(&noticed))
    }

    /// The windows that an account shares with others.
    pub(super) fn shared_with(&mut self, access: &Access) -> SharedWindows<'_> {
        if self.shared.is_empty() {
            return ALONE;
        }
        let [app, host] = Sharing::of(access);
        self.shared.get_disjoint_mut([&app, &host])
    }

    /// An answer's `Date` says whether the wall clock can be believed: whether it can.
    pub(super) fn check_wall(&mut self, date: Wall, sent: Moment, ended: Moment) -> bool {
        self.wall.check(date, sent, ended);
        self.wall.trusts(ended)
    }

    /// Where somebody sets the wall clock while a drain is at work, its slots are on record by two clocks, and the record must not say that they
    /// are by one that was checked.
    pub(super) fn watch_wall(&mut self, now: Moment, writes: &mut Turn) {
        self.wall_was_set |= !WallTrust::agree(self.began, now);
        if self.wall_was_set && self.wall_saved {
            self.wall_saved = false;
            writes.clock_checked = Some(false);
        }
    }

    /// Every answer says so; it is saved when it changes.
    pub(super) fn hear_date(&mut self, reply: &Reply, sent: Moment, ended: Moment, writes: &mut Turn) {
        if let Some(date) = reply.facts.date {
            self.wall.check(date, sent, ended);
        }
        let trusted = self.wall.trusts(ended) && !self.wall_was_set;
        if trusted != self.wall_saved {
            self.wall_saved = trusted;
            writes.clock_checked = Some(trusted);
        }
    }

    /// The account waits for requests of others, whose ends are not told to it.
    pub(super) fn wait_for_others(&mut self, account: usize) {
        self.kept_out.insert(account);
    }

    /// Those that have waited for requests of others, where some have ended.
    pub(super) fn take_kept_out(&mut self) -> BTreeSet<usize> {
        if std::mem::take(&mut self.has_moved) { std::mem::take(&mut self.kept_out) } else { BTreeSet::new() }
    }

    /// A request has ended, and the platform has counted it by `counted_until`.
    pub(super) fn note_ended(&mut self, flight: &InFlight, run: &mut AccountRun, counted_until: Tick) {
        if let Some(limiter) = &mut run.limiter {
            limiter.ended(flight.lane.action, counted_until);
        }
        let shared = run.access.as_ref().map_or(ALONE, |access| self.shared_with(access));
        shared.into_iter().flatten().for_each(|windows| windows.ended(flight.lane.action, counted_until));
        self.has_moved = true;
    }

    /// Slots that found no task.
    pub(super) fn give_back(&mut self, run: &mut AccountRun, action: Action, unused: u32) {
        if let Some(limiter) = &mut run.limiter {
            limiter.give_back(action, unused);
        }
        let shared = run.access.as_ref().map_or(ALONE, |access| self.shared_with(access));
        shared.into_iter().flatten().for_each(|windows| windows.give_back(action, unused));
        self.has_moved = true;
    }

    /// Every slot whose end nobody saw counts anew. Until when the last of them does.
    pub(super) fn extend_after_suspend(&mut self, roster: &mut Roster, asleep_from: Tick, now: Tick) -> Tick {
        let mut woken = now;
        for account in &mut roster.accounts {
            let upper = account.values.woken(now);
            woken = woken.max(upper);
            if let Some(limiter) = &mut account.limiter {
                limiter.extend_after_suspend(asleep_from, upper);
            }
        }
        self.shared.values_mut().for_each(|windows| windows.extend_after_suspend(asleep_from, woken));
        woken
    }
}

/// What a slot was for, and by when the platform can have counted it.
fn upper(slot: &crate::store::AttemptSlot, here: ThisBoot, values: &Values) -> (Action, Tick) {
    let on_record = StoredSlot {
        same_boot: slot.same_boot,
        reserved: slot.reserved,
        upper: (!slot.open).then_some(slot.counted_until),
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
fn stored_hold(account: &Account, boot: &str) -> Option<StoredHold> {
    let hold = account.hold.as_ref()?;
    let set = Moment {
        tick: Tick(hold.until.0.saturating_sub(hold.length_ms)),
        wall: Wall(hold.until_at.0.saturating_sub(hold.length_ms)),
    };
    Some(StoredHold {
        same_boot: hold.boot == boot,
        set,
        until: hold.until,
        reason: HoldReason::named(&hold.reason)?,
        backoff_level: account.hold_backoff_level,
        wall_trusted: hold.clock_checked,
    })
}
