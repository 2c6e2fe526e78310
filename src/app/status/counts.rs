//! A job's numbers under the names of the contract.

use serde::Serialize;

use crate::store::OutcomeCounts;

/// A job's name and numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct JobCounts {
    /// Its name.
    pub job: String,
    /// Its numbers.
    #[serde(flatten)]
    pub counts: RowCounts,
}

/// Numbers of rows, under the names of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct RowCounts {
    /// All its rows.
    pub rows: u64,
    /// The effect is confirmed.
    pub done: u64,
    /// The target no longer exists.
    pub gone: u64,
    /// Given up.
    pub failed: u64,
    /// Cancelled.
    pub cancelled: u64,
    /// Spared by a keep list.
    pub kept: u64,
    /// Repeats of an earlier row.
    pub duplicate: u64,
    /// Unusable rows.
    pub rejected: u64,
    /// Not settled.
    pub pending: u64,
}

impl JobCounts {
    /// The numbers of the job `name`.
    pub fn new(name: &str, counts: &OutcomeCounts) -> JobCounts {
        JobCounts { job: name.to_owned(), counts: RowCounts::from(counts) }
    }
}

impl From<&OutcomeCounts> for RowCounts {
    fn from(counts: &OutcomeCounts) -> RowCounts {
        let OutcomeCounts { done, gone, failed, cancelled, kept, duplicate, rejected, pending } = *counts;
        RowCounts { rows: counts.rows(), done, gone, failed, cancelled, kept, duplicate, rejected, pending }
    }
}

impl RowCounts {
    /// The numbers that are not zero, as a person says them: `97 done, 2 gone, 1 failed`.
    pub fn phrase(&self) -> String {
        let all = [
            (self.done, "done"),
            (self.gone, "gone"),
            (self.failed, "failed"),
            (self.cancelled, "cancelled"),
            (self.kept, "kept"),
            (self.duplicate, "duplicate"),
            (self.rejected, "rejected"),
            (self.pending, "pending"),
        ];
        let said: Vec<String> = all.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}")).collect();
        if said.is_empty() { "no rows".to_owned() } else { said.join(", ") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_told_only_what_there_is() {
        let counts =
            OutcomeCounts { done: 97, gone: 2, failed: 1, duplicate: 10, rejected: 10, ..OutcomeCounts::default() };
        assert_eq!(RowCounts::from(&counts).phrase(), "97 done, 2 gone, 1 failed, 10 duplicate, 10 rejected");
        assert_eq!(RowCounts::from(&OutcomeCounts::default()).phrase(), "no rows");
    }
}
