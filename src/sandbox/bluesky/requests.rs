//! Requests at a PDS, decided: what an address may ask, what an account's points allow, what the dice strike, and what becomes of the
//! repository. Pure, as all of `world`: time comes in as an argument.

use serde_json::Value;

use super::super::decision::{Answer, Ask, Decision, SimulatedOutcome};
use super::super::lists::Shelf;
use super::super::reads::ReadTerms;
use super::super::rng::number_behind;
use super::super::target_fate::{Fate, TargetRefusal};
use super::super::user::Arrival;
use super::super::who::{KnownUser, SimulatedApi};
use super::super::windows::{WindowState, tightest};
use super::super::world::World;
use super::bodies;
use super::collection::Collection;
use super::names::tid_value;
use super::questions::Method;
use super::repo::RepoRecord;
use super::writes::{DeleteAsk, Deletion, Writing};
use crate::domain::{Action, Moment, TargetId, TargetKind};

/// What a creation costs; a deletion costs one point.
const CREATE_POINTS: u32 = 3;
/// Records that requests have put into a repository.
const MAX_CREATED: usize = 100_000;

/// An account of the PDS.
pub(in crate::sandbox) const fn account(user: TargetId) -> KnownUser {
    KnownUser { dialect: SimulatedApi::Bluesky, user }
}

impl World {
    /// A request of anybody's that needs no account: counted against its address alone.
    pub(in crate::sandbox) fn count_at_address(&mut self, now: Moment) -> Answer {
        let (verdict, window) = match self.enter(now) {
            Ok(window) => (SimulatedOutcome::Undone, window),
            Err(window) => (SimulatedOutcome::RateLimited, Some(window)),
        };
        Answer { verdict, window, day: None, wording: 0 }
    }

    /// A request for a record to be deleted. With the decision goes what it does where it says that it was done.
    pub(in crate::sandbox) fn delete_record(
        &mut self,
        now: Moment,
        owner: TargetId,
        ask: DeleteAsk<'_>,
    ) -> (Decision, Deletion) {
        let Some(collection) = ask.collection else {
            return (
                self.act_there(now, owner, Action::DeletePost, number_behind(ask.key), Some(Fate::GoneUnnamed)),
                Deletion::Nothing,
            );
        };
        let repo = self.bluesky.of(owner);
        let found = repo.record(collection, ask.key);
        let subject = found.as_ref().map(|record| repo.subject(collection, &record.key, &record.value));
        let (deletion, fate) = match (&found, subject) {
            (Some(record), _) if ask.swap.is_some_and(|swap| swap != record.cid) => {
                (Deletion::Changed { at: record.cid.clone() }, Fate::GoneUnnamed)
            }
            (Some(_), Some(subject)) => {
                let (cid, rev) = self.bluesky.commit(now);
                (Deletion::Commit { cid, rev }, self.fate_of_record(collection, subject))
            }
            _ => (Deletion::Nothing, Fate::GoneUnnamed),
        };
        let (action, number) = (collection.action(), number_of_record(collection, ask.key));
        let before = self.times_applied(owner, action, number);
        let decision = self.act_there(now, owner, action, number, Some(fate));
        if self.times_applied(owner, action, number) > before && fate != Fate::Ghost {
            self.bluesky.of(owner).remove(collection, ask.key);
        }
        (decision, deletion)
    }

    /// A request for a record to be made.
    pub(in crate::sandbox) fn create_record(
        &mut self,
        now: Moment,
        owner: TargetId,
        name: &'static str,
        collection: Option<Collection>,
        key: Option<&str>,
        (value, must_be_new): (&Value, bool),
    ) -> (Decision, Writing) {
        let decision = self.ask_there(now, owner, ReadTerms { name, path_user: None, is_public: false }, CREATE_POINTS);
        let Some(collection) = collection else { return (decision, Writing::NoSuchCollection) };
        let commit = self.bluesky.commit(now);
        let repo = self.bluesky.of(owner);
        let there = key.and_then(|key| repo.record(collection, key));
        let is_put = name == Method::PutRecord.name();
        match there {
            Some(there) if is_put && there.value == *value => return (decision, Writing::Unchanged(there)),
            Some(there) if is_put && must_be_new => return (decision, Writing::Changed { at: there.cid }),
            Some(there) if !is_put && there.value != *value => return (decision, Writing::KeyTaken),
            _ if repo.created() >= MAX_CREATED => return (decision, Writing::KeyTaken),
            _ => {}
        }
        let (cid, rev) = commit;
        let record = match key {
            _ if !has_happened(decision) => RepoRecord { key: String::new(), cid: String::new(), value: Value::Null },
            Some(key) if is_put => repo.put(collection, key, value.clone()),
            _ => repo.create(collection, key, value.clone(), now.wall),
        };
        (decision, Writing::Written { record, cid, rev })
    }

    /// An app view's undoing: of a mute, of a bookmark.
    pub(in crate::sandbox) fn undo_in_app_view(
        &mut self,
        now: Moment,
        owner: TargetId,
        action: Action,
        subject: TargetId,
    ) -> Decision {
        let fate = match self.fate_of(action.target_kind(), subject) {
            fate @ (Fate::Ghost | Fate::Fails) => fate,
            // Whom the app view does not know is not muted.
            _ => Fate::Exists,
        };
        self.act_there(now, owner, action, subject, Some(fate))
    }

    /// What an app view does for an account: a mute, a bookmark.
    pub(in crate::sandbox) fn do_in_app_view(
        &mut self,
        now: Moment,
        owner: TargetId,
        name: &'static str,
        shelf: Shelf,
        subject: TargetId,
    ) -> Decision {
        let decision = self.ask_there(now, owner, ReadTerms { name, path_user: None, is_public: false }, 0);
        if has_happened(decision) {
            self.relist(now, account(owner), shelf, subject);
        }
        decision
    }

    /// A request that reads, and what else costs no points but is of an account.
    pub(in crate::sandbox) fn read_there(
        &mut self,
        now: Moment,
        owner: TargetId,
        name: &'static str,
        is_public: bool,
    ) -> Decision {
        self.ask_there(now, owner, ReadTerms { name, path_user: None, is_public }, 0)
    }

    /// Everything in a collection, without a request.
    pub(in crate::sandbox) fn records(&mut self, owner: TargetId, name: &str) -> Vec<Value> {
        let all = Collection::named(name).map(|collection| self.bluesky.of(owner).page(collection, usize::MAX, None));
        all.unwrap_or_default().iter().map(|record| bodies::record(owner, name, record)).collect()
    }

    /// Whether an account is there: a profile of one that is not is left out.
    pub(in crate::sandbox) fn has_profile(&self, user: TargetId) -> bool {
        let fate = self.fate_of(TargetKind::User, user);
        !matches!(fate, Fate::Gone | Fate::GoneUnnamed | Fate::Refuses(TargetRefusal::Suspended))
    }

    /// Every request counts against its address, whatever comes of it. How that stands is told where limits are enforced.
    fn enter(&mut self, now: Moment) -> Result<Option<WindowState>, WindowState> {
        let has_room = self.bluesky.address.has_room(now);
        self.bluesky.address.take(now);
        let window = self.bluesky.address.standing(now);
        match self.rules.enforce {
            false => Ok(None),
            true if has_room => Ok(Some(window)),
            true => Err(window),
        }
    }

    /// A request for an action, with the window that is the tightest of all it counts in.
    fn act_there(
        &mut self,
        now: Moment,
        owner: TargetId,
        action: Action,
        number: TargetId,
        fate: Option<Fate>,
    ) -> Decision {
        let who = account(owner);
        let entered = self.enter(now);
        let (dice, faults, has_room) = (self.dice, self.rules.faults, self.has_room_for_effects());
        let Some(user) = self.user(who) else { return Decision::Whole(Answer::FULL) };
        user.arrive(now.tick, action);
        let address = match entered {
            Ok(address) => address,
            Err(full) => return refused_at_address(user, full),
        };
        if !has_room && !user.knows(action, number) {
            return Decision::Whole(Answer::FULL);
        }
        let nth = user.request(action, number);
        let mut dice = dice.for_request(owner, action, number, nth);
        let (strike, wording) = (faults.strike(&mut dice), dice.u8(..));
        let target = number.to_string();
        let ask = Ask { action, path_user: None, target: &target };
        let fate = fate.unwrap_or(Fate::Exists);
        let decision = user.act(now, Arrival { ask, target: number, fate, strike, wording });
        self.count_effect(nth == 1);
        with_address(decision, address)
    }

    /// A request that is no action.
    fn ask_there(&mut self, now: Moment, owner: TargetId, terms: ReadTerms<'_>, points: u32) -> Decision {
        let entered = self.enter(now);
        let (dice, faults, enforce) = (self.dice, self.rules.faults, self.rules.enforce);
        let Some(user) = self.user(account(owner)) else { return Decision::Whole(Answer::FULL) };
        let nth = user.arrive_read(now.tick, terms.name);
        let address = match entered {
            Ok(address) => address,
            Err(full) => return refused_at_address(user, full),
        };
        if points > 0 && !user.take_points(now, points) {
            let window = tightest(user.points(now));
            return Decision::Whole(Answer { verdict: SimulatedOutcome::RateLimited, window, day: None, wording: 0 });
        }
        let mut dice = dice.for_read(owner, terms.name, nth);
        let (strike, wording) = (faults.strike(&mut dice), dice.u8(..));
        let decision = user.read(now, terms, strike, wording);
        let written = tightest(user.points(now)).filter(|_| points > 0 && enforce);
        let decision = with_address(decision, address);
        map(decision, |answer| Answer { window: tightest(answer.window.into_iter().chain(written)), ..answer })
    }

    /// What becomes of a record is its subject's fate; but what is gone, or refuses, does so to others: the record is the account's own.
    fn fate_of_record(&self, collection: Collection, subject: TargetId) -> Fate {
        match self.fate_of(collection.subject_kind(), subject) {
            fate @ (Fate::Ghost | Fate::Fails | Fate::GoneUnnamed) => fate,
            Fate::Exists | Fate::Stale | Fate::Gone | Fate::Refuses(_) => Fate::Exists,
        }
    }

    fn times_applied(&mut self, owner: TargetId, action: Action, number: TargetId) -> u32 {
        self.user(account(owner)).map_or(0, |user| user.applied(action, number))
    }
}

fn refused_at_address(user: &mut super::super::user::User, full: WindowState) -> Decision {
    user.count_refused();
    Decision::Whole(Answer { verdict: SimulatedOutcome::RateLimited, window: Some(full), day: None, wording: 0 })
}

/// The number under which the effect on a record is counted. Gates have the keys of their posts.
pub(in crate::sandbox) fn number_of_record(collection: Collection, key: &str) -> TargetId {
    let beside = match collection {
        Collection::Threadgates => 1,
        Collection::Postgates => 2,
        _ => 0,
    };
    let own = tid_value(key).and_then(|value| (value + beside).to_string().parse().ok());
    own.unwrap_or_else(|| number_behind(&format!("{beside} {key}")))
}

/// Whether what was asked for has been done, whatever becomes of the answer.
pub(in crate::sandbox) fn has_happened(decision: Decision) -> bool {
    match decision {
        Decision::Whole(answer) | Decision::Late(answer, _) | Decision::Cut(answer) => {
            answer.verdict == SimulatedOutcome::Undone
        }
        Decision::Lost => true,
        Decision::Reset => false,
    }
}

/// The tightest of an answer's windows and the address's: the only one that is told.
fn with_address(decision: Decision, address: Option<WindowState>) -> Decision {
    map(decision, |answer| {
        let windows = [address, answer.window, answer.day].into_iter().flatten();
        Answer { window: tightest(windows), day: None, ..answer }
    })
}

fn map(decision: Decision, change: impl Fn(Answer) -> Answer) -> Decision {
    match decision {
        Decision::Whole(answer) => Decision::Whole(change(answer)),
        Decision::Late(answer, delay) => Decision::Late(change(answer), delay),
        Decision::Cut(answer) => Decision::Cut(change(answer)),
        Decision::Lost => Decision::Lost,
        Decision::Reset => Decision::Reset,
    }
}
