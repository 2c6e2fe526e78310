//! Whom names mean: what the platform said when it was asked. In: its answers. Out: the same, by name. What does not belong here: asking,
//! and what becomes of the tasks that stand under a name (`named_tasks`).

use super::ListStore;
use super::read_quota::{HoldNews, write_end, write_hold};
use super::read_request::{ReadAsk, ReadEnd, ReadId};
use super::target_metadata::{REMEMBER, TargetMetadata, to_remember};
use crate::domain::{AccountHost, AccountId, Platform, Target, TargetKind, TargetName, Wall};
use crate::store::codes::{platform_of, quoted_target, target_value};
use crate::store::db::Tx;
use crate::store::dialect::Sql;
use crate::store::error::StoreError;

/// What a name came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// It means this user or post.
    Target(Target),
    /// Nobody one could act on: `not_found`, `suspended`, `unavailable`.
    Nobody(String),
}

/// Where a name means something: a set of IDs, and where each host has IDs of its own, the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameSpace {
    platform: Platform,
    host: String,
}

impl NameSpace {
    /// That of a platform's account.
    pub fn of(platform: Platform, host: Option<&AccountHost>) -> NameSpace {
        let host = host.filter(|_| !platform.has_the_same_ids_everywhere());
        NameSpace { platform, host: host.map(|host| host.as_str().to_owned()).unwrap_or_default() }
    }
}

/// The answer to a question about names.
#[derive(Debug, Default)]
pub struct NamesTold {
    /// Users, each with what is known of it.
    pub found: Vec<(TargetName, Target, TargetMetadata)>,
    /// Names that mean nobody, and why.
    pub missing: Vec<(TargetName, &'static str)>,
}

impl ListStore<'_> {
    /// Where the names of an account's rows mean something; none: there is no such account any more.
    pub async fn name_space(&mut self, account: AccountId) -> Result<Option<NameSpace>, StoreError> {
        let sql = "select platform, host from account where id = $1";
        let found: Option<(String, String)> = self.db.fetch_optional(sql, args![account.0]).await?;
        let Some((platform, host)) = found else { return Ok(None) };
        Ok(Some(NameSpace::of(platform_of(&platform)?, host.parse().ok().as_ref())))
    }

    /// What a name came to when it was asked about; none: nobody has asked, or the answer is damaged (it stands twice).
    pub async fn resolution(&mut self, of: &NameSpace, name: &TargetName) -> Result<Option<Resolution>, StoreError> {
        Ok(self.resolution_told(of, name).await?.map(|(resolution, _)| resolution))
    }

    /// The same, and when it was asked about.
    pub async fn resolution_told(
        &mut self,
        of: &NameSpace,
        name: &TargetName,
    ) -> Result<Option<(Resolution, Wall)>, StoreError> {
        let sql = sql!(
            "select ",
            quoted("target"),
            ", reason, asked_at from name_resolution
              where platform = $1 and host = $2 and name = $3 and target is not distinct from target_again"
        );
        let found: Option<(String, Option<String>, i64)> =
            self.db.fetch_optional(sql, args![of.platform.id_space(), &of.host, name.as_str()]).await?;
        let Some((target, reason, asked_at)) = found else { return Ok(None) };
        let resolution = match reason {
            Some(reason) => Resolution::Nobody(reason),
            None => Resolution::Target(quoted_target(&target)?),
        };
        Ok(Some((resolution, Wall(asked_at))))
    }

    /// Writes down what the platform said of names, with its request's end: all of it, or nothing.
    ///
    /// # Errors
    /// The database cannot be written; then they are asked about again.
    pub async fn keep_names(
        &mut self,
        of: &NameSpace,
        kind: TargetKind,
        told: &NamesTold,
        request: (ReadId, &ReadEnd),
        ask: &ReadAsk<'_>,
    ) -> Result<(), StoreError> {
        const KEEP: Sql = sql!(
            "
            insert into name_resolution (platform, host, name, target, target_again, reason, asked_at)
            select $2, $3, told.name, told.target, told.target, told.reason, $4
              from ",
            rows("$1", text "name" 0, target "target" 1, text "reason" 2),
            " told where true
                on conflict (platform, host, name) do update
               set target = excluded.target, target_again = excluded.target_again, reason = excluded.reason,
                   asked_at = excluded.asked_at"
        );
        let (id, end) = request;
        let at: Wall = end.ended_at;
        let found =
            told.found.iter().map(|(name, target, _)| serde_json::json!([name.as_str(), target_value(target), null]));
        let missing = told.missing.iter().map(|(name, reason)| serde_json::json!([name.as_str(), null, reason]));
        // The last word on a name counts.
        let by_name: std::collections::HashMap<String, serde_json::Value> =
            found.chain(missing).map(|row| (row[0].to_string(), row)).collect();
        let rows = serde_json::Value::Array(by_name.into_values().collect()).to_string();
        let mut tx = self.db.begin().await?;
        tx.execute(KEEP, args![rows, of.platform.id_space(), &of.host, at.0]).await?;
        let seen = told.found.iter().map(|(_, target, known)| (target, known));
        tx.execute(REMEMBER, to_remember((of.platform, kind), seen, at)).await?;
        write_end(&mut tx, id, end).await?;
        write_hold(&mut tx, id, HoldNews::Cleared, ask).await?;
        crate::store::failpoint::point("before-page");
        tx.commit().await?;
        crate::store::failpoint::point("after-page");
        Ok(())
    }
}

/// Failed rows come back into line: names that meant somebody who could not be acted on are asked about again.
pub(in crate::store) async fn forget_unavailable_names(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    tx.execute("delete from name_resolution where reason <> 'not_found'", args![]).await.map(drop)
}

#[cfg(test)]
#[path = "names_tests.rs"]
mod tests;
