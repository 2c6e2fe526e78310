//! Windows that all accounts of an app share, counted again.
//!
//! In: the attempts of every account of a platform, in the order in which they were made; accounts of one platform are taken for one
//! app's, as a run takes them. Out: as for accounts.

use serde_json::{Value, json};

use super::line::Line;
use super::windows::{Tally, Windows, count};
use super::{AccountAudit, Counted, of_interest};
use crate::config::Settings;
use crate::domain::{Platform, Scope, Tick, counted};
use crate::error::CommandError;
use crate::limits::Audit;
use crate::store::{AttemptSpan, DrainWindows, Store};
use crate::text::full_text;

pub(super) struct AppAudit {
    platform: Platform,
    tally: Tally,
    windows: Vec<Counted>,
    line: Line,
}

/// Recounts what the accounts share; nothing where no window is or was set for the whole app.
///
/// # Errors
/// The queue cannot be read.
pub(super) async fn recount(
    store: &mut Store,
    accounts: &[AccountAudit],
    settings: &Settings,
    record: &DrainWindows,
) -> Result<Vec<AppAudit>, CommandError> {
    let mut found = Vec::new();
    for platform in
        Platform::ALL.into_iter().filter(|platform| accounts.iter().any(|a| a.account.platform == *platform))
    {
        let windows = Windows::of(settings, record, platform, Scope::App);
        let shared = windows.all();
        if shared.is_empty() {
            continue;
        }
        let (mut audit, mut line, mut tally) = (Audit::new(&shared), Line::default(), Tally::default());
        let each = |span: AttemptSpan| tally.add(count(&mut audit, &mut line, (&windows, record), &span));
        store.read().attempts_at(platform, each).await?;
        found.push(AppAudit { platform, tally, windows: of_interest(audit, &windows), line });
    }
    Ok(found)
}

impl AppAudit {
    pub(super) fn is_over(&self) -> bool {
        self.windows.iter().any(|counted| counted.found.over > 0)
    }

    pub(super) fn json(&self) -> Value {
        let window = |counted: &Counted| counted.json(|tick| tick.map(|tick| self.line.wall(tick)));
        json!({
            "platform": self.platform.name(),
            "attempts": self.tally.attempts,
            "unrecorded": self.tally.unrecorded,
            "windows": self.windows.iter().map(window).collect::<Vec<_>>(),
        })
    }

    pub(super) fn told(&self, zone: &jiff::tz::TimeZone) -> String {
        let attempts = counted(self.tally.attempts, "attempt", "attempts");
        let at = |tick: Option<Tick>| tick.map_or_else(String::new, |tick| full_text(self.line.wall(tick), zone));
        let lines = self.windows.iter().map(|counted| counted.told(at));
        let title = format!("the app at {}, all its accounts together: {attempts}", self.platform);
        [title].into_iter().chain(lines).collect::<Vec<_>>().join("\n")
    }
}
