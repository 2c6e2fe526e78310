//! A drain that waits for its next slot: what wakes it.

use std::sync::Arc;
use std::time::Duration;

use cleanup::clock::{Clock, SharedClock, Sleep, SystemClock};
use cleanup::domain::{BootId, Moment, Tick};
use cleanup::engine::Stopped;
use cleanup::store::JobState;
use tokio::sync::Notify;

use super::support::{Bench, ids, run};

/// Sleeps longer than this never end.
const LONGEST_SLEEP: Duration = Duration::from_secs(5);

/// The machine's clock, but whoever sleeps for long is not woken by it.
struct Sleepy {
    clock: SharedClock,
    sleeps: Arc<Notify>,
}

impl Clock for Sleepy {
    fn now(&self) -> Moment {
        self.clock.now()
    }

    fn boot(&self) -> BootId {
        self.clock.boot()
    }

    fn suspended(&self) -> Duration {
        self.clock.suspended()
    }

    fn sleep_until(&self, tick: Tick) -> Sleep<'_> {
        if tick.since(self.now().tick) <= LONGEST_SLEEP {
            return self.clock.sleep_until(tick);
        }
        self.sleeps.notify_one();
        Box::pin(std::future::pending())
    }
}

#[cfg(target_os = "linux")]
#[test]
fn who_waits_for_long_hears_of_a_pause_at_once() {
    run(async {
        let mut bench = Bench::new("1/1h", "none").await;
        let sleeps = Arc::new(Notify::new());
        bench.clock = Arc::new(Sleepy { clock: SystemClock::shared(), sleeps: sleeps.clone() });
        let file = bench.write("unfollow.csv", &ids(2));
        bench.load(&file).await;
        let pause = async {
            sleeps.notified().await;
            let mut store = bench.store().await;
            let job = store.queue().job("unfollow").await.unwrap().unwrap();
            store.queue().set_job_state(job.id, JobState::Paused).await.unwrap();
        };
        let both = async { tokio::join!(bench.drain(), pause) };
        let (ended, ()) = tokio::time::timeout(Duration::from_secs(60), both).await.expect("it heard of it");
        assert_eq!(ended.finish.stopped, Stopped::Paused);
        assert_eq!(bench.ledger().users.values().next().unwrap().requests, 1, "the second row waits for its hour");
    });
}
