//! A whole list: page after page into the queue, going on where an earlier process stopped.

use std::time::Duration;

use super::entry_facts::page_entry;
use super::kept::Enough;
use super::outcome::{FetchError, FetchEvent, PageAnswer, Stop};
use super::reader::Reader;
use super::sample::{SAMPLE_ENTRIES, untold};
use crate::domain::{Action, ListKind, Wall};
use crate::lists::filter::Filter;
use crate::platforms::{ListEndpoint, Page, What};
use crate::store::{HoldNews, NewPage, PageEntry, ReadEnd, ReadId, ReadingState, StoreError};

/// An unfinished reading that is older is begun anew: what it has is stale, and its cursor has most likely run out.
const STALE_AFTER: Duration = Duration::from_secs(86_400);

/// So many pages in a row without an entry that was not there before, and reading stops: whoever went on would pay for a circle without end.
/// (Pages may be empty though the list goes on, where all their users are suspended.)
const MAX_PAGES_WITHOUT_NEWS: u32 = 20;

/// A list that was read, whole or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// Where it stands.
    pub state: ReadingState,
    /// How it ended.
    pub end: FetchEnd,
    /// Entries an earlier process had read.
    pub resumed_from: u64,
}

/// How a list's reading ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FetchEnd {
    /// With the last page.
    Complete,
    /// A limit is filled, and pages are left: what was read is enough, and is not the list.
    Enough,
    /// Before the last page, for this reason.
    Stopped(Stop),
}

impl Read {
    /// Why it stopped short; none: it was read as far as it was wanted.
    pub fn stopped(&self) -> Option<&Stop> {
        match &self.end {
            FetchEnd::Stopped(stop) => Some(stop),
            FetchEnd::Complete | FetchEnd::Enough => None,
        }
    }
}

/// What is read of a list.
#[derive(Debug)]
pub struct ListQuery<'f> {
    /// Which list.
    pub list: ListKind,
    /// Whether what an earlier reading had is dropped.
    pub fresh: bool,
    /// What is going to be asked of its entries: what nobody tells is not paid for to the end.
    pub filter: Option<&'f Filter>,
    /// When it is enough.
    pub enough: Option<Enough>,
}

/// Whether a reading that began then is gone on with. Of one that began under a clock that was ahead nobody knows how old it is.
pub(super) fn is_young(started_at: Wall, now: Wall) -> bool {
    started_at.age(now).is_some_and(|age| age < STALE_AFTER)
}

/// Reads a list to its end, or until there is enough, or as far as it may. A limit drops what an earlier reading had where that
/// was handed over for a limit before, for what came first may be undone by now. The caller holds the list's lock.
pub async fn read_list(
    reader: &mut Reader,
    reading: &'static ListEndpoint,
    query: ListQuery<'_>,
) -> Result<Read, FetchError> {
    let ListQuery { list, fresh, filter, mut enough } = query;
    let newest_posts = filter.is_some_and(|filter| filter.inactive_since.is_some());
    let price = reading.price_with(newest_posts).1;
    let account = reader.way().account;
    let now = reader.deps.clock.now().wall;
    let read_as = reading.reads(list);
    let stored = reader.deps.store.lists().reading(account, read_as.name()).await?;
    let usable = stored.filter(|state| {
        let is_handed_over = state.handed_over && enough.is_some();
        !fresh && !is_handed_over && is_young(state.started_at, now)
    });
    let usable = match usable {
        Some(state) if state.handed_over && is_undone_since(reader, read_as, &state).await? => None,
        other => other,
    };
    let resumed_from = usable.as_ref().map_or(0, |state| state.entries);
    let mut state = match usable {
        Some(state) => state,
        None => reader.deps.store.lists().begin_reading(account, read_as.name(), now).await?,
    };
    let mut begun_anew = false;
    let mut pages_without_news = 0_u32;
    let mut unsampled = filter;
    while !state.finished {
        if let Some(filter) = unsampled.filter(|_| state.entries >= u64::from(SAMPLE_ENTRIES)) {
            unsampled = None;
            if let Some(what) = untold(&mut reader.deps.store, &state, filter, (list, reading)).await? {
                return Ok(Read { state, end: FetchEnd::Stopped(Stop::Untold(what)), resumed_from });
            }
        }
        if let Some(enough) = &mut enough
            && enough.is_there(&mut reader.deps.store, state.id).await?
        {
            return Ok(Read { state, end: FetchEnd::Enough, resumed_from });
        }
        // Every entry of a page is paid for, so no more are asked for than are wanted.
        let wanted = enough.as_ref().and_then(Enough::still_wanted).unwrap_or(reading.page.1);
        // Nobody says when users posted last before one is asked, and each of them is paid for.
        let wanted = if newest_posts && unsampled.is_some() { wanted.min(SAMPLE_ENTRIES) } else { wanted };
        let count = reader.budget.affords(price, wanted.clamp(reading.page.0, reading.page.1));
        if count < reading.page.0 {
            return Ok(Read { state, end: FetchEnd::Stopped(Stop::Spend), resumed_from });
        }
        let cursor = state.cursor.clone();
        let what = What::Entries { count, from: cursor.as_deref(), newest_posts };
        match reader.ask(reading, what).await? {
            PageAnswer::Page(page, id, end) => {
                if let Some(fault) = page.fault(cursor.as_deref()) {
                    let rules = reader.rules(reading);
                    reader.deps.store.lists().end_read(id, &end, HoldNews::Cleared, &rules.ask()).await?;
                    return Ok(Read { state, end: FetchEnd::Stopped(Stop::World(fault)), resumed_from });
                }
                let before = state.entries;
                state = keep(reader, reading, &state, &page, (id, &end)).await?;
                pages_without_news = if state.entries > before { 0 } else { pages_without_news + 1 };
                reader.tell(FetchEvent::Page { entries: state.entries, pages: state.pages });
                if pages_without_news >= MAX_PAGES_WITHOUT_NEWS && !state.finished {
                    let fault = format!("{pages_without_news} pages in a row had no new entry");
                    return Ok(Read { state, end: FetchEnd::Stopped(Stop::World(fault)), resumed_from });
                }
            }
            // A cursor of another day may not be taken any more: once, the list is read from its beginning.
            PageAnswer::Stopped(Stop::Malformed(said)) if cursor.is_some() && !begun_anew => {
                begun_anew = true;
                if let Some(enough) = &mut enough {
                    enough.begin_anew();
                }
                reader.tell(FetchEvent::Trouble(format!(
                    "the platform refuses to continue from there ({said}); reading from the start"
                )));
                let now = reader.deps.clock.now().wall;
                state = reader.deps.store.lists().begin_reading(account, read_as.name(), now).await?;
            }
            PageAnswer::Stopped(stop) => return Ok(Read { state, end: FetchEnd::Stopped(stop), resumed_from }),
        }
    }
    Ok(Read { state, end: FetchEnd::Complete, resumed_from })
}

/// Whether what was handed over may be off the list by now, because the account has undone such entries since.
async fn is_undone_since(reader: &mut Reader, read_as: ListKind, state: &ReadingState) -> Result<bool, StoreError> {
    let account = reader.way().account;
    for action in Action::ALL.into_iter().filter(|action| ListKind::shows(*action).read_as() == read_as.read_as()) {
        if reader.deps.store.lists().has_sent_since(account, action, state.started_at).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

pub(super) async fn keep(
    reader: &mut Reader,
    reading: &ListEndpoint,
    state: &ReadingState,
    page: &Page,
    request: (ReadId, &ReadEnd),
) -> Result<ReadingState, FetchError> {
    let entries: Vec<PageEntry> = page.entries.iter().map(page_entry).collect::<Result<_, _>>()?;
    let platform = reader.way().platform;
    let new = NewPage { entries: &entries, next: page.cursor(), of: (platform, reading.of) };
    let rules = reader.rules(reading);
    Ok(reader.deps.store.lists().keep_page(state.id, &new, request, &rules.ask()).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reading_that_began_in_the_future_is_no_young_one() {
        let now = Wall(2_000_000_000_000);
        assert!(is_young(now, now) && is_young(Wall(now.0 - 86_399_999), now));
        assert!(!is_young(Wall(now.0 - 86_400_000), now) && !is_young(Wall(now.0 + 86_400_000), now));
    }
}
