//! The lists that are being read at this moment: how far each has come, what it waits for, and the way to stop it. What is read to its end,
//! and why what is not, is on the shelf.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::domain::Wall;
use crate::engine::{ShutdownSender, Signal};
use crate::lists::fetch::FetchEvent;
use crate::web::problem::Problem;

/// Lists that are read at the same time.
const MAX_READINGS: usize = 4;

/// How far a reading has come.
#[derive(Clone, Debug, Default)]
pub(in crate::web) struct ReadingProgress {
    pub(in crate::web) entries: u64,
    pub(in crate::web) pages: u64,
    /// Until when it waits, and why.
    pub(in crate::web) waits: Option<(Wall, String)>,
    /// The last answer that was no page.
    pub(in crate::web) trouble: Option<String>,
    /// Somebody has asked it to stop.
    pub(in crate::web) is_stopping: bool,
}

#[derive(Debug)]
struct Reading {
    progress: ReadingProgress,
    stop: Option<ShutdownSender>,
}

/// What is being read, by number: lists of the shelf; and another of these, jobs whose account's lists are read again.
#[derive(Clone, Debug, Default)]
pub(in crate::web) struct Readings {
    now: Arc<Mutex<HashMap<u64, Reading>>>,
    /// Why the last reading of a number ended before its time.
    stopped: Arc<Mutex<HashMap<u64, String>>>,
}

impl Readings {
    /// How far a list has come; none: it is not being read.
    pub(in crate::web) fn progress(&self, id: u64) -> Option<ReadingProgress> {
        self.locked(|all| all.get(&id).map(|reading| reading.progress.clone()))
    }

    /// Asks it to stop. What it has read is kept.
    pub(super) fn stop(&self, id: u64) {
        self.locked(|all| {
            let Some(reading) = all.get_mut(&id) else { return };
            reading.progress.is_stopping = true;
            if let Some(stop) = &reading.stop {
                stop.signal(Signal::Terminate);
            }
        });
    }

    /// It begins; `stop` is the way to end it.
    pub(in crate::web) fn begin(&self, id: u64, stop: Option<ShutdownSender>) -> Result<(), Problem> {
        self.locked(|all| {
            if all.contains_key(&id) {
                return Err(Problem::unusable("This list is being read already.", ""));
            }
            if all.len() >= MAX_READINGS {
                return Err(Problem::busy("Other lists are being read."));
            }
            all.insert(id, Reading { progress: ReadingProgress::default(), stop });
            Ok(())
        })
    }

    /// It has come so far, or waits.
    pub(in crate::web) fn hear(&self, id: u64, event: FetchEvent) {
        self.locked(|all| {
            let Some(Reading { progress, .. }) = all.get_mut(&id) else { return };
            match event {
                FetchEvent::Waiting { until, why } => progress.waits = Some((until, why)),
                FetchEvent::Trouble(what) => progress.trouble = Some(what),
                FetchEvent::Page { entries, pages } => {
                    (progress.entries, progress.pages) = (entries, pages);
                    (progress.waits, progress.trouble) = (None, None);
                }
            }
        });
    }

    /// It has ended; why, where that was before its time.
    pub(in crate::web) fn end(&self, id: u64, stopped: Option<String>) {
        let mut last = self.stopped.lock().unwrap_or_else(PoisonError::into_inner);
        match stopped {
            Some(why) => last.insert(id, why),
            None => last.remove(&id),
        };
        drop(last);
        self.locked(|all| all.remove(&id));
    }

    /// Why the last reading ended before its time.
    pub(in crate::web) fn stopped(&self, id: u64) -> Option<String> {
        self.stopped.lock().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }

    fn locked<T>(&self, change: impl FnOnce(&mut HashMap<u64, Reading>) -> T) -> T {
        change(&mut self.now.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
