//! A Bluesky server against the sandbox, over real HTTP through the client that real servers get.

use std::collections::HashMap;

use cleanup::domain::{Action, ListKind, OwnRecord, Target, Tick};
use cleanup::platforms::{
    Finding, Limited, ListEndpoint, NextPage, Page, PageRequest, RefusalKind, Reply, Request, Vocabulary, What, find,
    find_list_endpoint, spec,
};
use cleanup::sandbox::{Effect, Fate, Faults, ListSizes, Options, Sandbox, SpecialTarget, Trouble};

use super::bench::{Bench, USER, Way, id};
use crate::common::wait as run;
use cleanup::domain::{Platform, TargetKind};

const BLUESKY: Way = Way { platform: Platform::BlueskySandbox, oauth1: false };

fn reason(reply: &Reply) -> String {
    match &reply.finding {
        Finding::Done { reason } => format!("done {}", reason.clone().unwrap_or_default()),
        Finding::Unauthorized { reason } => format!("unauthorized {reason}"),
        Finding::NotGranted { reason } => format!("not_granted {reason}"),
        Finding::Account { reason } => format!("account {reason}"),
        Finding::Ambiguous { refusal: RefusalKind::BadRequest, reason } => format!("bad {reason}"),
        Finding::RecordChanged { reason } => format!("changed {reason}"),
        Finding::Limited(Limited::Rate) => "limited".to_owned(),
        Finding::Transient { reason } => format!("world {reason}"),
        Finding::Unknown { reason } => format!("unknown {reason}"),
        other => format!("{other:?}"),
    }
}

async fn bench(options: Options) -> Bench {
    Bench::with(Options { faults: Faults::NONE, ..options }).await
}

/// Undoes what a row names, by its record where the endpoint wants one.
async fn undo(bench: &Bench, action: Action, target: &Target, record: Option<&OwnRecord>) -> Reply {
    let (credentials, user) = (BLUESKY.credentials(), Sandbox::bluesky_did(id(USER)).parse().unwrap());
    let request = Request {
        endpoint: find(BLUESKY.platform, action).unwrap(),
        base: &bench.base,
        credentials: &credentials,
        user: &user,
        target,
        record,
        send_by: Tick(i64::MAX),
        deadline: Tick(i64::MAX),
        clock: &*bench.clock,
    };
    bench.client.perform(request).await
}

/// Every entry of a list, as its pages tell it.
async fn all(bench: &Bench, reading: &ListEndpoint) -> (Vec<(Target, Option<OwnRecord>)>, u32) {
    let (mut from, mut all, mut pages) = (None::<String>, Vec::new(), 0);
    loop {
        let page = page(bench, reading, from.as_deref()).await;
        pages += 1;
        assert_eq!((page.fault(from.as_deref()), page.unreadable), (None, 0), "{}", reading.path);
        for entry in page.entries {
            assert!(spec(BLUESKY.platform).target().takes(&entry.id), "{}", entry.id);
            all.push((entry.id, entry.record));
        }
        match page.next {
            NextPage::At(next) => from = Some(next),
            NextPage::None => return (all, pages),
            NextPage::Unusable => panic!("a cursor that cannot be followed"),
        }
    }
}

async fn page(bench: &Bench, reading: &ListEndpoint, from: Option<&str>) -> Page {
    let (credentials, user) = (BLUESKY.credentials(), Sandbox::bluesky_did(id(USER)).parse().unwrap());
    let request = PageRequest {
        reading,
        what: What::Entries { count: 100, from, newest_posts: false },
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

fn effects(bench: &Bench, action: Action) -> Vec<Effect> {
    bench.sandbox.effects(BLUESKY.who()).into_iter().filter(|effect| effect.action == action).collect()
}

#[test]
fn every_record_that_a_list_names_is_deleted_once() {
    run(async {
        let bench = bench(Options { lists: ListSizes::all(200), ..Options::default() }).await;
        let offered = Action::UNDOING.into_iter().filter(|action| find(BLUESKY.platform, *action).is_some());
        // A bookmark is looked up too, and is no record.
        for action in offered.filter(|action| *action != Action::Unbookmark) {
            let mut deleted = 0;
            for reading in find(BLUESKY.platform, action).unwrap().records {
                let (records, pages) = all(&bench, reading).await;
                // As long as there was something on a page there may be more.
                assert_eq!(pages as usize, records.len().div_ceil(100) + 1, "{}", reading.path);
                for (target, record) in records {
                    let told = |reply: Reply| (reason(&reply), reply.http_status);
                    assert_eq!(told(undo(&bench, action, &target, record.as_ref()).await), ("done ".into(), Some(200)));
                    let again = told(undo(&bench, action, &target, record.as_ref()).await);
                    assert_eq!(again, ("done already".into(), Some(200)), "{action}");
                    deleted += 1;
                }
                assert!(all(&bench, reading).await.0.is_empty(), "{}", reading.path);
            }
            let counted = effects(&bench, action);
            assert_eq!(counted.len(), deleted, "{action}");
            assert!(counted.iter().all(|effect| effect.applied == 1 && effect.requested == 2), "{action}");
        }
    });
}

#[test]
fn what_is_no_record_is_undone_by_its_subject() {
    run(async {
        let bench = bench(Options { lists: ListSizes::all(120), ..Options::default() }).await;
        for (list, action) in [(ListKind::Mutes, Action::Unmute), (ListKind::Bookmarks, Action::Unbookmark)] {
            let reading = find_list_endpoint(BLUESKY.platform, list).unwrap();
            let (entries, _) = all(&bench, reading).await;
            assert_eq!(entries.len(), 120, "{list}");
            for (target, record) in &entries[..30] {
                assert_eq!(record.is_some(), action == Action::Unbookmark);
                assert_eq!(reason(&undo(&bench, action, target, record.as_ref()).await), "done ", "{action}");
            }
            assert_eq!(all(&bench, reading).await.0, entries[30..], "{list}");
            assert_eq!(effects(&bench, action).len(), 30);
            // What a list told of them is all that it takes to make them again.
            for (target, record) in &entries[..30] {
                let made = undo(&bench, action.inverse().unwrap(), target, record.as_ref()).await;
                assert_eq!(reason(&made), "done ", "{action}");
            }
            assert_eq!(all(&bench, reading).await.0, entries, "{list}");
        }
        let followers = all(&bench, find_list_endpoint(BLUESKY.platform, ListKind::Followers).unwrap()).await.0;
        let following = all(&bench, find_list_endpoint(BLUESKY.platform, ListKind::Following).unwrap()).await.0;
        let mutual = followers.iter().filter(|(one, _)| following.iter().any(|(other, _)| one == other)).count();
        // Of 60 who follow back, one is a repeat's subject.
        assert!(followers.len() == 120 && (55..=60).contains(&mutual), "{mutual}");
    });
}

#[test]
fn a_subject_with_two_records_has_them_both_listed() {
    run(async {
        let bench = bench(Options::default()).await;
        let reading = find_list_endpoint(BLUESKY.platform, ListKind::Following).unwrap();
        let mut records: HashMap<Target, usize> = HashMap::new();
        for (target, _) in all(&bench, reading).await.0 {
            *records.entry(target).or_default() += 1;
        }
        assert_eq!((records.len(), records.values().filter(|count| **count == 2).count()), (245, 5));
    });
}

#[test]
fn troubles_are_told_apart() {
    run(async {
        let bench = bench(Options { enforce: false, ..Options::default() }).await;
        let reading = find_list_endpoint(BLUESKY.platform, ListKind::Following).unwrap();
        let (entries, _) = all(&bench, reading).await;
        let (target, record) = &entries[0];
        let changed = OwnRecord { cid: entries[1].1.as_ref().unwrap().cid.clone(), ..record.clone().unwrap() };
        let told = undo(&bench, Action::Unfollow, target, Some(&changed)).await;
        assert_eq!((reason(&told).as_str(), told.http_status), ("changed record_changed", Some(400)));
        for (trouble, expected) in [
            (Trouble::Revoked, "unauthorized expired_token"),
            (Trouble::Suspended, "account account_taken_down"),
            (Trouble::SuspendedInWords, "account account_deactivated"),
            (Trouble::NotEnrolled, "not_granted scope_missing"),
            (Trouble::UserMissing, "account account_not_there"),
            (Trouble::BadRequest, "bad invalid_request"),
            (Trouble::DuplicateKeys, "unknown duplicate_key"),
            (Trouble::Outage, "world"),
        ] {
            bench.sandbox.trouble(BLUESKY.who(), Some(trouble));
            let told = reason(&undo(&bench, Action::Unfollow, target, record.as_ref()).await);
            assert!(told == expected || trouble == Trouble::Outage && told.starts_with("world"), "{trouble:?}: {told}");
        }
        bench.sandbox.trouble(BLUESKY.who(), None);
        assert_eq!(reason(&undo(&bench, Action::Unfollow, target, record.as_ref()).await), "done ");
        let subject = Sandbox::bluesky_number(&entries[5].0.to_string());
        let special = vec![SpecialTarget { kind: TargetKind::User, id: subject, fate: Fate::Fails }];
        let bench = Bench::with(Options { faults: Faults::NONE, special, ..Options::default() }).await;
        let told = reason(&undo(&bench, Action::Unfollow, &entries[5].0, entries[5].1.as_ref()).await);
        assert!(told.starts_with("world"), "{told}");
    });
}

#[test]
fn the_tightest_window_alone_is_told() {
    run(async {
        let bench = bench(Options::default()).await;
        let reading = find_list_endpoint(BLUESKY.platform, ListKind::Following).unwrap();
        let (entries, _) = all(&bench, reading).await;
        let unfollow = |n: usize| undo(&bench, Action::Unfollow, &entries[n].0, entries[n].1.as_ref());
        let first = unfollow(0).await;
        // Four pages and this one are of 3,000 requests in 5 s.
        assert_eq!((first.facts.limit, first.facts.remaining), (Some(3_000), Some(2_995)));
        let spend = format!("{}/sandbox/spend/bluesky:{USER}/unfollow/4997", bench.sandbox.base_url());
        assert_eq!(crate::common::http::client().post(spend).send().await.unwrap().status(), 204);
        let second = unfollow(1).await;
        assert_eq!((second.facts.limit, second.facts.remaining), (Some(5_000), Some(1)));
        unfollow(2).await;
        let refused = unfollow(3).await;
        assert_eq!(
            (reason(&refused).as_str(), refused.http_status, refused.facts.remaining),
            ("limited", Some(429), Some(0))
        );
        // The first deletion came in the second that the sandbox's clock still shows: the window has a minute to go.
        assert!(refused.facts.retry_after.is_some_and(|after| (60..=61).contains(&after.as_secs())));
    });
}
