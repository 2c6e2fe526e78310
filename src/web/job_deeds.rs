//! What a person does with a job that has done something: look whether it stayed done, work off by hand what was refused, restore it,
//! forget it. The use cases are those of the command line.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Form, Query, State};
use axum::response::{Html, Redirect, Response};
use serde::Deserialize;

use super::acting::{Deed, act, look, note};
use super::actions::find;
use super::address::AddressKey;
use super::background;
use super::middleware::Visitor;
use super::pages::{self, ByHandPage, Frame, UndoPage, VerifyPage};
use super::problem::Problem;
use super::reports;
use super::state::Web;
use super::views::Said;
use crate::app::run::{RestoreRequest, queue_restore, restore_forecast};
use crate::app::{
    AppDeps, ForgetRequest, QuietFrontend, RESTORE_COLUMNS, RestoreList, VerifyDeps, WorklistRows, can_ask_by_id,
    done_by_hand, done_lanes, forgettable, restore_cells, rows_by_hand, verify_by_lists,
};
use crate::domain::{Target, TaskId, counted};
use crate::engine::{Shutdown, shutdown};
use crate::error::CommandError;
use crate::jobfile::TableWriter;
use crate::lists::fetch::{Budget, FetchEvent};
use crate::store::Job;
use crate::text::LocalClock;

/// Rows to be done by hand on a page.
const ROWS_A_PAGE: u64 = 50;
/// Rows of the list of what was done that are read at a time.
const ROWS_PER_READ: u64 = 5_000;

async fn job_of(web: &Web, id: i64) -> Result<Job, Problem> {
    find(&mut *web.read_store().await, id).await
}

/// What restores has undone nothing that could come back.
fn has_undone(job: &Job) -> Result<(), Problem> {
    if job.restores.is_some() {
        let why = format!("{} restores what another job has undone, and has undone nothing itself.", job.name);
        return Err(Problem::unusable(why, "The other job can be verified, on its page."));
    }
    Ok(())
}

/// What forgetting a job would drop.
pub(super) async fn ask_to_forget(
    State(web): State<Arc<Web>>,
    Extension(visitor): Extension<Visitor>,
    AddressKey(id): AddressKey<i64>,
) -> Result<Html<String>, Problem> {
    let job = job_of(&web, id).await?;
    let request = ForgetRequest::Job(job.name.clone());
    let found = look(&web, &visitor, async move |deps: AppDeps<'_>| match forgettable(deps, &request).await? {
        Some(found) => found.forecast().await,
        None => Ok(Vec::new()),
    });
    let forecast = found.await?.pop().ok_or_else(|| Problem::not_found("There is no such job."))?;
    Ok(pages::forget(&web.frame(visitor, "/jobs"), &job, &forecast))
}

/// Drops a settled job.
pub(super) async fn forget(
    State(web): State<Arc<Web>>,
    Extension(visitor): Extension<Visitor>,
    AddressKey(id): AddressKey<i64>,
) -> Result<Redirect, Problem> {
    let job = job_of(&web, id).await?;
    let request = ForgetRequest::Job(job.name.clone());
    let deed = Deed { name: "forget", job: Some(&job.name), detail: "with its receipts".to_owned() };
    act(&web, &visitor, deed, async move |deps: AppDeps<'_>| match forgettable(deps, &request).await? {
        Some(found) => found.forget(deps, |_, _| ()).await,
        None => Ok(()),
    })
    .await?;
    Ok(Redirect::to("/jobs?said=forgotten"))
}

/// What a job has done, and what of it can be restored.
pub(super) async fn undo(
    State(web): State<Arc<Web>>,
    Extension(visitor): Extension<Visitor>,
    AddressKey(id): AddressKey<i64>,
) -> Result<Html<String>, Problem> {
    let job = job_of(&web, id).await?;
    let name = job.name.clone();
    let request = RestoreRequest { job: job.name.clone(), ..RestoreRequest::default() };
    let (done, lasting, forecast) = look(&web, &visitor, async move |deps: AppDeps<'_>| {
        let (mut store, job) = deps.job(&name).await?;
        let RestoreList { picked, irreversible } = RestoreList::of(&mut store, &job, None).await?;
        let done = picked.total;
        picked.finish(store).await?;
        // What cannot be restored through the API is said, and is no error here.
        let forecast = restore_forecast(deps, &request).await.map_err(|error| error.message);
        Ok((done, irreversible, forecast))
    })
    .await?;
    Ok(pages::undo(&web.frame(visitor, "/jobs"), &UndoPage { job, done, lasting, forecast }))
}

/// The list of what a job has done, to restore it by hand.
pub(super) async fn undo_list(
    State(web): State<Arc<Web>>,
    Extension(visitor): Extension<Visitor>,
    AddressKey(id): AddressKey<i64>,
) -> Result<Response, Problem> {
    let job = job_of(&web, id).await?;
    let name = job.name.clone();
    let written = look(&web, &visitor, async move |deps: AppDeps<'_>| {
        let complain = |error| CommandError::io("the folder for temporary files", error);
        let (mut store, job) = deps.job(&name).await?;
        let RestoreList { picked, .. } = RestoreList::of(&mut store, &job, None).await?;
        let mut table = TableWriter::new(tempfile::tempfile().map_err(complain)?, false);
        table.header(RESTORE_COLUMNS).map_err(complain)?;
        for from in (0..picked.total).step_by(ROWS_PER_READ as usize) {
            for (task, facts) in picked.read(&mut store, from, ROWS_PER_READ).await? {
                restore_cells(&task, &facts).iter().try_for_each(|cell| table.cell(cell)).map_err(complain)?;
                table.end_row().map_err(complain)?;
            }
        }
        picked.finish(store).await?;
        table.finish().map_err(complain)
    });
    reports::download(written.await?, &format!("{}-undo", job.name))
}

/// Queues what restores it.
pub(super) async fn restore(
    State(web): State<Arc<Web>>,
    Extension(visitor): Extension<Visitor>,
    AddressKey(id): AddressKey<i64>,
) -> Result<Redirect, Problem> {
    let job = job_of(&web, id).await?;
    let request = RestoreRequest { job: job.name, ..RestoreRequest::default() };
    let queued = look(&web, &visitor, async move |deps: AppDeps<'_>| queue_restore(deps, &request).await).await?;
    web.note_change();
    let said = if queued.is_new { "loaded" } else { "restored-already" };
    Ok(Redirect::to(&format!("/jobs/{}?said={said}", queued.job.id.0)))
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct PageNumber {
    #[serde(default)]
    page: u64,
    said: Option<String>,
}

/// What has to be done by hand: what was refused, and what only looks done.
pub(super) async fn by_hand(
    State(web): State<Arc<Web>>,
    Extension(visitor): Extension<Visitor>,
    AddressKey(id): AddressKey<i64>,
    Query(at): Query<PageNumber>,
) -> Result<Html<String>, Problem> {
    let job = job_of(&web, id).await?;
    let (name, from) = (job.name.clone(), at.page.saturating_mul(ROWS_A_PAGE));
    let rows = WorklistRows { failed: true, ghosts: true, pending: false };
    let (total, tasks) = look(&web, &visitor, async move |deps: AppDeps<'_>| {
        let (store, job) = deps.job(&name).await?;
        rows_by_hand(store, &job, rows, (from, ROWS_A_PAGE)).await
    })
    .await?;
    let frame = Frame { said: at.said, ..web.frame(visitor, "/jobs") };
    let is_last = from.saturating_add(ROWS_A_PAGE) >= total;
    Ok(pages::by_hand(&frame, &ByHandPage { job, total, page: at.page, is_last, tasks }))
}

/// A person has done some of it by hand.
pub(super) async fn tick_by_hand(
    State(web): State<Arc<Web>>,
    Extension(visitor): Extension<Visitor>,
    AddressKey(id): AddressKey<i64>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<Redirect, Problem> {
    let job = job_of(&web, id).await?;
    let tick = |text: &str| {
        let (task, target) = text.split_once(' ')?;
        Some((TaskId(task.parse().ok()?), target.parse::<Target>().ok()?))
    };
    let done: Vec<_> = fields.iter().filter(|(name, _)| name == "done").filter_map(|(_, text)| tick(text)).collect();
    if done.is_empty() {
        return Err(Problem::unusable("No row is ticked.", "Tick what you have done at the platform."));
    }
    let (name, now) = (job.name.clone(), web.clock.now().wall);
    let ticked = done.len() as u64;
    let taken = look(&web, &visitor, async move |deps: AppDeps<'_>| {
        let (mut store, job) = deps.job(&name).await?;
        let taken = done_by_hand(&mut store, &job, done, now).await;
        store.close().await;
        taken
    })
    .await?;
    let changed = taken.done + taken.ghosts;
    if changed > 0 {
        let detail = format!("{} done by hand", counted(changed, "row is", "rows are"));
        note(&web, &visitor, &Deed { name: "by-hand", job: Some(&job.name), detail }).await;
        web.note_change();
    }
    if changed + taken.already < ticked {
        let message = format!(
            "{changed} of {} taken: the others are being sent, ended otherwise, or are not this job's any more.",
            counted(ticked, "ticked row was", "ticked rows were")
        );
        return Err(Problem::unusable(message, "Look at the rows again."));
    }
    Ok(Redirect::to(&format!("/jobs/{id}/by-hand?said=by-hand")))
}

/// Whether what a job has done stayed done.
pub(super) async fn verification(
    State(web): State<Arc<Web>>,
    Extension(visitor): Extension<Visitor>,
    AddressKey(id): AddressKey<i64>,
    Query(said): Query<Said>,
) -> Result<Html<String>, Problem> {
    let mut store = web.read_store().await;
    let job = find(&mut store, id).await?;
    has_undone(&job)?;
    let counts = store.lists().verdicts(&job).await?;
    let can_ask = can_ask_by_id(&done_lanes(&mut store, &job).await?);
    drop(store);
    let key = id.unsigned_abs();
    let (progress, stopped) = (web.verifying.progress(key), web.verifying.stopped(key));
    let frame = Frame { said: said.said, ..web.frame(visitor, "/jobs") };
    Ok(pages::verification(&frame, &VerifyPage { job, counts, can_ask, progress, stopped }))
}

/// How it is verified.
#[derive(Debug, Default, Deserialize)]
pub(super) struct VerifyForm {
    /// Also row by row.
    #[serde(default)]
    by_id: String,
}

/// Begins to read the account's lists again.
pub(super) async fn verify(
    State(web): State<Arc<Web>>,
    Extension(visitor): Extension<Visitor>,
    AddressKey(id): AddressKey<i64>,
    Form(form): Form<VerifyForm>,
) -> Result<Redirect, Problem> {
    let by_id = !form.by_id.is_empty();
    let job = job_of(&web, id).await?;
    has_undone(&job)?;
    let (key, (sender, receiver)) = (id.unsigned_abs(), shutdown());
    web.verifying.begin(key, Some(sender))?;
    let (own, name, actor) = (Arc::clone(&web), job.name.clone(), visitor.actor());
    let begun = background::begin("verify", move || async move {
        let (settings, local) = (own.settings(), LocalClock::from(own.zone.clone()));
        let told = Arc::clone(&own);
        let heard: Arc<dyn Fn(FetchEvent) + Send + Sync> = Arc::new(move |event| {
            told.verifying.hear(key, event);
            told.note_change();
        });
        let front = QuietFrontend::new(actor).hearing(heard);
        let deps = AppDeps { settings: &settings, clock: &own.clock, local: &local, front: &front };
        let ended = verify_job(deps, &name, by_id, receiver).await;
        own.verifying.end(key, ended.unwrap_or_else(|error| Some(error.message)));
        own.note_change();
    });
    if let Err(error) = begun {
        web.verifying.end(key, None);
        return Err(error.into());
    }
    let deed = Deed { name: "verify", job: Some(&job.name), detail: "the account's lists are read again".to_owned() };
    note(&web, &visitor, &deed).await;
    Ok(Redirect::to(&format!("/jobs/{id}/verify")))
}

/// Judges a job by the account's lists; why not to the end.
async fn verify_job(
    deps: AppDeps<'_>,
    name: &str,
    by_id: bool,
    until: Shutdown,
) -> Result<Option<String>, CommandError> {
    let (mut store, job) = deps.job(name).await?;
    let lanes = done_lanes(&mut store, &job).await?;
    let with = VerifyDeps {
        settings: deps.settings,
        clock: deps.clock,
        local: deps.local.clone(),
        by_id,
        shutdown: until,
        listener: &|| deps.front.fetch_listener(deps),
        begins: &|_| (),
        listed: &|_| (),
    };
    match verify_by_lists(&with, store, &job, &lanes, Budget::default()).await? {
        Ok(verified) => {
            verified.store.close().await;
            Ok(None)
        }
        Err(unfinished) => Ok(Some(unfinished.why)),
    }
}

/// Queues again what came back.
pub(super) async fn requeue(
    State(web): State<Arc<Web>>,
    Extension(visitor): Extension<Visitor>,
    AddressKey(id): AddressKey<i64>,
) -> Result<Redirect, Problem> {
    let mut store = web.write_store().await?;
    let job = find(&mut store, id).await?;
    let reopened = store.queue().reopen_job(&job, web.clock.now().wall).await?;
    store.close().await;
    let detail =
        format!("{} queued again", counted(reopened.tasks, "row that came back is", "rows that came back are"));
    note(&web, &visitor, &Deed { name: "requeue", job: Some(&job.name), detail }).await;
    web.note_change();
    Ok(Redirect::to(&format!("/jobs/{id}?said=requeued")))
}
