//! Schedules and what becomes of their slots: each is decided on once.

use cleanup::domain::{Action, CLOCK_TOLERANCE, MicroUsd, Platform, TaskState, Wall};
use cleanup::store::{
    ClockUndo, FiringEnd, FiringLock, FiringState, FiringTrouble, NewFiring, NewSchedule, ScheduleEdit, SentRequests,
    Store, StoredFiring, StoredSchedule,
};

use super::stores::{TestQueue, for_every_store};
use super::support::{NOW, account, at, begin_at, claim_some, job, load, rows, send_all};

for_every_store!(
    a_schedule_is_kept_under_a_name_of_its_own,
    a_schedule_that_was_changed_meanwhile_is_left_alone,
    slots_of_other_times_are_nobodys,
    a_slot_begins_once_and_ends_once,
    what_somebody_asks_for_begins_or_is_called_off,
    a_slot_is_passed_skipped_or_taken_back,
    a_firing_in_trouble_is_tried_again,
    what_a_wrong_clock_has_settled_is_taken_back,
    what_was_sent_for_its_jobs_is_counted_once,
);

fn nightly(name: &str) -> NewSchedule {
    NewSchedule {
        name: name.into(),
        cron: "0 23 * * *".into(),
        zone: "Europe/Berlin".into(),
        until_time: Some("06:00:00".into()),
        for_ms: None,
        jitter_ms: 60_000,
        jitter_seed: u64::MAX,
        request: r#"{"files":["a.csv"]}"#.into(),
    }
}

async fn added(store: &mut Store) -> StoredSchedule {
    assert!(store.schedules().add_schedule(&nightly("nightly"), Wall(1_000)).await.unwrap());
    store.schedules().all().await.unwrap().remove(0)
}

async fn newest(store: &mut Store, schedule: i64) -> StoredFiring {
    store.schedules().firings(schedule, 1).await.unwrap().remove(0)
}

async fn a_schedule_is_kept_under_a_name_of_its_own(queue: TestQueue) {
    let mut store = queue.open().await;
    let seen = added(&mut store).await;
    let expected = StoredSchedule {
        id: seen.id,
        name: "nightly".into(),
        cron: "0 23 * * *".into(),
        zone: "Europe/Berlin".into(),
        until_time: Some("06:00:00".into()),
        for_ms: None,
        jitter_ms: 60_000,
        jitter_seed: u64::MAX,
        request: nightly("").request,
        created_at: Wall(1_000),
        settled_to: Wall(1_000),
        skipped: Vec::new(),
    };
    assert_eq!(seen, expected);
    assert!(!store.schedules().add_schedule(&nightly("nightly"), Wall(2_000)).await.unwrap());
    assert!(store.schedules().add_schedule(&nightly("caf\u{e9}"), Wall(2_000)).await.unwrap());
    assert!(!store.schedules().add_schedule(&nightly("cafe\u{301}"), Wall(2_000)).await.unwrap(), "the same name");
    let names: Vec<_> = store.schedules().all().await.unwrap().into_iter().map(|schedule| schedule.name).collect();
    assert_eq!(names, ["caf\u{e9}", "nightly"]);
    assert!(store.schedules().remove_schedule("nightly").await.unwrap());
    assert!(!store.schedules().remove_schedule("nightly").await.unwrap());
    assert_eq!(store.schedules().all().await.unwrap().len(), 1);
}

/// Whatever it is that somebody else has changed.
async fn a_schedule_that_was_changed_meanwhile_is_left_alone(queue: TestQueue) {
    let mut store = queue.open().await;
    added(&mut store).await;
    let changes: [fn(&mut NewSchedule); 6] = [
        |new| new.cron = "0 22 * * *".into(),
        |new| new.zone = "Asia/Tokyo".into(),
        |new| new.until_time = None,
        |new| new.for_ms = Some(60_000),
        |new| new.jitter_ms = 0,
        |new| new.request = "{}".into(),
    ];
    let mut new = nightly("nightly");
    for (number, change) in changes.into_iter().enumerate() {
        let seen = store.schedules().all().await.unwrap().remove(0);
        change(&mut new);
        assert!(
            store
                .schedules()
                .edit_schedule(&ScheduleEdit { seen: &seen, new: &new, slots_begin_at: None })
                .await
                .unwrap()
        );
        let changed = store.schedules().all().await.unwrap().remove(0);
        assert_ne!(changed, seen);
        let late = ScheduleEdit { seen: &seen, new: &nightly("nightly"), slots_begin_at: None };
        assert!(!store.schedules().edit_schedule(&late).await.unwrap(), "change {number}");
        assert_eq!(store.schedules().all().await.unwrap(), [changed]);
    }
    let seen = store.schedules().all().await.unwrap().remove(0);
    store.schedules().remove_schedule("nightly").await.unwrap();
    let late = ScheduleEdit { seen: &seen, new: &new, slots_begin_at: None };
    assert!(!store.schedules().edit_schedule(&late).await.unwrap(), "it is gone");
}

async fn slots_of_other_times_are_nobodys(queue: TestQueue) {
    let mut store = queue.open().await;
    let id = added(&mut store).await.id;
    for slot in [5_000, 6_000] {
        assert!(store.schedules().skip_slot(id, Wall(slot)).await.unwrap());
    }
    let seen = store.schedules().all().await.unwrap().remove(0);
    assert_eq!(seen.skipped, [Wall(5_000), Wall(6_000)]);
    let new = NewSchedule { cron: "0 22 * * *".into(), ..nightly("nightly") };
    let edit = ScheduleEdit { seen: &seen, new: &new, slots_begin_at: Some((Wall(3_000), vec![Wall(5_000)])) };
    assert!(store.schedules().edit_schedule(&edit).await.unwrap());
    let changed = store.schedules().all().await.unwrap().remove(0);
    assert_eq!((changed.settled_to, changed.skipped, changed.cron), (Wall(3_000), vec![Wall(6_000)], new.cron));
}

fn slot(schedule: i64, at: i64) -> NewFiring {
    NewFiring { schedule, slot_at: Wall(at), asked_for: false, missed: 2, ends_by: Some(Wall(at + 500)) }
}

fn end(requests: u64) -> FiringEnd {
    FiringEnd { exit_code: Some(3), stopped: "finished".into(), requests, spent: MicroUsd(5) }
}

async fn a_slot_begins_once_and_ends_once(queue: TestQueue) {
    let mut store = queue.open().await;
    let id = added(&mut store).await.id;
    let firing = store.schedules().begin_firing(&slot(id, 2_000), Wall(2_010)).await.unwrap().unwrap();
    for again in [2_000, 1_500] {
        assert_eq!(store.schedules().begin_firing(&slot(id, again), Wall(2_020)).await.unwrap(), None);
    }
    let begun = StoredFiring {
        id: firing,
        schedule: id,
        slot_at: Wall(2_000),
        asked_for: false,
        state: FiringState::Running,
        missed: 2,
        began_at: Some(Wall(2_010)),
        ends_by: Some(Wall(2_500)),
        runs: 1,
        ended_at: None,
        exit_code: None,
        stopped: None,
        requests: None,
        spent: MicroUsd(0),
        retry_at: None,
        transient_failures: 0,
        trouble: None,
        is_loaded: false,
    };
    let running = store.schedules().running_firings().await.unwrap();
    assert_eq!(running, std::slice::from_ref(&begun));
    assert!(store.schedules().held_firings(&running).await.unwrap().is_empty(), "whoever began it is gone");
    let lock = FiringLock::try_take(queue.place(), firing).await.unwrap().unwrap();
    let held = store.schedules().held_firings(&running).await.unwrap();
    assert_eq!(
        held.contains(&firing),
        queue.place().file().is_none(),
        "in a file's queue the lock of schedules says so"
    );
    let other = FiringLock::try_take(queue.place(), firing).await.unwrap();
    assert_eq!(other.is_none(), queue.place().file().is_none());
    drop((lock, other));
    assert!(store.schedules().held_firings(&running).await.unwrap().is_empty());
    assert!(store.schedules().resume_firing(firing).await.unwrap());
    store.schedules().note_loaded(firing).await.unwrap();
    store.schedules().count_in_firing(firing, 4, MicroUsd(2)).await.unwrap();
    assert!(store.schedules().end_firing(firing, &end(3), Wall(2_400)).await.unwrap());
    let ended = StoredFiring {
        state: FiringState::Ended,
        runs: 2,
        ended_at: Some(Wall(2_400)),
        exit_code: Some(3),
        stopped: Some("finished".into()),
        requests: Some(7),
        spent: MicroUsd(7),
        is_loaded: true,
        ..begun
    };
    assert!(!store.schedules().end_firing(firing, &end(3), Wall(2_450)).await.unwrap());
    assert!(!store.schedules().resume_firing(firing).await.unwrap());
    store.schedules().count_in_firing(firing, 4, MicroUsd(2)).await.unwrap();
    assert_eq!(store.schedules().firings(id, 9).await.unwrap(), [ended]);
    assert_eq!(store.schedules().running_firings().await.unwrap(), []);
    assert_eq!(store.schedules().all().await.unwrap()[0].settled_to, Wall(2_000));
    store.schedules().remove_schedule("nightly").await.unwrap();
    assert_eq!(store.schedules().begin_firing(&slot(id, 3_000), Wall(3_000)).await.unwrap(), None, "it is gone");
    assert_eq!(store.schedules().firings(id, 9).await.unwrap(), [], "and so is what is on record of it");
}

async fn what_somebody_asks_for_begins_or_is_called_off(queue: TestQueue) {
    let mut store = queue.open().await;
    let id = added(&mut store).await.id;
    let asked = store.schedules().ask_firing(id, None, Wall(2_000)).await.unwrap().unwrap();
    assert_eq!(store.schedules().ask_firing(id, None, Wall(2_001)).await.unwrap(), None, "one waits already");
    let firing = newest(&mut store, id).await;
    assert_eq!((firing.asked_for, firing.runs, firing.began_at), (true, 0, Some(Wall(2_000))));
    assert!(store.schedules().begin_asked(asked, Some(Wall(2_900)), Wall(2_100)).await.unwrap());
    assert!(!store.schedules().begin_asked(asked, None, Wall(2_200)).await.unwrap(), "it has begun");
    assert!(!store.schedules().call_off_firing(asked, "changed_mind", Wall(2_200)).await.unwrap(), "it has begun");
    let firing = newest(&mut store, id).await;
    assert_eq!((firing.runs, firing.began_at, firing.ends_by), (1, Some(Wall(2_100)), Some(Wall(2_900))));
    store.schedules().end_firing(asked, &end(1), Wall(2_300)).await.unwrap();
    let asked = store.schedules().ask_firing(id, None, Wall(2_400)).await.unwrap().unwrap();
    assert!(store.schedules().call_off_firing(asked, "changed_mind", Wall(2_500)).await.unwrap());
    let firing = newest(&mut store, id).await;
    assert_eq!(
        (firing.state, firing.stopped.as_deref(), firing.requests),
        (FiringState::Ended, Some("changed_mind"), Some(0))
    );
    // What is asked for is no slot: the recurrence stands where it stood.
    assert_eq!(store.schedules().all().await.unwrap()[0].settled_to, Wall(1_000));
    assert_eq!(store.admin().slots_decided_by(Wall(9_000)).await.unwrap(), [].into());
}

async fn a_slot_is_passed_skipped_or_taken_back(queue: TestQueue) {
    let mut store = queue.open().await;
    let id = added(&mut store).await.id;
    assert!(store.schedules().skip_slot(id, Wall(3_000)).await.unwrap());
    assert!(!store.schedules().skip_slot(id, Wall(3_000)).await.unwrap(), "it is skipped already");
    assert!(store.schedules().unskip_slot(id, Wall(3_000), Wall(1_500)).await.unwrap());
    assert!(!store.schedules().unskip_slot(id, Wall(3_000), Wall(1_500)).await.unwrap());
    store.schedules().skip_slot(id, Wall(3_000)).await.unwrap();
    assert!(store.schedules().pass_slot(id, Wall(2_000), 4, FiringState::Missed).await.unwrap());
    assert!(!store.schedules().pass_slot(id, Wall(2_000), 4, FiringState::Missed).await.unwrap());
    assert!(store.schedules().pass_slot(id, Wall(3_000), 1, FiringState::Skipped).await.unwrap());
    assert!(!store.schedules().unskip_slot(id, Wall(3_000), Wall(3_500)).await.unwrap(), "it has been passed over");
    let found: Vec<_> = store.schedules().firings(id, 9).await.unwrap();
    let told: Vec<_> = found.iter().map(|firing| (firing.slot_at.0, firing.state, firing.missed)).collect();
    assert_eq!(told, [(3_000, FiringState::Skipped, 1), (2_000, FiringState::Missed, 4)]);
    assert_eq!(store.schedules().all().await.unwrap()[0].skipped, [], "of those to come none");
    assert_eq!(store.schedules().firings(id, 1).await.unwrap().len(), 1);
}

async fn a_firing_in_trouble_is_tried_again(queue: TestQueue) {
    let mut store = queue.open().await;
    let id = added(&mut store).await.id;
    let firing = store.schedules().begin_firing(&slot(id, 2_000), Wall(2_000)).await.unwrap().unwrap();
    let met = FiringTrouble { end: end(2), trouble: "network".into(), transient_failures: 1, retry_at: Wall(2_200) };
    assert!(store.schedules().note_trouble(firing, &met).await.unwrap());
    let found = newest(&mut store, id).await;
    assert_eq!(
        (found.retry_at, found.transient_failures, found.trouble.as_deref()),
        (Some(Wall(2_200)), 1, Some("network"))
    );
    assert_eq!((found.state, found.requests, found.spent), (FiringState::Running, Some(2), MicroUsd(5)));
    assert!(store.schedules().hurry_firing(id, Wall(2_100)).await.unwrap());
    assert!(!store.schedules().hurry_firing(id, Wall(2_100)).await.unwrap(), "it waits for nothing any more");
    assert!(store.schedules().try_firing_again(firing).await.unwrap());
    assert_eq!(newest(&mut store, id).await.retry_at, None);
    assert!(store.schedules().end_troubled_firing(firing, Wall(2_300)).await.unwrap());
    let found = newest(&mut store, id).await;
    assert_eq!(
        (found.state, found.exit_code, found.stopped.as_deref()),
        (FiringState::Ended, Some(3), Some("finished"))
    );
    assert!(!store.schedules().end_troubled_firing(firing, Wall(2_400)).await.unwrap());
    assert!(!store.schedules().try_firing_again(firing).await.unwrap());
    assert!(!store.schedules().note_trouble(firing, &met).await.unwrap());
}

async fn what_a_wrong_clock_has_settled_is_taken_back(queue: TestQueue) {
    let mut store = queue.open().await;
    let id = added(&mut store).await.id;
    store.schedules().begin_firing(&slot(id, 2_000), Wall(2_000)).await.unwrap();
    store.schedules().pass_slot(id, Wall(900_000_000), 300, FiringState::Missed).await.unwrap();
    let ran = store.schedules().begin_firing(&slot(id, 900_000_500), Wall(900_000_500)).await.unwrap().unwrap();
    store.schedules().end_firing(ran, &end(2), Wall(900_000_600)).await.unwrap();
    assert_eq!(store.admin().slots_decided_by(Wall(3_000)).await.unwrap(), [(id, Wall(2_000))].into());
    // Whoever wanted a slot skipped can still have it come: the clock was ahead, and nobody has passed over it.
    let now = Wall(3_000);
    store.schedules().skip_slot(id, Wall(now.0 + 1)).await.unwrap();
    assert!(now.after(CLOCK_TOLERANCE) < Wall(900_000_500));
    assert!(store.schedules().unskip_slot(id, Wall(now.0 + 1), now).await.unwrap());
    let undo = ClockUndo { schedule: id, seen: Wall(900_000_500), settled_to: Wall(2_000), believed: now };
    assert!(store.admin().undo_settled(&undo).await.unwrap());
    assert!(!store.admin().undo_settled(&undo).await.unwrap(), "it has moved on");
    assert_eq!(store.schedules().all().await.unwrap()[0].settled_to, Wall(2_000));
    let told: Vec<_> = store.schedules().firings(id, 9).await.unwrap().iter().map(|firing| firing.slot_at.0).collect();
    assert_eq!(told, [900_000_500, 2_000], "what was sent was sent");
}

async fn what_was_sent_for_its_jobs_is_counted_once(queue: TestQueue) {
    let mut store = queue.open().await;
    let ada = account(&mut store, "ada").await;
    let before = load(&mut store, &job("one"), rows(Action::Unfollow, ada, &["1", "2"])).await;
    send_all(&queue, NOW, |_| TaskState::Done).await;
    let began = at(NOW.tick.0 + 10);
    let one = load(&mut store, &job("one"), rows(Action::Unfollow, ada, &["3", "4", "5"])).await;
    let two = load(&mut store, &job("two"), rows(Action::Unlike, ada, &["6"])).await;
    assert_eq!(before.id, one.id);
    // Of one job some are being sent when the process dies, of the other all have an answer.
    let (mut drain, _) = begin_at(&queue, began, "here").await;
    let lanes = drain.lanes(Some(&[one.id])).await.unwrap();
    assert_eq!(claim_some(&mut drain, &lanes[0], 2, began).await.len(), 2);
    drop(drain);
    send_all(&queue, at(began.tick.0 + 10), |_| TaskState::Done).await;
    let mut sent = async |jobs: &[_], since| store.schedules().sent_for(jobs, since).await.unwrap();
    let of = |action, requests, billed| SentRequests { platform: Platform::XV2, action, requests, billed };
    let both = sent(&[one.id, two.id], began.wall).await;
    let unlikes = of(Action::Unlike, 1, 1);
    assert_eq!(both.iter().find(|sent| sent.action == Action::Unlike), Some(&unlikes), "{both:?}");
    let unfollows = both.iter().find(|sent| sent.action == Action::Unfollow).unwrap();
    assert!(unfollows.requests > unfollows.billed, "two had no answer: {both:?}");
    assert_eq!(sent(&[two.id], began.wall).await, [unlikes]);
    assert_eq!(sent(&[two.id], at(began.tick.0 + 11).wall).await, []);
    assert_eq!(sent(&[], Wall(0)).await, []);
    let all = sent(&[one.id], NOW.wall).await;
    assert_eq!((all[0].requests, all[0].billed), (unfollows.requests + 2, unfollows.billed + 2), "the round before");

    let id = added(&mut store).await.id;
    let slot = NewFiring { schedule: id, slot_at: Wall(2_000), asked_for: false, missed: 0, ends_by: None };
    let firing = store.schedules().begin_firing(&slot, Wall(2_000)).await.unwrap().unwrap();
    for (requests, spent, expected) in [(20, 7, (20, 7)), (20, 7, (20, 7)), (9, 8, (20, 8))] {
        store.schedules().note_sent(firing, requests, MicroUsd(spent)).await.unwrap();
        let now = newest(&mut store, id).await;
        assert_eq!((now.requests, now.spent), (Some(expected.0), MicroUsd(expected.1)));
    }
    let end = FiringEnd { exit_code: Some(4), stopped: "requests".into(), requests: 10, spent: MicroUsd(2) };
    assert!(store.schedules().end_firing(firing, &end, Wall(3_000)).await.unwrap());
    store.schedules().note_sent(firing, 99, MicroUsd(99)).await.unwrap();
    let ended = newest(&mut store, id).await;
    assert_eq!((ended.requests, ended.spent), (Some(30), MicroUsd(10)), "it has ended");
}
