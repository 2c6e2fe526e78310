//! What an answer means for its account's limits: holds, caps and allowances, written with the answer.
//!
//! In: an answer. Out: what the turn writes beside the task itself. What does not belong here: how long a limit lasts (`limits`).

use std::time::Duration;

use super::account::AccountRun;
use super::consequences::consequences_of;
use super::event::Event;
use super::turn_draft::TurnDraft;
use super::workers::EndedRequest;
use crate::domain::{Moment, RateFacts, Tick};
use crate::limits::{Allowance, Hold, HoldChange, HoldReason, ObservedAnswer};
use crate::platforms::{Limited, Reply};
use crate::store::{NewAllowance, NewHold};

/// A hold longer than this is not waited for: the run ends with what is left. The longest of the documented windows.
const LONGEST_HOLD_WAITED_FOR_MS: i64 = 86_400_000 + 60_000;
/// A cap that does not say when it ends is asked about again after a day.
const UNKNOWN_CAP: Duration = Duration::from_secs(86_400);
/// No cap is asked about sooner.
const SHORTEST_CAP: Duration = Duration::from_secs(60);

/// The limiter hears what the answer said; a new hold is written with it. `until`: when nothing is sent any more in this run.
pub(super) fn observe_limits(
    EndedRequest { flight, reply, ended, .. }: &EndedRequest,
    run: &mut AccountRun,
    until: Option<Tick>,
    draft: &mut TurnDraft,
) {
    if reply.http_status.is_none() {
        return;
    }
    let answer = ObservedAnswer {
        action: flight.lane.action,
        reserved: flight.reserved.tick,
        answered: consequences_of(&reply.finding).blame.for_limits(),
        facts: reply.facts,
    };
    let Some(limiter) = &mut run.limiter else { return };
    let change = limiter.observe(&answer, ended.tick);
    let tightened = limiter.take_tightened();
    write_allowances(run, &tightened, *ended, draft);
    match change {
        Some(HoldChange::Set(hold)) => write_hold(run, hold, until, *ended, draft),
        Some(HoldChange::Cleared) => {
            run.held_until = None;
            let (account, reason) = (run.id, String::new());
            draft.writes.holds.push(NewHold { account, until: None, length_ms: 0, reason, backoff_level: 0 });
        }
        None => {}
    }
}

/// What answers say is left is saved with them, so that the process after a restart keeps to it.
fn write_allowances(run: &AccountRun, tightened: &[Allowance], now: Moment, draft: &mut TurnDraft) {
    let account = run.id;
    for Allowance { action, day, more, until } in tightened.iter().copied() {
        let is_same = |known: &NewAllowance| (known.account, known.action, known.day) == (account, action, day);
        draft.writes.allowances.retain(|known| !is_same(known));
        let length_ms = until.0.saturating_sub(now.tick.0);
        let until = (until, now.wall_at(until));
        draft.writes.allowances.push(NewAllowance { account, action, day, remaining: more, until, length_ms });
    }
}

fn write_hold(run: &mut AccountRun, hold: Hold, end: Option<Tick>, now: Moment, draft: &mut TurnDraft) {
    let Hold { until, reason, backoff_level } = hold;
    let length_ms = until.0.saturating_sub(now.tick.0);
    let (account, until_at) = (run.id, now.wall_at(until));
    let outlasts = end.is_some_and(|end| until >= end) || length_ms > LONGEST_HOLD_WAITED_FOR_MS;
    (run.capped_until, run.held_until) = (outlasts.then_some(until), Some(until));
    draft.writes.holds.retain(|hold| hold.account != account);
    let reason_word = reason.name().to_owned();
    draft.writes.holds.push(NewHold {
        account,
        until: Some((until, until_at)),
        length_ms,
        reason: reason_word,
        backoff_level,
    });
    draft.tell(Event::Held { account, reason: reason.name(), until: until_at });
}

/// A usage or spend cap ends when the platform says so; where it does not, it is asked again in a day. None: it is no cap.
pub fn cap_of(limited: Limited, facts: &RateFacts, now: Moment) -> Option<(Tick, HoldReason)> {
    let (ends, reason) = match limited {
        Limited::Usage { until } => (until, HoldReason::UsageCap),
        Limited::Spend { until } => (until, HoldReason::SpendCap),
        Limited::Rate | Limited::Hidden => return None,
    };
    let platform_now = facts.date.unwrap_or(now.wall);
    let length = ends.map_or(UNKNOWN_CAP, |ends| ends.since(platform_now).max(SHORTEST_CAP));
    Some((now.tick.after(length), reason))
}

/// A cap holds the account.
pub(super) fn hold_for_cap(
    limited: Limited,
    reply: &Reply,
    run: &mut AccountRun,
    until: Option<Tick>,
    now: Moment,
    draft: &mut TurnDraft,
) {
    let Some((ends, reason)) = cap_of(limited, &reply.facts, now) else { return };
    if let Some(limiter) = &mut run.limiter {
        let hold = limiter.hold(ends, reason);
        write_hold(run, hold, until, now, draft);
        // Such a cap is not a rate limit: waiting inside this run for a billing cycle helps nobody.
        run.capped_until = Some(hold.until);
    }
}
