//! Opens the person's browser. It is a courtesy: the address is printed in any case, so failing is no error.

use std::process::Stdio;

use crate::app::child_command;
use crate::cli::printer::Printer;
use crate::error::CommandError;

#[cfg(target_os = "macos")]
const OPENER: &str = "open";
#[cfg(not(target_os = "macos"))]
const OPENER: &str = "xdg-open";

/// Whether a program that opens the address could be started.
fn open(url: &str) -> bool {
    let mut command = child_command(OPENER);
    command.arg(url).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().is_ok()
}

/// Prints the address and opens the browser at it.
pub(super) fn show(printer: Printer, url: &str) -> Result<(), CommandError> {
    let opened = open(url);
    printer.say(if opened {
        "your browser opens; if it does not, open this address:"
    } else {
        "no browser could be opened; open this address in yours:"
    });
    printer.data(url)
}
