//! The engine of a server: loops under one end. One drains whenever there is work; beside it another reads and loads what schedules
//! that are due need, and hands it over; a third copies the queue once a day.

use std::sync::Arc;

use super::controls::ServeControls;
use super::drain_loop::DrainLoop;
use super::schedule_loop::ScheduleLoop;
use super::snapshot_loop::SnapshotLoop;
use crate::app::run::{EventTap, ServerDrain};
use crate::app::{AppDeps, embedded_sandbox};
use crate::config::Overrides;
use crate::error::CommandError;
use crate::store::DrainLock;

/// The engine of a server.
pub struct ServeEngine<'a> {
    drains: DrainLoop<'a>,
    schedules: ScheduleLoop<'a>,
    snapshots: SnapshotLoop<'a>,
}

impl<'a> ServeEngine<'a> {
    /// An engine, and the sandbox where that is what it drains to.
    ///
    /// # Errors
    /// The sandbox cannot listen.
    pub async fn new(
        deps: AppDeps<'a>,
        overrides: &'a Overrides,
        controls: Arc<ServeControls>,
        tap: Arc<dyn EventTap>,
        lock: DrainLock,
    ) -> Result<ServeEngine<'a>, CommandError> {
        let sandbox = embedded_sandbox(deps.settings, deps.clock).await?;
        let drain = ServerDrain::new(lock);
        let schedules = ScheduleLoop::new(deps, overrides, Arc::clone(&controls), Arc::clone(&tap), Arc::clone(&drain));
        let snapshots = SnapshotLoop::new(deps, Arc::clone(&controls));
        Ok(ServeEngine { drains: DrainLoop::new(deps, controls, tap, drain, sandbox), schedules, snapshots })
    }

    /// Works until it is told to end; gives the exit code.
    ///
    /// # Errors
    /// What neither time nor a person nor another configuration mends.
    pub async fn work(self) -> Result<u8, CommandError> {
        let ServeEngine { mut drains, mut schedules, snapshots } = self;
        let ended = tokio::select! {
            ended = drains.work() => ended,
            never = schedules.work() => match never {},
            never = snapshots.work() => match never {},
        };
        // Runs in progress hear of the end, and it is written down how they ended.
        tokio::select! {
            () = schedules.finish(ended.is_err()) => {}
            never = drains.turn_away(&ended) => match never {},
        }
        ended
    }
}
