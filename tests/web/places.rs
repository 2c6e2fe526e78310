//! Every command of the command line has its place in the dashboard, or a reason why not: the table of docs/dashboard.md against the clap tree
//! and against the addresses there are.

use std::collections::BTreeSet;

use clap::CommandFactory;
use cleanup::cli::args::Cli;

const HEADING: &str = "## Every command, and its place";

/// The rows of the table: commands, what it says, the address.
fn rows() -> Vec<(Vec<String>, String, String)> {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/dashboard.md")).unwrap();
    let table = text.split(HEADING).nth(1).unwrap().split("\n## ").next().unwrap();
    let rows = table.lines().filter(|line| line.starts_with("| `"));
    let rows = rows.map(|line| {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        assert_eq!(cells.len(), 3, "{line}");
        let commands = cells[0].split(", ").map(|command| command.trim_matches('`').to_owned()).collect();
        (commands, cells[1].to_owned(), cells[2].trim_matches('`').to_owned())
    });
    rows.collect()
}

/// Every command that does something, as it is typed.
fn commands() -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for command in Cli::command().get_subcommands().filter(|command| !command.is_hide_set()) {
        let name = command.get_name();
        if !command.has_subcommands() {
            all.insert(name.to_owned());
        }
        all.extend(command.get_subcommands().map(|below| format!("{name} {}", below.get_name())));
    }
    all.remove("help");
    all
}

#[test]
fn every_command_has_its_place_or_a_reason() {
    let said: Vec<String> = rows().into_iter().flat_map(|(commands, ..)| commands).collect();
    let named: BTreeSet<String> = said.iter().cloned().collect();
    assert_eq!(said.len(), named.len(), "each once");
    assert_eq!(named, commands(), "left: docs/dashboard.md; right: the command line");
}

#[test]
fn places_are_addresses_that_there_are() {
    let routes = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/src/web/routes.rs")).unwrap();
    let middleware = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/src/web/middleware.rs")).unwrap();
    for (commands, why, address) in rows() {
        assert!(!why.is_empty(), "{commands:?}");
        let quoted = format!("\"{address}\"");
        let is_there = address == "–" || routes.contains(&quoted) || middleware.contains(&quoted);
        assert!(is_there, "{commands:?}: {address}");
    }
}
