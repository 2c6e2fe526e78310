//! Options of `cleanup account` and `cleanup doctor`. Secrets are never among them: arguments are seen by everybody on the
//! machine and stay in shells' histories. They come from the environment, the config file or stdin.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::values;
use crate::domain::{AccountHost, AccountName, Action, Platform, UserId};

const ACCOUNT_HELP: &str = "\
Examples:
  cleanup account login                   open the browser, log in to X, store the login encrypted
  cleanup account login work --headless   print the address, and paste the one you end at
  cleanup account login --platform aisa   the key comes from stdin
  cleanup account login fedi --platform mastodon --host example.social
  cleanup account login sky --platform bluesky    handle and app password come from stdin: the way for nights
  cleanup account login sky --platform bluesky --browser --actions unfollow    on its page, for that alone, for two weeks
  cleanup account list
  cleanup account check work
  cleanup account default work            acts where neither the command nor the file names an account
  cleanup account import accounts.csv     many at once; docs/accounts.md has the columns

The app to log in through at X: CLEANUP_X_CLIENT_ID (and CLEANUP_X_CLIENT_SECRET, if it has one).
Register this redirect address at X: http://127.0.0.1:8080/callback (or set [x] redirect).";

/// `cleanup account`
#[derive(Clone, Debug, Args)]
#[command(after_help = ACCOUNT_HELP, arg_required_else_help = true)]
pub struct AccountArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: AccountCommand,
}

/// The commands about accounts.
#[derive(Clone, Debug, Subcommand)]
pub enum AccountCommand {
    /// Keep a token that you have already; it comes from stdin
    Add(AccountAddArgs),
    /// Log in, or log in again
    Login(AccountLoginArgs),
    /// End a login here and, where it can be, at the platform
    Logout(AccountLogoutArgs),
    /// Show every account: who it is, what it may do, until when
    List(AccountListArgs),
    /// Choose the account that acts where neither the command nor the file names one
    Default(AccountDefaultArgs),
    /// Ask the platforms whether logins are good, and whose they are
    Check(AccountCheckArgs),
    /// Log out and drop the account; requests that still count in a window stay on record
    Remove(AccountRemoveArgs),
    /// Keep many accounts from a CSV file, all of them or none
    Import(AccountImportArgs),
}

/// `cleanup account add`
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "Stdin, a line each: the access token, then the refresh token if there is one (x-v2); the access token \
                        and its secret (x-v1); the key (aisa); the access token (mastodon: made at your server under \
                        Preferences, Development, New application; `account login` needs none).\n\nExamples:\n  cleanup account add work --user-id 42 <token.txt\n  \
                        cleanup account add fedi --platform mastodon --host example.social <token.txt"
)]
pub struct AccountAddArgs {
    /// Its short name
    #[arg(value_name = "NAME")]
    pub name: AccountName,
    /// Whose API the token is for
    #[arg(long, value_name = "P", default_value = "x-v2", value_parser = values::real_platform())]
    pub platform: Platform,
    /// The server it lives at, such as example.social; only where each account has one of its own (mastodon, bluesky)
    #[arg(long, value_name = "HOST")]
    pub host: Option<AccountHost>,
    /// Its numeric user ID; without it the platform is asked
    #[arg(long, value_name = "ID", value_parser = values::user_id)]
    pub user_id: Option<UserId>,
}

/// `cleanup account login`
#[derive(Clone, Debug, Args)]
pub struct AccountLoginArgs {
    /// The short name of the account, new or known; without one it is made of platform and user ID
    #[arg(value_name = "NAME")]
    pub name: Option<AccountName>,
    /// Whose API to log in to [default: the account's, else x-v2]
    #[arg(long, value_name = "P", value_parser = values::real_platform())]
    pub platform: Option<Platform>,
    /// The server it lives at, such as example.social; only where each account has one of its own (mastodon, bluesky) and it is not known yet
    #[arg(long, value_name = "HOST")]
    pub host: Option<AccountHost>,
    /// Open no browser and listen nowhere: print the address, and read from stdin what the browser ended at, or the code it showed
    #[arg(long)]
    pub headless: bool,
    /// At a server whose logins are app passwords (bluesky): log in on its page in the browser instead. --headless and --actions do so too
    #[arg(long)]
    pub browser: bool,
    /// What the login is to be for [default: what the account could do before and what is queued for it; else unfollow,unlike]
    #[arg(long, value_name = "ACTION,...", value_delimiter = ',', value_parser = values::any_action(), ignore_case = true)]
    pub actions: Vec<Action>,
}

/// `cleanup account logout`
#[derive(Clone, Debug, Args)]
pub struct AccountLogoutArgs {
    /// The account
    #[arg(value_name = "NAME")]
    pub name: AccountName,
    /// Forget the login here even if its key is lost and the platform cannot be told
    #[arg(long)]
    pub forget: bool,
}

/// `cleanup account list`
#[derive(Clone, Copy, Debug, Args)]
pub struct AccountListArgs {
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// `cleanup account default`
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "Without NAME it prints who acts now: the account of credentials in the environment, else the default, else the \
                  only account.\nJobs and schedules that have an account keep it.\n\nExamples:\n  cleanup account default work\n  \
                  cleanup account default"
)]
pub struct AccountDefaultArgs {
    /// The account
    #[arg(value_name = "NAME")]
    pub name: Option<AccountName>,
    /// No account is the default any more
    #[arg(long, conflicts_with = "name")]
    pub none: bool,
}

/// `cleanup account check`
#[derive(Clone, Debug, Args)]
#[command(after_help = "Exit code 77 where an account needs you, 69 where a platform did not answer, else 0.")]
pub struct AccountCheckArgs {
    /// Only these
    #[arg(value_name = "NAME")]
    pub names: Vec<AccountName>,
    /// Also say whether they may do this [default: what is queued for them]
    #[arg(long, value_name = "ACTION,...", value_delimiter = ',', value_parser = values::action(), ignore_case = true)]
    pub actions: Vec<Action>,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// `cleanup account remove`
#[derive(Clone, Debug, Args)]
pub struct AccountRemoveArgs {
    /// The account
    #[arg(value_name = "NAME")]
    pub name: AccountName,
    /// Even if jobs have queued rows for it; they wait until it is logged in again
    #[arg(short, long)]
    pub yes: bool,
    /// Even if its key is lost and the platform cannot be told
    #[arg(long)]
    pub forget: bool,
}

/// `cleanup account import`
#[derive(Clone, Debug, Args)]
pub struct AccountImportArgs {
    /// The file; - is standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

/// `cleanup doctor`
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "Examples:\n  cleanup doctor\n  cleanup doctor --json\n  cleanup doctor --repair\n  cleanup doctor --restore latest\n\n--repair puts right what the queue itself can tell: rows of which two of three copies agree, and counters. Rows \
                  whose values are lost are never sent. Where the job's file is still there, load it again instead: it has the right \
                  values.\n\n--restore keeps the present file beside the queue. What was sent after the snapshot is not on record: every \
                  window counts as full, and jobs with rows left wait for `verify` or `resume JOB --accept-repeats`. Logins are not in a \
                  snapshot.\n\nExit code 0 where nothing is bad (warnings are not), 78 for the configuration and its key, 74 for disk and \
                  queue, 77 for accounts; the first of these that applies."
)]
pub struct DoctorArgs {
    /// Which queue.
    #[command(flatten)]
    pub sandbox: super::SandboxFlag,
    /// First put right what the queue itself can tell about damaged rows and counters
    #[arg(long)]
    pub repair: bool,
    /// First take the queue back to this copy of its file, or to the newest snapshot (`latest`)
    #[arg(long, value_name = "FILE", conflicts_with = "repair")]
    pub restore: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}
