//! A drain on a server lives until a time by the server's clock, which a task of its own puts off again and again, on a connection of its own.
//! Whoever finds that time past takes over what the drain had.
//!
//! In: a drain's row. Out: for how long this process may still send. It counts from before the server was told, by a clock that goes on while
//! the machine sleeps or the process stands still: it has stopped before anybody takes over. What does not belong here: taking over
//! ([`super::dead_drains`]).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedRwLockReadGuard, oneshot};
use tokio::time::{sleep, timeout};

use crate::clock::boot_time;
use crate::domain::{Fence, Tick};
use crate::store::db::Db;
use crate::store::error::StoreError;
use crate::store::place::{QueuePlace, ServerPlace};
use crate::store::server::connect;

/// How long a drain is believed to live behind its last word.
const LEASE: Duration = Duration::from_secs(15);
/// How often it says so.
const RENEW_EVERY: Duration = Duration::from_secs(3);
/// How soon it tries again where that did not work.
const TRY_AGAIN: Duration = Duration::from_millis(500);
/// How long the server may take to answer then.
const MOST_PER_TRY: Duration = Duration::from_secs(4);
/// Nothing is sent in the last part of it.
const MARGIN: Duration = Duration::from_secs(2);

/// `$1` the drain, `$2` how long it lives, in milliseconds. Whoever watches hears of turns that have not been told one by one.
const RENEW: &str = concat!(
    "update drain set alive_until = ",
    server_now!(),
    " + $2 where id = $1 and ended_at is null returning pg_notify('cleanup', '') is null"
);

/// `$1` the drain: its process sends nothing more.
const GIVE_UP: &str = "update drain set alive_until = 0 where id = $1 and ended_at is null";

/// What a lease tells its task in the end: with the guard, whoever looks for drains that are over waits until this one says so.
type Released = Option<OwnedRwLockReadGuard<()>>;

/// The lease of a drain; dropped, the drain is over, as if its process had died.
#[derive(Debug)]
pub(super) struct DrainLease {
    place: Arc<ServerPlace>,
    release: Option<oneshot::Sender<Released>>,
    state: Arc<LeaseState>,
}

#[derive(Debug)]
struct LeaseState {
    /// Nothing is sent after this tick of the boot.
    sends_until: AtomicI64,
    /// Somebody has taken over.
    is_lost: AtomicBool,
}

impl Drop for DrainLease {
    fn drop(&mut self) {
        if let Some(release) = self.release.take() {
            let _ = release.send(Arc::clone(&self.place.releases).try_read_owned().ok());
        }
    }
}

impl DrainLease {
    /// The first part of a lease, for the row of a drain that is about to begin: how long it lives, in milliseconds, and from when that counts.
    pub(super) fn first() -> (i64, Tick) {
        (lease_ms(), boot_time())
    }

    /// Keeps a drain alive whose row was written after `from`.
    pub(super) async fn keep(place: &QueuePlace, fence: Fence, from: Tick) -> Result<Option<DrainLease>, StoreError> {
        let QueuePlace::Server(place) = place else { return Ok(None) };
        let db = connect(place).await?;
        let (release, released) = oneshot::channel();
        let state = LeaseState { sends_until: AtomicI64::new(end_from(from)), is_lost: AtomicBool::new(false) };
        let state = Arc::new(state);
        tokio::spawn(renew(db, Arc::clone(place), fence, released, Arc::clone(&state)));
        Ok(Some(DrainLease { place: Arc::clone(place), release: Some(release), state }))
    }

    /// For how long requests may still leave.
    pub(super) fn left(&self) -> Duration {
        if self.state.is_lost.load(Ordering::Relaxed) {
            return Duration::ZERO;
        }
        Tick(self.state.sends_until.load(Ordering::Relaxed)).since(boot_time())
    }
}

/// Renews the lease until it is dropped or somebody has taken over.
async fn renew(
    mut db: Db,
    place: Arc<ServerPlace>,
    fence: Fence,
    mut released: oneshot::Receiver<Released>,
    state: Arc<LeaseState>,
) {
    let mut wait = RENEW_EVERY;
    loop {
        tokio::select! {
            released = &mut released => {
                if let Err(error) = db.execute(GIVE_UP, args![fence.0]).await {
                    tracing::debug!(%error, "the end of a drain is found out when its time is over");
                }
                db.close().await;
                drop(released);
                return;
            }
            () = sleep(wait) => {}
        }
        let asked = boot_time();
        wait = match timeout(MOST_PER_TRY, db.fetch_optional::<(bool,)>(RENEW, args![fence.0, lease_ms()])).await {
            Ok(Ok(Some(_))) => {
                state.sends_until.store(end_from(asked), Ordering::Relaxed);
                RENEW_EVERY
            }
            Ok(Ok(None)) => {
                state.is_lost.store(true, Ordering::Relaxed);
                return;
            }
            Ok(Err(error)) => {
                tracing::debug!(%error, "the drain could not say that it is alive");
                TRY_AGAIN
            }
            // What is still to be answered on that connection is left with it.
            Err(_) => {
                if let Ok(Ok(new)) = timeout(MOST_PER_TRY, connect(&place)).await {
                    db = new;
                }
                TRY_AGAIN
            }
        };
    }
}

fn lease_ms() -> i64 {
    i64::try_from(LEASE.as_millis()).unwrap_or(i64::MAX)
}

fn end_from(asked: Tick) -> i64 {
    asked.after(LEASE - MARGIN).0
}
