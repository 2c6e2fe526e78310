//! How a run is told to end: ask, then insist, then mean it. The first signal drains and saves, the second does not wait for
//! requests in flight, the third is the caller's to obey: it ends the process.

use std::time::Duration;

use tokio::sync::watch;

use super::finish::Signal;
use crate::clock::Clock;

/// How long a run that was asked to end waits for requests in flight: it ends within 10 s, and the last of them is for writing down
/// what became of them.
pub const DRAIN_GRACE: Duration = Duration::from_secs(9);

/// How urgently the run is to end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// Not at all.
    #[default]
    None,
    /// Send nothing new, wait for what is in flight, save.
    Drain,
    /// Do not wait, save.
    Cancel,
    /// Now.
    Abort,
}

/// The sending end: whoever hears signals holds it.
#[derive(Debug)]
pub struct ShutdownSender(watch::Sender<(Urgency, Option<Signal>)>);

/// The listening end; cheap to clone.
#[derive(Clone, Debug)]
pub struct Shutdown(watch::Receiver<(Urgency, Option<Signal>)>);

/// Both ends.
pub fn shutdown() -> (ShutdownSender, Shutdown) {
    let (sender, receiver) = watch::channel((Urgency::None, None));
    (ShutdownSender(sender), Shutdown(receiver))
}

impl ShutdownSender {
    /// A signal came: one step more urgent. The first signal is the one the exit code speaks of.
    pub fn signal(&self, signal: Signal) {
        self.0.send_modify(|(urgency, first)| {
            *urgency = match urgency {
                Urgency::None => Urgency::Drain,
                Urgency::Drain => Urgency::Cancel,
                Urgency::Cancel | Urgency::Abort => Urgency::Abort,
            };
            first.get_or_insert(signal);
        });
    }
}

impl Shutdown {
    /// How urgently, and by which signal first.
    pub fn now(&self) -> (Urgency, Option<Signal>) {
        *self.0.borrow()
    }

    /// Waits until it is at least so urgent; for ever where nobody can ask any more.
    pub async fn at_least(&mut self, urgency: Urgency) {
        if self.0.wait_for(|(now, _)| *now >= urgency).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// What `work` comes to; none where a second signal, or [`DRAIN_GRACE`] after a first, comes before its end.
    pub async fn finish_in_time<T>(&self, clock: &dyn Clock, work: impl Future<Output = T>) -> Option<T> {
        let (mut drain, mut cancel) = (self.clone(), self.clone());
        let grace = async {
            drain.at_least(Urgency::Drain).await;
            clock.sleep_until(clock.now().tick.after(DRAIN_GRACE)).await;
        };
        tokio::select! {
            done = work => Some(done),
            () = cancel.at_least(Urgency::Cancel) => None,
            () = grace => None,
        }
    }
}
