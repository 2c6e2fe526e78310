//! Each platform, under faults of its own and with processes that are killed: nothing is lost, each target is asked for once but for the
//! requests that a fault hit, no window goes over its limit by the platform's own count, what is kept is left alone, and nothing is sent that
//! no file names.

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use cleanup::sandbox::{Ledger, Sandbox, UserLedger};

use super::died_in_flight;
use crate::common::tries::{of_forms, tried, try_each};
use crate::common::{Home, RunToEnd, SandboxProcess, USER, database, id, sql};

const ROWS: u64 = 90;
const LIMIT: &str = "60/2s";
/// Each strikes now and then; a row comes to its end all the same.
const FAULTS: &str = "429=2%,5xx=3%,reset=2%,lost=3%,cut=3%,gone=3%,refused=2%";

/// What opens an account anywhere.
fn secrets() -> Vec<String> {
    let user = USER.parse().unwrap();
    let keys = Sandbox::oauth1_keys(user);
    let (token, key) = (Sandbox::token(user), Sandbox::aisa_key(user));
    vec![token, key, keys.consumer_secret, keys.access_token, keys.access_secret, Sandbox::app_password().to_owned()]
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Api {
    V2,
    V1,
    Aisa,
    Mastodon,
    Bluesky,
}

impl Api {
    /// The user as the sandbox writes it.
    fn who(self) -> String {
        match self {
            Api::V2 => USER.to_owned(),
            Api::V1 => format!("x-v1:{USER}"),
            Api::Aisa => format!("aisa:{USER}"),
            Api::Mastodon => format!("mastodon:{USER}"),
            Api::Bluesky => format!("bluesky:{USER}"),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Api::V2 => "x-v2",
            Api::V1 => "x-v1",
            Api::Aisa => "aisa",
            Api::Mastodon => "mastodon",
            Api::Bluesky => "bluesky",
        }
    }
}

struct World {
    api: Api,
    home: Home,
    sandbox: SandboxProcess,
    /// Those of the file, in its order, and those that the keep list spares.
    targets: Vec<String>,
    kept: BTreeSet<String>,
}

impl World {
    fn new(api: Api, seed: u64) -> World {
        let home = Home::new();
        let seed = seed.to_string();
        let mut options = vec!["--limit", LIMIT, "--faults", FAULTS, "--seed", &seed];
        if api == Api::V1 {
            // A narrower one, of which only answers tell, and not of X's length.
            options.extend(["--endpoint-limit", "30/2s"]);
        }
        let sandbox = SandboxProcess::start(&home, &options);
        let mut world = World { api, home, sandbox, targets: Vec::new(), kept: BTreeSet::new() };
        world.log_in();
        world.targets = world.targets_of_file();
        world.kept = world.targets.iter().step_by(9).cloned().collect();
        // A repeat of each tenth row, and rows that are none.
        let repeats = world.targets.iter().step_by(10);
        let rows: Vec<&str> =
            world.targets.iter().chain(repeats).map(String::as_str).chain(["no target", ""]).collect();
        world.home.write("unfollow.csv", format!("target_id\n{}\n", rows.join("\n")));
        let kept: Vec<&str> = world.kept.iter().map(String::as_str).collect();
        world.home.write("keep.txt", kept.join("\n"));
        world
    }

    fn host(&self) -> &str {
        self.sandbox.url.trim_start_matches("http://")
    }

    /// At platforms whose logins are kept in the queue.
    fn log_in(&self) {
        let user = USER.parse().unwrap();
        let (name, secret) = match self.api {
            Api::Mastodon => ("fedi", Sandbox::token(user)),
            Api::Bluesky => ("sky", format!("{}\n{}", Sandbox::bluesky_did(user), Sandbox::app_password())),
            Api::V2 | Api::V1 | Api::Aisa => return,
        };
        let add = ["account", "add", name, "--platform", self.api.name(), "--host", self.host()];
        self.home.cleanup(add).fed(&format!("{secret}\n")).ends(0);
    }

    fn targets_of_file(&self) -> Vec<String> {
        if self.api != Api::Bluesky {
            return (0..ROWS).map(|n| id(n).to_string()).collect();
        }
        self.listed().into_iter().take(ROWS as usize).collect()
    }

    /// Whom the account follows at the sandbox, where a list says so.
    fn listed(&self) -> Vec<String> {
        // A fault may end the reading; it goes on where it was.
        for _ in 0..20 {
            let list = self.home.run(&["list", "following", "--fresh", "-o", "listed.csv"]);
            if list.code == 0 {
                let text = std::fs::read_to_string(self.home.path("listed.csv")).unwrap();
                std::fs::remove_file(self.home.path("listed.csv")).unwrap();
                return text.lines().skip(1).map(|line| line.split(',').next().unwrap().to_owned()).collect();
            }
        }
        panic!("{:?}: no list in 20 readings", self.api);
    }

    fn run(&self) -> Command {
        let words = ["run", "unfollow.csv", "--keep", "keep.txt", "--yes", "--json", "--rate", LIMIT];
        let mut run = self.home.against(&self.sandbox, words);
        run.args(["--pace", "front-load", "--workers", "12", "--progress", "none"]);
        let user = USER.parse().unwrap();
        let keys = Sandbox::oauth1_keys(user);
        if self.api != Api::V2 {
            run.env_remove("CLEANUP_X_TOKEN").env_remove("CLEANUP_X_USER_ID");
        }
        match self.api {
            Api::V1 => {
                run.args(["--platform", "x-v1"])
                    .env("CLEANUP_X_CONSUMER_KEY", keys.consumer_key)
                    .env("CLEANUP_X_CONSUMER_SECRET", keys.consumer_secret)
                    .env("CLEANUP_X_ACCESS_TOKEN", keys.access_token)
                    .env("CLEANUP_X_ACCESS_SECRET", keys.access_secret);
            }
            Api::Aisa => {
                run.args(["--platform", "aisa"])
                    .env("CLEANUP_AISA_API", &self.sandbox.url)
                    .env("CLEANUP_AISA_KEY", Sandbox::aisa_key(user));
            }
            Api::V2 | Api::Mastodon | Api::Bluesky => {}
        }
        run
    }

    fn ledger(&self) -> UserLedger {
        let ledger: Ledger = serde_json::from_str(&self.sandbox.get("/sandbox/ledger")).unwrap();
        ledger.users.get(&self.api.who()).cloned().unwrap_or_default()
    }

    /// By the number under which the sandbox counts a target, how often it was asked for.
    fn asked(&self) -> BTreeMap<String, u64> {
        let text = self.sandbox.get(&format!("/sandbox/effects?user={}", self.api.who()));
        let rows = text.lines().skip(1).map(|line| line.split(',').collect::<Vec<_>>());
        rows.map(|cells| (cells[1].to_owned(), cells[3].parse().unwrap())).collect()
    }

    fn judge(&self, what: &str) {
        let report = self.home.run(&["report", "unfollow", "--format", "json"]).ends(0).json();
        let mut outcomes: BTreeMap<String, usize> = BTreeMap::new();
        for row in report.as_array().unwrap() {
            *outcomes.entry(row["outcome"].as_str().unwrap().to_owned()).or_default() += 1;
        }
        let of = |outcome: &str| outcomes.get(outcome).copied().unwrap_or_default();
        let (all, repeats) = (self.targets.len(), self.targets.len().div_ceil(10));
        // An empty line is no row.
        assert_eq!(outcomes.values().sum::<usize>(), all + repeats + 1, "{what}: {outcomes:?}");
        assert_eq!(
            (of("duplicate"), of("rejected"), of("kept")),
            (repeats, 1, self.kept.len()),
            "{what}: {outcomes:?}"
        );
        let settled = of("done") + of("gone") + of("failed");
        assert_eq!(settled, all - self.kept.len(), "{what}: {outcomes:?}");
        assert!(of("done") > settled / 2, "{what}: {outcomes:?}");

        let ledger = self.ledger();
        assert!(ledger.max_in_window <= u64::from(ledger.limit), "{what}: {ledger:?}");
        assert_eq!(ledger.earned_429, 0, "{what}: {ledger:?}");
        // A request that is sent again after an answer that nobody saw may be hit as well.
        let hit = died_in_flight(&self.home) + faults_of(&ledger);
        assert!(ledger.repeats <= hit, "{what}: {hit} requests were hit: {ledger:?}");
        // A row of Bluesky has a step for each record of its subject.
        let steps = ledger.effects + (of("gone") + of("failed")) as u64;
        assert!(ledger.requests <= steps + hit, "{what}: {steps} steps, {hit} requests were hit: {ledger:?}");
        self.judge_targets(what);

        // A server holds references by itself.
        if !database::is_asked_for() {
            let checked = sql::column::<String>(&self.home.queue(), "pragma integrity_check");
            assert_eq!(checked, ["ok"], "{what}");
            assert_eq!(sql::column::<String>(&self.home.queue(), "pragma foreign_key_check").len(), 0, "{what}");
        }
        self.judge_secrets(what);
    }

    /// What is kept is left alone, and nothing is asked for that the file does not name.
    fn judge_targets(&self, what: &str) {
        if self.api == Api::Bluesky {
            let left: BTreeSet<String> = self.listed().into_iter().collect();
            assert!(self.kept.is_subset(&left), "{what}: {:?} are kept and gone", self.kept.difference(&left));
            let sent: BTreeSet<String> =
                self.targets.iter().filter(|target| !left.contains(*target)).cloned().collect();
            assert!(sent.is_disjoint(&self.kept) && sent.len() > self.targets.len() / 2, "{what}");
            return;
        }
        let may: BTreeSet<&String> = self.targets.iter().filter(|target| !self.kept.contains(*target)).collect();
        for target in self.asked().keys() {
            assert!(may.contains(target), "{what}: {target} was asked for");
        }
    }

    fn judge_secrets(&self, what: &str) {
        let secrets = secrets();
        let mut folders = vec![self.home.folder.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let bytes = std::fs::read(&path).unwrap_or_default();
                for secret in &secrets {
                    let is_there = bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
                    assert!(!is_there, "{what}: {secret} is in {}", path.display());
                }
            }
        }
    }
}

/// Faults of the platform that struck.
fn faults_of(ledger: &UserLedger) -> u64 {
    let faults = ledger.faults;
    faults.server_error + faults.reset + faults.lost + faults.cut + ledger.injected_429
}

fn kills_and_faults(api: Api) {
    let kills = 8;
    let struck = AtomicUsize::new(0);
    let worlds = try_each(of_forms(1, 60), 2, |seed| {
        let mut dice = fastrand::Rng::with_seed(seed);
        let what = format!("{api:?}, seed {seed}");
        let world = World::new(api, seed);
        for _ in 0..kills {
            let mut child = world.run().stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            std::thread::sleep(Duration::from_micros(dice.u64(30_000..400_000)));
            child.kill().unwrap();
            child.wait().unwrap();
        }
        let last = world.run().done();
        assert!(matches!(last.code, 0 | 3), "{what}: {}\n{}", last.err, last.out);
        world.judge(&what);
        struck.fetch_add(faults_of(&world.ledger()) as usize, Ordering::SeqCst);
    });
    tried(&format!("kill -9 at random moments, {}", api.name()), worlds * kills);
    tried(&format!("429, 5xx, reset, lost and cut answers, {}", api.name()), struck.into_inner());
}

#[test]
fn x_v2() {
    kills_and_faults(Api::V2);
}

#[test]
fn x_v1() {
    kills_and_faults(Api::V1);
}

#[test]
fn aisa() {
    kills_and_faults(Api::Aisa);
}

#[test]
fn mastodon() {
    kills_and_faults(Api::Mastodon);
}

#[test]
fn bluesky() {
    kills_and_faults(Api::Bluesky);
}
