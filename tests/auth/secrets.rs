//! Nothing on disk shows a secret, and a record opens under its own key and for its own account only.

use std::time::Duration;

use cleanup::auth::{Document, KeyChoice, NoToken, Vault, VaultError, Why, import, list, save_login};
use cleanup::clock::Clock;
use cleanup::domain::{Platform, PlatformUser, Secret};

use crate::auth::bench::{Bench, public_app};

const CANARIES: [&str; 6] = ["canary", "sbx-at-", "sbx-rt-", "app-canary", "sk-aisa-", "SECRET"];

fn grep(folder: &std::path::Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(grep(&path));
            continue;
        }
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            // SQLite tidies its log away when the last connection has closed.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => panic!("{}: {error}", path.display()),
        };
        let hits = CANARIES.iter().filter(|canary| bytes.windows(canary.len()).any(|part| part == canary.as_bytes()));
        found.extend(hits.map(|canary| format!("{canary} in {}", path.display())));
    }
    found
}

#[tokio::test]
async fn a_thousand_accounts_are_imported_listed_and_nowhere_in_clear() {
    let bench = Bench::new(Duration::from_secs(7200)).await;
    let mut file = String::from("name,platform,user_id,access_token,refresh_token,expires_at,access_secret\n");
    for n in 0..998 {
        file.push_str(&format!("acc{n},x-v2,{},canary-at-{n},canary-rt-{n},1790007200,\n", 1000 + n));
    }
    file.push_str("one,x-v1,,5-canary-tok,,,canary-SECRET\nkey,aisa,,sk-aisa-canary,,,\n");
    let rows = import(file.as_bytes()).unwrap();
    let mut store = bench.store().await;
    let vault = Vault::of(&mut store, &bench.keys()).await.unwrap();
    let logins: Vec<_> = rows
        .into_iter()
        .map(|row| {
            let user = row.user.clone().unwrap();
            let user = PlatformUser::at_one_address(row.platform, user);
            row.into_login(user, Some(("public-app".into(), false)))
        })
        .collect();
    let now = bench.clock.now().wall;
    assert_eq!(save_login(&mut store, &vault, &logins, now).await.unwrap().len(), 1000);
    // Importing again replaces, and makes nobody twice.
    assert_eq!(save_login(&mut store, &vault, &logins, now).await.unwrap().len(), 1000);
    let listed = list(&mut store).await.unwrap();
    assert_eq!(listed.len(), 1000);
    assert!(listed.iter().all(|(account, credential)| credential.as_ref().unwrap().account == account.id));
    // All of them are at hand at once; who lacks the app's keys is told which.
    let all = bench.source().await;
    assert_eq!(all.warm().await.unwrap().len(), 1000);
    let at_hand = listed.iter().filter(|(account, _)| all.cached(account.id).is_some()).count();
    assert_eq!(at_hand, 999);
    let one = listed.iter().find(|(account, _)| account.name.as_str() == "one").unwrap().0.id;
    let message = all.current(one).await.unwrap_err().to_string();
    assert!(message.contains("CLEANUP_X_CONSUMER_KEY"), "{message}");
    let key = listed.iter().find(|(account, _)| account.platform == Platform::Aisa).unwrap().0.id;
    let generation = all.current(key).await.unwrap().generation;
    assert!(matches!(all.rejected(key, generation).await, Err(NoToken::NeedLogin { why: Why::Rejected, .. })));
    // A refresh, with the write-ahead log still there.
    let account = bench.log_in("anna", "1", &public_app()).await;
    let source = bench.source().await;
    bench.clock.advance(Duration::from_secs(7200));
    source.current(account).await.unwrap();
    assert!(bench.folder.path().join("queue.db-wal").exists());
    assert_eq!(grep(bench.folder.path()), Vec::<String>::new());
    assert!(!format!("{logins:?} {listed:?} {vault:?} {source:?}").contains("canary"));
    store.close().await;
    drop((source, all));
    assert_eq!(grep(bench.folder.path()), Vec::<String>::new());
}

#[tokio::test]
async fn a_record_moved_to_another_account_does_not_open() {
    let bench = Bench::new(Duration::from_secs(7200)).await;
    let anna = bench.log_in("anna", "1", &public_app()).await;
    let bert = bench.log_in("bert", "2", &public_app()).await;
    let mut store = bench.store().await;
    let stolen = bench.record(anna).await;
    store.accounts().save_login(bert, &stolen.set).await.unwrap();
    let source = bench.source().await;
    let error = source.current(bert).await.unwrap_err();
    assert!(error.to_string().contains("damaged or belong to another account"), "{error}");
    assert!(source.current(anna).await.is_ok());
}

#[tokio::test]
async fn another_key_says_what_to_set_and_an_empty_vault_takes_any() {
    let bench = Bench::new(Duration::from_secs(7200)).await;
    let queue = bench.queue();
    let with = |text: &str| KeyChoice::beside(&queue, Some(Secret::new(text)));
    let mut store = bench.store().await;
    // Nothing is sealed yet, so the key may still change.
    Vault::of(&mut store, &with("the first passphrase")).await.unwrap();
    let vault = Vault::of(&mut store, &with("the second passphrase")).await.unwrap();
    let document = Document::Aisa { key: Secret::new("sk-aisa-canary") };
    let login = cleanup::auth::Login {
        name: "key".parse().unwrap(),
        user: PlatformUser::at_one_address(Platform::Aisa, "key-1".parse().unwrap()),
        document,
        scopes: None,
        expiry: None,
        app: None,
    };
    save_login(&mut store, &vault, &[login], bench.clock.now().wall).await.unwrap();
    let wrong = Vault::of(&mut store, &with("the first passphrase")).await.unwrap_err();
    assert!(matches!(wrong, VaultError::WrongPassphrase) && wrong.to_string().contains("CLEANUP_KEY"), "{wrong}");
    let missing = Vault::of(&mut store, &bench.keys()).await.unwrap_err();
    assert!(matches!(missing, VaultError::PassphraseMissing), "{missing}");
    Vault::of(&mut store, &with("the second passphrase")).await.unwrap();
    // The way on when a key is lost.
    for account in store.accounts().account_ids().await.unwrap() {
        assert!(store.accounts().forget_credential(account).await.unwrap());
    }
    Vault::of(&mut store, &with("a third passphrase..")).await.unwrap();
}
