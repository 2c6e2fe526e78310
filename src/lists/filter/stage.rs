//! What comes after the filter: order and limit, in bounded memory.
//!
//! In: entries that passed, one by one. Out: those that go on, at once or at the end, and those that the limit spares. What
//! does not belong here: deciding who passes.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::Rule;
use crate::domain::Wall;
use crate::error::{CommandError, ErrorKind};

/// The most entries that are put in order: all of them stand in memory until the last has been seen.
pub const MAX_ORDERED_ENTRIES: usize = 500_000;

crate::domain::with_names! {
    /// Which entries come first.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum Order {
        /// By date, the oldest first.
        Oldest => "oldest",
        /// By date, the newest first.
        Newest => "newest",
    }
}

/// What `--limit` and `--order` say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct Take {
    /// So many pass at most.
    pub limit: Option<usize>,
    /// Put in order first; none: as they come.
    pub order: Option<Order>,
}

/// There are more entries than can be put in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there are more than {MAX_ORDERED_ENTRIES} entries, and no more can be put in order")]
pub struct TooManyToOrder;

/// What became of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Staged<T> {
    /// It goes on now.
    Out(T),
    /// It is held until the end, in its order.
    Held,
    /// It, or one that was held before it, is spared.
    Spared(T, Rule),
}

/// Order and limit at work. Entries without a date come last in either order, and so are the first that a limit spares; of
/// the same date, and where there is no order, the first come is first.
#[derive(Debug)]
pub struct Stage<T> {
    take: Take,
    out: usize,
    come: u64,
    held: BinaryHeap<Held<T>>,
}

impl<T> Stage<T> {
    /// An empty stage.
    pub fn new(take: Take) -> Stage<T> {
        Stage { take, out: 0, come: 0, held: BinaryHeap::new() }
    }

    /// Takes the next entry that passed, with its date.
    ///
    /// # Errors
    /// Without a limit only [`MAX_ORDERED_ENTRIES`] can be put in order.
    pub fn push(&mut self, date: Option<Wall>, item: T) -> Result<Staged<T>, TooManyToOrder> {
        let Some(order) = self.take.order else {
            if self.is_full() {
                return Ok(Staged::Spared(item, Rule::Limit));
            }
            self.out += 1;
            return Ok(Staged::Out(item));
        };
        let most = self.take.limit.unwrap_or(usize::MAX);
        if self.held.len() >= most.min(MAX_ORDERED_ENTRIES) && most > MAX_ORDERED_ENTRIES {
            return Err(TooManyToOrder);
        }
        let rank = date.map_or(i64::MAX, |date| if order == Order::Oldest { date.0 } else { date.0.saturating_neg() });
        self.held.push(Held { key: (rank, self.come), item });
        self.come += 1;
        let fallen = if self.held.len() > most { self.held.pop() } else { None };
        Ok(fallen.map_or(Staged::Held, |held| Staged::Spared(held.item, Rule::Limit)))
    }

    /// Whether nothing that comes now can go on: whoever pays for reading may stop.
    pub fn is_full(&self) -> bool {
        self.take.order.is_none() && self.take.limit.is_some_and(|limit| self.out >= limit)
    }

    /// What was held, in its order.
    pub fn finish(self) -> Vec<T> {
        self.held.into_sorted_vec().into_iter().map(|held| held.item).collect()
    }
}

/// An entry that waits for its place; the heap's greatest is the last in line.
#[derive(Debug)]
struct Held<T> {
    key: (i64, u64),
    item: T,
}

impl<T> PartialEq for Held<T> {
    fn eq(&self, other: &Held<T>) -> bool {
        self.key == other.key
    }
}

impl<T> Eq for Held<T> {}

impl<T> PartialOrd for Held<T> {
    fn partial_cmp(&self, other: &Held<T>) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Held<T> {
    fn cmp(&self, other: &Held<T>) -> Ordering {
        self.key.cmp(&other.key)
    }
}

impl From<TooManyToOrder> for CommandError {
    fn from(error: TooManyToOrder) -> CommandError {
        CommandError::new(ErrorKind::Usage, error.to_string()).hint("add --limit N, or leave out --order")
    }
}
