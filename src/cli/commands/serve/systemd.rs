//! What systemd is told: up, alive, reading the configuration, ending. Without it nobody listens, and nothing is said.

use sd_notify::NotifyState;

use crate::cli::context::Context;

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::debug!(%error, "the service manager does not listen");
    }
}

/// It is up.
pub(super) fn ready(address: &str) {
    tell(&[NotifyState::Ready, NotifyState::Status(&format!("dashboard at {address}"))]);
}

/// The configuration is being read again.
pub(super) fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(_) => tell(&[NotifyState::Reloading]),
    }
}

/// ... and has been.
pub(super) fn reloaded() {
    tell(&[NotifyState::Ready]);
}

/// It is ending.
pub(super) fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// Says that it is alive, twice as often as it has to. Never ends. Engine, dashboard and this share one thread: where one of
/// them hangs, so does this, and systemd starts the process anew.
pub(super) async fn watchdog(context: &Context) {
    let Some(every) = sd_notify::watchdog_enabled() else { return std::future::pending().await };
    loop {
        tell(&[NotifyState::Watchdog]);
        context.clock.sleep_until(context.clock.now().tick.after(every / 2)).await;
    }
}
