//! What a load came to, and what a reload did. What does not belong here: finding it out.

/// What a load came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LoadSummary {
    /// Rows read.
    pub rows: u64,
    /// Tasks that are new in line.
    pub added: u64,
    /// Rows that repeat an earlier one.
    pub duplicates: u64,
    /// Rows that cannot be used.
    pub rejected: u64,
    /// Tasks spared by a keep list or another rule.
    pub kept: u64,
}

/// What a reload did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reloaded {
    /// It was applied.
    Applied(ReloadSummary),
    /// It would have cancelled more than half of the rows in line; nothing was changed.
    Shrinks {
        /// So many would have been cancelled.
        vanished: u64,
        /// Of so many in line.
        pending: u64,
    },
}

/// What a reload changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReloadSummary {
    /// Rows read.
    pub rows: u64,
    /// Tasks that are new in line.
    pub added: u64,
    /// Tasks in line whose rows have vanished: cancelled.
    pub cancelled: u64,
    /// Tasks in line again: cancelled ones whose rows came back, and spared ones that nothing spares any more.
    pub restored: u64,
    /// Rows that repeat an earlier one.
    pub duplicates: u64,
    /// Rows that cannot be used.
    pub rejected: u64,
    /// Tasks among them that stood in line until now, or would have with a retry.
    pub held_back: u64,
    /// Tasks that were in line or are new, and are spared now.
    pub kept: u64,
}

/// Whether a reload that cancels `vanished` of `pending` rows looks like a half-written export: more than half of them.
pub const fn shrinks(vanished: u64, pending: u64) -> bool {
    vanished * 2 > pending
}
