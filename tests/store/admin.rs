//! Checks, repairs, jobs to forget, times on record, the log of commands.

use cleanup::domain::{Action, BootId, Moment, TaskState, Tick, Wall};
use cleanup::store::{AuditEvent, LoginDevice, Move, Turn};

use super::stores::{TestQueue, for_every_store};
use super::support::{
    NOW, account, ask, assert_whole, at, begin, begin_at, claim_some, grant, here, job, load, only_lane, outcomes,
    reload, rows, send_all, settled, target,
};

for_every_store!(
    commands_are_on_record_newest_first,
    browsers_that_have_logged_in_are_those_that_were_written_last,
    the_clock_that_agreed_last_is_told,
    counters_that_are_wrong_are_counted_anew,
    a_task_that_nobody_sends_is_found_and_sent_again,
    a_job_whose_rows_are_misplaced_is_placed_anew,
    a_job_is_forgotten_and_its_slots_stay,
    a_request_whose_end_nobody_saw_stays_behind_one_that_is_forgotten,
);

async fn commands_are_on_record_newest_first(queue: TestQueue) {
    let mut store = queue.open().await;
    let long = "\u{e9}".repeat(5_000);
    for n in 1..=5 {
        let event = AuditEvent { actor: "dashboard", deed: "pause", job: Some("one"), detail: &long };
        store.admin().log_audit_event(Wall(n), &event).await.unwrap();
    }
    let first = store.admin().audit_log(None, 2).await.unwrap();
    assert_eq!(first.iter().map(|entry| entry.at.0).collect::<Vec<_>>(), [5, 4]);
    let rest = store.admin().audit_log(Some(first[1].id), 9).await.unwrap();
    assert_eq!(rest.iter().map(|entry| entry.at.0).collect::<Vec<_>>(), [3, 2, 1]);
    let entry = (rest[0].actor.as_str(), rest[0].deed.as_str(), rest[0].job.as_deref());
    assert_eq!((entry, rest[0].detail.chars().count()), (("dashboard", "pause", Some("one")), 1_000));
}

async fn browsers_that_have_logged_in_are_those_that_were_written_last(queue: TestQueue) {
    let mut store = queue.open().await;
    let device = |byte: u8, at: i64| LoginDevice { digest: [byte; 32], issued_at: Wall(at) };
    for devices in [vec![device(2, 9), device(1, 10)], vec![device(1, 10), device(3, 11)], vec![]] {
        store.admin().set_login_devices(&devices).await.unwrap();
        assert_eq!(store.admin().login_devices().await.unwrap(), devices);
    }
    assert!(store.admin().set_login_devices(&[device(4, 1), device(4, 2)]).await.is_err());
    assert_eq!(store.admin().login_devices().await.unwrap(), [], "all or nothing");
}

async fn the_clock_that_agreed_last_is_told(queue: TestQueue) {
    let mut store = queue.open().await;
    let ada = account(&mut store, "ada").await;
    assert_eq!(store.admin().last_agreement().await.unwrap(), None);
    assert_eq!(store.admin().wall_of_boot(&here(), Tick(5)).await.unwrap(), None);
    assert_eq!(store.admin().latest_times().await.unwrap(), []);
    load(&mut store, &job("one"), rows(Action::Unfollow, ada, &["1", "2"])).await;
    let mut drain = begin(&queue).await;
    let lane = only_lane(&mut drain).await;
    claim_some(&mut drain, &lane, 1, at(NOW.tick.0 + 10)).await;
    assert_eq!(store.admin().last_agreement().await.unwrap(), None, "nobody has asked the platform");
    drain.turn(&Turn { clock_checked: Some(true), ..Turn::default() }, NOW).await.unwrap();
    assert_eq!(store.admin().last_agreement().await.unwrap(), Some(at(NOW.tick.0 + 10).wall));
    drain.end(at(NOW.tick.0 + 20), "finished").await.unwrap();
    assert_eq!(store.admin().last_agreement().await.unwrap(), Some(at(NOW.tick.0 + 20).wall));
    assert_eq!(
        store.admin().wall_of_boot(&here(), Tick(NOW.tick.0 + 500)).await.unwrap(),
        Some(at(NOW.tick.0 + 500).wall)
    );
    assert_eq!(store.admin().wall_of_boot(&BootId("other".into()), Tick(5)).await.unwrap(), None);
    let boot = here();
    grant(&mut store, &ask(ada, &[], &boot), at(30)).await;
    store.lists().begin_reading(ada, "likes", Wall(40)).await.unwrap();
    let told = store.admin().latest_times().await.unwrap();
    let told: Vec<_> = told.iter().map(|(what, at)| (what.as_str(), *at)).collect();
    let expected = [
        ("the newest request", at(NOW.tick.0 + 10).wall),
        ("the newest request of a list", at(30).wall),
        ("the reading of a list", Wall(40)),
        ("the load of a file", NOW.wall),
    ];
    assert_eq!(told, expected);
}

async fn counters_that_are_wrong_are_counted_anew(queue: TestQueue) {
    let mut store = queue.open().await;
    let ada = account(&mut store, "ada").await;
    let one = load(&mut store, &job("one"), rows(Action::Unfollow, ada, &["1", "2", "3"])).await;
    send_all(&queue, NOW, |of| if *of == target("1") { TaskState::Gone } else { TaskState::Done }).await;
    let right = store.read().counts(one.round).await.unwrap();
    queue.plant("update round set done = 7, gone = 0, kept = 1").await;
    assert_eq!(store.admin().integrity().await.unwrap().miscounted, ["one"]);
    assert_eq!(store.admin().recount().await.unwrap(), (1, 0));
    assert_eq!(store.read().counts(one.round).await.unwrap(), right);
    assert_eq!(store.admin().recount().await.unwrap(), (0, 0));
    assert_whole(&mut store).await;
}

async fn a_task_that_nobody_sends_is_found_and_sent_again(queue: TestQueue) {
    let mut store = queue.open().await;
    let ada = account(&mut store, "ada").await;
    let one = load(&mut store, &job("one"), rows(Action::Unfollow, ada, &["1", "2"])).await;
    let mut drain = begin(&queue).await;
    let lane = only_lane(&mut drain).await;
    let claimed = claim_some(&mut drain, &lane, 1, NOW).await;
    drop(drain);
    queue.plant("update attempt set ended_at = 5").await;
    let orphans = store.admin().integrity().await.unwrap().orphans;
    assert_eq!(orphans, [("tasks that are being sent by nobody", 1)]);
    assert_eq!(store.admin().recount().await.unwrap(), (0, 1));
    let (_, start) = begin_at(&queue, at(NOW.tick.0 + 1), "here").await;
    assert_eq!(start.undecided.iter().map(|task| task.task).collect::<Vec<_>>(), [claimed[0].task]);
    assert_eq!(store.read().counts(one.round).await.unwrap().pending, 2);
    queue.plant("update task set state = 6, finished_at = 5, reason = 'crashed' where id = 2").await;
    queue.plant("update round set pending = 1, failed = 1").await;
    assert_eq!(store.admin().integrity().await.unwrap().blamed, [("one".to_owned(), 1)], "by an older version");
}

async fn a_job_whose_rows_are_misplaced_is_placed_anew(queue: TestQueue) {
    let mut store = queue.open().await;
    let ada = account(&mut store, "ada").await;
    let texts = ["1", "2", "3", "4"];
    let one = load(&mut store, &job("one"), rows(Action::Unfollow, ada, &texts)).await;
    let one = reload(&mut store, &one, rows(Action::Unfollow, ada, &["2", "1", "3", "4"])).await;
    let right = outcomes(&mut store, &one).await;
    assert_eq!(store.admin().place_anew().await.unwrap(), 0);
    queue.plant("update row_run set task_id = task_id + 1 where line = 2").await;
    assert_eq!(store.admin().integrity().await.unwrap().misplaced, ["one"]);
    assert_eq!(store.admin().place_anew().await.unwrap(), 1);
    let one = store.queue().job("one").await.unwrap().unwrap();
    assert!(!one.loaded_from.is_same_file(&super::support::from("again")), "the next load is not skipped as unchanged");
    let one = reload(&mut store, &one, rows(Action::Unfollow, ada, &["2", "1", "3", "4"])).await;
    assert_eq!(outcomes(&mut store, &one).await, right);
    assert_whole(&mut store).await;
}

async fn a_job_is_forgotten_and_its_slots_stay(queue: TestQueue) {
    let mut store = queue.open().await;
    let ada = account(&mut store, "ada").await;
    let one = load(&mut store, &job("one"), rows(Action::Unfollow, ada, &["1", "2"])).await;
    let other = load(&mut store, &job("other"), rows(Action::Unfollow, ada, &["2"])).await;
    assert_eq!(store.admin().settled_at(&one).await.unwrap(), None);
    send_all(&queue, NOW, |_| TaskState::Failed).await;
    store.queue().retry_reason(&one, "said_so", NOW.wall).await.unwrap();
    send_all(&queue, at(NOW.tick.0 + 50), |_| TaskState::Done).await;
    assert_eq!(store.admin().settled_at(&one).await.unwrap(), Some(at(NOW.tick.0 + 50).wall));
    assert_eq!(store.admin().tasks_of_all_rounds(&one).await.unwrap(), 2);
    let again = load(&mut store, &job("one"), rows(Action::Unfollow, ada, &["1"])).await;
    assert_eq!(store.admin().settled_at(&again).await.unwrap(), None, "a row of its newest round is pending");
    assert_eq!(store.admin().tasks_of_all_rounds(&again).await.unwrap(), 3);
    store.queue().cancel_job(&again, NOW.wall).await.unwrap();
    let before = store.read().change_counters().await.unwrap().generation;
    let forgotten = store.admin().forget(&again, at(NOW.tick.0 + 1).wall).await.unwrap();
    assert_eq!((forgotten.tasks, forgotten.attempts, forgotten.attempts_kept), (3, 2, 2));
    assert!(store.read().change_counters().await.unwrap().generation > before);
    let left = store.queue().jobs().await.unwrap();
    assert_eq!((left.len(), left[0].id, left[0].pending), (1, other.id, 0));
    let mut slots = Vec::new();
    store.read().attempts_of(ada, |span| slots.push(span.reserved)).await.unwrap();
    assert_eq!(slots, [NOW, at(NOW.tick.0 + 50), at(NOW.tick.0 + 50)], "that of the other job, and two that may count");
    assert_eq!(store.read().explain(&target("1")).await.unwrap(), []);
    assert_whole(&mut store).await;
}

async fn a_request_whose_end_nobody_saw_stays_behind_one_that_is_forgotten(queue: TestQueue) {
    let mut store = queue.open().await;
    let ada = account(&mut store, "ada").await;
    let one = load(&mut store, &job("one"), rows(Action::Unfollow, ada, &["1"])).await;
    let mut drain = begin(&queue).await;
    let lane = only_lane(&mut drain).await;
    let died = claim_some(&mut drain, &lane, 1, NOW).await;
    drop(drain);
    // After a boot nobody can say by when the platform had counted it.
    let now = Moment { tick: Tick(5), wall: at(NOW.tick.0 + 60_000).wall };
    let (mut drain, _) = begin_at(&queue, now, "next").await;
    let (from, to) = (TaskState::Waiting, TaskState::Pending);
    let back = Move { task: died[0].task, from, to, reason: None };
    drain.turn(&Turn { moves: vec![back], ..Turn::default() }, now).await.unwrap();
    drain.end(now, "finished").await.unwrap().close().await;
    let (mut drain, _) = begin_at(&queue, now, "next").await;
    let lane = only_lane(&mut drain).await;
    let claimed = claim_some(&mut drain, &lane, 1, now).await;
    let done = settled(&claimed[0], lane.round, TaskState::Done, now);
    drain.turn(&Turn { settled: vec![done], ..Turn::default() }, now).await.unwrap();
    drain.end(now, "finished").await.unwrap().close().await;
    let forgotten = store.admin().forget(&one, Wall(now.wall.0 + 1)).await.unwrap();
    assert_eq!((forgotten.tasks, forgotten.attempts, forgotten.attempts_kept), (1, 1, 1));
    let mut slots = Vec::new();
    store.read().attempts_of(ada, |span| slots.push(span.reserved)).await.unwrap();
    assert_eq!(slots, [NOW]);
    assert_whole(&mut store).await;
}
