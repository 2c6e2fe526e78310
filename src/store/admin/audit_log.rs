//! Who did what: commands that steer a queue, written down beside what they did.

use super::AdminStore;
use crate::domain::Wall;
use crate::store::error::StoreError;

/// Entries kept; older ones are dropped as new ones are written.
const MAX_ENTRIES: i64 = 100_000;
/// The longest detail, in characters; the table refuses more.
const MAX_DETAIL_CHARS: usize = 1_000;

/// A command to be written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEvent<'a> {
    /// Who: `terminal (uid 1000)`, `dashboard`, `schedule`, `serve`.
    pub actor: &'a str,
    /// What, in one word: `pause`, `retry`.
    pub deed: &'a str,
    /// The job it was done to.
    pub job: Option<&'a str>,
    /// In words. Foreign text is allowed; whoever shows it escapes it.
    pub detail: &'a str,
}

/// A command on record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEntry {
    /// Its number; later ones are higher.
    pub id: i64,
    /// When.
    pub at: Wall,
    /// Who.
    pub actor: String,
    /// What.
    pub deed: String,
    /// To which job.
    pub job: Option<String>,
    /// In words.
    pub detail: String,
}

impl AdminStore<'_> {
    /// Writes a command down.
    pub async fn log_audit_event(&mut self, at: Wall, deed: &AuditEvent<'_>) -> Result<(), StoreError> {
        let detail: String = deed.detail.chars().take(MAX_DETAIL_CHARS).collect();
        let sql = "insert into audit_log (at, actor, deed, job, detail) values ($1, $2, $3, $4, $5) returning id";
        let (id,): (i64,) = self.db.fetch_one(sql, args![at.0, deed.actor, deed.deed, deed.job, detail]).await?;
        self.db.execute("delete from audit_log where id <= $1", args![id - MAX_ENTRIES]).await.map(drop)
    }

    /// The entries before `before` (none: the newest), newest first, at most `most`.
    pub async fn audit_log(&mut self, before: Option<i64>, most: u32) -> Result<Vec<LogEntry>, StoreError> {
        let sql = "select id, at, actor, deed, job, detail from audit_log
                    where cast($1 as bigint) is null or id < $1 order by id desc limit $2";
        let rows: Vec<(i64, i64, String, String, Option<String>, String)> =
            self.db.fetch_all(sql, args![before, most]).await?;
        let entry = |(id, at, actor, deed, job, detail)| LogEntry { id, at: Wall(at), actor, deed, job, detail };
        Ok(rows.into_iter().map(entry).collect())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::store::{QueueKind, Store};

    #[tokio::test(flavor = "current_thread")]
    async fn deeds_come_back_newest_first_and_a_page_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&folder.path().join("q.db"), QueueKind::Real).await.unwrap();
        let long = "x".repeat(5_000);
        for n in 1..=5 {
            let deed = AuditEvent { actor: "dashboard", deed: "pause", job: Some("unfollow"), detail: &long };
            store.admin().log_audit_event(Wall(n), &deed).await.unwrap();
        }
        let first = store.admin().audit_log(None, 2).await.unwrap();
        assert_eq!(first.iter().map(|entry| entry.at.0).collect::<Vec<_>>(), [5, 4]);
        let next = store.admin().audit_log(Some(first[1].id), 9).await.unwrap();
        assert_eq!(next.iter().map(|entry| entry.at.0).collect::<Vec<_>>(), [3, 2, 1]);
        assert_eq!(next[0].detail.len(), MAX_DETAIL_CHARS);
    }
}
