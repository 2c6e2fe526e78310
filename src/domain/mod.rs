//! The nouns, without I/O: what an action, a target, a task, a window and a price are.
//!
//! In: nothing. Out: types every other room speaks. What does not belong here: anything that reads a clock, a file,
//! a socket or a database.

mod account;
mod account_host;
mod action;
mod counted;
mod crash;
mod did;
mod entry_fact;
mod foreign;
mod host_name;
mod io_words;
mod list_kind;
mod money;
mod name;
mod own_record;
mod platform;
mod post_traits;
mod rate;
mod rate_facts;
mod refusal;
mod safe_json;
mod secret;
mod serde_text;
mod shown_text;
mod target;
mod task;
mod time;
mod window;
mod with_all;

pub use account::{AccountId, AccountName, UserId};
pub use account_host::{AccountHost, InvalidAccountHost, PlatformUser};
pub use action::{Action, RepostId, TargetKind};
pub use counted::counted;
pub use crash::{CRASHED, CrashCount, Death, UNKNOWN_AFTER_CRASH, crash_note};
pub use did::is_did;
pub use entry_fact::EntryFact;
pub use foreign::{is_plain_in_shell, is_unsafe};
pub use io_words::io_words;
pub use list_kind::ListKind;
pub use money::MicroUsd;
pub use name::{is_same_name, name_forms, name_key};
pub use own_record::OwnRecord;
pub use platform::Platform;
pub use post_traits::{PostTraits, Visibility};
pub use rate::{InvalidRate, Rate, duration_text, parse_duration};
pub use rate_facts::RateFacts;
pub use refusal::{
    NOT_FOUND_ACCEPTED, NOT_FOUND_UNCLEAR, NOT_FOUND_UNREADABLE, RefusalNote, is_refusal_of_target, refusal_note,
};
pub use safe_json::{escaped_json, json_text, write_json};
pub use secret::Secret;
pub(crate) use serde_text::serde_as_text;
pub use shown_text::hide_passwords;
pub use target::{
    Handle, InvalidHandle, InvalidId, InvalidTarget, InvalidTargetKey, Target, TargetId, TargetKey, TargetName,
    digits_value,
};
pub use task::{AttemptId, Fence, JobId, LaneId, Outcome, Reason, RoundId, TaskId, TaskState, Transition};
pub use time::{BootId, CLOCK_TOLERANCE, Moment, Tick, Wall};
pub use window::{Actions, Applies, Horizons, Scope, WindowSpec};
pub(crate) use with_all::{with_all, with_names};
