//! Checkpoints beside a load: what a transaction wrote to the write-ahead log is copied into the queue's file on a connection of its
//! own, while the load goes on. They were a fifth of a load and a third of writing a reload's changes.
//!
//! In: word that a transaction has ended. Out: a log that stays short. What does not belong here: what was written.
//!
//! SQLite begins the log anew when all of it has been copied, which never happens while one copies and another writes. So when
//! the log has become long, the load waits for the copy and makes the rest of it by itself.

use std::path::{Path, PathBuf};

use tokio::task::JoinSet;

use crate::store::db::Db;
use crate::store::open::connect;

/// Pages in the log from which a load waits for their copy: 32 MiB.
const MAX_LOG_PAGES: i64 = 8_000;

/// The copying of one load's log.
#[derive(Debug)]
pub(super) struct Checkpoints {
    path: PathBuf,
    /// A connection that has nothing to do.
    idle: Option<Db>,
    at_work: JoinSet<Option<(Db, i64)>>,
    /// Pages in the log, when it was last looked at.
    log_pages: i64,
}

impl Checkpoints {
    pub(super) fn of(queue: &Path) -> Checkpoints {
        Checkpoints { path: queue.to_path_buf(), idle: None, at_work: JoinSet::new(), log_pages: 0 }
    }

    /// A transaction has ended: begins to copy it, unless the one before is still being copied.
    pub(super) async fn go_on(&mut self, writer: &mut Db) {
        if let Some(Ok(done)) = self.at_work.try_join_next() {
            self.take_back(done);
        }
        if self.log_pages > MAX_LOG_PAGES {
            self.wait().await;
            self.log_pages = checkpoint(writer).await;
        }
        if self.at_work.is_empty() {
            let (path, idle) = (self.path.clone(), self.idle.take());
            self.at_work.spawn(async move {
                let mut connection = match idle {
                    Some(connection) => connection,
                    None => connect(&path).await.ok()?,
                };
                let pages = checkpoint(&mut connection).await;
                Some((connection, pages))
            });
        }
    }

    /// Waits for the copy that is being made, and copies what is left: what a load leaves in the log would slow the next start.
    pub(super) async fn finish(&mut self, writer: &mut Db) {
        self.wait().await;
        checkpoint(writer).await;
        // Who closes the queue last removes the log, and that is to be whoever waits for it.
        if let Some(idle) = self.idle.take() {
            idle.close().await;
        }
    }

    async fn wait(&mut self) {
        while let Some(done) = self.at_work.join_next().await {
            self.take_back(done.ok().flatten());
        }
    }

    fn take_back(&mut self, done: Option<(Db, i64)>) {
        if let Some((connection, pages)) = done {
            (self.idle, self.log_pages) = (Some(connection), pages);
        }
    }
}

/// Copies what can be copied and says how many pages the log has. Passive, because every other kind keeps writers waiting until all
/// of it is copied.
async fn checkpoint(db: &mut Db) -> i64 {
    match db.fetch_one::<(i64, i64, i64)>("pragma wal_checkpoint(passive)", args![]).await {
        Ok((_, pages, _)) => pages,
        Err(error) => {
            // Whoever writes next tries again, and the last to close the queue copies all of it.
            tracing::debug!(%error, "checkpoint of a load");
            0
        }
    }
}
