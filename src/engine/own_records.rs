//! Records of the accounts' own, where to undo something is to delete one: which endpoints have to read them before anything is claimed,
//! and what came of it. A reading runs beside the drain; its endpoint waits for it, and everybody else goes on.
//!
//! In: endpoints that want to send, what a reading came to. Out: how far an endpoint may claim. What does not belong here: reading
//! ([`RecordReader`]), and which record a task deletes (`lookahead`).

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::account::EndpointKey;
use super::event::Event;
use super::record_reader::{RecordQuery, RecordReader, RecordsRead};
use super::request_worker::WorkerMessage;
use super::roster::Roster;
use super::settings::Access;
use super::workers::Workers;
use crate::domain::{AccountId, Moment, TaskId, Tick, Wall};
use crate::platforms::Endpoint;
use crate::store::{Drain, RecordReading, StoreError};

/// What was read longer ago is read again: the account may have made new records since.
const STALE_AFTER: Duration = Duration::from_secs(86_400);

/// What is known of an endpoint's records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coverage {
    /// Those of the tasks up to this one, until then.
    Read { to: TaskId, good_until: Tick },
    /// They are being read.
    Reading,
    /// They could not be read, and are asked for again then.
    NotBefore(Tick),
}

/// Readings of an endpoint that failed, in a row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Failing {
    pub(super) since: Moment,
    pub(super) times: u32,
}

/// Why an endpoint's records are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Wanted {
    /// It is not known what a reading on record covers.
    Any,
    /// Tasks are left that it does not cover.
    Newer,
}

/// The records of a drain's accounts.
pub(super) struct OwnRecords {
    reader: Arc<dyn RecordReader>,
    messages: mpsc::Sender<WorkerMessage>,
    running: JoinSet<()>,
    endpoints: HashMap<EndpointKey, Coverage>,
    wanted: BTreeMap<EndpointKey, (Wanted, &'static Endpoint)>,
    /// Readings that have ended and wait for the next turn.
    ended: Vec<(EndpointKey, RecordsRead)>,
    pub(super) failing: HashMap<EndpointKey, Failing>,
}

impl OwnRecords {
    pub(super) fn new(reader: Arc<dyn RecordReader>, messages: mpsc::Sender<WorkerMessage>) -> OwnRecords {
        OwnRecords {
            reader,
            messages,
            running: JoinSet::new(),
            endpoints: HashMap::new(),
            wanted: BTreeMap::new(),
            ended: Vec::new(),
            failing: HashMap::new(),
        }
    }

    /// Whether any are being read, or what came of it waits for the next turn.
    pub(super) fn are_read(&self) -> bool {
        !self.ended.is_empty() || self.endpoints.values().any(|coverage| *coverage == Coverage::Reading)
    }

    /// Up to which task an endpoint may claim now. Else when it may be looked at again, where that is known: its records are looked for.
    pub(super) fn admit(
        &mut self,
        key: EndpointKey,
        endpoint: &'static Endpoint,
        now: Tick,
    ) -> Result<TaskId, Option<Tick>> {
        match self.endpoints.get(&key) {
            Some(Coverage::Read { to, good_until }) if now < *good_until => return Ok(*to),
            Some(Coverage::Reading) => return Err(None),
            Some(Coverage::NotBefore(until)) if now < *until => return Err(Some(*until)),
            Some(_) => {
                self.endpoints.remove(&key);
            }
            None => {}
        }
        self.wanted.entry(key).or_insert((Wanted::Any, endpoint));
        Err(None)
    }

    /// Up to which task an endpoint's records are known.
    pub(super) fn known_to(&self, key: EndpointKey) -> Option<TaskId> {
        match self.endpoints.get(&key) {
            Some(Coverage::Read { to, .. }) => Some(*to),
            _ => None,
        }
    }

    /// Nobody is left who is covered, and somebody is who is not: a newer reading is wanted. When it may begin, where that is known and
    /// not now.
    pub(super) fn want_newer(&mut self, key: EndpointKey, endpoint: &'static Endpoint, now: Tick) -> Option<Tick> {
        match self.endpoints.get(&key) {
            Some(Coverage::Reading) => return None,
            Some(Coverage::NotBefore(until)) if now < *until => return Some(*until),
            Some(_) | None => {}
        }
        self.wanted.insert(key, (Wanted::Newer, endpoint));
        None
    }

    /// What is known of an endpoint is out of date: the queue says what is covered now.
    pub(super) fn look_again(&mut self, key: EndpointKey) {
        if matches!(self.endpoints.get(&key), Some(Coverage::Read { .. })) {
            self.endpoints.remove(&key);
        }
    }

    /// The same of all endpoints: somebody has changed the queue.
    pub(super) fn look_at_all_again(&mut self) {
        self.endpoints.retain(|_, coverage| !matches!(coverage, Coverage::Read { .. }));
    }

    /// A reading has ended.
    pub(super) fn note(&mut self, key: EndpointKey, outcome: RecordsRead) {
        self.endpoints.remove(&key);
        self.ended.push((key, outcome));
    }

    /// The readings that have ended since the last turn.
    pub(super) fn take_ended(&mut self) -> Vec<(EndpointKey, RecordsRead)> {
        std::mem::take(&mut self.ended)
    }

    /// An endpoint's records could not be read: they are asked for again then.
    pub(super) fn rest(&mut self, key: EndpointKey, until: Tick) {
        self.endpoints.insert(key, Coverage::NotBefore(until));
    }

    /// Looks for the records that are wanted: the queue may have them, else they are read. Where a request of the endpoint is out, its
    /// answer comes first, for it says whether a record is still there. Says which readings begin.
    pub(super) async fn look(
        &mut self,
        drain: &mut Drain,
        roster: &mut Roster,
        workers: &Workers,
        until: Option<Tick>,
        now: Moment,
    ) -> Result<Vec<Event>, StoreError> {
        let mut begun = Vec::new();
        for (key, (wanted, endpoint)) in std::mem::take(&mut self.wanted) {
            let run = &roster.accounts[key.0];
            let Some(access) = run.access.clone().filter(|_| run.is_open() && !workers.has(key)) else { continue };
            let account = run.id;
            let stored = drain.store().lists().record_reading((account, key.1)).await?;
            match stored.and_then(|reading| good_until(&reading, now)) {
                Some((to, good_until)) if wanted == Wanted::Any => {
                    self.endpoints.insert(key, Coverage::Read { to, good_until });
                    roster.schedule_rested(key.0, now.tick);
                }
                _ => {
                    self.begin(key, account, access, endpoint, until);
                    begun.push(Event::RecordsSought { account, action: key.1 });
                }
            }
        }
        Ok(begun)
    }

    fn begin(
        &mut self,
        key: EndpointKey,
        account: AccountId,
        access: Arc<Access>,
        endpoint: &'static Endpoint,
        until: Option<Tick>,
    ) {
        self.endpoints.insert(key, Coverage::Reading);
        let (messages, waits) = (self.messages.clone(), self.messages.clone());
        let action = key.1;
        let tell = move |until: Wall, why: String| {
            // A drain that is busy hears of the next wait.
            let _ = waits.try_send(WorkerMessage::RecordsWait { account, action, until, why });
        };
        let (collections, waits) = (endpoint.records, Box::new(tell));
        let query = RecordQuery { account, action, access, collections, until, waits };
        let reading = self.reader.read(query);
        while self.running.try_join_next().is_some() {}
        self.running.spawn(async move {
            let outcome = reading.await;
            // Nobody is listening any more only when the run has ended without it; what was read is kept.
            let _ = messages.send(WorkerMessage::Records { key, outcome }).await;
        });
    }

    /// Nobody waits any longer for what is being read.
    pub(super) fn leave(&mut self) {
        self.running.abort_all();
        self.ended.clear();
        self.endpoints.retain(|_, coverage| *coverage != Coverage::Reading);
    }
}

/// Up to which task a finished reading is good, and until when.
fn good_until(reading: &RecordReading, now: Moment) -> Option<(TaskId, Tick)> {
    let age = reading.begun_at.age(now.wall)?;
    let left = STALE_AFTER.checked_sub(age).filter(|left| !left.is_zero())?;
    let is_good = reading.finished && reading.covers_to > TaskId(0);
    is_good.then(|| (reading.covers_to, now.tick.after(left)))
}
