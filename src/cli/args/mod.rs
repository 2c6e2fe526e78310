//! The command line: names, options and help, exactly those of the contract.
//!
//! In: words. Out: [`Cli`], with every value already a type of the domain, so that nonsense ends here with exit code 2. What
//! does not belong here: doing anything.

mod account;
mod command;
mod complete;
mod config;
mod db;
mod filter;
mod global;
mod import;
mod list;
mod load;
mod queue;
mod rows;
mod run;
mod schedule;
mod serve;
mod undo;
mod until;
mod values;

pub use account::{
    AccountAddArgs, AccountArgs, AccountCheckArgs, AccountCommand, AccountDefaultArgs, AccountImportArgs,
    AccountListArgs, AccountLoginArgs, AccountLogoutArgs, AccountRemoveArgs, DoctorArgs,
};
pub use command::Command;
pub use complete::{CompleteArgs, NameKind};
pub use config::{ConfigArgs, ConfigCommand, ConfigInitArgs, ConfigShowArgs};
pub use db::{DbArgs, DbCommand, DbMigrateArgs, DbMoveArgs};
pub use filter::{FilterArgs, ListFilterArgs};
pub use global::{ColorChoice, GlobalArgs, LogFormatArg};
pub use import::ImportArgs;
pub use list::ListArgs;
pub use load::{CheckArgs, LoadArgs};
pub use queue::{
    AuditArgs, CompletionsArgs, ExplainArgs, ForgetArgs, JobArgs, ManArgs, ReportArgs, ReportFormat, RetryArgs,
    SandboxArgs, SandboxFlag, StatusArgs, VerifyArgs, WorklistKind,
};
pub use rows::{FileArgs, ReloadArgs, RowArgs};
pub use run::{BoundsArgs, DrainArgs, ResumeArgs, RunArgs};
pub use schedule::{
    ScheduleAddArgs, ScheduleArgs, ScheduleCommand, ScheduleDueArgs, ScheduleEditArgs, ScheduleInstallArgs,
    ScheduleListArgs, ScheduleNameArgs, ScheduleNextArgs,
};
pub use serve::ServeArgs;
pub use undo::UndoArgs;
pub use until::{Until, UntilError};

use clap::{CommandFactory, FromArgMatches, Parser};

use crate::config::{MAX_WINDOWS, Overrides};
use crate::domain::Platform;
use rows::load_request;

const EXAMPLES: &str = "\
Examples:
  cleanup check unfollow.csv            read the file and say what would happen
  cleanup run unfollow.csv              load it and work on it until done
  cleanup run unfollow.csv --sandbox    the same in the sandbox: nothing is sent to X
  cleanup status                        progress, slots left, expected end
  cleanup report unfollow -o out.csv    what became of every row
  cleanup import twitter.zip --what likes -o unlike.csv
                                        your likes, from the data archive X sends
  cleanup list following -o unfollow.csv
                                        whom you follow, from the platform
  cleanup account login                 log in once; the login is stored encrypted, and refreshed

Exit codes:
   0 done                           69 no answer from the platform
   2 usage                          74 disk or database
   3 done, with failed or           75 another process drains the queue
     rejected rows                  77 an account needs you
   4 stopped early, work left       78 configuration
  65 bad input, nothing queued   128+N stopped by signal N";

/// Undo social actions in bulk, inside the platform's limits, however often interrupted.
#[derive(Debug, Parser)]
#[command(name = "cleanup", version, about, after_help = EXAMPLES, arg_required_else_help = true)]
#[command(subcommand_required = true, max_term_width = 100)]
pub struct Cli {
    /// Options of every command.
    #[command(flatten)]
    pub global: GlobalArgs,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// What that is called.
    #[arg(skip)]
    pub command_name: String,
}

/// An option's `-1` is a value that the option refuses in its own words, not an unknown option.
fn take_negative_numbers(command: clap::Command) -> clap::Command {
    let takes_value = |arg: &clap::Arg| !arg.is_positional() && arg.get_action().takes_values();
    command
        .mut_args(|arg| if takes_value(&arg) { arg.allow_negative_numbers(true) } else { arg })
        .mut_subcommands(take_negative_numbers)
}

impl Cli {
    /// Reads the command line of this process; on nonsense, or where help is asked for, the error says what to print and which
    /// exit code to end with.
    ///
    /// # Errors
    /// What clap says.
    pub fn read() -> Result<Cli, clap::Error> {
        let color = ColorChoice::asked_for(std::env::args_os()).for_clap();
        let mut command = take_negative_numbers(Cli::command()).color(color);
        let mut matches = command.try_get_matches_from_mut(std::env::args_os())?;
        let command_name = matches.subcommand_name().unwrap_or_default().to_owned();
        let mut cli = Cli::from_arg_matches_mut(&mut matches).map_err(|error| error.format(&mut command))?;
        cli.command_name = command_name;
        match cli.contradiction() {
            None => Ok(cli),
            Some(why) => Err(command.error(clap::error::ErrorKind::ArgumentConflict, why)),
        }
    }

    /// What no single option is wrong about.
    fn contradiction(&self) -> Option<String> {
        let (rows, rates) = match &self.command {
            Command::Run(args) => (Some((&args.files, &args.rows)), &args.drain.bounds.rates[..]),
            Command::Load(args) => (Some((&args.files, &args.rows)), &[][..]),
            Command::Check(args) => (Some((&args.files, &args.rows)), &args.rates[..]),
            Command::Serve(args) => (None, &args.rates[..]),
            Command::Schedule(ScheduleArgs { command: ScheduleCommand::Add(args) }) => {
                if let Some(why) = args.contradiction() {
                    return Some(why);
                }
                (None, &args.bounds.rates[..])
            }
            Command::Schedule(ScheduleArgs { command: ScheduleCommand::Edit(args) }) => {
                if let Some(why) = args.contradiction() {
                    return Some(why);
                }
                (None, &args.bounds.rates[..])
            }
            Command::Resume(args) => (None, &args.drain.bounds.rates[..]),
            Command::List(args) => return sandbox_and(args.sandbox.sandbox, args.platform),
            _ => (None, &[][..]),
        };
        if rates.len() > MAX_WINDOWS {
            return Some(format!("there are more than {MAX_WINDOWS} --rate; give fewer"));
        }
        let (files, rows) = rows?;
        load_request(files, rows, ReloadArgs::default())
            .contradiction()
            .or_else(|| sandbox_and(rows.sandbox.sandbox, rows.platform))
    }

    /// What the options say of the settings.
    pub fn overrides(&self) -> Overrides {
        let mut overrides = self.global.overrides();
        match &self.command {
            Command::Run(args) => {
                args.drain.override_in(&mut overrides);
                overrides.sandbox = args.rows.is_sandbox();
            }
            Command::Resume(args) => {
                args.drain.override_in(&mut overrides);
                overrides.sandbox = args.sandbox.sandbox;
            }
            Command::Serve(args) => args.override_in(&mut overrides),
            Command::Load(args) => overrides.sandbox = args.rows.is_sandbox(),
            Command::Check(args) => {
                overrides.sandbox = args.rows.is_sandbox();
                overrides.rates.clone_from(&args.rates);
                (overrides.pace, overrides.per) = (args.pace, args.per);
            }
            Command::Status(args) => overrides.sandbox = args.sandbox.sandbox,
            Command::Report(args) => overrides.sandbox = args.sandbox.sandbox,
            Command::Undo(args) => {
                args.drain.override_in(&mut overrides);
                overrides.sandbox = args.sandbox.sandbox;
            }
            Command::Verify(args) => overrides.sandbox = args.sandbox.sandbox,
            Command::Retry(args) => overrides.sandbox = args.sandbox.sandbox,
            Command::Pause(args) | Command::Unpause(args) | Command::Cancel(args) => {
                overrides.sandbox = args.sandbox.sandbox;
            }
            Command::Explain(args) => overrides.sandbox = args.sandbox.sandbox,
            Command::Audit(args) => {
                overrides.sandbox = args.sandbox.sandbox;
                overrides.rates.clone_from(&args.rates);
                overrides.per = args.per;
            }
            Command::List(args) => args.override_in(&mut overrides),
            Command::Forget(args) => overrides.sandbox = args.sandbox.sandbox,
            Command::Import(args) => overrides.sandbox = args.sandbox.sandbox,
            Command::Db(args) => args.override_in(&mut overrides),
            Command::Config(args) => args.override_in(&mut overrides),
            Command::Complete(args) => args.override_in(&mut overrides),
            Command::Doctor(args) => overrides.sandbox = args.sandbox.sandbox,
            Command::Schedule(args) => match &args.command {
                ScheduleCommand::Add(args) => {
                    args.bounds.bounds().override_in(&mut overrides);
                    overrides.sandbox = args.rows.is_sandbox();
                }
                ScheduleCommand::Edit(args) => {
                    args.bounds.bounds().override_in(&mut overrides);
                    overrides.sandbox = args.rows.is_sandbox();
                }
                ScheduleCommand::List(args) => overrides.sandbox = args.sandbox.sandbox,
                ScheduleCommand::Next(args) => overrides.sandbox = args.sandbox.sandbox,
                ScheduleCommand::Remove(args)
                | ScheduleCommand::Run(args)
                | ScheduleCommand::Skip(args)
                | ScheduleCommand::Unskip(args) => {
                    overrides.sandbox = args.sandbox.sandbox;
                }
                ScheduleCommand::Due(args) => overrides.sandbox = args.sandbox.sandbox,
                ScheduleCommand::Install(args) => overrides.sandbox = args.sandbox.sandbox,
            },
            Command::Account(_) | Command::Sandbox(_) | Command::Completions(_) | Command::Man(_) => {}
        }
        overrides
    }

    /// The JSON object that `--json` promises whatever the end; none where it is not asked for.
    pub fn promised_json(&self) -> Option<PromisedJson> {
        let (is_asked_for, promised) = match &self.command {
            Command::Run(args) => (args.drain.json, PromisedJson::Run),
            Command::Resume(args) => (args.drain.json, PromisedJson::Run),
            Command::Undo(args) => (args.drain.json, PromisedJson::Run),
            Command::Check(args) => (args.json, PromisedJson::Files),
            Command::Load(args) => (args.json, PromisedJson::Answer),
            Command::Status(args) => (args.json, PromisedJson::Answer),
            Command::Retry(args) => (args.json, PromisedJson::Answer),
            Command::Explain(args) => (args.json, PromisedJson::Answer),
            Command::Forget(args) => (args.json, PromisedJson::Answer),
            Command::Config(ConfigArgs { command: ConfigCommand::Show(args) }) => (args.json, PromisedJson::Answer),
            Command::Verify(args) => (args.json, PromisedJson::Answer),
            Command::Audit(args) => (args.json, PromisedJson::Answer),
            Command::Db(DbArgs { command: DbCommand::Move(args) }) => (args.json, PromisedJson::Answer),
            Command::Doctor(args) => (args.json, PromisedJson::Answer),
            Command::Account(AccountArgs { command: AccountCommand::List(args) }) => (args.json, PromisedJson::Answer),
            Command::Account(AccountArgs { command: AccountCommand::Check(args) }) => (args.json, PromisedJson::Answer),
            Command::Schedule(ScheduleArgs { command: ScheduleCommand::List(args) }) => {
                (args.json, PromisedJson::Answer)
            }
            Command::Schedule(ScheduleArgs { command: ScheduleCommand::Next(args) }) => {
                (args.json, PromisedJson::Answer)
            }
            _ => return None,
        };
        is_asked_for.then_some(promised)
    }
}

/// What the JSON object of a command has beside its error and exit code where it fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PromisedJson {
    /// The other keys of a run, of which nothing has been done.
    Run,
    /// No files.
    Files,
    /// Nothing: there is no answer.
    Answer,
}

/// Why `--sandbox` and a platform contradict each other, where they do: one that has a stand-in of its own in the sandbox says which is meant.
fn sandbox_and(flag: bool, platform: Option<Platform>) -> Option<String> {
    let standard = Platform::default().in_sandbox();
    let other = platform.filter(|platform| !platform.is_sandbox() && platform.in_sandbox() == standard)?;
    flag.then(|| format!("--sandbox and --platform {other} contradict each other; give one of them"))
}

/// `--sandbox`, or `--platform sandbox`, which means the same.
fn is_sandbox(flag: bool, platform: Option<Platform>) -> bool {
    flag || platform.is_some_and(Platform::is_sandbox)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_tree_is_sound() {
        Cli::command().debug_assert();
    }

    fn contradiction(words: &[&str]) -> Option<String> {
        Cli::try_parse_from(words).unwrap().contradiction()
    }

    #[test]
    fn contradictions_are_named() {
        let why = contradiction(&["cleanup", "run", "-"]).unwrap();
        assert!(why.contains("--job"), "{why}");
        assert!(contradiction(&["cleanup", "run", "-", "--job", "x"]).is_none());
        assert!(contradiction(&["cleanup", "load", "a.csv", "b.csv", "--job", "x"]).is_some());
        assert!(contradiction(&["cleanup", "load", "a.csv", "--sandbox", "--platform", "x-v1"]).is_some());
        assert!(contradiction(&["cleanup", "load", "a.csv", "--sandbox", "--platform", "sandbox"]).is_none());
        assert!(contradiction(&["cleanup", "list", "likes", "--sandbox", "--platform", "aisa"]).is_some());
        assert!(contradiction(&["cleanup", "list", "likes", "--sandbox", "--platform", "sandbox"]).is_none());
    }

    #[test]
    fn options_reach_the_settings() {
        let words =
            ["cleanup", "run", "a.csv", "--platform", "sandbox", "--rate", "20/15m", "--rate", "90/h", "--db", "/q"];
        let cli = Cli::try_parse_from(words.into_iter().chain(["--workers", "7", "--json"])).unwrap();
        let overrides = cli.overrides();
        assert!(overrides.sandbox && cli.promised_json() == Some(PromisedJson::Run));
        assert_eq!((overrides.rates.len(), overrides.workers), (2, Some(7)));
        assert_eq!(overrides.db.unwrap(), std::path::PathBuf::from("/q"));
    }
}
