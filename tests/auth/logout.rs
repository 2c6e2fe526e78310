//! Logging out: the tokens are revoked at the platform, and whoever holds one in memory forgets it.

use cleanup::auth::{LoggedOut, NoToken, Revoker, Vault, Why, logout};

use super::refresh::{LIFE, why};
use crate::auth::bench::{Bench, public_app, secret_app};

#[tokio::test]
async fn logging_out_revokes_and_forgets() {
    let bench = Bench::new(LIFE).await;
    let id = bench.log_in("anna", "1", &secret_app()).await;
    let current = bench.source_with(Some(secret_app())).await.current(id).await.unwrap();
    let mut store = bench.store().await;
    let vault = Vault::of(&mut store, &bench.keys()).await.unwrap();
    let account = store.accounts().all().await.unwrap().remove(0);
    let (wire, app, places) = (bench.wire(), secret_app(), bench.places());
    let base = bench.sandbox.base_url().parse().unwrap();
    let revoker = Revoker {
        wire: &wire,
        base: &base,
        host: None,
        app: Some(&app),
        places: &places,
        clock: &*bench.clock,
        sign: None,
    };
    let outcome = logout(&mut store, Some(&vault), &revoker, &account).await.unwrap();
    assert!(bench.sandbox.oauth_ledger().revoked >= 1);
    assert_eq!(outcome, LoggedOut::Revoked);
    assert_eq!(bench.whose(&current.credentials).await, None);
    assert!(store.accounts().credential(id).await.unwrap().is_none());
    assert_eq!(why(bench.source().await.current(id).await), Why::Missing);
    let again = logout(&mut store, Some(&vault), &revoker, &account).await.unwrap();
    assert_eq!(again, LoggedOut::WasNot);
}

/// Whoever sends for an account holds its token in memory: it is not used once somebody has logged the account out.
#[tokio::test]
async fn a_token_in_memory_is_forgotten_when_its_account_is_logged_out() {
    let bench = Bench::new(LIFE).await;
    let (anna, bert) = (bench.log_in("anna", "1", &public_app()).await, bench.log_in("bert", "2", &public_app()).await);
    let source = bench.source().await;
    for account in [anna, bert] {
        source.current(account).await.unwrap();
        assert!(source.was_logged_out(account).await.unwrap().is_none());
    }
    let before = bench.store().await.read().change_counters().await.unwrap().generation;
    assert!(bench.store().await.accounts().forget_credential(anna).await.unwrap());
    assert!(bench.store().await.read().change_counters().await.unwrap().generation > before, "whoever drains notices");
    assert!(source.cached(anna).is_some(), "that is why it has to be asked");
    let gone = source.forget_logged_out().await.unwrap();
    assert!(matches!(&gone[..], [(account, NoToken::NeedLogin { why: Why::LoggedOut, .. })] if *account == anna));
    assert!(source.cached(anna).is_none() && source.cached(bert).is_some());
    assert!(source.forget_logged_out().await.unwrap().is_empty(), "told once");
    assert_eq!(why(source.current(anna).await), Why::Missing);
    // Asked for one account, as a reading does before each page.
    bench.store().await.accounts().forget_credential(bert).await.unwrap();
    let error = source.was_logged_out(bert).await.unwrap().unwrap();
    assert!(error.to_string().contains("bert needs a login: it was logged out"), "{error}");
    assert!(source.was_logged_out(bert).await.unwrap().is_none() && source.cached(bert).is_none());
}
