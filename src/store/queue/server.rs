//! What the server of a queue is doing, as it has written it down for whoever only looks.
//!
//! In: what a server says of itself. Out: the same, while there is a server. What does not belong here: what follows for a job
//! (`app::job_activity`).

use super::QueueStore;
use crate::domain::Wall;
use crate::store::StoreError;
use crate::store::lock::is_held_beside;
use crate::store::lock_name::LockName;

/// What a server is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerState {
    /// It takes up what is queued by itself.
    Works,
    /// It goes on then: it met no answer, a hold on every account, or the disk was in the way.
    Rests {
        /// When.
        until: Wall,
    },
    /// It sends nothing before a person has done something.
    NeedsPerson {
        /// What happened, and what to do.
        why: String,
    },
}

/// An older drain that an error cut off has not written down its end. The server holds the drain's lock still, so nobody would tell it from
/// one that is running.
const END_CUT_OFF: &str = "update drain set stopped = coalesce(stopped, 'cut_off')
     where id = (select max(id) from drain) and ended_at is null and stopped is null";

impl QueueStore<'_> {
    /// What the server of this queue is doing; none: there is none.
    ///
    /// # Errors
    /// The database cannot be read, or the lock's file cannot be opened.
    pub(super) async fn server_state(&mut self) -> Result<Option<ServerState>, StoreError> {
        if !is_held_beside(self.db, LockName::Serve).await? {
            return Ok(None);
        }
        let sql = "select doing, until_at, why from server where id = 1";
        let found: Option<(String, Option<i64>, Option<String>)> = self.db.fetch_optional(sql, args![]).await?;
        Ok(Some(match found {
            Some((doing, Some(until), _)) if doing == "rests" => ServerState::Rests { until: Wall(until) },
            Some((doing, _, Some(why))) if doing == "needs_person" => ServerState::NeedsPerson { why },
            // It has just begun, and has written down nothing yet.
            _ => ServerState::Works,
        }))
    }

    /// Writes down what this process, which holds the server's lock, is doing. Where it sends nothing, no drain is running either.
    pub async fn set_server_state(&mut self, state: &ServerState) -> Result<(), StoreError> {
        let (doing, until, why) = match state {
            ServerState::Works => ("works", None, None),
            ServerState::Rests { until } => ("rests", Some(until.0), None),
            ServerState::NeedsPerson { why } => ("needs_person", None, Some(why)),
        };
        let sql = "insert into server (id, doing, until_at, why) values (1, $1, $2, $3)
                   on conflict (id) do update set doing = excluded.doing, until_at = excluded.until_at, why = excluded.why";
        let mut tx = self.db.begin().await?;
        tx.execute(sql, args![doing, until, why]).await?;
        tx.execute(END_CUT_OFF, args![]).await?;
        tx.commit().await
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::store::{QueueKind, ServeLock, Store};

    #[tokio::test]
    async fn what_a_server_has_said_holds_as_long_as_it_lives() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("q.db");
        let mut store = Store::open(&path, QueueKind::Real).await.unwrap();
        let lock = ServeLock::try_take(&path).await.unwrap();
        assert_eq!(
            store.queue().server_state().await.unwrap(),
            Some(ServerState::Works),
            "nothing is written down yet"
        );
        for state in [
            ServerState::NeedsPerson { why: "the token is not accepted".into() },
            ServerState::Rests { until: Wall(5) },
            ServerState::Works,
            ServerState::Rests { until: Wall(6) },
        ] {
            store.queue().set_server_state(&state).await.unwrap();
            assert_eq!(store.queue().server_state().await.unwrap(), Some(state));
        }
        drop(lock);
        assert_eq!(store.queue().server_state().await.unwrap(), None);
    }
}
