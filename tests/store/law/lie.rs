//! Planted faults: what a law that is blind would not see.

/// What a model says wrongly, to show that the law finds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lie {
    /// A row that comes back stays cancelled.
    ReturnedStaysCancelled,
    /// A row that vanishes while it is sent is cancelled.
    SendingIsCancelled,
    /// What comes back unsettled after its row has vanished, or its job was cancelled, stands in line again.
    WithdrawnIsTriedAgain,
    /// The same after a load has spared or rejected its row.
    WithheldIsTriedAgain,
    /// The last of equal rows is the task.
    LastRowIsTheTask,
    /// Whoever dies blames all that were in flight.
    EveryDeathCounts,
    /// What was in flight at a death stops counting when it was to end.
    DeathsEndInTime,
    /// A move is made wherever its task is.
    LateMovesMove,
    /// What is sent takes nothing off an allowance.
    AllowanceStays,
    /// A verdict outlives the end that it speaks of.
    VerdictStays,
    /// To forget a job forgets the slots of its requests.
    SlotsAreForgotten,
}

impl Lie {
    pub(super) const ALL: [Lie; 11] = [
        Lie::ReturnedStaysCancelled,
        Lie::SendingIsCancelled,
        Lie::WithdrawnIsTriedAgain,
        Lie::WithheldIsTriedAgain,
        Lie::LastRowIsTheTask,
        Lie::EveryDeathCounts,
        Lie::DeathsEndInTime,
        Lie::LateMovesMove,
        Lie::AllowanceStays,
        Lie::VerdictStays,
        Lie::SlotsAreForgotten,
    ];
}
