#![allow(clippy::unwrap_used)]

use super::*;
use crate::store::{QueueKind, Store};

#[tokio::test(flavor = "current_thread")]
async fn a_damaged_answer_about_a_handle_is_none_and_is_asked_for_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(&folder.path().join("q.db"), QueueKind::Real).await.unwrap();
    for sql in [
        "insert into handle_resolution (platform, handle, target, target_again, asked_at) values ('x', 'ada', 42, 42, 0)",
        "insert into handle_resolution (platform, handle, target, target_again, asked_at) values ('x', 'bob', 42, 43, 0)",
        "insert into handle_resolution (platform, handle, reason, asked_at) values ('x', 'eve', 'not_found', 0)",
    ] {
        store.db.execute(sql, args![]).await.unwrap();
    }
    let handles: Vec<Handle> = ["ada", "bob", "eve"].map(|name| name.parse().unwrap()).to_vec();
    let user = Resolution::User("42".parse().unwrap());
    let mut told = Vec::new();
    for handle in &handles {
        told.push(store.lists().resolution(Platform::XV2, handle).await.unwrap());
    }
    assert_eq!(told, [Some(user), None, Some(Resolution::Nobody("not_found".into()))]);
    let unasked = store.lists().unasked_handles(Platform::XV2, &handles).await.unwrap();
    assert_eq!(unasked, ["bob".parse().unwrap()]);
}
