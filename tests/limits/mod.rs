//! The laws of the limiter, judged by a platform that keeps its own exact count.
//!
//! A longer search: `PROPTEST_CASES=100000 cargo test --release --test all limits::`.

mod flow;
mod history;
mod laws;
mod told;
mod world;
