//! A lock on a server: an advisory lock of a session, on a connection that has nothing else to do. The server frees it when the connection
//! ends, and that ends with the process, however it ends.
//!
//! In: a server and a lock's number. Out: the lock, held by a task that asks the server from time to time whether it is held still, and takes it
//! again where its connection has ended. A process whose host has gone is found out by the server's probes of the connection
//! (`server::connect`).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedRwLockReadGuard, oneshot};
use tokio::time::{sleep, timeout};

use super::db::{Db, Executor, Link};
use super::error::StoreError;
use super::lock_holder::LockHolder;
use super::place::ServerPlace;
use super::server::connect;
use crate::domain::Wall;

/// How long a lock that is held is left alone before it is tried again.
const BETWEEN_TAKES: Duration = Duration::from_millis(5);
/// How often a lock's connection is tried.
const BETWEEN_TRIES: Duration = Duration::from_secs(2);
/// How long the server may take to answer then.
const MOST_PER_TRY: Duration = Duration::from_secs(10);
/// How soon a lock that was lost is taken again.
const TAKE_AGAIN: Duration = Duration::from_secs(1);
/// How long this process waits for locks that it is giving back before it takes another.
const MOST_PER_RELEASE: Duration = Duration::from_secs(2);

const WAIT: &str = "select true from pg_advisory_lock($1)";
/// Asked of the server and not taken for granted: a pooler that lends a connection to others would lend them the lock.
const IS_OURS: &str = "select exists (select 1 from pg_locks
     where locktype = 'advisory' and granted and objsubid = 1 and pid = pg_backend_pid()
       and (classid::bigint << 32) | objid::bigint = $1)";
/// When its session began is told to those who may see it.
const HOLDER: &str = "select coalesce(activity.application_name, ''),
           cast(extract(epoch from activity.backend_start) * 1000 as bigint)
      from pg_locks lock left join pg_stat_activity activity on activity.pid = lock.pid
     where lock.locktype = 'advisory' and lock.granted and lock.objsubid = 1
       and lock.database = (select oid from pg_database where datname = current_database())
       and (lock.classid::bigint << 32) | lock.objid::bigint = $1";

/// Whether others may have the same lock meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sharing {
    /// Nobody.
    Alone,
    /// All who take it so.
    Shared,
}

impl Sharing {
    const fn take(self) -> &'static str {
        match self {
            Sharing::Alone => "select pg_try_advisory_lock($1)",
            Sharing::Shared => "select pg_try_advisory_lock_shared($1)",
        }
    }

    const fn give_back(self) -> &'static str {
        match self {
            Sharing::Alone => "select pg_advisory_unlock($1)",
            Sharing::Shared => "select pg_advisory_unlock_shared($1)",
        }
    }
}

/// What a lock tells its task in the end: with the guard, whoever takes a lock waits until this one has been given back.
type Released = Option<OwnedRwLockReadGuard<()>>;

/// A lock that is held.
#[derive(Debug)]
pub(super) struct ServerLock {
    place: Arc<ServerPlace>,
    release: Option<oneshot::Sender<Released>>,
    is_lost: Arc<AtomicBool>,
}

impl Drop for ServerLock {
    fn drop(&mut self) {
        if let Some(release) = self.release.take() {
            // Without its task the connection has ended, and the lock with it.
            let _ = release.send(Arc::clone(&self.place.releases).try_read_owned().ok());
        }
    }
}

impl ServerLock {
    /// None: another session has it, after so many tries. The server frees the lock of a process that was killed a moment later.
    pub(super) async fn try_take(
        place: &Arc<ServerPlace>,
        number: i64,
        sharing: Sharing,
        tries: u32,
    ) -> Result<Option<ServerLock>, StoreError> {
        wait_for_releases(place).await;
        let mut db = connect(place).await?;
        for at in 1..=tries {
            let (is_taken,): (bool,) = db.fetch_one(sharing.take(), args![number]).await?;
            if is_taken {
                return Ok(Some(ServerLock::held_by(db, place, number, sharing)));
            }
            if at < tries {
                sleep(BETWEEN_TAKES).await;
            }
        }
        db.close().await;
        Ok(None)
    }

    /// Waits for it.
    pub(super) async fn wait(place: &Arc<ServerPlace>, number: i64) -> Result<ServerLock, StoreError> {
        let mut db = connect(place).await?;
        // Another load may take longer than a statement waits for a lock.
        db.execute("set lock_timeout = 0", args![]).await?;
        db.fetch_one::<(bool,)>(WAIT, args![number]).await?;
        Ok(ServerLock::held_by(db, place, number, Sharing::Alone))
    }

    fn held_by(db: Db, place: &Arc<ServerPlace>, number: i64, sharing: Sharing) -> ServerLock {
        let (release, released) = oneshot::channel();
        let is_lost = Arc::new(AtomicBool::new(false));
        tokio::spawn(hold(db, Arc::clone(place), (number, sharing), released, Arc::clone(&is_lost)));
        ServerLock { place: Arc::clone(place), release: Some(release), is_lost }
    }

    /// Whether the server has it as ours still, as far as it was asked.
    pub(super) fn is_intact(&self) -> bool {
        !self.is_lost.load(Ordering::Relaxed)
    }
}

/// Holds on to the lock until it is given back. Where its connection has ended it is taken again, if nobody else has it by then.
async fn hold(
    mut db: Db,
    place: Arc<ServerPlace>,
    (number, sharing): (i64, Sharing),
    mut released: oneshot::Receiver<Released>,
    is_lost: Arc<AtomicBool>,
) {
    let mut wait = BETWEEN_TRIES;
    loop {
        tokio::select! {
            released = &mut released => {
                // The server would end the session a moment after the connection: whoever asks until then would find the lock held.
                if !is_lost.load(Ordering::Relaxed)
                    && let Err(error) = db.execute(sharing.give_back(), args![number]).await
                {
                    tracing::debug!(%error, "giving a lock back");
                }
                db.close().await;
                drop(released);
                return;
            }
            () = sleep(wait) => {}
        }
        if !is_lost.load(Ordering::Relaxed) {
            let asked = timeout(MOST_PER_TRY, db.fetch_one::<(bool,)>(IS_OURS, args![number])).await;
            if matches!(asked, Ok(Ok((true,)))) {
                continue;
            }
            is_lost.store(true, Ordering::Relaxed);
            wait = TAKE_AGAIN;
            continue;
        }
        if let Some(again) = take_again(&place, number, sharing).await {
            db = again;
            is_lost.store(false, Ordering::Relaxed);
            wait = BETWEEN_TRIES;
        }
    }
}

/// On a new connection: the old one may have something left to say.
async fn take_again(place: &Arc<ServerPlace>, number: i64, sharing: Sharing) -> Option<Db> {
    let mut db = timeout(MOST_PER_TRY, connect(place)).await.ok()?.ok()?;
    let taken = timeout(MOST_PER_TRY, db.fetch_one::<(bool,)>(sharing.take(), args![number])).await;
    matches!(taken, Ok(Ok((true,)))).then_some(db)
}

/// Time alone ends the wait, and then the lock's own answer counts.
pub(super) async fn wait_for_releases(place: &ServerPlace) {
    let _ = timeout(MOST_PER_RELEASE, place.releases.write()).await;
}

/// Whether a session has a lock, asked on a connection that is there.
pub(super) async fn is_held<C: Link>(
    db: &mut Executor<C>,
    place: &ServerPlace,
    number: i64,
) -> Result<bool, StoreError> {
    wait_for_releases(place).await;
    Ok(session_of(db, number).await?.is_some())
}

/// Who has a lock, as far as its session says.
pub(super) async fn holder(place: &Arc<ServerPlace>, number: i64) -> Result<Option<LockHolder>, StoreError> {
    let mut db = connect(place).await?;
    let session = session_of(&mut db, number).await;
    db.close().await;
    let Some((name, Some(since))) = session? else { return Ok(None) };
    Ok(LockHolder::of_session(&name, Wall(since)))
}

/// The session that has a lock: its name, and when it began.
async fn session_of<C: Link>(db: &mut Executor<C>, number: i64) -> Result<Option<(String, Option<i64>)>, StoreError> {
    db.fetch_optional(HOLDER, args![number]).await
}
