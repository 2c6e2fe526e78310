//! Credentials in a drain: an account whose token is not at hand asks for one and waits; one that was rejected asks once more.
//!
//! What may be asked and tried, and what is saved before it is used, is `auth`'s to say. Here an account stands aside until the
//! answer is there; every other account goes on.

use std::sync::Arc;

use super::attempt::Arrival;
use super::dispatcher::Dispatcher;
use crate::auth::NoToken;
use crate::domain::{Reason, Tick};
use crate::store::Turn;

impl Dispatcher {
    /// Whether the account can send now; if it cannot, its token is asked for and the account waits for it.
    pub(super) fn token_is_at_hand(&mut self, account: usize) -> bool {
        let run = &self.roster.accounts[account];
        if run.asking {
            return false;
        }
        if self.means.tokens.at_hand(run.id).is_some() {
            return true;
        }
        self.ask_for_token(account, None);
        false
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
    pub(super) fn settle_tokens(&mut self, turn: &mut Turn) {
        for (account, error) in std::mem::take(&mut self.no_tokens) {
            let rejected = self.roster.accounts[account].rejected.take();
            let fixed = self.roster.accounts[account].access.as_ref().is_some_and(|access| access.fixed);
            match (error, rejected) {
                (NoToken::Later { until, detail, .. }, _) => self.wait_for_token(account, until, detail),
                // Credentials from the environment are mended there, not by a login.
                (NoToken::NeedLogin { .. }, Some((reason, detail))) if fixed => {
                    self.stop_account(account, reason, detail, turn);
                }
                (error @ NoToken::NeedLogin { .. }, _) => {
                    self.stop_account(account, Reason::Borrowed(NoToken::LOGIN_NEEDED), error.to_string(), turn);
                }
                (error @ NoToken::App { .. }, _) => {
                    self.stop_account(account, Reason::Borrowed("app_configuration"), error.to_string(), turn);
                }
                (error @ (NoToken::Vault(_) | NoToken::Store(_)), _) => {
                    self.stop_account(account, Reason::Borrowed("vault"), error.to_string(), turn);
                }
            }
        }
    }

    /// The authorization server is out of reach: that is the world's fault, and silence like any other.
    fn wait_for_token(&mut self, account: usize, until: Tick, detail: String) {
        self.note_silence(detail, self.means.clock.now().tick);
        self.roster.accounts[account].rest_until = until;
        self.schedule(account, until);
    }
}
