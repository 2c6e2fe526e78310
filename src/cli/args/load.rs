//! Options of load and check.

use clap::Args;

use super::rows::{FileArgs, LIMITS, OUTPUT, ReloadArgs, RowArgs, load_request};
use super::values;
use crate::app::request::LoadRequest;
use crate::config::Per;
use crate::domain::Rate;
use crate::limits::Pace;

/// `cleanup load`
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:\n  cleanup load unfollow.csv --account work\n  cleanup resume")]
pub struct LoadArgs {
    /// The files.
    #[command(flatten)]
    pub files: FileArgs,
    /// How to read their rows.
    #[command(flatten)]
    pub rows: RowArgs,
    /// What a reload may do.
    #[command(flatten)]
    pub reload: ReloadArgs,
    /// Print one JSON object
    #[arg(long, help_heading = OUTPUT)]
    pub json: bool,
}

/// `cleanup check`
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "Examples:\n  cleanup check unfollow.csv\n  cleanup check export.csv --action unlike --rate 20/15m --json"
)]
pub struct CheckArgs {
    /// The files.
    #[command(flatten)]
    pub files: FileArgs,
    /// How to read their rows.
    #[command(flatten)]
    pub rows: RowArgs,
    /// Estimate with so many requests per time instead of the built-in windows, such as 50/15m (repeatable)
    #[arg(long = "rate", value_name = "N/TIME", help_heading = LIMITS)]
    pub rates: Vec<Rate>,
    /// Estimate with one window for all actions of an account, or with one for each action, as X counts [default: account]
    #[arg(long, value_name = "WHAT", value_parser = values::per(), help_heading = LIMITS)]
    pub per: Option<Per>,
    /// Estimate with this pace
    #[arg(long, value_name = "PACE", value_parser = values::pace(), help_heading = LIMITS)]
    pub pace: Option<Pace>,
    /// Print the findings as JSON on stdout
    #[arg(long, help_heading = OUTPUT)]
    pub json: bool,
}

impl LoadArgs {
    /// What is asked for, whoever asks.
    pub fn request(&self) -> LoadRequest {
        load_request(&self.files, &self.rows, self.reload)
    }
}

impl CheckArgs {
    /// What is asked for, whoever asks.
    pub fn request(&self) -> LoadRequest {
        load_request(&self.files, &self.rows, ReloadArgs::default())
    }
}
