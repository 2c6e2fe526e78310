//! What the account's own lists say of what a job has done: read from the platform again, or from a data archive.
//!
//! In: a job, what it has done. Out: verdicts, row by row and counted. What does not belong here: what to do about them.

mod by_archive;
mod by_id;
mod by_list;

use serde::Serialize;

pub use self::by_archive::verify_by_archive;
pub use self::by_list::{Released, VerifiedJob, VerifyDeps, verify_by_lists};
use crate::domain::{Action, ListKind, RepostId, Wall};
use crate::error::CommandError;
use crate::platforms::{find, find_marks};
use crate::store::{Account, Job, JobState, Store, VerdictCounts};

/// What a job has done for one account.
#[derive(Clone, Debug)]
pub struct DoneLane {
    action: Action,
    account: Account,
    done: u64,
    newest: Wall,
}

/// A list that was compared with what was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComparedList {
    /// Whose.
    pub account: String,
    /// Which.
    pub list: ListKind,
    /// How many entries it has.
    pub entries: u64,
    /// How many were done.
    pub done: u64,
}

/// Whether what a job has done for some account can be asked about row by row.
pub fn can_ask_by_id(lanes: &[DoneLane]) -> bool {
    lanes.iter().any(|lane| find_marks(lane.account.platform, lane.action).is_some())
}

/// What was found of a job, as `verify --json` prints it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VerifyReport {
    job: String,
    round: u32,
    confirmed: u64,
    came_back: u64,
    ghosts: u64,
    undecided: u64,
    restored: u64,
    requeued: u64,
    complete: bool,
    /// The exit code.
    pub exit_code: u8,
}

impl VerifyReport {
    /// The counts are those of before anything was queued again. `complete`: every list was read that judges the job.
    pub fn new(job: &Job, counts: &VerdictCounts, requeued: u64, complete: bool, exit_code: u8) -> VerifyReport {
        let VerdictCounts { confirmed, came_back, ghosts, undecided, restored } = *counts;
        let (job, round) = (job.name.clone(), job.round_number);
        VerifyReport { job, round, confirmed, came_back, ghosts, undecided, restored, requeued, complete, exit_code }
    }
}

impl DoneLane {
    /// The list on which the effect can be seen. A platform that undoes reposts by their own IDs shows them among the posts.
    fn list(&self) -> ListKind {
        let by_own_id = find(self.account.platform, self.action).is_some_and(|row| row.repost_id == RepostId::Own);
        let list = ListKind::shows(self.action);
        if by_own_id { list.read_as() } else { list }
    }

    fn compared(&self, list: ListKind, entries: u64) -> ComparedList {
        ComparedList { account: self.account.name.to_string(), list, entries, done: self.done }
    }
}

/// What has been done, by action and account; of a job that waits for a verify also what is left.
pub async fn done_lanes(store: &mut Store, job: &Job) -> Result<Vec<DoneLane>, CommandError> {
    let accounts = store.accounts().all().await?;
    let mut lanes = Vec::new();
    for (action, account, done, newest) in store.lists().done_lanes(job).await? {
        if let Some(account) = accounts.iter().find(|known| known.id == account) {
            lanes.push(DoneLane { action, account: account.clone(), done, newest });
        }
    }
    if job.state == JobState::Unverified {
        // What is left of it may have been done, too.
        for (action, account) in store.read().pending_lanes(job.round).await? {
            let is_known = lanes.iter().any(|lane| (lane.action, lane.account.id) == (action, account));
            if let Some(account) = accounts.iter().find(|known| known.id == account && !is_known) {
                lanes.push(DoneLane { action, account: account.clone(), done: 0, newest: Wall(0) });
            }
        }
    }
    Ok(lanes)
}
