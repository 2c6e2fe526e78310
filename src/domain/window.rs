//! Windows: how many requests in how long, and whose.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::Action;

/// So many requests per so long, such as 50 per 15 minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rate {
    limit: u32,
    window: Duration,
}

/// Why a text is no rate; its display names the remedy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a rate: {why}; write it as 50/15m (a number from 1 to 1000000 per 1s to 31d)")]
pub struct InvalidRate {
    text: String,
    why: &'static str,
}

impl Rate {
    /// The most requests a window may hold. Memory and the time of a restart grow with it.
    pub const MAX_LIMIT: u32 = 1_000_000;
    /// The shortest window: below it the margin of 20 ms would eat the allowance.
    pub const MIN_WINDOW: Duration = Duration::from_secs(1);
    /// The longest window.
    pub const MAX_WINDOW: Duration = Duration::from_secs(31 * 86_400);

    /// A rate of the program's own tables. Panics at compile time where the numbers make no sense.
    pub const fn fixed(limit: u32, window_seconds: u64) -> Rate {
        assert!(limit >= 1 && limit <= Rate::MAX_LIMIT && window_seconds >= 1 && window_seconds <= 31 * 86_400);
        Rate { limit, window: Duration::from_secs(window_seconds) }
    }

    /// Requests per window, 1 to [`Rate::MAX_LIMIT`].
    pub const fn limit(self) -> u32 {
        self.limit
    }

    /// The window's length.
    pub const fn window(self) -> Duration {
        self.window
    }

    /// The same limit in a window so many times shorter (the sandbox: 60).
    pub fn shortened(self, times: u32) -> Rate {
        Rate { limit: self.limit, window: (self.window / times).max(Rate::MIN_WINDOW) }
    }

    /// Whether this rate lets more through in the long run than `other`.
    pub fn exceeds(self, other: Rate) -> bool {
        u128::from(self.limit) * other.window.as_nanos() > u128::from(other.limit) * self.window.as_nanos()
    }
}

impl FromStr for Rate {
    type Err = InvalidRate;

    /// Reads `50/15m`, `1000/24h`, `300/900s`, `10/500ms`.
    fn from_str(text: &str) -> Result<Rate, InvalidRate> {
        let complain = |why| InvalidRate { text: text.to_owned(), why };
        let (limit, window) = text.trim().split_once('/').ok_or_else(|| complain("there is no slash"))?;
        let limit: u32 = limit.trim().parse().map_err(|_| complain("the limit is not a whole number in range"))?;
        if !(1..=Rate::MAX_LIMIT).contains(&limit) {
            return Err(complain("the limit is out of range"));
        }
        let window = parse_duration(window.trim()).ok_or_else(|| complain("the window is not a duration"))?;
        if !(Rate::MIN_WINDOW..=Rate::MAX_WINDOW).contains(&window) {
            return Err(complain("the window is out of range"));
        }
        Ok(Rate { limit, window })
    }
}

/// Units of durations in milliseconds, the longest first.
const UNITS: [(u64, &str); 5] = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s"), (1, "ms")];

/// A duration in the longest unit of which it is a whole number, to the millisecond: what [`parse_duration`] reads back.
pub fn duration_text(duration: Duration) -> String {
    in_units(duration, &UNITS)
}

fn in_units(duration: Duration, units: &[(u64, &str)]) -> String {
    let millis = duration.as_millis();
    let whole = units.iter().find(|(length, _)| millis.is_multiple_of(u128::from(*length)));
    whole.map_or_else(String::new, |(length, unit)| format!("{}{unit}", millis / u128::from(*length)))
}

/// Reads a duration such as `15m`, `24h`, `90s`, `250ms`, `1h30m` or a bare unit (`h` is one hour).
pub fn parse_duration(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut total = Duration::ZERO;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let letters = rest[digits..].bytes().take_while(u8::is_ascii_alphabetic).count();
        let (number, unit) = (&rest[..digits], &rest[digits..digits + letters]);
        let number: u64 = if number.is_empty() { 1 } else { number.parse().ok()? };
        let unit = match unit {
            "sec" => "s",
            "min" => "m",
            other => other,
        };
        let (millis, _) = UNITS.iter().find(|(_, name)| *name == unit)?;
        total = total.checked_add(Duration::from_millis(number.checked_mul(*millis)?))?;
        rest = &rest[digits + letters..];
    }
    Some(total)
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A day is shown as 24h, as the platforms' pages do.
        write!(f, "{}/{}", self.limit, in_units(self.window, &UNITS[1..]))
    }
}

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

super::serde_as_text!(display: Rate);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_read_and_write() {
        for (text, limit, seconds) in
            [("50/15m", 50, 900), ("1000/24h", 1000, 86_400), ("50/15s", 50, 15), ("1/h", 1, 3600)]
        {
            let rate: Rate = text.parse().unwrap();
            assert_eq!((rate.limit(), rate.window().as_secs()), (limit, seconds));
            assert_eq!(rate.to_string().parse::<Rate>().unwrap(), rate);
        }
    }

    #[test]
    fn rates_that_make_no_sense_are_refused() {
        for bad in
            ["0/15m", "50/0s", "1000000000000/1ms", "50", "50/", "/15m", "-1/15m", "50/15x", "5/1ms", "5/32d", ""]
        {
            let error = bad.parse::<Rate>().unwrap_err().to_string();
            assert!(error.contains("50/15m"), "{error}");
        }
    }

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
