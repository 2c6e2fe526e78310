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
}
