//! Bits that flip on the disk: nothing is ever sent for a target that no file names, and the file puts it right.

use std::path::{Path, PathBuf};

use cleanup::app::Loaded;
use cleanup::domain::{TargetId, TaskState};
use cleanup::error::ErrorKind;
use cleanup::store::{PickOrder, StoreError, TaskFilter};
use sqlx::{Connection, SqliteConnection};

use super::support::{Bench, id, now, run};

struct Silent;

impl cleanup::engine::Listener for Silent {
    fn hear(&mut self, _: &cleanup::engine::Event) {}
}

/// A queue as it is on the disk, with nothing beside it.
struct Image(Vec<u8>);

impl Image {
    async fn of(bench: &Bench) -> Image {
        let mut connection = open(&bench.queue()).await;
        sqlx::query("pragma wal_checkpoint(truncate)").execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        Image(std::fs::read(bench.queue()).unwrap())
    }

    /// Into a folder of its own: who still has the one before open may yet write to it.
    fn write(&self, bench: &mut Bench) {
        bench.begin_anew();
        std::fs::write(bench.queue(), &self.0).unwrap();
    }

    /// Where a target stands as SQLite writes it.
    fn places_of(&self, target: u64) -> Vec<usize> {
        let bytes = target.to_be_bytes();
        let all = self.0.windows(8).enumerate();
        all.filter(|(_, window)| *window == bytes).map(|(at, _)| at).collect()
    }

    fn with_flipped(&self, at: usize, bit: u32) -> Image {
        let mut bytes = self.0.clone();
        bytes[at + 7 - bit as usize / 8] ^= 1 << (bit % 8);
        Image(bytes)
    }
}

async fn open(path: &Path) -> SqliteConnection {
    SqliteConnection::connect(&format!("sqlite://{}", path.display())).await.unwrap()
}

async fn execute(path: &Path, sql: &str) {
    let mut connection = open(path).await;
    sqlx::query(sqlx::AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

const ROWS: u64 = 5;
/// The row that is damaged, from 0. Not the first: what stands before it has left by then.
const DAMAGED: u64 = 2;

/// What a job does is told by its file's name.
fn named(folder: &Path, name: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::rename(job_file(folder, false), &path).unwrap();
    path
}

/// The job's file, which stays where it is while queues come and go.
fn job_file(folder: &Path, with_cells: bool) -> PathBuf {
    let note = |n: u64| if with_cells { format!(",note {n}") } else { String::new() };
    let rows: Vec<String> = (0..ROWS).map(|n| format!("{}{}", id(n), note(n))).collect();
    let header = if with_cells { "user_id,note" } else { "user_id" };
    std::fs::write(folder.join("unfollow.csv"), format!("{header}\n{}\n", rows.join("\n"))).unwrap();
    folder.join("unfollow.csv")
}

/// Everybody for whom anything was sent is named by the file.
fn assert_nobody_else(bench: &Bench, what: &str) {
    for effect in bench.sandbox.effects(bench.user()) {
        let named = (0..ROWS).any(|n| effect.target == TargetId::from_i64(id(n) as i64).unwrap());
        assert!(named, "{what}: a request left for {}, whom no file names", effect.target);
    }
}

async fn stops(bench: &Bench, what: &str) {
    let error = match bench.try_drain(Box::new(Silent)).await {
        Err(error) => error,
        Ok(ended) => panic!("{what}: {:?} {:?}", ended.finish, ended.jobs),
    };
    assert_eq!(error.kind, ErrorKind::Io, "{what}: {error}");
    // Keys that are out of order may hide others than the one that is damaged.
    assert!(error.message.contains("of unfollow"), "{what}: {error}");
    let hint = error.hint.unwrap();
    assert!(hint.contains("cleanup load") && hint.contains("cleanup doctor"), "{what}: {hint}");
    assert_nobody_else(bench, what);
}

/// The same file once more says which is right, and everything is done.
async fn mends(bench: &Bench, file: &Path, what: &str) {
    let Loaded::Again(summary, mended) = bench.load(file).await else { panic!("{what}: not compared") };
    assert!((1..=ROWS).contains(&mended.restored) && mended.given_up == 0, "{what}: {mended:?}");
    assert_eq!((summary.added, summary.cancelled, summary.duplicates), (0, 0, 0), "{what}: {summary:?}");
    let ended = bench.drain().await;
    let counts = ended.jobs[0].counts;
    assert_eq!((counts.done, counts.pending), (ROWS, 0), "{what}: {counts:?}");
    let receipts = bench.receipts("unfollow").await;
    let told: Vec<String> = receipts.iter().map(|row| row.target.as_ref().unwrap().to_string()).collect();
    assert_eq!(told, (0..ROWS).map(|n| id(n).to_string()).collect::<Vec<_>>(), "{what}");
    assert_nobody_else(bench, what);
}

#[test]
fn whichever_bit_of_a_stored_target_flips_nothing_leaves_for_anybody_else() {
    run(async {
        let (mut bench, folder) = (Bench::new("100000/10s", "none").await, tempfile::tempdir().unwrap());
        let file = job_file(folder.path(), false);
        bench.load(&file).await;
        let image = Image::of(&bench).await;
        let places = image.places_of(id(DAMAGED));
        assert_eq!(places.len(), 2, "once in the row and once in the key");
        for bit in 0..64 {
            // By SQL, which keeps every index right.
            image.write(&mut bench);
            let flipped = (id(DAMAGED) ^ (1 << bit)) as i64;
            let sql = format!("update task set target = {flipped} where target = {}", id(DAMAGED));
            execute(&bench.queue(), &sql).await;
            stops(&bench, &format!("bit {bit} by SQL")).await;
            if bit % 9 == 0 {
                mends(&bench, &file, &format!("bit {bit} by SQL")).await;
            }
            for at in &places {
                let what = format!("bit {bit} of the bytes at {at}");
                image.with_flipped(*at, bit).write(&mut bench);
                stops(&bench, &what).await;
                if bit % 9 == 0 {
                    mends(&bench, &file, &what).await;
                }
            }
        }
    });
}

#[test]
fn a_row_moved_to_another_lane_or_out_of_its_state_is_not_sent() {
    run(async {
        let (mut bench, folder) = (Bench::new("100000/10s", "none").await, tempfile::tempdir().unwrap());
        let file = job_file(folder.path(), true);
        bench.load(&file).await;
        let image = Image::of(&bench).await;
        let of_the_row = format!("where target = {}", id(DAMAGED));
        for (what, sql) in [
            ("lane", format!("update task set lane_id = lane_id + 1 {of_the_row}")),
            ("key's task", format!("update task_key set task_id = task_id + 64 {of_the_row}")),
            ("key's lane", format!("update task_key set lane_id = lane_id + 1 {of_the_row}")),
            ("key", format!("delete from task_key {of_the_row}")),
        ] {
            image.write(&mut bench);
            execute(
                &bench.queue(),
                "insert into lane (round_id, action, account_id) select round_id, 4, account_id from lane",
            )
            .await;
            execute(&bench.queue(), &sql).await;
            stops(&bench, what).await;
            mends(&bench, &file, what).await;
        }
    });
}

#[test]
fn a_lane_that_does_something_else_than_its_index_says_stops_the_run() {
    run(async {
        let (mut bench, folder) = (Bench::new("100000/10s", "none").await, tempfile::tempdir().unwrap());
        bench.load(&named(folder.path(), "unmute.csv")).await;
        let mut image = Image::of(&bench).await;
        // A record of four columns: the ID, which is the row's, round 1, an action in a byte of its own (unmute, 4), account 1.
        let lane = [5, 0, 9, 1, 9, 4];
        let places: Vec<usize> = (0..image.0.len() - 6).filter(|at| image.0[*at..at + 6] == lane).collect();
        assert_eq!(places.len(), 1, "the row of the lane; its index has them in another order");
        image.0[places[0] + 5] ^= 1;
        image.write(&mut bench);
        let error = bench.try_drain(Box::new(Silent)).await.map(|_| ()).unwrap_err();
        assert!(error.kind == ErrorKind::Io && error.message.contains("lane 1 and its index differ"), "{error}");
        assert!(bench.sandbox.effects(bench.user()).is_empty());
    });
}

#[test]
fn receipts_that_would_name_somebody_else_are_refused() {
    run(async {
        let (mut bench, folder) = (Bench::new("100000/10s", "none").await, tempfile::tempdir().unwrap());
        let file = job_file(folder.path(), false);
        bench.load(&file).await;
        bench.drain().await;
        let image = Image::of(&bench).await;
        let of_the_row = format!("where target = {}", id(DAMAGED));
        let changes = [
            format!("update task set target = target + 4096 {of_the_row}"),
            format!("update task set target = '0' || target {of_the_row}"),
            format!("update task_key set target = target + 4096 {of_the_row}"),
            format!("update task_key set target = '0' || target {of_the_row}"),
            format!("update task_key set task_id = task_id + 1 {of_the_row}"),
        ];
        for sql in changes {
            image.write(&mut bench);
            execute(&bench.queue(), &sql).await;
            let mut store = bench.store().await;
            let job = store.queue().job("unfollow").await.unwrap().unwrap();
            let each = |_| -> Result<(), StoreError> { panic!("a row is told: {sql}") };
            let error = store.read().report(&job, 1, each).await.unwrap_err();
            assert!(error.to_string().contains("line 4 of unfollow"), "{sql}: {error}");
            let wanted = TaskFilter { states: vec![TaskState::Done], ghosts: false };
            store.read().select_tasks(&job, 1, &wanted, PickOrder::File).await.unwrap();
            let error = store.read().picked(0, 10).await.unwrap_err();
            assert!(error.to_string().contains("line 4"), "{sql}: {error}");
            store.read().end_picking().await.unwrap();
            // The file knows better.
            let found = store.admin().find_damage().await.unwrap();
            store.admin().note_damage(&found, now()).await.unwrap();
            let Loaded::Again(_, mended) = bench.load(&file).await else { panic!("{sql}: not compared") };
            assert!(mended.restored >= 1, "{sql}");
            assert_eq!(bench.receipts("unfollow").await.len() as u64, ROWS);
        }
    });
}

#[test]
fn a_damaged_row_is_not_taken_for_one_on_the_keep_list() {
    run(async {
        let (mut bench, folder) = (Bench::new("100000/10s", "none").await, tempfile::tempdir().unwrap());
        let file = job_file(folder.path(), false);
        for bit in [0, 20, 63] {
            let flipped = id(DAMAGED) ^ (1 << bit);
            bench.begin_anew();
            // With the highest bit it is no target at all.
            bench.keep_watched(&format!("{}\n", if bit == 63 { 7 } else { flipped }));
            bench.load(&file).await;
            let sql = format!("update task set target = {} where target = {}", flipped as i64, id(DAMAGED));
            execute(&bench.queue(), &sql).await;
            stops(&bench, &format!("bit {bit}")).await;
            let mut store = bench.store().await;
            let counts = store.read().status(None).await.unwrap().remove(0).counts;
            assert_eq!(counts.kept, 0, "bit {bit}");
        }
    });
}
