//! What is read for a drain before tasks can be sent: what names mean, and records of the accounts' own. As lists are, within the same windows,
//! by a reader of its own for each.
//!
//! In: what the engine asks for. Out: how it ended. What does not belong here: when it is asked for (`engine`), pages (`lists::fetch`).

use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crate::auth::TokenSource;
use crate::clock::SharedClock;
use crate::domain::Reason;
use crate::engine::{
    EndpointReader, LookupBounds, NamesRead, ReadingEnd, ReadingQuery, ReadingReport, ReadingWanted, Shutdown,
};
use crate::lists::fetch::{
    Budget, FetchDeps, FetchError, FetchEvent, LookedUp, Reader, Stop, Way, look_names_up, read_records,
};
use crate::platforms::Client;
use crate::store::Store;

/// Where nobody answers, the drain is told after so long: it knows whether others are answered.
const PATIENCE: Duration = Duration::from_secs(30);

/// Reads for the accounts of a drain.
#[derive(Clone)]
pub(super) struct DrainReader {
    /// The queue.
    pub(super) queue: PathBuf,
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
}

impl DrainReader {
    async fn read_to_the_end(self, query: ReadingQuery) -> ReadingReport {
        let ReadingQuery { account, access, wanted, until, mut waits } = query;
        let store = match Store::reopen(&self.queue).await {
            Ok(store) => store,
            Err(error) => return ReadingReport { end: ReadingEnd::Queue(error), names: NamesRead::default() },
        };
        let way = Way {
            account,
            platform: access.platform,
            user: access.user.clone(),
            base: Arc::clone(&access.base),
            app: Arc::clone(&access.app),
        };
        let deps = FetchDeps {
            store,
            client: self.client,
            tokens: self.tokens,
            clock: self.clock,
            shutdown: self.shutdown,
            request_deadline: self.request_deadline,
            give_up_after: self.give_up_after.min(PATIENCE),
            until,
        };
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
            ReadingWanted::Names { resolver, lanes, most, within } => {
                let LookupBounds { max_requests, max_spend } = within;
                let mut reader = reader(Budget { max_requests, max_spend, ..Budget::default() }).without_waiting();
                let mut looked_up = LookedUp::default();
                let looked = look_names_up(&mut reader, resolver, &lanes, most, &mut looked_up).await;
                let Budget { requests, spent, .. } = reader.budget;
                reader.deps.store.close().await;
                let LookedUp { found, settled } = looked_up;
                let all = found + settled.len() as u64;
                let end = looked.map_or_else(broken, |stop| stop.map_or(ReadingEnd::Whole(all), stopped));
                ReadingReport { end, names: NamesRead { found, settled, requests, spent } }
            }
        }
    }
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
