//! What a drain heeds before each turn: signals, its own deadline, and the machine's sleep.

use std::time::Duration;

use super::dispatcher::Dispatcher;
use super::event::Stopped;
use super::shutdown::Urgency;
use crate::store::StoreError;

/// How long a run that was asked to end waits for requests in flight: it ends within 10 s, and the last of them is for writing down
/// what became of them.
const DRAIN_GRACE: Duration = Duration::from_secs(9);
/// A gap between boot-time and monotonic time from which on it was a suspend.
const MIN_SUSPEND: Duration = Duration::from_millis(50);

impl Dispatcher {
    /// After a suspend every slot whose end nobody saw counts anew from here: the kernel may have sent it only on waking.
    pub(super) async fn heed_suspend(&mut self) -> Result<(), StoreError> {
        let (now, suspended) = (self.means.clock.now().tick, self.means.clock.suspended());
        let asleep_from = std::mem::replace(&mut self.awake.0, now);
        let before = std::mem::replace(&mut self.awake.1, suspended);
        // Two clocks read one after the other differ by a millisecond or two; nobody sleeps for less than that.
        if suspended.saturating_sub(before) < MIN_SUSPEND {
            return Ok(());
        }
        let mut woken = now;
        for account in &mut self.roster.accounts {
            let upper = account.values.woken(now);
            woken = woken.max(upper);
            if let Some(limiter) = &mut account.limiter {
                limiter.woke(asleep_from, upper);
            }
        }
        self.app_windows.values_mut().for_each(|windows| windows.woke(asleep_from, woken));
        tracing::info!(seconds = suspended.saturating_sub(before).as_secs(), "the machine was suspended");
        self.means.drain.woke(asleep_from, woken).await
    }

    pub(super) fn heed_deadline(&mut self) {
        let over = self.settings.until.is_some_and(|until| self.means.clock.now().tick >= until);
        if over && self.stopping.is_none() && (!self.in_flight.is_empty() || self.asking > 0) {
            self.stopping = Some(Stopped::Deadline);
        }
    }

    pub(super) fn heed_shutdown(&mut self) {
        let (urgency, signal) = self.means.shutdown.now();
        let Some(signal) = signal.filter(|_| urgency > Urgency::None) else { return };
        if !matches!(self.stopping, Some(Stopped::Interrupted(_))) {
            self.stopping = Some(Stopped::Interrupted(signal));
            self.drain_until = Some(self.means.clock.now().tick.after(DRAIN_GRACE));
        }
    }
}
