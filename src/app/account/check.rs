//! Asks the platforms whether logins are good and whose they are. Sends nothing that writes.
//!
//! In: names, or none for every account. Out: a report. What does not belong here: one account's login (`check_login`), words.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use super::check_login::{check_login, whose};
use super::check_report::{AccountCheckReport, CheckedAccount, LoginState};
use crate::app::deps::AppDeps;
use crate::app::status::{TroubledAccount, only_unfinished, reason_of};
use crate::app::{self, EnvironmentAccount, Identities, Ways};
use crate::auth::{LoginEnd, TokenSource, list};
use crate::domain::{AccountName, Action, Wall};
use crate::error::CommandError;
use crate::platforms::BaseUrl;
use crate::store::{Account, Credential, Store};
use crate::text::clock_text;

/// Which accounts are to be checked, and for what.
#[derive(Clone, Debug, Default)]
pub struct AccountCheckRequest {
    /// These; none: all.
    pub names: Vec<AccountName>,
    /// What they have to be able to do; none: what is queued for them.
    pub actions: Vec<Action>,
}

/// Checks the accounts.
///
/// # Errors
/// A name is nobody's (2), the key is wrong (78), the queue cannot be read.
pub async fn check_accounts(
    deps: AppDeps<'_>,
    request: &AccountCheckRequest,
) -> Result<AccountCheckReport, CommandError> {
    let mut queue = deps.existing_queue().await?;
    let all = match &mut queue {
        Some(store) => list(store).await?,
        None => Vec::new(),
    };
    let known: Vec<Account> = all.iter().map(|(account, _)| account.clone()).collect();
    if let Some(name) = request.names.iter().find(|name| known.iter().all(|account| account.name != **name)) {
        return Err(app::unknown_account(name, &known));
    }
    let hosts = known.iter().filter_map(|account| account.host.as_ref());
    let ways = Ways::new(deps.settings, deps.clock.clone(), hosts)?;
    let mut who = Identities::of(deps.settings, None, None)?;
    let mut accounts = strangers(who.environment_mut(), request, &known, &ways).await;
    let mut clocks = Clocks::default();
    for one in &accounts {
        let base = ways.bases.at(one.platform, None)?;
        clocks.ask(base, &ways, deps).await;
    }
    if let Some(store) = queue {
        let tokens = app::open_tokens(deps.settings, &who, &known, deps.clock.clone()).await?;
        let queued = QueuedAccounts { deps, request, ways: &ways, tokens: &tokens };
        accounts.extend(queued.check(store, all, &mut clocks).await?);
    }
    Ok(AccountCheckReport { accounts, warnings: clocks.warnings() })
}

/// What it takes to check the accounts of a queue.
struct QueuedAccounts<'a> {
    deps: AppDeps<'a>,
    request: &'a AccountCheckRequest,
    ways: &'a Ways,
    tokens: &'a TokenSource,
}

impl QueuedAccounts<'_> {
    async fn check(
        &self,
        mut store: Store,
        all: Vec<(Account, Option<Credential>)>,
        clocks: &mut Clocks,
    ) -> Result<Vec<CheckedAccount>, CommandError> {
        let QueuedAccounts { deps, request, ways, tokens } = *self;
        let mut checked = Vec::new();
        let work = app::pending_actions(&mut store).await?;
        let jobs = store.queue().jobs().await?;
        store.close().await;
        for (account, record) in all {
            if !request.names.is_empty() && !request.names.contains(&account.name) {
                continue;
            }
            let queued = work.get(&account.id).cloned().unwrap_or_default();
            let login_actions = app::login_actions(&account, record.as_ref(), queued.iter().copied());
            let wanted = if request.actions.is_empty() { queued } else { request.actions.clone() };
            clocks.ask(ways.bases.of_account(&account)?, ways, deps).await;
            let stopped = account.trouble.as_ref().map(|trouble| {
                let (settings, name, job) = (deps.settings, account.name.as_str(), only_unfinished(&jobs));
                let troubled = TroubledAccount { settings, name, job, login_actions: &login_actions };
                format!(
                    "its last run stopped: {trouble}. {}",
                    troubled.remedy_shown_by(reason_of(trouble), "account check")
                )
            });
            let id = account.id;
            let mut one = check_login(account, record, &wanted, ways, tokens).await?;
            if let (LoginState::Good, Ok(Some(ends))) = (one.state, tokens.login_ends(id).await) {
                one.said.push(end_of_login(ends, deps));
            }
            one.said.extend(stopped);
            checked.push(one);
        }
        Ok(checked)
    }
}

fn end_of_login(ends: LoginEnd, deps: AppDeps<'_>) -> String {
    let when = |ends: Wall| clock_text(ends, deps.clock.now().wall, deps.local.zone.get());
    match ends {
        LoginEnd::Unused(ends) => format!("its session lasts until {}, and longer with every use", when(ends)),
        LoginEnd::Fixed(ends) => format!(
            "its login lasts until {} at the most; log in again before, or take an app password, which lasts",
            when(ends)
        ),
    }
}

/// How far this machine's clock is off each platform's, each asked once.
#[derive(Default)]
struct Clocks(HashMap<Arc<BaseUrl>, Option<i64>>);

impl Clocks {
    async fn ask(&mut self, base: Arc<BaseUrl>, ways: &Ways, deps: AppDeps<'_>) {
        if let Entry::Vacant(clock) = self.0.entry(Arc::clone(&base)) {
            clock.insert(app::clock_off(&ways.client, &base, deps.clock).await);
        }
    }

    fn warnings(&self) -> Vec<String> {
        self.0.iter().filter_map(|(base, off)| app::warn_of_clock((*off)?, base)).collect()
    }
}

/// Asks whose the environment's credentials are, where no account of the queue is known to have them. Those that are such an
/// account's after all are left to be checked as that; the others are told by their variable.
async fn strangers(
    environment: &mut [EnvironmentAccount],
    request: &AccountCheckRequest,
    known: &[Account],
    ways: &Ways,
) -> Vec<CheckedAccount> {
    let mut checked = Vec::new();
    for found in environment {
        let Some(credentials) = found.credentials.clone() else { continue };
        if known.iter().any(|account| found.is(account)) {
            continue;
        }
        let Ok(base) = ways.bases.at(found.platform, None) else { continue };
        let (state, said, user) = whose(ways, (found.platform, &base), &credentials, found.user.as_ref()).await;
        let said = match state {
            LoginState::Bad => format!("{said}; set {} to a fresh one", found.variable()),
            LoginState::Good | LoginState::Unknown => said,
        };
        found.user = user.or(found.user.take());
        if request.names.is_empty() && !known.iter().any(|account| found.is(account)) {
            let (name, platform, user_id) = (found.variable().to_owned(), found.platform, found.user.clone());
            let (said, actions) = (vec![said], Vec::new());
            checked.push(CheckedAccount { name, platform, user_id, state, said, actions, host: None });
        }
    }
    checked
}
