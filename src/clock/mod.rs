//! What time it is, injected: the system's clocks, and a simulated pair for tests.
//!
//! In: nothing. Out: [`Moment`]s and sleeps. What does not belong here: deciding anything by them.

mod backoff;
mod zone;

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::Notify;

pub use self::backoff::Backoff;
pub use self::zone::LocalZone;
use crate::domain::{BootId, Moment, Tick, Wall};

/// A sleep that ends at or after a tick.
pub type Sleep<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// Where time comes from.
pub trait Clock: Send + Sync + 'static {
    /// Both clocks, now.
    fn now(&self) -> Moment;
    /// Which boot the ticks count from.
    fn boot(&self) -> BootId;
    /// How long the machine has been suspended since its boot, all times together.
    fn suspended(&self) -> Duration;
    /// Waits until `tick`. May end late by as long as the machine was suspended.
    fn sleep_until(&self, tick: Tick) -> Sleep<'_>;
    /// The same for somebody who waits for an answer, and for no longer than that: a clock that moves on to the next end of a wait has to
    /// let answers come.
    fn sleep_at_most(&self, tick: Tick) -> Sleep<'_> {
        self.sleep_until(tick)
    }
}

/// The clock every room holds.
pub type SharedClock = Arc<dyn Clock>;

/// The machine's clocks.
#[derive(Debug)]
pub struct SystemClock {
    boot: BootId,
}

impl SystemClock {
    /// The machine's clocks, shared.
    pub fn shared() -> SharedClock {
        Arc::new(SystemClock { boot: boot_id() })
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Moment {
        let wall = match SystemTime::now().duration_since(SystemTime::UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
            Err(before) => -i64::try_from(before.duration().as_millis()).unwrap_or(i64::MAX),
        };
        Moment { tick: boot_time(), wall: Wall(wall) }
    }

    fn boot(&self) -> BootId {
        self.boot.clone()
    }

    fn suspended(&self) -> Duration {
        let awake = tick_of(rustix::time::clock_gettime(rustix::time::ClockId::Monotonic));
        boot_time().since(awake)
    }

    fn sleep_until(&self, tick: Tick) -> Sleep<'_> {
        Box::pin(tokio::time::sleep(tick.since(boot_time())))
    }
}

/// Boot-time counts suspend; tokio's clock and `Instant` do not.
#[cfg(target_os = "linux")]
pub(crate) fn boot_time() -> Tick {
    tick_of(rustix::time::clock_gettime(rustix::time::ClockId::Boottime))
}

/// Elsewhere the monotonic clock has to do (on macOS it counts sleep).
#[cfg(not(target_os = "linux"))]
pub(crate) fn boot_time() -> Tick {
    tick_of(rustix::time::clock_gettime(rustix::time::ClockId::Monotonic))
}

fn tick_of(time: rustix::time::Timespec) -> Tick {
    Tick(time.tv_sec * 1000 + time.tv_nsec / 1_000_000)
}

#[cfg(target_os = "linux")]
fn boot_id() -> BootId {
    let kernel = std::fs::read_to_string("/proc/sys/kernel/random/boot_id");
    kernel.map_or_else(|_| unknown_boot(), |id| BootId(id.trim().to_owned()))
}

#[cfg(not(target_os = "linux"))]
fn boot_id() -> BootId {
    unknown_boot()
}

/// A boot nobody can name is a new one each time: slots of earlier runs then count from here, which only waits longer.
fn unknown_boot() -> BootId {
    BootId(format!("unknown-{:016x}", fastrand::u64(..)))
}

/// A clock that moves only when it is told to.
#[derive(Debug)]
pub struct SimulatedClock {
    state: Mutex<(Moment, BootId, Duration)>,
    moved: Notify,
}

impl SimulatedClock {
    /// A clock at `start`, shared.
    pub fn shared(start: Moment) -> Arc<SimulatedClock> {
        Arc::new(SimulatedClock {
            state: Mutex::new((start, BootId("simulated-1".into()), Duration::ZERO)),
            moved: Notify::new(),
        })
    }

    /// Lets time pass, on both clocks.
    pub fn advance(&self, by: Duration) {
        self.change(|(moment, ..)| {
            moment.tick = moment.tick.after(by);
            moment.wall = moment.wall.after(by);
        });
    }

    /// The machine sleeps: time passes on both clocks, and nothing runs.
    pub fn suspend(&self, by: Duration) {
        self.change(|(moment, _, asleep)| {
            moment.tick = moment.tick.after(by);
            moment.wall = moment.wall.after(by);
            *asleep += by;
        });
    }

    /// Somebody sets the wall clock.
    pub fn set_wall(&self, wall: Wall) {
        self.change(|(moment, ..)| moment.wall = wall);
    }

    /// The machine boots again after `off`: ticks begin anew, the wall clock goes on.
    pub fn reboot(&self, boot: &str, off: Duration) {
        self.change(|(moment, id, asleep)| {
            *asleep = Duration::ZERO;
            moment.wall = moment.wall.after(off);
            moment.tick = Tick(0);
            *id = BootId(boot.to_owned());
        });
    }

    fn change(&self, change: impl FnOnce(&mut (Moment, BootId, Duration))) {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
        self.moved.notify_waiters();
    }
}

impl Clock for SimulatedClock {
    fn now(&self) -> Moment {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).0
    }

    fn boot(&self) -> BootId {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).1.clone()
    }

    fn suspended(&self) -> Duration {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).2
    }

    fn sleep_until(&self, tick: Tick) -> Sleep<'_> {
        Box::pin(async move {
            loop {
                let moved = self.moved.notified();
                if self.now().tick >= tick {
                    return;
                }
                moved.await;
            }
        })
    }
}
