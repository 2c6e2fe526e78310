//! A row of a job file, as the queue sees it.

use crate::domain::{AccountId, Action, Target};

/// A row of a job file, as the queue sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadRow {
    /// The physical line where the record begins, header counted, from 1.
    pub line: u64,
    /// What it asks for.
    pub place: RowPlace,
    /// Its cells as one CSV record, where they say more than the target does.
    pub record: Option<String>,
}

impl LoadRow {
    /// A row without cells is read back from its target's text, as a CSV record of one cell: where that text needs quotes, it is kept as a
    /// record.
    pub(super) fn quote_key(&mut self) {
        if self.record.is_some() {
            return;
        }
        if let RowPlace::Task { target: Target::Key(key), .. }
        | RowPlace::Rejected { task: Some((_, _, Target::Key(key))), .. } = &self.place
            && key.as_str().contains([',', '"'])
        {
            self.record = Some(format!("\"{}\"", key.as_str().replace('"', "\"\"")));
        }
    }
}

/// What a row asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowPlace {
    /// A task.
    Task {
        /// What to do.
        action: Action,
        /// For whom.
        account: AccountId,
        /// To whom.
        target: Target,
        /// The rule that spares it, in one word; none: it stands in line.
        spared: Option<&'static str>,
    },
    /// Nothing: the row cannot be used.
    Rejected {
        /// Why, in one word.
        reason: String,
        /// The task that another reading of the row may have made of it; none where it names none.
        task: Option<(Action, AccountId, Target)>,
    },
}
