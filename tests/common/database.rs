//! A database of a PostgreSQL server for one test, empty, and gone with it.
//!
//! In: `CLEANUP_POSTGRES`, the address of a server that may make databases (`tests/postgres/run` sets one up). Out: the address of a new
//! database. Tests of the program as a whole have their queue there too where `CLEANUP_TESTS_ON` is `postgres`.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use cleanup::domain::Secret;
use cleanup::store::QueuePlace;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use super::wait;

/// A database.
pub struct TestDatabase {
    pub address: String,
    name: String,
}

/// Where the queue of a test is that takes either: a file in its folder, or a database of its own where that is asked for.
pub struct TestPlace {
    place: QueuePlace,
    _database: Option<TestDatabase>,
}

impl TestPlace {
    pub fn within(folder: &Path) -> TestPlace {
        let database = is_asked_for().then(TestDatabase::new);
        let place = database.as_ref().map_or_else(|| folder.join("queue.db").into(), |database| database.place(folder));
        TestPlace { place, _database: database }
    }

    /// A database, whatever is asked for.
    pub fn on_server(folder: &Path) -> TestPlace {
        let database = TestDatabase::new();
        TestPlace { place: database.place(folder), _database: Some(database) }
    }

    pub fn place(&self) -> &QueuePlace {
        &self.place
    }
}

/// Whether the queues of tests that take either are to be on a server.
pub fn is_asked_for() -> bool {
    std::env::var("CLEANUP_TESTS_ON").is_ok_and(|kind| kind == "postgres")
}

fn server() -> String {
    std::env::var("CLEANUP_POSTGRES").expect("CLEANUP_POSTGRES, the address of a server: see tests/postgres/run")
}

/// In a thread of its own: a test may be within a runtime.
fn tell_server(sql: String) {
    let told = std::thread::spawn(move || {
        wait(async {
            let mut connection = PgConnection::connect(&server()).await.unwrap();
            sqlx::query(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
        });
    });
    told.join().unwrap();
}

impl TestDatabase {
    pub fn new() -> TestDatabase {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}_{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        tell_server(format!("create database {name}"));
        let (server, _) = server().rsplit_once('/').map(|(server, rest)| (server.to_owned(), rest.to_owned())).unwrap();
        TestDatabase { address: format!("{server}/{name}"), name }
    }

    /// The queue in it; what is kept in files all the same is kept in `folder`.
    pub fn place(&self, folder: &Path) -> QueuePlace {
        QueuePlace::server(Secret::new(self.address.as_str()), folder).unwrap()
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let name = std::mem::take(&mut self.name);
        // A failed test says more by its own panic than by a second one.
        if !std::thread::panicking() {
            tell_server(format!("drop database {name} with (force)"));
        }
    }
}
