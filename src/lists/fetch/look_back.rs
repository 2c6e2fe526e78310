//! A look at what an undo was about, whose answer held another state than was asked for: one request, with a slot on disk in the windows
//! of a list. In: the endpoint and its target. Out: the answer; none where there is no slot now.

use std::sync::Arc;

use super::deps::{FetchDeps, Way};
use super::judging::ended;
use super::rules::Rules;
use crate::domain::{Target, Tick};
use crate::engine::consequences_of;
use crate::platforms::{Credentials, Endpoint, Reply, Request};
use crate::store::{HoldNews, ReadSlot, StoreError};

/// What is looked at.
#[derive(Clone, Copy, Debug)]
pub struct LookedAt<'a> {
    /// Where the undo was sent.
    pub endpoint: &'a Endpoint,
    /// What it was about.
    pub target: &'a Target,
    /// Past this nobody waits for the answer.
    pub deadline: Tick,
}

/// Looks, once.
pub async fn look_back(
    deps: &mut FetchDeps,
    way: &Way,
    credentials: &Credentials,
    LookedAt { endpoint, target, deadline }: LookedAt<'_>,
) -> Result<Option<Reply>, StoreError> {
    let Some((back, endpoint)) = endpoint.read_back.zip(endpoint.looking_back()) else { return Ok(None) };
    let clock = Arc::clone(&deps.clock);
    let rules = Rules::of(way, back.windows_of, clock.boot(), deps.request_deadline);
    let reserved = clock.now();
    let ReadSlot::Granted(grant) = deps.store.lists().reserve_read(&rules.ask(), reserved).await? else {
        return Ok(None);
    };
    let request = Request {
        endpoint: &endpoint,
        base: &way.base,
        credentials,
        user: &way.user,
        target,
        record: None,
        send_by: reserved.tick.after(rules.values.send_by).min(deadline),
        deadline: reserved.tick.after(rules.values.deadline).min(deadline),
        clock: &*clock,
    };
    let reply = deps.client.perform(request).await;
    let now = clock.now();
    let row = consequences_of(&reply.finding);
    let unseen = rules.values.unknown_end(reserved.tick, now.tick);
    let end = ended(&reply, &grant, &rules, if row.counted_later { unseen } else { now.tick }, now, 0);
    deps.store.lists().end_read(grant.id, &end, HoldNews::Same, &rules.ask()).await?;
    Ok(Some(reply))
}
