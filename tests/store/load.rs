//! Files into the queue: all of a file at once or nothing, and the difference when it is loaded again.

use cleanup::domain::{Action, Outcome, TaskState, Wall};
use cleanup::store::{
    JobState, LoadForecaster, LoadRow, LoadStore, LoadSummary, Loader, NewJob, ReloadSizes, ReloadSummary, Reloaded,
    RowOutcome, RowPlace, Store, StoreError, shrinks,
};

use super::stores::{TestQueue, for_every_store};
use super::support::{
    NOW, account, assert_whole, from, job, keep_reading, load, outcomes, receipts, reload, row, rows, send_all, target,
    task_on,
};

for_every_store!(
    a_file_is_loaded_whole_or_not_at_all,
    a_round_that_was_never_loaded_changes_nothing_about_its_job,
    whoever_has_seen_an_older_queue_loads_nothing,
    a_file_that_lost_most_of_its_rows_is_not_believed,
    a_forecast_is_what_the_load_comes_to,
    a_later_reader_takes_rows_out_of_line,
    what_a_reload_changes_is_told,
    files_of_any_size_are_compared_row_by_row,
    cells_are_told_as_they_were,
    nobody_waits_for_rows_that_gather,
    what_another_load_has_swept_away_never_becomes_visible,
);

async fn a_file_is_loaded_whole_or_not_at_all(queue: TestQueue) {
    let mut store = queue.open().await;
    let ada = account(&mut store, "ada").await;
    let mut loader: Loader<'_> =
        store.loading().begin_round(&job("one"), None, &from("first"), None, NOW.wall).await.unwrap();
    loader.push_all(rows(Action::Unfollow, ada, &["1", "2"])).await.unwrap();
    drop(loader);
    // Whatever follows is no part of what broke off, and not lost with it.
    account(&mut store, "bob").await;
    assert_eq!(queue.open().await.accounts().account_counts().await.unwrap().0, 2);
    assert_eq!(store.queue().jobs().await.unwrap(), []);
    let columns = ["user_id".to_owned(), "name".to_owned()];
    let loading: LoadStore<'_> = store.loading();
    let mut loader = loading.begin_round(&job("one"), None, &from("first"), Some(&columns), NOW.wall).await.unwrap();
    for text in ["2", "3", "2", "007", "@ada"] {
        loader.push(row(7, Action::Unfollow, ada, text)).await.unwrap();
    }
    let spared =
        RowPlace::Task { action: Action::Unlike, account: ada, target: target("2"), spared: Some("keep_list") };
    loader.push(LoadRow { line: 12, place: spared, record: None }).await.unwrap();
    let rejected = RowPlace::Rejected { reason: "not_an_id".into(), task: None };
    loader.push(LoadRow { line: 13, place: rejected, record: Some("x,y".into()) }).await.unwrap();
    assert_eq!(queue.open().await.queue().jobs().await.unwrap(), [], "nobody sees half of it");
    assert_eq!(loader.finish().await.unwrap(), LoadSummary { rows: 7, added: 4, duplicates: 1, rejected: 1, kept: 1 });
    let one = store.queue().job("one").await.unwrap().unwrap();
    let counts = store.read().counts(one.round).await.unwrap();
    assert_eq!((counts.pending, counts.duplicate, counts.rejected, counts.kept, counts.rows()), (4, 1, 1, 1, 7));
    assert_eq!(store.read().columns(&one, 1).await.unwrap(), Some(columns.into()));
    assert_eq!(store.read().columns(&one, 2).await.unwrap(), None);
    assert_whole(&mut store).await;
}

/// A person has said that it is not to be sent.
async fn a_round_that_was_never_loaded_changes_nothing_about_its_job(queue: TestQueue) {
    let mut store = queue.open().await;
    let ada = account(&mut store, "ada").await;
    let one = load(&mut store, &job("one"), rows(Action::Unfollow, ada, &["1"])).await;
    store.queue().set_job_state(one.id, JobState::Paused).await.unwrap();
    let seen = store.queue().job("one").await.unwrap();
    let moved =
        NewJob { path: "/moved.csv".into(), keep: Some(keep_reading("/keep.csv", &["1", "@ada"])), ..job("one") };
    let mut loader = store.loading().begin_round(&moved, seen.as_ref(), &from("again"), None, NOW.wall).await.unwrap();
    loader.push_all(rows(Action::Unfollow, ada, &["1", "2"])).await.unwrap();
    drop(loader);
    assert_eq!(store.queue().job("one").await.unwrap(), seen);
    assert_eq!(store.queue().keep_list_of("one").await.unwrap(), None);
    let again = load(&mut store, &moved, rows(Action::Unfollow, ada, &["1", "2"])).await;
    assert_eq!((again.state, again.round_number, again.path), (JobState::Active, 2, moved.path));
    assert_eq!(store.queue().keep_list_of("one").await.unwrap(), moved.keep.map(|keep| keep.path));
}

async fn whoever_has_seen_an_older_queue_loads_nothing(queue: TestQueue) {
    let mut store = queue.open().await;
    let ada = account(&mut store, "ada").await;
    let one = load(&mut store, &job("one"), rows(Action::Unfollow, ada, &["1"])).await;
    let unseen = store.loading().begin_round(&job("one"), None, &from("first"), None, NOW.wall).await.unwrap_err();
    assert!(matches!(unseen, StoreError::LoadedMeanwhile { job } if job == "one"));
    reload(&mut store, &one, rows(Action::Unfollow, ada, &["1", "2"])).await;
    let late = store.loading().begin_reload(&one, &from("again"), NOW.wall).await.unwrap_err();
    assert!(matches!(late, StoreError::LoadedMeanwhile { .. }));
    let late = store.loading().begin_round(&job("one"), Some(&one), &from("again"), None, NOW.wall).await.unwrap_err();
    assert!(matches!(late, StoreError::LoadedMeanwhile { .. }));
}

async fn a_file_that_lost_most_of_its_rows_is_not_believed(queue: TestQueue) {
    let mut store = queue.open().await;
    let ada = account(&mut store, "ada").await;
    let one = load(&mut store, &job("one"), rows(Action::Unfollow, ada, &["1", "2", "3"])).await;
    assert!(shrinks(2, 3) && !shrinks(1, 2));
    let mut loader = store.loading().begin_reload(&one, &from("again"), NOW.wall).await.unwrap();
    loader.push_all(rows(Action::Unlike, ada, &["3", "4"])).await.unwrap();
    assert_eq!(loader.apply(false).await.unwrap(), Reloaded::Shrinks { vanished: 3, pending: 3 });
    assert_eq!(store.queue().job("one").await.unwrap(), Some(one.clone()), "nothing has changed");
    assert!(outcomes(&mut store, &one).await.iter().all(|(_, outcome)| *outcome == Outcome::Pending));
    let mut loader = store.loading().begin_reload(&one, &from("again"), NOW.wall).await.unwrap();
    loader.push_all(rows(Action::Unfollow, ada, &["3", "2"])).await.unwrap();
    assert!(matches!(loader.apply(false).await.unwrap(), Reloaded::Applied(_)));
    assert_whole(&mut store).await;
}

async fn a_forecast_is_what_the_load_comes_to(queue: TestQueue) {
    let mut store = queue.open().await;
    let ada = account(&mut store, "ada").await;
    let mut alone = LoadForecaster::alone();
    alone.push_all(&rows(Action::Unfollow, ada, &["1", "2", "1", "@a", "@A"])).await.unwrap();
    let forecast = alone.finish().await.unwrap();
    assert_eq!((forecast.to_send, forecast.duplicates, forecast.pending), (vec![(Action::Unfollow, ada, 3)], 2, 0));
    let one = load(&mut store, &job("one"), rows(Action::Unfollow, ada, &["1", "2", "3", "4"])).await;
    let mut beside = LoadForecaster::beside(queue.place(), &one).await.unwrap();
    beside.push_all(&rows(Action::Unfollow, ada, &["2", "3", "9"])).await.unwrap();
    let forecast = beside.finish().await.unwrap();
    assert_eq!((forecast.to_send, forecast.vanished, forecast.pending), (vec![(Action::Unfollow, ada, 3)], 2, 4));
    assert_eq!(store.queue().job("one").await.unwrap(), Some(one), "nothing was written");
}

async fn a_later_reader_takes_rows_out_of_line(queue: TestQueue) {
    let mut store = queue.open().await;
    let ada = account(&mut store, "ada").await;
    let one = load(&mut store, &job("one"), rows(Action::Unfollow, ada, &["1", "2"])).await;
    assert!(store.loading().may_send(one.round).await.unwrap());
    let damaged = task_on(&mut store, &one, "2").await;
    store.loading().reject_tasks(&one, &[(damaged, "rounded")], 2, Wall(5)).await.unwrap();
    let found = store.queue().job("one").await.unwrap().unwrap();
    assert_eq!((found.checked_by, found.loaded_from.reader, found.pending), (2, 1, 1));
    let told: Vec<_> = receipts(&mut store, &one, 1).await.into_iter().map(|row| (row.outcome, row.reason)).collect();
    assert_eq!(told, [(Outcome::Pending, None), (Outcome::Rejected, Some("rounded".into()))]);
    send_all(&queue, NOW, |_| TaskState::Done).await;
    assert!(!store.loading().may_send(one.round).await.unwrap());
    store.loading().reject_tasks(&one, &[(damaged, "rounded")], 3, Wall(9)).await.unwrap();
    assert_eq!(receipts(&mut store, &one, 1).await[1].finished_at, Some(Wall(5)), "it is rejected already");
    assert_whole(&mut store).await;
}

async fn what_a_reload_changes_is_told(queue: TestQueue) {
    let mut store = queue.open().await;
    let ada = account(&mut store, "ada").await;
    let texts = ["1", "2", "3", "4", "5", "6"];
    let one = load(&mut store, &job("one"), rows(Action::Unfollow, ada, &texts)).await;
    let one = reload(&mut store, &one, rows(Action::Unfollow, ada, &texts[..5])).await;
    let mut again = rows(Action::Unfollow, ada, &["6", "5", "5", "7"]);
    let place =
        |text: &str, spared| RowPlace::Task { action: Action::Unfollow, account: ada, target: target(text), spared };
    again.push(LoadRow { line: 6, place: place("1", Some("keep_list")), record: None });
    let task = Some((Action::Unfollow, ada, target("2")));
    again.push(LoadRow { line: 7, place: RowPlace::Rejected { reason: "rounded".into(), task }, record: None });
    let mut loader = store.loading().begin_reload(&one, &from("third"), NOW.wall).await.unwrap();
    loader.push_all(again).await.unwrap();
    let expected = ReloadSummary {
        rows: 6,
        added: 1,
        cancelled: 2,
        restored: 1,
        duplicates: 1,
        rejected: 1,
        held_back: 1,
        kept: 1,
    };
    assert_eq!(loader.apply(true).await.unwrap(), Reloaded::Applied(expected));
    use Outcome::{Cancelled, Duplicate, Kept, Pending, Rejected};
    let found = [
        (Some(2), Pending),
        (Some(3), Pending),
        (Some(4), Duplicate),
        (Some(5), Pending),
        (Some(6), Kept),
        (Some(7), Rejected),
        (None, Cancelled),
        (None, Cancelled),
    ];
    assert_eq!(outcomes(&mut store, &one).await, found);
    assert_whole(&mut store).await;
}

/// Whatever is in them; but a null character, for which a server has no place, may have become U+FFFD.
async fn cells_are_told_as_they_were(queue: TestQueue) {
    let mut store = queue.open().await;
    let ada = account(&mut store, "ada").await;
    let cells =
        ["\\N", "", "a\tb\\tc", "\"one\r\ntwo\nthree\"", "\\", "\\.", "'é漢🙂\u{1f}\u{7f}", "{1,null}", "NUL\0here"];
    let targets: Vec<String> = (1..=cells.len()).map(|number| number.to_string()).collect();
    let targets: Vec<&str> = targets.iter().map(String::as_str).collect();
    let mut file = rows(Action::Unfollow, ada, &targets);
    for (row, cell) in file.iter_mut().zip(cells) {
        row.record = Some(cell.to_owned());
    }
    let unusable = RowPlace::Rejected { reason: "not_an_id".into(), task: None };
    file.push(LoadRow { line: 90, place: unusable, record: Some("a\tb\\".into()) });
    file.push(LoadRow { line: 91, record: Some("\\x\n".into()), ..row(91, Action::Unfollow, ada, "1") });
    let one = load(&mut store, &job("one"), file.clone()).await;
    let told = |rows: Vec<RowOutcome>| -> Vec<String> {
        rows.into_iter().map(|row| row.record.unwrap_or_default().replace('\u{fffd}', "\0")).collect()
    };
    let written: Vec<String> = file.iter().map(|row| row.record.clone().unwrap()).collect();
    assert_eq!(told(receipts(&mut store, &one, 1).await), written);
    let mut loader = store.loading().begin_reload(&one, &from("again"), NOW.wall).await.unwrap();
    loader.push_all(file).await.unwrap();
    let same = ReloadSummary { rows: 11, duplicates: 1, rejected: 1, ..ReloadSummary::default() };
    assert_eq!(loader.apply(false).await.unwrap(), Reloaded::Applied(same), "nothing has changed");
    assert_eq!(told(receipts(&mut store, &one, 1).await), written);
    assert_whole(&mut store).await;
}

/// With a release's sizes, and with those that cross every border.
async fn files_of_any_size_are_compared_row_by_row(queue: TestQueue) {
    let mut store: Store = queue.open().await;
    let ada = account(&mut store, "ada").await;
    let texts: Vec<String> = (1..60).map(|n| (n * 7 % 61).to_string()).collect();
    let mut texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let mut one = load(&mut store, &job("one"), rows(Action::Unfollow, ada, &texts)).await;
    for sizes in [ReloadSizes::RELEASE, ReloadSizes::TINY] {
        store.set_reload_sizes(sizes);
        let mut second = store.open_second().await.unwrap();
        texts.rotate_left(20);
        texts.swap(3, 40);
        one = reload(&mut second, &one, rows(Action::Unfollow, ada, &texts)).await;
        let found: Vec<_> =
            receipts(&mut store, &one, 1).await.into_iter().map(|row| row.target.unwrap().to_string()).collect();
        assert_eq!(found, texts);
        assert_whole(&mut store).await;
    }
}

/// Neither for those of a reload, nor on a server for those of a new round: a file is written to in batches meanwhile.
async fn nobody_waits_for_rows_that_gather(queue: TestQueue) {
    let (mut store, mut other) = (queue.open().await, queue.open().await);
    let ada = account(&mut store, "ada").await;
    let one = load(&mut store, &job("one"), rows(Action::Unfollow, ada, &["1", "2"])).await;
    let mut loader = store.loading().begin_reload(&one, &from("again"), NOW.wall).await.unwrap();
    loader.push_all(rows(Action::Unfollow, ada, &["1", "2", "3"])).await.unwrap();
    account(&mut other, "bob").await;
    assert!(matches!(loader.apply(false).await.unwrap(), Reloaded::Applied(ReloadSummary { added: 1, .. })));
    if !queue.kind.has_files() {
        let mut loader = store.loading().begin_round(&job("two"), None, &from("first"), None, NOW.wall).await.unwrap();
        loader.push_all(rows(Action::Unfollow, ada, &["4"])).await.unwrap();
        account(&mut other, "eve").await;
        assert_eq!(loader.finish().await.unwrap().added, 1);
    }
    assert_whole(&mut store).await;
}

/// Whoever holds the load lock may lose it: its file is removed, its connection ends.
async fn what_another_load_has_swept_away_never_becomes_visible(queue: TestQueue) {
    let mut store = queue.open().await;
    let ada = account(&mut store, "ada").await;
    let mut loader = store.loading().begin_round(&job("one"), None, &from("first"), None, NOW.wall).await.unwrap();
    queue.plant("delete from load where finished_at is null").await;
    loader.push_all(rows(Action::Unfollow, ada, &["1", "2"])).await.unwrap();
    assert!(loader.finish().await.is_err());
    assert_eq!(store.queue().jobs().await.unwrap(), []);
    let two = load(&mut store, &job("two"), rows(Action::Unfollow, ada, &["3"])).await;
    assert_eq!((two.pending, store.queue().jobs().await.unwrap().len()), (1, 1));
}
