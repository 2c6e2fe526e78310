//! The corpora of the fuzz targets, through the same entry points, in every test run: what was found once stays mended.

use std::path::Path;

#[path = "../../fuzz/entries/answer.rs"]
#[allow(clippy::expect_used, unreachable_pub)]
mod answer;
#[path = "../../fuzz/entries/archive.rs"]
#[allow(clippy::expect_used, unreachable_pub)]
mod archive;
#[path = "../../fuzz/entries/config.rs"]
mod config;
#[path = "../../fuzz/entries/cron.rs"]
#[allow(clippy::expect_used, unreachable_pub)]
mod cron;
#[path = "../../fuzz/entries/csv.rs"]
#[allow(clippy::expect_used, unreachable_pub)]
mod csv;
#[path = "../../fuzz/entries/link.rs"]
#[allow(clippy::expect_used, unreachable_pub)]
mod link;
#[path = "../../fuzz/entries/repository.rs"]
#[allow(clippy::expect_used, unreachable_pub)]
mod repository;
#[path = "../../fuzz/entries/value.rs"]
#[allow(clippy::expect_used, unreachable_pub)]
mod value;

fn replay(target: &str, entry: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path()).collect();
    assert!(files.len() >= 10, "{} is thin", folder.display());
    for file in files {
        let bytes = std::fs::read(&file).unwrap();
        if std::panic::catch_unwind(|| entry(&bytes)).is_err() {
            panic!("{} breaks a law of {target}", file.display());
        }
    }
}

#[test]
fn answers_and_their_headers() {
    replay("answer", answer::try_it);
}

#[test]
fn config_files() {
    replay("config", config::try_it);
}

#[test]
fn patterns_of_schedules() {
    replay("cron", cron::try_it);
}

#[test]
fn values_of_settings() {
    replay("value", value::try_it);
}

#[test]
fn archives() {
    replay("archive", archive::try_it);
}

#[test]
fn job_files_and_keep_lists() {
    replay("csv", csv::try_it);
}

#[test]
fn links_and_cells() {
    replay("link", link::try_it);
}

#[test]
fn repositories() {
    replay("repository", repository::try_it);
}
