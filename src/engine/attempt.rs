//! One request, from its slot to its answer. A worker never sleeps in the limiter: what comes here may leave now.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::settings::Access;
use crate::auth::{Current, NoToken, TokenSource};
use crate::clock::SharedClock;
use crate::domain::{AccountId, AttemptId, Moment, Target, Tick};
use crate::platform::{Client, Endpoint, Finding, Reply, Request};

/// A request that may leave, its slot on disk.
pub(super) struct Departure {
    pub(super) account: AccountId,
    pub(super) attempt: AttemptId,
    pub(super) endpoint: &'static Endpoint,
    pub(super) access: Arc<Access>,
    pub(super) target: Target,
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

/// Carries a request and hands in what came of it.
pub(super) async fn carry(
    departure: Departure,
    client: Arc<Client>,
    tokens: Arc<TokenSource>,
    clock: SharedClock,
    arrivals: mpsc::Sender<Arrival>,
) {
    // At hand when the turn was planned. If it has run out since, nothing is sent: a refresh takes longer than `send_by`.
    let (reply, generation) = match tokens.at_hand(departure.account) {
        Some(current) => (send(&departure, &current, &client, &clock).await, current.generation),
        None => (not_sent(), NO_GENERATION),
    };
    let arrival = Arrival::Reply { attempt: departure.attempt, reply, ended: clock.now(), generation };
    // Nobody is listening any more only when the run has been cancelled; then the attempt has been written off.
    let _ = arrivals.send(arrival).await;
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

/// Whether the platform can have counted the request later than we saw its end.
pub(super) fn end_unseen(finding: &Finding, http_status: Option<u16>) -> bool {
    http_status.is_none() && matches!(finding, Finding::Unanswered { maybe_sent: true, .. } | Finding::Unknown { .. })
}
