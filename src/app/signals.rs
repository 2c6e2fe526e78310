//! Signals: ask, then insist, then mean it.

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use super::deps::AppDeps;
use super::notice::Notice;
use crate::engine::{ShutdownSender, Signal};
use crate::error::CommandError;

/// The signals that end a run.
pub struct Signals(mpsc::Receiver<Signal>);

/// Relaying never ends by itself.
pub enum Never {}

impl Signals {
    /// Begins to listen; from here on the default of dying at once is off.
    ///
    /// # Errors
    /// The system has no place for it.
    pub fn listen() -> Result<Signals, CommandError> {
        const MOST_WAITING: usize = 8;
        let (sender, receiver) = mpsc::channel(MOST_WAITING);
        let ignored = ignored_signals();
        for (kind, meaning) in [
            (SignalKind::interrupt(), Signal::Interrupt),
            (SignalKind::terminate(), Signal::Terminate),
            (SignalKind::hangup(), Signal::Hangup),
        ] {
            if ignored & bit(kind) != 0 {
                continue;
            }
            let mut stream = signal(kind).map_err(|error| CommandError::io("signals", error))?;
            let sender = sender.clone();
            tokio::spawn(async move {
                while stream.recv().await.is_some() {
                    if sender.send(meaning).await.is_err() {
                        return;
                    }
                }
            });
        }
        Ok(Signals(receiver))
    }

    /// The next signal.
    pub async fn first(&mut self) -> Signal {
        match self.0.recv().await {
            Some(signal) => signal,
            None => std::future::pending().await,
        }
    }

    /// A signal that has come already.
    pub fn waiting(&mut self) -> Option<Signal> {
        self.0.try_recv().ok()
    }

    /// Hands every signal on, and tells of it.
    pub async fn relay(&mut self, to: &ShutdownSender, deps: AppDeps<'_>) -> Never {
        for before in 0_usize.. {
            let signal = self.first().await;
            deps.tell(Notice::Signal(signal, before));
            to.signal(signal);
        }
        std::future::pending().await
    }
}

/// The signals that whoever started us wants ignored, a bit each: `nohup` and `sh -c 'cleanup run ... &'` do this, and listening
/// would undo it. Only Linux tells.
fn ignored_signals() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    ignored_in(&status)
}

fn ignored_in(status: &str) -> u64 {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

fn bit(kind: SignalKind) -> u64 {
    1 << (kind.as_raw_value() - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nohup_ignores_stays_ignored() {
        let status =
            "Name:\tcleanup\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000001001\nSigCgt:\t0000000000000440\n";
        let ignored = ignored_in(status);
        assert_ne!(ignored & bit(SignalKind::hangup()), 0);
        assert_eq!(ignored & bit(SignalKind::interrupt()), 0);
        assert_eq!(ignored & bit(SignalKind::terminate()), 0);
        assert_eq!(ignored_in("no such line"), 0);
    }
}
