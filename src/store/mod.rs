//! The durable truth, and the only room with SQL: jobs, tasks, attempts, accounts, and the lock that says who drains.
//!
//! In: rows of job files, a drain's turns, people's commands. Out: claimed tasks, counts, receipts. What does not belong here:
//! deciding what an answer means or when the next request may leave; the store writes down what others decided, all of it or
//! nothing.
//!
//! Eight folders, each with a face (`mod.rs`): `queue` (tasks and who works on them), `load` (files into the queue), `read` (what people look at),
//! `accounts`, `schedules`, `lists` (what the platform told), `admin` (checks, repairs, forgetting), `transfer` (a whole queue
//! into another database). Beside them stands what all use: the
//! connection (`open`, `schema`), the one executor of statements (`db`) and what databases call differently (`dialect`), errors, locks, files
//! (`sqlite_file` is what SQLite alone is told, `snapshot` copies its file).
//!
//! Every write is one `BEGIN IMMEDIATE` transaction (a deferred one fails when two processes begin at once). A statement that
//! the engine needs each turn is one query string with one row back, because every awaited statement costs two thread
//! wake-ups. In such strings each statement names only `?1`: one JSON document carries everything.

#[macro_use]
mod dialect;
#[macro_use]
mod value;

mod accounts;
mod address_error;
mod admin;
mod advice;
mod codes;
mod columns;
mod db;
mod disk_room;
mod durable;
mod error;
pub(crate) mod failpoint;
mod file_lock;
mod foreign;
mod lists;
mod load;
mod lock;
mod lock_holder;
mod lock_name;
mod null_characters;
mod open;
mod place;
mod postgres;
mod postgres_codes;
mod queue;
mod read;
mod row;
mod schedules;
mod schema;
mod server;
mod server_answer;
mod server_lock;
mod server_session;
mod server_transaction;
mod serving;
mod snapshot;
mod sqlite_codes;
mod sqlite_file;
mod statement;
mod transfer;
mod unknown_words;
mod watch;

pub use accounts::{
    Account, AccountHold, AccountStore, Credential, CredentialKind, Expiry, KeySource, NewCredential, Removal,
    VaultStamp,
};
pub use address_error::AddressError;
pub use admin::{
    AdminStore, AuditEvent, Claimant, ClockUndo, DAMAGED, DamagedTask, Forgotten, Integrity, LogEntry, LoginDevice,
};
pub use advice::way_back;
pub use disk_room::{ReservedRoom, folder_of};
pub use durable::{DurableFile, make_own_folder, make_private_folder};
pub use error::StoreError;
pub use foreign::is_foreign;
pub use lists::{
    HoldNews, ListStore, Looked, MAX_KNOWN_ASKED, MAX_KNOWN_TEXT_CHARS, NameMeaning, NameSpace, NamedTask,
    NamesSettled, NamesTold, NewPage, PINNED_READING, PROFILES_READING, PageEntry, Reach, ReadAllowance, ReadAsk,
    ReadEnd, ReadGrant, ReadHold, ReadId, ReadLeft, ReadSlot, ReadWindow, ReadingId, ReadingState, RecordPage,
    RecordReading, Resolution, SettledByName, TargetMetadata, VerdictCounts, VerifyResult, end_here,
};
pub use load::{
    LoadForecast, LoadForecaster, LoadRow, LoadStore, LoadSummary, Loader, ROWS_PER_STATEMENT, ReloadSizes,
    ReloadSummary, Reloaded, RowPlace, shrinks,
};
pub use lock::{AccountLock, DrainLock, FiringLock, ListLock, ScheduleLock, ServeLock};
pub use lock_holder::LockHolder;
pub use open::{QueueKind, Store};
pub use place::QueuePlace;
pub use queue::{
    AsideTask, AttemptSlot, Cancelled, Claim, Claimed, CrashedTask, Drain, DrainAtWork, DrainScope, DrainStart,
    DrainWindows, Job, JobState, KeepReading, LanePeek, LaneView, LoadedFrom, LogLost, MAX_TICKS_PER_TRANSACTION, Move,
    NewAllowance, NewHold, NewJob, OutageChange, OutageState, ParkedTask, PeekedTask, QueueStore, RecentSlot, RecordId,
    RecordsOfTask, Retried, RoundKeep, ServerAtWork, ServerState, Settled, ShareRequest, Shared, StoredAllowance,
    StoredOutage, Taken, TaskRecord, Turn, TurnReceipt, UndoneRecord, UnknownUntil, WorkInProgress, Worklist,
    WorklistTick,
};
pub use read::{
    AttemptSpan, AttemptView, Bucket, ChangeCounters, Histogram, JobStatus, MAX_PAGE_ROWS, MAX_SAMPLED_TASKS,
    NameLookup, OutcomeCounts, PickOrder, PickedTask, ProgressSamples, ReadSpan, ReadStore, ReasonCount, RecentAttempt,
    RecordView, RejectedRow, RowOutcome, RowPage, RowQuery, TaskFilter, TaskHistory, TopReason,
};
pub use schedules::{
    FiringEnd, FiringState, FiringTrouble, NewFiring, NewSchedule, ScheduleEdit, ScheduleStore, SentRequests,
    StoredFiring, StoredSchedule,
};
pub use snapshot::{
    RestoredQueue, Snapshot, is_snapshot_due, newest_snapshot, restore_snapshot, snapshot_folder, snapshots_of,
    take_snapshot,
};
pub use transfer::{CopiedQueue, MoveId, MoveMark};
pub use watch::QueueWatch;
