//! The files of a command: read with what their jobs remember, planned against the queue, loaded.
//!
//! In: paths and options. Out: files that have been judged, and jobs that have their rows. What does not belong here: sending.

use std::path::PathBuf;

use super::keep_file::watchable;
use super::row_platforms::RowPlatforms;
use crate::app::accounts::Identities;
use crate::app::deps::AppDeps;
use crate::app::forecast;
use crate::app::known;
use crate::app::load_options::LoadOptions;
use crate::app::load_plan::{self, LoadPlan};
use crate::app::loading::{Loaded, load};
use crate::app::named_accounts::Accounts;
use crate::app::notice::Notice;
use crate::app::preparing::{self, FileOptions, Prepared};
use crate::app::request::{LoadRequest, RowOptions};
use crate::app::row_filter::RowRules;
use crate::domain::{Action, JobId};
use crate::error::{CommandError, ErrorKind};
use crate::jobfile::JobFileError;
use crate::store::{Account, Job, Store, StoreError};
use crate::text::shell_word;

/// So often a command that has met another load of its job plans its own anew.
const MAX_LOADS: u32 = 5;

/// The files of a request, read and judged.
pub struct JudgedFiles<'a> {
    request: &'a LoadRequest,
    /// The files.
    pub files: Vec<Prepared>,
    /// How they are loaded.
    pub options: LoadOptions,
}

/// The files of a request, and how each stands to the queue.
pub struct PlannedFiles {
    /// The files.
    pub files: Vec<Prepared>,
    /// How they are loaded.
    pub options: LoadOptions,
    /// Who there is to act.
    pub accounts: Accounts,
    /// How each file stands to the queue.
    pub plans: Vec<LoadPlan>,
}

/// Reads and judges the files, with what their jobs remember.
pub async fn prepare_files(request: &LoadRequest, deps: AppDeps<'_>) -> Result<Vec<Prepared>, CommandError> {
    let LoadRequest { files, job, rows, .. } = request;
    // A queue that cannot be read is said and not needed: an estimate is all that hangs on it.
    let (known, accounts) = known_of(files, job.as_deref(), deps).await.unwrap_or_else(|error| {
        deps.tell(Notice::AccountsUnknown(&error));
        Default::default()
    });
    let platforms = RowPlatforms::new(deps, rows, accounts);
    // Only reposts are read differently for platforms.
    let may_unrepost = rows.action.is_none_or(|action| action == Action::Unrepost) && !deps.settings.is_sandbox();
    let options = FileOptions {
        action: rows.action,
        column: rows.column.clone(),
        job: job.clone(),
        strict: rows.strict,
        platform: may_unrepost.then(|| platforms.platform(rows.account.as_ref())),
        trust_ids: rows.trust_ids,
        owners: platforms.owners(deps, rows),
        shown: None,
        known,
    };
    // A large file takes a while, and a pipe as long as whoever writes to it.
    let files = files.clone();
    let judging = tokio::task::spawn_blocking(move || preparing::prepare(&files, &options));
    judging.await.unwrap_or_else(|error| match error.try_into_panic() {
        Ok(panic) => std::panic::resume_unwind(panic),
        Err(error) => Err(CommandError::new(ErrorKind::Fault, "the file was not read to its end").because(error)),
    })
}

/// What `check` needs to see what this command has seen.
fn check_with_the_same_options(error: CommandError, rows: &RowOptions, deps: AppDeps<'_>) -> CommandError {
    let source = error.source.as_ref().and_then(|source| source.downcast_ref::<JobFileError>());
    let Some(JobFileError::NoUsableRow { path, .. } | JobFileError::Strict { path, .. }) = source else { return error };
    let action = rows.action.map(|action| action.to_string());
    let mut words = vec!["check", path.as_str()];
    for (option, value) in [("--action", action.as_deref()), ("--column", rows.column.as_deref())] {
        words.extend(value.into_iter().flat_map(|value| [option, value]));
    }
    let (bare, whole) = (format!("`cleanup check {}`", shell_word(path)), deps.command(&words));
    let hint = error.hint.as_ref().map(|hint| hint.replace(&bare, &whole));
    CommandError { hint, ..error }
}

/// What the queue remembers of the files' jobs, and its accounts.
async fn known_of(
    files: &[PathBuf],
    job: Option<&str>,
    deps: AppDeps<'_>,
) -> Result<(Vec<Job>, Vec<Account>), CommandError> {
    if deps.settings.db().is_err() {
        return Ok(Default::default());
    }
    let Some(mut store) = deps.existing_queue().await? else { return Ok(Default::default()) };
    let known = known::known_jobs(&mut store, files, job).await?;
    let accounts = store.accounts().all().await?;
    store.close().await;
    Ok((known, accounts))
}

/// The lists are read before anything is queued, for they must not be half of one, and ages are counted back from one now.
pub fn load_options(request: &LoadRequest, files: &[Prepared], deps: AppDeps<'_>) -> Result<LoadOptions, CommandError> {
    let which = &request.rows.which;
    let mut kinds = files.iter().map(Prepared::kind);
    let first = kinds.next().flatten();
    let kind = first.filter(|_| kinds.all(|kind| kind == first));
    let filter = which.wanted.resolve(kind, deps.clock.now().wall, &deps.local.zone)?;
    let keep = which.wanted.keep.as_deref().and_then(|path| watchable(path, deps));
    let rules = RowRules::new(filter, which.take, keep);
    rules.refuse_empty_keep()?;
    for file in files {
        rules.refuse_untold(&file.survey)?;
        deps.tell(Notice::KeptNames(file, rules.kept_names(&file.survey, &file.acts_on)));
        if let Some(doubtful) = &file.survey.doubtful {
            deps.tell(Notice::DoubtfulIds(file, doubtful));
        }
    }
    Ok(LoadOptions { reload: request.reload, rules })
}

impl JudgedFiles<'_> {
    /// Reads and judges the files of a request, and the lists that its rules go by.
    pub async fn read<'a>(request: &'a LoadRequest, deps: AppDeps<'_>) -> Result<JudgedFiles<'a>, CommandError> {
        let files = prepare_files(request, deps).await?;
        let options = load_options(request, &files, deps)?;
        Ok(JudgedFiles { request, files, options })
    }

    /// Where there is no queue yet: refuses what a new one would refuse, before one is made.
    pub async fn refuse_for_new_queue(&self, who: &Identities, deps: AppDeps<'_>) -> Result<(), CommandError> {
        let rows = &self.request.rows;
        let refused = forecast::refuse_for_new_queue(who, rows.account.as_ref(), &self.files, &self.options).await;
        refused.map_err(|error| check_with_the_same_options(error, rows, deps))
    }

    /// Makes the accounts known that the files need, and says how every file stands to the queue. One file that cannot be loaded
    /// refuses all, and then nothing has changed.
    pub async fn plan(
        self,
        who: &Identities,
        store: &mut Store,
        deps: AppDeps<'_>,
    ) -> Result<PlannedFiles, CommandError> {
        let JudgedFiles { request: LoadRequest { rows, .. }, files, options } = self;
        let planned = load_plan::plan_loads(who, store, rows.account.as_ref(), &files, &options).await;
        let (accounts, plans) = planned.map_err(|error| check_with_the_same_options(error, rows, deps))?;
        Ok(PlannedFiles { files, options, accounts, plans })
    }
}

impl PlannedFiles {
    /// Loads every file as [`PlannedFiles::load`] does. Where another process has loaded one of them meanwhile, everything is read and planned
    /// anew: most often the file is unchanged then.
    pub async fn load_beside_others(
        mut self,
        request: &LoadRequest,
        who: &Identities,
        store: &mut Store,
        deps: AppDeps<'_>,
    ) -> Result<(PlannedFiles, Vec<JobId>), CommandError> {
        let mut loads = 1;
        loop {
            match self.load(store, deps).await {
                Err(error) if loads < MAX_LOADS && is_loaded_meanwhile(&error) => {
                    loads += 1;
                    self = JudgedFiles::read(request, deps).await?.plan(who, store, deps).await?;
                }
                loaded => return loaded.map(|jobs| (self, jobs)),
            }
        }
    }

    /// Loads every file and says what that did.
    async fn load(&self, store: &mut Store, deps: AppDeps<'_>) -> Result<Vec<JobId>, CommandError> {
        let PlannedFiles { files, options, accounts, plans } = self;
        let mut jobs = Vec::with_capacity(files.len());
        for (file, plan) in files.iter().zip(plans) {
            let before = store.queue().job(&file.job).await?;
            let loaded = load(store, file, plan, accounts, options, deps.clock.now().wall).await?;
            deps.tell(Notice::Rejected(file, accounts));
            if let Some(job) = before.filter(|job| job.path != file.path && loaded != Loaded::Cancelled) {
                deps.tell(Notice::Moved(&job, file));
            }
            deps.tell(Notice::Loaded(&file.job, &loaded));
            if let Some(job) = store.queue().job(&file.job).await? {
                jobs.push(job.id);
            }
        }
        Ok(jobs)
    }
}

fn is_loaded_meanwhile(error: &CommandError) -> bool {
    let source = error.source.as_ref().and_then(|source| source.downcast_ref::<StoreError>());
    matches!(source, Some(StoreError::LoadedMeanwhile { .. }))
}
