//! Accounts that need a person: said once, put on record, and taken back when the platform serves them again.

use std::collections::HashMap;

use super::event::Event;
use super::roster::Roster;
use super::turn_draft::TurnDraft;
use crate::domain::{AccountId, Action, Reason};

/// The troubles of a drain's accounts.
#[derive(Debug, Default)]
pub(super) struct AccountTroubles {
    /// Accounts with a trouble on record that an earlier run has left; where it is about one action alone, that action.
    left_before: HashMap<AccountId, Option<Action>>,
    /// Those of this run: whose, why in one word, what the platform said.
    of_this_run: Vec<(AccountId, Reason, String)>,
}

impl AccountTroubles {
    /// Of accounts that this drain works for, or has just got: the trouble that is on record.
    pub(super) fn look_at(&mut self, id: AccountId, trouble: Option<&str>) {
        match trouble {
            Some(trouble) => self.left_before.insert(id, refused_action(trouble)),
            None => self.left_before.remove(&id),
        };
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

    /// The platform serves the account: what an earlier run left is over, unless it was about another action.
    pub(super) fn note_served(&mut self, id: AccountId, action: Action, draft: &mut TurnDraft) {
        let is_over = |refused: &Option<Action>| refused.is_none_or(|refused| refused == action);
        if self.left_before.get(&id).is_some_and(is_over) {
            self.left_before.remove(&id);
            draft.writes.account_troubles.push((id, None));
        }
    }
}

/// What [`AccountTroubles::record`] is told of a login that may not do one action, as it stands on record: `scope_missing: unlike: ...`.
pub(super) fn refusal_of_action(action: Action, detail: &str) -> String {
    format!("{action}: {detail}; its other actions continue")
}

/// The action that a trouble on record is about alone.
fn refused_action(trouble: &str) -> Option<Action> {
    let (_, detail) = trouble.split_once(": ")?;
    Action::named(detail.split_once(": ")?.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_that_may_not_do_one_action_still_may_not_when_another_is_done() {
        let detail = refusal_of_action(Action::UnfollowTag, "This action is outside the authorized scopes");
        let trouble = format!("scope_missing: {detail}");
        assert_eq!(refused_action(&trouble), Some(Action::UnfollowTag));
        assert_eq!(refused_action("unauthorized: unlike"), None);
        assert_eq!(refused_action("forbidden"), None);
        let (id, mut troubles) = (AccountId(1), AccountTroubles::default());
        let cleared = |troubles: &mut AccountTroubles, action| {
            let mut draft = TurnDraft::default();
            troubles.note_served(id, action, &mut draft);
            !draft.writes.account_troubles.is_empty()
        };
        troubles.look_at(id, Some(&trouble));
        assert!(!cleared(&mut troubles, Action::Unlike));
        assert!(cleared(&mut troubles, Action::UnfollowTag));
        troubles.look_at(id, Some("unauthorized: the token was revoked"));
        assert!(cleared(&mut troubles, Action::Unlike) && !cleared(&mut troubles, Action::Unlike));
    }
}
