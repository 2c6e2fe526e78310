//! `cleanup schedule`: what is run again and again. One file a command.

mod add;
mod due;
mod edit;
mod install;
mod list;
mod next;
mod steer;
mod units;

use crate::cli::args::{ScheduleArgs, ScheduleCommand};
use crate::cli::context::Context;
use crate::error::CommandError;

/// Does what the command says.
///
/// # Errors
/// Whatever ends it early; the error knows its exit code.
pub async fn run(context: &Context, args: &ScheduleArgs) -> Result<u8, CommandError> {
    match &args.command {
        ScheduleCommand::Add(args) => add::run(context, args).await,
        ScheduleCommand::Edit(args) => edit::run(context, args).await,
        ScheduleCommand::List(args) => list::run(context, *args).await,
        ScheduleCommand::Next(args) => next::run(context, args).await,
        ScheduleCommand::Remove(args) => steer::remove(context, &args.name).await,
        ScheduleCommand::Run(args) => due::run_now(context, &args.name).await,
        ScheduleCommand::Skip(args) => steer::skip(context, &args.name).await,
        ScheduleCommand::Unskip(args) => steer::unskip(context, &args.name).await,
        ScheduleCommand::Due(_) => due::run(context).await,
        ScheduleCommand::Install(args) => install::run(context, args).await,
    }
}
