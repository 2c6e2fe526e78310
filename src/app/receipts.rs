//! Receipts of a job: the rows of the store as what became of the rows of the file.

use std::io::Write;

use crate::error::{CommandError, ErrorKind};
use crate::jobfile::{Receipt, ReceiptCells, ReceiptFormat, ReceiptWriter};
use crate::store::{Job, RowOutcome, Store, StoreError};

/// Which receipts, and how they are written.
#[derive(Clone, Copy, Debug)]
pub struct ReceiptRows {
    /// The round, 1 and up.
    pub round: u32,
    /// How they are written.
    pub format: ReceiptFormat,
    /// Cells that a spreadsheet would run are left as they are.
    pub raw: bool,
}

/// Streams every row of the round to `to`; gives it back with the number of rows.
///
/// # Errors
/// There is no such round (2), the queue cannot be read, `to` cannot be written.
pub async fn write_receipts<W: Write>(
    store: &mut Store,
    job: &Job,
    wanted: &ReceiptRows,
    to: W,
    complain: &impl Fn(std::io::Error) -> CommandError,
) -> Result<(W, u64), CommandError> {
    let columns = store.read().columns(job, wanted.round).await?.unwrap_or_else(|| vec!["target_id".to_owned()]);
    let mut writer = ReceiptWriter::new(to, wanted.format, &columns, wanted.raw).map_err(complain)?;
    let mut rows = 0_u64;
    let each = |row: RowOutcome| -> Result<(), ReportError> {
        rows += 1;
        let plain = row.target.as_ref().map(ToString::to_string).unwrap_or_default();
        writer.write(&receipt_of(&row, &plain)).map_err(ReportError::Write)
    };
    let found = store.read().report(job, wanted.round, each).await.map_err(|error| match error {
        ReportError::Store(error) => CommandError::from(error),
        ReportError::Write(error) => complain(error),
    })?;
    if !found {
        return Err(no_such_round(job, wanted.round));
    }
    Ok((writer.finish().map_err(complain)?, rows))
}

/// A job has no round of that number (2).
pub fn no_such_round(job: &Job, round: u32) -> CommandError {
    let error = CommandError::new(ErrorKind::Usage, format!("{} has no round {round}", job.name));
    error.hint(format!("its newest round is {}", job.round_number))
}

enum ReportError {
    Store(StoreError),
    Write(std::io::Error),
}

impl From<StoreError> for ReportError {
    fn from(error: StoreError) -> ReportError {
        ReportError::Store(error)
    }
}

/// The one place where a row of the store becomes a receipt. `plain` is the target's own text.
fn receipt_of<'a>(row: &'a RowOutcome, plain: &'a str) -> Receipt<'a> {
    Receipt {
        cells: row.record.as_deref().map_or(ReceiptCells::Plain(plain), ReceiptCells::Stored),
        line: row.line,
        outcome: row.outcome,
        reason: row.reason.as_deref(),
        http_status: row.http_status,
        attempts: u64::from(row.attempts),
        finished_at: row.finished_at,
    }
}
