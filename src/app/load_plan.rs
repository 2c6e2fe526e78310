//! How files stand to the queue, before anything is loaded.
//!
//! In: files that have been judged, the queue. Out: for each, what loading it would be; or why it cannot be loaded. What does not
//! belong here: loading.

use std::path::Path;

use super::accounts::Identities;
use super::expected_accounts::forget_new_accounts;
use super::host::host_name;
use super::known::known_job;
use super::load_options::LoadOptions;
use super::named_accounts::Accounts;
use super::preparing::Prepared;
use crate::domain::{AccountId, AccountName, Action, JobId, counted};
use crate::error::{CommandError, ErrorKind};
use crate::jobfile::is_same_column;
use crate::store::{Job, JobState, Store};
use crate::text::shell_word;

/// How a file stands to the queue, before anything is loaded.
#[derive(Clone, Debug, PartialEq)]
pub enum LoadPlan {
    /// The queue does not know the job.
    New,
    /// The content is what was loaded last; so many tasks are not settled.
    Unchanged {
        /// Tasks that are not settled.
        pending: u64,
    },
    /// The content has changed; so many tasks are not settled yet.
    Changed {
        /// Tasks that were not settled before.
        pending: u64,
    },
    /// It is finished, and starts over as a new round.
    Again,
    /// Somebody cancelled the job; nothing is loaded or sent.
    Cancelled,
}

impl LoadPlan {
    /// Its name in JSON.
    pub const fn name(&self) -> &'static str {
        match self {
            LoadPlan::New => "new",
            LoadPlan::Unchanged { .. } => "unchanged",
            LoadPlan::Changed { .. } => "changed",
            LoadPlan::Again => "again",
            LoadPlan::Cancelled => "cancelled",
        }
    }
}

/// Says how a file stands to the queue.
///
/// # Errors
/// Another path, action or account under the job's name (2); no usable row (65).
pub async fn plan_load(
    store: &mut Store,
    file: &Prepared,
    accounts: &Accounts,
    options: &LoadOptions,
) -> Result<LoadPlan, CommandError> {
    refuse_unusable(file, accounts)?;
    let Some(job) = known_job(store, &file.job).await? else { return Ok(LoadPlan::New) };
    plan_against(file, &job, accounts, options)
}

/// Whether a file can be loaded at all, whatever the queue has.
pub(super) fn refuse_unusable(file: &Prepared, accounts: &Accounts) -> Result<(), CommandError> {
    if let Some(refusal) = file.survey.refusal(file.strict) {
        return Err(refusal.into());
    }
    if file.survey.rows == 0 {
        return Ok(());
    }
    if file.wants_default_account() && accounts.of_job(&file.job).default.is_none() {
        return Err(whose(file, accounts));
    }
    let usable = file.usable(accounts);
    if usable == 0 || (file.strict && usable < file.survey.rows) {
        return Err(no_account_for_rows(file, accounts));
    }
    Ok(())
}

/// How a file stands to the job of its name.
pub(super) fn plan_against(
    file: &Prepared,
    job: &Job,
    accounts: &Accounts,
    options: &LoadOptions,
) -> Result<LoadPlan, CommandError> {
    if job.restores.is_some() {
        let message = format!(
            "{}: the job {} restores what another one has undone; nothing was changed",
            file.survey.path, job.name
        );
        return Err(CommandError::new(ErrorKind::Usage, message)
            .hint(format!("load it under another name: --job {}", shell_word(&format!("{}-2", job.name)))));
    }
    if is_elsewhere(file, job, options) {
        return Err(elsewhere(file, job));
    }
    refuse_another(file, job, accounts)?;
    let pending = job.pending;
    Ok(match (job.state, options.reload.again && pending == 0) {
        (_, true) => LoadPlan::Again,
        (JobState::Cancelled, false) if options.reload.again => return Err(not_over(job)),
        (JobState::Cancelled, false) => LoadPlan::Cancelled,
        _ if job.loaded_from == file.loaded_from(options) => LoadPlan::Unchanged { pending },
        _ => LoadPlan::Changed { pending },
    })
}

/// A cancelled job cannot start over while what it had sent is not settled.
fn not_over(job: &Job) -> CommandError {
    let out = counted(job.pending, "request", "requests");
    let message = format!("{} is cancelled, and the end of {out} is not known yet; nothing was changed", job.name);
    CommandError::new(ErrorKind::Busy, message).hint(
        "wait for the run that works on it; if that has died, `cleanup resume` settles them; then give the same command again",
    )
}

/// Makes the accounts known that the files need, and says how every file stands to the queue. One file that cannot be loaded
/// refuses all, and then nothing has changed.
///
/// # Errors
/// As [`stand`]; nobody is known by the name `account` (2).
pub async fn plan_loads(
    who: &Identities,
    store: &mut Store,
    account: Option<&AccountName>,
    files: &[Prepared],
    options: &LoadOptions,
) -> Result<(Accounts, Vec<LoadPlan>), CommandError> {
    let before: Vec<_> = store.accounts().all().await?.into_iter().map(|account| account.id).collect();
    let named: Vec<_> = files.iter().flat_map(Prepared::named_accounts).collect();
    let mut accounts = who.register_accounts(store, account, &named).await?;
    if account.is_none() {
        fix_jobs(who, store, &mut accounts, files).await?;
    }
    let mut standings = Vec::with_capacity(files.len());
    for file in files {
        match plan_load(store, file, &accounts, options).await {
            Ok(standing) => standings.push(standing),
            Err(refusal) => {
                forget_new_accounts(store, &before).await?;
                return Err(refusal);
            }
        }
    }
    Ok((accounts, standings))
}

/// A job that exists has an account already, and a later load need not repeat it, however many accounts there are by then. Where another
/// platform is asked for, the job's account is not meant; nor where it is not logged in here and the environment has another's credentials.
pub(super) async fn fix_jobs(
    who: &Identities,
    store: &mut Store,
    accounts: &mut Accounts,
    files: &[Prepared],
) -> Result<(), CommandError> {
    let known = store.accounts().all().await?;
    for file in files {
        let Some(account) = store.queue().job(&file.job).await?.and_then(|job| job.account) else { continue };
        let platform = known.iter().find(|known| known.id == account).map(|known| known.platform);
        let is_likely = accounts.is_default_unasked || !who.has_environment();
        let can_act = is_likely || store.accounts().credential(account).await?.is_some();
        if can_act && who.platform_asked().is_none_or(|asked| Some(asked) == platform) {
            accounts.fix_job(&file.job, account);
        }
    }
    Ok(())
}

fn whose(file: &Prepared, accounts: &Accounts) -> CommandError {
    let message = format!("{}: no account is named for its rows, and there is no default account", file.survey.path);
    let names = accounts.names();
    let hint = if names.is_empty() {
        "log in with `cleanup account login`; or set CLEANUP_X_USER_ID to your numeric user ID (load and check do not ask the platform whose \
         token it is)"
            .to_owned()
    } else {
        format!(
            "name one with --account, or make one the default with `cleanup account default NAME`; accounts: {} (a token in the \
             environment goes before the default; load and check need CLEANUP_X_USER_ID with it)",
            listed(&names)
        )
    };
    CommandError::new(ErrorKind::Usage, message).hint(hint)
}

/// The first names, and how many more.
fn listed(names: &[&str]) -> String {
    const MOST: usize = 20;
    let first = names.iter().take(MOST).copied().collect::<Vec<_>>().join(", ");
    if names.len() > MOST { format!("{first} and {} more", names.len() - MOST) } else { first }
}

/// The jobs of these files, where each is finished and its file unchanged: there is nothing to load and nothing to send, so nobody need be
/// logged in. None: there may be something to do.
pub async fn finished_jobs(
    store: &mut Store,
    account: Option<&AccountName>,
    files: &[Prepared],
    options: &LoadOptions,
) -> Result<Option<Vec<JobId>>, CommandError> {
    let known = store.accounts().all().await?;
    let is_of = |id: AccountId, name: &AccountName| known.iter().any(|known| known.id == id && known.name == *name);
    let mut finished = Vec::with_capacity(files.len());
    for file in files {
        let is_usable = file.survey.refusal(file.strict).is_none();
        let job = store.queue().job(&file.job).await?.filter(|_| is_usable && !options.reload.again);
        let is_finished = |job: &Job| {
            let is_same_account = account.is_none_or(|name| job.account.is_none_or(|id| is_of(id, name)));
            let is_same = job.path == file.path
                && job.action == file.survey.default_action
                && is_same_account
                && other_column(file, job).is_none();
            is_same && job.state == JobState::Active && job.pending == 0 && job.loaded_from == file.loaded_from(options)
        };
        match job.filter(is_finished) {
            Some(job) => finished.push(job.id),
            None => return Ok(None),
        }
    }
    Ok(Some(finished))
}

/// Whether a file is not the job's: it stands in another place and is not known to have moved there. It has moved where its content is
/// that of the last load, where nothing is left in the old place and this is the host that knew it, or where somebody says so.
pub fn is_elsewhere(file: &Prepared, job: &Job, options: &LoadOptions) -> bool {
    let is_gone = || {
        let here = host_name();
        here.is_some() && here == job.host && job.path != Path::new("-") && !job.path.exists()
    };
    job.path != file.path
        && !options.reload.moved
        && !file.loaded_from(options).is_same_file(&job.loaded_from)
        && !is_gone()
}

fn elsewhere(file: &Prepared, job: &Job) -> CommandError {
    let message = format!(
        "{}: there is a job {} already, of another file, {}; nothing was changed",
        file.survey.path,
        job.name,
        job.path.display()
    );
    CommandError::new(ErrorKind::Usage, message).hint(format!(
        "if it is the same list in another place, add --moved, and what is done is not sent again; if it is another list, give it a \
         name of its own: --job {}-2",
        job.name
    ))
}

/// A job's default action, account and column are fixed when it is first loaded.
fn refuse_another(file: &Prepared, job: &Job, accounts: &Accounts) -> Result<(), CommandError> {
    let new = file.new_job(accounts, None);
    let word = |action: Option<Action>| action.map_or("none", Action::name);
    let difference = if job.action != new.action {
        format!("with the action {}, not {}", word(job.action), word(new.action))
    } else if new.account.is_some() && job.account != new.account {
        let name = |id: Option<AccountId>| id.and_then(|id| accounts.name_of(id)).map_or("none", AccountName::as_str);
        format!("for the account {}, not {}", name(job.account), name(new.account))
    } else if let Some(column) = other_column(file, job) {
        format!(
            "with {}, not {column}",
            job.target_column.as_ref().map_or("another column".to_owned(), |c| format!("--column {c}"))
        )
    } else {
        return Ok(());
    };
    let message =
        format!("{}: there is a job {} already {difference}; nothing was changed", file.survey.path, job.name);
    Err(CommandError::new(ErrorKind::Usage, message)
        .hint(format!("load it under another name: --job {}", shell_word(&format!("{}-2", job.name)))))
}

/// The column that was named for the file, where it is not the job's.
fn other_column<'f>(file: &'f Prepared, job: &Job) -> Option<&'f str> {
    let named = file.column.as_deref()?;
    match &job.target_column {
        Some(column) => !is_same_column(column, named),
        // An older version did not write it down.
        None => job.loaded_from.reader > 0,
    }
    .then_some(named)
}

fn no_account_for_rows(file: &Prepared, accounts: &Accounts) -> CommandError {
    let why = file.misplaced(accounts).into_iter().next().unwrap_or_else(|| file.survey.path.clone());
    let known = listed(&accounts.names());
    let known = if known.is_empty() { "there are no accounts yet".to_owned() } else { format!("accounts: {known}") };
    CommandError::new(ErrorKind::InputData, format!("{why}; nothing was queued"))
        .hint(format!("correct the row ({known}), or add the account with `cleanup account login NAME`"))
}
