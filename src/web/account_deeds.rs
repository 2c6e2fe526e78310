//! What a person does with an account that is connected: checks its login, makes it the one that acts where nobody is named, logs it out,
//! removes it. The use cases are those of the command line; what cannot be taken back is asked about first.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Query, State};
use axum::response::{Html, Redirect};

use super::acting::{Deed, act};
use super::address::AddressKey;
use super::middleware::Visitor;
use super::pages::{self, AccountPage, Frame};
use super::problem::Problem;
use super::state::Web;
use super::views::Said;
use crate::app::account::{
    AccountCheckRequest, LogoutRequest, RemoveAccountRequest, check_accounts, choose_default, choose_no_default,
    log_out, remove_idle_account,
};
use crate::app::saved_list::readable_lists;
use crate::app::{AppDeps, pending_by_job};
use crate::auth::LoggedOut;
use crate::domain::AccountId;
use crate::store::{Account, Removal};

fn deed(name: &'static str, detail: String) -> Deed<'static> {
    Deed { name, job: None, detail }
}

async fn find(web: &Web, id: i64) -> Result<Account, Problem> {
    let found = web.read_store().await.accounts().accounts_of(&[AccountId(id)]).await?.pop();
    found.ok_or_else(|| Problem::not_found("There is no such account."))
}

/// An account, and what can be done with it.
pub(super) async fn account(
    State(web): State<Arc<Web>>,
    Extension(visitor): Extension<Visitor>,
    AddressKey(id): AddressKey<i64>,
    Query(said): Query<Said>,
) -> Result<Html<String>, Problem> {
    let account = find(&web, id).await?;
    let waiting = pending_by_job(&mut *web.read_store().await, account.id).await?;
    let frame = Frame { said: said.said, ..web.frame(visitor, "/accounts") };
    let lists = readable_lists(account.platform);
    Ok(pages::account(&frame, &AccountPage { account, lists, waiting }))
}

/// Asks the platform whether its login is good.
pub(super) async fn check(
    State(web): State<Arc<Web>>,
    Extension(visitor): Extension<Visitor>,
    AddressKey(id): AddressKey<i64>,
) -> Result<Html<String>, Problem> {
    let account = find(&web, id).await?;
    let name = account.name.clone();
    let request = AccountCheckRequest { names: vec![name.clone()], actions: Vec::new() };
    let what = deed("check-login", format!("the login of {name} was checked"));
    let report = act(&web, &visitor, what, async move |deps: AppDeps<'_>| check_accounts(deps, &request).await).await?;
    Ok(pages::checked_account(&web.frame(visitor, "/accounts"), &account, &report))
}

/// Makes it the one that acts where nobody is named, or takes that away.
pub(super) async fn make_default(
    State(web): State<Arc<Web>>,
    Extension(visitor): Extension<Visitor>,
    AddressKey(id): AddressKey<i64>,
) -> Result<Redirect, Problem> {
    let account = find(&web, id).await?;
    let (name, was) = (account.name.clone(), account.is_default);
    let detail =
        if was { format!("{name} is no longer the default account") } else { format!("{name} is the default account") };
    let chosen = async move |deps: AppDeps<'_>| {
        if was { choose_no_default(deps).await } else { choose_default(deps, &name).await.map(|_| ()) }
    };
    act(&web, &visitor, deed("default-account", detail), chosen).await?;
    Ok(Redirect::to(&format!("/accounts/{id}?said=default")))
}

/// Asks before an account is logged out.
pub(super) async fn ask_to_log_out(
    State(web): State<Arc<Web>>,
    Extension(visitor): Extension<Visitor>,
    AddressKey(id): AddressKey<i64>,
) -> Result<Html<String>, Problem> {
    let account = find(&web, id).await?;
    let waiting = pending_by_job(&mut *web.read_store().await, account.id).await?;
    Ok(pages::log_out_account(&web.frame(visitor, "/accounts"), &account, &waiting))
}

/// Ends its login, here and at the platform.
pub(super) async fn log_out_of(
    State(web): State<Arc<Web>>,
    Extension(visitor): Extension<Visitor>,
    AddressKey(id): AddressKey<i64>,
) -> Result<Redirect, Problem> {
    let account = find(&web, id).await?;
    let request = LogoutRequest { name: account.name.clone(), forget: false };
    let what = deed("log-out-account", format!("{} is logged out", account.name));
    let report =
        act(&web, &visitor, what, async move |deps: AppDeps<'_>| log_out(deps, &request, |_| ()).await).await?;
    let said = match report.ended {
        LoggedOut::WasNot => "was-logged-out",
        LoggedOut::Revoked => "revoked",
        LoggedOut::NotRevoked(_) => "not-revoked",
    };
    Ok(Redirect::to(&format!("/accounts/{id}?said={said}")))
}

/// Asks before an account is removed.
pub(super) async fn ask_to_remove(
    State(web): State<Arc<Web>>,
    Extension(visitor): Extension<Visitor>,
    AddressKey(id): AddressKey<i64>,
) -> Result<Html<String>, Problem> {
    let account = find(&web, id).await?;
    let waiting = pending_by_job(&mut *web.read_store().await, account.id).await?;
    Ok(pages::remove_account(&web.frame(visitor, "/accounts"), &account, &waiting))
}

/// Logs it out and drops it, as far as no history needs it.
pub(super) async fn remove(
    State(web): State<Arc<Web>>,
    Extension(visitor): Extension<Visitor>,
    AddressKey(id): AddressKey<i64>,
) -> Result<Redirect, Problem> {
    let account = find(&web, id).await?;
    let request = RemoveAccountRequest { name: account.name.clone(), yes: false, forget: false };
    let what = deed("remove-account", format!("{} is removed", account.name));
    let (_, removal) =
        act(&web, &visitor, what, async move |deps: AppDeps<'_>| remove_idle_account(deps, &request).await).await?;
    Ok(Redirect::to(match removal {
        Removal::Gone => "/accounts?said=account-removed",
        Removal::HistoryStays { .. } => "/accounts?said=account-stays",
    }))
}
