//! A load into a server's queue, from its first row to the step that makes it visible.

use std::collections::HashSet;

use super::super::LoadStore;
use super::super::begun_load::{BegunLoad, close_load, renew_job};
use super::super::load_row::{LoadRow, RowPlace};
use super::super::summary::{LoadSummary, ReloadSummary, Reloaded, shrinks};
use super::super::sweep::take_back;
use super::changes::{cancel_vanished, count_rejected_tasks, delete_older, update_changed};
use super::compare::{find_changes, place_new_round, place_reload};
use super::new_tasks::{insert_new_tasks, insert_runs};
use super::stage::Stage;
use crate::domain::{AccountId, Action};
use crate::store::db::Db;
use crate::store::dialect::Sql;
use crate::store::error::StoreError;

/// A load into a server's queue.
#[derive(Debug)]
pub(in super::super) struct PostgresLoader<'s> {
    db: &'s mut Db,
    begun: BegunLoad,
    stage: Stage,
    rows: u64,
    /// The lanes of its tasks, in the order of the file.
    lanes: Vec<(Action, AccountId)>,
    known_lanes: HashSet<(Action, AccountId)>,
}

impl<'s> PostgresLoader<'s> {
    /// Begins to gather rows.
    pub(in super::super) async fn begin(
        store: LoadStore<'s>,
        begun: BegunLoad,
    ) -> Result<PostgresLoader<'s>, StoreError> {
        let db = store.db;
        let stage = Stage::begin(db).await?;
        Ok(PostgresLoader { db, begun, stage, rows: 0, lanes: Vec::new(), known_lanes: HashSet::new() })
    }

    pub(in super::super) async fn push_all(&mut self, rows: Vec<LoadRow>) -> Result<(), StoreError> {
        for row in rows {
            self.push(row).await?;
        }
        Ok(())
    }

    pub(in super::super) async fn push(&mut self, mut row: LoadRow) -> Result<(), StoreError> {
        self.rows += 1;
        row.quote_key();
        if let RowPlace::Task { action, account, .. } = &row.place {
            let lane = (*action, *account);
            // Nearly always that of the row before.
            if self.lanes.last() != Some(&lane) && self.known_lanes.insert(lane) {
                self.lanes.push(lane);
            }
        }
        self.stage.push(self.db, row.line, &row.place, row.record.as_deref()).await
    }

    /// Makes the load visible. All of it is one transaction, of which others wait only for the last, small step.
    pub(in super::super) async fn finish(mut self) -> Result<LoadSummary, StoreError> {
        self.end_rows().await?;
        let BegunLoad { round, load, first_id, now, .. } = self.begun;
        let mut tx = self.db.begin_beside().await?;
        let without = place_new_round(&mut tx, round, first_id).await?;
        let new = insert_new_tasks(&mut tx, load, now).await?;
        let last = first_id + new.pending + new.kept - 1;
        tx.wait_for_writers().await?;
        let rows = self.rows as i64;
        let counts = args![round.0, last, rows, without.duplicates, without.rejected, new.pending, new.kept];
        tx.execute(END_ROUND, counts).await?;
        renew_job(&mut tx, self.begun.renewed.take()).await?;
        close_load(&mut tx, load, last, now).await?;
        tx.commit().await?;
        Stage::drop_table(self.db).await?;
        Ok(LoadSummary {
            rows: self.rows,
            added: new.pending as u64,
            duplicates: without.duplicates as u64,
            rejected: without.rejected as u64,
            kept: new.kept as u64,
        })
    }

    /// Compares the file with the queue and writes the difference: all of it, or nothing.
    pub(in super::super) async fn apply(mut self, allow_shrink: bool) -> Result<Reloaded, StoreError> {
        self.end_rows().await?;
        let BegunLoad { round, load, first_id, now, .. } = self.begun;
        let mut tx = self.db.begin_beside().await?;
        let without = place_reload(&mut tx, round, first_id).await?;
        let vanished = find_changes(&mut tx, round).await?;
        let (pending,): (i64,) = tx.fetch_one("select pending from round where id = $1", args![round.0]).await?;
        // Beside a drain some of them have been settled since they were read.
        let vanished = vanished.min(pending);
        if !allow_shrink && shrinks(vanished as u64, pending as u64) {
            drop(tx);
            let mut tx = self.db.begin().await?;
            take_back(&mut tx, load).await?;
            tx.commit().await?;
            Stage::drop_table(self.db).await?;
            return Ok(Reloaded::Shrinks { vanished: vanished as u64, pending: pending as u64 });
        }
        let new = insert_new_tasks(&mut tx, load, now).await?;
        insert_runs(&mut tx, load).await?;
        let last = first_id + new.pending + new.kept - 1;
        let mut summary = ReloadSummary {
            rows: self.rows,
            added: new.pending as u64,
            duplicates: without.duplicates as u64,
            kept: new.kept as u64,
            ..ReloadSummary::default()
        };
        tx.wait_for_writers().await?;
        summary.cancelled = cancel_vanished(&mut tx, round, now).await?;
        update_changed(&mut tx, round, now, &mut summary).await?;
        summary.rejected = (without.rejected + count_rejected_tasks(&mut tx).await?) as u64;
        let rows = self.rows as i64;
        let counts = args![round.0, last, rows, without.duplicates, without.rejected, new.pending, new.kept];
        tx.execute(END_RELOAD, counts).await?;
        delete_older(&mut tx, round, load).await?;
        close_load(&mut tx, load, last, now).await?;
        tx.commit().await?;
        Stage::drop_table(self.db).await?;
        Ok(Reloaded::Applied(summary))
    }

    /// The last row has come: sends what has gathered, and makes the lanes that are new.
    async fn end_rows(&mut self) -> Result<(), StoreError> {
        self.stage.finish(self.db).await?;
        let lanes: Vec<_> = self.lanes.iter().map(|(action, account)| (action.code(), account.0)).collect();
        let mut tx = self.db.begin().await?;
        tx.execute(INSERT_LANES, args![self.begun.round.0, serde_json::json!(lanes).to_string()]).await?;
        tx.commit().await
    }
}

const INSERT_LANES: Sql = sql!(
    "insert into lane (round_id, action, account_id) select $1, lanes.action, lanes.account_id from ",
    rows("$2", number "action" 0, number "account_id" 1),
    " lanes order by lanes.nth on conflict do nothing"
);

const END_ROUND: &str = "
    update round set visible_to = $2, rows = $3, duplicates = $4, rejected = $5, pending = $6, kept = $7 where id = $1";

const END_RELOAD: &str = "
    update round set visible_to = greatest(visible_to, $2), rows = $3, duplicates = $4, rejected = $5,
                     pending = pending + $6, kept = kept + $7, torn = 0
     where id = $1";
