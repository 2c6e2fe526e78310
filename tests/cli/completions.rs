//! Completion scripts in the shells they are for: commands and options, and the names of the queue.

use std::process::{Command, Stdio};

use crate::common::{Done, Home, PROGRAM, tools};

/// A home with a job, a schedule and an account in the sandbox's queue, and the program on the path.
fn home() -> Home {
    let home = Home::new();
    home.write("unfollow.csv", "target_id\n1000000000000000007\n");
    home.write("my likes.csv", "target_id\n1000000000000000008\n");
    home.run(&["run", "unfollow.csv", "--sandbox"]).ends(0);
    home.run(&["load", "my likes.csv", "--sandbox", "--action", "unlike"]).ends(0);
    home.run(&["schedule", "add", "nightly", "--cron", "0 2 * * *", "--sandbox", "unfollow.csv"]).ends(0);
    std::fs::create_dir(home.path("bin")).unwrap();
    std::os::unix::fs::symlink(PROGRAM, home.path("bin/cleanup")).unwrap();
    for (shell, file) in [("bash", "cleanup.bash"), ("fish", "cleanup.fish"), ("zsh", "_cleanup")] {
        home.write(file, home.run(&["completions", shell]).ends(0).out);
    }
    home
}

fn shell(home: &Home, program: &str, args: &[&str]) -> String {
    let mut command = Command::new(program);
    let path = format!("{}:/usr/bin:/bin", home.path("bin").display());
    command.args(args).env_clear().env("PATH", path).env("HOME", home.path("")).env("TERM", "xterm");
    let output = command.current_dir(home.path("")).stdin(Stdio::null()).output().unwrap();
    let done = Done::of(&output);
    assert!(done.err.is_empty(), "{program}: {}", done.err);
    done.out
}

#[test]
fn names_are_those_that_fit_and_nothing_is_complained_about() {
    let home = home();
    let asked = |words: &[&str]| home.run(&[&["__complete", "--"], words].concat()).ends(0);
    for (words, names) in [
        (&["status", "--sandbox", ""][..], "my likes\nunfollow\n"),
        (&["report", "--sandbox", "unf"], "unfollow\n"),
        (&["run", "--sandbox", "--account", ""], "sandbox\n"),
        (&["schedule", "run", "--sandbox", ""], "nightly\n"),
        (&["status", ""], ""),
        (&["run", ""], ""),
        (&[], ""),
    ] {
        let done = asked(words);
        assert_eq!((done.out.as_str(), done.err.as_str()), (names, ""), "{words:?}");
    }
    // Nobody is made a queue by being asked.
    assert!(!home.queue_file().exists());
}

#[test]
fn bash_offers_names_where_they_fit() {
    let home = home();
    let offered = |words: &str, count: usize| {
        let script = format!(
            "source ./cleanup.bash; COMP_WORDS=({words}); COMP_CWORD={}; \
             _cleanup_with_names cleanup \"${{COMP_WORDS[COMP_CWORD]}}\" \"${{COMP_WORDS[COMP_CWORD-1]}}\"; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
            count - 1
        );
        shell(&home, "bash", &["--norc", "-c", &script])
    };
    assert_eq!(offered("cleanup status --sandbox ''", 4), "my\\ likes\nunfollow\n");
    assert_eq!(offered("cleanup schedule skip --sandbox ni", 5), "nightly\n");
    assert_eq!(offered("cleanup stat", 2), "status\n");
    assert!(offered("cleanup report --form", 3).contains("--format"));
    assert!(!offered("cleanup ''", 2).contains("nightly"));
}

#[test]
fn fish_offers_names_where_they_fit() {
    if !tools::there_are(&["fish"], "fish") {
        println!("skipped: there is no fish");
        return;
    }
    let home = home();
    let offered = |line: &str| {
        let script = format!("source ./cleanup.fish; complete -C '{line}'");
        let all = shell(&home, "fish", &["--no-config", "-c", &script]);
        all.lines().map(|line| line.split('\t').next().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(offered("cleanup status --sandbox unf"), ["unfollow"]);
    assert_eq!(offered("cleanup run --sandbox --account "), ["sandbox"]);
    assert_eq!(offered("cleanup schedule run --sandbox "), ["nightly"]);
    assert_eq!(offered("cleanup stat"), ["status"]);
    assert!(offered("cleanup run ./unf").contains(&"./unfollow.csv".to_owned()));
}

/// Typed on a terminal: the beginning of the name and a tab, and what zsh makes of it is run.
#[test]
fn zsh_offers_names_where_they_fit() {
    if !tools::there_are(&["zsh"], "zsh") {
        println!("skipped: there is no zsh");
        return;
    }
    let home = home();
    home.write(
        "try.zsh",
        "zmodload zsh/zpty\nzpty z zsh -f -i\nheard=\n\
         hears() { local part; while zpty -r z part; do heard+=$part; [[ $heard == *$1* ]] && return; done }\n\
         zpty -w z \"PS1=; fpath=($PWD \\$fpath); autoload -Uz compinit; compinit -u -D; print rea''dy\"\nhears ready\n\
         zpty -w z $'cleanup status --sandbox unf\\t'\nhears settled\nprint -r -- $heard\n",
    );
    let heard = shell(&home, "zsh", &["-f", "try.zsh"]);
    assert!(heard.contains("1/1 settled") && !heard.contains("my likes  "), "{heard}");
}
