//! Units and cron lines: that systemd takes them, and that nobody's file is overwritten.

use std::process::Command;

use crate::common::{Home, code, stderr, stdout};

#[test]
fn units_are_written_once_explained_and_never_over_anothers() {
    let home = Home::new();
    let folder = home.path(".config/systemd/user");
    let print = home.cleanup(["schedule", "install", "--print"]).output().unwrap();
    assert!(code(&print) == 0 && !folder.exists(), "{}", stderr(&print));
    for line in [
        "ExecStart=",
        "SuccessExitStatus=3 4 75",
        "NoNewPrivileges=yes",
        "OnCalendar=*:0/5",
        "TimeoutStartSec=infinity",
    ] {
        assert!(stdout(&print).contains(line), "{line}");
    }
    let install = |more: &[&str]| home.cleanup(["schedule", "install"].iter().chain(more)).output().unwrap();
    let written = install(&[]);
    assert_eq!(code(&written), 0, "{}", stderr(&written));
    for told in
        ["systemctl --user daemon-reload", "enable-linger", "journalctl --user -u cleanup-schedule", "to remove it"]
    {
        assert!(stderr(&written).contains(told), "{told}: {}", stderr(&written));
    }
    let service = folder.join("cleanup-schedule.service");
    let ours = std::fs::read_to_string(&service).unwrap();
    assert!(ours.contains(&format!("--db {}", home.queue().display())), "{ours}");
    assert!(stderr(&install(&[])).contains("is there already"));
    std::fs::write(&service, "[Service]\nExecStart=/bin/true\n").unwrap();
    let refused = install(&[]);
    assert_eq!(code(&refused), 2);
    assert!(
        stderr(&refused).contains("it is not ours") && stderr(&refused).contains("--replace"),
        "{}",
        stderr(&refused)
    );
    assert_eq!(std::fs::read_to_string(&service).unwrap(), "[Service]\nExecStart=/bin/true\n");
    assert!(stderr(&install(&["--replace"])).contains("replaced"));
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
    let written = home.cleanup(words).output().unwrap();
    assert_eq!(code(&written), 0, "{}", stderr(&written));
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
        let verified = verify.output().unwrap();
        let said = stderr(&verified);
        assert!(verified.status.success() && !said.contains("cleanup-schedule"), "{ending}: {said}");
    }
    // What systemd would be asked to run is one word for each of ours.
    let text = std::fs::read_to_string(unit("service")).unwrap();
    assert!(text.contains(r#"--db "#) && text.contains(r#"100%% odd \"folder\" $$HOME/queue of mine.db""#), "{text}");
    let calendar = Command::new("systemd-analyze").args(["calendar", "*:0/5"]).output().unwrap();
    assert!(calendar.status.success(), "{}", stderr(&calendar));
}

#[test]
fn a_cron_line_is_what_a_shell_runs() {
    let home = Home::new();
    home.write("unfollow.csv", "user_id\n1\n");
    let odd = home.path("it's 100% odd");
    std::fs::create_dir(&odd).unwrap();
    let queue = odd.join("q.db");
    let line =
        home.cleanup(["schedule", "install", "--cron", "--sandbox", "--db", queue.to_str().unwrap()]).output().unwrap();
    let text = stdout(&line);
    let command = text.trim().strip_prefix("*/5 * * * * ").unwrap();
    assert!(!command.replace("\\%", "").contains('%'), "cron would cut it there: {command}");
    // What cron hands to the shell.
    let shell = Command::new("/bin/sh")
        .arg("-c")
        .arg(command.replace("\\%", "%"))
        .env_clear()
        .env("HOME", home.folder.path())
        .output()
        .unwrap();
    assert_eq!((code(&shell), stderr(&shell).as_str()), (0, ""), "cron mails what is printed");
}

/// A line end in a path would begin a line of the crontab that its owner has not written.
#[test]
fn a_path_that_no_crontab_can_name_is_refused() {
    let home = Home::new();
    for name in ["a\n* * * * * touch evil\n.db", "a\rb.db", "a\u{1b}[2J.db", "a\u{85}.db"] {
        let db = home.path(name);
        let install =
            |more: &str| home.cleanup(["schedule", "install", more, "--db", db.to_str().unwrap()]).output().unwrap();
        let refused = install("--cron");
        assert_eq!((code(&refused), stdout(&refused).as_str()), (2, ""), "{name:?}");
        assert!(stderr(&refused).contains("no crontab can name it"), "{}", stderr(&refused));
        // Units can write it down.
        let print = install("--print");
        assert_eq!(code(&print), 0, "{}", stderr(&print));
        assert!(!stdout(&print).lines().any(|line| line.starts_with("* * * *")), "{}", stdout(&print));
    }
    let plain = home.cleanup(["schedule", "install", "--cron"]).output().unwrap();
    assert_eq!((code(&plain), stdout(&plain).lines().count()), (0, 1));
}

#[test]
fn a_unit_is_not_written_to_where_a_link_leads() {
    let home = Home::new();
    let folder = home.path(".config/systemd/user");
    std::fs::create_dir_all(&folder).unwrap();
    std::os::unix::fs::symlink(home.path("elsewhere"), folder.join("cleanup-schedule.timer")).unwrap();
    let written = home.cleanup(["schedule", "install"]).output().unwrap();
    assert_eq!(code(&written), 0, "{}", stderr(&written));
    assert!(!home.path("elsewhere").exists() && folder.join("cleanup-schedule.timer").is_file());
}
