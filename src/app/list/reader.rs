//! What commands that read a list share: whose list it is, and the reader.

use std::sync::Arc;
use std::time::Duration;

use crate::app::{self, Identities};
use crate::clock::SharedClock;
use crate::config::Settings;
use crate::domain::{AccountId, Tick};
use crate::engine::Shutdown;
use crate::error::{CommandError, ErrorKind};
use crate::lists::fetch::{Budget, FetchDeps, FetchEvent, Reader, Way};
use crate::platform::Client;
use crate::store::{Account, Store};

/// Hears what happens while a list is read.
pub type FetchListener = Box<dyn FnMut(FetchEvent) + Send>;

/// The account a command is about: the one named, or the one that acts where nobody is named (`app::default_account`).
///
/// # Errors
/// It is not said who that is (2).
pub async fn account_of(store: &mut Store, id: Option<AccountId>) -> Result<Account, CommandError> {
    let accounts = store.accounts().all().await?;
    let names: Vec<&str> = accounts.iter().map(|account| account.name.as_str()).collect();
    let hint = if names.is_empty() {
        "log in with `cleanup account login`, or set CLEANUP_X_TOKEN".to_owned()
    } else {
        format!(
            "name it with --account, or make one the default with `cleanup account default NAME`; accounts: {}",
            names.join(", ")
        )
    };
    let found = id.and_then(|id| accounts.iter().find(|account| account.id == id).cloned());
    found.ok_or_else(|| {
        CommandError::new(ErrorKind::Usage, "no account is named, and there is no default account").hint(hint)
    })
}

/// What bounds reading.
#[derive(Clone, Copy, Debug)]
pub struct ReadingBounds {
    /// Requests and dollars.
    pub budget: Budget,
    /// Nothing is sent after this.
    pub until: Option<Tick>,
    /// Reading ends when there has been no answer for so long.
    pub give_up_after: Duration,
}

/// A reader for an account.
///
/// # Errors
/// Tokens cannot be opened.
pub async fn list_reader(
    (settings, clock): (&Settings, &SharedClock),
    (who, client): (&Identities, &Arc<Client>),
    store: Store,
    account: &Account,
    bounds: ReadingBounds,
    (shutdown, listener): (Shutdown, FetchListener),
) -> Result<Reader, CommandError> {
    let accounts = [account.clone()];
    let tokens = app::open_tokens(settings, who, &accounts, clock.clone()).await?;
    let mut access = who.access(&accounts, |_| Some(Arc::from([])));
    let access = access.remove(&account.id).ok_or_else(|| {
        CommandError::new(ErrorKind::Fault, format!("the address of the platform of {} is not known", account.name))
            .hint("please report this")
    })?;
    let way =
        Way { account: account.id, platform: account.platform, user: access.user, base: access.base, app: access.app };
    let deps = FetchDeps {
        store,
        client: Arc::clone(client),
        tokens,
        clock: clock.clone(),
        shutdown,
        request_deadline: settings.run.request_deadline,
        give_up_after: bounds.give_up_after,
        until: bounds.until,
    };
    Ok(Reader::new(deps, way, bounds.budget, listener))
}
