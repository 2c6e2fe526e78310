//! Windows that all accounts of an app share, counted again.
//!
//! In: the attempts of every account of a platform, in the order in which they were made; accounts of one platform are taken for one
//! app's, as a run takes them. Out: as for accounts.

use serde_json::{Value, json};

use super::line::Line;
use super::{AccountAudit, line, window_json};
use crate::cli::error::CliError;
use crate::cli::timing::full_text;
use crate::config::Settings;
use crate::domain::{Platform, Scope, Tick, WindowSpec, counted};
use crate::limits::{Audit, Fullest};
use crate::store::Store;

pub(super) struct AppAudit {
    platform: Platform,
    attempts: u64,
    windows: Vec<Fullest>,
    line: Line,
}

/// Recounts what the accounts share; nothing where no window is set for the whole app.
///
/// # Errors
/// The queue cannot be read.
pub(super) async fn recount(
    store: &mut Store,
    accounts: &[AccountAudit],
    settings: &Settings,
) -> Result<Vec<AppAudit>, CliError> {
    let mut found = Vec::new();
    for platform in
        Platform::ALL.into_iter().filter(|platform| accounts.iter().any(|a| a.account.platform == *platform))
    {
        let specs = settings.windows(platform);
        let shared: Vec<WindowSpec> = specs.iter().filter(|spec| spec.scope == Scope::App).copied().collect();
        if shared.is_empty() {
            continue;
        }
        let (mut audit, mut line, mut attempts) = (Audit::new(&shared), Line::default(), 0);
        let count = |span| {
            let (reserved, upper) = line.place(&span);
            audit.attempt(span.action, reserved, upper);
            attempts += 1;
        };
        store.attempts_at(platform, count).await?;
        found.push(AppAudit { platform, attempts, windows: audit.finish(), line });
    }
    Ok(found)
}

impl AppAudit {
    pub(super) fn is_over(&self) -> bool {
        self.windows.iter().any(|found| found.over > 0)
    }

    pub(super) fn json(&self) -> Value {
        let window = |found: &Fullest| window_json(found, |tick| tick.map(|tick| self.line.wall(tick)));
        json!({
            "platform": self.platform.name(),
            "attempts": self.attempts,
            "windows": self.windows.iter().map(window).collect::<Vec<_>>(),
        })
    }

    pub(super) fn told(&self, zone: &jiff::tz::TimeZone) -> String {
        let attempts = counted(self.attempts, "attempt", "attempts");
        let at = |tick: Option<Tick>| tick.map_or_else(String::new, |tick| full_text(self.line.wall(tick), zone));
        let lines = self.windows.iter().map(|found| line(found, at));
        let title = format!("the app at {}, all its accounts together: {attempts}", self.platform);
        [title].into_iter().chain(lines).collect::<Vec<_>>().join("\n")
    }
}
