//! A server as the run of a schedule in it sees it: where its rows are sent from.
//!
//! In: how a run is sent. Out: its seat in the server's drain. What does not belong here: which runs may begin (`served`).

use std::sync::Arc;

use crate::app::DrainOptions;
use crate::app::request::{RunBounds, RunRequest};
use crate::app::run::{DrainSeat, EventTap, LoadTurn, ServerDrain, ServerSeat};
use crate::config::Settings;

/// A server that runs schedules beside its other work.
#[derive(Clone)]
pub struct ScheduleServer {
    /// Hears of what is sent.
    pub tap: Arc<dyn EventTap>,
    /// How its other jobs are sent.
    pub settings: Arc<Settings>,
    /// Its drain.
    pub drain: Arc<ServerDrain>,
}

/// A run of a schedule within a server, that has the right to load its files.
pub(super) struct ServedRun {
    pub(super) server: ScheduleServer,
    pub(super) turn: LoadTurn,
}

impl ScheduleServer {
    /// Whether other jobs of the server are sent as it has been told to where they are sent as this run is.
    pub(super) fn sends_alike(&self, run: &RunRequest, own: &Settings) -> bool {
        let way = |settings| DrainOptions::of(settings, &RunBounds::default(), None);
        run.load.rows.platform.is_none() && way(own).sends_like(&way(&self.settings))
    }
}

impl ServedRun {
    pub(super) fn tap(&self) -> Arc<dyn EventTap> {
        Arc::clone(&self.server.tap)
    }

    /// Where the rows of a run are sent from that goes by these settings of its own.
    pub(super) fn seat(self, run: &RunRequest, own: &Settings) -> DrainSeat {
        let ServedRun { server, turn } = self;
        let sends_alike = server.sends_alike(run, own);
        let seat = ServerSeat { drain: server.drain, settings: server.settings, turn };
        if sends_alike { DrainSeat::Joined(seat) } else { DrainSeat::Alone(seat) }
    }
}
