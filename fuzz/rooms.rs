//! The rooms that read foreign files, and nothing else of cleanup: they need no database, no network and no terminal, so the
//! fuzz targets are built in a minute. The files are those of the program itself.

#![forbid(unsafe_code)]

#[path = "clock.rs"]
pub mod clock;
#[path = "../src/domain/mod.rs"]
pub mod domain;
#[path = "../src/error.rs"]
pub mod error;
#[path = "../src/jobfile/mod.rs"]
pub mod jobfile;
#[path = "lists.rs"]
pub mod lists;
#[path = "../src/text/mod.rs"]
pub mod text;
