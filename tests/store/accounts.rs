//! Accounts: made once, found again, held, removed.

use cleanup::domain::{Action, Platform, PlatformUser, Tick, Wall};
use cleanup::store::{NewHold, Removal, StoreError, Turn};

use super::stores::{TestQueue, for_every_store};
use super::support::{NOW, account, at, begin, job, load, rows, send_all};
use cleanup::domain::TaskState;

for_every_store!(
    an_account_is_made_once_and_a_name_is_one_users,
    of_accounts_that_cannot_all_be_made_none_is,
    one_account_at_most_acts_where_nobody_is_named,
    whoever_has_moved_is_found_at_the_new_host,
    accounts_of_which_nothing_speaks_are_forgotten,
    an_account_goes_whole_where_nothing_of_it_counts_any_more,
    what_a_turn_says_of_an_account_is_on_record,
);

fn user(id: &str) -> PlatformUser {
    PlatformUser::at_one_address(Platform::XV2, id.parse().unwrap())
}

async fn an_account_is_made_once_and_a_name_is_one_users(queue: TestQueue) {
    let mut store = queue.open().await;
    let (ada, bob) = (account(&mut store, "ada").await, account(&mut store, "bob").await);
    assert_eq!(account(&mut store, "ada").await, ada);
    // The user is known: whatever it is called now, the account keeps its name.
    let again = store.accounts().ensure_accounts(&[("other".parse().unwrap(), user("user-ada"))]).await.unwrap();
    assert_eq!(again, [ada]);
    let all = store.accounts().all().await.unwrap();
    assert_eq!(
        all.iter().map(|account| (account.id, account.name.as_str())).collect::<Vec<_>>(),
        [(ada, "ada"), (bob, "bob")]
    );
    assert_eq!(
        (all[0].user(), all[0].is_default, &all[0].hold, &all[0].trouble),
        (user("user-ada"), false, &None, &None)
    );
    assert_eq!(store.accounts().accounts_of(&[bob]).await.unwrap(), all[1..]);
    assert_eq!(store.accounts().account_ids().await.unwrap(), [ada, bob]);
    assert_eq!(store.accounts().account_counts().await.unwrap(), (2, 0));
    assert!(store.read().change_counters().await.unwrap().accounts == 2);
}

async fn of_accounts_that_cannot_all_be_made_none_is(queue: TestQueue) {
    let mut store = queue.open().await;
    store.accounts().ensure_accounts(&[("jos\u{e9}".parse().unwrap(), user("0"))]).await.unwrap();
    // The accent in another encoding is the same name.
    let users = [("new".parse().unwrap(), user("1")), ("jose\u{301}".parse().unwrap(), user("2"))];
    let error = store.accounts().ensure_accounts(&users).await.unwrap_err();
    assert!(matches!(&error, StoreError::AccountNameTaken { .. }), "{error}");
    assert_eq!(store.accounts().account_ids().await.unwrap().len(), 1);
}

async fn one_account_at_most_acts_where_nobody_is_named(queue: TestQueue) {
    let mut store = queue.open().await;
    let (ada, bob) = (account(&mut store, "ada").await, account(&mut store, "bob").await);
    for default in [Some(ada), Some(bob), Some(bob), None, Some(ada)] {
        store.accounts().set_default_account(default).await.unwrap();
        let all = store.accounts().all().await.unwrap();
        let found: Vec<_> = all.iter().filter(|account| account.is_default).map(|account| account.id).collect();
        assert_eq!(found, Vec::from_iter(default));
    }
}

async fn whoever_has_moved_is_found_at_the_new_host(queue: TestQueue) {
    let mut store = queue.open().await;
    let ada = account(&mut store, "ada").await;
    let before = store.read().change_counters().await.unwrap().generation;
    let host = "pds.example.org".parse().unwrap();
    store.accounts().move_to_host(ada, Some(&host)).await.unwrap();
    assert_eq!(store.accounts().all().await.unwrap()[0].host, Some(host));
    assert!(store.read().change_counters().await.unwrap().generation > before, "whoever sends for it notices");
    store.accounts().move_to_host(ada, None).await.unwrap();
    assert_eq!(store.accounts().all().await.unwrap()[0].host, None);
}

async fn accounts_of_which_nothing_speaks_are_forgotten(queue: TestQueue) {
    let mut store = queue.open().await;
    let (ada, bob, cid) =
        (account(&mut store, "ada").await, account(&mut store, "bob").await, account(&mut store, "cid").await);
    load(&mut store, &job("one"), rows(Action::Unfollow, ada, &["7"])).await;
    store.accounts().forget_unused_accounts(&[ada, bob]).await.unwrap();
    assert_eq!(store.accounts().account_ids().await.unwrap(), [ada, cid]);
}

async fn an_account_goes_whole_where_nothing_of_it_counts_any_more(queue: TestQueue) {
    let mut store = queue.open().await;
    let ada = account(&mut store, "ada").await;
    let one = load(&mut store, &job("one"), rows(Action::Unfollow, ada, &["7"])).await;
    send_all(&queue, NOW, |_| TaskState::Done).await;
    store.accounts().set_default_account(Some(ada)).await.unwrap();
    let removed = store.accounts().remove_account(ada, NOW.wall).await.unwrap();
    assert_eq!(removed, Removal::HistoryStays { jobs: 1, slots: 1 });
    assert!(!store.accounts().all().await.unwrap()[0].is_default, "it acts for nobody any more");
    store.admin().forget(&one, NOW.wall).await.unwrap();
    let removed = store.accounts().remove_account(ada, NOW.wall).await.unwrap();
    assert_eq!(removed, Removal::HistoryStays { jobs: 0, slots: 1 });
    assert_eq!(store.accounts().remove_account(ada, at(NOW.tick.0 + 1).wall).await.unwrap(), Removal::Gone);
    assert_eq!(store.accounts().all().await.unwrap(), []);
}

async fn what_a_turn_says_of_an_account_is_on_record(queue: TestQueue) {
    let mut store = queue.open().await;
    let (ada, bob) = (account(&mut store, "ada").await, account(&mut store, "bob").await);
    load(&mut store, &job("one"), rows(Action::Unfollow, ada, &["7"])).await;
    let mut drain = begin(&queue).await;
    let until = (Tick(NOW.tick.0 + 900), Wall(NOW.wall.0 + 900));
    let hold = NewHold { account: ada, until: Some(until), length_ms: 900, reason: "limited".into(), backoff_level: 2 };
    let turn = Turn { holds: vec![hold], account_troubles: vec![(bob, Some("suspended".into()))], ..Turn::default() };
    drain.turn(&turn, NOW).await.unwrap();
    let all = store.accounts().all().await.unwrap();
    let hold = all[0].hold.as_ref().unwrap();
    assert_eq!((hold.until, hold.until_at, hold.length_ms, hold.reason.as_str()), (until.0, until.1, 900, "limited"));
    assert_eq!((hold.boot.as_str(), hold.clock_checked, all[0].hold_backoff_level), ("here", false, 2));
    assert_eq!((all[1].trouble.as_deref(), &all[1].hold), (Some("suspended"), &None));
    assert_eq!(store.accounts().account_counts().await.unwrap(), (2, 1));
    // bob has sent nothing in the newest drain.
    assert!(store.queue().accounts_of_newest_drain().await.unwrap().is_empty());
    let over = NewHold { account: ada, until: None, length_ms: 0, reason: String::new(), backoff_level: 0 };
    let turn = Turn { holds: vec![over], account_troubles: vec![(bob, None)], ..Turn::default() };
    drain.turn(&turn, NOW).await.unwrap();
    let all = store.accounts().all().await.unwrap();
    assert_eq!((&all[0].hold, all[0].hold_backoff_level, &all[1].trouble), (&None, 0, &None));
}
