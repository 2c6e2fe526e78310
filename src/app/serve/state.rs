//! What the engine of a server is doing, for whoever shows it.

use crate::domain::Wall;
use crate::store::ChangeCounters;

/// What the engine is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum EngineState {
    /// Getting ready.
    #[default]
    Starting,
    /// Nothing is left to send.
    Idle,
    /// Rows are being worked off, or wait for their slot.
    Working,
    /// Everything that is left waits until then.
    Waiting {
        /// Until when.
        until: Wall,
        /// For what, for people.
        why: String,
    },
    /// What is left needs a person.
    NeedsPerson {
        /// What for.
        why: String,
    },
    /// It could not go on.
    Stuck {
        /// What happened, and what to do.
        why: String,
    },
    /// The process is ending.
    Stopping,
}

impl EngineState {
    /// The word in metrics and for style sheets.
    pub const fn name(&self) -> &'static str {
        match self {
            EngineState::Starting => "starting",
            EngineState::Idle => "idle",
            EngineState::Working => "working",
            EngineState::Waiting { .. } => "waiting",
            EngineState::NeedsPerson { .. } => "needs_person",
            EngineState::Stuck { .. } => "stuck",
            EngineState::Stopping => "stopping",
        }
    }

    /// Every word.
    pub const NAMES: [&'static str; 7] =
        ["starting", "idle", "working", "waiting", "needs_person", "stuck", "stopping"];
}

/// What the engine is doing, and what it knew of the queue when it began.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EngineStatus {
    /// What it is doing.
    pub state: EngineState,
    /// The accounts and credentials it works with.
    pub knows: ChangeCounters,
    /// The firings of schedules that it runs, by their numbers.
    pub firings: Vec<i64>,
}
