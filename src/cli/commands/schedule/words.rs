//! A scheduled run as words, and back: the words after `cleanup run` are what is kept, so that a schedule does what the same
//! words would do when typed.

use std::path::Path;

use clap::Parser;

use crate::cli::args::{BoundsArgs, Cli, Command, FilterArgs, ReloadArgs, RowArgs, RunArgs, ScheduleAddArgs};
use crate::cli::error::{CliError, Kind};
use crate::domain::Platform;
use crate::limits::Pace;

/// The words of what is to be run. Files become absolute: a timer starts elsewhere.
///
/// # Errors
/// A path that is no text.
pub(super) fn to_words(args: &ScheduleAddArgs) -> Result<Vec<String>, CliError> {
    let mut words = Vec::new();
    if let Some(job) = &args.files.job {
        push(&mut words, "--job", job);
    }
    rows_to_words(&args.rows, &mut words)?;
    let ReloadArgs { again, allow_shrink } = args.reload;
    flag(&mut words, "--again", again);
    flag(&mut words, "--allow-shrink", allow_shrink);
    bounds_to_words(&args.bounds, &mut words);
    // A file may be called like an option.
    words.push("--".into());
    for file in &args.files.files {
        words.push(absolute(file)?);
    }
    Ok(words)
}

fn rows_to_words(rows: &RowArgs, words: &mut Vec<String>) -> Result<(), CliError> {
    // Which queue it is says whether it is the sandbox.
    let RowArgs { account, action, platform, sandbox: _, column, strict, which } = rows;
    if let Some(account) = account {
        push(words, "--account", account.as_str());
    }
    if let Some(action) = action {
        push(words, "--action", action.name());
    }
    if let Some(platform) = platform.filter(|platform| *platform != Platform::Sandbox) {
        push(words, "--platform", platform.name());
    }
    if let Some(column) = column {
        push(words, "--column", column);
    }
    flag(words, "--strict", *strict);
    which_to_words(which, words)
}

fn which_to_words(which: &FilterArgs, words: &mut Vec<String>) -> Result<(), CliError> {
    let FilterArgs { keep, only, older_than, newer_than, before, after, .. } = which;
    let FilterArgs { not_following_back, inactive_since, min_likes, matching, limit, order, .. } = which;
    for (option, file) in [("--keep", keep), ("--only", only)] {
        if let Some(file) = file {
            push(words, option, &absolute(file)?);
        }
    }
    // An age stays an age: every night counts it back from its own day.
    let texts = [
        ("--older-than", older_than.map(|age| age.to_string())),
        ("--newer-than", newer_than.map(|age| age.to_string())),
        ("--before", before.map(|day| day.to_string())),
        ("--after", after.map(|day| day.to_string())),
        ("--inactive-since", inactive_since.map(|since| since.to_string())),
        ("--min-likes", min_likes.map(|most| most.to_string())),
        ("--matching", matching.clone()),
        ("--limit", limit.map(|most| most.to_string())),
        ("--order", order.map(|order| order.name().to_owned())),
    ];
    for (option, text) in texts {
        if let Some(text) = text {
            push(words, option, &text);
        }
    }
    flag(words, "--not-following-back", *not_following_back);
    Ok(())
}

fn bounds_to_words(bounds: &BoundsArgs, words: &mut Vec<String>) {
    let BoundsArgs { max_requests, max_spend, rates, pace, workers, give_up_after, notify } = bounds;
    if let Some(most) = max_requests {
        push(words, "--max-requests", &most.to_string());
    }
    if let Some(most) = max_spend {
        push(words, "--max-spend", most.to_string().trim_start_matches('$'));
    }
    for rate in rates {
        push(words, "--rate", &rate.to_string());
    }
    if let Some(pace) = pace {
        push(words, "--pace", if *pace == Pace::Even { "even" } else { "front-load" });
    }
    if let Some(workers) = workers {
        push(words, "--workers", &workers.to_string());
    }
    if let Some(patience) = give_up_after {
        push(words, "--give-up-after", &format!("{}ms", patience.as_millis()));
    }
    if let Some(command) = notify {
        push(words, "--notify", command);
    }
}

/// The options that words mean, as if somebody had typed them and said yes.
///
/// # Errors
/// Words that this version does not understand: another one wrote them.
pub(super) fn from_words(words: &[String]) -> Result<RunArgs, CliError> {
    let line = ["cleanup", "run", "--yes"].into_iter().map(str::to_owned).chain(words.iter().cloned());
    match Cli::try_parse_from(line) {
        Ok(Cli { command: Command::Run(args), .. }) => Ok(*args),
        Ok(_) => Err(CliError::new(Kind::Fault, "the words of a schedule are another command")),
        Err(error) => {
            let text = error.render().to_string();
            let first = text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned();
            Err(CliError::new(Kind::Config, format!("this version cannot run what the schedule says: {first}"))
                .hint("remove the schedule and add it again"))
        }
    }
}

fn push(words: &mut Vec<String>, option: &str, value: &str) {
    // In one word: the value may begin with a hyphen.
    words.push(format!("{option}={value}"));
}

fn flag(words: &mut Vec<String>, option: &str, is_set: bool) {
    if is_set {
        words.push(option.into());
    }
}

fn absolute(path: &Path) -> Result<String, CliError> {
    let whole = std::path::absolute(path).map_err(|error| CliError::io(path.display(), error))?;
    let text = whole.to_str().map(str::to_owned);
    text.ok_or_else(|| {
        CliError::new(Kind::Usage, format!("{}: this path is not UTF-8, and a schedule cannot keep it", path.display()))
            .hint("rename the file or its folder")
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::cli::args::{ScheduleArgs, ScheduleCommand};

    fn added(words: &[&str]) -> ScheduleAddArgs {
        let line = ["cleanup", "schedule", "add", "n", "--cron", "0 2 * * *"].iter().chain(words).copied();
        match Cli::try_parse_from(line).unwrap().command {
            Command::Schedule(ScheduleArgs { command: ScheduleCommand::Add(args) }) => *args,
            other => panic!("{other:?}"),
        }
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
            "--only=/o.csv",
            "--older-than=1y6mo",
            "--newer-than=30y",
            "--before=2020-01-31",
            "--after=2001-01-31T06:00",
            "--inactive-since=2w3d",
            "--min-likes=5",
            "--matching=-a b",
            "--limit=9",
            "--order=newest",
            "--not-following-back",
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
        let args = added(&line);
        let words = to_words(&args).unwrap();
        let run = from_words(&words).unwrap();
        assert_eq!(format!("{:?}", run.files), format!("{:?}", args.files));
        assert_eq!(format!("{:?}", run.rows), format!("{:?}", args.rows));
        assert_eq!(format!("{:?}", run.reload), format!("{:?}", args.reload));
        assert_eq!(format!("{:?}", run.drain.bounds), format!("{:?}", args.bounds));
        assert!(run.drain.yes && run.drain.until.is_none() && run.drain.for_.is_none());
    }

    #[test]
    fn a_file_like_an_option_stays_a_file_and_becomes_absolute() {
        let args = added(&["--", "--yes.csv"]);
        let run = from_words(&to_words(&args).unwrap()).unwrap();
        assert!(run.files.files[0].is_absolute() && run.files.files[0].ends_with("--yes.csv"));
        assert_eq!(from_words(&["--no-such".into()]).unwrap_err().kind, Kind::Config);
    }
}
