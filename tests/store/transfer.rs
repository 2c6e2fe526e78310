//! A queue that is moved into another database and back, in the middle of a job.

use cleanup::domain::{Action, TaskState, Wall};
use cleanup::store::{QueueKind, Store, StoreError, Turn};

use super::stores::{StoreKind, TestQueue, for_every_store};
use super::support::{
    NOW, account, assert_whole, at, begin, claim_some, job, load, only_lane, outcomes, receipts, row, rows, send_all,
    settled,
};

for_every_store!(
    a_half_done_job_is_moved_there_and_back,
    a_queue_that_has_gone_is_opened_by_nobody,
    what_awaits_a_queue_is_opened_by_nobody,
    what_has_rows_is_not_moved_into,
    a_queue_is_left_alone_before_it_is_moved,
);

async fn move_into(from: &mut Store, to: &mut Store) -> Vec<(&'static str, u64)> {
    let mark = from.begin_move("there").await.unwrap();
    assert_eq!((mark.to.as_str(), mark.moved_at), ("there", None));
    assert_eq!(from.begin_move("there").await.unwrap(), mark, "the same move, gone on with");
    assert_eq!(to.came_by().await.unwrap(), None);
    to.await_move("here").await.unwrap();
    assert!(matches!(to.await_move("elsewhere").await, Err(StoreError::Awaiting { from, .. }) if from == "here"));
    let copied = from.copy_into(to, &mark.id).await.unwrap();
    assert_eq!(to.came_by().await.unwrap(), Some(mark.id));
    from.end_move(Wall(7)).await.unwrap();
    assert_eq!(from.move_mark().await.unwrap().unwrap().moved_at, Some(Wall(7)));
    copied.rows
}

async fn a_half_done_job_is_moved_there_and_back(queue: TestQueue) {
    let (first, last) = (TestQueue::new(StoreKind::Sqlite), TestQueue::new(StoreKind::Sqlite));
    let mut store = first.open().await;
    let ada = account(&mut store, "ada").await;
    // More than one page of a table, targets that are numbers in a file and some that are none.
    let mut file: Vec<_> = (1..=3_000).map(|n| row(n + 1, Action::Unfollow, ada, &n.to_string())).collect();
    file.extend(
        ["@mary", "9999999999999999999", "did:plc:one"]
            .iter()
            .zip(3_002..)
            .map(|(text, line)| row(line, Action::Unfollow, ada, text)),
    );
    file[5].record = Some("[\"a, \u{e9}\\n\"]".into());
    let loaded = load(&mut store, &job("one"), file).await;
    store.close().await;
    let mut drain = begin(&first).await;
    let lane = only_lane(&mut drain).await;
    let claimed = claim_some(&mut drain, &lane, 40, NOW).await;
    let settled = claimed[..30].iter().map(|claimed| settled(claimed, lane.round, TaskState::Done, NOW));
    drain.turn(&Turn { settled: settled.collect(), ..Turn::default() }, NOW).await.unwrap();
    let mut store = drain.end(NOW, "stopped").await.unwrap();
    let before = receipts(&mut store, &loaded, 1).await;

    let mut middle = queue.open().await;
    let there = move_into(&mut store, &mut middle).await;
    assert!(there.contains(&("task", 3_003)) && there.contains(&("attempt", 40)), "{there:?}");
    let moved = middle.queue().job("one").await.unwrap().unwrap();
    assert_eq!(receipts(&mut middle, &moved, 1).await, before);
    let mut home = last.open().await;
    let back = move_into(&mut middle, &mut home).await;
    assert_eq!(back, there);
    assert_eq!(receipts(&mut home, &moved, 1).await, before);
    home.close().await;
    middle.close().await;

    // It goes on where it was: what was in flight, then the rest; and rows that come later are numbered behind those that came along.
    send_all(&last, at(NOW.tick.0 + 5_000_000), |_| TaskState::Done).await;
    let mut home = last.open().await;
    let again = load(&mut home, &job("two"), rows(Action::Unfollow, ada, &["5001", "5002"])).await;
    assert_eq!(outcomes(&mut home, &again).await.len(), 2);
    assert_whole(&mut home).await;
}

async fn a_queue_that_has_gone_is_opened_by_nobody(queue: TestQueue) {
    let mut store = queue.open().await;
    assert_eq!(store.move_mark().await.unwrap(), None);
    store.begin_move("there").await.unwrap();
    let other = store.begin_move("elsewhere").await.unwrap();
    assert_eq!(other.to, "there", "one move at a time");
    let refused = Store::open(queue.place(), QueueKind::Real).await.unwrap_err();
    assert!(matches!(refused, StoreError::Moved { is_over: false, .. }), "{refused}");
    store.take_back_move().await.unwrap();
    Store::open_wherever(queue.place(), QueueKind::Real).await.unwrap().close().await;
    store.begin_move("there").await.unwrap();
    store.end_move(Wall(9)).await.unwrap();
    store.take_back_move().await.unwrap();
    let refused = Store::open(queue.place(), QueueKind::Real).await.unwrap_err();
    assert!(matches!(&refused, StoreError::Moved { is_over: true, to, .. } if to == "there"), "{refused}");
    assert!(Store::open_existing(queue.place(), QueueKind::Real).await.is_err());
    assert!(Store::reopen_unmoved(queue.place()).await.is_err());
    let mut gone = Store::open_existing_wherever(queue.place(), QueueKind::Real).await.unwrap().unwrap();
    assert_eq!(gone.move_mark().await.unwrap().unwrap().moved_at, Some(Wall(9)));
}

async fn what_awaits_a_queue_is_opened_by_nobody(queue: TestQueue) {
    let mut store = queue.open().await;
    store.await_move("old").await.unwrap();
    let refused = Store::open(queue.place(), QueueKind::Real).await.unwrap_err();
    assert!(matches!(&refused, StoreError::Awaiting { from, .. } if from == "old"), "{refused}");
    store.await_no_move().await.unwrap();
    queue.open().await;
}

async fn what_has_rows_is_not_moved_into(queue: TestQueue) {
    let first = TestQueue::new(StoreKind::Sqlite);
    let (mut from, mut to) = (first.open().await, queue.open().await);
    account(&mut to, "ada").await;
    assert!(matches!(to.await_move("there").await, Err(StoreError::NotEmpty { .. })));
    queue.open().await.close().await;
    let mark = from.begin_move("there").await.unwrap();
    let refused = from.copy_into(&mut to, &mark.id).await.unwrap_err();
    assert!(matches!(refused, StoreError::NotEmpty { .. }), "{refused}");
    assert_eq!(to.came_by().await.unwrap(), None);
}

async fn a_queue_is_left_alone_before_it_is_moved(queue: TestQueue) {
    let (store, mut other) = (queue.open().await, queue.open().await);
    account(&mut other, "ada").await;
    let refused = store.alone().await.unwrap_err();
    assert!(matches!(refused, StoreError::InUse { .. }), "{refused}");
    other.close().await;
    let mut alone = queue.open().await.alone().await.unwrap();
    account(&mut alone, "bob").await;
    alone.close().await;
    assert_eq!(queue.open().await.accounts().all().await.unwrap().len(), 2);
}
