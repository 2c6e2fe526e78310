//! What the page of a list shows.

use std::sync::Arc;

use crate::app::request::FilterOptions;
use crate::app::saved_list::{ChosenRows, ListedRow, SavedListInfo, SavedRows, TickedOut};
use crate::web::lists::query;

/// A list and some of its rows.
pub(in crate::web) struct ListPage {
    pub(in crate::web) id: u64,
    pub(in crate::web) info: SavedListInfo,
    pub(in crate::web) saved: SavedRows,
    pub(in crate::web) options: FilterOptions,
    pub(in crate::web) page: usize,
    pub(in crate::web) last_page: usize,
    pub(in crate::web) rows: Vec<ListedRow>,
    pub(in crate::web) out: TickedOut,
    /// Rows that pass and are not ticked out.
    pub(in crate::web) left: u64,
    pub(in crate::web) chosen: Arc<ChosenRows>,
    /// Whether there are names that are never touched, and names that alone are.
    pub(in crate::web) has_names: [bool; 2],
}

/// The address of a list with what is asked of it.
pub(super) fn list_address(id: u64, options: &FilterOptions) -> String {
    let query = query(options);
    if query.is_empty() { format!("/lists/{id}") } else { format!("/lists/{id}?{query}") }
}
