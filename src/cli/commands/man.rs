//! `cleanup man`: the manual, one page for the program and one for each command, one after the other.

use std::io;

use clap::CommandFactory;

use crate::cli::args::Cli;
use crate::cli::context::Context;
use crate::cli::error::CliError;

/// Prints the manual in roff.
///
/// # Errors
/// Stdout cannot be written.
pub fn run(context: &Context) -> Result<u8, CliError> {
    let manual = manual().map_err(|error| CliError::io("the manual", error))?;
    context.printer.bytes(&manual)?;
    Ok(0)
}

fn manual() -> io::Result<Vec<u8>> {
    let mut tree = Cli::command();
    tree.build();
    let mut manual = Vec::new();
    clap_mangen::Man::new(tree.clone()).render(&mut manual)?;
    for command in tree.get_subcommands().filter(|command| command.get_name() != "help") {
        let name = format!("cleanup-{}", command.get_name());
        let page = clap_mangen::Man::new(command.clone()).title(name);
        page.source(concat!("cleanup ", env!("CARGO_PKG_VERSION"))).render(&mut manual)?;
    }
    Ok(manual)
}
