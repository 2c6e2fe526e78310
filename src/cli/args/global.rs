//! Options of every command.

use std::path::PathBuf;

use clap::{ArgAction, Args, ValueEnum};

use super::values;
use crate::config::{LogFormat, Overrides};

const HEADING: &str = "Global options";

/// Options of every command. The environment is read elsewhere, because `--sandbox` has to tell `--db` from `CLEANUP_DB`.
#[derive(Clone, Debug, Args)]
pub struct GlobalArgs {
    /// The queue's file [env: CLEANUP_DB]
    #[arg(long, value_name = "PATH", global = true, value_parser = values::queue_path, help_heading = HEADING)]
    pub db: Option<PathBuf>,
    /// The config file [env: CLEANUP_CONFIG]
    #[arg(long, value_name = "FILE", global = true, help_heading = HEADING)]
    pub config: Option<PathBuf>,
    /// Say more; twice: debug, three times: trace
    #[arg(short, long, global = true, action = ArgAction::Count, help_heading = HEADING)]
    pub verbose: u8,
    /// Say only what went wrong
    #[arg(short, long, global = true, conflicts_with = "verbose", help_heading = HEADING)]
    pub quiet: bool,
    /// Colour what is said
    #[arg(long, value_name = "WHEN", global = true, default_value = "auto", help_heading = HEADING)]
    pub color: ColorChoice,
    /// How log lines look
    #[arg(long, value_name = "FORMAT", global = true, help_heading = HEADING)]
    pub log_format: Option<LogFormatArg>,
    /// Append log lines to this file instead of stderr
    #[arg(long, value_name = "FILE", global = true, help_heading = HEADING)]
    pub log_file: Option<PathBuf>,
}

/// When to colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless NO_COLOR is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormatArg {
    /// For people
    Text,
    /// An object a line
    Json,
}

impl GlobalArgs {
    pub(super) fn overrides(&self) -> Overrides {
        Overrides {
            db: self.db.clone(),
            config: self.config.clone(),
            log_file: self.log_file.clone(),
            log_format: self.log_format.map(|format| match format {
                LogFormatArg::Text => LogFormat::Text,
                LogFormatArg::Json => LogFormat::Json,
            }),
            ..Overrides::default()
        }
    }
}
