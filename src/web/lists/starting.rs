//! A list is asked for: of an account, with what is asked beside it; or out of an export that a browser sends.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Form, Query, Request, State};
use axum::response::{Html, Redirect};
use serde::Deserialize;

use super::saving;
use crate::app::saved_list::{ListExtras, ListSource, ReadableList, SavedListInfo, readable_lists};
use crate::domain::ListKind;
use crate::store::{Account, AuditEvent};
use crate::web::address::AddressKey;
use crate::web::middleware::Visitor;
use crate::web::pages::{self, OfferPage};
use crate::web::problem::Problem;
use crate::web::state::Web;
use crate::web::uploads::receive_export;

/// The longest form with an export.
pub(in crate::web) const MAX_EXPORT_BODY_BYTES: usize = crate::web::uploads::MAX_EXPORT_BYTES as usize + 64 * 1024;

/// Which list of whom.
#[derive(Debug, Deserialize)]
pub(in crate::web) struct Asked {
    account: String,
    list: String,
    #[serde(default)]
    follows_back: String,
    #[serde(default)]
    ghosts: String,
    #[serde(default)]
    last_posted: String,
}

async fn find(web: &Web, asked: &Asked) -> Result<(Account, ReadableList), Problem> {
    let list = list_named(&asked.list)?;
    let known = web.read_store().await.accounts().all().await?;
    let account = known.into_iter().find(|account| account.name.as_str() == asked.account);
    let account = account.ok_or_else(|| Problem::not_found("There is no such account."))?;
    let readable = readable_lists(account.platform).into_iter().find(|readable| readable.list == list);
    let readable = readable.ok_or_else(|| {
        let message = format!("{} does not hand out this list.", account.platform);
        Problem::unusable(message, "Take it out of an export of your data instead.")
    })?;
    Ok((account, readable))
}

fn list_named(name: &str) -> Result<ListKind, Problem> {
    ListKind::named(name).ok_or_else(|| Problem::unusable("There is no such list.", "Choose one of those on the page."))
}

/// What reading costs, and what can be asked beside it.
pub(in crate::web) async fn offer(
    State(web): State<Arc<Web>>,
    Extension(visitor): Extension<Visitor>,
    Query(asked): Query<Asked>,
) -> Result<Html<String>, Problem> {
    let (account, readable) = find(&web, &asked).await?;
    Ok(pages::offer_list(&web.frame(visitor, "/lists"), &OfferPage { account, readable }))
}

/// Begins to read.
pub(in crate::web) async fn start(
    State(web): State<Arc<Web>>,
    Extension(visitor): Extension<Visitor>,
    Form(asked): Form<Asked>,
) -> Result<Redirect, Problem> {
    let (account, ReadableList { list, offers, .. }) = find(&web, &asked).await?;
    let is_ticked = |text: &str| !text.is_empty();
    let info = SavedListInfo {
        list,
        source: ListSource::Account(account.name.clone()),
        platform: Some(account.platform),
        extras: ListExtras {
            follows_back: offers.follows_back && is_ticked(&asked.follows_back),
            ghosts: offers.ghosts && is_ticked(&asked.ghosts),
            last_posted: offers.last_posted && is_ticked(&asked.last_posted),
        },
        begun: web.clock.now().wall,
        saved: None,
        stopped: None,
    };
    let id = web.lists.shelf.add(&info)?;
    begin_or_drop(&web, &visitor, (id, info), None)?;
    note(&web, &visitor, &format!("{list} of {} is read", account.name)).await;
    Ok(Redirect::to(&format!("/lists/{id}")))
}

fn begin_or_drop(
    web: &Arc<Web>,
    visitor: &Visitor,
    (id, info): (u64, SavedListInfo),
    export: Option<crate::web::uploads::Received>,
) -> Result<(), Problem> {
    saving::begin(web, (id, info), export, visitor.actor()).inspect_err(|_| web.lists.shelf.remove(id))
}

/// Goes on with a list that was not read to its end.
pub(in crate::web) async fn resume(
    State(web): State<Arc<Web>>,
    Extension(visitor): Extension<Visitor>,
    AddressKey(id): AddressKey<u64>,
) -> Result<Redirect, Problem> {
    let info = SavedListInfo { stopped: None, ..web.lists.info(id)? };
    if info.account().is_none() {
        return Err(Problem::unusable("What was sent is not kept.", "Send the export again."));
    }
    saving::begin(&web, (id, info), None, visitor.actor())?;
    Ok(Redirect::to(&format!("/lists/{id}")))
}

/// Takes a list out of an export.
pub(in crate::web) async fn read_export(
    State(web): State<Arc<Web>>,
    Extension(visitor): Extension<Visitor>,
    request: Request,
) -> Result<Redirect, Problem> {
    let (export, shown, what) = receive_export(&web, request).await?;
    let list = list_named(&what)?;
    let info = SavedListInfo {
        list,
        source: ListSource::Export(shown.clone()),
        platform: None,
        extras: ListExtras::default(),
        begun: web.clock.now().wall,
        saved: None,
        stopped: None,
    };
    let id = web.lists.shelf.add(&info)?;
    begin_or_drop(&web, &visitor, (id, info), Some(export))?;
    note(&web, &visitor, &format!("{list} out of {shown}")).await;
    Ok(Redirect::to(&format!("/lists/{id}")))
}

async fn note(web: &Web, visitor: &Visitor, detail: &str) {
    let actor = visitor.actor();
    let deed = AuditEvent { actor: &actor, deed: "list", job: None, detail };
    match web.write_store().await {
        Ok(mut store) => web.log_audit_event(&mut store, &deed).await,
        Err(error) => tracing::error!(%error, "a list is read, and it could not be written to the audit log"),
    }
}
