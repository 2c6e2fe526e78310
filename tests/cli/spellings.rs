//! Names with accents: macOS encodes them otherwise than a keyboard does, and a name is the same name all the same. What is stored stays as it
//! was typed first.

use cleanup::domain::Platform;
use cleanup::store::{QueueKind, Store};

use super::program::empty_queue;
use crate::common::{Home, wait};

/// As a keyboard gives it, and as macOS writes it in a file's name.
const COMPOSED: &str = "Zo\u{eb}";
const DECOMPOSED: &str = "Zoe\u{308}";
const BOTH_WAYS: [(&str, &str); 2] = [(COMPOSED, DECOMPOSED), (DECOMPOSED, COMPOSED)];

#[test]
fn a_job_is_found_however_its_name_is_encoded() {
    for (first, then) in BOTH_WAYS {
        let home = Home::new();
        let file = |name: &str| format!("{name}.csv");
        home.write(&file(first), "target_id\n1629556410996121225\n1629556410996121226\n");
        let load = |name: &str| home.run(&["load", &file(name), "--action", "unfollow", "--sandbox"]);
        load(first).ends(0);
        for words in [
            &["status", then, "--json", "--sandbox"][..],
            &["report", then, "--sandbox"],
            &["pause", then, "--sandbox"],
            &["unpause", then, "--sandbox"],
            &["retry", then, "--sandbox"],
            &["undo", then, "--sandbox"],
            &["resume", then, "--dry-run", "--sandbox"],
        ] {
            let done = home.run(words).ends(0);
            assert!(!format!("{}{}", done.out, done.err).contains(then), "it is called as it was first: {}", done.err);
        }
        // The same list from a disk that encodes its name otherwise is the same job.
        std::fs::remove_file(home.path(&file(first))).unwrap();
        home.write(&file(then), "target_id\n1629556410996121225\n1629556410996121226\n1629556410996121227\n");
        load(then).ends(0);
        let status = home.run(&["status", "--json", "--sandbox"]).ends(0).json();
        assert_eq!(status["jobs"].as_array().map(Vec::len), Some(1), "{status}");
        assert_eq!((&status["jobs"][0]["job"], &status["jobs"][0]["rows"]), (&first.into(), &3.into()));
        // Two files of one command would be one job.
        home.write(&file(first), "target_id\n1629556410996121225\n");
        let both = home.run(&["load", &file(first), &file(then), "--action", "unfollow", "--sandbox"]);
        both.ends(2).says("would both be the job");
        home.run(&["cancel", then, "--sandbox"]).ends(0);
        home.run(&["forget", then, "--yes", "--sandbox"]).ends(0);
    }
}

#[test]
fn an_account_is_found_however_its_name_is_encoded() {
    for (first, then) in BOTH_WAYS {
        let home = Home::new();
        home.write(
            "unfollow.csv",
            format!("target_id,account\n1629556410996121225,{first}\n1629556410996121226,{then}\n"),
        );
        home.run(&["load", "unfollow.csv", "--sandbox"]).ends(0);
        home.write("unlike.csv", "target_id\n1629556410996121225\n");
        home.run(&["load", "unlike.csv", "--account", then, "--sandbox"]).ends(0);
        let status = home.run(&["status", "--json", "--sandbox"]).ends(0).json();
        let names: Vec<&str> =
            status["accounts"].as_array().unwrap().iter().filter_map(|a| a["name"].as_str()).collect();
        assert!(names.iter().filter(|name| name.starts_with("Zo")).count() == 1, "{names:?}");

        empty_queue(home.queue(), QueueKind::Real);
        wait(async {
            let mut store = Store::open(&home.queue(), QueueKind::Real).await.unwrap();
            let mut accounts = store.accounts();
            accounts.ensure_account(&first.parse().unwrap(), Platform::XV2, &"42".parse().unwrap()).await.unwrap();
            let other = accounts.ensure_account(&then.parse().unwrap(), Platform::XV2, &"43".parse().unwrap()).await;
            assert!(other.unwrap_err().to_string().contains("already belongs to x-v2 user 42"));
            store.close().await;
        });
        home.run(&["account", "default", then]).ends(0);
        home.run(&["account", "default"]).ends(0).says(first);
        home.run(&["check", "unlike.csv", "--account", then]).ends(0);
        home.run(&["account", "remove", then]).ends(0);
    }
}

#[test]
fn a_schedule_is_found_however_its_name_is_encoded() {
    for (first, then) in BOTH_WAYS {
        let home = Home::new();
        let file = format!("{first}.csv");
        home.write(&file, "target_id\n1629556410996121225\n");
        let add = |name: &str, file: &str| {
            let words = ["schedule", "add", name, "--cron", "0 2 * * *", "--action", "unfollow", file, "--sandbox"];
            home.run(&words)
        };
        add(first, &file).ends(0);
        add(then, &file).ends(2).says("there is a schedule named");
        home.run(&["schedule", "next", then, "--sandbox"]).ends(0).says(first);
        home.run(&["schedule", "skip", then, "--sandbox"]).ends(0);
        home.run(&["schedule", "unskip", then, "--sandbox"]).ends(0);
        home.run(&["schedule", "edit", then, "--until", "05:00", "--sandbox"]).ends(0).says(first);
        // Its job has its hours, though it is spelled otherwise.
        home.write("x.csv", "target_id\n1629556410996121225\n");
        home.run(&["load", "x.csv", "--job", then, "--action", "unfollow", "--sandbox"]).ends(0);
        let job = home.run(&["status", "--json", "--sandbox"]).ends(0).json()["jobs"][0].clone();
        assert_eq!(job["activity"], "waiting_schedule", "{job}");
        home.run(&["schedule", "remove", then, "--sandbox"]).ends(0);
        home.run(&["schedule", "list", "--sandbox"]).ends(0).says("no schedules");
    }
}
