//! The reading of something big, watched: a bar of bytes on a terminal, for as long as it takes.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::printer::{Printer, Verbosity};
use crate::config::ProgressMode;

/// What is smaller is read before a bar could be looked at.
const MIN_BYTES_FOR_A_BAR: u64 = 16 << 20;
/// The bar is told so often; it is called for every block.
const TELL_EVERY_BYTES: u64 = 1 << 20;
const TEMPLATE: &str = "{bar:12} {bytes}/{total_bytes} {wide_msg}";

/// Shows how far the reading of `total` bytes is.
#[derive(Debug)]
pub struct ReadingProgress {
    bar: Option<ProgressBar>,
    told_bytes: u64,
}

impl ReadingProgress {
    /// A bar where there is a terminal to show it, somebody wants to see one and it is worth it; else nothing.
    pub fn new(mode: ProgressMode, printer: Printer, total_bytes: u64, what: &str) -> ReadingProgress {
        let wanted = matches!(mode, ProgressMode::Auto | ProgressMode::Bar) && printer.verbosity() != Verbosity::Quiet;
        let worth_it = total_bytes >= MIN_BYTES_FOR_A_BAR && std::io::stderr().is_terminal();
        let bar = (wanted && worth_it).then(|| {
            let style = ProgressStyle::with_template(TEMPLATE);
            let bar = ProgressBar::new(total_bytes).with_message(what.to_owned());
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar
        });
        ReadingProgress { bar, told_bytes: 0 }
    }

    /// So many bytes have been read in all.
    pub fn at(&mut self, bytes: u64) {
        if let Some(bar) = &self.bar
            && bytes >= self.told_bytes + TELL_EVERY_BYTES
        {
            self.told_bytes = bytes;
            bar.set_position(bytes);
        }
    }
}

impl Drop for ReadingProgress {
    /// The bar makes room for what is said at the end.
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_is_drawn_as_it_is_meant() {
        assert!(ProgressStyle::with_template(TEMPLATE).is_ok());
    }
}
