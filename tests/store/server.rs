//! What only a server has: other programs' databases, users with rights, connections that end.

use cleanup::domain::{Action, Secret, TaskState};
use cleanup::store::{QueueKind, QueuePlace, Store, StoreError, Turn};

use super::stores::TestQueue;
use super::support::{NOW, account, begin, claim_some, job, load, only_lane, rows, settled};

/// Ends every other session of the queue's database, as a restart of the server does.
const END_SESSIONS: &str = "select pg_terminate_backend(pid) from pg_stat_activity
     where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'";

mod postgres {
    use crate::store::stores::{StoreKind, tell};

    macro_rules! stories {
        ($($story:ident),* $(,)?) => {$(
            #[test]
            #[ignore = "a server is asked for: CLEANUP_POSTGRES"]
            fn $story() {
                tell(StoreKind::Postgres, super::$story);
            }
        )*};
    }

    stories!(
        a_database_of_another_program_is_left_alone,
        a_queue_of_a_newer_program_is_left_alone,
        a_queue_of_an_older_program_is_brought_up_to_date,
        a_connection_that_has_ended_is_made_anew,
        a_user_with_the_rights_of_the_page_works_on_a_queue,
        what_cannot_be_reached_is_told_from_what_refuses,
    );
}

async fn a_database_of_another_program_is_left_alone(queue: TestQueue) {
    queue.plant("create table theirs (id bigint)").await;
    let refused = Store::open(queue.place(), QueueKind::Real).await.unwrap_err();
    assert!(matches!(&refused, StoreError::Unfit { detail, .. } if detail.contains("another program")), "{refused}");
    let refused = Store::open_existing(queue.place(), QueueKind::Real).await.unwrap_err();
    assert!(matches!(refused, StoreError::Unfit { .. }), "{refused}");
    queue.plant("drop table theirs").await;
    // Whoever was killed at the very beginning has left this.
    queue.plant("create table _sqlx_migrations (version bigint primary key, description text not null, installed_on timestamptz not null default now(), success boolean not null, checksum bytea not null, execution_time bigint not null)").await;
    assert!(Store::open_existing(queue.place(), QueueKind::Real).await.unwrap().is_none());
    queue.open().await;
}

async fn a_queue_of_a_newer_program_is_left_alone(queue: TestQueue) {
    queue.open().await;
    let newer = "insert into _sqlx_migrations (version, description, success, checksum, execution_time)
                 values (999, 'of tomorrow', true, '', 0)";
    queue.plant(newer).await;
    let refused = Store::open(queue.place(), QueueKind::Real).await.unwrap_err();
    assert!(matches!(refused, StoreError::Newer { found: 999, .. }), "{refused}");
}

async fn a_queue_of_an_older_program_is_brought_up_to_date(queue: TestQueue) {
    let mut store = queue.open().await;
    let ada = account(&mut store, "ada").await;
    store.close().await;
    for sql in [
        "alter table attempt drop column withheld_as, drop column withheld_for",
        "delete from _sqlx_migrations where version > 1",
    ] {
        queue.plant(sql).await;
    }
    let mut store = queue.open().await;
    assert_eq!(store.accounts().account_ids().await.unwrap(), [ada]);
    let one = load(&mut store, &job("one"), rows(Action::Unfollow, ada, &["1"])).await;
    let mut drain = begin(&queue).await;
    let lane = only_lane(&mut drain).await;
    let claimed = claim_some(&mut drain, &lane, 1, NOW).await;
    let came_to_nothing = settled(&claimed[0], one.round, TaskState::Waiting, NOW);
    drain.turn(&Turn { settled: vec![came_to_nothing], ..Turn::default() }, NOW).await.unwrap();
}

async fn a_connection_that_has_ended_is_made_anew(queue: TestQueue) {
    let mut store = queue.open().await;
    let ada = account(&mut store, "ada").await;
    queue.plant(END_SESSIONS).await;
    let ended = store.accounts().account_ids().await.unwrap_err();
    assert!(matches!(ended, StoreError::Unreachable { .. }), "{ended}");
    assert_eq!(store.accounts().account_ids().await.unwrap(), [ada], "the next statement has a new one");
    queue.plant(END_SESSIONS).await;
    assert!(store.read().data_version().await.is_err());
    account(&mut store, "bob").await;
    assert_eq!(store.accounts().account_ids().await.unwrap().len(), 2, "and so has the next transaction");
}

async fn a_user_with_the_rights_of_the_page_works_on_a_queue(queue: TestQueue) {
    queue.open().await.close().await;
    let page = include_str!("../../docs/scale.md");
    let rights = page.split("```sql").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    // Users are of the whole server: this one is shared by all runs of this test.
    queue
        .plant("do $$ begin create role cleanup_worker login; exception when duplicate_object then null; end $$")
        .await;
    for right in rights.split(';').map(str::trim).filter(|right| right.starts_with("grant")) {
        queue.plant(Box::leak(right.to_owned().into_boxed_str())).await;
    }
    let folder = queue.place().local_path().parent().unwrap().to_owned();
    let address = queue.address().unwrap().replace("postgres@", "cleanup_worker@");
    let place = QueuePlace::server(Secret::new(address), &folder).unwrap();
    let mut store = Store::open(&place, QueueKind::Real).await.unwrap();
    let ada = account(&mut store, "ada").await;
    assert_eq!(store.accounts().account_ids().await.unwrap(), [ada]);
    assert!(Store::open_existing(&place, QueueKind::Sandbox).await.is_err(), "it sees what kind of queue it is");
}

async fn what_cannot_be_reached_is_told_from_what_refuses(queue: TestQueue) {
    let folder = queue.place().local_path().parent().unwrap().to_owned();
    let open = async |address: &str| {
        let place = QueuePlace::server(Secret::new(address), &folder).unwrap();
        Store::open(place, QueueKind::Real).await.map(drop).unwrap_err()
    };
    let nobody = open("postgres://ada:hush@127.0.0.1:1/queue").await;
    assert!(matches!(nobody, StoreError::Unreachable { .. }) && !nobody.to_string().contains("hush"), "{nobody}");
    let missing = open(&format!("{}x", queue.address().unwrap())).await;
    assert!(matches!(&missing, StoreError::Refused { detail, .. } if detail.contains("does not exist")), "{missing}");
}
