//! As `src/schedule/mod.rs` has it, without what is done at those times.

#[path = "../src/schedule/field.rs"]
pub mod field;
#[path = "../src/schedule/recurrence.rs"]
pub mod recurrence;
