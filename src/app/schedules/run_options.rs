//! From the options of a schedule to what is run each time. Paths become absolute, for a timer starts elsewhere.

use std::path::{Path, PathBuf};

use super::requests::{AddScheduleRequest, EditScheduleRequest};
use crate::app::request::{FilterOptions, ListOnce, ListRequest, NotSet, RunRequest, ScheduledRun};
use crate::domain::{Action, ListKind};
use crate::error::{CommandError, ErrorKind};
use crate::lists::filter::{FilterRules, Take};
use crate::text::escaped;

impl AddScheduleRequest {
    /// What is run each time. A list is written to `list_file`.
    ///
    /// # Errors
    /// A path that is no text; a list that does not say what is to be done with its entries.
    pub fn scheduled_run(&self, list_file: &Path) -> Result<ScheduledRun, CommandError> {
        let run = absolute(self.run.clone())?;
        let Some(kind) = self.list else { return Ok(ScheduledRun { run, list: None }) };
        let list_file = absolute_path(list_file)?;
        let list = ListRequest { output: Some(list_file.clone()), ..read_before(&run, kind) };
        let mut run = of_entries(run);
        run.load.files = vec![list_file];
        if run.load.rows.action.is_none() {
            run.load.rows.action = Some(action_of(kind)?);
        }
        refuse_misfit(kind, run.load.rows.action)?;
        run.load.job.get_or_insert_with(|| self.name.clone());
        Ok(ScheduledRun { run, list: Some(list) })
    }
}

/// What becomes of a schedule's run: what is given replaces what was kept, `without` are the long names of options to be taken out.
///
/// # Errors
/// An option that is to go and is not there; files for a schedule of a list, or the other way round; options that do not go together.
pub(super) fn edited(
    before: &ScheduledRun,
    request: &EditScheduleRequest,
    without: &[&String],
) -> Result<ScheduledRun, CommandError> {
    let name = request.name.as_str();
    let mut run = absolute(request.run.clone())?;
    let mut list = None;
    match &before.list {
        None if request.list.is_some() => {
            return Err(other_source(name, "files, and --list reads a list instead"));
        }
        None => {}
        Some(_) if !run.load.files.is_empty() => return Err(other_source(name, "a list, and files are given")),
        Some(kept) => {
            list = Some(read_before(&run, request.list.unwrap_or(kept.list)));
            run = of_entries(run);
            if let Some(kind) = request.list.filter(|_| run.load.rows.action.is_none()) {
                run.load.rows.action = Some(action_of(kind)?);
            }
        }
    }
    if without.iter().any(|name| *name == "output") && before.list.is_some() {
        let message = format!("the schedule {} writes its list to a file of its own, which stays", escaped(name));
        return Err(CommandError::new(ErrorKind::Usage, message)
            .hint("`cleanup list LIST -o FILE` writes a list to a file of yours"));
    }
    let changed = before.changed(&run, list.as_ref(), without);
    let changed = changed.map_err(|NotSet(option)| not_set(name, &option))?;
    if let Some(list) = &changed.list {
        refuse_misfit(list.list, changed.run.load.rows.action)?;
    }
    if let Some(why) = changed.contradiction() {
        let message = format!("the options that result do not go together: {why}; nothing was changed");
        return Err(CommandError::new(ErrorKind::Usage, message).hint("take the other option out with --without NAME"));
    }
    Ok(changed)
}

/// The reading of the list, by the options that a run and a list share.
fn read_before(run: &RunRequest, list: ListKind) -> ListRequest {
    ListRequest {
        list,
        account: run.load.rows.account.clone(),
        platform: run.load.rows.platform,
        output: None,
        which: run.load.rows.which.clone(),
        max_requests: run.bounds.max_requests,
        max_spend: run.bounds.max_spend,
        give_up_after: run.bounds.give_up_after,
        once: ListOnce::default(),
    }
}

/// What is asked of the entries of a list is not asked again of the file it becomes, which tells less of them.
fn of_entries(mut run: RunRequest) -> RunRequest {
    let keep = run.load.rows.which.wanted.keep.take();
    run.load.rows.which =
        FilterOptions { wanted: FilterRules { keep, ..FilterRules::default() }, take: Take::default() };
    run
}

/// An action on something else than the list's entries would fail with its first run, night after night.
fn refuse_misfit(list: ListKind, action: Option<Action>) -> Result<(), CommandError> {
    let Some(action) = action.filter(|action| action.target_kind() != list.target_kind()) else { return Ok(()) };
    let message = format!("--action {action} does not fit the entries of --list {list}; nothing was changed");
    let fitting = list.undone_by().map_or_else(|| "remove-follower".to_owned(), |action| action.to_string());
    Err(CommandError::new(ErrorKind::Usage, message).hint(format!("--action {fitting} takes them off the list")))
}

/// What takes the entries of a list off it. Deleting is never meant by itself.
fn action_of(list: ListKind) -> Result<Action, CommandError> {
    let deletes = |action: &Action| matches!(action, Action::DeletePost | Action::DeleteList);
    list.undone_by().filter(|action| !deletes(action)).ok_or_else(|| {
        let hint = match list {
            ListKind::Posts => "add --action delete-post if you mean it",
            ListKind::OwnedLists => "add --action delete-list if you mean it",
            _ => "add --action ACTION",
        };
        CommandError::new(
            ErrorKind::Usage,
            format!("--list {list} needs --action, which says what to do with its entries"),
        )
        .hint(hint)
    })
}

fn absolute(mut run: RunRequest) -> Result<RunRequest, CommandError> {
    let wanted = &mut run.load.rows.which.wanted;
    for path in run.load.files.iter_mut().chain(&mut wanted.keep).chain(&mut wanted.only) {
        *path = absolute_path(path)?;
    }
    Ok(run)
}

fn absolute_path(path: &Path) -> Result<PathBuf, CommandError> {
    let path = std::path::absolute(path).map_err(|error| CommandError::io(path.display(), error))?;
    if path.to_str().is_none() {
        let message = format!("{}: this path is not UTF-8, so a schedule cannot store it", path.display());
        return Err(CommandError::new(ErrorKind::Usage, message).hint("rename the file or its folder"));
    }
    Ok(path)
}

fn other_source(schedule: &str, why: &str) -> CommandError {
    CommandError::new(ErrorKind::Usage, format!("{} runs {why}", escaped(schedule)))
        .hint("add another schedule for that, and remove this one")
}

/// An option that is to be taken out, and is not there.
pub(super) fn not_set(schedule: &str, option: &str) -> CommandError {
    CommandError::new(ErrorKind::Usage, format!("{} has no --{}", escaped(schedule), escaped(option)))
        .hint("`cleanup schedule list` shows the options it has")
}
