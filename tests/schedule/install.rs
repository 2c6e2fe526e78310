//! Units and cron lines: that systemd takes them, and that nobody's file is overwritten.

use std::process::Command;

use crate::common::{Home, RunToEnd};

#[test]
fn units_are_written_once_explained_and_never_over_anothers() {
    let home = Home::new();
    let folder = home.path(".config/systemd/user");
    let print = home.cleanup(["schedule", "install", "--print"]).done();
    assert!(print.code == 0 && !folder.exists(), "{}", print.err);
    for line in [
        "ExecStart=",
        "SuccessExitStatus=3 4 75",
        "NoNewPrivileges=yes",
        "OnCalendar=*:0/5",
        "TimeoutStartSec=infinity",
    ] {
        assert!(print.out.contains(line), "{line}");
    }
    let install = |more: &[&str]| home.cleanup(["schedule", "install"].iter().chain(more)).done();
    let written = install(&[]).ends(0);
    for told in
        ["systemctl --user daemon-reload", "enable-linger", "journalctl --user -u cleanup-schedule", "to remove it"]
    {
        assert!(written.err.contains(told), "{told}: {}", written.err);
    }
    let service = folder.join("cleanup-schedule.service");
    let ours = std::fs::read_to_string(&service).unwrap();
    assert!(ours.contains(&format!("--db {}", home.queue_file().display())), "{ours}");
    assert!(install(&[]).err.contains("is there already"));
    std::fs::write(&service, "[Service]\nExecStart=/bin/true\n").unwrap();
    let refused = install(&[]);
    assert_eq!(refused.code, 2);
    assert!(refused.err.contains("cleanup did not write it") && refused.err.contains("--replace"), "{}", refused.err);
    assert_eq!(std::fs::read_to_string(&service).unwrap(), "[Service]\nExecStart=/bin/true\n");
    assert!(install(&["--replace"]).err.contains("replaced"));
    assert_eq!(std::fs::read_to_string(&service).unwrap(), ours);
}

#[test]
fn systemd_takes_them_even_in_odd_folders() {
    let home = Home::new();
    let odd = home.path("100% odd \"folder\" $HOME");
    std::fs::create_dir(&odd).unwrap();
    let queue = odd.join("queue of mine.db");
    let folder = home.path("units");
    let words =
        ["schedule", "install", "--sandbox", "--folder", folder.to_str().unwrap(), "--db", queue.to_str().unwrap()];
    home.cleanup(words).done().ends(0);
    let unit = |ending: &str| folder.join(format!("cleanup-schedule-sandbox.{ending}"));
    if Command::new("systemd-analyze").arg("--version").output().is_err() {
        println!("systemd-analyze is not here; the units were not verified");
        return;
    }
    for ending in ["service", "timer"] {
        let mut verify = Command::new("systemd-analyze");
        // The manual need not be installed where this is tested.
        verify.args(["--user", "--man=no", "verify"]).arg(unit(ending));
        verify.env("XDG_RUNTIME_DIR", home.folder.path()).env("HOME", home.folder.path());
        let verified = verify.done();
        let said = verified.err;
        assert!(verified.code == 0 && !said.contains("cleanup-schedule"), "{ending}: {said}");
    }
    // What systemd would be asked to run is one word for each of ours.
    let text = std::fs::read_to_string(unit("service")).unwrap();
    assert!(text.contains(r#"--db "#) && text.contains(r#"100%% odd \"folder\" $$HOME/queue of mine.db""#), "{text}");
    let calendar = Command::new("systemd-analyze").args(["calendar", "*:0/5"]).done();
    assert!(calendar.code == 0, "{}", calendar.err);
}

#[test]
fn a_cron_line_is_what_a_shell_runs() {
    let home = Home::new();
    home.write("unfollow.csv", "user_id\n1\n");
    let odd = home.path("it's 100% odd");
    std::fs::create_dir(&odd).unwrap();
    let queue = odd.join("q.db");
    let line = home.cleanup(["schedule", "install", "--cron", "--sandbox", "--db", queue.to_str().unwrap()]).done();
    let text = line.out;
    let command = text.trim().strip_prefix("*/5 * * * * ").unwrap();
    assert!(!command.replace("\\%", "").contains('%'), "cron would cut it there: {command}");
    // What cron hands to the shell.
    let shell = Command::new("/bin/sh")
        .arg("-c")
        .arg(command.replace("\\%", "%"))
        .env_clear()
        .env("HOME", home.folder.path())
        .done();
    assert_eq!((shell.code, shell.err.as_str()), (0, ""), "cron mails what is printed");
}

/// A line end in a path would begin a line of the crontab that its owner has not written.
#[test]
fn a_path_that_no_crontab_can_name_is_refused() {
    let home = Home::new();
    for name in ["a\n* * * * * touch evil\n.db", "a\rb.db", "a\u{1b}[2J.db", "a\u{85}.db"] {
        let db = home.path(name);
        let install = |more: &str| home.cleanup(["schedule", "install", more, "--db", db.to_str().unwrap()]).done();
        let refused = install("--cron");
        assert_eq!((refused.code, refused.out.as_str()), (2, ""), "{name:?}");
        assert!(refused.err.contains("no crontab can name it"), "{}", refused.err);
        // Units can write it down.
        let print = install("--print").ends(0);
        assert!(!print.out.lines().any(|line| line.starts_with("* * * *")), "{}", print.out);
    }
    let plain = home.cleanup(["schedule", "install", "--cron"]).done();
    assert_eq!((plain.code, plain.out.lines().count()), (0, 1));
}

#[test]
fn a_unit_is_not_written_to_where_a_link_leads() {
    let home = Home::new();
    let folder = home.path(".config/systemd/user");
    std::fs::create_dir_all(&folder).unwrap();
    std::os::unix::fs::symlink(home.path("elsewhere"), folder.join("cleanup-schedule.timer")).unwrap();
    home.cleanup(["schedule", "install"]).done().ends(0);
    assert!(!home.path("elsewhere").exists() && folder.join("cleanup-schedule.timer").is_file());
}
