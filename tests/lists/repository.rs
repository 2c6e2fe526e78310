//! Exported repositories: what is in them comes out, what is broken is refused, and the rows are those of `list`.

use std::collections::BTreeMap;

use cleanup::lists::repository::{MAX_TREE_DEPTH, Repository, RepositoryError};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::repository_maker::{Blocks, DID, bytes, cid, encode, entry, length, link, node, repository};
use crate::common::Home;

const COLLECTIONS: [&str; 4] =
    ["app.bsky.feed.like", "app.bsky.feed.likes", "app.bsky.feed.post", "app.bsky.graph.follow"];

/// The records of a collection, as they come.
fn read(file: &mut Repository, collection: &str) -> Result<Vec<Value>, RepositoryError> {
    let mut records = Vec::new();
    file.read(collection, &mut |record| {
        records.push(record);
        Ok::<(), RepositoryError>(())
    })?;
    Ok(records)
}

/// Everything in a file.
fn read_all(car: Vec<u8>) -> Result<Vec<Value>, RepositoryError> {
    let mut file = Repository::of_bytes("a.car", car)?;
    let read = COLLECTIONS.map(|collection| read(&mut file, collection));
    read.into_iter().collect::<Result<Vec<_>, _>>().map(|records| records.concat())
}

/// What should come out: the last key first.
fn expected(records: &BTreeMap<String, Value>) -> Vec<Value> {
    let of = |collection: &str| -> Vec<Value> {
        let in_it = records.iter().rev().filter(|(key, _)| key.split('/').next() == Some(collection));
        in_it.map(|(key, value)| json!({ "uri": format!("at://{DID}/{key}"), "value": value })).collect()
    };
    COLLECTIONS.into_iter().flat_map(of).collect()
}

fn without_hashes(mut records: Vec<Value>) -> Vec<Value> {
    for record in &mut records {
        let hash = record.as_object_mut().unwrap().remove("cid").unwrap();
        assert!(hash.as_str().unwrap().starts_with("bafyrei"));
    }
    records
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1e6..1e6).prop_map(Value::from),
        "\\PC{0,30}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map("[a-z]{0,12}", inner, 0..4).prop_map(|map| json!(map)),
        ]
    })
}

fn any_records() -> impl Strategy<Value = BTreeMap<String, Value>> {
    let key = (0..COLLECTIONS.len(), "[a-z2-7]{1,13}").prop_map(|(at, key)| format!("{}/{key}", COLLECTIONS[at]));
    proptest::collection::btree_map(key, any_value(), 0..60)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    /// The law: whatever is in a repository comes out of its export once, whole and in its place, and nothing else does.
    #[test]
    fn any_records_come_out_as_they_went_in(records in any_records(), turn in any::<prop::sample::Index>()) {
        let mut blocks = repository(&records);
        let car = blocks.car();
        let read = read_all(car.clone()).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(without_hashes(read), expected(&records));
        // Blocks may come in any order, and the same one twice.
        let header = &car[1..=usize::from(car[0])];
        let turned = turn.index(blocks.0.len());
        blocks.0.rotate_left(turned);
        blocks.0.push(blocks.0[0].clone());
        let read = read_all(blocks.car_of(header)).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(without_hashes(read), expected(&records));
    }

    /// The fault that is planted: a byte that is another one, or an end that comes too early. Nothing of it is taken for a list.
    #[test]
    fn whatever_is_changed_or_cut_is_refused(records in any_records(), at in any::<prop::sample::Index>(), with in 1..=255_u8) {
        let car = repository(&records).car();
        let at = at.index(car.len());
        prop_assert!(read_all(car[..at].to_vec()).is_err(), "cut at {}", at);
        let mut changed = car;
        changed[at] ^= with;
        prop_assert!(read_all(changed).is_err(), "changed at {}", at);
    }

    #[test]
    fn any_bytes_are_read_without_harm(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = read_all(bytes);
    }
}

/// Each of these is whole, and every hash is right.
#[test]
fn trees_that_are_none_are_refused() {
    let tree = |make: fn(&mut Blocks, &[u8; 36]) -> [u8; 36]| {
        let mut blocks = Blocks::default();
        let record = blocks.add(&json!({ "subject": "x" }));
        let tree = make(&mut blocks, &record);
        blocks.commit(&tree)
    };
    let keys = |blocks: &mut Blocks, record: &[u8; 36], keys: &[&str]| {
        let entries: Vec<Value> = keys.iter().map(|key| entry(0, &format!("a.b.c/{key}"), record, None)).collect();
        blocks.add(&node(None, &entries))
    };
    assert!(
        read_all(tree(|blocks, record| blocks.add(&node(None, &[entry(0, "a.b.c/d", record, None)]))).car()).is_ok()
    );
    let mut deep = Blocks::default();
    let record = deep.add(&json!({}));
    let mut below = keys(&mut deep, &record, &["a"]);
    for _ in 0..=MAX_TREE_DEPTH {
        below = deep.add(&node(Some(&below), &[]));
    }
    for (blocks, why) in [
        (deep.commit(&below), "too deep"),
        (
            tree(|blocks, record| {
                let shared = blocks.add(&node(None, &[entry(0, "a.b.c/b", record, None)]));
                blocks.add(&node(Some(&shared), &[entry(0, "a.b.c/c", record, Some(&shared))]))
            }),
            "not in order",
        ),
        (
            tree(|blocks, _| {
                let mut below = blocks.add(&json!({"l": null, "e": []}));
                for _ in 0..3 {
                    below = blocks.add(&node(Some(&below), &[]));
                }
                below
            }),
            "empty node",
        ),
        (
            tree(|blocks, record| {
                let entries = ["b", "a"].map(|key| entry(0, &format!("a.b.c/{key}"), record, None));
                blocks.add(&node(None, &entries))
            }),
            "not in order",
        ),
        (
            tree(|blocks, record| {
                blocks.add(&node(None, &[entry(0, "a.b.c/a", record, None), entry(7, "", record, None)]))
            }),
            "not in order",
        ),
        (tree(|blocks, record| blocks.add(&node(None, &[entry(9, "a", record, None)]))), "key that is none"),
        (
            tree(|blocks, record| blocks.add(&node(None, &[entry(0, &"a".repeat(1_025), record, None)]))),
            "key that is none",
        ),
        (
            tree(|blocks, record| {
                let many: Vec<Value> = (0..1_300).map(|n| entry(0, &format!("a.b.c/{n:04}"), record, None)).collect();
                blocks.add(&node(None, &many))
            }),
            "too long",
        ),
        (tree(|blocks, _| blocks.add(&json!({ "e": 7 }))), "node that is none"),
        (
            tree(|blocks, record| blocks.add(&json!({ "l": 7, "e": [entry(0, "a", record, None)] }))),
            "link that is none",
        ),
        (
            tree(|blocks, _| blocks.add(&node(None, &[entry(0, "a.b.c/a", &cid(b"away"), None)]))),
            "a record of its tree is not in it",
        ),
        (
            tree(|blocks, record| blocks.add(&node(Some(&cid(b"away")), &[entry(0, "a.b.c/a", record, None)]))),
            "a node of its tree is not in it",
        ),
    ] {
        let refused = read_all(blocks.car()).unwrap_err().to_string();
        assert!(refused.contains(why) && refused.starts_with("a.car: "), "{refused}, not {why}");
    }
}

/// Two links to one node are no harm where each leads to other keys, which they cannot; without keys there would be no end.
#[test]
fn a_tree_without_an_end_is_refused() {
    let mut blocks = Blocks::default();
    let record = blocks.add(&json!({}));
    let leaf = blocks.add(&node(None, &[entry(0, "a.b.c/m", &record, None)]));
    let mut below = leaf;
    for level in 0..20 {
        let key = format!("a.b.c/{}", "n".repeat(level + 1));
        below = blocks.add(&node(Some(&below), &[entry(0, &key, &record, Some(&below))]));
    }
    let refused = read_all(blocks.commit(&below).car()).unwrap_err().to_string();
    assert!(refused.contains("not in order"), "{refused}");
}

#[test]
fn what_begins_otherwise_is_refused() {
    let good = repository(&BTreeMap::new());
    let root = link(&cid(good.0.last().unwrap()));
    let header = |value: Value| good.car_of(&encode(&value));
    let mut nobody = Blocks::default();
    let tree = nobody.add(&node(None, &[]));
    let commit = |commit: Value| {
        let mut blocks = nobody.clone();
        blocks.add(&commit);
        blocks.car()
    };
    assert_eq!(read_all(header(json!({ "roots": [root], "version": 1 }))).unwrap(), Vec::<Value>::new());
    assert_eq!(
        read_all(commit(json!({ "did": DID, "version": 2, "data": link(&tree) }))).unwrap(),
        Vec::<Value>::new()
    );
    let mut raw = good.car();
    let at = 1 + usize::from(raw[0]);
    raw.splice(at..at, [&length(40)[..], &[1, 0x70, 0x12, 0x20], &[0; 36]].concat());
    for (car, why) in [
        (vec![], "begins like no CAR"),
        (b"window.YTD.like.part0 = []".to_vec(), "begins like no CAR"),
        (header(json!({ "roots": [root], "version": 2 })), "version 1"),
        (header(json!({ "roots": [], "version": 1 })), "one root"),
        (header(json!({ "roots": [root, root], "version": 1 })), "one root"),
        (header(json!({ "roots": ["x"], "version": 1 })), "its root"),
        (header(json!({ "roots": [link(&cid(b"away"))], "version": 1 })), "its commit is not in it"),
        (commit(json!({ "did": "ada.example", "version": 3, "data": link(&tree) })), "names no DID"),
        (commit(json!({ "did": DID, "version": 1, "data": link(&tree) })), "version 2 or 3"),
        (commit(json!({ "did": DID, "version": 3, "data": bytes(&tree) })), "names no tree"),
        (raw, "block 1 is no block of a repository"),
        ([good.car(), length(3 << 20)].concat(), "longer than 2 MiB"),
        ([good.car(), vec![0]].concat(), "block 3 is no block"),
        ([good.car(), length(1_000)].concat(), "is cut: it ends inside a block, after 2 complete blocks"),
    ] {
        let refused = read_all(car).unwrap_err().to_string();
        assert!(refused.contains(why), "{refused}, not {why}");
    }
}

const ADA: &str = "did:plc:ewvi7nxzyoun6zhxrhs64oiz";
const BOB: &str = "did:web:bob.example";

/// A repository with every list.
fn of_somebody() -> BTreeMap<String, Value> {
    let post = format!("at://{ADA}/app.bsky.feed.post/3l6oveex3ii2l");
    let subject = json!({ "uri": post, "cid": "bafyreih44rke7hvykme3yku2mt3jzwojhdrde4fmglacd7i3vizusr4dq4" });
    [
        ("app.bsky.graph.follow/3kaaaaaaaaa2a", json!({ "subject": ADA, "createdAt": "2024-01-01T00:00:00Z" })),
        ("app.bsky.graph.follow/3kaaaaaaaaa2b", json!({ "subject": BOB, "createdAt": "2024-01-02T00:00:00Z" })),
        ("app.bsky.graph.follow/3kaaaaaaaaa2c", json!({ "subject": "nobody" })),
        ("app.bsky.graph.block/3kaaaaaaaaa2d", json!({ "subject": BOB })),
        ("app.bsky.feed.like/3kaaaaaaaaa2e", json!({ "subject": subject })),
        ("app.bsky.feed.repost/3kaaaaaaaaa2f", json!({ "subject": subject, "createdAt": "2024-02-01T00:00:00Z" })),
        (
            "app.bsky.feed.post/3n3i5bcfuik2n",
            json!({ "text": "=1+1, \"so\" it is\n\u{1f986}", "createdAt": "2026-03-01T00:00:00Z" }),
        ),
        ("app.bsky.feed.post/3n3i5bcfuik2o", json!({ "text": "old", "createdAt": "2020-03-01T00:00:00Z" })),
        ("app.bsky.actor.profile/self", json!({ "displayName": "Somebody", "pinnedPost": { "uri": format!("at://{DID}/app.bsky.feed.post/3n3i5bcfuik2n"), "cid": "x" } })),
    ]
    .into_iter()
    .map(|(key, value)| (key.to_owned(), value))
    .collect()
}

#[test]
fn every_list_of_a_repository_is_written_as_list_writes_it() {
    let home = Home::new();
    home.write("somebody.car", repository(&of_somebody()).car());
    let users = "target_id,handle,name,created_at,last_active_at,followers,follows_back,text,link\n";
    let import = |what: &str| home.run(&["import", "somebody.car", "--what", what]).ends(0);
    let done = import("following");
    let page = "https://bsky.app/profile";
    assert_eq!(done.out, format!("{users}{BOB},,,,,,,,{page}/{BOB}\n{ADA},,,,,,,,{page}/{ADA}\n"));
    assert!(
        done.err.contains(&format!("archive of ID {DID}")) && done.err.contains("1 entry is about nothing"),
        "{}",
        done.err
    );
    assert_eq!(import("blocks").out, format!("{users}{BOB},,,,,,,,{page}/{BOB}\n"));
    let (uri, link) =
        (format!("at://{ADA}/app.bsky.feed.post/3l6oveex3ii2l"), format!("{page}/{ADA}/post/3l6oveex3ii2l"));
    let likes = import("likes").out;
    assert!(likes.ends_with(&format!("\n{uri},,,2024-10-17T07:06:51Z,,,,,,,,{link}\n")), "{likes}");
    let reposts = import("reposts").out;
    assert!(reposts.ends_with(&format!("\n{uri},,2024-02-01T00:00:00Z,,,,,{link}\n")), "{reposts}");
    let posts = import("posts").out;
    let own = format!("at://{DID}/app.bsky.feed.post/3n3i5bcfuik2n");
    assert!(
        posts.contains(&format!(
            "\n{own},,,2026-03-01T00:00:00Z,,,false,,,false,false,,\"'=1+1, \"\"so\"\" it is\n\u{1f986}\","
        )),
        "{posts}"
    );
    // What the server keeps apart.
    for list in ["followers", "mutes"] {
        let done = home.run(&["import", "somebody.car", "--what", list]).ends(65).says("cleanup list");
        assert!(done.out.is_empty() && done.err.contains(&format!("no list of {list}")), "{}", done.err);
    }
    // No posts, and yet a list.
    home.write("nobody.car", repository(&BTreeMap::new()).car());
    let empty = home.run(&["import", "nobody.car", "--what", "following"]).ends(0);
    assert_eq!(empty.out, users);
}

#[test]
fn filters_and_the_next_command_know_what_it_is() {
    let home = Home::new();
    home.write("Somebody.CAR", repository(&of_somebody()).car());
    home.write("keep.txt", format!("{ADA}\n"));
    let words = ["import", "Somebody.CAR", "--what", "following", "--keep", "keep.txt", "-o", "unfollow.csv"];
    home.run(&words)
        .ends(0)
        .says("spared 1")
        .says("cleanup check unfollow.csv --action unfollow --keep keep.txt --platform bluesky");
    assert!(std::fs::read_to_string(home.path("unfollow.csv")).unwrap().lines().nth(1).unwrap().starts_with(BOB));
    // The file is one that is taken.
    home.run(&["check", "unfollow.csv", "--action", "unfollow", "--platform", "bluesky"]).ends(0);
    let old = home.run(&["import", "Somebody.CAR", "--what", "posts", "--before", "2021-01-01"]).ends(0);
    assert!(old.out.lines().count() == 2 && old.out.contains(",old,"), "{}", old.out);
    let matching = home.run(&["import", "Somebody.CAR", "--what", "posts", "--matching", "OLD"]).ends(0);
    assert_eq!(matching.out, old.out);
    // Which post is pinned says the profile in the same file.
    let unpinned = home.run(&["import", "Somebody.CAR", "--what", "posts", "--keep-pinned"]).ends(0).says("spared 1");
    assert_eq!(unpinned.out, old.out.replace(",,old,", ",false,old,"));
    home.run(&["import", "Somebody.CAR", "--what", "posts", "--visibility", "public"]).ends(2).says("--visibility");
    home.run(&["import", "Somebody.CAR", "--what", "following", "--not-following-back"])
        .ends(65)
        .says("no list of followers");
}

#[test]
fn a_broken_file_writes_nothing() {
    let home = Home::new();
    let car = repository(&of_somebody()).car();
    home.write("cut.car", &car[..car.len() - 1]);
    home.write("notes.car", "some notes");
    let mut changed = car.clone();
    *changed.last_mut().unwrap() ^= 1;
    home.write("changed", &changed);
    for (file, why) in
        [("cut.car", "is cut"), ("notes.car", "begins like no CAR"), ("changed", "does not have the hash")]
    {
        for output in [&[][..], &["-o", "out.csv"]] {
            let words = [&["import", file, "--what", "likes"], output].concat();
            let done = home.run(&words).ends(65).says(why).says("hint");
            assert!(done.out.is_empty() && !home.path("out.csv").exists(), "{file}");
        }
    }
    home.run(&["import", "none.car", "--what", "likes"]).ends(65).says("no such file");
}
