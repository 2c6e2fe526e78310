//! The windows of a user: which of them count an action, and whether there is room in all of those.

use super::super::who::SimulatedApi;
use super::super::windows::{FixedWindow, WindowState};
use super::User;
use crate::domain::{Action, Moment, Rate};

impl User {
    /// Takes a place in every window of an action, for a request of this or of another app.
    pub(in crate::sandbox) fn take_places(&mut self, now: Moment, action: Action) {
        if !self.is_metered(action) {
            return;
        }
        self.window.take(now);
        if self.day_of(action).is_some() {
            self.day.iter_mut().for_each(|day| day.take(now));
        }
        if let Some(narrower) = self.narrower.get_mut(&action) {
            narrower.take(now);
        }
        if let Some(rare) = self.rare.as_mut().filter(|_| is_rare(action)) {
            rare.take(now);
        }
    }

    /// From now on each action has a window that holds so many; what the open ones have counted stays.
    pub(in crate::sandbox) fn narrow(&mut self, rate: Rate) {
        for action in Action::ALL {
            self.narrower.entry(action).or_insert_with(|| FixedWindow::new(rate)).set_rate(rate);
        }
    }

    pub(super) fn has_room(&self, now: Moment, action: Action) -> bool {
        let day_has_room = || self.day_of(action).is_none_or(|day| day.has_room(now));
        let narrower_has_room = || self.narrower.get(&action).is_none_or(|window| window.has_room(now));
        let rare_has_room = || self.rare_of(action).is_none_or(|window| window.has_room(now));
        let in_windows = || self.window.has_room(now) && day_has_room() && narrower_has_room() && rare_has_room();
        !self.enforce || !self.is_metered(action) || in_windows()
    }

    /// How the tighter of the short windows stands.
    pub(super) fn standing(&self, now: Moment, action: Action) -> WindowState {
        let all = self.window.standing(now);
        let own = self.narrower.get(&action).or(self.rare_of(action)).map(|window| window.standing(now));
        own.filter(|own| (own.remaining, -own.reset_seconds) <= (all.remaining, -all.reset_seconds)).unwrap_or(all)
    }

    /// Takes so many points of writes, at Bluesky; false where there are not so many left, and then none are.
    pub(in crate::sandbox) fn take_points(&mut self, now: Moment, points: u32) -> bool {
        let windows = || [Some(&self.window), self.day.as_ref()].into_iter().flatten();
        let has_room = windows().all(|window| window.has_room_for(now, points));
        self.window.take_many(now, points);
        self.day.iter_mut().for_each(|day| day.take_many(now, points));
        let is_let_in = has_room || !self.enforce;
        self.earned_429 += u64::from(!is_let_in);
        is_let_in
    }

    /// How the windows of writes stand, at Bluesky.
    pub(in crate::sandbox) fn points(&self, now: Moment) -> impl Iterator<Item = WindowState> {
        [Some(&self.window), self.day.as_ref()].into_iter().flatten().map(move |window| window.standing(now))
    }

    /// Whether the windows count an action: what an app view does costs no points at Bluesky.
    pub(super) fn is_metered(&self, action: Action) -> bool {
        self.dialect != SimulatedApi::Bluesky || !matches!(action, Action::Unmute | Action::Unbookmark)
    }

    fn rare_of(&self, action: Action) -> Option<&FixedWindow> {
        self.rare.as_ref().filter(|_| is_rare(action))
    }

    pub(super) fn day_of(&self, action: Action) -> Option<&FixedWindow> {
        let is_counted = action == Action::Unlike || self.dialect == SimulatedApi::Bluesky;
        self.day.as_ref().filter(|_| is_counted && self.is_metered(action))
    }
}

/// What Mastodon counts in a window of its own.
const fn is_rare(action: Action) -> bool {
    matches!(action, Action::DeletePost | Action::Unrepost)
}
