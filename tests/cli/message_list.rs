//! Every text that a person may see: those of the source, and the help of every command and option.

use std::path::{Path, PathBuf};

/// A text in the source: its file, its line, and itself.
pub(crate) struct Message {
    pub(crate) place: String,
    pub(crate) text: String,
}

pub(crate) fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && name != "tests" && name != "sandbox" {
            sources(&path, found);
        } else if name.ends_with(".rs") && !name.ends_with("tests.rs") && name != "outage_law.rs" {
            found.push(path);
        }
    }
}

/// The string literals of a file, without its tests.
fn literals(source: &str) -> Vec<(usize, String)> {
    let code = source.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let (mut found, mut line, mut chars) = (Vec::new(), 1, code.chars().peekable());
    while let Some(c) = chars.next() {
        match c {
            '\n' => line += 1,
            '/' if chars.peek() == Some(&'/') => while chars.next_if(|c| *c != '\n').is_some() {},
            // A character literal; a lifetime has no end.
            '\'' => {
                let mut rest = chars.clone();
                let first = rest.next();
                let second = rest.next();
                if first == Some('\\') || second == Some('\'') {
                    chars.next();
                    if first == Some('\\') {
                        chars.next();
                    }
                    while chars.next_if(|c| *c != '\'').is_some() {}
                    chars.next();
                }
            }
            '"' => {
                let (begin, mut text) = (line, String::new());
                while let Some(c) = chars.next() {
                    match c {
                        '"' => break,
                        '\\' => match chars.next() {
                            Some('\n') => {
                                line += 1;
                                while chars.next_if(|c| c.is_whitespace()).is_some_and(|c| c != '\u{0}') {}
                            }
                            Some('n') => text.push('\n'),
                            Some(other) => text.push(other),
                            None => {}
                        },
                        c => {
                            line += usize::from(c == '\n');
                            text.push(c);
                        }
                    }
                }
                found.push((begin, text));
            }
            _ => {}
        }
    }
    found
}

/// Whether a text is a sentence or a part of one, and no SQL, no format and no name.
fn is_said(text: &str) -> bool {
    let lower = text.to_lowercase();
    let is_sql =
        ["select ", "insert ", "update ", "delete from", "create ", "pragma ", " where ", "json_", "with ", " from "]
            .iter()
            .any(|word| lower.trim_start().starts_with(word.trim_start()) && lower.contains(word));
    text.split_whitespace().filter(|word| word.chars().any(char::is_alphabetic)).count() >= 3 && !is_sql
}

pub(crate) fn messages() -> Vec<Message> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    sources(&root.join("src"), &mut files);
    files.sort();
    let mut all = Vec::new();
    for file in files {
        let shown = file.strip_prefix(root).unwrap().display().to_string();
        let source = std::fs::read_to_string(&file).unwrap();
        let texts = literals(&source).into_iter().filter(|(_, text)| is_said(text));
        all.extend(texts.map(|(line, text)| Message { place: format!("{shown}:{line}"), text }));
    }
    all
}

/// The help of every command and option, as somebody reads it.
pub(crate) fn help() -> Vec<Message> {
    use clap::CommandFactory;
    let mut tree = cleanup::cli::args::Cli::command();
    tree.build();
    let (mut waiting, mut found) = (vec![(tree.get_name().to_owned(), &tree)], Vec::new());
    while let Some((name, command)) = waiting.pop() {
        let mut say = |place: &str, text: Option<String>| {
            found.extend(text.map(|text| Message { place: format!("{name} {place}"), text }));
        };
        say("--help", command.get_long_about().or(command.get_about()).map(ToString::to_string));
        say("--help, end", command.get_after_help().map(ToString::to_string));
        for argument in command.get_arguments().filter(|argument| !argument.is_global_set()) {
            let place = argument.get_long().map_or(argument.get_id().to_string(), |long| format!("--{long}"));
            say(&place, argument.get_long_help().or(argument.get_help()).map(ToString::to_string));
            for value in argument.get_possible_values() {
                say(&format!("{place} {}", value.get_name()), value.get_help().map(ToString::to_string));
            }
        }
        let own = command.get_subcommands().filter(|inner| inner.get_name() != "help");
        waiting.extend(own.map(|inner| (format!("{name} {}", inner.get_name()), inner)));
    }
    found.sort_by(|one, other| one.place.cmp(&other.place));
    found
}
