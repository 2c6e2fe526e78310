//! The durable truth, and the only room with SQL: jobs, tasks, attempts, accounts, and the lock that says who drains.
//!
//! In: rows of job files, a drain's turns, people's commands. Out: claimed tasks, counts, receipts. What does not belong here:
//! deciding what an answer means or when the next request may leave; the store writes down what others decided, all of it or
//! nothing.
//!
//! Every write is one `BEGIN IMMEDIATE` transaction (a deferred one fails when two processes begin at once). A statement that
//! the engine needs each turn is one query string with one row back, because every awaited statement costs two thread
//! wake-ups. In such strings each statement names only `?1`: one JSON document carries everything.

mod account;
mod ahead;
mod align;
mod allowances;
mod audit;
mod audit_log;
mod batch;
mod browse;
mod changes;
mod checkpoints;
mod columns;
mod compare;
mod control;
mod credential;
mod damage;
mod drain;
pub(crate) mod drill;
mod error;
mod explain;
mod firing;
mod firing_trouble;
mod forget;
mod glance;
mod handles;
mod held_back;
mod integrity;
mod job;
mod keys;
mod known;
mod load;
mod loader;
mod lock;
mod old_rows;
mod open;
mod outages;
mod overview;
mod pick;
mod private_folder;
mod read_allowance;
mod read_slot;
mod reading;
mod recovery;
mod refresh;
mod refused_names;
mod reload;
mod reload_sizes;
mod removal;
mod report;
mod row_runs;
mod schedule;
mod schedule_clock;
mod schema;
mod slots;
mod sorter;
mod sqlite_codes;
mod status;
mod sweep;
mod turn;
mod turn_words;
mod vault;
mod verification;
mod watch;
mod worklist;

pub use account::{Account, Hold};
pub use ahead::{Ahead, AheadOf, RoundKeep};
pub use allowances::{NewAllowance, StoredAllowance};
pub use audit::{AttemptSpan, ReadSpan};
pub use audit_log::{Deed, LogEntry};
pub use browse::{MAX_PAGE_ROWS, RowPage, RowQuery, RowView};
pub use control::{Cancelled, Retried};
pub use credential::{Credential, CredentialKind, Expiry, NewCredential};
pub use damage::{Claimant, DAMAGED, DamagedTask};
pub use drain::{AsideTask, Drain, DrainStart, LaneView, ParkedTask};
pub use error::StoreError;
pub use explain::{AttemptView, TaskHistory};
pub use firing::{FiringEnd, FiringState, NewFiring, StoredFiring};
pub use firing_trouble::FiringTrouble;
pub use forget::Forgotten;
pub use glance::{Course, MAX_SAMPLED_TASKS, News, RecentAttempt, TopReason};
pub use handles::{HandlesTold, Resolution};
pub use integrity::Integrity;
pub use job::{Job, JobState, LoadedFrom, NewJob};
pub use known::{Known, MAX_KNOWN_ASKED, MAX_KNOWN_TEXT_CHARS};
pub use load::{LoadRow, LoadSummary, RowPlace};
pub use loader::{Loader, ROWS_PER_STATEMENT};
pub use lock::{AccountLock, DrainLock, ListLock, ScheduleLock, ServeLock};
pub use open::{QueueKind, Store};
pub use outages::{OutageChange, OutageState, StoredOutage};
pub use overview::{ReasonCount, RejectedRow, Stretch, Timeline};
pub use pick::{PickOrder, PickedTask, Wanted};
pub use private_folder::{make_private_folder, sync_folder};
pub use read_allowance::{ReadAllowance, ReadLeft};
pub use read_slot::{HoldNews, ReadAsk, ReadEnd, ReadGrant, ReadHold, ReadId, ReadSlot, ReadWindow, end_here};
pub use reading::{NewPage, PageEntry, ReadingId, ReadingState};
pub use recovery::CrashedTask;
pub use reload::{ReloadSummary, Reloaded};
pub use reload_sizes::ReloadSizes;
pub use removal::Removal;
pub use report::ReceiptRow;
pub use schedule::{NewSchedule, ScheduleEdit, StoredSchedule};
pub use schedule_clock::ClockUndo;
pub use slots::{RecentSlot, StoredSlot};
pub use status::{Counts, JobStatus};
pub use turn::{Claim, Claimed, Move, NewHold, Settled, Turn, TurnReceipt};
pub use vault::{KeySource, VaultStamp};
pub use verification::{Looked, Reach, Verdict, VerdictCounts};
pub use watch::QueueWatch;
pub use worklist::{MAX_TICKS_PER_TRANSACTION, Taken, Tick, Worklist};
