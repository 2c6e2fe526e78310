//! Sessions by app password: begun from stdin, kept sealed, continued before they end and after an answer is lost, ended at the server.

use crate::account::session_server::{APP_PASSWORD, DID, HANDLE, PASSWORD, SessionServer};
use crate::common::{Done, Home, RunToEnd, sql};

const LOGIN: [&str; 5] = ["account", "login", "sky", "--platform", "bluesky"];

struct Bench {
    home: Home,
    server: SessionServer,
}

impl Bench {
    fn new() -> Bench {
        Bench { home: Home::new(), server: SessionServer::start() }
    }

    fn feed(&self, words: &[&str], text: &str) -> Done {
        self.home.cleanup(words).fed(text)
    }

    fn log_in(&self) -> Done {
        let host = self.server.host.clone();
        self.feed(&[&LOGIN[..], &["--host", &host]].concat(), &format!("{HANDLE}\n{APP_PASSWORD}\n"))
    }

    fn list(&self) -> Done {
        self.home.run(&["list", "following", "--account", "sky"])
    }

    /// The access token on record has so many seconds left, and lived for two hours.
    fn age_to(&self, left: i64) {
        let at = jiff::Timestamp::now().as_millisecond() + left * 1_000;
        sql::change(self.home.queue(), &format!("update credential set expires_at = {at}"));
    }
}

#[test]
fn a_session_is_begun_once_and_says_whose_it_is() {
    let bench = Bench::new();
    let done = bench.log_in().ends(0);
    assert!(
        done.err.contains(&format!("logged in: sky is user {DID} on bluesky at {}", bench.server.host)),
        "{}",
        done.err
    );
    assert!(done.err.contains(HANDLE) && done.err.contains("the session lasts until"), "{}", done.err);
    bench.server.set(|state| state.follows = vec!["did:plc:ewvi7nxzyoun6zhxrhs64oiz".into()]);
    for _ in 0..2 {
        let list = bench.list().ends(0);
        assert!(list.out.contains("did:plc:ewvi7nxzyoun6zhxrhs64oiz"), "{}", list.out);
        assert!(list.out.contains("https://bsky.app/profile/did:plc:ewvi7nxzyoun6zhxrhs64oiz"), "{}", list.out);
    }
    let check = bench.home.run(&["account", "check", "sky"]).ends(0);
    assert!(check.out.contains(&format!("user {DID} ({HANDLE})")), "{}", check.out);
    assert!(check.out.contains("its session lasts until") && check.out.contains(&bench.server.host), "{}", check.out);
    let json = bench.home.run(&["account", "list", "--json"]).ends(0).json();
    let account = &json["accounts"][0];
    assert_eq!(
        (&account["kind"], &account["user_id"], &account["host"]),
        (&"session".into(), &DID.into(), &bench.server.host.as_str().into())
    );
    assert_eq!(account["scopes"][0], "com.atproto.appPass");
    assert_eq!(
        bench.server.read(|state| (state.logins, state.refreshes)),
        (1, 1),
        "no command logs in by itself; the check has renewed the session"
    );
    // Nothing of the secrets is in clear.
    let queue = std::fs::read(bench.home.queue_file()).unwrap();
    assert!(!queue.windows(6).any(|part| part == b"canary"), "a secret is in the queue");
}

#[test]
fn a_wrong_password_keeps_nothing_and_the_accounts_own_is_advised_against() {
    let bench = Bench::new();
    let host = bench.server.host.clone();
    let add = ["account", "add", "sky", "--platform", "bluesky", "--host", &host];
    let refused = bench.feed(&add, &format!("{HANDLE}\nwrong\n")).ends(77);
    assert!(refused.err.contains("App passwords") && !refused.err.contains("wrong\n"), "{}", refused.err);
    bench.feed(&add, &format!("{HANDLE}\n")).ends(2).says("app password");
    bench.feed(&[&add[..], &["--user-id", "42"]].concat(), "").ends(2).says("leave --user-id out");
    bench.feed(&["account", "login", "sky", "--platform", "bluesky", "--host", "https://example.org"], "").ends(2);
    let json = bench.home.run(&["account", "list", "--json"]).ends(0).json();
    assert_eq!(json["accounts"].as_array().unwrap().len(), 0);
    let own = bench.feed(&add, &format!("@{HANDLE}\n{PASSWORD}\n")).ends(0);
    assert!(own.err.contains("the account's own password"), "{}", own.err);
    // The name is taken: somebody else's login is not kept, and its session is ended.
    sql::change(bench.home.queue(), "update account set user_id = 'did:plc:ewvi7nxzyoun6zhxrhs64oiz'");
    bench.log_in().ends(2).says("nothing was changed");
    assert_eq!(bench.server.read(|state| state.generation), None);
}

#[test]
fn a_session_is_continued_before_it_ends_and_after_answers_that_were_lost() {
    let bench = Bench::new();
    bench.log_in().ends(0);
    bench.list().ends(0);
    bench.age_to(30);
    bench.list().ends(0);
    assert_eq!(bench.server.read(|state| (state.refreshes, state.generation)), (1, Some(2)));
    // The server has done it and nobody heard: the next command gets the same pair, however often that happens.
    for _ in 0..4 {
        bench.age_to(30);
        bench.server.set(|state| state.unanswered = 1);
        bench.list().ends(0);
    }
    bench.age_to(30);
    bench.list().ends(0);
    bench.home.run(&["account", "check", "sky"]).ends(0);
    assert_eq!(bench.server.read(|state| (state.logins, state.generation)), (1, Some(4)), "a check renews it as well");
    // A token that is over before its time (400 ExpiredToken) is refreshed once.
    bench.server.set(|state| state.stillborn = 1);
    bench.age_to(30);
    bench.list().ends(0);
    assert_eq!(bench.server.read(|state| (state.logins, state.generation)), (1, Some(6)));
    bench.server.set(|state| state.taken_down = true);
    bench.age_to(-1);
    bench.home.run(&["account", "check", "sky"]).ends(77).says("cleanup account login sky");
    bench.server.set(|state| state.taken_down = false);
    // Nobody asks any more until a person logs in again.
    let asked = bench.server.read(|state| state.refreshes);
    bench.home.run(&["account", "check", "sky"]).ends(77);
    assert_eq!(bench.server.read(|state| state.refreshes), asked);
    bench.log_in().ends(0);
    bench.home.run(&["account", "check", "sky"]).ends(0);
}

#[test]
fn a_session_that_was_ended_at_the_server_is_told_while_its_token_is_still_good() {
    let bench = Bench::new();
    bench.log_in().ends(0);
    bench.home.run(&["account", "check", "sky"]).ends(0).says("its session is still open");
    bench.server.set(|state| state.is_ended = true);
    bench.list().ends(0);
    let check = bench.home.run(&["account", "check", "sky"]).ends(77);
    check.says("its session was ended at the server, or its app password revoked").says("cleanup account login sky");
}

#[test]
fn an_account_that_has_moved_keeps_its_name_and_logging_out_ends_the_session() {
    let bench = Bench::new();
    bench.log_in().ends(0);
    let (first, port) = (bench.server.host.clone(), bench.server.host.rsplit_once(':').unwrap().1.to_owned());
    bench.server.set(|state| state.home = format!("http://localhost:{port}"));
    let moved = bench.log_in().ends(0);
    assert!(moved.err.contains(&format!("sky has moved from {first} to localhost:{port}")), "{}", moved.err);
    let json = bench.home.run(&["account", "list", "--json"]).ends(0).json();
    assert_eq!(json["accounts"].as_array().unwrap().len(), 1);
    assert_eq!(json["accounts"][0]["host"], format!("localhost:{port}"));
    bench.list().ends(0);
    // A host that is named is asked; without one it is where the account lives.
    bench.feed(&LOGIN, &format!("{HANDLE}\n{APP_PASSWORD}\n")).ends(0);
    let out = bench.home.run(&["account", "logout", "sky"]).ends(0);
    assert!(out.err.contains("revoked at the platform and deleted here"), "{}", out.err);
    assert_eq!(bench.server.read(|state| state.generation), None);
    bench.list().ends(77);
}

#[test]
fn ghosts_are_those_of_whom_nobody_has_a_profile() {
    let bench = Bench::new();
    bench.log_in().ends(0);
    // 60 users in the repository: two of three are there.
    let letters = "abcdefghijklmnopqrstuvwxyz".as_bytes();
    let did = |n: usize| format!("did:plc:{}{}{}", "a".repeat(22), letters[n / 26] as char, letters[n % 26] as char);
    let dids: Vec<String> = (0..60).map(did).collect();
    let there: Vec<String> = dids.iter().enumerate().filter(|(n, _)| n % 3 != 0).map(|(_, did)| did.clone()).collect();
    bench.server.set(|state| {
        state.follows = dids.clone();
        state.there.extend(there);
    });
    let list = bench.home.run(&["list", "following", "--account", "sky", "--ghosts", "--spared", "spared.csv"]).ends(0);
    let listed: Vec<&str> = list.out.lines().skip(1).map(|line| line.split(',').next().unwrap()).collect();
    let ghosts: Vec<&str> = dids.iter().step_by(3).map(String::as_str).collect();
    assert_eq!(listed, ghosts);
    let spared = std::fs::read_to_string(bench.home.path("spared.csv")).unwrap();
    assert_eq!(spared.lines().filter(|line| line.ends_with(",not_a_ghost")).count(), 40, "{spared}");
    // 24 of the list and the account itself in each request.
    assert_eq!(bench.server.read(|state| state.asked_profiles), 3);
    // An answer that has not even the account itself is not believed.
    bench.server.set(|state| state.there.clear());
    let stopped = bench.home.run(&["list", "following", "--account", "sky", "--ghosts", "-o", "ghosts.csv"]).ends(4);
    assert!(
        stopped.err.contains("profile of the account itself") && !bench.home.path("ghosts.csv").exists(),
        "{}",
        stopped.err
    );
    bench.home.run(&["list", "likes", "--account", "sky", "--ghosts"]).ends(2).says("about users");
    bench.home.run(&["list", "following", "--sandbox", "--ghosts"]).ends(2).says("leave out --ghosts");
    // Of the rows of a file it is not known, and what is not known is spared.
    bench.home.write("unfollow.csv", format!("target_id\n{}\n", dids[0]));
    bench.home.run(&["check", "unfollow.csv", "--account", "sky", "--ghosts"]).says("ghost_unknown");
}
