//! A week of nights in simulated time: the real engine, a real queue, the pretend platform over HTTP, and one clock for all of
//! them that moves when everybody waits. In the week the clocks go back, the machine is off for a night and late for another,
//! a process is killed, and somebody changes the file and leaves out a night.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use cleanup::app::{self, DrainDeps, DrainOptions, FileOptions, Identities, LoadOptions, SandboxAccounts};
use cleanup::auth::{OAuthEndpoints, OAuthHttp, TokenMeans, TokenSource};
use cleanup::clock::{Clock, SharedClock, SimulatedClock, Sleep};
use cleanup::domain::{Action, Applies, BootId, MicroUsd, Moment, Platform, Scope, Tick, Wall, WindowSpec};
use cleanup::engine::{EngineSettings, Event, JobTerms, Listener, shutdown};
use cleanup::limits::Pace;
use cleanup::platforms::{Client, ClientSettings};
use cleanup::sandbox::{Options, Sandbox};
use cleanup::schedule::firing::{After, End, Firing};
use cleanup::schedule::messages;
use cleanup::schedule::scheduler::{self, ScheduleEvent, Work};
use cleanup::store::{DrainLock, NewSchedule, QueueKind, QueuePlace, ScheduleLock, Store};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::common::database::TestPlace;
use crate::common::{sql, wait};

/// A clock that moves on when somebody sleeps while no request is on its way.
struct PacedClock {
    clock: Arc<SimulatedClock>,
    claimed: Arc<AtomicUsize>,
}

impl Clock for PacedClock {
    fn now(&self) -> Moment {
        self.clock.now()
    }
    fn boot(&self) -> BootId {
        self.clock.boot()
    }
    fn suspended(&self) -> Duration {
        self.clock.suspended()
    }
    fn sleep_until(&self, tick: Tick) -> Sleep<'_> {
        Box::pin(async move {
            if self.claimed.load(SeqCst) > 0 {
                // An answer comes first.
                std::future::pending::<()>().await;
            }
            tokio::task::yield_now().await;
            self.clock.advance(tick.since(self.clock.now().tick));
        })
    }
}

/// The platform's clock: the same time, on a machine that never reboots.
struct Elsewhere(Arc<SimulatedClock>);

impl Clock for Elsewhere {
    fn now(&self) -> Moment {
        let wall = self.0.now().wall;
        Moment { tick: Tick(wall.0), wall }
    }
    fn boot(&self) -> BootId {
        BootId("elsewhere".into())
    }
    fn suspended(&self) -> Duration {
        Duration::ZERO
    }
    fn sleep_until(&self, _: Tick) -> Sleep<'_> {
        unreachable!("it answers at once")
    }
}

/// Notes how many tasks are claimed, and kills the process after so many settled rows.
struct Watch {
    claimed: Arc<AtomicUsize>,
    settled: usize,
    dies_after: usize,
    death: Arc<tokio::sync::Notify>,
}

impl Listener for Watch {
    fn hear(&mut self, event: &Event) {
        match event {
            Event::Progress(progress) => self.claimed.store(progress.claimed, SeqCst),
            Event::Settled { .. } => {
                self.settled += 1;
                if self.settled == self.dies_after {
                    self.death.notify_one();
                }
            }
            _ => {}
        }
    }
}

struct Week {
    folder: tempfile::TempDir,
    queue: TestPlace,
    sandbox: Sandbox,
    clock: Arc<SimulatedClock>,
    paced: SharedClock,
    claimed: Arc<AtomicUsize>,
    zone: TimeZone,
    log: Vec<String>,
    death: Arc<tokio::sync::Notify>,
    dies_after: usize,
}

impl Week {
    async fn new(start: &str) -> Week {
        let wall = Wall(start.parse::<Timestamp>().unwrap().as_millisecond());
        let clock = SimulatedClock::shared(Moment { tick: Tick(86_400_000), wall });
        let claimed = Arc::new(AtomicUsize::new(0));
        let paced: SharedClock = Arc::new(PacedClock { clock: clock.clone(), claimed: claimed.clone() });
        let options = Options {
            rate: "50/15m".parse().unwrap(),
            unlike_day: None,
            faults: "5xx=1%,lost=1%,gone=2%,refused=1%".parse().unwrap(),
            seed: 11,
            ..Options::default()
        };
        let folder = tempfile::tempdir().unwrap();
        Week {
            queue: TestPlace::within(folder.path()),
            folder,
            sandbox: Sandbox::start(options, Arc::new(Elsewhere(clock.clone()))).await.unwrap(),
            clock,
            paced,
            claimed,
            zone: TimeZone::get("Europe/Berlin").unwrap(),
            log: Vec::new(),
            death: Arc::default(),
            dies_after: usize::MAX,
        }
    }

    async fn store(&self) -> Store {
        Store::open(self.queue.place(), QueueKind::Sandbox).await.unwrap()
    }

    fn write(&self, rows: u64) -> PathBuf {
        let path = self.folder.path().join("unfollow.csv");
        std::fs::write(&path, crate::common::ids(rows)).unwrap();
        path
    }

    fn to(&self, moment: &str) {
        let at = Wall(moment.parse::<Timestamp>().unwrap().as_millisecond());
        assert!(at >= self.clock.now().wall, "{moment} has passed");
        self.clock.advance(at.since(self.clock.now().wall));
    }

    /// A process looks at the schedules, as a timer has it do, and runs what is due. True: it was killed.
    async fn look(&mut self) -> bool {
        let lock = ScheduleLock::try_take(self.queue.place()).await.unwrap().unwrap();
        let (mut store, death, clock) = (self.store().await, self.death.clone(), self.paced.clone());
        let killed = tokio::select! {
            ends = scheduler::work_off(&mut store, &*clock, self) => {
                ends.unwrap();
                false
            }
            () = death.notified() => true,
        };
        drop((store, lock));
        self.claimed.store(0, SeqCst);
        self.dies_after = usize::MAX;
        killed
    }

    async fn drain(&mut self, firing: &Firing) -> End {
        let base: cleanup::platforms::BaseUrl = self.sandbox.base_url().parse().unwrap();
        let who =
            Identities::Sandbox(SandboxAccounts { base: Some(Arc::new(base.clone())), platform: Platform::default() });
        let mut store = self.store().await;
        let lock = DrainLock::take(self.queue.place()).await.unwrap();
        let file = app::prepare(&[PathBuf::from(&firing.schedule.request)], &FileOptions::default()).unwrap().remove(0);
        let accounts = who.register_accounts(&mut store, None, &[]).await.unwrap();
        let load = LoadOptions::default();
        let standing = app::plan_load(&mut store, &file, &accounts, &load).await.unwrap();
        app::load(&mut store, &file, &standing, &accounts, &load, self.clock.now().wall).await.unwrap();
        let known = store.accounts().all().await.unwrap();
        let means = TokenMeans {
            store: self.store().await,
            vault: None,
            wire: OAuthHttp::new(&[&base]).unwrap(),
            places: OAuthEndpoints::x(&base, OAuthEndpoints::X_AUTHORIZE).unwrap(),
            app: None,
            oauth1: None,
            clock: self.paced.clone(),
        };
        let tokens = TokenSource::new(means);
        who.set_static(&tokens, &known).await.unwrap();
        let client = Client::new(&[&base], ClientSettings { connections: 8, ..ClientSettings::default() }).unwrap();
        let now = self.clock.now();
        let ends_by = firing.ends_by.unwrap();
        let window = WindowSpec { scope: Scope::Account, rate: "50/15m".parse().unwrap(), applies: Applies::All };
        let run = EngineSettings {
            jobs: None,
            workers: 8,
            pace: Pace::Even,
            request_deadline: Duration::from_secs(30),
            give_up_after: Duration::from_secs(600),
            terms: JobTerms { until: Some(now.tick.after(ends_by.since(now.wall))), ..JobTerms::default() },
            groups: Vec::new(),
            accept_unnamed: false,
            prices: Action::UNDOING.into_iter().map(|action| ((Platform::Sandbox, action), MicroUsd(10_000))).collect(),
        };
        let options = DrainOptions { run, windows: [(Platform::Sandbox, [window].into())].into(), keep: None };
        let watch =
            Watch { claimed: self.claimed.clone(), settled: 0, dies_after: self.dies_after, death: self.death.clone() };
        let footing = DrainDeps {
            store,
            lock,
            client: Arc::new(client),
            tokens: Arc::new(tokens),
            clock: self.paced.clone(),
            shutdown: shutdown().1,
            listener: Box::new(watch),
            watch: None,
        };
        let ended = app::drain(footing, &who, options).await.unwrap();
        let counts: Vec<_> = ended.jobs.iter().map(|status| status.counts).collect();
        let left = counts.iter().map(|counts| counts.pending).sum();
        ended.store.close().await;
        End {
            exit_code: app::exit_code(ended.finish.stopped, &counts),
            stopped: ended.finish.stopped.name().into(),
            requests: ended.finish.requests,
            left: Some(left),
            spent: MicroUsd(0),
            after: After::Over,
            is_last: false,
        }
    }
}

impl Work for Week {
    async fn fire(&mut self, firing: &Firing) -> End {
        self.drain(firing).await
    }

    fn tell(&mut self, news: &ScheduleEvent, now: Wall) {
        self.log.push(format!("{}  {}", messages::moment_text(now, &self.zone), messages::sentence(news, now)));
    }
}

/// When each request left, in seconds since 1970, and its answer came.
async fn attempts(queue: &QueuePlace) -> Vec<(i64, Option<i64>)> {
    sql::rows_at(queue, "select reserved_at / 1000, ended_at / 1000 from attempt order by id").await
}

#[test]
fn a_week_of_nights() {
    wait(async {
        let mut week = Week::new("2026-10-18T10:00:00Z").await;
        let file = week.write(1_400);
        let new = NewSchedule {
            name: "nightly".into(),
            cron: "0 2 * * *".into(),
            zone: "Europe/Berlin".into(),
            until_time: Some("04:00".into()),
            for_ms: None,
            jitter_ms: 600_000,
            jitter_seed: 5,
            request: file.to_string_lossy().into_owned(),
        };
        let mut store = week.store().await;
        assert!(store.schedules().add_schedule(&new, week.clock.now().wall).await.unwrap());
        let schedule = store.schedules().all().await.unwrap()[0].id;
        store.close().await;

        // Monday: a timer looks every five minutes; here it looks right after the latest start.
        week.to("2026-10-19T00:10:00Z");
        assert!(!week.look().await);
        // Tuesday: killed in the middle; the next look goes on with it.
        week.to("2026-10-20T00:10:00Z");
        week.dies_after = 150;
        assert!(week.look().await, "it was to be killed");
        week.clock.reboot("after a crash", Duration::from_secs(120));
        assert!(!week.look().await);
        // Wednesday: the machine is off until the morning. Thursday: rows were added.
        week.clock.reboot("wednesday", Duration::ZERO);
        week.to("2026-10-21T06:00:00Z");
        assert!(!week.look().await);
        week.write(1_550);
        week.to("2026-10-22T00:10:00Z");
        assert!(!week.look().await);
        // Friday: the machine wakes up at 03:10, and an hour is left.
        week.to("2026-10-23T01:10:00Z");
        assert!(!week.look().await);
        // Saturday is left out.
        let mut store = week.store().await;
        assert!(
            store
                .schedules()
                .skip_slot(schedule, Wall("2026-10-24T00:00:00Z".parse::<Timestamp>().unwrap().as_millisecond()))
                .await
                .unwrap()
        );
        store.close().await;
        week.to("2026-10-24T00:10:00Z");
        assert!(!week.look().await);
        // Sunday: the clocks go back, and the night has three hours.
        week.to("2026-10-25T00:10:00Z");
        assert!(!week.look().await);

        println!("{}", week.log.join("\n"));
        judge(&week, schedule).await;
    });
}

async fn judge(week: &Week, schedule: i64) {
    let mut store = week.store().await;
    let status = store.read().status(None).await.unwrap();
    let counts = status[0].counts;
    assert_eq!((counts.rows(), counts.pending), (1_550, 0), "every row is settled: {counts:?}");
    // One record for each of the seven nights.
    let mut firings = store.schedules().firings(schedule, 100).await.unwrap();
    firings.reverse();
    let states: Vec<&str> = firings.iter().map(|firing| firing.state.name()).collect();
    assert_eq!(states, ["ended", "ended", "missed", "ended", "ended", "skipped", "ended"]);
    assert_eq!(firings.iter().map(|firing| firing.runs).collect::<Vec<_>>(), [1, 2, 0, 1, 1, 0, 1]);
    store.close().await;

    // Every request left inside the hours of a night that was run.
    let hours: Vec<(i64, i64)> =
        firings.iter().filter_map(|firing| Some((firing.began_at?.0 / 1000, firing.ends_by?.0 / 1000))).collect();
    let lengths: Vec<i64> = hours.iter().map(|(from, to)| (to - from) / 60).collect();
    assert_eq!(lengths, [110, 110, 110, 50, 170]);
    let attempts = attempts(week.queue.place()).await;
    for (reserved, ended) in &attempts {
        let is_inside = |at: i64| hours.iter().any(|(from, to)| (*from..*to).contains(&at));
        assert!(is_inside(*reserved), "{reserved}");
        assert!(ended.is_none_or(is_inside), "{ended:?}");
        let local = week.zone.to_datetime(Timestamp::from_second(*reserved).unwrap());
        assert!((2..4).contains(&local.hour()), "{local}");
    }
    let ledger = week.sandbox.ledger();
    let user = ledger.users.values().next().unwrap();
    assert_eq!(user.earned_429, 0, "{user:?}");
    assert!(user.max_in_window <= 50, "{user:?}");
    assert!(user.requests as usize <= attempts.len(), "no request without a slot");

    // A log that a person can read: a line for each thing that happened, in order, none longer than two on a terminal.
    let expected = [
        "nightly: Mon 19 Oct 2026 02:00 CEST begins at 02:10 CEST, until 04:00 CEST at the latest",
        "nightly: ended at ",
        "nightly: Tue 20 Oct 2026 02:00 CEST begins at 02:10 CEST",
        "nightly: Tue 20 Oct 2026 02:00 CEST was interrupted, and is resumed at",
        "nightly: ended at ",
        "nightly: Wed 21 Oct 2026 02:00 CEST was missed",
        "nightly: Thu 22 Oct 2026 02:00 CEST begins",
        "nightly: ended at ",
        "nightly: Fri 23 Oct 2026 02:00 CEST begins at 03:10 CEST",
        "nightly: ended at ",
        "nightly: Sat 24 Oct 2026 02:00 CEST is skipped, as asked",
        "nightly: Sun 25 Oct 2026 02:00 CEST begins at 02:10 CEST, until 04:00 CET at the latest",
        "nightly: ended at ",
    ];
    assert_eq!(week.log.len(), expected.len(), "{:#?}", week.log);
    for (line, start) in week.log.iter().zip(expected) {
        assert!(line.contains(start), "{line:?} should say {start:?}");
        assert!(line.chars().count() <= 180 && line.chars().all(|c| !c.is_control()), "{line}");
    }
    assert!(week.log.last().unwrap().contains("nothing left: all is settled (exit code 3)"), "{:?}", week.log.last());
}
