//! Credentials in a drain: an account whose token is not at hand asks for one and waits; one that was rejected asks once more.
//!
//! What may be asked and tried, and what is saved before it is used, is `auth`'s to say. Here an account stands aside until the
//! answer is there; every other account goes on.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::account::AccountRun;
use super::account_troubles::AccountTroubles;
use super::request_worker::WorkerMessage;
use super::roster::Roster;
use super::settings::CredentialSource;
use super::silence::NoAnswer;
use super::turn_draft::TurnDraft;
use super::worker_tasks::spawn_worker;
use crate::auth::{Current, NoToken, TokenSource};
use crate::domain::{Reason, Tick};
use crate::platforms::is_certificate_trouble;
use crate::store::StoreError;

/// Questions for tokens.
pub(super) struct TokenRequests {
    source: Arc<TokenSource>,
    messages: mpsc::Sender<WorkerMessage>,
    /// Not among the workers: what is aborted with them is requests, and a refresh cut off costs its one repeat.
    running: JoinSet<()>,
    /// Tokens that are being asked for.
    asking: usize,
    /// Accounts that got none.
    failed: Vec<(usize, NoToken)>,
}

/// What came of settling the accounts that got no token.
#[derive(Debug, Default)]
pub(super) struct TokensSettled {
    /// Authorization servers that are out of reach: silence like any other.
    pub(super) silences: Vec<NoAnswer>,
    /// The queue could not be read or written for a token: no account's fault, and the end of the run. What the turn holds is good all
    /// the same.
    pub(super) queue_error: Option<StoreError>,
}

impl TokenRequests {
    pub(super) fn new(source: Arc<TokenSource>, messages: mpsc::Sender<WorkerMessage>) -> TokenRequests {
        TokenRequests { source, messages, running: JoinSet::new(), asking: 0, failed: Vec::new() }
    }

    /// Whether any are being asked for.
    pub(super) fn are_asked_for(&self) -> bool {
        self.asking > 0
    }

    /// Accounts that got no token, which has not been settled yet.
    pub(super) fn unsettled(&self) -> impl Iterator<Item = usize> {
        self.failed.iter().map(|(account, _)| *account)
    }

    /// The account's credentials if it can send now; if it cannot, its token is asked for and the account waits for it.
    pub(super) fn cached(&mut self, index: usize, run: &mut AccountRun) -> Option<Current> {
        if run.asking {
            return None;
        }
        let current = self.source.cached(run.id);
        if current.is_none() {
            self.ask(index, run, None);
        }
        current
    }

    /// Asks for a token, naming the generation that was rejected where one was. One question per account at a time.
    pub(super) fn ask(&mut self, account: usize, run: &mut AccountRun, rejected: Option<i64>) {
        if run.asking || run.stopped {
            return;
        }
        run.asking = true;
        self.asking += 1;
        let (id, source) = (run.id, Arc::clone(&self.source));
        spawn_worker(&mut self.running, self.messages.clone(), async move {
            let outcome = match rejected {
                Some(generation) => source.rejected(id, generation).await,
                None => source.current(id).await,
            };
            WorkerMessage::Token { account, outcome: outcome.map(|_| ()) }
        });
    }

    /// What came of asking.
    pub(super) fn note(&mut self, account: usize, outcome: Result<(), NoToken>, roster: &mut Roster, now: Tick) {
        self.asking = self.asking.saturating_sub(1);
        roster.accounts[account].asking = false;
        match outcome {
            Ok(()) => roster.schedule_rested(account, now),
            Err(error) => self.failed.push((account, error)),
        }
    }

    /// Somebody else has asked for an account's token, and got none.
    pub(super) fn note_failed(&mut self, account: usize, error: NoToken) {
        self.failed.push((account, error));
    }

    /// Somebody may have logged an account out: nothing more is sent for it.
    pub(super) async fn forget_logged_out(&mut self, roster: &Roster) -> Result<(), StoreError> {
        for (account, error) in self.source.forget_logged_out().await? {
            if let Some(index) = roster.index.get(&account) {
                self.failed.push((*index, error));
            }
        }
        Ok(())
    }

    /// Accounts that got no token: those that need a person stop, the others ask again later.
    pub(super) fn settle(
        &mut self,
        roster: &mut Roster,
        troubles: &mut AccountTroubles,
        draft: &mut TurnDraft,
        now: Tick,
    ) -> TokensSettled {
        let mut settled = TokensSettled::default();
        for (account, error) in std::mem::take(&mut self.failed) {
            let rejected = roster.accounts[account].rejected.take();
            let access = roster.accounts[account].access.as_ref();
            let source = access.map_or(CredentialSource::Login, |access| access.source);
            let (reason, detail) = match (error, source) {
                (NoToken::Later { until, detail, .. }, _) => {
                    settled.silences.extend(wait_for_token(roster, account, until, detail, now));
                    continue;
                }
                (error @ NoToken::NeedLogin { .. }, CredentialSource::Login) => {
                    (NoToken::LOGIN_NEEDED.into(), error.to_string())
                }
                (NoToken::NeedLogin { .. }, outside) => rejected_outside(outside, rejected),
                (error @ NoToken::App { .. }, _) => ("app_configuration".into(), error.to_string()),
                (error @ NoToken::Vault(_), _) => ("vault".into(), error.to_string()),
                (NoToken::Store(error), _) => {
                    settled.queue_error = Some(error);
                    continue;
                }
            };
            troubles.stop_account(roster, account, reason, detail, draft);
        }
        settled
    }
}

/// The authorization server is out of reach: that is no fault of the account's.
fn wait_for_token(roster: &mut Roster, account: usize, until: Tick, detail: String, now: Tick) -> Option<NoAnswer> {
    let run = &mut roster.accounts[account];
    // Stopped while it was asking: nobody needs the token any more.
    if run.stopped {
        return None;
    }
    run.rest_until = run.rest_until.max(until);
    let at = run.rest_until;
    roster.schedule(account, at);
    Some(NoAnswer { ended: now, is_certificate: is_certificate_trouble(&detail), detail })
}

/// Credentials from outside are mended where they came from, not by a login.
fn rejected_outside(source: CredentialSource, rejected: Option<(Reason, String)>) -> (Reason, String) {
    let (reason, said) = rejected.unwrap_or((Reason::Borrowed("unauthorized"), String::new()));
    let CredentialSource::Environment(variable) = source else { return (reason, said) };
    let said = if said.is_empty() { String::new() } else { format!(" ({said})") };
    (reason, format!("the platform rejects the token in {variable}{said}; set it to a fresh one"))
}
