//! A scheduled run as words, and back: the words after `cleanup run` (and after `cleanup list`, where the file is a list that
//! is read anew each time) are what is kept, so that a schedule does what the same words would do when typed.
//!
//! The words are those that were typed, as clap tells them apart: an age stays an age, and an option that `run` gets one day
//! is kept like the others. Paths become absolute, for a timer starts elsewhere.

use std::any::TypeId;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::parser::ValueSource;
use clap::{ArgAction, ArgMatches, CommandFactory, Parser};

use crate::cli::args::{Cli, Command, ListArgs, RunArgs, ScheduleAddArgs};
use crate::domain::{AccountName, Action};
use crate::error::{CommandError, ErrorKind};
use crate::lists::ListKind;

/// What the schedule's own options say, or what only a person who is there can mean.
pub(super) const NOT_KEPT: [&str; 9] =
    ["sandbox", "until", "for_", "yes", "json", "progress", "dry_run", "files", "output"];
/// What is asked of the entries of a list and not again of the file it becomes, which tells less of them.
pub(super) const OF_ENTRIES: [&str; 12] = [
    "only",
    "older_than",
    "newer_than",
    "before",
    "after",
    "not_following_back",
    "inactive_since",
    "max_likes",
    "max_reposts",
    "matching",
    "limit",
    "order",
];

/// The words of what is to be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Words {
    /// After `cleanup run`.
    pub(super) run: Vec<String>,
    /// After `cleanup list`.
    pub(super) list: Option<Vec<String>>,
}

impl Words {
    /// The same for this account, where they name none.
    pub(super) fn acting_for(mut self, account: Option<&AccountName>) -> Words {
        let Some(account) = account else { return self };
        for words in [Some(&mut self.run), self.list.as_mut()].into_iter().flatten() {
            let place = words.iter().position(|word| word == "--").unwrap_or(words.len());
            words.insert(place, format!("--account={account}"));
        }
        self
    }
}

/// The words of what is to be run. `line` is the command line as it was typed; a list is written to `list_file`.
///
/// # Errors
/// A path that is no text; a list that does not say what is to be done with its entries.
pub(super) fn to_words(
    args: &ScheduleAddArgs,
    line: impl IntoIterator<Item = OsString>,
    list_file: &Path,
) -> Result<Words, CommandError> {
    let typed = typed_in(line, "add")?;
    let Some(list) = args.list else {
        let mut run = options("run", &typed, "add", &NOT_KEPT)?;
        // A file may be called like an option.
        run.push("--".into());
        for file in &args.files {
            run.push(absolute(file)?);
        }
        return checked(Words { run, list: None });
    };
    let mut run = options("run", &typed, "add", &[&NOT_KEPT[..], &OF_ENTRIES].concat())?;
    if args.rows.action.is_none() {
        run.push(format!("--action={}", action_of(list)?.name()));
    }
    if args.job.is_none() {
        run.push(format!("--job={}", args.name));
    }
    let file = absolute(list_file)?;
    run.extend(["--".into(), file.clone()]);
    let mut words = options("list", &typed, "add", &NOT_KEPT)?;
    words.extend([format!("--output={file}"), "--".into(), list.name().into()]);
    checked(Words { run, list: Some(words) })
}

/// What was typed for one of the commands about schedules.
///
/// # Errors
/// The line is another command.
pub(super) fn typed_in(line: impl IntoIterator<Item = OsString>, command: &str) -> Result<ArgMatches, CommandError> {
    let matches = Cli::command()
        .try_get_matches_from(line)
        .map_err(|error| CommandError::new(ErrorKind::Usage, error.to_string()))?;
    let typed = matches.subcommand_matches("schedule").and_then(|matches| matches.subcommand_matches(command));
    typed.cloned().ok_or_else(|| CommandError::new(ErrorKind::Fault, "these are not the words of a schedule"))
}

/// What takes the entries of a list off it. Deleting posts is never meant by itself.
pub(super) fn action_of(list: ListKind) -> Result<Action, CommandError> {
    list.undone_by().filter(|action| *action != Action::DeletePost).ok_or_else(|| {
        let hint =
            if list == ListKind::Posts { "add --action delete-post if you mean it" } else { "add --action ACTION" };
        CommandError::new(ErrorKind::Usage, format!("--list {list} does not say what is to be done with them"))
            .hint(hint)
    })
}

/// The options that a command shares with the command about schedules that was typed, as far as they were given there.
pub(super) fn options(
    command: &str,
    typed: &ArgMatches,
    typed_for: &str,
    without: &[&str],
) -> Result<Vec<String>, CommandError> {
    let tree = Cli::command();
    let known = |name: &[&str]| -> Vec<clap::Arg> {
        let found = name.iter().try_fold(&tree, |command, name| command.find_subcommand(name));
        found.map(|command| command.get_arguments().cloned().collect()).unwrap_or_default()
    };
    let ours = known(&["schedule", typed_for]);
    let mut words = Vec::new();
    for arg in known(&[command]) {
        let id = arg.get_id();
        let is_shared = ours.iter().any(|ours| ours.get_id() == id) && !without.contains(&id.as_str());
        let Some(long) = arg.get_long().filter(|_| is_shared) else { continue };
        if typed.value_source(id.as_str()) != Some(ValueSource::CommandLine) {
            continue;
        }
        if matches!(arg.get_action(), ArgAction::SetTrue) {
            words.push(format!("--{long}"));
            continue;
        }
        let is_path = arg.get_value_parser().type_id() == TypeId::of::<PathBuf>();
        for value in typed.get_raw(id.as_str()).into_iter().flatten() {
            // In one word: the value may begin with a hyphen.
            let value = if is_path { absolute(Path::new(value))? } else { text(Path::new(value))? };
            words.push(format!("--{long}={value}"));
        }
    }
    Ok(words)
}

/// What is kept can be read again: better told now than in the night.
pub(super) fn checked(words: Words) -> Result<Words, CommandError> {
    run_of(&words.run)?;
    if let Some(list) = &words.list {
        list_of(list)?;
    }
    Ok(words)
}

/// The options of a run, as if somebody had typed them and said yes.
///
/// # Errors
/// Words that this version does not understand: another one wrote them.
pub(super) fn run_of(words: &[String]) -> Result<RunArgs, CommandError> {
    match parsed(&["run", "--yes"], words)? {
        Command::Run(args) => Ok(*args),
        _ => Err(CommandError::new(ErrorKind::Fault, "the words of a schedule are another command")),
    }
}

/// The options of a reading.
///
/// # Errors
/// As [`run_of`].
pub(super) fn list_of(words: &[String]) -> Result<ListArgs, CommandError> {
    match parsed(&["list"], words)? {
        Command::List(args) => Ok(*args),
        _ => Err(CommandError::new(ErrorKind::Fault, "the words of a schedule are another command")),
    }
}

fn parsed(command: &[&str], words: &[String]) -> Result<Command, CommandError> {
    let line = ["cleanup"].iter().chain(command).map(|word| (*word).to_owned()).chain(words.iter().cloned());
    Cli::try_parse_from(line).map(|cli| cli.command).map_err(|error| {
        let text = error.render().to_string();
        let first = text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned();
        CommandError::new(ErrorKind::Config, format!("this version cannot run what the schedule says: {first}"))
            .hint("remove the schedule and add it again")
    })
}

pub(super) fn absolute(path: &Path) -> Result<String, CommandError> {
    text(&std::path::absolute(path).map_err(|error| CommandError::io(path.display(), error))?)
}

fn text(value: &Path) -> Result<String, CommandError> {
    value.to_str().map(str::to_owned).ok_or_else(|| {
        CommandError::new(
            ErrorKind::Usage,
            format!("{}: this is not UTF-8, and a schedule cannot keep it", value.display()),
        )
        .hint("rename the file or its folder")
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::cli::args::{ScheduleArgs, ScheduleCommand};

    fn words(more: &[&str]) -> Result<(ScheduleAddArgs, Words), CommandError> {
        let line: Vec<OsString> = ["cleanup", "schedule", "add", "n", "--cron", "0 2 * * *", "--until", "06:00"]
            .iter()
            .chain(more)
            .map(OsString::from)
            .collect();
        let args = match Cli::try_parse_from(&line).unwrap().command {
            Command::Schedule(ScheduleArgs { command: ScheduleCommand::Add(args) }) => *args,
            other => panic!("{other:?}"),
        };
        let words = to_words(&args, line, Path::new("/lists/n.csv"))?;
        Ok((args, words))
    }

    #[test]
    fn every_option_comes_back_as_it_was() {
        let line = [
            "--job=a b",
            "--account=work",
            "--action=unlike",
            "--platform=x-v1",
            "--column=-odd",
            "--keep=/k.csv",
            "--older-than=1y6mo",
            "--limit=9",
            "--order=oldest",
            "--trust-ids",
            "--strict",
            "--again",
            "--allow-shrink",
            "--max-requests=7",
            "--max-spend=5.25",
            "--rate=50/15m",
            "--rate=500/24h",
            "--pace=front-load",
            "--workers=3",
            "--give-up-after=90s",
            "--notify=mail -s \"it's done\" me",
            "/a/un follow.csv",
        ];
        let (args, words) = words(&line).unwrap();
        let run = run_of(&words.run).unwrap();
        assert_eq!(run.files.files, args.files);
        assert_eq!(run.files.job, args.job);
        assert_eq!(format!("{:?}", run.rows), format!("{:?}", args.rows));
        assert_eq!(format!("{:?}", run.reload), format!("{:?}", args.reload));
        assert_eq!(format!("{:?}", run.drain.bounds), format!("{:?}", args.bounds));
        assert!(run.drain.yes && run.drain.until.is_none() && words.list.is_none());
        assert_eq!(words.run.len(), line.len() + 1, "{words:?}");
    }

    #[test]
    fn a_list_is_read_filtered_and_then_run() {
        let line = ["--list=likes", "--older-than=1y", "--keep=k.csv", "--account=work", "--max-spend=5", "--again"];
        let (_, words) = words(&line).unwrap();
        let (run, list) = (run_of(&words.run).unwrap(), list_of(words.list.as_ref().unwrap()).unwrap());
        assert_eq!((list.list, list.output.as_deref()), (ListKind::Likes, Some(Path::new("/lists/n.csv"))));
        assert!(list.filter.which.older_than.is_some() && list.max_spend.is_some());
        assert!(list.filter.which.keep.as_ref().is_some_and(|keep| keep.is_absolute()));
        assert_eq!(run.files.files, [PathBuf::from("/lists/n.csv")]);
        assert_eq!((run.files.job.as_deref(), run.rows.action), (Some("n"), Some(Action::Unlike)));
        assert!(run.rows.which.older_than.is_none() && run.rows.which.keep == list.filter.which.keep);
        assert_eq!(run.rows.account, list.account);
    }

    #[test]
    fn posts_are_deleted_only_where_somebody_says_so() {
        for list in ["--list=posts", "--list=followers"] {
            assert_eq!(words(&[list]).unwrap_err().kind, ErrorKind::Usage);
        }
        let (_, words) = words(&["--list=posts", "--action=delete-post"]).unwrap();
        assert_eq!(run_of(&words.run).unwrap().rows.action, Some(Action::DeletePost));
    }

    #[test]
    fn a_file_like_an_option_stays_a_file_and_becomes_absolute() {
        let (_, words) = words(&["--", "--yes.csv"]).unwrap();
        let run = run_of(&words.run).unwrap();
        assert!(run.files.files[0].is_absolute() && run.files.files[0].ends_with("--yes.csv"));
        assert_eq!(run_of(&["--no-such".into()]).unwrap_err().kind, ErrorKind::Config);
    }
}
