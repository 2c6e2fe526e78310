//! The stream of events: a word when something has changed, at most one a second. What has changed is not in it: the page is
//! asked for again.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::http::header::CACHE_CONTROL;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;

use super::middleware::Visitor;
use super::problem::Problem;
use super::state::Web;

/// The shortest time between two events.
const EVENT_EVERY: Duration = Duration::from_secs(1);
/// A page that waits for slots looks different as time goes by, though nothing was written.
const LOOK_AGAIN_AFTER: Duration = Duration::from_secs(5);
/// Shows that the connection lives.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Tells a browser of changes until it goes away.
pub(super) async fn stream(
    State(web): State<Arc<Web>>,
    Extension(visitor): Extension<Visitor>,
) -> Result<Response, Problem> {
    let Ok(place) = Arc::clone(&web.subscribers).try_acquire_owned() else {
        return Err(Problem::busy(
            "Too many pages are open; this one does not refresh by itself. Close one, or reload this page.",
        ));
    };
    let changed = web.changed.subscribe();
    let lasts = {
        let web = Arc::clone(&web);
        move || visitor.session.is_some_and(|session| web.sessions.lasts(session, web.clock.now().tick))
    };
    let stream = stream::unfold((changed, place, lasts), |(mut changed, place, lasts)| async move {
        tokio::time::sleep(EVENT_EVERY).await;
        // Either is news; an error is the end of the process.
        if let Ok(Err(_)) = tokio::time::timeout(LOOK_AGAIN_AFTER, changed.changed()).await {
            return None;
        }
        // Whoever is logged out hears nothing more.
        if !lasts() {
            return None;
        }
        let version = *changed.borrow_and_update();
        let event = Event::default().event("changed").data(version.to_string());
        Some((Ok::<_, Infallible>(event), (changed, place, lasts)))
    });
    let events = Sse::new(stream).keep_alive(KeepAlive::new().interval(KEEP_ALIVE));
    Ok(([(CACHE_CONTROL, "no-store")], events).into_response())
}
