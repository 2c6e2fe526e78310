//! What the account's own lists say of what was done, and what a person says by hand.

use cleanup::domain::{AccountId, Action, Outcome, TaskId, TaskState, Wall};
use cleanup::store::{
    Job, JobState, Looked, NewJob, PickOrder, Reach, Retried, Store, Taken, TaskFilter, VerdictCounts, VerifyResult,
    WorklistTick,
};

use super::stores::{TestQueue, for_every_store};
use super::support::{
    NOW, account, assert_whole, at, begin_at, claim_some, from, job, load, outcomes, reload, row, rows, send_all,
    target, task_on,
};

for_every_store!(
    what_a_list_lacks_is_confirmed_and_what_it_has_is_a_ghost_or_back,
    a_list_says_nothing_of_what_it_does_not_reach,
    what_no_list_decides_is_asked_about_one_by_one,
    what_was_restored_is_not_judged,
    what_another_job_had_done_before_is_told,
    a_reading_is_a_list_too,
    what_is_left_of_a_restored_queue_and_listed_no_more_is_done,
    what_came_back_is_sent_again,
    ticks_finish_tasks_once,
    a_worklist_of_an_older_round_says_so,
);

const DAY: i64 = 86_400_000;

async fn done_job(queue: &TestQueue, store: &mut Store) -> (AccountId, Job) {
    let ada = account(store, "ada").await;
    let one = load(store, &job("one"), rows(Action::Unfollow, ada, &["1", "2", "3"])).await;
    send_all(queue, NOW, |_| TaskState::Done).await;
    (ada, one)
}

async fn look(store: &mut Store, job: &Job, looked: Looked, listed: &[&str]) -> VerdictCounts {
    store.lists().begin_listed().await.unwrap();
    for part in listed.chunks(2) {
        let targets: Vec<_> = part.iter().map(|text| target(text)).collect();
        store.lists().add_listed(&targets).await.unwrap();
    }
    store.lists().judge(job, &looked).await.unwrap();
    store.lists().verdicts(job).await.unwrap()
}

fn looked(account: AccountId, days: i64, reach: Reach) -> Looked {
    Looked { account, action: Action::Unfollow, read_at: at(NOW.tick.0 + days * DAY).wall, reach }
}

fn counts(confirmed: u64, came_back: u64, ghosts: u64, undecided: u64) -> VerdictCounts {
    VerdictCounts { confirmed, came_back, ghosts, undecided, restored: 0 }
}

async fn what_a_list_lacks_is_confirmed_and_what_it_has_is_a_ghost_or_back(queue: TestQueue) {
    let mut store = queue.open().await;
    let (ada, one) = done_job(&queue, &mut store).await;
    assert_eq!(store.lists().done_lanes(&one).await.unwrap(), [(Action::Unfollow, ada, 3, NOW.wall)]);
    assert_eq!(store.lists().verdicts(&one).await.unwrap(), counts(0, 0, 0, 3));
    let found = look(&mut store, &one, looked(ada, 1, Reach::Whole), &["2", "3", "9", "2"]).await;
    assert_eq!(found, counts(1, 0, 2, 0));
    let found = look(&mut store, &one, looked(ada, 2, Reach::Whole), &["1", "2"]).await;
    assert_eq!(found, counts(1, 1, 1, 0), "1 was off and is back, 2 was never off, 3 is off");
    let found = look(&mut store, &one, looked(ada, 1, Reach::Whole), &[]).await;
    assert_eq!(found, counts(1, 1, 1, 0), "an older reading says nothing any more");
    // The ghost is picked with what failed, for whoever does it by hand.
    let wanted = TaskFilter { states: vec![TaskState::Failed], ghosts: true };
    assert_eq!(store.read().select_tasks(&one, 1, &wanted, PickOrder::NewestFirst).await.unwrap(), Some(1));
    let picked = store.read().picked(0, 9).await.unwrap();
    let ghost = (&picked[0].target, picked[0].verdict, picked[0].read_at);
    assert_eq!(ghost, (&target("2"), Some(VerifyResult::Ghost), Some(at(NOW.tick.0 + 2 * DAY).wall)));
    store.read().end_picking().await.unwrap();
}

async fn what_is_left_of_a_restored_queue_and_listed_no_more_is_done(queue: TestQueue) {
    let mut store = queue.open().await;
    let ada = account(&mut store, "ada").await;
    let named = [rows(Action::Unfollow, ada, &["1", "2", "3"]), rows(Action::Unlike, ada, &["1"])].concat();
    let one = load(&mut store, &job("one"), named).await;
    store.queue().set_job_state(one.id, JobState::Unverified).await.unwrap();
    let generation = store.read().change_counters().await.unwrap().generation;
    let settle = async |store: &mut Store, looked: Looked, listed: &[&str]| {
        look(store, &one, looked, listed).await;
        store.lists().settle_absent(&one, &looked, NOW.wall).await.unwrap()
    };
    assert_eq!(settle(&mut store, looked(ada, 0, Reach::Nothing), &["2"]).await, 0, "absence proves nothing");
    let part = looked(ada, 0, Reach::From("2".parse().unwrap()));
    assert_eq!(settle(&mut store, part, &["2"]).await, 1, "1 is beyond what is listed");
    assert_eq!(settle(&mut store, looked(ada, 0, Reach::Whole), &["2"]).await, 1);
    assert_eq!(settle(&mut store, looked(ada, 0, Reach::Whole), &["2"]).await, 0);
    assert!(store.read().change_counters().await.unwrap().generation > generation);
    let came = store.read().status(Some("one")).await.unwrap().remove(0);
    assert_eq!((came.counts.done, came.counts.pending, came.state()), (2, 2, "unverified"));
    assert_whole(&mut store).await;
}

async fn a_list_says_nothing_of_what_it_does_not_reach(queue: TestQueue) {
    let mut store = queue.open().await;
    let (ada, one) = done_job(&queue, &mut store).await;
    let before = looked(ada, 0, Reach::Whole);
    assert_eq!(look(&mut store, &one, before, &["1"]).await, counts(0, 0, 0, 3), "done later than that");
    let other = Looked { action: Action::Unlike, ..looked(ada, 1, Reach::Whole) };
    assert_eq!(look(&mut store, &one, other, &["1"]).await, counts(0, 0, 0, 3));
    let part = looked(ada, 1, Reach::From("2".parse().unwrap()));
    assert_eq!(look(&mut store, &one, part, &["3"]).await, counts(1, 0, 1, 1));
    let some = looked(ada, 2, Reach::Nothing);
    assert_eq!(
        look(&mut store, &one, some, &["1"]).await,
        counts(1, 0, 2, 0),
        "presence proves something all the same"
    );
}

async fn what_no_list_decides_is_asked_about_one_by_one(queue: TestQueue) {
    let mut store = queue.open().await;
    let (ada, one) = done_job(&queue, &mut store).await;
    let lane = (ada, Action::Unfollow);
    let all = store.lists().undecided(&one, lane, TaskId(0), 9).await.unwrap();
    assert_eq!(all.iter().map(|(_, target)| target.to_string()).collect::<Vec<_>>(), ["1", "2", "3"]);
    assert_eq!(store.lists().undecided(&one, (ada, Action::Unlike), TaskId(0), 9).await.unwrap(), []);
    // Of a list that is cut what is on it is known, and nothing of what is not.
    let found = look(&mut store, &one, looked(ada, 1, Reach::Nothing), &["2"]).await;
    assert_eq!(found, counts(0, 0, 1, 2));
    let rest = store.lists().undecided(&one, lane, TaskId(0), 9).await.unwrap();
    assert_eq!(rest, [all[0].clone(), all[2].clone()]);
    assert_eq!(store.lists().undecided(&one, lane, rest[0].0, 9).await.unwrap(), rest[1..]);
    assert_eq!(store.lists().undecided(&one, lane, TaskId(0), 1).await.unwrap(), rest[..1]);
    for ((task, target), is_listed) in rest.iter().zip([false, true]) {
        store.lists().judge_one(&one, (*task, target), &looked(ada, 2, Reach::Whole), is_listed).await.unwrap();
    }
    assert_eq!(store.lists().verdicts(&one).await.unwrap(), counts(1, 0, 2, 0));
    assert_eq!(store.lists().undecided(&one, lane, TaskId(0), 9).await.unwrap(), []);
}

async fn what_was_restored_is_not_judged(queue: TestQueue) {
    let mut store = queue.open().await;
    let (ada, one) = done_job(&queue, &mut store).await;
    load(&mut store, &NewJob::restoring("undo".into(), one.round), vec![row(1, Action::Follow, ada, "2")]).await;
    send_all(&queue, at(NOW.tick.0 + 1), |_| TaskState::Done).await;
    let found = look(&mut store, &one, looked(ada, 1, Reach::Whole), &["2", "3"]).await;
    assert_eq!(found, VerdictCounts { restored: 1, ..counts(1, 0, 1, 0) });
}

async fn what_another_job_had_done_before_is_told(queue: TestQueue) {
    let mut store = queue.open().await;
    let (ada, one) = done_job(&queue, &mut store).await;
    load(&mut store, &NewJob::restoring("undo".into(), one.round), vec![row(1, Action::Follow, ada, "2")]).await;
    send_all(&queue, at(NOW.tick.0 + 1), |_| TaskState::Done).await;
    let two = load(&mut store, &job("two"), rows(Action::Unfollow, ada, &["1", "2", "9"])).await;
    send_all(&queue, at(NOW.tick.0 + 2), |_| TaskState::Done).await;
    let mut tasks = Vec::new();
    for text in ["1", "2", "9"] {
        tasks.push(task_on(&mut store, &two, text).await);
    }
    // Nobody had it done, or it was taken back in between.
    assert_eq!(store.read().done_before(&tasks).await.unwrap(), [(tasks[0], "one".to_owned())].into());
}

async fn a_reading_is_a_list_too(queue: TestQueue) {
    use super::support::{ask, grant, here, read_end};
    use cleanup::domain::{Platform, TargetKind};
    use cleanup::store::{NewPage, PageEntry, TargetMetadata};
    let mut store = queue.open().await;
    let (ada, one) = done_job(&queue, &mut store).await;
    let (boot, reading) = (here(), store.lists().begin_reading(ada, "following", Wall(5)).await.unwrap().id);
    let of = ask(ada, &[], &boot);
    let entry = |text| PageEntry { target: target(text), known: TargetMetadata::default(), facts: "{}".into() };
    let entries = ["did:plc:a", "30", "2", "007"].map(entry);
    let page = NewPage { entries: &entries, next: None, of: (Platform::XV2, TargetKind::User) };
    let request = grant(&mut store, &of, NOW).await;
    store.lists().keep_page(reading, &page, (request.id, &read_end(NOW, 4)), &of).await.unwrap();
    store.lists().begin_listed().await.unwrap();
    assert_eq!(store.lists().add_reading(reading).await.unwrap(), Some("2".parse().unwrap()), "the lowest number");
    store.lists().judge(&one, &looked(ada, 1, Reach::Whole)).await.unwrap();
    assert_eq!(store.lists().verdicts(&one).await.unwrap(), counts(2, 0, 1, 0));
}

async fn what_came_back_is_sent_again(queue: TestQueue) {
    let mut store = queue.open().await;
    let (ada, one) = done_job(&queue, &mut store).await;
    look(&mut store, &one, looked(ada, 1, Reach::Whole), &[]).await;
    look(&mut store, &one, looked(ada, 2, Reach::Whole), &["1", "3"]).await;
    // One that no file names any more is left as it is, until it is back.
    let one = reload(&mut store, &one, rows(Action::Unfollow, ada, &["1", "2"])).await;
    assert_eq!(store.queue().reopen_job(&one, NOW.wall).await.unwrap(), Retried { tasks: 1, vanished: 1 });
    let one = reload(&mut store, &one, rows(Action::Unfollow, ada, &["1", "2", "3"])).await;
    assert_eq!(store.queue().reopen_job(&one, NOW.wall).await.unwrap(), Retried { tasks: 1, vanished: 0 });
    assert_eq!(store.queue().reopen_job(&one, NOW.wall).await.unwrap().tasks, 0);
    use Outcome::{Done, Pending};
    let found: Vec<_> = outcomes(&mut store, &one).await.into_iter().map(|(_, outcome)| outcome).collect();
    assert_eq!(found, [Pending, Done, Pending]);
    assert_eq!(store.lists().verdicts(&one).await.unwrap(), counts(1, 0, 0, 0));
    send_all(&queue, at(NOW.tick.0 + 3 * DAY), |_| TaskState::Done).await;
    assert_eq!(store.lists().verdicts(&one).await.unwrap(), counts(1, 0, 0, 2), "a verdict is of the end it speaks of");
    assert_whole(&mut store).await;
}

async fn ticks_finish_tasks_once(queue: TestQueue) {
    let mut store = queue.open().await;
    let ada = account(&mut store, "ada").await;
    let texts = ["1", "2", "3", "4", "5", "6"];
    let one = load(&mut store, &job("one"), rows(Action::Unfollow, ada, &texts)).await;
    let (mut drain, _) = begin_at(&queue, NOW, "here").await;
    let lane = drain.lanes(None).await.unwrap()[0];
    let claimed = claim_some(&mut drain, &lane, 5, NOW).await;
    let states = [TaskState::Done, TaskState::Done, TaskState::Failed, TaskState::Gone];
    let settled =
        claimed.iter().zip(states).map(|(claimed, state)| super::support::settled(claimed, one.round, state, NOW));
    drain.turn(&cleanup::store::Turn { settled: settled.collect(), ..Default::default() }, NOW).await.unwrap();
    look(&mut store, &one, looked(ada, 1, Reach::Whole), &["1"]).await;
    let token = store.queue().make_worklist(&one, NOW.wall).await.unwrap();
    let worklist = store.queue().worklist(&token).await.unwrap().unwrap();
    assert_eq!(
        (worklist.job.as_str(), worklist.round, worklist.round_number, worklist.is_outdated),
        ("one", one.round, 1, false)
    );
    assert_eq!(store.queue().worklist("another").await.unwrap(), None);
    let mut ticks = Vec::new();
    for (line, text) in (2..).zip(texts) {
        ticks.push(WorklistTick { task: task_on(&mut store, &one, text).await, target: target(text), line });
    }
    let foreign = WorklistTick { target: target("99"), line: 50, ..ticks[5].clone() };
    ticks.extend([ticks[2].clone(), foreign]);
    let taken = store.queue().take_ticks(&worklist, &ticks, Wall(9)).await.unwrap();
    let expected = Taken { done: 2, ghosts: 1, already: 2, sending: 1, settled_otherwise: 1, foreign_lines: vec![50] };
    assert_eq!(taken, expected);
    let again = store.queue().take_ticks(&worklist, &ticks, Wall(9)).await.unwrap();
    assert_eq!((again.done, again.ghosts, again.already, again.sending), (0, 0, 5, 1));
    let rows = super::support::receipts(&mut store, &one, 1).await;
    let told: Vec<_> = rows.iter().map(|row| (row.outcome, row.reason.as_deref())).collect();
    let by_hand = (Outcome::Done, Some("by_hand"));
    let expected =
        [by_hand, (Outcome::Done, None), by_hand, (Outcome::Gone, Some("said_so")), (Outcome::Pending, None), by_hand];
    assert_eq!(told, expected);
    assert_eq!(
        store.lists().verdicts(&one).await.unwrap(),
        counts(1, 0, 0, 3),
        "a ghost that was done by hand is none"
    );
    assert_whole(&mut store).await;
}

async fn a_worklist_of_an_older_round_says_so(queue: TestQueue) {
    let mut store = queue.open().await;
    let (ada, one) = done_job(&queue, &mut store).await;
    let token = store.queue().make_worklist(&one, NOW.wall).await.unwrap();
    let again = load(&mut store, &job("one"), rows(Action::Unfollow, ada, &["1"])).await;
    assert_eq!((again.round_number, &again.loaded_from), (2, &from("first")));
    assert!(store.queue().worklist(&token).await.unwrap().unwrap().is_outdated);
    store.admin().forget(&again, NOW.wall).await.unwrap();
    assert_eq!(store.queue().worklist(&token).await.unwrap(), None, "its job was forgotten");
}
