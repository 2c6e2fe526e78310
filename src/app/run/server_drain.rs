//! The drain of a server, as runs within it see it: some join it as a group of jobs with terms of their own, others have the queue to
//! themselves for a while.
//!
//! In: groups, from runs that have loaded their rows. Out: how each group ended. What does not belong here: draining (`serve`).

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};

use tokio::sync::{Mutex, Notify, OwnedMutexGuard, oneshot};

use crate::app::signals::Signals;
use crate::config::Settings;
use crate::domain::MicroUsd;
use crate::engine::{Finish, JobGroup, Signal};
use crate::error::CommandError;
use crate::store::{DrainLock, QueuePlace, StoreError};

/// Where the rows of a run are sent from.
#[derive(Default)]
pub enum DrainSeat {
    /// A drain of its own; no other process may be draining.
    #[default]
    Own,
    /// A drain of its own within a server, which sends nothing else meanwhile.
    Alone(ServerSeat),
    /// The drain of a server, beside its other jobs.
    Joined(ServerSeat),
}

/// The same, once nothing else is in the way of draining.
pub(super) enum HeldSeat {
    Own(DrainLock),
    Alone(ServerSeat),
    Joined(ServerSeat),
}

/// A run's way into the drain of a server.
pub struct ServerSeat {
    /// That drain.
    pub drain: Arc<ServerDrain>,
    /// What the server had been told when the run began.
    pub settings: Arc<Settings>,
    /// The right to read files and to load them, which runs of a server have one after the other.
    pub turn: LoadTurn,
}

/// The right to read files and to load them within a server; until it is dropped.
#[derive(Debug)]
pub struct LoadTurn {
    _held: OwnedMutexGuard<()>,
}

/// Jobs that are to be worked off in the drain of a server.
#[derive(Debug)]
pub struct GroupRequest {
    /// Which, and within which bounds.
    pub group: JobGroup,
    /// What the server had been told when their run began.
    pub settings: Arc<Settings>,
    /// Who waits for their end.
    pub ended: oneshot::Sender<GroupFinish>,
}

/// How jobs ended in the drain of a server.
#[derive(Debug)]
pub struct GroupFinish {
    /// As if they had been all that was drained.
    pub finish: Result<Finish, CommandError>,
    /// Requests and money that are known of.
    pub usage: (u64, MicroUsd),
}

/// The drain of a server.
#[derive(Debug)]
pub struct ServerDrain {
    /// Held by whoever drains.
    lock: Arc<Mutex<DrainLock>>,
    /// Held by whoever reads and loads files.
    loads: Arc<Mutex<()>>,
    requests: std::sync::Mutex<Vec<GroupRequest>>,
    wants_alone: AtomicBool,
    wanted: Notify,
}

impl ServerDrain {
    /// That of a server which has the right to drain the queue.
    pub fn new(lock: DrainLock) -> Arc<ServerDrain> {
        Arc::new(ServerDrain {
            lock: Arc::new(Mutex::new(lock)),
            loads: Arc::default(),
            requests: std::sync::Mutex::default(),
            wants_alone: AtomicBool::new(false),
            wanted: Notify::new(),
        })
    }

    /// The right to load files; none while another run has it.
    pub fn try_load_turn(&self) -> Option<LoadTurn> {
        Arc::clone(&self.loads).try_lock_owned().ok().map(|held| LoadTurn { _held: held })
    }

    /// The right to drain; none while a run has the queue to itself.
    pub fn try_turn(&self) -> Option<OwnedMutexGuard<DrainLock>> {
        Arc::clone(&self.lock).try_lock_owned().ok()
    }

    /// The right to drain, as soon as nobody else has it.
    pub async fn turn(&self) -> OwnedMutexGuard<DrainLock> {
        Arc::clone(&self.lock).lock_owned().await
    }

    /// What runs have asked for since it was last taken.
    pub fn take_requests(&self) -> Vec<GroupRequest> {
        std::mem::take(&mut self.requests.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether a run wants to join the drain, or to have the queue to itself; or has it.
    pub fn is_wanted(&self) -> bool {
        self.wants_alone.load(Ordering::Relaxed)
            || !self.requests.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// Waits until a run may want something; a run that has come since this was last waited for counts.
    pub async fn wanted(&self) {
        self.wanted.notified().await;
    }

    /// The right to drain for a run that sends in another way than the server: the server ends its own drain for it.
    pub(super) async fn alone(self: &Arc<Self>) -> AloneTurn {
        let wish = AloneWish::of(self);
        self.wanted.notify_one();
        AloneTurn { lock: self.turn().await, _wish: wish }
    }
}

/// The right to drain, for one run alone.
pub(super) struct AloneTurn {
    lock: OwnedMutexGuard<DrainLock>,
    _wish: AloneWish,
}

/// A run has the queue to itself, or waits for that.
struct AloneWish(Arc<ServerDrain>);

impl AloneTurn {
    pub(super) fn lock(&self) -> DrainLock {
        self.lock.share()
    }
}

impl AloneWish {
    fn of(drain: &Arc<ServerDrain>) -> AloneWish {
        drain.wants_alone.store(true, Ordering::Relaxed);
        AloneWish(Arc::clone(drain))
    }
}

impl Drop for AloneWish {
    fn drop(&mut self) {
        self.0.wants_alone.store(false, Ordering::Relaxed);
    }
}

impl DrainSeat {
    /// Takes the right to drain the queue at `queue`, where that is not the server's already.
    pub(super) async fn held(self, queue: &QueuePlace) -> Result<HeldSeat, StoreError> {
        Ok(match self {
            DrainSeat::Own => HeldSeat::Own(DrainLock::take(queue).await?),
            DrainSeat::Alone(seat) => HeldSeat::Alone(seat),
            DrainSeat::Joined(seat) => HeldSeat::Joined(seat),
        })
    }

    /// The signal that ends the reading of files. One that comes to a command of its own ends the process.
    pub(super) fn signal(&self) -> Result<impl Future<Output = Signal> + use<>, CommandError> {
        let mut signals = match self {
            DrainSeat::Own => None,
            DrainSeat::Alone(_) | DrainSeat::Joined(_) => Some(Signals::listen()?),
        };
        Ok(async move {
            match &mut signals {
                Some(signals) => signals.first().await,
                None => std::future::pending().await,
            }
        })
    }
}

impl ServerSeat {
    /// Hands jobs over that have been loaded, and waits for their end. The next run may load its files from here on. None: the server
    /// has gone.
    pub(super) async fn join(self, group: JobGroup) -> Option<GroupFinish> {
        let ServerSeat { drain, settings, turn } = self;
        let (ended, end) = oneshot::channel();
        let request = GroupRequest { group, settings, ended };
        drain.requests.lock().unwrap_or_else(PoisonError::into_inner).push(request);
        drain.wanted.notify_one();
        drop(turn);
        end.await.ok()
    }
}
