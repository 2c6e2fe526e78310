//! Canary secrets go through every command, and are in no file and in no word of it: database, write-ahead log, logs at their
//! fullest, reports, errors, backtraces.

use std::cell::RefCell;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::Stdio;

use clap::CommandFactory;
use cleanup::cli::args::Cli;

use crate::account::bench::{Bench, Done, USER, ids};
use crate::common::RunToEnd;

/// What every secret of this test has in it. The sandbox's own tokens begin with `sbx-`.
const CANARIES: [&str; 4] = ["canary", "sbx-at-", "sbx-rt-", "sandbox-2244994945"];

/// Files of the test's own making hold secrets by intent.
const OURS: [&str; 1] = ["accounts.csv"];

fn grep(folder: &Path, found: &mut Vec<String>, seen: &mut usize) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            grep(&path, found, seen);
        } else if !OURS.iter().any(|ours| path.ends_with(ours)) {
            *seen += 1;
            let bytes = std::fs::read(&path).unwrap();
            let hits = CANARIES.iter().filter(|c| bytes.windows(c.len()).any(|part| part == c.as_bytes()));
            found.extend(hits.map(|canary| format!("{canary} in {}", path.display())));
        }
    }
}

#[track_caller]
fn silent(done: Done) -> Done {
    for canary in CANARIES {
        assert!(!done.out.contains(canary), "{canary} on stdout: {}", done.out);
        assert!(!done.err.contains(canary), "{canary} on stderr: {}", done.err);
    }
    assert!(!done.err.contains("panicked"), "{}", done.err);
    done
}

/// The lines that go through the program in this order, each once plainly and once with the fullest log. A new command gets a
/// line here (or in the test, where it wants a secret on stdin or does not end by itself): a command of the tree that no line
/// has named fails the test.
const LINES: &[&[&str]] = &[
    &["account", "import", "accounts.csv"],
    &["account", "list"],
    &["account", "list", "--json"],
    &["account", "default", "work"],
    &["account", "check"],
    &["account", "check", "--json", "--actions", "unlike"],
    &["import", "archive", "--what", "likes"],
    &["check", "mutes.csv", "--action", "unmute"],
    &["load", "mutes.csv", "--action", "unmute", "--account", "work"],
    &["pause", "mutes"],
    &["unpause", "mutes"],
    &["resume", "--yes", "--json", "--rate", "1000/m", "--pace", "front-load"],
    &["run", "mutes.csv", "--action", "unmute", "--account", "work", "--yes", "--rate", "1000/m"],
    &["retry", "mutes"],
    &["status", "--json"],
    &["report", "mutes"],
    &["report", "mutes", "--format", "jsonl", "-o", "report.jsonl"],
    &["report", "mutes", "--format", "html", "-o", "report.html"],
    &["report", "mutes", "--worklist", "-o", "worklist.html"],
    &["undo", "mutes", "-o", "undo.csv", "--html", "undo.html"],
    &["verify", "mutes"],
    &["list", "mutes", "--account", "work"],
    &["explain", "1000000000000000007"],
    &["explain", "1000000000000000007", "--json"],
    &["audit"],
    &["doctor"],
    &["doctor", "--json"],
    &["doctor", "--restore", "nowhere.db"],
    &["resume", "mutes", "--accept-repeats", "--dry-run"],
    &["db", "migrate"],
    // Nobody is there.
    &["db", "move", "postgres://ada@127.0.0.1:1/queue", "--json"],
    &["cancel", "mutes"],
    &["forget", "mutes", "--yes"],
    // A command that is told of the end prints all that it is given.
    &[
        "schedule",
        "add",
        "nightly",
        "--cron",
        "0 2 29 2 *",
        "--zone",
        "UTC",
        "--notify",
        "env; cat",
        "--account",
        "work",
        "--action",
        "unmute",
        "--rate",
        "1000/m",
        "mutes.csv",
    ],
    &["schedule", "install", "--replace"],
    &["schedule", "list", "--json"],
    &["schedule", "next", "nightly"],
    &["schedule", "skip", "nightly"],
    &["schedule", "unskip", "nightly"],
    &["schedule", "edit", "nightly", "--until", "05:00"],
    &["schedule", "due"],
    &["schedule", "run", "nightly"],
    &["schedule", "remove", "nightly"],
    &["completions", "bash"],
    &["__complete", "--", "account", "check", ""],
    &["config", "show"],
    &["config", "show", "--json"],
    &["config", "init", "--force", "--config", "made.toml"],
    &["man"],
    &["account", "remove", "work"],
    &["account", "logout", "fixed"],
    &["account", "logout", "one"],
    &["account", "remove", "key", "--yes"],
    &["account", "list", "--json"],
];

/// Every command of the tree that does something, in the words people type.
fn commands_of(command: &clap::Command, path: &str) -> Vec<String> {
    let below = command.get_subcommands().filter(|below| below.get_name() != "help");
    let named: Vec<_> = below.map(|below| (below, format!("{path} {}", below.get_name()).trim().to_owned())).collect();
    if named.is_empty() {
        return vec![path.to_owned()];
    }
    named.iter().flat_map(|(below, path)| commands_of(below, path)).collect()
}

/// Runs the program and notes which commands it was run with.
struct Witness<'a> {
    bench: &'a Bench,
    environment: &'a [(&'a str, &'a str)],
    seen: RefCell<Vec<String>>,
}

impl Witness<'_> {
    #[track_caller]
    fn run(&self, words: &[&str]) -> Done {
        let log = ["-vvv", "--log-file", "log.json", "--log-format", "json"];
        let loud: Vec<&str> = words.iter().copied().chain(log).collect();
        self.note(words);
        let plain = silent(self.bench.run_with(words, self.environment));
        assert_ne!(plain.code, 2, "{words:?} did nothing: {}", plain.err);
        silent(self.bench.run_with(&loud, self.environment))
    }

    #[track_caller]
    fn feed(&self, words: &[&str], text: &str) -> Done {
        self.note(words);
        let mut command = self.bench.cleanup(words);
        command.envs(self.environment.iter().copied());
        silent(command.fed(text))
    }

    /// A command that serves until it is told to end: it is, once it has said `last`. `public` is no secret in what it says.
    fn serve(&self, words: &[&str], last: &str, public: &[&str]) {
        self.note(words);
        let mut command = self.bench.cleanup(words);
        command.envs(self.environment.iter().copied()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (mut said, mut stderr) = (String::new(), BufReader::new(child.stderr.take().unwrap()));
        while !said.contains(last) {
            assert_ne!(stderr.read_line(&mut said).unwrap(), 0, "it ended: {said}");
        }
        child.kill().unwrap();
        stderr.read_to_string(&mut said).unwrap();
        let done = Done::of(&child.wait_with_output().unwrap());
        let said = public.iter().fold(said, |said, public| said.replace(public, ""));
        silent(Done { err: said, ..done });
    }

    fn note(&self, words: &[&str]) {
        self.seen.borrow_mut().push(words.join(" ") + " ");
    }

    fn missed(&self) -> Vec<String> {
        let seen = self.seen.borrow();
        let all = commands_of(&Cli::command(), "");
        assert!(all.len() > 20, "{all:?}");
        all.into_iter().filter(|name| !seen.iter().any(|line| line.starts_with(&format!("{name} ")))).collect()
    }
}

#[test]
fn no_secret_is_anywhere_in_clear() {
    let bench = Bench::new();
    let environment: &[(&str, &str)] = &[
        ("RUST_BACKTRACE", "full"),
        ("CLEANUP_KEY", "canary-passphrase-of-this-test"),
        ("CLEANUP_WEB_PASSWORD", "canary-password-of-this-test"),
        ("CLEANUP_X_CLIENT_ID", "secret-app"),
        ("CLEANUP_X_CLIENT_SECRET", "canary-app-secret"),
        ("CLEANUP_X_CONSUMER_KEY", "canary-consumer-key"),
        ("CLEANUP_X_CONSUMER_SECRET", "canary-consumer-secret"),
    ];
    let witness = Witness { bench: &bench, environment, seen: RefCell::default() };
    let feed = |words: &[&str], text: &str| witness.feed(words, text);
    silent(bench.log_in_with("work", USER, "unmute", environment)).ends(0);
    feed(&["account", "add", "fixed", "-vvv"], "sandbox-2244994946\ncanary-refresh\n").ends(0);
    feed(&["account", "add", "odd", "-vvv"], "canary token\n").ends(2);
    feed(&["account", "add", "unknown", "-vvv"], "canary-nobodys-token\n").ends(77);
    feed(&["account", "add", "one", "--platform", "x-v1", "-vvv"], "42-canary\ncanary-access-secret\n").ends(0);
    feed(&["account", "add", "key", "--platform", "aisa", "-vvv"], "sk-canary-1234\n").ends(0);
    feed(&["account", "login", "--platform", "aisa", "-vvv"], "sk-canary-5678\n");
    feed(&["account", "login", "--platform", "x-v1", "-vvv"], "1234567\n");
    feed(&["account", "login", "--headless", "-vvv"], "http://x/?code=canary-code&state=canary-state\n").ends(77);
    feed(&["account", "login", "--headless", "-vvv"], "canary-code\n").ends(77);
    let header = "name,platform,user_id,access_token,refresh_token,expires_at,access_secret\n";
    bench
        .write("accounts.csv", format!("{header}many,x-v2,99,canary-at,canary-rt,1,\nx,x-v1,98,canary-t,,,canary-s\n"));
    bench.write("mutes.csv", format!("user_id,account\n{}", mixed()));
    std::fs::create_dir_all(bench.path("archive/data")).unwrap();
    bench.write(
        "archive/data/like.js",
        r#"window.YTD.like.part0 = [{"like": {"tweetId": "1000000000000000007", "fullText": "x"}}]"#,
    );
    for words in LINES {
        witness.run(words);
    }
    let examples =
        ["CLEANUP_X_TOKEN=sandbox-2244994945", "CLEANUP_AISA_KEY=sk-sandbox-2244994945", "printf sandbox-2244994945"];
    witness.serve(&["sandbox", "--listen", "127.0.0.1:0", "-vvv"], "Ctrl-C ends it", &examples);
    let behind = ["--behind-proxy", "https://cleanup.example.org"];
    let serve = ["serve", "--yes", "--listen", "127.0.0.1:0", behind[0], behind[1], "-vvv"];
    witness.serve(&serve, "the dashboard is at", &[]);
    assert_eq!(witness.missed(), Vec::<String>::new(), "commands without a line in LINES");
    // A queue on a server that is not there, and addresses that are none.
    for (address, code) in [
        ("postgres://ada:canary-password@127.0.0.1:1/queue", 74),
        ("postgres://ada:canary-password@127.0.0.1:1", 78),
        ("postgres:/ada:canary-password@127.0.0.1:1/queue", 78),
        ("host=127.0.0.1 password=canary-password dbname=queue", 78),
    ] {
        silent(bench.run_with(&["status", "-vvv"], &[("CLEANUP_DB", address)])).ends(code);
    }
    // Addresses in arguments: wherever one is, and whatever becomes of it.
    for scheme in ["postgres", "Postgres", "POSTGRESQL", "pgsql", "mysql", "https"] {
        let address = format!("{scheme}://ada:canary-password@127.0.0.1:1/queue");
        for words in [
            &["status", "--json", "--db", &address][..],
            &["db", "move", &address],
            &["db", "move", "here.db", "--db", &address],
            &["load", &address, "--action", "unlike", "--json"],
            &["run", "some.csv", "--keep", &address],
            &["status", "--config", &address],
            &["status", "--log-file", &address],
            &["status", &address],
            &["account", "login", "fedi", "--platform", "mastodon", "--host", &address],
            &["sandbox", "--listen", &address],
            &["serve", "--behind-proxy", &address],
            &[&address],
        ] {
            silent(bench.run(words));
        }
        silent(bench.run_with(&["status", "-vvv"], &[("CLEANUP_DB", &address)]));
        silent(bench.run_with(&["account", "check", "-vvv"], &[("CLEANUP_X_API", &address)]));
    }
    // The wrong key, and none.
    silent(bench.run_with(&["account", "check", "-vvv"], &[("CLEANUP_KEY", "canary-another-passphrase")])).ends(78);
    silent(bench.run_with(&["account", "check", "-vvv"], &[("CLEANUP_KEY", "canary")])).ends(78);
    silent(bench.run(&["account", "check", "-vvv"])).ends(78);
    let outside =
        [("CLEANUP_X_TOKEN", "canary-token"), ("CLEANUP_X_USER_ID", "5"), ("CLEANUP_AISA_KEY", "canary-key-1")];
    let own = ["run", "own.csv", "--action", "unmute", "--yes", "-vvv", "--db", "own.db"];
    bench.write("own.csv", ids(2));
    silent(bench.run_with(&own, &outside)).ends(77);
    silent(bench.run_with(&["doctor", "-vvv"], &outside));
    let (mut found, mut seen) = (Vec::new(), 0);
    grep(bench.folder.path(), &mut found, &mut seen);
    assert!(found.is_empty(), "{found:?}");
    assert!(seen >= 8 && bench.path("log.json").exists(), "{seen} files");
}

/// Rows of good accounts and of some that the platform does not know.
fn mixed() -> String {
    let names = ["work", "fixed", "many", "one", "x"];
    let rows = (0..20_u64).map(|n| format!("{},{}", 1_000_000_000_000_000_007 + n, names[n as usize % names.len()]));
    rows.collect::<Vec<_>>().join("\n") + "\n"
}
