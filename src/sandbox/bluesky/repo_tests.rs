#![allow(clippy::unwrap_used)]
//! Repositories: every record is listed once and led back to by its key, its subject and its page.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

fn repo(size: u32) -> Repo {
    Repo::new("77".parse().unwrap(), Dice::new(7), ListSizes::all(size))
}

/// The pages of a collection, as somebody reads them who goes on where the last one ended.
fn pages(repo: &Repo, collection: Collection, most: usize) -> Vec<Vec<RepoRecord>> {
    let (mut pages, mut cursor) = (Vec::new(), None);
    loop {
        let page = repo.page(collection, most, cursor.as_deref());
        let Some(last) = page.last() else { return pages };
        cursor = Some(last.key.clone());
        pages.push(page);
    }
}

fn all(repo: &Repo, collection: Collection) -> Vec<RepoRecord> {
    pages(repo, collection, 100).concat()
}

#[test]
fn every_record_is_listed_once_newest_first_and_found_by_its_key() {
    for size in [0, 1, 50, 250, 1_000] {
        let repo = repo(size);
        for collection in Collection::ALL {
            let listed = all(&repo, collection);
            assert_eq!(listed.len(), collection.size(repo.sizes) as usize, "{}", collection.name());
            assert!(listed.windows(2).all(|pair| pair[0].key > pair[1].key));
            for record in &listed {
                assert_eq!(repo.record(collection, &record.key).as_ref(), Some(record));
                assert_eq!(record.value["$type"], collection.name());
            }
        }
    }
    assert_eq!(pages(&repo(250), Collection::Follows, 100).iter().map(Vec::len).collect::<Vec<_>>(), [100, 100, 50]);
}

#[test]
fn one_subject_in_fifty_has_two_records_and_both_go_with_it() {
    let mut repo = repo(250);
    for collection in Collection::ALL {
        let mut by_subject: BTreeMap<TargetId, BTreeSet<String>> = BTreeMap::new();
        for record in all(&repo, collection) {
            by_subject.entry(repo.subject(collection, &record.key, &record.value)).or_default().insert(record.key);
        }
        let twice = by_subject.values().filter(|keys| keys.len() == 2).count();
        let expected = if collection.is_relation() { collection.size(repo.sizes) as usize / 50 } else { 0 };
        assert_eq!(twice, expected, "{}", collection.name());
        for (subject, keys) in by_subject {
            repo.remove_subject(collection, subject);
            assert!(keys.iter().all(|key| repo.record(collection, key).is_none()), "{}", collection.name());
        }
        assert!(all(&repo, collection).is_empty());
    }
}

#[test]
fn gates_have_the_keys_of_their_posts() {
    let repo = repo(250);
    let posts: BTreeSet<String> = all(&repo, Collection::Posts).into_iter().map(|record| record.key).collect();
    for gates in [Collection::Threadgates, Collection::Postgates] {
        for gate in all(&repo, gates) {
            assert!(posts.contains(&gate.key));
            assert!(gate.value["post"].as_str().unwrap().ends_with(&gate.key));
        }
    }
}

#[test]
fn a_second_record_of_a_relation_takes_the_first_ones_place() {
    let mut repo = repo(100);
    let follows = all(&repo, Collection::Follows);
    // One whose subject has two records.
    let value = follows[49].value.clone();
    let made = repo.create(Collection::Follows, None, value, Wall(1_795_000_000_000));
    assert_eq!(all(&repo, Collection::Follows).len(), 99);
    assert_eq!(all(&repo, Collection::Follows)[0], made);
    let again = repo.create(Collection::Follows, Some("mine"), made.value.clone(), Wall(1_795_000_000_000));
    assert!(again.cid == made.cid && again.key == "mine" && repo.record(Collection::Follows, &made.key).is_none());
    // What is put back under its old key is taken out for good.
    let old = &follows[3];
    repo.remove(Collection::Follows, &old.key);
    repo.create(Collection::Follows, Some(&old.key), old.value.clone(), Wall(1_795_000_000_000));
    assert_eq!(repo.record(Collection::Follows, &old.key).as_ref(), Some(old));
    repo.remove(Collection::Follows, &old.key);
    assert_eq!(repo.record(Collection::Follows, &old.key), None);
}

proptest! {
    #[test]
    fn any_cursor_goes_on_behind_itself(cursor in "[2-7a-z]{0,14}", most in 1_usize..101, put in 0_i64..5) {
        let mut repo = repo(120);
        for n in 0..put {
            // Between what was there, and behind it.
            let key = if n % 2 == 0 { tid(repo.key_at(Collection::Likes, n as u32 * 20) + 1) } else { format!("2{n}") };
            let value = repo.about(Collection::Likes, (n + 1).to_string().parse().unwrap(), "2026-01-01T00:00:00.000Z");
            repo.create(Collection::Likes, Some(&key), value, Wall(1_795_000_000_000 + n));
        }
        let everything = all(&repo, Collection::Likes);
        prop_assert_eq!(everything.len() as i64, 120 + put);
        let behind: Vec<_> = everything.into_iter().filter(|record| record.key < cursor).take(most).collect();
        prop_assert_eq!(repo.page(Collection::Likes, most, Some(&cursor)), behind);
    }
}
