//! `cleanup schedule edit`: what is given replaces what was kept, `--without` takes an option out, and the rest stays.

use super::add::say_outlook;
use crate::app::schedules::edit_schedule;
use crate::cli::args::ScheduleEditArgs;
use crate::cli::context::Context;
use crate::error::CommandError;
use crate::text::escaped;

/// Changes a schedule.
///
/// # Errors
/// There is no such schedule, nothing is to be changed, or what comes of it makes no sense; then it stays as it was.
pub(super) async fn run(context: &Context, args: &ScheduleEditArgs) -> Result<u8, CommandError> {
    let edited = edit_schedule(context.deps(), &args.request()).await?;
    context.printer.say(&format!("{} is changed; a run in progress continues as it began", escaped(&edited.name)));
    if let Some(outlook) = &edited.outlook {
        say_outlook(outlook, context);
    }
    Ok(0)
}
