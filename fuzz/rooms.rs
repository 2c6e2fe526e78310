//! The rooms that read foreign text, and little else of cleanup: they need no database and no terminal, so the fuzz targets are built in two
//! minutes. The files are those of the program itself.

#![forbid(unsafe_code)]

#[path = "auth.rs"]
pub mod auth;
#[path = "../src/clock/mod.rs"]
pub mod clock;
#[path = "config.rs"]
pub mod config;
#[path = "../src/domain/mod.rs"]
pub mod domain;
#[path = "../src/error.rs"]
pub mod error;
#[path = "../src/jobfile/mod.rs"]
pub mod jobfile;
#[path = "../src/limits/mod.rs"]
pub mod limits;
#[path = "lists.rs"]
pub mod lists;
#[path = "../src/platforms/mod.rs"]
pub mod platforms;
#[path = "schedule.rs"]
pub mod schedule;
#[path = "store.rs"]
pub mod store;
#[path = "../src/text/mod.rs"]
pub mod text;
