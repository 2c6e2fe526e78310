//! Opens the person's browser. It is a courtesy: the address is printed in any case, so failing is no error.

use std::process::Stdio;

use crate::cli::child;

#[cfg(target_os = "macos")]
const OPENER: &str = "open";
#[cfg(not(target_os = "macos"))]
const OPENER: &str = "xdg-open";

/// Whether a program that opens the address could be started.
pub(super) fn open(url: &str) -> bool {
    let mut command = child::command(OPENER);
    command.arg(url).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().is_ok()
}
