//! What has to be known before an endpoint's tasks are sent. The records of an account's own repository: collection after collection into the
//! queue, going on where an earlier process stopped. Or whom of those that are to be followed again it follows already: the next tasks are
//! asked about.

use super::outcome::{FetchError, PageAnswer, Stop};
use super::pages::is_young;
use super::reader::Reader;
use crate::domain::{Action, OwnRecord, Target, TaskId};
use crate::platforms::{EntryFields, ListEndpoint, Listed, Page, What};
use crate::store::{HoldNews, ReadEnd, ReadId, RecordPage, RecordReading};

/// A repository with more pages is none: cursors lead in a circle.
const MAX_PAGES: u32 = 1_000_000;

/// Tasks are asked about in so many requests at a time: what is asked long before it is needed is out of date by then.
const REQUESTS_AHEAD: u32 = 3;

/// Reads the records that an action deletes, or those that are there of what it restores; so many entries were read. A reading that an earlier process has left is gone on with where
/// it is young and says something of the tasks.
pub async fn read_records(
    reader: &mut Reader,
    action: Action,
    collections: &'static [&'static ListEndpoint],
) -> Result<Result<u64, Stop>, FetchError> {
    if let [asked] = collections
        && asked.fields == EntryFields::Followed
    {
        return ask_about_tasks(reader, action, asked).await;
    }
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
                let records = match records_of(&page, cursor.as_deref(), action) {
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

/// Asks about the targets of the next tasks which of them are there already.
async fn ask_about_tasks(
    reader: &mut Reader,
    action: Action,
    asked: &'static ListEndpoint,
) -> Result<Result<u64, Stop>, FetchError> {
    let of = (reader.way().account, action);
    let now = reader.deps.clock.now().wall;
    let stored = reader.deps.store.lists().record_reading(of).await?;
    let usable = stored.filter(|read| read.finished && read.covers_to > TaskId(0) && is_young(read.begun_at, now));
    let mut behind = match usable {
        Some(reading) => reading.covers_to,
        None => {
            // It covers nobody until there is an answer.
            reader.deps.store.lists().begin_record_reading(of, now).await?;
            reader.deps.store.lists().cover_tasks(of, Some(TaskId(0)), now).await?;
            TaskId(0)
        }
    };
    let mut entries = 0;
    for _ in 0..REQUESTS_AHEAD {
        let tasks = reader.deps.store.lists().tasks_behind(of, behind, asked.page.1).await?;
        let Some((last, _)) = tasks.last() else {
            // Nobody is left to ask about.
            reader.deps.store.lists().cover_tasks(of, None, now).await?;
            break;
        };
        behind = *last;
        let targets: Vec<Target> = tasks.into_iter().map(|(_, target)| target).collect();
        let (page, id, end) = match reader.ask(asked, What::Users(&targets)).await? {
            PageAnswer::Page(page, id, end) => (page, id, end),
            PageAnswer::Stopped(stop) => return Ok(Err(stop)),
        };
        if let Some(fault) = page.fault(None) {
            let rules = reader.rules(asked);
            reader.deps.store.lists().end_read(id, &end, HoldNews::Cleared, &rules.ask()).await?;
            return Ok(Err(Stop::World(fault)));
        }
        let there = page.entries.into_iter().filter(|listed| targets.contains(&listed.id));
        let there: Vec<(Target, OwnRecord)> = there.map(|listed| (listed.id.clone(), mark(asked, &listed))).collect();
        entries += targets.len() as u64;
        let page = RecordPage { of, place: 0, records: &there, entries: targets.len() as u64, next: None };
        keep(reader, asked, &page, (id, &end)).await?;
        reader.deps.store.lists().cover_tasks(of, Some(behind), now).await?;
    }
    Ok(Ok(entries))
}

/// That somebody is on a list that has no records.
fn mark(asked: &ListEndpoint, listed: &Listed) -> OwnRecord {
    OwnRecord {
        collection: asked.name.to_owned(),
        key: listed.id.to_string(),
        cid: String::new(),
        value: NOTHING_KEPT.to_owned(),
    }
}

/// The value of what is there: whoever restores has to know that it is, and no more.
const NOTHING_KEPT: &str = "{}";

/// The records of a page by their subjects; or why it cannot be taken for a part of the collection.
fn records_of(page: &Page, cursor: Option<&str>, action: Action) -> Result<Vec<(Target, OwnRecord)>, String> {
    if let Some(fault) = page.fault(cursor) {
        return Err(fault);
    }
    let record = |listed: &Listed| {
        let own = listed.record.clone()?;
        let value = if action.is_undoing() { own.value } else { NOTHING_KEPT.to_owned() };
        Some((listed.id.clone(), OwnRecord { value, ..own }))
    };
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
