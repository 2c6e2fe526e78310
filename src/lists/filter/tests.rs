#![allow(clippy::unwrap_used)]
use std::collections::HashSet;

use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::*;
use crate::domain::{ListKind, PostTraits, TargetKind, Visibility, Wall};
use crate::jobfile::Source;
use crate::jobfile::keep_list::{KeepList, read_source};
use crate::lists::{Entry, columns, snowflake};
use crate::platforms::evident_keys;

/// 2026-11-22T12:00:00Z
const NOW: Wall = Wall(1_795_348_800_000);

fn list(text: &str) -> KeepList {
    read_source(&Source::spool("keep.txt", text.as_bytes()).unwrap(), evident_keys).unwrap()
}

fn at(text: &str) -> Wall {
    Wall(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
}

pub(super) fn user(id: &str) -> Entry {
    Entry::bare(id.parse().unwrap())
}

fn empty() -> Filter {
    Filter { now: NOW, ..Filter::default() }
}

pub(super) fn plainly(plain: PlainRules) -> Filter {
    Filter { plain, ..empty() }
}

fn back() -> PlainRules {
    PlainRules { not_following_back: true, ..PlainRules::default() }
}

fn likes(most: u64) -> PlainRules {
    PlainRules { max_likes: Some(most), ..PlainRules::default() }
}

fn reposts(most: u64) -> PlainRules {
    PlainRules { max_reposts: Some(most), ..PlainRules::default() }
}

fn matching(text: &str) -> PlainRules {
    PlainRules { matching: Some(text.into()), ..PlainRules::default() }
}

#[test]
fn whoever_reads_a_list_sifts_it() {
    // The example of the module's page, as the commands do it.
    let kind = ListKind::Following.target_kind();
    let wanted = FilterRules { plain: back(), older_than: Some("1y".parse().unwrap()), ..FilterRules::default() };
    let filter = wanted.resolve(Some(kind), NOW, &TimeZone::UTC.into()).unwrap();
    let mut sieve = FilterPipeline::new(filter, Take { limit: Some(1), order: Some(Order::Oldest) }, kind);
    let entry = |id: &str, created: &str, back| Entry { created_at: Some(at(created)), follows_back: back, ..user(id) };
    let entries = [
        entry("11", "2019-01-01T00:00:00Z", Some(false)),
        entry("12", "2018-01-01T00:00:00Z", Some(false)),
        entry("13", "2018-01-01T00:00:00Z", Some(true)),
        entry("14", "2026-01-01T00:00:00Z", Some(false)),
        entry("15", "2018-01-01T00:00:00Z", None),
        user("16"),
    ];
    let mut spared = Vec::new();
    for entry in entries {
        match sieve.push(entry).unwrap() {
            Sifted::Out(entry) => panic!("{entry:?} waits for its order"),
            Sifted::Held => {}
            Sifted::Spared(entry, rule) => spared.push((entry.target.to_string(), rule.name())),
        }
        assert!(!sieve.is_full(), "an older one may come");
    }
    let (rest, counts) = sieve.finish();
    assert_eq!(rest.iter().map(|entry| entry.target.to_string()).collect::<Vec<_>>(), ["12"]);
    let told: Vec<(&str, &str)> = spared.iter().map(|(id, rule)| (id.as_str(), *rule)).collect();
    assert_eq!(
        told,
        [
            ("11", "limit"),
            ("13", "not_following_back"),
            ("14", "older_than"),
            ("15", "follows_back_unknown"),
            ("16", "age_unknown")
        ]
    );
    assert_eq!((counts.read, counts.passed(), counts.lines().len()), (6, 1, 5));
    assert!(
        counts.lines()[0].starts_with("spared 1: nothing says how old it is (age_unknown)"),
        "{:?}",
        counts.lines()
    );
}

#[test]
fn a_spared_entry_tells_its_rule_in_the_last_cell() {
    let cells = spared_record(ListKind::Likes, &user("12"), Rule::MaxLikes);
    assert_eq!(cells.len(), columns(ListKind::Likes).len() + 1);
    assert_eq!((SPARED_BY, cells.last().unwrap().as_str()), ("spared_by", "max_likes"));
}

#[test]
fn a_post_is_as_old_as_its_id_says() {
    // A number of another network looks like an ID of X of 2011.
    let foreign = Entry { is_opaque: true, ..Entry::bare("109302436954721982".parse().unwrap()) };
    let old = Filter { before: Some(at("2015-01-01T00:00:00Z")), ..empty() };
    assert_eq!(old.date(&foreign, TargetKind::Post), None);
    let dated = Entry { created_at: Some(at("2022-11-07T00:00:00Z")), ..foreign };
    assert_eq!(old.date(&dated, TargetKind::Post), dated.created_at);
    assert_eq!(dated.url(TargetKind::Post), None);
    let filter = Filter { before: Some(at("2020-01-01T00:00:00Z")), ..empty() };
    let judge = |id: &str| filter.judge(&user(id), TargetKind::Post);
    assert_eq!(judge("1212161512043446271"), Judgement::Pass);
    assert_eq!(judge("1212161512043446272"), Judgement::Spared(Rule::Before));
    // Not 2010: nobody knows.
    assert_eq!(judge("9876543210"), Judgement::Spared(Rule::AgeUnknown));
    let told = Entry { created_at: Some(at("2009-05-01T00:00:00Z")), ..user("9876543210") };
    assert_eq!(filter.judge(&told, TargetKind::Post), Judgement::Pass);
    // An ID from the future is no date, whatever it decodes to.
    let newer = Filter { after: Some(at("2020-01-01T00:00:00Z")), ..empty() };
    assert_eq!(newer.judge(&user("9999999999999999999"), TargetKind::Post), Judgement::Spared(Rule::AgeUnknown));
}

#[test]
fn lists_know_users_by_id_and_handle_and_posts_by_their_author() {
    let ada = Entry { handle: Some("@Ada".parse().unwrap()), ..user("12") };
    let keep = Filter { keep: Some(list("@ada\n13\n")), ..empty() };
    for kind in [TargetKind::User, TargetKind::Post] {
        assert_eq!(keep.judge(&ada, kind), Judgement::Spared(Rule::KeepList));
        assert_eq!(keep.judge(&user("13"), kind), Judgement::Spared(Rule::KeepList));
        assert_eq!(keep.judge(&user("12"), kind), Judgement::Pass);
    }
    let only = Filter { only: Some(list("@ada\n13\n")), ..empty() };
    assert_eq!(only.judge(&ada, TargetKind::User), Judgement::Pass);
    assert_eq!(only.judge(&user("12"), TargetKind::User), Judgement::Spared(Rule::OnlyList));
    let mut sieve = FilterPipeline::new(keep, Take::default(), TargetKind::User);
    for entry in [ada, user("13"), user("14"), user("15")] {
        sieve.push(entry).unwrap();
    }
    let (_, counts) = sieve.finish();
    assert_eq!((counts.passed(), counts.without_handle), (2, 2));
    assert!(counts.lines().last().unwrap().contains("2 entries have no name"), "{:?}", counts.lines());
}

#[test]
fn names_of_other_networks_spare_by_address_and_link_and_are_told_where_they_cannot() {
    let address = Some("ada@social.example".parse().unwrap());
    let link = Some("https://web.social.example/@ada".to_owned());
    let ada = Entry { address, link, ..user("01000000000001Q5RHY65W0BEX") };
    for text in ["@ada@social.example", "https://web.social.example/@ada"] {
        let keep = Filter { keep: Some(list(text)), ..empty() };
        assert_eq!(keep.judge(&ada, TargetKind::User), Judgement::Spared(Rule::KeepList), "{text}");
        let only = Filter { only: Some(list(text)), ..empty() };
        assert_eq!(only.judge(&ada, TargetKind::User), Judgement::Pass, "{text}");
    }
    // Lists of Bluesky's repositories tell no handles.
    let keep = Filter { keep: Some(list("@ada.bsky.social")), ..empty() };
    let mut sieve = FilterPipeline::new(keep, Take::default(), TargetKind::User);
    sieve.push(user("did:plc:ewvi7nxzyoun6zhxrhs64oiz")).unwrap();
    let (_, counts) = sieve.finish();
    assert_eq!((counts.passed(), counts.without_handle), (1, 1));
    assert!(counts.lines()[0].contains("the same --keep"), "{:?}", counts.lines());
}

#[test]
fn text_is_matched_in_capitals_or_not() {
    let filter = plainly(matching("STRASSE Łódź"));
    let post = Entry { text: Some("an der strasse łódź".into()), ..user("12") };
    assert_eq!(filter.judge(&post, TargetKind::Post), Judgement::Pass);
    assert_eq!(filter.judge(&user("12"), TargetKind::Post), Judgement::Spared(Rule::TextUnknown));
    let named = Entry { name: Some("Ada".into()), ..user("12") };
    assert_eq!(filter.judge(&named, TargetKind::User), Judgement::Spared(Rule::Matching));
    let handle = plainly(matching("@ada_l"));
    let ada = Entry { handle: Some("Ada_Lovelace".parse().unwrap()), ..user("12") };
    assert_eq!(handle.judge(&ada, TargetKind::User), Judgement::Pass);
}

#[test]
fn rules_about_the_wrong_kind_are_refused() {
    let wanted = FilterRules { plain: back(), ..FilterRules::default() };
    let error = wanted.resolve(Some(TargetKind::Post), NOW, &TimeZone::UTC.into()).unwrap_err();
    assert!(matches!(error, FilterError::Misfit(_)), "{error}");
    let of_posts = [
        likes(3),
        reposts(0),
        PlainRules { visibility: vec![Visibility::Public], ..PlainRules::default() },
        PlainRules { only_reposts: true, ..PlainRules::default() },
        PlainRules { only_replies: true, ..PlainRules::default() },
        PlainRules { with_media: true, ..PlainRules::default() },
        PlainRules { without_media: true, ..PlainRules::default() },
        PlainRules { keep_pinned: true, ..PlainRules::default() },
    ];
    for counts in of_posts.map(|plain| FilterRules { plain, ..FilterRules::default() }) {
        assert!(counts.resolve(Some(TargetKind::User), NOW, &TimeZone::UTC.into()).is_err());
        assert!(counts.resolve(Some(TargetKind::Post), NOW, &TimeZone::UTC.into()).is_ok());
    }
}

#[test]
fn tags_and_servers_have_no_dates_to_go_by() {
    let wanted = FilterRules { older_than: Some("1y".parse().unwrap()), ..FilterRules::default() };
    for (kind, is_refused) in
        [(TargetKind::Tag, true), (TargetKind::Domain, true), (TargetKind::List, false), (TargetKind::User, false)]
    {
        let resolved = wanted.resolve(Some(kind), NOW, &TimeZone::UTC.into());
        assert_eq!(
            matches!(&resolved, Err(FilterError::Misfit(why)) if why.contains("no dates")),
            is_refused,
            "{kind:?}"
        );
    }
}

#[test]
fn at_most_so_many_is_what_the_words_say_and_an_unknown_count_spares() {
    let liked = |count| Entry { likes: count, ..user("12") };
    let filter = plainly(likes(100));
    let judge = |entry: &Entry| filter.judge(entry, TargetKind::Post);
    assert_eq!(judge(&liked(Some(100))), Judgement::Pass, "at most 100 is 100 or fewer");
    assert_eq!(judge(&liked(Some(101))), Judgement::Spared(Rule::MaxLikes));
    assert_eq!(judge(&liked(None)), Judgement::Spared(Rule::LikesUnknown));
    let reposted = |count| Entry { reposts: count, ..user("12") };
    let filter = plainly(reposts(0));
    let judge = |entry: &Entry| filter.judge(entry, TargetKind::Post);
    assert_eq!(judge(&reposted(Some(0))), Judgement::Pass);
    assert_eq!(judge(&reposted(Some(1))), Judgement::Spared(Rule::MaxReposts));
    assert_eq!(judge(&reposted(None)), Judgement::Spared(Rule::RepostsUnknown));
}

#[test]
fn who_is_still_there_is_no_ghost() {
    let filter = plainly(PlainRules { ghosts: true, ..PlainRules::default() });
    let judge = |is_ghost| filter.judge(&Entry { is_ghost, ..user("12") }, TargetKind::User);
    assert_eq!(judge(Some(true)), Judgement::Pass);
    assert_eq!(judge(Some(false)), Judgement::Spared(Rule::NotAGhost));
    assert_eq!(judge(None), Judgement::Spared(Rule::GhostUnknown));
    assert!(filter.misfit(TargetKind::Post).is_some() && filter.misfit(TargetKind::User).is_none());
}

#[test]
fn names_are_unique_and_in_snake_case() {
    let names: HashSet<&str> = Rule::ALL.iter().map(|rule| rule.name()).collect();
    assert_eq!(names.len(), Rule::ALL.len());
    assert!(names.iter().all(|name| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')));
    assert!(Rule::ALL.is_sorted(), "they are asked in their order");
}

#[test]
fn too_many_cannot_be_put_in_order() {
    let mut stage = Stage::new(Take { limit: None, order: Some(Order::Newest) });
    for n in 0..MAX_ORDERED_ENTRIES {
        assert_eq!(stage.push(Some(Wall(n as i64)), n).unwrap(), Staged::Held);
    }
    assert_eq!(stage.push(None, 0), Err(TooManyToOrder));
    assert_eq!(stage.finish().first(), Some(&(MAX_ORDERED_ENTRIES - 1)));
}

fn walls() -> impl Strategy<Value = Option<Wall>> {
    prop::option::of((1_262_304_000_000_i64..NOW.0).prop_map(Wall))
}

prop_compose! {
    fn traits()(
        visibility in prop::option::of(prop::sample::select(Visibility::ALL.to_vec())),
        is_reply in prop::option::of(any::<bool>()),
        has_media in prop::option::of(any::<bool>()),
        is_pinned in prop::option::of(any::<bool>()),
    ) -> PostTraits {
        PostTraits { visibility, is_reply, has_media, is_pinned }
    }
}

prop_compose! {
    pub(super) fn entries()(
        id in prop_oneof![1_u64..100, 1_000_000_000_u64..90_000_000_000, 100_000_000_000_000_000_u64..1_999_999_999_999_999_999],
        handle in prop::option::of("[a-c]"),
        name in prop::option::of("[a-cA-C ]{0,3}"),
        created_at in walls(),
        last_active_at in walls(),
        follows_back in prop::option::of(any::<bool>()),
        is_ghost in prop::option::of(any::<bool>()),
        likes in prop::option::of(0_u64..5),
        reposts in prop::option::of(0_u64..5),
        text in prop::option::of("[a-cA-C ]{0,3}"),
        is_repost in prop::option::of(any::<bool>()),
        traits in traits(),
    ) -> Entry {
        let handle = handle.map(|handle| handle.parse().unwrap());
        Entry {
            handle, name, created_at, last_active_at, follows_back, is_ghost, likes, reposts, text, is_repost, traits,
            ..user(&id.to_string())
        }
    }
}

prop_compose! {
    pub(super) fn plain_rules()(
        max_likes in prop::option::weighted(0.1, 0_u64..5),
        max_reposts in prop::option::weighted(0.1, 0_u64..5),
        visibility in prop::option::weighted(0.1, prop::sample::subsequence(Visibility::ALL.to_vec(), 1..=4)),
        matching in prop::option::weighted(0.1, "[a-cA-C]"),
        not_matching in prop::option::weighted(0.1, "[a-cA-C]"),
        // Most rules are off in most filters, or nothing would ever pass.
        flags in prop::collection::vec(prop::bool::weighted(0.1), 7),
    ) -> PlainRules {
        PlainRules {
            not_following_back: flags[0],
            ghosts: flags[1],
            max_likes,
            max_reposts,
            visibility: visibility.unwrap_or_default(),
            only_reposts: flags[2],
            only_replies: flags[3],
            with_media: flags[4],
            without_media: flags[5],
            keep_pinned: flags[6],
            matching,
            not_matching,
        }
    }
}

prop_compose! {
    fn filters()(
        keep in prop::option::of(prop::collection::vec("[0-9]{1,2}|@[a-c]", 0..5)),
        only in prop::option::of(prop::collection::vec("[0-9]{1,2}|@[a-c]", 0..5)),
        older_than in walls(),
        newer_than in walls(),
        before in walls(),
        after in walls(),
        inactive_since in walls(),
        plain in plain_rules(),
        loose in 0_u16..256,
    ) -> Filter {
        // Most rules are off in most filters, or nothing would ever pass.
        let on = |bit: u16| loose & (1 << bit) != 0;
        let lines = |entries: Vec<String>| list(&entries.join("\n"));
        Filter {
            keep: keep.filter(|_| on(0)).map(lines),
            only: only.filter(|_| on(1)).map(lines),
            older_than: older_than.filter(|_| on(2)),
            newer_than: newer_than.filter(|_| on(3)),
            before: before.filter(|_| on(4)),
            after: after.filter(|_| on(5)),
            inactive_since: inactive_since.filter(|_| on(6)),
            plain: if on(7) { plain } else { PlainRules::default() },
            now: NOW,
        }
    }
}

pub(super) fn kinds() -> impl Strategy<Value = TargetKind> {
    prop_oneof![Just(TargetKind::User), Just(TargetKind::Post)]
}

fn both_plain(a: PlainRules, b: PlainRules) -> PlainRules {
    PlainRules {
        not_following_back: a.not_following_back || b.not_following_back,
        ghosts: a.ghosts || b.ghosts,
        max_likes: b.max_likes.or(a.max_likes),
        max_reposts: b.max_reposts.or(a.max_reposts),
        visibility: if b.visibility.is_empty() { a.visibility } else { b.visibility },
        only_reposts: a.only_reposts || b.only_reposts,
        only_replies: a.only_replies || b.only_replies,
        with_media: a.with_media || b.with_media,
        without_media: a.without_media || b.without_media,
        keep_pinned: a.keep_pinned || b.keep_pinned,
        matching: b.matching.or(a.matching),
        not_matching: b.not_matching.or(a.not_matching),
    }
}

/// Both filters' rules together; where both have one, the second's.
fn both(a: Filter, b: Filter) -> Filter {
    Filter {
        keep: b.keep.or(a.keep),
        only: b.only.or(a.only),
        older_than: b.older_than.or(a.older_than),
        newer_than: b.newer_than.or(a.newer_than),
        before: b.before.or(a.before),
        after: b.after.or(a.after),
        inactive_since: b.inactive_since.or(a.inactive_since),
        plain: both_plain(a.plain, b.plain),
        now: NOW,
    }
}

proptest! {
    #[test]
    fn every_entry_passes_or_is_spared_by_one_rule(
        entries in prop::collection::vec(entries(), 0..30),
        filter in filters(),
        kind in kinds(),
        limit in prop::option::of(1_usize..8),
        order in prop_oneof![Just(None), Just(Some(Order::Oldest)), Just(Some(Order::Newest))],
    ) {
        let take = Take { limit, order };
        let mut sieve = FilterPipeline::new(filter.clone(), take, kind);
        let (mut out, mut spared) = (Vec::new(), Vec::new());
        for entry in &entries {
            match sieve.push(entry.clone()).unwrap() {
                Sifted::Out(entry) => out.push(entry),
                Sifted::Held => {}
                Sifted::Spared(entry, rule) => spared.push((entry, rule)),
            }
        }
        let (rest, counts) = sieve.finish();
        out.extend(rest);
        prop_assert_eq!(out.len() + spared.len(), entries.len());
        prop_assert_eq!((counts.read, counts.passed()), (entries.len() as u64, out.len() as u64));
        prop_assert!(out.len() <= limit.unwrap_or(usize::MAX));
        for entry in &out {
            prop_assert_eq!(filter.judge(entry, kind), Judgement::Pass);
        }
        for (entry, rule) in &spared {
            let by_filter = if *rule == Rule::Limit { Judgement::Pass } else { Judgement::Spared(*rule) };
            prop_assert_eq!(filter.judge(entry, kind), by_filter);
        }
        // What goes on is the front of all that passed, in the order that was asked for.
        let mut passed: Vec<Entry> =
            entries.iter().filter(|entry| filter.judge(entry, kind) == Judgement::Pass).cloned().collect();
        passed.sort_by_key(|entry| {
            let date = filter.date(entry, kind).map(|date| date.0);
            match order {
                None => (false, 0),
                Some(Order::Oldest) => (date.is_none(), date.unwrap_or(0)),
                Some(Order::Newest) => (date.is_none(), -date.unwrap_or(0)),
            }
        });
        passed.truncate(limit.unwrap_or(usize::MAX));
        prop_assert_eq!(out, passed);
    }

    #[test]
    fn what_is_added_to_a_filter_only_spares_more(
        entry in entries(), filter in filters(), more in filters(), kind in kinds(),
    ) {
        // Only rules that the first does not have: those are what tightening adds.
        let tight = both(more, filter.clone());
        if tight.judge(&entry, kind) == Judgement::Pass {
            prop_assert_eq!(filter.judge(&entry, kind), Judgement::Pass);
        }
    }

    #[test]
    fn a_tighter_bound_only_spares_more(entry in entries(), early in walls(), late in walls(), kind in kinds()) {
        let (Some(early), Some(late)) = (early, late) else { return Ok(()) };
        let (early, late) = (early.min(late), early.max(late));
        let passes = |filter: Filter| filter.judge(&entry, kind) == Judgement::Pass;
        let tighter = [
            (Filter { older_than: Some(early), ..empty() }, Filter { older_than: Some(late), ..empty() }),
            (Filter { after: Some(late), ..empty() }, Filter { after: Some(early), ..empty() }),
            (plainly(likes(1)), plainly(likes(2))),
            (plainly(reposts(1)), plainly(reposts(2))),
        ];
        for (tight, loose) in tighter {
            prop_assert!(!passes(tight) || passes(loose));
        }
    }

    #[test]
    fn older_and_newer_share_what_has_a_date(entry in entries(), cut in 1_262_304_000_000_i64..NOW.0, kind in kinds()) {
        let passes = |filter: Filter| filter.judge(&entry, kind) == Judgement::Pass;
        let older = passes(Filter { older_than: Some(Wall(cut)), ..empty() });
        let newer = passes(Filter { newer_than: Some(Wall(cut)), ..empty() });
        let dated = entry.target.id().and_then(|id| snowflake::time(id, kind)).or(entry.created_at).is_some_and(|at| at <= NOW);
        prop_assume!(dated || empty().date(&entry, kind).is_none());
        prop_assert_eq!(older != newer, dated);
    }
}
