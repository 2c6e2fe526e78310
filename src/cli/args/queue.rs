//! Options of the commands that look at a queue or steer it, and of those that need none.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use clap_complete::Shell;

use super::values;
use crate::config::Per;
use crate::domain::{MicroUsd, Rate, Target};
use crate::sandbox::FieldNames;

/// `--sandbox`
#[derive(Clone, Copy, Debug, Args)]
pub struct SandboxFlag {
    /// Use the sandbox, which sends nothing to X, and its own queue; CLEANUP_DB is ignored
    #[arg(long)]
    pub sandbox: bool,
}

/// `cleanup status`
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:\n  cleanup status\n  cleanup status unfollow --json\n  cleanup status --watch\n\n\
                  --watch ends with 0 when every job shown is finished or cancelled, and with Ctrl-C.")]
pub struct StatusArgs {
    /// Only these jobs
    #[arg(value_name = "JOB")]
    pub jobs: Vec<String>,
    /// Which queue.
    #[command(flatten)]
    pub sandbox: SandboxFlag,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
    /// Show it again and again, every two seconds or so often, until everything shown is settled
    #[arg(long, value_name = "TIME", num_args = 0..=1, require_equals = true, default_missing_value = "2s",
          value_parser = values::duration, conflicts_with = "json")]
    pub watch: Option<Duration>,
}

/// How receipts are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// A table with a header
    #[default]
    Csv,
    /// An array of objects
    Json,
    /// An object a line
    Jsonl,
    /// Columns under each other, to read here; long cells are cut
    Table,
    /// One page to open in a browser: outcomes by reason, the run over time, the rows that need a look
    Html,
}

/// Which rows a worklist has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum WorklistKind {
    /// Refused or given up
    Failed,
    /// Reported done, and still listed when the account was read after that (see verify)
    Ghosts,
    /// Not settled yet
    Pending,
}

/// `cleanup report`
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "Examples:\n  cleanup report unfollow\n  cleanup report unfollow --format jsonl -o receipts.jsonl\n  \
                  cleanup report unfollow --format table\n  \
                  cleanup report unfollow --format html -o unfollow.html\n  \
                  cleanup report unfollow --worklist -o by-hand.html"
)]
pub struct ReportArgs {
    /// The job
    #[arg(value_name = "JOB")]
    pub job: String,
    /// Which queue.
    #[command(flatten)]
    pub sandbox: SandboxFlag,
    /// How to write the rows [default: csv; of a worklist: html]
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<ReportFormat>,
    /// Instead of receipts, a page of links with tick boxes for what has to be done by hand; `cleanup load` takes its saved
    /// ticks back as done [KINDS without a value: failed,ghosts; add pending for the rows that are not settled yet]
    #[arg(long, value_name = "KINDS", num_args = 0..=1, require_equals = true, value_delimiter = ',',
          default_missing_value = "failed,ghosts")]
    pub worklist: Option<Vec<WorklistKind>>,
    /// Write to this file instead of stdout; it appears whole or not at all
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Leave cells alone that a spreadsheet would run as formulas
    #[arg(long)]
    pub raw: bool,
    /// An earlier round of the job
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub round: Option<u32>,
}

/// `cleanup verify`
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  cleanup verify unfollow
  cleanup verify unlike --archive twitter.zip -o verdicts.csv
  cleanup verify unfollow --requeue
  cleanup verify unlike --by-id --max-requests 1000

confirmed: not listed any more. came_back: an earlier verify found it off the list, and now it is listed. ghost: reported done,
and listed ever since. It reads only, but X bills every entry it hands over; an archive costs nothing.")]
pub struct VerifyArgs {
    /// The job
    #[arg(value_name = "JOB")]
    pub job: String,
    /// Which queue.
    #[command(flatten)]
    pub sandbox: SandboxFlag,
    /// Look into this X data archive instead of asking the platform; it has to be newer than what it is to judge
    #[arg(long, value_name = "ARCHIVE")]
    pub archive: Option<PathBuf>,
    /// Ask about each row that a list cannot decide, with a request each (Mastodon: likes, reposts, bookmarks, pins)
    #[arg(long, conflicts_with = "archive")]
    pub by_id: bool,
    /// Queue what came back again, and nothing else
    #[arg(long)]
    pub requeue: bool,
    /// Write a row for everything done, with its verdict, to this file (- is stdout)
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Leave cells alone that a spreadsheet would run as formulas
    #[arg(long)]
    pub raw: bool,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
    /// Send at most so many requests
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub max_requests: Option<u64>,
    /// Spend at most so many dollars, counted as if the developer app were not yours
    #[arg(long, value_name = "USD", value_parser = values::spend)]
    pub max_spend: Option<MicroUsd>,
}

/// `cleanup retry`
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:\n  cleanup retry unfollow\n  cleanup retry unfollow --reason server_error")]
pub struct RetryArgs {
    /// The job
    #[arg(value_name = "JOB")]
    pub job: String,
    /// Only those that failed for this reason, as receipts name it
    #[arg(long, value_name = "REASON")]
    pub reason: Option<String>,
    /// Which queue.
    #[command(flatten)]
    pub sandbox: SandboxFlag,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// `cleanup pause`, `unpause`, `cancel`
#[derive(Clone, Debug, Args)]
pub struct JobArgs {
    /// The job
    #[arg(value_name = "JOB")]
    pub job: String,
    /// Which queue.
    #[command(flatten)]
    pub sandbox: SandboxFlag,
}

/// `cleanup explain`
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "Examples:\n  cleanup explain 1234567890\n  cleanup explain @somebody\n  cleanup explain https://x.com/somebody/status/20"
)]
pub struct ExplainArgs {
    /// The target's ID, its handle with @, or a link to it
    #[arg(value_name = "ID", value_parser = values::target)]
    pub target: Target,
    /// Which queue.
    #[command(flatten)]
    pub sandbox: SandboxFlag,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// `cleanup audit`
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "This is about requests and limits. Who gave which command is in the audit log: the page Log of `cleanup serve`."
)]
pub struct AuditArgs {
    /// Which queue.
    #[command(flatten)]
    pub sandbox: SandboxFlag,
    /// Judge every attempt by so many requests per time instead of the limits it was sent under, such as 50/15m (repeatable)
    #[arg(long = "rate", value_name = "N/TIME")]
    pub rates: Vec<Rate>,
    /// Judge every attempt by one window for all actions of an account, or by one for each action
    #[arg(long, value_name = "WHAT", value_parser = values::per())]
    pub per: Option<Per>,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// `cleanup forget`
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "Examples:\n  cleanup forget unfollow\n  cleanup forget --older-than 90d --dry-run\n  cleanup forget --older-than 90d --yes"
)]
pub struct ForgetArgs {
    /// The job
    #[arg(value_name = "JOB", required_unless_present = "older_than", conflicts_with = "older_than")]
    pub job: Option<String>,
    /// Every job that was settled longer ago than this
    #[arg(long, value_name = "AGE", value_parser = values::age)]
    pub older_than: Option<Duration>,
    /// Which queue.
    #[command(flatten)]
    pub sandbox: SandboxFlag,
    /// Only say what would be dropped
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// `cleanup sandbox`
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "Examples:\n  cleanup sandbox\n  cleanup sandbox --listen 127.0.0.1:9000 --limit 50/15s --faults 429=2%,gone=3% --seed 7"
)]
pub struct SandboxArgs {
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8765", value_parser = values::loopback)]
    pub listen: SocketAddr,
    /// Requests per window of a user, all actions together [default: 50/15s]
    #[arg(long, value_name = "N/TIME")]
    pub limit: Option<Rate>,
    /// Unlikes per long window of a user [default: 1000/24m]
    #[arg(long, value_name = "N/TIME")]
    pub unlike_day: Option<Rate>,
    /// Requests per window of each action beside it, where every endpoint has a narrower window of its own
    #[arg(long, value_name = "N/TIME")]
    pub endpoint_limit: Option<Rate>,
    /// What goes wrong and how often: none, 5%, or a list such as 429=2%,gone=3%
    #[arg(long, value_name = "TEXT")]
    pub faults: Option<String>,
    /// The seed of the random faults and lists
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    /// How many entries each list of every user has, before anything is undone
    #[arg(long, value_name = "N", default_value_t = 250, value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    pub lists: u32,
    /// Requests per window and list [default: what X documents for each, in windows 60 times shorter]
    #[arg(long, value_name = "N/TIME")]
    pub read_limit: Option<Rate>,
    /// Which names of fields it knows: X renamed tweets to posts in August 2026
    #[arg(long, value_name = "NAMES", default_value = "new", value_parser = values::field_names())]
    pub field_names: FieldNames,
    /// How long every answer takes, such as 200ms
    #[arg(long, value_name = "TIME", value_parser = values::duration)]
    pub latency: Option<Duration>,
}

/// `cleanup completions`
#[derive(Clone, Copy, Debug, Args)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub shell: Shell,
}

/// `cleanup man`
#[derive(Clone, Debug, Args)]
pub struct ManArgs {
    /// The command whose page to print, such as run, or account login; without it every page
    #[arg(value_name = "COMMAND")]
    pub command: Vec<String>,
}
