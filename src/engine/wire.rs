//! The wire: so many requests at once, and behind them the tasks that stand ready, claimed while the turn before was written.
//!
//! A turn takes an fsync, and a task would wait for one to be claimed and for another to be settled, while its worker has
//! nothing to carry. So where limits are far away the dispatcher claims ahead: whoever gets no place on the wire waits for one
//! here, and leaves as soon as an answer frees it, without another turn.
//!
//! In: how a turn found the wire. Out: how many tasks to claim beyond the workers; places. What does not belong here: slots and
//! budgets (a task that stands ready has its slot on disk and is counted like one that has left).

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError};

use super::consequences::Health;
use crate::clock::Clock;
use crate::domain::Tick;

/// Tasks claimed ahead at most, for each worker.
pub(super) const MAX_AHEAD_PER_WORKER: usize = 2;
/// So many slots must be free beside those just claimed, else the limit may be what limits, and nobody claims ahead: a task that
/// goes back unsent has used a slot.
const MIN_FREE_SLOTS: u64 = 1_000;

/// Places on the wire, one for each worker.
#[derive(Debug)]
pub(super) struct Wire {
    workers: usize,
    places: Arc<Semaphore>,
}

impl Wire {
    pub(super) fn new(workers: usize) -> Wire {
        Wire { workers, places: Arc::new(Semaphore::new(workers)) }
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

    /// A place on the wire, in the order of asking. None: the time to send by has come, the wire was closed, or the account
    /// was halted meanwhile.
    pub(super) async fn place(
        &self,
        clock: &dyn Clock,
        send_by: Tick,
        gate: &Gate,
        pass: Pass,
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
        gate.admits(pass).then_some(place)
    }
}

/// What one account's claims ahead depend on: they were made in good faith, and answers that shake it call those back that have
/// not left.
#[derive(Debug, Default)]
pub(super) struct Gate {
    halts: AtomicU32,
    doubts_in_a_row: AtomicU32,
}

/// A claim's faith: how often its account had been halted when it was made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pass(u32);

impl Gate {
    /// So many answers in a row that may be the target's or the world's fault are more than chance. Fewer call nobody back, for
    /// a slot that goes back unsent is lost.
    const MAX_DOUBTS_IN_A_ROW: u32 = 3;

    pub(super) fn pass(&self) -> Pass {
        Pass(self.halts.load(Ordering::Relaxed))
    }

    /// Hears an answer the moment it comes in, before the dispatcher does.
    pub(super) fn hear(&self, health: Health) {
        let in_a_row = match health {
            Health::Ok => 0,
            Health::Suspect => self.doubts_in_a_row.load(Ordering::Relaxed) + 1,
            Health::Tripped => Gate::MAX_DOUBTS_IN_A_ROW,
        };
        let halted = in_a_row >= Gate::MAX_DOUBTS_IN_A_ROW;
        self.doubts_in_a_row.store(if halted { 0 } else { in_a_row }, Ordering::Relaxed);
        self.halts.fetch_add(u32::from(halted), Ordering::Relaxed);
    }

    fn admits(&self, pass: Pass) -> bool {
        self.halts.load(Ordering::Relaxed) == pass.0
    }
}

/// How many tasks are claimed ahead. It grows while turns find less than a quarter of them still ready, shrinks while they find
/// more than three quarters, and is nothing where the limit or trouble is near.
#[derive(Debug)]
pub(super) struct Ahead {
    most: usize,
    now: usize,
    /// What the turn before found: more work than room, and slots in plenty.
    plenty: bool,
}

impl Ahead {
    pub(super) fn new(workers: usize) -> Ahead {
        Ahead { most: workers * MAX_AHEAD_PER_WORKER, now: 0, plenty: false }
    }

    pub(super) fn now(&self) -> usize {
        self.now
    }

    /// A turn has been planned: whether it left work behind for want of room, and how many slots were free beside those it took.
    pub(super) fn planned(&mut self, room_used_up: bool, free_slots: u64) {
        self.plenty = room_used_up && free_slots >= MIN_FREE_SLOTS;
        if !self.plenty {
            self.now = 0;
        }
    }

    /// The next turn begins, with so many tasks still ready and so many places free.
    pub(super) fn look(&mut self, ready: usize, free_places: usize) {
        let dry = free_places > 0 || ready < self.now / 4;
        if dry && self.plenty {
            self.now = (self.now * 2).max(self.most / 8).max(1).min(self.most);
        } else if ready > self.now - self.now / 4 {
            self.now -= self.now / 4;
        }
    }

    /// An answer that shakes our faith has come in.
    pub(super) fn halt(&mut self) {
        (self.now, self.plenty) = (0, false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_claims_ahead_where_the_limit_is_near() {
        let mut ahead = Ahead::new(8);
        for _ in 0..50 {
            ahead.planned(true, 42);
            ahead.look(0, 8);
            assert_eq!(ahead.now(), 0);
            ahead.planned(false, 1_000_000);
            ahead.look(0, 8);
            assert_eq!(ahead.now(), 0, "whoever leaves room unused needs no more of it");
        }
    }

    #[test]
    fn it_grows_while_the_wire_runs_dry_and_shrinks_while_too_many_wait() {
        let mut ahead = Ahead::new(64);
        let mut seen = Vec::new();
        for _ in 0..6 {
            ahead.planned(true, 5_000);
            ahead.look(0, 64);
            seen.push(ahead.now());
        }
        assert_eq!(seen, [16, 32, 64, 128, 128, 128]);
        ahead.planned(true, 5_000);
        ahead.look(100, 0);
        assert_eq!(ahead.now(), 96);
        ahead.look(30, 0);
        assert_eq!(ahead.now(), 96, "just enough");
        ahead.look(23, 0);
        assert_eq!(ahead.now(), 128, "soon too few");
        ahead.look(100, 0);
        ahead.halt();
        ahead.look(0, 64);
        assert_eq!(ahead.now(), 0, "trouble: only a turn that finds plenty again lets it grow");
    }

    #[tokio::test]
    async fn an_account_in_doubt_calls_back_what_has_not_left() {
        let clock = crate::clock::SystemClock::shared();
        let (wire, gate) = (Wire::new(1), Gate::default());
        let send_by = clock.now().tick.after(std::time::Duration::from_secs(3_600));
        let pass = gate.pass();
        let place = wire.place(&*clock, send_by, &gate, pass).await;
        assert!(place.is_some() && wire.busy() == 1);
        let (waiting, ()) = tokio::join!(wire.place(&*clock, send_by, &gate, pass), async {
            gate.hear(Health::Tripped);
            drop(place);
        });
        assert!(waiting.is_none());
        assert!(wire.place(&*clock, send_by, &gate, pass).await.is_some(), "who need not wait leaves with its turn");
    }

    #[test]
    fn chance_calls_nobody_back() {
        let gate = Gate::default();
        let pass = gate.pass();
        use Health::{Ok, Suspect};
        for health in [Suspect, Suspect, Ok, Suspect, Suspect] {
            gate.hear(health);
        }
        assert!(gate.admits(pass));
        gate.hear(Suspect);
        assert!(!gate.admits(pass) && gate.admits(gate.pass()));
    }

    #[tokio::test]
    async fn who_stands_ready_goes_back_when_its_time_or_the_run_is_over() {
        let clock = crate::clock::SimulatedClock::shared(crate::domain::Moment::default());
        let (wire, gate) = (Wire::new(1), Gate::default());
        let place = wire.place(&*clock, Tick(5_000), &gate, gate.pass()).await;
        let (late, ()) = tokio::join!(wire.place(&*clock, Tick(5_000), &gate, gate.pass()), async {
            clock.advance(std::time::Duration::from_secs(6));
        });
        assert!(late.is_none());
        let (closed, first) =
            tokio::join!(wire.place(&*clock, Tick(9_000), &gate, gate.pass()), async { wire.close() });
        assert!(closed.is_none() && first && !wire.close());
        drop(place);
        assert!(wire.place(&*clock, Tick(9_000), &gate, gate.pass()).await.is_none(), "nobody leaves any more");
    }
}
