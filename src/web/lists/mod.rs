//! What an account has, to be looked at: lists that are read or taken out of an export, filtered, ticked, and made into a job.
//!
//! In: what a person chooses. Out: pages; a job file that waits in `uploads` for its check. What does not belong here: reading platforms,
//! files of lists (`app::saved_list`), queueing (`uploads`).

mod chosen;
mod filters;
mod handing_on;
mod readings;
mod saving;
mod starting;
mod ticking;

use std::sync::{Arc, Mutex};

use axum::Extension;
use axum::extract::{Query, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde::Deserialize;

use self::chosen::{ChosenCache, ReadyList};
pub(super) use self::filters::{ORDER, RULES, RuleField, RuleKind, fields, parse, query, rules_of};
pub(super) use self::handing_on::{ask_for_job, make_job};
pub(super) use self::readings::{ReadingProgress, Readings};
pub(super) use self::starting::{MAX_EXPORT_BODY_BYTES, offer, read_export, resume, start};
pub(super) use self::ticking::{set_names, tick};
use super::address::AddressKey;
use super::middleware::Visitor;
use super::pages::{self, Frame, ListLine, ListPage, ListsPage, UnreadListPage};
use super::problem::Problem;
use super::state::Web;
use super::views::Said;
use crate::app::request::FilterOptions;
use crate::app::saved_list::{ChosenRows, ListShelf, SavedListInfo, TickedOut, readable_lists};
use crate::clock::LocalZone;
use crate::error::CommandError;

/// Rows of a list on a page.
const ROWS_A_PAGE: usize = 50;
/// Lists, and accounts to read them of, on their page.
const MAX_LISTS: usize = 50;
const MAX_ACCOUNTS: usize = 24;

/// What the pages of lists stand on.
#[derive(Debug)]
pub(super) struct Lists {
    shelf: ListShelf,
    readings: Readings,
    chosen: ChosenCache,
    /// Ticks are read, changed and written by one at a time.
    ticking: Mutex<()>,
}

impl Lists {
    /// Those beside a queue.
    pub(super) fn beside(queue: &std::path::Path) -> Lists {
        Lists {
            shelf: ListShelf::beside(queue),
            readings: Readings::default(),
            chosen: ChosenCache::default(),
            ticking: Mutex::new(()),
        }
    }

    fn info(&self, id: u64) -> Result<SavedListInfo, Problem> {
        self.shelf.info(id)?.ok_or_else(|| Problem::not_found("There is no such list."))
    }

    /// A list whose rows are there.
    fn ready(&self, id: u64) -> Result<ReadyList, Problem> {
        let info = self.info(id)?;
        let not_yet = || Problem::unusable("This list has not been read to its end.", "Its page shows how far it is.");
        let saved = info.saved.clone().filter(|_| self.readings.progress(id).is_none()).ok_or_else(not_yet)?;
        Ok(ReadyList { id, info, saved })
    }
}

impl Web {
    async fn choose(&self, list: &ReadyList, options: &FilterOptions) -> Result<Arc<ChosenRows>, CommandError> {
        let zone = LocalZone::from(self.zone.clone());
        self.lists.chosen.choose(&self.lists.shelf, list, options, (self.clock.now().wall, &zone)).await
    }
}

/// Everything there is to look at, and to choose from.
pub(super) async fn lists(
    State(web): State<Arc<Web>>,
    Extension(visitor): Extension<Visitor>,
    Query(said): Query<Said>,
) -> Result<Html<String>, Problem> {
    let mut accounts = web.read_store().await.accounts().all().await?;
    let hidden = accounts.len().saturating_sub(MAX_ACCOUNTS);
    accounts.truncate(MAX_ACCOUNTS);
    let accounts = accounts.into_iter().map(|account| (readable_lists(account.platform), account)).collect();
    let mut lists = web.lists.shelf.all();
    let more = lists.len().saturating_sub(MAX_LISTS);
    lists.truncate(MAX_LISTS);
    let line = |(id, info)| ListLine { progress: web.lists.readings.progress(id), id, info };
    let page = ListsPage { accounts, hidden, lists: lists.into_iter().map(line).collect(), more };
    let frame = Frame { said: said.said, ..web.frame(visitor, "/lists") };
    Ok(pages::lists(&frame, &page))
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct PageNumber {
    #[serde(default)]
    page: usize,
    said: Option<String>,
}

/// A list: how far it has been read, or its rows.
pub(super) async fn show(
    State(web): State<Arc<Web>>,
    Extension(visitor): Extension<Visitor>,
    AddressKey(id): AddressKey<u64>,
    Query(at): Query<PageNumber>,
    Query(fields): Query<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let frame = Frame { said: at.said, ..web.frame(visitor, "/lists") };
    let info = web.lists.info(id)?;
    let progress = web.lists.readings.progress(id);
    let (Some(saved), None) = (info.saved.clone(), &progress) else {
        return Ok(pages::unread_list(&frame, &UnreadListPage { id, info, progress }).into_response());
    };
    let options = filters::parse(&fields)?;
    let list = ReadyList { id, info, saved };
    let chosen = web.choose(&list, &options).await?;
    let out = web.lists.shelf.ticked_out(id)?;
    let last_page = chosen.rows.len().div_ceil(ROWS_A_PAGE).saturating_sub(1);
    let page = at.page.min(last_page);
    let wanted: Vec<u32> = chosen.rows.iter().skip(page * ROWS_A_PAGE).take(ROWS_A_PAGE).copied().collect();
    let rows = web.lists.chosen.rows(&web.lists.shelf, &list, wanted).await?;
    let left = staying(&chosen, &out);
    let has_names = ["keep", "only"].map(|part| web.lists.shelf.names_path(id, part).is_some());
    let ReadyList { info, saved, .. } = list;
    let page = ListPage { id, info, saved, options, page, last_page, rows, out, left, chosen, has_names };
    Ok(pages::list(&frame, &page).into_response())
}

/// How many of the rows that pass are not ticked out.
fn staying(chosen: &ChosenRows, out: &TickedOut) -> u64 {
    let gone = if out.count() == 0 { 0 } else { chosen.rows.iter().filter(|row| out.has(**row)).count() };
    (chosen.rows.len() - gone) as u64
}

/// Asks a reading to stop.
pub(super) async fn stop(State(web): State<Arc<Web>>, AddressKey(id): AddressKey<u64>) -> Redirect {
    web.lists.readings.stop(id);
    web.note_change();
    Redirect::to(&format!("/lists/{id}"))
}

/// Asks before a list is deleted.
pub(super) async fn ask_to_remove(
    State(web): State<Arc<Web>>,
    Extension(visitor): Extension<Visitor>,
    AddressKey(id): AddressKey<u64>,
) -> Result<Html<String>, Problem> {
    let info = web.lists.info(id)?;
    Ok(pages::remove_list(&web.frame(visitor, "/lists"), id, &info))
}

/// Deletes a list. What was made of it stays.
pub(super) async fn remove(State(web): State<Arc<Web>>, AddressKey(id): AddressKey<u64>) -> Result<Redirect, Problem> {
    if web.lists.readings.progress(id).is_some() {
        return Err(Problem::unusable("This list is being read.", "Stop that first."));
    }
    web.lists.shelf.remove(id);
    web.note_change();
    Ok(Redirect::to("/lists?said=list-removed"))
}
