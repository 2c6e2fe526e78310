//! A schedule is added or changed by a form: which list of whom, filtered how, on which days and hours. Its next five times are shown before
//! it is kept, and it is kept by the use case of the command line.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Form, Query, State};
use axum::response::{Html, IntoResponse, Redirect, Response};

use super::acting::{Deed, act, look};
use super::middleware::Visitor;
use super::pages::{self, ScheduleForm};
use super::problem::Problem;
use super::state::Web;
use super::typed_schedule::TypedSchedule;
use crate::app::request::RunRequest;
use crate::app::saved_list::{offered_actions, readable_lists};
use crate::app::schedules::{
    self, AddScheduleRequest, EditScheduleRequest, add_schedule, edit_schedule, planned_starts,
};
use crate::app::{AppDeps, command_line};
use crate::domain::{Action, ListKind, Wall};
use crate::schedule::control;

/// A name that a file can have.
fn name_of(text: &str) -> Result<String, Problem> {
    let fine = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if text.is_empty() || text.len() > 64 || !text.chars().all(fine) || text.starts_with(['.', '-']) {
        let hint = "Letters a to z, digits and - _ . are fine, up to 64 of them, not beginning with a dot or a hyphen.";
        return Err(Problem::unusable(format!("{text:?} cannot be the name of a schedule."), hint));
    }
    Ok(text.to_owned())
}

/// The empty form, or filled in with what an address says.
pub(super) async fn new(
    State(web): State<Arc<Web>>,
    Extension(visitor): Extension<Visitor>,
    Query(fields): Query<Vec<(String, String)>>,
) -> Result<Html<String>, Problem> {
    let form = form_of(&web, TypedSchedule(fields), false).await?;
    Ok(pages::schedule_form(&web.frame(visitor, "/schedules"), &form))
}

/// The form of a schedule that is there: when it runs, and how much at most.
pub(super) async fn edit(
    State(web): State<Arc<Web>>,
    Extension(visitor): Extension<Visitor>,
    Query(fields): Query<Vec<(String, String)>>,
) -> Result<Html<String>, Problem> {
    let asked = TypedSchedule(fields);
    let stored = control::find(&mut *web.read_store().await, asked.get("name")).await?;
    let stored = stored.ok_or_else(|| Problem::not_found("There is no such schedule."))?;
    let mut typed = vec![
        ("name".to_owned(), stored.name.clone()),
        ("cron".to_owned(), stored.cron.clone()),
        ("until".to_owned(), stored.until_time.clone().unwrap_or_default().chars().take(5).collect()),
    ];
    if stored.jitter_ms > 0 {
        typed.push(("jitter".to_owned(), (stored.jitter_ms / 60_000).to_string()));
    }
    let form = form_of(&web, TypedSchedule(typed), true).await?;
    Ok(pages::schedule_form(&web.frame(visitor, "/schedules"), &form))
}

async fn form_of(web: &Web, typed: TypedSchedule, is_edit: bool) -> Result<ScheduleForm, Problem> {
    let accounts = web.read_store().await.accounts().all().await?;
    let mut lists: Vec<ListKind> = Vec::new();
    let mut actions: Vec<Action> = Vec::new();
    for account in &accounts {
        lists.extend(readable_lists(account.platform).into_iter().map(|readable| readable.list));
        actions.extend(offered_actions(account.platform));
    }
    let in_order = |all: &[ListKind]| ListKind::ALL.into_iter().filter(|list| all.contains(list)).collect();
    let zone = web.zone.iana_name().unwrap_or("UTC").to_owned();
    let command = command_line(&web.settings(), &["schedule", "add", "NAME", "--cron", "0 2 * * *", "FILE.csv"]);
    Ok(ScheduleForm {
        accounts: accounts.into_iter().map(|account| account.name).collect(),
        lists: in_order(&lists),
        actions: Action::UNDOING.into_iter().filter(|action| actions.contains(action)).collect(),
        typed,
        is_edit,
        zone,
        starts: Vec::new(),
        refused: None,
        command,
    })
}

/// Shows the next five times, or keeps the schedule.
pub(super) async fn submit(
    State(web): State<Arc<Web>>,
    Extension(visitor): Extension<Visitor>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let typed = TypedSchedule(fields);
    let is_edit = typed.get("edit") == "1";
    let tried = tried(&web, &visitor, &typed, is_edit).await;
    match tried {
        Ok(None) => {
            web.tell_schedules();
            let said = if is_edit { "schedule-changed" } else { "schedule-added" };
            Ok(Redirect::to(&format!("/schedules?said={said}")).into_response())
        }
        Ok(Some(starts)) => {
            let form = ScheduleForm { starts, ..form_of(&web, typed, is_edit).await? };
            Ok(pages::schedule_form(&web.frame(visitor, "/schedules"), &form).into_response())
        }
        Err(problem) => {
            let form = ScheduleForm { refused: Some(problem.words()), ..form_of(&web, typed, is_edit).await? };
            Ok((problem.status(), pages::schedule_form(&web.frame(visitor, "/schedules"), &form)).into_response())
        }
    }
}

/// The next times, where those are asked for; none: it is kept.
async fn tried(
    web: &Arc<Web>,
    visitor: &Visitor,
    typed: &TypedSchedule,
    is_edit: bool,
) -> Result<Option<Vec<Wall>>, Problem> {
    let (cron, hours) = (typed.cron()?, typed.hours()?);
    let preview = cron.clone();
    let starts = look(web, visitor, async move |deps: AppDeps<'_>| planned_starts(deps, &preview, None, hours)).await?;
    if typed.get("go") != "keep" {
        return Ok(Some(starts));
    }
    let name = name_of(typed.get("name"))?;
    if is_edit {
        let mut without = Vec::new();
        let stored = control::find(&mut *web.read_store().await, &name).await?;
        let stored = stored.ok_or_else(|| Problem::not_found("There is no such schedule."))?;
        if hours.until.is_none() && stored.until_time.is_some() {
            without.push("until".to_owned());
        }
        if hours.jitter.is_none() && stored.jitter_ms > 0 {
            without.push("jitter".to_owned());
        }
        let request = EditScheduleRequest {
            name,
            without,
            cron: Some(cron),
            zone: None,
            hours,
            list: None,
            run: RunRequest::default(),
        };
        look(web, visitor, async move |deps: AppDeps<'_>| edit_schedule(deps, &request).await.map(|_| ())).await?;
        web.note_change();
        return Ok(None);
    }
    let list = ListKind::named(typed.get("list"))
        .ok_or_else(|| Problem::unusable("It is not said which list is read.", "Choose one."))?;
    let detail = format!("{name} is added");
    let request = AddScheduleRequest { name, cron, zone: None, hours, list: Some(list), run: typed.run()? };
    let deed = Deed { name: schedules::ADD, job: None, detail };
    act(web, visitor, deed, async move |deps: AppDeps<'_>| add_schedule(deps, &request).await.map(|_| ())).await?;
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedules_name_is_a_file_name_that_leads_nowhere_else() {
        for fine in ["nightly", "old_likes-2019.x"] {
            assert!(name_of(fine).is_ok(), "{fine}");
        }
        for bad in ["", "..", "-x", "a/b", "a b", "é", &"x".repeat(65)] {
            assert!(name_of(bad).is_err(), "{bad}");
        }
    }
}
