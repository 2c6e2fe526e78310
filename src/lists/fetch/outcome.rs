//! What a reader says: why it stopped, what a person may want to hear, what went wrong on our side.

use crate::auth::NoToken;
use crate::domain::Wall;
use crate::engine::Signal;
use crate::error::CommandError;
use crate::lists::filter::Rule;
use crate::platforms::Page;
use crate::store::{ReadEnd, ReadId, StoreError};

/// Why reading stopped before the last page. What was read is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// `--until` or `--for`, or no slot comes before it.
    Deadline,
    /// `--max-requests`.
    Requests,
    /// `--max-spend`.
    Spend,
    /// A wait until then, and why, where nobody wants to wait.
    Later(Wall, String),
    /// A cap that outlasts any reasonable wait, until then.
    Cap(Wall),
    /// A signal.
    Interrupted(Signal),
    /// The account or its app needs a person: one word, and what the platform said.
    Person(String, String),
    /// No answer at all for too long.
    Unreachable(String),
    /// The platform answers, and never with a page.
    World(String),
    /// The first entries do not tell what is asked.
    Untold(Untold),
    /// The platform does not take what was asked: a cursor that has run out, most likely.
    Malformed(String),
}

/// What the first entries of a list do not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Untold {
    /// What this option asks, so its rule would spare all of them.
    Rule(&'static str, Rule),
    /// Which posts they repeat, so none of them could be undone.
    Reposts,
}

/// What came of asking.
#[derive(Debug)]
pub enum PageAnswer {
    /// A page, and its request: to be ended in the transaction that keeps the page.
    Page(Page, ReadId, ReadEnd),
    /// None.
    Stopped(Stop),
}

/// What a person may want to hear meanwhile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FetchEvent {
    /// Waiting until then, because.
    Waiting {
        /// Until when.
        until: Wall,
        /// Why, for people.
        why: String,
    },
    /// An answer that was no page; it is asked again.
    Trouble(String),
    /// A page: how many entries this reading has, and how many pages.
    Page {
        /// Entries kept.
        entries: u64,
        /// Pages read.
        pages: u64,
    },
}

/// What goes wrong on our side.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The queue.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The credentials cannot be used, for a reason of the configuration's.
    #[error(transparent)]
    Token(NoToken),
}

impl From<FetchError> for CommandError {
    fn from(error: FetchError) -> CommandError {
        match error {
            FetchError::Store(error) => error.into(),
            FetchError::Token(error) => error.into(),
        }
    }
}
