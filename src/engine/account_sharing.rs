//! Which accounts this drain has, where others work on the same queue on a server, and what it knows of the others. A drain of a queue in a
//! file has them all.
//!
//! What does not belong here: what becomes of a drain's state when accounts come and go (`share_accounts`), and who takes what (the store's
//! `Drain::share`).

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::time::Duration;

use super::finish::Stopped;
use crate::domain::{AccountId, JobId, Tick};

/// How often a drain looks who has what, beside others.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// The same while it has nothing to send, or lets accounts go.
const LOOK_SOON: Duration = Duration::from_millis(400);
/// The same where it is alone, unless somebody writes to the queue: another one that begins does.
const LOOK_ALONE: Duration = Duration::from_secs(30);
/// A look that took long is not made again before so many times as long.
const REST_AFTER_LOOK: u32 = 20;
/// But behind this much, or as long as it took: who joins is to have its share within ten seconds, and the look that took ten thousand accounts
/// says nothing of how long the next one takes.
const MOST_REST: Duration = Duration::from_secs(3);

/// Why this drain sends nothing more for an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shunned {
    /// It knows of nothing to send. What others load or put back changes that.
    NothingToSend,
    /// The account needs a person.
    Person,
    /// Its endpoints serve nobody.
    Unreachable,
    /// Its hold outlasts this run.
    Held(Tick),
}

/// The accounts of a drain that is one of many.
#[derive(Debug)]
pub(super) struct AccountSharing {
    next_look: Tick,
    /// The earliest moment at which the next look may be.
    soonest: Tick,
    /// Other drains that are alive.
    pub(super) others: usize,
    pub(super) units: HashMap<AccountId, String>,
    pub(super) held: HashSet<AccountId>,
    pub(super) leaving: HashSet<AccountId>,
    pub(super) shunned: BTreeMap<AccountId, Shunned>,
    /// Jobs of which other drains have something to send.
    pub(super) elsewhere: BTreeSet<JobId>,
    /// Accounts with something to send, of which jobs, that nobody has and this drain shuns.
    pub(super) left: Vec<(AccountId, Vec<JobId>)>,
}

impl AccountSharing {
    /// `units`: accounts that share windows with others.
    pub(super) fn new(units: HashMap<AccountId, String>) -> AccountSharing {
        AccountSharing {
            next_look: Tick(i64::MIN),
            soonest: Tick(i64::MIN),
            others: 0,
            units,
            held: HashSet::new(),
            leaving: HashSet::new(),
            shunned: BTreeMap::new(),
            elsewhere: BTreeSet::new(),
            left: Vec::new(),
        }
    }

    /// When it is looked again.
    pub(super) fn next_look(&self) -> Tick {
        self.next_look
    }

    /// It was looked now, which took so long. `is_hungry`: this drain has nothing to send for now.
    pub(super) fn looked(&mut self, now: Tick, took: Duration, is_hungry: bool) {
        let wait = if is_hungry || !self.leaving.is_empty() { LOOK_SOON } else { LOOK_EVERY };
        let rest = (took * REST_AFTER_LOOK).min(took.max(MOST_REST));
        self.soonest = now.after(wait.max(rest));
        self.next_look = if self.others == 0 { now.after(LOOK_ALONE) } else { self.soonest };
    }

    /// Somebody has written to the queue.
    pub(super) fn look_soon(&mut self) {
        self.next_look = self.next_look.min(self.soonest);
    }

    /// Before anything else, whatever was seen.
    pub(super) fn look_now(&mut self) {
        self.next_look = Tick(i64::MIN);
    }

    /// Somebody has changed the queue: where there was nothing to send there may be something.
    pub(super) fn look_anew(&mut self) {
        self.shunned.retain(|_, why| *why != Shunned::NothingToSend);
        self.look_now();
    }

    /// Whether other drains have something to send of jobs like these.
    pub(super) fn is_elsewhere(&self, is_own: impl Fn(JobId) -> bool) -> bool {
        self.elsewhere.iter().any(|job| is_own(*job))
    }

    /// Why something is left of jobs like these that nobody sends: an account needs a person, serves nobody, or is held for longer than this run.
    pub(super) fn why_left(&self, is_own: impl Fn(JobId) -> bool) -> Option<(Stopped, Option<Tick>)> {
        let left = self.left.iter().filter(|(_, jobs)| jobs.iter().any(|job| is_own(*job)));
        let whys: Vec<Shunned> = left.filter_map(|(account, _)| self.shunned.get(account).copied()).collect();
        if whys.contains(&Shunned::Person) {
            return Some((Stopped::Account, None));
        }
        if whys.contains(&Shunned::Unreachable) {
            return Some((Stopped::Unreachable, None));
        }
        let held = whys.iter().filter_map(|why| if let Shunned::Held(until) = why { Some(*until) } else { None });
        held.min().map(|until| (Stopped::Cap, Some(until)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_that_took_long_is_not_made_again_at_once_but_soon_enough_for_who_joins() {
        let next_after = |took_ms: u64, is_hungry: bool| {
            let mut sharing = AccountSharing { others: 1, ..AccountSharing::new(HashMap::new()) };
            sharing.looked(Tick(1_000), Duration::from_millis(took_ms), is_hungry);
            sharing.next_look().0 - 1_000
        };
        assert_eq!([next_after(5, true), next_after(5, false)], [400, 2_000]);
        assert_eq!([next_after(50, true), next_after(130, false)], [1_000, 2_600]);
        assert_eq!([next_after(600, true), next_after(600, false), next_after(7_000, false)], [3_000, 3_000, 7_000]);
    }

    #[test]
    fn who_is_alone_looks_when_somebody_writes_and_not_before_it_has_rested() {
        let mut sharing = AccountSharing::new(HashMap::new());
        sharing.looked(Tick(0), Duration::from_millis(600), false);
        assert_eq!(sharing.next_look(), Tick(30_000));
        sharing.look_soon();
        assert_eq!(sharing.next_look(), Tick(3_000));
    }
}
