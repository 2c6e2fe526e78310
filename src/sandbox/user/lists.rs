//! A user's lists: requests that read them, and what is on and off them.

use super::super::decision::{Answer, Decision, SimulatedOutcome};
use super::super::faults::Strike;
use super::super::lists::{Shelf, repost_of, reposted};
use super::super::reads::{ReadTerms, Reads, rate_of};
use super::super::rules::{BLUESKY_ADDRESS, MASTODON_PAGES, SHORTER};
use super::super::trouble::Trouble;
use super::super::who::SimulatedApi;
use super::super::windows::{FixedWindow, WindowState};
use super::{INJECTED_RESET_SECONDS, User};
use crate::domain::{Action, Moment, TargetId, Tick};

impl User {
    /// Counts a request that reads; says how many there have been for the same.
    pub(in crate::sandbox) fn arrive_read(&mut self, tick: Tick, what: &'static str) -> u64 {
        let reads = self.reads_of(what);
        reads.requests += 1;
        reads.arrivals.arrive(tick);
        reads.requests
    }

    fn reads_of(&mut self, what: &'static str) -> &mut Reads {
        let window = match (self.read_rate, self.dialect) {
            (Some(rate), _) => FixedWindow::new(rate),
            (None, SimulatedApi::Mastodon) => FixedWindow::aligned(MASTODON_PAGES.shortened(SHORTER)),
            // The address's own window, which is never fuller than this, is counted beside it.
            (None, SimulatedApi::Bluesky) => FixedWindow::new(BLUESKY_ADDRESS.shortened(SHORTER)),
            (None, _) => FixedWindow::new(rate_of(what).shortened(SHORTER)),
        };
        self.reads.entry(what).or_insert_with(|| Reads::new(window))
    }

    /// A request for a page, or about names.
    pub(in crate::sandbox) fn read(
        &mut self,
        now: Moment,
        terms: ReadTerms<'_>,
        strike: Option<Strike>,
        wording: u8,
    ) -> Decision {
        // Whoever shows no token is not troubled by what becomes of it.
        let trouble = self.trouble.filter(|trouble| !terms.is_public || *trouble != Trouble::Revoked);
        let (enforce, id) = (self.enforce, self.id);
        let reads = self.reads_of(terms.name);
        let standing = reads.window.standing(now);
        let say =
            |verdict| Decision::Whole(Answer { verdict, window: enforce.then_some(standing), day: None, wording });
        if strike == Some(Strike::Reset) || trouble == Some(Trouble::NoAnswer) {
            self.faults.reset += 1;
            return Decision::Reset;
        }
        if trouble == Some(Trouble::Outage) {
            self.faults.server_error += 1;
            return say(SimulatedOutcome::ServerError);
        }
        if trouble == Some(Trouble::Revoked) {
            return say(SimulatedOutcome::Trouble(Trouble::Revoked));
        }
        if strike == Some(Strike::RateLimited) && trouble.is_none() {
            reads.injected_429 += 1;
            let reset_seconds = now.wall.0.div_euclid(1000) + INJECTED_RESET_SECONDS;
            let window = Some(WindowState { remaining: 0, reset_seconds, ..standing });
            return Decision::Whole(Answer { verdict: SimulatedOutcome::RateLimited, window, day: None, wording });
        }
        if enforce && !reads.window.has_room(now) {
            reads.earned_429 += 1;
            return say(SimulatedOutcome::RateLimited);
        }
        reads.window.take(now);
        let verdict = match (trouble, terms.path_user) {
            (Some(trouble), _) => SimulatedOutcome::Trouble(trouble),
            (None, Some(user)) if user.parse() != Ok(id) => SimulatedOutcome::PathUser,
            _ if strike == Some(Strike::ServerError) => SimulatedOutcome::ServerError,
            _ => SimulatedOutcome::Undone,
        };
        self.read_end(verdict, now, terms.name, strike, wording)
    }

    /// Somebody else takes a place in the window of a list.
    pub(in crate::sandbox) fn take_read_place(&mut self, now: Moment, shelf: Shelf) {
        self.reads_of(shelf.name()).window.take(now);
    }

    /// How a request that was let in is answered.
    fn read_end(
        &mut self,
        verdict: SimulatedOutcome,
        now: Moment,
        name: &'static str,
        strike: Option<Strike>,
        wording: u8,
    ) -> Decision {
        let enforce = self.enforce;
        let reads = self.reads_of(name);
        let is_page = verdict == SimulatedOutcome::Undone;
        reads.pages += u64::from(is_page && strike != Some(Strike::Lost));
        let answer = Answer { verdict, window: enforce.then(|| reads.window.standing(now)), day: None, wording };
        let struck = strike.filter(|_| is_page || verdict == SimulatedOutcome::ServerError);
        self.faults.server_error += u64::from(struck == Some(Strike::ServerError));
        self.end_struck(answer, struck)
    }

    /// Puts something on a list, or back on it.
    pub(in crate::sandbox) fn relist(&mut self, shelf: Shelf, target: TargetId) {
        if self.undone_on(shelf, target) {
            self.returned.insert((shelf, target));
        } else {
            self.added.entry(shelf).or_default().push(target);
        }
    }

    /// What was put on a list that was never there.
    pub(in crate::sandbox) fn added(&self, shelf: Shelf) -> &[TargetId] {
        self.added.get(&shelf).map(Vec::as_slice).unwrap_or_default()
    }

    /// Whether something is off a list because it has been undone.
    pub(in crate::sandbox) fn has_undone(&self, shelf: Shelf, target: TargetId) -> bool {
        self.undone_on(shelf, target) && !self.returned.contains(&(shelf, target))
    }

    pub(super) fn undone_on(&self, shelf: Shelf, target: TargetId) -> bool {
        let applied = |action| {
            let asked_by = if action == Action::Unrepost { self.undone_by(target) } else { Some(target) };
            let counts = asked_by.and_then(|asked_by| self.effects.get(&(action, asked_by)));
            counts.is_some_and(|counts| counts.applied > 0)
        };
        undoing(shelf).iter().any(|action| applied(*action))
    }

    /// By which ID a repost is undone: v1.1 takes its own, the others that of the post it repeats.
    fn undone_by(&self, repost: TargetId) -> Option<TargetId> {
        if self.dialect == SimulatedApi::V1 { Some(repost) } else { reposted(repost) }
    }

    /// What an action takes off a list: of a repost that is undone by the post it repeats, the repost.
    pub(super) fn taken_off(&self, action: Action, target: TargetId) -> Option<TargetId> {
        let by_post = action == Action::Unrepost && self.dialect != SimulatedApi::V1;
        if by_post { repost_of(target) } else { Some(target) }
    }
}

/// The actions that take something off a list.
pub(super) const fn undoing(shelf: Shelf) -> &'static [Action] {
    match shelf {
        Shelf::Following => &[Action::Unfollow],
        Shelf::Followers => &[Action::RemoveFollower],
        Shelf::Likes => &[Action::Unlike],
        Shelf::Posts => &[Action::DeletePost, Action::Unrepost],
        Shelf::Mutes => &[Action::Unmute],
        Shelf::Blocks => &[Action::Unblock],
        Shelf::Bookmarks => &[Action::Unbookmark],
        Shelf::Pins => &[Action::Unpin],
        Shelf::FollowedLists => &[Action::LeaveList],
        // A list that is deleted is not pinned either.
        Shelf::OwnedLists => &[Action::DeleteList],
        Shelf::PinnedLists => &[Action::UnpinList],
        Shelf::BlockedLists => &[Action::ListUnblock],
        Shelf::FollowedTags => &[Action::UnfollowTag],
        Shelf::BlockedDomains => &[Action::UnblockDomain],
    }
}
