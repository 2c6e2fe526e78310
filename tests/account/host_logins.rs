//! Logging in at a server of the account's own, where an app is registered for each login.

use cleanup::clock::SystemClock;
use cleanup::sandbox::HostVersion;

use crate::account::bench::{Bench, Waiting, press, visit};

const USER: &str = "4242";

/// Begins a login at the sandbox.
fn begin(bench: &Bench, words: &[&str]) -> Waiting {
    let host = bench.host();
    bench.begin(&[&["account", "login"], words, &["--platform", "mastodon", "--host", &host]].concat(), &[])
}

/// The code on the page that a person is shown.
fn code(url: &str, user: &str) -> String {
    let shown = press(url, "allow", user).unwrap();
    let (place, _) = url.split_once("/oauth/").unwrap();
    let (status, page) = visit(&format!("{place}{shown}"));
    assert_eq!(status, 200);
    let (_, rest) = page.split_once("<code id=\"code\">").unwrap();
    rest.split_once('<').unwrap().0.to_owned()
}

fn files_hold(bench: &Bench, secret: &str) -> bool {
    let folder = std::fs::read_dir(bench.queue_file().parent().unwrap()).unwrap();
    let files = folder.map(|file| std::fs::read(file.unwrap().path()).unwrap_or_default());
    files.into_iter().any(|bytes| bytes.windows(secret.len()).any(|part| part == secret.as_bytes()))
}

#[test]
fn a_headless_login_registers_an_app_and_logs_in_runs_and_ends() {
    let bench = Bench::new();
    let host = bench.host();
    let waiting = begin(&bench, &["fedi", "--headless", "--actions", "unfollow,unlike"]);
    assert!(waiting.url.contains("redirect_uri=urn%3Aietf%3Awg%3Aoauth%3A2.0%3Aoob"), "{}", waiting.url);
    assert!(waiting.url.contains("code_challenge_method=S256"), "{}", waiting.url);
    let code = code(&waiting.url, USER);
    let done = waiting.paste(&code).ends(0);
    let done = done.says(&format!("logged in: fedi is user {USER} on mastodon at {host}"));
    let done = done.says("write:follows write:favourites read:accounts read:favourites");
    assert!(!done.err.contains("sbx-host") && !done.err.contains("app-secret") && !done.err.contains(&code));
    for secret in ["sbx-host-at", "sbx-app-secret", "sbx-app-"] {
        assert!(!files_hold(&bench, secret), "{secret} is in clear");
    }

    let list = bench.run(&["account", "list", "--json"]).ends(0).json();
    let account = &list["accounts"][0];
    assert_eq!((&account["kind"], &account["host"]), (&"oauth2".into(), &host.as_str().into()));
    assert_eq!(account["actions"], serde_json::json!(["unfollow", "unlike", "remove-follower", "unfollow-tag"]));
    assert_eq!((&account["expires_at"], &account["client_id"]), (&().into(), &().into()));
    bench.run(&["account", "check"]).ends(0).says(&format!("the platform says it is user {USER}"));
    let unmute = bench.run(&["account", "check", "fedi", "--actions", "unmute"]).ends(77);
    unmute
        .says("write:mutes")
        .says("cleanup account login fedi --actions unfollow,unlike,remove-follower,unfollow-tag,unmute");

    bench.write("unfollow.csv", "account,target_id\nfedi,1000000000000000008\n");
    bench.run(&["run", "unfollow.csv", "--yes", "--pace", "front-load"]).ends(0).says("1 done");
    bench.run(&["list", "following", "--account", "fedi", "--limit", "1"]).ends(0);
    bench.write("unmute.csv", "account,target_id\nfedi,1000000000000000008\n");
    let refused = bench.run(&["run", "unmute.csv", "--yes", "--pace", "front-load"]).ends(77);
    refused.says("cleanup account login fedi");
    // What was not granted stops that action alone.
    let rows = "fedi,unmute,1000000000000000009\nfedi,unlike,1000000000000000010\nfedi,unlike,1000000000000000012\n";
    bench.write("mixed.csv", format!("account,action,target_id\n{rows}"));
    let run = bench.run(&["run", "mixed.csv", "--yes", "--pace", "front-load", "--json"]).ends(77);
    let json = run.json();
    let login = "account login fedi --actions unfollow,unlike,remove-follower,unfollow-tag,unmute";
    run.says("scope_missing").says("write:mutes").says(login);
    let status = bench.run(&["status"]).ends(0);
    assert_eq!(status.out.matches(login).count(), 1, "{}", status.out);
    let hint = bench.run(&["status", "--json"]).ends(0).json()["accounts"][0]["needs_person"]["hint"].clone();
    assert!(hint.as_str().unwrap().contains(login), "{hint}");
    let mixed = json["jobs"].as_array().unwrap().iter().find(|job| job["job"] == "mixed").unwrap();
    assert_eq!((&mixed["done"], &mixed["pending"]), (&2.into(), &1.into()), "{json}");

    bench.run(&["account", "logout", "fedi"]).ends(0).says("revoked at the platform and deleted here");
    let ledger = bench.sandbox.host_oauth_ledger();
    assert_eq!((ledger.registered, ledger.exchanged, ledger.verified, ledger.revoked), (1, 1, 1, 1));
    // What is on record of the account still says where it is.
    let again = bench.begin(&["account", "login", "fedi", "--headless"], &[]);
    assert!(again.url.starts_with(&format!("http://{host}/oauth/authorize?")), "{}", again.url);
    again.paste("wrong-code").ends(77).says("refused: invalid_grant");
}

/// Before anybody is followed again it is looked whom the account follows already. A login that may not look restores the rest.
#[test]
fn a_login_that_may_not_look_at_relationships_restores_what_it_may() {
    let bench = Bench::new();
    let log_in = |actions: &str| begin(&bench, &["fedi", "--headless", "--actions", actions]).paste_code(USER).ends(0);
    log_in("remove-follower,unmute");
    let rows = "fedi,unfollow,1000000000000000008\nfedi,unmute,1000000000000000009\n";
    bench.write("mixed.csv", format!("account,action,target_id\n{rows}"));
    bench.run(&["run", "mixed.csv", "--yes", "--pace", "front-load"]).ends(0).says("2 done");
    let restored = bench.run(&["undo", "mixed", "--apply", "--yes", "--pace", "front-load", "--json"]).ends(77);
    let json = restored.json();
    restored.says("scope_missing").says("read:follows").says("its other actions continue");
    let job = &json["jobs"][0];
    assert_eq!((&job["done"], &job["pending"]), (&1.into(), &1.into()), "{json}");
    log_in("unfollow,unmute").says("read:follows");
    bench.run(&["undo", "mixed", "--apply", "--yes", "--pace", "front-load"]).ends(0).says("2 done");
}

#[test]
fn the_browser_comes_back_to_a_port_of_this_login() {
    let bench = Bench::new();
    let waiting = begin(&bench, &["--actions", "unmute"]);
    let back = press(&waiting.url, "allow", USER).unwrap();
    assert!(back.starts_with("http://127.0.0.1:") && !back.starts_with(&bench.redirect), "{back}");
    let (stolen, _) = back.split_once('?').unwrap();
    let (status, page) = visit(&format!("{stolen}?code=stolen&state=other"));
    assert!(status == 400 && page.contains("another login"), "{status} {page}");
    let (status, _) = visit(&back);
    assert_eq!(status, 200);
    waiting.end().ends(0).says(&format!("logged in: mastodon-{USER} is user {USER} on mastodon"));
    bench.run(&["account", "check", &format!("mastodon-{USER}")]).ends(0);
    let denied = begin(&bench, &["other", "--actions", "unmute"]);
    visit(&press(&denied.url, "deny", USER).unwrap());
    denied.end().ends(77).says("access was not granted: access_denied");
    assert_eq!(bench.run(&["account", "list", "--json"]).ends(0).json()["accounts"].as_array().unwrap().len(), 1);
}

#[test]
fn an_older_server_is_not_asked_for_what_it_does_not_know() {
    let bench = Bench::like(7200, SystemClock::shared(), HostVersion::Old);
    let waiting = begin(&bench, &["fedi", "--headless", "--actions", "unlike"]);
    assert!(!waiting.url.contains("code_challenge"), "{}", waiting.url);
    let done = waiting.paste_code(USER).ends(0);
    done.says(": write:favourites read:favourites read:search read:accounts");
    assert_eq!((bench.sandbox.host_oauth_ledger().exchanged, bench.sandbox.host_oauth_ledger().verified), (1, 0));
    bench.run(&["account", "check", "fedi"]).ends(0);
}

#[test]
fn a_login_for_little_asks_for_little() {
    let bench = Bench::new();
    begin(&bench, &["fedi", "--headless", "--actions", "unlike"])
        .paste_code(USER)
        .ends(0)
        .says(": write:favourites read:favourites read:search profile");
    bench.run(&["account", "check", "fedi"]).ends(0);
    bench.run(&["list", "likes", "--account", "fedi", "--limit", "1"]).ends(0);
    bench.run(&["list", "mutes", "--account", "fedi", "--limit", "1"]).ends(77).says("read:mutes");
}

#[test]
fn an_account_stays_the_user_it_is_and_an_earlier_login_ends() {
    let bench = Bench::new();
    let host = bench.host();
    let login = |user| begin(&bench, &["fedi", "--headless", "--actions", "unmute"]).paste_code(user);
    login("77").ends(0);
    let other = login("78").ends(2);
    let other = other.says(&format!("fedi is user 77 on mastodon at {host}, but this login is user 78"));
    other.says("are revoked at the platform");
    assert_eq!(bench.sandbox.host_oauth_ledger().revoked, 1);
    login("77").ends(0).says(&format!("the earlier login of fedi is revoked at {host}"));
    let ledger = bench.sandbox.host_oauth_ledger();
    assert_eq!((ledger.registered, ledger.revoked), (3, 2), "each login has an app of its own");
    bench.run(&["account", "check", "fedi"]).ends(0);

    let add = ["account", "add", "fedi", "--platform", "mastodon", "--host", &host];
    bench.feed(&add, "sandbox-77\n").ends(0);
    bench.run(&["account", "logout", "fedi"]).ends(0).says(&format!("https://{host}/settings/applications"));
    bench.feed(&add, "sandbox-77\n").ends(0);
    login("77")
        .ends(0)
        .says("the earlier token of fedi stays valid")
        .says(&format!("https://{host}/settings/applications"));
}

#[test]
fn a_login_says_where_it_goes() {
    let bench = Bench::new();
    let login = ["account", "login", "fedi", "--headless"];
    let at = |more: &[&str]| bench.run(&[&login[..], more].concat());
    at(&["--platform", "mastodon"]).ends(2).says("--host example.social");
    at(&["--host", "example.social"]).ends(2).says("leave --host out");
    at(&["--platform", "mastodon", "--host", "https://example.social/"]).ends(2);
    at(&["--platform", "mastodon", "--host", "127.0.0.1:1"]).ends(69).says("no connection");
    begin(&bench, &["fedi", "--headless", "--actions", "unmute"]).paste_code("77").ends(0);
    at(&["--host", "example.social"]).ends(2).says("not at example.social");
    let named = bench.run(&["run", "x.csv", "--platform", "mastodon"]);
    assert_ne!(named.code, 0);
    // Whoever ends the login at the server is asked to log in, and told how.
    bench.sandbox.trouble(
        "mastodon:77".parse::<cleanup::sandbox::KnownUser>().unwrap(),
        Some(cleanup::sandbox::Trouble::named("revoke").unwrap()),
    );
    bench.run(&["account", "check", "fedi"]).ends(77).says("`cleanup account login fedi` logs in again");
}

impl Waiting {
    fn paste_code(self, user: &str) -> crate::account::bench::Done {
        let code = code(&self.url, user);
        self.paste(&code)
    }
}
