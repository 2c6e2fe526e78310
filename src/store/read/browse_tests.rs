#![allow(clippy::unwrap_used)]
use super::*;
use crate::domain::{Action, Platform, TargetId};
use crate::store::{LoadRow, LoadedFrom, NewJob, QueueKind, RowPlace, Store};

/// 300,000 tasks on line 2 and up, a rejected row behind them; every 100,000th has failed, the first half is done.
async fn big_job(folder: &std::path::Path) -> (Store, Job) {
    const ROWS: u64 = 300_000;
    let mut store = Store::open(&folder.join("q.db"), QueueKind::Real).await.unwrap();
    let account =
        store.accounts().ensure_account(&"ada".parse().unwrap(), Platform::XV2, &"42".parse().unwrap()).await.unwrap();
    let new = NewJob {
        name: "big".into(),
        path: "/big.csv".into(),
        action: Some(Action::Unlike),
        account: Some(account),
        keep: None,
        target_column: None,
        host: None,
        restores: None,
    };
    let mut loader = store.loading().begin_round(&new, None, &LoadedFrom::new("hash", 1), None, Wall(1)).await.unwrap();
    for n in 1..=ROWS {
        let target = Target::Id(TargetId::from_i64(n as i64).unwrap());
        let place = RowPlace::Task { action: Action::Unlike, account, target, spared: None };
        let record = (n == 250_000).then(|| format!("{n},Needle"));
        loader.push(LoadRow { line: n + 1, place, record }).await.unwrap();
    }
    let place = RowPlace::Rejected { reason: "not_an_id".into(), task: None };
    loader.push(LoadRow { line: ROWS + 2, place, record: Some("x,y".into()) }).await.unwrap();
    loader.finish().await.unwrap();
    for sql in [
        "update task set state = 4, finished_at = 5 where id <= 150000",
        "update task set state = 6, finished_at = 6, reason = 'protected' where id % 100000 = 0",
        "update round set pending = 149998, done = 149999, failed = 3",
    ] {
        store.db.execute(sql, args![]).await.unwrap();
    }
    let job = store.queue().job("big").await.unwrap().unwrap();
    (store, job)
}

fn lines(page: &RowPage) -> Vec<u64> {
    page.rows.iter().map(|row| row.line.unwrap()).collect()
}

#[tokio::test(flavor = "current_thread")]
async fn pages_are_cut_by_rows_looked_at_and_go_on_where_they_were() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, job) = big_job(folder.path()).await;
    let query = RowQuery { most: 3, ..RowQuery::default() };
    let first = store.read().rows(&job, &query).await.unwrap();
    assert_eq!((lines(&first), first.cut), (vec![2, 3, 4], false));
    let second = store.read().rows(&job, &RowQuery { after: first.next.unwrap(), ..query }).await.unwrap();
    assert_eq!(lines(&second), [5, 6, 7]);
    // By index: none of the done ones in between is looked at.
    let failed = RowQuery { outcome: Some(Outcome::Failed), ..query };
    assert_eq!(lines(&store.read().rows(&job, &failed).await.unwrap()), [100_001, 200_001, 300_001]);
    let pending = RowQuery { outcome: Some(Outcome::Pending), ..query };
    assert_eq!(lines(&store.read().rows(&job, &pending).await.unwrap()), [150_002, 150_003, 150_004]);
    let found = store.read().rows(&job, &RowQuery { text: Some("nEEdle"), ..query }).await.unwrap();
    assert_eq!((lines(&found), found.cut), (vec![250_001], false));
    let rejected = store.read().rows(&job, &RowQuery { outcome: Some(Outcome::Rejected), ..query }).await.unwrap();
    assert_eq!((lines(&rejected), rejected.next), (vec![300_002], None));
    let target = store.read().rows_of_target(&job, &"250000".parse().unwrap()).await.unwrap();
    assert_eq!(lines(&target), [250_001]);
    // One failed task, one reason, all: each is counted where it is changed.
    assert_eq!(store.queue().retry_task(&job, TaskId(100_000)).await.unwrap().tasks, 1);
    assert_eq!(store.queue().retry_task(&job, TaskId(100_000)).await.unwrap().tasks, 0);
    assert_eq!(store.queue().retry_reason(&job, "suspended", Wall(9)).await.unwrap().tasks, 0);
    assert_eq!(store.queue().retry_reason(&job, "protected", Wall(9)).await.unwrap().tasks, 2);
    let counts = store.read().counts(job.round).await.unwrap();
    assert_eq!((counts.failed, counts.pending), (0, 150_001));
    let (reasons, cut) = store.read().top_reasons(&job).await.unwrap();
    assert_eq!((reasons.len(), reasons[0].outcome, cut), (1, Outcome::Rejected, false));
    let course = store.read().course(&job).await.unwrap();
    assert_eq!((course.tasks.len(), course.total), (5_000, 300_000));
}
