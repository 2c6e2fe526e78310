//! Jobs by their names, what people tell them, and what a drain may know of them.

use cleanup::domain::{Action, Applies, Fence, JobId, Outcome, Platform, TaskState, WindowSpec};
use cleanup::store::{Drain, DrainScope, JobState, KeepReading, LanePeek, LoadedFrom, NewJob, Retried, RoundKeep};

use super::stores::{TestQueue, for_every_store};
use super::support::{
    DEADLINE_MS, NOW, account, assert_whole, begin, from, here, horizons, job, keep_reading, load, only_lane, outcomes,
    reload, row, rows, send_all, take_all, target, task_on,
};

for_every_store!(
    a_job_is_found_by_its_name_however_its_accents_are_encoded,
    where_a_job_is_can_change,
    what_is_read_of_a_keep_list_is_in_the_queue_until_the_next_load,
    what_people_tell_a_job_moves_the_generation,
    failed_rows_are_tried_again_by_job_by_reason_and_one_by_one,
    what_no_file_names_is_not_tried_again,
    a_drain_works_on_the_jobs_that_it_was_told,
    a_drain_looks_at_rows_before_it_claims_them,
    the_windows_of_every_drain_are_on_record,
);

async fn a_job_is_found_by_its_name_however_its_accents_are_encoded(queue: TestQueue) {
    let mut store = queue.open().await;
    let ada = account(&mut store, "ada").await;
    assert_eq!(store.queue().job("caf\u{e9}").await.unwrap(), None);
    let new = NewJob {
        account: Some(ada),
        target_column: Some("user_id".into()),
        host: Some("here".into()),
        ..job("caf\u{e9}")
    };
    let loaded = load(&mut store, &new, rows(Action::Unfollow, ada, &["1", "2", "2"])).await;
    for name in ["caf\u{e9}", "cafe\u{301}"] {
        assert_eq!(store.queue().job(name).await.unwrap(), Some(loaded.clone()));
    }
    assert_eq!(store.queue().job("cafe").await.unwrap(), None);
    assert_eq!(
        (loaded.name.as_str(), &loaded.path, loaded.action, loaded.account),
        ("caf\u{e9}", &new.path, new.action, new.account)
    );
    assert_eq!(
        (&loaded.target_column, &loaded.host, loaded.restores, loaded.state),
        (&new.target_column, &new.host, None, JobState::Active)
    );
    assert_eq!(
        (loaded.round_number, loaded.pending, loaded.checked_by, &loaded.loaded_from),
        (1, 2, 1, &from("first"))
    );
    assert!(LoadedFrom::new("first:keep", 2).is_same_file(&loaded.loaded_from));
    load(&mut store, &job("b"), rows(Action::Unfollow, ada, &["1"])).await;
    let names: Vec<_> = store.queue().jobs().await.unwrap().into_iter().map(|job| job.name).collect();
    assert_eq!(names, ["caf\u{e9}", "b"]);
}

async fn where_a_job_is_can_change(queue: TestQueue) {
    let mut store = queue.open().await;
    let ada = account(&mut store, "ada").await;
    let loaded = load(&mut store, &job("one"), rows(Action::Unfollow, ada, &["1"])).await;
    assert_eq!(store.queue().keep_list_of("one").await.unwrap(), None);
    let moved = NewJob {
        path: "/moved.csv".into(),
        host: Some("there".into()),
        keep: Some(keep_reading("/keep.csv", &["1", "@ada"])),
        target_column: Some("id".into()),
        ..job("one")
    };
    store.queue().set_files(&moved).await.unwrap();
    let found = store.queue().job("one").await.unwrap().unwrap();
    assert_eq!(
        (found.path, found.host, found.target_column.as_deref()),
        (moved.path.clone(), moved.host.clone(), Some("id"))
    );
    store.queue().set_target_column(loaded.id, "other").await.unwrap();
    store.queue().set_files(&NewJob { target_column: Some("other".into()), ..moved }).await.unwrap();
    let found = store.queue().job("one").await.unwrap().unwrap();
    assert_eq!(found.target_column.as_deref(), Some("id"), "a column that was named once stays");
    assert_eq!(store.queue().keep_list_of("one").await.unwrap(), Some("/keep.csv".into()));
    let mut drain = begin(&queue).await;
    let before = drain.generation().await.unwrap();
    let keeps = drain.keeps(None).await.unwrap();
    let keep = (
        keeps[0].round,
        keeps[0].job_name.as_str(),
        keeps[0].path.clone(),
        keeps[0].columns.len(),
        keeps[0].target_column.as_deref(),
    );
    assert_eq!(keep, (loaded.round, "one", Some("/keep.csv".into()), 0, Some("id")));
    assert_eq!(drain.keeps(Some(&[])).await.unwrap(), []);
    store.queue().set_keep("one", None).await.unwrap();
    assert!(drain.generation().await.unwrap() > before, "a drain looks at its list again");
    let after = drain.generation().await.unwrap();
    store.queue().set_keep("one", None).await.unwrap();
    assert_eq!(drain.generation().await.unwrap(), after, "nothing has changed");
    assert_eq!(drain.keeps(Some(&[loaded.id])).await.unwrap()[0].path, None);
}

/// From load to load it only grows, whoever reads the file; a load begins it anew.
async fn what_is_read_of_a_keep_list_is_in_the_queue_until_the_next_load(queue: TestQueue) {
    let mut store = queue.open().await;
    let ada = account(&mut store, "ada").await;
    let first = keep_reading("/keep.csv", &["1", "@ada"]);
    let new = NewJob { keep: Some(first.clone()), ..job("one") };
    let one = load(&mut store, &new, rows(Action::Unfollow, ada, &["1", "2"])).await;
    let mut drain = begin(&queue).await;
    let readings = |keeps: Vec<RoundKeep>| {
        let mut found = (keeps[0].job, keeps[0].readings.clone(), keeps[0].hosts.clone());
        found.1.sort_unstable();
        found.2.sort_unstable();
        found
    };
    let known = readings(drain.keeps(None).await.unwrap());
    assert_eq!(known, (one.id, vec!["1+@ada".into()], vec!["here".into()]));
    let pieces = drain.keep_entries(one.id, &first.digest).await.unwrap();
    assert_eq!(pieces, Some(vec!["1".into(), "@ada".into()]), "in their order");
    assert_eq!(drain.keep_entries(one.id, "other").await.unwrap(), None);
    assert_eq!(drain.keep_entries(JobId(one.id.0 + 1), &first.digest).await.unwrap(), None);

    let there = |entries: &[&str]| KeepReading { host: "there".into(), ..keep_reading("/keep.csv", entries) };
    let before = drain.generation().await.unwrap();
    drain.add_keep_readings(&[(one.id, there(&["2"])), (one.id, there(&[""]))]).await.unwrap();
    assert!(drain.generation().await.unwrap() > before, "other drains look at the list again");
    let elsewhere = KeepReading { host: "far".into(), ..keep_reading("/other.csv", &["3"]) };
    drain.add_keep_readings(&[(one.id, elsewhere)]).await.unwrap();
    let known = readings(drain.keeps(None).await.unwrap());
    assert_eq!(known.1, ["", "1+@ada", "2"], "and nothing of a file that is not the job's");
    assert_eq!(known.2, ["here", "there"]);
    assert_eq!(drain.keep_entries(one.id, "").await.unwrap(), Some(vec![String::new()]), "an empty list is one");
    let after = drain.generation().await.unwrap();
    drain.add_keep_readings(&[(one.id, there(&["2"])), (one.id, first.clone())]).await.unwrap();
    assert_eq!(drain.generation().await.unwrap(), after, "nothing has changed");

    store.queue().set_keep("one", Some(&there(&["2"]))).await.unwrap();
    let known = readings(drain.keeps(None).await.unwrap());
    assert_eq!((known.1, known.2), (vec!["2".to_owned()], vec!["here".to_owned(), "there".to_owned()]));
    assert_eq!(drain.keep_entries(one.id, &first.digest).await.unwrap(), None);
    store.queue().set_keep("one", Some(&keep_reading("/moved.csv", &["2"]))).await.unwrap();
    assert_eq!(
        readings(drain.keeps(None).await.unwrap()).2,
        ["here"],
        "who has read it elsewhere has not read this file"
    );
    store.queue().set_keep("one", None).await.unwrap();
    let known = readings(drain.keeps(None).await.unwrap());
    assert_eq!((known.1.len(), known.2.len()), (0, 0));
}

async fn what_people_tell_a_job_moves_the_generation(queue: TestQueue) {
    let mut store = queue.open().await;
    let ada = account(&mut store, "ada").await;
    let one = load(&mut store, &job("one"), rows(Action::Unfollow, ada, &["1", "2"])).await;
    let mut drain = begin(&queue).await;
    let seen = (drain.generation().await.unwrap(), drain.data_version().await.unwrap());
    store.queue().set_job_state(one.id, JobState::Paused).await.unwrap();
    assert!(drain.generation().await.unwrap() > seen.0);
    assert_ne!(drain.data_version().await.unwrap(), seen.1, "somebody else has written");
    assert_eq!(drain.lanes(None).await.unwrap(), []);
    assert_eq!(store.read().status(None).await.unwrap()[0].state(), "paused");
    store.queue().set_job_state(one.id, JobState::Active).await.unwrap();
    assert_eq!(drain.lanes(None).await.unwrap().len(), 1);
    let before = drain.generation().await.unwrap();
    assert_eq!(store.queue().cancel_job(&one, NOW.wall).await.unwrap().tasks, 2);
    assert!(drain.generation().await.unwrap() > before);
    assert_eq!(drain.store().read().status(Some("one")).await.unwrap()[0].state(), "cancelled");
    assert_eq!(outcomes(&mut store, &one).await, [(Some(2), Outcome::Cancelled), (Some(3), Outcome::Cancelled)]);
    assert_eq!(store.queue().cancel_job(&one, NOW.wall).await.unwrap().tasks, 0);
    assert_whole(&mut store).await;
}

async fn failed_rows_are_tried_again_by_job_by_reason_and_one_by_one(queue: TestQueue) {
    let mut store = queue.open().await;
    let ada = account(&mut store, "ada").await;
    let one = load(&mut store, &job("one"), rows(Action::Unfollow, ada, &["1", "2", "3"])).await;
    let other = load(&mut store, &job("other"), rows(Action::Unfollow, ada, &["1"])).await;
    send_all(&queue, NOW, |of| if *of == target("3") { TaskState::Gone } else { TaskState::Failed }).await;
    let (task, foreign) = (task_on(&mut store, &one, "1").await, task_on(&mut store, &other, "1").await);
    assert_eq!(store.queue().retry_task(&one, foreign).await.unwrap().tasks, 0, "of another job");
    assert_eq!(store.queue().retry_task(&one, task).await.unwrap(), Retried { tasks: 1, vanished: 0 });
    assert_eq!(store.queue().retry_task(&one, task).await.unwrap().tasks, 0);
    assert_eq!(store.queue().retry_reason(&one, "another", NOW.wall).await.unwrap().tasks, 0);
    assert_eq!(store.queue().retry_reason(&one, "said_so", NOW.wall).await.unwrap().tasks, 1);
    assert_eq!(store.queue().retry_job(&one, NOW.wall).await.unwrap().tasks, 0);
    assert_eq!(store.queue().retry_job(&other, NOW.wall).await.unwrap().tasks, 1);
    use Outcome::{Gone, Pending};
    let found: Vec<_> = outcomes(&mut store, &one).await.into_iter().map(|(_, outcome)| outcome).collect();
    assert_eq!(found, [Pending, Pending, Gone]);
    assert_whole(&mut store).await;
}

async fn what_no_file_names_is_not_tried_again(queue: TestQueue) {
    let mut store = queue.open().await;
    let ada = account(&mut store, "ada").await;
    let one = load(&mut store, &job("one"), rows(Action::Unfollow, ada, &["1", "2", "3"])).await;
    send_all(&queue, NOW, |_| TaskState::Failed).await;
    let one = reload(&mut store, &one, rows(Action::Unfollow, ada, &["1"])).await;
    let two = task_on(&mut store, &one, "2").await;
    assert_eq!(store.queue().retry_task(&one, two).await.unwrap(), Retried { tasks: 0, vanished: 1 });
    let retried = store.queue().retry_reason(&one, "another", NOW.wall).await.unwrap();
    assert_eq!(retried, Retried { tasks: 0, vanished: 0 });
    let retried = store.queue().retry_reason(&one, "said_so", NOW.wall).await.unwrap();
    assert_eq!(retried, Retried { tasks: 1, vanished: 2 });
    assert_eq!(store.queue().retry_job(&one, NOW.wall).await.unwrap(), Retried { tasks: 0, vanished: 2 });
    // A row that is back is like any other.
    let one = reload(&mut store, &one, rows(Action::Unfollow, ada, &["1", "2"])).await;
    assert_eq!(store.queue().retry_task(&one, two).await.unwrap(), Retried { tasks: 1, vanished: 0 });
    assert_eq!(store.queue().retry_job(&one, NOW.wall).await.unwrap(), Retried { tasks: 0, vanished: 1 });
    assert_whole(&mut store).await;
}

async fn a_drain_works_on_the_jobs_that_it_was_told(queue: TestQueue) {
    let mut store = queue.open().await;
    let (ada, bob) = (account(&mut store, "ada").await, account(&mut store, "bob").await);
    let mixed = vec![
        row(2, Action::Unfollow, ada, "1"),
        row(3, Action::Unlike, ada, "@name"),
        row(4, Action::Unfollow, bob, "3"),
    ];
    let one = load(&mut store, &job("one"), mixed).await;
    let two = load(&mut store, &job("two"), rows(Action::Unlike, bob, &["1"])).await;
    let scope = DrainScope { jobs: Some(vec![one.id]), ..DrainScope::default() };
    assert!(scope.covers(one.id) && !scope.covers(two.id) && DrainScope::default().covers(two.id));
    let (store_of, lock) = (queue.open().await, queue.drain_lock().await);
    let begun = Drain::begin(store_of, lock, &scope, NOW, here(), &horizons(), DEADLINE_MS).await.unwrap();
    let (mut drain, _) = take_all(begun, NOW).await;
    assert_eq!(store.queue().work_in_progress().await.unwrap().drain, Some(scope));
    let lanes = drain.lanes(Some(&[one.id])).await.unwrap();
    let mut told: Vec<_> =
        lanes.iter().map(|lane| (lane.action, lane.account, lane.has_pending, lane.has_names)).collect();
    told.sort();
    let expected =
        [(Action::Unfollow, ada, true, false), (Action::Unfollow, bob, true, false), (Action::Unlike, ada, true, true)];
    assert_eq!(told, expected);
    assert!(lanes.iter().all(|lane| (lane.job, lane.round, lane.visible_to) == (one.id, one.round, one.visible_to)));
    let all = drain.lanes(None).await.unwrap();
    assert_eq!((all.len(), all[3].job), (4, two.id), "in the order of jobs");
    assert_eq!(drain.lanes(Some(&[])).await.unwrap(), []);
}

async fn a_drain_looks_at_rows_before_it_claims_them(queue: TestQueue) {
    let mut store = queue.open().await;
    let ada = account(&mut store, "ada").await;
    let mut all = rows(Action::Unfollow, ada, &["1", "007", "a,b", "4"]);
    all[1].record = Some("007,Bond".into());
    let one = load(&mut store, &job("one"), all).await;
    let mut drain = begin(&queue).await;
    let lane = only_lane(&mut drain).await;
    let ask = LanePeek { lane: lane.lane, visible_to: lane.visible_to, tasks: 3 };
    let last = task_on(&mut store, &one, "4").await;
    let (ahead, back) = drain.peek(&[ask], &[last]).await.unwrap();
    let told: Vec<_> = ahead.iter().map(|task| (task.target.clone().unwrap(), task.record.as_deref())).collect();
    assert_eq!(told, [(target("1"), None), (target("007"), Some("007,Bond")), (target("a,b"), Some("\"a,b\""))]);
    assert_eq!((back.len(), back[0].task, &back[0].target), (1, last, &Some(target("4"))));
    let none = LanePeek { visible_to: cleanup::domain::TaskId(0), ..ask };
    assert_eq!(drain.peek(&[none], &[]).await.unwrap(), (vec![], vec![]));
}

async fn the_windows_of_every_drain_are_on_record(queue: TestQueue) {
    let mut store = queue.open().await;
    begin(&queue).await.end(NOW, "finished").await.unwrap();
    let specs = [WindowSpec::of_account(50, 900, Applies::All), WindowSpec::of_host(3_000, 300)];
    let scope = DrainScope { windows: vec![(Platform::XV2, specs.into())], ..DrainScope::default() };
    for _ in 0..2 {
        let (store_of, lock) = (queue.open().await, queue.drain_lock().await);
        Drain::begin(store_of, lock, &scope, NOW, here(), &horizons(), DEADLINE_MS).await.unwrap();
    }
    let found = store.queue().windows_of_drains().await.unwrap();
    assert_eq!(found.sets_of(Platform::XV2).collect::<Vec<_>>(), [(0, &specs[..])], "the same are kept once");
    assert_eq!(found.sets_of(Platform::Bluesky).count(), 0);
    assert_eq!([1, 2, 3].map(|drain| found.set_of(Fence(drain))), [None, Some(0), Some(0)]);
}
