//! The documentation against the program: commands that it shows can be typed, files and headings that it names are there.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::Parser;
use cleanup::cli::args::Cli;

use super::messages::can_be_typed;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every page, with its text.
fn pages() -> Vec<(PathBuf, String)> {
    let mut paths: Vec<PathBuf> =
        ["README.md", "CONTRIBUTING.md", "SECURITY.md"].iter().map(|name| root().join(name)).collect();
    paths.extend(std::fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path()));
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "md") && path.exists());
    paths.sort();
    let pages: Vec<_> = paths.into_iter().map(|path| (path.clone(), std::fs::read_to_string(&path).unwrap())).collect();
    assert!(pages.len() > 12, "{}", pages.len());
    pages
}

/// A line of a shell as words, up to what belongs to the shell: a comment, a pipe, a redirection.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote, mut is_word) = (Vec::new(), String::new(), None, false);
    for c in line.chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), c) => word.push(c),
            (None, '"' | '\'') => (quote, is_word) = (Some(c), true),
            (None, '#' | '>' | '<' | '|' | '&' | ';') if !is_word => break,
            (None, ' ') => {
                if is_word {
                    words.push(std::mem::take(&mut word));
                }
                is_word = false;
            }
            (None, c) => {
                word.push(c);
                is_word = true;
            }
        }
    }
    if is_word {
        words.push(word);
    }
    words
}

/// The commands that a page shows: lines after `$`, and whole commands in backticks.
fn commands(text: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for line in text.lines() {
        let Some(line) = line.trim().strip_prefix("$ ") else { continue };
        let at = line.find("cleanup ").filter(|at| *at == 0 || line[..*at].ends_with(' '));
        // `docker compose run cleanup` and `cargo run --` have words of their own before it.
        if let Some(at) = at.filter(|at| line[..*at].split(' ').all(|word| word.is_empty() || word.contains('='))) {
            found.push(words(&line[at..]));
        }
    }
    found
}

#[test]
fn commands_that_the_documentation_shows_can_be_typed() {
    let mut checked = 0;
    for (path, text) in pages() {
        for command in commands(&text) {
            checked += 1;
            if let Err(error) = Cli::try_parse_from(&command) {
                use clap::error::ErrorKind as Kind;
                let is_help = matches!(error.kind(), Kind::DisplayHelp | Kind::DisplayVersion);
                assert!(is_help, "{}: {command:?}: {error}", path.display());
            }
        }
    }
    assert!(checked > 40, "{checked}");
}

#[test]
fn commands_within_sentences_are_commands() {
    use clap::CommandFactory;
    let mut tree = Cli::command();
    tree.build();
    let (mut checked, mut wrong) = (0, Vec::new());
    for (path, text) in pages() {
        // Blocks are lines of a shell, and looked at as such.
        let sentences: String = text.split("```").step_by(2).collect();
        let code = sentences.split('`').skip(1).step_by(2).map(|code| code.replace('\n', " "));
        for command in code.filter(|code| code.starts_with("cleanup ")) {
            checked += 1;
            if let Err(why) = can_be_typed(&tree, &words(&command)[1..].join(" ")) {
                wrong.push(format!("{}: `{command}`: {why}", path.display()));
            }
        }
    }
    assert!(checked > 40, "{checked}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Options in backticks are options of some command.
#[test]
fn options_that_the_documentation_names_are_there() {
    use clap::CommandFactory;
    fn collect(command: &clap::Command, names: &mut BTreeSet<String>) {
        names.extend(command.get_arguments().filter_map(|argument| argument.get_long()).map(str::to_owned));
        command.get_subcommands().for_each(|within| collect(within, names));
    }
    let mut known = BTreeSet::new();
    let mut tree = Cli::command();
    tree.build();
    collect(&tree, &mut known);
    // Of other programs, and one that says why it is gone.
    for other in ["help", "version", "release", "test", "locked", "path", "features", "profile", "min-likes"] {
        known.insert(other.to_owned());
    }
    // The options of benches/run are its own.
    for (path, text) in pages().into_iter().filter(|(path, _)| !path.ends_with("performance.md")) {
        for option in text.split('`').skip(1).step_by(2).filter_map(|code| code.strip_prefix("--")) {
            let name: String = option.chars().take_while(|c| c.is_ascii_lowercase() || *c == '-').collect();
            assert!(known.contains(&name), "{}: there is no --{name} (`--{option}`)", path.display());
        }
    }
}

/// As the forge makes them: lower case, no signs, dashes for spaces.
fn anchors(text: &str) -> BTreeSet<String> {
    let titles = text.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    let anchor = |title: &str| -> String {
        let plain = title.chars().filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c));
        plain.map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() }).collect()
    };
    titles.map(anchor).collect()
}

#[test]
fn links_lead_somewhere() {
    let mut checked = 0;
    for (path, text) in pages() {
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if link.contains("://") || link.contains(' ') {
                continue;
            }
            checked += 1;
            let (file, anchor) = link.split_once('#').map_or((link, None), |(file, anchor)| (file, Some(anchor)));
            let target = if file.is_empty() { path.clone() } else { path.parent().unwrap().join(file) };
            assert!(target.exists(), "{}: {link}", path.display());
            if let Some(anchor) = anchor {
                let there = anchors(&std::fs::read_to_string(&target).unwrap());
                assert!(there.contains(anchor), "{}: {link}: {there:?}", path.display());
            }
        }
    }
    assert!(checked > 40, "{checked}");
}

/// Files of the code that pages name, from the root, from `src` or from a room that the same line names.
#[test]
fn files_that_the_documentation_names_are_there() {
    let mut all = Vec::new();
    let mut folders = vec![root().join("src"), root().join("tests"), root().join("benches"), root().join("migrations")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { all.push(path.display().to_string()) }
        }
    }
    let mut missing = Vec::new();
    for (path, text) in pages() {
        for code in text.split('`').skip(1).step_by(2) {
            let is_path =
                code.ends_with(".rs") && code.chars().all(|c| c.is_ascii_alphanumeric() || "/_.-".contains(c));
            if is_path && !all.iter().any(|file| file.ends_with(&format!("/{code}"))) {
                missing.push(format!("{}: {code}", path.display()));
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}
