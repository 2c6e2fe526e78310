//! What a page does through a use case of the command line: with what that stands on, and written to the audit log when it is done.

use std::sync::Arc;

use super::background;
use super::middleware::Visitor;
use super::problem::Problem;
use super::state::Web;
use crate::app::{AppDeps, QuietFrontend};
use crate::error::CommandError;
use crate::store::AuditEvent;
use crate::text::LocalClock;

/// What was done, as the audit log has it.
pub(super) struct Deed<'a> {
    pub(super) name: &'static str,
    /// The job it was done to.
    pub(super) job: Option<&'a str>,
    pub(super) detail: String,
}

/// Does it, and waits for it. Nothing of it is written down: it has only looked.
pub(super) async fn look<T: Send + 'static>(
    web: &Arc<Web>,
    visitor: &Visitor,
    work: impl AsyncFnOnce(AppDeps<'_>) -> Result<T, CommandError> + Send + 'static,
) -> Result<T, Problem> {
    let (own, actor) = (Arc::clone(web), visitor.actor());
    let done = background::finish("page", move || async move {
        let (settings, local, front) = (own.settings(), LocalClock::from(own.zone.clone()), QuietFrontend::new(actor));
        work(AppDeps { settings: &settings, clock: &own.clock, local: &local, front: &front }).await
    });
    Ok(done.await?)
}

/// Does it, waits for it, and writes it down.
pub(super) async fn act<T: Send + 'static>(
    web: &Arc<Web>,
    visitor: &Visitor,
    deed: Deed<'_>,
    work: impl AsyncFnOnce(AppDeps<'_>) -> Result<T, CommandError> + Send + 'static,
) -> Result<T, Problem> {
    let done = look(web, visitor, work).await?;
    note(web, visitor, &deed).await;
    web.note_change();
    Ok(done)
}

/// Writes down what was done. It has been done: what cannot be written down is told in the log of the process.
pub(super) async fn note(web: &Web, visitor: &Visitor, deed: &Deed<'_>) {
    let actor = visitor.actor();
    let event = AuditEvent { actor: &actor, deed: deed.name, job: deed.job, detail: &deed.detail };
    match web.write_store().await {
        Ok(mut store) => {
            web.log_audit_event(&mut store, &event).await;
            store.close().await;
        }
        Err(error) => tracing::error!(%error, deed = deed.name, "done, but it could not be written to the audit log"),
    }
}
