//! A list read from the platform and written, from the first look at the request to the last row.

use super::deliver::ListOutput;
use super::end::ListEnd;
use super::reading::ListReading;
use crate::app::deps::AppDeps;
use crate::app::notice::{Notice, Stoppable};
use crate::app::request::ListRequest;
use crate::app::signals::Signals;
use crate::app::{refuse_existing, refuse_places};
use crate::engine::{Shutdown, Signal, Urgency, shutdown};
use crate::error::CommandError;

/// Reads the list and writes it, and tells of both.
///
/// # Errors
/// The platform has no such list, the account needs a person, nobody answers; the queue or the CSV cannot be written.
pub async fn fetch_list(deps: AppDeps<'_>, request: &ListRequest) -> Result<ListEnd, CommandError> {
    let (sender, receiver) = shutdown();
    let signals = async || match Signals::listen() {
        Ok(mut signals) => match signals.relay(&sender, deps).await {},
        Err(error) => error,
    };
    fetch_list_until(deps, request, receiver, signals).await
}

/// The same, until it is told to stop. `beside` goes on meanwhile, and ends only where reading cannot continue.
///
/// # Errors
/// As [`fetch_list`], and that of `beside`.
pub(in crate::app) async fn fetch_list_until(
    deps: AppDeps<'_>,
    request: &ListRequest,
    receiver: Shutdown,
    beside: impl AsyncFnOnce() -> CommandError,
) -> Result<ListEnd, CommandError> {
    let (once, wanted) = (&request.once, &request.which.wanted);
    let outputs = [request.output.as_ref(), once.spared.as_ref()];
    refuse_places(outputs, [wanted.keep.as_ref(), wanted.only.as_ref()])?;
    refuse_existing(outputs, once.force)?;
    let mut aborted = receiver.clone();
    let heard = (receiver, deps.front.fetch_listener(deps));
    let mut reading = ListReading::begin(deps.settings, (deps.clock, deps.local), request, heard).await?;
    deps.tell(Notice::Reading(&reading.access));
    tokio::select! {
        read = reading.read() => read?,
        error = beside() => return Err(error),
        () = aborted.at_least(Urgency::Abort) => {
            deps.tell(Notice::StoppedAtOnce(Stoppable::Reading));
            return Ok(ListEnd::StoppedAtOnce(aborted.now().1.unwrap_or(Signal::Interrupt)));
        }
    }
    let output = ListOutput {
        list: request.list,
        file: request.output.as_ref(),
        spared: once.spared.as_ref(),
        force: once.force,
        raw: once.raw,
    };
    let end = reading.deliver(|| deps.front.list_sink(output)).await?;
    match &end {
        ListEnd::Written(report) => deps.tell(Notice::ListWritten(report)),
        ListEnd::Unfinished(unfinished) => deps.tell(Notice::ListUnfinished(unfinished)),
        ListEnd::StoppedAtOnce(_) => {}
    }
    Ok(end)
}
