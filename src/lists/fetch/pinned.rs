//! The posts that the account has pinned, where its list of posts does not say which: a question of its own, asked anew for every list.

use super::outcome::{FetchError, PageAnswer, Stop};
use super::pages::{FetchEnd, Read, keep};
use super::reader::Reader;
use crate::platforms::{ListEndpoint, NextPage, Page, What};
use crate::store::{HoldNews, PINNED_READING};

/// Asks which posts are pinned.
pub async fn read_pinned(reader: &mut Reader, row: &'static ListEndpoint) -> Result<Read, FetchError> {
    let (account, now) = (reader.way().account, reader.deps.clock.now().wall);
    let state = reader.deps.store.lists().begin_reading(account, PINNED_READING, now).await?;
    let what = What::Entries { count: row.page.1, from: None, newest_posts: false };
    let (page, id, end) = match reader.ask(row, what).await? {
        PageAnswer::Page(page, id, end) => (page, id, end),
        PageAnswer::Stopped(stop) => return Ok(Read { state, end: FetchEnd::Stopped(stop), resumed_from: 0 }),
    };
    if let Some(fault) = page.fault(None) {
        let rules = reader.rules(row);
        reader.deps.store.lists().end_read(id, &end, HoldNews::Cleared, &rules.ask()).await?;
        return Ok(Read { state, end: FetchEnd::Stopped(Stop::World(fault)), resumed_from: 0 });
    }
    // An account has one profile, whatever stands behind it.
    let page = Page { next: NextPage::None, ..page };
    let state = keep(reader, row, &state, &page, (id, &end)).await?;
    Ok(Read { state, end: FetchEnd::Complete, resumed_from: 0 })
}
