//! What PostgreSQL's error codes mean to the person at the other end. In: an SQLSTATE and the server's message. Out: a [`StoreError`]. The
//! codes are those of <https://www.postgresql.org/docs/current/errcodes-appendix.html>.

use super::error::StoreError;
use super::place::QueuePlace;

/// What an error of the server means; none: it is one that this program knows nothing to say of.
pub(super) fn error_of_state(queue: &QueuePlace, state: &str, message: &str) -> Option<StoreError> {
    let (queue, detail) = (queue.clone(), message.to_owned());
    match state {
        // disk_full
        "53100" => Some(StoreError::ServerDiskFull { queue }),
        // data_corrupted, index_corrupted
        "XX001" | "XX002" => Some(StoreError::Damaged { queue, detail }),
        _ => None,
    }
}
