//! A connection to a server. In: where a queue is. Out: an executor, as for a file. What does not belong here: whether the database is a queue
//! (`postgres`).

use std::sync::Arc;

use super::db::{AnyConnection, Db};
use super::error::StoreError;
use super::place::{QueuePlace, ServerPlace};
use super::server_session::begin_session;

/// One connection.
pub(super) async fn connect(server: &Arc<ServerPlace>) -> Result<Db, StoreError> {
    let place = QueuePlace::Server(Arc::clone(server));
    match begin_session(server).await {
        Ok(session) => Ok(Db::new(AnyConnection::Postgres(Box::new(session)), place)),
        Err(error) => Err(StoreError::from_sqlx(&place, error)),
    }
}
