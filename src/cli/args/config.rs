//! `cleanup config`: the settings, where they come from, and a file to begin with.

use clap::{Args, Subcommand};

use super::SandboxFlag;
use crate::config::Overrides;

/// `cleanup config`
#[derive(Clone, Debug, Args)]
#[command(arg_required_else_help = true)]
pub struct ConfigArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: ConfigCommand,
}

/// What can be done with the settings.
#[derive(Clone, Debug, Subcommand)]
pub enum ConfigCommand {
    /// Show every setting and where it comes from: option, environment variable, line of the config file, default
    Show(ConfigShowArgs),
    /// Write a config file in which every setting is there, explained and commented out
    Init(ConfigInitArgs),
}

/// `cleanup config show`
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "Examples:\n  cleanup config show\n  cleanup config show --json\n  cleanup config show --sandbox\n\n\
                  Secrets are never shown: of those it says that they are set, and by what."
)]
pub struct ConfigShowArgs {
    /// Which queue.
    #[command(flatten)]
    pub sandbox: SandboxFlag,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// `cleanup config init`
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:\n  cleanup config init\n  cleanup config init --config ./cleanup.toml")]
pub struct ConfigInitArgs {
    /// Replace the config file that is there, with what was edited in it
    #[arg(long)]
    pub force: bool,
}

impl ConfigArgs {
    pub(super) fn override_in(&self, overrides: &mut Overrides) {
        match &self.command {
            ConfigCommand::Show(args) => overrides.sandbox = args.sandbox.sandbox,
            ConfigCommand::Init(_) => overrides.without_config = true,
        }
    }
}
