//! What can be found wrong with what a schedule runs before its first night: an account that nobody knows, a file that names no action, a
//! job of another file. What may be right by then (a file that is not there yet) is a note.

use std::path::PathBuf;

use crate::app::deps::AppDeps;
use crate::app::list::{ListPlan, list_filter};
use crate::app::request::{FilterOptions, ListRequest, LoadRequest, RowOptions, ScheduledRun};
use crate::app::run::{load_options, prepare_files};
use crate::app::{self, Accounts, Identities, LoadPlan, Prepared, account_of};
use crate::domain::{AccountId, AccountName, Action, Platform};
use crate::error::CommandError;
use crate::jobfile::JobFileError;
use crate::lists::read_keep_list;
use crate::store::Store;
use crate::text::{escaped, near_file};

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Validated {
    /// Whose account it acts for, where the words do not say and there is one: a second account changes nothing about it.
    pub(super) account: Option<AccountName>,
    /// What is not in place yet.
    pub(super) notes: Vec<String>,
}

/// Looks at what a schedule's run means here and now.
///
/// # Errors
/// What such a run would be refused for, as far as a night cannot mend it: the same error, with the same exit code.
pub(super) async fn validate(
    deps: AppDeps<'_>,
    store: &mut Store,
    request: &ScheduledRun,
) -> Result<Validated, CommandError> {
    let load = &LoadRequest { rows: rows_for_now(&request.run.load.rows)?, ..request.run.load.clone() };
    let before: Vec<AccountId> = store.accounts().all().await?.into_iter().map(|account| account.id).collect();
    let found = match &request.list {
        Some(list) => of_list(deps, store, &list_for_now(list)?).await,
        None => of_files(deps, store, load).await,
    };
    if found.is_err() {
        app::forget_new_accounts(store, &before).await?;
    }
    let mut found = found?;
    // Where entries of a list are kept by one, it is a rule of the run behind it as well.
    let which = request.list.as_ref().map_or(&request.run.load.rows.which, |list| &list.which);
    let unreadable = [&which.wanted.keep, &which.wanted.only].into_iter().flatten();
    for (file, error) in unreadable.filter_map(|file| Some((file, read_keep_list(file).err()?))) {
        found.notes.push(if file.exists() { as_it_is(&error.into()) } else { not_there(file) });
    }
    // In the sandbox every name is somebody, and rows that name none always belong to the same.
    if load.rows.account.is_some() || deps.settings.is_sandbox() {
        found.account = None;
    }
    Ok(found)
}

/// As [`validate`] for a queue that is not there yet: refuses what it would refuse, and makes nothing.
///
/// # Errors
/// As [`validate`].
pub(super) async fn refuse_for_new_queue(deps: AppDeps<'_>, request: &ScheduledRun) -> Result<(), CommandError> {
    if let Some(store) = deps.existing_queue().await? {
        store.close().await;
        return Ok(());
    }
    let load = &LoadRequest { rows: rows_for_now(&request.run.load.rows)?, ..request.run.load.clone() };
    let platform = request.list.as_ref().map_or(load.rows.platform, |list| list.platform);
    let who = Identities::of(deps.settings, platform, None)?;
    let accounts = who.first_accounts(load.rows.account.as_ref(), &[])?;
    let is_anybody_known = !accounts.names().is_empty();
    if let Some(list) = &request.list {
        refuse_list(deps, &list_for_now(list)?, accounts.of_job("").platform_of(None).or(list.platform))?;
    }
    for file in load.files.iter().filter(|file| request.list.is_none() && file.exists()) {
        let refused = async {
            let files = prepare_files(&load.of_one(file), deps).await?;
            let options = load_options(load, &files, deps)?;
            if is_anybody_known {
                app::refuse_for_new_queue(&who, load.rows.account.as_ref(), &files, &options).await?;
            }
            Ok::<_, CommandError>(())
        };
        refused.await.or_else(|error| if may_pass(&error) { Ok(()) } else { Err(error) })?;
    }
    Ok(())
}

/// The rules, as far as what they are read from is there: what is not there yet may come.
///
/// # Errors
/// A keep list is there, and will never be one.
fn which_for_now(which: &FilterOptions) -> Result<FilterOptions, CommandError> {
    let mut which = which.clone();
    for list in [&mut which.wanted.keep, &mut which.wanted.only] {
        match list.as_deref().map(read_keep_list).transpose() {
            Ok(_) => {}
            Err(error) if error.may_pass() => *list = None,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(which)
}

fn rows_for_now(rows: &RowOptions) -> Result<RowOptions, CommandError> {
    Ok(RowOptions { which: which_for_now(&rows.which)?, ..rows.clone() })
}

fn list_for_now(list: &ListRequest) -> Result<ListRequest, CommandError> {
    Ok(ListRequest { which: which_for_now(&list.which)?, ..list.clone() })
}

/// Refuses what the reading of the list would be refused for, as far as it is known whose it is.
fn refuse_list(deps: AppDeps<'_>, list: &ListRequest, platform: Option<Platform>) -> Result<(), CommandError> {
    let filter = list_filter(list, deps.clock.now().wall, &deps.local.zone)?;
    platform.map_or(Ok(()), |platform| ListPlan::of(platform, list.list, &filter).map(|_| ()))
}

async fn of_list(deps: AppDeps<'_>, store: &mut Store, list: &ListRequest) -> Result<Validated, CommandError> {
    let who = Identities::of(deps.settings, list.platform, None)?;
    let accounts = who.register_accounts(store, list.account.as_ref(), &[]).await?;
    if accounts.names().is_empty() {
        refuse_list(deps, list, list.platform)?;
        return Ok(Validated { account: None, notes: vec![nobody_yet(deps)] });
    }
    let account = account_of(store, accounts.default).await?;
    refuse_list(deps, list, Some(account.platform))?;
    Ok(Validated { account: Some(account.name), notes: Vec::new() })
}

async fn of_files(deps: AppDeps<'_>, store: &mut Store, load: &LoadRequest) -> Result<Validated, CommandError> {
    let mut notes = Vec::new();
    let mut files: Vec<Prepared> = Vec::new();
    let (there, missing): (Vec<&PathBuf>, Vec<&PathBuf>) = load.files.iter().partition(|file| file.exists());
    for file in there {
        match prepare_files(&load.of_one(file), deps).await {
            Ok(prepared) => files.extend(prepared),
            Err(error) if may_pass(&error) => notes.push(as_it_is(&error)),
            Err(error) => return Err(error),
        }
    }
    notes.extend(missing.iter().map(|file| not_there(file)));
    for file in missing {
        let stem = file.file_stem().and_then(|stem| stem.to_str());
        let job = app::known_jobs(store, std::slice::from_ref(file), load.job.as_deref()).await?;
        let remembered = job.first().is_some_and(|job| job.action.is_some());
        if load.rows.action.is_some() || remembered || stem.and_then(Action::parse).is_some() {
            continue;
        }
        let file = escaped(&file.to_string_lossy()).into_owned();
        notes.push(format!("{file} needs a column named action, because neither its name nor --action names one"));
    }
    let who = Identities::of(deps.settings, load.rows.platform, None)?;
    let account = load.rows.account.as_ref();
    let mut accounts = who.register_accounts(store, account, &[]).await?;
    if accounts.names().is_empty() {
        notes.push(nobody_yet(deps));
        return Ok(Validated { account: None, notes });
    }
    for file in &files {
        let file = std::slice::from_ref(file);
        let options = load_options(load, file, deps)?;
        match app::plan_loads(&who, store, account, file, &options).await {
            Ok((all, plans)) => {
                notes.extend(file.iter().flat_map(|file| file.misplaced(&all)).map(|why| escaped(&why).into_owned()));
                notes.extend(file.iter().zip(plans).filter_map(|(file, plan)| is_cancelled(deps, file, &plan)));
                accounts = all;
            }
            Err(error) if may_pass(&error) => notes.push(as_it_is(&error)),
            Err(error) => return Err(error),
        }
    }
    Ok(Validated { account: one_for_all(&accounts, &files), notes })
}

/// That a run would send nothing of a file, for somebody has cancelled its job.
fn is_cancelled(deps: AppDeps<'_>, file: &Prepared, plan: &LoadPlan) -> Option<String> {
    let again = deps.command(&["load", &file.path.to_string_lossy(), "--job", &file.job, "--again"]);
    let name = escaped(&file.job);
    (*plan == LoadPlan::Cancelled)
        .then(|| format!("{name} is cancelled, so a run sends nothing of it; {again} starts it over"))
}

/// The account of rows that name none, where it is the same for all files.
fn one_for_all(accounts: &Accounts, files: &[Prepared]) -> Option<AccountName> {
    let mut defaults = files.iter().map(|file| accounts.of_job(&file.job).default);
    let first = defaults.next().unwrap_or_else(|| accounts.of_job("").default);
    let same = first.filter(|_| defaults.all(|other| other == first));
    same.and_then(|(id, _)| accounts.name_of(id)).cloned()
}

/// A file that is still being written looks so.
fn may_pass(error: &CommandError) -> bool {
    let source = std::error::Error::source(error).and_then(|source| source.downcast_ref::<JobFileError>());
    source.is_some_and(JobFileError::may_pass)
}

fn not_there(file: &std::path::Path) -> String {
    let near = near_file(file)
        .map_or_else(String::new, |near| format!(" (did you mean {}?)", escaped(&near.to_string_lossy())));
    format!("{} is not there yet{near}; a run waits for it while its hours last", escaped(&file.to_string_lossy()))
}

fn as_it_is(error: &CommandError) -> String {
    format!("a run would wait until this is corrected: {}", escaped(&error.message))
}

fn nobody_yet(deps: AppDeps<'_>) -> String {
    format!("no account is logged in yet; log in before the first run: {}", deps.command(&["account", "login"]))
}
