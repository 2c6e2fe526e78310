//! Opening a queue: where it is, who may read it, whether this program may write to it.

use std::fs::OpenOptions;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::time::Duration;

use sqlx::ConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteLockingMode, SqliteSynchronous};

use super::db::{AnyConnection, Db};
use super::durable::make_private_folder;
use super::error::{BUSY_TIMEOUT_S, StoreError};
use super::foreign::is_foreign;
use super::load::ReloadSizes;
use super::lock::LoadLock;
use super::place::QueuePlace;
use super::server;
use super::{AccountStore, AdminStore, ListStore, LoadStore, QueueStore, ReadStore, ScheduleStore};

/// The first SQLite without the bug that can corrupt a write-ahead log while it is reset.
const NEEDED_SQLITE: (u32, u32, u32) = (3, 51, 3);

/// Other sessions of this program, but for those in which this process holds its locks.
const OTHER_SESSIONS: &str = "
    select count(*) from pg_stat_activity other
     where other.datname = current_database() and other.pid <> pg_backend_pid() and other.application_name like 'cleanup%'
       and (other.application_name <> current_setting('application_name')
            or not exists (select 1 from pg_locks held where held.pid = other.pid and held.locktype = 'advisory'))";

/// How long whoever only looks at a queue has time to end, before it counts as in use.
const WAIT_TO_BE_ALONE: Duration = Duration::from_secs(2);

crate::domain::with_names! {
    /// What a queue is for. It is stamped when the file is made.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum QueueKind {
        /// Real platforms.
        Real => "real",
        /// The pretend platform.
        Sandbox => "sandbox",
    }
}

/// A queue, open. It owns one connection; whoever needs to work beside it opens another.
#[derive(Debug)]
pub struct Store {
    pub(super) db: Db,
    pub(super) reload_sizes: ReloadSizes,
}

impl Store {
    /// Opens the queue at `place`, making it where it is not there (a file is 0600, its folder 0700) and bringing its schema up to date where
    /// needed.
    ///
    /// # Errors
    /// No access, a full disk, a file or database that is no queue, a queue of the other kind or of a newer program (its schema, or a word in
    /// it that this one does not know), one that has been moved elsewhere, an SQLite with the WAL-reset bug.
    pub async fn open(place: impl Into<QueuePlace>, kind: QueueKind) -> Result<Store, StoreError> {
        Store::open_wherever(place, kind).await?.unless_moved().await
    }

    /// The same, also of one that has been moved, or is being moved: for whoever goes on with that.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub async fn open_wherever(place: impl Into<QueuePlace>, kind: QueueKind) -> Result<Store, StoreError> {
        match place.into() {
            QueuePlace::File(path) => Store::open_file(&path, kind).await,
            QueuePlace::Server(server) => Store::open_server(&server, kind).await,
        }
    }

    async fn open_file(path: &Path, kind: QueueKind) -> Result<Store, StoreError> {
        make_private(path)?;
        let mut store = Store { db: connect_in_turn(path).await?, reload_sizes: ReloadSizes::default() };
        store.check_sqlite().await?;
        store.complete(kind).await?;
        store.refuse_unknown_words().await?;
        Ok(store)
    }

    /// Opens the queue only if it is there: control commands must not make an empty one at a mistyped place.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub async fn open_existing(place: impl Into<QueuePlace>, kind: QueueKind) -> Result<Option<Store>, StoreError> {
        match Store::open_existing_wherever(place, kind).await? {
            Some(store) => store.unless_moved().await.map(Some),
            None => Ok(None),
        }
    }

    /// The same, also of one that has been moved, or is being moved.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub async fn open_existing_wherever(
        place: impl Into<QueuePlace>,
        kind: QueueKind,
    ) -> Result<Option<Store>, StoreError> {
        match place.into() {
            QueuePlace::File(path) => match std::fs::metadata(&path) {
                Ok(_) => Store::open_file(&path, kind).await.map(Some),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
                Err(source) => Err(StoreError::of_io(&path, source)),
            },
            QueuePlace::Server(server) => Store::open_existing_server(&server, kind).await,
        }
    }

    /// One more connection to a queue that this process has opened before: it is of the right kind and up to date.
    ///
    /// # Errors
    /// It can no longer be opened.
    pub async fn reopen(place: impl Into<QueuePlace>) -> Result<Store, StoreError> {
        Ok(Store { db: reopen(&place.into()).await?, reload_sizes: ReloadSizes::default() })
    }

    /// The same, unless it has been moved to another place meanwhile.
    ///
    /// # Errors
    /// [`StoreError::Moved`], [`StoreError::Awaiting`]; it can no longer be opened.
    pub async fn reopen_unmoved(place: impl Into<QueuePlace>) -> Result<Store, StoreError> {
        Store::reopen(place).await?.unless_moved().await
    }

    /// One more connection to the same queue, for reading beside a load.
    ///
    /// # Errors
    /// It cannot be opened.
    pub async fn open_second(&self) -> Result<Store, StoreError> {
        Ok(Store { reload_sizes: self.reload_sizes, ..Store::reopen(self.place()).await? })
    }

    /// Where the queue is.
    pub fn place(&self) -> &QueuePlace {
        self.db.place()
    }

    /// Accounts and their logins.
    pub fn accounts(&mut self) -> AccountStore<'_> {
        AccountStore { db: &mut self.db }
    }

    /// Checks, repairs, jobs to forget, the log of commands.
    pub fn admin(&mut self) -> AdminStore<'_> {
        AdminStore { db: &mut self.db }
    }

    /// What the platform told about lists, names and targets.
    pub fn lists(&mut self) -> ListStore<'_> {
        ListStore { db: &mut self.db }
    }

    /// Files into the queue.
    pub fn loading(&mut self) -> LoadStore<'_> {
        LoadStore { db: &mut self.db, sizes: self.reload_sizes }
    }

    /// Jobs, their tasks, and who works on them.
    pub fn queue(&mut self) -> QueueStore<'_> {
        QueueStore { db: &mut self.db }
    }

    /// What people and programs look at.
    pub fn read(&mut self) -> ReadStore<'_> {
        ReadStore { db: &mut self.db }
    }

    /// Schedules and their firings.
    pub fn schedules(&mut self) -> ScheduleStore<'_> {
        ScheduleStore { db: &mut self.db }
    }

    /// Changes how much of a load a reload looks at at once: for tests, which cross its borders or want a release's.
    pub fn set_reload_sizes(&mut self, sizes: ReloadSizes) {
        self.reload_sizes = sizes;
    }

    /// The same queue, which nobody else has open now. A file stays so as long as the store lives.
    ///
    /// # Errors
    /// [`StoreError::InUse`] where somebody has.
    pub async fn alone(mut self) -> Result<Store, StoreError> {
        let Some(path) = self.place().file().map(Path::to_path_buf) else {
            let (others,): (i64,) = self.db.fetch_one(OTHER_SESSIONS, args![]).await?;
            return if others == 0 {
                Ok(self)
            } else {
                Err(StoreError::InUse { queue: self.place().clone(), holder: None })
            };
        };
        let Store { db, reload_sizes } = self;
        db.close().await;
        Ok(Store { db: connect_alone(&path).await?, reload_sizes })
    }

    /// Closes the connection, so that SQLite can tidy the write-ahead log away.
    pub async fn close(self) {
        self.db.close().await;
    }

    async fn check_sqlite(&mut self) -> Result<(), StoreError> {
        let version = self.db.sqlite_version().await?;
        let mut numbers = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
        let mut next = || numbers.next().unwrap_or(0);
        if (next(), next(), next()) < NEEDED_SQLITE {
            return Err(StoreError::OldSqlite { version, needed: "3.51.3" });
        }
        Ok(())
    }
}

/// The first connection to a queue. SQLite does not wait for its turn to begin a write-ahead log, so of processes that open a new queue at
/// once those that come second were told that it is busy.
async fn connect_in_turn(path: &Path) -> Result<Db, StoreError> {
    let is_new = std::fs::metadata(path).is_ok_and(|file| file.len() == 0);
    let turn = if is_new { Some(LoadLock::wait(path).await?) } else { None };
    match connect(path).await {
        Err(StoreError::Busy { .. }) if turn.is_none() => {
            let _turn = LoadLock::wait(path).await?;
            connect(path).await
        }
        other => other,
    }
}

/// One more connection to a queue that has been opened before.
pub(super) async fn reopen(place: &QueuePlace) -> Result<Db, StoreError> {
    match place {
        QueuePlace::File(path) => connect(path).await,
        QueuePlace::Server(server) => server::connect(server).await,
    }
}

/// One more connection to a file.
pub(super) async fn connect(path: &Path) -> Result<Db, StoreError> {
    connect_with(options(path), path).await
}

/// The only connection to a queue, as long as it lasts: nobody else has it open, and nobody can open it.
pub(super) async fn connect_alone(path: &Path) -> Result<Db, StoreError> {
    let alone = options(path).locking_mode(SqliteLockingMode::Exclusive).busy_timeout(WAIT_TO_BE_ALONE);
    match connect_with(alone, path).await {
        Err(StoreError::Busy { .. }) => Err(StoreError::InUse { queue: path.into(), holder: None }),
        other => other,
    }
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(BUSY_TIMEOUT_S))
        // A small page cache: SQLite's sorter takes cache_size as its memory, and a bigger one loads slower (measured).
        .pragma("cache_size", "-4096")
        // A checkpoint each 16 MiB instead of 4: a load waits for a quarter of the syncs, and a start has little to recover.
        .pragma("wal_autocheckpoint", "4000")
        // What a checkpoint leaves of the write-ahead log.
        .pragma("journal_size_limit", "67108864")
        .disable_statement_logging()
}

/// A copy that nobody else knows of, and that is thrown away where this is cut off: its journal is memory, so that no other file has what is
/// overwritten.
pub(super) async fn connect_to_copy(path: &Path) -> Result<Db, StoreError> {
    connect_with(options(path).journal_mode(SqliteJournalMode::Memory), path).await
}

/// A database that is gone when it is closed: for what is compared with nothing that is stored.
pub(super) async fn connect_in_memory() -> Result<Db, StoreError> {
    let options = SqliteConnectOptions::new().in_memory(true).disable_statement_logging();
    connect_with(options, Path::new("the temporary files of SQLite")).await
}

async fn connect_with(options: SqliteConnectOptions, path: &Path) -> Result<Db, StoreError> {
    let place = QueuePlace::from(path);
    match options.connect().await {
        Ok(connection) => Ok(Db::new(AnyConnection::Sqlite(Box::new(connection)), place)),
        Err(error) => Err(StoreError::from_sqlx(&place, error)),
    }
}

/// Makes the file 0600 in a folder 0700 before SQLite does; its -wal and -shm files take over the file's mode.
fn make_private(path: &Path) -> Result<(), StoreError> {
    let complain = |path: &Path| {
        let path = path.to_path_buf();
        move |source| StoreError::of_io(&path, source)
    };
    if let Some(folder) = path.parent() {
        make_private_folder(folder).map_err(complain(folder))?;
    }
    if path.is_dir() {
        let source = std::io::Error::new(std::io::ErrorKind::IsADirectory, "it is a folder, not a queue's file");
        return Err(complain(path)(source));
    }
    // A file that is there is not opened here: to close it again would drop the locks that SQLite holds on it in this process.
    let made = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path);
    match made {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            refuse_planted(path)?;
            let wanted = rustix::fs::Access::READ_OK | rustix::fs::Access::WRITE_OK;
            rustix::fs::access(path, wanted).map_err(|error| complain(path)(error.into()))
        }
        made => made.map_err(complain(path)).and_then(|_| refuse_planted(path)),
    }
}

/// In a folder that everybody can write, such as /tmp, somebody else may have put a queue of their own where ours is going to be, or a log beside
/// it that SQLite would take for ours: they would decide what is sent.
fn refuse_planted(path: &Path) -> Result<(), StoreError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.metadata().is_ok_and(|about| about.mode() & 0o002 != 0) {
        return Ok(());
    }
    for ending in ["", "-wal", "-shm", "-journal"] {
        let mut name = path.file_name().unwrap_or_default().to_os_string();
        name.push(ending);
        let file = path.with_file_name(name);
        // A link, and what it leads to.
        if [file.symlink_metadata(), file.metadata()].iter().flatten().any(|about| is_foreign(about, &file)) {
            return Err(StoreError::Foreign { path: file });
        }
    }
    Ok(())
}

#[cfg(test)]
#[path = "open_tests.rs"]
mod tests;
