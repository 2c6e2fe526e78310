//! What a list takes to be read: its plan, whether the login may, what it costs, and the reader.

use std::sync::Arc;
use std::time::Duration;

use super::cost::Extent;
use super::plan::ListPlan;
use crate::app::{Identities, PlatformSession, login_to_allow, open_tokens};
use crate::clock::SharedClock;
use crate::config::Settings;
use crate::domain::{AccountId, Action, ListKind, Tick};
use crate::engine::Shutdown;
use crate::error::{CommandError, ErrorKind};
use crate::lists::fetch::{Budget, FetchDeps, FetchEvent, Reader, Way};
use crate::lists::filter::{Filter, Take};
use crate::platforms::{Client, ListEndpoint, spec};
use crate::store::{Account, Credential, ListLock, Store};

/// A list of an account's that can be read. No other process reads it meanwhile.
pub struct ListAccess {
    /// What may go wrong.
    pub warnings: Vec<String>,
    /// What it costs: it reads only, so nobody is asked.
    pub announcements: Vec<String>,
    /// What is read.
    pub(in crate::app) plan: ListPlan,
    pub(in crate::app) reader: Reader,
    pub(in crate::app) account: String,
    locks: Vec<ListLock>,
    session: PlatformSession,
}

impl ListAccess {
    pub(in crate::app) async fn open(
        (settings, clock): (&Settings, &SharedClock),
        (session, mut store, account): (PlatformSession, Store, &Account),
        (list, filter, take): (ListKind, &Filter, Take),
        bounds: ReadingBounds,
        heard: (Shutdown, FetchListener),
    ) -> Result<ListAccess, CommandError> {
        let plan = ListPlan::of(account.platform, list, filter)?;
        let lists = &plan.lists;
        let mut locks = Vec::new();
        for (list, row) in lists {
            locks.push(lock(&store, account, row.reads(*list)).await?);
        }
        session.recall(&mut store, account).await?;
        let record = store.accounts().credential(account.id).await?;
        let missing = |(list, row): &(ListKind, &ListEndpoint)| missing_scopes(account, *list, row, record.as_ref()?);
        let warnings = lists.iter().filter_map(missing).collect();
        let announce = |(each, row): &(ListKind, &ListEndpoint)| {
            let extent = if *each == list { Extent::of((list, row), filter, take) } else { Extent::Whole };
            let price = extent.price(row, *each == list && filter.inactive_since.is_some());
            format!("reading {each} of {} at {}: {price}", account.name, account.platform)
        };
        let announcements = lists.iter().filter(|_| !settings.is_sandbox()).map(announce).collect();
        let way = (&session.who, &session.client);
        let reader = list_reader((settings, clock), way, store, account, bounds, heard).await?;
        let account = account.name.to_string();
        Ok(ListAccess { warnings, announcements, plan, reader, account, locks, session })
    }

    /// Lets other processes read the list.
    pub(in crate::app) async fn close(self) -> Store {
        drop(self.locks);
        self.session.close().await;
        self.reader.deps.store
    }
}

/// Two processes at one list would turn each other's pages.
async fn lock(store: &Store, account: &Account, list: ListKind) -> Result<ListLock, CommandError> {
    let name = list.name();
    if let Some(lock) = ListLock::try_take(store.place(), account.id, name).await? {
        return Ok(lock);
    }
    let holder = ListLock::holder(store.place(), account.id, name).await;
    let who = holder.map_or_else(String::new, |holder| format!(" ({holder})"));
    Err(CommandError::new(ErrorKind::Busy, format!("another process is reading {list} of {}{who}", account.name))
        .hint("wait for it, or end it; what it has read is kept"))
}

/// The login for an action has the scopes of its list.
fn missing_scopes(account: &Account, list: ListKind, row: &ListEndpoint, record: &Credential) -> Option<String> {
    let granted = record.set.scopes.as_deref()?;
    let missing: Vec<&str> =
        row.scopes.iter().copied().filter(|scope| !spec(account.platform).covers(granted, scope)).collect();
    let login = login_to_allow(account, record, list.undone_by().unwrap_or(Action::Unfollow));
    let (name, what) = (&account.name, missing.join(" and "));
    (!missing.is_empty()).then(|| format!("{name} was not granted {what}, which reading {list} needs; run `{login}`"))
}

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
    let tokens = open_tokens(settings, who, &accounts, clock.clone()).await?;
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
