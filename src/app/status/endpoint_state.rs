//! What the platform's answers have said of single endpoints: how many requests they still take, and whether they serve anybody. For
//! whoever only looks.

use std::collections::HashMap;

use serde::Serialize;

use crate::domain::{AccountId, Action, BootId, Moment, Wall};
use crate::error::CommandError;
use crate::store::{Store, end_here};

/// An allowance: so many more requests, until then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointAllowance {
    /// An action, or the list that is read.
    pub endpoint: String,
    /// The action, where it is one.
    pub action: Option<Action>,
    /// Requests that may still be sent.
    pub remaining: u32,
    /// When the platform's window ends.
    pub until: Wall,
}

/// An outage: the endpoint gives no good answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointOutage {
    /// Which.
    pub action: Action,
    /// Since when.
    pub since: Wall,
    /// When it is tried next.
    pub next_try: Wall,
}

/// The endpoints of one account of which something is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EndpointStates {
    /// Those that take fewer requests than our own windows allow.
    pub allowances: Vec<EndpointAllowance>,
    /// Those that serve nobody.
    pub outages: Vec<EndpointOutage>,
}

/// Those of every account, as the record has them.
pub async fn endpoint_states(
    store: &mut Store,
    boot: &BootId,
    now: Moment,
) -> Result<HashMap<AccountId, EndpointStates>, CommandError> {
    let mut states: HashMap<AccountId, EndpointStates> = HashMap::new();
    for stored in store.queue().allowances(boot, now).await? {
        let until = end_here(stored.same_boot, stored.until, stored.until_at, stored.length_ms, now);
        if until > now.tick {
            let (action, remaining, until) = (stored.action, stored.remaining, now.wall_at(until));
            let endpoint = action.name().to_owned();
            let allowance = EndpointAllowance { endpoint, action: Some(action), remaining, until };
            states.entry(stored.account).or_default().allowances.push(allowance);
        }
    }
    for read in store.lists().read_allowances(boot, now).await? {
        let (endpoint, remaining, until) = (read.endpoint, read.remaining, read.until_at);
        let allowance = EndpointAllowance { endpoint, action: None, remaining, until };
        states.entry(read.account).or_default().allowances.push(allowance);
    }
    for stored in store.queue().outages().await? {
        let state = &stored.state;
        let next = end_here(stored.boot == boot.0, state.until, state.until_at, state.length_ms, now).max(now.tick);
        let outage = EndpointOutage { action: stored.action, since: state.since, next_try: now.wall_at(next) };
        states.entry(stored.account).or_default().outages.push(outage);
    }
    Ok(states)
}

impl EndpointStates {
    /// When a request for any of this work can leave; none: nothing here is in the way.
    pub fn next_at(&self, work: &[(Action, u64)]) -> Option<Wall> {
        let concerns = |of: Action| work.iter().any(|(action, _)| *action == of);
        let used_up = self.allowances.iter().filter(|told| told.remaining == 0 && told.action.is_some_and(concerns));
        let out = self.outages.iter().filter(|outage| concerns(outage.action)).map(|outage| outage.next_try);
        used_up.map(|told| told.until).chain(out).max()
    }

    /// One sentence for each.
    pub fn sentences(&self, clock: impl Fn(Wall) -> String) -> Vec<String> {
        let allowed = self.allowances.iter().map(|told| {
            let reading = if told.action.is_some() { "" } else { "reading " };
            let (endpoint, until) = (&told.endpoint, clock(told.until));
            format!("{reading}{endpoint}: the platform allows {} more until {until}", told.remaining)
        });
        let out = self.outages.iter().map(|outage| {
            let (since, next) = (clock(outage.since), clock(outage.next_try));
            format!("{}: no usable answer from the platform since {since}; next try {next}", outage.action)
        });
        allowed.chain(out).collect()
    }
}

/// An entry of `allowances` in the JSON of an account.
#[derive(Serialize)]
pub(super) struct AllowanceJson {
    endpoint: String,
    remaining: u32,
    until: String,
}

/// An entry of `outages` in the JSON of an account.
#[derive(Serialize)]
pub(super) struct OutageJson {
    endpoint: &'static str,
    since: String,
    next_try_at: String,
}

impl EndpointStates {
    pub(super) fn allowances_json(&self) -> Vec<AllowanceJson> {
        let told = |told: &EndpointAllowance| AllowanceJson {
            endpoint: told.endpoint.clone(),
            remaining: told.remaining,
            until: told.until.rfc3339(),
        };
        self.allowances.iter().map(told).collect()
    }

    pub(super) fn outages_json(&self) -> Vec<OutageJson> {
        let outage = |outage: &EndpointOutage| OutageJson {
            endpoint: outage.action.name(),
            since: outage.since.rfc3339(),
            next_try_at: outage.next_try.rfc3339(),
        };
        self.outages.iter().map(outage).collect()
    }
}
