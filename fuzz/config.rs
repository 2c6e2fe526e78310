//! As `src/config/mod.rs` has it, without what makes settings of it.

// What is not read here is what makes settings.
#![allow(dead_code)]

#[path = "../src/config/error.rs"]
mod error;
#[path = "../src/config/file.rs"]
mod file;
#[path = "../src/config/file_values.rs"]
mod file_values;
#[path = "../src/config/key_lines.rs"]
mod key_lines;
#[path = "../src/config/modes.rs"]
mod modes;
#[path = "../src/config/windows.rs"]
mod windows;
#[path = "../src/config/writable.rs"]
mod writable;

pub use error::ConfigError;
pub use file::ConfigFile;
