//! Waits for a server's answer for as long as the server is there.
//!
//! In: a statement under way. Out: its answer; or that nobody answers any more: a host, or what stands before it, that keeps connections open and says
//! nothing would be waited for without end. What does not belong here: statements, sessions.

use std::pin::pin;
use std::time::Duration;

use sqlx::Connection as _;
use tokio::time::timeout;

use super::place::{QueuePlace, ServerPlace};
use super::server_session::begin_session_within;

/// A statement that takes longer has another session ask whether the server is there.
const ASK_AFTER: Duration = Duration::from_secs(10);
/// How long that session may take to begin.
const MOST_TO_ASK: Duration = Duration::from_secs(10);

/// The answer; or an error of input and output where a server lets no other session in meanwhile. A file is waited for.
pub(super) async fn answered<T>(place: &QueuePlace, answer: impl Future<Output = sqlx::Result<T>>) -> sqlx::Result<T> {
    answered_within(place, answer, (ASK_AFTER, MOST_TO_ASK)).await
}

async fn answered_within<T>(
    place: &QueuePlace,
    answer: impl Future<Output = sqlx::Result<T>>,
    (ask_after, most): (Duration, Duration),
) -> sqlx::Result<T> {
    let QueuePlace::Server(server) = place else { return answer.await };
    let mut answer = pin!(answer);
    loop {
        if let Ok(answer) = timeout(ask_after, &mut answer).await {
            return answer;
        }
        tokio::select! {
            answer = &mut answer => return answer,
            there = is_there(server, most) => there?,
        }
    }
}

/// Whoever says no, for all its sessions are taken or it is about to end, is there.
async fn is_there(server: &ServerPlace, most: Duration) -> sqlx::Result<()> {
    match begin_session_within(server, most).await {
        Ok(session) => {
            if let Err(error) = session.close().await {
                tracing::debug!(%error, "ending a session");
            }
            Ok(())
        }
        Err(error @ sqlx::Error::Io(_)) => Err(error),
        Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::io;
    use std::path::Path;

    use super::*;
    use crate::domain::Secret;

    const SOON: (Duration, Duration) = (Duration::from_millis(20), Duration::from_millis(200));

    fn place(address: String) -> QueuePlace {
        QueuePlace::server(Secret::new(address), Path::new("")).unwrap()
    }

    #[tokio::test]
    async fn a_server_that_keeps_connections_open_and_says_nothing_is_not_waited_for() {
        let silent = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let place = place(format!("postgres://ada@127.0.0.1:{}/queue", silent.local_addr().unwrap().port()));
        let error = answered_within(&place, std::future::pending::<sqlx::Result<()>>(), SOON).await.unwrap_err();
        assert!(matches!(&error, sqlx::Error::Io(why) if why.kind() == io::ErrorKind::TimedOut), "{error}");
        assert_eq!(answered_within(&place, async { Ok(1) }, SOON).await.unwrap(), 1);
    }

    mod postgres {
        use super::*;

        #[tokio::test]
        #[ignore = "a server is asked for: CLEANUP_POSTGRES"]
        async fn a_server_that_is_there_is_waited_for() {
            let place = place(std::env::var("CLEANUP_POSTGRES").unwrap());
            let late = async {
                tokio::time::sleep(Duration::from_millis(500)).await;
                Ok(1)
            };
            let patience = (Duration::from_millis(20), Duration::from_secs(30));
            assert_eq!(answered_within(&place, late, patience).await.unwrap(), 1);
        }
    }
}
