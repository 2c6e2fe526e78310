//! What stands in a queue in words that this program does not know, although it knows the schema: a platform, an action, a list of a newer
//! version. In: a queue that has been brought up to date. Out: nothing, or an error that names the account or the job.
//!
//! The schema does not list these words, so that a new one needs no migration. Where a platform's or an action's name is kept twice, in a row
//! and in an index, and the two differ, it is damage and not news: whoever needs it says so.

use super::dialect::Sql;
use super::error::StoreError;
use super::lists::{PINNED_READING, PROFILES_READING};
use super::open::Store;
use crate::domain::{Action, ListKind, Platform};

const PLATFORMS: Sql = sql!("select distinct platform from account", indexed_by("sqlite_autoindex_account_2"));
const ACCOUNT_OF: Sql = sql!("select name from account", not_indexed(), " where platform = $1 order by id limit 1");
/// `$1` the codes of all known actions, as a JSON array.
const LANE: Sql = sql!(
    "
    select job.name, lane.action
      from lane",
    indexed_by("sqlite_autoindex_lane_1"),
    " join round on round.id = lane.round_id join job on job.id = round.job_id
     where lane.action >= 1 and lane.action not in ",
    numbers("$1"),
    " and exists (select 1 from lane own",
    not_indexed(),
    " where own.id = lane.id and own.action = lane.action)
     limit 1"
);
const JOB: Sql =
    sql!("select name, action from job where action >= 1 and action not in ", numbers("$1"), " order by id limit 1");
/// `$1` the names of all known lists, as a JSON array.
const LIST: Sql = sql!(
    "select account.name, reading.list from reading join account on account.id = reading.account_id where reading.list not in ",
    texts("$1"),
    " order by reading.id limit 1"
);

impl Store {
    /// Refuses a queue that a newer version has used for something that this one does not know: it could not say what stands there, and
    /// would do the rest without it.
    pub(super) async fn refuse_unknown_words(&mut self) -> Result<(), StoreError> {
        match self.find_unknown_words().await {
            Ok(None) => Ok(()),
            Ok(Some(what)) => Err(StoreError::unknown(format!("in the queue {}, {what}", self.place()))),
            // Whoever needs what cannot be read says so, and `doctor` reads all of it.
            Err(StoreError::Damaged { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn find_unknown_words(&mut self) -> Result<Option<String>, StoreError> {
        let platforms: Vec<(String,)> = self.db.fetch_all(PLATFORMS, args![]).await?;
        for (platform,) in platforms {
            if Platform::named(&platform).is_some() {
                continue;
            }
            let account: Option<(String,)> = self.db.fetch_optional(ACCOUNT_OF, args![&platform]).await?;
            if let Some((account,)) = account {
                return Ok(Some(format!("the account {account} is at the platform {platform}")));
            }
        }
        let actions = serde_json::json!(Action::ALL.map(Action::code)).to_string();
        for sql in [LANE, JOB] {
            let found: Option<(String, i64)> = self.db.fetch_optional(sql, args![&actions]).await?;
            if let Some((job, action)) = found {
                return Ok(Some(format!("the job {job} does the action number {action}")));
            }
        }
        let known: Vec<&str> =
            ListKind::ALL.into_iter().map(ListKind::name).chain([PINNED_READING, PROFILES_READING]).collect();
        let lists = serde_json::json!(known).to_string();
        let found: Option<(String, String)> = self.db.fetch_optional(LIST, args![lists]).await?;
        Ok(found.map(|(account, list)| format!("the account {account} has begun to read its list {list}")))
    }
}

#[cfg(test)]
#[path = "unknown_words_tests.rs"]
mod tests;
