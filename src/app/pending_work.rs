//! What is queued for accounts. In: the queue. Out: rows by job, actions by account, what a login for them names. What does not belong here:
//! whether they can act.

use std::collections::HashMap;

use super::preflight::login_actions;
use crate::auth;
use crate::domain::{AccountId, Action};
use crate::store::{Store, StoreError};

/// What is queued for an account, by job.
pub async fn pending_by_job(store: &mut Store, account: AccountId) -> Result<Vec<(String, u64)>, StoreError> {
    let mut waiting = Vec::new();
    for job in store.queue().jobs().await?.into_iter().filter(|job| job.pending > 0) {
        let lanes = store.read().pending_by_lane(job.round).await?;
        let rows: u64 = lanes.iter().filter(|(_, whose, _)| *whose == account).map(|(_, _, rows)| rows).sum();
        if rows > 0 {
            waiting.push((job.name, rows));
        }
    }
    Ok(waiting)
}

/// What every account has queued, each action once.
pub async fn pending_actions(store: &mut Store) -> Result<HashMap<AccountId, Vec<Action>>, StoreError> {
    let mut work: HashMap<AccountId, Vec<Action>> = HashMap::new();
    for job in store.queue().jobs().await?.into_iter().filter(|job| job.pending > 0) {
        for (action, account, rows) in store.read().pending_by_lane(job.round).await? {
            let actions = work.entry(account).or_default();
            if rows > 0 && !actions.contains(&action) {
                actions.push(action);
            }
        }
    }
    Ok(work)
}

/// What a new login of each of these accounts has to name: what it may do already, and what is queued for it.
pub async fn login_actions_of(
    store: &mut Store,
    accounts: impl IntoIterator<Item = AccountId>,
) -> Result<HashMap<AccountId, Vec<Action>>, StoreError> {
    let wanted: Vec<AccountId> = accounts.into_iter().collect();
    let mut named = HashMap::new();
    if wanted.is_empty() {
        return Ok(named);
    }
    let mut work = pending_actions(store).await?;
    for (account, record) in auth::list_of(store, &wanted).await? {
        let queued = work.remove(&account.id).unwrap_or_default();
        named.insert(account.id, login_actions(&account, record.as_ref(), queued));
    }
    Ok(named)
}
