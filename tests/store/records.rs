//! The records of an account's own: read page by page, deleted by tasks, put back.

use cleanup::domain::{AccountId, Action, OwnRecord, Target, TaskId, TaskState, Wall};
use cleanup::store::{
    Claimed, Drain, Job, NewJob, RecordId, RecordPage, RecordReading, RecordsOfTask, Store, Turn, UndoneRecord,
};

use super::stores::{TestQueue, for_every_store};
use super::support::{
    NOW, account, ask, begin, claim_some, grant, here, job, load, only_lane, read_end, row, rows, settled, target,
    task_on,
};

for_every_store!(
    records_are_read_page_by_page_and_kept_where_a_task_names_their_subject,
    what_is_asked_about_task_by_task_is_known_as_far_as_it_was_asked,
    a_task_deletes_its_records_one_after_the_other,
    what_was_read_says_nothing_of_rows_that_come_later,
    a_job_puts_back_what_a_round_has_deleted,
    the_last_copy_of_what_was_deleted_is_kept_until_it_is_forgotten,
);

const ACTION: Action = Action::Unfollow;
const SUBJECTS: [&str; 3] = ["did:plc:a", "did:plc:b", "did:plc:c"];

fn record(subject: &str, key: &str) -> (Target, OwnRecord) {
    let (cid, value) = (format!("cid-{key}"), format!("{{\"subject\":\"{subject}\"}}"));
    (target(subject), OwnRecord { collection: "graph.follow".into(), key: key.into(), cid, value })
}

async fn page(
    store: &mut Store,
    of: AccountId,
    place: usize,
    records: &[(Target, OwnRecord)],
    next: Option<(usize, Option<&str>)>,
) -> Option<RecordReading> {
    page_of(store, (of, ACTION), place, records, next).await
}

async fn page_of(
    store: &mut Store,
    of: (AccountId, Action),
    place: usize,
    records: &[(Target, OwnRecord)],
    next: Option<(usize, Option<&str>)>,
) -> Option<RecordReading> {
    let boot = here();
    let of_endpoint = ask(of.0, &[], &boot);
    let request = grant(store, &of_endpoint, NOW).await;
    let page = RecordPage { of, place, records, entries: records.len() as u64, next };
    store.lists().keep_record_page(&page, (request.id, &read_end(NOW, 0)), &of_endpoint).await.unwrap()
}

/// Reads all of an account's records: two of `a`, one of `b`, one of somebody whom no task names.
async fn read_all(store: &mut Store, of: AccountId) {
    store.lists().begin_record_reading((of, ACTION), Wall(5)).await.unwrap();
    let records =
        [record("did:plc:a", "2"), record("did:plc:a", "1"), record("did:plc:b", "3"), record("did:plc:z", "4")];
    page(store, of, 0, &records, None).await.unwrap();
}

/// What each task deletes next, as `key/left`, or why nothing.
fn told(found: &RecordsOfTask) -> String {
    match found {
        RecordsOfTask::Unknown => "unknown".to_owned(),
        RecordsOfTask::Next(next) => format!("{}/{}", next.record.key, next.left),
        RecordsOfTask::None { was_settled: true } => "undone".to_owned(),
        RecordsOfTask::None { was_settled: false } => "none".to_owned(),
        RecordsOfTask::There => "there".to_owned(),
    }
}

async fn tasks(store: &mut Store, job: &Job, subjects: &[&str]) -> Vec<TaskId> {
    let mut tasks = Vec::new();
    for subject in subjects {
        tasks.push(task_on(store, job, subject).await);
    }
    tasks
}

async fn seen(drain: &mut Drain, tasks: &[TaskId], leaving: &[RecordId]) -> Vec<String> {
    let found = drain.records_of(tasks, leaving).await.unwrap();
    tasks.iter().map(|task| told(&found[task])).collect()
}

async fn next(drain: &mut Drain, task: TaskId) -> RecordId {
    match &drain.records_of(&[task], &[]).await.unwrap()[&task] {
        RecordsOfTask::Next(next) => next.id,
        other => panic!("{other:?}"),
    }
}

async fn records_are_read_page_by_page_and_kept_where_a_task_names_their_subject(queue: TestQueue) {
    let mut store = queue.open().await;
    let ada = account(&mut store, "ada").await;
    let one = load(&mut store, &job("one"), rows(ACTION, ada, &SUBJECTS)).await;
    assert_eq!(store.lists().record_reading((ada, ACTION)).await.unwrap(), None);
    assert_eq!(page(&mut store, ada, 0, &[], None).await, None, "there is no reading to keep it in");
    let begun = store.lists().begin_record_reading((ada, ACTION), Wall(5)).await.unwrap();
    let expected = RecordReading {
        covers_to: one.visible_to,
        collection: 0,
        cursor: None,
        entries: 0,
        begun_at: Wall(5),
        finished: false,
    };
    assert_eq!(begun, expected);
    let of = tasks(&mut store, &one, &SUBJECTS).await;
    let mut drain = begin(&queue).await;
    let first =
        page(&mut store, ada, 0, &[record("did:plc:a", "1"), record("did:plc:z", "9")], Some((1, Some("two")))).await;
    assert_eq!(
        first,
        Some(RecordReading { collection: 1, cursor: Some("two".into()), entries: 2, ..expected.clone() })
    );
    assert_eq!(seen(&mut drain, &of, &[]).await, ["unknown"; 3], "it is not read to its end");
    let again = [record("did:plc:a", "1"), record("did:plc:b", "2")];
    let last = page(&mut store, ada, 1, &again, None).await.unwrap();
    assert_eq!((last.finished, last.entries), (true, 4));
    assert_eq!(store.lists().record_reading((ada, ACTION)).await.unwrap(), Some(last));
    // Of two collections one may have a record of the same key: it is another record.
    assert_eq!(seen(&mut drain, &of, &[]).await, ["1/2", "2/1", "none"]);
    assert_eq!(store.lists().record_reading((ada, Action::Unlike)).await.unwrap(), None);
    let told = store.read().explain(&target("did:plc:b")).await.unwrap();
    let paths: Vec<_> = told[0].records.iter().map(|record| (record.path.as_str(), record.is_deleted)).collect();
    assert_eq!(paths, [("graph.follow/2", false)]);
}

async fn what_is_asked_about_task_by_task_is_known_as_far_as_it_was_asked(queue: TestQueue) {
    let mut store = queue.open().await;
    let ada = account(&mut store, "ada").await;
    let one = load(&mut store, &job("one"), rows(ACTION, ada, &SUBJECTS)).await;
    let of = tasks(&mut store, &one, &SUBJECTS).await;
    let behind = store.lists().tasks_behind((ada, ACTION), TaskId(0), 2).await.unwrap();
    assert_eq!(behind, [(of[0], target(SUBJECTS[0])), (of[1], target(SUBJECTS[1]))]);
    let rest = store.lists().tasks_behind((ada, ACTION), of[1], 9).await.unwrap();
    assert_eq!(rest, [(of[2], target(SUBJECTS[2]))]);
    store.lists().begin_record_reading((ada, ACTION), Wall(5)).await.unwrap();
    store.lists().cover_tasks((ada, ACTION), Some(of[1]), Wall(6)).await.unwrap();
    assert_eq!(store.lists().record_reading((ada, ACTION)).await.unwrap().unwrap().covers_to, of[1]);
    store.lists().cover_tasks((ada, ACTION), None, Wall(7)).await.unwrap();
    assert!(store.lists().record_reading((ada, ACTION)).await.unwrap().unwrap().covers_to >= of[2]);
}

/// Settles a claimed task, with the record that its request has deleted.
async fn settle(drain: &mut Drain, job: &Job, claimed: &Claimed, state: TaskState, record: RecordId, is_back: bool) {
    let undone = UndoneRecord { record, by: claimed.attempt, is_back };
    let turn = Turn { settled: vec![settled(claimed, job.round, state, NOW)], undone: vec![undone], ..Turn::default() };
    assert_eq!(
        turn.stepped().collect::<Vec<_>>(),
        Vec::from_iter((state == TaskState::Pending).then_some(claimed.task))
    );
    drain.turn(&turn, NOW).await.unwrap();
}

async fn a_task_deletes_its_records_one_after_the_other(queue: TestQueue) {
    let mut store = queue.open().await;
    let ada = account(&mut store, "ada").await;
    let one = load(&mut store, &job("one"), rows(ACTION, ada, &SUBJECTS)).await;
    read_all(&mut store, ada).await;
    let of = tasks(&mut store, &one, &SUBJECTS).await;
    let mut drain = begin(&queue).await;
    assert_eq!(seen(&mut drain, &of, &[]).await, ["1/2", "3/1", "none"]);
    let (first, lane) = (next(&mut drain, of[0]).await, only_lane(&mut drain).await);
    assert_eq!(seen(&mut drain, &of, &[first]).await, ["2/1", "3/1", "none"], "the turn under way marks one");
    for (left, state) in [("2/1", TaskState::Pending), ("undone", TaskState::Done)] {
        let (record, claimed) = (next(&mut drain, of[0]).await, claim_some(&mut drain, &lane, 1, NOW).await);
        assert_eq!(claimed[0].task, of[0]);
        settle(&mut drain, &one, &claimed[0], state, record, false).await;
        assert_eq!(seen(&mut drain, &of[..1], &[]).await, [left]);
    }
    let told = store.read().explain(&target("did:plc:a")).await.unwrap();
    assert!(told[0].records.iter().all(|record| record.is_deleted) && told[0].records.len() == 2);
    // Records have changed since they were read: nothing is known any more.
    let stale = Turn { stale_records: vec![(ada, ACTION)], ..Turn::default() };
    drain.turn(&stale, NOW).await.unwrap();
    assert_eq!(seen(&mut drain, &of[1..], &[]).await, ["unknown"; 2]);
}

async fn what_was_read_says_nothing_of_rows_that_come_later(queue: TestQueue) {
    let mut store = queue.open().await;
    let ada = account(&mut store, "ada").await;
    let one = load(&mut store, &job("one"), rows(ACTION, ada, &SUBJECTS[..2])).await;
    read_all(&mut store, ada).await;
    let two = load(&mut store, &job("two"), rows(ACTION, ada, &["did:plc:a", "did:plc:z"])).await;
    let (of_one, of_two) =
        (tasks(&mut store, &one, &SUBJECTS[..2]).await, tasks(&mut store, &two, &["did:plc:a"]).await);
    let mut drain = begin(&queue).await;
    assert_eq!(seen(&mut drain, &of_one, &[]).await, ["1/2", "3/1"]);
    assert_eq!(seen(&mut drain, &of_two, &[]).await, ["unknown"]);
    drop(drain);
    // Rows that come back into line may have gone from the account's records, or come, since.
    store.queue().cancel_job(&two, NOW.wall).await.unwrap();
    let mut drain = begin(&queue).await;
    assert_eq!(seen(&mut drain, &of_one, &[]).await, ["unknown"; 2]);
}

async fn a_job_puts_back_what_a_round_has_deleted(queue: TestQueue) {
    let mut store = queue.open().await;
    let ada = account(&mut store, "ada").await;
    let one = load(&mut store, &job("one"), rows(ACTION, ada, &SUBJECTS)).await;
    read_all(&mut store, ada).await;
    let of = tasks(&mut store, &one, &SUBJECTS).await;
    let mut drain = begin(&queue).await;
    let lane = only_lane(&mut drain).await;
    let claimed = claim_some(&mut drain, &lane, 2, NOW).await;
    let record = next(&mut drain, of[1]).await;
    settle(&mut drain, &one, &claimed[1], TaskState::Done, record, false).await;
    drop(drain);
    let undo = NewJob::restoring("undo".into(), one.round);
    let back = load(
        &mut store,
        &undo,
        vec![row(1, Action::Follow, ada, SUBJECTS[1]), row(2, Action::Follow, ada, SUBJECTS[2])],
    )
    .await;
    assert_eq!((back.restores, back.path.to_str()), (Some(one.round), Some(NewJob::NO_FILE)));
    let restoring = tasks(&mut store, &back, &SUBJECTS[1..]).await;
    let mut drain = begin(&queue).await;
    let found = drain.records_to_restore(&restoring, &[]).await.unwrap();
    assert_eq!(restoring.iter().map(|task| told(&found[task])).collect::<Vec<_>>(), ["unknown"; 2], "what is there?");
    store.lists().begin_record_reading((ada, Action::Follow), Wall(6)).await.unwrap();
    page_of(&mut store, (ada, Action::Follow), 0, &[], None).await.unwrap();
    let found = drain.records_to_restore(&restoring, &[]).await.unwrap();
    assert_eq!(restoring.iter().map(|task| told(&found[task])).collect::<Vec<_>>(), ["3/1", "none"]);
    let found = drain.records_to_restore(&restoring, &[record]).await.unwrap();
    assert_eq!(told(&found[&restoring[0]]), "none", "the turn under way marks it");
    assert!(drain.records_to_restore(&[], &[]).await.unwrap().is_empty());
    let lanes = drain.lanes(Some(&[back.id])).await.unwrap();
    let claimed = claim_some(&mut drain, &lanes[0], 1, NOW).await;
    settle(&mut drain, &back, &claimed[0], TaskState::Done, record, true).await;
    let found = drain.records_to_restore(&restoring, &[]).await.unwrap();
    assert_eq!(told(&found[&restoring[0]]), "there");
}

async fn the_last_copy_of_what_was_deleted_is_kept_until_it_is_forgotten(queue: TestQueue) {
    use cleanup::store::{PickOrder, TaskFilter};
    let mut store = queue.open().await;
    let ada = account(&mut store, "ada").await;
    let one = load(&mut store, &job("one"), rows(Action::DeletePost, ada, &["7"])).await;
    let mut drain = begin(&queue).await;
    let lane = only_lane(&mut drain).await;
    let claimed = claim_some(&mut drain, &lane, 1, NOW).await;
    let done = settled(&claimed[0], one.round, TaskState::Done, NOW);
    let turn = Turn { settled: vec![done], deleted_texts: vec![(claimed[0].task, "a post".into())], ..Turn::default() };
    assert!(!turn.is_empty() && Turn::default().is_empty());
    drain.turn(&turn, NOW).await.unwrap();
    drop(drain);
    let done = TaskFilter { states: vec![TaskState::Done], ghosts: false };
    assert_eq!(store.read().select_tasks(&one, 1, &done, PickOrder::File).await.unwrap(), Some(1));
    assert_eq!(store.read().picked(0, 9).await.unwrap()[0].last_copy.as_deref(), Some("a post"));
    store.read().end_picking().await.unwrap();
    store.admin().forget(&one, NOW.wall).await.unwrap();
    // A later task may get the number of one that was forgotten; its text it does not get.
    let two = load(&mut store, &job("two"), rows(Action::DeletePost, ada, &["8"])).await;
    let all = TaskFilter { states: TaskState::ALL.to_vec(), ghosts: false };
    store.read().select_tasks(&two, 1, &all, PickOrder::File).await.unwrap();
    assert_eq!(store.read().picked(0, 9).await.unwrap()[0].last_copy, None);
    store.read().end_picking().await.unwrap();
}
