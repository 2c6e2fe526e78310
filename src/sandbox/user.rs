//! One user of the pretend platform: windows, trouble, and what has been done.

mod lists;
mod places;
mod record;

use std::collections::{BTreeMap, BTreeSet};

use self::lists::undoing;
use super::decision::{Answer, Ask, Decision, SimulatedOutcome};
use super::faults::Strike;
use super::ledger::FaultCounts;
use super::lists::Shelf;
use super::reads::Reads;
use super::rules::{BLUESKY_DAY, BLUESKY_HOUR, MASTODON_RARE, MASTODON_USUAL, Rules, SHORTER};
use super::target_fate::Fate;
use super::trouble::Trouble;
use super::who::{KnownUser, SimulatedApi};
use super::windows::{FixedWindow, SlidingPeak, WindowState};
use crate::domain::{Action, Moment, Rate, TargetId, Tick};

/// 75 per 15 minutes is what X documents for `/2/users/me`.
const LOOKUPS: Rate = Rate::fixed(75, 900);
/// An injected 429 ends with the next whole second but one: long enough to be waited for, short enough to be worth it.
const INJECTED_RESET_SECONDS: i64 = 2;

#[derive(Debug)]
pub(super) struct User {
    pub(super) trouble: Option<Trouble>,
    id: TargetId,
    dialect: SimulatedApi,
    rate: Rate,
    enforce: bool,
    window: FixedWindow,
    /// The longer window: of unlikes at X, of all writes at Bluesky.
    day: Option<FixedWindow>,
    /// Narrower windows of one action, where the platform has them.
    narrower: BTreeMap<Action, FixedWindow>,
    /// One window of deleting posts and taking back reposts, at Mastodon.
    rare: Option<FixedWindow>,
    lookup_window: FixedWindow,
    arrivals: SlidingPeak,
    day_arrivals: Option<(Rate, SlidingPeak)>,
    per_action: BTreeMap<Action, PerAction>,
    effects: BTreeMap<(Action, TargetId), Counts>,
    reads: BTreeMap<&'static str, Reads>,
    /// In place of what X documents for reading, shortened already.
    read_rate: Option<Rate>,
    /// What somebody has put on a list that was never there.
    added: BTreeMap<Shelf, Vec<TargetId>>,
    /// What was undone and has come back.
    returned: BTreeSet<(Shelf, TargetId)>,
    requests: u64,
    lookups: u64,
    earned_429: u64,
    injected_429: u64,
    done: u64,
    repeats: u64,
    faults: FaultCounts,
}

#[derive(Debug)]
struct PerAction {
    requests: u64,
    arrivals: SlidingPeak,
}

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    applied: u32,
    requested: u32,
}

/// A request for an action on a well-formed target, with what the dice say of both.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arrival<'a> {
    pub(super) ask: Ask<'a>,
    pub(super) target: TargetId,
    pub(super) fate: Fate,
    pub(super) strike: Option<Strike>,
    pub(super) wording: u8,
}

impl User {
    pub(super) fn new(who: KnownUser, rules: &Rules) -> User {
        let v1_unfollow =
            |action| rules.v1_unfollow.filter(|_| who.dialect == SimulatedApi::V1 && action == Action::Unfollow);
        let is_mastodon = who.dialect == SimulatedApi::Mastodon;
        let (rate, unlike_day) = match who.dialect {
            SimulatedApi::Mastodon => (MASTODON_USUAL.shortened(SHORTER), None),
            SimulatedApi::Bluesky => (BLUESKY_HOUR.shortened(SHORTER), None),
            SimulatedApi::V2 | SimulatedApi::V1 | SimulatedApi::Aisa => (rules.rate, rules.unlike_day),
        };
        let write_day = (who.dialect == SimulatedApi::Bluesky).then(|| BLUESKY_DAY.shortened(SHORTER));
        let narrower = |action| Some((action, FixedWindow::new(rules.endpoint_rate.or_else(|| v1_unfollow(action))?)));
        User {
            trouble: None,
            id: who.user,
            dialect: who.dialect,
            rate,
            enforce: rules.enforce,
            window: if is_mastodon { FixedWindow::aligned(rate) } else { FixedWindow::new(rate) },
            day: unlike_day.or(write_day).map(FixedWindow::new),
            narrower: Action::ALL.into_iter().filter_map(narrower).collect(),
            rare: is_mastodon.then(|| FixedWindow::aligned(MASTODON_RARE.shortened(SHORTER))),
            lookup_window: FixedWindow::new(LOOKUPS.shortened(SHORTER)),
            arrivals: SlidingPeak::new(rate.window()),
            day_arrivals: unlike_day.map(|rate| (rate, SlidingPeak::new(rate.window()))),
            per_action: BTreeMap::new(),
            effects: BTreeMap::new(),
            reads: BTreeMap::new(),
            read_rate: rules.read_rate,
            added: BTreeMap::new(),
            returned: BTreeSet::new(),
            requests: 0,
            lookups: 0,
            earned_429: 0,
            injected_429: 0,
            done: 0,
            repeats: 0,
            faults: FaultCounts::default(),
        }
    }

    /// Counts a request for an action, before anything else is known of it.
    pub(super) fn arrive(&mut self, tick: Tick, action: Action) {
        let window = self.rate.window();
        let per_action = self.per_action.entry(action);
        let per_action = per_action.or_insert_with(|| PerAction { requests: 0, arrivals: SlidingPeak::new(window) });
        per_action.requests += 1;
        per_action.arrivals.arrive(tick);
        self.requests += 1;
        self.arrivals.arrive(tick);
        if let (Action::Unlike, Some((_, day))) = (action, &mut self.day_arrivals) {
            day.arrive(tick);
        }
    }

    /// Whether this effect has been asked for before.
    pub(super) fn knows(&self, action: Action, target: TargetId) -> bool {
        self.effects.contains_key(&(action, target))
    }

    /// Notes that an effect is asked for; says how often it now has been.
    pub(super) fn request(&mut self, action: Action, target: TargetId) -> u32 {
        let counts = self.effects.entry((action, target)).or_default();
        counts.requested = counts.requested.saturating_add(1);
        self.repeats += u64::from(counts.applied > 0);
        counts.requested
    }

    /// `/2/users/me`.
    pub(super) fn look_up(&mut self, now: Moment) -> Answer {
        self.lookups += 1;
        let verdict = match self.trouble {
            Some(Trouble::Outage | Trouble::NoAnswer) => self.fail(),
            Some(trouble) => SimulatedOutcome::Trouble(trouble),
            _ if self.enforce && !self.lookup_window.has_room(now) => SimulatedOutcome::RateLimited,
            _ => {
                self.lookup_window.take(now);
                SimulatedOutcome::Undone
            }
        };
        Answer { verdict, window: self.enforce.then(|| self.lookup_window.standing(now)), day: None, wording: 0 }
    }

    /// Lets an effect be there; says whether nobody had asked for it before.
    pub(super) fn undo(&mut self, action: Action, target: TargetId) -> bool {
        let is_new = !self.knows(action, target);
        self.move_on_lists(action, target);
        self.effects.entry((action, target)).or_default().applied = 1;
        is_new
    }

    /// A request whose target is no ID: the dice do not strike it, the window counts it.
    pub(super) fn refuse_malformed(&mut self, now: Moment, ask: Ask<'_>) -> Answer {
        let verdict = self.admit(now, ask).err().unwrap_or(SimulatedOutcome::BadTarget);
        self.answer(now, ask.action, verdict, 0)
    }

    /// A request for an action.
    pub(super) fn act(&mut self, now: Moment, arrival: Arrival<'_>) -> Decision {
        let Arrival { ask, wording, strike, .. } = arrival;
        if strike == Some(Strike::Reset) || self.trouble == Some(Trouble::NoAnswer) {
            self.faults.reset += 1;
            return Decision::Reset;
        }
        if self.trouble == Some(Trouble::Outage) {
            let verdict = self.fail();
            return Decision::Whole(self.answer(now, ask.action, verdict, wording));
        }
        if strike == Some(Strike::RateLimited) && self.trouble.is_none() && self.has_room(now, ask.action) {
            self.injected_429 += 1;
            return Decision::Whole(self.injected_limit(now, ask.action, wording));
        }
        if let Err(refused) = self.admit(now, ask) {
            return Decision::Whole(self.answer(now, ask.action, refused, wording));
        }
        if strike == Some(Strike::ServerError) {
            self.faults.server_error += 1;
            return Decision::Whole(self.answer(now, ask.action, SimulatedOutcome::ServerError, wording));
        }
        let verdict = self.apply(ask.action, arrival.target, arrival.fate);
        let answer = self.answer(now, ask.action, verdict, wording);
        self.end_struck(answer, strike)
    }

    /// How an answer that is ready ends where a fault strikes the request.
    fn end_struck(&mut self, answer: Answer, strike: Option<Strike>) -> Decision {
        match strike {
            Some(Strike::Lost) => {
                self.faults.lost += 1;
                Decision::Lost
            }
            Some(Strike::Cut) => {
                self.faults.cut += 1;
                Decision::Cut(answer)
            }
            Some(Strike::Slow(delay)) => {
                self.faults.slow += 1;
                Decision::Late(answer, delay)
            }
            _ => Decision::Whole(answer),
        }
    }

    /// What stands between a request and its target: token, windows, account, path. What is let in takes a place in the
    /// windows; what is refused with 401 or 429 takes none.
    fn admit(&mut self, now: Moment, ask: Ask<'_>) -> Result<(), SimulatedOutcome> {
        if self.trouble == Some(Trouble::Revoked) {
            return Err(SimulatedOutcome::Trouble(Trouble::Revoked));
        }
        if !self.has_room(now, ask.action) {
            self.earned_429 += 1;
            return Err(SimulatedOutcome::RateLimited);
        }
        self.take_places(now, ask.action);
        if let Some(trouble) = self.trouble {
            return Err(SimulatedOutcome::Trouble(trouble));
        }
        match ask.path_user {
            Some(path_user) if path_user.parse() != Ok(self.id) => Err(SimulatedOutcome::PathUser),
            _ => Ok(()),
        }
    }

    /// A server fails before it has done anything.
    fn fail(&mut self) -> SimulatedOutcome {
        self.faults.server_error += 1;
        SimulatedOutcome::ServerError
    }

    fn apply(&mut self, action: Action, target: TargetId, fate: Fate) -> SimulatedOutcome {
        match fate {
            Fate::Gone => return SimulatedOutcome::Gone,
            Fate::GoneUnnamed => return SimulatedOutcome::GoneUnnamed,
            Fate::Refuses(refusal) => return SimulatedOutcome::Refused(refusal),
            Fate::Fails => return self.fail(),
            Fate::Exists | Fate::Stale | Fate::Ghost => {}
        }
        self.move_on_lists(action, target);
        let counts = self.effects.entry((action, target)).or_default();
        let deletes = matches!(action, Action::DeletePost | Action::DeleteList);
        if counts.applied > 0 && deletes && self.dialect != SimulatedApi::Bluesky {
            // What was deleted cannot be deleted again; every other undoing of what is undone succeeds.
            return SimulatedOutcome::Gone;
        }
        self.done += u64::from(counts.applied == 0);
        counts.applied = counts.applied.saturating_add(1);
        SimulatedOutcome::Undone
    }

    /// Takes an entry off the lists that show an action, or puts back what was taken off.
    fn move_on_lists(&mut self, action: Action, target: TargetId) {
        let undo = action.undoing();
        let Some(entry) = self.taken_off(undo, target) else { return };
        for shelf in Shelf::ALL.into_iter().filter(|shelf| undoing(*shelf).contains(&undo)) {
            if action.is_undoing() {
                self.returned.remove(&(shelf, entry));
            } else if self.undone_on(shelf, entry) {
                self.returned.insert((shelf, entry));
            }
        }
    }

    /// A request that its address may not make now.
    pub(super) fn count_refused(&mut self) {
        self.earned_429 += 1;
    }

    /// How often an effect has been there.
    pub(super) fn applied(&self, action: Action, target: TargetId) -> u32 {
        self.effects.get(&(action, target)).map_or(0, |counts| counts.applied)
    }

    fn answer(&self, now: Moment, action: Action, verdict: SimulatedOutcome, wording: u8) -> Answer {
        let window = (self.enforce && self.is_metered(action)).then(|| self.standing(now, action));
        let day = self.day_of(action).filter(|_| self.enforce).map(|day| day.standing(now));
        Answer { verdict, window, day, wording }
    }

    fn injected_limit(&self, now: Moment, action: Action, wording: u8) -> Answer {
        let reset_seconds = now.wall.0.div_euclid(1000) + INJECTED_RESET_SECONDS;
        let window =
            Some(WindowState { limit: self.rate.limit(), remaining: 0, reset_seconds, length: self.rate.window() });
        Answer { window, ..self.answer(now, action, SimulatedOutcome::RateLimited, wording) }
    }
}
