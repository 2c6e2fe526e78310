//! One request, from its slot to its answer. A worker never sleeps in the limiter: what comes here may leave now.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::consequences::consequences_of;
use super::settings::Access;
use super::shutdown::{Shutdown, Urgency};
use super::wire::{Gate, Pass, Wire};
use crate::auth::{Current, NoToken, TokenSource};
use crate::clock::SharedClock;
use crate::domain::{AccountId, AttemptId, Moment, Target, Tick};
use crate::platform::{Client, Endpoint, Finding, Reply, Request};
use crate::store::failpoint;

/// A request that may leave, its slot on disk.
pub(super) struct Departure {
    pub(super) account: AccountId,
    pub(super) attempt: AttemptId,
    pub(super) endpoint: &'static Endpoint,
    pub(super) access: Arc<Access>,
    pub(super) target: Target,
    /// What calls it back if it has to wait for a place on the wire.
    pub(super) gate: Arc<Gate>,
    pub(super) pass: Pass,
    /// Past this it is not sent any more.
    pub(super) send_by: Tick,
    /// Past this nobody waits for the answer.
    pub(super) deadline: Tick,
}

/// What carriers bring in.
#[derive(Debug)]
pub(super) enum Arrival {
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
}

/// What all carriers stand on.
pub(super) struct Road {
    pub(super) client: Arc<Client>,
    pub(super) tokens: Arc<TokenSource>,
    pub(super) clock: SharedClock,
    pub(super) wire: Arc<Wire>,
    pub(super) shutdown: Shutdown,
    pub(super) arrivals: mpsc::Sender<Arrival>,
}

/// Carries a request and hands in what came of it.
pub(super) async fn carry(departure: Departure, road: Arc<Road>) {
    let (reply, generation) = leave(&departure, &road).await;
    let arrival = Arrival::Reply { attempt: departure.attempt, reply, ended: road.clock.now(), generation };
    // Nobody is listening any more only when the run has been cancelled; then the attempt has been written off.
    let _ = road.arrivals.send(arrival).await;
}

/// Takes a place on the wire, and leaves it to the next as soon as the answer is there.
async fn leave(departure: &Departure, road: &Road) -> (Reply, i64) {
    let Departure { gate, pass, send_by, account, .. } = departure;
    let Some(_place) = road.wire.place(&*road.clock, *send_by, gate, *pass).await else {
        return (not_sent(), NO_GENERATION);
    };
    // The dispatcher may be writing a turn and not have heard of it yet.
    if road.shutdown.now().0 > Urgency::None {
        return (not_sent(), NO_GENERATION);
    }
    // At hand when the turn was planned. If it has run out since, nothing is sent: a refresh takes longer than `send_by`.
    let Some(current) = road.tokens.at_hand(*account) else { return (not_sent(), NO_GENERATION) };
    let reply = send(departure, &current, &road.client, &road.clock).await;
    failpoint::answer_for(&departure.target);
    gate.hear(consequences_of(&reply.finding).blame.health());
    (reply, current.generation)
}

/// Of a request that had no credentials to be sent with.
const NO_GENERATION: i64 = -1;

fn not_sent() -> Reply {
    Reply { finding: Finding::NotSent, http_status: None, facts: Default::default(), detail: String::new() }
}

async fn send(departure: &Departure, current: &Current, client: &Client, clock: &SharedClock) -> Reply {
    let request = Request {
        endpoint: departure.endpoint,
        base: &departure.access.base,
        credentials: &current.credentials,
        user: &departure.access.user,
        target: &departure.target,
        send_by: departure.send_by,
        deadline: departure.deadline,
        clock: &**clock,
    };
    client.perform(request).await
}
