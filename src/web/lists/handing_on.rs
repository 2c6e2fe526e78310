//! What stays of a list becomes a job file, which waits for its check like one that was sent: from there on the way is the same.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Form, Query, State};
use axum::response::{Html, Redirect};

use super::filters;
use super::{ReadyList, staying};
use crate::app::saved_list::{offered_actions, write_chosen};
use crate::domain::{AccountName, Action};
use crate::error::{CommandError, ErrorKind};
use crate::store::Account;
use crate::web::address::AddressKey;
use crate::web::middleware::Visitor;
use crate::web::pages::{self, JobOfListPage};
use crate::web::problem::Problem;
use crate::web::state::Web;
use crate::web::uploads::{self, Choices};

/// The accounts that can act on a list's rows: its own, or those of the platform that an export is of.
async fn actors(web: &Web, list: &ReadyList) -> Result<Vec<Account>, Problem> {
    let mut accounts = web.read_store().await.accounts().all().await?;
    match (list.info.account(), list.info.platform) {
        (Some(name), _) => accounts.retain(|account| account.name == *name),
        (None, Some(platform)) => accounts.retain(|account| {
            account.platform.id_space() == platform.id_space() || account.platform == platform.in_sandbox()
        }),
        (None, None) => {}
    }
    Ok(accounts)
}

/// What can be done with them, by whom, and under which name.
pub(in crate::web) async fn ask_for_job(
    State(web): State<Arc<Web>>,
    Extension(visitor): Extension<Visitor>,
    AddressKey(id): AddressKey<u64>,
    Query(fields): Query<Vec<(String, String)>>,
) -> Result<Html<String>, Problem> {
    let list = web.lists.ready(id)?;
    let options = filters::parse(&fields)?;
    let chosen = web.choose(&list, &options).await?;
    let rows = staying(&chosen, &web.lists.shelf.ticked_out(id)?);
    let accounts = actors(&web, &list).await?;
    let kind = list.info.list.target_kind();
    let mut actions: Vec<Action> = Vec::new();
    for account in &accounts {
        for action in offered_actions(account.platform).filter(|action| action.target_kind() == kind) {
            if !actions.contains(&action) {
                actions.push(action);
            }
        }
    }
    // What takes an entry off its list comes first.
    let usual = list.info.list.undone_by();
    actions.sort_by_key(|action| Some(*action) != usual);
    let job = free_name(&web, &list, actions.first().copied()).await?;
    let page = JobOfListPage { id, info: list.info, options, rows, accounts, actions, job };
    Ok(pages::job_of_list(&web.frame(visitor, "/lists"), &page))
}

/// A name that no job has.
async fn free_name(web: &Web, list: &ReadyList, action: Option<Action>) -> Result<String, Problem> {
    let what = action.map_or(list.info.list.name(), Action::name);
    let whose = list.info.account().map_or_else(String::new, |name| format!("-{name}"));
    let fine = |c: char| c.is_alphanumeric() || "-_.".contains(c);
    let base: String = format!("{what}{whose}").chars().filter(|c| fine(*c)).take(80).collect();
    let mut store = web.read_store().await;
    let mut name = base.clone();
    for number in 2.. {
        if store.queue().job(&name).await?.is_none() {
            break;
        }
        name = format!("{base}-{number}");
    }
    Ok(name)
}

/// Makes the job file, and leads to its check.
pub(in crate::web) async fn make_job(
    State(web): State<Arc<Web>>,
    AddressKey(id): AddressKey<u64>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<Redirect, Problem> {
    let list = web.lists.ready(id)?;
    let options = filters::parse(&fields)?;
    let first = |wanted: &str| fields.iter().find(|(name, _)| name == wanted).map_or("", |(_, text)| text.trim());
    let action = Action::parse(first("action"))
        .ok_or_else(|| Problem::unusable("There is no such action.", "Choose one of those on the page."))?;
    let account: AccountName = first("account")
        .parse()
        .map_err(|_| Problem::unusable("There is no such account.", "Connect one first, or choose another."))?;
    let mut choices = Choices { job: first("job").to_owned(), ..Choices::default() };
    choices.rows.action = Some(action);
    choices.rows.account = Some(account);
    let chosen = web.choose(&list, &options).await?;
    let out = web.lists.shelf.ticked_out(id)?;
    if staying(&chosen, &out) == 0 {
        return Err(Problem::unusable("No row of the list stays.", "Go back, and tick some in, or change the filter."));
    }
    let (path, info) = (web.lists.shelf.rows_path(id), list.info.clone());
    let keep = web.lists.shelf.names_path(id, "keep");
    let (file, received) = web.uploads.create()?;
    let written = tokio::task::spawn_blocking(move || {
        let file = write_chosen(&path, &info, (&chosen, &out), file)?;
        file.sync_all().map_err(|error| CommandError::io("the job file", error))
    });
    let fault = |error| CommandError::new(ErrorKind::Fault, "the job file could not be written").because(error);
    written.await.map_err(fault)??;
    let upload = uploads::offer(&web, choices, received, keep.as_deref()).await?;
    Ok(Redirect::to(&format!("/new/{upload}")))
}
