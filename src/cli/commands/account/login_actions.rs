//! Which actions a login asks for.

use crate::app;
use crate::cli::args::AccountLoginArgs;
use crate::domain::Action;
use crate::error::CommandError;
use crate::store::{Account, Store};

/// What to ask for: what was asked for; else what the account could do before and what is in line for it; else the two that
/// most people come for.
pub(super) async fn actions_to_ask_for(
    store: &mut Store,
    args: &AccountLoginArgs,
    known: Option<&Account>,
) -> Result<Vec<Action>, CommandError> {
    if !args.actions.is_empty() {
        return Ok(args.actions.clone());
    }
    let mut actions = Vec::new();
    if let Some(account) = known {
        if let Some(record) =
            store.accounts().credential(account.id).await?.filter(|record| record.set.scopes.is_some())
        {
            actions = app::may(account.platform, record.set.kind, record.set.scopes.as_deref());
        }
        actions.extend(app::pending_actions(store).await?.remove(&account.id).unwrap_or_default());
    }
    if actions.is_empty() { Ok(vec![Action::Unfollow, Action::Unlike]) } else { Ok(actions) }
}
