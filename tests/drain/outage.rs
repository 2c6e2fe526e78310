//! Outages, through the engine and over HTTP, with simulated time: whoever waits is moved on at once.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cleanup::clock::{Clock, SharedClock, SimulatedClock, Sleep};
use cleanup::domain::{BootId, Moment, Outcome, TargetKind, Tick, Wall};
use cleanup::engine::{Event, GroupEnd, Listener, Signal, Stopped};
use cleanup::limits::Pace;
use cleanup::sandbox::{Fate, Options, Sandbox, SpecialTarget, Trouble};

use super::support::{Bench, drain_options, id, ids, run};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);

/// A simulated clock that knows until when somebody waits, and whether it is for an answer.
pub(super) struct WatchedClock {
    clock: Arc<SimulatedClock>,
    /// The time that has really passed, whatever becomes of the machine's.
    platform: Arc<SimulatedClock>,
    /// Ends of sleeps that somebody is in.
    sleeps: Mutex<Vec<Tick>>,
    /// Answers that are waited for, to tasks and to readings.
    awaited: AtomicUsize,
}

impl WatchedClock {
    pub(super) fn at(start: Moment) -> Arc<WatchedClock> {
        Arc::new(WatchedClock {
            clock: SimulatedClock::shared(start),
            platform: SimulatedClock::shared(start),
            sleeps: Mutex::default(),
            awaited: AtomicUsize::new(0),
        })
    }

    /// When the first wait ends; none while an answer is waited for: it comes by itself, however slow the machine is.
    pub(super) fn next(&self) -> Option<Tick> {
        if self.awaited.load(Ordering::SeqCst) > 0 {
            return None;
        }
        self.sleeps.lock().unwrap().iter().min().copied()
    }

    /// The same in the time that has really passed.
    pub(super) fn next_really(&self) -> Option<Tick> {
        let now = self.clock.now().tick;
        self.next().map(|tick| self.really().tick.after(tick.since(now)))
    }

    /// The time of everybody else.
    pub(super) fn really(&self) -> Moment {
        self.platform.now()
    }

    /// The clock of everybody else.
    pub(super) fn platform(&self) -> SharedClock {
        Arc::clone(&self.platform) as SharedClock
    }

    pub(super) fn advance(&self, by: Duration) {
        self.platform.advance(by);
        self.clock.advance(by);
    }

    /// The machine sleeps.
    pub(super) fn suspend(&self, by: Duration) {
        self.platform.advance(by);
        self.clock.suspend(by);
    }

    /// The machine is off, and boots again.
    pub(super) fn reboot(&self, boot: &str, off: Duration) {
        self.platform.advance(off);
        self.clock.reboot(boot, off);
    }

    /// Somebody sets the machine's clock: to this time, or right.
    pub(super) fn set_wall(&self, wall: Option<Wall>) {
        self.clock.set_wall(wall.unwrap_or(self.really().wall));
    }

    pub(super) fn tick_in(&self, duration: Duration) -> Tick {
        self.really().tick.after(duration)
    }

    pub(super) fn since_start(&self) -> Duration {
        self.really().tick.since(START.tick)
    }
}

pub(super) const START: Moment = Moment { tick: Tick(1_000_000), wall: Wall(1_800_000_000_000) };

/// Takes its entry out when it is over or given up.
struct Entry<'a>(&'a WatchedClock, Tick);

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        let mut sleeps = self.0.sleeps.lock().unwrap();
        let index = sleeps.iter().position(|tick| *tick == self.1).unwrap();
        sleeps.swap_remove(index);
    }
}

struct Awaited<'a>(&'a AtomicUsize);

impl Drop for Awaited<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Clock for WatchedClock {
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
            self.sleeps.lock().unwrap().push(tick);
            let _entry = Entry(self, tick);
            self.clock.sleep_until(tick).await;
        })
    }

    fn sleep_at_most(&self, tick: Tick) -> Sleep<'_> {
        self.awaited.fetch_add(1, Ordering::SeqCst);
        let awaited = Awaited(&self.awaited);
        Box::pin(async move {
            let _awaited = awaited;
            self.clock.sleep_until(tick).await;
        })
    }
}

/// What the engine has said.
#[derive(Default)]
pub(super) struct Heard {
    /// Tasks that are claimed, as of the last turn.
    claimed: AtomicUsize,
    outage_told: AtomicBool,
    end_told: AtomicBool,
    groups: Mutex<Vec<GroupEnd>>,
}

impl Heard {
    /// The groups that have ended before the drain did.
    pub(super) fn groups(&self) -> Vec<GroupEnd> {
        self.groups.lock().unwrap().clone()
    }
}

struct Ear(Arc<Heard>);

impl Listener for Ear {
    fn hear(&mut self, event: &Event) {
        match event {
            Event::Progress(progress) => self.0.claimed.store(progress.claimed, Ordering::SeqCst),
            Event::Outage { .. } => self.0.outage_told.store(true, Ordering::SeqCst),
            Event::OutageEnded { .. } => self.0.end_told.store(true, Ordering::SeqCst),
            Event::GroupEnded(end) => self.0.groups.lock().unwrap().push(end.clone()),
            _ => {}
        }
    }
}

/// A drain whose every wait is over at once. `at` is called before the clock moves on, with the time since the beginning.
pub(super) async fn drain(
    bench: &Bench,
    clock: &WatchedClock,
    mut at: impl FnMut(Duration),
) -> (cleanup::app::Ended, Arc<Heard>) {
    let heard = Arc::new(Heard::default());
    let ear = Box::new(Ear(Arc::clone(&heard)));
    let driver = async {
        loop {
            tokio::time::sleep(Duration::from_millis(1)).await;
            // While a request is out the world moves by itself.
            if heard.claimed.load(Ordering::SeqCst) > 0 {
                continue;
            }
            let Some(next) = clock.next() else { continue };
            at(clock.since_start());
            clock.advance(next.since(clock.now().tick).max(Duration::from_millis(1)));
        }
    };
    tokio::select! {
        ended = bench.try_drain(ear) => (ended.unwrap(), heard),
        () = driver => unreachable!("it drives on"),
    }
}

async fn bench(special: Vec<SpecialTarget>) -> (Bench, Arc<WatchedClock>) {
    bench_with(|options| options.special = special).await
}

/// A bench on a watched clock, and a sandbox without limits or faults but for what is changed.
pub(super) async fn bench_with(change: impl FnOnce(&mut Options)) -> (Bench, Arc<WatchedClock>) {
    bench_of(change, |clock| Arc::clone(clock) as SharedClock).await
}

/// The same, where the platform's clock is right whatever becomes of the machine's.
pub(super) async fn bench_with_clocks(change: impl FnOnce(&mut Options)) -> (Bench, Arc<WatchedClock>) {
    bench_of(change, |clock| clock.platform()).await
}

async fn bench_of(
    change: impl FnOnce(&mut Options),
    of_platform: impl FnOnce(&Arc<WatchedClock>) -> SharedClock,
) -> (Bench, Arc<WatchedClock>) {
    let mut bench = Bench::new("1000/1s", "none").await;
    let clock = WatchedClock::at(START);
    let shared: SharedClock = Arc::clone(&clock) as SharedClock;
    let faults = "none".parse().unwrap();
    let mut options = Options { rate: "1000/1s".parse().unwrap(), unlike_day: None, faults, ..Options::default() };
    change(&mut options);
    bench.sandbox = Sandbox::start(options, of_platform(&clock)).await.unwrap();
    bench.clock = shared;
    bench.options.run.request_deadline = HOUR;
    (bench, clock)
}

fn out(bench: &Bench, is_out: bool) {
    assert!(bench.sandbox.trouble(bench.user(), is_out.then_some(Trouble::Outage)));
}

#[test]
fn an_outage_of_an_hour_fails_nothing_and_its_end_is_noticed_within_fifteen_minutes() {
    run(async {
        for workers in [1, 32] {
            let (mut bench, clock) = bench(Vec::new()).await;
            bench.options.run.workers = workers;
            let file = bench.write("unfollow.csv", &ids(200));
            bench.load(&file).await;
            out(&bench, true);
            let (ended, heard) = drain(&bench, &clock, |since| out(&bench, since < HOUR)).await;
            assert_eq!((ended.finish.stopped, ended.jobs[0].counts.done), (Stopped::Finished, 200), "{workers}");
            assert!(heard.outage_told.load(Ordering::SeqCst) && heard.end_told.load(Ordering::SeqCst));
            assert!(clock.since_start() < HOUR + 16 * MINUTE, "{:?}", clock.since_start());
            let in_vain = ended.finish.requests - 200;
            assert!(in_vain < 80, "{in_vain} requests in vain, by {workers} workers");
        }
    });
}

/// The request that finds out whether an outage is over may be refused, limited or not sent: then another finds out.
#[test]
fn an_outage_that_ends_in_refusals_ends_the_run_with_them() {
    run(async {
        let (mut bench, clock) = bench(Vec::new()).await;
        bench.options.run.workers = 4;
        let file = bench.write("unfollow.csv", &ids(20));
        bench.load(&file).await;
        let tell = |trouble| assert!(bench.sandbox.trouble(bench.user(), Some(trouble)));
        tell(Trouble::Outage);
        let later = |since| if since < 10 * MINUTE { Trouble::Outage } else { Trouble::Ambiguous };
        let (ended, _) = drain(&bench, &clock, |since| tell(later(since))).await;
        assert_eq!((ended.finish.stopped, ended.jobs[0].counts.pending), (Stopped::Account, 20));
        assert_eq!(ended.finish.troubles[0].1, "forbidden");
        assert!(clock.since_start() < HOUR, "{:?}", clock.since_start());
    });
}

/// 60 rows of which one always fails, one each 15 s, or at once: how often anything was asked for, and how long it took. That row alone has failed.
fn one_of_sixty_fails(pace: Pace) -> (u64, Duration) {
    run(async {
        let poison =
            SpecialTarget { kind: TargetKind::User, id: id(11).to_string().parse().unwrap(), fate: Fate::Fails };
        let (mut bench, clock) = bench(vec![poison]).await;
        bench.options.windows = drain_options("60/900s").windows;
        bench.options.run.pace = pace;
        bench.options.run.workers = 4;
        let file = bench.write("unfollow.csv", &ids(60));
        bench.load(&file).await;
        let (ended, heard) = drain(&bench, &clock, |_| {}).await;
        let counts = ended.jobs[0].counts;
        assert_eq!((ended.finish.stopped, counts.done, counts.failed), (Stopped::Finished, 59, 1));
        assert!(!heard.end_told.load(Ordering::SeqCst), "nobody was out");
        ended.store.close().await;
        let receipts = bench.receipts("unfollow").await;
        let failed = receipts.iter().find(|row| row.outcome == Outcome::Failed).unwrap();
        assert_eq!((u64::from(failed.attempts), failed.line), (ended.finish.requests - 59, Some(13)));
        (ended.finish.requests, clock.since_start())
    })
}

#[test]
fn a_row_that_always_fails_among_others_fails_after_eight_tries() {
    let (requests, _) = one_of_sixty_fails(Pace::Even);
    assert_eq!(requests, 59 + 8);
}

#[test]
fn a_row_that_fails_when_all_others_are_done_may_have_met_an_outage_for_an_hour() {
    let (requests, took) = one_of_sixty_fails(Pace::FrontLoad);
    assert!((59 + 8 + 1..59 + 60).contains(&requests), "{requests}");
    assert!((HOUR..4 * HOUR).contains(&took), "{took:?}");
}

#[test]
fn a_process_that_begins_again_every_minute_charges_nothing_in_an_outage() {
    run(async {
        let (mut bench, clock) = bench(Vec::new()).await;
        bench.options.run.workers = 2;
        let file = bench.write("unfollow.csv", &ids(5));
        bench.load(&file).await;
        out(&bench, true);
        for round in 0..40_u32 {
            bench.shutdown = cleanup::engine::shutdown();
            let signal = &bench.shutdown.0;
            let (ended, _) = drain(&bench, &clock, |since| {
                if since >= (round + 1) * MINUTE {
                    signal.signal(Signal::Terminate);
                }
            })
            .await;
            assert_eq!(ended.jobs[0].counts.pending, 5, "round {round}");
            ended.store.close().await;
        }
        out(&bench, false);
        bench.shutdown = cleanup::engine::shutdown();
        let (ended, _) = drain(&bench, &clock, |_| {}).await;
        assert_eq!((ended.jobs[0].counts.done, ended.jobs[0].counts.failed), (5, 0));
        ended.store.close().await;
        let receipts = bench.receipts("unfollow").await;
        // How many turns there are in 40 minutes is a matter of dice, for pauses are; whose they are is not.
        let turns: Vec<u32> = receipts.iter().map(|row| row.attempts).collect();
        let (least, most) = (turns.iter().min().unwrap(), turns.iter().max().unwrap());
        assert!(*least >= 3 && most - least <= 2, "everybody has a turn: {turns:?}");
    });
}

#[test]
fn a_run_without_a_deadline_gives_up_after_a_day_and_one_with_a_deadline_ends_by_it() {
    run(async {
        let (mut bench, clock) = bench(Vec::new()).await;
        let file = bench.write("unfollow.csv", &ids(3));
        bench.load(&file).await;
        out(&bench, true);
        bench.options.run.terms.until = Some(START.tick.after(2 * HOUR));
        let (ended, _) = drain(&bench, &clock, |_| {}).await;
        assert_eq!((ended.finish.stopped, ended.jobs[0].counts.pending), (Stopped::Deadline, 3));
        assert!(clock.since_start() <= 2 * HOUR, "{:?}", clock.since_start());
        ended.store.close().await;
        bench.options.run.terms.until = None;
        let began = clock.since_start();
        let (ended, _) = drain(&bench, &clock, |_| {}).await;
        assert_eq!((ended.finish.stopped, ended.jobs[0].counts.pending), (Stopped::Unreachable, 3));
        assert_eq!(cleanup::app::exit_code(ended.finish.stopped, &[ended.jobs[0].counts]), 69);
        let waited = clock.since_start() - began;
        assert!((24 * HOUR..24 * HOUR + 16 * MINUTE).contains(&waited), "{waited:?}");
        assert_eq!(ended.finish.given_up.map(|since| since.since(START.wall) < MINUTE), Some(true));
    });
}

#[test]
fn an_outage_of_one_account_delays_no_other() {
    run(async {
        let (mut bench, clock) = bench(Vec::new()).await;
        bench.options.run.workers = 4;
        let rows: Vec<String> = (0..40).map(|n| format!("{},{}", id(n), if n < 20 { "ada" } else { "bob" })).collect();
        let file = bench.write("unfollow.csv", &format!("user_id,account\n{}\n", rows.join("\n")));
        bench.load(&file).await;
        bench.account = Some("ada".into());
        out(&bench, true);
        let ada = bench.user();
        bench.account = Some("bob".into());
        let mut bobs: Option<Duration> = None;
        let (ended, _) = drain(&bench, &clock, |since| {
            let ledger = bench.ledger();
            let done = ledger.users.get(&bench.user().to_string()).map_or(0, |user| user.effects);
            if done == 20 && bobs.is_none() {
                bobs = Some(since);
            }
            if since >= HOUR {
                bench.sandbox.trouble(ada, None);
            }
        })
        .await;
        assert_eq!(ended.jobs.iter().map(|job| job.counts.done).sum::<u64>(), 40);
        assert!(bobs.is_some_and(|at| at < MINUTE), "{bobs:?}");
    });
}
