//! Pass 1: what a whole file is. Nothing is queued before this has said yes.

use super::counts::{Counts, DoubtfulIds, Example, LaneCount};
use super::damage::Suspicion;
use super::row_parser::Opened;
use super::{DamageFinding, Encoding, Fault, JobFileError, ReadOptions, Rows, Source};
use crate::domain::Action;

/// What a file is, counted over all of it.
#[derive(Clone, Debug)]
pub struct Survey {
    /// How messages call the file.
    pub path: String,
    /// SHA-256 of the raw bytes: unchanged is told by content.
    pub sha256: [u8; 32],
    /// The columns' names as they are written; `target_id` where there is no header.
    pub columns: Vec<String>,
    /// Whether the first line is a header.
    pub has_header: bool,
    /// `,`, `;` or a tab.
    pub delimiter: char,
    /// How the text is written.
    pub encoding: Encoding,
    /// The action of rows that name none: `--action`, or without an action column the file's stem.
    pub default_action: Option<Action>,
    /// Rows; blank lines and the header are none. `rows = usable + rejected`.
    pub rows: u64,
    /// Rows that are tasks, duplicates included.
    pub usable: u64,
    /// Rows that are not.
    pub rejected: u64,
    /// Rejected rows by what is wrong with them, the most frequent first.
    pub rejected_by_fault: Vec<(Fault, u64)>,
    /// The first rejected rows, at most [`MAX_EXAMPLES`].
    pub examples: Vec<Example>,
    /// Which IDs look damaged together, by form and length. They are rejected, unless IDs are trusted.
    pub damage: Vec<DamageFinding>,
    /// Usable rows by action and account.
    pub lanes: Vec<LaneCount>,
    /// Usable rows that name their target: by a handle, an address, a link.
    pub names: u64,
    /// Usable rows whose IDs may be the names of users, at platforms with opaque IDs.
    pub doubtful: Option<DoubtfulIds>,
    /// Rows with cells that are not UTF-8; they are read as Windows-1252.
    pub windows_1252_rows: u64,
    suspicion: Suspicion,
    is_cut_off: bool,
    options: ReadOptions,
}

impl Survey {
    /// Reads a whole file once.
    ///
    /// # Errors
    /// The file as a whole cannot be used; see [`JobFileError`]. A file without a usable row is surveyed: see
    /// [`Survey::refusal`].
    pub fn of(source: &Source, options: &ReadOptions) -> Result<Survey, JobFileError> {
        let mut opened = Opened::open(source, options)?;
        let mut counts = Counts::trusting(options.trust_ids);
        while let Some(judged) = opened.next_row()? {
            counts.add(&judged, &opened);
        }
        let judge = &opened.judge;
        let is_cut_off = counts.is_cut_off;
        let proven = counts.suspicion();
        let damage = counts.findings(proven, options.trust_ids);
        let suspicion = if options.trust_ids { Suspicion::default() } else { proven };
        let (rejected_by_fault, lanes) = counts.settle(suspicion, judge);
        let rejected = rejected_by_fault.iter().map(|(_, rows)| rows).sum();
        Ok(Survey {
            path: source.name().to_owned(),
            sha256: opened.records.sha256(),
            columns: judge.header.names.clone(),
            has_header: judge.header.is_written,
            delimiter: char::from(opened.records.delimiter()),
            encoding: opened.records.encoding(),
            default_action: judge.default_action,
            rows: counts.rows,
            usable: counts.rows - rejected,
            rejected,
            rejected_by_fault,
            damage,
            lanes,
            names: counts.names,
            doubtful: counts.doubtful.clone(),
            windows_1252_rows: counts.windows_1252_rows,
            examples: counts.examples(suspicion, judge),
            suspicion,
            is_cut_off,
            options: options.clone(),
        })
    }

    /// The column that the reader would choose by itself; none where there is none, or more than one.
    pub fn chosen_column(source: &Source, options: &ReadOptions) -> Option<String> {
        let options = ReadOptions { column: None, ..options.clone() };
        let judge = Opened::open(source, &options).ok()?.judge;
        let column = judge.header.target(source.name(), judge.default_action?.target_kind()).ok()??;
        Some(judge.header.name(column).to_owned())
    }

    /// Why nothing of this file is queued: no usable row, or a rejected one under `--strict`.
    pub fn refusal(&self, strict: bool) -> Option<JobFileError> {
        let path = || self.path.clone();
        if self.rows == 0 && self.is_empty_list() {
            return None;
        }
        if self.rows == 0 {
            return Some(JobFileError::NoRows { path: path() });
        }
        let unnamed = self.rejected_by_fault.iter().find(|(fault, _)| *fault == Fault::RepostedPostUnknown);
        if let (0, Some((_, reposts))) = (self.usable, unnamed) {
            return Some(JobFileError::RepostsUnnamed { path: path(), rows: self.rows, reposts: *reposts });
        }
        if self.usable == 0 {
            return Some(JobFileError::NoUsableRow {
                path: path(),
                rows: self.rows,
                // The one that most rows have.
                damage: self.damage.iter().copied().max_by_key(|found| found.damaged),
            });
        }
        let refused = strict && self.rejected > 0;
        refused.then(|| JobFileError::Strict { path: path(), rejected: self.rejected, rows: self.rows })
    }

    /// Whether this is a list without an entry: there is nothing to do. Any other file without rows is more likely an export that came out
    /// empty.
    fn is_empty_list(&self) -> bool {
        self.options.is_of_list.is_some_and(|is_of_list| is_of_list(&self.columns))
    }

    /// Whether IDs are taken as they are written, whatever they look like together.
    pub fn trusts_ids(&self) -> bool {
        self.options.trust_ids
    }

    /// Pass 2: the rows, with this survey's judgement of the whole file.
    ///
    /// # Errors
    /// As for [`Survey::of`]; a file that has changed since is told at the latest at its end.
    pub fn rows(&self, source: &Source) -> Result<Rows, JobFileError> {
        Rows::open(source, &self.options, (self.suspicion, self.is_cut_off), self.sha256)
    }
}
