//! The rows of a file in a temporary table, as they came. Nobody else sees it or waits for it.

use super::super::load_row::RowPlace;
use super::super::reload_sizes::ROWS_PER_STATEMENT;
use super::copy_text::CopyText;
use crate::store::db::{Beneath, Db};
use crate::store::error::StoreError;

/// Bytes after which rows are sent, however few they are.
const MAX_BYTES: usize = 1 << 20;

/// Takes rows.
#[derive(Debug, Default)]
pub(super) struct Stage {
    text: CopyText,
    /// The number of the row before.
    last: i64,
}

impl Stage {
    /// Makes the table.
    pub(super) async fn begin(db: &mut Db) -> Result<Stage, StoreError> {
        db.execute(DROP, args![]).await?;
        db.execute(CREATE, args![]).await?;
        Ok(Stage::default())
    }

    /// Takes a row.
    pub(super) async fn push(
        &mut self,
        db: &mut Db,
        line: u64,
        place: &RowPlace,
        record: Option<&str>,
    ) -> Result<(), StoreError> {
        self.last += 1;
        let (task, spared, rejected) = match place {
            RowPlace::Task { action, account, target, spared } => (Some((action, account, target)), *spared, None),
            RowPlace::Rejected { task, reason } => {
                let task = task.as_ref().map(|(action, account, target)| (action, account, target));
                (task, None, Some(reason))
            }
        };
        let text = &mut self.text;
        text.number(self.last);
        text.number(i64::try_from(line).unwrap_or(i64::MAX));
        match task {
            Some((action, account, target)) => {
                text.number(action.code());
                text.number(account.0);
                text.text(target);
            }
            None => (0..3).for_each(|_| text.null()),
        }
        text.text_or_null(spared);
        text.text_or_null(rejected);
        text.text_or_null(record);
        text.end_row();
        let is_full = text.rows() >= ROWS_PER_STATEMENT || text.bytes() >= MAX_BYTES;
        if is_full { self.send(db).await } else { Ok(()) }
    }

    /// Sends what has gathered, and has the server look at what the table holds, so that it knows how to compare it.
    pub(super) async fn finish(&mut self, db: &mut Db) -> Result<(), StoreError> {
        self.send(db).await?;
        db.execute("analyze pg_temp.incoming", args![]).await.map(drop)
    }

    /// Leaves no table behind.
    pub(super) async fn drop_table(db: &mut Db) -> Result<(), StoreError> {
        db.execute(DROP, args![]).await.map(drop)
    }

    async fn send(&mut self, db: &mut Db) -> Result<(), StoreError> {
        if self.text.rows() == 0 {
            return Ok(());
        }
        let (text, place) = (self.text.take(), db.place().clone());
        let Beneath::Postgres(connection) = db.beneath() else { return Ok(()) };
        let copied = async {
            let mut copy = connection.copy_in_raw(COPY).await?;
            copy.send(text.into_bytes()).await?;
            copy.finish().await
        };
        copied.await.map(drop).map_err(|error| StoreError::from_sqlx(&place, error))
    }
}

/// `id` is a row's place in the file. A row that cannot be used says why (`rejected`), and names a task where another reading may have made one of
/// it.
const CREATE: &str = r#"
    create temp table incoming (
        id bigint not null, line bigint not null, action bigint, account_id bigint, target text collate "C",
        spared text collate "C", rejected text collate "C", record text collate "C")"#;

const COPY: &str = "copy pg_temp.incoming (id, line, action, account_id, target, spared, rejected, record) from stdin";

const DROP: &str = "drop table if exists pg_temp.incoming";
