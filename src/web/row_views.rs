//! Reads the rows of a job, and one of them, and shows them.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Query, State};
use axum::response::Html;
use serde::Deserialize;

use super::actions::find;
use super::address::AddressKey;
use super::middleware::Visitor;
use super::pages::{self, RowsPage};
use super::paging::Trail;
use super::problem::Problem;
use super::state::Web;
use super::views::status_of;
use crate::app::{self, named_target};
use crate::domain::{Outcome, TaskId};
use crate::store::{RowPage, RowQuery};

const ROWS_A_PAGE: u32 = 50;

#[derive(Debug, Default, Deserialize)]
pub(super) struct PageQuery {
    #[serde(default)]
    outcome: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    q: String,
    #[serde(default)]
    after: i64,
    #[serde(default)]
    trail: String,
}

pub(super) async fn rows(
    State(web): State<Arc<Web>>,
    Extension(visitor): Extension<Visitor>,
    AddressKey(job): AddressKey<i64>,
    Query(wanted): Query<PageQuery>,
) -> Result<Html<String>, Problem> {
    let outcome = outcome_of(&wanted.outcome)?;
    let (reason, text) = (wanted.reason.trim(), wanted.q.trim());
    let mut store = web.read_store().await;
    let job = find(&mut store, job).await?;
    let query = RowQuery {
        outcome,
        reason: Some(reason).filter(|reason| !reason.is_empty()),
        text: Some(text).filter(|text| !text.is_empty()),
        after: wanted.after.max(0),
        most: ROWS_A_PAGE,
    };
    let mut page = RowPage::default();
    // An ID has an index; what it does not find may still stand in another cell.
    let named = named_target(text).or_else(|| text.parse().ok());
    if let Some(target) = named
        && query.after == 0
    {
        page = store.read().rows_of_target(&job, &target).await?;
        page.rows.retain(|row| outcome.is_none_or(|outcome| row.outcome == outcome));
    }
    if page.rows.is_empty() {
        page = store.read().rows(&job, &query).await?;
    }
    let status = status_of(&mut store, job).await?;
    drop(store);
    let (reason, text) = (reason.to_owned(), text.to_owned());
    let page = RowsPage {
        status,
        outcome,
        reason,
        text,
        after: query_after(&wanted),
        trail: Trail::parse(&wanted.trail),
        page,
    };
    Ok(pages::rows(&web.frame(visitor, "/jobs"), &page))
}

fn query_after(wanted: &PageQuery) -> i64 {
    wanted.after.max(0)
}

fn outcome_of(name: &str) -> Result<Option<Outcome>, Problem> {
    if name.is_empty() {
        return Ok(None);
    }
    Outcome::named(name)
        .map(Some)
        .ok_or_else(|| Problem::unusable("There is no such outcome.", "Choose one of those above the rows."))
}

pub(super) async fn row(
    State(web): State<Arc<Web>>,
    Extension(visitor): Extension<Visitor>,
    AddressKey((job, task)): AddressKey<(i64, i64)>,
) -> Result<Html<String>, Problem> {
    let mut store = web.read_store().await;
    let job = find(&mut store, job).await?;
    let found = store.read().task(job.id, TaskId(task)).await?;
    let (mut history, target) = found.ok_or_else(|| Problem::not_found("This job has no such row."))?;
    if history.lookup.is_some() {
        let mut second = store.open_second().await?;
        app::say_when_looked_up(&mut second, &mut history, &web.clock).await?;
        second.close().await;
    }
    drop(store);
    Ok(pages::row(&web.frame(visitor, "/jobs"), &job, task, &target, &history))
}
