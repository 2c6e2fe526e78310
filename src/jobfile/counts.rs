//! What pass 1 counts, row by row. Rows whose IDs may be damaged are counted apart until the whole file is known.

use super::cut::RowsBefore;
use super::damage::{DamageFinding, DamageForm, Forms, LENGTHS, SHAPES, Suspicion, Tally, digits_of};
use super::rejection::cell;
use super::row_parser::{Judge, Judged, Opened};
use super::{Fault, MAX_EXAMPLES, Rejection};
use crate::domain::{AccountName, Action, Target};

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

/// Rows of which the cell is an ID by its form, and may as well be the name of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DoubtfulIds {
    /// How many.
    pub rows: u64,
    /// The physical line of the first of them.
    pub line: u64,
    /// What it has there. Foreign text.
    pub text: String,
}

const ACTIONS: usize = Action::ALL.len();
const FAULTS: usize = Fault::ALL.len();

/// The numbers of a file.
#[derive(Default)]
pub(super) struct Counts {
    pub(super) rows: u64,
    pub(super) windows_1252_rows: u64,
    pub(super) names: u64,
    pub(super) doubtful: Option<DoubtfulIds>,
    tally: Tally,
    faults: [u64; FAULTS],
    /// By account (0: none named), then action.
    lanes: Vec<[LaneTally; ACTIONS]>,
    rejected: Vec<Example>,
    suspects: [[Vec<Suspect>; SHAPES]; LENGTHS],
    /// What the rows have that come before the last one.
    before: RowsBefore,
    /// IDs are taken as they are written.
    trusts_ids: bool,
    /// The last row is rejected as cut off.
    pub(super) is_cut_off: bool,
}

#[derive(Clone, Copy, Default)]
struct LaneTally {
    rows: u64,
    first_line: u64,
    /// Those among them that are judged, by length and the forms they have, honestly or not.
    suspects: [[u64; SHAPES]; LENGTHS],
}

/// A row that is rejected if its form is proven.
struct Suspect {
    line: u64,
    action: Action,
    column: usize,
    cell: Vec<u8>,
}

impl Counts {
    pub(super) fn trusting(trusts_ids: bool) -> Counts {
        Counts { trusts_ids, ..Counts::default() }
    }

    #[inline]
    pub(super) fn add(&mut self, judged: &Judged, opened: &Opened) {
        self.rows += 1;
        let (record, line) = (opened.records.record(), opened.records.line());
        if self.looks_cut(judged, opened) {
            self.is_cut_off = true;
            self.count_encoding(record);
            self.reject(Fault::CutOff, judged.action(), judged.column(), opened);
            return;
        }
        match judged {
            Judged::Task { action, misfit: Some(fault), column, .. } => {
                self.count_encoding(record);
                self.reject(*fault, Some(*action), *column, opened);
            }
            Judged::Task { action, account, is_typed, is_plain, column, target, .. } => {
                self.names += u64::from(target.is_name());
                // The IDs of most files are numbers, of which nobody has to be asked.
                if matches!(target, Target::Key(_))
                    && !action.target_kind().is_told_by_text()
                    && opened.judge.ids_of(Ok(*account)).is_some_and(|ids| ids.is_doubtful(target))
                {
                    self.doubtful
                        .get_or_insert_with(|| DoubtfulIds { rows: 0, line, text: target.to_string() })
                        .rows += 1;
                }
                if !is_plain {
                    self.count_encoding(record);
                }
                let slot = account.map_or(0, |number| number + 1);
                if self.lanes.len() <= slot {
                    self.lanes.resize_with(slot + 1, Default::default);
                }
                let lane = &mut self.lanes[slot][*action as usize];
                if lane.rows == 0 {
                    lane.first_line = line;
                }
                lane.rows += 1;
                if let (true, Target::Id(id)) = (is_typed, target)
                    && let Some((length, forms)) = self.tally.count(*id)
                {
                    // Those without any form are counted as well: telling them apart is dearer.
                    lane.suspects[length][forms.shape()] += 1;
                    let suspects = &mut self.suspects[length][forms.shape()];
                    if (suspects.len() < MAX_EXAMPLES) & !forms.is_empty() {
                        let cell = cell(record, *column).to_vec();
                        suspects.push(Suspect { line, action: *action, column: *column, cell });
                    }
                }
            }
            Judged::Rejected { fault, action, column } => {
                self.count_encoding(record);
                if *fault == Fault::ScientificNotation {
                    self.tally.count_scientific();
                }
                self.reject(*fault, *action, *column, opened);
            }
        }
    }

    /// Whether this row is the last one and cut, by those before it; else it is one of them.
    #[inline]
    fn looks_cut(&mut self, judged: &Judged, opened: &Opened) -> bool {
        let row = opened.row_shape(judged);
        let is_task = matches!(judged, Judged::Task { misfit: None, .. });
        let is_cut = is_task && !self.trusts_ids && self.before.say_cut(row, opened.records.cut_byte());
        self.before.add(row);
        is_cut
    }

    fn reject(&mut self, fault: Fault, action: Option<Action>, column: usize, opened: &Opened) {
        self.faults[fault as usize] += 1;
        if self.rejected.len() < MAX_EXAMPLES {
            let (record, line) = (opened.records.record(), opened.records.line());
            let rejection = opened.judge.rejection(fault, action, column, record);
            self.rejected.push(Example { line, rejection });
        }
    }

    fn count_encoding(&mut self, record: &csv::ByteRecord) {
        let legacy = !record.as_slice().is_ascii() && record.iter().any(|cell| std::str::from_utf8(cell).is_err());
        self.windows_1252_rows += u64::from(legacy);
    }

    /// What the IDs prove together.
    pub(super) fn suspicion(&self) -> Suspicion {
        self.tally.suspicion(self.rows)
    }

    /// How many IDs have the forms that are proven.
    pub(super) fn findings(&self, proven: Suspicion, is_trusted: bool) -> Vec<DamageFinding> {
        let lanes = || self.lanes.iter().flatten();
        let mut findings = Vec::new();
        for length in 0..LENGTHS {
            let damaged = |form: DamageForm| -> u64 {
                let of_form = |shape: &usize| proven.of_forms(length, Forms::numbered(*shape)) == Some(form);
                (0..SHAPES)
                    .filter(of_form)
                    .map(|shape| lanes().map(|lane| lane.suspects[length][shape]).sum::<u64>())
                    .sum()
            };
            let (digits, ids) = (digits_of(length), self.tally.ids(length));
            let found =
                DamageForm::ALL.into_iter().map(|form| (form, damaged(form))).filter(|(_, damaged)| *damaged > 0);
            findings.extend(found.map(|(form, damaged)| DamageFinding { form, digits, ids, damaged, is_trusted }));
        }
        findings
    }

    /// Moves the suspects to where they belong.
    pub(super) fn settle(&mut self, suspicion: Suspicion, judge: &Judge) -> (Vec<(Fault, u64)>, Vec<LaneCount>) {
        let mut lanes = Vec::new();
        for (slot, actions) in self.lanes.iter().enumerate() {
            for (action, lane) in Action::ALL.into_iter().zip(actions) {
                let mut condemned = 0;
                for (length, shapes) in lane.suspects.iter().enumerate() {
                    for (shape, rows) in shapes.iter().enumerate() {
                        if let Some(form) = suspicion.of_forms(length, Forms::numbered(shape)) {
                            self.faults[Fault::from(form) as usize] += rows;
                            condemned += rows;
                        }
                    }
                }
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
    pub(super) fn examples(self, suspicion: Suspicion, judge: &Judge) -> Vec<Example> {
        let mut examples = self.rejected;
        for (length, shapes) in self.suspects.iter().enumerate() {
            for (shape, suspects) in shapes.iter().enumerate() {
                let Some(form) = suspicion.of_forms(length, Forms::numbered(shape)) else { continue };
                examples.extend(suspects.iter().map(|suspect| {
                    let Suspect { line, action, column, cell } = suspect;
                    let rejection = Rejection::of(form.into(), (Some(*action), None), judge.header.name(*column), cell);
                    Example { line: *line, rejection }
                }));
            }
        }
        examples.sort_by_key(|example| example.line);
        examples.truncate(MAX_EXAMPLES);
        examples
    }
}
