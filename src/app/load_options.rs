//! How files are loaded.

use super::row_filter::RowRules;

/// How files are loaded.
#[derive(Debug, Default)]
pub struct LoadOptions {
    /// A finished job starts over.
    pub again: bool,
    /// A reload may cancel more than half of what is in line.
    pub allow_shrink: bool,
    /// A file in another place is the job's, which has moved.
    pub moved: bool,
    /// Which rows go on; the others are spared.
    pub rules: RowRules,
    /// How many handles have been asked about: a file that names handles is another one when there is news of them.
    pub handles_asked: u64,
    /// Handles that nobody has become tasks, which the run that loads them settles; else their rows are rejected.
    pub settles_handles: bool,
    /// Handles that nobody has asked about count as tasks: the run that is told of here asks before it loads.
    pub awaits_handles: bool,
    /// A file without one row that can be queued waits for handles that the run could not look up, and is not bad.
    pub leaves_unknown: bool,
}
