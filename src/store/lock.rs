//! Who drains, who loads, who works on schedules, and who refreshes an account's credentials: locks of the operating system beside a queue's
//! file (`file_lock`), or of the server that has the queue (`server_lock`). Either frees them when a process ends, however it ends, so a
//! restart after kill -9 goes on at once; there is no time-out to wait for and no process number to test.

use std::path::Path;
use std::sync::Arc;

use super::db::{Executor, Link};
use super::error::StoreError;
use super::file_lock::{FileLock, lock_file};
use super::lock_holder::{LockHolder, read};
use super::lock_name::LockName;
use super::place::QueuePlace;
use super::server::connect;
use super::server_lock::{self, ServerLock, Sharing};
use super::serving::note_server;
use crate::domain::AccountId;

/// The right to drain a queue; held until it and all its shares are dropped. In a file's queue one process has it; on a server any number have, and
/// whoever has to be alone with the queue keeps them all out.
#[derive(Debug)]
pub struct DrainLock {
    held: Arc<HeldLock>,
}

impl DrainLock {
    /// Takes the lock of the queue at `queue`.
    ///
    /// # Errors
    /// [`StoreError::Draining`] where another process has it; on a server, where one is alone with the queue.
    pub async fn take(queue: impl Into<QueuePlace>) -> Result<DrainLock, StoreError> {
        let queue = queue.into();
        match DrainLock::try_take_as(&queue, Sharing::Shared).await? {
            Some(lock) => Ok(lock),
            None => Err(DrainLock::refusal(queue).await),
        }
    }

    /// The same for somebody who does not drain, and keeps everybody from it.
    ///
    /// # Errors
    /// [`StoreError::InUse`] where any other process has it.
    pub async fn take_alone(queue: impl Into<QueuePlace>) -> Result<DrainLock, StoreError> {
        let queue = queue.into();
        if let Some(lock) = DrainLock::try_take_as(&queue, Sharing::Alone).await? {
            return Ok(lock);
        }
        // On a server there may be several.
        let holder = if queue.file().is_some() { DrainLock::holder(&queue).await } else { None };
        Err(StoreError::InUse { queue, holder })
    }

    async fn try_take_as(queue: &QueuePlace, sharing: Sharing) -> Result<Option<DrainLock>, StoreError> {
        let held = HeldLock::try_take_as(queue, LockName::Drain, sharing).await?;
        Ok(held.map(|held| DrainLock { held: Arc::new(held) }))
    }

    async fn refusal(queue: QueuePlace) -> StoreError {
        let holder = DrainLock::holder(&queue).await;
        StoreError::Draining { queue, holder }
    }

    /// Who drains the queue at `queue`, as far as it says; a hint, and only where somebody does.
    pub async fn holder(queue: impl Into<QueuePlace>) -> Option<LockHolder> {
        holder_of(&queue.into(), LockName::Drain).await
    }

    /// Refuses where somebody drains the queue at `queue` now.
    ///
    /// # Errors
    /// [`StoreError::Draining`] where another process does; it cannot be asked.
    pub async fn refuse_if_held(queue: impl Into<QueuePlace>) -> Result<(), StoreError> {
        let queue = queue.into();
        if DrainLock::is_held(&queue).await? { Err(DrainLock::refusal(queue).await) } else { Ok(()) }
    }

    /// Whether somebody drains the queue at `queue` now.
    ///
    /// # Errors
    /// It cannot be asked.
    pub async fn is_held(queue: impl Into<QueuePlace>) -> Result<bool, StoreError> {
        is_held(&queue.into(), LockName::Drain).await
    }

    /// The same right once more: a process that drains again and again holds on to it in between.
    pub fn share(&self) -> DrainLock {
        DrainLock { held: Arc::clone(&self.held) }
    }

    /// Whether the lock still guards the queue: false once somebody removed or replaced its file, or its connection has ended, for then
    /// another process can take a lock of the same name.
    pub(super) fn is_intact(&self) -> bool {
        match &*self.held {
            HeldLock::File(lock) => lock.is_intact(),
            HeldLock::Server(lock) => lock.is_intact(),
        }
    }
}

/// The right to decide on what the queue's schedules do; until it is dropped. In a file's queue it is held while their firings run, too: one that
/// is on record as running while nobody has this lock belongs to a process that died. On a server several processes run firings, and each
/// firing has a lock of its own ([`FiringLock`]).
#[derive(Debug)]
pub struct ScheduleLock {
    _held: HeldLock,
}

impl ScheduleLock {
    /// Takes the lock of the queue at `queue`; none where another process has it.
    ///
    /// # Errors
    /// It can neither be had nor refused: no file can be made, no server reached.
    pub async fn try_take(queue: impl Into<QueuePlace>) -> Result<Option<ScheduleLock>, StoreError> {
        let held = HeldLock::try_take(&queue.into(), LockName::Schedule).await?;
        Ok(held.map(|held| ScheduleLock { _held: held }))
    }

    /// Whether a process runs schedules of the queue at `queue` now.
    ///
    /// # Errors
    /// It cannot be asked.
    pub async fn is_held(queue: impl Into<QueuePlace>) -> Result<bool, StoreError> {
        is_held(&queue.into(), LockName::Schedule).await
    }
}

/// The right to run a firing, where several processes run schedules: on a server. One that is on record as running while nobody has its lock
/// belongs to a process that died. In a file's queue the [`ScheduleLock`] says so.
#[derive(Debug)]
pub struct FiringLock {
    _held: Option<HeldLock>,
}

impl FiringLock {
    /// Takes the lock of a firing of the queue at `queue`; none where another process has it.
    ///
    /// # Errors
    /// It can neither be had nor refused.
    pub async fn try_take(queue: impl Into<QueuePlace>, firing: i64) -> Result<Option<FiringLock>, StoreError> {
        let queue = queue.into();
        if queue.file().is_some() {
            return Ok(Some(FiringLock { _held: None }));
        }
        let held = HeldLock::try_take(&queue, LockName::Firing(firing)).await?;
        Ok(held.map(|held| FiringLock { _held: Some(held) }))
    }
}

/// Held by a process that looks at what is due by itself and begins what schedules are asked for, for as long as it lives. Of a file's queue
/// there is one, of a server's any number.
#[derive(Debug)]
pub struct ServeLock {
    _held: HeldLock,
}

impl ServeLock {
    /// Takes the lock of the queue at `queue`, and on a server writes down that this process serves; none where another process has it, or has it
    /// alone.
    ///
    /// # Errors
    /// It can neither be had nor refused.
    pub async fn try_take(queue: impl Into<QueuePlace>) -> Result<Option<ServeLock>, StoreError> {
        let queue = queue.into();
        let Some(held) = HeldLock::try_take_as(&queue, LockName::Serve, Sharing::Shared).await? else {
            return Ok(None);
        };
        if let QueuePlace::Server(server) = &queue {
            note_server(server).await?;
        }
        Ok(Some(ServeLock { _held: held }))
    }

    /// The same for somebody who does not serve, and keeps everybody from it.
    ///
    /// # Errors
    /// As [`ServeLock::try_take`].
    pub async fn try_take_alone(queue: impl Into<QueuePlace>) -> Result<Option<ServeLock>, StoreError> {
        let held = HeldLock::try_take(&queue.into(), LockName::Serve).await?;
        Ok(held.map(|held| ServeLock { _held: held }))
    }

    /// Whether such a process is there.
    ///
    /// # Errors
    /// It cannot be asked.
    pub async fn is_held(queue: impl Into<QueuePlace>) -> Result<bool, StoreError> {
        is_held(&queue.into(), LockName::Serve).await
    }
}

/// The right to load; loads of one queue take turns, so that each owns an unbroken range of task IDs.
#[derive(Debug)]
pub(super) struct LoadLock {
    _held: HeldLock,
}

impl LoadLock {
    /// Waits for the lock: another load may take minutes.
    pub(super) async fn wait(queue: impl Into<QueuePlace>) -> Result<LoadLock, StoreError> {
        let held = match queue.into() {
            QueuePlace::File(path) => HeldLock::File(wait_for_file(&path, LockName::Load).await?),
            QueuePlace::Server(server) => HeldLock::Server(ServerLock::wait(&server, LockName::Load.number()).await?),
        };
        Ok(LoadLock { _held: held })
    }
}

/// The right to refresh an account's credentials, or to replace them; held until it is dropped. One per account, so that
/// a platform that is slow for one delays no other.
#[derive(Debug)]
pub struct AccountLock {
    _held: HeldLock,
}

impl AccountLock {
    /// Takes the lock of an account of the queue at `queue`; none where another process has it.
    ///
    /// # Errors
    /// It can neither be had nor refused.
    pub async fn try_take(queue: impl Into<QueuePlace>, account: AccountId) -> Result<Option<AccountLock>, StoreError> {
        let held = HeldLock::try_take(&queue.into(), LockName::Account(account)).await?;
        Ok(held.map(|held| AccountLock { _held: held }))
    }
}

/// The right to read one list of an account; held until it is dropped. Two processes at one list would turn each other's pages.
#[derive(Debug)]
pub struct ListLock {
    _held: HeldLock,
}

impl ListLock {
    /// Takes the lock of an account's list; none where another process has it.
    ///
    /// # Errors
    /// It can neither be had nor refused.
    pub async fn try_take(
        queue: impl Into<QueuePlace>,
        account: AccountId,
        list: &str,
    ) -> Result<Option<ListLock>, StoreError> {
        let held = HeldLock::try_take(&queue.into(), LockName::List(account, list)).await?;
        Ok(held.map(|held| ListLock { _held: held }))
    }

    /// Who reads an account's list, as far as it says; a hint, and only where somebody does.
    pub async fn holder(queue: impl Into<QueuePlace>, account: AccountId, list: &str) -> Option<LockHolder> {
        holder_of(&queue.into(), LockName::List(account, list)).await
    }
}

/// A lock, wherever it is.
#[derive(Debug)]
enum HeldLock {
    File(FileLock),
    Server(ServerLock),
}

impl HeldLock {
    async fn try_take(queue: &QueuePlace, name: LockName<'_>) -> Result<Option<HeldLock>, StoreError> {
        HeldLock::try_take_as(queue, name, Sharing::Alone).await
    }

    async fn try_take_as(
        queue: &QueuePlace,
        name: LockName<'_>,
        sharing: Sharing,
    ) -> Result<Option<HeldLock>, StoreError> {
        Ok(match queue {
            QueuePlace::File(path) => {
                let file = lock_file(path, name)?;
                let held =
                    if name.is_looked_at() { FileLock::take_from_lookers(&file) } else { FileLock::try_take(&file) };
                held?.map(|held| HeldLock::File(if name.is_signed() { held.signed() } else { held }))
            }
            QueuePlace::Server(server) => {
                let tries = if name.is_looked_at() { 20 } else { 1 };
                ServerLock::try_take(server, name.number(), sharing, tries).await?.map(HeldLock::Server)
            }
        })
    }
}

/// On a thread of its own.
async fn wait_for_file(queue: &Path, name: LockName<'_>) -> Result<FileLock, StoreError> {
    let path = lock_file(queue, name)?;
    let complain = {
        let path = path.clone();
        move |source| StoreError::of_io(&path, source)
    };
    let waiting = tokio::task::spawn_blocking(move || FileLock::take(&path));
    waiting.await.map_err(|join| complain(std::io::Error::other(join)))?
}

async fn is_held(queue: &QueuePlace, name: LockName<'_>) -> Result<bool, StoreError> {
    match queue {
        QueuePlace::File(path) => FileLock::is_held(&lock_file(path, name)?),
        QueuePlace::Server(server) => {
            let mut db = connect(server).await?;
            let is_held = server_lock::is_held(&mut db, server, name.number()).await;
            db.close().await;
            is_held
        }
    }
}

/// Whether somebody has a lock of the queue that a connection is to.
pub(super) async fn is_held_beside<C: Link>(db: &mut Executor<C>, name: LockName<'_>) -> Result<bool, StoreError> {
    match db.place().clone() {
        QueuePlace::Server(server) => server_lock::is_held(db, &server, name.number()).await,
        file => is_held(&file, name).await,
    }
}

async fn holder_of(queue: &QueuePlace, name: LockName<'_>) -> Option<LockHolder> {
    match queue {
        QueuePlace::File(path) => read(&lock_file(path, name).ok()?),
        QueuePlace::Server(server) => server_lock::holder(server, name.number()).await.ok()?,
    }
}

#[cfg(test)]
#[path = "lock_tests.rs"]
mod tests;
