//! Pass 2: the rows, one at a time, in constant memory.

use super::damage::Suspicion;
use super::row_parser::{Judged, Opened};
use super::stored::store_into;
use super::{Fault, JobFileError, ReadOptions, Rejection, RepostIds, Source};
use crate::domain::{AccountName, Action, Target};

/// A row of a job file.
#[derive(Debug)]
pub struct Row<'a> {
    /// The physical line where the record begins, from 1, header counted.
    pub line: u64,
    /// A task, or why not.
    pub verdict: RowVerdict<'a>,
    /// The raw cells for the receipts, as [`cells_from_stored`](super::cells_from_stored) reads them. None where the file has
    /// one column and the cell is the target's text and nothing else.
    pub cells: Option<&'a str>,
}

/// What a row is.
#[derive(Debug)]
pub enum RowVerdict<'a> {
    /// Something to do.
    Task {
        /// What.
        action: Action,
        /// By whom; none where the row leaves it to the default.
        account: Option<&'a AccountName>,
        /// To whom or what.
        target: Target,
        /// Of a repost, both its IDs, where the row has columns for them.
        repost: Option<RepostIds>,
    },
    /// An unusable row.
    Rejected {
        /// Why, and what to do.
        rejection: Rejection,
        /// What an earlier reading of it may have made of it; none where it names no target.
        task: Option<RowTask<'a>>,
    },
}

/// What a row names, whether it can be used or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowTask<'a> {
    /// What would be done.
    pub action: Action,
    /// By whom; none where the row leaves it to the default.
    pub account: Option<&'a AccountName>,
    /// To whom or what.
    pub target: Target,
}

/// The rows of a file. Ends with an error if the file is not the one that was surveyed.
pub struct Rows {
    opened: Opened,
    suspicion: Suspicion,
    /// The last row is rejected as cut off.
    is_cut_off: bool,
    sha256: [u8; 32],
    cells: String,
    has_ended: bool,
}

impl Rows {
    pub(super) fn open(
        source: &Source,
        options: &ReadOptions,
        (suspicion, is_cut_off): (Suspicion, bool),
        sha256: [u8; 32],
    ) -> Result<Rows, JobFileError> {
        let opened = Opened::open(source, options)?;
        Ok(Rows { opened, suspicion, is_cut_off, sha256, cells: String::new(), has_ended: false })
    }

    /// The next row; none at the end. It borrows the reader's buffers: no row is allocated.
    ///
    /// # Errors
    /// The file cannot be read or has changed since the survey. Nothing of it may be kept then.
    #[expect(clippy::should_implement_trait, reason = "rows borrow from the reader, which Iterator cannot say")]
    pub fn next(&mut self) -> Result<Option<Row<'_>>, JobFileError> {
        if self.has_ended {
            return Ok(None);
        }
        let judged = match self.opened.next_row() {
            Ok(Some(judged)) => judged,
            Ok(None) => return self.end().map(|()| None),
            Err(error) => {
                self.has_ended = true;
                return Err(error);
            }
        };
        let (records, judge) = (&self.opened.records, &self.opened.judge);
        let reject = |fault, action, column, task| RowVerdict::Rejected {
            rejection: judge.rejection(fault, action, column, records.record()),
            task,
        };
        let mut is_stored = true;
        let verdict = match judged {
            Judged::Task { action, account, target, is_typed, repost, misfit, is_plain, column } => {
                let account = account.and_then(|number| judge.account(number));
                let cut = || (self.is_cut_off && records.cut_byte().is_some()).then_some(Fault::CutOff);
                let typed = match target {
                    Target::Id(id) if is_typed => Some(id),
                    _ => None,
                };
                let damage = || typed.and_then(|id| self.suspicion.of(id)).map(Fault::from);
                match misfit.or_else(cut).or_else(damage) {
                    Some(fault) => reject(fault, Some(action), column, Some(RowTask { action, account, target })),
                    None => {
                        is_stored = !is_plain;
                        RowVerdict::Task { action, account, target, repost: repost.map(|ids| *ids) }
                    }
                }
            }
            Judged::Rejected { fault, action, column } => reject(fault, action, column, None),
        };
        if is_stored {
            store_into(&mut self.cells, records.record().iter());
        }
        Ok(Some(Row { line: records.line(), verdict, cells: is_stored.then_some(self.cells.as_str()) }))
    }

    fn end(&mut self) -> Result<(), JobFileError> {
        self.has_ended = true;
        if self.opened.records.sha256() == self.sha256 {
            return Ok(());
        }
        Err(JobFileError::Changed { path: self.opened.records.path().to_owned() })
    }
}
