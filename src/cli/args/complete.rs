//! `cleanup __complete`, which completion scripts ask for names: of which kind the word is that somebody is typing, and of which queue.
//!
//! In: the words typed so far. Out: a kind of name, what the words say of the settings. What does not belong here: looking names up.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Arg, Args, Command};

use crate::config::Overrides;
use crate::domain::Platform;

/// `cleanup __complete`
#[derive(Clone, Debug, Args)]
pub struct CompleteArgs {
    /// The words typed behind the program's name; the last is the one to complete, and may be empty
    #[arg(value_name = "WORD", trailing_var_arg = true, allow_hyphen_values = true)]
    pub words: Vec<OsString>,
}

/// What a name is the name of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameKind {
    /// A job.
    Job,
    /// An account.
    Account,
    /// A schedule.
    Schedule,
}

impl CompleteArgs {
    fn typed(&self) -> Vec<&str> {
        self.words.iter().map(|word| word.to_str().unwrap_or_default()).collect()
    }

    /// The beginning of the word that is being typed.
    pub fn prefix(&self) -> &str {
        self.words.last().and_then(|word| word.to_str()).unwrap_or_default()
    }

    /// The kind of name that stands where the last word does; none where no name does. `tree` is the built tree of commands.
    pub fn kind(&self, tree: &Command) -> Option<NameKind> {
        let typed = self.typed();
        let (_, before) = typed.split_last()?;
        let (mut command, mut path, mut positional, mut is_open) = (tree, Vec::new(), 0, true);
        let mut waits_for_value: Option<&Arg> = None;
        for word in before {
            if waits_for_value.take().is_some() {
                continue;
            }
            match word.strip_prefix('-').filter(|_| is_open) {
                Some("-") => is_open = false,
                Some(option) => waits_for_value = option_with_value(command, option),
                None => match command.find_subcommand(word).filter(|_| positional == 0) {
                    Some(within) => {
                        command = within;
                        path.push(within.get_name());
                    }
                    None => positional += 1,
                },
            }
        }
        if let Some(option) = waits_for_value {
            return kind_of_option(option);
        }
        if is_open && self.prefix().starts_with('-') {
            return None;
        }
        let mut positionals = command.get_positionals();
        let arg =
            positionals.nth(positional).or_else(|| command.get_positionals().last().filter(|arg| takes_many(arg)));
        kind_of_positional(&path, arg?)
    }

    /// Which queue the words name.
    pub(super) fn override_in(&self, overrides: &mut Overrides) {
        let typed = self.typed();
        let value = |name: &str| value_of(&typed, name);
        let is_sandbox = |name: &str| Platform::named(name).is_some_and(Platform::is_sandbox);
        overrides.sandbox = typed.contains(&"--sandbox") || value("--platform").is_some_and(is_sandbox);
        overrides.db = value("--db").filter(|text| !text.is_empty()).map(PathBuf::from).or(overrides.db.take());
        overrides.config =
            value("--config").filter(|text| !text.is_empty()).map(PathBuf::from).or(overrides.config.take());
    }
}

/// The value that the words give an option, in either form.
fn value_of<'a>(words: &[&'a str], name: &str) -> Option<&'a str> {
    words.iter().enumerate().find_map(|(index, word)| match word.strip_prefix(name)? {
        "" => words.get(index + 1).copied(),
        rest => rest.strip_prefix('='),
    })
}

/// The option of this word (without its first dash), where its value is the next word.
fn option_with_value<'a>(command: &'a Command, word: &str) -> Option<&'a Arg> {
    let is_meant = |arg: &&Arg| match word.strip_prefix('-') {
        Some(long) => arg.get_long() == Some(long),
        None => arg.get_short() == word.chars().last(),
    };
    let next_word = |arg: &&Arg| arg.get_action().takes_values() && !arg.is_require_equals_set();
    command.get_arguments().filter(is_meant).find(next_word)
}

fn takes_many(arg: &Arg) -> bool {
    arg.get_num_args().is_some_and(|range| range.max_values() > 1)
        || matches!(arg.get_action(), clap::ArgAction::Append)
}

fn kind_of_option(arg: &Arg) -> Option<NameKind> {
    match arg.get_long()? {
        "account" => Some(NameKind::Account),
        "job" => Some(NameKind::Job),
        _ => None,
    }
}

fn kind_of_positional(path: &[&str], arg: &Arg) -> Option<NameKind> {
    let name = arg.get_value_names().and_then(|names| names.first()).map(|name| name.as_str());
    match (path, name) {
        (_, Some("JOB")) => Some(NameKind::Job),
        // What is added has no name yet.
        (["account" | "schedule", "add"], _) => None,
        (["account", _], Some("NAME")) => Some(NameKind::Account),
        (["schedule", _], Some("NAME")) => Some(NameKind::Schedule),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use clap::CommandFactory;

    use super::*;
    use crate::cli::args::Cli;

    fn words(line: &str) -> CompleteArgs {
        CompleteArgs { words: line.split(' ').map(OsString::from).collect() }
    }

    #[test]
    fn the_kind_of_name_is_that_of_the_place() {
        let mut tree = Cli::command();
        tree.build();
        for (line, kind) in [
            ("status ", Some(NameKind::Job)),
            ("status unf", Some(NameKind::Job)),
            ("status one ", Some(NameKind::Job)),
            ("status --sandbox --db q.db ", Some(NameKind::Job)),
            ("--db q.db -v status ", Some(NameKind::Job)),
            ("status --watch ", Some(NameKind::Job)),
            ("status --js", None),
            ("report ", Some(NameKind::Job)),
            ("report one ", None),
            ("report --format ", None),
            ("report -o ", None),
            ("report -o file ", Some(NameKind::Job)),
            ("report -- ", Some(NameKind::Job)),
            ("resume one two ", Some(NameKind::Job)),
            ("run ", None),
            ("run --account ", Some(NameKind::Account)),
            ("run a.csv --account w", Some(NameKind::Account)),
            ("run --job ", Some(NameKind::Job)),
            ("run --action ", None),
            ("account check ", Some(NameKind::Account)),
            ("account default ", Some(NameKind::Account)),
            ("account add ", None),
            ("account ", None),
            ("schedule skip ", Some(NameKind::Schedule)),
            ("schedule add ", None),
            ("schedule edit nightly ", None),
            ("schedule edit ", Some(NameKind::Schedule)),
            ("explain ", None),
            ("stat", None),
            ("", None),
        ] {
            assert_eq!(words(line).kind(&tree), kind, "{line:?}");
        }
        assert_eq!(CompleteArgs { words: Vec::new() }.kind(&tree), None);
    }

    #[test]
    fn the_queue_is_the_one_that_the_words_name() {
        let overrides = |line: &str| {
            let mut overrides = Overrides { db: Some("given.db".into()), ..Overrides::default() };
            words(line).override_in(&mut overrides);
            (overrides.db.unwrap().display().to_string(), overrides.config.is_some(), overrides.sandbox)
        };
        assert_eq!(overrides("status "), ("given.db".into(), false, false));
        assert_eq!(overrides("status --db q.db --config=c.toml --sandbox "), ("q.db".into(), true, true));
        assert_eq!(overrides("--db=q.db run --platform sandbox --account "), ("q.db".into(), false, true));
        assert_eq!(overrides("run --platform x-v2 --db "), ("given.db".into(), false, false));
    }
}
