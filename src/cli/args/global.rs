//! Options of every command.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{ArgAction, Args, ValueEnum};

use super::values;
use crate::config::{LogFormat, Overrides};

const HEADING: &str = "Global options";

/// Options of every command. The environment is read elsewhere, because `--sandbox` has to tell `--db` from `CLEANUP_DB`.
#[derive(Clone, Debug, Args)]
pub struct GlobalArgs {
    /// The queue: a file, or postgres://USER@HOST/DATABASE [env: CLEANUP_DB]
    #[arg(long, value_name = "QUEUE", global = true, value_parser = values::queue_path, help_heading = HEADING)]
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

impl ColorChoice {
    /// What a command line asks for before it is parsed: help and complaints are in colours, too, and a complaint may be about any of its words.
    pub(super) fn asked_for(words: impl IntoIterator<Item = OsString>) -> ColorChoice {
        let mut choice = ColorChoice::default();
        let mut words = words.into_iter().skip(1).take_while(|word| word != "--");
        while let Some(word) = words.next() {
            let value = match word.to_str().and_then(|word| word.strip_prefix("--color")) {
                Some("") => words.next().and_then(|value| value.into_string().ok()),
                Some(rest) => rest.strip_prefix('=').map(str::to_owned),
                None => None,
            };
            choice = value.and_then(|value| ColorChoice::from_str(&value, false).ok()).unwrap_or(choice);
        }
        choice
    }

    /// For the argument parser, which knows a terminal and NO_COLOR itself.
    pub(super) const fn for_clap(self) -> clap::ColorChoice {
        match self {
            ColorChoice::Auto => clap::ColorChoice::Auto,
            ColorChoice::Always => clap::ColorChoice::Always,
            ColorChoice::Never => clap::ColorChoice::Never,
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_known_before_the_words_are_parsed() {
        let asked_for = |words: &str| ColorChoice::asked_for(words.split(' ').map(OsString::from));
        for (words, expected) in [
            ("cleanup --color never bogus", ColorChoice::Never),
            ("cleanup run --bogus --color=always", ColorChoice::Always),
            ("cleanup --color", ColorChoice::Auto),
            ("cleanup --color sometimes --color=never", ColorChoice::Never),
            ("cleanup --colors never", ColorChoice::Auto),
            ("cleanup run -- --color never", ColorChoice::Auto),
            ("--color=always run", ColorChoice::Auto),
        ] {
            assert_eq!(asked_for(words), expected, "{words}");
        }
    }
}
