//! Accounts of one of the five platforms and what becomes of them: what the tests of troubles at every platform stand on. Real SQLite file,
//! real HTTP, simulated time.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use cleanup::app::Ended;
use cleanup::domain::{Action, Platform, Rate, Tick, Wall, WindowSpec};
use cleanup::engine::Stopped;
use cleanup::jobfile::READER_VERSION;
use cleanup::limits::Pace;
use cleanup::platforms::spec;
use cleanup::sandbox::{KnownUser, LimitHeaders, Options, Trouble, UserLedger};
use cleanup::store::{LoadRow, LoadedFrom, NewJob, RowPlace};

use super::outage::{WatchedClock, bench_with, drain};
use super::simulation::most_in_window;
use super::support::{Bench, id};
use crate::common::tries::{of_forms, try_each};

/// Each of the five, as the sandbox speaks it.
pub const PLATFORMS: [Platform; 5] =
    [Platform::Sandbox, Platform::XV1, Platform::Aisa, Platform::MastodonSandbox, Platform::BlueskySandbox];
const NAMES: [&str; 3] = ["ada", "bob", "cid"];
const FOLLOWS: &str = "app.bsky.graph.follow";

/// What there is.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    pub platform: Platform,
    pub accounts: usize,
    /// Rows of each of them.
    pub rows: u64,
    /// Requests that the platform lets each of them send in a minute, and the run keeps to.
    pub a_minute: u32,
    pub workers: usize,
    pub seed: u64,
    pub headers: LimitHeaders,
    pub faults: &'static str,
}

impl Plan {
    pub fn of(platform: Platform, seed: u64) -> Plan {
        let headers = LimitHeaders::Right;
        Plan { platform, accounts: 1, rows: 40, a_minute: 12, workers: 8, seed, headers, faults: "none" }
    }

    /// The platform's own window of each action.
    fn rate(&self) -> Rate {
        per_minute(self.a_minute)
    }
}

pub fn per_minute(limit: u32) -> Rate {
    format!("{limit}/60s").parse().unwrap()
}

/// Tries it at each platform, each time with another seed; how often it was tried.
pub fn at_each_platform(attempt: impl Fn(Platform, u64) + Sync) -> usize {
    PLATFORMS.map(|platform| try_each(of_forms(1, 30), 2, |seed| attempt(platform, seed))).into_iter().sum()
}

/// What the sandbox had counted of an account when the clock was about to move on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    pub since: Duration,
    pub requests: u64,
    pub effects: u64,
    pub earned: u64,
    pub injected: u64,
}

/// A queue with one job, and the sandbox that it is worked off at.
pub struct Scene {
    pub bench: Bench,
    pub clock: Arc<WatchedClock>,
    pub plan: Plan,
}

impl Scene {
    pub async fn new(plan: Plan) -> Scene {
        let (mut bench, clock) = bench_with(|options: &mut Options| {
            options.endpoint_rate = Some(plan.rate());
            options.faults = plan.faults.parse().unwrap();
            options.seed = plan.seed;
            options.limit_headers = plan.headers;
        })
        .await;
        let window = WindowSpec::of_account(plan.a_minute, 60, cleanup::domain::Applies::All);
        bench.options.windows = [(plan.platform, [window].into())].into();
        bench.options.run.pace = Pace::FrontLoad;
        bench.options.run.workers = plan.workers;
        // What nobody answers counts in its window for so long.
        bench.options.run.request_deadline = Duration::from_secs(30);
        let scene = Scene { bench, clock, plan };
        scene.load().await;
        scene
    }

    pub fn who(&self, account: usize) -> KnownUser {
        let user = self.bench.user_of(NAMES[account]);
        KnownUser::of_account(self.plan.platform, &KnownUser::account_id(self.plan.platform, user)).unwrap()
    }

    /// Whom an account follows. At a platform where a row is a record, those of which there is one.
    fn targets(&self, account: usize) -> Vec<String> {
        let all = self.plan.rows as usize;
        if self.plan.platform != Platform::BlueskySandbox {
            return (0..self.plan.rows).map(|n| id(n + account as u64 * 1_000).to_string()).collect();
        }
        let mut records: BTreeMap<String, usize> = BTreeMap::new();
        for record in self.bench.sandbox.records(self.who(account).user, FOLLOWS) {
            *records.entry(record["value"]["subject"].as_str().unwrap().to_owned()).or_default() += 1;
        }
        records.into_iter().filter(|(_, count)| *count == 1).map(|(subject, _)| subject).take(all).collect()
    }

    async fn load(&self) {
        let platform = self.plan.platform;
        let mut store = self.bench.store().await;
        let new = NewJob {
            name: "job".into(),
            path: self.bench.write("job.csv", ""),
            action: None,
            account: None,
            keep: None,
            target_column: None,
            host: None,
            restores: None,
        };
        let mut rows = Vec::new();
        for (account, name) in NAMES.iter().enumerate().take(self.plan.accounts) {
            let user = KnownUser::account_id(platform, self.who(account).user).parse().unwrap();
            let name = name.parse().unwrap();
            let known = store.accounts().ensure_account(&name, platform, &user).await.unwrap();
            rows.extend(self.targets(account).into_iter().map(|target| (known, target)));
        }
        assert_eq!(rows.len() as u64, self.rows());
        let from = LoadedFrom::new("first", READER_VERSION);
        let mut loader = store.loading().begin_round(&new, None, &from, None, Wall(1)).await.unwrap();
        for (line, (account, target)) in (1..).zip(rows) {
            let target = spec(platform).target().parse(&target).unwrap();
            let place = RowPlace::Task { action: Action::Unfollow, account, target, spared: None };
            loader.push(LoadRow { line, place, record: None }).await.unwrap();
        }
        loader.finish().await.unwrap();
        store.close().await;
    }

    /// Rows of all accounts.
    pub fn rows(&self) -> u64 {
        self.plan.rows * self.plan.accounts as u64
    }

    pub fn ledger(&self, account: usize) -> UserLedger {
        self.bench.ledger().users.get(&self.who(account).to_string()).cloned().unwrap_or_default()
    }

    pub fn tell(&self, account: usize, trouble: Option<Trouble>) {
        assert!(self.bench.sandbox.trouble(self.who(account), trouble));
    }

    pub fn tell_all(&self, trouble: Option<Trouble>) {
        (0..self.plan.accounts).for_each(|account| self.tell(account, trouble));
    }

    fn seen(&self, account: usize, since: Duration) -> Seen {
        let UserLedger { requests, effects, earned_429, injected_429, .. } = self.ledger(account);
        Seen { since, requests, effects, earned: earned_429, injected: injected_429 }
    }

    /// A drain, and what the first account's requests came to by then, each time before the clock moves on. `at` may do what happens then.
    pub async fn drain(&mut self, mut at: impl FnMut(&Scene, Seen)) -> (Ended, Vec<Seen>) {
        self.bench.shutdown = cleanup::engine::shutdown();
        let mut seen: Vec<Seen> = Vec::new();
        let scene = &*self;
        let (ended, _) = drain(&scene.bench, &scene.clock, |since| {
            let now = scene.seen(0, since);
            seen.push(now);
            at(scene, now);
        })
        .await;
        seen.push(scene.seen(0, scene.clock.since_start()));
        (ended, seen)
    }

    /// Everything is done, no row failed, and no window of the run's own length held more than its limit.
    pub async fn judge_whole(&self, ended: Ended, seen: &[Seen]) {
        let counts = ended.jobs[0].counts;
        let what = format!("{:?}: {:?}", self.plan, ended.finish);
        assert_eq!(ended.finish.stopped, Stopped::Finished, "{what}");
        assert_eq!((counts.done, counts.failed, counts.pending), (self.rows(), 0, 0), "{what}: {counts:?}");
        ended.store.close().await;
        let effects: u64 = (0..self.plan.accounts).map(|account| self.ledger(account).effects).sum();
        assert_eq!(effects, self.rows(), "{what}");
        let most = most_in_window(&arrivals(seen), 60_000);
        assert!(most <= u64::from(self.plan.a_minute), "{what}: {most} in a minute: {seen:?}");
    }
}

/// When requests arrived, and how many.
fn arrivals(seen: &[Seen]) -> Vec<(Tick, u64)> {
    let each = changes(seen).map(|(before, now)| (now.since, now.requests - before.requests));
    each.filter(|(_, count)| *count > 0).map(|(since, count)| (Tick(0).after(since), count)).collect()
}

/// Each moment with the one before.
pub fn changes(seen: &[Seen]) -> impl Iterator<Item = (Seen, Seen)> {
    let before = std::iter::once(Seen::default()).chain(seen.iter().copied());
    before.zip(seen.iter().copied())
}
