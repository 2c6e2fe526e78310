//! What the command line said, as far as it said it.

use std::path::PathBuf;
use std::time::Duration;

use super::modes::{LogFormat, ProgressMode};
use super::windows::Per;
use crate::domain::Rate;
use crate::limits::Pace;

/// What the command line said. None: nothing.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// `--sandbox`
    pub sandbox: bool,
    /// `--db`
    pub db: Option<PathBuf>,
    /// Where `cleanup db move` is to take the queue.
    pub move_to: Option<PathBuf>,
    /// `--config`
    pub config: Option<PathBuf>,
    /// The config file is what is to be made (`cleanup config init`): it is not read.
    pub without_config: bool,
    /// `--workers`, 1 to 1,024.
    pub workers: Option<u16>,
    /// `--pace`
    pub pace: Option<Pace>,
    /// `--rate`, each.
    pub rates: Vec<Rate>,
    /// `--per`
    pub per: Option<Per>,
    /// `--give-up-after`
    pub give_up_after: Option<Duration>,
    /// `--progress`
    pub progress: Option<ProgressMode>,
    /// `--notify`
    pub notify: Option<String>,
    /// `--log-format`
    pub log_format: Option<LogFormat>,
    /// `--log-file`
    pub log_file: Option<PathBuf>,
}
