//! Rows are ticked out of a list and in again, and names are given that are never touched, or alone are. Both stay with the list.

use std::sync::{Arc, PoisonError};

use axum::extract::{Form, State};
use axum::response::Redirect;
use serde::Deserialize;

use super::filters;
use crate::app::saved_list::TickedOut;
use crate::web::address::AddressKey;
use crate::web::problem::Problem;
use crate::web::state::Web;

/// Takes the ticks of a page, and goes where the button leads that was pressed.
pub(in crate::web) async fn tick(
    State(web): State<Arc<Web>>,
    AddressKey(id): AddressKey<u64>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<Redirect, Problem> {
    let list = web.lists.ready(id)?;
    let options = filters::parse(&fields)?;
    let first = |wanted: &str| fields.iter().find(|(name, _)| name == wanted).map_or("", |(_, text)| text.as_str());
    let rows = |wanted: &str| -> Vec<u32> {
        fields.iter().filter(|(name, _)| name == wanted).filter_map(|(_, text)| text.parse().ok()).collect()
    };
    let go = first("go").to_owned();
    let page: usize = first("at").parse().unwrap_or(0);
    let (shown, ticked) = (rows("shown"), rows("in"));
    let all = if matches!(go.as_str(), "none" | "all") { Some(web.choose(&list, &options).await?) } else { None };
    change(&web, id, |out| {
        for row in shown.iter().filter(|row| u64::from(**row) < list.saved.rows) {
            out.set(*row, !ticked.contains(row));
        }
        for row in all.iter().flat_map(|all| &all.rows) {
            out.set(*row, go == "none");
        }
    })?;
    let query = filters::query(&options);
    let to = match go.as_str() {
        "job" => format!("/lists/{id}/job?{query}"),
        "next" => format!("/lists/{id}?page={}&{query}", page + 1),
        "previous" => format!("/lists/{id}?page={}&{query}", page.saturating_sub(1)),
        _ => format!("/lists/{id}?page={page}&said=ticked&{query}"),
    };
    Ok(Redirect::to(to.trim_end_matches('&')))
}

fn change(web: &Web, id: u64, change: impl FnOnce(&mut TickedOut)) -> Result<(), Problem> {
    let _one = web.lists.ticking.lock().unwrap_or_else(PoisonError::into_inner);
    let mut out = web.lists.shelf.ticked_out(id)?;
    change(&mut out);
    web.lists.shelf.set_ticked_out(id, &out)?;
    Ok(())
}

/// Names that are typed or pasted, one a line.
#[derive(Debug, Deserialize)]
pub(in crate::web) struct Names {
    #[serde(default)]
    keep: String,
    #[serde(default)]
    only: String,
    /// What is typed replaces what was there; without this nothing of it is touched.
    part: String,
}

/// Keeps the names of those who are never touched, or who alone are.
pub(in crate::web) async fn set_names(
    State(web): State<Arc<Web>>,
    AddressKey(id): AddressKey<u64>,
    Form(names): Form<Names>,
) -> Result<Redirect, Problem> {
    web.lists.ready(id)?;
    let (part, text) = match names.part.as_str() {
        "keep" => ("keep", &names.keep),
        "only" => ("only", &names.only),
        _ => return Err(Problem::unusable("It is not said which names these are.", "")),
    };
    let shelf = &web.lists.shelf;
    let before = shelf.names_path(id, part).and_then(|path| std::fs::read_to_string(path).ok()).unwrap_or_default();
    shelf.set_names(id, part, text)?;
    // Names that cannot be read change nothing.
    if let Some(path) = shelf.names_path(id, part)
        && let Err(error) = crate::lists::read_keep_list_called(&path, "what you typed")
    {
        shelf.set_names(id, part, &before)?;
        return Err(crate::error::CommandError::from(error).into());
    }
    Ok(Redirect::to(&format!("/lists/{id}?said=names")))
}
