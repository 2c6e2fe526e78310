//! Logins under way: what each waits for, and what came of it. They live in memory for an hour, and none of what was typed is kept here.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use crate::domain::{AccountName, Secret, Tick, Wall};
use crate::web::problem::Problem;

/// Logins under way at once; one more, and the oldest is forgotten.
const MAX_ATTEMPTS: usize = 8;
const KEPT_FOR: Duration = Duration::from_secs(3_600);

/// What a login is doing.
#[derive(Clone, Debug)]
pub(in crate::web) enum AttemptState {
    /// The platform is being asked.
    Working,
    /// A person has to say yes on this page.
    OnPage {
        /// Its address, at another server.
        url: String,
        /// What has to be typed here afterwards; none: the page leads back by itself.
        wanted: Option<&'static str>,
    },
    /// It is kept.
    Done {
        /// As which account.
        account: AccountName,
        /// What more has to be done: a page to open.
        link: Option<String>,
        /// When the login ends by itself, at the latest.
        ends: Option<Wall>,
    },
    /// It is not.
    Failed {
        /// What happened.
        why: String,
        /// What to do.
        hint: String,
    },
}

/// A login under way.
#[derive(Debug)]
pub(in crate::web) struct LoginAttempt {
    /// What people call the service.
    pub(in crate::web) service: &'static str,
    pub(in crate::web) state: AttemptState,
    /// What has to be known, in sentences.
    pub(in crate::web) notes: Vec<String>,
    /// Takes what was typed after the page.
    answer: Option<oneshot::Sender<Secret>>,
    since: Tick,
}

/// The logins under way.
#[derive(Clone, Debug, Default)]
pub(in crate::web) struct LoginAttempts(Arc<Mutex<(u64, HashMap<u64, LoginAttempt>)>>);

impl LoginAttempts {
    /// A new one, and its number.
    pub(super) fn begin(&self, service: &'static str, now: Tick) -> u64 {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.1.retain(|_, attempt| now.since(attempt.since) < KEPT_FOR);
        if inner.1.len() >= MAX_ATTEMPTS {
            let oldest = inner.1.iter().min_by_key(|(_, attempt)| attempt.since).map(|(id, _)| *id);
            oldest.and_then(|id| inner.1.remove(&id));
        }
        inner.0 += 1;
        let id = inner.0;
        let attempt =
            LoginAttempt { service, state: AttemptState::Working, notes: Vec::new(), answer: None, since: now };
        inner.1.insert(id, attempt);
        id
    }

    /// What a login is doing, as `look` sees it.
    pub(super) fn look<T>(&self, id: u64, look: impl FnOnce(&LoginAttempt) -> T) -> Result<T, Problem> {
        let inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.1.get(&id).map(look).ok_or_else(|| Problem::not_found("This login is no longer under way."))
    }

    /// It does something else now.
    pub(super) fn set(&self, id: u64, state: AttemptState) {
        self.change(id, |attempt| attempt.state = state);
    }

    /// Something has to be known about it.
    pub(super) fn note(&self, id: u64, note: String) {
        self.change(id, |attempt| attempt.notes.push(note));
    }

    /// What a person types next goes there. None comes where the login is forgotten.
    pub(super) fn await_answer(&self, id: u64) -> oneshot::Receiver<Secret> {
        let (sender, receiver) = oneshot::channel();
        self.change(id, |attempt| attempt.answer = Some(sender));
        receiver
    }

    /// A person has typed it. Whether somebody waited for it.
    pub(super) fn answer(&self, id: u64, typed: Secret) -> bool {
        let mut sender = None;
        self.change(id, |attempt| {
            sender = attempt.answer.take();
            if sender.is_some() {
                attempt.state = AttemptState::Working;
            }
        });
        sender.is_some_and(|sender| sender.send(typed).is_ok())
    }

    fn change(&self, id: u64, change: impl FnOnce(&mut LoginAttempt)) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(attempt) = inner.1.get_mut(&id) {
            change(attempt);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[tokio::test]
    async fn what_is_typed_goes_to_whoever_waits_and_is_taken_once() {
        let attempts = LoginAttempts::default();
        let id = attempts.begin("X", Tick(0));
        assert!(!attempts.answer(id, Secret::new("early")));
        let waiting = attempts.await_answer(id);
        assert!(attempts.answer(id, Secret::new("code")) && !attempts.answer(id, Secret::new("again")));
        assert_eq!(waiting.await.unwrap().expose(), "code");
        for now in 1..=MAX_ATTEMPTS as i64 {
            attempts.begin("X", Tick(now));
        }
        assert!(attempts.look(id, |_| ()).is_err(), "the oldest is forgotten");
    }
}
