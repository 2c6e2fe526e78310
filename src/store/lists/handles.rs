//! Who stands behind handles: what the platform said when it was asked. In: its answers. Out: the same, by handle. What does not
//! belong here: asking.

use super::ListStore;
use super::read_quota::{HoldNews, write_end, write_hold};
use super::read_request::{ReadAsk, ReadEnd, ReadId};
use super::target_metadata::{REMEMBER, TargetMetadata, to_remember};
use crate::domain::{Handle, Platform, RoundId, Target, TargetKind, TaskState, Wall};
use crate::store::codes::{quoted_target, target_value};
use crate::store::error::StoreError;

/// What a handle came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// This user has it.
    User(Target),
    /// Nobody one could act on: `not_found`, `suspended`, `unavailable`.
    Nobody(String),
}

/// The answer to a question about handles.
#[derive(Debug, Default)]
pub struct HandlesTold {
    /// Users, each with what is known of it.
    pub found: Vec<(Handle, Target, TargetMetadata)>,
    /// Handles without one, and why.
    pub missing: Vec<(Handle, String)>,
}

impl ListStore<'_> {
    /// What a handle came to when it was asked about; none: nobody has asked, or the answer is damaged (it stands twice).
    pub async fn resolution(&mut self, platform: Platform, handle: &Handle) -> Result<Option<Resolution>, StoreError> {
        let sql = "select json_quote(target), reason from handle_resolution
                    where platform = ?1 and handle = ?2 and target is target_again";
        let found: Option<(String, Option<String>)> =
            self.db.fetch_optional(sql, args![platform.id_space(), handle.as_str()]).await?;
        let Some((target, reason)) = found else { return Ok(None) };
        if let Some(reason) = reason {
            return Ok(Some(Resolution::Nobody(reason)));
        }
        Ok(Some(Resolution::User(quoted_target(&target)?)))
    }

    /// The handles among these that nobody has asked about, each once.
    pub async fn unasked_handles(&mut self, platform: Platform, handles: &[Handle]) -> Result<Vec<Handle>, StoreError> {
        let sql = "select distinct j.value from json_each(?1) j
                    where not exists (select 1 from handle_resolution r
                                       where r.platform = ?2 and r.handle = j.value and r.target is r.target_again)";
        let names: Vec<&str> = handles.iter().map(Handle::as_str).collect();
        let rows: Vec<(String,)> =
            self.db.fetch_all(sql, args![serde_json::json!(names).to_string(), platform.id_space()]).await?;
        let parse =
            |(name,): (String,)| name.parse().map_err(|_| StoreError::impossible(format!("the handle {name:?}")));
        rows.into_iter().map(parse).collect()
    }

    /// How many handles have been asked about: moves when there is news.
    pub async fn handles_asked(&mut self) -> Result<u64, StoreError> {
        let sql = "select count(*) from handle_resolution";
        let (count,): (i64,) = self.db.fetch_one(sql, args![]).await?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    /// Settles the tasks in line whose handle nobody has (gone), or whose user cannot be acted on (failed). Their platforms want
    /// IDs, so there is nothing to send. The caller holds the drain lock. Says how many were settled.
    ///
    /// # Errors
    /// The database cannot be written; then nothing has changed.
    pub async fn settle_missing_handles(&mut self, now: Wall) -> Result<u64, StoreError> {
        let mut tx = self.db.begin().await?;
        let found: Vec<(i64, i64, String)> = tx.fetch_all(FIND_MISSING, args![]).await?;
        for (task, round, reason) in &found {
            let gone = reason == "not_found";
            let (state, why) =
                if gone { (TaskState::Gone, "handle_not_found") } else { (TaskState::Failed, reason.as_str()) };
            tx.execute(
                "update task set state = ?2, reason = ?3, finished_at = ?4 where id = ?1",
                args![task, state.code(), why, now.0],
            )
            .await?;
            let count = if gone {
                "update round set pending = pending - 1, gone = gone + 1 where id = ?1"
            } else {
                "update round set pending = pending - 1, failed = failed + 1 where id = ?1"
            };
            tx.execute(count, args![round]).await?;
        }
        tx.commit().await?;
        Ok(found.len() as u64)
    }

    /// How many rows of a round's last load were rejected for one of these reasons.
    pub async fn rows_rejected_for(&mut self, round: RoundId, reasons: &[&str]) -> Result<u64, StoreError> {
        let sql = "select count(*) from row_without_task
                    where load_id = (select max(id) from load where round_id = ?1 and finished_at is not null)
                      and outcome = 'rejected' and reason in (select value from json_each(?2))";
        let reasons = serde_json::json!(reasons).to_string();
        let (count,): (i64,) = self.db.fetch_one(sql, args![round.0, reasons]).await?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    /// Writes down what the platform said of handles, with its request's end: all of it, or nothing.
    ///
    /// # Errors
    /// The database cannot be written; then they are asked about again.
    pub async fn keep_handles(
        &mut self,
        platform: Platform,
        told: &HandlesTold,
        request: (ReadId, &ReadEnd),
        ask: &ReadAsk<'_>,
    ) -> Result<(), StoreError> {
        const KEEP: &str = "
            insert or replace into handle_resolution (platform, handle, target, target_again, reason, asked_at)
            select ?2, j.value ->> 0, j.value ->> 1, j.value ->> 1, j.value ->> 2, ?3 from json_each(?1) j";
        let (id, end) = request;
        let at: Wall = end.ended_at;
        let found = told
            .found
            .iter()
            .map(|(handle, target, _)| serde_json::json!([handle.as_str(), target_value(target), null]));
        let missing = told.missing.iter().map(|(handle, reason)| serde_json::json!([handle.as_str(), null, reason]));
        let rows = serde_json::Value::Array(found.chain(missing).collect()).to_string();
        let mut tx = self.db.begin().await?;
        tx.execute(KEEP, args![rows, platform.id_space(), at.0]).await?;
        let seen = told.found.iter().map(|(_, target, known)| (target, known));
        tx.execute(REMEMBER, to_remember((platform, TargetKind::User), seen, at)).await?;
        write_end(&mut tx, id, end).await?;
        write_hold(&mut tx, id, HoldNews::Cleared, ask).await?;
        tx.commit().await
    }
}

/// Handles stand together in each line's key, behind all numbers: ten million IDs beside them are not looked at.
pub(in crate::store) const FIND_MISSING: &str = "
    select task.id, lane.round_id, r.reason
      from round cross join lane on lane.round_id = round.id cross join account a on a.id = lane.account_id
     cross join task_key key on key.lane_id = lane.id and key.target >= '@' and key.target < 'A'
     cross join handle_resolution r on r.handle = substr(key.target, 2) and r.reason is not null
       and r.platform = case a.platform when 'sandbox' then 'sandbox' else 'x' end
     cross join task on task.id = key.task_id and task.state = 0 and task.id <= round.visible_to
     where round.pending > 0 and a.platform <> 'x-v1'";

#[cfg(test)]
#[path = "handles_tests.rs"]
mod tests;
