//! Who has which right. A right ends with whoever has it; another process that asks meanwhile is refused.

use std::path::Path;

use cleanup::domain::AccountId;
use cleanup::store::{
    AccountLock, DrainAtWork, DrainLock, DrainScope, DrainStart, ListLock, QueuePlace, QueueWatch, ReservedRoom,
    ScheduleLock, ServeLock, ServerAtWork, ServerState, StoreError,
};

use super::stores::{TestQueue, for_every_store};
use super::support::{NOW, account, begin, here, horizons};
use cleanup::store::Drain;

for_every_store!(
    one_process_drains,
    a_drain_whose_lock_was_removed_notices,
    one_process_works_on_schedules_and_one_serves,
    one_process_refreshes_an_account_and_one_reads_a_list,
    what_is_being_done_is_told_while_it_is_done,
    whoever_watches_is_woken,
    a_place_is_named_so_that_it_is_found_again,
);

async fn one_process_drains(queue: TestQueue) {
    queue.open().await;
    let path = queue.place();
    DrainLock::refuse_if_held(path).await.unwrap();
    let lock = queue.drain_lock().await;
    assert!(DrainLock::is_held(path).await.unwrap());
    if queue.kind.has_files() {
        assert!(matches!(DrainLock::take(path).await, Err(StoreError::Draining { .. })));
    } else {
        drop(DrainLock::take(path).await.expect("any number of processes drain a queue on a server"));
    }
    assert!(matches!(DrainLock::take_alone(path).await, Err(StoreError::InUse { .. })));
    assert!(matches!(DrainLock::refuse_if_held(path).await, Err(StoreError::Draining { holder: Some(_), .. })));
    assert_eq!(DrainLock::holder(path).await.unwrap().pid, std::process::id());
    let share = lock.share();
    drop(lock);
    assert!(DrainLock::is_held(path).await.unwrap(), "a share is the same right");
    drop(share);
    assert!(!DrainLock::is_held(path).await.unwrap());
    let alone = DrainLock::take_alone(path).await.unwrap();
    assert!(matches!(DrainLock::take(path).await, Err(StoreError::Draining { .. })));
    drop(alone);
}

async fn a_drain_whose_lock_was_removed_notices(queue: TestQueue) {
    let drain = begin(&queue).await;
    assert!(drain.lock_is_intact());
    if queue.kind.has_files() {
        let lock = std::fs::read_dir(queue.place().local_path().parent().unwrap()).unwrap();
        let lock = lock.map(|entry| entry.unwrap().path()).find(|path| path.to_string_lossy().contains("drain"));
        std::fs::remove_file(lock.unwrap()).unwrap();
        assert!(!drain.lock_is_intact());
    } else {
        // The session that has the lock ends, and nobody else's.
        let end =
            "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and granted and objsubid = 1
                     and database = (select oid from pg_database where datname = current_database())";
        queue.plant(end).await;
        while drain.lock_is_intact() {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }
}

async fn one_process_works_on_schedules_and_one_serves(queue: TestQueue) {
    queue.open().await;
    let path = queue.place();
    let (schedules, serves) = (ScheduleLock::try_take(path).await.unwrap(), ServeLock::try_take(path).await.unwrap());
    assert!(ScheduleLock::is_held(path).await.unwrap() && ServeLock::is_held(path).await.unwrap());
    assert!(ScheduleLock::try_take(path).await.unwrap().is_none());
    let second = ServeLock::try_take(path).await.unwrap();
    assert_eq!(second.is_some(), path.file().is_none(), "on a server any number serve");
    assert!(ServeLock::try_take_alone(path).await.unwrap().is_none());
    drop((schedules, serves, second));
    let alone = ServeLock::try_take_alone(path).await.unwrap();
    assert!(alone.is_some() && ServeLock::try_take(path).await.unwrap().is_none());
    drop(alone);
    assert!(!ScheduleLock::is_held(path).await.unwrap() && !ServeLock::is_held(path).await.unwrap());
}

async fn one_process_refreshes_an_account_and_one_reads_a_list(queue: TestQueue) {
    let mut store = queue.open().await;
    let (path, ada, bob) = (queue.place(), account(&mut store, "ada").await, AccountId(99));
    let refreshes = AccountLock::try_take(path, ada).await.unwrap().unwrap();
    assert!(AccountLock::try_take(path, ada).await.unwrap().is_none());
    assert!(AccountLock::try_take(path, bob).await.unwrap().is_some(), "of another account another may");
    let reads = ListLock::try_take(path, ada, "likes").await.unwrap().unwrap();
    assert!(ListLock::try_take(path, ada, "likes").await.unwrap().is_none());
    assert_eq!(ListLock::holder(path, ada, "likes").await.unwrap().pid, std::process::id());
    assert!(ListLock::try_take(path, ada, "posts").await.unwrap().is_some());
    drop((refreshes, reads));
    assert!(AccountLock::try_take(path, ada).await.unwrap().is_some());
    assert!(ListLock::try_take(path, ada, "likes").await.unwrap().is_some());
}

async fn what_is_being_done_is_told_while_it_is_done(queue: TestQueue) {
    let mut store = queue.open().await;
    let idle = store.queue().work_in_progress().await.unwrap();
    assert_eq!((idle.server(), idle.drain.as_ref(), idle.servers.len(), idle.runs_schedules), (None, None, 0, false));
    let serves = ServeLock::try_take(queue.place()).await.unwrap();
    let schedules = ScheduleLock::try_take(queue.place()).await.unwrap();
    let scope = DrainScope { sends_until: Some(NOW.wall), is_capped: true, ..DrainScope::default() };
    let (drain, start): (Drain, DrainStart) =
        Drain::begin(queue.open().await, queue.drain_lock().await, &scope, NOW, here(), &horizons(), 1).await.unwrap();
    assert!(!start.other_boots);
    let work = store.queue().work_in_progress().await.unwrap();
    assert_eq!((work.server(), work.runs_schedules), (Some(&ServerState::Works), true));
    let server: &ServerAtWork = &work.servers[0];
    assert_eq!((work.servers.len(), server.process.as_ref().unwrap().pid), (1, std::process::id()));
    assert_eq!(work.drain, Some(scope));
    let at_work: Vec<DrainAtWork> = store.queue().drains_at_work().await.unwrap();
    assert_eq!((at_work.len(), at_work[0].process.pid, at_work[0].accounts), (1, std::process::id(), 0));
    for state in [ServerState::Rests { until: NOW.wall }, ServerState::NeedsPerson { why: "no login".into() }] {
        store.queue().set_server_state(&state).await.unwrap();
        let work = store.queue().work_in_progress().await.unwrap();
        assert_eq!((work.server().unwrap().name(), work.server()), (state.name(), Some(&state)));
    }
    drop((drain, serves, schedules));
    let work = store.queue().work_in_progress().await.unwrap();
    assert_eq!(
        (work.server(), work.drain.as_ref(), work.runs_schedules),
        (None, None, false),
        "nobody has the rights any more"
    );
    assert_eq!(store.queue().drains_at_work().await.unwrap(), []);
}

async fn whoever_watches_is_woken(queue: TestQueue) {
    let mut store = queue.open().await;
    let path = queue.place();
    drop(ReservedRoom::beside(path.local_path()).unwrap());
    let Some(watch) = QueueWatch::of(path).await else { return };
    account(&mut store, "ada").await;
    watch.changed().await;
    let mut other = store.open_second().await.unwrap();
    let before = other.read().data_version().await.unwrap();
    account(&mut store, "bob").await;
    assert_ne!(other.read().data_version().await.unwrap(), before, "somebody else has written");
    watch.changed().await;
}

async fn a_place_is_named_so_that_it_is_found_again(queue: TestQueue) {
    let place = queue.place();
    let name = place.public_name();
    assert_eq!(place.file().is_some(), queue.kind.has_files());
    assert_eq!(QueuePlace::is_address(Path::new(&name)), !queue.kind.has_files());
    assert_eq!(QueuePlace::looks_like_an_address(Path::new(&name)), !queue.kind.has_files());
    assert_eq!(name.to_string_lossy(), place.to_string());
}
