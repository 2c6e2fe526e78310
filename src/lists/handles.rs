//! Handles to IDs, a hundred at a time: X's undo endpoints want numeric IDs, and people write handles.
//!
//! In: handles. Out: what stands in the queue about each of them from then on. What does not belong here: rows.

use std::collections::{HashMap, HashSet};

use super::fetch::{FetchError, PageAnswer, Reader, Stop, known_of};
use crate::domain::{Handle, Platform, Target};
use crate::platforms::{MAX_HANDLES_ASKED, Page, What, find_handle_lookup};
use crate::store::HandlesTold;

/// Handles that wait for a full question.
#[derive(Debug, Default)]
pub struct Resolver {
    waiting: Vec<Handle>,
    /// Those found.
    pub found: u64,
    /// Those that nobody has, or nobody one could act on.
    pub missing: u64,
}

/// Whether a platform can be asked whose handles are whose.
pub fn can_resolve(platform: Platform) -> bool {
    find_handle_lookup(platform).is_some()
}

impl Resolver {
    /// Takes another handle, and asks when there are enough for a question. A reason to stop, where one came.
    pub async fn push(&mut self, handle: Handle, reader: &mut Reader) -> Result<Option<Stop>, FetchError> {
        self.waiting.push(handle);
        if self.waiting.len() < MAX_HANDLES_ASKED {
            return Ok(None);
        }
        self.sort_out(reader).await?;
        // Those asked about before have gone; a question goes out when it is full.
        if self.waiting.len() < MAX_HANDLES_ASKED { Ok(None) } else { self.ask(reader).await }
    }

    /// Asks about the rest.
    pub async fn finish(&mut self, reader: &mut Reader) -> Result<Option<Stop>, FetchError> {
        self.sort_out(reader).await?;
        if self.waiting.is_empty() { Ok(None) } else { self.ask(reader).await }
    }

    async fn sort_out(&mut self, reader: &mut Reader) -> Result<(), FetchError> {
        let platform = reader.way().platform;
        self.waiting = reader.deps.store.lists().unasked_handles(platform, &self.waiting).await?;
        Ok(())
    }

    async fn ask(&mut self, reader: &mut Reader) -> Result<Option<Stop>, FetchError> {
        let platform = reader.way().platform;
        let Some(reading) = find_handle_lookup(platform) else { return Ok(None) };
        let count = u32::try_from(self.waiting.len()).unwrap_or(u32::MAX);
        if reader.budget.affords(reading.price.1, count) < count {
            return Ok(Some(Stop::Spend));
        }
        let (page, id, end) = match reader.ask(reading, What::Handles(&self.waiting)).await? {
            PageAnswer::Page(page, id, end) => (page, id, end),
            PageAnswer::Stopped(stop) => return Ok(Some(stop)),
        };
        let told = told(&self.waiting, page);
        self.found += told.found.len() as u64;
        self.missing += told.missing.len() as u64;
        let rules = reader.rules(reading);
        reader.deps.store.lists().keep_handles(platform, &told, (id, &end), &rules.ask()).await?;
        self.waiting.clear();
        Ok(None)
    }
}

/// What a page says of the handles that were asked about. Of those it does not name, or names as two users, nothing is known: they are
/// asked about again by the next run.
fn told(asked: &[Handle], page: Page) -> HandlesTold {
    let mut told = HandlesTold::default();
    let wanted: HashSet<&Handle> = asked.iter().collect();
    let mut answered: HashSet<Handle> = HashSet::new();
    let mut users: HashMap<Handle, HashSet<Target>> = HashMap::new();
    for listed in &page.entries {
        let Some(handle) = listed.handle.clone() else { continue };
        users.entry(handle).or_default().insert(listed.id.clone());
    }
    let is_one = |handle: &Handle| users.get(handle).is_some_and(|users| users.len() == 1);
    for listed in page.entries {
        let Some(handle) = listed.handle.clone().filter(|handle| wanted.contains(handle)) else { continue };
        if answered.insert(handle.clone()) && is_one(&handle) {
            told.found.push((handle, listed.id.clone(), known_of(&listed)));
        }
    }
    for missing in page.missing {
        let Ok(handle) = missing.asked.parse::<Handle>() else { continue };
        if wanted.contains(&handle) && answered.insert(handle.clone()) {
            told.missing.push((handle, missing.reason.to_owned()));
        }
    }
    told
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::platforms::{Listed, Missing};

    #[test]
    fn only_what_was_asked_is_believed_and_silence_says_nothing() {
        let handle = |name: &str| name.parse::<Handle>().unwrap();
        let listed = |id: &str, name: &str| Listed { handle: name.parse().ok(), ..Listed::bare(id.parse().unwrap()) };
        let missing = |name: &str| Missing { asked: name.into(), reason: "not_found" };
        let page = Page {
            entries: vec![listed("1", "Ada"), listed("2", "stranger"), listed("3", "dan"), listed("4", "Dan")],
            missing: vec![missing("BOB"), missing("ada"), missing("other")],
            ..Page::default()
        };
        let told = told(&[handle("ada"), handle("bob"), handle("cid"), handle("dan")], page);
        assert_eq!(told.found.len(), 1, "of dan two things are said");
        assert_eq!((told.found[0].0.as_str(), told.found[0].1.to_string()), ("ada", "1".to_owned()));
        assert_eq!(told.missing, [(handle("bob"), "not_found".to_owned())]);
    }
}
