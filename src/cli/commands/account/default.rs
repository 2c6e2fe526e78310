//! `cleanup account default`: which account acts where neither the command nor the file names one.

use crate::app::account::{choose_default, choose_no_default, tell_default};
use crate::cli::args::AccountDefaultArgs;
use crate::cli::context::Context;
use crate::domain::AccountName;
use crate::error::CommandError;

/// Chooses it, or says who it is.
///
/// # Errors
/// There is no such account (2), the queue cannot be read or written.
pub(super) async fn run(context: &Context, args: &AccountDefaultArgs) -> Result<u8, CommandError> {
    match &args.name {
        Some(name) => choose(context, name).await?,
        None if args.none => {
            choose_no_default(context.deps()).await?;
            context.printer.say("no account is the default now");
        }
        None => tell(context).await?,
    }
    Ok(0)
}

async fn choose(context: &Context, name: &AccountName) -> Result<(), CommandError> {
    let chosen = choose_default(context.deps(), name).await?;
    context.printer.say(&format!(
        "{name} is the default account: it acts where neither the command nor the file names one; jobs and schedules that \
         have an account keep it"
    ));
    if let Some(other) = &chosen.other {
        context.printer.warn(&format!("not at the moment: {}", other.sentence()));
    } else if !chosen.is_logged_in {
        let login = context.command(&["account", "login", name.as_str()]);
        context.printer.warn(&format!("{name} is not logged in; {login} does that"));
    }
    Ok(())
}

/// The name goes to stdout, for scripts; why it is this one to stderr.
async fn tell(context: &Context) -> Result<(), CommandError> {
    let report = tell_default(context.deps()).await?;
    let Some(default) = report.default else {
        context.printer.say(&if report.is_anybody_known {
            let (choose, list) =
                (context.command(&["account", "default", "NAME"]), context.command(&["account", "list"]));
            format!(
                "there is no default account: each command or file has to name one; {choose} chooses one, and {list} shows them"
            )
        } else {
            let login = context.command(&["account", "login"]);
            format!("there are no accounts, so none is the default; {login} adds one")
        });
        return Ok(());
    };
    context.printer.say(&default.sentence());
    if let Some(name) = &default.name {
        context.printer.data(name.as_str())?;
    }
    Ok(())
}
