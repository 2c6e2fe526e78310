//! Word that somebody has written to the queue, so that whoever waits need not ask: of the kernel, which sees the write-ahead log of a file,
//! or of the server, whom every transaction that writes has tell it.
//!
//! In: a queue that is open. Out: a wake-up for each burst of writes, one's own among them. Written is not yet committed: a commit to a file
//! may be seen only when the disk has it, some milliseconds later. What does not belong here: what was written; the database's own counter
//! tells whether it was somebody else.

#[cfg(target_os = "linux")]
use std::path::Path;
use std::sync::Arc;

use sqlx::postgres::{PgListener, PgPoolOptions};
use tokio::sync::Notify;

use super::place::{QueuePlace, ServerPlace};
use super::server_session::session_options;

/// A watch on what every change of a queue goes through.
#[derive(Debug)]
pub struct QueueWatch(Watched);

#[derive(Debug)]
enum Watched {
    #[cfg(target_os = "linux")]
    Log(tokio::io::unix::AsyncFd<rustix::fd::OwnedFd>),
    Server {
        told: Arc<Notify>,
        listening: tokio::task::AbortHandle,
    },
}

impl Drop for Watched {
    fn drop(&mut self) {
        if let Watched::Server { listening, .. } = self {
            listening.abort();
        }
    }
}

impl QueueWatch {
    /// None where nobody can tell: a file on systems other than Linux, or where all of the kernel's watches are taken; a server that lets
    /// nobody listen.
    pub async fn of(queue: impl Into<QueuePlace>) -> Option<QueueWatch> {
        let watched = match queue.into() {
            #[cfg(target_os = "linux")]
            QueuePlace::File(path) => of_log(&path).map_err(|error| error.to_string()),
            #[cfg(not(target_os = "linux"))]
            QueuePlace::File(_) => Err("only Linux is asked".to_owned()),
            QueuePlace::Server(server) => of_server(&server).await.map_err(|error| error.to_string()),
        };
        match watched {
            Ok(watched) => Some(QueueWatch(watched)),
            Err(error) => {
                tracing::debug!(%error, "no watch on the queue; it is looked at each second");
                None
            }
        }
    }

    /// Waits until something has been written since the last call. Cancelled, it forgets nothing.
    pub async fn changed(&self) {
        match &self.0 {
            #[cfg(target_os = "linux")]
            Watched::Log(events) => {
                let Ok(mut ready) = events.readable().await else { return std::future::pending().await };
                let mut read = [0_u8; 4096];
                while rustix::io::read(events, &mut read).is_ok_and(|read| read > 0) {}
                ready.clear_ready();
            }
            Watched::Server { told, .. } => told.notified().await,
        }
    }
}

#[cfg(target_os = "linux")]
#[expect(
    deprecated,
    reason = "`AsyncFd::new` trusts that its descriptor stays its own, which holds for an `OwnedFd`; what replaces it is `unsafe`"
)]
fn of_log(queue: &Path) -> std::io::Result<Watched> {
    use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
    let mut log = queue.as_os_str().to_owned();
    log.push("-wal");
    let events = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC)?;
    inotify::add_watch(&events, Path::new(&log), WatchFlags::MODIFY)?;
    tokio::io::unix::AsyncFd::new(events).map(Watched::Log)
}

/// Listens on a connection of its own, which is made anew when it ends: what was missed meanwhile, the next look finds.
async fn of_server(server: &ServerPlace) -> sqlx::Result<Watched> {
    let pool = PgPoolOptions::new().max_connections(1).connect_lazy_with(session_options(server)?);
    let mut listener = PgListener::connect_with(&pool).await?;
    listener.listen("cleanup").await?;
    let told = Arc::new(Notify::new());
    let tells = Arc::clone(&told);
    let listening = tokio::spawn(async move {
        loop {
            match listener.try_recv().await {
                Ok(_) => tells.notify_one(),
                Err(error) => {
                    tracing::debug!(%error, "nobody tells of writes for a while");
                    tokio::time::sleep(BETWEEN_TRIES).await;
                }
            }
        }
    });
    Ok(Watched::Server { told, listening: listening.abort_handle() })
}

/// How long a server that cannot be reached is left alone.
const BETWEEN_TRIES: std::time::Duration = std::time::Duration::from_secs(5);

#[cfg(all(test, target_os = "linux"))]
mod tests {
    #![allow(clippy::unwrap_used)]
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test(flavor = "current_thread")]
    async fn a_write_is_told_once_and_silence_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let (queue, log) = (folder.path().join("queue.db"), folder.path().join("queue.db-wal"));
        assert!(QueueWatch::of(&queue).await.is_none(), "there is no log yet");
        std::fs::write(&log, "").unwrap();
        let watch = QueueWatch::of(&queue).await.unwrap();
        tokio::task::yield_now().await;
        assert!(watch.changed().now_or_never().is_none(), "nobody has written");
        std::fs::write(&log, "a").unwrap();
        std::fs::write(&log, "b").unwrap();
        watch.changed().await;
        tokio::task::yield_now().await;
        assert!(watch.changed().now_or_never().is_none(), "both were told");
    }
}
