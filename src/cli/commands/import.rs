//! `cleanup import`: a list out of an export, filtered, as a CSV to look at, edit and run.

mod messages;

use crate::app::{ImportRequest, import};
use crate::cli::args::ImportArgs;
use crate::cli::context::Context;
use crate::error::CommandError;

/// Reads the list and writes it.
///
/// # Errors
/// The archive is foreign, cut, hostile or somebody else's (65); an option makes no sense or there is no such account (2); the
/// CSV cannot be written (74).
pub async fn run(context: &Context, args: &ImportArgs) -> Result<u8, CommandError> {
    let request = ImportRequest {
        archive: args.archive.clone(),
        what: args.what,
        account: args.account.clone(),
        which: args.filter.which.options(),
        output: args.output.clone(),
        spared: args.filter.spared.clone(),
        force: args.force,
        raw: args.raw,
    };
    let report = import(context.deps(), &request).await?;
    messages::say_imported(context, args, &report);
    Ok(0)
}
