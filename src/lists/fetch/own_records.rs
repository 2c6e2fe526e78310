//! The records of an account's own repository: collection after collection into the queue, going on where an earlier process stopped.

use super::outcome::{FetchError, PageAnswer, Stop};
use super::pages::is_young;
use super::reader::Reader;
use crate::domain::{Action, OwnRecord, Target, TaskId};
use crate::platforms::{ListEndpoint, Page, What};
use crate::store::{HoldNews, ReadEnd, ReadId, RecordPage, RecordReading};

/// A repository with more pages is none: cursors lead in a circle.
const MAX_PAGES: u32 = 1_000_000;

/// Reads the records that an action deletes; so many entries were read. A reading that an earlier process has left is gone on with where
/// it is young and says something of the tasks.
pub async fn read_records(
    reader: &mut Reader,
    action: Action,
    collections: &'static [&'static ListEndpoint],
) -> Result<Result<u64, Stop>, FetchError> {
    let of = (reader.way().account, action);
    let now = reader.deps.clock.now().wall;
    let stored = reader.deps.store.lists().record_reading(of).await?;
    let usable = stored.filter(|reading| {
        let is_there = reading.collection < collections.len() && reading.covers_to > TaskId(0);
        !reading.finished && is_there && is_young(reading.begun_at, now)
    });
    let mut state = match usable {
        Some(state) => state,
        None => reader.deps.store.lists().begin_record_reading(of, now).await?,
    };
    let mut begun_anew = false;
    for _ in 0..MAX_PAGES {
        if state.finished {
            return Ok(Ok(state.entries));
        }
        let Some(reading) = collections.get(state.collection) else { break };
        let cursor = state.cursor.clone();
        let what = What::Entries { count: reading.page.1, from: cursor.as_deref(), newest_posts: false };
        match reader.ask(reading, what).await? {
            PageAnswer::Page(page, id, end) => {
                let records = match records_of(&page, cursor.as_deref()) {
                    Ok(records) => records,
                    Err(fault) => {
                        let rules = reader.rules(reading);
                        reader.deps.store.lists().end_read(id, &end, HoldNews::Cleared, &rules.ask()).await?;
                        return Ok(Err(Stop::World(fault)));
                    }
                };
                let next = match page.cursor() {
                    Some(cursor) => Some((state.collection, Some(cursor))),
                    None => Some((state.collection + 1, None)).filter(|(next, _)| *next < collections.len()),
                };
                let entries = records.len() as u64;
                let page = RecordPage { of, place: state.collection, records: &records, entries, next };
                state = keep(reader, reading, &page, (id, &end)).await?;
            }
            // A cursor of another day may not be taken any more: once, everything is read from its beginning.
            PageAnswer::Stopped(Stop::Malformed(_)) if cursor.is_some() && !begun_anew => {
                begun_anew = true;
                let now = reader.deps.clock.now().wall;
                state = reader.deps.store.lists().begin_record_reading(of, now).await?;
            }
            PageAnswer::Stopped(stop) => return Ok(Err(stop)),
        }
    }
    Ok(Err(Stop::World(format!("{MAX_PAGES} pages of records, and no end"))))
}

/// The records of a page by their subjects; or why it cannot be taken for a part of the collection.
fn records_of(page: &Page, cursor: Option<&str>) -> Result<Vec<(Target, OwnRecord)>, String> {
    if let Some(fault) = page.fault(cursor) {
        return Err(fault);
    }
    let record = |listed: &crate::platforms::Listed| Some((listed.id.clone(), listed.record.clone()?));
    let records: Vec<_> = page.entries.iter().filter_map(record).collect();
    if records.len() < page.entries.len() {
        return Err("entries of a page do not say which records they are".to_owned());
    }
    Ok(records)
}

/// Somebody may have forgotten the reading meanwhile: then it begins anew.
async fn keep(
    reader: &mut Reader,
    reading: &ListEndpoint,
    page: &RecordPage<'_>,
    request: (ReadId, &ReadEnd),
) -> Result<RecordReading, FetchError> {
    let rules = reader.rules(reading);
    let lists = &mut reader.deps.store.lists();
    match lists.keep_record_page(page, request, &rules.ask()).await? {
        Some(state) => Ok(state),
        None => Ok(lists.begin_record_reading(page.of, request.1.ended_at).await?),
    }
}
