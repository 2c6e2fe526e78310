#![allow(clippy::unwrap_used)]
use std::path::Path;

use proptest::prelude::*;

use super::sink::SavedListSink;
use super::*;
use crate::app::list::ListSink;
use crate::domain::{ListKind, Platform, PostTraits, TargetKind, Visibility, Wall};
use crate::lists::filter::{Filter, FilterPipeline, Order, PlainRules, Rule, Sifted, Take};
use crate::lists::{Entry, read_keep_list};

const NOW: Wall = Wall(1_795_348_800_000);
const LISTS: [ListKind; 3] = [ListKind::Following, ListKind::Likes, ListKind::Posts];

fn info(list: ListKind, platform: Option<Platform>) -> SavedListInfo {
    SavedListInfo {
        list,
        source: ListSource::Export("a.zip".to_owned()),
        platform,
        extras: ListExtras::default(),
        begun: NOW,
        saved: None,
        stopped: None,
    }
}

fn save(path: &Path, list: ListKind, entries: &[Entry]) {
    let mut sink = SavedListSink::begin(path, list).unwrap();
    entries.iter().for_each(|entry| sink.write(entry).unwrap());
    Box::new(sink).keep().unwrap();
}

fn seconds() -> impl Strategy<Value = Option<Wall>> {
    prop::option::of((1_500_000_000_i64..1_800_000_000).prop_map(|seconds| Wall(seconds * 1_000)))
}

fn flag() -> impl Strategy<Value = Option<bool>> {
    prop::option::of(any::<bool>())
}

prop_compose! {
    /// What each list has columns for. A text that is empty is another thing than one that is not known.
    fn entries(list: ListKind)(
        id in prop_oneof![1_u64..100, 1_000_000_000_000_000_000_u64..1_999_999_999_999_999_999],
        called in prop::option::of(prop_oneof!["[a-c]", "[a-c]@[a-c]\\.example"]),
        name in prop::option::of("[a-cA-C]{1,3}"),
        text in prop::option::of("([a-cA-C,\"\n]{0,3}[a-c])?"),
        (created_at, last_active_at) in (seconds(), seconds()),
        (follows_back, is_ghost, is_repost) in (flag(), flag(), flag()),
        (is_reply, has_media, is_pinned) in (flag(), flag(), flag()),
        visibility in prop::option::of(prop::sample::select(Visibility::ALL.to_vec())),
        (likes, reposts) in (prop::option::of(0_u64..5), prop::option::of(0_u64..5)),
    ) -> Entry {
        let handle = called.as_ref().and_then(|called| called.parse().ok());
        let address = called.filter(|_| handle.is_none()).and_then(|called| called.parse().ok());
        let told = Entry {
            handle, address, name, created_at, text: text.map(|text| text.trim().to_owned()),
            ..Entry::bare(id.to_string().parse().unwrap())
        };
        if list.target_kind() == TargetKind::User {
            return Entry { last_active_at, follows_back, is_ghost, ..told };
        }
        let is_pinned = is_pinned.filter(|_| list == ListKind::Posts);
        let traits = PostTraits { visibility, is_reply, has_media, is_pinned };
        Entry { likes, reposts, is_repost, traits, ..told }
    }
}

prop_compose! {
    fn filters(kind: TargetKind)(
        // Most rules are off in most filters, or nothing would ever pass.
        on in prop::collection::vec(prop::bool::weighted(0.12), 15),
        at in prop::collection::vec(seconds(), 5),
        (likes, reposts) in (0_u64..5, 0_u64..5),
        visibility in prop::sample::subsequence(Visibility::ALL.to_vec(), 1..=4),
        (matching, not_matching) in ("[a-cA-C@.]", "[a-cA-C@.]"),
    ) -> Filter {
        let (of_users, of_posts) = (kind == TargetKind::User, kind == TargetKind::Post);
        let plain = PlainRules {
            not_following_back: of_users && on[0],
            ghosts: of_users && on[1],
            max_likes: Some(likes).filter(|_| of_posts && on[2]),
            max_reposts: Some(reposts).filter(|_| of_posts && on[3]),
            visibility: if of_posts && on[4] { visibility } else { Vec::new() },
            only_reposts: of_posts && on[5],
            only_replies: of_posts && on[6],
            with_media: of_posts && on[7],
            without_media: of_posts && on[8],
            keep_pinned: of_posts && on[9],
            matching: Some(matching).filter(|_| on[10]),
            not_matching: Some(not_matching).filter(|_| on[11]),
        };
        Filter {
            older_than: at[0].filter(|_| on[12]),
            newer_than: at[1].filter(|_| on[13]),
            before: at[2].filter(|_| on[14]),
            after: at[3].filter(|_| on[12] && on[13]),
            inactive_since: at[4].filter(|_| of_users && on[5]),
            plain,
            now: NOW,
            ..Filter::default()
        }
    }
}

prop_compose! {
    fn questions()(list in prop::sample::select(LISTS.to_vec()))(
        entries in prop::collection::vec(entries(list), 0..40),
        filter in filters(list.target_kind()),
        names in prop::option::weighted(0.3, prop::collection::vec("[0-9]{1,2}|@[a-c]|[a-c]@[a-c]\\.example", 1..5)),
        is_only in any::<bool>(),
        limit in prop::option::weighted(0.3, 1_usize..8),
        order in prop::option::weighted(0.3, prop::sample::select(vec![Order::Oldest, Order::Newest])),
        list in Just(list),
        // A host's own IDs tell no times.
        platform in prop::sample::select(vec![None, Some(Platform::XV2), Some(Platform::Mastodon)]),
    ) -> (SavedListInfo, Vec<Entry>, Filter, Option<(String, bool)>, Take) {
        let is_opaque = platform == Some(Platform::Mastodon);
        let entries = entries.into_iter().map(|entry| Entry { is_opaque, ..entry }).collect();
        (info(list, platform), entries, filter, names.map(|names| (names.join("\n"), is_only)), Take { limit, order })
    }
}

proptest! {
    /// What the page shows of a saved list is what the command line makes of the list while it is read.
    #[test]
    fn a_saved_list_is_filtered_as_one_that_is_read((info, entries, filter, names, take) in questions()) {
        let folder = tempfile::tempdir().unwrap();
        let (path, keep) = (folder.path().join("1.csv"), folder.path().join("keep"));
        let mut filter = filter;
        if let Some((names, is_only)) = names {
            std::fs::write(&keep, names).unwrap();
            let named = Some(read_keep_list(&keep).unwrap());
            if is_only { filter.only = named } else { filter.keep = named }
        }
        save(&path, info.list, &entries);
        let places = RowPlaces::default();
        let chosen = choose_rows(&path, &info, (&filter, take), &places).unwrap();
        let shown = read_rows(&path, &info, &chosen.rows, &places).unwrap();

        let mut pipeline = FilterPipeline::new(filter, take, info.list.target_kind());
        let mut passing = Vec::new();
        for entry in &entries {
            if let Sifted::Out(entry) = pipeline.push(entry.clone()).unwrap() {
                passing.push(entry);
            }
        }
        let (rest, counts) = pipeline.finish();
        passing.extend(rest);
        let targets = |entries: &mut dyn Iterator<Item = &Entry>| entries.map(|entry| entry.target.clone()).collect::<Vec<_>>();
        prop_assert_eq!(targets(&mut shown.iter().map(|row| &row.entry)), targets(&mut passing.iter()));
        prop_assert_eq!((chosen.read, &chosen.spared), (counts.read, &counts.spared));
    }
}

#[test]
fn a_page_far_behind_is_the_same_however_it_is_come_to() {
    let folder = tempfile::tempdir().unwrap();
    let (path, info) = (folder.path().join("1.csv"), info(ListKind::Likes, None));
    let entry = |id: u64| Entry {
        text: Some(format!("line {id}\nand \"more\"")),
        ..Entry::bare(id.to_string().parse().unwrap())
    };
    let entries: Vec<Entry> = (1..=2_000).map(entry).collect();
    save(&path, info.list, &entries);
    let wanted = [1_999, 3, 700, 1_024, 0, 5_000];
    let places = RowPlaces::default();
    let first = read_rows(&path, &info, &wanted, &places).unwrap();
    assert_eq!(first.iter().map(|row| row.row).collect::<Vec<_>>(), [1_999, 3, 700, 1_024, 0]);
    assert_eq!(
        first.iter().map(|row| &row.entry).collect::<Vec<_>>(),
        [1_999, 3, 700, 1_024, 0].map(|row| &entries[row])
    );
    assert_eq!(read_rows(&path, &info, &wanted, &places).unwrap(), first, "with every place known");
    let filter = Filter {
        plain: PlainRules { not_matching: Some("line 7".into()), ..PlainRules::default() },
        ..Filter::default()
    };
    let fresh = RowPlaces::default();
    let chosen = choose_rows(&path, &info, (&filter, Take::default()), &fresh).unwrap();
    assert_eq!((chosen.rows.len(), chosen.spared[&Rule::NotMatching]), (1_889, 111));
    assert_eq!(read_rows(&path, &info, &wanted, &fresh).unwrap(), first, "with those that filtering has found");
}
