//! Lists being read, what they told of targets, and the slots of the requests that read.

use std::time::Duration;

use cleanup::domain::{Action, BootId, Moment, Platform, Target, TargetKind, TaskState, Tick, Wall};
use cleanup::store::{
    HoldNews, ListStore, MAX_KNOWN_TEXT_CHARS, NewPage, PageEntry, ReadAsk, ReadEnd, ReadHold, ReadLeft, ReadSlot,
    ReadWindow, ReadingId, ReadingState, Store, TargetMetadata,
};

use super::stores::{TestQueue, for_every_store};
use super::support::{NOW, account, ask, at, grant, here, job, load, read_end, rows, send_all, target};

for_every_store!(
    a_list_is_read_page_by_page,
    what_was_handed_over_can_be_gone_on_with,
    what_is_known_of_a_target_is_never_forgotten_by_a_poorer_look,
    a_window_of_reads_is_never_overrun,
    an_app_shares_its_windows,
    the_platform_says_to_wait,
    what_an_answer_says_is_left_is_kept_to,
    reads_of_another_boot_and_of_a_sleep_count,
    an_account_has_done_what_its_tasks_have,
);

const WINDOWS: [ReadWindow; 1] = [ReadWindow { limit: 2, counts_for: Duration::from_secs(60), is_shared: false }];

fn entry(text: &str, known: TargetMetadata) -> PageEntry {
    PageEntry { target: target(text), known, facts: format!("{{\"of\":\"{text}\"}}") }
}

/// Reads a page as a reader does.
async fn keep(
    store: &mut Store,
    of: &ReadAsk<'_>,
    reading: ReadingId,
    entries: &[PageEntry],
    next: Option<&str>,
    now: Moment,
) -> ReadingState {
    let request = grant(store, of, now).await;
    let page = NewPage { entries, next, of: (Platform::XV2, TargetKind::User) };
    let end = read_end(now, entries.len() as u64);
    store.lists().keep_page(reading, &page, (request.id, &end), of).await.unwrap()
}

fn plain(texts: &[&str]) -> Vec<PageEntry> {
    texts.iter().map(|text| entry(text, TargetMetadata::default())).collect()
}

async fn a_list_is_read_page_by_page(queue: TestQueue) {
    let mut store = queue.open().await;
    let (ada, boot) = (account(&mut store, "ada").await, here());
    let of = ask(ada, &[], &boot);
    assert_eq!(store.lists().reading(ada, "following").await.unwrap(), None);
    let begun = store.lists().begin_reading(ada, "following", Wall(5)).await.unwrap();
    let first = keep(&mut store, &of, begun.id, &plain(&["1", "007", "1"]), Some("two"), NOW).await;
    let expected = ReadingState {
        id: begun.id,
        started_at: Wall(5),
        cursor: Some("two".into()),
        pages: 1,
        entries: 2,
        resources: 3,
        finished: false,
        handed_over: false,
    };
    assert_eq!(first, expected);
    assert_eq!(store.lists().reading(ada, "following").await.unwrap(), Some(expected.clone()));
    let last = keep(&mut store, &of, begun.id, &plain(&["3", "007", "at://did:plc:x/a,b"]), None, NOW).await;
    assert_eq!(last, ReadingState { cursor: None, pages: 2, entries: 4, resources: 6, finished: true, ..expected });
    let all = store.lists().reading_entries(begun.id, 0, 9).await.unwrap();
    let told: Vec<_> = all.iter().map(|(_, target, facts)| (target.to_string(), facts.as_str())).collect();
    let fact = |text: &str| format!("{{\"of\":\"{text}\"}}");
    let facts = ["1", "007", "3", "at://did:plc:x/a,b"].map(|text| (text.to_owned(), fact(text)));
    assert_eq!(told, facts.each_ref().map(|(target, fact)| (target.clone(), fact.as_str())));
    assert_eq!(store.lists().reading_entries(begun.id, all[0].0, 2).await.unwrap(), all[1..3]);
    let asked = [target("007"), target("7"), target("3")];
    assert_eq!(store.lists().in_reading(begun.id, &asked).await.unwrap(), [target("007"), target("3")].into());
    store.lists().drop_reading(begun.id).await.unwrap();
    assert_eq!(store.lists().reading(ada, "following").await.unwrap(), None);
    assert_eq!(store.lists().reading_entries(begun.id, 0, 9).await.unwrap(), []);
}

async fn what_was_handed_over_can_be_gone_on_with(queue: TestQueue) {
    let mut store = queue.open().await;
    let (ada, boot) = (account(&mut store, "ada").await, here());
    let of = ask(ada, &[], &boot);
    let begun = store.lists().begin_reading(ada, "likes", Wall(5)).await.unwrap();
    keep(&mut store, &of, begun.id, &plain(&["1"]), Some("two"), NOW).await;
    store.lists().hand_over_reading(begun.id, Wall(9)).await.unwrap();
    let found = store.lists().reading(ada, "likes").await.unwrap().unwrap();
    assert_eq!((found.finished, found.handed_over, found.cursor.as_deref()), (false, true, Some("two")));
    let found = keep(&mut store, &of, begun.id, &plain(&["2"]), Some("three"), NOW).await;
    assert_eq!((found.finished, found.handed_over, found.entries), (false, false, 2));
    keep(&mut store, &of, begun.id, &[], None, NOW).await;
    store.lists().hand_over_reading(begun.id, Wall(9)).await.unwrap();
    let found = store.lists().reading(ada, "likes").await.unwrap().unwrap();
    assert_eq!((found.finished, found.handed_over), (true, false), "all of it was read");
    let anew = store.lists().begin_reading(ada, "likes", Wall(20)).await.unwrap();
    assert_eq!((anew.entries, anew.pages, anew.started_at), (0, 0, Wall(20)));
    assert_eq!(store.lists().reading_entries(anew.id, 0, 9).await.unwrap(), []);
}

async fn what_is_known_of_a_target_is_never_forgotten_by_a_poorer_look(queue: TestQueue) {
    let mut store = queue.open().await;
    let (ada, boot) = (account(&mut store, "ada").await, here());
    let of = ask(ada, &[], &boot);
    let begun = store.lists().begin_reading(ada, "following", Wall(5)).await.unwrap();
    let rich = TargetMetadata {
        handle: Some("Some_One".parse().unwrap()),
        name: Some("\u{141}ukasz \u{1b}[31m \"x\"".into()),
        text: Some("\u{e9}".repeat(MAX_KNOWN_TEXT_CHARS + 5)),
        seen_at: Wall(0),
    };
    let texts = ["007", "7", "9999999999999999999", "at://did:plc:a/b/\"c"];
    let entries: Vec<_> = texts.iter().map(|text| entry(text, rich.clone())).collect();
    keep(&mut store, &of, begun.id, &entries, Some("two"), at(100)).await;
    keep(&mut store, &of, begun.id, &plain(&["7"]), None, at(200)).await;
    let ids: Vec<Target> = texts.iter().chain(&["8"]).map(|text| target(text)).collect();
    let known = store.lists().known_targets(Platform::Aisa, TargetKind::User, &ids).await.unwrap();
    assert_eq!(known.len(), 4, "X's IDs are the same whoever is asked");
    let kept = TargetMetadata { text: Some("\u{e9}".repeat(MAX_KNOWN_TEXT_CHARS)), seen_at: at(100).wall, ..rich };
    assert_eq!(known[&ids[0]], kept);
    assert_eq!(known[&ids[1]], TargetMetadata { seen_at: at(200).wall, ..kept });
    assert_eq!(store.lists().known_targets(Platform::XV2, TargetKind::Post, &ids).await.unwrap().len(), 0);
    assert_eq!(store.lists().known_targets(Platform::Bluesky, TargetKind::User, &ids).await.unwrap().len(), 0);
}

async fn end(store: &mut Store, of: &ReadAsk<'_>, id: cleanup::store::ReadId, end: &ReadEnd, news: HoldNews<'_>) {
    let mut lists: ListStore<'_> = store.lists();
    lists.end_read(id, end, news, of).await.unwrap();
}

async fn a_window_of_reads_is_never_overrun(queue: TestQueue) {
    let mut store = queue.open().await;
    let (ada, bob, boot) = (account(&mut store, "ada").await, account(&mut store, "bob").await, here());
    let of = ask(ada, &WINDOWS, &boot);
    let first = grant(&mut store, &of, at(0)).await;
    assert_eq!((first.free, first.open), (2, 0));
    let second = grant(&mut store, &of, at(10)).await;
    assert_eq!((second.free, second.open), (1, 1));
    // The end of neither has been seen: they count until they must have been counted.
    let full = store.lists().reserve_read(&of, at(20)).await.unwrap();
    assert_eq!(full, ReadSlot::Full(Tick(35_000 + 60_000)));
    end(&mut store, &of, first.id, &read_end(at(500), 7), HoldNews::Same).await;
    assert_eq!(store.lists().reserve_read(&of, at(600)).await.unwrap(), ReadSlot::Full(Tick(60_500)));
    let next = store.lists().next_read_at((ada, "following"), &WINDOWS, (&boot, at(600))).await.unwrap();
    assert_eq!(next, Some(at(60_500).wall));
    assert_eq!(store.lists().next_read_at((bob, "following"), &WINDOWS, (&boot, at(600))).await.unwrap(), None);
    grant(&mut store, &ask(bob, &WINDOWS, &boot), at(600)).await;
    // The second one's end was never seen: whoever asked is dead, which is known only now.
    let third = grant(&mut store, &of, at(60_500)).await;
    assert_eq!((third.free, third.open), (1, 0));
    let mut spans = Vec::new();
    store.read().reads_of(ada, |span| spans.push(span)).await.unwrap();
    let told: Vec<_> = spans
        .iter()
        .map(|span| (span.reserved, span.counted_until.0, span.endpoint.as_str(), span.boot.as_str()))
        .collect();
    let (wall, now) = (at(0), at(60_500));
    assert_eq!(
        told,
        [(wall, 500, "following", "here"), (at(10), 65_500, "following", "here"), (now, 95_500, "following", "here")]
    );
}

async fn an_app_shares_its_windows(queue: TestQueue) {
    let mut store = queue.open().await;
    let (ada, bob, boot) = (account(&mut store, "ada").await, account(&mut store, "bob").await, here());
    let shared = [ReadWindow { is_shared: true, ..WINDOWS[0] }];
    let of = |account| ask(account, &shared, &boot);
    grant(&mut store, &of(ada), at(0)).await;
    assert_eq!(grant(&mut store, &of(bob), at(0)).await.free, 1);
    assert!(matches!(store.lists().reserve_read(&of(ada), at(0)).await.unwrap(), ReadSlot::Full(_)));
    let other = ReadAsk { app: "another", ..of(ada) };
    assert_eq!(grant(&mut store, &other, at(0)).await.free, 2);
    let elsewhere = ReadAsk { endpoint: "likes", ..of(ada) };
    assert_eq!(grant(&mut store, &elsewhere, at(0)).await.free, 2);
}

async fn the_platform_says_to_wait(queue: TestQueue) {
    let mut store = queue.open().await;
    let (ada, boot) = (account(&mut store, "ada").await, here());
    let of = ask(ada, &[], &boot);
    let (first, before) = (grant(&mut store, &of, at(0)).await, grant(&mut store, &of, at(0)).await);
    let hold = ReadHold {
        until: Tick(9_000),
        until_at: at(9_000).wall,
        length: Duration::from_millis(8_000),
        reason: "limited".into(),
        backoff_level: 3,
    };
    let refused = ReadEnd { http_status: Some(429), finding: "limited", ..read_end(at(1_000), 0) };
    end(&mut store, &of, first.id, &refused, HoldNews::Set(&hold)).await;
    assert_eq!(store.lists().reserve_read(&of, at(2_000)).await.unwrap(), ReadSlot::Held(hold.clone()));
    let next = store.lists().next_read_at((ada, "following"), &[], (&boot, at(2_000))).await.unwrap();
    assert_eq!(next, Some(hold.until_at));
    // What was under way before the hold says nothing about after it.
    end(&mut store, &of, before.id, &read_end(at(3_000), 1), HoldNews::Cleared).await;
    assert_eq!(store.lists().last_read_hold(&of, at(9_500)).await.unwrap(), Some(hold.clone()));
    // Another boot tells its end by the wall clock, and never takes it for longer than it was.
    let later = BootId("later".into());
    let there = ReadAsk { boot: &later, ..of };
    let now = Moment { tick: Tick(50), wall: at(8_000).wall };
    assert_eq!(store.lists().last_read_hold(&there, now).await.unwrap().unwrap().until, Tick(1_050));
    let after = grant(&mut store, &of, at(9_500)).await;
    end(&mut store, &of, after.id, &read_end(at(9_600), 1), HoldNews::Cleared).await;
    assert_eq!(store.lists().last_read_hold(&of, at(9_700)).await.unwrap(), None, "somebody was served");
}

async fn what_an_answer_says_is_left_is_kept_to(queue: TestQueue) {
    let mut store = queue.open().await;
    let (ada, boot) = (account(&mut store, "ada").await, here());
    let of = ask(ada, &[], &boot);
    let first = grant(&mut store, &of, at(0)).await;
    let left = ReadLeft {
        day: false,
        more: 1,
        until: Tick(5_000),
        until_at: at(5_000).wall,
        length: Duration::from_millis(4_000),
    };
    let answered = ReadEnd { left: vec![left], ..read_end(at(1_000), 1) };
    end(&mut store, &of, first.id, &answered, HoldNews::Same).await;
    let told = store.lists().read_allowances(&boot, at(1_500)).await.unwrap();
    let told: Vec<_> =
        told.iter().map(|left| (left.account, left.endpoint.as_str(), left.remaining, left.until_at)).collect();
    assert_eq!(told, [(ada, "following", 1, at(5_000).wall)]);
    grant(&mut store, &of, at(2_000)).await;
    assert_eq!(store.lists().read_allowances(&boot, at(2_500)).await.unwrap()[0].remaining, 0);
    assert_eq!(store.lists().reserve_read(&of, at(2_500)).await.unwrap(), ReadSlot::Full(Tick(5_000)));
    assert_eq!(store.lists().read_allowances(&boot, at(5_000)).await.unwrap(), []);
    grant(&mut store, &of, at(5_000)).await;
}

async fn reads_of_another_boot_and_of_a_sleep_count(queue: TestQueue) {
    let mut store = queue.open().await;
    let (ada, boot) = (account(&mut store, "ada").await, here());
    let windows = [ReadWindow { limit: 1, ..WINDOWS[0] }];
    let of = ask(ada, &windows, &boot);
    grant(&mut store, &of, at(1_000)).await;
    // The kernel may have sent it only when the machine woke.
    store.lists().reads_woke(&boot, Tick(2_000), Tick(100_000)).await.unwrap();
    let full = store.lists().reserve_read(&of, at(99_000)).await.unwrap();
    assert_eq!(full, ReadSlot::Full(Tick(160_000)));
    // Nothing of another boot is under way, and when it was counted nobody can say: it counts from now.
    let later = BootId("later".into());
    let there = ReadAsk { boot: &later, ..of };
    let now = Moment { tick: Tick(70), wall: at(200_000).wall };
    assert_eq!(store.lists().reserve_read(&there, now).await.unwrap(), ReadSlot::Full(Tick(60_070)));
    let now = Moment { tick: Tick(60_070), wall: at(260_000).wall };
    assert_eq!(grant(&mut store, &there, now).await.free, 1);
}

async fn an_account_has_done_what_its_tasks_have(queue: TestQueue) {
    let mut store = queue.open().await;
    let (ada, bob) = (account(&mut store, "ada").await, account(&mut store, "bob").await);
    let mut all = rows(Action::Unfollow, ada, &["1", "@ada", "3", "4"]);
    all.extend(rows(Action::Unfollow, bob, &["5"]));
    load(&mut store, &job("one"), all).await;
    send_all(&queue, NOW, |of| if *of == target("3") { TaskState::Gone } else { TaskState::Done }).await;
    let first = store.lists().done_by(ada, 0, 1).await.unwrap();
    assert_eq!((first[0].1, &first[0].2), (Action::Unfollow, &target("1")));
    let rest = store.lists().done_by(ada, first[0].0, 9).await.unwrap();
    assert_eq!(
        rest.iter().map(|done| done.2.clone()).collect::<Vec<_>>(),
        [target("4")],
        "neither names nor what is gone"
    );
}
