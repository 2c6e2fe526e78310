//! As `src/auth/mod.rs` has it: only what the config file can say of logins.

#[path = "../src/auth/key_place.rs"]
mod key_place;

pub use key_place::KeyPlace;
