//! One request, from its slot to its answer. A worker never sleeps in the limiter: what comes here may leave now.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::settings::Access;
use crate::clock::SharedClock;
use crate::domain::{AttemptId, Moment, Target, Tick};
use crate::platform::{Client, Endpoint, Finding, Reply, Request};

/// A request that may leave, its slot on disk.
#[derive(Debug)]
pub(super) struct Departure {
    pub(super) attempt: AttemptId,
    pub(super) endpoint: &'static Endpoint,
    pub(super) access: Arc<Access>,
    pub(super) target: Target,
    /// Past this it is not sent any more.
    pub(super) send_by: Tick,
    /// Past this nobody waits for the answer.
    pub(super) deadline: Tick,
}

/// An answer, or that none came.
#[derive(Debug)]
pub(super) struct Arrival {
    pub(super) attempt: AttemptId,
    pub(super) reply: Reply,
    pub(super) ended: Moment,
}

/// Carries a request and hands in what came of it.
pub(super) async fn carry(
    departure: Departure,
    client: Arc<Client>,
    clock: SharedClock,
    arrivals: mpsc::Sender<Arrival>,
) {
    let request = Request {
        endpoint: departure.endpoint,
        base: &departure.access.base,
        credentials: &departure.access.credentials,
        user: &departure.access.user,
        target: &departure.target,
        send_by: departure.send_by,
        deadline: departure.deadline,
        clock: &*clock,
    };
    let reply = client.perform(request).await;
    let arrival = Arrival { attempt: departure.attempt, reply, ended: clock.now() };
    // Nobody is listening any more only when the run has been cancelled; then the attempt has been written off.
    let _ = arrivals.send(arrival).await;
}

/// Whether the platform can have counted the request later than we saw its end.
pub(super) fn end_unseen(finding: &Finding, http_status: Option<u16>) -> bool {
    http_status.is_none() && matches!(finding, Finding::Unanswered { maybe_sent: true, .. } | Finding::Unknown { .. })
}
