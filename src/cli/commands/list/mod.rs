//! `cleanup list`: a list of the account's from the platform, as a CSV to look at, edit and run. It reads and changes nothing.

mod cost;
mod deliver;
mod stopped;

pub(super) use self::cost::Extent;
use self::deliver::{Delivery, deliver};
pub(super) use self::stopped::ending;
use super::session::{Bounds, account_of, reader};
use super::signals::Signals;
use crate::app::request::ListRequest;
use crate::app::{self, PlatformSession};
use crate::cli::args::ListArgs;
use crate::cli::context::{Context, for_this_queue};
use crate::cli::output::{refuse_existing, refuse_places};
use crate::domain::{Action, Tick, counted};
use crate::engine::{Signal, Urgency, shutdown};
use crate::error::{CommandError, ErrorKind};
use crate::lists::ListKind;
use crate::lists::fetch::{Budget, Enough, FetchEnd, FetchError, ListQuery, Read, Reader, read_list};
use crate::platform::{ListEndpoint, find_list_endpoint};
use crate::store::{Account, ListLock, ReadingId, Store};

/// Reads the list and writes it.
///
/// # Errors
/// The platform has no such list, the account needs a person, nobody answers; the queue or the CSV cannot be written.
pub async fn run(context: &Context, args: &ListArgs) -> Result<u8, CommandError> {
    let until = args.deadline(context.clock.now(), &context.zone)?;
    fetch(context, &args.request(until)).await
}

/// The same, whoever asks.
///
/// # Errors
/// As [`run`].
pub(super) async fn fetch(context: &Context, args: &ListRequest) -> Result<u8, CommandError> {
    let now = context.clock.now();
    let kind = args.list.target_kind();
    let which = &args.which;
    let filter = which.wanted.resolve(Some(kind), now.wall, &context.zone)?;
    if filter.not_following_back && args.list == ListKind::Followers {
        let error =
            CommandError::new(ErrorKind::Usage, "--not-following-back asks whether somebody follows, and followers do");
        return Err(error.hint("use it with `cleanup list following`"));
    }
    let outputs = [args.output.as_ref(), args.once.spared.as_ref()];
    refuse_places(outputs, [which.wanted.keep.as_ref(), which.wanted.only.as_ref()])?;
    refuse_existing(outputs, args.once.force)?;
    let until = args.once.until.map(|until| Tick(now.tick.0.saturating_add(until.0.saturating_sub(now.wall.0))));

    let mut reach = PlatformSession::open(&context.settings, args.platform, &context.clock).await?;
    reach.who.learn_users(&reach.client, &context.clock, context.has_logins().await?).await?;
    let mut store = context.open_queue().await?;
    let default = reach.who.register_accounts(&mut store, args.account.as_ref(), &[]).await?.default;
    let account = account_of(&mut store, default).await?;
    let plan = plan(args.list, filter.not_following_back, &account)?;
    let locks = lock_all(&store, &account, &plan)?;
    reach.recall(&mut store, &account).await?;
    warn_of_scopes(&mut store, &account, &plan, context).await?;
    let newest_posts = filter.inactive_since.is_some();
    announce(&account, &plan, Extent::of(args.list, &filter, which.take), newest_posts, context);

    let mut signals = Signals::listen()?;
    let (sender, receiver) = shutdown();
    let mut aborted = receiver.clone();
    let budget = Budget { max_requests: args.max_requests, max_spend: args.max_spend, ..Budget::default() };
    let bounds =
        Bounds { budget, until, give_up_after: args.give_up_after.unwrap_or(context.settings.run.give_up_after) };
    let mut reader = reader(context, (&reach.who, &reach.client), store, &account, bounds, receiver).await?;
    let reading = async {
        let mut ended: Vec<(ListKind, Read)> = Vec::with_capacity(plan.len());
        for (list, row) in &plan {
            // Who follows the account is told by all of its followers, whatever the limit.
            let is_asked_for = *list == args.list;
            let query = ListQuery {
                list: *list,
                fresh: args.once.fresh,
                filter: is_asked_for.then_some(&filter),
                enough: is_asked_for
                    .then(|| Enough::of(&filter, which.take, args.list, followers_of(&ended)))
                    .flatten(),
            };
            let read = read_list(&mut reader, row, query).await?;
            let is_stopped = read.stopped().is_some();
            ended.push((*list, read));
            if is_stopped {
                break;
            }
        }
        Ok::<_, FetchError>(ended)
    };
    let ended = tokio::select! {
        ended = reading => ended?,
        signal = signals.relay(&sender, context) => match signal {},
        () = aborted.at_least(Urgency::Abort) => {
            context.printer.say("stopped at once; what was read is kept");
            return Ok(aborted.now().1.map_or(130, Signal::exit_code));
        }
    };
    let code = conclude(context, (args, &account), &mut reader, &ended, filter).await?;
    drop(locks);
    reader.deps.store.close().await;
    reach.close().await;
    Ok(code)
}

/// The reading of the followers, where they were read for another list.
fn followers_of(ended: &[(ListKind, Read)]) -> Option<ReadingId> {
    ended.iter().find(|(list, _)| *list == ListKind::Followers).map(|(_, read)| read.state.id)
}

pub(super) type Plan = Vec<(ListKind, &'static ListEndpoint)>;

/// What has to be read: whether somebody follows back is told by the followers, which come first.
pub(super) fn plan(list: ListKind, follows_back: bool, account: &Account) -> Result<Plan, CommandError> {
    let followers = follows_back.then_some(ListKind::Followers);
    let row = |list: ListKind| {
        find_list_endpoint(account.platform, list).map(|row| (list, row)).ok_or_else(|| {
            let platform = account.platform;
            CommandError::new(ErrorKind::Usage, format!("{platform} has no list of {list} that can be read"))
                .hint("take it from your data archive with `cleanup import`, or use an account of x-v2")
        })
    };
    followers.into_iter().chain([list]).map(row).collect()
}

/// Two processes at one list would turn each other's pages.
pub(super) fn lock_all(store: &Store, account: &Account, plan: &Plan) -> Result<Vec<ListLock>, CommandError> {
    let lock = |list: ListKind| {
        ListLock::try_take(store.path(), account.id, list.read_as().name())?.ok_or_else(|| {
            let holder = ListLock::holder(store.path(), account.id, list.read_as().name());
            let who = holder.map_or_else(String::new, |holder| format!(" ({holder})"));
            CommandError::new(ErrorKind::Busy, format!("another process is reading {list} of {}{who}", account.name))
                .hint("wait for it, or end it; what it has read is kept")
        })
    };
    plan.iter().map(|(list, _)| lock(*list)).collect()
}

pub(super) async fn warn_of_scopes(
    store: &mut Store,
    account: &Account,
    plan: &Plan,
    context: &Context,
) -> Result<(), CommandError> {
    let Some(record) = store.accounts().credential(account.id).await? else { return Ok(()) };
    let Some(granted) = record.set.scopes.as_deref() else { return Ok(()) };
    let granted: Vec<&str> = granted.split(' ').collect();
    for (list, row) in plan {
        let missing: Vec<&str> = row.scopes.iter().copied().filter(|scope| !granted.contains(scope)).collect();
        if !missing.is_empty() {
            // The login for an action has the scopes of its list.
            let action = list.undone_by().unwrap_or(Action::Unfollow);
            let warning = format!(
                "{} was not granted {}, which reading {list} needs; run `{}`",
                account.name,
                missing.join(" and "),
                app::login_to_allow(account, &record, action)
            );
            context.printer.warn(&for_this_queue(&context.settings, &warning));
        }
    }
    Ok(())
}

/// It reads only, so nobody is asked; but it costs. `extent` is of the last list of the plan, those before it are read whole.
pub(super) fn announce(account: &Account, plan: &Plan, extent: Extent, newest_posts: bool, context: &Context) {
    if context.settings.is_sandbox() {
        return;
    }
    for (index, (list, row)) in plan.iter().enumerate() {
        let is_last = index + 1 == plan.len();
        let price = if is_last { extent.price(row, newest_posts) } else { Extent::Whole.price(row, false) };
        context.printer.say(&format!("reading {list} of {} at {}: {price}", account.name, account.platform));
    }
}

/// How much has been read. Reposts are found among the account's posts.
fn read_text(list: ListKind, entries: u64) -> String {
    match list {
        ListKind::Reposts => format!("{} looked through", counted(entries, "post", "posts")),
        _ => counted(entries, "entry", "entries"),
    }
}

/// Writes the CSV where everything has been read; says how to resume where not.
async fn conclude(
    context: &Context,
    (args, account): (&ListRequest, &Account),
    reader: &mut Reader,
    ended: &[(ListKind, Read)],
    filter: crate::lists::filter::Filter,
) -> Result<u8, CommandError> {
    let Some((list, last)) = ended.last() else { return Ok(0) };
    if let Some(stop) = last.stopped() {
        let kept: u64 = ended.iter().map(|(_, read)| read.state.entries).sum();
        let again = context.command(&["list", args.list.name()]);
        return ending(context, &again, *list, stop, kept, (reader, account.name.as_str()));
    }
    let followers = followers_of(ended).filter(|_| args.list != ListKind::Followers);
    if last.resumed_from > 0 {
        let entries = counted(last.resumed_from, "entry was", "entries were");
        context.printer.say(&format!("{entries} kept from an earlier, unfinished reading"));
    }
    let delivery = Delivery { reading: last.state.id, followers, filter };
    let written = deliver(context, args, &mut reader.deps.store, delivery).await?;
    for (_, read) in ended {
        match read.end {
            FetchEnd::Enough => {
                reader.deps.store.lists().hand_over_reading(read.state.id, context.clock.now().wall).await?
            }
            FetchEnd::Complete | FetchEnd::Stopped(_) => reader.deps.store.lists().drop_reading(read.state.id).await?,
        }
    }
    let spent = if context.settings.is_sandbox() || reader.budget.spent.0 == 0 {
        String::new()
    } else {
        format!(", {}", reader.budget.spent_text())
    };
    context.printer.say(&format!(
        "{}: {}, {written} written; {}{spent}",
        args.list,
        read_text(args.list, last.state.entries),
        counted(reader.budget.requests, "request", "requests")
    ));
    if last.end == FetchEnd::Enough {
        context.printer.say(&format!(
            "--limit is filled, and the rest of {} was not read; {} without --limit continues from there",
            args.list,
            context.command(&["list", args.list.name()])
        ));
    }
    Ok(0)
}
