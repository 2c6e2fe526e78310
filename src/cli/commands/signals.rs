//! Signals: ask, then insist, then mean it.

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::engine::{ShutdownSender, Signal};

/// The signals that end a run.
pub(super) struct Signals(mpsc::Receiver<Signal>);

/// Relaying never ends by itself.
pub(super) enum Never {}

impl Signals {
    /// Begins to listen; from here on the default of dying at once is off.
    pub(super) fn listen() -> Result<Signals, CliError> {
        const MOST_WAITING: usize = 8;
        let (sender, receiver) = mpsc::channel(MOST_WAITING);
        for (kind, meaning) in [
            (SignalKind::interrupt(), Signal::Interrupt),
            (SignalKind::terminate(), Signal::Terminate),
            (SignalKind::hangup(), Signal::Hangup),
        ] {
            let mut stream = signal(kind).map_err(|error| CliError::io("signals", error))?;
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
    pub(super) async fn first(&mut self) -> Signal {
        match self.0.recv().await {
            Some(signal) => signal,
            None => std::future::pending().await,
        }
    }

    /// Hands every signal on, and tells the person what it will do.
    pub(super) async fn relay(&mut self, to: &ShutdownSender, context: &Context) -> Never {
        let said = [
            "waiting up to 10 s for requests in flight; again to stop waiting",
            "not waiting; saving; once more to end at once",
        ];
        for words in said.iter().map(Some).chain(std::iter::repeat(None)) {
            let signal = self.first().await;
            if let Some(words) = words {
                context.printer.say(&format!("{}: {words}", signal.name()));
            }
            to.signal(signal);
        }
        std::future::pending().await
    }
}
