//! Names in rows, as a load sees them. A row whose name the queue has a meaning for is loaded as a row of that target, so that repeats, keep
//! lists and attempts all speak of the same user. Any other stands in line under its name, and whoever drains looks it up.
//!
//! In: rows that name their targets, what the queue knows of names. Out: their targets. What does not belong here: asking (`lists`).

use std::collections::HashMap;

use super::preparing::Prepared;
use crate::domain::{AccountId, Action, Platform, Target};
use crate::platforms::{find, find_name_resolver};
use crate::store::{NameSpace, Resolution, Store, StoreError};

/// The reason of a row whose name nobody can be asked about, at a platform that has to be told an ID.
const HANDLE_NOT_RESOLVED: &str = "handle_not_resolved";

/// What the queue knows of the names of a file, on a connection of its own; none where the file has none.
#[derive(Default)]
pub(super) struct NameBook {
    store: Option<Store>,
    spaces: HashMap<AccountId, NameSpace>,
}

/// What becomes of a row's target.
pub(super) enum Placed {
    /// It is a task.
    Target(Target),
    /// It is a task that is settled without a request: the platform was asked, and nobody has the name.
    Nobody(Target),
    /// It is none, for this reason.
    Rejected(&'static str),
}

impl NameBook {
    pub(super) async fn of(store: &Store, file: &Prepared) -> Result<NameBook, StoreError> {
        if file.survey.names == 0 { Ok(NameBook::default()) } else { NameBook::of_queue(store).await }
    }

    /// What the queue knows of all names.
    pub(super) async fn of_queue(store: &Store) -> Result<NameBook, StoreError> {
        let mut store = store.open_second().await?;
        let accounts = store.accounts().all().await?.into_iter();
        let spaces = accounts.map(|account| (account.id, NameSpace::of(account.platform, account.host.as_ref())));
        Ok(NameBook { spaces: spaces.collect(), store: Some(store) })
    }

    /// Where there is no queue yet: nobody has been asked about any.
    pub(super) fn empty() -> NameBook {
        NameBook::default()
    }

    /// What a row is loaded with.
    pub(super) async fn place(
        &mut self,
        (account, platform): (AccountId, Option<Platform>),
        action: Action,
        target: Target,
    ) -> Result<Placed, StoreError> {
        let (Some(name), Some(platform)) = (target.name(), platform) else { return Ok(Placed::Target(target)) };
        if find(platform, action).is_some_and(|endpoint| endpoint.takes_handles()) {
            return Ok(Placed::Target(target));
        }
        let resolver = find_name_resolver(platform);
        let asked = resolver.map_or_else(|| Some(name.clone()), |names| Some(names.question(&name)?.asked));
        let told = match (&mut self.store, self.spaces.get(&account), asked) {
            (Some(store), Some(space), Some(asked)) => store.lists().resolution(space, &asked).await?,
            _ => None,
        };
        Ok(match (told, resolver) {
            (Some(Resolution::Target(told)), Some(names)) => match names.target(&name, &told) {
                Some(meant) => Placed::Target(meant),
                None => Placed::Target(target),
            },
            (Some(Resolution::Target(told)), None) => Placed::Target(told),
            (Some(Resolution::Nobody(_)), Some(_)) => Placed::Nobody(target),
            (None, Some(_)) => Placed::Target(target),
            (Some(Resolution::Nobody(_)) | None, None) => Placed::Rejected(HANDLE_NOT_RESOLVED),
        })
    }

    /// What a name means for an account, as far as the queue knows.
    pub(super) async fn meaning(
        &mut self,
        account: (AccountId, Option<Platform>),
        action: Action,
        target: Target,
    ) -> Result<Option<Target>, StoreError> {
        match self.place(account, action, target.clone()).await? {
            Placed::Target(meant) if meant != target => Ok(Some(meant)),
            Placed::Target(_) | Placed::Nobody(_) | Placed::Rejected(_) => Ok(None),
        }
    }
}
