//! Credentials in a drain: an account whose token is not at hand asks for one and waits; one that was rejected asks once more.
//!
//! What may be asked and tried, and what is saved before it is used, is `auth`'s to say. Here an account stands aside until the
//! answer is there; every other account goes on.

use std::sync::Arc;

use super::attempt::Arrival;
use super::dispatcher::Dispatcher;
use super::settings::Source;
use crate::auth::{Current, NoToken};
use crate::domain::{Reason, Tick};
use crate::platform::is_certificate_trouble;
use crate::store::{StoreError, Turn};

impl Dispatcher {
    /// The account's credentials if it can send now; if it cannot, its token is asked for and the account waits for it.
    pub(super) fn token_at_hand(&mut self, account: usize) -> Option<Current> {
        let run = &self.roster.accounts[account];
        if run.asking {
            return None;
        }
        let current = self.means.tokens.at_hand(run.id);
        if current.is_none() {
            self.ask_for_token(account, None);
        }
        current
    }

    /// Asks for a token, naming the generation that was rejected where one was. One question per account at a time.
    pub(super) fn ask_for_token(&mut self, account: usize, rejected: Option<i64>) {
        let run = &mut self.roster.accounts[account];
        if run.asking || run.stopped {
            return;
        }
        run.asking = true;
        self.asking += 1;
        let (id, tokens, arrive) = (run.id, Arc::clone(&self.means.tokens), self.arrive.clone());
        // Not among the carriers: what is aborted with them is requests, and a refresh cut off costs its one repeat.
        self.askers.spawn(async move {
            let outcome = match rejected {
                Some(generation) => tokens.rejected(id, generation).await,
                None => tokens.current(id).await,
            };
            // Nobody is listening any more only when the run has been cancelled.
            let _ = arrive.send(Arrival::Token { account, outcome: outcome.map(|_| ()) }).await;
        });
    }

    /// What came of asking.
    pub(super) fn note_token(&mut self, account: usize, outcome: Result<(), NoToken>) {
        self.asking = self.asking.saturating_sub(1);
        self.roster.accounts[account].asking = false;
        match outcome {
            Ok(()) => {
                let at = self.means.clock.now().tick.max(self.roster.accounts[account].rest_until);
                self.schedule(account, at);
            }
            Err(error) => self.no_tokens.push((account, error)),
        }
    }

    /// Accounts that got no token: those that need a person stop, the others ask again later.
    ///
    /// # Errors
    /// The queue could not be read or written for a token: no account's fault, and the end of the run. What the turn holds is
    /// good all the same.
    pub(super) fn settle_tokens(&mut self, turn: &mut Turn) -> Result<(), StoreError> {
        let mut queue = Ok(());
        for (account, error) in std::mem::take(&mut self.no_tokens) {
            let rejected = self.roster.accounts[account].rejected.take();
            let source = self.roster.accounts[account].access.as_ref().map_or(Source::Login, |access| access.source);
            let (reason, detail) = match (error, source) {
                (NoToken::Later { until, detail, .. }, _) => {
                    self.wait_for_token(account, until, detail);
                    continue;
                }
                (error @ NoToken::NeedLogin { .. }, Source::Login) => (NoToken::LOGIN_NEEDED.into(), error.to_string()),
                (NoToken::NeedLogin { .. }, outside) => rejected_outside(outside, rejected),
                (error @ NoToken::App { .. }, _) => ("app_configuration".into(), error.to_string()),
                (error @ NoToken::Vault(_), _) => ("vault".into(), error.to_string()),
                (NoToken::Store(error), _) => {
                    queue = Err(error);
                    continue;
                }
            };
            self.stop_account(account, reason, detail, turn);
        }
        queue
    }

    /// The authorization server is out of reach: that is the world's fault, and silence like any other.
    fn wait_for_token(&mut self, account: usize, until: Tick, detail: String) {
        let run = &mut self.roster.accounts[account];
        // Stopped while it was asking: nobody needs the token any more.
        if run.stopped {
            return;
        }
        run.rest_until = run.rest_until.max(until);
        let at = run.rest_until;
        self.note_silence(is_certificate_trouble(&detail), detail, self.means.clock.now().tick);
        self.schedule(account, at);
    }
}

/// Credentials from outside are mended where they came from, not by a login.
fn rejected_outside(source: Source, rejected: Option<(Reason, String)>) -> (Reason, String) {
    let (reason, said) = rejected.unwrap_or((Reason::Borrowed("unauthorized"), String::new()));
    let Source::Environment(variable) = source else { return (reason, said) };
    let said = if said.is_empty() { String::new() } else { format!(" ({said})") };
    (reason, format!("the platform rejects what {variable} holds{said}; set it anew"))
}
