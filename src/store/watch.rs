//! Word from the kernel that somebody has written to the queue, so that whoever waits need not ask.
//!
//! In: a queue that is open. Out: a wake-up for each burst of writes, one's own among them. Written is not yet committed: a commit may
//! be seen only when the disk has it, some milliseconds later. What does not belong here: what was written; SQLite's own counter tells
//! whether it was somebody else.

use std::path::Path;

use super::place::QueuePlace;

/// A watch on a queue's write-ahead log, which every change goes through.
#[derive(Debug)]
pub struct QueueWatch {
    #[cfg(target_os = "linux")]
    events: tokio::io::unix::AsyncFd<rustix::fd::OwnedFd>,
}

impl QueueWatch {
    /// None where the kernel cannot tell: on systems other than Linux, or where all its watches are taken.
    #[cfg(target_os = "linux")]
    #[expect(
        deprecated,
        reason = "`AsyncFd::new` trusts that its descriptor stays its own, which holds for an `OwnedFd`; what replaces it is `unsafe`"
    )]
    pub async fn of(queue: impl Into<QueuePlace>) -> Option<QueueWatch> {
        use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
        let QueuePlace::File(queue) = queue.into() else { return None };
        let mut log = queue.as_os_str().to_owned();
        log.push("-wal");
        let begin = || {
            let events = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC)?;
            inotify::add_watch(&events, Path::new(&log), WatchFlags::MODIFY)?;
            tokio::io::unix::AsyncFd::new(events)
        };
        match begin() {
            Ok(events) => Some(QueueWatch { events }),
            Err(error) => {
                tracing::debug!(%error, "no watch on the queue; it is looked at each second");
                None
            }
        }
    }

    /// None: only Linux is asked.
    #[cfg(not(target_os = "linux"))]
    pub async fn of(_: impl Into<QueuePlace>) -> Option<QueueWatch> {
        None
    }

    /// Waits until something has been written since the last call. Cancelled, it forgets nothing.
    #[cfg(target_os = "linux")]
    pub async fn changed(&self) {
        let Ok(mut ready) = self.events.readable().await else { return std::future::pending().await };
        let mut events = [0_u8; 4096];
        while rustix::io::read(&self.events, &mut events).is_ok_and(|read| read > 0) {}
        ready.clear_ready();
    }

    /// Never comes.
    #[cfg(not(target_os = "linux"))]
    pub async fn changed(&self) {
        std::future::pending().await
    }
}

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
