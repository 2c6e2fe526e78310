//! Which rows of a list pass a filter, remembered for the few that people look at: turning a page does not read a long list again.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::app::request::FilterOptions;
use crate::app::saved_list::{ChosenRows, ListShelf, SavedListInfo, SavedRows, choose_rows};
use crate::clock::LocalZone;
use crate::domain::Wall;
use crate::error::{CommandError, ErrorKind};
use crate::lists::filter::Filter;

/// Filters that are remembered.
const MAX_REMEMBERED: usize = 4;

/// What is asked of a list: its number, since when its rows are there, and the filter, whose ages are moments.
type Key = (u64, Wall, String);

/// The filters that people look at.
#[derive(Debug, Default)]
pub(super) struct ChosenCache(Mutex<Vec<(Key, Arc<ChosenRows>)>>);

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
        let key = (list.id, list.saved.at, format!("{:?} {take:?}", Filter { now: Wall(0), ..filter.clone() }));
        if let Some(known) = self.known(&key) {
            return Ok(known);
        }
        let (path, info) = (shelf.rows_path(list.id), list.info.clone());
        let read = tokio::task::spawn_blocking(move || choose_rows(&path, &info, &filter, take)).await;
        let fault = |error| CommandError::new(ErrorKind::Fault, "the list could not be filtered").because(error);
        let chosen = Arc::new(read.map_err(fault)??);
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(0, (key, Arc::clone(&chosen)));
        all.truncate(MAX_REMEMBERED);
        Ok(chosen)
    }

    fn known(&self, key: &Key) -> Option<Arc<ChosenRows>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = all.iter().position(|(known, _)| known == key)?;
        let found = all.remove(at);
        let chosen = Arc::clone(&found.1);
        all.insert(0, found);
        Some(chosen)
    }
}
