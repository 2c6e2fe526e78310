//! The course of a drain as lines of the log: what is rare as `info`, so that a log file has it without being asked, each request and row as
//! `debug`, each turn as `trace`.
//!
//! In: events. Out: the same events, to whoever else listens. What does not belong here: words for people (`cli/progress`).

use std::collections::HashMap;

use tracing::{debug, info, trace, warn};

use crate::domain::{AccountId, AccountName};
use crate::engine::{Event, Finish, Listener};
use crate::store::Account;

/// Logs events, and passes them on.
pub(super) struct EventLog {
    next: Box<dyn Listener>,
    names: HashMap<AccountId, AccountName>,
}

impl EventLog {
    /// Before whoever listens to a drain of these accounts.
    pub(super) fn before(next: Box<dyn Listener>, accounts: &[Account]) -> EventLog {
        let names = accounts.iter().map(|account| (account.id, account.name.clone())).collect();
        EventLog { next, names }
    }

    fn log(&self, event: &Event) {
        let name = |id: &AccountId| self.names.get(id).map_or("", AccountName::as_str);
        match event {
            Event::Started { recovered, crashed } => info!(recovered, crashed, "the drain has begun"),
            Event::LogLost { was_restored: true } => {
                warn!("the queue was restored from a snapshot: what was sent since is not on record");
            }
            Event::LogLost { was_restored: false } => {
                warn!("the write-ahead log of the queue is gone: what was sent last is not on record")
            }
            Event::QueueAway { why } => info!(why, "nothing is sent"),
            Event::QueueBack => info!("the queue is there again"),
            Event::Shared { gained, given } => info!(gained, given, "accounts have changed hands"),
            Event::HeldBack { job, reason, tasks } => info!(job, reason, tasks, "rows are rejected now"),
            Event::Withheld { why } => info!(why, "rows are not sent"),
            Event::Committed { took } => trace!(?took, "a turn is saved"),
            Event::Progress(progress) => trace!(?progress, "progress"),
            Event::Answered { account, finding } => debug!(account = name(account), finding, "a request has ended"),
            Event::Settled { account, action, target, outcome, reason, .. } => {
                let (account, reason) = (name(account), reason.as_deref().unwrap_or_default());
                debug!(account, %action, %target, outcome = outcome.name(), reason, "a row has its outcome");
            }
            Event::PutBack { account, target, reason, wait } => {
                debug!(account = name(account), %target, %reason, ?wait, "a row is queued again");
            }
            Event::Decided { outcome, tasks } => {
                info!(outcome = outcome.name(), tasks, "refused rows have their outcome")
            }
            Event::Held { account, reason, until } => {
                info!(account = name(account), reason, until = until.rfc3339(), "the platform asks to wait");
            }
            Event::AccountStopped { account, reason, detail } => {
                info!(account = name(account), %reason, detail, "an account needs a person");
            }
            Event::Unreachable { since, detail } => info!(?since, detail, "no answer"),
            Event::Outage { account, action, next_at, detail, .. } => {
                let next_at = next_at.rfc3339();
                info!(account = name(account), %action, next_at, detail, "no good answer from an endpoint");
            }
            Event::OutageEnded { account, action, .. } => {
                info!(account = name(account), %action, "the endpoint answers again");
            }
            Event::NamesSought { account, action } => info!(account = name(account), %action, "names are looked up"),
            Event::NamesFound { account, action, found, settled, requests, .. } => {
                info!(account = name(account), %action, found, settled, requests, "names were looked up");
            }
            Event::KeptNobody { account, names } => {
                info!(account = name(account), names = names.len(), "names of keep lists mean nobody");
            }
            Event::RecordsSought { account, action } => info!(account = name(account), %action, "records are read"),
            Event::RecordsFound { account, action, entries } => {
                info!(account = name(account), %action, entries, "records were read");
            }
            Event::NamesWait { account, action, until, why } | Event::RecordsWait { account, action, until, why } => {
                info!(account = name(account), %action, until = until.rfc3339(), why, "reading waits");
            }
            Event::GroupEnded(end) => {
                info!(group = end.group, stopped = end.stopped.name(), requests = end.requests, "jobs have ended");
            }
        }
    }
}

impl Listener for EventLog {
    fn hear(&mut self, event: &Event) {
        self.log(event);
        self.next.hear(event);
    }
}

/// How a drain has ended.
pub(super) fn log_end(finish: &Finish) {
    info!(stopped = finish.stopped.name(), requests = finish.requests, spent = %finish.spent, "the drain has ended");
}
