//! A job file from a browser, in two steps: it is received, read and judged, and shown; only then, and only if the person says
//! so, it is queued, exactly as `load` does it.
//!
//! What waits for its second step lies in the folder `uploads` beside the queue, and is gone an hour later. A queued file stays
//! there under its job's name: it is the job's file from then on.

mod choices;
mod form;
mod kept_bytes;
mod offered;
mod place;
mod receive;
mod waiting;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};

pub(super) use self::choices::Choices;
pub(super) use self::form::{choose_again, new};
pub(super) use self::offered::offer;
use self::place::JobFile;
pub(super) use self::receive::{MAX_BODY_BYTES, MAX_EXPORT_BYTES, receive, receive_export};
use self::waiting::Waiting;
pub(super) use self::waiting::{Received, Uploads};
use super::address::AddressKey;
use super::middleware::Visitor;
use super::pages::{self, NewForm};
use super::problem::Problem;
use super::state::Web;
use crate::app::request::RowOptions;
use crate::app::serve::EngineState;
use crate::app::{
    self, CheckedFile, FileOptions, Identities, LoadOptions, LoadPlan, Loaded, Prepared, RowOwners, RowRules,
};
use crate::domain::{Platform, counted};
use crate::error::{CommandError, ErrorKind};
use crate::lists::filter::{Filter, Take};
use crate::lists::read_keep_list_called;
use crate::store::{AuditEvent, Job, Store};

/// How long a load waits for the engine to know a new account.
const ENGINE_WAIT_SECONDS: u64 = 15;

/// What `check` says of a file, for its page.
pub(super) struct Checked {
    pub(super) id: u64,
    pub(super) choices: Choices,
    /// What is in it, and what queueing it would do.
    pub(super) found: CheckedFile,
    /// The job of that name, where there is one.
    pub(super) known: Option<Job>,
    /// To choose otherwise, where it would be refused.
    pub(super) form: Option<NewForm>,
}

/// A job keeps the spelling of its name, and so do its files.
async fn spell_as_known(web: &Web, choices: &mut Choices) -> Result<(), Problem> {
    if let Some(job) = web.read_store().await.queue().job(&choices.job).await? {
        choices.job = job.name;
    }
    Ok(())
}

/// Reads and judges a waiting file, on a thread of its own: it may have millions of rows.
async fn prepare(web: &Web, waiting: &Waiting) -> Result<(Prepared, LoadOptions), Problem> {
    if let Some(refused) = &waiting.refused {
        return Err(refused.clone());
    }
    let platform = platform_of(web, &waiting.choices, &mut *web.read_store().await).await?;
    let (choices, shown) = (waiting.choices.clone(), waiting.shown.clone());
    let file = waiting.file.0.clone();
    let keep_file = waiting.keep.as_ref().map(|keep| keep.0.clone());
    let final_path = web.uploads.folder.join(format!("{}.csv", choices.job));
    let final_keep = waiting.keep_place.clone();
    let known = app::known_jobs(&mut *web.read_store().await, &[], Some(&choices.job)).await?;
    let owners = RowOwners {
        known: web.read_store().await.accounts().all().await?,
        account: choices.rows.account.clone(),
        platform: choices.rows.platform,
        default: platform,
        is_sandbox: web.settings().is_sandbox(),
    };
    let judging = tokio::task::spawn_blocking(move || {
        let options = FileOptions {
            action: choices.rows.action,
            column: choices.rows.column,
            job: Some(choices.job),
            strict: choices.rows.strict,
            platform: Some(platform),
            trust_ids: choices.rows.trust_ids,
            owners,
            shown: Some(shown.clone()),
            known,
        };
        let prepared = app::prepare(&[file], &options)?.pop();
        let prepared = prepared.ok_or_else(not_read)?;
        let prepared = prepared.at(final_path, &shown);
        let keep = keep_file.map(|path| read_keep_list_called(&path, "the keep list")).transpose()?;
        // It is looked at again before anything is sent, so the rules name the place where it is going to be.
        let keep_path = keep.is_some().then_some(final_keep);
        let rules = RowRules::new(Filter { keep, ..Filter::default() }, Take::default(), keep_path);
        rules.refuse_empty_keep()?;
        Ok::<_, CommandError>((prepared, LoadOptions { reload: choices.reload, rules }))
    });
    let judged = judging.await;
    let fault = |error| CommandError::new(ErrorKind::Fault, "the file could not be checked").because(error);
    Ok(judged.map_err(fault)??)
}

/// What is in the file, and what would happen. Nothing has been queued.
pub(super) async fn show(
    State(web): State<Arc<Web>>,
    Extension(visitor): Extension<Visitor>,
    AddressKey(id): AddressKey<u64>,
) -> Result<Response, Problem> {
    let waiting = web.uploads.get(id)?;
    match check(&web, id, &waiting).await {
        Ok(checked) => Ok(pages::checked(&web.frame(visitor, "/new"), &checked).into_response()),
        Err(problem) => form::or_form(&web, visitor, (id, &waiting), problem).await,
    }
}

async fn check(web: &Web, id: u64, waiting: &Waiting) -> Result<Checked, Problem> {
    let (prepared, load) = prepare(web, waiting).await?;
    // A connection of its own: other pages do not wait while millions of rows are compared.
    let mut store = web.read_store().await.open_second().await?;
    let known = store.queue().job(&waiting.choices.job).await?;
    let RowOptions { platform, account, .. } = &waiting.choices.rows;
    let who = Identities::of(&web.settings(), *platform, None)?;
    let files = std::slice::from_ref(&prepared);
    let forecast = app::forecast(&who, Some(&mut store), account.as_ref(), files, &load).await;
    store.close().await;
    let forecast = forecast.and_then(|mut all| all.pop().unwrap_or_else(|| Err(not_read())));
    let (found, _) = CheckedFile::of(prepared, forecast, &web.settings());
    let form = if found.forecast.is_none() { Some(form::of_waiting(web, id, waiting).await?) } else { None };
    Ok(Checked { id, choices: waiting.choices.clone(), found, known, form })
}

fn not_read() -> CommandError {
    CommandError::new(ErrorKind::Fault, "the file was not read").hint("upload it again")
}

/// Whose API the file's rows will be sent to, as far as one file has one.
async fn platform_of(web: &Web, choices: &Choices, store: &mut Store) -> Result<Platform, Problem> {
    let accounts = store.accounts().all().await?;
    let named = choices.rows.account.as_ref().and_then(|name| accounts.iter().find(|account| account.name == *name));
    let platform = named.map(|account| account.platform).or(choices.rows.platform).unwrap_or_default();
    Ok(if web.settings().is_sandbox() { platform.in_sandbox() } else { platform })
}

/// The second step: queues the file. Everything that can fail comes before the first row that counts.
pub(super) async fn confirm(
    State(web): State<Arc<Web>>,
    Extension(visitor): Extension<Visitor>,
    AddressKey(id): AddressKey<u64>,
) -> Result<Response, Problem> {
    let waiting = web.uploads.get(id)?;
    match queue(&web, &visitor, id, &waiting).await {
        Ok(there) => Ok(there.into_response()),
        Err(problem) => form::or_form(&web, visitor, (id, &waiting), problem).await,
    }
}

async fn queue(web: &Web, visitor: &Visitor, id: u64, waiting: &Waiting) -> Result<Redirect, Problem> {
    let (prepared, load) = prepare(web, waiting).await?;
    let mut store = web.write_store().await?;
    let RowOptions { platform, account, .. } = &waiting.choices.rows;
    let who = Identities::of(&web.settings(), *platform, None)?;
    if let Some(job) = store.queue().job(&prepared.job).await?
        && app::is_elsewhere(&prepared, &job, &load)
    {
        return Err(belongs_to_another_file(&job));
    }
    let files = [prepared];
    let (accounts, standings) = app::plan_loads(&who, &mut store, account.as_ref(), &files, &load).await?;
    let ([file], [standing]) = (&files, standings.as_slice()) else {
        return Err(CommandError::new(ErrorKind::Fault, "one file has one standing").into());
    };
    if *standing == LoadPlan::Cancelled {
        return Err(is_cancelled(file));
    }
    wait_for_engine(web, &mut store).await?;
    let job_file = put_in_place(web, waiting, &mut store, file).await?;
    let loaded = app::load(&mut store, file, standing, &accounts, &load, web.clock.now().wall).await?;
    if loaded == Loaded::Cancelled {
        return Err(is_cancelled(file));
    }
    if loaded == Loaded::Empty {
        return Err(Problem::unusable("The list is empty, so there is nothing to queue.", ""));
    }
    job_file.keep();
    web.uploads.take(id);
    let detail = format!("{} from {}", counted(file.survey.rows, "row", "rows"), waiting.shown);
    let deed = AuditEvent { actor: &visitor.actor(), deed: "load", job: Some(&file.job), detail: &detail };
    web.log_audit_event(&mut store, &deed).await;
    let job = store.queue().job(&file.job).await.ok().flatten();
    store.close().await;
    web.note_change();
    let said = if loaded == Loaded::Unchanged { "unchanged" } else { "loaded" };
    Ok(Redirect::to(&job.map_or_else(|| "/jobs".to_owned(), |job| format!("/jobs/{}?said={said}", job.id.0))))
}

fn belongs_to_another_file(job: &Job) -> Problem {
    let message =
        format!("The job {} was made from another file, {}; nothing was queued.", job.name, job.path.display());
    let hint = "If this is the same list, choose “from another place” below: what is done is not sent again. If it is another \
                list, give the job another name.";
    Problem::unusable(message, hint)
}

fn is_cancelled(file: &Prepared) -> Problem {
    let hint = "Choose “Start over” below.";
    Problem::unusable(format!("{} was cancelled; nothing was queued.", file.job), hint)
}

/// The file and its keep list where they are going to be looked for. The keep list of the load before stays: it holds until the rows are
/// queued.
async fn put_in_place(web: &Web, waiting: &Waiting, store: &mut Store, file: &Prepared) -> Result<JobFile, Problem> {
    let in_use = store.queue().keep_list_of(&file.job).await?;
    let kept: Vec<&Path> = in_use.as_deref().into_iter().chain([waiting.keep_place.as_path()]).collect();
    place::sweep_keep_lists(&web.uploads.folder, &file.job, &kept);
    if let Some(keep) = &waiting.keep {
        place::put_keep_list(&keep.0, &waiting.keep_place)?;
    }
    Ok(JobFile::put(&waiting.file.0, &file.path)?)
}

/// An engine at work knows the accounts there were when it began. It begins anew when there are more; the rows of a new one
/// wait for that.
async fn wait_for_engine(web: &Web, store: &mut Store) -> Result<(), Problem> {
    let accounts = store.read().change_counters().await?.accounts;
    let mut engine = web.engine.clone();
    let knows = engine.wait_for(|status| {
        status.knows.accounts >= accounts || !matches!(status.state, EngineState::Working | EngineState::Starting)
    });
    // Too late is no harm: the account would be looked at again a moment later.
    let _ = tokio::time::timeout(Duration::from_secs(ENGINE_WAIT_SECONDS), knows).await;
    Ok(())
}

/// The person does not want it after all.
pub(super) async fn discard(State(web): State<Arc<Web>>, AddressKey(id): AddressKey<u64>) -> Redirect {
    web.uploads.take(id);
    Redirect::to("/new")
}
