//! The packages against the program and against each other. `packaging/test` builds them and tries each on a clean root; the forge calls it.

use std::collections::BTreeMap;
use std::process::Command;

use clap::Parser;
use cleanup::cli::args::{self, Cli};

use crate::common::{Home, tools};

fn path(name: &str) -> String {
    format!("{}/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn read(name: &str) -> String {
    std::fs::read_to_string(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The settings of a unit; of a key that stands there twice, the last.
fn settings(unit: &str) -> BTreeMap<&str, &str> {
    unit.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('=')).collect()
}

#[test]
fn the_service_has_a_user_of_its_own_and_words_that_serve_understands() {
    let unit = read("packaging/systemd/cleanup.service");
    let settings = settings(&unit);
    let words = settings["ExecStart"].strip_prefix("/usr/bin/").unwrap();
    let cli = Cli::try_parse_from(words.split(' ')).unwrap();
    let args::Command::Serve(args) = cli.command else { panic!("{words}") };
    assert!(args.yes && args.listen.ip().is_loopback());
    assert_eq!((settings["User"], settings["Group"]), ("cleanup", "cleanup"));
    assert!(read("packaging/systemd/cleanup.sysusers").starts_with("u cleanup - "));
    for script in ["postinst", "prerm", "postrm"] {
        assert!(read(&format!("packaging/debian/{script}")).starts_with("#!/bin/sh\n"), "{script}");
    }
    // The queue that it serves is the one that a person of the machine names with the same variables.
    let variables = settings["Environment"].split(' ').filter_map(|pair| pair.split_once('='));
    let home = Home::new();
    let shown = home.cleanup(["config", "show", "--json"]).envs(variables).output().unwrap();
    let shown: serde_json::Value = serde_json::from_slice(&shown.stdout).unwrap();
    let db = shown["settings"].as_array().unwrap().iter().find(|setting| setting["key"] == "db").unwrap();
    assert_eq!(db["value"], "/var/lib/cleanup/queue.db");
    assert_eq!(shown["config_file"]["path"], "/etc/cleanup/config.toml");
    assert_eq!(settings["StateDirectory"], "cleanup");
}

/// What the timer of `schedule install` is confined by, the service is as well, and as tightly or more.
#[test]
fn the_service_is_confined_as_the_timer_is() {
    let home = Home::new();
    let printed = home.run(&["schedule", "install", "--print"]).ends(0).out;
    let (timer, unit) = (settings(&printed), read("packaging/systemd/cleanup.service"));
    let service = settings(&unit);
    let is_confining = |key: &str| {
        ["Protect", "Private", "Restrict", "SystemCall", "Lock", "Memory", "NoNew", "UMask"]
            .iter()
            .any(|word| key.starts_with(word))
    };
    let mut checked = 0;
    for (key, value) in timer.iter().filter(|(key, _)| is_confining(key)) {
        checked += 1;
        let is_as_tight = service.get(key) == Some(value)
            || (*key == "ProtectHome" && service[key] == "yes")
            || (*key == "SystemCallFilter" && unit.contains(&format!("SystemCallFilter={value}\n")));
        assert!(is_as_tight, "{key}={value}: {:?}", service.get(key));
    }
    assert!(checked > 12, "{checked}");
    if tools::there_are(&["systemd-analyze"], "systemd") {
        let words = ["--offline=true", "--threshold=20", "security", &path("packaging/systemd/cleanup.service")];
        let output = Command::new("systemd-analyze").args(words).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        assert!(!said.contains("Failed to parse") && !said.contains("Unknown"), "{said}");
    } else {
        println!("skipped: there is no systemd-analyze");
    }
}

#[test]
fn the_forge_does_what_ci_does() {
    let workflow = read(".github/workflows/ci.yml");
    for command in [".ci/run", "packaging/build", "packaging/test"] {
        assert!(workflow.contains(command), "{command}");
    }
    // The same Debian as the image is built on.
    let debian = read("packaging/Dockerfile");
    let debian =
        debian.lines().filter_map(|line| line.strip_prefix("FROM ")).find(|image| image.starts_with("debian:"));
    let images: Vec<&str> = workflow.lines().filter_map(|line| line.trim().strip_prefix("container: ")).collect();
    assert_eq!(images, [debian.unwrap(); 2]);
    // The README's full test command is what every change passes.
    for file in [".ci/run", "README.md"] {
        assert!(read(file).contains("tests/all "), "{file}");
    }
    for script in ["packaging/build", "packaging/image", "packaging/test", "tests/all", ".ci/run"] {
        let status = Command::new("bash").args(["-n", &path(script)]).status().unwrap();
        assert!(status.success(), "{script}");
    }
}
