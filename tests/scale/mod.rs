//! Real processes that drain one queue on a real PostgreSQL server with a synchronous standby, while processes are killed and stopped, sessions
//! ended, the server restarted and failed over, at random: nothing is lost, nothing repeats but what was in flight, and no window of any account
//! goes over its limit, by the platform's own ledger.
//!
//! `tests/postgres/run` tries a short form; `tests/scale/run --accounts 10000 --seconds 900` a long one.

mod cluster;
mod faults;
mod fleet;
mod hosts;
mod proxy;
mod tls;

use std::collections::BTreeMap;
use std::str::FromStr;
use std::time::{Duration, Instant};

use cleanup::sandbox::Ledger;

use self::cluster::Cluster;
use self::fleet::{Fleet, KEY};
use crate::common::tries::{dice, tried};
use crate::common::{Done, Home, RunToEnd, SandboxProcess, id};

/// Requests that an account's window holds.
const LIMIT: u64 = 5;

/// Load is even again within 10 s, and what a dead process had is taken over within a lease of 15 s: on a machine that has time for it.
const EVEN_WITHIN: Duration = Duration::from_secs(30);
const TAKEN_OVER_WITHIN: Duration = Duration::from_secs(45);

/// The first account's user; the others follow.
const FIRST_USER: u64 = 5_000_001;

/// What is asked for in the environment, or this.
fn asked<T: FromStr<Err: std::fmt::Debug>>(name: &str, usual: T) -> T {
    std::env::var(name).map_or(usual, |text| text.parse().unwrap())
}

struct Story {
    accounts: u64,
    rows_each: u64,
    rate: String,
    processes: usize,
    /// For how long faults come.
    seconds: u64,
}

impl Story {
    /// The window is as long as it takes to send what all accounts may at this speed, so that limits decide, and not the machine.
    fn asked_for() -> Story {
        let (accounts, seconds) = (asked("CLEANUP_SCALE_ACCOUNTS", 24), asked("CLEANUP_SCALE_SECONDS", 25));
        let speed: u64 = asked("CLEANUP_SCALE_SPEED", 60);
        let window_s = (accounts * LIMIT).div_ceil(speed).max(2);
        Story {
            accounts,
            // As much again as fits into the time without faults at the beginning.
            rows_each: (seconds + 10) * LIMIT / window_s + LIMIT,
            rate: format!("{LIMIT}/{window_s}s"),
            processes: asked("CLEANUP_SCALE_PROCESSES", 4),
            seconds,
        }
    }

    fn rows(&self) -> u64 {
        self.accounts * self.rows_each
    }
}

/// Where the queue is steered from.
struct Office<'a> {
    home: Home,
    sandbox: &'a SandboxProcess,
    address: String,
}

impl Office<'_> {
    fn run(&self, words: &[&str]) -> Done {
        let mut command = self.home.cleanup(words);
        command.env("CLEANUP_DB", &self.address).env("CLEANUP_X_API", &self.sandbox.url).env("CLEANUP_KEY", KEY);
        command.done()
    }

    /// Accounts with logins, and rows for each of them, taking turns.
    fn load(&self, story: &Story) {
        let users = (0..story.accounts).map(|n| (n, FIRST_USER + n));
        let logins: String = users.map(|(n, user)| format!("a{n},x-v2,{user},sandbox-{user},,,\n")).collect();
        let header = "name,platform,user_id,access_token,refresh_token,expires_at,access_secret\n";
        self.home.write("accounts.csv", format!("{header}{logins}"));
        self.run(&["account", "import", "accounts.csv"]).ends(0);
        let rows: String = (0..story.rows()).map(|n| format!("{},a{}\n", id(n), n % story.accounts)).collect();
        self.home.write("unfollow.csv", format!("user_id,account\n{rows}"));
        self.run(&["load", "unfollow.csv"]).ends(0);
    }

    /// How many accounts each process that drains has, once that is as it should be; how long it took.
    fn until(&self, what: &str, is_so: impl Fn(&[u64]) -> bool) -> Duration {
        let began = Instant::now();
        loop {
            let status = self.run(&["status", "--json"]).ends(0).json();
            let drains = status["drains"].as_array().unwrap();
            let held: Vec<u64> = drains.iter().map(|drain| drain["accounts"].as_u64().unwrap()).collect();
            if is_so(&held) {
                return began.elapsed();
            }
            assert!(began.elapsed() < Duration::from_secs(90), "{what}: {held:?}");
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// Rows that wait; none while the server cannot be reached.
    fn pending(&self) -> Option<u64> {
        let status = self.run(&["status", "--json"]);
        (status.code == 0).then(|| status.json()["jobs"][0]["pending"].as_u64().unwrap())
    }
}

#[test]
#[ignore = "needs PostgreSQL's programs: tests/postgres/run, tests/scale/run"]
fn processes_share_a_postgres_server_whatever_happens() {
    let mut dice = dice();
    let story = Story::asked_for();
    let mut cluster = Cluster::start();
    cluster.tell("postgres", "create database queue encoding 'UTF8' template template0").unwrap();
    cluster.tell("postgres", "create role worker login").unwrap();
    let home = Home::new();
    let limits = ["--limit", &story.rate, "--faults", "none", "--latency", "300ms"];
    let sandbox = SandboxProcess::start(&home, &limits);
    let office = Office { home, sandbox: &sandbox, address: cluster.address("postgres", "queue") };
    office.load(&story);
    // Whoever drains owns nothing.
    for grant in [
        "grant select, insert, update, delete on all tables in schema public to worker",
        "grant usage, select on all sequences in schema public to worker",
    ] {
        cluster.tell("queue", grant).unwrap();
    }
    println!(
        "{} rows of {} accounts, {} each, {} processes",
        story.rows(),
        story.accounts,
        story.rate,
        story.processes
    );
    let began = Instant::now();
    let mut fleet = Fleet::new(story.processes, &sandbox, &cluster.address("worker", "queue"), &story.rate);
    watch_sharing(&story, &office, &mut fleet, &mut dice);
    let mut struck: BTreeMap<&str, usize> = BTreeMap::new();
    let mut plan = faults::plan(&mut dice, story.seconds as usize / 4).into_iter();
    let mut next = Instant::now() + Duration::from_secs(3);
    let most = Duration::from_secs(180 + 4 * story.seconds);
    loop {
        assert!(began.elapsed() < most, "it does not end: {:?} rows wait", office.pending());
        fleet.tend();
        if Instant::now() > next {
            match plan.next() {
                Some(fault) => {
                    let told = fault.strike(&mut cluster, &mut fleet, &mut dice);
                    *struck.entry(fault.words()).or_default() += 1;
                    println!("{:6.1} s: {told}", began.elapsed().as_secs_f64());
                    next = Instant::now() + Duration::from_millis(dice.u64(1_000..5_000));
                }
                None if office.pending() == Some(0) => break,
                None => next = Instant::now() + Duration::from_secs(1),
            }
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    println!("{:6.1} s: all of it is done", began.elapsed().as_secs_f64());
    let ends: BTreeMap<i32, usize> =
        fleet.end().iter().flat_map(|worker| &worker.ends).fold(BTreeMap::new(), |mut ends, (code, _)| {
            *ends.entry(*code).or_default() += 1;
            ends
        });
    println!("processes ended by themselves, by exit code: {ends:?}");
    judge(&story, &cluster, &office);
    for (fault, tries) in struck {
        tried(&format!("a queue on a server: {fault}"), tries);
    }
}

/// Others join, and all have about as many accounts; one dies, and the others have what it had.
fn watch_sharing(story: &Story, office: &Office<'_>, fleet: &mut Fleet<'_>, dice: &mut fastrand::Rng) {
    let all = |held: &[u64]| held.iter().sum::<u64>() == story.accounts;
    office.until("one process has all accounts", |held| held.len() == 1 && all(held));
    fleet.join_all();
    let took = office.until("all processes have as many", |held| {
        let spread = held.iter().max().unwrap_or(&0) - held.iter().min().unwrap_or(&0);
        held.len() == story.processes && all(held) && spread <= 1 + story.accounts / 20
    });
    println!("{took:6.1?} after they had joined all {} processes had as many accounts", story.processes);
    assert!(took < EVEN_WITHIN, "{took:?}");
    fleet.workers[dice.usize(..story.processes)].kill();
    let took = office.until("the others have its accounts", |held| held.len() == story.processes - 1 && all(held));
    println!("{took:6.1?} after it had been killed the others had a process's accounts");
    assert!(took < TAKEN_OVER_WITHIN, "{took:?}");
}

fn judge(story: &Story, cluster: &Cluster, office: &Office<'_>) {
    let number = |sql: &str| cluster.tell("queue", sql).unwrap().parse::<u64>().unwrap();
    let job = office.run(&["status", "--json"]).ends(0).json()["jobs"][0].clone();
    let count = |name: &str| job[name].as_u64().unwrap();
    assert_eq!((count("done"), count("failed"), count("pending")), (story.rows(), 0, 0), "{job}");
    let sum: u64 =
        ["done", "gone", "failed", "cancelled", "kept", "duplicate", "rejected", "pending"].map(count).iter().sum();
    assert_eq!((count("rows"), sum), (story.rows(), story.rows()), "outcomes add up: {job}");

    let ledger: Ledger = serde_json::from_str(&office.sandbox.get("/sandbox/ledger")).unwrap();
    let users = |n: u64| ledger.users.get(&(FIRST_USER + n).to_string());
    let (mut requests, mut repeats) = (0, 0);
    for n in 0..story.accounts {
        let user = users(n).unwrap_or_else(|| panic!("nothing was sent for account {n}"));
        assert_eq!(user.effects, story.rows_each, "account {n}: nothing is lost: {user:?}");
        assert!(user.max_in_window <= LIMIT && user.earned_429 == 0, "account {n}: {user:?}");
        requests += user.requests;
        repeats += user.repeats;
    }
    let in_flight = number("select count(*) from attempt where finding = 'crashed'");
    let attempts = number("select count(*) from attempt");
    println!(
        "{requests} requests, {attempts} attempts on record; {in_flight} were in flight at a fault, {repeats} came twice"
    );
    assert!(in_flight > 0, "no fault hit a request in flight: this shows nothing");
    assert!(repeats <= in_flight, "{repeats} requests came twice, and {in_flight} were in flight at a fault");
    assert!(requests <= attempts, "{requests} requests came, and {attempts} are on record");
    office.run(&["audit", "--rate", &story.rate]).ends(0);
}
