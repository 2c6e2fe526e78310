//! Work that a page begins and does not wait for: on a thread with a runtime of its own, for much of what it does stays on one thread. It
//! ends with the process: whatever it does, it has written down what the next one needs. What a page does wait for can be done there, too.

use std::future::Future;

use crate::error::{CommandError, ErrorKind};

/// Begins it.
///
/// # Errors
/// The system has no thread for it.
pub(super) fn begin<W: Future<Output = ()>>(
    name: &'static str,
    work: impl FnOnce() -> W + Send + 'static,
) -> Result<(), CommandError> {
    let fault = |error: std::io::Error| {
        CommandError::new(ErrorKind::Fault, format!("{name} cannot begin: {error}")).because(error)
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(fault)?;
    let thread = std::thread::Builder::new().name(name.to_owned());
    thread.spawn(move || runtime.block_on(work())).map(|_| ()).map_err(fault)
}

/// Does it there, and waits for what comes of it.
///
/// # Errors
/// As [`begin`], and those of the work.
pub(super) async fn finish<T: Send + 'static, W: Future<Output = Result<T, CommandError>>>(
    name: &'static str,
    work: impl FnOnce() -> W + Send + 'static,
) -> Result<T, CommandError> {
    let (sender, receiver) = tokio::sync::oneshot::channel();
    begin(name, move || async move {
        // Whoever waited may have gone.
        let _ = sender.send(work().await);
    })?;
    let lost = |error| CommandError::new(ErrorKind::Fault, format!("{name} ended without an answer")).because(error);
    receiver.await.map_err(lost)?
}
