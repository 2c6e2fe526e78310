//! Verdicts from the platform: the account's list, read again.

use crate::app::PlatformSession;
use crate::cli::args::VerifyArgs;
use crate::cli::commands::list::{Extent, announce, ending, lock_all, plan, warn_of_scopes};
use crate::cli::commands::session::{Bounds, reader};
use crate::cli::commands::signals::Signals;
use crate::cli::context::Context;
use crate::domain::TargetId;
use crate::engine::{Shutdown, Signal, Urgency, shutdown};
use crate::error::CommandError;
use crate::lists::ListKind;
use crate::lists::fetch::{Budget, Kept, ListQuery, read_list};
use crate::store::{Job, Looked, Reach, ReadingId, ReadingState, Store};

use super::DoneLane;

/// X's timelines of likes and posts end at some 3,200, its bookmarks at 800; a list nearly that long may be cut.
const MAX_CERTAIN_ENTRIES: u64 = 3_000;
const MAX_CERTAIN_BOOKMARKS: u64 = 700;

/// How it went.
pub(super) enum Judged {
    /// Everything was read and judged.
    All(Box<Store>),
    /// It ended before; what was read is kept, and this is the exit code.
    Ended(u8),
}

/// Judges by the platform's lists, one account and list after the other.
pub(super) async fn judge(
    context: &Context,
    store: Store,
    job: &Job,
    lanes: &[DoneLane],
    args: &VerifyArgs,
) -> Result<Judged, CommandError> {
    let mut signals = Signals::listen()?;
    let (sender, receiver) = shutdown();
    let mut aborted = receiver.clone();
    let all = judge_all(context, store, job, lanes, args, receiver);
    tokio::select! {
        judged = all => judged,
        signal = signals.relay(&sender, context) => match signal {},
        () = aborted.at_least(Urgency::Abort) => {
            context.printer.say("stopped at once; what was read is kept");
            Ok(Judged::Ended(aborted.now().1.map_or(130, Signal::exit_code)))
        }
    }
}

async fn judge_all(
    context: &Context,
    mut store: Store,
    job: &Job,
    lanes: &[DoneLane],
    args: &VerifyArgs,
    shutdown: Shutdown,
) -> Result<Judged, CommandError> {
    let mut budget = Budget { max_requests: args.max_requests, max_spend: args.max_spend, ..Budget::default() };
    for lane in lanes {
        let account = &lane.account;
        let mut way = PlatformSession::open(&context.settings, Some(account.platform), &context.clock).await?;
        let stored = store.accounts().has_credentials().await?;
        way.who.learn_users(&way.client, &context.clock, stored).await?;
        way.who.register_accounts(&mut store, Some(&account.name), &[]).await?;
        let plan = plan(lane.list(), false, account)?;
        let locks = lock_all(&store, account, &plan)?;
        way.recall(&mut store, account).await?;
        warn_of_scopes(&mut store, account, &plan, context).await?;
        announce(account, &plan, Extent::Whole, false, context);
        let bounds = Bounds { budget, until: None, give_up_after: context.settings.run.give_up_after };
        let mut reader = reader(context, (&way.who, &way.client), store, account, bounds, shutdown.clone()).await?;
        for (list, row) in &plan {
            let earlier = reader.deps.store.lists().reading(account.id, list.read_as().name()).await?;
            // A reading that began before the last was done cannot judge it.
            let fresh = earlier.is_some_and(|earlier| earlier.started_at <= lane.newest);
            let query = ListQuery { list: *list, fresh, filter: None, enough: None };
            let read = read_list(&mut reader, row, query).await?;
            if let Some(stop) = read.stopped() {
                let again = context.command(&["verify", &job.name]);
                let reading = (&reader, account.name.as_str());
                return ending(context, &again, *list, stop, read.state.entries, reading).map(Judged::Ended);
            }
            let store = &mut reader.deps.store;
            store.lists().begin_listed().await?;
            let reach = if *list == ListKind::Reposts {
                add_reposts(store, &read.state).await?
            } else {
                let lowest = store.lists().add_reading(read.state.id).await?;
                reach_of(*list, read.state.entries, lowest)
            };
            let looked = Looked { account: account.id, action: lane.action, read_at: read.state.started_at, reach };
            store.lists().judge(job, &looked).await?;
            drop_reading(store, read.state.id).await?;
            let listed = list.phrase(read.state.entries);
            context.printer.say(&format!("{}: {listed} listed, {} done", account.name, lane.done));
        }
        drop(locks);
        budget = reader.budget;
        store = reader.deps.store;
        way.close().await;
    }
    Ok(Judged::All(Box::new(store)))
}

/// Gathers the posts that the account's reposts repeat; says what absence from them proves. They come in the order of the reposts,
/// which the IDs of the posts do not tell.
async fn add_reposts(store: &mut Store, state: &ReadingState) -> Result<Reach, CommandError> {
    let mut kept = Kept::of(ListKind::Reposts, state.id, None);
    loop {
        let reposts: Vec<TargetId> = kept.next(store).await?.into_iter().map(|entry| entry.target).collect();
        if reposts.is_empty() {
            break;
        }
        store.lists().add_listed(&reposts).await?;
    }
    let is_certain = kept.untold_reposts() == 0 && state.entries < MAX_CERTAIN_ENTRIES;
    Ok(if is_certain { Reach::Whole } else { Reach::Nothing })
}

async fn drop_reading(store: &mut Store, reading: ReadingId) -> Result<(), CommandError> {
    Ok(store.lists().drop_reading(reading).await?)
}

/// What absence proves. Posts come in the order of their IDs, so above the lowest one listed nothing is missing; likes and
/// bookmarks come in the order in which they were made, which their IDs do not tell.
fn reach_of(list: ListKind, entries: u64, lowest: Option<TargetId>) -> Reach {
    match (list, lowest) {
        (ListKind::Likes, _) if entries >= MAX_CERTAIN_ENTRIES => Reach::Nothing,
        (ListKind::Bookmarks, _) if entries >= MAX_CERTAIN_BOOKMARKS => Reach::Nothing,
        (ListKind::Posts, Some(lowest)) if entries >= MAX_CERTAIN_ENTRIES => Reach::From(lowest),
        _ => Reach::Whole,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn absence_from_a_cut_list_proves_nothing() {
        let oldest = "1212161512043446272".parse().unwrap();
        let lowest = Some(oldest);
        assert_eq!(reach_of(ListKind::Likes, 2_999, lowest), Reach::Whole);
        assert_eq!(reach_of(ListKind::Likes, 3_000, lowest), Reach::Nothing);
        assert_eq!(reach_of(ListKind::Posts, 3_200, lowest), Reach::From(oldest));
        assert_eq!(reach_of(ListKind::Bookmarks, 800, lowest), Reach::Nothing);
        assert_eq!(reach_of(ListKind::Following, 1_000_000, lowest), Reach::Whole);
    }
}
