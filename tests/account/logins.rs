//! Logging in and out, one account at a time.

use std::os::unix::fs::PermissionsExt;

use crate::account::bench::{Bench, KEY, USER, press, visit};
use crate::common::make_program;

#[test]
fn a_headless_login_is_kept_listed_checked_and_revoked() {
    let bench = Bench::new();
    let done = bench.log_in("work", USER, "unfollow,unlike").ends(0).says("logged in: work is user 2244994945");
    assert!(!done.err.contains("sbx-") && !done.out.contains("sbx-"));
    let list = bench.run(&["account", "list", "--json"]).ends(0).json();
    let account = &list["accounts"][0];
    assert_eq!((&account["name"], &account["user_id"]), (&"work".into(), &USER.into()));
    assert_eq!((&account["kind"], &account["login_needed"]), (&"oauth2".into(), &serde_json::Value::Null));
    assert_eq!(account["actions"], serde_json::json!(["unfollow", "unlike"]));
    let table = bench.run(&["account", "list"]).ends(0);
    assert!(table.out.starts_with("NAME  PLATFORM  USER") && table.out.contains("unfollow,unlike"), "{}", table.out);
    bench.run(&["account", "check"]).ends(0).says("work: good").says("it is user 2244994945");
    bench.run(&["account", "check", "work", "--actions", "unmute"]).ends(77).says("mute.write");
    bench.run(&["account", "check", "wrok"]).ends(2).says("accounts: work");
    bench.run(&["account", "logout", "work"]).ends(0).says("revoked at the platform and deleted here");
    assert_eq!(bench.sandbox.oauth_ledger().revoked, 2, "refresh and access token");
    bench.run(&["account", "logout", "work"]).ends(0).says("not logged in");
    bench.run(&["account", "check"]).ends(77).says("cleanup account login work");
    bench.run(&["account", "remove", "work"]).ends(0).says("removed: work");
    assert_eq!(bench.run(&["account", "list", "--json"]).ends(0).json()["accounts"], serde_json::json!([]));
    bench.run(&["account", "remove", "work"]).ends(2);
}

#[test]
fn the_browser_comes_back_to_loopback() {
    let bench = Bench::new();
    let waiting = bench.begin(&["account", "login", "--actions", "unmute"], &[]);
    // Somebody else's answer does not end the wait.
    let (status, page) = visit(&format!("{}?code=stolen&state=other", bench.redirect));
    assert_eq!(status, 400);
    assert!(page.contains("another login"));
    let back = press(&waiting.url, "allow", "4242").unwrap();
    let (status, _) = visit(&back);
    assert_eq!(status, 200);
    waiting.end().ends(0).says("no browser could be opened").says("logged in: x-4242 is user 4242");
    // Who may do more later keeps what he had.
    let again = bench.begin(&["account", "login", "x-4242", "--headless"], &[]);
    assert!(again.url.contains("mute.write") && !again.url.contains("like.write"), "{}", again.url);
    let told = again.paste("").ends(2).says("stdin holds no").says("this login is for unmute");
    told.says("`cleanup account login x-4242 --actions unmute,ACTION`; others are unfollow,");
}

#[test]
fn the_address_goes_to_what_opens_browsers() {
    let bench = Bench::new();
    // What stands in for the desktop's opener notes its arguments; the note appears whole.
    let script = bench.write("script", "#!/bin/sh\necho \"$@\" >\"$0.tmp\" && /bin/mv \"$0.tmp\" \"$0.seen\"\n");
    make_program(&script, &bench.path("xdg-open"));
    let waiting = bench.begin(&["account", "login", "--actions", "unmute"], &[]);
    let (url, seen) = (waiting.url.clone(), bench.path("xdg-open.seen"));
    let begun = std::time::Instant::now();
    while !cfg!(target_os = "macos") && !seen.exists() {
        assert!(begun.elapsed().as_secs() < 60, "nobody called the opener");
        std::thread::yield_now();
    }
    visit(&press(&url, "allow", "4242").unwrap());
    waiting.end().ends(0).says("your browser opens");
    if !cfg!(target_os = "macos") {
        assert_eq!(std::fs::read_to_string(&seen).unwrap().trim(), url);
    }
}

#[test]
fn answers_that_are_not_ours_are_refused() {
    let bench = Bench::new();
    let words = ["account", "login", "work", "--headless"];
    let first = bench.begin(&words, &[]);
    let other = bench.begin(&words, &[]);
    let back = press(&first.url, "allow", USER).unwrap();
    other.paste(&back).ends(77).says("its state differs");
    first.paste(&press_deny(&bench)).ends(77).says("its state differs");
    let denied = bench.begin(&words, &[]);
    let back = press(&denied.url, "deny", USER).unwrap();
    denied.paste(&back).ends(77).says("access was not granted");
    let wrong = bench.begin(&words, &[]);
    wrong.paste("code-of-nobody").ends(77).says("refused");
    // The redirect address is exact.
    let config = bench.write("other.toml", "[x]\nredirect = \"http://127.0.0.1:9999/callback\"\n");
    let unregistered = bench.begin(&words, &[("CLEANUP_CONFIG", config.to_str().unwrap())]);
    assert!(press(&unregistered.url, "allow", USER).is_none());
    unregistered.paste("nothing came").ends(77);
    assert_eq!(bench.run(&["account", "list", "--json"]).ends(0).json()["accounts"], serde_json::json!([]));
}

fn press_deny(bench: &Bench) -> String {
    format!("{}?state=x&error=access_denied", bench.redirect)
}

#[test]
fn an_account_stays_the_user_it_is() {
    let bench = Bench::new();
    bench.log_in("work", "42", "unmute").ends(0);
    let other = bench.log_in("work", "43", "unmute").ends(2);
    other.says("work is user 42 on x-v2, but this login is user 43").says("are revoked at the platform");
    assert_eq!(bench.sandbox.oauth_ledger().revoked, 2, "both tokens of the other user");
    bench.run(&["account", "check", "work"]).ends(0);
    bench.log_in("other", "42", "unmute").ends(0).says("in this queue already, as work");
    bench.run(&["account", "login", "work", "--platform", "x-v1"]).ends(2);
    assert_eq!(bench.run(&["account", "list", "--json"]).ends(0).json()["accounts"].as_array().unwrap().len(), 1);
}

#[test]
fn what_is_missing_is_named() {
    let bench = Bench::new();
    let login = ["account", "login"];
    bench.run_with(&login, &[("CLEANUP_X_CLIENT_ID", "")]).ends(78).says("CLEANUP_X_CLIENT_ID");
    bench.run(&["account", "login", "--platform", "x-v1"]).ends(78).says("CLEANUP_X_CONSUMER_KEY");
    bench.run(&["account", "login", "--platform", "aisa"]).ends(2).says("stdin holds no AIsa key");
    bench.run(&["account", "login", "--platform", "aisa", "--actions", "unmute"]).ends(2).says("does not offer unmute");
    bench.run(&["account", "add", "a"]).ends(2).says("stdin holds no access token");
    let taken = std::net::TcpListener::bind(bench.redirect.trim_start_matches("http://").trim_end_matches("/callback"));
    bench.run(&login).ends(78).says("cannot listen");
    drop(taken);
    let config = bench.write("bad.toml", "[x]\nredirect = \"https://example.com/\"\n");
    bench.run_with(&login, &[("CLEANUP_CONFIG", config.to_str().unwrap())]).ends(78).says("[x] redirect");
}

#[test]
fn an_app_with_a_secret_logs_in_with_it() {
    let bench = Bench::new();
    let app = [("CLEANUP_X_CLIENT_ID", "secret-app"), ("CLEANUP_X_CLIENT_SECRET", "canary-app-secret")];
    bench.log_in_with("work", USER, "unmute", &app).ends(0);
    // Without the secret the tokens cannot be revoked, and that is said.
    bench.run(&["account", "logout", "work"]).ends(0).says("was not revoked");
    let wrong = [("CLEANUP_X_CLIENT_ID", "secret-app"), ("CLEANUP_X_CLIENT_SECRET", "canary-wrong")];
    let done = bench.log_in_with("work", USER, "unmute", &wrong).ends(78).says("the app is refused");
    assert!(!done.err.contains("canary"));
}

#[test]
fn tokens_come_from_stdin() {
    let bench = Bench::new();
    bench.feed(&["account", "add", "two", "--user-id", USER], &format!("sandbox-{USER}\n")).ends(0);
    bench.feed(&["account", "add", "asked"], "sandbox-77\n").ends(0).says("asked is user 77 on x-v2");
    bench.feed(&["account", "add", "nobody"], "sandbox-nobody\n").ends(77).says("did not say whose");
    bench.feed(&["account", "add", "one", "--platform", "x-v1"], "42-tok\nsecret\n").ends(0).says("user 42 on x-v1");
    bench.feed(&["account", "add", "half", "--platform", "x-v1"], "42-tok\n").ends(2).says("two lines");
    bench.feed(&["account", "add", "key", "--platform", "aisa"], "sk-sandbox-42\n").ends(0);
    bench.feed(&["account", "add", "odd"], "a b\n").ends(2);
    bench.run(&["account", "check", "two", "asked"]).ends(0);
    // The app's own pair is missing for one of them.
    bench.run(&["account", "check", "one"]).ends(77).says("CLEANUP_X_CONSUMER_KEY");
}

#[test]
fn a_token_of_oauth1_is_revoked_at_logout() {
    let bench = Bench::new();
    let keys = cleanup::sandbox::OAuth1Keys::of("42".parse().unwrap());
    let app: &[(&str, &str)] =
        &[("CLEANUP_X_CONSUMER_KEY", &keys.consumer_key), ("CLEANUP_X_CONSUMER_SECRET", &keys.consumer_secret)];
    let token = format!("{}\n{}\n", keys.access_token, keys.access_secret);
    let add = || bench.feed(&["account", "add", "one", "--platform", "x-v1"], &token).ends(0);
    add();
    bench.run_with(&["account", "check", "one"], app).ends(0);
    // Without the app's keys nobody can sign for it, and that is said.
    bench.run(&["account", "logout", "one"]).ends(0).says("not revoked").says("CLEANUP_X_CONSUMER_KEY");
    add();
    bench.run_with(&["account", "check", "one"], app).ends(0);
    // Nobody answers: forgotten here, and said what is left to do.
    let dead = [app, &[("CLEANUP_X_API", "http://127.0.0.1:1")]].concat();
    let lost = bench.run_with(&["account", "logout", "one"], &dead).ends(0);
    lost.says("logged out here").says("no connection").says("account's settings");
    // The app's secret is wrong: the signature is too.
    add();
    let wrong = [app[0], ("CLEANUP_X_CONSUMER_SECRET", "canary-wrong")];
    let refused = bench.run_with(&["account", "logout", "one"], &wrong).ends(0);
    assert!(refused.err.contains("HTTP 401") && !refused.err.contains("canary"), "{}", refused.err);
    assert_eq!(bench.sandbox.oauth_ledger().revoked, 0);
    add();
    bench.run_with(&["account", "logout", "one"], app).ends(0).says("revoked at the platform and deleted here");
    assert_eq!(bench.sandbox.oauth_ledger().revoked, 1);
    // The platform takes it no longer; ending it again changes nothing there.
    add();
    bench.run_with(&["account", "check", "one"], app).ends(77);
    bench.run_with(&["account", "logout", "one"], app).ends(0).says("revoked at the platform and deleted here");
    assert_eq!(bench.sandbox.oauth_ledger().revoked, 1);
}

#[test]
fn credentials_of_the_environment_are_shown_before_any_run() {
    let bench = Bench::new();
    let token = [("CLEANUP_X_TOKEN", "sandbox-77")];
    // Nobody has said whose it is: the list asks nobody, the check does.
    bench.run_with(&["account", "list"], &token).ends(0).says("unknown until the first run").says("in CLEANUP_X_TOKEN");
    let list = bench.run_with(&["account", "list", "--json"], &token).ends(0).json();
    assert_eq!((&list["accounts"][0]["kind"], &list["accounts"][0]["user_id"]), (&"environment".into(), &().into()));
    bench.run_with(&["account", "check"], &token).ends(0).says("CLEANUP_X_TOKEN: good").says("it is user 77");
    assert!(!bench.queue_file().exists(), "looking makes no queue");
    bench
        .run_with(&["account", "check"], &[("CLEANUP_X_TOKEN", "nobodys")])
        .ends(77)
        .says("the platform refuses these credentials");
    let wrong = [token[0], ("CLEANUP_X_USER_ID", "78")];
    bench.run_with(&["account", "check"], &wrong).ends(77).says("it is user 77, not 78");
    bench.run_with(&["account", "list"], &wrong).ends(0).says("x-78");
    bench.run_with(&["account", "check"], &[("CLEANUP_AISA_KEY", "sk-sandbox-42")]).ends(0).says("CLEANUP_AISA_KEY");
    // A run has made it known: it is that account, and checked as that.
    bench.write("mutes.csv", crate::account::bench::ids(1));
    bench.run_with(&["run", "mutes.csv", "--action", "unmute", "--yes"], &token).ends(0);
    let check = bench.run_with(&["account", "check", "--json"], &token).ends(0).json();
    assert_eq!(check["accounts"].as_array().unwrap().len(), 1, "{check}");
    assert_eq!((&check["accounts"][0]["name"], &check["accounts"][0]["state"]), (&"x-77".into(), &"good".into()));
    bench.run_with(&["account", "check", "x-77"], &token).ends(0).says("x-77: good");
}

#[test]
fn keys_are_private_and_the_wrong_one_is_told() {
    let bench = Bench::new();
    bench.log_in("work", USER, "unmute").ends(0);
    let key = bench.queue_file().with_file_name("credentials.key");
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&key), mode(&bench.queue_file())), (0o600, 0o600));
    assert_eq!(mode(key.parent().unwrap()), 0o700);
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    bench.run(&["account", "check"]).ends(78).says("chmod 600");
    bench.run(&["account", "logout", "work"]).ends(78).says("--forget");
    bench.run(&["account", "list"]).ends(0);
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
    bench.run_with(&["account", "check"], &[("CLEANUP_KEY", KEY)]).ends(78).says("unset it");
    bench.run(&["account", "check"]).ends(0);
    std::fs::remove_file(&key).unwrap();
    bench.run(&["account", "check"]).ends(78).says("is missing");
    bench.run(&["account", "logout", "work", "--forget"]).ends(0).says("not revoked at the platform");

    let bench = Bench::new();
    let right = [("CLEANUP_KEY", KEY)];
    bench.log_in_with("work", USER, "unmute", &right).ends(0);
    assert!(!bench.queue_file().with_file_name("credentials.key").exists());
    bench.run_with(&["account", "check"], &right).ends(0);
    let wrong = bench.run_with(&["account", "check"], &[("CLEANUP_KEY", "canary-wrong-passphrase")]).ends(78);
    assert!(!wrong.err.contains("canary"), "{}", wrong.err);
    bench.run(&["account", "check"]).ends(78).says("CLEANUP_KEY");
}
