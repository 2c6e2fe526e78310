//! `cleanup db`: the database of a queue as a whole.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::SandboxFlag;
use super::values;
use crate::config::Overrides;

/// `cleanup db`
#[derive(Clone, Debug, Args)]
pub struct DbArgs {
    /// What to do with it.
    #[command(subcommand)]
    pub command: DbCommand,
}

/// What can be done with a queue's database.
#[derive(Clone, Debug, Subcommand)]
pub enum DbCommand {
    /// Bring the schema up to date; every other command does so by itself, where it may
    Migrate(DbMigrateArgs),
    /// Move the queue from its file to a server, or back, in the middle of whatever it was doing
    Move(DbMoveArgs),
}

/// `cleanup db migrate`
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "Examples:\n  cleanup db migrate\n  cleanup db migrate --db postgres://owner@db.example/cleanup"
)]
pub struct DbMigrateArgs {
    /// Which queue.
    #[command(flatten)]
    pub sandbox: SandboxFlag,
}

/// `cleanup db move`
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:\n  cleanup db move postgres://cleanup@db.example/cleanup\n  \
                  cleanup db move home.db --db postgres://cleanup@db.example/cleanup")]
pub struct DbMoveArgs {
    /// Where to: a new file, or postgres://USER@HOST/DATABASE, a database without a queue in it
    #[arg(value_name = "QUEUE", value_parser = values::queue_path)]
    pub to: PathBuf,
    /// Which queue.
    #[command(flatten)]
    pub sandbox: SandboxFlag,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

impl DbArgs {
    pub(super) fn override_in(&self, overrides: &mut Overrides) {
        match &self.command {
            DbCommand::Migrate(args) => overrides.sandbox = args.sandbox.sandbox,
            DbCommand::Move(args) => {
                overrides.sandbox = args.sandbox.sandbox;
                overrides.move_to = Some(args.to.clone());
            }
        }
    }
}
