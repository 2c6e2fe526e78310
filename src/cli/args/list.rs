//! Options of `cleanup list`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::until::{Until, UntilError, deadline};
use super::{ListFilterArgs, SandboxFlag, is_sandbox, values};
use crate::app::request::{ListOnce, ListRequest};
use crate::clock::LocalZone;
use crate::config::Overrides;
use crate::domain::{AccountName, ListKind, MicroUsd, Moment, Platform, Wall};

const LIMITS: &str = "Limits of this reading";

/// `cleanup list`
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  cleanup list following -o unfollow.csv
  cleanup list following --not-following-back --inactive-since 1y -o unfollow.csv
  cleanup list likes --before 2020-01-01 --max-spend 5 >unlike.csv

It only reads, and it costs: X bills every entry it hands over. What was read is kept: after Ctrl-C or a crash the same
command continues from there (for 24 hours).")]
pub struct ListArgs {
    /// Which list
    #[arg(value_name = "LIST", value_parser = lists())]
    pub list: ListKind,
    /// The account whose list it is, by its short name
    #[arg(long, value_name = "NAME")]
    pub account: Option<AccountName>,
    /// Whose API to speak
    #[arg(long, value_name = "P", value_parser = values::platform())]
    pub platform: Option<Platform>,
    /// The sandbox.
    #[command(flatten)]
    pub sandbox: SandboxFlag,
    /// Write to this file instead of stdout; it appears whole or not at all
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Replace the files of --output and --spared where they are there already
    #[arg(long)]
    pub force: bool,
    /// Leave cells alone that a spreadsheet would run as formulas
    #[arg(long)]
    pub raw: bool,
    /// Begin anew, even where an earlier reading of the list was not finished
    #[arg(long)]
    pub fresh: bool,
    /// Which entries are written.
    #[command(flatten)]
    pub filter: ListFilterArgs,
    /// Stop at this time: 06:00 (its next occurrence here) or a timestamp
    #[arg(long, value_name = "TIME", conflicts_with = "for_", help_heading = LIMITS)]
    pub until: Option<Until>,
    /// Stop after this long, such as 4h
    #[arg(long = "for", id = "for_", value_name = "TIME", value_parser = values::duration, help_heading = LIMITS)]
    pub for_: Option<Duration>,
    /// Send at most so many requests
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), help_heading = LIMITS)]
    pub max_requests: Option<u64>,
    /// Spend at most so many dollars, counted as if the developer app were not yours
    #[arg(long, value_name = "USD", value_parser = values::spend, help_heading = LIMITS)]
    pub max_spend: Option<MicroUsd>,
    /// End when there has been no answer at all for so long [default: 10m]
    #[arg(long, value_name = "TIME", value_parser = values::duration, help_heading = LIMITS)]
    pub give_up_after: Option<Duration>,
}

impl ListArgs {
    /// Whether this is about the sandbox.
    pub fn is_sandbox(&self) -> bool {
        is_sandbox(self.sandbox.sandbox, self.platform)
    }

    /// When reading has to end, by the wall clock.
    ///
    /// # Errors
    /// `--until` names a time that has passed.
    pub fn deadline(&self, now: Moment, zone: &LocalZone) -> Result<Option<Wall>, UntilError> {
        deadline((self.until, self.for_), now, zone)
    }

    /// What is asked for, whoever asks. `until`: when reading has to end.
    pub fn request(&self, until: Option<Wall>) -> ListRequest {
        let once =
            ListOnce { force: self.force, raw: self.raw, fresh: self.fresh, spared: self.filter.spared.clone(), until };
        ListRequest {
            list: self.list,
            account: self.account.clone(),
            platform: self.platform,
            output: self.output.clone(),
            which: self.filter.which.options(),
            max_requests: self.max_requests,
            max_spend: self.max_spend,
            give_up_after: self.give_up_after,
            once,
        }
    }

    pub(super) fn override_in(&self, overrides: &mut Overrides) {
        overrides.sandbox = self.is_sandbox();
        overrides.give_up_after = self.give_up_after;
    }
}

/// The lists of the contract.
pub(super) fn lists() -> impl TypedValueParser<Value = ListKind> {
    PossibleValuesParser::new(ListKind::ALL.map(ListKind::name)).try_map(|text| ListKind::named(&text).ok_or("no list"))
}
