//! Which rows of a list pass a filter, and where its rows are, remembered for the few that people look at: turning a page does not read a
//! long list again.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::app::request::FilterOptions;
use crate::app::saved_list::{
    ChosenRows, ListShelf, ListedRow, RowPlaces, SavedListInfo, SavedRows, choose_rows, read_rows,
};
use crate::clock::LocalZone;
use crate::domain::Wall;
use crate::error::{CommandError, ErrorKind};
use crate::lists::filter::Filter;

/// Filters, and lists, that are remembered.
const MAX_REMEMBERED: usize = 4;

/// A list as it was read once: its number, and since when its rows are there.
type ListKey = (u64, Wall);
/// What is asked of it: the filter, whose ages are moments.
type FilterKey = (ListKey, String);

/// What people look at.
#[derive(Debug, Default)]
pub(super) struct ChosenCache {
    chosen: Recent<FilterKey, ChosenRows>,
    places: Recent<ListKey, RowPlaces>,
}

/// The few that were asked for last, the newest first.
#[derive(Debug)]
struct Recent<K, V>(Mutex<Vec<(K, Arc<V>)>>);

impl<K, V> Default for Recent<K, V> {
    fn default() -> Recent<K, V> {
        Recent(Mutex::default())
    }
}

impl<K: PartialEq, V> Recent<K, V> {
    fn find(&self, key: &K) -> Option<Arc<V>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = all.iter().position(|(known, _)| known == key)?;
        all[..=at].rotate_right(1);
        all.first().map(|(_, found)| Arc::clone(found))
    }

    fn keep(&self, key: K, value: V) -> Arc<V> {
        let value = Arc::new(value);
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(0, (key, Arc::clone(&value)));
        all.truncate(MAX_REMEMBERED);
        value
    }
}

/// A list whose rows are there.
#[derive(Clone, Debug)]
pub(super) struct ReadyList {
    pub(super) id: u64,
    pub(super) info: SavedListInfo,
    pub(super) saved: SavedRows,
}

impl ChosenCache {
    /// Which rows pass, read on a thread of its own where that is not known.
    pub(super) async fn choose(
        &self,
        shelf: &ListShelf,
        list: &ReadyList,
        options: &FilterOptions,
        (now, zone): (Wall, &LocalZone),
    ) -> Result<Arc<ChosenRows>, CommandError> {
        let mut wanted = options.wanted.clone();
        wanted.keep = shelf.names_path(list.id, "keep");
        wanted.only = shelf.names_path(list.id, "only");
        let filter = wanted.resolve(Some(list.info.list.target_kind()), now, zone)?;
        let take = options.take;
        if filter.is_empty() && take.limit.is_none() && take.order.is_none() {
            let rows = u32::try_from(list.saved.rows).unwrap_or(u32::MAX);
            let chosen = ChosenRows { rows: (0..rows).collect(), read: list.saved.rows, spared: BTreeMap::new() };
            return Ok(Arc::new(chosen));
        }
        let key = (list.key(), format!("{:?} {take:?}", Filter { now: Wall(0), ..filter.clone() }));
        if let Some(known) = self.chosen.find(&key) {
            return Ok(known);
        }
        let (path, info, places) = (shelf.rows_path(list.id), list.info.clone(), self.places_of(list));
        let read = tokio::task::spawn_blocking(move || choose_rows(&path, &info, (&filter, take), &places)).await;
        Ok(self.chosen.keep(key, read.map_err(unread)??))
    }

    /// These rows of a list, read on a thread of its own.
    pub(super) async fn rows(
        &self,
        shelf: &ListShelf,
        list: &ReadyList,
        wanted: Vec<u32>,
    ) -> Result<Vec<ListedRow>, CommandError> {
        let (path, info, places) = (shelf.rows_path(list.id), list.info.clone(), self.places_of(list));
        tokio::task::spawn_blocking(move || read_rows(&path, &info, &wanted, &places)).await.map_err(unread)?
    }

    fn places_of(&self, list: &ReadyList) -> Arc<RowPlaces> {
        self.places.find(&list.key()).unwrap_or_else(|| self.places.keep(list.key(), RowPlaces::default()))
    }
}

impl ReadyList {
    fn key(&self) -> ListKey {
        (self.id, self.saved.at)
    }
}

fn unread(error: tokio::task::JoinError) -> CommandError {
    CommandError::new(ErrorKind::Fault, "the list could not be read").because(error)
}
