//! What a reading has brought, out of the queue again: page by page in the platform's order, and whether it is enough.

use crate::domain::ListKind;
use crate::lists::filter::{Filter, FilterPipeline, Take};
use crate::lists::{Entry, Reposted};
use crate::platforms::ListEndpoint;
use crate::store::{ReadingId, Store, StoreError};

use super::entry_facts::entry_of;

const ENTRIES_AT_ONCE: u32 = 1_000;

/// Readings that tell something of the entries of another one; none: that is not asked.
#[derive(Clone, Copy, Debug, Default)]
pub struct Beside {
    /// Who follows the account, all of them.
    pub followers: Option<ReadingId>,
    /// Which users of the list are still there.
    pub profiles: Option<ReadingId>,
    /// Which posts the account has pinned.
    pub pinned: Option<ReadingId>,
}

/// The kept entries of a reading, front to back.
#[derive(Debug)]
pub struct Kept {
    /// Reposts are picked out of the account's posts, where they have no list of their own.
    picks_reposts: bool,
    reading: ReadingId,
    beside: Beside,
    behind: i64,
    untold: u64,
}

impl Kept {
    /// From the first entry on.
    pub fn of((list, row): (ListKind, &ListEndpoint), reading: ReadingId, beside: Beside) -> Kept {
        Kept { picks_reposts: row.reads(list) != list, reading, beside, behind: 0, untold: 0 }
    }

    /// How many of the entries so far may be reposts, of which nothing says what they repeat.
    pub fn untold_reposts(&self) -> u64 {
        self.untold
    }

    /// The next entries, some thousand at most; none: there are no more by now.
    ///
    /// # Errors
    /// The queue cannot be read, or holds what this program never writes.
    pub async fn next(&mut self, store: &mut Store) -> Result<Vec<Entry>, StoreError> {
        loop {
            let page = self.next_page(store).await?;
            if !self.picks_reposts || page.is_empty() {
                return Ok(page);
            }
            let mut reposts = Vec::new();
            for post in page {
                match post.into_repost() {
                    Reposted::Post(repost) => reposts.push(*repost),
                    Reposted::No => {}
                    Reposted::Untold => self.untold += 1,
                }
            }
            if !reposts.is_empty() {
                return Ok(reposts);
            }
        }
    }

    async fn next_page(&mut self, store: &mut Store) -> Result<Vec<Entry>, StoreError> {
        let page = store.lists().reading_entries(self.reading, self.behind, ENTRIES_AT_ONCE).await?;
        let Some((last, ..)) = page.last() else { return Ok(Vec::new()) };
        self.behind = *last;
        let targets: Vec<_> = page.iter().map(|(_, target, _)| target.clone()).collect();
        let mut named = [self.beside.followers, self.beside.profiles, self.beside.pinned].map(|id| (id, None));
        for (reading, found) in &mut named {
            if let Some(reading) = *reading {
                *found = Some(store.lists().in_reading(reading, &targets).await?);
            }
        }
        let [(_, follow), (_, there), (_, pinned)] = named;
        let entry = |(_, target, facts): &(i64, _, String)| {
            let follows_back = follow.as_ref().map(|follow| follow.contains(target));
            let is_ghost = there.as_ref().map(|there| !there.contains(target));
            let mut entry = Entry { follows_back, is_ghost, ..entry_of(target.clone(), facts)? };
            if let Some(pinned) = &pinned {
                entry.traits.is_pinned = Some(pinned.contains(target));
            }
            Ok(entry)
        };
        page.iter().map(entry).collect()
    }
}

/// When enough has been read: as soon as a limit is filled, whoever pays for reading may stop.
#[derive(Debug)]
pub struct Enough {
    filter: Filter,
    take: Take,
    list: (ListKind, &'static ListEndpoint),
    beside: Beside,
    judged: Option<(Kept, FilterPipeline)>,
}

impl Enough {
    /// None where only the last page can tell: without a limit, where entries are put in order first, and where it is asked behind the list
    /// who is still there.
    pub fn of(filter: &Filter, take: Take, list: (ListKind, &'static ListEndpoint), beside: Beside) -> Option<Enough> {
        let tells = take.limit.is_some() && take.order.is_none() && !filter.plain.ghosts;
        tells.then(|| Enough { filter: filter.clone(), take, list, beside, judged: None })
    }

    /// Whether what a reading has brought by now fills the limit. Entries that were judged before are not judged again.
    pub(super) async fn is_there(&mut self, store: &mut Store, reading: ReadingId) -> Result<bool, StoreError> {
        let (kept, sieve) = self.judged.get_or_insert_with(|| {
            let sieve = FilterPipeline::new(self.filter.clone(), self.take, self.list.0.target_kind());
            (Kept::of(self.list, reading, self.beside), sieve)
        });
        while !sieve.is_full() {
            let entries = kept.next(store).await?;
            if entries.is_empty() {
                return Ok(false);
            }
            // Only entries in an order can be too many.
            if entries.into_iter().any(|entry| sieve.push(entry).is_err()) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// How many more entries are wanted, where each that comes is one of them; none where a filter may spare any, and where they
    /// are picked out of another list.
    pub(super) fn still_wanted(&self) -> Option<u32> {
        let (list, row) = self.list;
        let all_are_wanted = self.filter.is_empty() && row.reads(list) == list;
        let limit = self.take.limit.filter(|_| all_are_wanted)?;
        let passed = self.judged.as_ref().map_or(0, |(_, sieve)| sieve.passed());
        Some(u32::try_from(limit as u64 - passed.min(limit as u64)).unwrap_or(u32::MAX))
    }

    /// The list is read from its beginning: what was judged is gone.
    pub(super) fn begin_anew(&mut self) {
        self.judged = None;
    }
}
