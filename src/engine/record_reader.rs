//! Who reads the records of the accounts' own for a drain: what it is asked, and how that ended. What does not belong here: when it is asked
//! (`own_records`), and reading (outside of this room, where lists are read).

use std::pin::Pin;
use std::sync::Arc;

use super::settings::Access;
use crate::auth::NoToken;
use crate::domain::{AccountId, Action, Reason, Tick, Wall};
use crate::platforms::ListEndpoint;
use crate::store::StoreError;

/// Reads the records of an account's own into the queue.
pub trait RecordReader: Send + Sync {
    /// Goes on with the reading on record, or begins one.
    fn read(&self, query: RecordQuery) -> Pin<Box<dyn Future<Output = RecordsRead> + Send>>;
}

/// What is to be read.
pub struct RecordQuery {
    /// Whose.
    pub account: AccountId,
    /// Which action deletes them.
    pub action: Action,
    /// The way to the account's platform.
    pub access: Arc<Access>,
    /// The collections, in the order in which the records of a subject are deleted.
    pub collections: &'static [&'static ListEndpoint],
    /// Nothing is asked after this.
    pub until: Option<Tick>,
    /// Hears of waits: until when, and why.
    pub waits: Box<dyn FnMut(Wall, String) + Send>,
}

/// How a reading of records ended.
#[derive(Debug)]
pub enum RecordsRead {
    /// With the last page; so many entries were read.
    Whole(u64),
    /// Before it: the run is to end. What was read is kept.
    Ended,
    /// The account or its app needs a person: one word, and what the platform said.
    Person(Reason, String),
    /// The platform does not take the question, and said so.
    NotTaken(String),
    /// The platform answers, and never with a page.
    Failing(String),
    /// Nobody answers.
    Silent(String),
    /// A cap, until then.
    Held(Wall),
    /// There are no credentials.
    NoToken(NoToken),
    /// The queue cannot be read or written.
    Queue(StoreError),
}
