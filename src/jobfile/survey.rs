//! Pass 1: what a whole file is. Nothing is queued before this has said yes.

use super::damage::{self, JUDGED, Tally, Verdict};
use super::judge::{Judge, Judged, Opened};
use super::rejection::cell;
use super::{Encoding, Fault, JobFileError, MAX_EXAMPLES, ReadOptions, Rejection, Rows, Source};
use crate::domain::{AccountName, Action, Target};

const ACTIONS: usize = Action::ALL.len();
const FAULTS: usize = Fault::ALL.len();

/// How many usable rows one account has of one action, duplicates included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaneCount {
    /// What is done.
    pub action: Action,
    /// Who does it; none where the row leaves it to the default.
    pub account: Option<AccountName>,
    /// Usable rows.
    pub rows: u64,
    /// The physical line of the first of them, from 1, header counted.
    pub first_line: u64,
}

/// A rejected row, in full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// The physical line where the record begins, from 1, header counted.
    pub line: u64,
    /// What is wrong with it.
    pub rejection: Rejection,
}

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
    /// Usable rows by action and account.
    pub lanes: Vec<LaneCount>,
    /// Usable rows that name a handle.
    pub handles: u64,
    /// Rows with cells that are not UTF-8; they are read as Windows-1252.
    pub windows_1252_rows: u64,
    verdict: Verdict,
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
        let mut counts = Counts::default();
        while let Some(judged) = opened.next_row()? {
            counts.add(&judged, &opened);
        }
        let verdict = counts.tally.verdict();
        let judge = &opened.judge;
        let (rejected_by_fault, lanes) = counts.settle(verdict, judge);
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
            lanes,
            handles: counts.handles,
            windows_1252_rows: counts.windows_1252_rows,
            examples: counts.examples(verdict),
            verdict,
            options: options.clone(),
        })
    }

    /// Why nothing of this file is queued: no usable row, or a rejected one under `--strict`.
    pub fn refusal(&self, strict: bool) -> Option<JobFileError> {
        let path = || self.path.clone();
        if self.rows == 0 {
            return Some(JobFileError::NoRows { path: path() });
        }
        if self.usable == 0 {
            return Some(JobFileError::NoUsableRow { path: path(), rows: self.rows });
        }
        let refused = strict && self.rejected > 0;
        refused.then(|| JobFileError::Strict { path: path(), rejected: self.rejected, rows: self.rows })
    }

    /// Pass 2: the rows, with this survey's judgement of the whole file.
    ///
    /// # Errors
    /// As for [`Survey::of`]; a file that has changed since is told at the latest at its end.
    pub fn rows(&self, source: &Source) -> Result<Rows, JobFileError> {
        Rows::open(source, &self.options, self.verdict, self.sha256)
    }
}

/// What pass 1 counts. Suspects are counted apart until the whole file is known.
#[derive(Default)]
struct Counts {
    rows: u64,
    windows_1252_rows: u64,
    handles: u64,
    tally: Tally,
    faults: [u64; FAULTS],
    /// By account (0: none named), then action: all tasks, and those among them that end in zeros, by length.
    lanes: Vec<[LaneTally; ACTIONS]>,
    rejected: Vec<Example>,
    suspects: [Vec<Example>; JUDGED],
}

#[derive(Clone, Copy, Default)]
struct LaneTally {
    rows: u64,
    first_line: u64,
    suspects: [u64; JUDGED],
}

impl Counts {
    #[inline]
    fn add(&mut self, judged: &Judged, opened: &Opened) {
        self.rows += 1;
        let record = opened.records.record();
        let example = |fault, action, column| Example {
            line: opened.records.line(),
            rejection: Rejection::of(fault, action, opened.judge.header.name(column), cell(record, column)),
        };
        match judged {
            Judged::Task { action, account, digits, is_plain, column, target } => {
                self.handles += u64::from(matches!(target, Target::Handle(_)));
                if !is_plain {
                    self.count_encoding(record);
                }
                let slot = account.map_or(0, |number| number + 1);
                if self.lanes.len() <= slot {
                    self.lanes.resize_with(slot + 1, Default::default);
                }
                let lane = &mut self.lanes[slot][*action as usize];
                if lane.rows == 0 {
                    lane.first_line = opened.records.line();
                }
                lane.rows += 1;
                if let Some(id) = digits
                    && self.tally.count(*id)
                    && let Some(index) = damage::index(id.digits())
                {
                    lane.suspects[index] += 1;
                    if self.suspects[index].len() < MAX_EXAMPLES {
                        self.suspects[index].push(example(Fault::RoundedZeros, Some(*action), *column));
                    }
                }
            }
            Judged::Rejected { fault, action, column } => {
                self.count_encoding(record);
                self.tally.scientific += u64::from(*fault == Fault::ScientificNotation);
                self.faults[*fault as usize] += 1;
                if self.rejected.len() < MAX_EXAMPLES {
                    self.rejected.push(example(*fault, *action, *column));
                }
            }
        }
    }

    fn count_encoding(&mut self, record: &csv::ByteRecord) {
        let legacy = !record.as_slice().is_ascii() && record.iter().any(|cell| std::str::from_utf8(cell).is_err());
        self.windows_1252_rows += u64::from(legacy);
    }

    /// Moves the suspects to where the verdict puts them.
    fn settle(&mut self, verdict: Verdict, judge: &Judge) -> (Vec<(Fault, u64)>, Vec<LaneCount>) {
        let mut lanes = Vec::new();
        for (slot, actions) in self.lanes.iter().enumerate() {
            for (action, lane) in Action::ALL.into_iter().zip(actions) {
                let condemned: u64 =
                    (0..JUDGED).filter(|index| verdict.rejects_index(*index)).map(|index| lane.suspects[index]).sum();
                self.faults[Fault::RoundedZeros as usize] += condemned;
                let account = slot.checked_sub(1).and_then(|number| judge.account(number)).cloned();
                if lane.rows > condemned {
                    lanes.push(LaneCount { action, account, rows: lane.rows - condemned, first_line: lane.first_line });
                }
            }
        }
        let counted = Fault::ALL.into_iter().map(|fault| (fault, self.faults[fault as usize]));
        let mut faults: Vec<(Fault, u64)> = counted.filter(|(_, rows)| *rows > 0).collect();
        faults.sort_by_key(|(_, rows)| std::cmp::Reverse(*rows));
        (faults, lanes)
    }

    /// The first rejected rows in the file's order.
    fn examples(self, verdict: Verdict) -> Vec<Example> {
        let mut examples = self.rejected;
        for (index, suspects) in self.suspects.into_iter().enumerate() {
            if verdict.rejects_index(index) {
                examples.extend(suspects);
            }
        }
        examples.sort_by_key(|example| example.line);
        examples.truncate(MAX_EXAMPLES);
        examples
    }
}
