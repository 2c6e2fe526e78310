//! Many drains of one queue on a server: who works on which account, what becomes of what a drain leaves, and what they write at the same
//! moment.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::Duration;

use cleanup::domain::{AccountId, Action, JobId, Moment, TaskState, Tick};
use cleanup::store::{Drain, DrainScope, DrainStart, LaneView, ShareRequest, Shared, Store, StoreError, Turn};

use super::stores::{StoreKind, TestQueue, tell};
use super::support::{
    DEADLINE_MS, NOW, account, assert_whole, at, claim, claim_some, here, horizons, job, load, row, rows, settled,
    share, target,
};

mod postgres {
    use crate::store::stores::{StoreKind, tell};

    macro_rules! stories {
        ($($story:ident),* $(,)?) => {
            $(
                #[test]
                #[ignore = "a server is asked for: CLEANUP_POSTGRES"]
                fn $story() {
                    tell(StoreKind::Postgres, super::$story);
                }
            )*
        };
    }

    stories!(
        accounts_are_shared_evenly_as_drains_come_and_go,
        what_is_in_flight_keeps_its_account_for_a_while,
        accounts_that_share_a_window_are_one_drains,
        a_drain_knows_what_others_have_and_what_it_shuns,
        a_drain_that_died_is_found_out_and_blamed_for_its_own,
        a_row_that_crashes_processes_on_several_machines_is_found,
        nobody_is_blamed_for_deaths_in_company_or_of_machines,
        what_an_account_has_sent_goes_with_it,
        a_drain_that_ended_without_its_answers_leaves_nothing_in_flight,
        turns_of_several_drains_are_written_side_by_side,
        a_lease_ends_for_whoever_has_it_before_it_does_for_others,
    );
}

/// A drain in a file has every account, for as long as it holds the lock.
#[test]
fn a_drain_of_a_file_shares_nothing() {
    tell(StoreKind::Sqlite, async |queue: TestQueue| {
        let mut drain = begin(&queue).await;
        assert!(!drain.is_shared() && drain.sends_for().is_none());
        assert!(share(&mut drain, NOW).await.gained.is_empty());
    });
}

async fn begin(queue: &TestQueue) -> Drain {
    begin_of(queue, DrainScope::default(), NOW, "here").await.0
}

async fn begin_of(queue: &TestQueue, scope: DrainScope, now: Moment, boot: &str) -> (Drain, DrainStart) {
    let (store, lock) = (queue.open().await, queue.drain_lock().await);
    let boot = cleanup::domain::BootId(boot.into());
    Drain::begin(store, lock, &scope, now, boot, &horizons(), DEADLINE_MS).await.unwrap()
}

/// What a drain says of itself; everything of its own is quiet unless it is said to be busy.
#[derive(Default)]
struct Says {
    units: HashMap<AccountId, String>,
    done: Vec<AccountId>,
    quiet: HashSet<AccountId>,
    leaving: HashSet<AccountId>,
    shuns: BTreeSet<AccountId>,
}

impl Says {
    fn quiet(accounts: &[AccountId]) -> Says {
        Says { quiet: accounts.iter().copied().collect(), ..Says::default() }
    }

    async fn share(&self, drain: &mut Drain) -> Shared {
        let Says { units, done, quiet, leaving, shuns } = self;
        let request = ShareRequest { units, done, quiet, leaving, shuns };
        drain.share(request, NOW).await.unwrap().unwrap_or_default()
    }
}

/// Accounts with a row each.
async fn accounts(store: &mut Store, count: usize) -> Vec<AccountId> {
    let mut all = Vec::new();
    for n in 0..count {
        all.push(account(store, &format!("a{n}")).await);
    }
    let rows = all.iter().zip(2..).map(|(account, line)| row(line, Action::Unfollow, *account, &line.to_string()));
    load(store, &job("one"), rows.collect()).await;
    all
}

async fn has(drain: &mut Drain) -> usize {
    drain.lanes(None).await.unwrap().len()
}

async fn accounts_are_shared_evenly_as_drains_come_and_go(queue: TestQueue) {
    let mut store = queue.open().await;
    let all = accounts(&mut store, 9).await;
    let says = Says::quiet(&all);
    let mut first = begin(&queue).await;
    assert!(first.is_shared());
    assert_eq!(says.share(&mut first).await.gained, all);
    let mut second = begin(&queue).await;
    assert_eq!(says.share(&mut second).await.gained, []);
    assert_eq!(says.share(&mut first).await.given.len(), 4);
    assert_eq!(says.share(&mut second).await.gained.len(), 4);
    assert_eq!((has(&mut first).await, has(&mut second).await), (5, 4));
    let at_work: Vec<u64> = store.queue().drains_at_work().await.unwrap().iter().map(|drain| drain.accounts).collect();
    assert_eq!(at_work, [5, 4]);
    let mut third = begin(&queue).await;
    for _ in 0..2 {
        for drain in [&mut first, &mut second, &mut third] {
            says.share(drain).await;
        }
    }
    assert_eq!((has(&mut first).await, has(&mut second).await, has(&mut third).await), (3, 3, 3));
    // Whoever ends leaves what it had to the others.
    first.end(NOW, "deadline").await.unwrap().close().await;
    for _ in 0..3 {
        for drain in [&mut second, &mut third] {
            says.share(drain).await;
        }
    }
    let sizes = [has(&mut second).await, has(&mut third).await];
    assert!(sizes.iter().sum::<usize>() == 9 && sizes[0].abs_diff(sizes[1]) == 1, "{sizes:?}");
    // Nothing has changed: nothing is told.
    let nobody = BTreeSet::new();
    let request =
        ShareRequest { units: &says.units, done: &[], quiet: &says.quiet, leaving: &says.leaving, shuns: &nobody };
    assert!(third.share(request, NOW).await.unwrap().is_none());
}

async fn what_is_in_flight_keeps_its_account_for_a_while(queue: TestQueue) {
    let mut store = queue.open().await;
    let all = accounts(&mut store, 2).await;
    let mut first = begin(&queue).await;
    Says::quiet(&all).share(&mut first).await;
    let mut second = begin(&queue).await;
    let told = Says::default().share(&mut first).await;
    assert_eq!((told.given.len(), told.leaving.len()), (0, 1), "nothing of its accounts is quiet");
    assert_eq!(share(&mut second, NOW).await.gained, []);
    let leaving = told.leaving;
    let says = Says { quiet: leaving.clone(), leaving: leaving.clone(), ..Says::default() };
    assert_eq!(says.share(&mut first).await.given.into_iter().collect::<HashSet<_>>(), leaving);
    assert_eq!(share(&mut second, NOW).await.gained.into_iter().collect::<HashSet<_>>(), leaving);
}

async fn accounts_that_share_a_window_are_one_drains(queue: TestQueue) {
    let mut store = queue.open().await;
    let all = accounts(&mut store, 6).await;
    let units = all[..4].iter().map(|account| (*account, "app x".to_owned())).collect();
    let says = Says { units, ..Says::quiet(&all) };
    let mut first = begin(&queue).await;
    assert_eq!(says.share(&mut first).await.gained.len(), 6);
    let mut second = begin(&queue).await;
    let given = says.share(&mut first).await.given;
    assert_eq!(given.into_iter().collect::<BTreeSet<_>>(), all[4..].iter().copied().collect());
    assert_eq!(says.share(&mut second).await.gained, all[4..]);
    // One that has something to send only now goes to whoever has the others.
    let late = account(&mut store, "late").await;
    load(&mut store, &job("two"), rows(Action::Unlike, late, &["1"])).await;
    let says =
        Says { units: says.units.into_iter().chain([(late, "app x".to_owned())]).collect(), ..Says::quiet(&all) };
    assert_eq!(says.share(&mut second).await.gained, []);
    assert_eq!(says.share(&mut first).await.gained, [late]);
}

async fn a_drain_knows_what_others_have_and_what_it_shuns(queue: TestQueue) {
    let mut store = queue.open().await;
    let (ada, bob) = (account(&mut store, "ada").await, account(&mut store, "bob").await);
    let one = load(&mut store, &job("one"), rows(Action::Unfollow, ada, &["1"])).await;
    let two = load(&mut store, &job("two"), rows(Action::Unlike, bob, &["1"])).await;
    let of = |job: JobId| DrainScope { jobs: Some(vec![job]), ..DrainScope::default() };
    let (mut first, _) = begin_of(&queue, of(one.id), NOW, "here").await;
    let (mut second, _) = begin_of(&queue, DrainScope::default(), NOW, "here").await;
    let told = share(&mut first, NOW).await;
    assert_eq!((told.gained, told.elsewhere), (vec![ada], BTreeSet::new()), "the other job is not its own");
    let told = share(&mut second, NOW).await;
    assert_eq!((told.gained, told.elsewhere), (vec![bob], BTreeSet::from([one.id])));
    // The account needs a person: another may find that out as well, and then nobody has it.
    let says = Says { done: vec![ada], shuns: BTreeSet::from([ada]), ..Says::default() };
    let told = says.share(&mut first).await;
    assert_eq!((told.given, told.elsewhere, told.shunned.len()), (vec![ada], BTreeSet::from([one.id]), 0));
    assert_eq!(share(&mut second, NOW).await.gained, [ada]);
    let told = says.share(&mut second).await;
    assert_eq!((told.given, told.elsewhere), (vec![ada], BTreeSet::new()));
    assert_eq!(told.shunned, [(ada, vec![one.id])]);
    let says = Says { shuns: BTreeSet::from([ada]), ..Says::default() };
    assert_eq!(says.share(&mut first).await.shunned, [(ada, vec![one.id])]);
    assert_ne!(one.id, two.id);
}

/// So that its process seems to be dead, or to have stood still for too long.
async fn let_die(queue: &TestQueue) {
    queue.plant("update drain set alive_until = 0 where id = 1").await;
}

async fn a_drain_that_died_is_found_out_and_blamed_for_its_own(queue: TestQueue) {
    let mut store = queue.open().await;
    let (ada, bob) = (account(&mut store, "ada").await, account(&mut store, "bob").await);
    load(&mut store, &job("one"), rows(Action::Unfollow, ada, &["1"])).await;
    load(&mut store, &job("two"), rows(Action::Unlike, bob, &["1", "2"])).await;
    let (mut first, mut second) = (begin(&queue).await, begin(&queue).await);
    let says = Says { shuns: BTreeSet::from([bob]), ..Says::default() };
    assert_eq!(says.share(&mut first).await.gained, [ada]);
    assert_eq!(share(&mut second, NOW).await.gained, [bob]);
    let (lane, beside) = (only(&mut first).await, only(&mut second).await);
    first.turn(&Turn { first_answer: true, ..Turn::default() }, NOW).await.unwrap();
    let lost = claim_some(&mut first, &lane, 1, NOW).await;
    let in_flight = claim_some(&mut second, &beside, 1, NOW).await;
    let_die(&queue).await;
    let told = share(&mut second, NOW).await;
    assert_eq!((told.gained, told.start.recovered, told.start.undecided.len()), (vec![ada], 1, 1));
    let undecided = &told.start.undecided[0];
    assert_eq!((undecided.task, undecided.alone), (lost[0].task, false));
    // Whoever stood still writes nothing more, and what the other has in flight is its own.
    let turn = Turn { settled: vec![settled(&lost[0], lane.round, TaskState::Done, NOW)], ..Turn::default() };
    assert!(matches!(first.turn(&turn, NOW).await, Err(StoreError::FenceLost)));
    let error = first.share(request_of_nobody(&HashMap::new(), &HashSet::new(), &BTreeSet::new()), NOW).await;
    assert!(matches!(error, Err(StoreError::FenceLost)), "{error:?}");
    let done = Turn { settled: vec![settled(&in_flight[0], beside.round, TaskState::Done, NOW)], ..Turn::default() };
    second.turn(&done, NOW).await.unwrap();
    let crashes = async |store: &mut Store| {
        let histories = store.read().explain(&target("1")).await.unwrap();
        histories.iter().map(|one| one.crashes.number()).collect::<Vec<_>>()
    };
    // It was the only one of its process, whatever others had in flight.
    assert_eq!(crashes(&mut store).await.iter().sum::<u32>(), 1);
    first.end(NOW, "error").await.unwrap().close().await;
    second.end(NOW, "finished").await.unwrap().close().await;
    assert_whole(&mut store).await;
}

/// The next machine takes the account of one whose process died with so many requests in flight, and finds that out. Gives how many have failed.
async fn deaths_in_turn(queue: &TestQueue, boots: &[&str], times: usize, in_flight: u32) -> Vec<u64> {
    let (mut failed, mut dead) = (Vec::new(), Vec::new());
    for boot in boots.iter().cycle().take(times) {
        let (mut drain, start) = begin_of(queue, DrainScope::default(), NOW, boot).await;
        failed.push(start.crashed);
        share(&mut drain, NOW).await;
        queue.plant("update task set state = 0 where state = 2").await;
        if let Some(lane) = drain.lanes(None).await.unwrap().first() {
            drain.turn(&Turn { first_answer: true, ..Turn::default() }, NOW).await.unwrap();
            claim_some(&mut drain, lane, in_flight, NOW).await;
        }
        // Long ago, and each was heard of long after the one before.
        queue.plant("update drain set alive_until = id * 20000 where ended_at is null").await;
        dead.push(drain);
    }
    failed
}

/// Who finds out that a process has died is on another machine. That it was no power cut is known once a process begins there again.
async fn a_row_that_crashes_processes_on_several_machines_is_found(queue: TestQueue) {
    let mut store = queue.open().await;
    let ada = account(&mut store, "ada").await;
    load(&mut store, &job("one"), rows(Action::Unfollow, ada, &["1"])).await;
    let failed = deaths_in_turn(&queue, &["one", "two", "three"], 10, 1).await;
    // Five deaths are known to count when the machine of the fifth has begun again.
    assert_eq!(failed, [0, 0, 0, 0, 0, 0, 0, 1, 0, 0]);
    let crashes = async |store: &mut Store, text: &str| {
        let histories = store.read().explain(&target(text)).await.unwrap();
        histories.iter().map(|one| (one.state, one.crashes.number())).collect::<Vec<_>>()
    };
    assert_eq!(crashes(&mut store, "1").await, [(TaskState::Failed, 5)]);
    // A person has it tried again: what it was blamed for is over.
    let one = store.queue().job("one").await.unwrap().unwrap();
    store.queue().retry_job(&one, NOW.wall).await.unwrap();
    assert_eq!(deaths_in_turn(&queue, &["one"], 3, 1).await, [0, 0, 0]);
    assert_eq!(crashes(&mut store, "1").await, [(TaskState::Sending, 2)]);
    let says = Says { shuns: BTreeSet::from([ada]), ..Says::default() };
    let (mut drain, _) = begin_of(&queue, DrainScope::default(), NOW, "one").await;
    says.share(&mut drain).await;
    drain.end(NOW, "finished").await.unwrap().close().await;
    assert_whole(&mut store).await;
}

/// Two that were in flight together are not to blame, and where no machine is heard of again nobody is.
async fn nobody_is_blamed_for_deaths_in_company_or_of_machines(queue: TestQueue) {
    let mut store = queue.open().await;
    let ada = account(&mut store, "ada").await;
    load(&mut store, &job("one"), rows(Action::Unfollow, ada, &["1", "2"])).await;
    assert_eq!(deaths_in_turn(&queue, &["one", "two"], 12, 2).await, [0; 12]);
    let machines: Vec<String> = (0..8).map(|number| format!("power cut {number}")).collect();
    let machines: Vec<&str> = machines.iter().map(String::as_str).collect();
    assert_eq!(deaths_in_turn(&queue, &machines, 8, 1).await, [0; 8]);
    assert_whole(&mut store).await;
}

fn request_of_nobody<'r>(
    units: &'r HashMap<AccountId, String>,
    none: &'r HashSet<AccountId>,
    shuns: &'r BTreeSet<AccountId>,
) -> ShareRequest<'r> {
    ShareRequest { units, done: &[], quiet: none, leaving: none, shuns }
}

async fn only(drain: &mut Drain) -> LaneView {
    let lanes = drain.lanes(None).await.unwrap();
    assert_eq!(lanes.len(), 1, "{lanes:?}");
    lanes[0]
}

async fn what_an_account_has_sent_goes_with_it(queue: TestQueue) {
    let mut store = queue.open().await;
    let ada = account(&mut store, "ada").await;
    let one = load(&mut store, &job("one"), rows(Action::Unfollow, ada, &["1", "2", "3"])).await;
    let (mut first, start) = begin_of(&queue, DrainScope::default(), NOW, "here").await;
    assert!(!start.other_boots);
    share(&mut first, NOW).await;
    // Both of the same host, and one of another; all begin before anything is sent.
    let (mut second, _) = begin_of(&queue, DrainScope::default(), NOW, "here").await;
    let elsewhere = Moment { tick: Tick(5), wall: NOW.wall };
    let (mut third, start) = begin_of(&queue, DrainScope::default(), elsewhere, "there").await;
    assert!(start.other_boots, "whether the wall clock is right has to be asked");
    let lane = only(&mut first).await;
    let claimed = claim_some(&mut first, &lane, 1, NOW).await;
    let answered = at(NOW.tick.0 + 700);
    let turn = Turn { settled: vec![settled(&claimed[0], one.round, TaskState::Done, answered)], ..Turn::default() };
    first.turn(&turn, answered).await.unwrap();
    let says = Says { done: vec![ada], shuns: BTreeSet::from([ada]), ..Says::default() };
    says.share(&mut first).await;
    assert_eq!(share(&mut second, NOW).await.gained, [ada]);
    let slots = second.slots(&[ada]).await.unwrap().remove(&ada).unwrap();
    assert_eq!(
        slots.iter().map(|slot| (slot.counted_until, slot.same_boot)).collect::<Vec<_>>(),
        [(answered.tick, true)]
    );
    claim_some(&mut second, &lane, 1, NOW).await;
    // The second has one in flight when the third takes over.
    drop(second);
    let later = Moment { tick: Tick(9), wall: answered.wall };
    let request = (HashMap::new(), HashSet::new(), BTreeSet::new());
    let mut gained = None;
    while gained.is_none() {
        let told = third.share(request_of_nobody(&request.0, &request.1, &request.2), later).await.unwrap();
        gained = told.filter(|told| !told.gained.is_empty());
    }
    assert_eq!(gained.unwrap().start.taken_over, later.tick, "not before it had the account");
    let slots = third.slots(&[ada]).await.unwrap().remove(&ada).unwrap();
    assert_eq!(
        slots.iter().map(|slot| (slot.open, slot.same_boot)).collect::<Vec<_>>(),
        [(false, false), (true, false)]
    );
    // So does one that begins only then.
    third.end(later, "deadline").await.unwrap().close().await;
    let (mut fourth, start) =
        begin_of(&queue, DrainScope::default(), Moment { tick: Tick(50), ..later }, "elsewhere").await;
    assert_eq!((start.other_boots, start.taken_over), (true, Tick(50)));
    assert_eq!(share(&mut fourth, NOW).await.gained, [ada]);
    assert_eq!(fourth.slots(&[ada]).await.unwrap().remove(&ada).unwrap().len(), 2);
}

async fn a_drain_that_ended_without_its_answers_leaves_nothing_in_flight(queue: TestQueue) {
    let mut store = queue.open().await;
    let ada = account(&mut store, "ada").await;
    load(&mut store, &job("one"), rows(Action::Unfollow, ada, &["1", "2"])).await;
    let (mut first, mut second) = (begin(&queue).await, begin(&queue).await);
    share(&mut first, NOW).await;
    let lane = only(&mut first).await;
    let claimed = claim_some(&mut first, &lane, 1, NOW).await;
    first.end(NOW, "error").await.unwrap().close().await;
    let told = share(&mut second, NOW).await;
    assert_eq!((told.gained, told.start.undecided.len()), (vec![ada], 1));
    let told = store.read().explain(&target("1")).await.unwrap().remove(0);
    assert_eq!((told.crashes.number(), claimed.len(), told.attempts.len()), (0, 1, 1), "nothing died");
    second.end(NOW, "finished").await.unwrap().close().await;
    assert_whole(&mut store).await;
}

/// The counts of one round, from two drains at once.
async fn turns_of_several_drains_are_written_side_by_side(queue: TestQueue) {
    const ROWS: usize = 120;
    let mut store = queue.open().await;
    let (ada, bob) = (account(&mut store, "ada").await, account(&mut store, "bob").await);
    let own = |account, from: u64| (from..).take(ROWS).map(move |n| row(n, Action::Unfollow, account, &n.to_string()));
    let all = own(ada, 2).chain(own(bob, 2_000)).collect();
    let one = load(&mut store, &job("one"), all).await;
    let (mut first, mut second) = (begin(&queue).await, begin(&queue).await);
    assert_eq!((share(&mut first, NOW).await.gained.len(), share(&mut second, NOW).await.gained.len()), (1, 1));
    let work = async |drain: &mut Drain| {
        let lane = only(drain).await;
        let mut settled_now = Vec::new();
        let mut attempts = Vec::new();
        loop {
            let turn = Turn { settled: settled_now, claims: vec![claim(&lane, 3, NOW)], ..Turn::default() };
            let receipt = drain.turn(&turn, NOW).await.unwrap();
            attempts.extend(receipt.claimed.iter().map(|claimed| claimed.attempt));
            settled_now =
                receipt.claimed.iter().map(|claimed| settled(claimed, one.round, TaskState::Done, NOW)).collect();
            if settled_now.is_empty() {
                return attempts;
            }
        }
    };
    let (by_first, by_second) = tokio::join!(work(&mut first), work(&mut second));
    assert_eq!((by_first.len(), by_second.len()), (ROWS, ROWS));
    assert!(by_first.is_sorted() && by_second.is_sorted());
    assert_eq!(by_first.iter().chain(&by_second).collect::<BTreeSet<_>>().len(), 2 * ROWS);
    assert_eq!(store.read().status(None).await.unwrap()[0].counts.done, 2 * ROWS as u64);
    first.end(NOW, "finished").await.unwrap().close().await;
    second.end(NOW, "finished").await.unwrap().close().await;
    assert_whole(&mut store).await;
}

async fn a_lease_ends_for_whoever_has_it_before_it_does_for_others(queue: TestQueue) {
    let mut store = queue.open().await;
    accounts(&mut store, 1).await;
    let mut drain = begin(&queue).await;
    let left = drain.sends_for().unwrap();
    assert!(left > Duration::ZERO && left <= Duration::from_secs(13), "{left:?}");
    assert!(drain.lock_is_intact());
    share(&mut drain, NOW).await;
    // Somebody else says that it is over, and it hears of that when it would have put its end off.
    let_die(&queue).await;
    let mut other = begin(&queue).await;
    assert_eq!(share(&mut other, NOW).await.gained.len(), 1);
    while drain.lock_is_intact() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(drain.sends_for(), Some(Duration::ZERO));
    assert_eq!(here().0, "here");
}
