//! A platform whose certificate nobody vouches for: what is said of it, and what is counted.

use std::sync::atomic::Ordering;

use crate::common::tls::{AUTHORITY, server};
use crate::common::{Home, RunToEnd, USER, ids};

#[test]
fn a_bad_certificate_is_called_one_and_counts_as_nothing() {
    let home = Home::new();
    let (url, requests) = server();
    home.write("unfollow.csv", ids(3));
    let with = |words: &[&str], user: Option<&str>| {
        let mut command = home.cleanup(words);
        command.env("CLEANUP_X_API", &url).env("CLEANUP_X_TOKEN", "a-token").env("SSL_CERT_FILE", AUTHORITY);
        command.envs(user.map(|user| ("CLEANUP_X_USER_ID", user))).done()
    };
    let words =
        ["run", "unfollow.csv", "--yes", "--json", "--give-up-after", "1s", "--max-requests", "2", "--rate", "1000/1s"];
    let run = with(&words, Some(USER));
    assert_eq!((run.code, &run.summary()["requests"]), (69, &0.into()), "{} {}", run.out, run.err);
    let said = run.err;
    assert!(
        said.contains("the certificate of the server is not accepted (") && said.contains("UnknownIssuer"),
        "{said}"
    );
    assert!(!said.contains("is the network up"), "{said}");
    // Pages that were never asked for use no --max-requests up either.
    let list = with(&["list", "following", "--give-up-after", "1s", "--max-requests", "1"], Some(USER));
    let said = list.err;
    assert_eq!(list.code, 69, "{said}");
    assert!(said.contains("the certificate of the server is not accepted ("), "{said}");
    // Whoever asks the platform who somebody is hears the same.
    let home = with(&["list", "following"], None);
    let said = home.err;
    assert_eq!(home.code, 69, "{said}");
    assert!(said.contains("the certificate of the server") && !said.contains("check the network"), "{said}");
    assert_eq!(requests.load(Ordering::SeqCst), 0);
}
