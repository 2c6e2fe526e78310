//! How a run is told to end: ask, then insist, then mean it. The first signal drains and saves, the second does not wait for
//! requests in flight, the third is the caller's to obey: it ends the process.

use tokio::sync::watch;

use super::event::Signal;

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
}
