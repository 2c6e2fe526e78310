//! Several processes that serve one queue on a PostgreSQL server, each in a home of its own as on a host of its own.

use std::process::Command;
use std::time::{Duration, Instant};

use cleanup::sandbox::Ledger;
use serde_json::Value;

use crate::common::boot::Boots;
use crate::common::database::TestDatabase;
use crate::common::port::free_port;
use crate::common::running::Running;
use crate::common::{Done, Home, RunToEnd, SandboxProcess, id, sql, wait};

use super::fleet::KEY;
use super::proxy::Proxy;

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Hosts that share a queue.
struct Hosts {
    homes: Vec<Home>,
    sandbox: SandboxProcess,
    database: TestDatabase,
}

impl Hosts {
    fn new(count: usize, accounts: u64, limit: &str) -> Hosts {
        let homes: Vec<Home> = (0..count).map(|_| Home::new()).collect();
        for home in &homes {
            home.write(
                ".config/cleanup/config.toml",
                format!("[run]\npace = \"front-load\"\n\n[[windows]]\nrate = \"{limit}\"\n"),
            );
        }
        let sandbox = SandboxProcess::start(&homes[0], &["--limit", limit, "--faults", "none", "--latency", "20ms"]);
        let hosts = Hosts { homes, sandbox, database: TestDatabase::new() };
        let logins: String = (0..accounts).map(|n| format!("a{n},x-v2,{},sandbox-{0},,,\n", 5_000_001 + n)).collect();
        let header = "name,platform,user_id,access_token,refresh_token,expires_at,access_secret\n";
        hosts.homes[0].write("accounts.csv", format!("{header}{logins}"));
        hosts.run(0, &["account", "import", "accounts.csv"]).ends(0);
        hosts
    }

    fn command(&self, host: usize, words: &[&str]) -> Command {
        let mut command = self.homes[host].cleanup(words);
        command
            .env("CLEANUP_DB", &self.database.address)
            .env("CLEANUP_X_API", &self.sandbox.url)
            .env("CLEANUP_KEY", KEY);
        command
    }

    fn run(&self, host: usize, words: &[&str]) -> Done {
        self.command(host, words).done()
    }

    fn serve(&self, host: usize) -> Running {
        let address = format!("127.0.0.1:{}", free_port());
        Running::start(self.command(host, &["serve", "--yes", "--listen", &address]))
    }

    fn status(&self) -> Value {
        self.run(0, &["status", "--json"]).ends(0).json()
    }

    fn schedules(&self) -> Vec<Value> {
        self.run(0, &["schedule", "list", "--json"]).ends(0).json()["schedules"].as_array().unwrap().clone()
    }

    /// What became of a schedule's newest run.
    fn last(&self, name: &str) -> Value {
        self.schedules().iter().find(|one| one["name"] == name).unwrap()["last"].clone()
    }

    /// How many processes have worked on a schedule's newest run.
    fn runs(&self, name: &str) -> i64 {
        let sql = format!(
            "select runs from firing join schedule on schedule.id = firing.schedule_id where schedule.name = '{name}' order by firing.id desc"
        );
        let place = self.database.place(self.homes[0].folder.path());
        wait(sql::try_rows_at::<(i64,)>(&place, &sql)).unwrap()[0].0
    }

    fn until<T>(&self, what: &str, found: impl Fn() -> Option<T>) -> T {
        let began = Instant::now();
        loop {
            if let Some(found) = found() {
                return found;
            }
            assert!(began.elapsed() < PATIENCE, "{what}: {} {:?}", self.status(), self.schedules());
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// Fifteen seconds and some go by for the dead: the others need not wait until a process is believed to be dead that ran under this boot.
    fn expire(&self, boot: &str) {
        let sql = format!(
            "update drain set alive_until = case when ended_at is null
                    then cast(extract(epoch from clock_timestamp()) * 1000 as bigint) - 1 else alive_until - 20000 end
              where ended_at is not null or boot = '{boot}'"
        );
        wait(sql::change_at(&self.database.place(self.homes[0].folder.path()), &sql));
    }

    /// A schedule that is not due by itself, of a file of so many rows of one account on a host.
    fn add_schedule(&self, host: usize, name: &str, account: u64, rows: u64) {
        let ids: String = (0..rows).map(|n| format!("{},a{account}\n", id(1_000_000 * account + n))).collect();
        let file = self.homes[host].write(&format!("{name}.csv"), format!("user_id,account\n{ids}"));
        let file = file.to_str().unwrap();
        let words = ["schedule", "add", name, "--cron", "0 3 1 1 *", "--zone", "UTC", "--action", "unfollow", file];
        self.run(host, &words).ends(0);
    }
}

mod postgres {
    use super::*;

    #[test]
    #[ignore = "a server is asked for: CLEANUP_POSTGRES"]
    fn each_run_of_a_schedule_is_begun_once_and_another_process_goes_on_with_it() {
        // Twenty requests in a minute: the long run does not end while the others do.
        let hosts = Hosts::new(2, 4, "20/60s");
        hosts.add_schedule(0, "long", 0, 60);
        for (name, account) in [("one", 1), ("two", 2), ("three", 3)] {
            hosts.add_schedule(0, name, account, 4);
        }
        let (mut first, second) = (hosts.serve(0), hosts.serve(1));
        let servers = || hosts.status()["servers"].as_array().unwrap().clone();
        hosts.until("both serve", || (servers().len() == 2).then_some(()));
        for name in ["long", "one", "two", "three"] {
            hosts.run(1, &["schedule", "run", name]).ends(0);
        }
        for name in ["one", "two", "three"] {
            let last = hosts.until("the short ones end beside the long one", || {
                Some(hosts.last(name)).filter(|last| last["state"] == "ended")
            });
            assert_eq!((&last["exit_code"], &last["requests"], hosts.runs(name)), (&0.into(), &4.into(), 1), "{last}");
        }
        assert_eq!((&hosts.last("long")["state"], hosts.runs("long")), (&"running".into(), 1));
        // Whoever has it: one of the two dies, and then the other.
        let mut survivor = second;
        first.child.kill().unwrap();
        first.child.wait().unwrap();
        hosts.until("one is left", || (servers().len() == 1).then_some(()));
        std::thread::sleep(Duration::from_secs(5));
        if hosts.runs("long") == 1 {
            let third = hosts.serve(0);
            survivor.child.kill().unwrap();
            survivor.child.wait().unwrap();
            survivor = third;
        }
        hosts.until("another goes on with it", || (hosts.runs("long") >= 2).then_some(()));
        assert_eq!(hosts.last("long")["state"], "running");
        hosts.run(0, &["cancel", "long"]).ends(0);
        hosts.until("its end is on record", || (hosts.last("long")["state"] == "ended").then_some(()));
        survivor.signal(rustix::process::Signal::TERM);
        assert_eq!(survivor.wait().code(), 143);
        assert_eq!(servers(), Vec::<Value>::new());
        let ledger: Ledger = serde_json::from_str(&hosts.sandbox.get("/sandbox/ledger")).unwrap();
        assert!(ledger.users.values().all(|user| user.max_in_window <= 20 && user.earned_429 == 0), "{ledger:?}");
    }

    #[test]
    #[ignore = "a server is asked for: CLEANUP_POSTGRES"]
    fn several_runs_of_one_file_begun_at_once_send_it_together() {
        let hosts = Hosts::new(3, 1, "1000/1s");
        let rows: String = (0..60).map(|n| format!("{},a0\n", id(n))).collect();
        let runs: Vec<Running> = (0..3)
            .map(|host| {
                hosts.homes[host].write("same.csv", format!("user_id,account\n{rows}"));
                Running::start(hosts.command(host, &["run", "same.csv", "--action", "unfollow", "--yes"]))
            })
            .collect();
        for run in runs {
            assert_eq!(run.wait().code(), 0);
        }
        let ledger: Ledger = serde_json::from_str(&hosts.sandbox.get("/sandbox/ledger")).unwrap();
        let sent: Vec<_> = ledger.users.values().map(|user| (user.requests, user.repeats)).collect();
        assert_eq!(sent, [(60, 0)]);
        hosts.run(1, &["doctor"]).says("who can read the queue, its server decides");
    }

    /// Three machines, each of which starts its process again whenever that has died.
    #[test]
    #[ignore = "a server is asked for: CLEANUP_POSTGRES"]
    fn a_row_that_crashes_the_processes_of_several_machines_is_found_and_no_other_fails() {
        const EACH: u64 = 6;
        let hosts = Hosts::new(3, 3, "5000/2s");
        let Some(boots) = Boots::of(&hosts.homes[0]) else { return };
        let rows: String = (0..3 * EACH).map(|n| format!("{},a{}\n", id(n), n % 3)).collect();
        hosts.homes[0].write("unfollow.csv", format!("user_id,account\n{rows}"));
        hosts.run(0, &["load", "unfollow.csv"]).ends(0);
        let crasher = id(9);
        let boot = |host: usize| {
            let file = hosts.homes[0].path("boots").join((host + 1).to_string());
            std::fs::read_to_string(file).unwrap().trim().to_owned()
        };
        let began = Instant::now();
        // A clock that begins with a boot goes on from process to process.
        let start = |host: usize, deaths: usize| {
            let uptime_s = 10_000 * (host as u64 + 1) + began.elapsed().as_secs() + 2 * deaths as u64;
            let words = ["resume", "--yes", "--json", "--rate", "5000/2s", "--pace", "front-load", "--workers", "4"];
            let mut resume = hosts.command(host, &words);
            resume.args(["--progress", "none"]).env("CLEANUP_FAILPOINT", format!("answer-for:{crasher}"));
            Running::start(boots.under(host as u32 + 1, uptime_s, &resume))
        };
        let mut machines: Vec<Running> = (0..3).map(|host| start(host, 0)).collect();
        let mut deaths = Vec::new();
        while hosts.status()["jobs"][0]["pending"] != 0 {
            for (host, machine) in machines.iter_mut().enumerate() {
                let Some(status) = machine.child.try_wait().unwrap() else { continue };
                if !matches!(status.code(), Some(0 | 3 | 4)) {
                    deaths.push(host);
                    hosts.expire(&boot(host));
                }
                *machine = start(host, deaths.len());
            }
            assert!(deaths.len() < 20 && began.elapsed() < 3 * PATIENCE, "{deaths:?} {}", hosts.status());
        }
        println!("machines whose process died, one after the other: {deaths:?}");
        assert!((5..15).contains(&deaths.len()), "{deaths:?}");
        let job = hosts.status()["jobs"][0].clone();
        assert_eq!((&job["done"], &job["failed"]), (&(3 * EACH - 1).into(), &1.into()), "{job}");
        let report = hosts.run(1, &["report", "unfollow"]).ends(0).out;
        let failed: Vec<&str> = report.lines().filter(|line| line.contains(",failed,")).collect();
        assert!(
            failed.len() == 1 && failed[0].starts_with(&crasher.to_string()) && failed[0].contains(",crashed,"),
            "{failed:?}"
        );
    }

    /// Twenty requests in a minute: it does not end by itself.
    fn resumes(hosts: &Hosts, address: &str) -> Running {
        let ids: String = (0..60).map(|n| format!("{},a0\n", id(n))).collect();
        hosts.homes[0].write("unfollow.csv", format!("user_id,account\n{ids}"));
        hosts.run(0, &["load", "unfollow.csv"]).ends(0);
        let mut resume = hosts.command(0, &["resume", "--yes", "--progress", "none", "--give-up-after", "5s"]);
        resume.env("CLEANUP_DB", address);
        let resume = Running::start(resume);
        hosts.until("it has begun", || (hosts.status()["jobs"][0]["done"].as_u64() > Some(0)).then_some(()));
        resume
    }

    #[test]
    #[ignore = "a server is asked for: CLEANUP_POSTGRES"]
    fn a_server_that_keeps_connections_open_and_says_nothing_is_given_up() {
        let hosts = Hosts::new(1, 1, "20/60s");
        let address = &hosts.database.address;
        let (before, after) = address.rsplit_once(':').unwrap();
        let (port, database) = after.split_once('/').unwrap();
        let proxy = Proxy::start(port.parse().unwrap());
        let resume = resumes(&hosts, &format!("{before}:{}/{database}", proxy.port));
        proxy.fall_silent();
        resume.hears("nothing is sent until it is back");
        assert_eq!(resume.wait().code(), 74);
    }

    #[test]
    #[ignore = "a server is asked for: CLEANUP_POSTGRES"]
    fn a_process_that_stood_still_while_its_queue_was_moved_says_so_and_ends() {
        let hosts = Hosts::new(1, 1, "20/60s");
        let resume = resumes(&hosts, &hosts.database.address);
        resume.signal(rustix::process::Signal::STOP);
        let place = hosts.database.place(hosts.homes[0].folder.path());
        let end = "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()";
        hosts.until("its sessions have ended", || {
            wait(sql::try_rows_at::<(bool,)>(&place, end)).unwrap();
            (hosts.run(0, &["db", "move", "moved.db"]).code == 0).then_some(())
        });
        resume.signal(rustix::process::Signal::CONT);
        resume.hears("has been moved to");
        assert_eq!(resume.wait().code(), 78);
    }

    #[test]
    #[ignore = "a server is asked for: CLEANUP_POSTGRES"]
    fn nobody_begins_beside_a_drain_that_goes_by_other_windows_of_the_app() {
        let hosts = Hosts::new(2, 1, "20/60s");
        let own =
            "[[windows]]\nrate = \"20/60s\"\n\n[[windows]]\nrate = \"7/60s\"\nscope = \"app\"\nplatform = \"x-v2\"\n";
        hosts.homes[1].write(".config/cleanup/config.toml", own);
        let mut resume = resumes(&hosts, &hosts.database.address);
        let refused = hosts.run(1, &["resume", "--yes"]).ends(78);
        assert!(
            refused.err.contains("goes by other windows of the whole app on x-v2: none; here: 7/"),
            "{}",
            refused.err
        );
        assert!(hosts.run(1, &["status"]).ends(0).out.contains("Processes"));
        resume.child.kill().unwrap();
        resume.child.wait().unwrap();
    }
}
