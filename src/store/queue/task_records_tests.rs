#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::*;
use crate::domain::{
    AccountId, Action, AttemptId, BootId, Horizons, LaneId, Moment, RoundId, Target, TaskState, Tick, Wall,
};
use crate::store::{
    Claim, DrainLock, DrainScope, QueueKind, ReadAsk, ReadEnd, ReadSlot, RecordPage, RecordReading, Settled, Store,
    Turn, UndoneRecord,
};

const NOW: Moment = Moment { tick: Tick(1_000_000), wall: Wall(1_700_000_000_000) };
const OF: (AccountId, Action) = (AccountId(1), Action::Unfollow);

/// A queue with one lane, and a task for each letter: `did:plc:a` is task 1.
async fn queue(folder: &Path, letters: &str) -> PathBuf {
    let path = folder.join("q.db");
    let mut store = Store::open(&path, QueueKind::Real).await.unwrap();
    for sql in [
        "insert into account (id, name, platform, user_id) values (1, 'ada', 'x-v2', '42'), (2, 'bea', 'x-v2', '43')",
        "insert into job (id, name, path, action, account_id, created_at) values (1, 'job', '/x', 1, 1, 0)",
        "insert into round (id, job_id, number, rows) values (1, 1, 1, 0)",
        "insert into lane (id, round_id, action, account_id) values (1, 1, 1, 1), (2, 1, 2, 1)",
        "insert into load (id, round_id, first_task_id, last_task_id, content_hash, started_at, finished_at)
         values (1, 1, 1, 99, 'x', 0, 0)",
    ] {
        store.db.execute(sql, args![]).await.unwrap();
    }
    for letter in letters.chars() {
        push(&mut store, letter).await;
    }
    store.close().await;
    path
}

async fn push(store: &mut Store, letter: char) {
    let (task, target) = (i64::from(u32::from(letter)) - 96, format!("did:plc:{letter}"));
    for sql in [
        "insert into task (id, lane_id, line, target) values (?1, 1, ?1 + 1, ?2)",
        "insert into task_key (lane_id, target, task_id) values (1, ?2, ?1)",
        "update round set visible_to = ?1, pending = ?1, rows = ?1 where ?2 is not null",
    ] {
        store.db.execute(sql, args![task, &target]).await.unwrap();
    }
}

fn record(subject: &str, key: &str) -> (Target, OwnRecord) {
    let (cid, value) = (format!("cid-{key}"), format!("{{\"subject\":{subject:?}}}"));
    let record = OwnRecord { collection: "app.bsky.graph.follow".into(), key: key.into(), cid, value };
    (subject.parse().unwrap(), record)
}

/// Keeps a page, as a reader does.
async fn keep(
    store: &mut Store,
    records: &[(Target, OwnRecord)],
    next: Option<(usize, Option<&str>)>,
) -> RecordReading {
    try_keep(store, 0, records, next).await.unwrap()
}

async fn try_keep(
    store: &mut Store,
    place: usize,
    records: &[(Target, OwnRecord)],
    next: Option<(usize, Option<&str>)>,
) -> Option<RecordReading> {
    let boot = BootId("here".into());
    let ask = ReadAsk {
        account: OF.0,
        app: "app",
        endpoint: "records",
        windows: &[],
        boot: &boot,
        deadline: Duration::from_secs(5),
        grace: Duration::from_secs(5),
    };
    let ReadSlot::Granted(grant) = store.lists().reserve_read(&ask, NOW).await.unwrap() else { panic!() };
    let end = ReadEnd {
        counted_until: NOW.tick,
        ended_at: NOW.wall,
        http_status: Some(200),
        finding: "page",
        detail: String::new(),
        resources: 0,
        left: Vec::new(),
    };
    let page = RecordPage { of: OF, place, records, entries: records.len() as u64, next };
    store.lists().keep_record_page(&page, (grant.id, &end), &ask).await.unwrap()
}

async fn begin(path: &Path) -> Drain {
    let store = Store::open(path, QueueKind::Real).await.unwrap();
    let lock = DrainLock::take(path).await.unwrap();
    let horizons = Horizons::all(Duration::from_secs(900));
    let boot = BootId("here".into());
    Drain::begin(store, lock, &DrainScope::default(), NOW, boot, &horizons, 30_000).await.unwrap().0
}

/// The next record of each task, as `key/left`, or why it has none.
async fn seen(drain: &mut Drain, tasks: &[i64], leaving: &[RecordId]) -> Vec<String> {
    let tasks: Vec<TaskId> = tasks.iter().copied().map(TaskId).collect();
    let mut found = drain.records_of(&tasks, leaving).await.unwrap();
    let each = tasks.iter().map(|task| match found.remove(task).unwrap() {
        RecordsOfTask::Unknown => "unknown".to_owned(),
        RecordsOfTask::Next(next) => format!("{}/{}", next.record.key, next.left),
        RecordsOfTask::There => "there".to_owned(),
        RecordsOfTask::None { was_settled: true } => "undone".to_owned(),
        RecordsOfTask::None { was_settled: false } => "none".to_owned(),
    });
    each.collect()
}

async fn next(drain: &mut Drain, task: i64) -> TaskRecord {
    let found = drain.records_of(&[TaskId(task)], &[]).await.unwrap().remove(&TaskId(task));
    let Some(RecordsOfTask::Next(next)) = found else { panic!("{found:?}") };
    next
}

/// Claims the head of the lane, and settles it so; with the record that it deleted.
async fn step(drain: &mut Drain, state: TaskState, record: Option<RecordId>) -> AttemptId {
    let claim = Claim {
        lane: LaneId(1),
        account: OF.0,
        action: OF.1,
        count: 1,
        visible_to: TaskId(99),
        looked_to: None,
        only: None,
        counted_until: NOW.tick,
    };
    let claimed = drain.turn(&Turn { claims: vec![claim], ..Turn::default() }, NOW).await.unwrap().claimed.remove(0);
    let settled = Settled {
        attempt: claimed.attempt,
        task: claimed.task,
        round: RoundId(1),
        state,
        counted_until: NOW.tick,
        ended_at: NOW.wall,
        http_status: Some(200),
        finding: if record.is_some() { "done" } else { "limited" },
        reason: None,
        detail: String::new(),
        transient_failures: 0,
        maybe_applied: false,
    };
    let undone = record.map(|record| UndoneRecord { record, by: claimed.attempt, is_back: false });
    let turn = Turn { settled: vec![settled], undone: undone.into_iter().collect(), ..Turn::default() };
    assert_eq!(turn.stepped().count(), usize::from(record.is_some() && state == TaskState::Pending));
    drain.turn(&turn, NOW).await.unwrap();
    claimed.attempt
}

#[tokio::test]
async fn a_task_gets_its_records_one_after_the_other_once_a_reading_covers_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = queue(folder.path(), "abc").await;
    let mut store = Store::open(&path, QueueKind::Real).await.unwrap();
    let mut drain = begin(&path).await;
    assert_eq!(seen(&mut drain, &[1, 2, 3], &[]).await, ["unknown", "unknown", "unknown"], "nothing was read");
    let begun = store.lists().begin_record_reading(OF, NOW.wall).await.unwrap();
    assert_eq!((begun.covers_to, begun.finished, begun.collection), (TaskId(3), false, 0));
    // Twice in a row, for the list has grown; and somebody whom no task names.
    let first =
        [record("did:plc:a", "2"), record("did:plc:a", "1"), record("did:plc:z", "9"), record("did:plc:a", "1")];
    let state = keep(&mut store, &first, Some((0, Some("next")))).await;
    assert_eq!((state.cursor.as_deref(), state.entries, state.finished), (Some("next"), 4, false));
    assert_eq!(seen(&mut drain, &[1], &[]).await, ["unknown"], "pages are left");
    push(&mut store, 'd').await;
    let last = [record("did:plc:b", "3"), record("did:plc:d", "4")];
    assert!(keep(&mut store, &last, None).await.finished);
    assert_eq!(seen(&mut drain, &[1, 2, 3, 4], &[]).await, ["1/2", "3/1", "none", "unknown"], "the fourth came later");

    let one = next(&mut drain, 1).await;
    assert_eq!(one.record, record("did:plc:a", "1").1);
    assert_eq!(seen(&mut drain, &[1], &[one.id]).await, ["2/1"], "as a turn sees it that has not been written");
    let attempt = step(&mut drain, TaskState::Pending, Some(one.id)).await;
    assert_eq!(seen(&mut drain, &[1], &[]).await, ["2/1"]);
    let two = next(&mut drain, 1).await.id;
    assert_eq!(seen(&mut drain, &[1], &[two]).await, ["undone"], "another task may have deleted the last one");
    // A limit in between changes nothing of it.
    step(&mut drain, TaskState::Pending, None).await;
    step(&mut drain, TaskState::Done, Some(two)).await;

    let again = store.lists().begin_record_reading(OF, NOW.wall).await.unwrap();
    assert_eq!(again.covers_to, TaskId(4));
    keep(&mut store, &[], None).await;
    assert_eq!(seen(&mut drain, &[2, 3, 4], &[]).await, ["none", "none", "none"], "what is left is read anew");
    let kept: Vec<(String, i64)> =
        store.db.fetch_all("select key, undone_by from own_record order by undone_by", args![]).await.unwrap();
    assert_eq!(kept.first(), Some(&("1".to_owned(), attempt.0)));
    assert_eq!(kept.len(), 2, "what was deleted is kept for whoever wants it back");
}

#[tokio::test]
async fn records_of_one_subject_go_in_the_order_of_their_collections() {
    let folder = tempfile::tempdir().unwrap();
    let path = queue(folder.path(), "a").await;
    let mut store = Store::open(&path, QueueKind::Real).await.unwrap();
    store.lists().begin_record_reading(OF, NOW.wall).await.unwrap();
    let state = try_keep(&mut store, 0, &[record("did:plc:a", "9")], Some((1, None))).await.unwrap();
    assert_eq!((state.collection, state.cursor), (1, None));
    try_keep(&mut store, 1, &[record("did:plc:a", "1")], None).await.unwrap();
    let mut drain = begin(&path).await;
    assert_eq!(next(&mut drain, 1).await.record.key, "9");
}

#[tokio::test]
async fn a_reading_says_nothing_any_more_of_tasks_that_come_back_in_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = queue(folder.path(), "ab").await;
    let mut store = Store::open(&path, QueueKind::Real).await.unwrap();
    store.lists().begin_record_reading(OF, NOW.wall).await.unwrap();
    keep(&mut store, &[record("did:plc:a", "1")], None).await;
    let mut drain = begin(&path).await;
    let one = next(&mut drain, 1).await.id;
    step(&mut drain, TaskState::Failed, None).await;
    assert_eq!(seen(&mut drain, &[2], &[]).await, ["none"]);
    let job = store.queue().job("job").await.unwrap().unwrap();
    assert_eq!(store.queue().retry_task(&job, TaskId(1)).await.unwrap().tasks, 1);
    assert_eq!(seen(&mut drain, &[1, 2], &[]).await, ["unknown", "unknown"]);
    // A turn that says so does the same.
    store.lists().begin_record_reading(OF, NOW.wall).await.unwrap();
    keep(&mut store, &[record("did:plc:a", "1")], None).await;
    assert_eq!(seen(&mut drain, &[1, 2], &[one]).await, ["1/1", "none"], "a new reading has new numbers");
    drain.turn(&Turn { stale_records: vec![OF], ..Turn::default() }, NOW).await.unwrap();
    assert_eq!(seen(&mut drain, &[1], &[]).await, ["unknown"]);
    // And what was forgotten while it was being read is not gone on with.
    store.lists().begin_record_reading(OF, NOW.wall).await.unwrap();
    store.db.execute("delete from own_record_reading", args![]).await.unwrap();
    assert_eq!(try_keep(&mut store, 0, &[record("did:plc:a", "1")], None).await, None);
    assert_eq!(seen(&mut drain, &[1], &[]).await, ["unknown"]);
    let (open,): (i64,) =
        store.db.fetch_one("select count(*) from read_request where ended_at is null", args![]).await.unwrap();
    assert_eq!(open, 0, "the request has ended all the same");
}

#[tokio::test]
async fn what_a_lost_answer_may_have_deleted_counts_as_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let path = queue(folder.path(), "ab").await;
    let mut store = Store::open(&path, QueueKind::Real).await.unwrap();
    store.db.execute("update task set unsure = 1 where id = 1", args![]).await.unwrap();
    store.lists().begin_record_reading(OF, NOW.wall).await.unwrap();
    keep(&mut store, &[], None).await;
    let mut drain = begin(&path).await;
    assert_eq!(seen(&mut drain, &[1, 2], &[]).await, ["undone", "none"]);
}

/// What the round of a job has deleted is put back by the job that restores it, last deleted collection first, each record once; what another
/// round has deleted stays deleted.
#[tokio::test]
async fn a_job_that_restores_gets_the_records_of_its_round() {
    let folder = tempfile::tempdir().unwrap();
    let path = queue(folder.path(), "ab").await;
    let mut store = Store::open(&path, QueueKind::Real).await.unwrap();
    store.lists().begin_record_reading(OF, NOW.wall).await.unwrap();
    try_keep(&mut store, 0, &[record("did:plc:a", "1"), record("did:plc:a", "2")], Some((1, None))).await.unwrap();
    try_keep(&mut store, 1, &[record("did:plc:a", "3")], None).await.unwrap();
    let mut drain = begin(&path).await;
    for state in [TaskState::Pending, TaskState::Pending, TaskState::Done] {
        let one = next(&mut drain, 1).await.id;
        step(&mut drain, state, Some(one)).await;
    }
    let (back, other) = restoring(&mut store).await;
    let mut order = Vec::new();
    for left in [3, 2, 1] {
        let found = drain.records_to_restore(&[back, other], &[]).await.unwrap();
        // It has nothing to put back; from the first step on somebody else has.
        let expected = if left == 3 { RecordsOfTask::None { was_settled: false } } else { RecordsOfTask::There };
        assert_eq!(found[&other], expected);
        let RecordsOfTask::Next(record) = found[&back].clone() else { panic!("{found:?}") };
        assert_eq!(record.left, left);
        let seen = drain.records_to_restore(&[back], &[record.id]).await.unwrap();
        assert_eq!(
            matches!(seen[&back], RecordsOfTask::Next(_)),
            left > 1,
            "as a turn sees it that has not been written"
        );
        order.push(record.record.key);
        put_back(&mut drain, &mut store, record.id).await;
    }
    assert_eq!(order, ["3", "1", "2"]);
    // What is there again is so for the other task as well, and holds no text any more.
    let found = drain.records_to_restore(&[back, other], &[]).await.unwrap();
    assert_eq!((&found[&back], &found[&other]), (&RecordsOfTask::There, &RecordsOfTask::There));
    let values: Vec<(String,)> = store.db.fetch_all("select distinct value from own_record", args![]).await.unwrap();
    assert_eq!(values, [("{}".to_owned(),)]);
}

/// However much an account has deleted, what a task puts back is found by its subject.
#[tokio::test]
async fn what_is_put_back_is_found_by_its_subject() {
    let folder = tempfile::tempdir().unwrap();
    let path = queue(folder.path(), "a").await;
    let mut store = Store::open(&path, QueueKind::Real).await.unwrap();
    let sql = sqlx::AssertSqlSafe(format!("explain query plan {}", RECORDS_TO_RESTORE.sqlite));
    let plan: Vec<(i64, i64, i64, String)> = store.db.fetch_all(sql, args!["[]", "[]", "[]"]).await.unwrap();
    let of_records: Vec<&String> =
        plan.iter().map(|(.., step)| step).filter(|step| step.contains("INDEX own_record_")).collect();
    assert!(of_records.len() >= 3, "{plan:?}");
    assert!(of_records.iter().all(|step| step.contains("subject=?")), "{of_records:?}");
}

const BACK: (AccountId, Action) = (AccountId(1), Action::Follow);

/// A job that restores the round, and one that restores another, each with a task for the first subject; nothing was read of what is there.
async fn restoring(store: &mut Store) -> (TaskId, TaskId) {
    for sql in [
        "insert into job (name, path, created_at, restores_round) values ('back', '', 1, 1), ('other', '', 1, 9)",
        "insert into round (job_id, number, visible_to) select id, 1, 99 from job where restores_round is not null",
        "insert into lane (round_id, action, account_id)
         select round.id, 8, 1 from round join job on job.id = round.job_id where restores_round is not null",
        "insert into task (id, lane_id, line, target) select 50 + lane.id, lane.id, 1, 'did:plc:a' from lane where action = 8",
        "insert into task_key (lane_id, target, task_id) select lane_id, target, id from task where id > 50",
        "insert into own_record_reading (account_id, action, covers_to, after_attempt_id, begun_at, finished_at)
         values (1, 8, 99, (select max(id) from attempt), 1, 1)",
    ] {
        store.db.execute(sql, args![]).await.unwrap();
    }
    let sql = "select task.id from task join lane on lane.id = task.lane_id where action = 8 order by 1";
    let tasks: Vec<(i64,)> = store.db.fetch_all(sql, args![]).await.unwrap();
    (TaskId(tasks[0].0), TaskId(tasks[1].0))
}

/// Writes down that a record is there again, by an attempt that is older than those of the drain, so that no turn takes it for one of its own.
async fn put_back(drain: &mut Drain, store: &mut Store, record: RecordId) {
    let sql = "insert or ignore into attempt (id, account_id, task_id, drain_id, action, reserved_tick, reserved_at, upper_tick)
               select 0, 1, 1, max(id), 8, 1, 1, 1 from drain";
    store.db.execute(sql, args![]).await.unwrap();
    let undone = vec![UndoneRecord { record, by: AttemptId(0), is_back: true }];
    drain.turn(&Turn { undone, ..Turn::default() }, NOW).await.unwrap();
    let sql = "update task set attempts = attempts + 1 where id = (select min(id) from task where id > 50)";
    store.db.execute(sql, args![]).await.unwrap();
}

/// A reading for what restores has found these records of the first subject.
async fn found_there(store: &mut Store, records: &[(&str, &str)]) {
    store.lists().begin_record_reading(BACK, NOW.wall).await.unwrap();
    for (key, cid) in records {
        let sql = "insert into own_record (account_id, action, subject, place, collection, key, cid, value)
                   values (1, 8, 'did:plc:a', 0, 'app.bsky.graph.follow', ?1, ?2, '{}')";
        store.db.execute(sql, args![key, cid]).await.unwrap();
    }
    store.db.execute("update own_record_reading set finished_at = 1 where action = 8", args![]).await.unwrap();
}

/// Before anything is put back it is read what is there: nobody is followed a second time whom the user, or another job, has followed again.
#[tokio::test]
async fn what_is_there_already_is_not_put_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = queue(folder.path(), "ab").await;
    let mut store = Store::open(&path, QueueKind::Real).await.unwrap();
    store.lists().begin_record_reading(OF, NOW.wall).await.unwrap();
    keep(&mut store, &[record("did:plc:a", "1"), record("did:plc:a", "2")], None).await;
    let mut drain = begin(&path).await;
    for state in [TaskState::Pending, TaskState::Done] {
        let one = next(&mut drain, 1).await.id;
        step(&mut drain, state, Some(one)).await;
    }
    let (back, _) = restoring(&mut store).await;
    let seen = async |drain: &mut Drain| match &drain.records_to_restore(&[back], &[]).await.unwrap()[&back] {
        RecordsOfTask::Next(next) => format!("{}/{}", next.record.key, next.left),
        other => format!("{other:?}"),
    };
    store.db.execute("update own_record_reading set finished_at = null where action = 8", args![]).await.unwrap();
    assert_eq!(seen(&mut drain).await, "Unknown", "nothing was read");
    found_there(&mut store, &[]).await;
    assert_eq!(seen(&mut drain).await, "1/2");
    // Somebody has followed again since.
    found_there(&mut store, &[("9", "new")]).await;
    assert_eq!(seen(&mut drain).await, "There");
    // But for what an earlier request of the task has put back itself.
    store.db.execute("update task set attempts = 1 where id = ?1", args![back.0]).await.unwrap();
    assert_eq!(seen(&mut drain).await, "1/2");
    store.db.execute("update task set attempts = 0 where id = ?1", args![back.0]).await.unwrap();
    // The very record is there: one is left to be put back. Another one under its key is the platform's to judge.
    found_there(&mut store, &[("1", "other"), ("2", "cid-2")]).await;
    assert_eq!(seen(&mut drain).await, "There", "another one of the subject is there");
    found_there(&mut store, &[("1", "other")]).await;
    assert_eq!(seen(&mut drain).await, "1/2");
    found_there(&mut store, &[("1", "cid-1"), ("2", "cid-2")]).await;
    assert_eq!(seen(&mut drain).await, "There");
    store.db.execute("update task set unsure = 1 where id = ?1", args![back.0]).await.unwrap();
    assert_eq!(seen(&mut drain).await, "None { was_settled: true }", "an answer that nobody saw was of it");
    // What was undone once more since it was read is not there.
    found_there(&mut store, &[("9", "new")]).await;
    let sql = "insert into own_record (account_id, action, subject, place, collection, key, cid, value, undone_by)
               select 1, 1, 'did:plc:a', 0, 'app.bsky.graph.follow', '9', 'new', '{}', max(id) + 1 from attempt";
    store.db.execute(sql, args![]).await.unwrap();
    assert_eq!(seen(&mut drain).await, "1/2");
}

/// Where only that is asked whom the account follows, the next tasks are asked about, and the reading covers them.
#[tokio::test]
async fn tasks_are_asked_about_in_their_order_and_covered_up_to_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = queue(folder.path(), "abc").await;
    let mut store = Store::open(&path, QueueKind::Real).await.unwrap();
    let tasks = async |store: &mut Store, behind: i64, most: u32| -> Vec<i64> {
        let found = store.lists().tasks_behind(OF, TaskId(behind), most).await.unwrap();
        found.into_iter().map(|(task, _)| task.0).collect()
    };
    assert_eq!(tasks(&mut store, 0, 2).await, [1, 2]);
    assert_eq!(tasks(&mut store, 2, 2).await, [3]);
    store.db.execute("update task set state = 2, last_attempt_id = 1 where id = 1", args![]).await.unwrap();
    store.db.execute("update task set state = 4, finished_at = 1 where id = 2", args![]).await.unwrap();
    assert_eq!(
        tasks(&mut store, 0, 9).await,
        [1, 3],
        "those that stand aside come back in line, those that are settled do not"
    );
    assert_eq!(store.lists().tasks_behind((AccountId(2), OF.1), TaskId(0), 9).await.unwrap(), []);
    store.lists().begin_record_reading(OF, NOW.wall).await.unwrap();
    assert!(!store.lists().record_reading(OF).await.unwrap().unwrap().finished);
    store.lists().cover_tasks(OF, Some(TaskId(1)), NOW.wall).await.unwrap();
    let read = store.lists().record_reading(OF).await.unwrap().unwrap();
    assert_eq!((read.covers_to, read.finished), (TaskId(1), true));
    store.lists().cover_tasks(OF, None, NOW.wall).await.unwrap();
    assert_eq!(store.lists().record_reading(OF).await.unwrap().unwrap().covers_to, TaskId(3), "all there are");
}
