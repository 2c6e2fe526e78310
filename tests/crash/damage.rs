//! A queue whose disk has flipped a bit, as a person meets it.

use crate::common::{Done, Home, RunToEnd, SandboxProcess, ids, sql};

fn execute(home: &Home, sql: &str) {
    sql::change(home.queue(), sql);
}

fn doctor(home: &Home, sandbox: &SandboxProcess, args: &[&str]) -> (i32, String) {
    let output = home.against(sandbox, ["doctor"].iter().chain(args)).done();
    (output.code, output.out)
}

/// A queue of five rows, the first two of which are done, and a bit of the fourth that has flipped.
fn damaged(with_cells: bool) -> (Home, SandboxProcess, Vec<String>) {
    let home = Home::new();
    let all: Vec<String> = ids(5).lines().skip(1).map(str::to_owned).collect();
    let text = if with_cells {
        format!("user_id,note\n{}\n", all.iter().map(|id| format!("{id},a note")).collect::<Vec<_>>().join("\n"))
    } else {
        ids(5)
    };
    home.write("unfollow.csv", text);
    let sandbox = SandboxProcess::start(&home, &["--limit", "5000/2s", "--faults", "none"]);
    run(&home, &sandbox, &["run", "unfollow.csv", "--max-requests", "2"]).ends(4);
    execute(&home, &format!("update task set target = target + 1024 where target = {}", all[3]));
    (home, sandbox, all)
}

fn run(home: &Home, sandbox: &SandboxProcess, args: &[&str]) -> Done {
    let more = ["--yes", "--json", "--rate", "5000/2s", "--progress", "none"];
    home.against(sandbox, args.iter().chain(&more)).done()
}

#[test]
fn the_run_stops_doctor_names_the_row_and_the_file_puts_it_right() {
    let (home, sandbox, all) = damaged(false);
    let stopped = run(&home, &sandbox, &["resume"]).ends(74);
    let error = &stopped.json()["error"];
    let message = error["message"].as_str().unwrap();
    assert!(error["kind"] == "io" && message.contains("line 5 of unfollow"), "{error}");
    assert!(message.contains(&format!("its key says {}", all[3])), "{error}");
    assert!(error["hint"].as_str().unwrap().contains("cleanup load /"), "{error}");
    let sent = sandbox.effects();
    assert!(sent.keys().all(|target| all.contains(target)), "{sent:?}");
    let (bad, told) = doctor(&home, &sandbox, &[]);
    assert!(bad == 74 && told.contains("line 5 of unfollow") && told.contains("cleanup load"), "{told}");
    let explained = home.cleanup(["explain", &all[3]]).done().out;
    assert!(explained.contains("damaged in the queue"), "{explained}");
    let report = home.cleanup(["report", "unfollow"]).done().ends(74);
    assert!(report.err.contains("line 5 of unfollow"), "{}", report.err);
    // The same command as every night.
    let again = run(&home, &sandbox, &["run", "unfollow.csv"]).ends(0);
    assert!(again.err.contains("1 damaged in the queue and repaired"), "{}", again.err);
    let mut sent: Vec<String> = sandbox.effects().into_keys().collect();
    sent.sort();
    assert_eq!(sent, all);
    assert_eq!(doctor(&home, &sandbox, &[]).0, 0);
}

#[test]
fn without_the_file_two_of_three_copies_decide_if_a_person_says_so() {
    let (home, sandbox, all) = damaged(true);
    std::fs::remove_file(home.path("unfollow.csv")).unwrap();
    assert_eq!(run(&home, &sandbox, &["resume"]).code, 74);
    assert_eq!(run(&home, &sandbox, &["resume"]).code, 74, "nobody has said so");
    let (good, told) = doctor(&home, &sandbox, &["--repair"]);
    assert!(good == 0 && told.contains("1 damaged row as two of three copies say"), "{told}");
    run(&home, &sandbox, &["resume"]).ends(0);
    let mut sent: Vec<String> = sandbox.effects().into_keys().collect();
    sent.sort();
    assert_eq!(sent, all);
}

#[test]
fn where_nobody_can_say_any_more_the_row_is_never_sent() {
    let (home, sandbox, all) = damaged(false);
    std::fs::remove_file(home.path("unfollow.csv")).unwrap();
    let (good, told) = doctor(&home, &sandbox, &["--repair"]);
    assert!(good == 0 && told.contains("1 damaged row set aside"), "{told}");
    let last = run(&home, &sandbox, &["resume"]).ends(3);
    let job = &last.json()["jobs"][0];
    assert_eq!((job["done"].as_u64(), job["rejected"].as_u64()), (Some(4), Some(1)), "{job}");
    let mut sent: Vec<String> = sandbox.effects().into_keys().collect();
    sent.sort();
    assert_eq!(sent, [&all[..3], &all[4..]].concat());
    let report = home.cleanup(["report", "unfollow"]).done().out;
    assert!(report.lines().any(|line| line.contains(",rejected,damaged,")), "{report}");
    assert_eq!(doctor(&home, &sandbox, &[]).0, 0);
}

#[test]
fn counters_that_are_wrong_are_counted_anew() {
    let (home, sandbox, _) = damaged(false);
    assert_eq!(run(&home, &sandbox, &["run", "unfollow.csv"]).code, 74);
    assert_eq!(run(&home, &sandbox, &["run", "unfollow.csv"]).code, 0);
    execute(&home, "update round set done = done + 64, pending = 16");
    execute(&home, "update task set state = 1, finished_at = null where id = 1");
    let (bad, told) = doctor(&home, &sandbox, &[]);
    assert!(bad == 74 && told.contains("the counters of unfollow") && told.contains("doctor --repair"), "{told}");
    assert!(told.contains("tasks that are being sent by nobody: 1"), "{told}");
    let (good, told) = doctor(&home, &sandbox, &["--repair"]);
    assert!(
        good == 0 && told.contains("1 job counted again") && told.contains("no process was sending is queued again"),
        "{told}"
    );
    let last = run(&home, &sandbox, &["resume"]).ends(0);
    assert_eq!(last.json()["jobs"][0]["done"], 5);
}

#[test]
fn rows_that_stand_nowhere_in_the_file_are_placed_anew_by_it() {
    for change in ["task_id = task_id + 2", "rows = rows + 1", "rows = rows - 1", "task_id = task_id + 4096"] {
        let home = Home::new();
        let all: Vec<String> = ids(6).lines().skip(1).map(str::to_owned).collect();
        let load = |rows: &[&String]| {
            let rows: Vec<&str> = rows.iter().map(|row| row.as_str()).collect();
            home.write("unfollow.csv", format!("user_id\n{}\n", rows.join("\n")));
            home.cleanup(["load", "unfollow.csv"]).env("CLEANUP_X_USER_ID", crate::common::USER).done().ends(0);
        };
        load(&all[..5].iter().collect::<Vec<_>>());
        // Another order, so that runs say where the rows stand.
        let second: Vec<&String> = [&all[3], &all[4], &all[0], &all[1], &all[5]].to_vec();
        load(&second);
        let rows = || {
            home.cleanup(["report", "unfollow"])
                .done()
                .out
                .lines()
                .skip(1)
                .take(5)
                .map(|line| line.split(',').next().unwrap().to_owned())
                .collect::<Vec<_>>()
        };
        let right = rows();
        execute(&home, &format!("update row_run set {change} where line = (select min(line) from row_run)"));
        let doctor = |args: &[&str]| home.cleanup(["doctor"].iter().chain(args)).done().out;
        let told = doctor(&[]);
        assert!(
            told.contains("where the rows of unfollow stand") && told.contains("doctor --repair"),
            "{change}: {told}"
        );
        let told = doctor(&["--repair"]);
        assert!(told.contains("1 job has its rows placed again"), "{change}: {told}");
        load(&second);
        assert_eq!(rows(), right, "{change}");
        assert!(doctor(&[]).contains("queue: not damaged, and every counter is right"), "{change}");
    }
}

/// IDs that are texts: a flipped bit may leave another text, or bytes that are none.
#[test]
fn rows_whose_ids_are_texts_are_found_and_put_right_as_numbers_are() {
    let flipped = "cast(x'ff' || substr(cast(target as blob), 2) as text)";
    for (platform, ids) in [
        ("mastodon", ["01F6KXCP71V24GR0SJGAHRXSQ1", "01F6KXCP71V24GR0SJGAHRXSQ2", "109302"]),
        (
            "bluesky",
            [
                "did:plc:ewvi7nxzyoun6zhxrhs64oia",
                "did:plc:ewvi7nxzyoun6zhxrhs64oib",
                "did:plc:ewvi7nxzyoun6zhxrhs64oic",
            ],
        ),
    ] {
        for (what, change) in [
            ("another text", "update task set target = substr(target, 1, length(target) - 1) || '7'"),
            ("no text", &*format!("update task set target = {flipped}")),
            ("the key", "update task_key set target = substr(target, 1, length(target) - 1) || '7'"),
            ("the key, no text", &*format!("update task_key set target = {flipped}")),
            ("no text and no number", "update task set target = cast(target as blob)"),
        ] {
            let what = format!("{platform}: {what}");
            let home = Home::new();
            let rows: Vec<String> = ids.iter().map(|id| format!("{id},a note\n")).collect();
            home.write("unfollow.csv", format!("target_id,note\n{}", rows.concat()));
            home.run(&["load", "unfollow.csv", "--sandbox", "--platform", platform]).ends(0);
            std::fs::remove_file(home.path("unfollow.csv")).unwrap();
            home.sandbox_sql(&format!("{change} where target = '{}'", ids[1]));
            let stopped = home.run(&["resume", "--sandbox", "--progress", "none"]);
            assert_eq!(stopped.code, 74, "{what}: {} {}", stopped.out, stopped.err);
            let told = home.run(&["doctor", "--sandbox"]);
            assert!(told.code == 74 && told.out.contains("line 3 of unfollow"), "{what}: {}{}", told.out, told.err);
            let told = home.run(&["doctor", "--sandbox", "--repair"]);
            assert!(told.out.contains("1 damaged row as two of three copies say"), "{what}: {}{}", told.out, told.err);
            let stands =
                sql::column::<String>(home.sandbox_queue(), "select cast(target as text) from task order by id");
            assert_eq!(stands, ids, "{what}");
            let told = home.run(&["doctor", "--sandbox"]);
            assert!(told.code == 0 && told.out.contains("not damaged"), "{what}: {}{}", told.out, told.err);
        }
    }
}
