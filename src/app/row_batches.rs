//! The rows of a file as the queue takes them: whose each is, what its target is, and what spares it.
//!
//! In: a file that has been judged, accounts, rules. Out: batches of rows. What does not belong here: loading them (`loading`).

use super::named_accounts::FileAccounts;
use super::names::{NameBook, Placed};
use super::reposts::repost_target;
use super::row_filter::{RowSieve, SievedRow};
use crate::error::CommandError;
use crate::jobfile::{JobFileError, RowVerdict, Rows};
use crate::lists::filter::Rule;
use crate::store::{LoadRow, ROWS_PER_STATEMENT, RowPlace};

/// As many rows as the queue takes at once; none at the end.
pub(super) async fn next_batch(
    rows: &mut Rows,
    accounts: FileAccounts<'_>,
    sieve: &mut RowSieve<'_>,
    book: &mut NameBook,
) -> Result<Vec<LoadRow>, CommandError> {
    let mut batch = Vec::with_capacity(ROWS_PER_STATEMENT);
    while batch.len() < ROWS_PER_STATEMENT
        && let Some(row) = rows.next().map_err(changed_under_us)?
    {
        let place = match row.verdict {
            RowVerdict::Task { action, account, target, repost } => match accounts.account_for(account, action) {
                Ok(id) => {
                    let platform = accounts.platform_of(account);
                    let (target, placed) = match repost_target(platform, target.clone(), repost) {
                        Ok(target) => (target.clone(), book.place((id, platform), action, target).await?),
                        Err(reason) => (target, Placed::Rejected(reason)),
                    };
                    let written = target.clone();
                    let sends = !matches!(placed, Placed::Nobody(_));
                    match placed {
                        Placed::Target(target) | Placed::Nobody(target) => {
                            let row = SievedRow { line: row.line, written: &written, cells: row.cells };
                            let spared = sieve.spares(row, (action, account, &target), sends);
                            RowPlace::Task { action, account: id, target, spared: spared.map(Rule::name) }
                        }
                        Placed::Rejected(reason) => {
                            RowPlace::Rejected { reason: reason.to_owned(), task: Some((action, id, target)) }
                        }
                    }
                }
                Err(reason) => RowPlace::Rejected { reason: reason.to_owned(), task: None },
            },
            RowVerdict::Rejected { rejection, task } => {
                let task = task.and_then(|row| {
                    Some((row.action, accounts.account_for(row.account, row.action).ok()?, row.target))
                });
                RowPlace::Rejected { reason: rejection.reason().to_owned(), task }
            }
        };
        batch.push(LoadRow { line: row.line, place, record: row.cells.map(str::to_owned) });
    }
    Ok(batch)
}

/// What was pushed so far stays invisible and is swept away by the next load.
pub(super) fn changed_under_us(error: JobFileError) -> CommandError {
    error.into()
}
