//! A record as a task or a rejection. Both passes ask the same judge, so they cannot disagree.

use std::collections::HashMap;

use csv::ByteRecord;

use super::cell::{self, Named};
use super::cut::RowShape;
use super::header::{Header, ReadOptions, is_known};
use super::records::Records;
use super::rejection::cell as cell_of;
use super::row_facts::{RepostIds, RowFacts, RowMeaning};
use super::text::{decode, is_blank};
use super::{Fault, JobFileError, MAX_ACCOUNTS_PER_FILE, OpaqueIds, Rejection, RowIds, Source};
use crate::domain::{AccountName, Action, RepostId, Target, TargetId};

/// What a record is, before the file's spreadsheet damage is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Judged {
    Task {
        action: Action,
        /// Number of the account in [`Judge::account`].
        account: Option<usize>,
        target: Target,
        /// The target is an ID that stood in the cell as digits, so a spreadsheet may have rounded it.
        is_typed: bool,
        /// Both IDs of a repost, where the row has columns for them; boxed, for a verdict is moved a million times and few have them.
        repost: Option<Box<RepostIds>>,
        /// The row itself says that it cannot mean what the action does.
        misfit: Option<Fault>,
        /// The record is one cell and the cell is the ID and nothing else.
        is_plain: bool,
        column: usize,
    },
    Rejected {
        fault: Fault,
        action: Option<Action>,
        column: usize,
    },
}

impl Judged {
    /// What the row would do, where it says so.
    pub(super) fn action(&self) -> Option<Action> {
        match self {
            Judged::Task { action, .. } => Some(*action),
            Judged::Rejected { action, .. } => *action,
        }
    }

    /// The column that was judged.
    pub(super) fn column(&self) -> usize {
        match self {
            Judged::Task { column, .. } | Judged::Rejected { column, .. } => *column,
        }
    }

    /// The same where the target is not to be judged by how X's IDs look.
    fn untyped(self) -> Judged {
        match self {
            Judged::Task { action, account, target, repost, misfit, is_plain, column, .. } => {
                Judged::Task { action, account, target, is_typed: false, repost, misfit, is_plain, column }
            }
            rejected @ Judged::Rejected { .. } => rejected,
        }
    }

    fn id(&self) -> Option<TargetId> {
        match self {
            Judged::Task { target: Target::Id(id), .. } => Some(*id),
            _ => None,
        }
    }
}

/// Everything that decides about records, fixed when the file is opened.
pub(super) struct Judge {
    path: String,
    pub(super) header: Header,
    pub(super) default_action: Option<Action>,
    repost_id: RepostId,
    facts: RowFacts,
    /// By column: whether bare words are handles.
    handles: Vec<bool>,
    ids: RowIds,
    accounts: Vec<AccountName>,
    /// How the IDs of each of them look; none: as X's.
    ids_of_accounts: Vec<Option<OpaqueIds>>,
    account_numbers: HashMap<Box<str>, usize>,
}

/// A file whose header has been read.
pub(super) struct Opened {
    pub(super) records: Records,
    pub(super) judge: Judge,
    /// The first record is a row and has not been handed out.
    is_pending: bool,
}

impl Opened {
    /// Opens a file and reads its header.
    ///
    /// # Errors
    /// The file cannot be read, is empty, or its header does not say what the targets and the action are.
    pub(super) fn open(source: &Source, options: &ReadOptions) -> Result<Opened, JobFileError> {
        let mut records = Records::open(source, |name| is_known(name, options), None)?;
        loop {
            if !records.advance()? {
                return Err(JobFileError::Empty { path: source.name().to_owned() });
            }
            if !is_blank_line(records.record()) {
                break;
            }
        }
        let cells = records.record().iter().map(|cell| decode(cell).into_owned()).collect();
        let header = Header::read(source.name(), cells, options)?;
        let is_pending = !header.is_written;
        Ok(Opened { judge: Judge::new(source, header, options)?, records, is_pending })
    }

    /// The shape of the row that was read last, and judged so.
    #[inline]
    pub(super) fn row_shape(&self, judged: &Judged) -> RowShape {
        let cells = self.records.record().len();
        RowShape {
            id: judged.id(),
            kind: judged.action().map(Action::target_kind),
            ends_in_id: judged.column() + 1 == cells,
            lacks_cells: cells < self.judge.header.names.len(),
        }
    }

    /// The next row, judged; the record itself is in `records`.
    ///
    /// # Errors
    /// See [`Records::advance`]; also where a row's action leaves two columns to choose from.
    #[inline]
    pub(super) fn next_row(&mut self) -> Result<Option<Judged>, JobFileError> {
        loop {
            if !std::mem::take(&mut self.is_pending) && !self.records.advance()? {
                return Ok(None);
            }
            if self.judge.header.names.len() == 1 && is_blank_line(self.records.record()) {
                continue;
            }
            return self.judge.judge(self.records.record()).map(Some);
        }
    }
}

/// `1,234,567` without quotes: one to three digits, and behind them a cell of exactly three.
fn is_split_number(record: &ByteRecord, column: usize) -> bool {
    let digits = |cell: &[u8]| cell.trim_ascii().iter().all(u8::is_ascii_digit);
    let (first, next) = (cell_of(record, column), cell_of(record, column + 1));
    (1..=3).contains(&first.trim_ascii().len()) && digits(first) && next.trim_ascii().len() == 3 && digits(next)
}

/// A line of white space. An empty cell in quotes is not blank: somebody wrote it.
fn is_blank_line(record: &ByteRecord) -> bool {
    let bytes = record.as_slice();
    // The first byte decides for nearly every record.
    record.len() == 1
        && bytes.first().is_some_and(|b| b.is_ascii_whitespace() || !b.is_ascii())
        && decode(bytes).chars().all(is_blank)
}

impl Judge {
    fn new(source: &Source, header: Header, options: &ReadOptions) -> Result<Judge, JobFileError> {
        let path = source.name().to_owned();
        let default_action = match (options.action, header.action) {
            (Some(action), _) => Some(action),
            (None, Some(_)) => None,
            (None, None) => source.stem().and_then(Action::parse),
        };
        match (header.action, default_action) {
            (None, None) => return Err(JobFileError::NoAction { path }),
            (None, Some(action)) => {
                if header.target(&path, action.target_kind())?.is_none() {
                    return Err(JobFileError::NoTargetColumn { path, columns: header.names });
                }
            }
            // Each row's action decides; only a file that suits no action at all is refused here.
            (Some(_), _) if header.any_targets().is_empty() => {
                return Err(JobFileError::NoTargetColumn { path, columns: header.names });
            }
            (Some(_), _) => {}
        }
        let handles = (0..header.names.len()).map(|index| header.has_handles(index)).collect();
        let facts = if header.is_written { RowFacts::of(&header.names) } else { RowFacts::default() };
        Ok(Judge {
            path,
            header,
            repost_id: options.repost_id,
            facts,
            default_action,
            handles,
            ids: options.ids.clone(),
            accounts: Vec::new(),
            ids_of_accounts: Vec::new(),
            account_numbers: HashMap::new(),
        })
    }

    /// The account with a number of [`Judged::Task`].
    pub(super) fn account(&self, number: usize) -> Option<&AccountName> {
        self.accounts.get(number)
    }

    fn judge(&mut self, record: &ByteRecord) -> Result<Judged, JobFileError> {
        let action = match self.action(record) {
            Ok(action) => action,
            Err(rejected) => return Ok(rejected),
        };
        let Some(column) = self.header.target(&self.path, action.target_kind())? else {
            let column = self.header.action.unwrap_or(0);
            return Ok(Judged::Rejected { fault: Fault::NoTargetColumn, action: Some(action), column });
        };
        // Whose the row is decides what its cells mean; what is wrong with the target is told first.
        let account = match self.header.account {
            None => Ok(None),
            Some(column) => self.account_number(cell_of(record, column))?,
        };
        let handles = self.handles.get(column).copied().unwrap_or(false);
        if let Some(ids) = self.ids_of(account) {
            let read = cell::read_opaque(cell_of(record, column), ids, action.target_kind());
            // What looks like an ID in a column of names is somebody's name.
            let read =
                read.and_then(|target| if handles && !target.is_name() { Err(Fault::NameForId) } else { Ok(target) });
            let (target, account) = match (read, account) {
                (Ok(target), Ok(account)) => (target, account),
                (Err(fault), _) | (_, Err(fault)) => {
                    return Ok(Judged::Rejected { fault, action: Some(action), column });
                }
            };
            let is_plain = record.len() == 1 && target.to_string().as_bytes() == cell_of(record, column);
            // Of a name the cell is kept: the task is going to be on what it means.
            let is_plain = is_plain && self.header.names.len() == 1 && !target.is_name();
            let (repost, misfit) = (None, None);
            let is_typed = false;
            let task = Judged::Task { action, account, target, is_typed, repost, misfit, is_plain, column };
            return Ok(self.as_it_is_meant(record, task).untyped());
        }
        // An ID wins over a name, in a link as well.
        let linked = if handles { self.header.linked_id(record, action.target_kind()) } else { None };
        let column = linked.map_or(column, |(column, _)| column);
        let cell = cell_of(record, column);
        if record.len() > self.header.names.len() && is_split_number(record, column) {
            return Ok(Judged::Rejected { fault: Fault::SplitNumber, action: Some(action), column });
        }
        let plain = if handles { None } else { TargetId::from_digits(cell).ok() };
        let named = match (plain, linked) {
            (Some(id), _) => Ok(Named::Digits(id)),
            (None, Some((_, id))) => Ok(Named::LinkedId(id)),
            (None, None) => cell::read(cell, Some(action.target_kind()), handles),
        };
        let (target, is_typed) = match named {
            Ok(Named::Digits(id)) => (Target::Id(id), true),
            Ok(Named::LinkedId(id)) => (Target::Id(id), false),
            Ok(Named::Handle(handle)) => (Target::Handle(handle), false),
            Err(fault) => return Ok(Judged::Rejected { fault, action: Some(action), column }),
        };
        let account = match account {
            Ok(account) => account,
            Err(fault) => return Ok(Judged::Rejected { fault, action: Some(action), column }),
        };
        let is_plain = plain.is_some() && record.len() == 1 && self.header.names.len() == 1;
        let plainly = Judged::Task { action, account, target, is_typed, repost: None, misfit: None, is_plain, column };
        Ok(if is_plain { plainly } else { self.as_it_is_meant(record, plainly) })
    }

    /// A task as its row means it, beside what its target's column says.
    fn as_it_is_meant(&self, record: &ByteRecord, task: Judged) -> Judged {
        let Judged::Task { action, account, target, is_typed, is_plain, column, .. } = task else { return task };
        let id = match target {
            Target::Id(id) => Some(id),
            Target::Handle(_) | Target::Key(_) => None,
        };
        match self.facts.read(record, action, (id, column), self.repost_id) {
            RowMeaning::Target => {
                Judged::Task { action, account, target, is_typed, repost: None, misfit: None, is_plain, column }
            }
            RowMeaning::Repost { ids, sent, column: place } => {
                let is_typed = is_typed || place != column;
                let (target, repost) = (Target::Id(sent), Some(Box::new(ids)));
                Judged::Task { action, account, target, is_typed, repost, misfit: None, is_plain, column: place }
            }
            RowMeaning::Nothing(fault, column) => {
                Judged::Task { action, account, target, is_typed, repost: None, misfit: Some(fault), is_plain, column }
            }
        }
    }

    /// What is said of a record that cannot be used.
    pub(super) fn rejection(
        &self,
        fault: Fault,
        action: Option<Action>,
        column: usize,
        record: &ByteRecord,
    ) -> Rejection {
        let account = self.header.account.map(|column| decode(cell_of(record, column)));
        let number = account.and_then(|name| self.account_numbers.get(name.trim_matches(is_blank)).copied());
        Rejection::of(fault, (action, self.ids_of(Ok(number))), self.header.name(column), cell_of(record, column))
    }

    /// How the IDs of a row look.
    pub(super) fn ids_of(&self, account: Result<Option<usize>, Fault>) -> Option<OpaqueIds> {
        match account {
            Ok(Some(number)) => self.ids_of_accounts.get(number).copied().flatten(),
            Ok(None) | Err(_) => self.ids.default,
        }
    }

    /// The action of a row: its own, else the default.
    fn action(&self, record: &ByteRecord) -> Result<Action, Judged> {
        let reject = |fault| Judged::Rejected { fault, action: None, column: self.header.action.unwrap_or(0) };
        if let Some(column) = self.header.action {
            let text = decode(cell_of(record, column));
            let text = cell::bare(&text);
            if !text.is_empty() {
                return Action::parse(text).ok_or_else(|| reject(Fault::UnknownAction));
            }
        }
        self.default_action.ok_or_else(|| reject(Fault::MissingAction))
    }

    /// The number of the account a cell names; none where it is empty.
    fn account_number(&mut self, cell: &[u8]) -> Result<Result<Option<usize>, Fault>, JobFileError> {
        let text = decode(cell);
        let text = text.trim_matches(is_blank);
        if text.is_empty() {
            return Ok(Ok(None));
        }
        if let Some(number) = self.account_numbers.get(text) {
            return Ok(Ok(Some(*number)));
        }
        let Ok(name) = text.parse::<AccountName>() else { return Ok(Err(Fault::InvalidAccount)) };
        if self.accounts.len() >= MAX_ACCOUNTS_PER_FILE {
            let path = self.path.clone();
            return Err(JobFileError::TooManyAccounts { path, max_accounts: MAX_ACCOUNTS_PER_FILE });
        }
        self.ids_of_accounts.push(self.ids.of(&name));
        self.accounts.push(name);
        self.account_numbers.insert(text.into(), self.accounts.len() - 1);
        Ok(Ok(Some(self.accounts.len() - 1)))
    }
}
