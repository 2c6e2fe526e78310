//! `cleanup db`: the schema of a queue, and its way into another database.

use crate::app::{self, MoveReport};
use crate::cli::args::{DbArgs, DbCommand, DbMoveArgs};
use crate::cli::context::Context;
use crate::domain::counted;
use crate::error::CommandError;
use crate::text::escaped;

/// Does what the command says.
///
/// # Errors
/// See [`app::migrate`] and [`app::move_queue`].
pub async fn run(context: &Context, args: &DbArgs) -> Result<u8, CommandError> {
    match &args.command {
        DbCommand::Migrate(_) => {
            let place = app::migrate(context.deps()).await?;
            context.printer.say(&format!("{}: the schema is up to date", escaped(&place)));
        }
        DbCommand::Move(args) => move_queue(context, args).await?,
    }
    Ok(0)
}

async fn move_queue(context: &Context, args: &DbMoveArgs) -> Result<(), CommandError> {
    let report = app::move_queue(context.deps()).await?;
    if args.json {
        return context.printer.json(&report);
    }
    for line in lines(&report, context.settings.is_sandbox()) {
        context.printer.say(&line);
    }
    Ok(())
}

fn lines(report: &MoveReport, is_sandbox: bool) -> Vec<String> {
    let (from, to) = (escaped(&report.from), escaped(&report.to));
    let what = match &report.copied {
        Some(copied) => format!(
            "{}, {}, {} in all",
            counted(copied.tasks, "task", "tasks"),
            counted(copied.attempts, "attempt", "attempts"),
            counted(copied.rows, "row", "rows")
        ),
        None => "it had arrived already, and the move is at its end now".to_owned(),
    };
    let mut lines = vec![format!("moved {from} to {to}: {what}")];
    if let Some((key, beside)) = &report.key_to_copy {
        lines.push(format!(
            "its logins are sealed with the key in {}, and from now on it is looked for in {}: copy it there",
            escaped(&key.display().to_string()),
            escaped(&beside.display().to_string())
        ));
    }
    // The sandbox heeds neither the variable nor the file.
    let how = if is_sandbox { "--db" } else { "--db, CLEANUP_DB or `db` in the config file" };
    lines.push(format!("nothing works on {from} any more; name the new place with {how}"));
    lines
}
