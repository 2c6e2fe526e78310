//! `cleanup __complete`: the names that fit where somebody is typing, one a line. Completion scripts call it; it never complains.
//!
//! In: the words typed so far, the queue. Out: names. What does not belong here: commands and options, which the scripts know.

use std::time::Duration;

use clap::CommandFactory;

use crate::cli::args::{Cli, CompleteArgs, NameKind};
use crate::cli::context::Context;
use crate::error::CommandError;

/// A server that does not answer must not hold the terminal up.
const PATIENCE: Duration = Duration::from_secs(2);

/// Prints the names.
///
/// # Errors
/// The queue cannot be read, or stdout cannot be written; the script that asks shows neither.
pub async fn run(context: &Context, args: &CompleteArgs) -> Result<u8, CommandError> {
    let mut tree = Cli::command();
    tree.build();
    let Some(kind) = args.kind(&tree) else { return Ok(0) };
    let until = context.clock.now().tick.after(PATIENCE);
    let names = tokio::select! {
        names = names_of(context, kind) => names?,
        () = context.clock.sleep_until(until) => Vec::new(),
    };
    for name in names.iter().filter(|name| name.starts_with(args.prefix())) {
        context.printer.data(name)?;
    }
    Ok(0)
}

async fn names_of(context: &Context, kind: NameKind) -> Result<Vec<String>, CommandError> {
    let Some(mut store) = context.existing_queue().await? else { return Ok(Vec::new()) };
    let mut names: Vec<String> = match kind {
        NameKind::Job => store.queue().jobs().await?.into_iter().map(|job| job.name).collect(),
        NameKind::Account => {
            store.accounts().all().await?.into_iter().map(|account| account.name.to_string()).collect()
        }
        NameKind::Schedule => store.schedules().all().await?.into_iter().map(|schedule| schedule.name).collect(),
    };
    store.close().await;
    names.sort();
    Ok(names)
}
