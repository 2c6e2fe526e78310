//! What names mean under which tasks stand in line: looked up by a reading beside the drain, as many as the endpoint needs next. A task stands
//! under what its name means before it can be claimed; until then the lane is claimed from up to it. So it is up to a task that a name on a keep
//! list may mean: those names are looked up first.
//!
//! In: endpoints that have met a name. Out: readings that begin, within what the jobs may use. What does not belong here: looking up
//! ([`EndpointReader`](super::EndpointReader)), and meeting names (`lookahead`).

use std::collections::{BTreeMap, HashMap, HashSet};

use super::account::{EndpointKey, Lane};
use super::budget::LookupBounds;
use super::endpoint_reader::{NamesRead, ReadingOf, ReadingWanted};
use super::event::Event;
use super::job_groups::{GroupIndex, JobGroups};
use super::readings::Readings;
use super::roster::Roster;
use super::send_guard::SendGuard;
use crate::domain::{LaneId, MicroUsd, Tick};
use crate::platforms::{Endpoint, NameResolver, find, find_name_resolver};

/// So many names are looked up at once: a request of the platform that takes most of them.
const NAMES_AT_ONCE: u32 = 100;
/// The same where the account's records are read anew behind each lookup.
const NAMES_BEFORE_RECORDS: u32 = 1_000;

/// The names of a drain's tasks.
#[derive(Debug, Default)]
pub(super) struct NameLookups {
    /// Endpoints that have met a name, and of which group's jobs.
    wanted: BTreeMap<EndpointKey, GroupIndex>,
    /// What lookups under way may use, and whose it is.
    staked: HashMap<EndpointKey, (GroupIndex, LookupBounds)>,
}

/// Who is asked what the names of an endpoint's tasks mean; none: nobody can be, or they are sent as they are.
pub(super) fn resolver_of(platform: crate::domain::Platform, endpoint: &Endpoint) -> Option<&'static NameResolver> {
    find_name_resolver(platform).filter(|_| !endpoint.takes_handles())
}

/// What looking one name up costs at most.
pub(super) fn lookup_price(resolver: &NameResolver) -> MicroUsd {
    resolver.endpoints.iter().map(|endpoint| endpoint.price.1).max().unwrap_or_default()
}

impl NameLookups {
    /// An endpoint has met a name, or a task that one on a keep list may mean. When its lookup may begin, where that is known and not now.
    pub(super) fn want(&mut self, key: EndpointKey, group: GroupIndex, readings: &Readings, now: Tick) -> Option<Tick> {
        match readings.may_begin((key, ReadingOf::Names), now) {
            Ok(()) => {
                self.wanted.insert(key, group);
                None
            }
            Err(until) => until,
        }
    }

    /// Another drain works on these accounts; nothing of theirs is being looked up.
    pub(super) fn forget_accounts(&mut self, accounts: &HashSet<usize>) {
        self.wanted.retain(|(account, _), _| !accounts.contains(account));
    }

    /// Accounts of whose tasks names are being looked up.
    pub(super) fn accounts(&self) -> impl Iterator<Item = usize> {
        self.staked.keys().map(|(account, _)| *account)
    }

    /// Whether names of a group's tasks are being looked up.
    pub(super) fn are_looked_up_for(&self, group: GroupIndex) -> bool {
        self.staked.values().any(|(of, _)| *of == group)
    }

    /// Looks up what is wanted, within what its jobs have left. Says what begins.
    pub(super) fn look(
        &mut self,
        (roster, guard): (&Roster, &mut SendGuard),
        groups: &mut JobGroups,
        readings: &mut Readings,
        now: Tick,
    ) -> Vec<Event> {
        let mut begun = Vec::new();
        for (key, group) in std::mem::take(&mut self.wanted) {
            let run = &roster.accounts[key.0];
            let Some(access) = run.access.clone().filter(|_| run.is_open() && groups.is_open(group, now)) else {
                continue;
            };
            let Some(resolver) = find_name_resolver(access.platform) else { continue };
            if readings.may_begin((key, ReadingOf::Names), now).is_err() {
                continue;
            }
            if groups.allows(group, lookup_price(resolver), 1).is_err() {
                groups.turn_away(group, key.0);
                continue;
            }
            let is_its = |lane: &&Lane| (lane.account, lane.action, lane.group) == (key.0, key.1, group);
            let its = || run.lanes.iter().filter_map(|id| Some((*id, roster.lanes.get(id).filter(is_its)?)));
            let guarded: Vec<LaneId> = its().filter(|(_, lane)| lane.awaits_kept).map(|(id, _)| id).collect();
            let (lanes, kept) = (its().map(|(id, lane)| (id, lane.visible_to)), guard.unknown_names(&guarded, roster));
            let (lanes, within) = (lanes.collect(), groups.stake_rest(group));
            self.staked.insert(key, (group, within));
            let reads_records = find(access.platform, key.1).is_some_and(Endpoint::deletes_records);
            let most = if reads_records { NAMES_BEFORE_RECORDS } else { NAMES_AT_ONCE };
            let wanted = ReadingWanted::Names { resolver, lanes, kept, most, within };
            readings.begin((key, ReadingOf::Names), (run.id, access), wanted, groups.until(group));
            begun.push(Event::NamesSought { account: run.id, action: key.1 });
        }
        begun
    }

    /// A lookup has ended: its jobs have what it has not used.
    pub(super) fn settle(&mut self, key: EndpointKey, names: &NamesRead, groups: &mut JobGroups) {
        if let Some((group, within)) = self.staked.remove(&key) {
            groups.unstake(group, within, names.requests, names.spent);
        }
    }
}
