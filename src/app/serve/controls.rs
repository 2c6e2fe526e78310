//! What the engine of a server is told while it works, and what it says that it is doing. In: people, signals, a configuration that was
//! read again. Out: the same, for the engine to find. What does not belong here: acting on it.

use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::{Notify, watch};

use super::state::EngineStatus;
use crate::config::Settings;
use crate::engine::Signal;

/// What the process has been told.
#[derive(Clone, Debug, Default)]
pub(super) struct Orders {
    /// Signals to end, oldest first.
    pub(super) end: Vec<Signal>,
    /// How often the configuration was read again.
    pub(super) reloads: u64,
}

/// What the engine is told, and what it says.
#[derive(Debug)]
pub struct ServeControls {
    settings: RwLock<Arc<Settings>>,
    orders: watch::Sender<Orders>,
    /// Somebody wants the engine to try again.
    wake: Notify,
    /// Moves when a person has told a schedule something that does not wait.
    schedules_told: watch::Sender<u64>,
    status: watch::Sender<EngineStatus>,
}

impl ServeControls {
    /// Those of an engine that has not begun.
    pub fn new(settings: Settings) -> Arc<ServeControls> {
        Arc::new(ServeControls {
            settings: RwLock::new(Arc::new(settings)),
            orders: watch::channel(Orders::default()).0,
            wake: Notify::new(),
            schedules_told: watch::channel(0).0,
            status: watch::channel(EngineStatus::default()).0,
        })
    }

    /// What has been decided.
    pub fn settings(&self) -> Arc<Settings> {
        Arc::clone(&self.settings.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The configuration was read again: the engine begins anew with it.
    pub fn reload(&self, settings: Settings) {
        *self.settings.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(settings);
        self.orders.send_modify(|orders| orders.reloads += 1);
    }

    /// The process is to end; each signal is more urgent.
    pub fn end(&self, signal: Signal) {
        self.orders.send_modify(|orders| orders.end.push(signal));
    }

    /// A person wants the engine to try again.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// A person has told a schedule something.
    pub fn tell_schedules(&self) {
        self.schedules_told.send_modify(|times| *times += 1);
    }

    /// What the engine is doing.
    pub fn status(&self) -> watch::Receiver<EngineStatus> {
        self.status.subscribe()
    }

    pub(super) fn set_status(&self, change: impl FnOnce(&mut EngineStatus)) {
        self.status.send_modify(change);
    }

    pub(super) fn orders(&self) -> watch::Receiver<Orders> {
        self.orders.subscribe()
    }

    pub(super) async fn woken(&self) {
        self.wake.notified().await;
    }

    pub(super) fn schedules_told(&self) -> watch::Receiver<u64> {
        self.schedules_told.subscribe()
    }
}
