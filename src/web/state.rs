//! What every handler stands on.

use std::sync::Arc;

use tokio::sync::{Notify, Semaphore, watch};

use super::access::{AllowedHosts, Devices, NoRandom, Password, RandomToken, Sessions, Tries};
use super::connect::LoginAttempts;
use super::event_counters::EventCounters;
use super::lists::{Lists, Readings};
use super::root::Root;
use super::uploads::Uploads;
use crate::app::serve::{EngineStatus, ServeControls};
use crate::clock::SharedClock;
use crate::config::Settings;
use crate::domain::{Secret, Wall};
use crate::error::CommandError;
use crate::store::{AuditEvent, QueuePlace, Store};

/// Browsers that hear of events at the same time.
const MAX_SUBSCRIBERS: usize = 32;
/// Receipts written at the same time.
const MAX_REPORTS: usize = 2;

/// How somebody comes in.
#[derive(Clone, Debug)]
pub enum LoginMethod {
    /// By the one-time link.
    Link,
    /// By the password.
    Password(Password),
}

/// What a dashboard is made of.
pub struct Setup {
    /// The names it is known under.
    pub places: AllowedHosts,
    /// Where it stands.
    pub root: Root,
    /// How somebody comes in.
    pub entry: LoginMethod,
    /// Lets a scraper read `/metrics` without a session.
    pub metrics_token: Option<Secret>,
    /// The browsers that have logged in with the password before.
    pub devices: Devices,
    /// The queue, on a connection of its own.
    pub store: Store,
    /// The time.
    pub clock: SharedClock,
    /// The local time zone.
    pub zone: jiff::tz::TimeZone,
    /// The engine's events, counted.
    pub hub: EventCounters,
    /// What the engine is told, and what it is doing.
    pub controls: Arc<ServeControls>,
}

/// What every handler stands on.
pub struct Web {
    pub(super) places: AllowedHosts,
    pub(super) root: Root,
    pub(super) entry: LoginMethod,
    pub(super) metrics_token: Option<Secret>,
    pub(super) sessions: Sessions,
    pub(super) devices: Devices,
    pub(super) tries: Tries,
    pub(super) clock: SharedClock,
    pub(super) zone: jiff::tz::TimeZone,
    pub(super) hub: EventCounters,
    pub(super) engine: watch::Receiver<EngineStatus>,
    controls: Arc<ServeControls>,
    pub(super) uploads: Uploads,
    pub(super) lists: Lists,
    /// Jobs whose account's lists are read again.
    pub(super) verifying: Readings,
    pub(super) logins: LoginAttempts,
    pub(super) subscribers: Arc<Semaphore>,
    pub(super) reports: Arc<Semaphore>,
    /// Only one password is stretched at a time: each takes 19 MiB.
    pub(super) stretching: Arc<Semaphore>,
    /// Moves when a page would look different.
    pub(super) changed: watch::Sender<u64>,
    pub(super) started: Wall,
    queue: QueuePlace,
    /// For reading; commands open their own, for they may take long.
    store: tokio::sync::Mutex<Store>,
    /// The one-time link was used.
    link_used: Notify,
}

impl Web {
    /// Puts it together.
    pub fn new(setup: Setup) -> Arc<Web> {
        let Setup { places, root, entry, metrics_token, devices, store, clock, zone, hub, controls } = setup;
        let now = clock.now();
        let queue = store.place().clone();
        Arc::new(Web {
            places,
            root,
            entry,
            metrics_token,
            sessions: Sessions::default(),
            devices,
            tries: Tries::default(),
            uploads: Uploads::beside(queue.local_path(), now.wall),
            lists: Lists::beside(queue.local_path()),
            verifying: Readings::default(),
            logins: LoginAttempts::default(),
            clock,
            zone,
            hub,
            engine: controls.status(),
            controls,
            subscribers: Arc::new(Semaphore::new(MAX_SUBSCRIBERS)),
            reports: Arc::new(Semaphore::new(MAX_REPORTS)),
            stretching: Arc::new(Semaphore::new(1)),
            changed: watch::channel(0).0,
            started: now.wall,
            queue,
            store: tokio::sync::Mutex::new(store),
            link_used: Notify::new(),
        })
    }

    /// A new one-time link, good for [`LINK_SECONDS`](super::access::LINK_SECONDS); the one before is void.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub fn new_link(&self) -> Result<String, NoRandom> {
        let token: RandomToken = self.sessions.new_link(self.clock.now().tick)?;
        Ok(format!("{}/login?token={}", self.places.address(), token.expose()))
    }

    /// Waits until the one-time link has been used.
    pub async fn link_used(&self) {
        self.link_used.notified().await;
    }

    pub(super) fn note_link_used(&self) {
        self.link_used.notify_one();
    }

    pub(super) fn wake_engine(&self) {
        self.controls.wake();
    }

    pub(super) fn tell_schedules(&self) {
        self.controls.tell_schedules();
    }

    /// Something has changed that pages show.
    pub fn note_change(&self) {
        self.changed.send_modify(|version| *version += 1);
    }

    /// What has been decided.
    pub fn settings(&self) -> Arc<Settings> {
        self.controls.settings()
    }

    /// The queue, for reading; others wait meanwhile, so not for long.
    pub(super) async fn read_store(&self) -> tokio::sync::MutexGuard<'_, Store> {
        self.store.lock().await
    }

    /// The queue once more, for a command.
    pub(super) async fn write_store(&self) -> Result<Store, CommandError> {
        Ok(Store::reopen(&self.queue).await?)
    }

    /// Writes down what was done. It has been done: what cannot be written down is told in the log of the process, for a page that spoke of
    /// trouble would be believed to mean that it was not.
    pub(super) async fn log_audit_event(&self, store: &mut Store, deed: &AuditEvent<'_>) {
        if let Err(error) = store.admin().log_audit_event(self.clock.now().wall, deed).await {
            tracing::error!(%error, deed = deed.deed, "done, but it could not be written to the audit log");
        }
    }

    /// Tells pages of what the engine is doing now. Never ends while there is one.
    pub async fn watch_engine(&self) {
        let mut engine = self.engine.clone();
        while engine.changed().await.is_ok() {
            self.note_change();
        }
    }

    /// Tells pages of what other connections have written, and drops uploads that nobody has queued, once a second. Never ends.
    pub async fn watch_queue(&self) -> Result<(), CommandError> {
        const LOOK_EVERY: std::time::Duration = std::time::Duration::from_secs(1);
        let mut seen = 0;
        loop {
            let version = self.read_store().await.read().data_version().await?;
            if version != seen {
                seen = version;
                self.note_change();
            }
            let now = self.clock.now().tick;
            self.uploads.drop_old(now);
            self.clock.sleep_until(now.after(LOOK_EVERY)).await;
        }
    }
}
