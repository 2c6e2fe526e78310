//! What the platform said about limits, judged. It can only tighten: nothing a header says frees a slot or ends a hold.
//!
//! In: the facts of one answer, what is free and in flight here, the last hold. Out: a hold or an allowance. What does not
//! belong here: reading headers (`platform` does), storing holds (the engine does, with the settle).
//!
//! Why there is a ladder: a cap of the app's for a day answers 429 with `remaining` 49 and a reset 900 s ahead that means
//! nothing (seen on X's unfollow). Who believes that reset knocks every 15 minutes for a day.

use std::time::Duration;

use crate::domain::{Action, RateFacts, Tick};

/// How an answer bears on limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    /// The platform did its work (done, gone, refused for the target's sake): no limit stood in the way.
    Served,
    /// Too many requests (429, v1.1 code 88).
    Limited,
    /// A cap whose window nobody documents (v1.1 code 185).
    Capped,
    /// Anything else: it proves nothing about limits, though its headers may tell something.
    Otherwise,
}

/// One answer, as far as limits care.
#[derive(Clone, Copy, Debug)]
pub struct ObservedAnswer {
    /// What was asked for: headers speak of one endpoint.
    pub action: Action,
    /// When its slot was reserved: tells an answer that was under way before a hold from one that knocked after it.
    pub reserved: Tick,
    /// How it bears on limits.
    pub answered: Answered,
    /// What its headers said.
    pub facts: RateFacts,
}

crate::domain::with_names! {
    /// Why an account is held.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub enum HoldReason {
        /// The platform's window is used up.
        RateLimit => "rate_limit",
        /// A longer cap that the platform does not name.
        HiddenCap => "hidden_cap",
        /// A usage cap for a day or a month.
        UsageCap => "usage_cap",
        /// The billing cycle's spend cap.
        SpendCap => "spend_cap",
    }
}

/// A time in which nothing of an account leaves. It is remembered after it has ended, until a request is served again: a
/// refusal right after it is how a hidden cap shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hold {
    /// When it ends.
    pub until: Tick,
    /// Why it is there.
    pub reason: HoldReason,
    /// How many holds for a hidden cap there were in a row, at most 4; saved, so that a restart does not begin again at 15 minutes.
    pub backoff_level: u8,
}

/// What is left of a platform's window that somebody else spends too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leave {
    /// How many more may leave.
    pub more: u32,
    /// For how long.
    pub lasts: Duration,
}

/// The lengths of a hidden cap's holds, in windows: 15 min, 1 h, 4 h and 24 h where the shortest window is 15 minutes.
const LADDER_WINDOWS: [u32; 4] = [1, 4, 16, 96];
/// No header holds an account longer than the longest window there is; what claims more is nonsense (milliseconds taken for
/// seconds, say).
const LONGEST: Duration = Duration::from_secs(31 * 86_400);
/// `reset` and `date` are whole seconds, so their difference can be a second short.
const RESET_SLACK: Duration = Duration::from_secs(1);

/// The hold after a refusal (`answer` is `Limited` or `Capped`). `last` is the hold before, active or over, if nothing was
/// served since; `window` the account's shortest.
pub fn hold_after(answer: &ObservedAnswer, last: Option<Hold>, window: Duration, now: Tick) -> Hold {
    let facts = &answer.facts;
    // Reserved before the last hold ended: it was under way with the refused one and is no news.
    let again = last.is_some_and(|hold| answer.reserved >= hold.until);
    let denies_itself = facts.remaining.is_some_and(|left| left > 0) && facts.day_remaining != Some(0);
    let backoff_level = last.map_or(0, |hold| hold.backoff_level);
    let hold = if answer.answered == Answered::Capped || again || denies_itself {
        let step = if again { backoff_level } else { backoff_level.saturating_sub(1) };
        let length = ladder(window, step).max(stated(facts).unwrap_or(Duration::ZERO));
        Hold { until: now.after(length), reason: HoldReason::HiddenCap, backoff_level: (step + 1).min(4) }
    } else {
        Hold { until: now.after(stated(facts).unwrap_or(window)), reason: HoldReason::RateLimit, backoff_level }
    };
    match last {
        Some(longer) if longer.until > hold.until => {
            Hold { backoff_level: hold.backoff_level.max(longer.backoff_level), ..longer }
        }
        _ => hold,
    }
}

fn ladder(window: Duration, step: u8) -> Duration {
    let windows = LADDER_WINDOWS.get(usize::from(step)).copied().unwrap_or(LADDER_WINDOWS[3]);
    window.saturating_mul(windows)
}

/// How long the platform says to wait, where it says something sensible: the longest of what applies.
fn stated(facts: &RateFacts) -> Option<Duration> {
    let reset = sane(facts.until_reset()).map(|until| until + RESET_SLACK);
    let day = sane(facts.until_day_reset()).filter(|_| facts.day_remaining == Some(0)).map(|until| until + RESET_SLACK);
    let retry_after = facts.retry_after.filter(|wait| !wait.is_zero() && *wait <= LONGEST);
    [reset, day, retry_after].into_iter().flatten().max()
}

/// A time to a reset, if it lies ahead and within 31 days.
fn sane(until: Option<Duration>) -> Option<Duration> {
    until.filter(|until| !until.is_zero() && *until <= LONGEST)
}

/// What an answer leaves us in the platform's window and in its day, where that is less than we would take until it is reset.
/// `room` says how many that is, for a reset that is so far ahead (none: nobody knows how far). `in_flight` are our other requests the answer may
/// not have counted yet, `window` the account's shortest.
///
/// Undos and readings both go by this. Where nobody else spends, `remaining` is never below that room: all that the platform counted of ours
/// counts here too, and longer.
pub fn leaves(
    facts: &RateFacts,
    mut room: impl FnMut(Option<Duration>) -> u32,
    in_flight: u32,
    window: Duration,
) -> [Option<Leave>; 2] {
    let mut leave = |remaining: Option<u32>, until: Option<Duration>| {
        let (remaining, until) = (remaining?, sane(until));
        let lasts = until.map_or(window, |until| until + RESET_SLACK);
        (remaining < room(until)).then(|| Leave { more: remaining.saturating_sub(in_flight), lasts })
    };
    [leave(facts.remaining, facts.until_reset()), leave(facts.day_remaining, facts.until_day_reset())]
}

/// The earliest tick at which the platform's window can be reset, by the answer to a request reserved at `reserved`: it was written later, and the
/// times in it are whole seconds.
pub(super) fn earliest_reset(reserved: Tick, until: Duration) -> Tick {
    reserved.after(until.saturating_sub(RESET_SLACK))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Wall;

    const WINDOW: Duration = Duration::from_secs(900);
    const NOW: Tick = Tick(5_000_000);

    /// A refusal at `NOW` that says `remaining`, and a reset so many seconds after its own date.
    fn refused(remaining: Option<u32>, reset_in: Option<i64>) -> ObservedAnswer {
        let date = Wall(1_800_000_000_000);
        let reset = reset_in.map(|seconds| Wall(date.0 + seconds * 1000));
        let facts = RateFacts { remaining, reset, date: Some(date), ..RateFacts::default() };
        ObservedAnswer { action: Action::Unfollow, reserved: Tick(NOW.0 - 50), answered: Answered::Limited, facts }
    }

    fn seconds(hold: Hold) -> u64 {
        hold.until.since(NOW).as_secs()
    }

    fn held(answer: &ObservedAnswer) -> (u64, HoldReason) {
        let hold = hold_after(answer, None, WINDOW, NOW);
        (seconds(hold), hold.reason)
    }

    #[test]
    fn a_refusal_holds_until_the_reset_by_the_answers_own_date() {
        assert_eq!(held(&refused(Some(0), Some(400))), (401, HoldReason::RateLimit));
    }

    #[test]
    fn without_usable_headers_it_holds_for_retry_after_or_a_window() {
        for (what, answer) in [
            ("no headers", refused(None, None)),
            ("reset in the past", refused(Some(0), Some(-7))),
            ("reset now", refused(Some(0), Some(0))),
            ("reset in the year 58000", refused(Some(0), Some(1_800_000_000_000))),
        ] {
            assert_eq!(held(&answer), (900, HoldReason::RateLimit), "{what}");
            let mut told = answer;
            told.facts.retry_after = Some(Duration::from_secs(60));
            assert_eq!(held(&told), (60, HoldReason::RateLimit), "{what}, with Retry-After");
        }
        let mut undated = refused(Some(0), Some(400));
        undated.facts.date = None;
        assert_eq!(held(&undated), (900, HoldReason::RateLimit));
    }

    #[test]
    fn a_refusal_that_says_there_is_something_left_climbs_the_ladder() {
        let knock = |last: Option<Hold>| {
            let now = last.map_or(NOW, |hold| hold.until);
            let hold = hold_after(&ObservedAnswer { reserved: now, ..refused(Some(49), Some(900)) }, last, WINDOW, now);
            (hold, hold.until.since(now).as_secs())
        };
        let (mut hold, length) = knock(None);
        let mut lengths = vec![length];
        for _ in 0..4 {
            let (next, length) = knock(Some(hold));
            hold = next;
            lengths.push(length);
        }
        assert_eq!(lengths, [901, 3600, 14_400, 86_400, 86_400]);
        assert_eq!((hold.backoff_level, hold.reason), (4, HoldReason::HiddenCap));
    }

    #[test]
    fn a_second_refusal_right_after_a_reset_is_a_hidden_cap_and_one_that_was_under_way_is_not() {
        let first = hold_after(&refused(Some(0), Some(400)), None, WINDOW, NOW);
        let later = first.until.after(Duration::from_secs(1));
        let under_way = hold_after(&refused(Some(0), Some(1)), Some(first), WINDOW, later);
        assert_eq!((under_way.reason, under_way.backoff_level), (HoldReason::RateLimit, 0));
        let knocked = ObservedAnswer { reserved: first.until, ..refused(Some(0), Some(300)) };
        let hold = hold_after(&knocked, Some(first), WINDOW, later);
        assert_eq!((hold.reason, hold.backoff_level, hold.until), (HoldReason::HiddenCap, 1, later.after(WINDOW)));
        let companion = hold_after(&knocked, Some(hold), WINDOW, later);
        assert_eq!(companion, hold, "several refused together climb one rung");
    }

    #[test]
    fn a_shorter_hold_never_replaces_a_longer_one() {
        let long = hold_after(&refused(Some(0), Some(800)), None, WINDOW, NOW);
        assert_eq!(hold_after(&refused(Some(0), Some(10)), Some(long), WINDOW, NOW), long);
    }

    #[test]
    fn a_day_used_up_holds_until_the_day_resets() {
        let mut answer = refused(Some(49), Some(900));
        answer.facts.day_remaining = Some(0);
        answer.facts.day_reset = answer.facts.date.map(|date| Wall(date.0 + 40_000_000));
        assert_eq!(held(&answer), (40_001, HoldReason::RateLimit));
    }

    #[test]
    fn less_left_than_free_here_means_somebody_else_spends() {
        let facts = refused(Some(5), Some(400)).facts;
        let leaves = |facts: &RateFacts, room: u32, in_flight: u32| leaves(facts, |_| room, in_flight, WINDOW);
        let [window, day] = leaves(&facts, 20, 2);
        assert_eq!((window, day), (Some(Leave { more: 3, lasts: Duration::from_secs(401) }), None));
        assert_eq!(leaves(&facts, 5, 0), [None, None], "what we spent ourselves");
        assert_eq!(leaves(&RateFacts::default(), 50, 0), [None, None]);
        let day = RateFacts { day_remaining: Some(1), ..facts };
        assert_eq!(leaves(&day, 4, 3), [None, Some(Leave { more: 0, lasts: WINDOW })]);
    }

    #[test]
    fn names_lead_back_to_the_reason() {
        HoldReason::ALL.into_iter().for_each(|reason| assert_eq!(HoldReason::named(reason.name()), Some(reason)));
    }
}
