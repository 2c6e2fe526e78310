//! The tests of the whole program, one folder a subject, in one binary: `cargo test --test all drain::outage` runs some. They run
//! side by side in one process, so nothing here changes what belongs to the process: its environment, its folder, its signals, its
//! limits. A test that needs such a thing does it to a process of its own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, clippy::print_stderr)]
#![allow(missing_docs, unreachable_pub)]

mod account;
mod auth;
mod badinput;
mod bluesky;
mod cli;
mod common;
mod crash;
mod drain;
mod faults;
mod limits;
mod lists;
mod pages;
mod platforms;
mod power;
mod process;
mod queues;
mod scale;
mod schedule;
mod store;
mod tokens;
mod web;
