//! `cleanup account default`: which account acts where neither the command nor the file names one.

use crate::app;
use crate::app::find_account;
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
        Some(name) => choose(context, name).await,
        None if args.none => choose_none(context).await,
        None => tell(context).await,
    }
}

async fn choose(context: &Context, name: &AccountName) -> Result<u8, CommandError> {
    let (mut store, account) = find_account(context.deps(), name).await?;
    store.accounts().set_default_account(Some(account.id)).await?;
    let is_logged_in = store.accounts().is_logged_in(account.id).await?;
    let known = store.accounts().all().await?;
    store.close().await;
    context.printer.say(&format!(
        "{name} is the default account: it acts where neither the command nor the file names one; jobs and schedules that \
         have an account keep it"
    ));
    let now = app::default_account(&context.settings, &known)?;
    let other = now.as_ref().filter(|now| now.name.as_ref() != Some(name));
    if let Some(other) = other {
        context.printer.warn(&format!("not at the moment: {}", other.sentence()));
    } else if !is_logged_in {
        let login = context.command(&["account", "login", name.as_str()]);
        context.printer.warn(&format!("{name} is not logged in; {login} does that"));
    }
    Ok(0)
}

async fn choose_none(context: &Context) -> Result<u8, CommandError> {
    if let Some(mut store) = context.existing_queue().await? {
        store.accounts().set_default_account(None).await?;
        store.close().await;
    }
    context.printer.say("no account is the default now");
    Ok(0)
}

/// The name goes to stdout, for scripts; why it is this one to stderr.
async fn tell(context: &Context) -> Result<u8, CommandError> {
    let known = match context.existing_queue().await? {
        Some(mut store) => {
            let known = store.accounts().all().await?;
            store.close().await;
            known
        }
        None => Vec::new(),
    };
    let Some(default) = app::default_account(&context.settings, &known)? else {
        if known.is_empty() {
            let login = context.command(&["account", "login"]);
            context.printer.say(&format!("there are no accounts, so none is the default; {login} adds one"));
            return Ok(0);
        }
        let (choose, list) = (context.command(&["account", "default", "NAME"]), context.command(&["account", "list"]));
        context.printer.say(&format!(
            "there is no default account: each command or file has to name one; {choose} chooses one, and {list} shows them"
        ));
        return Ok(0);
    };
    context.printer.say(&default.sentence());
    if let Some(name) = &default.name {
        context.printer.data(name.as_str())?;
    }
    Ok(0)
}
