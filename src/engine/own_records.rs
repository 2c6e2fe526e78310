//! Records of the accounts' own, where to undo something is to delete one, and what there is already of what is restored: which endpoints
//! have to read before anything is claimed, and what came of it. A reading runs beside the drain; its endpoint waits for it, and everybody else goes on.
//!
//! In: endpoints that want to send. Out: how far an endpoint may claim, readings that begin. What does not belong here: readings under way
//! (`readings`), and which record a task deletes (`lookahead`).

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use super::account::EndpointKey;
use super::endpoint_reader::{ReadingOf, ReadingWanted};
use super::event::Event;
use super::readings::Readings;
use super::roster::Roster;
use super::workers::Workers;
use crate::domain::{Moment, TaskId, Tick};
use crate::platforms::Endpoint;
use crate::store::{Drain, RecordReading, StoreError};

/// What was read longer ago is read again: the account may have made new records since.
const STALE_AFTER: Duration = Duration::from_secs(86_400);

/// Why an endpoint's records are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Wanted {
    /// It is not known what a reading on record covers.
    Any,
    /// Tasks are left that it does not cover.
    Newer,
}

/// The records of a drain's accounts.
#[derive(Debug, Default)]
pub(super) struct OwnRecords {
    /// Endpoints whose records are known: those of the tasks up to this one, until then.
    covered: HashMap<EndpointKey, (TaskId, Tick)>,
    wanted: BTreeMap<EndpointKey, (Wanted, &'static Endpoint)>,
}

impl OwnRecords {
    /// Up to which task an endpoint may claim now. Else when it may be looked at again, where that is known: its records are looked for.
    pub(super) fn admit(
        &mut self,
        key: EndpointKey,
        endpoint: &'static Endpoint,
        readings: &Readings,
        now: Tick,
    ) -> Result<TaskId, Option<Tick>> {
        match self.covered.get(&key) {
            Some((to, good_until)) if now < *good_until => return Ok(*to),
            Some(_) => {
                self.covered.remove(&key);
            }
            None => {}
        }
        readings.may_begin((key, ReadingOf::Records), now)?;
        self.wanted.entry(key).or_insert((Wanted::Any, endpoint));
        Err(None)
    }

    /// Up to which task an endpoint's records are known.
    pub(super) fn known_to(&self, key: EndpointKey) -> Option<TaskId> {
        self.covered.get(&key).map(|(to, _)| *to)
    }

    /// Nobody is left who is covered, and somebody is who is not: a newer reading is wanted. When it may begin, where that is known and
    /// not now.
    pub(super) fn want_newer(
        &mut self,
        key: EndpointKey,
        endpoint: &'static Endpoint,
        readings: &Readings,
        now: Tick,
    ) -> Option<Tick> {
        match readings.may_begin((key, ReadingOf::Records), now) {
            Ok(()) => {
                self.wanted.insert(key, (Wanted::Newer, endpoint));
                None
            }
            Err(until) => until,
        }
    }

    /// What is known of an endpoint is out of date: the queue says what is covered now.
    pub(super) fn look_again(&mut self, key: EndpointKey) {
        self.covered.remove(&key);
    }

    /// Another drain works on these accounts.
    pub(super) fn forget_accounts(&mut self, accounts: &HashSet<usize>) {
        self.covered.retain(|(account, _), _| !accounts.contains(account));
        self.wanted.retain(|(account, _), _| !accounts.contains(account));
    }

    /// The same of all endpoints: somebody has changed the queue.
    pub(super) fn look_at_all_again(&mut self) {
        self.covered.clear();
    }

    /// Looks for the records that are wanted: the queue may have them, else they are read. Where a request of the endpoint is out, its
    /// answer comes first, for it says whether a record is still there. Says which readings begin.
    pub(super) async fn look(
        &mut self,
        drain: &mut Drain,
        (roster, workers): (&mut Roster, &Workers),
        readings: &mut Readings,
        until: Option<Tick>,
        now: Moment,
    ) -> Result<Vec<Event>, StoreError> {
        let mut begun = Vec::new();
        for (key, (wanted, endpoint)) in std::mem::take(&mut self.wanted) {
            let run = &roster.accounts[key.0];
            let Some(access) = run.access.clone().filter(|_| run.is_open() && !workers.has(key)) else { continue };
            let (account, action) = (run.id, key.1);
            let stored = drain.store().lists().record_reading((account, action)).await?;
            match stored.and_then(|reading| good_until(&reading, now)) {
                Some(covered) if wanted == Wanted::Any => {
                    self.covered.insert(key, covered);
                    roster.schedule_rested(key.0, now.tick);
                }
                _ => {
                    self.covered.remove(&key);
                    let wanted = ReadingWanted::Records { action, collections: endpoint.records };
                    readings.begin((key, ReadingOf::Records), (account, access), wanted, until);
                    begun.push(Event::RecordsSought { account, action });
                }
            }
        }
        Ok(begun)
    }
}

/// Up to which task a finished reading is good, and until when.
fn good_until(reading: &RecordReading, now: Moment) -> Option<(TaskId, Tick)> {
    let age = reading.begun_at.age(now.wall)?;
    let left = STALE_AFTER.checked_sub(age).filter(|left| !left.is_zero())?;
    let is_good = reading.finished && reading.covers_to > TaskId(0);
    is_good.then(|| (reading.covers_to, now.tick.after(left)))
}
