//! By which windows attempts are judged: those within which their drain sent; where that was not written down, today's; and where the
//! command names windows, those for all of them.

use crate::config::Settings;
use crate::domain::{Fence, Platform, Scope, WindowSpec};
use crate::store::DrainWindows;

/// The windows of a platform's accounts, or those of its app.
#[derive(Debug, Default)]
pub(super) struct Windows {
    /// As they are set now.
    today: Vec<WindowSpec>,
    /// By the numbers of the sets on record.
    recorded: Vec<Vec<WindowSpec>>,
    /// Every attempt is judged by the windows of today.
    is_chosen: bool,
}

impl Windows {
    pub(super) fn of(settings: &Settings, record: &DrainWindows, platform: Platform, scope: Scope) -> Windows {
        let own = |specs: &[WindowSpec]| specs.iter().filter(|spec| spec.scope == scope).copied().collect::<Vec<_>>();
        let mut recorded: Vec<Vec<WindowSpec>> = Vec::new();
        for (number, specs) in record.sets_of(platform) {
            recorded.resize_with(recorded.len().max(number + 1), Vec::new);
            recorded[number] = own(specs);
        }
        // The options are about an account's windows; those of the app stay what they were.
        let is_chosen = scope == Scope::Account && settings.are_windows_chosen();
        Windows { today: own(&settings.windows(platform)), recorded, is_chosen }
    }

    /// Every window by which something may be judged, today's first.
    pub(super) fn all(&self) -> Vec<WindowSpec> {
        let mut all = self.today.clone();
        let earlier = self.recorded.iter().flatten().filter(|_| !self.is_chosen);
        for spec in earlier {
            if !all.contains(spec) {
                all.push(*spec);
            }
        }
        all
    }

    /// The windows of one attempt, and whether they are those within which it was sent.
    pub(super) fn within(&self, record: &DrainWindows, drain: Fence) -> (&[WindowSpec], bool) {
        if self.is_chosen {
            return (&self.today, true);
        }
        match record.set_of(drain).and_then(|number| self.recorded.get(number)) {
            Some(specs) => (specs, true),
            None => (&self.today, false),
        }
    }

    /// Whether a window is set now.
    pub(super) fn is_today(&self, spec: &WindowSpec) -> bool {
        self.today.contains(spec)
    }
}
