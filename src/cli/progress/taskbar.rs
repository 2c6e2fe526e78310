//! The progress of a run where the desktop shows it: in the terminal's tab or in the task bar, by OSC 9;4. In: rows. Out: stderr.

use std::io::{self, IsTerminal, Write};

use crate::config::TerminalTraits;

const CLEAR: &str = "\u{1b}]9;4;0\u{1b}\\";

/// Tells the terminal how far a run is; what it was told is taken back in the end.
#[derive(Debug)]
pub(super) struct TaskbarProgress {
    is_on: bool,
    told_percent: Option<u64>,
}

impl TaskbarProgress {
    /// On where stderr is a terminal that shows it.
    pub(super) fn new(is_wanted: bool, traits: TerminalTraits) -> TaskbarProgress {
        TaskbarProgress { is_on: is_wanted && traits.shows_progress && io::stderr().is_terminal(), told_percent: None }
    }

    /// So many rows of all are settled.
    pub(super) fn at(&mut self, settled: u64, total: u64) {
        if let Some(text) = self.text(settled, total) {
            tell(&text);
        }
    }

    /// What the terminal is told; none where it knows already, or should not be told.
    fn text(&mut self, settled: u64, total: u64) -> Option<String> {
        let percent = settled.saturating_mul(100) / total.max(1);
        if !self.is_on || self.told_percent == Some(percent) {
            return None;
        }
        self.told_percent = Some(percent);
        Some(format!("\u{1b}]9;4;1;{percent}\u{1b}\\"))
    }
}

impl Drop for TaskbarProgress {
    fn drop(&mut self) {
        if self.told_percent.is_some() {
            tell(CLEAR);
        }
    }
}

/// A terminal that went away must not end what is being done.
fn tell(text: &str) {
    let mut to = io::stderr().lock();
    let _ = to.write_all(text.as_bytes()).and_then(|()| to.flush());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_percent_is_told_once() {
        let mut told = TaskbarProgress { is_on: true, told_percent: None };
        assert_eq!(told.text(0, 200).as_deref(), Some("\u{1b}]9;4;1;0\u{1b}\\"));
        assert_eq!(told.text(1, 200), None);
        assert_eq!(told.text(2, 200).as_deref(), Some("\u{1b}]9;4;1;1\u{1b}\\"));
        assert_eq!(told.text(200, 200).as_deref(), Some("\u{1b}]9;4;1;100\u{1b}\\"));
        told.told_percent = None;
        let mut off = TaskbarProgress { is_on: false, told_percent: None };
        assert_eq!(off.text(1, 2), None);
    }
}
