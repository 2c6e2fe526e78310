//! `cleanup completions`: a script for a shell.

use clap::CommandFactory;

use crate::cli::args::{Cli, CompletionsArgs};
use crate::cli::context::Context;
use crate::error::CommandError;

/// Prints the script.
///
/// # Errors
/// Stdout cannot be written.
pub fn run(context: &Context, args: &CompletionsArgs) -> Result<u8, CommandError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "cleanup", &mut script);
    context.printer.bytes(&script)?;
    Ok(0)
}
