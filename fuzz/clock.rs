//! As `src/clock.rs` has it, without the clocks.

#[path = "../src/clock/zone.rs"]
mod zone;

pub use zone::LocalZone;
