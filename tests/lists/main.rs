//! Lists: where IDs come from, and what is left of them. One module for each source and each use.

#![allow(clippy::unwrap_used)]

#[path = "../cli/program.rs"]
#[allow(dead_code)]
mod program;
