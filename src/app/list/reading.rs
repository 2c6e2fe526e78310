//! A list that is going to be read, and has been: whose it is, what it stands on, and how far it came.

use super::access::{FetchListener, ListAccess, ReadingBounds, account_of};
use super::deliver::{ListSink, deliver};
use super::end::{ListEnd, ListReport};
use super::plan::list_filter;
use super::stopped::unfinished;
use crate::app::platform_session::PlatformSession;
use crate::app::request::ListRequest;
use crate::app::{StoredLogins, command};
use crate::clock::SharedClock;
use crate::config::Settings;
use crate::domain::{ListKind, Tick};
use crate::engine::Shutdown;
use crate::error::{CommandError, ErrorKind};
use crate::lists::fetch::{Beside, Budget, Enough, FetchEnd, ListQuery, Read, read_list, read_pinned, read_profiles};
use crate::lists::filter::Filter;
use crate::store::{ReadingId, Store};
use crate::text::LocalClock;

/// A list that is going to be read, and has been.
pub(super) struct ListReading<'a> {
    /// What it stands on.
    pub(super) access: ListAccess,
    request: &'a ListRequest,
    settings: &'a Settings,
    clock: (&'a SharedClock, &'a LocalClock),
    filter: Filter,
    ended: Vec<(ListKind, Read)>,
    /// Which users of the list are still there, where that is asked.
    profiles: Option<Read>,
    /// Which posts are pinned, where that is asked and the list does not say.
    pinned: Option<Read>,
}

impl<'a> ListReading<'a> {
    /// Finds out whose list is to be read, whether it can be, and what that costs.
    ///
    /// # Errors
    /// The options contradict each other, the platform has no such list, it is not said whose it is.
    pub(super) async fn begin(
        settings: &'a Settings,
        (clock, local): (&'a SharedClock, &'a LocalClock),
        request: &'a ListRequest,
        heard: (Shutdown, FetchListener),
    ) -> Result<ListReading<'a>, CommandError> {
        let (now, which) = (clock.now(), &request.which);
        let filter = list_filter(request, now.wall, &local.zone)?;
        let tick = |until: i64| Tick(now.tick.0.saturating_add(until.saturating_sub(now.wall.0)));

        let mut session = PlatformSession::open(settings, request.platform, clock).await?;
        session.who.learn_users(&session.client, clock, &StoredLogins::at(settings).await?).await?;
        let mut store = Store::open(settings.db()?, settings.kind).await?;
        let default = session.who.register_accounts(&mut store, request.account.as_ref(), &[]).await?.default;
        let account = account_of(&mut store, default).await?;
        let bounds = ReadingBounds {
            budget: Budget { max_requests: request.max_requests, max_spend: request.max_spend, ..Budget::default() },
            until: request.once.until.map(|until| tick(until.0)),
            give_up_after: request.give_up_after.unwrap_or(settings.run.give_up_after),
        };
        let wanted = (request.list, &filter, which.take);
        let access = ListAccess::open((settings, clock), (session, store, &account), wanted, bounds, heard).await?;
        Ok(ListReading {
            access,
            request,
            settings,
            clock: (clock, local),
            filter,
            ended: Vec::new(),
            profiles: None,
            pinned: None,
        })
    }

    /// Reads it.
    pub(super) async fn read(&mut self) -> Result<(), CommandError> {
        let ListReading { access, request, filter, ended, profiles, pinned, .. } = self;
        if let Some(row) = access.plan.pinned {
            let read = read_pinned(&mut access.reader, row).await?;
            let is_stopped = read.stopped().is_some();
            *pinned = Some(read);
            if is_stopped {
                return Ok(());
            }
        }
        let pinned = pinned.as_ref().map(|read| read.state.id);
        for (list, row) in &access.plan.lists {
            // Who follows the account is told by all of its followers, whatever the limit.
            let is_asked_for = *list == request.list;
            let beside = Beside { followers: followers_of(ended), profiles: None, pinned };
            let enough = || Enough::of(filter, request.which.take, (request.list, row), beside);
            let query = ListQuery {
                list: *list,
                fresh: request.once.fresh,
                filter: is_asked_for.then_some(&*filter),
                enough: is_asked_for.then(enough).flatten(),
            };
            let read = read_list(&mut access.reader, row, query).await?;
            let is_stopped = read.stopped().is_some();
            ended.push((*list, read));
            if is_stopped {
                return Ok(());
            }
        }
        if let (Some(row), Some((_, whole))) = (access.plan.profiles, ended.last()) {
            *profiles = Some(read_profiles(&mut access.reader, row, &whole.state).await?);
        }
        Ok(())
    }

    /// Has the list written where everything has been read; else the end says how to resume. `sink` makes what it is written to.
    ///
    /// # Errors
    /// The account needs a person, nobody answers; the queue or the CSV cannot be written.
    pub(super) async fn deliver(
        self,
        sink: impl FnOnce() -> Result<Box<dyn ListSink>, CommandError>,
    ) -> Result<ListEnd, CommandError> {
        let ListReading { mut access, request, settings, clock: (clock, local), filter, ended, profiles, pinned } =
            self;
        let no_list = || CommandError::new(ErrorKind::Fault, "no list was read");
        let (_, row) = *access.plan.lists.last().ok_or_else(no_list)?;
        let (reader, now) = (&mut access.reader, clock.now().wall);
        let reads = pinned.iter().chain(ended.iter().map(|(_, read)| read)).chain(&profiles);
        let again = again(settings, request);
        let end = if let Some(stop) = reads.clone().find_map(Read::stopped) {
            let list = ended.last().map_or(request.list, |(list, _)| *list);
            let kept = ended.iter().map(|(_, read)| read.state.entries).sum();
            let again = (again.as_str(), access.account.as_str());
            ListEnd::Unfinished(unfinished((list, kept), stop, again, &reader.budget, (local, now))?)
        } else {
            let (_, last) = ended.last().ok_or_else(no_list)?;
            let followers = followers_of(&ended).filter(|_| request.list != ListKind::Followers);
            let readings = (row, last.state.id);
            let id_of = |read: &Option<Read>| read.as_ref().map(|read| read.state.id);
            let beside = Beside { followers, profiles: id_of(&profiles), pinned: id_of(&pinned) };
            let delivered = deliver(request, &mut reader.deps.store, readings, beside, filter, sink()?).await?;
            for read in reads {
                let mut lists = reader.deps.store.lists();
                match read.end {
                    FetchEnd::Enough => lists.hand_over_reading(read.state.id, now).await?,
                    FetchEnd::Complete | FetchEnd::Stopped(_) => lists.drop_reading(read.state.id).await?,
                }
            }
            let is_free = settings.is_sandbox() || reader.budget.spent.0 == 0;
            ListEnd::Written(ListReport {
                list: request.list,
                resumed_from: last.resumed_from,
                entries: last.state.entries,
                delivered,
                requests: reader.budget.requests,
                spent: (!is_free).then(|| reader.budget.spent_text()),
                rest: (last.end == FetchEnd::Enough).then(|| rest(settings, request)),
            })
        };
        access.close().await.close().await;
        Ok(end)
    }
}

/// The command that reads the same list of the same account.
fn again(settings: &Settings, request: &ListRequest) -> String {
    command_of(settings, request, &[])
}

/// The same with the rules that the list was filtered by.
fn rest(settings: &Settings, request: &ListRequest) -> String {
    command_of(settings, request, &request.which.rule_words())
}

fn command_of(settings: &Settings, request: &ListRequest, rules: &[String]) -> String {
    let mut words = vec!["list", request.list.name()];
    words.extend(rules.iter().map(String::as_str));
    if let Some(account) = &request.account {
        words.extend(["--account", account.as_str()]);
    }
    if let Some(platform) = request.platform {
        words.extend(["--platform", platform.name()]);
    }
    command(settings, &words)
}

/// The reading of the followers, where they were read for another list.
fn followers_of(ended: &[(ListKind, Read)]) -> Option<ReadingId> {
    ended.iter().find(|(list, _)| *list == ListKind::Followers).map(|(_, read)| read.state.id)
}
