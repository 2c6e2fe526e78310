//! Whose archive it is: refused for another account.

use cleanup::domain::{Platform, PlatformUser};
use cleanup::store::{QueueKind, Store};

use super::archive::write;
use super::zipper::{File, USER, today, zip};
use crate::common::{Home, wait};

/// An account of Mastodon at a server.
pub(super) fn know_at(home: &Home, name: &str, host: &str, user: &str) {
    std::fs::create_dir_all(home.queue_file().parent().unwrap()).unwrap();
    wait(async {
        let mut store = Store::open(&home.queue(), QueueKind::Real).await.unwrap();
        let user = PlatformUser { platform: Platform::Mastodon, host: host.parse().ok(), id: user.parse().unwrap() };
        store.accounts().ensure_accounts(&[(name.parse().unwrap(), user)]).await.unwrap();
        store.close().await;
    });
}

fn know(home: &Home, name: &str, platform: Platform, user: &str) {
    std::fs::create_dir_all(home.queue_file().parent().unwrap()).unwrap();
    wait(async {
        let mut store = Store::open(&home.queue(), QueueKind::Real).await.unwrap();
        store.accounts().ensure_account(&name.parse().unwrap(), platform, &user.parse().unwrap()).await.unwrap();
        store.close().await;
    });
}

#[test]
fn an_archive_is_refused_for_another_account() {
    let home = Home::new();
    write(&home, "a.zip", &zip(&today()));
    let as_account = |name: &str| home.run(&["import", "a.zip", "--what", "mutes", "--account", name]);
    let done = as_account("ada").ends(2);
    assert!(done.err.contains("no account is called ada") && done.out.is_empty(), "{}", done.err);
    assert!(!home.queue_file().exists(), "asking made no queue");
    know(&home, "ada", Platform::XV2, USER);
    know(&home, "bob", Platform::XV1, "7");
    know(&home, "gate", Platform::Aisa, "aisa-0123");
    assert!(as_account("ada").ends(0).out.contains("\n31,"));
    let done = as_account("bob").ends(65);
    assert!(done.err.contains("archive of user 2244994945, and bob is user 7") && done.out.is_empty(), "{}", done.err);
    assert!(as_account("gate").ends(2).err.contains("AIsa"));
    let nameless = File::new("data/mute.js", "window.YTD.mute.part0 = []");
    write(&home, "a.zip", &zip(&[nameless]));
    assert!(as_account("ada").ends(65).err.contains("does not say whose"));
}

#[test]
fn the_environment_may_say_who_an_account_is() {
    let home = Home::new();
    write(&home, "a.zip", &zip(&today()));
    let words = ["import", "a.zip", "--what", "mutes", "--account", "ada"];
    home.run_with(&words, &[("CLEANUP_X_USER_ID", USER)]).ends(0);
    home.run_with(&words, &[("CLEANUP_X_USER_ID", "7")]).ends(65);
}
