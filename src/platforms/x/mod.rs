//! X: API v2, API v1.1, and the sandbox, which speaks v2 in shorter windows.

mod classify;
mod fields;
mod headers;
mod lists;
mod page;
mod v1;
mod v2;

use super::dialect::Dialect;
use super::page_question::What;
use super::reply::transient;
use super::spec::{FixedHost, Host, LoginKind, PlatformSpec, WhoAmI};
use super::target_grammar::TargetGrammar;
use crate::domain::{Action, Applies, Platform, WindowSpec};
pub(super) use classify::explained;
pub(super) use headers::rate_facts;

/// How X writes, at both APIs.
pub(super) static DIALECT: Dialect = Dialect {
    target: TargetGrammar::NUMBERS,
    is_gateway: false,
    envelope: |_| None,
    explain: |question, root, status| explained(question, root, status).into_iter().collect(),
    failing: |root, _| classify::says_over_capacity(root).then(|| transient("over_capacity")),
    target_echoes: TARGET_ECHOES,
    is_id: |text| (1..=20).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit()),
    rate_facts,
    page_query: fields::page_query,
    names_refused: fields::is_named_in,
    page: |question, answer| {
        let page = || page::page(&answer.body, question.of, matches!(question.what, What::Names(_)));
        if answer.status == 200 { page() } else { None }
    },
};

/// What an effect may name its target by.
pub(super) const TARGET_ECHOES: &[&str] = &["target_user_id", "tweet_id", "source_tweet_id"];

/// 50 requests per 15 minutes: what X documents per user for unfollow, unlike, unrepost, unmute, delete and bookmark
/// (docs/platforms.md; X: fundamentals/rate-limits).
const USUAL: WindowSpec = WindowSpec::of_account(50, 900, Applies::All);
/// 1,000 likes and unlikes per user in 24 hours, beside the 50 per 15 minutes (same page).
const UNLIKE_DAY: WindowSpec = WindowSpec::of_account(1_000, 86_400, Applies::Only(Action::Unlike));
/// v1.1 `friendships/destroy`: 15 per 15 minutes per user (X: follows/migrate/overview).
const V1_UNFOLLOW: WindowSpec = WindowSpec::of_account(15, 900, Applies::Only(Action::Unfollow));
/// How many times shorter the sandbox's windows are.
const SANDBOX_SHORTER: u32 = 60;

/// X API v2.
pub(super) static V2: PlatformSpec = PlatformSpec {
    platform: Platform::XV2,
    dialect: &DIALECT,
    service: "X",
    account_prefix: "x",
    host: Host::Fixed(FixedHost { address: "https://api.x.com", variable: "CLEANUP_X_API" }),
    login: LoginKind::OAuth2,
    who_am_i: Some(WhoAmI { dialect: &DIALECT, path: "/2/users/me", id: "/data/id", name: None }),
    whole_scopes: &[],
    endpoints: &v2::TABLE,
    inverse_endpoints: &v2::INVERSE,
    lists: &lists::LISTS,
    names: Some(&lists::NAMES),
    profiles: None,
    marks: None,
    pinned: None,
    repository: None,
    activities: None,
    windows: &[USUAL, UNLIKE_DAY],
    counts_per_endpoint: true,
    windows_shorter: 1,
};

/// X API v1.1. Its lists are closed to the apps of today.
pub(super) static V1: PlatformSpec = PlatformSpec {
    platform: Platform::XV1,
    account_prefix: "x-v1",
    login: LoginKind::OAuth1,
    whole_scopes: &[],
    endpoints: &v1::TABLE,
    // Closed to the apps of today, all of them.
    inverse_endpoints: &[],
    lists: &[],
    names: None,
    windows: &[USUAL, UNLIKE_DAY, V1_UNFOLLOW],
    ..V2
};

/// The sandbox.
pub(super) static SANDBOX: PlatformSpec = PlatformSpec {
    platform: Platform::Sandbox,
    service: "the sandbox",
    windows: &[
        WindowSpec::of_account(50, 15, Applies::All),
        WindowSpec::of_account(1_000, 1_440, Applies::Only(Action::Unlike)),
    ],
    counts_per_endpoint: false,
    windows_shorter: SANDBOX_SHORTER,
    ..V2
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sandboxs_windows_are_those_of_v2_so_many_times_shorter() {
        let shortened = |spec: &WindowSpec| WindowSpec { rate: spec.rate.shortened(SANDBOX_SHORTER), ..*spec };
        assert_eq!(SANDBOX.windows, V2.windows.iter().map(shortened).collect::<Vec<_>>());
    }
}
