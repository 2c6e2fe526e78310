//! Whole worlds, each made of a seed: the real dispatcher, limiter, store and client live through days of simulated time, against a platform that
//! fails by dice, while people pause, cancel, retry and load again, platforms are out, and processes die between any two steps. Whatever
//! happens, the promises hold: `judge`. `CLEANUP_SEED=N` lives through one world again.

mod judge;
mod world;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use cleanup::app::Ended;
use cleanup::clock::Clock;
use cleanup::domain::{Applies, Scope, TargetId, Tick, Wall, WindowSpec};
use cleanup::engine::{Event, Listener, Signal, Stopped};
use cleanup::sandbox::Trouble;
use cleanup::store::{DrainLock, JobState};
use tokio::sync::Notify;

pub(super) use self::judge::most_in_window;
use self::judge::{Lived, judge};
use self::world::{Deed, World};
use super::outage::{WatchedClock, bench_with_clocks};
use super::support::{Bench, drain_options, run};
use crate::common::sql;
use crate::common::tries::{of_forms, tried, try_each};

/// No world lasts longer in its own time, and in ours none stands still for longer.
const LONGEST: Duration = Duration::from_secs(60 * 86_400);
const PATIENCE: Duration = Duration::from_secs(60);
/// A service that ended begins again so much later.
const RESTART: Duration = Duration::from_secs(60);

/// What the process says, and the fuse that ends it: it dies when so many events have been heard.
#[derive(Default)]
struct Process {
    claimed: AtomicUsize,
    events: AtomicUsize,
    dies_at: AtomicUsize,
    death: Notify,
}

struct Ear(Arc<Process>);

impl Listener for Ear {
    fn hear(&mut self, event: &Event) {
        if let Event::Progress(progress) = event {
            self.0.claimed.store(progress.claimed, Ordering::SeqCst);
        }
        let heard = self.0.events.fetch_add(1, Ordering::SeqCst) + 1;
        let dies_at = self.0.dies_at.load(Ordering::SeqCst);
        if dies_at > 0 && heard >= dies_at {
            self.0.death.notify_one();
        }
    }
}

/// A life of a world as far as it has come.
struct Life<'w> {
    world: &'w World,
    clock: Arc<WatchedClock>,
    next_deed: usize,
    lived: Lived,
    /// The machine is to boot again, after having been off for so long, maybe with another clock.
    reboot: Option<(Duration, Option<Wall>)>,
    boots: u64,
    /// When anything moved last, in our time.
    moved: Instant,
}

async fn bench_of(world: &World) -> (Bench, Arc<WatchedClock>) {
    let rate: cleanup::domain::Rate = world.rate().parse().unwrap();
    let (mut bench, clock) = bench_with_clocks(|options| {
        options.rate = rate;
        options.faults = world.faults.parse().unwrap();
        options.seed = world.seed;
    })
    .await;
    bench.options = drain_options(&world.rate());
    bench.options.run.request_deadline = Duration::from_secs(30);
    bench.options.run.workers = world.workers;
    bench.options.run.pace = world.pace;
    if let Some(app) = world.app_rate() {
        let shared = WindowSpec { scope: Scope::App, rate: app.parse().unwrap(), applies: Applies::All };
        bench
            .options
            .windows
            .values_mut()
            .for_each(|windows| *windows = windows.iter().cloned().chain([shared]).collect());
    }
    bench.load.reload.allow_shrink = true;
    bench.keep(&world.keep_list());
    (bench, clock)
}

/// Lives through a world; what is known of it then.
async fn live(world: &World) -> Result<Lived, String> {
    let (mut bench, clock) = bench_of(world).await;
    for (name, text) in [("unfollow.csv", world.file(0)), ("second.csv", world.second_file())] {
        let file = bench.write(name, &text);
        bench.load(&file).await;
    }
    let mut life =
        Life { world, clock, next_deed: 0, lived: Lived::default(), reboot: None, boots: 1, moved: Instant::now() };
    loop {
        let stopped = life.one_process(&bench).await?;
        life.lived.processes += 1;
        bench.shutdown = cleanup::engine::shutdown();
        life.boot_again(&bench);
        match life.due() {
            None if stopped == Some(Stopped::Finished) => break,
            // A process that has ended with work left is begun again, and meanwhile people do what they do.
            Some((at, deed)) if stopped.is_some() => {
                life.move_to(&bench, at);
                life.next_deed += 1;
                life.apply(deed, &bench, None).await;
            }
            _ => life.move_to(&bench, life.clock.tick_in(RESTART)),
        }
        if life.lived.processes > 500 {
            return Err(format!("500 processes, and the last one ended as {stopped:?}"));
        }
    }
    life.lived.note_arrivals(&bench, life.clock.really().tick);
    life.lived.take_down(&bench).await;
    Ok(life.lived)
}

impl Life<'_> {
    fn due(&self) -> Option<(Tick, Deed)> {
        self.world.deeds.get(self.next_deed).map(|(at, deed)| (super::outage::START.tick.after(*at), *deed))
    }

    /// One process, to its end; none: it died.
    async fn one_process(&mut self, bench: &Bench) -> Result<Option<Stopped>, String> {
        // What died a moment ago may hold the lock still, and what it had sent may arrive now.
        while DrainLock::take(bench.place()).await.is_err() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let process = Arc::new(Process::default());
        let drained = bench.try_drain(Box::new(Ear(Arc::clone(&process))));
        tokio::select! {
            ended = drained => {
                let Ended { finish, store, .. } = ended.map_err(|error| format!("{error:?}"))?;
                store.close().await;
                Ok(Some(finish.stopped))
            }
            () = process.death.notified() => {
                self.lived.deaths += 1;
                tokio::time::sleep(Duration::from_millis(5)).await;
                Ok(None)
            }
            stuck = self.drive(bench, &process) => Err(stuck),
        }
    }

    /// Moves the world on whenever everybody waits; ends only where that does not end.
    async fn drive(&mut self, bench: &Bench, process: &Process) -> String {
        loop {
            tokio::time::sleep(Duration::from_millis(1)).await;
            if self.moved.elapsed() > PATIENCE || self.clock.since_start() > LONGEST {
                return format!("after {:?} it does not end; next: {:?}", self.clock.since_start(), self.due());
            }
            let due = self.due().filter(|(at, _)| *at <= self.clock.really().tick);
            if let Some((_, deed)) = due {
                // A process that ends meanwhile cuts this off: then it is done once more.
                self.apply(deed, bench, Some(process)).await;
                self.next_deed += 1;
                continue;
            }
            // While a request is out the world moves by itself.
            if process.claimed.load(Ordering::SeqCst) > 0 {
                continue;
            }
            let Some(next) = self.clock.next_really() else { continue };
            let to = self.due().map_or(next, |(at, _)| at.min(next));
            self.move_to(bench, to);
        }
    }

    /// The clock goes on to a moment. All requests until now arrived at the moment before.
    fn move_to(&mut self, bench: &Bench, to: Tick) {
        self.moved = Instant::now();
        let now = self.clock.really().tick;
        self.lived.note_arrivals(bench, now);
        self.clock.advance(to.since(now).max(Duration::from_millis(1)));
    }

    /// The machine was off, if it was to be.
    fn boot_again(&mut self, bench: &Bench) {
        if let Some((off, clock)) = self.reboot.take() {
            self.lived.note_arrivals(bench, self.clock.really().tick);
            self.boots += 1;
            self.clock.reboot(&format!("boot-{}", self.boots), off);
            if clock.is_some() {
                self.clock.set_wall(clock);
            }
        }
    }

    async fn apply(&mut self, deed: Deed, bench: &Bench, process: Option<&Process>) {
        let name_of = |account: usize| bench.user_of(&World::account(account));
        match deed {
            Deed::Outage(account) => drop(bench.sandbox.trouble(name_of(account), Some(Trouble::Outage))),
            Deed::OutageEnds(account) => drop(bench.sandbox.trouble(name_of(account), None)),
            Deed::Kill { after_events } => {
                if let Some(process) = process {
                    let heard = process.events.load(Ordering::SeqCst);
                    process.dies_at.store(heard + 1 + after_events, Ordering::SeqCst);
                }
            }
            Deed::Suspend(length) => {
                // What is out may have arrived, and its deadline has passed when the machine wakes.
                self.lived.slept_through += process.map_or(0, |process| process.claimed.load(Ordering::SeqCst) as u64);
                self.lived.note_arrivals(bench, self.clock.really().tick);
                self.clock.suspend(length);
                self.moved = Instant::now();
            }
            Deed::Reboot { off, clock } => {
                self.reboot = Some((off, clock));
                match process {
                    Some(process) => process.death.notify_one(),
                    None => self.boot_again(bench),
                }
            }
            Deed::SetClock(wall) => self.clock.set_wall(wall),
            Deed::Stop => {
                bench.shutdown.0.signal(Signal::Terminate);
            }
            Deed::Pause => self.tell(bench, "unfollow", Some(JobState::Paused)).await,
            Deed::Unpause => self.tell(bench, "unfollow", Some(JobState::Active)).await,
            Deed::Retry => self.tell(bench, "unfollow", None).await,
            Deed::Cancel => {
                let mut store = bench.store().await;
                let job = store.queue().job("second").await.unwrap().unwrap();
                store.queue().cancel_job(&job, self.clock.now().wall).await.unwrap();
                store.close().await;
                let targets = self.world.second.iter().map(|(number, _)| *number).collect();
                self.forbid(bench, targets).await;
            }
            Deed::Reload(edit) => {
                let file = bench.write("unfollow.csv", &self.world.file(edit));
                bench.load(&file).await;
                self.lived.loaded = edit;
                self.forbid(bench, self.world.dropped_by(edit)).await;
            }
        }
    }

    /// Gives the job a state, or retries it.
    async fn tell(&self, bench: &Bench, job: &str, state: Option<JobState>) {
        let mut store = bench.store().await;
        let job = store.queue().job(job).await.unwrap().unwrap();
        match state {
            Some(state) => store.queue().set_job_state(job.id, state).await.unwrap(),
            None => drop(store.queue().retry_job(&job, self.clock.now().wall).await.unwrap()),
        }
        store.close().await;
    }

    /// From here on these are sent for no more, but for what is out now.
    async fn forbid(&mut self, bench: &Bench, numbers: Vec<u64>) {
        let out: Vec<(String,)> =
            sql::rows_at(bench.place(), "select cast(target as text) from task where state = 1").await;
        let requested = requested(bench, self.world);
        for number in numbers {
            let target = super::support::id(number).to_string();
            let so_far = requested.get(&target).copied().unwrap_or(0);
            let may_follow = u64::from(out.iter().any(|(one,)| *one == target));
            self.lived.at_most.entry(target).or_insert(so_far + may_follow);
        }
    }
}

/// How often each target was asked for.
fn requested(bench: &Bench, world: &World) -> BTreeMap<String, u64> {
    let users: Vec<TargetId> = (0..world.accounts).map(|account| bench.user_of(&World::account(account))).collect();
    let effects = users.into_iter().flat_map(|user| bench.sandbox.effects(user));
    effects.map(|effect| (effect.target.to_string(), u64::from(effect.requested))).collect()
}

/// Lives through a world; how often somebody died in it.
fn live_and_judge(seed: u64) -> Result<u64, String> {
    let world = World::of(seed);
    let lived = run(live(&world));
    let wrong = match &lived {
        Ok(lived) => judge(&world, lived),
        Err(stuck) => vec![stuck.clone()],
    };
    match lived {
        Ok(lived) if wrong.is_empty() => Ok(lived.deaths),
        lived => Err(format!("world {seed}: {wrong:#?}\n{world:#?}\n{lived:#?}")),
    }
}

#[test]
fn whatever_happens_to_a_world_the_promises_hold() {
    let deaths = AtomicUsize::new(0);
    // A world waits most of the time.
    let worlds = try_each(of_forms(200, 10_000), 4, |seed| {
        let died = live_and_judge(seed).unwrap_or_else(|wrong| panic!("{wrong}"));
        deaths.fetch_add(died as usize, Ordering::SeqCst);
    });
    let deaths = deaths.into_inner();
    assert!(deaths > 0 || worlds == 1, "nobody died: the test shows nothing");
    tried("a simulated world", worlds);
    tried("a death in a simulated world", deaths);
}

/// All slots of a shared window may be in flight for others: whoever finds it so is looked at again when their requests have ended.
#[test]
fn accounts_that_share_a_window_of_one_request_all_have_their_turn() {
    let world = World {
        accounts: 3,
        files: vec![(0..9).map(|number| (number, number as usize % 3)).collect()],
        second: vec![(10_000, 0)],
        kept: std::collections::BTreeSet::new(),
        limit: 9,
        window_s: 60,
        app_limit: Some(1),
        workers: 8,
        pace: cleanup::limits::Pace::FrontLoad,
        faults: "none".to_owned(),
        deeds: Vec::new(),
        ..World::of(1)
    };
    let lived = run(live(&world)).unwrap();
    assert_eq!(judge(&world, &lived), [] as [&str; 0]);
    let last = lived.arrivals.iter().map(|(at, _)| *at).max().unwrap();
    assert!(last < super::outage::START.tick.after(Duration::from_secs(11 * 60)), "{:?}", lived.arrivals);
}

/// A clock that is a day behind for a while, right again, and then the machine boots: what was sent meanwhile looks a day old. Another account,
/// which gets no usable answer, keeps the run at work from the beginning to the boot.
#[test]
fn a_clock_that_was_wrong_for_a_while_makes_no_slot_look_old_after_a_reboot() {
    let at = Duration::from_secs;
    let behind = super::outage::START.wall.after(at(10)).0 - 86_400_000;
    let file = |rows: u64| [(100, 1)].into_iter().chain((0..rows).map(|number| (number, 0))).collect();
    let world = World {
        accounts: 2,
        files: vec![vec![(0, 0)], file(1), file(3), file(4), file(10)],
        second: vec![(10_000, 0)],
        kept: std::collections::BTreeSet::new(),
        limit: 5,
        window_s: 3_600,
        app_limit: None,
        pace: cleanup::limits::Pace::FrontLoad,
        faults: "none".to_owned(),
        deeds: vec![
            (at(1), Deed::Outage(1)),
            (at(2), Deed::Reload(1)),
            (at(10), Deed::SetClock(Some(Wall(behind)))),
            (at(900), Deed::Reload(2)),
            (at(2_000), Deed::SetClock(None)),
            (at(2_100), Deed::Reload(3)),
            (at(2_800), Deed::Reboot { off: at(20), clock: None }),
            (at(2_900), Deed::Reload(4)),
            (at(6_000), Deed::OutageEnds(1)),
        ],
        ..World::of(1)
    };
    let lived = run(live(&world)).unwrap();
    assert_eq!(judge(&world, &lived), [] as [&str; 0], "{:?}", lived.arrivals);
}
