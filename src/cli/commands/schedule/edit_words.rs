//! The words of a schedule with some of them changed: what is typed replaces what was kept under the same option.

use std::ffi::OsString;
use std::path::Path;

use super::words::{NOT_KEPT, OF_ENTRIES, Words, absolute, action_of, checked, options, typed_in};
use crate::cli::args::ScheduleEditArgs;
use crate::error::{CommandError, ErrorKind};
use crate::lists::ListKind;
use crate::text::escaped;

/// What is to be changed.
pub(super) struct Change<'a> {
    pub(super) args: &'a ScheduleEditArgs,
    /// The long names of options to be taken out.
    pub(super) without: &'a [&'a String],
    /// Where a list is written.
    pub(super) list_file: &'a Path,
}

/// The words that come of it. `line` is the command line as it was typed.
///
/// # Errors
/// An option that is to go and is not there; files for a schedule of a list, or the other way round; options that do not go together.
pub(super) fn changed(
    before: &Words,
    line: impl IntoIterator<Item = OsString>,
    change: &Change<'_>,
) -> Result<Words, CommandError> {
    let Change { args, without, list_file } = change;
    let matches = typed_in(line, "edit")?;
    for option in *without {
        let all = before.run.iter().chain(before.list.iter().flatten());
        if !all.into_iter().any(|word| name_of(word) == Some(option.as_str())) {
            return Err(not_set(&args.name, option));
        }
    }
    let words = match &before.list {
        None => {
            if args.list.is_some() {
                return Err(other_source(&args.name, "files, and --list reads a list instead"));
            }
            let typed = options("run", &matches, "edit", &NOT_KEPT)?;
            let mut run = merged(&before.run, typed, without);
            if !args.files.is_empty() {
                run.truncate(run.iter().position(|word| word == "--").unwrap_or(run.len()));
                run.push("--".into());
                for file in &args.files {
                    run.push(absolute(file)?);
                }
            }
            Words { run, list: None }
        }
        Some(list) => {
            if !args.files.is_empty() {
                return Err(other_source(&args.name, "a list, and files are given"));
            }
            let mut typed = options("run", &matches, "edit", &[&NOT_KEPT[..], &OF_ENTRIES].concat())?;
            if let Some(kind) = args.list.filter(|_| args.rows.action.is_none()) {
                typed.push(format!("--action={}", action_of(kind)?.name()));
            }
            let run = merged(&before.run, typed, without);
            let list = merged(list, options("list", &matches, "edit", &NOT_KEPT)?, without);
            Words { run, list: Some(of_list(list, args.list, &absolute(list_file)?)) }
        }
    };
    checked(words).map_err(|error| {
        let message = format!("what comes of it makes no sense: {}; nothing was changed", error.message);
        CommandError::new(ErrorKind::Usage, message).hint("take the other option out with --without NAME")
    })
}

/// The words of a list with another list, where one is given.
fn of_list(mut words: Vec<String>, list: Option<ListKind>, file: &str) -> Vec<String> {
    let Some(list) = list else { return words };
    words.truncate(words.iter().position(|word| word == "--").unwrap_or(words.len()));
    words.retain(|word| name_of(word) != Some("output"));
    words.extend([format!("--output={file}"), "--".into(), list.name().into()]);
    words
}

/// The options kept, with those that were typed in their place or behind them, and what follows them.
fn merged(before: &[String], mut typed: Vec<String>, without: &[&String]) -> Vec<String> {
    let place = before.iter().position(|word| word == "--").unwrap_or(before.len());
    let (options, rest) = before.split_at(place);
    let given: Vec<String> = typed.iter().filter_map(|word| name_of(word)).map(str::to_owned).collect();
    let mut words = Vec::with_capacity(before.len());
    for word in options {
        match name_of(word) {
            // All that were given of it, where the first of it was.
            Some(name) if given.iter().any(|given| given == name) => {
                words.extend(typed.extract_if(.., |typed| name_of(typed) == Some(name)));
            }
            Some(name) if without.iter().any(|without| *without == name) => {}
            _ => words.push(word.clone()),
        }
    }
    words.extend(typed);
    words.extend_from_slice(rest);
    words
}

/// The long name of an option: `--max-spend=5` is `max-spend`.
fn name_of(word: &str) -> Option<&str> {
    let name = word.strip_prefix("--")?;
    Some(name.split_once('=').map_or(name, |(name, _)| name)).filter(|name| !name.is_empty())
}

fn other_source(schedule: &str, why: &str) -> CommandError {
    CommandError::new(ErrorKind::Usage, format!("{} runs {why}", escaped(schedule)))
        .hint("add another schedule for that, and remove this one")
}

/// An option that is to be taken out, and is not there.
pub(super) fn not_set(schedule: &str, option: &str) -> CommandError {
    CommandError::new(ErrorKind::Usage, format!("{} has no --{}", escaped(schedule), escaped(option)))
        .hint("`cleanup schedule list` shows the options it has")
}
