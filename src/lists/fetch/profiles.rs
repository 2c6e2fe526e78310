//! Which users of a list are still there: the platform is asked for the profiles of all of them, and whoever has none is gone, deactivated or
//! suspended, or has blocked the account. In: a reading of a list that is whole. Out: a reading of those who are there. What does not belong
//! here: what becomes of the others (`filter`).
//!
//! Every request asks for the account itself as well: an answer that does not have it says nothing of the others either.

use super::entry_facts::page_entry;
use super::outcome::{FetchError, FetchEvent, PageAnswer, Stop};
use super::pages::{FetchEnd, Read};
use super::reader::Reader;
use crate::domain::{Target, TargetKind};
use crate::platforms::{ListEndpoint, Page, What};
use crate::store::{HoldNews, NewPage, PROFILES_READING, PageEntry, ReadEnd, ReadId, ReadingState};

/// Asks for the profile of everybody on a list that has been read to its end, and goes on where an earlier process stopped.
pub async fn read_profiles(
    reader: &mut Reader,
    row: &'static ListEndpoint,
    whole: &ReadingState,
) -> Result<Read, FetchError> {
    let (account, now) = (reader.way().account, reader.deps.clock.now().wall);
    let Ok(own) = reader.way().user.as_str().parse::<Target>() else {
        let end = FetchEnd::Stopped(Stop::World("the account has no profile of its own to ask for".to_owned()));
        return Ok(Read { state: whole.clone(), end, resumed_from: 0 });
    };
    let stored = reader.deps.store.lists().reading(account, PROFILES_READING).await?;
    let usable = stored.and_then(|state| Some((behind_of(&state, whole)?, state)));
    let (mut behind, mut state) = match usable {
        Some(usable) => usable,
        None => (0, reader.deps.store.lists().begin_reading(account, PROFILES_READING, now).await?),
    };
    let resumed_from = state.entries;
    loop {
        // One more than is asked for tells whether this page is the last.
        let most = row.page.1 - 1;
        let mut batch = reader.deps.store.lists().reading_entries(whole.id, behind, most + 1).await?;
        if batch.is_empty() {
            return Ok(Read { state, end: FetchEnd::Complete, resumed_from });
        }
        let is_last = batch.len() <= most as usize;
        batch.truncate(most as usize);
        behind = batch.last().map_or(behind, |(position, ..)| *position);
        let asked: Vec<Target> = batch.into_iter().map(|(_, target, _)| target).chain([own.clone()]).collect();
        let (page, id, end) = match reader.ask(row, What::Users(&asked)).await? {
            PageAnswer::Page(page, id, end) => (page, id, end),
            PageAnswer::Stopped(stop) => return Ok(Read { state, end: FetchEnd::Stopped(stop), resumed_from }),
        };
        if let Some(fault) = fault_of(&page, &own) {
            let rules = reader.rules(row);
            reader.deps.store.lists().end_read(id, &end, HoldNews::Cleared, &rules.ask()).await?;
            return Ok(Read { state, end: FetchEnd::Stopped(Stop::World(fault)), resumed_from });
        }
        let next = (!is_last).then(|| format!("{}:{behind}", whole.id.0));
        state = keep(reader, row, &state, &page, next.as_deref(), (id, &end)).await?;
        reader.tell(FetchEvent::Page { entries: state.entries, pages: state.pages });
        if is_last {
            return Ok(Read { state, end: FetchEnd::Complete, resumed_from });
        }
    }
}

/// How far a reading of the profiles of this very list has come; none: it is of another one.
fn behind_of(state: &ReadingState, whole: &ReadingState) -> Option<i64> {
    let (list, behind) = state.cursor.as_deref()?.split_once(':')?;
    if list == whole.id.0.to_string() { behind.parse().ok() } else { None }
}

/// Why an answer is not believed: whoever is missing from it would be taken for gone.
fn fault_of(page: &Page, own: &Target) -> Option<String> {
    page.fault(None).or_else(|| {
        let has_own = page.entries.iter().any(|entry| entry.id == *own);
        (!has_own).then(|| "the answer does not even have the profile of the account itself".to_owned())
    })
}

async fn keep(
    reader: &mut Reader,
    row: &ListEndpoint,
    state: &ReadingState,
    page: &Page,
    next: Option<&str>,
    request: (ReadId, &ReadEnd),
) -> Result<ReadingState, FetchError> {
    let entries: Vec<PageEntry> = page.entries.iter().map(page_entry).collect::<Result<_, _>>()?;
    let new = NewPage { entries: &entries, next, of: (reader.way().platform, TargetKind::User) };
    let rules = reader.rules(row);
    Ok(reader.deps.store.lists().keep_page(state.id, &new, request, &rules.ask()).await?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::domain::Wall;
    use crate::platforms::Listed;
    use crate::store::ReadingId;

    #[test]
    fn an_answer_without_the_account_itself_is_not_believed() {
        let own: Target = "did:plc:fgwsksyookg6j5bsx5jnu2bp".parse().unwrap();
        let other: Target = "did:plc:ewvi7nxzyoun6zhxrhs64oiz".parse().unwrap();
        let page = |users: &[&Target], unreadable| Page {
            entries: users.iter().map(|user| Listed::bare((*user).clone())).collect(),
            unreadable,
            ..Page::default()
        };
        assert_eq!(fault_of(&page(&[&other, &own], 0), &own), None);
        assert_eq!(fault_of(&page(&[&own], 0), &own), None);
        assert!(fault_of(&page(&[&other], 0), &own).is_some() && fault_of(&page(&[], 0), &own).is_some());
        assert!(fault_of(&page(&[&other, &own], 1), &own).unwrap().contains("1 of 3"));
    }

    #[test]
    fn profiles_of_another_list_are_not_gone_on_with() {
        let state = |id, cursor: Option<&str>| ReadingState {
            id: ReadingId(id),
            started_at: Wall(0),
            cursor: cursor.map(str::to_owned),
            pages: 0,
            entries: 0,
            resources: 0,
            finished: cursor.is_none(),
            handed_over: false,
        };
        let whole = state(7, None);
        assert_eq!(behind_of(&state(8, Some("7:24")), &whole), Some(24));
        for cursor in [None, Some("8:24"), Some("77:24"), Some("7"), Some("7:x")] {
            assert_eq!(behind_of(&state(8, cursor), &whole), None, "{cursor:?}");
        }
    }
}
