//! As `src/store/mod.rs` has it: only what the config file is told by, no database.

#[path = "../src/store/address_error.rs"]
mod address_error;
#[path = "../src/store/foreign.rs"]
mod foreign;

pub use address_error::AddressError;
pub use foreign::is_foreign;
