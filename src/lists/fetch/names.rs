//! Names to IDs: what stands in line under a name is looked up, as many names in one request as the platform takes, and becomes a task on what
//! the name means. So are names on keep lists, which then spare what they mean.
//!
//! In: lanes, names on keep lists. Out: what the platform said, written down, and tasks that have their targets. What does not belong here:
//! when it is asked (`engine`), which task is next.

use std::collections::{HashMap, HashSet};

use super::entry_facts::known_of;
use super::outcome::{FetchError, PageAnswer, Stop};
use super::reader::Reader;
use crate::domain::{LaneId, Target, TargetName, TaskId};
use crate::platforms::{ListEndpoint, NameQuestion, NameResolver, Page, What};
use crate::store::{NameMeaning, NameSpace, NamedTask, NamesSettled, NamesTold, Resolution, SettledByName};

/// The reason of a name of which an answer says nothing, or two things.
const UNTOLD: &str = "unavailable";
/// The reason of a name that nobody has, for certain.
const NOT_FOUND: &str = "not_found";
/// The reasons of names that lead to nobody. With any other there is somebody, who could not be told.
const NOBODY: [&str; 3] = [NOT_FOUND, "handle_not_found", "post_not_found"];

/// What looking names up came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LookedUp {
    /// Tasks that stand in line under what their names mean from now on.
    pub found: u64,
    /// Tasks that were settled by what their names came to.
    pub settled: Vec<SettledByName>,
    /// What names on keep lists came to.
    pub kept: Vec<(TargetName, Resolution)>,
    /// Those of somebody whom the platform does not tell, and why.
    pub untold: Vec<(TargetName, String)>,
}

/// What is to be looked up.
#[derive(Clone, Copy, Debug)]
pub struct NamesWanted<'a> {
    /// The lanes at whose heads tasks may stand under names, each with the last task that is visible of it.
    pub lanes: &'a [(LaneId, TaskId)],
    /// Names on keep lists.
    pub kept: &'a [TargetName],
    /// So many names of each are asked about at most.
    pub most: u32,
}

/// Looks up what names mean: those on keep lists first, then those at the heads of lanes. What is known is not asked about again. What it has
/// come to stands in `looked_up`, whatever ended it.
pub async fn look_names_up(
    reader: &mut Reader,
    resolver: &'static NameResolver,
    wanted: NamesWanted<'_>,
    looked_up: &mut LookedUp,
) -> Result<Option<Stop>, FetchError> {
    let account = reader.way().account;
    let NamesWanted { lanes, kept, most } = wanted;
    let named = reader.deps.store.lists().named_tasks(lanes, most).await?;
    let Some(space) = reader.deps.store.lists().name_space(account).await? else { return Ok(None) };
    let mut lookup = Lookup { resolver, space, reader };
    let kept = lookup.known_of_kept(kept, most, looked_up).await?;
    let named = kept.into_iter().chain(named.into_iter().map(Asker::Task)).collect();
    let (known, unknown) = lookup.sort_out(named).await?;
    lookup.settle(known, looked_up).await?;
    for questions in unknown {
        if let Some(stop) = lookup.ask(questions, looked_up).await? {
            return Ok(Some(stop));
        }
    }
    Ok(None)
}

/// What has a name.
#[derive(Clone)]
enum Asker {
    Task(NamedTask),
    KeepList(TargetName),
}

impl Asker {
    fn name(&self) -> &TargetName {
        match self {
            Asker::Task(task) => &task.name,
            Asker::KeepList(name) => name,
        }
    }
}

/// Who asks, by what is asked about, all of one request.
struct Questions {
    endpoint: &'static ListEndpoint,
    asked: Vec<TargetName>,
    askers: Vec<(Asker, TargetName)>,
}

struct Lookup<'a> {
    resolver: &'static NameResolver,
    space: NameSpace,
    reader: &'a mut Reader,
}

impl Lookup<'_> {
    /// Names on keep lists of which nothing is known, so many at most; the others have come to what is known. Whom nobody could be told by is
    /// asked about again: there may be somebody by now, of whom a row could be sent.
    async fn known_of_kept(
        &mut self,
        kept: &[TargetName],
        most: u32,
        looked_up: &mut LookedUp,
    ) -> Result<Vec<Asker>, FetchError> {
        let mut unknown = Vec::new();
        for name in kept {
            let Some(NameQuestion { asked, .. }) = self.resolver.question(name) else { continue };
            match self.reader.deps.store.lists().resolution(&self.space, &asked).await? {
                Some(told) if !matches!(&told, Resolution::Nobody(reason) if reason != NOT_FOUND) => {
                    looked_up.kept.push((name.clone(), self.meaning(name, told)));
                }
                _ if unknown.len() < most as usize => unknown.push(Asker::KeepList(name.clone())),
                _ => {}
            }
        }
        Ok(unknown)
    }

    /// What is known of names already, and requests that ask about the others.
    async fn sort_out(&mut self, named: Vec<Asker>) -> Result<(Vec<(Asker, NameMeaning)>, Vec<Questions>), FetchError> {
        let now = self.reader.deps.clock.now().wall;
        let (mut known, mut unknown) = (Vec::new(), Vec::<Questions>::new());
        for asker in named {
            let Some(NameQuestion { endpoint, asked }) = self.resolver.question(asker.name()) else {
                let resolution = Resolution::Nobody(UNTOLD.to_owned());
                known.push((asker, NameMeaning { resolution, told_at: now }));
                continue;
            };
            let told = match &asker {
                Asker::Task(_) => self.reader.deps.store.lists().resolution_told(&self.space, &asked).await?,
                Asker::KeepList(_) => None,
            };
            if let Some((told, told_at)) = told {
                let resolution = self.meaning(asker.name(), told);
                known.push((asker, NameMeaning { resolution, told_at }));
                continue;
            }
            let of_one_endpoint = |open: &&mut Questions| std::ptr::eq(open.endpoint, endpoint);
            let is_new = |open: &Questions| !open.asked.contains(&asked);
            let has_room = |open: &Questions| open.asked.len() < endpoint.page.1 as usize;
            match unknown.iter_mut().filter(of_one_endpoint).find(|open| !is_new(open) || has_room(open)) {
                Some(open) => {
                    if is_new(open) {
                        open.asked.push(asked.clone());
                    }
                    open.askers.push((asker, asked));
                }
                None => {
                    unknown.push(Questions { endpoint, asked: vec![asked.clone()], askers: vec![(asker, asked)] });
                }
            }
        }
        Ok((known, unknown))
    }

    /// One request, and what it said of each name.
    async fn ask(&mut self, questions: Questions, looked_up: &mut LookedUp) -> Result<Option<Stop>, FetchError> {
        let Questions { endpoint, mut asked, askers } = questions;
        // As many as the money suffices for, in the order in which they were asked.
        let count = u32::try_from(asked.len()).unwrap_or(u32::MAX);
        asked.truncate(self.reader.budget.affords(endpoint.price.1, count) as usize);
        if asked.is_empty() {
            return Ok(Some(Stop::Spend));
        }
        let (page, id, end) = match self.reader.ask(endpoint, What::Names(&asked)).await? {
            PageAnswer::Page(page, id, end) => (page, id, end),
            PageAnswer::Stopped(stop) => return Ok(Some(stop)),
        };
        let told = told(&asked, page, endpoint);
        let rules = self.reader.rules(endpoint);
        let lists = &mut self.reader.deps.store.lists();
        lists.keep_names(&self.space, endpoint.of, &told, (id, &end), &rules.ask()).await?;
        let found = told.found.into_iter().map(|(name, target, _)| (name, Resolution::Target(target)));
        let missing = told.missing.into_iter().map(|(name, why)| (name, Resolution::Nobody(why.to_owned())));
        let told: HashMap<TargetName, Resolution> = found.chain(missing).collect();
        let meant = askers.into_iter().filter_map(|(asker, asked)| {
            let resolution = self.meaning(asker.name(), told.get(&asked)?.clone());
            Some((asker, NameMeaning { resolution, told_at: end.ended_at }))
        });
        let meant: Vec<_> = meant.collect();
        self.settle(meant, looked_up).await?;
        Ok(None)
    }

    /// What a name means, where what was asked about came to this.
    fn meaning(&self, name: &TargetName, asked: Resolution) -> Resolution {
        match asked {
            Resolution::Target(told) => match self.resolver.target(name, &told) {
                Some(target) => Resolution::Target(target),
                None => Resolution::Nobody(UNTOLD.to_owned()),
            },
            nobody @ Resolution::Nobody(_) => nobody,
        }
    }

    async fn settle(&mut self, meant: Vec<(Asker, NameMeaning)>, looked_up: &mut LookedUp) -> Result<(), FetchError> {
        let now = self.reader.deps.clock.now().wall;
        let mut tasks = Vec::new();
        for (asker, meaning) in meant {
            match asker {
                Asker::Task(task) => tasks.push((task, meaning)),
                Asker::KeepList(name) => match meaning.resolution {
                    Resolution::Nobody(reason) if !NOBODY.contains(&reason.as_str()) => {
                        looked_up.untold.push((name, reason));
                    }
                    told => looked_up.kept.push((name, told)),
                },
            }
        }
        let NamesSettled { found, settled } = self.reader.deps.store.lists().settle_names(&tasks, now).await?;
        looked_up.found += found;
        looked_up.settled.extend(settled);
        Ok(())
    }
}

/// What a page says of the names that were asked about.
fn told(asked: &[TargetName], page: Page, endpoint: &ListEndpoint) -> NamesTold {
    let mut told = NamesTold::default();
    let wanted: HashSet<&TargetName> = asked.iter().collect();
    let alone = asked.first().filter(|_| endpoint.page.1 == 1);
    let mut found: HashMap<TargetName, Vec<crate::platforms::Listed>> = HashMap::new();
    for listed in page.entries {
        let name = alone.cloned().or_else(|| listed.handle.as_ref().map(TargetName::from));
        let Some(name) = name.filter(|name| wanted.contains(name)) else { continue };
        found.entry(name).or_default().push(listed);
    }
    let mut missing: HashMap<TargetName, &'static str> = HashMap::new();
    for one in page.missing {
        let name = alone.cloned().or_else(|| one.asked.to_ascii_lowercase().parse().ok());
        missing.extend(name.map(|name| (name, one.reason)));
    }
    for name in asked {
        let ids: HashSet<Target> = found.get(name).into_iter().flatten().map(|listed| listed.id.clone()).collect();
        match found.get(name).and_then(|listed| listed.first()).filter(|_| ids.len() == 1) {
            Some(listed) => told.found.push((name.clone(), listed.id.clone(), known_of(listed))),
            // Of what it does not name, or names as two users, nothing is known.
            None => told
                .missing
                .push((name.clone(), missing.get(name).copied().filter(|_| ids.is_empty()).unwrap_or(UNTOLD))),
        }
    }
    told
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::domain::Platform;
    use crate::platforms::{Listed, Missing, find_name_resolver};

    #[test]
    fn only_what_was_asked_is_believed_and_what_is_untold_is_nobody_for_now() {
        let name = |text: &str| text.parse::<TargetName>().unwrap();
        let listed = |id: &str, name: &str| Listed { handle: name.parse().ok(), ..Listed::bare(id.parse().unwrap()) };
        let missing = |name: &str| Missing { asked: name.into(), reason: "not_found" };
        let page = Page {
            entries: vec![listed("1", "Ada"), listed("2", "stranger"), listed("3", "dan"), listed("4", "Dan")],
            missing: vec![missing("BOB"), missing("ada"), missing("other")],
            ..Page::default()
        };
        let endpoint = &find_name_resolver(Platform::XV2).unwrap().endpoints[0];
        let told = told(&[name("ada"), name("bob"), name("cid"), name("dan")], page, endpoint);
        assert_eq!(told.found.len(), 1, "of dan two things are said");
        assert_eq!((told.found[0].0.as_str(), told.found[0].1.to_string()), ("ada", "1".to_owned()));
        let missing: Vec<(&str, &str)> = told.missing.iter().map(|(name, why)| (name.as_str(), *why)).collect();
        assert_eq!(missing, [("bob", "not_found"), ("cid", "unavailable"), ("dan", "unavailable")]);
    }
}
