//! Options of serve.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::queue::SandboxFlag;
use super::values;
use crate::config::{Overrides, Per};
use crate::domain::Rate;
use crate::limits::Pace;

const ACCESS: &str = "Who may look";
const LIMITS: &str = "Limits";

/// `cleanup serve`
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  cleanup serve --sandbox
  cleanup serve --yes --listen 127.0.0.1:7878
  CLEANUP_WEB_PASSWORD=... cleanup serve --yes --listen 0.0.0.0:7878 --behind-proxy https://cleanup.example.org

Signals: SIGTERM and SIGINT drain and end, SIGHUP reads the configuration again.")]
pub struct ServeArgs {
    /// Which queue.
    #[command(flatten)]
    pub sandbox: SandboxFlag,
    /// Where the dashboard listens; loopback unless --behind-proxy is given
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:7878", help_heading = ACCESS)]
    pub listen: SocketAddr,
    /// The address people type for a proxy in front, such as https://cleanup.example.org; needs a password
    #[arg(long, value_name = "ORIGIN", help_heading = ACCESS)]
    pub behind_proxy: Option<String>,
    /// A file with the password, 16 characters or more; else CLEANUP_WEB_PASSWORD
    #[arg(long, value_name = "FILE", requires = "behind_proxy", help_heading = ACCESS)]
    pub password_file: Option<PathBuf>,
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
    /// Wait before the next try when there has been no answer at all for so long [default: 10m]
    #[arg(long, value_name = "TIME", value_parser = values::duration, help_heading = LIMITS)]
    pub give_up_after: Option<Duration>,
    /// Do not ask before a real platform is touched
    #[arg(short, long)]
    pub yes: bool,
}

impl ServeArgs {
    pub(super) fn override_in(&self, overrides: &mut Overrides) {
        overrides.sandbox = self.sandbox.sandbox;
        overrides.workers = self.workers;
        overrides.pace = self.pace;
        overrides.rates.clone_from(&self.rates);
        overrides.per = self.per;
        overrides.give_up_after = self.give_up_after;
    }
}
