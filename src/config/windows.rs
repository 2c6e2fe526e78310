//! Which windows an account gets: options, config file, built-in ones.
//!
//! In: `--rate`, `[[windows]]`, a platform. Out: [`WindowSpec`]s, and warnings where they allow more than the platform
//! documents. What does not belong here: counting slots.

use crate::domain::{Action, Applies, Platform, Rate, Scope, WindowSpec};
use crate::platforms::spec;

/// The most `[[windows]]` a config file may have, and the most `--rate` a run takes.
pub const MAX_WINDOWS: usize = 64;

/// Whether one window counts all actions together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Per {
    /// All actions share it.
    Account,
    /// Every action has one of its own, as X documents its endpoints.
    Endpoint,
}

/// One `[[windows]]` of the config file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowRule {
    /// How many in how long.
    pub rate: Rate,
    /// Together or each.
    pub per: Per,
    /// Whose requests.
    pub scope: Scope,
    /// Only this action.
    pub action: Option<Action>,
    /// Only accounts of this platform; none: of every real one (the sandbox has to be named: its windows are shorter).
    pub platform: Option<Platform>,
}

impl WindowRule {
    /// Whether it is one of this platform's.
    pub(super) fn concerns(&self, platform: Platform) -> bool {
        self.platform.map_or(!platform.is_sandbox(), |only| only == platform)
    }

    fn specs(&self) -> Vec<WindowSpec> {
        let spec = |applies| WindowSpec { scope: self.scope, rate: self.rate, applies };
        match (self.action, self.per) {
            (Some(action), _) => vec![spec(Applies::Only(action))],
            (None, Per::Account) => vec![spec(Applies::All)],
            (None, Per::Endpoint) => Action::ALL.into_iter().map(|action| spec(Applies::Only(action))).collect(),
        }
    }
}

/// The windows of a platform's accounts, and of the app they share.
///
/// `--rate` replaces all account windows. Configured account windows replace the built-in ones where together they count every
/// action; where they count only some, the built-in ones stay beside them, for a window added must not open another.
///
/// `--per` decides for the account windows whether one counts all actions together, whatever the config file says of it.
pub(super) fn windows_of(
    platform: Platform,
    rates: &[Rate],
    rules: &[WindowRule],
    per: Option<Per>,
) -> Vec<WindowSpec> {
    let together = |rule: &WindowRule| match per {
        Some(Per::Account) if rule.scope == Scope::Account => WindowRule { per: Per::Account, ..*rule },
        _ => *rule,
    };
    let rules = rules.iter().filter(|rule| rule.concerns(platform)).map(together);
    let configured = rules.flat_map(|rule| rule.specs());
    let (mut account, mut shared): (Vec<_>, Vec<_>) = configured.partition(|spec| spec.scope == Scope::Account);
    if !rates.is_empty() {
        let spec = |rate: &Rate| WindowSpec { scope: Scope::Account, rate: *rate, applies: Applies::All };
        account = rates.iter().map(spec).collect();
    }
    let counted = |action: &Action| account.iter().any(|spec| spec.applies.counts(*action));
    if !Action::UNDOING.iter().all(counted) {
        let beside: Vec<_> = built_in(platform)
            .iter()
            .copied()
            .filter(|built_in| built_in.scope == Scope::Account)
            .filter(|built_in| !account.iter().any(|spec| spec.applies == built_in.applies))
            .collect();
        account.extend(beside);
    }
    if per == Some(Per::Endpoint) {
        account = account.into_iter().flat_map(each_action).collect();
    }
    // What a host gives an address is the host's: a rate for each account says nothing of it.
    if !shared.iter().any(|spec| spec.scope == Scope::Host) {
        shared.extend(built_in(platform).iter().filter(|spec| spec.scope == Scope::Host));
    }
    account.into_iter().chain(shared).collect()
}

/// The windows that a platform documents.
fn built_in(platform: Platform) -> &'static [WindowSpec] {
    spec(platform).windows
}

/// A window that counts all actions as one for each of them.
fn each_action(spec: WindowSpec) -> Vec<WindowSpec> {
    match spec.applies {
        Applies::All => {
            Action::ALL.into_iter().map(|action| WindowSpec { applies: Applies::Only(action), ..spec }).collect()
        }
        Applies::Only(_) | Applies::Together(_) => vec![spec],
    }
}

/// One sentence for every documented limit of these actions that `chosen` lets be exceeded. The platforms document each endpoint by
/// itself, so windows of one action each are judged by themselves.
pub(super) fn warnings(platform: Platform, chosen: &[WindowSpec], actions: &[Action]) -> Vec<String> {
    let is_kept = |documented: &WindowSpec, action: Action| {
        let mut covering = chosen.iter().filter(|spec| spec.scope == Scope::Account && spec.applies.counts(action));
        covering.any(|spec| implies(spec.rate, documented.rate))
    };
    let name = |spec: &WindowSpec| spec.applies.name().map_or_else(String::new, |word| format!(" of {word}"));
    let is_exceeded = |documented: &WindowSpec| {
        actions.iter().any(|action| documented.applies.counts(*action) && !is_kept(documented, *action))
    };
    let exceeded = built_in(platform).iter().filter(|documented| is_exceeded(documented));
    exceeded
        .map(|spec| format!("the chosen windows allow more than {}{} on {platform}", spec.rate, name(spec)))
        .collect()
}

/// Whether keeping `chosen` keeps `documented`: a stretch of time meets at most as many windows as it takes to cover it.
fn implies(chosen: Rate, documented: Rate) -> bool {
    let windows = documented.window().as_nanos().div_ceil(chosen.window().as_nanos());
    windows * u128::from(chosen.limit()) <= u128::from(documented.limit())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn rate(text: &str) -> Rate {
        text.parse().unwrap()
    }

    fn rule(text: &str) -> WindowRule {
        WindowRule { rate: rate(text), per: Per::Account, scope: Scope::Account, action: None, platform: None }
    }

    #[test]
    fn nothing_said_means_built_in() {
        assert_eq!(windows_of(Platform::XV2, &[], &[], None), built_in(Platform::XV2));
    }

    #[test]
    fn a_rate_replaces_account_windows_and_leaves_the_apps() {
        let app = WindowRule { scope: Scope::App, action: Some(Action::Unfollow), ..rule("500/24h") };
        let windows = windows_of(Platform::XV2, &[rate("20/15m")], &[rule("40/15m"), app], None);
        let rates: Vec<_> = windows.iter().map(|spec| spec.rate.to_string()).collect();
        assert_eq!(rates, ["20/15m", "500/24h"]);
        assert_eq!(windows[1].scope, Scope::App);
    }

    #[test]
    fn per_endpoint_gives_every_action_its_own() {
        let each = WindowRule { per: Per::Endpoint, ..rule("50/15m") };
        let windows = windows_of(Platform::XV2, &[], &[each], None);
        assert_eq!(windows.len(), Action::ALL.len());
        assert!(windows.iter().all(|spec| spec.applies != Applies::All));
    }

    #[test]
    fn a_window_of_one_action_stands_beside_the_built_in_ones() {
        let unlike = WindowRule { action: Some(Action::Unlike), ..rule("300/24h") };
        let windows = windows_of(Platform::XV2, &[], &[unlike], None);
        let rates: Vec<_> = windows.iter().map(|spec| spec.rate.to_string()).collect();
        assert_eq!(rates, ["300/24h", "50/15m"]);
    }

    #[test]
    fn the_sandbox_has_to_be_named() {
        assert_eq!(windows_of(Platform::Sandbox, &[], &[rule("40/15m")], None), built_in(Platform::Sandbox));
        let named = WindowRule { platform: Some(Platform::Sandbox), ..rule("40/15s") };
        assert_eq!(windows_of(Platform::Sandbox, &[], &[named], None).len(), 1);
    }

    #[test]
    fn per_decides_whether_actions_share_a_window() {
        let applies = |specs: &[WindowSpec], rate: &str| -> Vec<Applies> {
            specs.iter().filter(|spec| spec.rate.to_string() == rate).map(|spec| spec.applies).collect()
        };
        let each: Vec<Applies> = Action::ALL.into_iter().map(Applies::Only).collect();
        let built_in = windows_of(Platform::XV2, &[], &[], Some(Per::Endpoint));
        assert_eq!(applies(&built_in, "50/15m"), each);
        assert_eq!(applies(&built_in, "1000/24h"), [Applies::Only(Action::Unlike)], "the day of unlikes stays");
        assert!(warnings(Platform::XV2, &built_in, &Action::UNDOING).is_empty(), "X documents each endpoint by itself");
        let rated = windows_of(Platform::XV2, &[rate("20/15m")], &[], Some(Per::Endpoint));
        assert_eq!(applies(&rated, "20/15m"), each);
        let unlike = WindowRule { action: Some(Action::Unlike), ..rule("300/24h") };
        let beside = windows_of(Platform::XV2, &[], &[unlike], Some(Per::Endpoint));
        assert_eq!((applies(&beside, "50/15m"), applies(&beside, "300/24h").len()), (each, 1));
        let app = WindowRule { scope: Scope::App, ..rule("500/24h") };
        let config = [WindowRule { per: Per::Endpoint, ..rule("40/15m") }, app];
        for per in [Per::Account, Per::Endpoint] {
            let windows = windows_of(Platform::XV2, &[], &config, Some(per));
            let expected = if per == Per::Account { 1 } else { Action::ALL.len() };
            assert_eq!(applies(&windows, "40/15m").len(), expected, "{per:?}");
            assert_eq!(applies(&windows, "500/24h"), [Applies::All], "the app's window is no account's");
        }
    }

    #[test]
    fn more_than_documented_is_warned_of() {
        let warned_for = |actions: &[Action], rates: &[&str]| {
            let rates: Vec<_> = rates.iter().map(|text| rate(text)).collect();
            warnings(Platform::XV2, &windows_of(Platform::XV2, &rates, &[], None), actions).len()
        };
        let warned = |rates: &[&str]| warned_for(&Action::UNDOING, rates);
        assert_eq!(warned(&["51/15m"]), 2, "the window and the day of unlikes");
        assert_eq!(warned(&["50/15m"]), 1, "1,000 a day for unlikes is exceeded");
        assert_eq!(warned(&["600/24h"]), 1, "600 in 15 minutes");
        assert_eq!(warned(&["10/3m", "1000/24h"]), 0);
        assert_eq!(warned_for(&[Action::Unfollow], &["50/15m"]), 0, "nothing is unliked");
        assert_eq!(warned_for(&[Action::Unfollow], &["51/15m"]), 1);
        assert!(warnings(Platform::XV2, built_in(Platform::XV2), &Action::UNDOING).is_empty());
    }
}
