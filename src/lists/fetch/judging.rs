//! What an answer that was no page means: the hold that follows, and whether to ask again, to wait, or to stop.

use std::time::Duration;

use super::means::{FetchError, Stop};
use super::reader::{Reader, Rules};
use crate::domain::{Action, Moment, Tick};
use crate::limits::{Answer, Answered, Hold, HoldReason, Leave, hold_after, leaves};
use crate::platform::{Finding, Limited, RefusalKind, Reply};
use crate::store::{HoldNews, ReadEnd, ReadGrant, ReadHold, ReadLeft};

/// A cap that does not say when it ends is asked about again after a day.
const UNKNOWN_CAP: Duration = Duration::from_secs(86_400);

/// What follows from an answer that was no page.
pub(super) enum Next {
    Again,
    AfterBackoff,
    Refresh,
    /// What refuses may be something in between: a few times more, and then a reason to stop.
    IfRepeated(Stop),
    Stop(Stop),
}

impl Reader {
    /// Writes down what an answer that was no page means, and says what follows.
    pub(super) async fn judge(
        &mut self,
        grant: &ReadGrant,
        reply: &Reply,
        reserved: Tick,
        rules: &Rules,
    ) -> Result<Next, FetchError> {
        let now = self.means.clock.now();
        if reply.http_status.is_some() {
            self.last_answer = now.tick;
        }
        if reply.finding.never_left() {
            self.budget.requests = self.budget.requests.saturating_sub(1);
        }
        let unseen =
            reply.http_status.is_none() && matches!(reply.finding, Finding::Unanswered { maybe_sent: true, .. });
        let upper = if unseen { rules.values.unknown_end(reserved, now.tick) } else { now.tick };
        let end = ended(reply, grant, rules, upper, now, 0);
        let (next, hold) = match &reply.finding {
            Finding::Limited(limited) => {
                let hold = self.hold_for(limited, reply, reserved, rules).await?;
                let capped = matches!(limited, Limited::Usage { .. } | Limited::Spend { .. });
                let next = if capped { Next::Stop(Stop::Cap(hold.until_at)) } else { Next::Again };
                (next, Some(hold))
            }
            Finding::Unauthorized { .. } => (Next::Refresh, None),
            Finding::Ambiguous { refusal: RefusalKind::BadRequest, .. } | Finding::Unsendable { .. } => {
                (Next::Stop(Stop::Malformed(reply.detail.clone())), None)
            }
            Finding::Ambiguous { refusal: RefusalKind::UnreadableNotFound, reason } => {
                (Next::IfRepeated(Stop::Person(reason.to_string(), reply.detail.clone())), None)
            }
            Finding::Account { reason } | Finding::App { reason } | Finding::Ambiguous { reason, .. } => {
                (Next::Stop(Stop::Person(reason.to_string(), reply.detail.clone())), None)
            }
            Finding::NotSent => (Next::Again, None),
            Finding::World { .. } | Finding::Unknown { .. } | Finding::Unanswered { .. } => (Next::AfterBackoff, None),
            // A request without a target is never answered so.
            Finding::Done { .. } | Finding::Gone { .. } | Finding::Refused { .. } => (Next::AfterBackoff, None),
        };
        let news = hold.as_ref().map_or(HoldNews::Same, HoldNews::Set);
        self.means.store.end_read(grant.id, &end, news, &rules.ask()).await?;
        Ok(next)
    }

    /// The hold that follows from a refusal: by its headers, and longer each time it comes again at once.
    async fn hold_for(
        &mut self,
        limited: &Limited,
        reply: &Reply,
        reserved: Tick,
        rules: &Rules,
    ) -> Result<ReadHold, FetchError> {
        let now = self.means.clock.now();
        let (reason, until) = match limited {
            Limited::Usage { until } => (HoldReason::UsageCap, *until),
            Limited::Spend { until } => (HoldReason::SpendCap, *until),
            Limited::Rate | Limited::Hidden => {
                let last = self.means.store.last_read_hold(&rules.ask(), now).await?.map(|hold| Hold {
                    until: hold.until,
                    reason: HoldReason::parse(&hold.reason).unwrap_or(HoldReason::RateLimit),
                    rung: hold.rung,
                });
                let answered = if *limited == Limited::Hidden { Answered::Capped } else { Answered::Limited };
                // Which action it was says nothing about how long to wait.
                let answer = Answer { action: Action::Unfollow, reserved, answered, facts: reply.facts };
                return Ok(stored(hold_after(&answer, last, rules.shortest(), now.tick), now));
            }
        };
        let length = until.map_or(UNKNOWN_CAP, |until| until.since(reply.facts.date.unwrap_or(now.wall)));
        Ok(stored(Hold { until: now.tick.after(length), reason, rung: 0 }, now))
    }
}

fn stored(hold: Hold, now: Moment) -> ReadHold {
    ReadHold {
        until: hold.until,
        until_at: now.wall_at(hold.until),
        length: hold.until.since(now.tick),
        reason: hold.reason.name().to_owned(),
        rung: hold.rung,
    }
}

/// How a request ended, and what its answer says is left of the platform's windows.
pub(super) fn ended(
    reply: &Reply,
    grant: &ReadGrant,
    rules: &Rules,
    upper: Tick,
    now: Moment,
    resources: u64,
) -> ReadEnd {
    let finding = match &reply.finding {
        Finding::Done { .. } => "page",
        Finding::Limited(_) => "limited",
        Finding::Unauthorized { .. } => "unauthorized",
        Finding::Account { .. } => "account",
        Finding::App { .. } => "app",
        Finding::Ambiguous { refusal: RefusalKind::BadRequest, .. } | Finding::Unsendable { .. } => "malformed",
        Finding::Ambiguous { .. } => "ambiguous",
        Finding::World { .. } => "world",
        Finding::Unanswered { .. } => "unanswered",
        Finding::NotSent => "not_sent",
        Finding::Unknown { .. } | Finding::Gone { .. } | Finding::Refused { .. } => "unknown",
    };
    ReadEnd {
        upper,
        ended_at: now.wall,
        http_status: reply.http_status,
        finding,
        detail: reply.detail.clone(),
        resources,
        left: left(reply, grant, rules, now),
    }
}

/// A refusal sets a hold instead.
fn left(reply: &Reply, grant: &ReadGrant, rules: &Rules, now: Moment) -> Vec<ReadLeft> {
    if matches!(reply.finding, Finding::Limited(_)) {
        return Vec::new();
    }
    let leaves = leaves(&reply.facts, grant.free.saturating_sub(1), grant.open, rules.shortest());
    let of = |(day, leave): (bool, Option<Leave>)| {
        let Leave { more, lasts } = leave?;
        let until = now.tick.after(lasts);
        Some(ReadLeft { day, more, until, until_at: now.wall_at(until), length: lasts })
    };
    [false, true].into_iter().zip(leaves).filter_map(of).collect()
}
