//! How much of a file is loaded, or looked at, at once.

/// Rows in one statement.
pub const ROWS_PER_STATEMENT: usize = 10_000;
/// Rows in one transaction; about 50 ms of the write lock.
pub(in crate::store) const ROWS_PER_TRANSACTION: i64 = 50_000;

/// How much of a load a reload looks at at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReloadSizes {
    /// Old rows in one page.
    pub rows_per_page: usize,
    /// With more rows left over, the files have little in common and the rest is compared by sorting.
    pub max_left_over: usize,
    /// An old row that the file no longer has is seen by looking so many rows ahead.
    pub rows_ahead: usize,
    /// After so many misses in a row the rows may stand in another order, and are looked up.
    pub misses_before_search: usize,
    /// Changed rows in one transaction. They lie scattered: each may dirty a page of its own, so fewer of them than of new
    /// rows fill as much of the lock's time.
    pub rows_per_batch: i64,
}

impl ReloadSizes {
    /// What the program uses.
    pub const RELEASE: ReloadSizes = ReloadSizes {
        rows_per_page: 10_000,
        max_left_over: 200_000,
        rows_ahead: 16,
        misses_before_search: 8,
        rows_per_batch: 5_000,
    };
    /// So small that files of a few rows cross every border and tests die between batches.
    pub const TINY: ReloadSizes =
        ReloadSizes { rows_per_page: 7, max_left_over: 20, rows_ahead: 2, misses_before_search: 1, rows_per_batch: 3 };
}

impl Default for ReloadSizes {
    /// Debug builds, which are what the tests run, take tiny ones.
    fn default() -> ReloadSizes {
        if cfg!(debug_assertions) { ReloadSizes::TINY } else { ReloadSizes::RELEASE }
    }
}
