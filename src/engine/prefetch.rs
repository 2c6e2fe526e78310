//! How many tasks are claimed ahead of the workers, while the turn before is written.
//!
//! A turn takes an fsync, and a task would wait for one to be claimed and for another to be settled, while its worker has
//! nothing to carry. So where limits are far away the dispatcher claims more tasks than there are workers.
//!
//! In: how a turn found the workers. Out: how many tasks to claim beyond them. What does not belong here: slots and budgets.

/// Tasks claimed ahead at most, for each worker.
pub(super) const MAX_AHEAD_PER_WORKER: usize = 2;
/// So many slots must be free beside those just claimed, else the limit may be what limits, and nobody claims ahead: a task that
/// goes back unsent has used a slot.
const MIN_FREE_SLOTS: u64 = 1_000;

/// How many tasks are claimed ahead. It grows while turns find less than a quarter of them still ready, shrinks while they find
/// more than three quarters, and is nothing where the limit or trouble is near.
#[derive(Debug)]
pub(super) struct Prefetch {
    most: usize,
    now: usize,
    /// What the turn before found: more work than room, and slots in plenty.
    plenty: bool,
}

impl Prefetch {
    pub(super) fn new(workers: usize) -> Prefetch {
        Prefetch { most: workers * MAX_AHEAD_PER_WORKER, now: 0, plenty: false }
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

    /// An answer that puts its account in doubt has come in.
    pub(super) fn halt(&mut self) {
        (self.now, self.plenty) = (0, false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_claims_ahead_where_the_limit_is_near() {
        let mut prefetch = Prefetch::new(8);
        for _ in 0..50 {
            prefetch.planned(true, 42);
            prefetch.look(0, 8);
            assert_eq!(prefetch.now(), 0);
            prefetch.planned(false, 1_000_000);
            prefetch.look(0, 8);
            assert_eq!(prefetch.now(), 0, "whoever leaves room unused needs no more of it");
        }
    }

    #[test]
    fn it_grows_while_the_wire_runs_dry_and_shrinks_while_too_many_wait() {
        let mut prefetch = Prefetch::new(64);
        let mut seen = Vec::new();
        for _ in 0..6 {
            prefetch.planned(true, 5_000);
            prefetch.look(0, 64);
            seen.push(prefetch.now());
        }
        assert_eq!(seen, [16, 32, 64, 128, 128, 128]);
        prefetch.planned(true, 5_000);
        prefetch.look(100, 0);
        assert_eq!(prefetch.now(), 96);
        prefetch.look(30, 0);
        assert_eq!(prefetch.now(), 96, "just enough");
        prefetch.look(23, 0);
        assert_eq!(prefetch.now(), 128, "soon too few");
        prefetch.look(100, 0);
        prefetch.halt();
        prefetch.look(0, 64);
        assert_eq!(prefetch.now(), 0, "trouble: only a turn that finds plenty again lets it grow");
    }
}
