//! What a drain finds when it begins: the tasks that its predecessor left aside.

use crate::domain::{AccountId, Action, BootId, LaneId, Moment, TaskId, Tick};

/// What a drain found when it began.
#[derive(Debug, Default)]
pub struct DrainStart {
    /// Tasks that were being sent when the process before died, and are sent again after all others of their lanes.
    pub recovered: u64,
    /// Those besides that were alone in flight at three deaths in a row; they have failed.
    pub crashed: u64,
    /// Tasks that stand aside since the process died while they were in flight, those that were in flight last behind the others.
    pub undecided: Vec<CrashedTask>,
    /// Tasks whose refusal nobody has been blamed for yet.
    pub provisional: Vec<ParkedTask>,
    /// Tasks that failed in an outage which is not over, who failed first at the front. They do not stand in line.
    pub aside: Vec<AsideTask>,
    /// Tasks that went back when five refusals in a row stopped their endpoint, who was asked for first at the front. They do not stand
    /// in line.
    pub asked_last: Vec<AsideTask>,
    /// Slots of another boot may still count.
    pub other_boots: bool,
    /// The write-ahead log of an earlier drain was lost.
    pub log_lost: Option<LogLost>,
    /// What is told as news of a lost log comes from this: the queue was restored from a snapshot after the drain before.
    pub was_restored: bool,
    /// When the first drain of this boot took the queue over from the last drain of another boot.
    pub taken_over: Tick,
}

/// A drain noticed that a log was lost: what was sent before is not all on record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLost {
    /// When it began.
    pub noticed: Moment,
    /// By the ticks of which boot.
    pub boot: BootId,
    /// Whether its wall clock agreed with the platform's.
    pub clock_checked: bool,
    /// It is the drain that asks.
    pub is_news: bool,
}

/// A task that stands aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParkedTask {
    /// Which.
    pub task: TaskId,
    /// Its lane.
    pub lane: LaneId,
    /// Its account.
    pub account: AccountId,
    /// What was to be done.
    pub action: Action,
    /// Why it stands aside.
    pub reason: Option<String>,
    /// An earlier attempt may have had its effect without our seeing the answer.
    pub maybe_applied: bool,
}

/// A task that stands aside for its endpoint's outage, or until nothing else of its endpoint is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AsideTask {
    /// Which.
    pub task: TaskId,
    /// Its lane.
    pub lane: LaneId,
    /// Its account.
    pub account: AccountId,
    /// What is to be done.
    pub action: Action,
}

/// A task that was in flight when a process died, and stands aside until nothing else of its lane is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CrashedTask {
    /// Which.
    pub task: TaskId,
    /// Its lane.
    pub lane: LaneId,
    /// It is sent without company.
    pub alone: bool,
}
