#![allow(clippy::unwrap_used)]

use super::*;
use crate::store::{QueueKind, Store};

#[tokio::test(flavor = "current_thread")]
async fn a_damaged_answer_about_a_name_is_none_and_is_asked_for_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(&folder.path().join("q.db"), QueueKind::Real).await.unwrap();
    for sql in [
        "insert into name_resolution (platform, name, target, target_again, asked_at) values ('x', 'ada', 42, 42, 0)",
        "insert into name_resolution (platform, name, target, target_again, asked_at) values ('x', 'bob', 42, 43, 0)",
        "insert into name_resolution (platform, name, reason, asked_at) values ('x', 'eve', 'not_found', 0)",
    ] {
        store.db.execute(sql, args![]).await.unwrap();
    }
    let space = NameSpace::of(Platform::XV2, None);
    let mut told = Vec::new();
    for name in ["ada", "bob", "eve"] {
        told.push(store.lists().resolution(&space, &name.parse().unwrap()).await.unwrap());
    }
    let user = Resolution::Target("42".parse().unwrap());
    assert_eq!(told, [Some(user), None, Some(Resolution::Nobody("not_found".into()))]);
    let elsewhere = NameSpace::of(Platform::Sandbox, None);
    assert_eq!(store.lists().resolution(&elsewhere, &"ada".parse().unwrap()).await.unwrap(), None);
}

/// What a name means at one server says nothing of another, where each has IDs of its own.
#[test]
fn names_are_a_hosts_own_where_ids_are() {
    let host = |name: &str| Some(name.parse::<AccountHost>().unwrap());
    let of = |platform, name| NameSpace::of(platform, host(name).as_ref());
    assert_ne!(of(Platform::Mastodon, "a.example"), of(Platform::Mastodon, "b.example"));
    assert_eq!(of(Platform::Bluesky, "a.example"), of(Platform::Bluesky, "b.example"));
}
