//! A page as a login sees it: what was typed before is handed over, what a platform's page asks for is waited for, and what happens is kept
//! for the page to show.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use super::attempts::{AttemptState, LoginAttempts};
use crate::app::AppDeps;
use crate::app::account::{LoginFrontend, LoginNotice, LoginPage, MAKE_APP_PASSWORD, PageReturn, PromptFuture};
use crate::domain::Secret;
use crate::error::{CommandError, ErrorKind};

/// Whoever logs in by a form.
pub(super) struct FormFrontend {
    pub(super) id: u64,
    pub(super) attempts: LoginAttempts,
    /// What was typed into the form, in the order in which it is asked for.
    pub(super) typed: Mutex<VecDeque<Secret>>,
    /// Pages have changed.
    pub(super) changed: Box<dyn Fn() + Send + Sync>,
}

impl FormFrontend {
    async fn next(&self) -> Result<Secret, CommandError> {
        let typed = self.typed.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        if let Some(typed) = typed {
            return Ok(typed);
        }
        let waited = self.attempts.await_answer(self.id).await;
        (self.changed)();
        waited.map_err(|_| CommandError::new(ErrorKind::Person, "nothing was typed in time").hint("log in again"))
    }

    fn note(&self, note: String) {
        self.attempts.note(self.id, note);
    }
}

impl LoginFrontend for FormFrontend {
    fn tell(&self, _: AppDeps<'_>, notice: LoginNotice<'_>) {
        match notice {
            LoginNotice::Asking(_) | LoginNotice::Scopes(..) | LoginNotice::AppPassword(_) => {}
            LoginNotice::OwnPassword => self.note(format!(
                "That is the account's own password, and whoever gets this login can do everything with the account: {MAKE_APP_PASSWORD}."
            )),
            LoginNotice::NameStays(account) => {
                self.note(format!("This user is in the queue already, as {}, and keeps that name.", account.name));
            }
            LoginNotice::Moved { account, from, to } => self.note(format!("{account} has moved from {from} to {to}.")),
            LoginNotice::NotGranted(action, _) => self.note(format!("{action} was not granted, so it will be refused.")),
            LoginNotice::MissingScopes(action, missing) => {
                self.note(format!("{} was not granted, so {action} will be refused.", missing.join(" and ")));
            }
            LoginNotice::TakenBack(Ok(())) | LoginNotice::EarlierEnded(_, Ok(())) => {}
            LoginNotice::TakenBack(Err(why)) => {
                self.note(format!("The tokens of this login are not kept, and could not be revoked: {why}"));
            }
            LoginNotice::EarlierEnded(account, Err(why)) => {
                self.note(format!("The earlier token of {} stays valid at its server: {why}", account.name));
            }
        }
    }

    fn show_page(&self, page: LoginPage<'_>) -> Result<(), CommandError> {
        let wanted = match page.back {
            PageReturn::ByBrowser(_) => None,
            PageReturn::Address | PageReturn::AddressSoon => Some("the address of the page you end at"),
            PageReturn::Code => Some("the code that you are shown"),
            PageReturn::Pin { .. } => Some("the PIN that you are shown"),
        };
        self.attempts.set(self.id, AttemptState::OnPage { url: page.url.to_owned(), wanted });
        (self.changed)();
        Ok(())
    }

    fn line(&self, _: &'static str) -> PromptFuture<'_, Secret> {
        Box::pin(self.next())
    }

    fn secret(&self, _: &'static str) -> PromptFuture<'_, Secret> {
        Box::pin(self.next())
    }

    fn another_secret(&self, _: &'static str, _: bool) -> PromptFuture<'_, Option<Secret>> {
        Box::pin(async { Ok(None) })
    }

    /// What was typed into the form is all there is.
    fn is_at_terminal(&self) -> bool {
        false
    }
}
