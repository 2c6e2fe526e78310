//! The list with which a schedule's run begins.

use crate::app::deps::AppDeps;
use crate::app::list::{Delivered, ListEnd, ListReport, fetch_list};
use crate::app::notice::Notice;
use crate::app::request::ListRequest;
use crate::app::{RunReport, RunSummary};
use crate::domain::AccountName;
use crate::error::{CommandError, ErrorKind};
use crate::schedule::firing::Firing;
use crate::store::make_private_folder;

/// Writes the file of a schedule that begins with a list; none: go on and run. A report: there is nothing to run, or the list
/// could not be read whole; what has been read is kept, and the next time goes on from there.
pub(super) async fn read_list(
    deps: AppDeps<'_>,
    list: &ListRequest,
    job: Option<&str>,
    firing: &Firing,
) -> Result<Option<RunReport>, CommandError> {
    let mut list = list.clone();
    if list.account.is_none() {
        list.account = account_of_job(deps, job).await?;
    }
    // The file is the schedule's own, written anew each time.
    list.once.force = true;
    list.once.until = firing.ends_by;
    let Some(file) = &list.output else {
        return Err(
            CommandError::new(ErrorKind::Config, "the schedule's list has no file").hint("remove it and add it again")
        );
    };
    if let Some(folder) = file.parent() {
        make_private_folder(folder).map_err(|error| CommandError::io(folder.display(), error))?;
    }
    match fetch_list(deps, &list).await? {
        ListEnd::Written(ListReport { delivered: Delivered { written: 1.., .. }, .. }) => Ok(None),
        ListEnd::Written(_) => {
            deps.tell(Notice::NothingListed);
            Ok(Some(RunReport::of(RunSummary::unsent("finished", 0))))
        }
        end => Ok(Some(RunReport::of(RunSummary::unsent("list", end.exit_code())))),
    }
}

/// Whose list it is, where the request does not say: that of the account whose job it became the first time, however many accounts there are now.
async fn account_of_job(deps: AppDeps<'_>, job: Option<&str>) -> Result<Option<AccountName>, CommandError> {
    let Some(job) = job else { return Ok(None) };
    let Some(mut store) = deps.existing_queue().await? else { return Ok(None) };
    let account = store.queue().job(job).await?.and_then(|job| job.account);
    let name =
        store.accounts().all().await?.into_iter().find(|known| Some(known.id) == account).map(|known| known.name);
    store.close().await;
    Ok(name)
}
