//! Handles in rows. Where the platform wants IDs, a run asks it whose they are before the rows are loaded, and a row is loaded
//! with the ID, so that repeats, keep lists and attempts all speak of the same user. What nobody has asked about is rejected.
//!
//! In: rows that name handles, what the queue knows of them. Out: their targets. What does not belong here: asking (`lists`).

use super::load_options::LoadOptions;
use super::named_accounts::{Accounts, FileAccounts};
use super::preparing::Prepared;
use crate::domain::{AccountId, Action, Handle, Platform, Target};
use crate::error::CommandError;
use crate::jobfile::RowVerdict;
use crate::lists::fetch::{Reader, Stop};
use crate::lists::handles::{Resolver, can_resolve};
use crate::platforms::find;
use crate::store::{Resolution, Store, StoreError};

/// The reason of a row whose handle nobody has asked about.
pub const HANDLE_NOT_RESOLVED: &str = "handle_not_resolved";
/// The reason of a row whose handle nobody has, where it makes no task.
const HANDLE_NOT_FOUND: &str = "handle_not_found";

/// What the queue knows of the handles of a file, on a connection of its own; none where the file names none.
pub(super) struct HandleBook(Option<Store>);

/// What becomes of a row's target.
pub(super) enum Placed {
    /// It is a task.
    Target(Target),
    /// It is a task that is settled without a request: the platform was asked, and nobody has the handle.
    Nobody(Target),
    /// It is none, for this reason.
    Rejected(&'static str),
}

impl HandleBook {
    pub(super) async fn of(store: &Store, file: &Prepared) -> Result<HandleBook, StoreError> {
        Ok(HandleBook(if file.survey.handles > 0 { Some(store.open_second().await?) } else { None }))
    }

    /// Where there is no queue yet: nobody has been asked about any.
    pub(super) fn empty() -> HandleBook {
        HandleBook(None)
    }

    /// What a row is loaded with.
    pub(super) async fn place(
        &mut self,
        platform: Option<Platform>,
        action: Action,
        target: Target,
        options: &LoadOptions,
    ) -> Result<Placed, StoreError> {
        let (Target::Handle(handle), Some(platform)) = (&target, platform) else { return Ok(Placed::Target(target)) };
        if !wants_id(platform, action) {
            return Ok(Placed::Target(target));
        }
        let resolution = match &mut self.0 {
            Some(store) => store.lists().resolution(platform, handle).await?,
            None => None,
        };
        Ok(match resolution {
            Some(Resolution::User(target)) => Placed::Target(target),
            Some(Resolution::Nobody(_)) if options.settles_handles => Placed::Nobody(target),
            Some(Resolution::Nobody(_)) => Placed::Rejected(HANDLE_NOT_FOUND),
            None if options.awaits_handles => Placed::Target(target),
            None => Placed::Rejected(HANDLE_NOT_RESOLVED),
        })
    }
}

/// Whether an action wants the ID of a user where a row may name a handle.
fn wants_id(platform: Platform, action: Action) -> bool {
    find(platform, action).is_some_and(|endpoint| !endpoint.takes_handles())
}

/// The account that can be asked whose handles are whose, of those the files' rows belong to; none: nothing is to be resolved.
pub fn resolving_account(files: &[Prepared], accounts: &Accounts) -> Option<AccountId> {
    let with_handles = files.iter().filter(|file| file.survey.handles > 0);
    let mut lanes =
        with_handles.flat_map(|file| file.survey.lanes.iter().map(|lane| (accounts.of_job(&file.job), lane)));
    lanes.find_map(|(accounts, lane)| {
        let (account, platform) = accounts.find(lane.account.as_ref())?;
        (wants_id(platform, lane.action) && can_resolve(platform)).then_some(account)
    })
}

/// What asking about the files' handles came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resolved {
    /// Handles found.
    pub found: u64,
    /// Handles nobody has, or nobody one could act on.
    pub missing: u64,
    /// Why not all were asked about.
    pub stopped: Option<Stop>,
}

/// Asks about every handle of the files that nobody has asked about.
///
/// # Errors
/// A file has changed, the queue cannot be written.
pub async fn resolve(reader: &mut Reader, files: &[Prepared], accounts: &Accounts) -> Result<Resolved, CommandError> {
    let mut resolver = Resolver::default();
    let mut stopped = None;
    for file in files.iter().filter(|file| file.survey.handles > 0) {
        let mut rows = file.survey.rows(&file.source)?;
        let accounts = accounts.of_job(&file.job);
        while let Some(row) = rows.next()? {
            let RowVerdict::Task { action, account, target: Target::Handle(handle), .. } = row.verdict else {
                continue;
            };
            let Some(handle) = to_resolve(handle, accounts, account, action) else { continue };
            stopped = resolver.push(handle, reader).await?;
            if stopped.is_some() {
                return Ok(Resolved { found: resolver.found, missing: resolver.missing, stopped });
            }
        }
    }
    stopped = stopped.or(resolver.finish(reader).await?);
    Ok(Resolved { found: resolver.found, missing: resolver.missing, stopped })
}

fn to_resolve(
    handle: Handle,
    accounts: FileAccounts<'_>,
    account: Option<&crate::domain::AccountName>,
    action: Action,
) -> Option<Handle> {
    accounts.account_for(account, action).ok()?;
    wants_id(accounts.platform_of(account)?, action).then_some(handle)
}
