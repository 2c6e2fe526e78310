//! Records of the accounts' own, read for a drain: as lists are, within the same windows, by a reader of its own for each account.
//!
//! In: what the engine asks for. Out: how it ended. What does not belong here: when it is asked for (`engine`), pages (`lists::fetch`).

use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crate::auth::TokenSource;
use crate::clock::SharedClock;
use crate::domain::Reason;
use crate::engine::{RecordQuery, RecordReader, RecordsRead, Shutdown};
use crate::lists::fetch::{Budget, FetchDeps, FetchError, FetchEvent, Reader, Stop, Way, read_records};
use crate::platforms::Client;
use crate::store::Store;

/// Where nobody answers, the drain is told after so long: it knows whether others are answered.
const PATIENCE: Duration = Duration::from_secs(30);

/// Reads the records of a drain's accounts.
#[derive(Clone)]
pub(super) struct DrainRecordReader {
    /// The queue.
    pub(super) queue: PathBuf,
    pub(super) client: Arc<Client>,
    pub(super) tokens: Arc<TokenSource>,
    pub(super) clock: SharedClock,
    pub(super) shutdown: Shutdown,
    pub(super) request_deadline: Duration,
    pub(super) give_up_after: Duration,
}

impl RecordReader for DrainRecordReader {
    fn read(&self, query: RecordQuery) -> Pin<Box<dyn Future<Output = RecordsRead> + Send>> {
        Box::pin(self.clone().read_to_the_end(query))
    }
}

impl DrainRecordReader {
    async fn read_to_the_end(self, query: RecordQuery) -> RecordsRead {
        let RecordQuery { account, action, access, collections, until, mut waits } = query;
        let store = match Store::reopen(&self.queue).await {
            Ok(store) => store,
            Err(error) => return RecordsRead::Queue(error),
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
            FetchEvent::Trouble(said) => tracing::debug!(said, "a page of records did not come"),
            FetchEvent::Page { .. } => {}
        };
        let mut reader = Reader::new(deps, way, Budget::default(), Box::new(listener));
        let read = read_records(&mut reader, action, collections).await;
        reader.deps.store.close().await;
        match read {
            Ok(Ok(entries)) => RecordsRead::Whole(entries),
            Ok(Err(stop)) => stopped(stop),
            Err(FetchError::Store(error)) => RecordsRead::Queue(error),
            Err(FetchError::Token(error)) => RecordsRead::NoToken(error),
        }
    }
}

fn stopped(stop: Stop) -> RecordsRead {
    match stop {
        Stop::Cap(until) => RecordsRead::Held(until),
        Stop::Person(reason, said) => RecordsRead::Person(Reason::Owned(reason), said),
        Stop::Unreachable(detail) => RecordsRead::Silent(detail),
        Stop::World(detail) => RecordsRead::Failing(detail),
        Stop::Malformed(said) => RecordsRead::NotTaken(said),
        // Neither requests nor money are bounded here, and nothing is asked of entries.
        Stop::Deadline | Stop::Interrupted(_) | Stop::Requests | Stop::Spend | Stop::Untold(_) => RecordsRead::Ended,
    }
}
