//! What the platforms speak: tables of endpoints, one interpreter, one pure classifier.
//!
//! In: a task's action and target, an account's user and credentials. Out: a [`Reply`], which says what the answer means and
//! what its headers said. What does not belong here: deciding what becomes of the task (that is `engine/verdict`), waiting,
//! trying again.

mod reply;

pub use reply::{Finding, Limited, Reply};
