//! A schedule runs by this machine's clock. Where the platform's says that ours is wrong, nothing of it is run: hours and ages would be wrong
//! with it.

use std::time::Duration;

use crate::app::deps::AppDeps;
use crate::app::{self, Bases};
use crate::domain::{CLOCK_TOLERANCE, Platform};
use crate::error::{CommandError, ErrorKind};
use crate::store::Store;
use crate::text::span_text;

/// The platform's clock says another time.
#[derive(Debug, thiserror::Error)]
#[error("the platform's clock says another time")]
struct WrongClock;

/// Refuses to run by a clock that is wrong. A platform that does not answer says nothing about it.
///
/// # Errors
/// The clock is off by more than clocks are set by; [`is_wrong`] knows the error again.
pub(super) async fn refuse_wrong(deps: AppDeps<'_>) -> Result<(), CommandError> {
    let settings = deps.settings;
    if settings.is_sandbox() {
        return Ok(());
    }
    let mut store = Store::open(settings.db()?, settings.kind).await?;
    let accounts = store.accounts().all().await?;
    store.close().await;
    let bases = Bases::of(settings)?.with_hosts(accounts.iter().filter_map(|account| account.host.as_ref()))?;
    let base = match accounts.first() {
        Some(account) => bases.of_account(account)?,
        None => bases.at(Platform::default(), None)?,
    };
    let Some(off) = app::clock_off(&bases.client(settings)?, &base, deps.clock).await else { return Ok(()) };
    let length = Duration::from_secs(off.unsigned_abs());
    if length <= CLOCK_TOLERANCE {
        return Ok(());
    }
    let way = if off > 0 { "ahead of" } else { "behind" };
    let message = format!(
        "this machine's clock is {} {way} that of {base}, and a schedule runs by the clock; nothing was sent",
        span_text(length)
    );
    Err(CommandError::new(ErrorKind::Config, message)
        .hint("set the clock, or switch its time service on; the run is tried again until its hours end")
        .because(WrongClock))
}

/// Whether an error is that of [`refuse_wrong`].
pub(super) fn is_wrong(error: &CommandError) -> bool {
    std::error::Error::source(error).is_some_and(|source| source.is::<WrongClock>())
}
