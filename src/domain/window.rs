//! Windows: how many requests in how long, and whose.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::{Action, Rate};

/// Which of an account's requests a window counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Applies {
    /// Every request of the account, all actions together.
    All,
    /// Requests of one action only.
    Only(Action),
    /// Requests of several actions, all of them together.
    Together(Actions),
}

/// Several actions: two at least, for one alone is [`Applies::Only`], and all are [`Applies::All`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Actions(u32);

/// One bit for each action.
const _: () = assert!(Action::ALL.len() <= u32::BITS as usize);

impl Actions {
    /// A set of the program's own tables. Panics at compile time where there are not two at least.
    pub const fn of(actions: &[Action]) -> Actions {
        let (mut bits, mut at) = (0, 0);
        while at < actions.len() {
            bits |= 1 << actions[at] as u32;
            at += 1;
        }
        let set = Actions(bits);
        assert!(set.is_several());
        set
    }

    /// The set of these; none where they are not two at least.
    pub fn several(actions: impl IntoIterator<Item = Action>) -> Option<Actions> {
        let bits = actions.into_iter().fold(0, |bits, action| bits | 1 << action as u32);
        Some(Actions(bits)).filter(|set| set.is_several())
    }

    const fn is_several(self) -> bool {
        self.0.count_ones() >= 2
    }

    /// Whether it has this one.
    pub const fn has(self, action: Action) -> bool {
        self.0 & (1 << action as u32) != 0
    }

    /// Its actions, in the order of [`Action::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Action> {
        Action::ALL.into_iter().filter(move |action| self.has(*action))
    }
}

impl fmt::Display for Actions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.iter().map(Action::name).collect();
        f.write_str(&names.join("+"))
    }
}

impl FromStr for Actions {
    type Err = &'static str;

    /// Reads back what it displays: `unrepost+delete-post`.
    fn from_str(text: &str) -> Result<Actions, &'static str> {
        let actions: Option<Vec<Action>> = text.split('+').map(Action::named).collect();
        actions.and_then(Actions::several).ok_or("no two actions with a + between them")
    }
}

impl Applies {
    /// Whether a request of `action` takes a slot of the window.
    pub fn counts(self, action: Action) -> bool {
        match self {
            Applies::All => true,
            Applies::Only(only) => only == action,
            Applies::Together(actions) => actions.has(action),
        }
    }

    /// The word for what it counts: `unfollow`, `unrepost+delete-post`; none for every request.
    pub fn name(self) -> Option<String> {
        match self {
            Applies::All => None,
            Applies::Only(action) => Some(action.name().to_owned()),
            Applies::Together(actions) => Some(actions.to_string()),
        }
    }

    /// What such a word means.
    pub fn named(word: &str) -> Option<Applies> {
        Action::named(word).map(Applies::Only).or_else(|| word.parse().ok().map(Applies::Together))
    }
}

/// Whose requests a window counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Each account has a window of its own.
    Account,
    /// All accounts of a platform share one (X documents 500 unfollows per app in 24 hours); off unless configured.
    App,
    /// All accounts of a platform whose requests go to one host share one, for the host counts what comes from this machine's address.
    Host,
}

/// A window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct WindowSpec {
    /// Whose requests it counts.
    pub scope: Scope,
    /// How many in how long.
    pub rate: Rate,
    /// Which requests it counts.
    pub applies: Applies,
}

impl WindowSpec {
    /// 50 requests per 15 minutes and account, all actions together: what is kept wherever nothing else is said.
    pub const DEFAULT: Rate = Rate::fixed(50, 900);

    /// A window of an account, for the program's own tables. Panics at compile time where the numbers make no sense.
    pub const fn of_account(limit: u32, window_seconds: u64, applies: Applies) -> WindowSpec {
        WindowSpec { scope: Scope::Account, rate: Rate::fixed(limit, window_seconds), applies }
    }

    /// A window of all requests that go to one host.
    pub const fn of_host(limit: u32, window_seconds: u64) -> WindowSpec {
        WindowSpec { scope: Scope::Host, rate: Rate::fixed(limit, window_seconds), applies: Applies::All }
    }
}

/// How far back requests may still count in some window, by what they were for: most actions have a short window alone, and few a long
/// one beside it (a day of unlikes), and what is behind the short one need not be read of all the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Horizons {
    near: Duration,
    far: Duration,
    reaches_far: [bool; Action::ALL.len()],
}

impl Horizons {
    /// The horizons of these windows.
    pub fn of<'a>(specs: impl IntoIterator<Item = &'a WindowSpec>) -> Horizons {
        let mut longest = [Duration::ZERO; Action::ALL.len()];
        for spec in specs {
            for action in Action::ALL.into_iter().filter(|action| spec.applies.counts(*action)) {
                let of_action = &mut longest[action as usize];
                *of_action = spec.rate.window().max(*of_action);
            }
        }
        let near = longest.iter().copied().min().unwrap_or_default();
        let far = longest.iter().copied().max().unwrap_or_default();
        Horizons { near, far, reaches_far: longest.map(|longest| longest > near) }
    }

    /// The same for every action.
    pub const fn all(length: Duration) -> Horizons {
        Horizons { near: length, far: length, reaches_far: [false; Action::ALL.len()] }
    }

    /// Both so much further.
    #[must_use]
    pub fn extended(self, by: Duration) -> Horizons {
        Horizons { near: self.near.saturating_add(by), far: self.far.saturating_add(by), ..self }
    }

    /// What lies behind this counts for no action but those that reach far.
    pub const fn near(&self) -> Duration {
        self.near
    }

    /// What lies behind this counts for none.
    pub const fn far(&self) -> Duration {
        self.far
    }

    /// Whether requests of an action count until [`Horizons::far`].
    pub const fn reaches_far(&self, action: Action) -> bool {
        self.reaches_far[action as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_of_several_actions_counts_each_of_them() {
        let rare = Actions::of(&[Action::DeletePost, Action::Unrepost]);
        assert_eq!(rare.to_string(), "unrepost+delete-post");
        assert_eq!(rare.to_string().parse(), Ok(rare));
        let counted: Vec<Action> = Action::ALL.into_iter().filter(|a| Applies::Together(rare).counts(*a)).collect();
        assert_eq!(counted, [Action::Unrepost, Action::DeletePost]);
        for text in ["", "unrepost", "unrepost+unrepost", "unrepost+fellow", "+"] {
            assert!(text.parse::<Actions>().is_err(), "{text}");
        }
        let horizons = Horizons::of(&[
            WindowSpec::of_account(300, 300, Applies::All),
            WindowSpec::of_account(30, 1_800, Applies::Together(rare)),
        ]);
        assert!(horizons.reaches_far(Action::DeletePost) && !horizons.reaches_far(Action::Unlike));
    }

    #[test]
    fn only_actions_with_a_long_window_reach_far() {
        let (quarter, day) = (Duration::from_secs(900), Duration::from_secs(86_400));
        let horizons = Horizons::of(&[
            WindowSpec::of_account(50, 900, Applies::All),
            WindowSpec::of_account(1_000, 86_400, Applies::Only(Action::Unlike)),
        ]);
        assert_eq!((horizons.near(), horizons.far()), (quarter, day));
        let far: Vec<Action> = Action::ALL.into_iter().filter(|action| horizons.reaches_far(*action)).collect();
        assert_eq!(far, [Action::Unlike]);
        let spec = |applies, text: &str| WindowSpec { scope: Scope::App, rate: text.parse().unwrap(), applies };
        let only = [spec(Applies::Only(Action::Unfollow), "500/24h"), spec(Applies::Only(Action::Unlike), "9/1h")];
        let horizons = Horizons::of(&only).extended(quarter);
        assert_eq!((horizons.near(), horizons.far()), (quarter, day + quarter));
        assert!(horizons.reaches_far(Action::Unfollow) && horizons.reaches_far(Action::Unlike));
        assert!(!horizons.reaches_far(Action::Unmute));
        assert_eq!(Horizons::of([&spec(Applies::All, "1/1h")]), Horizons::all(Duration::from_secs(3600)));
        assert_eq!(Horizons::of([]), Horizons::all(Duration::ZERO));
    }

    #[test]
    fn faster_is_told_by_the_long_run() {
        let rate = |text: &str| text.parse::<Rate>().unwrap();
        assert!(rate("51/15m").exceeds(WindowSpec::DEFAULT));
        assert!(!rate("100/30m").exceeds(WindowSpec::DEFAULT));
        assert!(rate("50/15s").exceeds(WindowSpec::DEFAULT));
    }
}
