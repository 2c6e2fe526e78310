//! Accounts that need a person: said once, put on record, and taken back when the platform serves them again.

use std::collections::HashSet;

use super::event::Event;
use super::roster::Roster;
use super::turn_draft::TurnDraft;
use crate::domain::{AccountId, Action, Reason};

/// The troubles of a drain's accounts.
#[derive(Debug, Default)]
pub(super) struct AccountTroubles {
    /// Accounts with a trouble on record that an earlier run has left.
    left_before: HashSet<AccountId>,
    /// Those of this run: whose, why in one word, what the platform said.
    of_this_run: Vec<(AccountId, Reason, String)>,
}

impl AccountTroubles {
    pub(super) fn new(left_before: HashSet<AccountId>) -> AccountTroubles {
        AccountTroubles { left_before, of_this_run: Vec::new() }
    }

    /// Of accounts that this drain has just got: whether there is a trouble on record.
    pub(super) fn look_at(&mut self, id: AccountId, is_troubled: bool) {
        if is_troubled {
            self.left_before.insert(id);
        } else {
            self.left_before.remove(&id);
        }
    }

    /// Those of this run, at its end.
    pub(super) fn take(&mut self) -> Vec<(AccountId, Reason, String)> {
        std::mem::take(&mut self.of_this_run)
    }

    /// The account needs a person. Nothing more is sent for it in this run.
    pub(super) fn stop_account(
        &mut self,
        roster: &mut Roster,
        index: usize,
        reason: Reason,
        detail: String,
        draft: &mut TurnDraft,
    ) {
        let account = &mut roster.accounts[index];
        if account.stopped {
            return;
        }
        account.stopped = true;
        let id = account.id;
        self.record(id, &reason, &detail, draft);
        self.add(id, reason, detail, draft);
    }

    /// Every account of the app needs a person.
    pub(super) fn stop_app(
        &mut self,
        roster: &mut Roster,
        index: usize,
        reason: &Reason,
        detail: &str,
        draft: &mut TurnDraft,
    ) {
        let app = roster.app_of(index);
        for other in 0..roster.accounts.len() {
            if other == index || (roster.app_of(other) == app && !roster.accounts[other].is_elsewhere) {
                self.stop_account(roster, other, reason.clone(), detail.to_owned(), draft);
            }
        }
    }

    /// The account cannot do this action with the credentials it has; its other actions go on. The rows stay in line: what is
    /// at fault is the login, and a person can mend that.
    pub(super) fn refuse_action(
        &mut self,
        roster: &mut Roster,
        (index, action): (usize, Action),
        reason: Reason,
        detail: String,
        draft: &mut TurnDraft,
    ) {
        let account = &mut roster.accounts[index];
        if account.refused.contains(&action) {
            return;
        }
        account.refused.push(action);
        let id = account.id;
        self.add(id, reason, detail, draft);
    }

    fn add(&mut self, id: AccountId, reason: Reason, detail: String, draft: &mut TurnDraft) {
        self.of_this_run.push((id, reason.clone(), detail.clone()));
        draft.tell(Event::AccountStopped { account: id, reason, detail });
    }

    /// Puts a trouble on record. What an earlier run left is over with it, and a success of another endpoint does not end it.
    pub(super) fn record(&mut self, id: AccountId, reason: &Reason, detail: &str, draft: &mut TurnDraft) {
        let words = if detail.is_empty() { reason.to_string() } else { format!("{reason}: {detail}") };
        self.left_before.remove(&id);
        draft.writes.account_troubles.push((id, Some(words)));
    }

    /// The platform serves the account: what an earlier run left is over.
    pub(super) fn note_served(&mut self, id: AccountId, draft: &mut TurnDraft) {
        if self.left_before.remove(&id) {
            draft.writes.account_troubles.push((id, None));
        }
    }
}
