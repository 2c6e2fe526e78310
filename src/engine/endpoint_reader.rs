//! Who reads for a drain what has to be known before an endpoint's tasks can be sent: what names mean, and the records of the accounts' own.
//! What it is asked, and how that ended. What does not belong here: when it is asked (`readings`), and reading (outside of this room, where
//! lists are read).

use std::pin::Pin;
use std::sync::Arc;

use super::account::EndpointKey;
use super::budget::LookupBounds;
use super::settings::Access;
use crate::auth::NoToken;
use crate::domain::{AccountId, Action, LaneId, MicroUsd, Reason, Target, TargetName, TaskId, Tick, Wall};
use crate::platforms::{Endpoint, ListEndpoint, NameResolver, Reply};
use crate::store::{Resolution, SettledByName, StoreError};

/// What is read for an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum ReadingOf {
    Names,
    Records,
}

/// A reading, by its endpoint.
pub(super) type ReadingKey = (EndpointKey, ReadingOf);

/// Reads what a drain has to know: into the queue what goes before an endpoint's tasks, and how things stand.
pub trait EndpointReader: Send + Sync {
    /// Goes on with the reading on record, or begins one.
    fn read(&self, query: ReadingQuery) -> Pin<Box<dyn Future<Output = ReadingReport> + Send>>;

    /// Looks once at what a request was about, within the windows of lists; none: there was no slot, or no way to look.
    fn look_back(&self, look: LookBack) -> Pin<Box<dyn Future<Output = Option<Reply>> + Send>>;
}

/// What is to be looked at once more.
pub struct LookBack {
    /// Whose request it was.
    pub account: AccountId,
    /// The way to the account's platform.
    pub access: Arc<Access>,
    /// Where the request went.
    pub endpoint: &'static Endpoint,
    /// What it was about.
    pub target: Target,
    /// Past this nobody waits for the answer.
    pub deadline: Tick,
}

/// What is to be read.
pub struct ReadingQuery {
    /// Whose.
    pub account: AccountId,
    /// The way to the account's platform.
    pub access: Arc<Access>,
    /// What.
    pub wanted: ReadingWanted,
    /// Nothing is asked after this.
    pub until: Option<Tick>,
    /// Hears of waits: until when, and why.
    pub waits: Box<dyn FnMut(Wall, String) + Send>,
}

/// What a reading is for.
#[derive(Clone, Debug)]
pub enum ReadingWanted {
    /// The records that an action deletes.
    Records {
        /// Which action.
        action: Action,
        /// The collections, in the order in which the records of a subject are deleted.
        collections: &'static [&'static ListEndpoint],
    },
    /// What names mean: those under which tasks stand in line, and those on keep lists.
    Names {
        /// Who is asked.
        resolver: &'static NameResolver,
        /// The lanes, each with the last task that is visible of it.
        lanes: Vec<(LaneId, TaskId)>,
        /// Names on the lists that guard the lanes.
        kept: Vec<TargetName>,
        /// So many names of each at most.
        most: u32,
        /// So many requests at most, and so much money.
        within: LookupBounds,
    },
}

/// What came of a reading.
#[derive(Debug)]
pub struct ReadingReport {
    /// How it ended.
    pub end: ReadingEnd,
    /// What was found of names until then.
    pub names: NamesRead,
}

/// What was found of names.
#[derive(Debug, Default)]
pub struct NamesRead {
    /// Tasks that stand in line under what their names mean.
    pub found: u64,
    /// Tasks that were settled by what their names came to.
    pub settled: Vec<SettledByName>,
    /// What names on keep lists came to.
    pub kept: Vec<(TargetName, Resolution)>,
    /// Requests sent.
    pub requests: u64,
    /// What they cost.
    pub spent: MicroUsd,
}

/// How a reading ended.
#[derive(Debug)]
pub enum ReadingEnd {
    /// With all that was wanted; of records, so many entries were read.
    Whole(u64),
    /// Before it: the run is to end. What was read is kept.
    Ended,
    /// What it may use is used up.
    UsedUp,
    /// No request may leave before then; why, for people.
    Later(Wall, String),
    /// The account or its app needs a person: one word, and what the platform said.
    Person(Reason, String),
    /// The platform does not take the question, and said so.
    NotTaken(String),
    /// It does not tell whom names on keep lists mean, of whom it knows; which, and why.
    KeptUntold(String),
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
