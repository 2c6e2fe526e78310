//! One request, from its slot to its answer. A worker never sleeps in the limiter: what comes here may leave now.

use std::sync::Arc;

use super::circuit_breaker::{CircuitBreaker, Epoch};
use super::consequences::consequences_of;
use super::endpoint_reader::{EndpointReader, LookBack, ReadingKey, ReadingReport};
use super::in_flight_limit::InFlightLimit;
use super::settings::Access;
use super::shutdown::{Shutdown, Urgency};

use crate::auth::{Current, NoToken, TokenSource};
use crate::clock::SharedClock;
use crate::domain::{AccountId, AttemptId, Moment, Target, Tick, Wall};
use crate::platforms::{Client, Endpoint, Finding, Reply, Request};
use crate::store::{TaskRecord, failpoint};

/// A request that may leave, its slot on disk.
pub(super) struct OutgoingRequest {
    pub(super) account: AccountId,
    pub(super) attempt: AttemptId,
    pub(super) endpoint: &'static Endpoint,
    pub(super) access: Arc<Access>,
    pub(super) target: Target,
    /// What it deletes, where that is a record.
    pub(super) record: Option<Arc<TaskRecord>>,
    /// What calls it back if it has to wait for a place.
    pub(super) breaker: Arc<CircuitBreaker>,
    pub(super) epoch: Epoch,
    /// Past this it is not sent any more.
    pub(super) send_by: Tick,
    /// Past this nobody waits for the answer.
    pub(super) deadline: Tick,
}

/// What workers hand in.
#[derive(Debug)]
pub(super) enum WorkerMessage {
    /// An answer, or that none came.
    Reply {
        attempt: AttemptId,
        reply: Reply,
        ended: Moment,
        /// The set of credentials it was sent with.
        generation: i64,
    },
    /// What came of asking for an account's token.
    Token { account: usize, outcome: Result<(), NoToken> },
    /// What came of reading for an endpoint.
    Read { key: ReadingKey, report: ReadingReport },
    /// Who reads for it waits until then.
    ReadingWaits { key: ReadingKey, until: Wall, why: String },
    /// A task has panicked.
    Panic(Box<dyn std::any::Any + Send>),
}

/// What all requests need to be sent.
pub(super) struct SendContext {
    pub(super) client: Arc<Client>,
    pub(super) tokens: Arc<TokenSource>,
    pub(super) clock: SharedClock,
    pub(super) limit: Arc<InFlightLimit>,
    pub(super) reader: Arc<dyn EndpointReader>,
    pub(super) shutdown: Shutdown,
}

/// Sends a request; what came of it.
pub(super) async fn run_request(request: OutgoingRequest, context: Arc<SendContext>) -> WorkerMessage {
    let (reply, generation) = leave(&request, &context).await;
    WorkerMessage::Reply { attempt: request.attempt, reply, ended: context.clock.now(), generation }
}

/// Takes a place, and leaves it to the next as soon as the answer is there.
async fn leave(request: &OutgoingRequest, context: &SendContext) -> (Reply, i64) {
    let OutgoingRequest { breaker, epoch, send_by, account, .. } = request;
    let Some(_place) = context.limit.place(&*context.clock, *send_by, breaker, *epoch).await else {
        return (not_sent(), NO_GENERATION);
    };
    // The dispatcher may be writing a turn and not have heard of it yet.
    if context.shutdown.now().0 > Urgency::None {
        return (not_sent(), NO_GENERATION);
    }
    // At hand when the turn was planned. If it has run out since, nothing is sent: a refresh takes longer than `send_by`.
    let Some(current) = context.tokens.cached(*account) else { return (not_sent(), NO_GENERATION) };
    let reply = send(request, &current, &context.client, &context.clock).await;
    let reply = look_back(request, reply, &*context.reader).await;
    failpoint::answer_for(&request.target);
    breaker.hear(consequences_of(&reply.finding).blame.health());
    (reply, current.generation)
}

/// An answer that holds the state of before may be older than what it answers: how things stand is read once before it is called unknown.
async fn look_back(request: &OutgoingRequest, reply: Reply, reader: &dyn EndpointReader) -> Reply {
    if request.endpoint.read_back.is_none() || !reply.finding.holds_another_value() {
        return reply;
    }
    let look = LookBack {
        account: request.account,
        access: Arc::clone(&request.access),
        endpoint: request.endpoint,
        target: request.target.clone(),
        deadline: request.deadline,
    };
    match reader.look_back(look).await {
        Some(Reply { finding: Finding::Done { .. }, .. }) => {
            Reply { finding: Finding::Done { reason: Some(CONFIRMED_BY_READING.into()) }, ..reply }
        }
        _ => reply,
    }
}

/// The reason of what an answer did not confirm, and a look at it did.
const CONFIRMED_BY_READING: &str = "confirmed_by_reading";

/// Of a request that had no credentials to be sent with.
const NO_GENERATION: i64 = -1;

fn not_sent() -> Reply {
    Reply {
        finding: Finding::NotSent,
        http_status: None,
        facts: Default::default(),
        detail: String::new(),
        last_copy: None,
    }
}

async fn send(request: &OutgoingRequest, current: &Current, client: &Client, clock: &SharedClock) -> Reply {
    let sent = Request {
        endpoint: request.endpoint,
        base: &request.access.base,
        credentials: &current.credentials,
        user: &request.access.user,
        target: &request.target,
        record: request.record.as_ref().map(|record| &record.record),
        send_by: request.send_by,
        deadline: request.deadline,
        clock: &**clock,
    };
    client.perform(sent).await
}
