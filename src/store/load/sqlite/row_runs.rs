//! Where rows stand, as runs: one row that came or went moves all below it, and changes two runs.
//!
//! In: places, one by one. Out: runs. What does not belong here: reading ([`super::existing_rows`]) and writing them.

use std::fmt::Write as _;

/// So many tasks from `task` on stand from `line` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) line: i64,
    pub(super) task: i64,
    pub(super) rows: i64,
}

impl Run {
    /// Takes in what follows without a gap.
    pub(super) fn extend(&mut self, next: Run) -> bool {
        let follows = next.line == self.line + self.rows && next.task == self.task + self.rows;
        if follows {
            self.rows += next.rows;
        }
        follows
    }

    /// Leaves so many rows behind.
    pub(super) const fn skip(&mut self, rows: i64) {
        self.line += rows;
        self.task += rows;
        self.rows -= rows;
    }
}

/// Runs as `[line, task, rows]`.
pub(super) fn runs_json(runs: &[Run]) -> String {
    let mut json = String::with_capacity(runs.len() * 24 + 2);
    json.push('[');
    for run in runs {
        let comma = if json.len() > 1 { "," } else { "" };
        // Writing to a String cannot fail.
        let _ = write!(json, "{comma}[{},{},{}]", run.line, run.task, run.rows);
    }
    json.push(']');
    json
}
