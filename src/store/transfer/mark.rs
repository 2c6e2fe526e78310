//! The marks of a move: where a queue has gone, and by which move a queue came. Who finds the first works on nothing here any more.

use std::fmt;

use super::shape::refuse_rows;
use crate::domain::Wall;
use crate::store::db::Tx;
use crate::store::error::StoreError;
use crate::store::open::Store;

/// A move, by a name that no other has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MoveId(String);

impl fmt::Display for MoveId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where a queue is going, or has gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MoveMark {
    /// Which move.
    pub id: MoveId,
    /// Where to, without any secret.
    pub to: String,
    /// When it ended; none: it has begun, and whether anything has arrived says the other queue.
    pub moved_at: Option<Wall>,
}

impl Store {
    /// Where this queue is going or has gone; none: it is here.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn move_mark(&mut self) -> Result<Option<MoveMark>, StoreError> {
        let sql = "select move_id, moved_to, moved_at from queue where id = 1 and moved_to is not null";
        let found: Option<(String, String, Option<i64>)> = self.db.fetch_optional(sql, args![]).await?;
        Ok(found.map(|(id, to, moved_at)| MoveMark { id: MoveId(id), to, moved_at: moved_at.map(Wall) }))
    }

    /// Writes down that this queue is going to `to`: from now on nobody opens it to work on it. The same again where it is going there already.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn begin_move(&mut self, to: &str) -> Result<MoveMark, StoreError> {
        let sql = sql!(
            "update queue set moved_to = $1, move_id = coalesce(move_id, ",
            random_token(),
            "), generation = generation + 1 where id = 1 and (moved_to is null or moved_to = $1)"
        );
        self.db.execute(sql, args![to]).await?;
        self.move_mark().await?.ok_or_else(|| StoreError::impossible("no mark of a move"))
    }

    /// The move has come to nothing, and nothing has arrived: the queue is here.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn take_back_move(&mut self) -> Result<(), StoreError> {
        let sql = "update queue set moved_to = null, move_id = null where id = 1 and moved_at is null";
        self.db.execute(sql, args![]).await.map(drop)
    }

    /// All of it has arrived.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn end_move(&mut self, now: Wall) -> Result<(), StoreError> {
        let sql = "update queue set moved_at = $1 where id = 1 and moved_to is not null";
        self.db.execute(sql, args![now.0]).await.map(drop)
    }

    /// By which move this queue came; none: it has begun here.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn came_by(&mut self) -> Result<Option<MoveId>, StoreError> {
        let sql = "select came_by from queue where id = 1";
        let (came_by,): (Option<String>,) = self.db.fetch_one(sql, args![]).await?;
        Ok(came_by.map(MoveId))
    }

    /// Writes down in an empty queue that another is on its way here: from now on nobody opens it to work on it.
    ///
    /// # Errors
    /// [`StoreError::NotEmpty`] where there are rows, [`StoreError::Awaiting`] where a queue of another place is on its way; the database
    /// cannot be written.
    pub async fn await_move(&mut self, from: &str) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        // Whoever works on a queue is not told for a moment that another one is on its way there.
        refuse_rows(&mut tx).await?;
        let sql = "update queue set awaited_from = $1 where id = 1 and came_by is null and awaited_from is null";
        tx.execute(sql, args![from]).await?;
        tx.commit().await?;
        match self.awaited_from().await? {
            Some(other) if other != from => Err(StoreError::Awaiting { queue: self.place().clone(), from: other }),
            _ => Ok(()),
        }
    }

    /// Nothing comes.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn await_no_move(&mut self) -> Result<(), StoreError> {
        self.db.execute("update queue set awaited_from = null where id = 1", args![]).await.map(drop)
    }

    async fn awaited_from(&mut self) -> Result<Option<String>, StoreError> {
        let (from,): (Option<String>,) =
            self.db.fetch_one("select awaited_from from queue where id = 1", args![]).await?;
        Ok(from)
    }

    /// This queue, unless it is going elsewhere or has gone.
    pub(in crate::store) async fn unless_moved(mut self) -> Result<Store, StoreError> {
        if let Some(from) = self.awaited_from().await? {
            return Err(StoreError::Awaiting { queue: self.place().clone(), from });
        }
        match self.move_mark().await? {
            None => Ok(self),
            Some(mark) => {
                let queue = self.place().clone();
                Err(StoreError::Moved { queue, to: mark.to, is_over: mark.moved_at.is_some() })
            }
        }
    }
}

/// Writes into the queue that everything has been copied to by which move that was.
pub(super) async fn arrive(tx: &mut Tx<'_>, by: &MoveId, generation: i64) -> Result<(), StoreError> {
    let sql = "update queue set came_by = $1, awaited_from = null, generation = generation + $2 + 1 where id = 1";
    tx.execute(sql, args![by.0.as_str(), generation]).await.map(drop)
}
