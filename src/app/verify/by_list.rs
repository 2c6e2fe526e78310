//! Verdicts from the platform: the account's list, read again.

use super::by_id::verify_by_id;
use super::{ComparedList, DoneLane};
use crate::app::list::{ListAccess, unfinished};
use crate::app::{FetchListener, PlatformSession, ReadingBounds, StoredLogins, UnfinishedReading, command};
use crate::clock::SharedClock;
use crate::config::Settings;
use crate::domain::{ListKind, Target, TargetId};
use crate::engine::Shutdown;
use crate::error::CommandError;
use crate::lists::fetch::{Beside, Budget, Kept, ListQuery, read_list};
use crate::lists::filter::{Filter, Take};
use crate::platforms::ListEndpoint;
use crate::store::{Job, JobState, Looked, Reach, ReadingState, Store};
use crate::text::LocalClock;

/// What reading stands on, and who hears of it.
pub struct VerifyDeps<'a> {
    /// Everything decided.
    pub settings: &'a Settings,
    /// The time.
    pub clock: &'a SharedClock,
    /// By whose clock times are told.
    pub local: LocalClock,
    /// Whether each row that a list cannot decide is asked about by itself, where the platform allows it.
    pub by_id: bool,
    /// Ends it before its time.
    pub shutdown: Shutdown,
    /// Makes what hears of a list's pages.
    pub listener: &'a dyn Fn() -> FetchListener,
    /// Hears before a list is read what may go wrong, and what it costs.
    pub begins: &'a dyn Fn(&ListAccess),
    /// Hears of a list that was compared.
    pub listed: &'a dyn Fn(ComparedList),
}

/// A job whose lists were all read.
pub struct VerifiedJob {
    /// The queue.
    pub store: Store,
    /// What became of a job that waited for this; none: it did not.
    pub was_unverified: Option<Released>,
}

/// What became of a job that waited because its queue was taken back to a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Released {
    /// Rows that were left, and are off the lists: they are done.
    pub settled: u64,
    /// It goes on. False: a list does not show everything, so that absence from it proves little, and it waits on.
    pub goes_on: bool,
}

/// Judges by the platform's lists, one account and list after the other, within what the budget allows for all of them. The inner error: a
/// list was not read to its end; what was read is kept.
///
/// # Errors
/// A list cannot be read, the account needs a person, nobody answers; the queue cannot be written.
pub async fn verify_by_lists(
    deps: &VerifyDeps<'_>,
    mut store: Store,
    job: &Job,
    lanes: &[DoneLane],
    mut budget: Budget,
) -> Result<Result<VerifiedJob, UnfinishedReading>, CommandError> {
    let VerifyDeps { settings, clock, .. } = *deps;
    let is_unverified = job.state == JobState::Unverified;
    let mut released = Released { settled: 0, goes_on: true };
    for lane in lanes {
        let account = &lane.account;
        let mut session = PlatformSession::open(settings, Some(account.platform), clock).await?;
        let stored = StoredLogins::of(&mut store).await?;
        session.who.learn_users(&session.client, clock, &stored).await?;
        session.who.register_accounts(&mut store, Some(&account.name), &[]).await?;
        let all = Filter::default();
        let wanted = (lane.list(), &all, Take::default());
        let bounds = ReadingBounds { budget, until: None, give_up_after: settings.run.give_up_after };
        let heard = (deps.shutdown.clone(), (deps.listener)());
        let mut access = ListAccess::open((settings, clock), (session, store, account), wanted, bounds, heard).await?;
        (deps.begins)(&access);
        let reader = &mut access.reader;
        for (list, row) in &access.plan.lists {
            let earlier = reader.deps.store.lists().reading(account.id, row.reads(*list).name()).await?;
            // A reading that began before the last was done cannot judge it.
            let fresh = is_unverified || earlier.is_some_and(|earlier| earlier.started_at <= lane.newest);
            let query = ListQuery { list: *list, fresh, filter: None, enough: None };
            let read = read_list(reader, row, query).await?;
            if let Some(stop) = read.stopped() {
                let again = &command(settings, &["verify", &job.name]);
                let (kept, told_by) = ((*list, read.state.entries), (&deps.local, clock.now().wall));
                return unfinished(kept, stop, (again, account.name.as_str()), &reader.budget, told_by).map(Err);
            }
            let store = &mut reader.deps.store;
            store.lists().begin_listed().await?;
            let reach = if row.reads(*list) != *list {
                add_reposts(store, row, &read.state).await?
            } else {
                let lowest = store.lists().add_reading(read.state.id).await?;
                reach_of(row, read.state.entries, lowest)
            };
            let looked = Looked { account: account.id, action: lane.action, read_at: read.state.started_at, reach };
            store.lists().judge(job, &looked).await?;
            if is_unverified {
                released.settled += store.lists().settle_absent(job, &looked, clock.now().wall).await?;
                released.goes_on &= reach == Reach::Whole;
            }
            store.lists().drop_reading(read.state.id).await?;
            (deps.listed)(lane.compared(*list, read.state.entries));
        }
        if deps.by_id
            && let Some(stop) = verify_by_id(reader, job, lane).await?
        {
            let again = &command(settings, &["verify", &job.name, "--by-id"]);
            let (kept, told_by) = ((lane.list(), 0), (&deps.local, clock.now().wall));
            return unfinished(kept, &stop, (again, account.name.as_str()), &reader.budget, told_by).map(Err);
        }
        budget = access.reader.budget;
        store = access.close().await;
    }
    if is_unverified && released.goes_on {
        store.queue().set_job_state(job.id, JobState::Active).await?;
    }
    Ok(Ok(VerifiedJob { store, was_unverified: is_unverified.then_some(released) }))
}

/// Gathers the posts that the account's reposts repeat; says what absence from them proves. They come in the order of the reposts,
/// which the IDs of the posts do not tell.
async fn add_reposts(store: &mut Store, row: &ListEndpoint, state: &ReadingState) -> Result<Reach, CommandError> {
    let mut kept = Kept::of((ListKind::Reposts, row), state.id, Beside::default());
    loop {
        let reposts: Vec<Target> = kept.next(store).await?.into_iter().map(|entry| entry.target).collect();
        if reposts.is_empty() {
            break;
        }
        store.lists().add_listed(&reposts).await?;
    }
    let is_certain = kept.untold_reposts() == 0 && row.cut_after.is_none_or(|most| state.entries < most);
    Ok(if is_certain { Reach::Whole } else { Reach::Nothing })
}

/// What absence proves. Posts come in the order of their IDs, so above the lowest one listed nothing is missing; likes and
/// bookmarks come in the order in which they were made, which their IDs do not tell.
fn reach_of(row: &ListEndpoint, entries: u64, lowest: Option<TargetId>) -> Reach {
    if row.cut_after.is_none_or(|most| entries < most) {
        return Reach::Whole;
    }
    match (row.list, lowest) {
        (Some(ListKind::Posts), Some(lowest)) => Reach::From(lowest),
        (Some(ListKind::Posts), None) => Reach::Whole,
        _ => Reach::Nothing,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::domain::Platform;
    use crate::platforms::find_list_endpoint;

    #[test]
    fn absence_from_a_cut_list_proves_nothing() {
        let oldest = "1212161512043446272".parse().unwrap();
        let lowest = Some(oldest);
        let reach_of =
            |platform, list, entries| super::reach_of(find_list_endpoint(platform, list).unwrap(), entries, lowest);
        let (x, bluesky) = (Platform::XV2, Platform::Bluesky);
        assert_eq!(reach_of(x, ListKind::Likes, 2_999), Reach::Whole);
        assert_eq!(reach_of(x, ListKind::Likes, 3_000), Reach::Nothing);
        assert_eq!(reach_of(x, ListKind::Posts, 3_200), Reach::From(oldest));
        assert_eq!(reach_of(x, ListKind::Bookmarks, 800), Reach::Nothing);
        assert_eq!(reach_of(x, ListKind::Following, 1_000_000), Reach::Whole);
        // A repository is read whole.
        for list in [ListKind::Likes, ListKind::Posts, ListKind::Reposts] {
            assert_eq!(reach_of(bluesky, list, 1_000_000), Reach::Whole);
        }
    }
}
