//! What a use case stands on, and whoever begins one, as the use case sees it: told what happens, asked before a real platform is touched.
//!
//! In: what happens, typed. Out: an answer, and listeners. What does not belong here: words, and what they are printed on.

use super::list::{FetchListener, ListOutput, ListSink};
use super::notice::{Notice, RunPlan};
use crate::clock::SharedClock;
use crate::config::Settings;
use crate::domain::ListKind;
use crate::engine::Listener;
use crate::error::CommandError;
use crate::text::LocalClock;

/// What a use case stands on.
#[derive(Clone, Copy)]
pub struct AppDeps<'a> {
    /// Everything decided.
    pub settings: &'a Settings,
    /// The time.
    pub clock: &'a SharedClock,
    /// By whose clock times are told.
    pub local: &'a LocalClock,
    /// Who hears of what happens.
    pub front: &'a dyn Frontend,
}

impl AppDeps<'_> {
    /// Tells whoever began the use case.
    pub fn tell(self, notice: Notice<'_>) {
        self.front.tell(self, notice);
    }
}

/// Whoever begins a use case.
pub trait Frontend {
    /// Something has happened.
    fn tell(&self, deps: AppDeps<'_>, notice: Notice<'_>);

    /// Whether there is somebody to ask.
    fn can_ask(&self) -> bool;

    /// Asks whether to continue with what was told before.
    ///
    /// # Errors
    /// The answer cannot be read.
    fn confirm(&self) -> Result<bool, CommandError>;

    /// Who hears of a run's rows and requests.
    fn progress(&self, deps: AppDeps<'_>, plan: RunPlan) -> Box<dyn Listener>;

    /// As [`Frontend::progress`], of what has to be said at once alone: whoever serves shows no bar.
    fn notices(&self, deps: AppDeps<'_>, plan: RunPlan) -> Box<dyn Listener>;

    /// Who hears of a list that is read, or of handles that are looked up.
    fn fetch_listener(&self, deps: AppDeps<'_>) -> FetchListener;

    /// Who hears how many bytes have been read, of so many of a list of an archive.
    fn reading_progress(&self, deps: AppDeps<'_>, list: ListKind, total_bytes: u64) -> Box<dyn FnMut(u64)>;

    /// What a list is written to: a file that appears whole, or whatever data goes to.
    ///
    /// # Errors
    /// It cannot be made.
    fn list_sink(&self, output: ListOutput<'_>) -> Result<Box<dyn ListSink>, CommandError>;

    /// Whether somebody sees what is told while it is told.
    fn is_watched(&self) -> bool;

    /// Who acts, as the audit log names them.
    fn actor(&self) -> String;
}
