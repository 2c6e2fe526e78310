//! What an answer that was no page means: the hold that follows, and whether to ask again, to wait, or to stop.

use super::deps::FetchDeps;
use super::outcome::{FetchError, Stop};
use super::rules::Rules;
use crate::domain::{Action, Moment, Tick};
use crate::engine::{Blame, Proof, cap_of, consequences_of};
use crate::limits::{Hold, HoldReason, Leave, ObservedAnswer, hold_after, leaves};
use crate::platforms::{Limited, RefusalKind, Reply};
use crate::store::{HoldNews, ReadEnd, ReadGrant, ReadHold, ReadLeft};

/// What follows from an answer that was no page.
pub(super) enum Next {
    Again,
    AfterBackoff,
    Refresh,
    /// What refuses may be something in between: a few times more, and then a reason to stop.
    IfRepeated(Stop),
    Stop(Stop),
}

/// Writes down what an answer that was no page means, and says what follows.
pub(super) async fn judge_answer(
    deps: &mut FetchDeps,
    grant: &ReadGrant,
    reply: &Reply,
    reserved: Tick,
    rules: &Rules,
) -> Result<Next, FetchError> {
    let now = deps.clock.now();
    let row = consequences_of(&reply.finding);
    let counted_until = if row.counted_later { rules.values.unknown_end(reserved, now.tick) } else { now.tick };
    let end = ended(reply, grant, rules, counted_until, now, 0);
    let person = || Stop::Person(row.reason.map_or_else(String::new, ToString::to_string), reply.detail.clone());
    let mut hold = None;
    let next = match row.blame {
        Blame::Limit(limited) => {
            let set = hold.insert(hold_for(deps, limited, reply, reserved, rules).await?);
            let capped = matches!(limited, Limited::Usage { .. } | Limited::Spend { .. });
            if capped { Next::Stop(Stop::Cap(set.until_at)) } else { Next::Again }
        }
        Blame::Credentials => Next::Refresh,
        Blame::Row | Blame::Question(RefusalKind::BadRequest) => Next::Stop(Stop::Malformed(reply.detail.clone())),
        Blame::Question(RefusalKind::UnreadableNotFound) => Next::IfRepeated(person()),
        Blame::Grant | Blame::Account | Blame::App | Blame::Question(_) => Next::Stop(person()),
        Blame::Nobody => Next::Again,
        // A request without a target is never answered as if one had been served.
        Blame::Platform | Blame::Network | Blame::Served(_) => Next::AfterBackoff,
    };
    let news = hold.as_ref().map_or(HoldNews::Same, HoldNews::Set);
    deps.store.lists().end_read(grant.id, &end, news, &rules.ask()).await?;
    Ok(next)
}

/// The hold that follows from a refusal: by its headers, and longer each time it comes again at once.
async fn hold_for(
    deps: &mut FetchDeps,
    limited: Limited,
    reply: &Reply,
    reserved: Tick,
    rules: &Rules,
) -> Result<ReadHold, FetchError> {
    let now = deps.clock.now();
    if let Some((until, reason)) = cap_of(limited, &reply.facts, now) {
        return Ok(stored(Hold { until, reason, backoff_level: 0 }, now));
    }
    let last = deps.store.lists().last_read_hold(&rules.ask(), now).await?.map(|hold| Hold {
        until: hold.until,
        reason: HoldReason::named(&hold.reason).unwrap_or(HoldReason::RateLimit),
        backoff_level: hold.backoff_level,
    });
    let answered = Blame::Limit(limited).for_limits();
    // Which action it was says nothing about how long to wait.
    let answer = ObservedAnswer { action: Action::Unfollow, reserved, answered, facts: reply.facts };
    Ok(stored(hold_after(&answer, last, rules.shortest(), now.tick), now))
}

fn stored(hold: Hold, now: Moment) -> ReadHold {
    ReadHold {
        until: hold.until,
        until_at: now.wall_at(hold.until),
        length: hold.until.since(now.tick),
        reason: hold.reason.name().to_owned(),
        backoff_level: hold.backoff_level,
    }
}

/// How a request ended, and what its answer says is left of the platform's windows.
pub(super) fn ended(
    reply: &Reply,
    grant: &ReadGrant,
    rules: &Rules,
    counted_until: Tick,
    now: Moment,
    resources: u64,
) -> ReadEnd {
    let row = consequences_of(&reply.finding);
    ReadEnd {
        counted_until,
        ended_at: now.wall,
        http_status: reply.http_status,
        finding: if row.blame == Blame::Served(Proof::Effect) { "page" } else { row.word },
        detail: reply.detail.clone(),
        resources,
        left: left(reply, grant, rules, now),
    }
}

/// A refusal sets a hold instead.
fn left(reply: &Reply, grant: &ReadGrant, rules: &Rules, now: Moment) -> Vec<ReadLeft> {
    if matches!(consequences_of(&reply.finding).blame, Blame::Limit(_)) {
        return Vec::new();
    }
    let leaves = leaves(&reply.facts, |_| grant.free.saturating_sub(1), grant.open, rules.shortest());
    let of = |(day, leave): (bool, Option<Leave>)| {
        let Leave { more, lasts } = leave?;
        let until = now.tick.after(lasts);
        Some(ReadLeft { day, more, until, until_at: now.wall_at(until), length: lasts })
    };
    [false, true].into_iter().zip(leaves).filter_map(of).collect()
}
