//! What is read for a drain before tasks can be sent: what names mean, and records of the accounts' own. As lists are, within the same windows,
//! by a reader of its own for each.
//!
//! In: what the engine asks for. Out: how it ended. What does not belong here: when it is asked for (`engine`), pages (`lists::fetch`).

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crate::auth::TokenSource;
use crate::clock::SharedClock;
use crate::domain::{AccountId, Reason, TargetName, Tick};
use crate::engine::{
    Access, EndpointReader, LookBack, LookupBounds, NamesRead, ReadingEnd, ReadingQuery, ReadingReport, ReadingWanted,
    Shutdown,
};
use crate::lists::fetch::{
    Budget, FetchDeps, FetchError, FetchEvent, LookedAt, LookedUp, NamesWanted, Reader, Stop, Way, look_back,
    look_names_up, read_records,
};
use crate::platforms::{Client, Reply};
use crate::store::{QueuePlace, Store, StoreError};

/// Where nobody answers, the drain is told after so long: it knows whether others are answered.
const PATIENCE: Duration = Duration::from_secs(30);

/// Reads for the accounts of a drain.
#[derive(Clone)]
pub(super) struct DrainReader {
    /// The queue.
    pub(super) queue: QueuePlace,
    pub(super) client: Arc<Client>,
    pub(super) tokens: Arc<TokenSource>,
    pub(super) clock: SharedClock,
    pub(super) shutdown: Shutdown,
    pub(super) request_deadline: Duration,
    pub(super) give_up_after: Duration,
}

impl EndpointReader for DrainReader {
    fn read(&self, query: ReadingQuery) -> Pin<Box<dyn Future<Output = ReadingReport> + Send>> {
        Box::pin(self.clone().read_to_the_end(query))
    }

    fn look_back(&self, look: LookBack) -> Pin<Box<dyn Future<Output = Option<Reply>> + Send>> {
        Box::pin(self.clone().look_once(look))
    }
}

impl DrainReader {
    async fn deps(self, until: Option<Tick>) -> Result<FetchDeps, StoreError> {
        Ok(FetchDeps {
            store: Store::reopen(&self.queue).await?,
            client: self.client,
            tokens: self.tokens,
            clock: self.clock,
            shutdown: self.shutdown,
            request_deadline: self.request_deadline,
            give_up_after: self.give_up_after.min(PATIENCE),
            until,
        })
    }

    async fn look_once(self, look: LookBack) -> Option<Reply> {
        let current = self.tokens.cached(look.account)?;
        let way = way_of(look.account, &look.access);
        let mut deps = self.deps(Some(look.deadline)).await.map_err(|error| tracing::debug!(%error, "no look")).ok()?;
        let asked = LookedAt { endpoint: look.endpoint, target: &look.target, deadline: look.deadline };
        let looked = look_back(&mut deps, &way, &current.credentials, asked).await;
        deps.store.close().await;
        looked.map_err(|error| tracing::debug!(%error, "no look")).ok()?
    }

    async fn read_to_the_end(self, query: ReadingQuery) -> ReadingReport {
        let ReadingQuery { account, access, wanted, until, mut waits } = query;
        let deps = match self.deps(until).await {
            Ok(deps) => deps,
            Err(error) => return ReadingReport { end: ReadingEnd::Queue(error), names: NamesRead::default() },
        };
        let way = way_of(account, &access);
        let listener = move |event| match event {
            FetchEvent::Waiting { until, why } => waits(until, why),
            FetchEvent::Trouble(said) => tracing::debug!(said, "a page did not come"),
            FetchEvent::Page { .. } => {}
        };
        let reader = |budget| Reader::new(deps, way, budget, Box::new(listener));
        match wanted {
            ReadingWanted::Records { action, collections } => {
                let mut reader = reader(Budget::default());
                let read = read_records(&mut reader, action, collections).await;
                reader.deps.store.close().await;
                let end = read.map_or_else(broken, |read| read.map_or_else(stopped, ReadingEnd::Whole));
                ReadingReport { end, names: NamesRead::default() }
            }
            ReadingWanted::Names { resolver, lanes, kept, most, within } => {
                let LookupBounds { max_requests, max_spend } = within;
                let mut reader = reader(Budget { max_requests, max_spend, ..Budget::default() }).without_waiting();
                let mut looked_up = LookedUp::default();
                let wanted = NamesWanted { lanes: &lanes, kept: &kept, most };
                let looked = look_names_up(&mut reader, resolver, wanted, &mut looked_up).await;
                let Budget { requests, spent, .. } = reader.budget;
                reader.deps.store.close().await;
                let LookedUp { found, settled, kept, untold } = looked_up;
                let all = found + settled.len() as u64;
                let whole = || if untold.is_empty() { ReadingEnd::Whole(all) } else { kept_untold(&untold) };
                let end = looked.map_or_else(broken, |stop| stop.map_or_else(whole, stopped));
                ReadingReport { end, names: NamesRead { found, settled, kept, requests, spent } }
            }
        }
    }
}

fn way_of(account: AccountId, access: &Access) -> Way {
    let Access { platform, user, base, app, .. } = access;
    Way { account, platform: *platform, user: user.clone(), base: Arc::clone(base), app: Arc::clone(app) }
}

/// A row of theirs may be in line, and must not be sent.
fn kept_untold(untold: &[(TargetName, String)]) -> ReadingEnd {
    let names = untold.iter().map(|(name, reason)| format!("{name} ({reason})"));
    ReadingEnd::KeptUntold(names.collect::<Vec<_>>().join(", "))
}

fn broken(error: FetchError) -> ReadingEnd {
    match error {
        FetchError::Store(error) => ReadingEnd::Queue(error),
        FetchError::Token(error) => ReadingEnd::NoToken(error),
    }
}

fn stopped(stop: Stop) -> ReadingEnd {
    match stop {
        Stop::Cap(until) => ReadingEnd::Held(until),
        Stop::Person(reason, said) => ReadingEnd::Person(Reason::Owned(reason), said),
        Stop::Unreachable(detail) => ReadingEnd::Silent(detail),
        Stop::World(detail) => ReadingEnd::Failing(detail),
        Stop::Malformed(said) => ReadingEnd::NotTaken(said),
        Stop::Later(until, why) => ReadingEnd::Later(until, why),
        Stop::Requests | Stop::Spend => ReadingEnd::UsedUp,
        // Nothing is asked of entries.
        Stop::Deadline | Stop::Interrupted(_) | Stop::Untold(_) => ReadingEnd::Ended,
    }
}
