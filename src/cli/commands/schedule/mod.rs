//! `cleanup schedule`: what is run again and again. One file a command; here is what they share.

mod add;
mod clock;
mod due;
mod edit;
mod install;
mod list;
mod next;
mod request;
mod steer;
mod units;
mod validate;
mod when;

use crate::cli::args::{ScheduleArgs, ScheduleCommand};
use crate::cli::context::Context;
use crate::config::Settings;
use crate::domain::is_same_name;
use crate::error::{CommandError, ErrorKind};
use crate::store::{Store, StoredSchedule};
use crate::text::{escaped, nearest};
use crate::web::EventCounters;

/// The most schedules that an error lists.
const MAX_LISTED: usize = 20;

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
        ScheduleCommand::Due(_) => due::run(context, None).await,
        ScheduleCommand::Install(args) => install::run(context, args).await,
    }
}

/// A server that runs schedules beside its other work.
pub(super) struct Server<'a> {
    /// Counts what is sent, for the dashboard.
    pub(super) hub: &'a EventCounters,
    /// How its other jobs are sent.
    pub(super) settings: &'a Settings,
}

/// Runs what is due now, as `cleanup schedule due` does, and works off the server's other jobs beside it.
///
/// # Errors
/// As `cleanup schedule due`.
pub(super) async fn run_due(context: &Context, server: Server<'_>) -> Result<u8, CommandError> {
    due::run(context, Some(server)).await
}

/// The queue and its schedule of that name.
async fn find(context: &Context, name: &str) -> Result<(Store, StoredSchedule), CommandError> {
    let Some(mut store) = context.existing_queue().await? else {
        return Err(context.deps().no_queue(ErrorKind::Usage));
    };
    let schedules = store.schedules().all().await?;
    match schedules.iter().find(|schedule| is_same_name(&schedule.name, name)) {
        Some(schedule) => Ok((store, schedule.clone())),
        None => Err(unknown(context, name, &schedules)),
    }
}

fn unknown(context: &Context, name: &str, known: &[StoredSchedule]) -> CommandError {
    let error = CommandError::new(ErrorKind::Usage, format!("there is no schedule named {}", escaped(name)));
    let names: Vec<&str> = known.iter().map(|schedule| schedule.name.as_str()).collect();
    if names.is_empty() {
        let add = context.command(&["schedule", "add", "NAME", "--cron", "0 2 * * *", "FILE.csv"]);
        return error.hint(context.deps().or_other_queue(format!("this queue has no schedules; {add} makes one")));
    }
    let listed: Vec<_> = names.iter().take(MAX_LISTED).map(|name| escaped(name)).collect();
    let list = format!("schedules: {}", listed.join(", "));
    match nearest(name, &names) {
        Some(near) => error.hint(format!("did you mean {}? {list}", escaped(near))),
        None => error.hint(list),
    }
}
