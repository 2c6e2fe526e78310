//! Bluesky, and every other server that speaks the AT Protocol with the lexicons of `app.bsky`; and the sandbox, which speaks it in shorter
//! windows. An account is a DID; it lives at the server that keeps its repository.

mod classify;
mod grammar;
mod headers;
mod lists;
mod page;
mod table;
mod tid;

use super::dialect::Dialect;
use super::spec::{FixedHost, Host, LoginKind, PlatformSpec, RepositorySpec, WhoAmI};
use crate::domain::{Action, Actions, Applies, Platform, WindowSpec, is_did};

/// How servers write.
static DIALECT: Dialect = Dialect {
    target: grammar::GRAMMAR,
    is_gateway: false,
    envelope: |_| None,
    explain: |question, root, status| classify::explained(question, root, status).into_iter().collect(),
    failing: classify::failing,
    target_echoes: &[],
    is_id: is_did,
    rate_facts: headers::rate_facts,
    page_query: page::query,
    names_refused: |_, _| false,
    page: page::page,
};

/// How many times shorter the sandbox's windows are.
const SANDBOX_SHORTER: u32 = 60;

/// What puts a record back.
const PUT_BACK: Actions =
    Actions::of(&[Action::Follow, Action::Like, Action::Repost, Action::Block, Action::ListBlock, Action::Post]);

/// What an account exports: its lists are the collections that are read of it page by page.
static REPOSITORY: RepositorySpec =
    RepositorySpec { collection: lists::collection, pinned: lists::pinned, read: page::record };

/// A Bluesky server.
pub(super) static SPEC: PlatformSpec = PlatformSpec {
    platform: Platform::Bluesky,
    dialect: &DIALECT,
    service: "Bluesky",
    account_prefix: "bluesky",
    host: Host::OfAccount,
    login: LoginKind::AppPassword {
        at: "bsky.social",
        directory: FixedHost { address: "https://plc.directory", variable: "CLEANUP_PLC_DIRECTORY" },
    },
    who_am_i: Some(WhoAmI {
        dialect: &DIALECT,
        path: "/xrpc/com.atproto.server.getSession",
        id: "/did",
        name: Some("/handle"),
    }),
    // What a session by app password has, and what apps asked for before there were scopes of single actions.
    whole_scopes: &["com.atproto.access", "com.atproto.appPass", "com.atproto.appPassPrivileged", "transition:generic"],
    endpoints: &table::TABLE,
    inverse_endpoints: &table::INVERSE,
    lists: &lists::LISTS,
    names: Some(&lists::NAMES),
    profiles: Some(&lists::PROFILES),
    marks: None,
    pinned: Some(&lists::PINNED),
    repository: Some(&REPOSITORY),
    activities: None,
    // Of the 3,000 requests of an address in 5 minutes the lists take 500 at most, and lookups of names 300. Servers count in windows that begin with the first request; a
    // sliding window of the same length is never fuller than such a one.
    windows: &[
        WindowSpec::of_account(2_100, 300, Applies::All),
        WindowSpec::of_host(2_100, 300),
        WindowSpec::of_account(5_000, 3_600, Applies::All),
        WindowSpec::of_account(35_000, 86_400, Applies::All),
        // A record that is put back costs three points, where a deletion costs one.
        WindowSpec::of_account(1_600, 3_600, Applies::Together(PUT_BACK)),
        WindowSpec::of_account(11_600, 86_400, Applies::Together(PUT_BACK)),
    ],
    counts_per_endpoint: false,
    windows_shorter: 1,
};

/// The sandbox.
pub(super) static SANDBOX: PlatformSpec = PlatformSpec {
    platform: Platform::BlueskySandbox,
    service: "the sandbox",
    windows: &[
        WindowSpec::of_account(2_100, 5, Applies::All),
        WindowSpec::of_host(2_100, 5),
        WindowSpec::of_account(5_000, 60, Applies::All),
        WindowSpec::of_account(35_000, 1_440, Applies::All),
        WindowSpec::of_account(1_600, 60, Applies::Together(PUT_BACK)),
        WindowSpec::of_account(11_600, 1_440, Applies::Together(PUT_BACK)),
    ],
    windows_shorter: SANDBOX_SHORTER,
    ..SPEC
};

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::domain::{ListKind, TargetKind};
    use crate::platforms::find_list_endpoint;

    #[test]
    fn the_sandboxs_windows_are_the_servers_so_many_times_shorter() {
        let shortened = |spec: &WindowSpec| WindowSpec { rate: spec.rate.shortened(SANDBOX_SHORTER), ..*spec };
        assert_eq!(SANDBOX.windows, SPEC.windows.iter().map(shortened).collect::<Vec<_>>());
    }

    /// Writes and reads together never take what a server gives an address.
    #[test]
    fn undos_and_lists_together_stay_below_an_addresss_requests() {
        let all = || SPEC.lists.iter().chain(SPEC.names.unwrap().endpoints);
        let mut names: Vec<&str> = all().map(|list| list.name).collect();
        names.sort_unstable();
        names.dedup();
        let of = |name: &&str| all().find(|list| list.name == *name).unwrap().documented[0].rate;
        let undos = SPEC.windows[0].rate;
        assert!(names.iter().map(of).chain([undos]).all(|rate| rate.window() == undos.window()));
        let most: u32 = names.iter().map(|name| of(name).limit()).sum::<u32>() + undos.limit();
        assert!(most < 3_000, "{most}");
    }

    #[test]
    fn every_list_of_the_accounts_own_doing_is_its_repositorys() {
        for endpoint in &table::TABLE {
            let action = endpoint.action;
            let list = find_list_endpoint(Platform::Bluesky, ListKind::shows(action)).unwrap();
            assert_eq!(list.list, Some(ListKind::shows(action)), "{action}: a list of its own");
            assert_eq!(list.of, action.target_kind());
            match endpoint.records {
                [] => assert!(action == Action::Unmute && list.name == "app_view"),
                // What is deleted last is what the list shows.
                [.., last] => assert_eq!((last.path, last.of), (list.path, action.target_kind())),
            }
        }
        let followers = find_list_endpoint(Platform::Bluesky, ListKind::Followers).unwrap();
        assert_eq!((followers.of, followers.name), (TargetKind::User, "app_view"));
    }
}
