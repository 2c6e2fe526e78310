//! The pretend platform's state and its decisions, without I/O: time comes in as an argument, an answer goes out as a value.

use std::collections::{BTreeMap, HashMap};

use super::bluesky::{Collection, Repos, kept_by_the_app};
use super::decision::{Answer, Ask, Decision, SimulatedOutcome};
use super::faults::TargetStrike;
use super::ledger::{Effect, Ledger};
use super::list_page::ListPage;
use super::lists::{self, Shelf};
use super::reads::{ReadAsk, ReadQuery};
use super::rng::Dice;
use super::rules::Rules;
use super::target_fate::{Fate, TargetRefusal};
use super::trouble::Trouble;
use super::user::{Arrival, User};
use super::who::{KnownUser, SimulatedApi};
use crate::domain::{Action, Moment, Rate, TargetId, TargetKind};

/// Users are made by their first request; so many and no more.
const MAX_USERS: usize = 10_000;
/// Pairs of user, action and target that are remembered: some 300 MB.
const MAX_EFFECTS: usize = 4_000_000;

/// The pretend platform.
#[derive(Debug)]
pub(super) struct World {
    pub(super) rules: Rules,
    pub(super) dice: Dice,
    pub(super) bluesky: Repos,
    special: HashMap<(TargetKind, TargetId), Fate>,
    users: BTreeMap<KnownUser, User>,
    effects_held: usize,
    serial: u64,
    unauthenticated: u64,
    full: bool,
}

impl World {
    pub(super) fn new(rules: Rules) -> World {
        let special = rules.special.iter().map(|special| ((special.kind, special.id), special.fate)).collect();
        let dice = Dice::new(rules.seed);
        World {
            dice,
            bluesky: Repos::new(dice, rules.lists),
            special,
            users: BTreeMap::new(),
            effects_held: 0,
            serial: 0,
            unauthenticated: 0,
            full: false,
            rules,
        }
    }

    /// A number for the answer's transaction ID.
    pub(super) fn transaction(&mut self) -> u64 {
        self.serial += 1;
        self.dice.for_serial(self.serial).u64(..)
    }

    /// Which part of its latency a request has behind it when it is counted, 0 to 1.
    pub(super) fn arrival_share(&mut self) -> f64 {
        self.serial += 1;
        self.dice.for_serial(self.serial).f64()
    }

    /// A request whose token names nobody.
    pub(super) fn count_unauthenticated(&mut self) {
        self.unauthenticated += 1;
    }

    /// `/2/users/me`. Faults spare it: it is how a run begins, and they would say nothing about its rows.
    pub(super) fn look_up(&mut self, now: Moment, who: impl Into<KnownUser>) -> Answer {
        match self.user(who.into()) {
            Some(user) => user.look_up(now),
            None => Answer::FULL,
        }
    }

    /// How often an action has had its effect.
    pub(super) fn times_done(&mut self, who: KnownUser, action: Action, target: &str) -> u32 {
        let target = target.parse::<TargetId>().ok();
        target.and_then(|target| Some(self.user(who)?.applied(action, target))).unwrap_or(0)
    }

    /// Whether something is off a list of a user's because it has been undone.
    pub(super) fn has_undone(&mut self, who: KnownUser, shelf: Shelf, target: TargetId) -> bool {
        self.user(who).is_some_and(|user| user.has_undone(shelf, target))
    }

    /// Whether the answer to an undo that has just had its effect tells of before.
    pub(super) fn is_stale(&mut self, who: KnownUser, ask: Ask<'_>) -> bool {
        let fate = ask.target.parse::<TargetId>().ok().map(|target| self.fate(ask.action, target));
        fate == Some(Fate::Stale) && self.times_done(who, ask.action, ask.target) == 1
    }

    /// A request for an action.
    pub(super) fn act(&mut self, now: Moment, who: impl Into<KnownUser>, ask: Ask<'_>) -> Decision {
        let who = who.into();
        let target = ask.target.parse::<TargetId>().ok();
        let fate = target.map_or(Fate::Exists, |target| self.fate(ask.action, target));
        let (dice, faults, room) = (self.dice, self.rules.faults, self.effects_held < MAX_EFFECTS);
        let Some(user) = self.user(who) else { return Decision::Whole(Answer::FULL) };
        user.arrive(now.tick, ask.action);
        let Some(target) = target else { return Decision::Whole(user.refuse_malformed(now, ask)) };
        if !room && !user.knows(ask.action, target) {
            self.full = true;
            return Decision::Whole(Answer::FULL);
        }
        let nth = user.request(ask.action, target);
        let mut dice = dice.for_request(who.user, ask.action, target, nth);
        let strike = faults.strike(&mut dice);
        let decision = user.act(now, Arrival { ask, target, fate, strike, wording: dice.u8(..) });
        self.effects_held += usize::from(nth == 1);
        decision
    }

    /// A request for a page of a list, or about handles. With the answer goes the page, where it is one.
    pub(super) fn read(&mut self, now: Moment, who: KnownUser, ask: &ReadAsk) -> (Decision, ListPage) {
        let (dice, faults) = (self.dice, self.rules.faults);
        let Some(user) = self.user(who) else { return (Decision::Whole(Answer::FULL), ListPage::default()) };
        let nth = user.arrive_read(now.tick, ask.name());
        let mut roll = dice.for_read(who.user, ask.name(), nth);
        let (strike, wording) = (faults.strike(&mut roll), roll.u8(..));
        let decision = user.read(now, ask.terms(), strike, wording);
        let is_page = |answer: &Answer| answer.verdict == SimulatedOutcome::Undone;
        match &decision {
            Decision::Whole(answer) | Decision::Late(answer, _) | Decision::Cut(answer) if is_page(answer) => {
                let leaf = self.leaf(who, ask);
                (decision, leaf)
            }
            _ => (decision, ListPage::default()),
        }
    }

    /// Puts something on a list, at its end, or back on it. False where there is no room for another user.
    pub(super) fn relist(&mut self, now: Moment, who: impl Into<KnownUser>, shelf: Shelf, target: TargetId) -> bool {
        let who = who.into();
        let Some(user) = self.user(who) else { return false };
        match Collection::of_shelf(shelf).filter(|_| who.dialect == SimulatedApi::Bluesky) {
            Some(collection) => self.bluesky.put(now, who.user, collection, target),
            None => user.relist(shelf, target),
        }
        true
    }

    /// Lets an effect be there without a request. False where there is no room for it.
    pub(super) fn undo(&mut self, who: impl Into<KnownUser>, action: Action, target: TargetId) -> bool {
        if self.effects_held >= MAX_EFFECTS {
            self.full = true;
            return false;
        }
        let who = who.into();
        let Some(user) = self.user(who) else { return false };
        let is_new = user.undo(action, target);
        self.effects_held += usize::from(is_new);
        if who.dialect == SimulatedApi::Bluesky {
            self.bluesky.remove(who.user, action, target);
        }
        true
    }

    /// Whether another effect can be remembered.
    pub(super) fn has_room_for_effects(&self) -> bool {
        self.effects_held < MAX_EFFECTS
    }

    pub(super) fn count_effect(&mut self, is_new: bool) {
        self.effects_held += usize::from(is_new);
    }

    /// Whether an account's tokens are not taken any more.
    pub(super) fn is_revoked(&self, who: KnownUser) -> bool {
        self.users.get(&who).is_some_and(|user| user.trouble == Some(Trouble::Revoked))
    }

    pub(super) fn leaf(&self, who: KnownUser, ask: &ReadAsk) -> ListPage {
        let Some(user) = self.users.get(&who) else { return ListPage::default() };
        match &ask.wanted {
            ReadQuery::Names(names) => self.look_up_names(names),
            ReadQuery::Page { shelf, count, from } => {
                let added = user.added(*shelf);
                let size = self.rules.lists.of(*shelf);
                let total = u32::try_from(added.len()).unwrap_or(u32::MAX).saturating_add(size);
                let mut leaf = ListPage::default();
                let mut index = *from;
                while index < total && leaf.entries.len() < *count as usize {
                    // What was added stands at the end, so that a cursor stays true meanwhile.
                    let target = match index.checked_sub(size) {
                        None if who.dialect == SimulatedApi::Bluesky => {
                            kept_by_the_app(self.dice, self.rules.lists, who.user, *shelf, index)
                        }
                        None => lists::entry(self.dice, self.rules.lists, who.user, *shelf, index),
                        Some(beyond) => added[beyond as usize],
                    };
                    index += 1;
                    if self.is_listed(user, *shelf, target) {
                        leaf.entries.push((target, None));
                    }
                }
                leaf.next = (index < total).then(|| super::reads::cursor(*shelf, index));
                leaf
            }
        }
    }

    fn is_listed(&self, user: &User, shelf: Shelf, target: TargetId) -> bool {
        match self.fate_of(shelf.kind(), target) {
            Fate::Gone | Fate::GoneUnnamed => false,
            Fate::Ghost => true,
            Fate::Exists | Fate::Stale | Fate::Fails | Fate::Refuses(_) => !user.has_undone(shelf, target),
        }
    }

    /// `gone_...` is nobody and `suspended_...` is suspended, whatever the dice say.
    fn look_up_names(&self, names: &[String]) -> ListPage {
        let mut leaf = ListPage::default();
        for name in names {
            let lower = name.to_ascii_lowercase();
            let user = super::bodies_v1::user_of(&lower).parse::<TargetId>().ok();
            let fate = match user {
                _ if lower.starts_with("gone_") => Fate::Gone,
                _ if lower.starts_with("suspended_") => Fate::Refuses(TargetRefusal::Suspended),
                Some(user) => self.fate_of(TargetKind::User, user),
                None => Fate::Gone,
            };
            match (fate, user) {
                (Fate::Exists | Fate::Stale | Fate::Ghost | Fate::Fails, Some(user)) => {
                    leaf.entries.push((user, Some(name.clone())))
                }
                (Fate::Refuses(TargetRefusal::Suspended), _) => {
                    leaf.missing.push((name.clone(), Some(TargetRefusal::Suspended)));
                }
                // Protected people can be looked up.
                (Fate::Refuses(_), Some(user)) => leaf.entries.push((user, Some(name.clone()))),
                _ => leaf.missing.push((name.clone(), None)),
            }
        }
        leaf
    }

    /// Puts an account into trouble, or out of it. False where there is no room for another user.
    pub(super) fn trouble(&mut self, who: impl Into<KnownUser>, trouble: Option<Trouble>) -> bool {
        self.user(who.into()).map(|user| user.trouble = trouble).is_some()
    }

    /// Somebody else uses up so many places of an endpoint's windows: of an action, or of a list. False where there is no such endpoint
    /// or no room for another user.
    pub(super) fn spend(&mut self, now: Moment, who: impl Into<KnownUser>, endpoint: &str, places: u32) -> bool {
        let action = Action::named(endpoint);
        let shelf = Shelf::named(endpoint);
        let Some(user) = self.user(who.into()) else { return false };
        for _ in 0..places {
            match (action, shelf) {
                (Some(action), _) => user.take_places(now, action),
                (None, Some(shelf)) => user.take_read_place(now, shelf),
                (None, None) => return false,
            }
        }
        action.is_some() || shelf.is_some()
    }

    /// From now on every endpoint lets so many requests of each user in.
    pub(super) fn narrow(&mut self, rate: Rate) {
        self.rules.endpoint_rate = Some(rate);
        self.users.values_mut().for_each(|user| user.narrow(rate));
    }

    /// What has been counted.
    pub(super) fn ledger(&self) -> Ledger {
        let users = self.users.iter().map(|(who, user)| (who.to_string(), user.ledger())).collect();
        Ledger { users, unauthenticated: self.unauthenticated, full: self.full }
    }

    /// At most `most` effects of a user, those after `after`, by action and target.
    pub(super) fn effects(
        &self,
        who: impl Into<KnownUser>,
        after: Option<(Action, TargetId)>,
        most: usize,
    ) -> Vec<Effect> {
        self.users.get(&who.into()).map(|user| user.effects(after, most)).unwrap_or_default()
    }

    pub(super) fn user(&mut self, who: KnownUser) -> Option<&mut User> {
        if self.users.len() >= MAX_USERS && !self.users.contains_key(&who) {
            self.full = true;
            return None;
        }
        Some(self.users.entry(who).or_insert_with(|| User::new(who, &self.rules)))
    }

    fn fate(&self, action: Action, target: TargetId) -> Fate {
        match self.fate_of(action.target_kind(), target) {
            Fate::Refuses(_)
                if action == Action::DeletePost && !self.special.contains_key(&(TargetKind::Post, target)) =>
            {
                Fate::Refuses(TargetRefusal::NotYours)
            }
            fate => fate,
        }
    }

    pub(super) fn fate_of(&self, kind: TargetKind, target: TargetId) -> Fate {
        if let Some(fate) = self.special.get(&(kind, target)) {
            return *fate;
        }
        let mut dice = self.dice.for_target(kind, target);
        match self.rules.faults.target_strike(&mut dice) {
            None => Fate::Exists,
            Some(TargetStrike::Gone) => Fate::Gone,
            Some(TargetStrike::Ghost) => Fate::Ghost,
            Some(TargetStrike::Refused) => Fate::Refuses(match dice.u8(0..3) {
                0 => TargetRefusal::Protected,
                1 => TargetRefusal::Suspended,
                _ => TargetRefusal::Unexplained,
            }),
        }
    }
}
