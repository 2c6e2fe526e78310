//! Tasks beside the dispatcher: each hands in one message. One that panics hands in its panic, which then is the dispatcher's own: else
//! whoever waits for the message would wait for ever.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::request_worker::WorkerMessage;

/// Begins one among others, and forgets those that have ended.
pub(super) fn spawn_worker(
    tasks: &mut JoinSet<()>,
    messages: mpsc::Sender<WorkerMessage>,
    work: impl Future<Output = WorkerMessage> + Send + 'static,
) {
    while tasks.try_join_next().is_some() {}
    tasks.spawn(async move {
        let message = AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(WorkerMessage::Panic);
        // Nobody is listening any more only when the run has ended without it; what was in flight has been written off, and what was read is kept.
        let _ = messages.send(message).await;
    });
}
