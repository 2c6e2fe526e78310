//! Logins on record: saved, replaced, marked while they are refreshed, forgotten.

use cleanup::domain::{Platform, PlatformUser, Wall};
use cleanup::store::{CredentialKind, Expiry, KeySource, NewCredential, StoreError, Turn, VaultStamp};

use super::stores::{TestQueue, for_every_store};
use super::support::{NOW, account, begin};

for_every_store!(
    a_login_is_what_was_saved_last,
    a_login_that_is_forgotten_is_gone_and_its_generation_never_comes_again,
    many_logins_are_imported_or_none,
    a_refresh_is_marked_before_its_token_is_sent,
    whoever_comes_late_writes_over_nothing,
    a_login_ends_what_stopped_the_account,
    the_stamp_of_the_vault_holds_while_there_are_logins,
);

fn set(sealed: &str, at: i64) -> NewCredential {
    NewCredential {
        kind: CredentialKind::OAuth2,
        sealed: sealed.into(),
        scopes: Some("follows.write users.read".into()),
        expiry: Some(Expiry { at: Wall(at + 7_200_000), lifetime_ms: 7_200_000 }),
        client_id: Some("app".into()),
        confidential: true,
        saved_at: Wall(at),
    }
}

async fn a_login_is_what_was_saved_last(queue: TestQueue) {
    let mut store = queue.open().await;
    let (ada, bob) = (account(&mut store, "ada").await, account(&mut store, "bob").await);
    assert!(!store.accounts().has_credentials().await.unwrap());
    assert_eq!(store.accounts().credential(ada).await.unwrap(), None);
    let other = NewCredential {
        kind: CredentialKind::Aisa,
        scopes: None,
        expiry: None,
        client_id: None,
        confidential: false,
        ..set("key", 1)
    };
    store.accounts().save_login(bob, &other).await.unwrap();
    store.accounts().save_login(ada, &set("first", 10)).await.unwrap();
    let first = store.accounts().credential(ada).await.unwrap().unwrap();
    assert_eq!((first.account, &first.set, first.refresh_tries), (ada, &set("first", 10), 0));
    // A clock that was set back makes no generation come twice.
    store.accounts().save_login(ada, &set("second", 5)).await.unwrap();
    let second = store.accounts().credential(ada).await.unwrap().unwrap();
    assert_eq!(second.set, set("second", 5));
    assert!(second.generation > first.generation);
    let all = store.accounts().credentials().await.unwrap();
    assert_eq!(
        all.iter().map(|login| (login.account, &login.set)).collect::<Vec<_>>(),
        [(ada, &second.set), (bob, &other)]
    );
    assert_eq!(store.accounts().credentials_of(&[bob]).await.unwrap(), all[1..]);
    assert!(store.accounts().has_credentials().await.unwrap());
    assert_eq!(store.accounts().accounts_logged_in().await.unwrap(), [ada, bob].into());
    assert!(store.accounts().is_logged_in(ada).await.unwrap());
}

async fn a_login_that_is_forgotten_is_gone_and_its_generation_never_comes_again(queue: TestQueue) {
    let mut store = queue.open().await;
    let (ada, bob) = (account(&mut store, "ada").await, account(&mut store, "bob").await);
    store.accounts().save_login(ada, &set("first", 10)).await.unwrap();
    store.accounts().save_login(bob, &set("other", 10)).await.unwrap();
    let before =
        (store.accounts().credential(ada).await.unwrap().unwrap(), store.read().change_counters().await.unwrap());
    assert!(store.accounts().forget_credential(ada).await.unwrap());
    assert!(!store.accounts().forget_credential(ada).await.unwrap(), "there is none any more");
    assert!(!store.accounts().is_logged_in(ada).await.unwrap());
    assert_eq!(store.accounts().credential(bob).await.unwrap().unwrap().set, set("other", 10), "the others stay");
    assert!(store.read().change_counters().await.unwrap().generation > before.1.generation, "whoever sends stops");
    store.accounts().save_login(ada, &set("second", 20)).await.unwrap();
    assert!(store.accounts().credential(ada).await.unwrap().unwrap().generation > before.0.generation);
}

async fn many_logins_are_imported_or_none(queue: TestQueue) {
    let mut store = queue.open().await;
    account(&mut store, "ada").await;
    let of = |name: &str, id: &str| {
        let user = PlatformUser::at_one_address(Platform::XV2, id.parse().unwrap());
        (name.parse().unwrap(), user, set(name, 1))
    };
    let refused = store.accounts().import_logins(&[of("bob", "1"), of("ada", "somebody-else")]).await;
    assert!(matches!(refused, Err(StoreError::AccountNameTaken { .. })));
    assert_eq!(store.accounts().account_counts().await.unwrap(), (1, 0));
    let ids = store.accounts().import_logins(&[of("bob", "1"), of("ada", "user-ada")]).await.unwrap();
    assert_eq!(store.accounts().credential(ids[1]).await.unwrap().unwrap().set, set("ada", 1));
    assert_eq!(store.accounts().accounts_logged_in().await.unwrap().len(), 2);
}

async fn a_refresh_is_marked_before_its_token_is_sent(queue: TestQueue) {
    let mut store = queue.open().await;
    let ada = account(&mut store, "ada").await;
    store.accounts().save_login(ada, &set("first", 10)).await.unwrap();
    let generation = store.accounts().credential(ada).await.unwrap().unwrap().generation;
    let marks = async |store: &mut cleanup::store::Store| {
        let login = store.accounts().credential(ada).await.unwrap().unwrap();
        (login.refresh_tries, login.refresh_started_at)
    };
    assert!(!store.accounts().start_refresh(ada, generation, 2, Wall(20)).await.unwrap(), "the first comes first");
    assert!(store.accounts().start_refresh(ada, generation, 1, Wall(20)).await.unwrap());
    assert!(!store.accounts().start_refresh(ada, generation, 1, Wall(21)).await.unwrap(), "somebody else has begun");
    assert!(store.accounts().start_refresh(ada, generation, 2, Wall(30)).await.unwrap());
    assert_eq!(marks(&mut store).await, (2, Some(Wall(30))));
    assert!(store.accounts().take_back_refresh(ada, generation, 2).await.unwrap());
    assert_eq!(marks(&mut store).await, (1, Some(Wall(30))), "the earlier one stays counted");
    assert!(store.accounts().take_back_refresh(ada, generation, 1).await.unwrap());
    assert!(!store.accounts().take_back_refresh(ada, generation, 1).await.unwrap());
    assert_eq!(marks(&mut store).await, (0, None));
    store.accounts().start_refresh(ada, generation, 1, Wall(40)).await.unwrap();
    let new = NewCredential { scopes: None, ..set("pair", 50) };
    assert!(store.accounts().finish_refresh(ada, generation, &new).await.unwrap());
    let login = store.accounts().credential(ada).await.unwrap().unwrap();
    assert_eq!((login.set, login.generation), (set("pair", 50), generation + 1), "what was granted stays granted");
    assert_eq!(marks(&mut store).await, (0, None));
}

async fn whoever_comes_late_writes_over_nothing(queue: TestQueue) {
    let mut store = queue.open().await;
    let ada = account(&mut store, "ada").await;
    store.accounts().save_login(ada, &set("first", 10)).await.unwrap();
    let old = store.accounts().credential(ada).await.unwrap().unwrap().generation;
    store.accounts().save_login(ada, &set("second", 20)).await.unwrap();
    let now = store.accounts().credential(ada).await.unwrap().unwrap();
    assert!(!store.accounts().start_refresh(ada, old, 1, Wall(30)).await.unwrap());
    assert!(!store.accounts().take_back_refresh(ada, old, 1).await.unwrap());
    assert!(!store.accounts().finish_refresh(ada, old, &set("late", 30)).await.unwrap());
    assert!(!store.accounts().need_login(ada, old, "revoked").await.unwrap());
    assert_eq!(store.accounts().credential(ada).await.unwrap(), Some(now));
}

async fn a_login_ends_what_stopped_the_account(queue: TestQueue) {
    let mut store = queue.open().await;
    let ada = account(&mut store, "ada").await;
    store.accounts().save_login(ada, &set("first", 10)).await.unwrap();
    let generation = store.accounts().credential(ada).await.unwrap().unwrap().generation;
    assert!(store.accounts().need_login(ada, generation, "revoked").await.unwrap());
    let mut drain = begin(&queue).await;
    let turn = Turn { account_troubles: vec![(ada, Some("unauthorized".into()))], ..Turn::default() };
    drain.turn(&turn, NOW).await.unwrap();
    assert_eq!(store.accounts().credential(ada).await.unwrap().unwrap().login_needed.as_deref(), Some("revoked"));
    assert_eq!(store.read().change_counters().await.unwrap().logins_needed, 1);
    assert_eq!(store.accounts().account_counts().await.unwrap(), (1, 1));
    store.accounts().save_login(ada, &set("second", 20)).await.unwrap();
    assert_eq!(store.accounts().credential(ada).await.unwrap().unwrap().login_needed, None);
    assert_eq!(store.accounts().all().await.unwrap()[0].trouble, None);
    assert_eq!(store.accounts().account_counts().await.unwrap(), (1, 0));
}

async fn the_stamp_of_the_vault_holds_while_there_are_logins(queue: TestQueue) {
    let mut store = queue.open().await;
    let ada = account(&mut store, "ada").await;
    assert_eq!(store.accounts().vault_stamp().await.unwrap(), None);
    let random = VaultStamp { source: KeySource::Random, check_text: b"one".to_vec() };
    let source = KeySource::Passphrase { salt: [7; 16], memory_kib: 64, passes: 3 };
    let passphrase = VaultStamp { source, check_text: b"two".to_vec() };
    assert_eq!(store.accounts().stamp_vault(&random).await.unwrap(), random);
    // Nothing is sealed yet, so another key takes its place.
    assert_eq!(store.accounts().stamp_vault(&passphrase).await.unwrap(), passphrase);
    store.accounts().save_login(ada, &set("first", 10)).await.unwrap();
    assert_eq!(store.accounts().stamp_vault(&random).await.unwrap(), passphrase);
    assert_eq!(store.accounts().vault_stamp().await.unwrap(), Some(passphrase));
}
