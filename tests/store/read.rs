//! What people look at: counts, reasons, charts, pages of rows, picked rows; and queues that are opened.

use cleanup::domain::{Action, Outcome, Platform, TaskState};
use cleanup::store::{
    Bucket, JobStatus, OutcomeCounts, PickOrder, QueueKind, ReadStore, RowQuery, Store, StoreError, TaskFilter,
};

use super::stores::{TestQueue, for_every_store};
use super::support::{
    NOW, account, at, begin_at, claim_some, from, job, load, outcomes, receipts, row, rows, send_all, settled, target,
};
use cleanup::store::{LoadRow, RowPlace, Turn};

for_every_store!(
    a_queue_is_of_one_kind_and_is_not_made_by_mistake,
    a_round_is_told_by_its_number,
    a_text_is_found_in_every_kind_of_row,
    a_chart_has_what_requests_settled,
    counts_add_up,
    picked_rows_are_of_one_moment,
    requests_are_told_newest_first,
);

async fn a_queue_is_of_one_kind_and_is_not_made_by_mistake(queue: TestQueue) {
    assert!(Store::open_existing(queue.place(), QueueKind::Real).await.unwrap().is_none());
    let mut store = queue.open().await;
    assert_eq!(store.place(), queue.place());
    account(&mut store, "ada").await;
    store.close().await;
    let mut store = Store::open_existing(queue.place(), QueueKind::Real).await.unwrap().unwrap();
    assert_eq!(store.accounts().account_counts().await.unwrap().0, 1);
    let other = Store::open(queue.place(), QueueKind::Sandbox).await;
    assert!(matches!(other, Err(StoreError::WrongKind { .. })));
    let mut second = Store::reopen(queue.place()).await.unwrap();
    let mut read: ReadStore<'_> = second.read();
    let before = read.data_version().await.unwrap();
    assert_eq!(read.data_version().await.unwrap(), before);
    account(&mut store, "bob").await;
    assert_ne!(read.data_version().await.unwrap(), before);
    assert_eq!(read.change_counters().await.unwrap().accounts, 2);
}

async fn a_round_is_told_by_its_number(queue: TestQueue) {
    let mut store = queue.open().await;
    let ada = account(&mut store, "ada").await;
    let first = load(&mut store, &job("one"), rows(Action::Unfollow, ada, &["1"])).await;
    send_all(&queue, NOW, |_| TaskState::Done).await;
    load(&mut store, &job("one"), rows(Action::Unfollow, ada, &["2"])).await;
    let third = load(&mut store, &job("one"), rows(Action::Unlike, ada, &["3"])).await;
    assert_eq!(store.read().round_id(&third, 1).await.unwrap(), Some(first.round));
    assert_eq!(store.read().round_id(&third, 4).await.unwrap(), None);
    assert_eq!(store.read().newest_round_done_before(&third, 3).await.unwrap(), Some(1));
    assert_eq!(store.read().newest_round_done_before(&third, 1).await.unwrap(), None);
    assert_eq!(receipts(&mut store, &third, 1).await[0].outcome, Outcome::Done);
    let none = store.read().report(&third, 4, |_| -> Result<(), StoreError> { Ok(()) }).await.unwrap();
    assert!(!none, "there is no such round");
    assert_eq!(store.read().actions(&third, 3).await.unwrap(), [(Platform::XV2, Action::Unlike)]);
    assert_eq!(store.read().reasons(&third, 4).await.unwrap(), []);
}

/// A row is looked for by its cells as they are shown: those of a plain column are the target.
async fn a_text_is_found_in_every_kind_of_row(queue: TestQueue) {
    let mut store = queue.open().await;
    let ada = account(&mut store, "ada").await;
    let mut all = rows(Action::Unfollow, ada, &["1234", "99", "1234", "1234"]);
    all[3].record = Some("1234,Needle".into());
    let rejected = RowPlace::Rejected { reason: "not_an_id".into(), task: None };
    all.push(LoadRow { line: 6, place: rejected, record: Some("x23,NEEDLE".into()) });
    let one = load(&mut store, &job("one"), all).await;
    let mut found = async |outcome, text| {
        let query = RowQuery { outcome, text: Some(text), most: 9, ..RowQuery::default() };
        let page = store.read().rows(&one, &query).await.unwrap();
        page.rows.into_iter().filter_map(|row| row.line).collect::<Vec<_>>()
    };
    assert_eq!(found(None, "23").await, [2]);
    assert_eq!(found(Some(Outcome::Duplicate), "23").await, [4, 5]);
    assert_eq!(found(Some(Outcome::Duplicate), "needle").await, [5]);
    assert_eq!(found(Some(Outcome::Rejected), "needle").await, [6]);
    assert_eq!(found(Some(Outcome::Rejected), "99").await, [] as [u64; 0]);
}

async fn a_chart_has_what_requests_settled(queue: TestQueue) {
    let mut store = queue.open().await;
    let ada = account(&mut store, "ada").await;
    let one = load(&mut store, &job("one"), rows(Action::Unfollow, ada, &["1", "2", "3", "1", "4"])).await;
    assert_eq!(store.read().timeline(&one, 1, 10, 100).await.unwrap().stretches, []);
    let (mut drain, _) = begin_at(&queue, NOW, "here").await;
    let lane = drain.lanes(None).await.unwrap()[0];
    let claimed = claim_some(&mut drain, &lane, 3, NOW).await;
    let states = [(TaskState::Done, 0), (TaskState::Gone, 150), (TaskState::Failed, 900)];
    let answers = claimed
        .iter()
        .zip(states)
        .map(|(claimed, (state, ms))| settled(claimed, one.round, state, at(NOW.tick.0 + ms)));
    drain.turn(&Turn { settled: answers.collect(), ..Turn::default() }, NOW).await.unwrap();
    let chart = store.read().timeline(&one, 1, 5, 100).await.unwrap();
    assert_eq!((chart.begin, chart.stretch_ms), (NOW.wall, 200));
    let bucket = |done, gone, failed| Bucket { done, gone, failed };
    let none = bucket(0, 0, 0);
    assert_eq!(chart.stretches, [bucket(1, 1, 0), none, none, none, bucket(0, 0, 1)]);
    let most = store.read().timeline(&one, 1, 0, 1_000).await.unwrap();
    assert_eq!(most.stretches, [bucket(1, 1, 1)], "one at least");
    let course = store.read().course(&one).await.unwrap();
    let ends = course.tasks.iter().filter_map(|(_, at)| at.map(|at| at.0 - NOW.wall.0)).collect::<Vec<_>>();
    assert_eq!((course.total, course.tasks.len(), ends), (4, 4, vec![0, 150, 900]));
    let (reasons, cut) = store.read().top_reasons(&one).await.unwrap();
    let mut told: Vec<_> = reasons.iter().map(|top| (top.outcome.name(), top.reason.as_str(), top.rows)).collect();
    told.sort_unstable();
    assert_eq!(
        (told, cut),
        (vec![("duplicate", "duplicate", 1), ("failed", "said_so", 1), ("gone", "said_so", 1)], false)
    );
}

async fn counts_add_up(queue: TestQueue) {
    let mut store = queue.open().await;
    let (ada, bob) = (account(&mut store, "ada").await, account(&mut store, "bob").await);
    let one = load(
        &mut store,
        &job("one"),
        vec![row(2, Action::Unfollow, ada, "1"), row(3, Action::Unlike, bob, "2"), row(4, Action::Unlike, bob, "2")],
    )
    .await;
    let two = load(&mut store, &job("two"), rows(Action::Unlike, bob, &["1", "2"])).await;
    let status: Vec<JobStatus> = store.read().status(None).await.unwrap();
    assert_eq!(
        status.iter().map(|status| (status.job.clone(), status.state())).collect::<Vec<_>>(),
        [(one.clone(), "pending"), (two.clone(), "pending")]
    );
    let counts = OutcomeCounts { pending: 2, duplicate: 1, ..OutcomeCounts::default() };
    assert_eq!((status[0].counts, counts.rows(), counts.settled(), counts.settled_tasks()), (counts, 3, 1, 0));
    assert_eq!(store.read().pending_of_only_lane(one.round).await.unwrap(), None);
    assert_eq!(store.read().pending_of_only_lane(two.round).await.unwrap(), Some((Action::Unlike, bob, 2)));
    assert_eq!(
        store.read().pending_by_lane(one.round).await.unwrap(),
        [(Action::Unfollow, ada, 1), (Action::Unlike, bob, 1)]
    );
    assert_eq!(store.read().pending_lanes(one.round).await.unwrap(), [(Action::Unfollow, ada), (Action::Unlike, bob)]);
    send_all(&queue, NOW, |_| TaskState::Gone).await;
    assert_eq!(store.read().status(Some("one")).await.unwrap()[0].state(), "finished");
    assert_eq!(store.read().pending_by_lane(two.round).await.unwrap(), []);
    assert_eq!(store.read().pending_lanes(one.round).await.unwrap(), []);
    assert_eq!(store.read().status(Some("another")).await.unwrap(), []);
}

async fn picked_rows_are_of_one_moment(queue: TestQueue) {
    let mut store = queue.open().await;
    let ada = account(&mut store, "ada").await;
    let one = load(&mut store, &job("one"), rows(Action::Unfollow, ada, &["1", "2", "3"])).await;
    send_all(&queue, NOW, |of| if *of == target("2") { TaskState::Failed } else { TaskState::Done }).await;
    let wanted = TaskFilter { states: vec![TaskState::Done, TaskState::Failed], ghosts: false };
    assert_eq!(store.read().select_tasks(&one, 2, &wanted, PickOrder::File).await.unwrap(), None);
    assert_eq!(store.read().select_tasks(&one, 1, &wanted, PickOrder::File).await.unwrap(), Some(3));
    let mut other = queue.open().await;
    other.queue().retry_job(&one, NOW.wall).await.unwrap();
    let mut picked = store.read().picked(0, 2).await.unwrap();
    picked.extend(store.read().picked(2, 2).await.unwrap());
    let told: Vec<_> =
        picked.iter().map(|task| (task.line, task.target.to_string(), task.state, task.attempts)).collect();
    let expected =
        [(Some(2), "1", TaskState::Done), (Some(3), "2", TaskState::Failed), (Some(4), "3", TaskState::Done)];
    assert_eq!(told, expected.map(|(line, text, state)| (line, text.to_owned(), state, 1)));
    assert_eq!(
        (picked[1].account.as_str(), picked[1].platform, picked[1].finished_at),
        ("ada", Platform::XV2, Some(NOW.wall))
    );
    store.read().end_picking().await.unwrap();
    assert_eq!(outcomes(&mut store, &one).await[1].1, Outcome::Pending);
    assert_eq!(one.loaded_from, from("first"));
}

async fn requests_are_told_newest_first(queue: TestQueue) {
    let mut store = queue.open().await;
    let (ada, bob) = (account(&mut store, "ada").await, account(&mut store, "bob").await);
    load(&mut store, &job("one"), rows(Action::Unfollow, ada, &["1"])).await;
    send_all(&queue, NOW, |_| TaskState::Done).await;
    load(&mut store, &job("two"), rows(Action::Unlike, ada, &["1"])).await;
    let later = at(NOW.tick.0 + 10);
    let (mut drain, _) = begin_at(&queue, later, "here").await;
    let lane = drain.lanes(None).await.unwrap()[0];
    claim_some(&mut drain, &lane, 1, later).await;
    let recent = store.read().recent_attempts(ada, NOW.wall).await.unwrap();
    let told: Vec<_> = recent.iter().map(|attempt| (attempt.action, attempt.reserved_at, attempt.billed)).collect();
    assert_eq!(told, [(Action::Unlike, later.wall, false), (Action::Unfollow, NOW.wall, true)]);
    assert_eq!(store.read().recent_attempts(ada, later.wall).await.unwrap().len(), 1);
    assert_eq!(store.read().recent_attempts(bob, NOW.wall).await.unwrap(), []);
    assert_eq!(store.read().accounts_at_work(9).await.unwrap(), [ada]);
    assert_eq!(store.read().accounts_at_work(0).await.unwrap(), []);
}
