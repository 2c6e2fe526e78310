//! A session of a server, with what every one of ours is told: nothing here depends on what the server has as its default.

use std::io;
use std::time::Duration;

use sqlx::ConnectOptions;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use tokio::time::timeout;

use super::error::BUSY_TIMEOUT_S;
use super::lock_holder::session_name;
use super::place::ServerPlace;

/// How long a server may take to let us in.
const MOST_TO_CONNECT: Duration = Duration::from_secs(15);

/// Begins one.
pub(super) async fn begin_session(server: &ServerPlace) -> sqlx::Result<PgConnection> {
    begin_session_within(server, MOST_TO_CONNECT).await
}

/// Begins one, for which the server may take so long.
pub(super) async fn begin_session_within(server: &ServerPlace, most: Duration) -> sqlx::Result<PgConnection> {
    match timeout(most, session_options(server)?.connect()).await {
        Ok(session) => session,
        Err(_) => Err(sqlx::Error::Io(io::ErrorKind::TimedOut.into())),
    }
}

/// What one is begun with.
pub(super) fn session_options(server: &ServerPlace) -> sqlx::Result<PgConnectOptions> {
    let options = server.options().map_err(|error| sqlx::Error::Configuration(error.into()))?;
    let lock_timeout = format!("{BUSY_TIMEOUT_S}s");
    Ok(options.application_name(&session_name()).disable_statement_logging().options([
        // What has been committed is on the server's disk.
        ("synchronous_commit", "on"),
        // As long as a file is waited for.
        ("lock_timeout", lock_timeout.as_str()),
        ("statement_timeout", "0"),
        // Statements here take milliseconds, and to compile one takes a hundred.
        ("jit", "off"),
        ("client_min_messages", "warning"),
        ("default_transaction_isolation", "read committed"),
        // A host that has gone without a word, with a lock or in the middle of a transaction, is found out in half a minute.
        ("tcp_keepalives_idle", "15"),
        ("tcp_keepalives_interval", "5"),
        ("tcp_keepalives_count", "3"),
    ]))
}
