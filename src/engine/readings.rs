//! What is being read beside a drain, before tasks can be sent: what names mean (`names`), records of the accounts' own (`own_records`). An
//! endpoint has one reading of each at a time; it waits for it, and everybody else goes on.
//!
//! In: readings that are wanted, what they came to. Out: which are under way, and when the next may begin. What does not belong here:
//! reading ([`EndpointReader`]), and what a reading is good for.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::endpoint_reader::{EndpointReader, ReadingKey, ReadingQuery, ReadingReport, ReadingWanted};
use super::request_worker::WorkerMessage;
use super::settings::Access;
use super::worker_tasks::spawn_worker;
use crate::domain::{AccountId, Moment, Tick, Wall};

/// Why none begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Busy {
    /// One is under way.
    Reading,
    /// The last one came to nothing, and the next begins then.
    NotBefore(Tick),
}

/// Readings of an endpoint that failed, in a row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Failing {
    pub(super) since: Moment,
    pub(super) times: u32,
}

/// The readings of a drain.
pub(super) struct Readings {
    reader: Arc<dyn EndpointReader>,
    messages: mpsc::Sender<WorkerMessage>,
    running: JoinSet<()>,
    busy: HashMap<ReadingKey, Busy>,
    /// Those that have ended and wait for the next turn.
    ended: Vec<(ReadingKey, ReadingReport)>,
    pub(super) failing: HashMap<ReadingKey, Failing>,
}

impl Readings {
    pub(super) fn new(reader: Arc<dyn EndpointReader>, messages: mpsc::Sender<WorkerMessage>) -> Readings {
        Readings {
            reader,
            messages,
            running: JoinSet::new(),
            busy: HashMap::new(),
            ended: Vec::new(),
            failing: HashMap::new(),
        }
    }

    /// Whether any are under way, or what came of one waits for the next turn.
    pub(super) fn are_under_way(&self) -> bool {
        !self.ended.is_empty() || self.busy.values().any(|busy| *busy == Busy::Reading)
    }

    /// Accounts for which something is being read, or has been and waits for the next turn.
    pub(super) fn accounts(&self) -> impl Iterator<Item = usize> {
        let busy = self.busy.iter().filter(|(_, busy)| **busy == Busy::Reading).map(|(key, _)| key);
        busy.chain(self.ended.iter().map(|(key, _)| key)).map(|((account, _), _)| *account)
    }

    /// Whether one may begin. Else when it may be, where that is known.
    pub(super) fn may_begin(&self, key: ReadingKey, now: Tick) -> Result<(), Option<Tick>> {
        match self.busy.get(&key) {
            Some(Busy::Reading) => Err(None),
            Some(Busy::NotBefore(until)) if now < *until => Err(Some(*until)),
            Some(Busy::NotBefore(_)) | None => Ok(()),
        }
    }

    pub(super) fn begin(
        &mut self,
        key: ReadingKey,
        (account, access): (AccountId, Arc<Access>),
        wanted: ReadingWanted,
        until: Option<Tick>,
    ) {
        self.busy.insert(key, Busy::Reading);
        let waits = self.messages.clone();
        let tell = move |until: Wall, why: String| {
            // A drain that is busy hears of the next wait.
            let _ = waits.try_send(WorkerMessage::ReadingWaits { key, until, why });
        };
        let reading = self.reader.read(ReadingQuery { account, access, wanted, until, waits: Box::new(tell) });
        spawn_worker(&mut self.running, self.messages.clone(), async move {
            WorkerMessage::Read { key, report: reading.await }
        });
    }

    /// One has ended.
    pub(super) fn note(&mut self, key: ReadingKey, report: ReadingReport) {
        self.busy.remove(&key);
        self.ended.push((key, report));
    }

    /// Those that have ended since the last turn.
    pub(super) fn take_ended(&mut self) -> Vec<(ReadingKey, ReadingReport)> {
        std::mem::take(&mut self.ended)
    }

    /// The next one begins then.
    pub(super) fn rest(&mut self, key: ReadingKey, until: Tick) {
        self.busy.insert(key, Busy::NotBefore(until));
    }

    /// Nobody waits any longer for what is being read.
    pub(super) fn leave(&mut self) {
        self.running.abort_all();
        self.ended.clear();
        self.busy.retain(|_, busy| *busy != Busy::Reading);
    }
}
