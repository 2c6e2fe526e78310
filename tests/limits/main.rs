//! The laws of the limiter, judged by a platform that keeps its own exact count.
//!
//! A longer search: `PROPTEST_CASES=100000 cargo test --release --test limits`.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod flow;
mod history;
mod laws;
mod world;
