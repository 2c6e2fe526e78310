//! One account's repository: collections of records that are made from the seed, what has been taken out of them, and what has been put in.
//! Newest first, as servers list them. Pure; what a request costs and whether it fails is decided in `world`.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use serde_json::{Value, json};

use super::super::lists::{ListSizes, Shelf};
use super::super::post_shape::shape_of;
use super::super::rng::Dice;
use super::collection::Collection;
use super::made_up::{author_of, foreign_post, index_of_user, own_key, user_at};
use super::names::{CLOCK_BITS, cid, did, list_uri, number_of_did, number_of_uri, post_uri, tid, tid_value};
use crate::domain::{Action, TargetId, TargetKind, Wall};

/// 2023-04-01 and 2026-01-01: what is in a repository was made between the two.
const MADE_US: (u64, u64) = (1_680_307_200_000_000, 1_767_225_600_000_000);
/// The collection of the one record that is an account's profile.
pub(in crate::sandbox) const PROFILE: &str = "app.bsky.actor.profile";
/// Every so many-th record repeats the subject of one so many places before it, as servers of the past have let happen.
const REPEAT_EACH: u32 = 50;
const REPEATED: u32 = 25;
/// A record.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::sandbox) struct RepoRecord {
    pub(in crate::sandbox) key: String,
    pub(in crate::sandbox) cid: String,
    pub(in crate::sandbox) value: Value,
}

impl RepoRecord {
    fn new(key: String, value: Value) -> RepoRecord {
        RepoRecord { key, cid: cid(value.to_string().as_bytes()), value }
    }
}

/// One account's repository.
#[derive(Debug)]
pub(in crate::sandbox) struct Repo {
    owner: TargetId,
    dice: Dice,
    sizes: ListSizes,
    removed: BTreeSet<(Collection, u32)>,
    created: BTreeMap<(Collection, String), Value>,
    last_key: u64,
}

impl Repo {
    pub(in crate::sandbox) fn new(owner: TargetId, dice: Dice, sizes: ListSizes) -> Repo {
        Repo { owner, dice, sizes, removed: BTreeSet::new(), created: BTreeMap::new(), last_key: 0 }
    }

    /// A record by its key.
    pub(in crate::sandbox) fn record(&self, collection: Collection, key: &str) -> Option<RepoRecord> {
        if let Some(value) = self.created.get(&(collection, key.to_owned())) {
            return Some(RepoRecord::new(key.to_owned(), value.clone()));
        }
        let index = self.index_of(collection, key).filter(|index| !self.removed.contains(&(collection, *index)))?;
        Some(self.made(collection, index))
    }

    /// At most so many records, newest first, those whose keys come after the cursor.
    pub(in crate::sandbox) fn page(
        &self,
        collection: Collection,
        most: usize,
        cursor: Option<&str>,
    ) -> Vec<RepoRecord> {
        let size = collection.size(self.sizes);
        // The cursor may be any text; keys fall from index to index.
        let is_before =
            |index: u32| cursor.is_some_and(|cursor| tid(self.key_at(collection, index)).as_str() >= cursor);
        let first = first_index(size, is_before);
        let made = (first..size).filter(|index| !self.removed.contains(&(collection, *index)));
        let mut made = made.map(|index| (tid(self.key_at(collection, index)), index)).peekable();
        let below = cursor.map_or(Bound::Unbounded, |cursor| Bound::Excluded((collection, cursor.to_owned())));
        let all = self.created.range((Bound::Included((collection, String::new())), below));
        let mut created = all.filter(|((of, _), _)| *of == collection).rev().peekable();
        let mut page = Vec::new();
        while page.len() < most {
            let newest = match (made.peek(), created.peek()) {
                (None, None) => break,
                (Some((key, _)), Some(((_, put), _))) if put > key => false,
                (None, Some(_)) => false,
                (Some(_), _) => true,
            };
            if newest {
                page.extend(made.next().map(|(_, index)| self.made(collection, index)));
            } else {
                page.extend(created.next().map(|((_, key), value)| RepoRecord::new(key.clone(), value.clone())));
            }
        }
        page
    }

    /// The account's profile: of its posts that are there the newest of those that are meant to be is pinned.
    pub(in crate::sandbox) fn profile(&self) -> RepoRecord {
        let posts = Collection::Posts.size(self.sizes);
        let is_there = |index: &u32| !self.removed.contains(&(Collection::Posts, *index));
        let mut subjects = (0..posts).filter(is_there).map(|index| self.subject_at(Collection::Posts, index));
        let pinned =
            subjects.find(|post| shape_of(*post).is_pinned).map(|post| post_uri(&did(self.owner), post.value()));
        let pinned = pinned.map_or(Value::Null, |uri| json!({ "cid": cid(uri.as_bytes()), "uri": uri }));
        let value = json!({ "$type": PROFILE, "displayName": "made up for tests", "pinnedPost": pinned });
        RepoRecord::new("self".to_owned(), value)
    }

    /// Takes a record out.
    pub(in crate::sandbox) fn remove(&mut self, collection: Collection, key: &str) {
        if self.created.remove(&(collection, key.to_owned())).is_none()
            && let Some(index) = self.index_of(collection, key)
        {
            self.removed.insert((collection, index));
        }
    }

    /// Takes out every record of a subject.
    pub(in crate::sandbox) fn remove_subject(&mut self, collection: Collection, subject: TargetId) {
        let is_its = |key: &str, value: &Value| self.subject(collection, key, value) == subject;
        let own = self.created.iter().filter(|((of, key), value)| *of == collection && is_its(key, value));
        let keys: Vec<String> = own.map(|((_, key), _)| key.clone()).collect();
        for key in keys {
            self.created.remove(&(collection, key));
        }
        for index in self.indices_of(collection, subject) {
            self.removed.insert((collection, index));
        }
    }

    /// Puts back what the seed has of a subject.
    pub(in crate::sandbox) fn put_back_subject(&mut self, collection: Collection, subject: TargetId) {
        for index in self.indices_of(collection, subject) {
            self.removed.remove(&(collection, index));
        }
    }

    /// Puts a record in, under a key of its own where none is named. A second one of a relation takes the first one's place.
    pub(in crate::sandbox) fn create(
        &mut self,
        collection: Collection,
        key: Option<&str>,
        value: Value,
        now: Wall,
    ) -> RepoRecord {
        let micros = u64::try_from(now.0).unwrap_or(0) * 1000;
        self.last_key = (micros << CLOCK_BITS).max(self.last_key + 1);
        let key = key.map_or_else(|| tid(self.last_key), str::to_owned);
        if collection.is_relation() {
            self.remove_subject(collection, self.subject(collection, &key, &value));
        }
        self.put(collection, &key, value)
    }

    /// Puts a record under its key, whatever was there.
    pub(in crate::sandbox) fn put(&mut self, collection: Collection, key: &str, value: Value) -> RepoRecord {
        // What was there from the seed under this key does not come back when this is taken out.
        if let Some(index) = self.index_of(collection, key) {
            self.removed.insert((collection, index));
        }
        self.created.insert((collection, key.to_owned()), value.clone());
        RepoRecord::new(key.to_owned(), value)
    }

    /// How many records have been put in: they take room.
    pub(in crate::sandbox) fn created(&self) -> usize {
        self.created.len()
    }

    /// Whom or what a record is about: a post is about itself.
    pub(in crate::sandbox) fn subject(&self, collection: Collection, key: &str, value: &Value) -> TargetId {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        match collection {
            Collection::Follows | Collection::Blocks => number_of_did(&text(&value["subject"])),
            Collection::Likes | Collection::Reposts => number_of_uri(&text(&value["subject"]["uri"])),
            Collection::ListBlocks => number_of_uri(&text(&value["subject"])),
            Collection::Threadgates | Collection::Postgates => number_of_uri(&text(&value["post"])),
            Collection::Posts => number_of_uri(&format!("at://{}/{}/{key}", did(self.owner), collection.name())),
        }
    }

    /// A record of a subject, as an app would write it.
    pub(in crate::sandbox) fn about(&self, collection: Collection, subject: TargetId, made: &str) -> Value {
        let written = |mut fields: Value| {
            if let Some(all) = fields.as_object_mut() {
                all.insert("createdAt".into(), made.into());
            }
            fields
        };
        let name = collection.name();
        match collection {
            Collection::Follows | Collection::Blocks => written(json!({ "$type": name, "subject": did(subject) })),
            Collection::ListBlocks => {
                let uri = list_uri(&did(author_of(subject)), subject.value());
                written(json!({ "$type": name, "subject": uri }))
            }
            Collection::Likes | Collection::Reposts => {
                let uri = post_uri(&did(author_of(subject)), subject.value());
                let version = cid(uri.as_bytes());
                written(json!({ "$type": name, "subject": { "cid": version, "uri": uri } }))
            }
            Collection::Posts => {
                let text = format!("made up for tests, number {}", subject.value() % 10_000);
                let mut post = json!({ "$type": name, "text": text, "langs": ["en"] });
                let shape = shape_of(subject);
                if let Some(fields) = post.as_object_mut() {
                    let parent = post_uri(&did(author_of(subject)), subject.value());
                    let parent = json!({ "uri": parent, "cid": cid(parent.as_bytes()) });
                    if shape.is_reply {
                        fields.insert("reply".into(), json!({ "root": parent, "parent": parent }));
                    }
                    if shape.has_media {
                        fields.insert("embed".into(), json!({ "$type": "app.bsky.embed.images", "images": [] }));
                    }
                }
                written(post)
            }
            Collection::Threadgates => {
                written(json!({ "$type": name, "post": post_uri(&did(self.owner), subject.value()), "allow": [] }))
            }
            Collection::Postgates => {
                written(json!({ "$type": name, "post": post_uri(&did(self.owner), subject.value()) }))
            }
        }
    }

    fn made(&self, collection: Collection, index: u32) -> RepoRecord {
        let key = self.key_at(collection, index);
        let at = i64::try_from((key >> CLOCK_BITS) / 1000).unwrap_or(0);
        let at = jiff::Timestamp::from_millisecond(at).unwrap_or_default();
        let at = at.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string();
        RepoRecord::new(tid(key), self.about(collection, self.subject_at(collection, index), &at))
    }

    /// The key of the record at an index, as a number. A gate has that of its post.
    fn key_at(&self, collection: Collection, index: u32) -> u64 {
        let of = if collection.action() == Action::DeletePost { Collection::Posts } else { collection };
        let micros = MADE_US.1 - u64::from(collection.post_index(index)) * self.step(of);
        micros << CLOCK_BITS | (of as u64) << 4
    }

    fn index_of(&self, collection: Collection, key: &str) -> Option<u32> {
        let key = tid_value(key)?;
        let each = self.step(collection) * u64::from(collection.post_index(1));
        let index = u32::try_from(MADE_US.1.checked_sub(key >> CLOCK_BITS)? / each).ok()?;
        Some(index).filter(|index| *index < collection.size(self.sizes) && self.key_at(collection, *index) == key)
    }

    fn step(&self, collection: Collection) -> u64 {
        let of = if collection.action() == Action::DeletePost { Collection::Posts } else { collection };
        (MADE_US.1 - MADE_US.0) / u64::from(of.size(self.sizes).max(1))
    }

    fn subject_at(&self, collection: Collection, index: u32) -> TargetId {
        let index =
            if collection.is_relation() && index % REPEAT_EACH == REPEAT_EACH - 1 { index - REPEATED } else { index };
        let number = match collection {
            Collection::Posts | Collection::Threadgates | Collection::Postgates => self.key_at(collection, index),
            Collection::Follows | Collection::Blocks => {
                user_at(self.dice, self.owner, collection as u64, collection.name(), index)
            }
            Collection::Likes | Collection::Reposts | Collection::ListBlocks => {
                foreign_post(self.key_at(collection, index))
            }
        };
        number.to_string().parse().unwrap_or(self.owner)
    }

    /// Where a subject's records stand.
    fn indices_of(&self, collection: Collection, subject: TargetId) -> Vec<u32> {
        let value = subject.value();
        let first = match collection {
            Collection::Posts | Collection::Threadgates | Collection::Postgates => {
                self.index_of(collection, &tid(value))
            }
            Collection::Follows | Collection::Blocks => index_of_user(value, collection as u64),
            Collection::Likes | Collection::Reposts | Collection::ListBlocks => {
                self.index_of(collection, &tid(own_key(value)))
            }
        };
        let Some(first) = first else { return Vec::new() };
        let size = collection.size(self.sizes);
        let is_its = |index: &u32| *index < size && self.subject_at(collection, *index) == subject;
        [first, first.saturating_add(REPEATED)].into_iter().filter(is_its).collect()
    }
}

/// The first index that a cursor leaves.
fn first_index(size: u32, is_before: impl Fn(u32) -> bool) -> u32 {
    let (mut low, mut high) = (0, size);
    while low < high {
        let middle = low + (high - low) / 2;
        if is_before(middle) { low = middle + 1 } else { high = middle }
    }
    low
}

/// What stands at an index of a list that is no matter of the account's repository: mutes, bookmarks, and followers, of whom every other one
/// followed is one.
pub(in crate::sandbox) fn kept_by_the_app(
    dice: Dice,
    sizes: ListSizes,
    owner: TargetId,
    shelf: Shelf,
    index: u32,
) -> TargetId {
    if shelf == Shelf::Followers && index < sizes.of(Shelf::Following).div_ceil(2) {
        return Repo::new(owner, dice, sizes).subject_at(Collection::Follows, index * 2);
    }
    let place = Collection::ALL.len() as u64 + shelf as u64;
    let number = match shelf.kind() {
        TargetKind::User => user_at(dice, owner, place, shelf.name(), index),
        TargetKind::Post | TargetKind::List | TargetKind::Tag | TargetKind::Domain => {
            let step = (MADE_US.1 - MADE_US.0) / u64::from(sizes.of(shelf).max(1));
            foreign_post((MADE_US.1 - u64::from(index) * step) << CLOCK_BITS | place << 4)
        }
    };
    number.to_string().parse().unwrap_or(owner)
}

#[cfg(test)]
#[path = "repo_tests.rs"]
mod tests;
