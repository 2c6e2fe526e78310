//! What the servers of a queue are doing, as they have written it down for whoever only looks: one where the queue is a file, any number where it
//! is on a server.
//!
//! In: what a server says of itself. Out: the same, while its process has a server's lock. What does not belong here: what follows for a job
//! (`app::job_activity`).

use super::QueueStore;
use crate::domain::Wall;
use crate::store::StoreError;
use crate::store::lock::{DrainLock, is_held_beside};
use crate::store::lock_holder::{LockHolder, session_name};
use crate::store::lock_name::LockName;
use crate::store::serving::ON_SERVER;

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

/// A process that serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerAtWork {
    /// Which process, and since when; none: it does not say.
    pub process: Option<LockHolder>,
    /// What it is doing.
    pub state: ServerState,
}

impl ServerState {
    fn stored(doing: &str, until: Option<i64>, why: Option<String>) -> ServerState {
        match (doing, until, why) {
            ("rests", Some(until), _) => ServerState::Rests { until: Wall(until) },
            ("needs_person", _, Some(why)) => ServerState::NeedsPerson { why },
            _ => ServerState::Works,
        }
    }

    /// The word of `status --json`.
    pub const fn name(&self) -> &'static str {
        match self {
            ServerState::Works => "works",
            ServerState::Rests { .. } => "rests",
            ServerState::NeedsPerson { .. } => "needs_person",
        }
    }
}

impl QueueStore<'_> {
    /// What the servers of this queue are doing.
    ///
    /// # Errors
    /// The database cannot be read, or the lock's file cannot be opened.
    pub(super) async fn servers(&mut self) -> Result<Vec<ServerAtWork>, StoreError> {
        if self.db.is_postgres() {
            type Row = (String, i64, String, Option<i64>, Option<String>);
            let rows: Vec<Row> = self.db.fetch_all(ON_SERVER, args![LockName::Serve.number()]).await?;
            let each = |(holder, since, doing, until, why): Row| ServerAtWork {
                process: LockHolder::of_session(&holder, Wall(since)),
                state: ServerState::stored(&doing, until, why),
            };
            return Ok(rows.into_iter().map(each).collect());
        }
        if !is_held_beside(self.db, LockName::Serve).await? {
            return Ok(Vec::new());
        }
        let sql = "select doing, until_at, why from server where id = 1";
        let found: Option<(String, Option<i64>, Option<String>)> = self.db.fetch_optional(sql, args![]).await?;
        // One that has just begun has written down nothing yet.
        let state = found.map_or(ServerState::Works, |(doing, until, why)| ServerState::stored(&doing, until, why));
        // It has the right to drain as long as it lives.
        let process = DrainLock::holder(self.db.place().clone()).await;
        Ok(vec![ServerAtWork { process, state }])
    }

    /// Writes down what this process, which holds a server's lock, is doing. In a file's queue no drain is running where it sends nothing.
    pub async fn set_server_state(&mut self, state: &ServerState) -> Result<(), StoreError> {
        let (until, why) = match state {
            ServerState::Works => (None, None),
            ServerState::Rests { until } => (Some(until.0), None),
            ServerState::NeedsPerson { why } => (None, Some(why)),
        };
        if self.db.is_postgres() {
            return self.db.execute(SET_ON_SERVER, args![session_name(), state.name(), until, why]).await.map(drop);
        }
        let mut tx = self.db.begin().await?;
        tx.execute(SET_IN_FILE, args![state.name(), until, why]).await?;
        tx.execute(END_CUT_OFF, args![]).await?;
        tx.commit().await
    }
}

const SET_IN_FILE: &str = "
    insert into server (id, doing, until_at, why) values (1, $1, $2, $3)
    on conflict (id) do update set doing = excluded.doing, until_at = excluded.until_at, why = excluded.why";

/// An older drain that an error cut off has not written down its end. The server holds the drain's lock still, so nobody would tell it from
/// one that is running.
const END_CUT_OFF: &str = "update drain set stopped = coalesce(stopped, 'cut_off')
     where id = (select max(id) from drain) and ended_at is null and stopped is null";

const SET_ON_SERVER: &str = "update server set doing = $2, until_at = $3, why = $4 where holder = $1";

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
        let states = async |store: &mut Store| {
            store.queue().servers().await.unwrap().into_iter().map(|server| server.state).collect::<Vec<_>>()
        };
        assert_eq!(states(&mut store).await, [ServerState::Works], "nothing is written down yet");
        for state in [
            ServerState::NeedsPerson { why: "the token is not accepted".into() },
            ServerState::Rests { until: Wall(5) },
            ServerState::Works,
            ServerState::Rests { until: Wall(6) },
        ] {
            store.queue().set_server_state(&state).await.unwrap();
            assert_eq!(states(&mut store).await, [state]);
        }
        drop(lock);
        assert_eq!(states(&mut store).await, []);
    }
}
