//! What the routes share: the world, the authorization server, the clock.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::bluesky::{BoundAuthServer, Sessions};
use super::field_names::FieldNames;
use super::host_oauth::HostAuthServer;
use super::oauth::AuthServer;
use super::world::World;
use crate::clock::SharedClock;
use crate::domain::Moment;

/// What the routes share.
#[derive(Clone)]
pub(super) struct Platform {
    world: Arc<Mutex<World>>,
    oauth: Arc<Mutex<AuthServer>>,
    host_oauth: Arc<Mutex<HostAuthServer>>,
    sessions: Arc<Mutex<Sessions>>,
    bound: Arc<Mutex<BoundAuthServer>>,
    pub(super) clock: SharedClock,
    pub(super) latency: Option<Duration>,
    pub(super) field_names: FieldNames,
}

impl std::fmt::Debug for Platform {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Platform").field("latency", &self.latency).finish_non_exhaustive()
    }
}

impl Platform {
    pub(super) fn new(
        world: World,
        (oauth, host_oauth, sessions, bound): (AuthServer, HostAuthServer, Sessions, BoundAuthServer),
        clock: SharedClock,
        latency: Option<Duration>,
        field_names: FieldNames,
    ) -> Platform {
        let (world, oauth) = (Arc::new(Mutex::new(world)), Arc::new(Mutex::new(oauth)));
        let (host_oauth, sessions) = (Arc::new(Mutex::new(host_oauth)), Arc::new(Mutex::new(sessions)));
        let bound = Arc::new(Mutex::new(bound));
        Platform { world, oauth, host_oauth, sessions, bound, clock, latency, field_names }
    }

    pub(super) fn oauth(&self) -> MutexGuard<'_, AuthServer> {
        self.oauth.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn host_oauth(&self) -> MutexGuard<'_, HostAuthServer> {
        self.host_oauth.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn sessions(&self) -> MutexGuard<'_, Sessions> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn bound(&self) -> MutexGuard<'_, BoundAuthServer> {
        self.bound.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn now(&self) -> Moment {
        self.clock.now()
    }

    pub(super) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The time is read under the lock, so that arrivals are in order.
    pub(super) fn at_once<T>(&self, work: impl FnOnce(&mut World, Moment) -> T) -> T {
        let mut world = self.world();
        let now = self.clock.now();
        work(&mut world, now)
    }

    pub(super) async fn pause(&self, duration: Duration) {
        if !duration.is_zero() {
            self.clock.sleep_until(self.clock.now().tick.after(duration)).await;
        }
    }
}
