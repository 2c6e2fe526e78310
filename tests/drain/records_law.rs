//! The law of records, over random repositories and nights: whatever is lost, changes or dies, in the end every record of a subject that was
//! to be undone is deleted, and no other; no more is asked for than there are records and faults; and nothing counts as gone that was there.
//! Real SQLite file, real HTTP, simulated time.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cleanup::app::{self, DrainDeps, DrainOptions, Identities, SandboxAccounts};
use cleanup::auth::{OAuthEndpoints, OAuthHttp, TokenMeans, TokenSource};
use cleanup::clock::{Clock, SharedClock};
use cleanup::domain::{Action, Outcome, Platform, Secret, Wall};
use cleanup::engine::{Event, Listener, Stopped, shutdown};
use cleanup::jobfile::READER_VERSION;
use cleanup::platforms::{Client, ClientSettings, Credentials, spec};
use cleanup::store::{
    DrainLock, LoadRow, LoadedFrom, NewJob, QueueKind, QueuePlace, QueueWatch, RowOutcome, RowPlace, Store, StoreError,
};
use proptest::prelude::*;

use super::outage::{START, WatchedClock};
use super::repository::{FOLLOWS, Fate, Repository, USER};
use super::support::{drain_options, run};
use crate::common::database::TestPlace;

const B: Platform = Platform::BlueskySandbox;
const HOUR: Duration = Duration::from_secs(3_600);

fn subject(number: usize) -> String {
    format!("did:plc:b{}{}", char::from(b'a' + u8::try_from(number).unwrap()), "c".repeat(22))
}

fn job_name(number: usize) -> String {
    format!("job-{number}")
}

/// A night: what is loaded before it, what is loaded while it runs, and what becomes of its requests.
#[derive(Clone, Debug)]
struct Night {
    before: Vec<usize>,
    /// Behind so many requests.
    meanwhile: Option<(usize, Vec<usize>)>,
    /// Whether the account has made records of what is loaded, since it was read.
    has_made: bool,
    fates: Vec<Fate>,
    workers: usize,
    hours_later: u64,
}

/// Counts what is claimed.
struct Ear(Arc<AtomicUsize>);

impl Listener for Ear {
    fn hear(&mut self, event: &Event) {
        if let Event::Progress(progress) = event {
            self.0.store(progress.claimed, Ordering::SeqCst);
        }
    }
}

struct Bench {
    folder: tempfile::TempDir,
    queue: TestPlace,
    repository: Repository,
    clock: Arc<WatchedClock>,
    /// By job, the subjects of its tasks, each with the records that it had when it was loaded.
    loaded: Mutex<Vec<Vec<(usize, usize)>>>,
}

impl Bench {
    async fn new() -> Bench {
        let folder = tempfile::tempdir().unwrap();
        let bench = Bench {
            queue: TestPlace::within(folder.path()),
            folder,
            repository: Repository::start().await,
            clock: WatchedClock::at(START),
            loaded: Mutex::default(),
        };
        let mut store = bench.store().await;
        store.accounts().ensure_account(&"ada".parse().unwrap(), B, &USER.parse().unwrap()).await.unwrap();
        store.close().await;
        bench
    }

    fn place(&self) -> &QueuePlace {
        self.queue.place()
    }

    async fn store(&self) -> Store {
        Store::open(self.place(), QueueKind::Sandbox).await.unwrap()
    }

    /// A job of its own for these subjects. The account has made a record of those that are new, since it was read last.
    async fn load(&self, subjects: &[usize], has_made: bool) {
        let name = {
            let (mut loaded, mut world) = (self.loaded.lock().unwrap(), self.repository.world.lock().unwrap());
            let is_new = |number: &usize| !loaded.iter().flatten().any(|(loaded, _)| loaded == number);
            subjects
                .iter()
                .filter(|number| has_made && is_new(number))
                .for_each(|number| world.make(FOLLOWS, &subject(*number)));
            loaded.push(subjects.iter().map(|number| (*number, world.count(&subject(*number)))).collect());
            job_name(loaded.len() - 1)
        };
        let mut store = self.store().await;
        let account =
            store.accounts().ensure_account(&"ada".parse().unwrap(), B, &USER.parse().unwrap()).await.unwrap();
        let new = NewJob {
            name,
            path: self.folder.path().join("job.csv"),
            action: None,
            account: Some(account),
            keep: None,
            target_column: None,
            host: None,
            restores: None,
        };
        let from = LoadedFrom::new("first", READER_VERSION);
        let mut loader = store.loading().begin_round(&new, None, &from, None, Wall(1)).await.unwrap();
        for (line, number) in (1..).zip(subjects) {
            let target = spec(B).target().parse(&subject(*number)).unwrap();
            let place = RowPlace::Task { action: Action::Unfollow, account, target, spared: None };
            loader.push(LoadRow { line, place, record: None }).await.unwrap();
        }
        loader.finish().await.unwrap();
        store.close().await;
    }

    /// Drains until that is over, or the process dies.
    async fn drain(&self, night: &Night) -> Option<Stopped> {
        let claimed = Arc::new(AtomicUsize::new(0));
        let drain = self.begin(night.workers, Box::new(Ear(Arc::clone(&claimed))));
        let driver = async {
            loop {
                tokio::time::sleep(Duration::from_millis(1)).await;
                // While a request is out the world moves by itself.
                let now = self.clock.now().tick;
                if let Some(next) = self.clock.next().filter(|_| claimed.load(Ordering::SeqCst) == 0) {
                    self.clock.advance(next.since(now).max(Duration::from_millis(1)));
                }
            }
        };
        let loads = async {
            if let Some((behind, subjects)) = &night.meanwhile {
                let begun = self.repository.world.lock().unwrap().requests;
                loop {
                    let asked = self.repository.asked.notified();
                    if self.repository.world.lock().unwrap().requests >= begun + behind {
                        break;
                    }
                    asked.await;
                }
                self.load(subjects, night.has_made).await;
            }
            std::future::pending::<()>().await;
        };
        tokio::select! {
            stopped = drain => Some(stopped),
            () = self.repository.deaths.notified() => None,
            () = driver => unreachable!("it drives on"),
            () = loads => unreachable!("it loads once"),
        }
    }

    async fn begin(&self, workers: usize, listener: Box<dyn Listener>) -> Stopped {
        let lock = loop {
            // What died a moment ago may hold it still.
            match DrainLock::take(self.place()).await {
                Ok(lock) => break lock,
                Err(_) => tokio::time::sleep(Duration::from_millis(1)).await,
            }
        };
        let base = Arc::new(self.repository.address.parse().unwrap());
        let client = Arc::new(Client::new(&[&base], ClientSettings::default()).unwrap());
        let who = Identities::Sandbox(SandboxAccounts { base: Some(Arc::clone(&base)), platform: B });
        let mut store = self.store().await;
        let accounts = store.accounts().all().await.unwrap();
        let clock = Arc::clone(&self.clock) as SharedClock;
        let means = TokenMeans {
            store: self.store().await,
            vault: None,
            wire: OAuthHttp::new(&[&base]).unwrap(),
            places: OAuthEndpoints::x(&base, OAuthEndpoints::X_AUTHORIZE).unwrap(),
            app: None,
            oauth1: None,
            clock: clock.clone(),
        };
        let tokens = TokenSource::new(means);
        for account in &accounts {
            let credentials = Credentials::bearer(Secret::new("t0ken")).unwrap();
            tokens.set_static(account.id, Arc::new(credentials)).await.unwrap();
        }
        let windows = [(B, spec(B).windows.into())].into();
        let mut options = DrainOptions { windows, ..drain_options("1000/1s") };
        (options.run.workers, options.run.request_deadline) = (workers, HOUR);
        let watch = QueueWatch::of(store.place()).await;
        let (_sender, receiver) = shutdown();
        let deps =
            DrainDeps { store, lock, client, tokens: Arc::new(tokens), clock, shutdown: receiver, listener, watch };
        app::drain(deps, &who, options).await.unwrap().finish.stopped
    }

    /// What became of each task, with its subject and the records that it had when it was loaded, in the order of the jobs. A load that was
    /// cut off has none.
    async fn tasks(&self) -> Vec<((usize, usize), RowOutcome)> {
        let mut store = self.store().await;
        let mut found = Vec::new();
        let loaded = self.loaded.lock().unwrap().clone();
        for (number, subjects) in loaded.into_iter().enumerate() {
            let Some(job) = store.queue().job(&job_name(number)).await.unwrap() else { continue };
            let mut rows = Vec::new();
            let push = |row| -> Result<(), StoreError> {
                rows.push(row);
                Ok(())
            };
            store.read().report(&job, job.round_number, push).await.unwrap();
            found.extend(subjects.into_iter().zip(rows));
        }
        found
    }
}

/// The most requests of a case that go wrong, and the most that kill: more would fail a task by the laws of tries and of crashes.
const MOST_FAULTS: usize = 6;
const MOST_DEATHS: usize = 2;

fn nights() -> impl Strategy<Value = (Vec<usize>, Vec<Night>)> {
    let some = || {
        proptest::collection::vec(0_usize..8, 0..6).prop_map(|mut some| {
            some.sort_unstable();
            some.dedup();
            some
        })
    };
    let fate = prop_oneof![
        6 => Just(Fate::Good),
        1 => Just(Fate::LostAfter),
        1 => Just(Fate::LostBefore),
        1 => Just(Fate::Failing),
        1 => Just(Fate::Changed),
        1 => Just(Fate::Dies),
    ];
    let meanwhile = proptest::option::of((0_usize..12, some()));
    let fates = proptest::collection::vec(fate, 0..14);
    let night = (some(), meanwhile, any::<bool>(), fates, 1_usize..5, 0_u64..30).prop_map(
        |(before, meanwhile, has_made, fates, workers, hours_later)| Night {
            before,
            meanwhile,
            has_made,
            fates,
            workers,
            hours_later,
        },
    );
    (proptest::collection::vec(0_usize..4, 8), proptest::collection::vec(night, 1..5)).prop_map(
        |(records, mut nights)| {
            let (mut faults, mut deaths) = (0, 0);
            for fate in nights.iter_mut().flat_map(|night| &mut night.fates) {
                match fate {
                    Fate::Good => {}
                    Fate::Dies if deaths < MOST_DEATHS => deaths += 1,
                    _ if *fate != Fate::Dies && faults < MOST_FAULTS => faults += 1,
                    _ => *fate = Fate::Good,
                }
            }
            (records, nights)
        },
    )
}

/// What is wrong with an end, by the law.
fn judge(
    tasks: &[((usize, usize), RowOutcome)],
    deletions: &[(String, Fate)],
    made: &BTreeMap<String, String>,
    left: impl Fn(&str) -> usize,
) -> Vec<String> {
    let mut wrong = Vec::new();
    let deaths = deletions.iter().filter(|(_, fate)| *fate == Fate::Dies).count() + MOST_DEATHS;
    for number in 0..8 {
        let name = subject(number);
        let steps = made.values().filter(|subject| **subject == name).count();
        let its: Vec<_> = tasks.iter().filter(|((subject, _), _)| *subject == number).collect();
        let asked = deletions.iter().filter(|(subject, _)| *subject == name);
        let faults = asked.clone().filter(|(_, fate)| *fate != Fate::Good).count();
        if its.is_empty() {
            if asked.count() > 0 || left(&name) != steps {
                wrong.push(format!("{name}: deleted, and no row names it"));
            }
            continue;
        }
        if left(&name) > 0 {
            wrong.push(format!("{name}: {} records are left", left(&name)));
        }
        // What was answered and not written down when the process died is asked once more.
        let most = its.len() * (steps + deaths) + faults;
        if asked.count() > most {
            wrong.push(format!("{name}: more than {most} requests"));
        }
        for (place, ((_, records), task)) in its.into_iter().enumerate() {
            let is_right = match task.outcome {
                Outcome::Done => true,
                // What an earlier task has deleted before the later one was read for is not there.
                Outcome::Gone => (*records == 0 || place > 0) && task.reason.as_deref() == Some("no_record"),
                _ => false,
            };
            if !is_right {
                wrong.push(format!("{name}: {:?} ({:?}), and it had {records} records", task.outcome, task.reason));
            }
        }
    }
    wrong
}

async fn live_through(records: &[usize], nights: &[Night]) -> Vec<String> {
    let bench = Bench::new().await;
    {
        let mut world = bench.repository.world.lock().unwrap();
        for _ in 0..3 {
            for (number, count) in records.iter().enumerate() {
                if world.count(&subject(number)) < *count {
                    world.make(FOLLOWS, &subject(number));
                }
            }
        }
    }
    for night in nights {
        bench.load(&night.before, night.has_made).await;
        bench.repository.world.lock().unwrap().fates = night.fates.clone().into();
        bench.drain(night).await;
        bench.clock.advance(Duration::from_secs(3_600 * night.hours_later));
    }
    bench.repository.world.lock().unwrap().fates.clear();
    let last = Night { before: vec![], meanwhile: None, has_made: false, fates: vec![], workers: 2, hours_later: 0 };
    assert_eq!(bench.drain(&last).await, Some(Stopped::Finished), "a night without faults ends with everything done");
    let tasks = bench.tasks().await;
    let world = bench.repository.world.lock().unwrap();
    judge(&tasks, &world.deletions, &world.made, |subject| world.count(subject))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_record_of_a_subject_is_deleted_and_no_other((records, nights) in nights()) {
        let wrong = run(live_through(&records, &nights));
        prop_assert!(wrong.is_empty(), "{wrong:#?}");
    }
}
