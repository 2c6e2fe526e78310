//! What PostgreSQL's error codes mean to the person at the other end. In: an error of a connection to a server. Out: a [`StoreError`]. The
//! codes are those of <https://www.postgresql.org/docs/current/errcodes-appendix.html>.

use super::error::{BUSY_TIMEOUT_S, StoreError};
use super::place::QueuePlace;
use crate::domain::io_words;

/// What an error of a connection to a server means; none: it is one that this program knows nothing to say of.
pub(super) fn error_of_server(queue: &QueuePlace, error: &sqlx::Error) -> Option<StoreError> {
    let (queue, unreachable) =
        (queue.clone(), |detail: String| StoreError::Unreachable { queue: queue.clone(), detail });
    match error {
        sqlx::Error::Database(error) => error_of_state(&queue, error.code().as_deref().unwrap_or(""), error.message()),
        sqlx::Error::Io(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            Some(unreachable("the connection has ended".into()))
        }
        sqlx::Error::Io(error) => Some(unreachable(io_words(error).to_string())),
        sqlx::Error::Protocol(detail) => Some(unreachable(detail.clone())),
        sqlx::Error::Tls(error) => Some(StoreError::Refused { queue, detail: format!("no safe connection: {error}") }),
        sqlx::Error::Configuration(error) => Some(StoreError::Unfit { queue, detail: error.to_string() }),
        _ => None,
    }
}

fn error_of_state(queue: &QueuePlace, state: &str, message: &str) -> Option<StoreError> {
    let (queue, detail) = (queue.clone(), message.to_owned());
    Some(match (state, state.get(..2).unwrap_or("")) {
        ("53100", _) => StoreError::ServerDiskFull { queue },
        // Serialization failure, deadlock.
        ("40001" | "40P01", _) => StoreError::Conflict,
        // A lock that was not had in time, a snapshot too old: nothing was kept, and again it may go.
        ("55P03" | "72000", _) => StoreError::Busy { waited_s: BUSY_TIMEOUT_S },
        // Ended by an administrator or a crash, not yet ready, no more connections, no memory, a disk that fails; a process that stood still in
        // the middle of a transaction.
        (_, "08" | "57" | "53" | "58") | ("25P03", _) => StoreError::Unreachable { queue, detail },
        // Who we are, which database, what we may do, and a server that only reads.
        (_, "28") | ("3D000" | "3F000" | "42501" | "25006", _) => StoreError::Refused { queue, detail },
        // A part that has gone: data, an index, a table, a column, a function of it.
        ("XX001" | "XX002" | "42P01" | "42703", _) => StoreError::Damaged { queue, detail },
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn what_a_machine_or_an_administrator_can_cause_is_told_as_that() {
        let queue = QueuePlace::from(PathBuf::from("/q.db"));
        let kind = |state: &str| match error_of_state(&queue, state, "words") {
            Some(StoreError::Unreachable { .. }) => "unreachable",
            Some(StoreError::Refused { .. }) => "refused",
            Some(StoreError::Busy { .. }) => "busy",
            Some(StoreError::Conflict) => "conflict",
            Some(StoreError::Damaged { .. }) => "damaged",
            Some(StoreError::ServerDiskFull { .. }) => "full",
            Some(other) => panic!("{other}"),
            None => "ours",
        };
        for (state, expected) in [
            ("53100", "full"),
            ("53300", "unreachable"),
            ("53200", "unreachable"),
            ("57P01", "unreachable"),
            ("57P02", "unreachable"),
            ("57P03", "unreachable"),
            ("57014", "unreachable"),
            ("08006", "unreachable"),
            ("58030", "unreachable"),
            ("40001", "conflict"),
            ("40P01", "conflict"),
            ("25P03", "unreachable"),
            ("55P03", "busy"),
            ("28P01", "refused"),
            ("28000", "refused"),
            ("3D000", "refused"),
            ("42501", "refused"),
            ("25006", "refused"),
            ("XX001", "damaged"),
            ("42P01", "damaged"),
            ("42601", "ours"),
            ("23505", "ours"),
            ("", "ours"),
        ] {
            assert_eq!(kind(state), expected, "{state}");
        }
        let ended = sqlx::Error::Io(std::io::ErrorKind::UnexpectedEof.into());
        let said = error_of_server(&queue, &ended).map(|error| error.to_string()).unwrap_or_default();
        assert_eq!(said, "the queue's server cannot be reached: /q.db: the connection has ended");
    }
}
