//! The Mastodon API against the sandbox, over real HTTP through the client that real servers get.

use std::collections::HashSet;
use std::time::Duration;

use cleanup::domain::{Action, ListKind, Secret, Target, TargetKind, Tick, Wall};
use cleanup::platforms::{
    Credentials, Finding, Limited, NextPage, Page, PageRequest, RefusalKind, Reply, Vocabulary, What, find,
    find_list_endpoint, spec,
};
use cleanup::sandbox::{Faults, ListSizes, Options, Sandbox, Trouble};

use super::bench::{Bench, MASTODON, USER, id};
use crate::common::wait as run;
use cleanup::sandbox::{Fate, TargetRefusal};

/// A snowflake, a ULID, a flake, a number with zeros before it, and one that is too long for a number.
const NAMES: [&str; 5] =
    ["109302436954721982", "01F6KXCP71V24GR0SJGAHRXSQ2", "AdvWH4zzvRcuVGkJ4S", "007", "99999999999999999999"];

fn reason(reply: &Reply) -> String {
    match &reply.finding {
        Finding::Done { reason } => format!("done {}", reason.clone().unwrap_or_default()),
        Finding::Gone { reason } => format!("gone {reason}"),
        Finding::Refused { reason } => format!("refused {reason}"),
        Finding::Unauthorized { reason } => format!("unauthorized {reason}"),
        Finding::NotGranted { reason } => format!("not_granted {reason}"),
        Finding::Account { reason } => format!("account {reason}"),
        Finding::Ambiguous { refusal: RefusalKind::NotFound, .. } => "not found".to_owned(),
        Finding::Ambiguous { reason, .. } => format!("ambiguous {reason}"),
        Finding::Limited(Limited::Rate) => "limited".to_owned(),
        Finding::Transient { reason } => format!("world {reason}"),
        Finding::Unknown { reason } => format!("unknown {reason}"),
        other => format!("{other:?}"),
    }
}

#[test]
fn every_action_is_done_whatever_the_targets_id_looks_like() {
    run(async {
        let bench = Bench::new("none").await;
        let offered = Action::UNDOING.into_iter().filter(|action| find(MASTODON.platform, *action).is_some());
        for action in offered.filter(|action| !action.target_kind().is_told_by_text()) {
            for name in NAMES {
                let reply = bench.ask(MASTODON, action, name).await;
                assert_eq!(reason(&reply), "done ", "{action} {name}: {reply:?}");
                let number = Sandbox::mastodon_number(name).to_string();
                assert_eq!(bench.effect(MASTODON, action, &number).unwrap().applied, 1, "{action} {name}");
                let again = reason(&bench.ask(MASTODON, action, name).await);
                let expected = if action == Action::DeletePost { "gone not_found" } else { "done " };
                assert_eq!(again, expected, "{action} {name}");
            }
        }
        let credentials = MASTODON.credentials();
        let me = bench.client.me(
            spec(MASTODON.platform).who_am_i.as_ref().unwrap(),
            &bench.base,
            &credentials,
            Tick(i64::MAX),
            &*bench.clock,
        );
        assert_eq!(me.await.unwrap().user.as_str(), USER);
        assert_eq!(Sandbox::mastodon_number(&Sandbox::mastodon_id(id(USER))), id(USER));
    });
}

#[test]
fn refusals_are_told_apart() {
    run(async {
        for (fate, action, expected) in [
            (Fate::Gone, Action::Unfollow, &["gone not_found"][..]),
            (Fate::Gone, Action::DeletePost, &["gone not_found"]),
            (Fate::GoneUnnamed, Action::Unlike, &["not found"]),
            (Fate::Refuses(TargetRefusal::NotYours), Action::DeletePost, &["refused not_own_post"]),
            (Fate::Refuses(TargetRefusal::Unexplained), Action::Unblock, &["ambiguous forbidden"]),
            (Fate::Fails, Action::Unbookmark, &["world server_error", "world over_capacity"]),
        ] {
            let bench = Bench::fated(fate).await;
            for target in super::bench::TARGETS {
                let told = reason(&bench.ask(MASTODON, action, &target.to_string()).await);
                assert!(expected.contains(&told.as_str()), "{fate:?} {action}: {told}");
            }
        }
        let bench = Bench::new("none").await;
        for (trouble, expected) in [
            (Trouble::Revoked, "unauthorized invalid_token"),
            (Trouble::Suspended, "account login_disabled"),
            (Trouble::NotEnrolled, "not_granted scope_missing"),
            (Trouble::Ambiguous, "ambiguous forbidden"),
            (Trouble::RouteLost, "not found"),
            (Trouble::RoutePage, "ambiguous not_found_unreadable"),
            (Trouble::BadRequest, "ambiguous invalid_request"),
            (Trouble::DuplicateKeys, "unknown duplicate_key"),
            (Trouble::Outage, "world over_capacity"),
        ] {
            bench.sandbox.trouble(MASTODON.who(), Some(trouble));
            let reply = bench.ask(MASTODON, Action::Unfollow, "9").await;
            // An outage is any 5xx.
            let told = reason(&reply);
            assert!(told == expected || trouble == Trouble::Outage && told.starts_with("world"), "{trouble:?}: {told}");
        }
        let stranger = Credentials::bearer(Secret::new("nobody's")).unwrap();
        let reply = bench.ask_with(&stranger, MASTODON.platform, Action::Unfollow, "9").await;
        assert_eq!(reason(&reply), "unauthorized invalid_token");
    });
}

#[test]
fn the_windows_end_with_the_clocks_and_say_when() {
    run(async {
        let options = Options { faults: Faults::NONE, ..Options::default() };
        let bench = Bench::with(options).await;
        for n in 0..30 {
            // Deletions and reposts taken back are counted together.
            let action = if n % 2 == 0 { Action::DeletePost } else { Action::Unrepost };
            let reply = bench.ask(MASTODON, action, &format!("10{n}")).await;
            assert_eq!(reason(&reply), "done ");
            assert_eq!((reply.facts.limit, reply.facts.remaining), (Some(30), Some(29 - n)));
        }
        let full = bench.ask(MASTODON, Action::DeletePost, "200").await;
        assert_eq!((reason(&full).as_str(), full.http_status, full.facts.remaining), ("limited", Some(429), Some(0)));
        let until = full.facts.until_reset().unwrap();
        // 1,795,358,311.5 s: the window of 30 s ends 28.5 s later.
        assert_eq!(full.facts.reset, Some(Wall(1_795_358_340_000)), "{until:?}");
        assert!(until <= Duration::from_secs(30));
        // The others go on.
        assert_eq!(reason(&bench.ask(MASTODON, Action::Unfollow, "200").await), "done ");
    });
}

#[test]
fn tags_and_servers_are_undone_by_their_names() {
    run(async {
        let bench = Bench::new("none").await;
        for (action, target) in [
            (Action::UnfollowTag, "#rust"),
            (Action::UnfollowTag, "#日本"),
            (Action::FollowTag, "#rust"),
            (Action::UnblockDomain, "example.social"),
            (Action::BlockDomain, "example.social"),
        ] {
            for _ in 0..2 {
                assert_eq!(reason(&bench.ask(MASTODON, action, target).await), "done ", "{action} {target}");
            }
        }
        // An ID is no tag, and a tag no user: nothing is sent.
        for (action, target) in [
            (Action::UnfollowTag, "rust"),
            (Action::UnblockDomain, "42"),
            (Action::Unfollow, "#rust"),
            (Action::UnfollowTag, "a.example"),
        ] {
            let reply = bench.ask(MASTODON, action, target).await;
            assert!(matches!(&reply.finding, Finding::Unsendable { .. }), "{action} {target}: {reply:?}");
        }
    });
}

#[test]
fn every_list_is_read_to_its_end_by_its_links() {
    run(async {
        let lists = ListSizes::all(210);
        let bench = Bench::with(Options { faults: Faults::NONE, enforce: false, lists, ..Options::default() }).await;
        for list in ListKind::ALL.into_iter().filter(|list| list.read_as() == *list) {
            let Some(reading) = find_list_endpoint(MASTODON.platform, list) else { continue };
            let (mut cursor, mut seen, mut pages) = (None::<String>, HashSet::new(), 0);
            loop {
                let page = page(&bench, list, cursor.as_deref()).await;
                pages += 1;
                assert_eq!(page.fault(cursor.as_deref()), None, "{list}");
                for entry in &page.entries {
                    assert!(spec(MASTODON.platform).target().takes(&entry.id), "{list} {}", entry.id);
                    let is_thing = list.target_kind().is_told_by_text();
                    assert!(
                        is_thing || entry.created_at.is_some() && entry.name.is_some() && entry.text.is_some(),
                        "{entry:?}"
                    );
                    assert!(
                        !entry.text.as_deref().unwrap_or_default().contains(['<', '&'])
                            || list.target_kind() == TargetKind::User
                    );
                    seen.insert(entry.id.clone());
                }
                match page.next {
                    NextPage::At(next) => cursor = Some(next),
                    NextPage::None => break,
                    NextPage::Unusable => panic!("{list}: a link that cannot be followed"),
                }
            }
            // Five posts at most are pinned, and tags and servers are few.
            let size = match list {
                ListKind::Pins => 5,
                ListKind::FollowedTags | ListKind::BlockedDomains => 60,
                _ => 210_u32,
            };
            assert_eq!((seen.len(), pages), (size as usize, size.div_ceil(reading.page.1)), "{list}");
            if size < 210 {
                continue;
            }
            let keys = seen.iter().filter(|target| matches!(target, Target::Key(_))).count();
            assert!(keys > 0 && keys < 210, "{list}: numbers and ULIDs, {keys}");
        }
        // What a list names is what an action takes.
        let first = page(&bench, ListKind::Likes, None).await.entries.remove(0);
        assert_eq!(reason(&bench.ask(MASTODON, Action::Unlike, &first.id.to_string()).await), "done ");
        assert!(page(&bench, ListKind::Likes, None).await.entries.iter().all(|entry| entry.id != first.id));
    });
}

async fn page(bench: &Bench, list: ListKind, from: Option<&str>) -> Page {
    let reading = find_list_endpoint(MASTODON.platform, list).unwrap();
    let (credentials, user) = (MASTODON.credentials(), USER.parse().unwrap());
    let request = PageRequest {
        reading,
        what: What::Entries { count: 1_000, from, newest_posts: false },
        vocabulary: Vocabulary::New,
        base: &bench.base,
        credentials: &credentials,
        user: &user,
        send_by: Tick(i64::MAX),
        deadline: Tick(i64::MAX),
        clock: &*bench.clock,
    };
    bench.client.page(request).await.unwrap().0
}
