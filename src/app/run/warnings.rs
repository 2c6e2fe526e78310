//! Before the first request of a run: what is known to go wrong is said. Nothing is stopped by it, for the first answer of a
//! platform knows better; nothing is sent but a question for the time.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::app::deps::AppDeps;
use crate::app::notice::Notice;
use crate::app::{self, Identities};
use crate::auth::TokenSource;
use crate::domain::{AccountId, Action};
use crate::error::CommandError;
use crate::platforms::{BaseUrl, Client};
use crate::store::{Account, Store};

/// Looks at the accounts that have work, and at the clock.
pub(super) async fn warn_before_sending(
    store: &mut Store,
    who: &Identities,
    tokens: &TokenSource,
    client: &Client,
    work: &[(AccountId, Action)],
    deps: AppDeps<'_>,
) -> Result<(), CommandError> {
    if deps.settings.is_sandbox() || work.is_empty() {
        return Ok(());
    }
    let mut by_account: BTreeMap<AccountId, Vec<Action>> = BTreeMap::new();
    for (account, action) in work {
        let actions = by_account.entry(*account).or_default();
        if !actions.contains(action) {
            actions.push(*action);
        }
    }
    let accounts = store.accounts().all().await?.into_iter();
    let work: Vec<(Account, Vec<Action>)> =
        accounts.filter_map(|account| by_account.remove(&account.id).map(|actions| (account, actions))).collect();
    let said = app::unfit(store, who, tokens, &work).await?;
    deps.tell(Notice::Unfit(&said));
    let mut asked: Vec<Arc<BaseUrl>> = Vec::new();
    for (account, _) in &work {
        let Some(base) = who.base_of(account).filter(|base| !asked.contains(base)) else { continue };
        if let Some(off) = app::clock_off(client, &base, deps.clock).await
            && let Some(warning) = app::warn_of_clock(off, &base)
        {
            deps.tell(Notice::ClockOff(&warning));
        }
        asked.push(base);
    }
    Ok(())
}
