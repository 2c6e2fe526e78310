//! The Mastodon API, which Mastodon, GoToSocial, Pleroma and Akkoma speak; and the sandbox, which speaks it in shorter windows.

mod classify;
mod deleted_post;
mod export;
mod headers;
mod lists;
mod names;
mod own_pages;
mod page;
mod plain_text;
mod table;
mod things;

use super::dialect::Dialect;
use super::spec::{ActivitiesSpec, Host, LoginKind, PlatformSpec, WhoAmI};
use super::target_grammar::TargetGrammar;
use crate::domain::{Action, Actions, Applies, Platform, Target, WindowSpec};

/// How servers write that speak the Mastodon API.
static DIALECT: Dialect = Dialect {
    target: TargetGrammar {
        parse: |text| target(text).or_else(|| things::read(text).filter(|thing| thing.to_string() == text)),
        is_evident,
        read: |text| target(text).or_else(|| names::read(text)).or_else(|| things::read(text)),
        kind_of: |target| names::kind_of(target).or_else(|| things::kind_of(target)),
        author_of: None,
        page_of: |_| None,
        page_at: own_pages::page_at,
        not_a_handle: "this endpoint takes an ID of the account's server, not a handle",
        not_a_name: "this endpoint takes an ID of the account's server: 1 to 128 letters, digits, - and _",
        written_as: [
            "the ID that the user has at the account's server, an address (@ada@example.org) or a link to the profile",
            "the ID that the post has at the account's server, or a link to it",
            "the ID that the list has at the account's server",
        ],
        things_written_as: Some([
            "the tag with its # (#rust; digits alone are no tag) or a link to it",
            "the name of the server alone (example.social), without https:// and without a port",
        ]),
    },
    is_gateway: false,
    envelope: |_| None,
    explain: |question, root, status| classify::explained(question, root, status).into_iter().collect(),
    failing: |_, _| None,
    target_echoes: &["id"],
    is_id: is_name,
    rate_facts: headers::rate_facts,
    page_query: page::query,
    names_refused: |_, _| false,
    page: page::page,
};

/// The most characters of an ID. Mastodon's have 18 digits, GoToSocial's 26 letters and digits, Pleroma's 18.
const MAX_NAME_BYTES: usize = 128;

/// IDs are opaque: whatever is in one goes into a path as it is, so that only what needs no encoding there is one.
fn is_name(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    (1..=MAX_NAME_BYTES).contains(&text.len()) && text.bytes().all(plain)
}

/// ULIDs and flakes: longer than a handle may be at networks of bare handles, and digits among letters; names under their `@`.
fn is_evident(text: &str) -> bool {
    if text.starts_with('@') {
        return true;
    }
    // The name of a server may be somebody's handle elsewhere.
    if text.contains(['.', '#']) {
        return false;
    }
    let has = |of: fn(&u8) -> bool| text.bytes().any(|byte| of(&byte));
    text.len() >= 16 && has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic) && !has(|byte| b"_-".contains(byte))
}

fn target(text: &str) -> Option<Target> {
    text.parse().ok().filter(|_| is_name(text))
}

/// Deleting a post and taking back a repost.
const RARE: Actions = Actions::of(&[Action::Unrepost, Action::DeletePost]);
/// How many times shorter the sandbox's windows are.
const SANDBOX_SHORTER: u32 = 60;

/// What Mastodon makes of an account as an archive.
static ACTIVITIES: ActivitiesSpec = ActivitiesSpec { lists: export::LISTS, owner: export::owner, read: export::item };

/// A server that speaks the Mastodon API.
pub(super) static SPEC: PlatformSpec = PlatformSpec {
    platform: Platform::Mastodon,
    dialect: &DIALECT,
    service: "Mastodon",
    account_prefix: "mastodon",
    host: Host::OfAccount,
    login: LoginKind::AppAtHost,
    who_am_i: Some(WhoAmI { dialect: &DIALECT, path: "/api/v1/accounts/verify_credentials", id: "/id", name: None }),
    whole_scopes: &[],
    endpoints: &table::TABLE,
    inverse_endpoints: &table::INVERSE,
    lists: &lists::LISTS,
    names: Some(&names::NAMES),
    profiles: None,
    marks: Some(&lists::MARKS),
    pinned: None,
    repository: None,
    activities: Some(&ACTIVITIES),
    // Servers count in windows that begin with the clock's; a sliding window of the same length is never fuller than such a one.
    windows: &[
        WindowSpec::of_account(300, 300, Applies::All),
        WindowSpec::of_account(30, 1_800, Applies::Together(RARE)),
        WindowSpec::of_account(400, 86_400, Applies::Only(Action::Follow)),
        WindowSpec::of_account(300, 10_800, Applies::Only(Action::Repost)),
    ],
    counts_per_endpoint: false,
    windows_shorter: 1,
};

/// The sandbox.
pub(super) static SANDBOX: PlatformSpec = PlatformSpec {
    platform: Platform::MastodonSandbox,
    service: "the sandbox",
    windows: &[
        WindowSpec::of_account(300, 5, Applies::All),
        WindowSpec::of_account(30, 30, Applies::Together(RARE)),
        WindowSpec::of_account(400, 1_440, Applies::Only(Action::Follow)),
        WindowSpec::of_account(300, 180, Applies::Only(Action::Repost)),
    ],
    windows_shorter: SANDBOX_SHORTER,
    ..SPEC
};

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_sandboxs_windows_are_the_servers_so_many_times_shorter() {
        let shortened = |spec: &WindowSpec| WindowSpec { rate: spec.rate.shortened(SANDBOX_SHORTER), ..*spec };
        assert_eq!(SANDBOX.windows, SPEC.windows.iter().map(shortened).collect::<Vec<_>>());
    }

    #[test]
    fn ids_are_opaque_and_fit_into_a_path() {
        for text in
            ["109302", "007", "01F6KXCP71V24GR0SJGAHRXSQ2", "AdvWH4zzvRcuVGkJ4S", "99999999999999999999", "a_b-c"]
        {
            let target = SPEC.target().parse(text).unwrap();
            assert!(target.to_string() == text && SPEC.target().takes(&target), "{text}");
        }
        assert!(matches!(SPEC.target().parse("109302").unwrap(), Target::Id(_)));
        let long = "a".repeat(129);
        for text in ["", "@ada", "ada@example.org", "a/b", "a%2Fb", "..", "a b", "ä", "https://a.example/@b/1", &long]
        {
            assert!(SPEC.target().parse(text).is_err(), "{text}");
        }
    }
}
