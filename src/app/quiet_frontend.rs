//! Whoever begins a use case where nobody sits and waits: a page, which shows later what has happened. In: what to do with what is told. Out:
//! the [`Frontend`] that says nothing else. What does not belong here: words.

use super::deps::{AppDeps, Frontend};
use super::list::{FetchListener, ListOutput, ListSink};
use super::notice::{Notice, RunPlan};
use crate::domain::ListKind;
use crate::engine::{Event, Listener};
use crate::error::{CommandError, ErrorKind};
use crate::lists::fetch::FetchEvent;
use std::sync::Arc;

/// Makes what a list is written to.
pub type SinkMaker = Box<dyn Fn(ListKind) -> Result<Box<dyn ListSink>, CommandError> + Send + Sync>;

/// Whoever begins a use case where nobody waits.
pub struct QuietFrontend {
    actor: String,
    sink: Option<SinkMaker>,
    heard: Arc<dyn Fn(FetchEvent) + Send + Sync>,
}

impl QuietFrontend {
    /// One that nothing is told of. `actor`: who acts, as the audit log names them.
    pub fn new(actor: String) -> QuietFrontend {
        QuietFrontend { actor, sink: None, heard: Arc::new(|_| {}) }
    }

    /// The same, with who hears of the pages and waits of lists.
    #[must_use]
    pub fn hearing(self, heard: Arc<dyn Fn(FetchEvent) + Send + Sync>) -> QuietFrontend {
        QuietFrontend { heard, ..self }
    }

    /// The same, with a place for lists.
    #[must_use]
    pub fn writing(self, sink: SinkMaker) -> QuietFrontend {
        QuietFrontend { sink: Some(sink), ..self }
    }
}

impl Frontend for QuietFrontend {
    fn tell(&self, _: AppDeps<'_>, _: Notice<'_>) {}

    fn can_ask(&self) -> bool {
        false
    }

    fn confirm(&self) -> Result<bool, CommandError> {
        Ok(false)
    }

    fn progress(&self, _: AppDeps<'_>, _: RunPlan) -> Box<dyn Listener> {
        Box::new(Unheard)
    }

    fn notices(&self, _: AppDeps<'_>, _: RunPlan) -> Box<dyn Listener> {
        Box::new(Unheard)
    }

    fn fetch_listener(&self, _: AppDeps<'_>) -> FetchListener {
        let heard = Arc::clone(&self.heard);
        Box::new(move |event| heard(event))
    }

    fn reading_progress(&self, _: AppDeps<'_>, _: ListKind, _: u64) -> Box<dyn FnMut(u64)> {
        Box::new(|_| {})
    }

    fn list_sink(&self, output: ListOutput<'_>) -> Result<Box<dyn ListSink>, CommandError> {
        match &self.sink {
            Some(make) => make(output.list),
            None => Err(CommandError::new(ErrorKind::Fault, "there is no place for a list").hint("please report this")),
        }
    }

    fn is_watched(&self) -> bool {
        true
    }

    fn actor(&self) -> String {
        self.actor.clone()
    }
}

/// Nobody hears of a run that a page has not begun.
struct Unheard;

impl Listener for Unheard {
    fn hear(&mut self, _: &Event) {}
}
