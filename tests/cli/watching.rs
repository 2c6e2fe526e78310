//! `status --watch`, progress for the desktop and colours: on a terminal, and not on a pipe.

use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::common::running::poll;
use crate::common::{Done, Home, PROGRAM};

fn on_terminal(home: &Home, words: &str, variables: &[(&str, &str)]) -> String {
    let mut command = Command::new("script");
    let line = format!("stty rows 24 cols 100; {PROGRAM} {words}");
    command
        .args(["-q", "-e", "-c", &line, "/dev/null"])
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("SHELL", "/bin/sh");
    command.env("HOME", home.path("")).env("TZ", "UTC").env("TERM", "xterm").envs(variables.iter().copied());
    let output = command.current_dir(home.path("")).stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{words}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn with_job() -> Home {
    let home = Home::new();
    home.write("unfollow.csv", "target_id\n1000000000000000007\n1000000000000000008\n");
    home
}

#[test]
fn a_watched_job_is_shown_until_it_is_settled() {
    let home = with_job();
    home.run(&["load", "unfollow.csv", "--sandbox"]).ends(0);
    let mut child = home.cleanup(["status", "--sandbox", "--watch=50ms"]).stdout(Stdio::piped()).spawn().unwrap();
    home.run(&["resume", "--sandbox"]).ends(0);
    poll("the end of the watch", || child.try_wait().unwrap());
    let shown = Done::of(&child.wait_with_output().unwrap()).ends(0).out;
    assert!(shown.ends_with("50 slots left\n") || shown.contains("finished  2/2 settled (2 done)"), "{shown}");
    assert!(!shown.contains('\u{1b}'), "a pipe gets lines: {shown:?}");
    // What has not changed is not printed again.
    let tables: Vec<&str> = shown.split("\n\n").collect();
    assert!(tables.windows(2).all(|pair| pair[0].trim() != pair[1].trim()), "{shown}");
}

#[test]
fn a_watch_ends_with_the_signal_and_where_there_is_nothing_to_watch() {
    let home = with_job();
    home.run(&["status", "--sandbox", "--watch"]).ends(0).says("there is no queue");
    home.run(&["status", "nothing", "--sandbox", "--watch"]).ends(2);
    home.run(&["load", "unfollow.csv", "--sandbox"]).ends(0);
    home.run(&["status", "--sandbox", "--watch", "--json"]).ends(2);
    let mut child = home.cleanup(["status", "--sandbox", "--watch=1h"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stdout.as_mut().unwrap()), &mut line).unwrap();
    assert_eq!(line, "Jobs\n");
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

#[test]
fn a_terminal_is_drawn_in_place_unless_it_is_dumb() {
    let home = with_job();
    home.run(&["run", "unfollow.csv", "--sandbox"]).ends(0);
    let shown = on_terminal(&home, "status --sandbox --watch", &[]);
    assert!(shown.contains("\u{1b}[H") && shown.contains("2/2 settled") && shown.ends_with("\u{1b}[J"), "{shown:?}");
    let dumb = on_terminal(&home, "status --sandbox --watch --color never", &[("TERM", "dumb")]);
    assert!(!dumb.contains('\u{1b}') && dumb.contains("2/2 settled"), "{dumb:?}");
}

#[test]
fn the_desktop_is_told_of_progress_where_its_terminal_shows_it() {
    let told = |variables: &[(&str, &str)], words: &str| {
        let home = with_job();
        on_terminal(&home, &format!("run unfollow.csv --sandbox {words}"), variables)
    };
    let ghostty = [("TERM_PROGRAM", "ghostty")];
    let shown = told(&ghostty, "");
    assert!(shown.contains("\u{1b}]9;4;1;100\u{1b}\\") && shown.contains("\u{1b}]9;4;0\u{1b}\\"), "{shown:?}");
    for (variables, words) in [
        (&[][..], ""),
        (&ghostty, "--progress none"),
        (&ghostty, "-q"),
        (&[("TERM_PROGRAM", "ghostty"), ("TERM", "dumb")], ""),
        (&ghostty, "2>talk.txt"),
    ] {
        assert!(!told(variables, words).contains("\u{1b}]9"), "{variables:?} {words}");
    }
}

#[test]
fn a_reload_is_shown_in_the_colours_of_a_difference() {
    let reload = |words: &str, variables: &[(&str, &str)]| {
        let home = with_job();
        home.run(&["load", "unfollow.csv", "--sandbox"]).ends(0);
        home.write("unfollow.csv", "target_id\n1000000000000000008\n1000000000000000009\n");
        on_terminal(&home, &format!("load unfollow.csv --sandbox {words}"), variables)
    };
    let shown = reload("", &[]);
    assert!(shown.contains("\u{1b}[32m1 new\u{1b}[0m, \u{1b}[31m1 vanished (cancelled)\u{1b}[0m"), "{shown:?}");
    for (words, variables) in
        [("--color never", &[][..]), ("", &[("NO_COLOR", "1")]), ("2>talk.txt; cat talk.txt", &[])]
    {
        let plain = reload(words, variables);
        assert!(plain.contains("compared with the last load: 1 new, 1 vanished (cancelled)"), "{words}: {plain:?}");
    }
}
