//! Logging in on the page of a Bluesky server: tokens that are bound to a key, nonces that servers want, and who may have granted it.

use cleanup::sandbox::{NonceRule, Sandbox, TokenFault};

use crate::account::bench::{Bench, Waiting, press, visit};
use crate::common::{Done, sql};

const USER: &str = "4242";

fn did(user: &str) -> String {
    Sandbox::bluesky_did(user.parse().unwrap())
}

/// Begins a login at the sandbox.
fn begin(bench: &Bench, words: &[&str]) -> Waiting {
    let (host, directory) = (bench.host(), format!("{}/plc", bench.sandbox.base_url()));
    let words = [&["account", "login"], words, &["--platform", "bluesky", "--host", &host]].concat();
    bench.begin(&words, &[("CLEANUP_PLC_DIRECTORY", &directory)])
}

/// A whole login, headless, as `user`.
pub(super) fn log_in(bench: &Bench, name: &str, actions: &str, user: &str) -> Done {
    let waiting = begin(bench, &[name, "--headless", "--actions", actions]);
    let back = press(&waiting.url, "allow", user).unwrap();
    waiting.paste(&back)
}

fn files_hold(bench: &Bench, secret: &str) -> bool {
    let folder = std::fs::read_dir(bench.queue_file().parent().unwrap()).unwrap();
    let files = folder.map(|file| std::fs::read(file.unwrap().path()).unwrap_or_default());
    files.into_iter().any(|bytes| bytes.windows(secret.len()).any(|part| part == secret.as_bytes()))
}

/// Lists the account's follows and writes the first of them into a job file.
fn job_of_follows(bench: &Bench, account: &str, rows: usize) {
    let rows = rows.to_string();
    bench.run(&["list", "following", "--account", account, "--limit", &rows, "-o", "unfollow.csv"]).ends(0);
}

/// Attempts by what their answers meant.
fn attempts(bench: &Bench, finding: &str) -> i64 {
    sql::number(bench.queue(), &format!("select count(*) from attempt where finding = '{finding}'"))
}

#[test]
fn a_login_for_one_action_does_that_and_nothing_else() {
    let bench = Bench::new();
    let host = bench.host();
    let waiting = begin(&bench, &["sky", "--headless", "--actions", "unfollow"]);
    assert!(
        waiting.url.starts_with("http://localhost:") && waiting.url.contains("/authorize?client_id="),
        "{}",
        waiting.url
    );
    // What is asked for was pushed: the address says nothing of this login.
    assert!(!waiting.url.contains("state=") && !waiting.url.contains("challenge"), "{}", waiting.url);
    let back = press(&waiting.url, "allow", USER).unwrap();
    let done = waiting.paste(&back).ends(0);
    let done = done.says(&format!("logged in: sky is user {} on bluesky at {host}", did(USER)));
    let done = done.says("atproto repo:app.bsky.graph.follow?action=delete").says("the login lasts until");
    let code = back.split("code=").nth(1).unwrap().split('&').next().unwrap().to_owned();
    assert!(!done.err.contains("sbx-") && !done.err.contains(&code), "{}", done.err);
    for secret in ["sbx-bat", "sbx-ref", "sbx-cod", &code] {
        assert!(!files_hold(&bench, secret), "{secret} is in clear");
    }

    let list = bench.run(&["account", "list", "--json"]).ends(0).json();
    let account = &list["accounts"][0];
    assert_eq!((&account["kind"], &account["host"]), (&"dpop".into(), &host.as_str().into()));
    assert_eq!(account["actions"], serde_json::json!(["unfollow"]));
    let check = bench.run(&["account", "check", "sky"]).ends(0);
    check.says(&format!("the platform says it is user {}", did(USER))).says("at the most");
    let told = bench.run(&["-vv", "account", "check", "sky"]).ends(0);
    assert!(!told.err.contains("sbx-") && !told.err.contains("eyJ"), "{}", told.err);
    let unlike = bench.run(&["account", "check", "sky", "--actions", "unlike"]).ends(77);
    unlike.says("repo:app.bsky.feed.like?action=delete").says("cleanup account login sky --actions unfollow,unlike");

    // Who follows back and who is still there is public, and a login for unfollow may read it; likes of others are not asked for.
    bench.run(&["list", "following", "--account", "sky", "--not-following-back", "--limit", "1"]).ends(0);
    bench.run(&["list", "following", "--account", "sky", "--ghosts", "--limit", "1"]).ends(0);
    bench
        .run(&["list", "mutes", "--account", "sky", "--limit", "1"])
        .ends(77)
        .says("rpc:app.bsky.graph.getMutes?aud=*");
    job_of_follows(&bench, "sky", 8);
    bench.run(&["run", "unfollow.csv", "--account", "sky", "--yes", "--pace", "front-load"]).ends(0).says("8 done");
    assert_eq!((attempts(&bench, "done"), attempts(&bench, "unproven"), attempts(&bench, "unauthorized")), (8, 0, 0));
    // What it was not granted is told before anything is sent, and refused where it is sent all the same.
    bench.write("unlike.csv", format!("target_id\nat://{}/app.bsky.feed.post/3l6oveex3ii2l\n", did("7")));
    let list = bench.run(&["list", "likes", "--account", "sky", "--limit", "1", "-o", "unlike.csv", "--force"]);
    list.ends(0);
    let refused = bench.run(&["run", "unlike.csv", "--account", "sky", "--yes", "--pace", "front-load"]).ends(77);
    refused.says("repo:app.bsky.feed.like?action=delete").says("cleanup account login sky");

    bench.run(&["account", "logout", "sky"]).ends(0).says("revoked at the platform and deleted here");
    let ledger = bench.sandbox.bound_ledger();
    assert_eq!((ledger.pushed, ledger.exchanged, ledger.refreshed, ledger.revoked), (1, 1, 0, 1));
}

#[test]
fn the_browser_comes_back_with_the_servers_name_and_another_login_replaces_the_first() {
    let bench = Bench::new();
    let waiting = begin(&bench, &["--browser"]);
    let back = press(&waiting.url, "allow", USER).unwrap();
    assert!(back.starts_with("http://127.0.0.1:"), "{back}");
    // Another server answers in this one's place.
    let (status, page) = visit(&back.replace("localhost", "127.0.0.1"));
    assert!(status == 400 && page.contains("another server"), "{status} {page}");
    assert_eq!(visit(&back).0, 200);
    let done = waiting.end().ends(0);
    let name = done.err.split("logged in: ").nth(1).unwrap().split(' ').next().unwrap().to_owned();
    assert!(name.starts_with("bluesky-") && name.ends_with(".sandbox.test"), "{name}");
    let denied = begin(&bench, &["other", "--browser"]);
    visit(&press(&denied.url, "deny", USER).unwrap());
    denied.end().ends(77).says("access was not granted: access_denied");
    // Somebody else's yes is no login of this account, and is taken back.
    let waiting = begin(&bench, &[&name, "--headless"]);
    let back = press(&waiting.url, "allow", "77").unwrap();
    waiting.paste(&back).ends(2).says("nothing was changed").says("are revoked at the platform");
    log_in(&bench, &name, "unfollow,follow", USER).ends(0).says("the earlier login of");
    assert_eq!(bench.sandbox.bound_ledger().revoked, 2);
    assert_eq!(bench.run(&["account", "list", "--json"]).ends(0).json()["accounts"].as_array().unwrap().len(), 1);
    // An app password replaces it as well.
    let host = bench.host();
    let words = ["account", "login", &name, "--platform", "bluesky", "--host", &host];
    let identity = format!("{}\n{}\n", did(USER), Sandbox::app_password());
    bench.feed(&words, &identity).ends(0).says("the earlier login of").says("the session lasts until");
    assert_eq!(bench.sandbox.bound_ledger().revoked, 3);
}

#[test]
fn only_the_server_that_the_account_names_may_grant_it() {
    let bench = Bench::new();
    let waiting = begin(&bench, &["sky", "--headless"]);
    let back = press(&waiting.url, "allow", USER).unwrap();
    waiting.paste(&back.replace("code=", "code=x")).ends(77).says("refused: invalid_grant");
    // The directory does not know whose login it is.
    let host = bench.host();
    let words = ["account", "login", "sky", "--headless", "--platform", "bluesky", "--host", &host];
    let nowhere = format!("{}/nowhere", bench.sandbox.base_url());
    let waiting = bench.begin(&words, &[("CLEANUP_PLC_DIRECTORY", &nowhere)]);
    let back = press(&waiting.url, "allow", USER).unwrap();
    waiting.paste(&back).ends(77).says("where did:plc:").says("are revoked at the platform");
    assert_eq!(bench.run(&["account", "list", "--json"]).ends(0).json()["accounts"], serde_json::json!([]));
    let wrong = bench.feed(&[&words[..], &["--actions", "unfollow"]].concat(), "");
    wrong.ends(2);
}

#[test]
fn a_login_is_refreshed_for_its_key_and_lost_answers_are_asked_for_once_more() {
    let bench = Bench::new();
    log_in(&bench, "sky", "unfollow", USER).ends(0);
    let age = |left: i64| {
        let at = jiff::Timestamp::now().as_millisecond() + left * 1_000;
        sql::change(bench.queue(), &format!("update credential set expires_at = {at}"));
    };
    age(-1);
    bench.run(&["account", "check", "sky"]).ends(0);
    assert_eq!(bench.sandbox.bound_ledger().refreshed, 1);
    // The server is busy: nothing is used up.
    age(-1);
    bench.sandbox.fault_tokens([TokenFault::Busy]);
    bench.run(&["account", "check", "sky"]).ends(69);
    bench.run(&["account", "check", "sky"]).ends(0);
    assert_eq!((bench.sandbox.bound_ledger().refreshed, bench.sandbox.bound_ledger().reused), (2, 0));
    // The answer is lost, and the server takes no refresh token twice: a person has to log in again.
    age(-1);
    bench.sandbox.fault_tokens([TokenFault::LoseAfter]);
    bench.run(&["account", "check", "sky"]).ends(69);
    bench.run(&["account", "check", "sky"]).ends(77).says("cleanup account login sky");
    assert_eq!(bench.sandbox.bound_ledger().reused, 1);
    log_in(&bench, "sky", "unfollow", USER).ends(0);
    bench.run(&["account", "check", "sky"]).ends(0);
}

#[test]
fn a_nonce_that_a_server_forgets_costs_an_attempt_and_no_rows_try() {
    let bench = Bench::new();
    log_in(&bench, "sky", "unfollow", USER).ends(0);
    job_of_follows(&bench, "sky", 20);
    bench.sandbox.set_nonces(NonceRule::Uses(5));
    let run = ["run", "unfollow.csv", "--account", "sky", "--yes", "--pace", "front-load", "--workers", "1"];
    bench.run(&run).ends(0).says("20 done");
    let (done, unproven) = (attempts(&bench, "done"), attempts(&bench, "unproven"));
    assert!(done == 20 && (3..=6).contains(&unproven), "{done} {unproven}");
    assert_eq!(sql::number(bench.queue(), "select sum(troubles) from task"), 0);
    assert_eq!(bench.sandbox.bound_ledger().refreshed, 0);
}

#[test]
fn a_server_that_refuses_every_nonce_stops_the_account() {
    let bench = Bench::new();
    log_in(&bench, "sky", "unfollow", USER).ends(0);
    job_of_follows(&bench, "sky", 3);
    bench.sandbox.set_nonces(NonceRule::Never);
    bench.run(&["account", "check", "sky"]).ends(77).says("the platform refuses these credentials");
    let run = ["run", "unfollow.csv", "--account", "sky", "--yes", "--pace", "front-load", "--give-up-after", "2s"];
    bench.run(&run).ends(69);
    let (unproven, unauthorized) = (attempts(&bench, "unproven"), attempts(&bench, "unauthorized"));
    assert!(unproven <= 6 && (1..=6).contains(&unauthorized), "{unproven} {unauthorized}");
    assert_eq!(sql::number(bench.queue(), "select sum(troubles) from task"), 0);
    bench.sandbox.set_nonces(NonceRule::Rotating);
    bench.run(&run).ends(0).says("3 done");
}
