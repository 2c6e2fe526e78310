//! Tasks that are not what the file said: found, never sent, put right or given up.

use cleanup::domain::{Action, Outcome, TaskId, TaskState};
use cleanup::store::{DAMAGED, Job, Store, StoreError, Turn};

use super::stores::{TestQueue, for_every_store};
use super::support::{
    NOW, account, assert_whole, begin, claim, job, load, only_lane, outcomes, receipts, rows, target, task_on,
};

for_every_store!(what_is_damaged_is_never_claimed, a_row_is_put_right_by_its_key, what_nobody_can_tell_is_given_up,);

/// A job of three rows, of which the second has another target than its key.
async fn damaged(queue: &TestQueue) -> (Store, Job, TaskId) {
    let mut store = queue.open().await;
    let ada = account(&mut store, "ada").await;
    let one = load(&mut store, &job("one"), rows(Action::Unfollow, ada, &["1", "2", "3"])).await;
    let task = task_on(&mut store, &one, "2").await;
    queue.plant("update task set target = 6 where cast(target as text) = '2'").await;
    (store, one, task)
}

async fn what_is_damaged_is_never_claimed(queue: TestQueue) {
    let (mut store, one, task) = damaged(&queue).await;
    assert_eq!(store.admin().find_damage().await.unwrap(), [task]);
    let mut drain = begin(&queue).await;
    let lane = only_lane(&mut drain).await;
    let turn = Turn { claims: vec![claim(&lane, 3, NOW)], ..Turn::default() };
    let receipt = drain.turn(&turn, NOW).await.unwrap();
    assert_eq!((receipt.claimed.len(), receipt.damaged), (0, vec![task]), "because of one nobody is");
    let turn = Turn { claims: vec![claim(&lane, 1, NOW)], ..Turn::default() };
    assert_eq!(drain.turn(&turn, NOW).await.unwrap().claimed.len(), 1, "those before it are what they were");
    let mut rows = Vec::new();
    let each = |row| -> Result<(), StoreError> {
        rows.push(row);
        Ok(())
    };
    let refused = store.read().report(&one, 1, each).await;
    assert!(matches!(refused, Err(StoreError::DamagedRows { .. })));
    assert_eq!(rows, [], "no receipt would name another target");
    let told = store.read().task(one.id, task).await.unwrap().unwrap();
    assert_eq!((told.0.damaged.as_deref(), told.1.as_str()), (Some("6"), "6"));
}

async fn a_row_is_put_right_by_its_key(queue: TestQueue) {
    let (mut store, one, task) = damaged(&queue).await;
    assert_eq!(store.admin().damaged_tasks(None).await.unwrap(), []);
    store.admin().note_damage(&[task], NOW.wall).await.unwrap();
    store.admin().note_damage_of(one.round, NOW.wall).await.unwrap();
    assert_eq!(store.admin().damaged_tasks(Some("another")).await.unwrap(), []);
    let found = store.admin().damaged_tasks(Some("one")).await.unwrap().remove(0);
    assert_eq!((found.task, found.job.as_str(), found.line, found.state), (task, "one", 3, TaskState::Pending));
    assert_eq!(
        (&found.row.target, found.keys.len(), &found.keys[0].target),
        (&Some(target("6")), 1, &Some(target("2")))
    );
    assert!(!found.targets_agree() && !found.state_is_torn);
    store.admin().mend_row(&found, &found.keys[0]).await.unwrap();
    assert!(store.admin().damaged_tasks(None).await.unwrap()[0].targets_agree());
    store.admin().rebuild_keys(one.round).await.unwrap();
    assert_eq!(store.admin().damaged_tasks(None).await.unwrap(), [], "nothing is noted any more");
    let found: Vec<_> = receipts(&mut store, &one, 1).await.into_iter().filter_map(|row| row.target).collect();
    assert_eq!(found, ["1", "2", "3"].map(target));
    assert_whole(&mut store).await;
}

async fn what_nobody_can_tell_is_given_up(queue: TestQueue) {
    let (mut store, one, task) = damaged(&queue).await;
    store.admin().note_damage(&[task], NOW.wall).await.unwrap();
    let found = store.admin().damaged_tasks(None).await.unwrap().remove(0);
    store.admin().give_damaged_up(&found, NOW.wall).await.unwrap();
    store.admin().rebuild_keys(one.round).await.unwrap();
    let found = outcomes(&mut store, &one).await;
    assert_eq!(found, [(Some(2), Outcome::Pending), (Some(3), Outcome::Rejected), (Some(4), Outcome::Pending)]);
    assert_eq!(store.read().rejected_rows(&one, 1, 9).await.unwrap()[0].reason, DAMAGED);
    assert_whole(&mut store).await;
}
