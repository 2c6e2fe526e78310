//! A queue whose pages are damaged, or whose tables are gone: every command says so (74), and none calls it a fault of its own.

use sqlx::Connection;

use crate::common::strace::copy_folder;
use crate::common::tries::{dice, is_long_form, of_forms, tried, try_each};
use crate::common::{Home, RunToEnd, SandboxProcess, ids};
use crate::faults::support::{ROWS, fresh};

const PAGE: usize = 4096;
/// Short form: one page in so many.
const STEP: usize = 5;

/// A job of which a part is done, a schedule, an account.
fn used(sandbox: &SandboxProcess) -> Home {
    let home = fresh();
    let run = ["run", "unfollow.csv", "--yes", "--pace", "front-load", "--rate", "10000/1s", "--max-requests", "5"];
    for args in [&run[..], &["schedule", "add", "nightly", "--cron", "0 2 * * *", "unfollow.csv"]] {
        let output = home.against(sandbox, args).done();
        assert!(matches!(output.exited(), Some(0 | 4)), "{args:?}: {}", output.err);
    }
    home
}

fn judge(home: &Home, sandbox: &SandboxProcess, what: &str) -> usize {
    // A time that is damaged may be far ahead.
    let run = ["run", "unfollow.csv", "--yes", "--json", "--pace", "front-load", "--rate", "10000/1s", "--for", "5s"];
    let commands = [
        &["status"][..],
        &["schedule", "list"],
        &["account", "list"],
        &["report", "unfollow"],
        &["explain", "1000000000000000007"],
        &["audit"],
        &["doctor"],
        &run,
    ];
    let mut refused = 0;
    for args in commands {
        let output = home.against(sandbox, args).done();
        let (code, told) = (output.exited(), format!("{}{}", output.out, output.err));
        // What the damage does not touch goes well; what it hides looks like a job, a row or a login that is not there.
        assert!(matches!(code, Some(0 | 2 | 3 | 4 | 74 | 77 | 78)), "{what}: {args:?}: {code:?}: {told}");
        // doctor cannot tell a disk's fault from one of ours.
        let blames_us = args[0] != "doctor" && told.contains("report this");
        assert!(!blames_us && !told.contains("panicked"), "{what}: {args:?}: {told}");
        if code == Some(74) {
            refused += 1;
            assert!(args[0] == "doctor" || told.contains("hint: "), "{what}: {args:?}: {told}");
        }
        if args[0] == "run" {
            let end: serde_json::Value =
                serde_json::from_str(&output.out).unwrap_or_else(|e| panic!("{what}: {e}: {told}"));
            crate::common::contract::judge(&end, code.unwrap());
        }
    }
    refused
}

#[test]
fn a_damaged_page_is_told_by_every_command_that_meets_it() {
    let sandbox_home = Home::new();
    let sandbox = SandboxProcess::start(&sandbox_home, &["--limit", "10000/1s", "--faults", "none"]);
    let home = used(&sandbox);
    let bytes = std::fs::read(home.queue_file()).unwrap();
    let mut dice = dice();
    let (mut refused, mut damaged) = (0, 0);
    let mut page = 0;
    while page < bytes.len() / PAGE {
        let noise = (0..PAGE).map(|_| dice.u8(..)).collect::<Vec<u8>>();
        for (name, damage) in [("zeros", vec![0; PAGE]), ("noise", noise)] {
            let copy = Home::new();
            copy_folder(home.folder.path(), copy.folder.path());
            let mut bytes = bytes.clone();
            bytes[page * PAGE..(page + 1) * PAGE].copy_from_slice(&damage);
            std::fs::write(copy.queue_file(), bytes).unwrap();
            refused += judge(&copy, &sandbox, &format!("{name} in page {}", page + 1));
            damaged += 1;
        }
        page += if is_long_form() { 1 } else { dice.usize(1..2 * STEP) };
    }
    assert!(refused > 0, "no damage was met: the test shows nothing");
    tried("a damaged page of the queue", damaged);
}

/// Something that happens to the bytes of a file.
fn mutate(bytes: &mut Vec<u8>, dice: &mut fastrand::Rng) -> String {
    let (pages, at) = (bytes.len() / PAGE, dice.usize(..bytes.len()));
    let (one, other) = (dice.usize(..pages) * PAGE, dice.usize(..pages) * PAGE);
    match dice.u8(..6) {
        0 => {
            let bit = dice.u8(..8);
            bytes[at] ^= 1 << bit;
            format!("bit {bit} of byte {at} is flipped")
        }
        1 => {
            let end = bytes.len().min(at + dice.usize(1..600));
            bytes[at..end].iter_mut().for_each(|byte| *byte = dice.u8(..));
            format!("noise in the bytes {at} to {end}")
        }
        2 => {
            bytes.truncate(at);
            format!("cut after {at} bytes")
        }
        3 => {
            bytes.truncate(one);
            format!("cut before page {}", one / PAGE + 1)
        }
        4 => {
            bytes.copy_within(one..one + PAGE, other);
            format!("page {} is a copy of page {}", other / PAGE + 1, one / PAGE + 1)
        }
        _ => {
            for _ in 0..50 {
                let at = dice.usize(..bytes.len());
                bytes[at] ^= 1 << dice.u8(..8);
            }
            "fifty bits are flipped".to_owned()
        }
    }
}

/// Whatever has become of the file, no command goes wrong, and nothing is sent for anybody whom the file does not name.
#[test]
fn a_queue_that_is_mutated_or_cut_is_told_or_does_no_harm() {
    let queue_home = Home::new();
    let first = SandboxProcess::start(&queue_home, &["--limit", "10000/1s", "--faults", "none"]);
    let home = used(&first);
    let whole = std::fs::read(home.queue_file()).unwrap();
    let named: Vec<String> = ids(ROWS).lines().skip(1).map(str::to_owned).collect();
    let refused = std::sync::atomic::AtomicUsize::new(0);
    let tries = try_each(of_forms(12, 1_000), 3, |seed| {
        let mut dice = fastrand::Rng::with_seed(seed);
        let sandbox = SandboxProcess::start(&Home::new(), &["--limit", "10000/1s", "--faults", "none"]);
        let copy = Home::new();
        copy_folder(home.folder.path(), copy.folder.path());
        let mut bytes = whole.clone();
        let what = mutate(&mut bytes, &mut dice);
        std::fs::write(copy.queue_file(), bytes).unwrap();
        refused.fetch_add(judge(&copy, &sandbox, &what), std::sync::atomic::Ordering::SeqCst);
        let strangers: Vec<String> = sandbox.effects().into_keys().filter(|target| !named.contains(target)).collect();
        assert!(strangers.is_empty(), "{what}: {strangers:?} are named by no file");
    });
    assert!(refused.into_inner() > 0, "no damage was met: the test shows nothing");
    tried("a mutated or cut file of a queue", tries);
}

#[test]
fn a_table_that_is_gone_is_told_by_every_command_that_meets_it() {
    let sandbox_home = Home::new();
    let sandbox = SandboxProcess::start(&sandbox_home, &["--limit", "10000/1s", "--faults", "none"]);
    let home = used(&sandbox);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let open = |home: &Home| {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(home.queue_file()).foreign_keys(false);
        runtime.block_on(sqlx::SqliteConnection::connect_with(&options)).unwrap()
    };
    let mut whole = open(&home);
    let sql = "select name from sqlite_schema where type = 'table' and name not like 'sqlite%' and name not like '\\_sqlx%' escape '\\'";
    let tables: Vec<(String,)> = runtime.block_on(sqlx::query_as(sql).fetch_all(&mut whole)).unwrap();
    runtime.block_on(whole.close()).unwrap();
    assert!(tables.len() > 10, "{tables:?}");
    let mut refused = 0;
    tried("a table that is gone", tables.len());
    for (table,) in tables {
        let copy = Home::new();
        copy_folder(home.folder.path(), copy.folder.path());
        let mut damaged = open(&copy);
        let drop = sqlx::AssertSqlSafe(format!("drop table \"{table}\""));
        runtime.block_on(sqlx::raw_sql(drop).execute(&mut damaged)).unwrap();
        runtime.block_on(damaged.close()).unwrap();
        refused += judge(&copy, &sandbox, &format!("without the table {table}"));
    }
    assert!(refused > 5, "{refused}");
}
