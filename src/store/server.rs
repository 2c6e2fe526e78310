//! A connection to a server. In: where a queue is. Out: an executor, as for a file. What does not belong here: whether the database is a queue
//! (`postgres`).

use std::sync::Arc;

use sqlx::ConnectOptions;

use super::db::{AnyConnection, Db};
use super::error::StoreError;
use super::lock_holder::session_name;
use super::place::{QueuePlace, ServerPlace};

/// One connection.
pub(super) async fn connect(server: &Arc<ServerPlace>) -> Result<Db, StoreError> {
    let place = QueuePlace::Server(Arc::clone(server));
    let options = server.options().map_err(|error| StoreError::impossible(format!("{error}")))?;
    let options = options.application_name(&session_name()).disable_statement_logging();
    // A host that has gone without a word, with a lock or in the middle of a transaction, is found out in half a minute.
    let options = options.options([
        ("tcp_keepalives_idle", "15"),
        ("tcp_keepalives_interval", "5"),
        ("tcp_keepalives_count", "3"),
    ]);
    match options.connect().await {
        Ok(connection) => Ok(Db::new(AnyConnection::Postgres(Box::new(connection)), place)),
        Err(error) => Err(StoreError::from_sqlx(&place, error)),
    }
}
