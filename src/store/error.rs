//! What can go wrong between us and the disk.

use std::path::{Path, PathBuf};

use super::lock_holder::LockHolder;
use super::place::QueuePlace;
use crate::domain::Platform;

/// Why the store could not do what it was asked. The command line turns each into words, a remedy and an exit code.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The disk is full. Nothing of the failed step was kept.
    #[error("the disk is full: {path}")]
    DiskFull {
        /// The queue's file, or one beside it.
        path: PathBuf,
    },
    /// The same on the host of a queue's server.
    #[error("the disk of the server is full: {queue}")]
    ServerDiskFull {
        /// Where the queue is.
        queue: QueuePlace,
    },
    /// A copy of the queue would leave the disk too little room.
    #[error("a copy and what the queue itself may need take {needs} MiB, and {free} MiB are free in {folder}")]
    NoRoomForCopy {
        /// Where the copy would be.
        folder: PathBuf,
        /// What it takes, together with what is left to the queue, in MiB.
        needs: u64,
        /// What is free, in MiB.
        free: u64,
    },
    /// The queue's server cannot be reached, or the connection to it has ended. Nothing of the failed step was kept.
    #[error("the queue's server cannot be reached: {queue}: {detail}")]
    Unreachable {
        /// Where the queue is.
        queue: QueuePlace,
        /// What was met.
        detail: String,
    },
    /// The server does not let us in, or not do what has to be done.
    #[error("the queue's server refuses: {queue}: {detail}")]
    Refused {
        /// Where the queue is.
        queue: QueuePlace,
        /// What it said.
        detail: String,
    },
    /// A server or database that no queue can be in.
    #[error("{queue} cannot hold a queue: {detail}")]
    Unfit {
        /// Where it was to be.
        queue: QueuePlace,
        /// Why, and what to do.
        detail: String,
    },
    /// Files or folders cannot be made, read or written.
    #[error("{path}: {source}")]
    Io {
        /// What could not be used.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file or folder that decides what is sent was made by somebody else, or can be written by others.
    #[error("{path} was made by somebody else, or can be written by others, who would decide what is sent")]
    Foreign {
        /// What was found.
        path: PathBuf,
    },
    /// The file is no queue, or a damaged one.
    #[error("{queue} cannot be used as a queue: {detail}")]
    Damaged {
        /// Where it is.
        queue: QueuePlace,
        /// What SQLite said.
        detail: String,
    },
    /// The system gave no memory.
    #[error("there was not enough memory to work on {queue}")]
    OutOfMemory {
        /// Where it is.
        queue: QueuePlace,
    },
    /// The file system's locks do not do what they promise.
    #[error("the locks of {queue} do not work here: {detail}")]
    LocksFail {
        /// Where it is.
        queue: QueuePlace,
        /// What SQLite said.
        detail: String,
    },
    /// Rows of the queue are not what their files said: a bit has flipped.
    #[error("damaged in the queue: {}", rows.join(", "))]
    DamagedRows {
        /// Which, in words.
        rows: Vec<String>,
    },
    /// Another process held the write lock for longer than we wait, or SQLite would not wait for it.
    #[error("the queue is busy: another process is writing to it, and did not finish within {waited_s} s")]
    Busy {
        /// The longest that is waited, in seconds.
        waited_s: u64,
    },
    /// Other processes were writing to the same rows of a server at the same moment. Nothing of the failed step was kept, and again it may go.
    #[error("the queue is busy: other processes were writing the same rows at the same moment")]
    Conflict,
    /// The queue was written by a newer program.
    #[error("the queue {queue} was made by a newer version of cleanup (schema {found}, this program knows {known})")]
    Newer {
        /// Where it is.
        queue: QueuePlace,
        /// Its schema version.
        found: i64,
        /// The newest version this program knows.
        known: i64,
    },
    /// The queue has a word that only a newer program knows: a platform, an action, a list.
    #[error("{what}, which this version of cleanup does not know: a newer one wrote it")]
    Unknown {
        /// What was found, and at whom or what.
        what: String,
    },
    /// A real queue where a sandbox's was asked for, or the other way round.
    #[error("{queue} is a {found} queue, and this run is {wanted}")]
    WrongKind {
        /// Where it is.
        queue: QueuePlace,
        /// What it is.
        found: &'static str,
        /// What was asked for.
        wanted: &'static str,
    },
    /// The linked SQLite can corrupt a write-ahead log.
    #[error("SQLite {version} has the WAL-reset bug; {needed} or newer is needed")]
    OldSqlite {
        /// The version linked.
        version: String,
        /// The oldest version that will do.
        needed: &'static str,
    },
    /// Another process drains this queue.
    #[error("another process is draining {queue}{}", named(holder.as_ref()))]
    Draining {
        /// Where it is.
        queue: QueuePlace,
        /// Which, as far as it says.
        holder: Option<LockHolder>,
    },
    /// Another process drains this queue, and goes by other windows of a whole app.
    #[error(
        "another process{} drains {queue} and goes by other windows of the whole app on {platform}: {theirs}; here: {ours}",
        named(holder.as_ref())
    )]
    OtherWindows {
        /// Where it is.
        queue: QueuePlace,
        /// Which, as far as it says.
        holder: Option<LockHolder>,
        /// The platform.
        platform: Platform,
        /// Its windows.
        theirs: String,
        /// Those of this one.
        ours: String,
    },
    /// Somebody removed or replaced the lock's file, or the connection that held the lock has ended: another process can drain as well now, so this one must stop.
    #[error("{}", lock_lost(queue))]
    LockLost {
        /// Where it is.
        queue: QueuePlace,
    },
    /// A newer drain has begun; this one must stop.
    #[error("another process has begun to work on this queue; this one has stopped")]
    FenceLost,
    /// The connection broke while a step was being committed: the server may have done it, or not.
    #[error("the connection to {queue} broke while a step was being saved: it may be saved, or not")]
    CommitUnknown {
        /// Where the queue is.
        queue: QueuePlace,
        /// What was seen of it.
        source: sqlx::Error,
    },
    /// The queue has been moved to another database, or is being moved.
    #[error("{queue} {} to {to}", if *is_over { "has been moved" } else { "is being moved" })]
    Moved {
        /// The queue that was opened.
        queue: QueuePlace,
        /// Where it has gone.
        to: String,
        /// Whether everything has arrived there.
        is_over: bool,
    },
    /// A queue is on its way into this place, or a move was cut off.
    #[error("a queue is being moved from {from} to {queue}")]
    Awaiting {
        /// The place.
        queue: QueuePlace,
        /// Where the queue comes from.
        from: String,
    },
    /// Somebody else has a queue open that has to be nobody's for a while.
    #[error("another process has {queue} open{}", named(holder.as_ref()))]
    InUse {
        /// Which.
        queue: QueuePlace,
        /// Who, where there is one, and as far as it says.
        holder: Option<LockHolder>,
    },
    /// A queue that was to be empty is not.
    #[error("{queue} has rows already")]
    NotEmpty {
        /// Which.
        queue: QueuePlace,
    },
    /// Another process loaded the job between our looking at it and our turn to load.
    #[error("another process loaded the job {job} meanwhile")]
    LoadedMeanwhile {
        /// The job's name.
        job: String,
    },
    /// Two accounts cannot share a name.
    #[error("the account name {name} already belongs to {platform} user {user_id}")]
    AccountNameTaken {
        /// The name.
        name: String,
        /// Whose it is.
        platform: String,
        /// Whose it is.
        user_id: String,
    },
    /// Anything else SQLite or sqlx said.
    #[error("database: {0}")]
    Database(sqlx::Error),
    /// The database holds a value this program never writes.
    #[error("the queue holds {what}, which no version of cleanup writes")]
    Impossible {
        /// What was found.
        what: String,
    },
}

fn named(holder: Option<&LockHolder>) -> String {
    holder.map_or_else(String::new, |holder| format!(" ({holder})"))
}

fn lock_lost(queue: &QueuePlace) -> String {
    match queue {
        QueuePlace::File(_) => {
            format!("the lock beside {queue} was removed while this process was working on the queue")
        }
        QueuePlace::Server(_) => {
            format!(
                "this process lost its right to work on {queue}: a connection ended, or it stood still for too long"
            )
        }
    }
}

/// How long a statement waits for another process's write to end, in seconds. A load holds the lock for a fraction of one.
pub(super) const BUSY_TIMEOUT_S: u64 = 30;

impl StoreError {
    /// What the system said about a file of the queue's.
    pub(super) fn of_io(path: &Path, source: std::io::Error) -> StoreError {
        let path = path.to_path_buf();
        match source.kind() {
            std::io::ErrorKind::StorageFull => StoreError::DiskFull { path },
            _ => StoreError::Io { path, source },
        }
    }

    /// A word that only a newer program knows.
    pub(super) fn unknown(what: impl Into<String>) -> StoreError {
        StoreError::Unknown { what: what.into() }
    }

    pub(super) fn impossible(what: impl Into<String>) -> StoreError {
        StoreError::Impossible { what: what.into() }
    }

    /// What was met in a copy that was made in `folder`, said of the file it was made of: that is the one a person knows.
    pub(super) fn of_original(self, folder: &Path, original: &Path) -> StoreError {
        let mut error = self;
        match &mut error {
            StoreError::Damaged { queue, .. }
            | StoreError::Newer { queue, .. }
            | StoreError::WrongKind { queue, .. }
            | StoreError::Moved { queue, .. }
            | StoreError::Awaiting { queue, .. } => *queue = original.into(),
            StoreError::Io { path, .. } if path.starts_with(folder) => *path = original.to_path_buf(),
            _ => {}
        }
        error
    }
}
