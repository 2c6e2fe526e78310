//! Drains: who may write, what a predecessor has left, and which requests may still count.

use std::time::Duration;

use cleanup::domain::{
    AccountId, Action, Applies, BootId, Horizons, Moment, Scope, TaskState, Tick, UNKNOWN_AFTER_CRASH, Wall, WindowSpec,
};
use cleanup::store::{
    Claim, Drain, DrainScope, JobState, LoadRow, NewAllowance, OutageChange, OutageState, RowPlace, Settled, Store,
    StoreError, Turn,
};

use super::stores::{TestQueue, for_every_store};
use super::support::{
    DEADLINE_MS, NOW, account, assert_whole, at, begin, begin_at, claim, claim_some, here, horizons, job, load,
    only_lane, receipts, reload, row, rows, settled, share, take_all, target, task_on,
};

for_every_store!(
    a_drain_that_was_overtaken_writes_nothing_any_more,
    a_claim_takes_what_stands_in_line_and_no_more,
    a_job_that_is_paused_or_cancelled_gives_no_more,
    what_nobody_wants_after_a_death_is_not_tried_again,
    what_nobody_wants_any_more_is_not_tried_again,
    what_a_load_withholds_while_it_is_out_is_not_tried_again,
    what_was_in_flight_when_a_process_died_stands_aside,
    requests_that_may_count_are_handed_to_the_next_drain,
    a_sleep_makes_requests_count_longer,
    far_windows_reach_further_back_for_their_actions_alone,
    an_outage_is_on_record_until_it_is_over,
    an_allowance_shrinks_by_what_is_sent,
    what_a_platform_says_is_on_record_whatever_it_says,
    heads_of_lanes_go_before_all_others,
);

async fn a_drain_that_was_overtaken_writes_nothing_any_more(queue: TestQueue) {
    let mut store = queue.open().await;
    let ada = account(&mut store, "ada").await;
    load(&mut store, &job("one"), rows(Action::Unfollow, ada, &["1", "2"])).await;
    // Two that both think the right is theirs: as after a fail-over, or with a lock that was removed.
    let (lock, scope) = (queue.drain_lock().await, DrainScope::default());
    let mut drains = Vec::new();
    for _ in 0..2 {
        let begun = Drain::begin(queue.open().await, lock.share(), &scope, NOW, here(), &horizons(), DEADLINE_MS).await;
        drains.push(take_all(begun.unwrap(), NOW).await.0);
    }
    if drains[0].is_shared() {
        // On a server both may be right. The first stood still for so long that the other has taken over what it had.
        assert_eq!(drains[1].lanes(None).await.unwrap(), []);
        queue.plant("update drain set alive_until = 0 where id = 1").await;
        assert_eq!(share(&mut drains[1], NOW).await.gained, [ada]);
    }
    let lane = only_lane(&mut drains[1]).await;
    let turn = Turn { claims: vec![claim(&lane, 1, NOW)], clock_checked: Some(true), ..Turn::default() };
    assert!(matches!(drains[0].turn(&turn, NOW).await, Err(StoreError::FenceLost)));
    assert!(matches!(drains[0].turn(&Turn::default(), NOW).await, Err(StoreError::FenceLost)));
    let mut slots = 0;
    store.read().attempts_of(ada, |_| slots += 1).await.unwrap();
    assert_eq!((slots, store.admin().last_agreement().await.unwrap()), (0, None));
    assert_eq!(drains[1].turn(&turn, NOW).await.unwrap().claimed.len(), 1);
}

async fn a_claim_takes_what_stands_in_line_and_no_more(queue: TestQueue) {
    let mut store = queue.open().await;
    let ada = account(&mut store, "ada").await;
    let one = load(&mut store, &job("one"), rows(Action::Unfollow, ada, &["1", "2", "3", "4"])).await;
    let mut drain = begin(&queue).await;
    let lane = only_lane(&mut drain).await;
    let third = task_on(&mut store, &one, "3").await;
    let take = async |drain: &mut Drain, claim: Claim| {
        let receipt = drain.turn(&Turn { claims: vec![claim], ..Turn::default() }, NOW).await.unwrap();
        let texts: Vec<_> = receipt.claimed.iter().map(|claimed| claimed.target.to_string()).collect();
        (texts, receipt.drained.len())
    };
    let of = |texts: &[&str], drained| (texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>(), drained);
    assert_eq!(take(&mut drain, Claim { only: Some(third), ..claim(&lane, 5, NOW) }).await, of(&["3"], 0));
    let second = task_on(&mut store, &one, "2").await;
    assert_eq!(take(&mut drain, Claim { looked_to: Some(second), ..claim(&lane, 5, NOW) }).await, of(&["1", "2"], 0));
    assert_eq!(
        take(&mut drain, Claim { only: Some(third), ..claim(&lane, 5, NOW) }).await,
        of(&[], 0),
        "it is being sent"
    );
    assert_eq!(take(&mut drain, Claim { visible_to: third, ..claim(&lane, 5, NOW) }).await, of(&[], 1));
    assert_eq!(take(&mut drain, claim(&lane, 5, NOW)).await, of(&["4"], 1));
    assert_eq!(take(&mut drain, claim(&lane, 5, NOW)).await, of(&[], 1));
}

/// A drain plans by what it saw last, and somebody may have said something since.
async fn a_job_that_is_paused_or_cancelled_gives_no_more(queue: TestQueue) {
    let mut store = queue.open().await;
    let ada = account(&mut store, "ada").await;
    let one = load(&mut store, &job("one"), rows(Action::Unfollow, ada, &["1", "2", "3"])).await;
    let mut drain = begin(&queue).await;
    let lane = only_lane(&mut drain).await;
    for (state, claimed) in [(JobState::Paused, 0), (JobState::Active, 1), (JobState::Cancelled, 0)] {
        store.queue().set_job_state(one.id, state).await.unwrap();
        let turn = Turn { claims: vec![claim(&lane, 1, NOW)], ..Turn::default() };
        let receipt = drain.turn(&turn, NOW).await.unwrap();
        // A lane that gives nothing is not asked again before it is looked at.
        let drained = if claimed == 0 { vec![lane.lane] } else { vec![] };
        assert_eq!((receipt.claimed.len(), receipt.drained, receipt.damaged), (claimed, drained, vec![]), "{state:?}");
    }
}

async fn what_nobody_wants_any_more_is_not_tried_again(queue: TestQueue) {
    let mut store = queue.open().await;
    let ada = account(&mut store, "ada").await;
    let one = load(&mut store, &job("one"), rows(Action::Unfollow, ada, &["1", "2", "3", "4"])).await;
    let mut drain = begin(&queue).await;
    let lane = only_lane(&mut drain).await;
    let claimed = claim_some(&mut drain, &lane, 4, NOW).await;
    let one = reload(&mut store, &one, rows(Action::Unfollow, ada, &["3", "4"])).await;
    let settle = |at: usize, state| settled(&claimed[at], one.round, state, NOW);
    let ended = vec![settle(0, TaskState::Waiting), settle(1, TaskState::Done), settle(2, TaskState::Pending)];
    drain.turn(&Turn { settled: ended, ..Turn::default() }, NOW).await.unwrap();
    let said = async |store: &mut Store, text: &str| {
        let told = store.read().explain(&target(text)).await.unwrap().remove(0);
        (told.state, told.reason)
    };
    assert_eq!(said(&mut store, "1").await, (TaskState::Cancelled, Some("row_vanished".into())));
    assert_eq!(said(&mut store, "2").await, (TaskState::Done, None), "what has had its effect says so");
    assert_eq!(said(&mut store, "3").await, (TaskState::Pending, Some("said_so".into())), "its row is there");
    store.queue().cancel_job(&one, NOW.wall).await.unwrap();
    drain.turn(&Turn { settled: vec![settle(3, TaskState::Provisional)], ..Turn::default() }, NOW).await.unwrap();
    assert_eq!(said(&mut store, "4").await, (TaskState::Cancelled, Some("job_cancelled".into())));
    assert_whole(&mut store).await;
}

/// Rows of one column: of each whether a rule spares it, or it cannot be used.
fn withheld_rows(ada: AccountId, rows: &[(&str, RowSays)]) -> Vec<LoadRow> {
    let withheld = |(line, (text, says)): (u64, &(&str, RowSays))| {
        let (action, account, target) = (Action::Unfollow, ada, target(text));
        let place = match says {
            RowSays::Rounded => {
                RowPlace::Rejected { reason: "rounded".to_owned(), task: Some((action, account, target)) }
            }
            RowSays::Send => RowPlace::Task { action, account, target, spared: None },
            RowSays::Keep => RowPlace::Task { action, account, target, spared: Some("keep_list") },
        };
        LoadRow { line, place, record: None }
    };
    (2..).zip(rows).map(withheld).collect()
}

#[derive(Clone, Copy)]
enum RowSays {
    Send,
    Keep,
    Rounded,
}

async fn what_a_load_withholds_while_it_is_out_is_not_tried_again(queue: TestQueue) {
    use RowSays::{Keep, Rounded, Send};
    let mut store = queue.open().await;
    let ada = account(&mut store, "ada").await;
    let targets = ["1", "2", "3", "4", "5", "6"];
    let one = load(&mut store, &job("one"), rows(Action::Unfollow, ada, &targets)).await;
    let mut drain = begin(&queue).await;
    let lane = only_lane(&mut drain).await;
    let claimed = claim_some(&mut drain, &lane, 6, NOW).await;
    let says = |says: [RowSays; 6]| targets.into_iter().zip(says).collect::<Vec<_>>();
    let first = withheld_rows(ada, &says([Keep, Rounded, Keep, Keep, Rounded, Send]));
    let one = reload(&mut store, &one, first).await;
    // Of the same rows the newest load counts.
    let one = reload(&mut store, &one, withheld_rows(ada, &says([Keep, Rounded, Keep, Send, Send, Keep]))).await;
    let settle = |at: usize, state| settled(&claimed[at], one.round, state, NOW);
    let ended = vec![
        settle(0, TaskState::Waiting),
        settle(1, TaskState::Pending),
        settle(2, TaskState::Done),
        settle(3, TaskState::Waiting),
        settle(4, TaskState::Pending),
    ];
    drain.turn(&Turn { settled: ended, ..Turn::default() }, NOW).await.unwrap();
    drop(drain);
    let (_, start) = begin_at(&queue, at(NOW.tick.0 + 9), "here").await;
    assert_eq!((start.recovered, start.undecided.len()), (0, 0), "nothing is sent again of what was out");
    let mut told = Vec::new();
    for text in targets {
        let of = store.read().explain(&target(text)).await.unwrap().remove(0);
        told.push((of.state, of.reason.unwrap_or_default()));
    }
    let ends = [
        (TaskState::Kept, "keep_list"),
        (TaskState::Rejected, "rounded"),
        (TaskState::Done, ""),
        // A new drain puts it in line again.
        (TaskState::Pending, "said_so"),
        (TaskState::Pending, "said_so"),
        (TaskState::Kept, "keep_list"),
    ];
    assert_eq!(told, ends.map(|(state, reason)| (state, reason.to_owned())));
    assert_whole(&mut store).await;
}

async fn what_nobody_wants_after_a_death_is_not_tried_again(queue: TestQueue) {
    let mut store = queue.open().await;
    let ada = account(&mut store, "ada").await;
    let mut jobs = Vec::new();
    for name in ["vanishing", "cancelled", "wanted"] {
        jobs.push(load(&mut store, &job(name), rows(Action::Unfollow, ada, &["1", "2"])).await);
    }
    let mut drain = begin(&queue).await;
    for lane in drain.lanes(None).await.unwrap() {
        claim_some(&mut drain, &lane, 1, NOW).await;
    }
    reload(&mut store, &jobs[0], rows(Action::Unfollow, ada, &["2"])).await;
    store.queue().cancel_job(&jobs[1], NOW.wall).await.unwrap();
    drop(drain);
    let (_, start) = begin_at(&queue, at(NOW.tick.0 + 9), "here").await;
    assert_eq!((start.recovered, start.crashed, start.undecided.len()), (1, 0, 1), "one is sent again");
    let told = store.read().explain(&target("1")).await.unwrap();
    let said: Vec<_> = told.into_iter().map(|told| (told.job, told.state, told.reason)).collect();
    let ends = |job: &str, state, reason: &str| (job.to_owned(), state, Some(reason.to_owned()));
    assert_eq!(
        said,
        [
            ends("vanishing", TaskState::Cancelled, "row_vanished"),
            ends("cancelled", TaskState::Cancelled, "job_cancelled"),
            ends("wanted", TaskState::Waiting, UNKNOWN_AFTER_CRASH)
        ]
    );
    assert_whole(&mut store).await;
}

async fn what_was_in_flight_when_a_process_died_stands_aside(queue: TestQueue) {
    let mut store = queue.open().await;
    let ada = account(&mut store, "ada").await;
    let one = load(&mut store, &job("one"), rows(Action::Unfollow, ada, &["1", "2", "3", "4"])).await;
    let mut drain = begin(&queue).await;
    let lane = only_lane(&mut drain).await;
    let claimed = claim_some(&mut drain, &lane, 3, NOW).await;
    let ambiguous = settled(&claimed[2], one.round, TaskState::Provisional, NOW);
    drain.turn(&Turn { settled: vec![ambiguous], first_answer: true, ..Turn::default() }, NOW).await.unwrap();
    drop(drain);
    let (drain, start) = begin_at(&queue, at(NOW.tick.0 + 9), "here").await;
    assert_eq!((start.recovered, start.crashed, start.taken_over), (2, 0, NOW.tick));
    let undecided: Vec<_> = start.undecided.iter().map(|task| (task.task, task.lane, task.alone)).collect();
    assert_eq!(undecided, [(claimed[0].task, lane.lane, false), (claimed[1].task, lane.lane, false)]);
    let parked = &start.provisional[0];
    assert_eq!(
        (parked.task, parked.account, parked.action, parked.reason.as_deref()),
        (claimed[2].task, ada, Action::Unfollow, Some("said_so"))
    );
    assert_eq!((start.provisional.len(), start.aside.len(), start.asked_last.len()), (1, 0, 0));
    let told = receipts(&mut store, &one, 1).await;
    assert_eq!(told[0].reason.as_deref(), Some(UNKNOWN_AFTER_CRASH));
    let told = store.read().explain(&target("1")).await.unwrap();
    let attempt = &told[0].attempts[0];
    assert_eq!(
        (told[0].crashes.number(), attempt.finding.as_deref(), attempt.ended_at),
        (1, Some("crashed"), Some(at(NOW.tick.0 + 9).wall))
    );
    drop(drain);
    assert_whole(&mut store).await;
}

async fn requests_that_may_count_are_handed_to_the_next_drain(queue: TestQueue) {
    let mut store = queue.open().await;
    let (ada, bob) = (account(&mut store, "ada").await, account(&mut store, "bob").await);
    load(
        &mut store,
        &job("one"),
        vec![row(2, Action::Unfollow, ada, "1"), row(3, Action::Unfollow, ada, "2"), row(4, Action::Unlike, bob, "1")],
    )
    .await;
    let mut drain = begin(&queue).await;
    let lanes = drain.lanes(None).await.unwrap();
    let first = claim_some(&mut drain, &lanes[0], 1, NOW).await;
    let answered = at(NOW.tick.0 + 500);
    let turn = Turn { settled: vec![settled(&first[0], lanes[0].round, TaskState::Done, answered)], ..Turn::default() };
    drain.turn(&turn, answered).await.unwrap();
    claim_some(&mut drain, &lanes[0], 1, at(NOW.tick.0 + 600)).await;
    drain.turn(&Turn { clock_checked: Some(true), ..Turn::default() }, NOW).await.unwrap();
    assert_eq!(
        drain.slots(&[ada]).await.unwrap()[&ada].len(),
        2,
        "of an account that comes later, this drain's are among them"
    );
    drop(drain);
    let now = at(NOW.tick.0 + 1_000);
    let (mut drain, start) = begin_at(&queue, now, "here").await;
    assert!(!start.other_boots);
    let slots = drain.slots(&[ada, bob]).await.unwrap();
    let told: Vec<_> =
        slots[&ada].iter().map(|slot| (slot.reserved, slot.counted_until.0 - NOW.tick.0, slot.open)).collect();
    // The grace of 5 s counts from when its process was known to be dead.
    assert_eq!(told, [(NOW, 500, false), (at(NOW.tick.0 + 600), 35_600, false)]);
    assert!(slots[&ada].iter().all(|slot| slot.same_boot && slot.clock_checked && slot.action == Action::Unfollow));
    assert!(!slots.contains_key(&bob));
    drop(drain);
    // Of another boot nobody can say when the second was counted.
    let now = Moment { tick: Tick(5), wall: at(NOW.tick.0 + 2_000).wall };
    let (mut drain, start) = begin_at(&queue, now, "next").await;
    assert!(start.other_boots);
    assert_eq!(start.taken_over, Tick(5));
    let slots = drain.slots(&[ada]).await.unwrap();
    assert!(slots[&ada].len() == 2 && slots[&ada].iter().all(|slot| !slot.same_boot));
    let recent = store.queue().newest_attempts(&[ada, bob], 1, "next", now, &horizons()).await.unwrap();
    assert!(recent.get(&bob).is_none_or(Vec::is_empty));
    let recent = &recent[&ada];
    assert_eq!((recent.len(), recent[0].elsewhere), (1, Some(at(NOW.tick.0 + 600))));
    assert_eq!(store.queue().unknown_until(&BootId("next".into()), now).await.unwrap(), None, "no log was lost");
    drop(drain);
    // By a clock that is a year ahead nothing counts, and somebody has to be asked whether it can be believed.
    let year_later = Moment { tick: Tick(5), wall: now.wall.after(Duration::from_secs(365 * 86_400)) };
    let (mut drain, start) = begin_at(&queue, year_later, "third").await;
    assert!(start.other_boots && drain.slots(&[ada]).await.unwrap().is_empty());
    drain.distrust_wall();
    assert_eq!(drain.slots(&[ada]).await.unwrap()[&ada].len(), 2);
}

async fn a_sleep_makes_requests_count_longer(queue: TestQueue) {
    let mut store = queue.open().await;
    let ada = account(&mut store, "ada").await;
    load(&mut store, &job("one"), rows(Action::Unfollow, ada, &["1", "2"])).await;
    let mut drain = begin(&queue).await;
    let lane = only_lane(&mut drain).await;
    let claimed = claim_some(&mut drain, &lane, 2, NOW).await;
    let turn = Turn {
        settled: vec![settled(&claimed[0], lane.round, TaskState::Done, at(NOW.tick.0 + 1))],
        ..Turn::default()
    };
    drain.turn(&turn, at(NOW.tick.0 + 1)).await.unwrap();
    drain.extend_after_suspend(Tick(NOW.tick.0 + 100), Tick(NOW.tick.0 + 900_000)).await.unwrap();
    let mut spans = Vec::new();
    store.read().attempts_of_all(&[ada], |span| spans.push(span.counted_until.0 - NOW.tick.0)).await.unwrap();
    assert_eq!(spans, [1, 900_000], "what had been counted before it fell asleep was counted then");
}

async fn far_windows_reach_further_back_for_their_actions_alone(queue: TestQueue) {
    let mut store = queue.open().await;
    let ada = account(&mut store, "ada").await;
    load(&mut store, &job("one"), vec![row(2, Action::Unfollow, ada, "1"), row(3, Action::Unlike, ada, "1")]).await;
    super::support::send_all(&queue, NOW, |_| TaskState::Done).await;
    let hour = at(NOW.tick.0 + 3_600_000);
    let day =
        WindowSpec { scope: Scope::Account, rate: "9/24h".parse().unwrap(), applies: Applies::Only(Action::Unlike) };
    let far = Horizons::of(&[WindowSpec::of_account(50, 900, Applies::All), day]);
    let scope = DrainScope::default();
    let (mut drain, _) =
        Drain::begin(queue.open().await, queue.drain_lock().await, &scope, hour, here(), &far, DEADLINE_MS)
            .await
            .unwrap();
    let slots = drain.slots(&[ada]).await.unwrap();
    assert_eq!(slots[&ada].iter().map(|slot| slot.action).collect::<Vec<_>>(), [Action::Unlike]);
    let recent = store.queue().newest_attempts(&[ada], 9, "here", hour, &far).await.unwrap();
    assert_eq!(
        recent[&ada].iter().map(|slot| (slot.action, slot.counted_until, slot.elsewhere)).collect::<Vec<_>>(),
        [(Action::Unlike, NOW.tick, None)]
    );
    let near = Horizons::all(Duration::from_secs(900));
    let recent = store.queue().newest_attempts(&[ada], 9, "here", hour, &near).await.unwrap();
    assert!(recent.get(&ada).is_none_or(Vec::is_empty), "{recent:?}");
}

async fn an_outage_is_on_record_until_it_is_over(queue: TestQueue) {
    let mut store = queue.open().await;
    let ada = account(&mut store, "ada").await;
    let one = load(&mut store, &job("one"), rows(Action::Unfollow, ada, &["1", "2"])).await;
    let mut drain = begin(&queue).await;
    let lane = only_lane(&mut drain).await;
    let claimed = claim_some(&mut drain, &lane, 1, NOW).await;
    let state = OutageState {
        since: NOW.wall,
        failures: 3,
        pauses: 1,
        newcomers: true,
        until: Tick(NOW.tick.0 + 4_000),
        until_at: Wall(NOW.wall.0 + 4_000),
        length_ms: 3_000,
        detail: "503".into(),
    };
    let outage = |outage| vec![OutageChange { account: ada, action: Action::Unfollow, outage }];
    let failed = settled(&claimed[0], one.round, TaskState::Waiting, NOW);
    let turn = Turn { settled: vec![failed], outages: outage(Some(state.clone())), ..Turn::default() };
    drain.turn(&turn, NOW).await.unwrap();
    let found = store.queue().outages().await.unwrap();
    assert_eq!(
        (found.len(), &found[0].state, found[0].account, found[0].action, found[0].boot.as_str()),
        (1, &state, ada, Action::Unfollow, "here")
    );
    assert_eq!(found[0].state.paused_at(), at(NOW.tick.0 + 1_000));
    drop(drain);
    // Whoever failed in it stays aside at the next start, and is in line again at the first one behind its end.
    let (mut drain, start) = begin_at(&queue, NOW, "here").await;
    assert_eq!(start.aside.iter().map(|task| task.task).collect::<Vec<_>>(), [claimed[0].task]);
    drain.turn(&Turn { outages: outage(None), ..Turn::default() }, NOW).await.unwrap();
    assert_eq!(store.queue().outages().await.unwrap(), []);
    drop(drain);
    let (mut drain, start) = begin_at(&queue, NOW, "here").await;
    assert!(start.aside.is_empty());
    assert_eq!(claim_some(&mut drain, &lane, 9, NOW).await.len(), 2);
}

async fn an_allowance_shrinks_by_what_is_sent(queue: TestQueue) {
    let mut store = queue.open().await;
    let ada = account(&mut store, "ada").await;
    load(
        &mut store,
        &job("one"),
        vec![row(2, Action::Unfollow, ada, "1"), row(3, Action::Unfollow, ada, "2"), row(4, Action::Unlike, ada, "3")],
    )
    .await;
    let mut drain = begin(&queue).await;
    let lanes = drain.lanes(None).await.unwrap();
    let new = NewAllowance {
        account: ada,
        action: Action::Unfollow,
        day: false,
        remaining: 5,
        until: (Tick(NOW.tick.0 + 900), Wall(NOW.wall.0 + 900)),
        length_ms: 800,
    };
    let turn = Turn { allowances: vec![new, NewAllowance { day: true, remaining: 1, ..new }], ..Turn::default() };
    drain.turn(&turn, NOW).await.unwrap();
    for lane in &lanes {
        claim_some(&mut drain, lane, 9, NOW).await;
    }
    let left = store.queue().allowances(&here(), NOW).await.unwrap();
    let told: Vec<_> =
        left.iter().map(|left| (left.action, left.day, left.remaining, left.same_boot, left.set_at())).collect();
    let set_at = at(NOW.tick.0 + 100);
    assert_eq!(told, [(Action::Unfollow, false, 3, true, set_at), (Action::Unfollow, true, 0, true, set_at)]);
    assert_eq!(store.queue().allowances(&here(), at(NOW.tick.0 + 900)).await.unwrap(), []);
    assert_eq!(
        store.queue().allowances(&BootId("next".into()), at(NOW.tick.0 + 900)).await.unwrap().len(),
        2,
        "its clock may have been wrong"
    );
}

/// A server has no null character: it has U+FFFD instead.
async fn what_a_platform_says_is_on_record_whatever_it_says(queue: TestQueue) {
    let mut store = queue.open().await;
    let ada = account(&mut store, "ada").await;
    let one = load(&mut store, &job("one"), rows(Action::Unfollow, ada, &["1", "2"])).await;
    let mut drain = begin(&queue).await;
    let lane = only_lane(&mut drain).await;
    let claimed = claim_some(&mut drain, &lane, 2, NOW).await;
    let said = "\0 and \u{1}, \\u0000, \"\\\0\"\u{fffd}\u{10ffff}";
    let refused = Settled { detail: said.into(), ..settled(&claimed[0], one.round, TaskState::Failed, NOW) };
    let account_troubles = vec![(ada, Some(said.into()))];
    let deleted_texts = vec![(claimed[0].task, said.into()), (claimed[1].task, "another".into())];
    let turn = Turn { settled: vec![refused], account_troubles, deleted_texts, ..Turn::default() };
    drain.turn(&turn, NOW).await.unwrap();
    let told = store.read().explain(&target("1")).await.unwrap().remove(0);
    let account = store.accounts().all().await.unwrap().remove(0);
    let shown = |text: Option<&str>| text.map(|text| text.replace('\0', "\u{fffd}"));
    let expected = shown(Some(said));
    assert_eq!(
        (shown(told.attempts[0].detail.as_deref()), shown(account.trouble.as_deref())),
        (expected.clone(), expected)
    );
}

async fn heads_of_lanes_go_before_all_others(queue: TestQueue) {
    let mut store = queue.open().await;
    let (ada, bob) = (account(&mut store, "ada").await, account(&mut store, "bob").await);
    let rows = vec![
        row(2, Action::Unfollow, ada, "1"),
        row(3, Action::Unfollow, ada, "2"),
        row(4, Action::Unfollow, ada, "3"),
        row(5, Action::Unfollow, bob, "4"),
        row(6, Action::Unlike, ada, "5"),
        row(7, Action::Unlike, ada, "6"),
    ];
    load(&mut store, &job("one"), rows).await;
    let mut drain = begin(&queue).await;
    let lanes = drain.lanes(None).await.unwrap();
    let claims = [(0, 3), (1, 3), (2, 1)].map(|(lane, count)| claim(&lanes[lane], count, NOW));
    let receipt = drain.turn(&Turn { claims: claims.into(), ..Turn::default() }, NOW).await.unwrap();
    let mut heads: Vec<_> = receipt.claimed.iter().take(3).map(|claimed| claimed.target.to_string()).collect();
    heads.sort();
    assert_eq!(heads, ["1", "4", "5"]);
    assert!(receipt.claimed.is_sorted_by_key(|claimed| claimed.attempt));
    assert_eq!((receipt.claimed.len(), receipt.drained), (5, vec![lanes[0].lane, lanes[1].lane]));
}
