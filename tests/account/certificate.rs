//! A refresh that meets a certificate nobody vouches for.

use std::sync::atomic::Ordering;

use crate::account::bench::{Bench, USER, ids};
use crate::common::tls::{AUTHORITY, server};
use crate::common::{RunToEnd, sql};

#[test]
fn a_refresh_says_that_it_was_the_certificate() {
    let bench = Bench::new();
    bench.log_in("work", USER, "unfollow").ends(0);
    bench.write("unfollow.csv", ids(2));
    // Its access token is over, so that the run asks for another one first.
    sql::change(bench.queue(), "update credential set expires_at = saved_at - 1000");
    let (url, requests) = server();
    let words = ["run", "unfollow.csv", "--yes", "--give-up-after", "1s", "--account", "work"];
    let done = bench.run_with(&words, &[("CLEANUP_X_API", &url), ("SSL_CERT_FILE", AUTHORITY)]).ends(69);
    assert!(done.err.contains("the certificate of the server is not accepted ("), "{}", done.err);
    assert!(!done.err.contains("is the network up"), "{}", done.err);
    assert_eq!(requests.load(Ordering::SeqCst), 0);
}

#[test]
fn a_login_says_so_too() {
    let bench = Bench::new();
    let (url, requests) = server();
    let mut login = bench.cleanup(&["account", "login", "--platform", "aisa"]);
    login.env("CLEANUP_AISA_API", &url).env("SSL_CERT_FILE", AUTHORITY);
    let done = login.fed("sk-canary-of-this-test\n").ends(69);
    assert!(done.err.contains("the certificate of the server is not accepted ("), "{}", done.err);
    assert!(!done.err.contains("check the network"), "{}", done.err);
    assert_eq!(requests.load(Ordering::SeqCst), 0);
}
