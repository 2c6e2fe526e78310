//! Reads the queue's files as a thief would, while the queue is open.

#![allow(clippy::unwrap_used)]

use std::collections::{HashMap, HashSet};
use std::path::Path;

use crate::domain::{AccountId, AccountName, Platform, PlatformUser, Wall};
use crate::store::{CredentialKind, Expiry, KeySource, NewCredential, QueueKind, Store, VaultStamp};

/// So many bytes of a sealed login in a row are no coincidence.
const PIECE: usize = 12;

fn set(dice: &mut fastrand::Rng) -> NewCredential {
    let size = dice.usize(60..1_400);
    NewCredential {
        kind: CredentialKind::OAuth2,
        sealed: (0..size).map(|_| dice.u8(..)).collect(),
        scopes: dice.bool().then(|| "tweet.read users.read".to_owned()),
        expiry: Some(Expiry { at: Wall(7), lifetime_ms: 9 }),
        client_id: None,
        confidential: false,
        saved_at: Wall(dice.i64(1..1_000)),
    }
}

fn login(n: u32, set: NewCredential) -> (AccountName, PlatformUser, NewCredential) {
    (format!("a{n}").parse().unwrap(), PlatformUser::at_one_address(Platform::XV2, n.to_string().parse().unwrap()), set)
}

/// The pieces of forgotten logins that are still in a file of the queue.
fn left_of(forgotten: &HashSet<Vec<u8>>, queue: &Path) -> Vec<String> {
    let mut found = Vec::new();
    // Most places are told apart by two bytes, which is much faster than a hash.
    let pair = |piece: &[u8]| usize::from(u16::from_le_bytes([piece[0], piece[1]]));
    let mut begins = vec![false; 1 << 16];
    forgotten.iter().for_each(|piece| begins[pair(piece)] = true);
    for entry in std::fs::read_dir(queue.parent().unwrap()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let bytes = std::fs::read(&path).unwrap();
            let places = bytes.windows(PIECE).enumerate().filter(|(_, piece)| begins[pair(piece)]);
            let hits = places.filter(|(_, piece)| forgotten.contains(*piece));
            found.extend(hits.map(|(at, _)| format!("{} at {at}", path.display())));
        }
    }
    found
}

/// An account's login as this test has written it, and all that was written before.
#[derive(Default)]
struct Written {
    now: HashMap<i64, Vec<u8>>,
    forgotten: HashSet<Vec<u8>>,
}

impl Written {
    fn replace(&mut self, account: AccountId, with: Option<&NewCredential>) {
        let old = match with {
            Some(set) => self.now.insert(account.0, set.sealed.clone()),
            None => self.now.remove(&account.0),
        };
        self.forgotten.extend(old.iter().flat_map(|old| old.chunks_exact(PIECE)).map(<[u8]>::to_vec));
    }
}

/// Logins, refreshes, marks, logouts and removals in any order: after each the files hold nothing of what is over.
#[tokio::test(flavor = "current_thread")]
async fn nothing_of_a_login_that_is_over_is_in_any_file() {
    for seed in 0..4 {
        let mut dice = fastrand::Rng::with_seed(seed);
        let folder = tempfile::tempdir().unwrap();
        let queue = folder.path().join("q.db");
        let mut store = Store::open(&queue, QueueKind::Real).await.unwrap();
        // Somebody else has the queue open, so that no log goes because the last has left.
        let other = Store::reopen(&queue).await.unwrap();
        let mut written = Written::default();
        let first: Vec<_> = (1..=dice.u32(1..40)).map(|n| login(n, set(&mut dice))).collect();
        let accounts = store.accounts().import_logins(&first).await.unwrap();
        for (account, (_, _, set)) in accounts.iter().zip(&first) {
            written.replace(*account, Some(set));
        }
        for step in 0..60 {
            let account = accounts[dice.usize(..accounts.len())];
            let there = store.accounts().credential(account).await.unwrap();
            let what = dice.u8(0..7);
            match (what, there) {
                (0, _) => {
                    let set = set(&mut dice);
                    store.accounts().save_login(account, &set).await.unwrap();
                    written.replace(account, Some(&set));
                }
                (1, Some(there)) => {
                    assert!(store.accounts().need_login(account, there.generation, "rejected").await.unwrap());
                }
                (2, _) => {
                    store.accounts().forget_credential(account).await.unwrap();
                    written.replace(account, None);
                }
                (_, Some(there)) => {
                    let tries = there.refresh_tries + 1;
                    if tries <= 2 {
                        assert!(
                            store.accounts().start_refresh(account, there.generation, tries, Wall(3)).await.unwrap()
                        );
                    }
                    let set = set(&mut dice);
                    assert!(store.accounts().finish_refresh(account, there.generation, &set).await.unwrap());
                    written.replace(account, Some(&set));
                }
                _ => continue,
            }
            assert_eq!(left_of(&written.forgotten, &queue), Vec::<String>::new(), "seed {seed}, step {step}: {what}");
            for (account, sealed) in &written.now {
                assert_eq!(
                    &store.accounts().credential(AccountId(*account)).await.unwrap().unwrap().set.sealed,
                    sealed
                );
            }
        }
        match seed % 2 {
            0 => {
                for account in &accounts {
                    store.accounts().forget_credential(*account).await.unwrap();
                    written.replace(*account, None);
                }
            }
            _ => {
                let gone = accounts[0];
                store.accounts().remove_account(gone, Wall(0)).await.unwrap();
                written.replace(gone, None);
            }
        }
        assert_eq!(left_of(&written.forgotten, &queue), Vec::<String>::new(), "seed {seed}");
        other.close().await;
    }
}

/// Earlier versions left the old bytes where they were: the first logout takes them along, of every account.
#[tokio::test(flavor = "current_thread")]
async fn a_logout_wipes_what_earlier_versions_have_left() {
    let folder = tempfile::tempdir().unwrap();
    let queue = folder.path().join("q.db");
    let mut store = Store::open(&queue, QueueKind::Real).await.unwrap();
    let mut dice = fastrand::Rng::with_seed(5);
    let logins: Vec<_> = (1..=9).map(|n| login(n, set(&mut dice))).collect();
    let accounts = store.accounts().import_logins(&logins).await.unwrap();
    let mut written = Written::default();
    for (account, (_, _, set)) in accounts.iter().zip(&logins) {
        written.replace(*account, Some(set));
        let set = set_of(&mut dice, 60..90);
        let sql = "update credential set sealed = ?2 where account_id = ?1";
        store.db.execute(sql, args![account.0, &set.sealed]).await.unwrap();
        written.replace(*account, Some(&set));
    }
    store.db.execute("pragma wal_checkpoint(truncate)", args![]).await.unwrap();
    assert!(!left_of(&written.forgotten, &queue).is_empty(), "the test shows nothing");
    assert!(store.accounts().forget_credential(accounts[4]).await.unwrap());
    written.replace(accounts[4], None);
    assert_eq!(left_of(&written.forgotten, &queue), Vec::<String>::new());
    assert_eq!(store.accounts().credentials().await.unwrap().len(), 8);
    assert!(!store.accounts().forget_credential(accounts[4]).await.unwrap());
}

/// The same on pages that have become free.
#[tokio::test(flavor = "current_thread")]
async fn a_logout_wipes_free_pages_too() {
    let folder = tempfile::tempdir().unwrap();
    let queue = folder.path().join("q.db");
    let mut store = Store::open(&queue, QueueKind::Real).await.unwrap();
    let mut dice = fastrand::Rng::with_seed(8);
    let logins: Vec<_> = (1..=200).map(|n| login(n, set(&mut dice))).collect();
    let accounts = store.accounts().import_logins(&logins).await.unwrap();
    let mut written = Written::default();
    for (account, (_, _, set)) in accounts.iter().zip(&logins) {
        written.replace(*account, Some(set));
    }
    store.db.execute("delete from credential where account_id <> 7", args![]).await.unwrap();
    accounts.iter().filter(|account| account.0 != 7).for_each(|account| written.replace(*account, None));
    store.db.execute("pragma wal_checkpoint(truncate)", args![]).await.unwrap();
    let (free,): (i64,) = store.db.fetch_one("pragma freelist_count", args![]).await.unwrap();
    assert!(free > 10 && !left_of(&written.forgotten, &queue).is_empty(), "the test shows nothing");
    let pages = std::fs::metadata(&queue).unwrap().len();
    assert!(store.accounts().forget_credential(AccountId(7)).await.unwrap());
    written.replace(AccountId(7), None);
    assert_eq!(left_of(&written.forgotten, &queue), Vec::<String>::new());
    // It does not grow by what was free.
    assert!(std::fs::metadata(&queue).unwrap().len() < pages + pages / 2);
}

fn set_of(dice: &mut fastrand::Rng, size: std::ops::Range<usize>) -> NewCredential {
    let size = dice.usize(size);
    NewCredential { sealed: (0..size).map(|_| dice.u8(..)).collect(), ..set(dice) }
}

/// A reader that does not end keeps the log alive, but neither the change nor the other writers.
#[tokio::test(flavor = "current_thread")]
async fn a_reader_delays_the_wiping_and_prevents_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let queue = folder.path().join("q.db");
    let mut store = Store::open(&queue, QueueKind::Real).await.unwrap();
    let mut dice = fastrand::Rng::with_seed(6);
    let account = store.accounts().import_logins(&[login(1, set(&mut dice))]).await.unwrap()[0];
    let mut written = Written::default();
    let first = store.accounts().credential(account).await.unwrap().unwrap().set;
    written.replace(account, Some(&first));
    let mut reader = Store::reopen(&queue).await.unwrap();
    reader.db.execute("begin", args![]).await.unwrap();
    reader.db.fetch_all::<(i64,)>("select account_id from credential", args![]).await.unwrap();
    let second = set(&mut dice);
    store.accounts().save_login(account, &second).await.unwrap();
    written.replace(account, Some(&second));
    reader.db.execute("rollback", args![]).await.unwrap();
    let stamp = VaultStamp { source: KeySource::Random, check_text: vec![1] };
    store.accounts().stamp_vault(&stamp).await.unwrap();
    assert!(store.accounts().wipe_log().await);
    assert_eq!(left_of(&written.forgotten, &queue), Vec::<String>::new());
}
