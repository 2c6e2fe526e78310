//! Options of run and resume.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::queue::SandboxFlag;
use super::rows::{FileArgs, LIMITS, OUTPUT, ROWS, ReloadArgs, RowArgs, load_request};
use super::until::{Until, UntilError, deadline};
use super::values;
use crate::app::request::{RunBounds, RunRequest};
use crate::clock::LocalZone;
use crate::config::{Overrides, Per, ProgressMode};
use crate::domain::{MicroUsd, Moment, Rate, Wall};
use crate::limits::Pace;

const RUN_EXAMPLES: &str = "\
Examples:
  cleanup run unfollow.csv
  cleanup run old.csv --action unlike --account work --until 06:00
  cleanup run unfollow.csv --keep friends.csv --max-requests 500 --yes
  mytool | cleanup run - --job tonight --action unfollow --yes --json";

/// `cleanup run`
#[derive(Clone, Debug, Args)]
#[command(after_help = RUN_EXAMPLES)]
pub struct RunArgs {
    /// The files.
    #[command(flatten)]
    pub files: FileArgs,
    /// How to read their rows.
    #[command(flatten)]
    pub rows: RowArgs,
    /// What a reload may do.
    #[command(flatten)]
    pub reload: ReloadArgs,
    /// Say what would happen, and change nothing
    #[arg(long, help_heading = OUTPUT)]
    pub dry_run: bool,
    /// How to run.
    #[command(flatten)]
    pub drain: DrainArgs,
}

impl RunArgs {
    /// What is asked for, whoever asks.
    pub fn request(&self) -> RunRequest {
        let load = load_request(&self.files, &self.rows, self.reload);
        RunRequest { load, bounds: self.drain.bounds.bounds() }
    }
}

/// `cleanup resume`
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:\n  cleanup resume\n  cleanup resume unfollow --for 4h")]
pub struct ResumeArgs {
    /// Only these jobs
    #[arg(value_name = "JOB")]
    pub jobs: Vec<String>,
    /// Never touch these, in addition to the lists that the jobs have: a file of IDs, handles and links
    #[arg(long, value_name = "FILE", help_heading = ROWS)]
    pub keep: Option<PathBuf>,
    /// Believe refusals that do not name the rows' targets: "not found" is gone, the rest has failed. For whoever knows that address and
    /// permission are right
    #[arg(long, requires = "jobs", help_heading = ROWS)]
    pub accept_not_found: bool,
    /// Send what is left although the queue was restored from a snapshot: what was sent since then is sent again
    #[arg(long, requires = "jobs", help_heading = ROWS)]
    pub accept_repeats: bool,
    /// Only say what would be sent
    #[arg(long)]
    pub dry_run: bool,
    /// Which queue.
    #[command(flatten)]
    pub sandbox: SandboxFlag,
    /// How to run.
    #[command(flatten)]
    pub drain: DrainArgs,
}

/// The bounds of a run, and who hears of its end.
#[derive(Clone, Debug, Args)]
pub struct BoundsArgs {
    /// Send at most so many requests
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), help_heading = LIMITS)]
    pub max_requests: Option<u64>,
    /// Spend at most so many dollars
    #[arg(long, value_name = "USD", value_parser = values::spend, help_heading = LIMITS)]
    pub max_spend: Option<MicroUsd>,
    /// So many requests per time instead of the built-in windows, such as 50/15m (repeatable)
    #[arg(long = "rate", value_name = "N/TIME", help_heading = LIMITS)]
    pub rates: Vec<Rate>,
    /// Count all actions of an account in one window, or each action in a window of its own, as X does [default: account]
    #[arg(long, value_name = "WHAT", value_parser = values::per(), help_heading = LIMITS)]
    pub per: Option<Per>,
    /// Spread requests over the window, or send as fast as answers come until it is full
    #[arg(long, value_name = "PACE", value_parser = values::pace(), help_heading = LIMITS)]
    pub pace: Option<Pace>,
    /// Requests in flight at once, 1 to 1024
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024), help_heading = LIMITS)]
    pub workers: Option<u16>,
    /// End when there has been no answer at all for so long [default: 10m]
    #[arg(long, value_name = "TIME", value_parser = values::duration, help_heading = LIMITS)]
    pub give_up_after: Option<Duration>,
    /// When a run ends, run this in a shell; what happened is JSON on its stdin
    #[arg(long, value_name = "COMMAND", value_parser = values::notify, help_heading = OUTPUT)]
    pub notify: Option<String>,
}

/// How to run.
#[derive(Clone, Debug, Args)]
pub struct DrainArgs {
    /// Stop at this time: 06:00 (its next occurrence here) or a timestamp
    #[arg(long, value_name = "TIME", conflicts_with = "for_", help_heading = LIMITS)]
    pub until: Option<Until>,
    /// Stop after this long, such as 4h
    #[arg(long = "for", id = "for_", value_name = "TIME", value_parser = values::duration, help_heading = LIMITS)]
    pub for_: Option<Duration>,
    /// The bounds of the run.
    #[command(flatten)]
    pub bounds: BoundsArgs,
    /// Do not ask before a real platform is touched
    #[arg(short, long, help_heading = OUTPUT)]
    pub yes: bool,
    /// Print one JSON object on stdout at the end
    #[arg(long, help_heading = OUTPUT)]
    pub json: bool,
    /// How to show progress
    #[arg(long, value_name = "HOW", value_parser = values::progress(), help_heading = OUTPUT)]
    pub progress: Option<ProgressMode>,
}

impl DrainArgs {
    /// When the run has to end, by the wall clock; none: when it is done.
    ///
    /// # Errors
    /// `--until` names a time that has passed.
    pub fn deadline(&self, now: Moment, zone: &LocalZone) -> Result<Option<Wall>, UntilError> {
        deadline((self.until, self.for_), now, zone)
    }

    /// Whether any of them was given.
    pub fn is_given(&self) -> bool {
        let is_timed = self.until.is_some() || self.for_.is_some();
        is_timed || self.yes || self.json || self.progress.is_some() || self.bounds.bounds() != RunBounds::default()
    }

    pub(super) fn override_in(&self, overrides: &mut Overrides) {
        self.bounds.bounds().override_in(overrides);
        overrides.progress = self.progress;
    }
}

impl BoundsArgs {
    /// What is asked for.
    pub fn bounds(&self) -> RunBounds {
        RunBounds {
            max_requests: self.max_requests,
            max_spend: self.max_spend,
            rates: self.rates.clone(),
            per: self.per,
            pace: self.pace,
            workers: self.workers,
            give_up_after: self.give_up_after,
            notify: self.notify.clone(),
        }
    }
}
