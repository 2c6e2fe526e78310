//! Options of `cleanup schedule`: when, until when, and the options of `run` that make sense without a person.

use crate::domain::ListKind;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use jiff::civil::Time;

use super::queue::SandboxFlag;
use super::rows::{ReloadArgs, RowArgs};
use super::run::BoundsArgs;
use super::{sandbox_and, values};
use crate::app::request::{LoadRequest, RunRequest};
use crate::app::schedules::{AddScheduleRequest, EditScheduleRequest, ScheduleHours};

const WHEN: &str = "When";
const SOURCE: &str = "What to do";

const SCHEDULE_HELP: &str = "\
Examples:
  cleanup schedule add nightly --cron \"0 2 * * *\" --until 06:00 --zone Europe/Berlin unfollow.csv
  cleanup schedule add tidy --cron \"0 3 * * 0\" --list likes --older-than 1y --keep keep.csv --max-spend 5
  cleanup schedule edit nightly --until 05:00
  cleanup schedule next nightly          the next five times, by the zone's clock
  cleanup schedule install               a systemd user timer that fires what is due; --cron for a cron line
  cleanup schedule due                   what the timer calls: run what is due now, then end

docs/nights.md says what happens at changes of the clock, after missed nights and after crashes.";

/// `cleanup schedule`
#[derive(Clone, Debug, Args)]
#[command(after_help = SCHEDULE_HELP, arg_required_else_help = true)]
pub struct ScheduleArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: ScheduleCommand,
}

/// The commands about schedules.
#[derive(Clone, Debug, Subcommand)]
pub enum ScheduleCommand {
    /// Keep a schedule: these files, these nights, these hours
    Add(Box<ScheduleAddArgs>),
    /// Change a schedule: what is given replaces what was kept, the rest stays
    Edit(Box<ScheduleEditArgs>),
    /// Show every schedule, when it is due and how it went last
    List(ScheduleListArgs),
    /// Show the next five times, by the zone's clock
    Next(ScheduleNextArgs),
    /// Drop a schedule; jobs and receipts stay
    Remove(ScheduleNameArgs),
    /// Run a schedule now, whatever its times are
    Run(ScheduleNameArgs),
    /// Skip the next start of a schedule, or the rest of an interrupted run
    Skip(ScheduleNameArgs),
    /// Take a skip back: the start takes place after all
    Unskip(ScheduleNameArgs),
    /// Run what is due now, then end: for a timer
    Due(ScheduleDueArgs),
    /// Write a systemd user timer (or, with --cron, a line for crontab) that fires what is due
    Install(ScheduleInstallArgs),
}

/// `cleanup schedule add`
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "Example:\n  cleanup schedule add nightly --cron \"0 2 * * *\" --until 06:00 --jitter 10m --max-requests 500 unfollow.csv\n\nNobody is asked when it runs: adding it is the consent that `run --yes` is."
)]
pub struct ScheduleAddArgs {
    /// Its name: letters, digits, - _ or . and at most 64 of them
    #[arg(value_name = "NAME", value_parser = values::schedule_name)]
    pub name: String,
    /// When: minute, hour, day of month, month, day of week, such as "0 2 * * *"
    #[arg(long, value_name = "PATTERN", help_heading = WHEN)]
    pub cron: String,
    /// By the clock of this zone, such as Europe/Berlin [default: the zone here]
    #[arg(long, value_name = "ZONE", help_heading = WHEN)]
    pub zone: Option<String>,
    /// Send nothing after this time of day, by the same clock
    #[arg(long, value_name = "TIME", value_parser = values::time_of_day, conflicts_with = "for_", help_heading = WHEN)]
    pub until: Option<Time>,
    /// Stop after this long, such as 4h
    #[arg(long = "for", id = "for_", value_name = "TIME", value_parser = values::duration, help_heading = WHEN)]
    pub for_: Option<Duration>,
    /// Start up to so much later, a different share each time
    #[arg(long, value_name = "TIME", value_parser = values::duration, help_heading = WHEN)]
    pub jitter: Option<Duration>,
    /// Job files
    #[arg(value_name = "FILE", required_unless_present = "list", conflicts_with = "list")]
    pub files: Vec<PathBuf>,
    /// The job's name, instead of the file's stem (with --list: instead of the schedule's name)
    #[arg(long, value_name = "NAME", value_parser = values::job_name, help_heading = SOURCE)]
    pub job: Option<String>,
    /// Read this list of the account from the platform each time instead of files; filters are asked of its entries, and
    /// --max-requests and --max-spend bound the reading and the run, each by itself
    #[arg(long, value_name = "LIST", value_parser = super::list::lists(), help_heading = SOURCE)]
    pub list: Option<ListKind>,
    /// How to read their rows.
    #[command(flatten)]
    pub rows: RowArgs,
    /// What a reload may do.
    #[command(flatten)]
    pub reload: ReloadArgs,
    /// The bounds of every run.
    #[command(flatten)]
    pub bounds: BoundsArgs,
}

impl ScheduleAddArgs {
    pub(super) fn contradiction(&self) -> Option<String> {
        if self.files.iter().any(|file| file.as_os_str() == "-") {
            return Some("a schedule cannot read standard input again every time; give files".into());
        }
        if self.list.is_some() && self.rows.column.is_some() {
            return Some("--column is about a file, and --list needs none".into());
        }
        self.run().load.contradiction().or_else(|| sandbox_and(self.rows.sandbox.sandbox, self.rows.platform))
    }

    /// What is asked for, whoever asks.
    pub fn request(&self) -> AddScheduleRequest {
        AddScheduleRequest {
            name: self.name.clone(),
            cron: self.cron.clone(),
            zone: self.zone.clone(),
            hours: ScheduleHours { until: self.until, for_: self.for_, jitter: self.jitter },
            list: self.list,
            run: self.run(),
        }
    }

    fn run(&self) -> RunRequest {
        run_request((&self.files, self.job.as_deref()), &self.rows, self.reload, &self.bounds)
    }
}

fn run_request(
    (files, job): (&[PathBuf], Option<&str>),
    rows: &RowArgs,
    reload: ReloadArgs,
    bounds: &BoundsArgs,
) -> RunRequest {
    let (files, job) = (files.to_vec(), job.map(str::to_owned));
    let load = LoadRequest { files, job, rows: rows.options(), reload: reload.options() };
    RunRequest { load, bounds: bounds.bounds() }
}

/// `cleanup schedule edit`
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "Examples:\n  cleanup schedule edit nightly --cron \"30 1 * * *\" --until 05:00\n  cleanup schedule edit nightly --max-requests 800 --without keep\n\nWith another pattern or zone its times begin now. A run in progress continues as it began."
)]
pub struct ScheduleEditArgs {
    /// The schedule
    #[arg(value_name = "NAME")]
    pub name: String,
    /// Take an option out, by its long name, such as --without max-requests (repeatable)
    #[arg(long, value_name = "OPTION", value_parser = values::option_name, allow_hyphen_values = true)]
    pub without: Vec<String>,
    /// When: minute, hour, day of month, month, day of week, such as "0 2 * * *"
    #[arg(long, value_name = "PATTERN", help_heading = WHEN)]
    pub cron: Option<String>,
    /// By the clock of this zone, such as Europe/Berlin
    #[arg(long, value_name = "ZONE", help_heading = WHEN)]
    pub zone: Option<String>,
    /// Send nothing after this time of day, by the same clock; takes the place of --for
    #[arg(long, value_name = "TIME", value_parser = values::time_of_day, conflicts_with = "for_", help_heading = WHEN)]
    pub until: Option<Time>,
    /// Stop after this long, such as 4h; takes the place of --until
    #[arg(long = "for", id = "for_", value_name = "TIME", value_parser = values::duration, help_heading = WHEN)]
    pub for_: Option<Duration>,
    /// Start up to so much later, a different share each time
    #[arg(long, value_name = "TIME", value_parser = values::duration, help_heading = WHEN)]
    pub jitter: Option<Duration>,
    /// Job files, in the place of those there were
    #[arg(value_name = "FILE", conflicts_with = "list")]
    pub files: Vec<PathBuf>,
    /// The job's name
    #[arg(long, value_name = "NAME", value_parser = values::job_name, help_heading = SOURCE)]
    pub job: Option<String>,
    /// Read this list, where it reads one
    #[arg(long, value_name = "LIST", value_parser = super::list::lists(), help_heading = SOURCE)]
    pub list: Option<ListKind>,
    /// How to read their rows.
    #[command(flatten)]
    pub rows: RowArgs,
    /// What a reload may do.
    #[command(flatten)]
    pub reload: ReloadArgs,
    /// The bounds of every run.
    #[command(flatten)]
    pub bounds: BoundsArgs,
}

impl ScheduleEditArgs {
    pub(super) fn contradiction(&self) -> Option<String> {
        if self.files.iter().any(|file| file.as_os_str() == "-") {
            return Some("a schedule cannot read standard input again every time; give files".into());
        }
        // What goes together with what was kept is seen where both are known.
        sandbox_and(self.rows.sandbox.sandbox, self.rows.platform)
    }

    /// What is asked for, whoever asks.
    pub fn request(&self) -> EditScheduleRequest {
        EditScheduleRequest {
            name: self.name.clone(),
            without: self.without.clone(),
            cron: self.cron.clone(),
            zone: self.zone.clone(),
            hours: ScheduleHours { until: self.until, for_: self.for_, jitter: self.jitter },
            list: self.list,
            run: run_request((&self.files, self.job.as_deref()), &self.rows, self.reload, &self.bounds),
        }
    }
}

/// `cleanup schedule list`
#[derive(Clone, Copy, Debug, Args)]
pub struct ScheduleListArgs {
    /// Which queue.
    #[command(flatten)]
    pub sandbox: SandboxFlag,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// `cleanup schedule next`
#[derive(Clone, Debug, Args)]
pub struct ScheduleNextArgs {
    /// Only this schedule
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
    /// Which queue.
    #[command(flatten)]
    pub sandbox: SandboxFlag,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// `cleanup schedule remove`, `run`, `skip` and `unskip`
#[derive(Clone, Debug, Args)]
pub struct ScheduleNameArgs {
    /// The schedule
    #[arg(value_name = "NAME")]
    pub name: String,
    /// Which queue.
    #[command(flatten)]
    pub sandbox: SandboxFlag,
}

/// `cleanup schedule due`
#[derive(Clone, Copy, Debug, Args)]
#[command(
    after_help = "Exit codes are those of `cleanup run`; 0 where nothing was due. Several runs: the gravest.\nA schedule that is due while another process drains the queue stays due (75)."
)]
pub struct ScheduleDueArgs {
    /// Which queue.
    #[command(flatten)]
    pub sandbox: SandboxFlag,
}

/// `cleanup schedule install`
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "Examples:\n  cleanup schedule install --print    show the files, write nothing\n  cleanup schedule install\n  cleanup schedule install --cron     print a line for `crontab -e`"
)]
pub struct ScheduleInstallArgs {
    /// Which queue.
    #[command(flatten)]
    pub sandbox: SandboxFlag,
    /// Print a line for crontab instead; it is never installed
    #[arg(long)]
    pub cron: bool,
    /// Show what would be written, and write nothing
    #[arg(long)]
    pub print: bool,
    /// Replace files that are there and say something else
    #[arg(long, conflicts_with_all = ["print", "cron"])]
    pub replace: bool,
    /// Write into this folder [default: the systemd folder of this user]
    #[arg(long, value_name = "FOLDER", conflicts_with = "cron")]
    pub folder: Option<PathBuf>,
}
