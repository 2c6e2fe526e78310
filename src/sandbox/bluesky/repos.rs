//! All repositories of the sandbox, the requests of its one address, and its commits.

use std::collections::BTreeMap;

use super::super::lists::ListSizes;
use super::super::rng::Dice;
use super::super::rules::{BLUESKY_ADDRESS, SHORTER};
use super::super::windows::FixedWindow;
use super::collection::Collection;
use super::names::{CLOCK_BITS, cid, tid};
use super::repo::Repo;
use crate::domain::{Action, Moment, TargetId};

/// What the sandbox has beside its users where it is a PDS.
#[derive(Debug)]
pub(in crate::sandbox) struct Repos {
    dice: Dice,
    sizes: ListSizes,
    repos: BTreeMap<TargetId, Repo>,
    /// Every request from this machine.
    pub(super) address: FixedWindow,
    commits: u64,
}

impl Repos {
    pub(in crate::sandbox) fn new(dice: Dice, sizes: ListSizes) -> Repos {
        let address = FixedWindow::new(BLUESKY_ADDRESS.shortened(SHORTER));
        Repos { dice, sizes, repos: BTreeMap::new(), address, commits: 0 }
    }

    /// An account's repository.
    pub(in crate::sandbox) fn of(&mut self, owner: TargetId) -> &mut Repo {
        let (dice, sizes) = (self.dice, self.sizes);
        self.repos.entry(owner).or_insert_with(|| Repo::new(owner, dice, sizes))
    }

    /// Puts a record of a subject into a repository.
    pub(in crate::sandbox) fn put(&mut self, now: Moment, owner: TargetId, collection: Collection, subject: TargetId) {
        let repo = self.of(owner);
        let made = jiff::Timestamp::from_millisecond(now.wall.0).unwrap_or_default();
        let value = repo.about(collection, subject, &made.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string());
        repo.create(collection, None, value, now.wall);
    }

    /// Takes out every record whose deletion is part of an action on a subject; or puts back those that an action restores.
    pub(in crate::sandbox) fn remove(&mut self, owner: TargetId, action: Action, subject: TargetId) {
        for collection in Collection::ALL {
            if collection.action() == action {
                self.of(owner).remove_subject(collection, subject);
            } else if Some(collection.action()) == action.inverse() {
                self.of(owner).put_back_subject(collection, subject);
            }
        }
    }

    /// A new root and its revision.
    pub(super) fn commit(&mut self, now: Moment) -> (String, String) {
        self.commits += 1;
        let micros = u64::try_from(now.wall.0).unwrap_or(0) * 1000 + self.commits % 1000;
        (cid(&self.commits.to_be_bytes()), tid(micros << CLOCK_BITS))
    }
}
