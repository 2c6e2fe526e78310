//! A whole queue, out of one database into another: from a file to a server and back, in the middle of whatever it was doing.
//!
//! In: two queues that nobody works on, the second of them empty. Out: the second is what the first was: tasks, slots, holds, logins,
//! receipts. What does not belong here: who may move a queue, and when (`app::database`).
//!
//! Two queues that both go on would send everything twice, and each would count its own requests alone. So the first is marked before
//! anything is copied, the copy and the name of the move appear in the second in one transaction, and whoever opens the first from then on
//! is told where it has gone. A move that was cut off is gone on with by the same command: what is missing is seen by the name of the move.

mod copy;
mod mark;
mod shape;

pub use copy::CopiedQueue;
pub use mark::{MoveId, MoveMark};
