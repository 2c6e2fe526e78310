//! Files that cannot be used as a whole: 65, and nothing is queued.

use std::io::Write;
use std::process::Stdio;

use crate::badinput::support::{contract, jobs, offline, output, refused};
use crate::common::{Done, Home, RunToEnd, ids, make_program};

/// Name, content, words that have to be said.
type Case = (&'static str, Vec<u8>, &'static [&'static str]);

fn unusable() -> Vec<Case> {
    let mut workbook = b"PK\x03\x04\x14\0\x06\0".to_vec();
    workbook.extend([0; 400]);
    vec![
        ("unfollow.csv", Vec::new(), &["unfollow.csv is empty"]),
        ("unfollow.csv", b"user_id,note\n".to_vec(), &["unfollow.csv has a header and no rows"]),
        ("unfollow.csv", (0..=255).cycle().take(5000).collect(), &["unfollow.csv", "no text file", "save it as CSV"]),
        ("unfollow.csv", workbook, &["unfollow.csv", "Excel workbook", "CSV UTF-8", "IDs formatted as text"]),
        (
            "unfollow.csv",
            b"<!DOCTYPE html>\n<html><head><title>Sign in</title></head></html>\n".to_vec(),
            &["unfollow.csv", "web page (HTML)", "save the list itself as CSV"],
        ),
        (
            "unfollow.csv",
            b"user_id,note\n12,a\n13,\"half a no".to_vec(),
            &["unfollow.csv", "line 3", "close the quote"],
        ),
        ("unfollow.csv", b"user_id,account_id\n12,13\n".to_vec(), &["user_id, account_id", "--column user_id"]),
        (
            "unfollow.csv",
            b"name,colour\nada,red\n".to_vec(),
            &["no column names the targets", "name, colour", "--column"],
        ),
        ("unlike.csv", b"user_id\n12\n".to_vec(), &["user_id holds users", "on posts", "--action"]),
        ("unfollow.csv", b"12,ada\n13,bo\n".to_vec(), &["first line is no header", "target_id,note"]),
        (
            "unfollow.csv",
            b"user_id\nada lovelace\nbo\n".to_vec(),
            &["not one of its 2 rows", "cleanup check unfollow.csv"],
        ),
        ("export.csv", b"user_id\n12\n".to_vec(), &["which action", "--action unfollow", "column action"]),
    ]
}

#[test]
fn each_is_refused_by_name_with_a_remedy() {
    for (name, content, words) in unusable() {
        let home = Home::new();
        home.write(name, content);
        for command in ["load", "check"] {
            // Nobody is sent to the command just typed.
            let said: Vec<&str> =
                words.iter().copied().filter(|word| !word.starts_with(&format!("cleanup {command}"))).collect();
            refused(&home, &mut offline(&home, [command, name]), 65, &said);
        }
        let run =
            refused(&home, offline(&home, ["run", name, "--yes", "--json"]).env("CLEANUP_X_TOKEN", "t"), 65, words);
        let end = contract(&run);
        assert_eq!((&end["error"]["kind"], &end["jobs"]), (&"input".into(), &serde_json::json!([])), "{end}");
    }
}

#[test]
fn missing_files_and_folders() {
    let home = Home::new();
    std::fs::create_dir(home.path("unfollow.csv")).unwrap();
    refused(
        &home,
        &mut offline(&home, ["load", "nowhere.csv"]),
        65,
        &["nowhere.csv: there is no such file", "check the path"],
    );
    refused(&home, &mut offline(&home, ["load", "unfollow.csv"]), 65, &["unfollow.csv is a folder", "CSV file in it"]);
}

#[test]
fn a_file_nobody_lets_us_read() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new();
    let path = home.write("unfollow.csv", ids(2));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o000)).unwrap();
    // Permissions do not bind root: then the program runs as nobody, in a home that is nobody's.
    let as_is = std::fs::read(&path).is_err();
    let mut command = offline(&home, ["load", "unfollow.csv"]);
    if !as_is {
        for folder in [home.folder.path().to_path_buf(), home.path("nobody")] {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o777)).unwrap();
        }
        let mut dropped = std::process::Command::new("setpriv");
        // The program is copied to where nobody can reach it.
        let program = home.path("nobody/cleanup");
        make_program(command.get_program().as_ref(), &program);
        dropped.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(program).args(command.get_args());
        dropped.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).current_dir(home.folder.path());
        dropped.env("HOME", home.path("nobody")).env("CLEANUP_X_USER_ID", crate::common::USER);
        command = dropped;
        match command.output() {
            Ok(output) if !Done::of(&output).err.contains("setpriv:") => {}
            _ => {
                eprintln!("SKIPPED: no permission was refused: this is root, and setpriv does not make it nobody");
                return;
            }
        }
    }
    refused(&home, &mut command, 65, &["unfollow.csv: no permission to read it", "chmod u+r unfollow.csv"]);
}

#[test]
fn a_folder_for_the_queue_that_nobody_lets_us_write() {
    let home = Home::new();
    home.write("unfollow.csv", ids(2));
    home.write("occupied", "a file, not a folder");
    let mut load = offline(&home, ["load", "unfollow.csv", "--db", "occupied/queue.db"]);
    let output = load.done().ends(74);
    assert!(output.err.contains("occupied") && output.err.contains("--db"), "{}", output.err);
    home.write("foreign.db", vec![b'x'; 8192]);
    let output = crate::badinput::support::output(&home, ["load", "unfollow.csv", "--db", "foreign.db"]).ends(74);
    assert!(output.err.contains("foreign.db cannot be used as a queue"), "{}", output.err);
    assert_eq!(std::fs::read(home.path("foreign.db")).unwrap(), vec![b'x'; 8192], "it is left alone");
}

#[test]
fn every_way_to_write_the_same_table_is_read() {
    let rows = "user_id,note\n1274344590138591466,Jürgen\n1711484532570972078,b\n";
    let utf16 = |big: bool| {
        let units = std::iter::once(0xfeff).chain(rows.encode_utf16());
        units.flat_map(|unit: u16| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect::<Vec<u8>>()
    };
    let windows_1252 = rows.bytes().filter(|byte| *byte != 0xc3).map(|byte| if byte == 0xbc { 0xfc } else { byte });
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("plain", rows.into()),
        ("UTF-16 LE", utf16(false)),
        ("UTF-16 BE", utf16(true)),
        ("CRLF", rows.replace('\n', "\r\n").into()),
        ("BOM", format!("\u{feff}{rows}").into()),
        ("Windows-1252", windows_1252.collect()),
        ("semicolon", rows.replace(',', ";").into()),
        ("tab", rows.replace(',', "\t").into()),
        ("no last line feed", rows.trim_end().into()),
    ];
    for (what, content) in cases {
        let home = Home::new();
        home.write("unfollow.csv", content);
        let load = output(&home, ["load", "unfollow.csv"]);
        assert_eq!(load.code, 0, "{what}: {}", load.err);
        let report = output(&home, ["report", "unfollow"]);
        let receipts = report.out;
        assert!(receipts.contains("1274344590138591466,Jürgen,2,pending"), "{what}: {receipts}");
        assert!(receipts.contains("1711484532570972078,b,3,pending"), "{what}: {receipts}");
    }
}

#[test]
fn of_two_files_one_bad_one_keeps_both_out() {
    let home = Home::new();
    home.write("unfollow.csv", ids(3));
    home.write("unmute.csv", "user_id\n12\n13,\"half");
    for files in [["unfollow.csv", "unmute.csv"], ["unmute.csv", "unfollow.csv"]] {
        let [first, second] = files;
        refused(&home, &mut offline(&home, ["load", first, second]), 65, &["unmute.csv", "line 3"]);
        let mut run = offline(&home, ["run", first, second, "--yes", "--json"]);
        contract(&refused(&home, run.env("CLEANUP_X_TOKEN", "t"), 65, &["unmute.csv"]));
    }
    // A bad row under --strict is one too, and so is a file that would be another job.
    home.write("unmute.csv", "user_id\n12\nbad row\n");
    refused(
        &home,
        &mut offline(&home, ["load", "unfollow.csv", "unmute.csv", "--strict"]),
        65,
        &["unmute.csv", "--strict"],
    );
}

#[test]
fn check_and_dry_run_change_nothing() {
    let home = Home::new();
    home.write("unfollow.csv", "user_id\n1274344590138591466\n1.23457E+18\n");
    for args in
        [&["check", "unfollow.csv"][..], &["run", "unfollow.csv", "--dry-run"], &["check", "unfollow.csv", "--json"]]
    {
        let output = home.cleanup(args).done();
        assert_eq!(output.code, 3, "{args:?}: {}", output.err);
        assert!(output.out.contains("1.23457E+18"), "{args:?}: {}", output.out);
    }
    let end = contract(&home.cleanup(["run", "unfollow.csv", "--dry-run", "--json"]).done());
    assert_eq!((&end["exit_code"], &end["requests"]), (&3.into(), &0.into()), "one object and nothing else: {end}");
    let strict = home.cleanup(["run", "unfollow.csv", "--dry-run", "--strict", "--json"]).done();
    assert_eq!((strict.code, &contract(&strict)["error"]["kind"]), (65, &"input".into()));
    let strict = home.cleanup(["check", "unfollow.csv", "--strict"]).done();
    assert_eq!(strict.code, 65);
    let left: Vec<_> = std::fs::read_dir(home.folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["unfollow.csv"], "no queue is made by looking");
    home.write("unfollow.csv", ids(2));
    assert_eq!(home.cleanup(["check", "unfollow.csv"]).done().code, 0);
}

#[test]
fn rows_from_a_pipe_want_a_name() {
    let home = Home::new();
    let feed = |args: &[&str]| {
        let mut command = home.cleanup(args);
        command.env("CLEANUP_X_USER_ID", crate::common::USER).stdin(Stdio::piped());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // Whoever refuses at once does not read.
        let _ = child.stdin.take().unwrap().write_all(ids(4).as_bytes());
        Done::of(&child.wait_with_output().unwrap())
    };
    let nameless = feed(&["load", "-", "--action", "unfollow"]).ends(2);
    assert!(nameless.err.contains("--job NAME"), "{}", nameless.err);
    assert_eq!(jobs(&home), serde_json::json!([]));
    feed(&["load", "-", "--job", "tonight"]).ends(65);
    feed(&["load", "-", "--job", "tonight", "--action", "unfollow"]).ends(0);
    assert_eq!(output(&home, ["status", "--json"]).json()["jobs"][0]["rows"], 4);
}

/// `list` ends with 0 where a list is empty, and so does what a script types next. Another header without rows is an export that came out empty.
#[test]
fn an_empty_list_is_nothing_to_do() {
    let home = Home::new();
    let list = ["list", "likes", "--matching", "\u{1f54a} nobody writes this", "-o", "unlike.csv", "--sandbox"];
    home.run(&list).ends(0);
    let whole = std::fs::read_to_string(home.path("unlike.csv")).unwrap();
    assert!(whole.starts_with("target_id,") && whole.lines().count() == 1, "{whole}");
    let check = home.run(&["check", "unlike.csv", "--sandbox", "--json"]).ends(0).json();
    assert_eq!((&check["files"][0]["check"]["rows"], &check["error"]), (&0.into(), &serde_json::Value::Null));
    home.run(&["check", "unlike.csv", "--sandbox"]).ends(0).says("nothing would be sent");
    home.run(&["run", "unlike.csv", "--sandbox", "--dry-run", "--strict"]).ends(0);
    // Nor is anything of another job.
    home.write("unmute.csv", "target_id\n1000000000000000007\n");
    home.run(&["load", "unmute.csv", "--sandbox"]).ends(0);
    for _ in 0..2 {
        let end = home.run(&["run", "unlike.csv", "--sandbox", "--json"]).ends(0).json();
        assert_eq!((&end["stopped"], &end["requests"]), (&"finished".into(), &0.into()), "{end}");
        assert_eq!(end["jobs"], serde_json::json!([]), "{end}");
    }
    home.run(&["load", "unlike.csv", "--sandbox"]).ends(0).says("the list is empty, so there is nothing to do");
    let status = home.run(&["status", "--sandbox", "--json"]).ends(0).json();
    assert_eq!((status["jobs"].as_array().unwrap().len(), &status["jobs"][0]["pending"]), (1, &1.into()), "{status}");
    // What is pending is not dropped for it.
    home.write("unlike.csv", format!("{whole}1445078208190291973\n"));
    home.run(&["load", "unlike.csv", "--sandbox"]).ends(0).says("1 to do");
    home.write("unlike.csv", &whole);
    home.run(&["load", "unlike.csv", "--sandbox"]).ends(65).says("--allow-shrink");
    home.run(&["run", "unlike.csv", "--sandbox", "--allow-shrink"]).ends(0).says("1 vanished (cancelled)");
    home.run(&["run", "unlike.csv", "--sandbox", "--again"]).ends(0).says("the list is empty");
    home.write("unlike.csv", "target_id,note\n");
    home.run(&["load", "unlike.csv", "--sandbox"]).ends(65).says("has a header and no rows");
}
