//! Requests that are out or stand ready: what was planned, what was claimed, and the answers that have come in.
//!
//! In: claims that are on disk, what workers hand in. Out: requests that have ended. What does not belong here: slots, budgets and what
//! an answer means.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::account::{EndpointKey, Lane};
use super::circuit_breaker::Epoch;
use super::endpoint_reader::EndpointReader;
use super::in_flight_limit::InFlightLimit;
use super::job_groups::GroupIndex;
use super::prefetch::{MAX_AHEAD_PER_WORKER, Prefetch};
use super::request_worker::{OutgoingRequest, SendContext, WorkerMessage, run_request};
use super::shutdown::Shutdown;
use super::worker_tasks::spawn_worker;
use crate::auth::TokenSource;
use crate::clock::SharedClock;
use crate::domain::{Action, AttemptId, LaneId, MicroUsd, Moment, TaskId};
use crate::platforms::{Client, Endpoint, Reply};
use crate::store::{Claimed, TaskRecord};

/// Slots taken for a lane in this turn; what finds no task is given back.
#[derive(Debug)]
pub(super) struct Planned {
    pub(super) account: usize,
    pub(super) lane: LaneId,
    pub(super) group: GroupIndex,
    pub(super) action: Action,
    pub(super) count: u32,
    pub(super) price: MicroUsd,
    pub(super) endpoint: &'static Endpoint,
    pub(super) epoch: Epoch,
    /// The tasks that may be sent, where somebody has looked at them; none: any.
    pub(super) looked: Option<HashSet<TaskId>>,
    /// What they delete, where that is a record.
    pub(super) records: HashMap<TaskId, Arc<TaskRecord>>,
}

/// A request in flight, or ready to leave.
#[derive(Debug)]
pub(super) struct InFlight {
    pub(super) claimed: Claimed,
    pub(super) account: usize,
    pub(super) lane: Lane,
    pub(super) endpoint: &'static Endpoint,
    pub(super) reserved: Moment,
    pub(super) price: MicroUsd,
    /// What it deletes, where that is a record.
    pub(super) record: Option<Arc<TaskRecord>>,
}

impl InFlight {
    /// Whose endpoint it goes to.
    pub(super) fn key(&self) -> EndpointKey {
        (self.account, self.lane.action)
    }
}

/// A request that has ended and waits for the next turn.
#[derive(Debug)]
pub(super) struct EndedRequest {
    pub(super) flight: InFlight,
    pub(super) reply: Reply,
    pub(super) ended: Moment,
    /// The set of credentials it was sent with.
    pub(super) generation: i64,
}

/// The workers of a drain.
pub(super) struct Workers {
    count: usize,
    limit: Arc<InFlightLimit>,
    /// How many tasks are claimed ahead of them.
    pub(super) prefetch: Prefetch,
    context: Arc<SendContext>,
    in_flight: HashMap<AttemptId, InFlight>,
    running: JoinSet<()>,
    messages: mpsc::Sender<WorkerMessage>,
    /// Answers that wait for the next turn.
    ended: Vec<EndedRequest>,
}

impl Workers {
    /// So many workers, and what they and those who ask for tokens hand in.
    pub(super) fn new(
        count: usize,
        client: Arc<Client>,
        tokens: Arc<TokenSource>,
        clock: SharedClock,
        shutdown: Shutdown,
        reader: Arc<dyn EndpointReader>,
    ) -> (Workers, mpsc::Sender<WorkerMessage>, mpsc::Receiver<WorkerMessage>) {
        let (messages, received) = mpsc::channel(count * (1 + MAX_AHEAD_PER_WORKER));
        let limit = Arc::new(InFlightLimit::new(count));
        let context = SendContext { client, tokens, clock, limit: Arc::clone(&limit), reader, shutdown };
        let workers = Workers {
            count,
            limit,
            prefetch: Prefetch::new(count),
            context: Arc::new(context),
            in_flight: HashMap::new(),
            running: JoinSet::new(),
            messages: messages.clone(),
            ended: Vec::new(),
        };
        (workers, messages, received)
    }

    /// Requests that are out.
    pub(super) fn busy(&self) -> usize {
        self.limit.busy()
    }

    /// Requests that are out, and those that stand ready.
    pub(super) fn claimed(&self) -> usize {
        self.in_flight.len()
    }

    /// Whether nothing is out, and no answer waits for the next turn.
    pub(super) fn are_idle(&self) -> bool {
        self.in_flight.is_empty() && self.ended.is_empty()
    }

    /// Requests that are out or stand ready.
    pub(super) fn in_flight(&self) -> impl Iterator<Item = &InFlight> {
        self.in_flight.values()
    }

    /// Whether a request of an endpoint is out, or its answer waits for the next turn.
    pub(super) fn has(&self, key: EndpointKey) -> bool {
        let ended = self.ended.iter().map(|ended| &ended.flight);
        self.in_flight.values().chain(ended).any(|flight| flight.key() == key)
    }

    /// Accounts of which a request is out or stands ready, or an answer waits for the next turn.
    pub(super) fn accounts(&self) -> impl Iterator<Item = usize> {
        let ended = self.ended.iter().map(|ended| &ended.flight);
        self.in_flight.values().chain(ended).map(|flight| flight.account)
    }

    /// How many tasks may be claimed: as many as workers are free, and some ahead of them.
    pub(super) fn room(&self) -> usize {
        (self.count + self.prefetch.now()).saturating_sub(self.in_flight.len())
    }

    /// The next turn is going to be planned: how far ahead it may claim.
    pub(super) fn plan_ahead(&mut self) {
        let busy = self.busy();
        self.prefetch.look(self.in_flight.len().saturating_sub(busy), self.count.saturating_sub(busy));
    }

    /// A request leaves, or waits for its place.
    pub(super) fn start(&mut self, request: OutgoingRequest, flight: InFlight) {
        self.in_flight.insert(flight.claimed.attempt, flight);
        spawn_worker(&mut self.running, self.messages.clone(), run_request(request, Arc::clone(&self.context)));
    }

    /// A request has ended.
    pub(super) fn end(&mut self, attempt: AttemptId, reply: Reply, ended: Moment, generation: i64) {
        if let Some(flight) = self.in_flight.remove(&attempt) {
            self.ended.push(EndedRequest { flight, reply, ended, generation });
        }
    }

    /// The requests that have ended since the last turn.
    pub(super) fn take_ended(&mut self) -> Vec<EndedRequest> {
        std::mem::take(&mut self.ended)
    }

    /// Nobody waits any longer for what is out.
    pub(super) fn abort(&mut self) -> impl Iterator<Item = InFlight> + use<> {
        self.running.abort_all();
        std::mem::take(&mut self.in_flight).into_values()
    }

    /// Nobody leaves any more: what stands ready comes back unsent. Says whether that is new.
    pub(super) fn close(&self) -> bool {
        self.limit.close()
    }

    /// Ends them all.
    pub(super) async fn shutdown(&mut self) {
        self.running.shutdown().await;
    }
}
