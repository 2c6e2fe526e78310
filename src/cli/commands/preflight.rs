//! Before the first request of a run: what is known to go wrong is said. Nothing is stopped by it, for the first answer of a
//! platform knows better; nothing is sent but a question for the time.

use std::collections::BTreeMap;

use crate::app::{self, Identities};
use crate::auth::TokenSource;
use crate::cli::context::{Context, for_this_queue};
use crate::domain::{AccountId, Action, Platform};
use crate::error::CommandError;
use crate::platform::Client;
use crate::store::{Account, Store};
use crate::text::escaped;

/// The most that is said.
const MAX_WARNINGS: usize = 20;

/// Looks at the accounts that have work, and at the clock.
pub(super) async fn look(
    store: &mut Store,
    who: &Identities,
    tokens: &TokenSource,
    client: &Client,
    work: &[(AccountId, Action)],
    context: &Context,
) -> Result<(), CommandError> {
    if context.settings.is_sandbox() || work.is_empty() {
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
    for warning in said.iter().take(MAX_WARNINGS) {
        context.printer.warn(&for_this_queue(&context.settings, &escaped(warning)));
    }
    if said.len() > MAX_WARNINGS {
        let list = context.command(&["account", "list"]);
        context.printer.warn(&format!("... and {} more like that; see {list}", said.len() - MAX_WARNINGS));
    }
    let at_aisa = |account: &Account| account.platform == Platform::Aisa;
    for platform in [Platform::XV2, Platform::Aisa] {
        let has_work = work.iter().any(|(account, _)| at_aisa(account) == (platform == Platform::Aisa));
        let Some(base) = who.base_of(platform).filter(|_| has_work) else { continue };
        if let Some(off) = app::clock_off(client, base, &context.clock).await
            && let Some(warning) = app::warn_of_clock(off, base)
        {
            context.printer.warn(&warning);
        }
    }
    Ok(())
}
