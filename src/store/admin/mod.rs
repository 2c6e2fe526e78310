//! Looking after a queue: checks and repairs, damaged tasks, jobs to forget, the log of commands, times of a wrong clock,
//! browsers that log in to the dashboard.
//!
//! In: what `doctor` and a person decide. Out: what is found, and the repair. What does not belong here: the daily work (`queue`).

mod audit_log;
mod clock_record;
mod damage;
mod damage_search;
mod forget;
mod forgotten_readings;
mod integrity;
mod login_devices;

pub use audit_log::{AuditEvent, LogEntry};
pub use clock_record::ClockUndo;
pub use damage::{Claimant, DAMAGED, DamagedTask};
pub use forget::Forgotten;
pub use integrity::Integrity;
pub use login_devices::LoginDevice;

use super::db::Db;

/// Checks, repairs, jobs to forget, the log of commands. [`Store::admin`](super::Store::admin) lends it.
#[derive(Debug)]
pub struct AdminStore<'s> {
    pub(super) db: &'s mut Db,
}
