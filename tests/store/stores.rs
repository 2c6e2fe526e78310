//! The kinds of store, and an empty queue of each: the one place that knows where a queue of a kind is, and how it is opened.
//!
//! In: a kind. Out: a [`TestQueue`]. A second kind is a variant here, and a module in [`for_every_store`]: every story and the law run on it
//! as they are.

use std::path::Path;

use cleanup::store::{DrainLock, QueueKind, QueuePlace, Store};
use tempfile::TempDir;

use crate::common::database::TestDatabase;
use crate::common::{sql, wait};

/// A kind of store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StoreKind {
    /// One file.
    Sqlite,
    /// A database of a server that the tests are given by `CLEANUP_POSTGRES` (`postgres://user@host:port/database`, with a right to make
    /// others); each story gets one of its own.
    Postgres,
}

impl StoreKind {
    /// Whether it is files beside each other: a write-ahead log that can be watched, locks that can be removed.
    pub(super) const fn has_files(self) -> bool {
        match self {
            StoreKind::Sqlite => true,
            StoreKind::Postgres => false,
        }
    }
}

/// A queue of its own for one test. Whoever opens it again is another process, so to speak.
pub(super) struct TestQueue {
    pub(super) kind: StoreKind,
    _folder: TempDir,
    place: QueuePlace,
    database: Option<TestDatabase>,
}

impl TestQueue {
    pub(super) fn new(kind: StoreKind) -> TestQueue {
        // Nothing here is about disks: in memory it does not wait for one.
        let memory = Path::new("/dev/shm");
        let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
        let folder = folder.unwrap();
        let database = (kind == StoreKind::Postgres).then(TestDatabase::new);
        let place = match &database {
            Some(database) => database.place(folder.path()),
            None => folder.path().join("queue.db").into(),
        };
        TestQueue { kind, _folder: folder, place, database }
    }

    /// What it is opened and locked by.
    pub(super) fn place(&self) -> &QueuePlace {
        &self.place
    }

    /// The address of its database; none: it is a file.
    pub(super) fn address(&self) -> Option<&str> {
        self.database.as_ref().map(|database| database.address.as_str())
    }

    pub(super) async fn open(&self) -> Store {
        Store::open(self.place(), QueueKind::Real).await.unwrap()
    }

    pub(super) async fn drain_lock(&self) -> DrainLock {
        DrainLock::take(self.place()).await.unwrap()
    }

    /// Plants damage: what no program writes, and a disk or an older version has left. The only statements of these tests.
    pub(super) async fn plant(&self, damage: &'static str) {
        if let Some(database) = &self.database {
            let mut connection = <sqlx::PgConnection as sqlx::Connection>::connect(&database.address).await.unwrap();
            sqlx::query(damage).execute(&mut connection).await.unwrap();
            return;
        }
        let mut connection = sql::connect(self.place.local_path()).await;
        sqlx::query(damage).execute(&mut connection).await.unwrap();
        sqlx::Connection::close(connection).await.unwrap();
    }
}

/// Tells a story of an empty queue.
pub(super) fn tell<S: AsyncFnOnce(TestQueue)>(kind: StoreKind, story: S) {
    wait(story(TestQueue::new(kind)));
}

/// Makes each story of a file a test for every kind of store.
macro_rules! for_every_store {
    ($($story:ident),* $(,)?) => {
        mod sqlite {
            use crate::store::stores::{StoreKind, tell};

            $(
                #[test]
                fn $story() {
                    tell(StoreKind::Sqlite, super::$story);
                }
            )*
        }

        mod postgres {
            use crate::store::stores::{StoreKind, tell};

            $(
                #[test]
                #[ignore = "a server is asked for: CLEANUP_POSTGRES"]
                fn $story() {
                    tell(StoreKind::Postgres, super::$story);
                }
            )*
        }
    };
}

pub(super) use for_every_store;
