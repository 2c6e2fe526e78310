//! What `--json` prints against `docs/json.schema.json`: every command that has it, on a queue with a history, and where it fails.

use std::collections::BTreeSet;

use clap::CommandFactory;
use cleanup::app::{CopiedRows, MoveReport};
use cleanup::cli::args::Cli;
use serde_json::{Value, json};

use crate::common::{Home, RunToEnd, SandboxProcess};

fn schema() -> Value {
    serde_json::from_str(include_str!("../../docs/json.schema.json")).unwrap()
}

/// What is wrong with a value, as far as the words go that the schema uses; a word that this does not know is a fault of the schema.
fn faults(whole: &Value, schema: &Value, value: &Value, at: &str) -> Vec<String> {
    let of = |schema: &Value, value: &Value, at: String| faults(whole, schema, value, &at);
    let mut found = Vec::new();
    for (word, rule) in schema.as_object().unwrap() {
        match word.as_str() {
            "description" => {}
            "$ref" => {
                let name = rule.as_str().unwrap().strip_prefix("#/$defs/").unwrap();
                found.extend(of(&whole["$defs"][name], value, at.to_owned()));
            }
            "type" => {
                let known = if rule.is_array() { rule.as_array().unwrap().clone() } else { vec![rule.clone()] };
                if !known.iter().any(|kind| is_of_kind(value, kind.as_str().unwrap())) {
                    found.push(format!("{at}: {value} is no {rule}"));
                }
            }
            "enum" if !rule.as_array().unwrap().contains(value) => {
                found.push(format!("{at}: {value} is none of {rule}"))
            }
            "const" if rule != value => found.push(format!("{at}: {value} is not {rule}")),
            "minimum" if value.as_f64().is_some_and(|n| n < rule.as_f64().unwrap()) => {
                found.push(format!("{at}: {value}"))
            }
            "pattern" => {
                // The only pattern is that of a time.
                let text = value.as_str().unwrap_or("1970-01-01T00:00:00Z");
                if !(text.ends_with('Z') && text.parse::<jiff::Timestamp>().is_ok()) {
                    found.push(format!("{at}: {value} is no time"));
                }
            }
            "enum" | "const" | "minimum" | "properties" | "additionalProperties" => {}
            "required" => {
                let missing = |key: &&Value| value.is_object() && value.get(key.as_str().unwrap()).is_none();
                found.extend(rule.as_array().unwrap().iter().filter(missing).map(|key| format!("{at}: no {key}")));
            }
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    found.extend(of(rule, item, format!("{at}[{index}]")));
                }
            }
            "anyOf" => {
                let all: Vec<Vec<String>> =
                    rule.as_array().unwrap().iter().map(|one| of(one, value, at.to_owned())).collect();
                if all.iter().all(|faults| !faults.is_empty()) {
                    found.push(format!("{at}: {value} is none of {}: {all:?}", all.len()));
                }
            }
            other => panic!("{at}: this test does not know the word {other}"),
        }
    }
    for (key, value) in value.as_object().into_iter().flatten() {
        let at = format!("{at}.{key}");
        match (schema["properties"].get(key), &schema["additionalProperties"]) {
            (Some(rule), _) => found.extend(of(rule, value, at)),
            (None, Value::Bool(false)) => found.push(format!("{at} is not in the schema")),
            (None, rule @ Value::Object(_)) => found.extend(of(rule, value, at)),
            (None, _) => {}
        }
    }
    found
}

fn is_of_kind(value: &Value, kind: &str) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        other => panic!("this test does not know the type {other}"),
    }
}

#[track_caller]
fn holds(name: &str, value: &Value) {
    let whole = schema();
    let found = faults(&whole, &json!({ "$ref": format!("#/$defs/{name}") }), value, name);
    assert!(found.is_empty() && whole["$defs"][name].is_object(), "{}\n{value}", found.join("\n"));
}

/// The names of all commands that have `--json`, as the schema has them.
fn with_json(command: &clap::Command, path: &str) -> BTreeSet<String> {
    let own = command.get_arguments().any(|arg| arg.get_long() == Some("json")).then(|| path.to_owned());
    let below = command
        .get_subcommands()
        .flat_map(|below| with_json(below, format!("{path}_{}", below.get_name()).trim_start_matches('_')));
    own.into_iter().chain(below).collect()
}

#[test]
fn what_every_command_prints_is_what_the_schema_says() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home, &["--faults", "none"]);
    home.write(
        "unfollow.csv",
        "target_id,note\n1000000000000000007,a\n1000000000000000008,b\n1000000000000000007,c\nx y,d\n",
    );
    let mut seen = BTreeSet::new();
    let mut prints = |name: &str, line: &str, code: i32| {
        let done = home.against(&sandbox, line.split(' ')).done().ends(code);
        holds(name, &done.json());
        let words = line.split(' ').take_while(|word| !word.starts_with('-')).take(name.split('_').count());
        seen.insert(if name == "failure" { String::new() } else { words.collect::<Vec<_>>().join("_") });
        done.json()
    };
    prints("failure", "status --json nothing", 2);
    prints("config_show", "config show --json --log-file log.txt", 0);
    let checked = prints("check", "check unfollow.csv --json", 3);
    assert_eq!(checked["files"][0]["check"]["examples"].as_array().unwrap().len(), 1);
    prints("load", "load unfollow.csv --json", 3);
    prints("status", "status --json", 0);
    prints("run", "run unfollow.csv --json --yes --pace front-load", 3);
    prints("run", "resume --json --yes", 3);
    let told = prints("explain", "explain 1000000000000000007 --json", 0);
    assert_eq!(told["tasks"][0]["attempts"].as_array().unwrap().len(), 1);
    prints("status", "status --json", 0);
    prints("audit", "audit --json", 0);
    prints("receipts", "report unfollow --format json", 0);
    prints("retry", "retry unfollow --json", 0);
    prints("verify", "verify unfollow --json", 0);
    prints("run", "undo unfollow --apply --yes --json", 2);
    prints("doctor", "doctor --json", 0);
    prints("account_list", "account list --json", 0);
    prints("account_check", "account check --json", 0);
    home.against(
        &sandbox,
        ["schedule", "add", "nightly", "--cron", "0 2 * * *", "--zone", "UTC", "--until", "06:00", "unfollow.csv"],
    )
    .done()
    .ends(0);
    home.against(&sandbox, ["schedule", "skip", "nightly"]).done().ends(0);
    prints("schedule_list", "schedule list --json", 0);
    let next = prints("schedule_next", "schedule next --json", 0);
    assert_eq!(next["schedules"][0]["next"][0]["skipped"], true);
    prints("forget", "forget unfollow --json --dry-run", 0);
    prints("forget", "forget unfollow --json --yes", 0);
    prints("failure", "explain 7 --json", 2);
    // A move needs a server; what it prints is its report.
    prints("failure", "db move elsewhere.db --json", 2);
    let copied = Some(CopiedRows { rows: 3, tasks: 1, attempts: 1 });
    let key_to_copy = Some(("/a/credentials.key".into(), "/b/credentials.key".into()));
    let moved = MoveReport { from: "q.db".into(), to: "postgres://ada@db.example:5432/q".into(), copied, key_to_copy };
    holds("db_move", &serde_json::to_value(&moved).unwrap());
    holds("db_move", &serde_json::to_value(MoveReport { copied: None, key_to_copy: None, ..moved }).unwrap());
    seen.insert("db_move".to_owned());
    seen.remove("");
    seen.remove("report");
    assert_eq!(seen, with_json(&Cli::command(), ""));
    // What the sandbox allows is taken back, in a queue of its own.
    let own = |words: &[&str]| home.run(&[words, &["--sandbox", "--json"]].concat());
    holds("run", &own(&["run", "unfollow.csv"]).ends(3).json());
    holds("run", &own(&["undo", "unfollow", "--apply"]).json());
    holds("status", &own(&["status"]).ends(0).json());
}

/// The schema of a command that is not there would hold for nothing.
#[test]
fn every_object_of_the_schema_is_a_commands_or_a_part_of_one() {
    let whole = schema();
    let text = whole.to_string();
    let commands = with_json(&Cli::command(), "");
    for name in whole["$defs"].as_object().unwrap().keys() {
        let is_part = text.contains(&format!("\"#/$defs/{name}\""));
        assert!(is_part || commands.contains(name) || ["failure", "receipts"].contains(&name.as_str()), "{name}");
    }
}

/// The test can fail.
#[test]
fn what_the_schema_does_not_say_is_found() {
    let good = json!({ "job": "a", "requeued": 1, "vanished": 0 });
    holds("retry", &good);
    let whole = schema();
    let found = |value: &Value| faults(&whole, &whole["$defs"]["retry"], value, "").len();
    for (key, value) in [("job", json!(7)), ("requeued", json!(-1)), ("more", json!(1))] {
        let mut bad = good.clone();
        bad[key] = value;
        assert_eq!(found(&bad), 1, "{bad}");
    }
    assert_eq!(found(&json!({ "job": "a", "requeued": 1 })), 1);
    let time = |text: &str| faults(&whole, &whole["$defs"]["time"], &json!(text), "").len();
    assert_eq!((time("2026-11-22T16:06:00Z"), time("2026-11-22 16:06:00"), time("1795363560000")), (0, 1, 1));
}
