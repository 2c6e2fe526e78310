//! Where settings come from.

use cleanup::store::QueueKind;

use super::program::empty_queue;
use crate::common::Home;

#[test]
fn an_unknown_key_is_named_with_its_place_and_a_suggestion() {
    let home = Home::new();
    let config = home.write("c.toml", "[run]\nworkers = 4\nprogres = \"plain\"\n");
    for done in [
        home.run(&["status", "--config", "c.toml"]),
        home.run_with(&["status"], &[("CLEANUP_CONFIG", config.to_str().unwrap())]),
    ] {
        let done = done.ends(78);
        assert!(done.err.contains("c.toml:3: unknown key progres") && done.err.contains("did you mean progress?"));
        assert!(done.out.is_empty());
    }
}

#[test]
fn the_usual_config_file_is_read() {
    let home = Home::new();
    std::fs::create_dir_all(home.path(".config/cleanup")).unwrap();
    home.write(".config/cleanup/config.toml", "[[windows]]\nrate = \"50\"\n");
    assert!(home.run(&["status"]).ends(78).err.contains("config.toml:2"));
    let elsewhere = home.path("xdg");
    home.run_with(&["status"], &[("XDG_CONFIG_HOME", elsewhere.to_str().unwrap())]).ends(0);
}

#[test]
fn a_config_file_that_is_missing_or_no_text() {
    let home = Home::new();
    assert!(home.run(&["status", "--config", "nowhere.toml"]).ends(78).err.contains("nowhere.toml"));
    std::fs::write(home.path("bytes.toml"), [0xff, 0xfe, 0x00]).unwrap();
    home.run(&["status", "--config", "bytes.toml"]).ends(78);
    home.run(&["status", "--config", "."]).ends(78);
}

#[test]
fn without_a_home_the_queue_has_no_place() {
    let home = Home::new();
    let done = home.run_with(&["status"], &[("HOME", "")]).ends(78);
    assert!(done.err.contains("--db"), "{}", done.err);
    home.run_with(&["status", "--db", "q.db"], &[("HOME", "")]).ends(0);
    home.run_with(&["completions", "bash"], &[("HOME", "")]).ends(0);
}

#[test]
fn bad_variables_are_named_and_secrets_are_not_shown() {
    let home = Home::new();
    let done = home.run_with(&["status"], &[("CLEANUP_X_TOKEN", "hush hush")]).ends(78);
    assert!(done.err.contains("CLEANUP_X_TOKEN") && !done.err.contains("hush"), "{}", done.err);
    assert!(home.run_with(&["status"], &[("CLEANUP_X_USER_ID", "ada")]).ends(78).err.contains("CLEANUP_X_USER_ID"));
    let done = home.run_with(&["-vvv", "status"], &[("CLEANUP_X_TOKEN", "hush-token")]).ends(0);
    assert!(!done.err.contains("hush") && !done.out.contains("hush"));
}

#[test]
fn an_error_is_json_too_where_json_is_promised() {
    let home = Home::new();
    let done = home.run(&["run", "a.csv", "--json", "--yes", "--config", "nowhere.toml"]).ends(78);
    let value = done.json();
    assert_eq!((&value["stopped"], &value["exit_code"]), (&"error".into(), &78.into()));
    assert_eq!(value["error"]["kind"], "config");
    assert!(value["error"]["hint"].is_string() && value["jobs"].as_array().unwrap().is_empty());
}

#[test]
fn the_sandbox_ignores_the_everyday_queue() {
    let home = Home::new();
    empty_queue(home.path("real.db"), QueueKind::Real);
    let real = home.path("real.db");
    let variables = [("CLEANUP_DB", real.to_str().unwrap())];
    home.run_with(&["status"], &variables).ends(0);
    home.run_with(&["status", "--sandbox"], &variables).ends(0);
    let done = home.run_with(&["status", "--sandbox", "--db", "real.db"], &variables).ends(78);
    assert!(done.err.contains("--sandbox"), "{}", done.err);
}

#[test]
fn a_log_file_has_the_course_of_a_command_and_more_if_that_is_asked_for() {
    let home = Home::new();
    home.write("unfollow.csv", crate::common::ids(2));
    let log = |name: &str| std::fs::read_to_string(home.path(name)).unwrap();
    let course =
        ["begun command=\"run\"", "the drain has begun", "the drain has ended stopped=\"finished\"", "ended code="];
    let rows = ["a request has ended account=", "a row has its outcome account=", "a turn is saved"];
    let run = |words: &[&str]| {
        home.run(&[&["run", "unfollow.csv", "--sandbox", "--again", "--pace", "front-load"], words].concat())
    };
    run(&["--log-file", "plain.log"]);
    run(&["--log-file", "all.log", "-vvv"]);
    for line in course {
        assert!(log("plain.log").contains(line) && log("all.log").contains(line), "{line}: {}", log("plain.log"));
    }
    for line in rows {
        assert!(!log("plain.log").contains(line) && log("all.log").contains(line), "{line}: {}", log("all.log"));
    }
    home.run(&["check", "nowhere.csv", "-vvv", "--log-file", "error.log"]).ends(65);
    let told = log("error.log");
    assert!(told.contains("begun command=\"check\"") && told.contains("ended code=65 error="), "{told}");
}

#[test]
fn a_log_file_is_private() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new();
    home.run(&["status", "-v", "--log-file", "log.txt", "--log-format", "json"]).ends(0);
    assert_eq!(std::fs::metadata(home.path("log.txt")).unwrap().permissions().mode() & 0o777, 0o600);
    home.run(&["status", "--log-file", "nowhere/log.txt"]).ends(74);
}

#[test]
fn what_a_config_file_that_others_can_write_decides_is_told_before_anything_is_done_by_it() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new();
    let places =
        "[x]\napi = \"https://api.example\"\nauthorize = \"https://x.example\"\n[aisa]\napi = \"https://a.example\"\n";
    let config =
        home.write("c.toml", format!("db = \"other.db\"\n[run]\nnotify = \"true\"\n[log]\nfile = \"log\"\n{places}"));
    let told = |mode, words: &[&str], variables: &[(&str, &str)]| {
        std::fs::set_permissions(&config, std::fs::Permissions::from_mode(mode)).unwrap();
        home.run_with(&[words, &["--config", "c.toml"]].concat(), variables).ends(0).err
    };
    let warning = "warning: others can write to c.toml (mode 0666), and it decides ";
    let err = told(0o666, &["account", "list"], &[]);
    assert!(err.contains(warning) && err.contains("; chmod go-w c.toml"), "{err}");
    let all = ["[run] notify", "(api)", "(authorize)", "(db)", "([log] file)"];
    assert!(all.iter().all(|what| err.contains(what)), "{err}");
    // What an option or a variable says, and what the sandbox does not use, is not the file's to decide.
    let own =
        [("CLEANUP_X_API", "https://api.x.com"), ("CLEANUP_X_AUTHORIZE", "https://x.com"), ("CLEANUP_DB", "mine.db")];
    let err = told(0o666, &["account", "list"], &own);
    assert!(!err.contains("(authorize)") && !err.contains("(db)") && err.contains("(api)"), "{err}");
    let err = told(0o666, &["status", "--sandbox", "--log-file", "mine.log"], &[]);
    assert!(err.contains(&format!("{warning}the command of [run] notify; chmod")), "{err}");
    assert!(!told(0o644, &["account", "list"], &[]).contains("others can write"));
    home.write("c.toml", "[run]\nworkers = 4\n");
    assert!(!told(0o666, &["account", "list"], &[]).contains("others can write"), "it decides nothing of weight");
}

#[test]
fn what_is_in_effect_is_shown_with_where_it_comes_from() {
    let home = Home::new();
    let config = home.write("c.toml", "[run]\nworkers = 4\nnotify = \"curl -H hush\"\n");
    let variables = [
        ("CLEANUP_CONFIG", config.to_str().unwrap()),
        ("CLEANUP_X_API", "https://gateway.example"),
        ("CLEANUP_X_TOKEN", "hush-token"),
        ("CLEANUP_DB", "postgres://ada:hush@db.example/q"),
    ];
    let done = home.run_with(&["config", "show", "--log-file", "l.txt"], &variables).ends(0);
    let line = |key: &str| -> String {
        let found = done.out.lines().find(|line| line.trim_start().starts_with(&format!("{key} "))).unwrap();
        found.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(line("run.workers"), "run.workers 4 config file, line 2");
    assert_eq!(line("run.notify"), "run.notify (set, not shown) config file, line 3");
    assert_eq!(line("run.pace"), "run.pace even default");
    assert_eq!(line("x.api"), "x.api https://gateway.example CLEANUP_X_API");
    assert_eq!(line("CLEANUP_X_TOKEN"), "CLEANUP_X_TOKEN (set, not shown) CLEANUP_X_TOKEN");
    assert_eq!(line("log.file"), "log.file l.txt --log-file");
    assert_eq!(line("db"), "db postgres://ada@db.example:5432/q CLEANUP_DB");
    let json = home.run_with(&["config", "show", "--json"], &variables).ends(0);
    assert!(![&done.out, &done.err, &json.out].iter().any(|text| text.contains("hush")), "{}{}", done.out, json.out);
    assert_eq!(json.json()["config_file"]["named_by"], "CLEANUP_CONFIG");
    home.run_with(&["config", "show"], &[("CLEANUP_CONFIG", "nowhere.toml")]).ends(78);
    assert!(home.run_with(&["config", "show"], &[("HOME", "")]).ends(0).out.contains("none: neither HOME nor"));
}

#[test]
fn a_config_file_to_begin_with_is_written_once() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new();
    let done = home.run(&["config", "init"]).ends(0);
    let path = home.path(".config/cleanup/config.toml");
    assert!(done.err.contains("config.toml is written") && done.err.contains("`cleanup config show`"), "{}", done.err);
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert!(home.run(&["config", "show"]).ends(0).out.lines().all(|line| !line.contains("config file, line")));
    std::fs::write(&path, "nonsense = 1").unwrap();
    let done = home.run(&["config", "init"]).ends(2);
    assert!(done.err.contains("is there already") && done.err.contains("--force"), "{}", done.err);
    // A file that nothing can read is replaced as well.
    home.run(&["config", "init", "--force"]).ends(0);
    home.run(&["status"]).ends(0);
    home.run(&["config", "init", "--config", "mine/c.toml"]).ends(0);
    home.run(&["status", "--config", "mine/c.toml"]).ends(0);
    home.run_with(&["config", "init"], &[("HOME", "")]).ends(78);
}
