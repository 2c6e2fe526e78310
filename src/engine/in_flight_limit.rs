//! How many requests are out at once, and behind them those that stand ready: whoever gets no place waits for one here, and leaves as
//! soon as an answer frees it, without another turn.
//!
//! A task that stands ready has its slot on disk and is counted like one that has left. How many tasks are claimed ahead is `prefetch`.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError};

use super::circuit_breaker::{CircuitBreaker, Epoch};
use crate::clock::Clock;
use crate::domain::Tick;

/// So many requests at once: places, one for each worker.
#[derive(Debug)]
pub(super) struct InFlightLimit {
    workers: usize,
    places: Arc<Semaphore>,
}

impl InFlightLimit {
    pub(super) fn new(workers: usize) -> InFlightLimit {
        InFlightLimit { workers, places: Arc::new(Semaphore::new(workers)) }
    }

    /// Requests that are out.
    pub(super) fn busy(&self) -> usize {
        self.workers.saturating_sub(self.places.available_permits())
    }

    /// Nobody gets a place any more: what stands ready goes back unsent. Says whether that is new.
    pub(super) fn close(&self) -> bool {
        let was_open = !self.places.is_closed();
        self.places.close();
        was_open
    }

    /// A place, in the order of asking. None: the time to send by has come, the limit was closed, or the account's breaker
    /// tripped meanwhile.
    pub(super) async fn place(
        &self,
        clock: &dyn Clock,
        send_by: Tick,
        breaker: &CircuitBreaker,
        epoch: Epoch,
    ) -> Option<OwnedSemaphorePermit> {
        match Arc::clone(&self.places).try_acquire_owned() {
            Ok(place) => return Some(place),
            Err(TryAcquireError::Closed) => return None,
            Err(TryAcquireError::NoPermits) => {}
        }
        let place = tokio::select! {
            place = Arc::clone(&self.places).acquire_owned() => place.ok()?,
            () = clock.sleep_until(send_by) => return None,
        };
        breaker.admits(epoch).then_some(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::consequences::Health;

    #[tokio::test]
    async fn an_account_in_doubt_calls_back_what_has_not_left() {
        let clock = crate::clock::SystemClock::shared();
        let (limit, breaker) = (InFlightLimit::new(1), CircuitBreaker::default());
        let send_by = clock.now().tick.after(std::time::Duration::from_secs(3_600));
        let epoch = breaker.epoch();
        let place = limit.place(&*clock, send_by, &breaker, epoch).await;
        assert!(place.is_some() && limit.busy() == 1);
        let (waiting, ()) = tokio::join!(limit.place(&*clock, send_by, &breaker, epoch), async {
            breaker.hear(Health::Tripped);
            drop(place);
        });
        assert!(waiting.is_none());
        assert!(
            limit.place(&*clock, send_by, &breaker, epoch).await.is_some(),
            "who need not wait leaves with its turn"
        );
    }

    #[tokio::test]
    async fn who_stands_ready_goes_back_when_its_time_or_the_run_is_over() {
        let clock = crate::clock::SimulatedClock::shared(crate::domain::Moment::default());
        let (limit, breaker) = (InFlightLimit::new(1), CircuitBreaker::default());
        let place = limit.place(&*clock, Tick(5_000), &breaker, breaker.epoch()).await;
        let (late, ()) = tokio::join!(limit.place(&*clock, Tick(5_000), &breaker, breaker.epoch()), async {
            clock.advance(std::time::Duration::from_secs(6));
        });
        assert!(late.is_none());
        let (closed, first) =
            tokio::join!(limit.place(&*clock, Tick(9_000), &breaker, breaker.epoch()), async { limit.close() });
        assert!(closed.is_none() && first && !limit.close());
        drop(place);
        assert!(limit.place(&*clock, Tick(9_000), &breaker, breaker.epoch()).await.is_none(), "nobody leaves any more");
    }
}
