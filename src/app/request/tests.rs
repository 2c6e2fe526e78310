#![allow(clippy::unwrap_used)]

use super::*;
use crate::domain::{ListKind, Visibility};
use crate::lists::filter::PlainRules;

fn full() -> ScheduledRun {
    let which = FilterOptions {
        wanted: FilterRules {
            keep: Some("/k.csv".into()),
            older_than: Some("1y6mo".parse().unwrap()),
            inactive_since: Some("90d".parse().unwrap()),
            plain: PlainRules {
                not_following_back: true,
                max_likes: Some(4),
                visibility: vec![Visibility::Unlisted, Visibility::Direct],
                keep_pinned: true,
                not_matching: Some("keep me".into()),
                ..PlainRules::default()
            },
            ..FilterRules::default()
        },
        take: Take { limit: Some(9), order: Some(crate::lists::filter::Order::Oldest) },
    };
    let load = LoadRequest {
        files: vec!["/a/--un follow.csv".into()],
        job: Some("a b".into()),
        rows: RowOptions {
            account: Some("work".parse().unwrap()),
            action: Some(Action::Unlike),
            platform: Some(Platform::XV1),
            column: Some("-odd".into()),
            trust_ids: true,
            strict: true,
            which: which.clone(),
        },
        reload: ReloadOptions { again: true, allow_shrink: true, moved: false },
    };
    let run = RunRequest {
        load,
        bounds: RunBounds {
            max_requests: Some(7),
            max_spend: Some(MicroUsd(5_250_000)),
            rates: vec!["50/15m".parse().unwrap(), "500/24h".parse().unwrap()],
            per: Some(Per::Endpoint),
            pace: Some(Pace::FrontLoad),
            workers: Some(3),
            give_up_after: Some(Duration::from_secs(90)),
            notify: Some("mail -s \"it's done\" me".into()),
        },
    };
    let list = ListRequest {
        list: ListKind::Likes,
        account: None,
        platform: None,
        output: Some("/l.csv".into()),
        which,
        max_requests: None,
        max_spend: Some(MicroUsd(5_000_000)),
        give_up_after: None,
        once: ListOnce::default(),
    };
    ScheduledRun { run, list: Some(list) }
}

#[test]
fn what_is_kept_comes_back_as_it_was() {
    let request = full();
    assert_eq!(ScheduledRun::from_json(&request.to_json()).unwrap(), request);
    let files = ScheduledRun { list: None, ..request };
    assert_eq!(ScheduledRun::from_json(&files.to_json()).unwrap(), files);
    let nothing = ScheduledRun {
        run: RunRequest {
            load: LoadRequest { files: vec!["/a.csv".into()], ..Default::default() },
            ..Default::default()
        },
        list: None,
    };
    assert_eq!(nothing.to_json(), r#"{"run":{"files":["/a.csv"]}}"#);
}

#[test]
fn its_words_are_those_that_somebody_would_type() {
    let request = full();
    let run = [
        "--job=a b",
        "--account=work",
        "--action=unlike",
        "--platform=x-v1",
        "--column=-odd",
        "--trust-ids",
        "--strict",
        "--keep=/k.csv",
        "--older-than=1y6mo",
        "--inactive-since=90d",
        "--not-following-back",
        "--max-likes=4",
        "--visibility=unlisted",
        "--visibility=direct",
        "--keep-pinned",
        "--not-matching=keep me",
        "--limit=9",
        "--order=oldest",
        "--again",
        "--allow-shrink",
        "--max-requests=7",
        "--max-spend=5.25",
        "--rate=50/15m",
        "--rate=500/24h",
        "--per=endpoint",
        "--pace=front-load",
        "--workers=3",
        "--give-up-after=90s",
        "--notify=mail -s \"it's done\" me",
        "--",
        "/a/--un follow.csv",
    ];
    assert_eq!(request.run_words(), run);
    let list = request.list_words().unwrap();
    assert_eq!(list[..2], ["--output=/l.csv", "--keep=/k.csv"]);
    assert_eq!(list[list.len() - 3..], ["--max-spend=5", "--", "likes"]);
}

#[test]
fn what_is_given_replaces_and_without_takes_out() {
    let mut request = full();
    let more = RunRequest {
        bounds: RunBounds { rates: vec!["40/15m".parse().unwrap()], ..RunBounds::default() },
        ..RunRequest::default()
    };
    let without = ["max-likes".to_owned(), "max-spend".to_owned()];
    let changed = request.changed(&more, None, &without.iter().collect::<Vec<_>>()).unwrap();
    request.run.bounds.rates = more.bounds.rates;
    request.run.bounds.max_spend = None;
    request.run.load.rows.which.wanted.plain.max_likes = None;
    let list = request.list.as_mut().unwrap();
    (list.max_spend, list.which.wanted.plain.max_likes) = (None, None);
    assert_eq!(changed, request);
    for name in ["max-spend", "files", "list", "no-such"] {
        assert_eq!(changed.changed(&RunRequest::default(), None, &[&name.to_owned()]), Err(NotSet(name.into())));
    }
}

#[test]
fn an_option_that_this_version_does_not_know_is_told() {
    for text in [r#"{"run":{"files":["/a"],"no-such":true}}"#, r#"{"run":{"rate":["x"]}}"#, "{}", "x"] {
        assert_eq!(ScheduledRun::from_json(text).unwrap_err().kind, ErrorKind::Config, "{text}");
    }
}
